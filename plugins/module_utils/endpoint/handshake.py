# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One TLS handshake: what the endpoint sends in it, and whether that verifies."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from ..asn1.der import MalformedError
from ..errors import AtlasError
from .certificate_message import TLS_1_3, certificates_in
from .target import Target
from .trust import trust

TIMEOUT = 10
"""Seconds that each address of a host has to accept a connection, and then for the handshake."""

# RFC 8446, appendix B.1 and B.3.
_CONTENT_HANDSHAKE = 22
_MESSAGE_CERTIFICATE = 11

_PROTOCOLS: Mapping[int, str] = {
    0x0301: "TLSv1",
    0x0302: "TLSv1.1",
    0x0303: "TLSv1.2",
    TLS_1_3: "TLSv1.3",
}

# OpenSSL's SSL_OP_NO_RX_CERTIFICATE_COMPRESSION (3.2), which Python does not name.
_NO_CERTIFICATE_COMPRESSION = 1 << 33

# OpenSSL's words for a peer that talks something else, over its versions.
_NOT_TLS = frozenset(
    {"HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "WRONG_VERSION_NUMBER"}
)

_CLOSED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)  # which of them depends on Python's version

# OpenSSL's verification errors (x509_vfy.h) whose text leaves open what to do.
_MISSING_ISSUER = (
    "the endpoint does not send the certificates up to a CA that is trusted, or that CA is missing"
    " in root or the trust store"
)
_UNTRUSTED_ROOT = "the CA at its end is not in root or the trust store"
_REMEDIES: Mapping[int, str] = {
    18: _UNTRUSTED_ROOT,
    19: _UNTRUSTED_ROOT,
    20: _MISSING_ISSUER,
    21: _MISSING_ISSUER,
}


@dataclass(frozen=True)
class Handshake:
    """What an endpoint served: its chain in DER, leaf first, and whether it verified.

    `protocol` is such as C(TLSv1.3); `reason` says why it did not verify and is empty if it did.
    """

    chain: tuple[bytes, ...]
    protocol: str
    verified: bool
    reason: str


class _Observer:
    """Takes down what matters of the messages of one handshake.

    It is the C(_msg_callback) of an C(ssl.SSLContext): not public, but in every CPython from 3.8 on
    and alone in showing the certificates in all of these cases: before Python 3.13, when they do
    not verify, and when the server then leaves because it wants a certificate from us.
    """

    def __init__(self) -> None:
        self.certificates: bytes | None = None
        self.protocol = 0
        self.answered = False

    def __call__(
        self,
        connection: object,
        direction: str,
        version: int,
        content_type: int,
        message_type: int,
        message: bytes,
    ) -> None:
        if content_type != _CONTENT_HANDSHAKE:
            return
        if direction == "write":
            # OpenSSL goes on only after it has verified what the server sent.
            self.answered = self.certificates is not None
        elif message_type == _MESSAGE_CERTIFICATE:
            self.certificates = message
            self.protocol = version


def shake_hands(target: Target, root: str | None) -> Handshake:
    """Connect, shake hands, and leave.

    `root` is PEM text with the CA certificates to trust, None stands for this machine's trust
    store. AtlasError says in one sentence why no certificate came.
    """
    observer = _Observer()
    context = _context(root, observer)
    failure = _attempt(context, _connect(target), target)
    if observer.certificates is None:
        raise AtlasError(_nothing_served(target, failure))
    verified = failure is None or observer.answered
    return Handshake(
        chain=_chain(target, observer),
        protocol=_PROTOCOLS.get(observer.protocol, f"0x{observer.protocol:04x}"),
        verified=verified,
        reason="" if failure is None or verified else _reason(failure),
    )


def _context(root: str | None, observer: _Observer) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies chain and name
    context.hostname_checks_common_name = False  # RFC 9525, 2: only alternative names count
    # A 32-bit Python before 3.12 cannot hold the bit; its OpenSSL is as a rule older than 3.2.
    with contextlib.suppress(OverflowError):
        context.options |= _NO_CERTIFICATE_COMPRESSION
    trust(context, root)
    context._msg_callback = observer  # type: ignore[attr-defined]
    return context


def _connect(target: Target) -> socket.socket:
    try:
        return socket.create_connection((target.host, target.port), TIMEOUT)
    except socket.gaierror as error:
        raise AtlasError(
            f"The name {target.host} was not found ({error.strerror}), so nothing was asked at"
            f" port {target.port}; check the option address and the name service of this host."
        ) from None
    except socket.timeout:
        raise AtlasError(
            f"{target} did not accept a connection within {TIMEOUT} seconds; check the address,"
            " the route and the firewalls on the way."
        ) from None
    except ConnectionRefusedError:
        raise AtlasError(
            f"{target} refused the connection; check that the server runs and listens there."
        ) from None
    except OSError as error:
        raise AtlasError(
            f"{target} was not reached ({error.strerror}); check the address and the route."
        ) from None


def _attempt(context: ssl.SSLContext, connection: socket.socket, target: Target) -> OSError | None:
    """Shake hands over a connection and close it; what went wrong, if anything did."""
    with connection:
        try:
            with context.wrap_socket(
                connection, server_hostname=target.server_name, do_handshake_on_connect=False
            ) as tls:
                tls.do_handshake()
        except OSError as error:  # what ssl raises, and a time-out, are kinds of it
            return error
    return None


def _nothing_served(target: Target, failure: OSError | None) -> str:
    if failure is None:
        return (
            f"The Python of this host ({sys.executable}) does not show the messages of a TLS"
            f" handshake, so what {target} serves stays unknown; set ansible_python_interpreter to"
            " a CPython from 3.9 on."
        )
    if isinstance(failure, socket.timeout):
        what = f"accepted the connection but no TLS handshake within {TIMEOUT} seconds"
        check = "that the port speaks TLS from the first byte on, and that the server is not stuck"
    elif getattr(failure, "reason", None) in _NOT_TLS:
        what = "answered with something that is not TLS"
        check = "that it is the right port, one that speaks TLS from the first byte on"
    elif not isinstance(failure, ssl.SSLError) or isinstance(failure, _CLOSED):
        what = "closed the connection in the TLS handshake"
        check = "that the port speaks TLS from the first byte on, and the log of the server"
    else:
        what = f"sent no certificate because the TLS handshake failed ({_words(failure)})"
        check = "that it serves this name, and the TLS versions and ciphers of both sides"
    return f"{target} {what}; check {check}."


def _reason(failure: OSError) -> str:
    if not isinstance(failure, ssl.SSLCertVerificationError):
        return f"the TLS handshake broke off after the certificate ({_words(failure)})"
    words = failure.verify_message.rstrip(".")
    remedy = _REMEDIES.get(failure.verify_code)
    return f"{words}: {remedy}" if remedy else words


def _words(failure: OSError) -> str:
    reason = getattr(failure, "reason", None)
    return reason.lower().replace("_", " ") if reason else failure.strerror or str(failure)


def _chain(target: Target, observer: _Observer) -> tuple[bytes, ...]:
    try:
        return certificates_in(observer.certificates or b"", observer.protocol)
    except MalformedError as error:
        raise AtlasError(
            f"{target} sends a list of certificates that cannot be read ({error}); check the"
            " server there."
        ) from None
