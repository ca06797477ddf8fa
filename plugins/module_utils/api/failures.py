# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why there was no answer: from an exception of the HTTP and TLS libraries to a sentence.

The libraries wrap what happened several times over and differently in each version, and their
texts may hold URLs with passwords. So the sentence is made from the types in the whole chain of
exceptions. Those of requests and urllib3 are told by their names: nothing of them is needed here.
"""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .errors import printable

_Reason = Callable[[Sequence[BaseException], "Peer"], str]

_CERTIFICATE_EXPIRED = 10
_NAME_MISMATCHES = (62, 64)
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL."""

_ITS_KEY = "with its key as client_key"
_GIVE_ANOTHER = f"have another made in the Atlas portal and give that, {_ITS_KEY}"
_GIVE_THE_RIGHT_ONE = f"give the mTLS certificate of this Atlas account, still valid, {_ITS_KEY}"
_REFUSALS = {
    "certificate required": _GIVE_THE_RIGHT_ONE,
    "handshake failure": _GIVE_THE_RIGHT_ONE,
    "no certificate": _GIVE_THE_RIGHT_ONE,
    "unknown ca": _GIVE_THE_RIGHT_ONE,
    "bad certificate": _GIVE_THE_RIGHT_ONE,
    "unsupported certificate": _GIVE_THE_RIGHT_ONE,
    "certificate unknown": _GIVE_THE_RIGHT_ONE,
    "access denied": _GIVE_THE_RIGHT_ONE,
    "decrypt error": _GIVE_THE_RIGHT_ONE,
    "certificate expired": _GIVE_ANOTHER,
    "certificate revoked": _GIVE_ANOTHER,
}
"""Alerts (RFC 8446, section 6.2) by which a server turns a client certificate down, and what to
do about each."""

_ANSWERS_IN_THE_CLEAR = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}


@dataclass(frozen=True)
class Peer:
    """Whom a request was for, and how long it would have waited (seconds).

    `server` and `proxy` are host and port, `proxy` is empty without one; `proxy_setting` is what it
    was set by. `is_sent` is False if it is known that nothing of the request's body was written
    to a connection.
    """

    server: str
    proxy: str
    proxy_setting: str
    connect_timeout: float
    read_timeout: float
    is_sent: bool


@dataclass(frozen=True)
class Failure:
    """Why there was no answer, which option may be wrong, and what to do.

    `is_passing`: what is tried again may succeed without anybody doing anything.
    """

    text: str
    is_passing: bool


def explain(error: BaseException, peer: Peer) -> Failure:
    """Say why there was no answer."""
    causes = tuple(_causes(error))
    for reason in _REASONS:
        text = reason(causes, peer)
        if text:
            return Failure(text, _is_passing(reason, causes))
    text = f"The connection to {peer.server} failed ({type(error).__name__}); check api_url."
    return Failure(text, is_passing=False)


def _is_passing(reason: _Reason, causes: Sequence[BaseException]) -> bool:
    if reason is _no_such_host:
        return any(getattr(cause, "errno", None) == socket.EAI_AGAIN for cause in causes)
    if reason is _proxy_failed:
        return not _named(causes, "InvalidSchema") and not _proxy_status(causes).startswith("4")
    return reason in _PASSING


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it wraps, each once, the outermost first."""
    waiting, seen = [error], set()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            inner = [
                *cause.args,
                getattr(cause, "reason", None),
                cause.__cause__,
                cause.__context__,
            ]
            waiting.extend(member for member in inner if isinstance(member, BaseException))


def _named(causes: Sequence[BaseException], *names: str) -> bool:
    return any(type(cause).__name__ in names for cause in causes)


def _tls_reason(cause: BaseException) -> str:
    """OpenSSL's name for what went wrong, empty for other exceptions and where it gave none."""
    reason = getattr(cause, "reason", None) if isinstance(cause, ssl.SSLError) else None
    return reason if isinstance(reason, str) else ""


def _untrusted_server(causes: Sequence[BaseException], peer: Peer) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted_text(cause, peer.server)
    return ""


def _untrusted_text(cause: ssl.SSLCertVerificationError, server: str) -> str:
    said = printable(cause.verify_message)
    if cause.verify_code in _NAME_MISMATCHES:
        return (
            f"api_url: the certificate of the server at {server} is for another name ({said}); give"
            " the name that stands in the certificate, if this is the right server."
        )
    if cause.verify_code == _CERTIFICATE_EXPIRED:
        return (
            f"The certificate of the server at {server} has expired; renew it, if the server is"
            " yours, or set the clock of this controller right."
        )
    return (
        f"ca_path: the certificate of the server at {server} is not trusted ({said}); set ca_path"
        " to a file with the CA certificate that it goes back to, or check api_url."
    )


def _refused_client(causes: Sequence[BaseException], peer: Peer) -> str:
    for cause in causes:
        alert = _alert_name(_tls_reason(cause))
        if alert in _REFUSALS:
            return (
                f"client_cert: {peer.server} refused the client certificate in the TLS handshake"
                f" ({alert}); {_REFUSALS[alert]}."
            )
    return ""


def _alert_name(reason: str) -> str:
    """As in the standard, empty if OpenSSL's name is not that of an alert."""
    return reason.partition("ALERT_")[2].replace("_", " ").lower()


def _proxy_failed(causes: Sequence[BaseException], peer: Peer) -> str:
    """Not reached, or not willing; or for SOCKS, which needs a library that is not there."""
    # Those of PySocks go back to its ProxyError, and urllib3 takes them for any other failure.
    kinds = {base.__name__ for cause in causes for base in type(cause).__mro__}
    if not peer.proxy or not kinds & {"ProxyError", "InvalidSchema"}:
        return ""
    status = _proxy_status(causes)
    answer = f" (it answered {status})" if status else ""
    return (
        f"The connection to {peer.server} through the proxy {peer.proxy} failed{answer}; check"
        f" {peer.proxy_setting}."
    )


def _proxy_status(causes: Sequence[BaseException]) -> str:
    """The HTTP status with which a proxy refused to connect, empty if it did not answer."""
    found = (re.search(r"Tunnel connection failed: (\d{3})", str(cause)) for cause in causes)
    return next((match.group(1) for match in found if match), "")


def _not_tls(causes: Sequence[BaseException], peer: Peer) -> str:
    if any(_tls_reason(cause) in _ANSWERS_IN_THE_CLEAR for cause in causes):
        return f"api_url: {peer.server} does not speak TLS; check host and port."
    return ""


def _timed_out(causes: Sequence[BaseException], peer: Peer) -> str:
    is_connecting = _named(causes, "ConnectTimeout", "ConnectTimeoutError")
    is_late = any(isinstance(cause, socket.timeout) for cause in causes) or _named(
        causes, "ReadTimeout", "ReadTimeoutError"
    )
    if _named(causes, "NewConnectionError") or not (is_connecting or is_late):
        return ""
    if is_connecting or not peer.is_sent:
        return (
            f"api_url: there was no connection to {peer.server} within {peer.connect_timeout:g}"
            " seconds; check the URL, and whether a firewall lets the controller through."
        )
    return f"{peer.server} did not answer within {peer.read_timeout:g} seconds; try again later."


def _no_such_host(causes: Sequence[BaseException], peer: Peer) -> str:
    if any(isinstance(cause, (socket.gaierror, UnicodeError)) for cause in causes):
        return (
            f"api_url: the name of {peer.server} could not be resolved; check the URL, and the name"
            " servers of the controller."
        )
    return ""


def _not_reached(causes: Sequence[BaseException], peer: Peer) -> str:
    if not _named(causes, "NewConnectionError"):
        return ""
    errnos = [cause.errno for cause in causes if isinstance(cause, OSError) and cause.errno]
    why = os.strerror(errnos[0]) if errnos else "no reason given"
    return (
        f"api_url: {peer.server} could not be connected to ({why.lower()}); check host and port,"
        " and whether a firewall lets the controller through."
    )


def _not_http(causes: Sequence[BaseException], peer: Peer) -> str:
    """What came breaks the rules of HTTP, or the bounds that Python sets for its lines."""
    for cause in causes:
        broken = _broken_http(cause)
        if broken:
            return (
                f"api_url: {peer.server} answered with {broken}; check the URL, and whether a proxy"
                " or portal stands in between."
            )
    return ""


def _broken_http(cause: BaseException) -> str:
    if isinstance(cause, ConnectionError):  # as http.client.RemoteDisconnected
        return ""
    is_long_chunk_size = type(cause).__name__ == "ProtocolError" and "exceeded maximum" in str(
        cause
    )
    if isinstance(cause, http.client.LineTooLong) or is_long_chunk_size:
        return "a line that is longer than HTTP clients take"
    is_cut_off = getattr(cause, "length", None) == b""  # of InvalidChunkLength of urllib3 1.26
    if type(cause).__name__ in ("InvalidChunkLength", "InvalidHeader") and not is_cut_off:
        return "a length that is not one"
    if isinstance(cause, http.client.BadStatusLine) and "HTTP/" not in str(cause):
        return "something that is not HTTP"
    if isinstance(cause, http.client.HTTPException) and "headers" in str(cause):
        return "more headers than HTTP clients take"
    return ""


def _cut_off(causes: Sequence[BaseException], peer: Peer) -> str:
    cuts = (ConnectionError, http.client.HTTPException, ssl.SSLEOFError, ssl.SSLZeroReturnError)
    if any(isinstance(cause, cuts) for cause in causes) or _named(
        causes, "ProtocolError", "IncompleteRead", "InvalidChunkLength"
    ):
        return (
            f"{peer.server} closed the connection before its answer was complete; try again later,"
            " and if it is always so at the login, check that client_cert is of this account."
        )
    return ""


def _other_tls_failure(causes: Sequence[BaseException], peer: Peer) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            said = (_tls_reason(cause) or type(cause).__name__).replace("_", " ").lower()
            return (
                f"api_url: {peer.server} and this controller agree on no TLS connection ({said})."
            )
    return ""


_REASONS: tuple[_Reason, ...] = (
    _untrusted_server,
    _refused_client,
    _proxy_failed,
    _not_tls,
    _timed_out,
    _no_such_host,
    _not_reached,
    _not_http,
    _cut_off,
    _other_tls_failure,
)

_PASSING: frozenset[_Reason] = frozenset({_timed_out, _not_reached, _cut_off})
