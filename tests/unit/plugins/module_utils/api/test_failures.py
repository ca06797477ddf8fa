# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sentences for what cannot be brought about on loopback at will."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from dataclasses import replace

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.failures import Peer, explain

PEER = Peer(
    "atlas.example:8443",
    proxy="",
    proxy_setting="the option proxy",
    connect_timeout=10,
    read_timeout=60,
    is_sent=True,
)
NOT_SENT = replace(PEER, is_sent=False)


class ConnectTimeoutError(Exception):
    """Named as that of urllib3."""


class NewConnectionError(ConnectTimeoutError):
    """Named as that of urllib3."""


class ReadTimeoutError(Exception):
    """Named as that of urllib3."""


class ProxyError(OSError):
    """Named as that of PySocks, from which all of its others come."""


class Socks5AuthenticationError(ProxyError):
    """As one of PySocks."""


class MaxRetryError(Exception):
    """Holds its cause as that of urllib3 does."""

    def __init__(self, reason: Exception) -> None:
        super().__init__("https://user:canary@proxy/")
        self.reason = reason


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] canary (_ssl.c:1)")
    error.reason = reason
    return error


def of_another_library(reason: str) -> Exception:
    """Its reason is not one of OpenSSL's."""
    error = named("OtherError")
    error.reason = reason  # type: ignore[attr-defined]
    return error


def failing_connection(error: OSError) -> Exception:
    try:
        raise NewConnectionError("canary") from error
    except NewConnectionError as caught:
        return MaxRetryError(caught)


URL = "check the URL, and whether a firewall lets the controller through."
SLOW = f"api_url: there was no connection to atlas.example:8443 within 10 seconds; {URL}"
LATE = "atlas.example:8443 did not answer within 60 seconds; try again later."
UNRESOLVED = (
    "api_url: the name of atlas.example:8443 could not be resolved; check the URL, and the name"
    " servers of the controller."
)
UNREACHED = (
    "api_url: atlas.example:8443 could not be connected to ({}); check host and port, and whether a"
    " firewall lets the controller through."
)
CUT_OFF = (
    "atlas.example:8443 closed the connection before its answer was complete; try again later, and"
    " if it is always so at the login, check that client_cert is of this account."
)


def cut_off_chunk() -> Exception:
    """As urllib3 1.26 has it: of no digit at all."""
    error = named("InvalidChunkLength")
    error.length = b""  # type: ignore[attr-defined]
    return error


NewestProtocolError = type("ProtocolError", (Exception,), {})
NOT_HTTP = (
    "api_url: atlas.example:8443 answered with {}; check the URL, and whether a proxy or portal"
    " stands in between."
)
DISAGREE = "api_url: atlas.example:8443 and this controller agree on no TLS connection ({})."
NOT_TLS = "api_url: atlas.example:8443 does not speak TLS; check host and port."
UNTRUSTED = (
    "ca_path: the certificate of the server at atlas.example:8443 is not trusted ({}); set ca_path"
    " to a file with the CA certificate that it goes back to, or check api_url."
)
OTHER_NAME = (
    "api_url: the certificate of the server at atlas.example:8443 is for another name ({}); give"
    " the name that stands in the certificate, if this is the right server."
)
EXPIRED = (
    "The certificate of the server at atlas.example:8443 has expired; renew it, if the server is"
    " yours, or set the clock of this controller right."
)


def refused(alert: str, remedy: str = "") -> str:
    right = "give the mTLS certificate of this Atlas account, still valid"
    return (
        "client_cert: atlas.example:8443 refused the client certificate in the TLS handshake"
        f" ({alert}); {remedy or right}, with its key as client_key."
    )


ANOTHER = "have another made in the Atlas portal and give that"


def untrusted(code: int, said: str) -> Exception:
    error = ssl.SSLCertVerificationError(1, "canary")
    error.verify_code, error.verify_message = code, said
    return error


def named(name: str, text: str = "canary") -> Exception:
    """An exception that is told by its name alone, as those of requests and urllib3 are."""
    return type(name, (Exception,), {})(text)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("error", "peer", "text"),
    [
        (ConnectTimeoutError(), PEER, SLOW),
        (named("ConnectTimeout"), PEER, SLOW),
        (ReadTimeoutError(), PEER, LATE),
        (named("ReadTimeout"), PEER, LATE),
        (ReadTimeoutError(), NOT_SENT, SLOW),
        (MaxRetryError(socket.timeout()), PEER, LATE),
        (
            failing_connection(OSError(errno.EHOSTUNREACH, "canary")),
            PEER,
            UNREACHED.format("no route to host"),
        ),
        (failing_connection(OSError("canary")), PEER, UNREACHED.format("no reason given")),
        (failing_connection(socket.timeout()), PEER, UNREACHED.format("no reason given")),
        (failing_connection(socket.gaierror(-2, "canary")), PEER, UNRESOLVED),
        (UnicodeError("label too long"), PEER, UNRESOLVED),
        (tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), PEER, refused("certificate required")),
        (tls_error("TLSV1_ALERT_UNKNOWN_CA"), PEER, refused("unknown ca")),
        (tls_error("TLSV1_ALERT_ACCESS_DENIED"), PEER, refused("access denied")),
        (tls_error("TLSV1_ALERT_DECRYPT_ERROR"), PEER, refused("decrypt error")),
        (tls_error("SSLV3_ALERT_NO_CERTIFICATE"), PEER, refused("no certificate")),
        (tls_error("SSLV3_ALERT_BAD_CERTIFICATE"), PEER, refused("bad certificate")),
        (tls_error("SSLV3_ALERT_CERTIFICATE_UNKNOWN"), PEER, refused("certificate unknown")),
        (
            tls_error("SSLV3_ALERT_UNSUPPORTED_CERTIFICATE"),
            PEER,
            refused("unsupported certificate"),
        ),
        (
            tls_error("SSLV3_ALERT_CERTIFICATE_EXPIRED"),
            PEER,
            refused("certificate expired", ANOTHER),
        ),
        (
            MaxRetryError(tls_error("SSLV3_ALERT_CERTIFICATE_REVOKED")),
            NOT_SENT,
            refused("certificate revoked", ANOTHER),
        ),
        (tls_error("SSLV3_ALERT_HANDSHAKE_FAILURE"), PEER, refused("handshake failure")),
        (
            tls_error("TLSV1_ALERT_PROTOCOL_VERSION"),
            PEER,
            DISAGREE.format("tlsv1 alert protocol version"),
        ),
        (tls_error("NO_PROTOCOLS_AVAILABLE"), PEER, DISAGREE.format("no protocols available")),
        (ssl.SSLError("canary"), PEER, DISAGREE.format("sslerror")),
        *(
            (tls_error(reason), PEER, NOT_TLS)
            for reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
        ),
        (MaxRetryError(tls_error("WRONG_VERSION_NUMBER")), PEER, NOT_TLS),
        (
            of_another_library("WRONG_VERSION_NUMBER"),
            PEER,
            "The connection to atlas.example:8443 failed (OtherError); check api_url.",
        ),
        (untrusted(20, "unable to get\nissuer"), PEER, UNTRUSTED.format("unable to get issuer")),
        (untrusted(10, "certificate has expired"), PEER, EXPIRED),
        (untrusted(62, "Hostname mismatch"), PEER, OTHER_NAME.format("Hostname mismatch")),
        (untrusted(64, "IP address mismatch"), PEER, OTHER_NAME.format("IP address mismatch")),
        (untrusted(63, "Email mismatch"), PEER, UNTRUSTED.format("Email mismatch")),
        (ssl.SSLEOFError(8, "canary"), PEER, CUT_OFF),
        (ssl.SSLZeroReturnError(6, "canary"), PEER, CUT_OFF),
        (BrokenPipeError(), PEER, CUT_OFF),
        (http.client.BadStatusLine("HTTP/1."), PEER, CUT_OFF),
        (http.client.RemoteDisconnected("canary"), PEER, CUT_OFF),
        (cut_off_chunk(), PEER, CUT_OFF),
        *((named(name), PEER, CUT_OFF) for name in ("ProtocolError", "IncompleteRead")),
        (http.client.BadStatusLine("canary"), PEER, NOT_HTTP.format("something that is not HTTP")),
        *(
            (named(name), PEER, NOT_HTTP.format("a length that is not one"))
            for name in ("InvalidChunkLength", "InvalidHeader")
        ),
        (
            http.client.LineTooLong("header line"),
            PEER,
            NOT_HTTP.format("a line that is longer than HTTP clients take"),
        ),
        (
            NewestProtocolError("Response chunk size line exceeded maximum allowed length"),
            PEER,
            NOT_HTTP.format("a line that is longer than HTTP clients take"),
        ),
        (
            http.client.HTTPException("got more than 100 headers"),
            PEER,
            NOT_HTTP.format("more headers than HTTP clients take"),
        ),
        (
            RuntimeError("canary"),
            PEER,
            "The connection to atlas.example:8443 failed (RuntimeError); check api_url.",
        ),
    ],
)
def test_a_sentence_for_each(error: Exception, peer: Peer, text: str) -> None:
    assert explain(error, peer).text == text


PROXY = replace(PEER, proxy="proxy.example:3128")
THROUGH = (
    "The connection to atlas.example:8443 through the proxy proxy.example:3128 failed{}; check the"
    " option proxy."
)


@pytest.mark.parametrize(
    ("error", "text", "is_passing"),
    [
        (named("ProxyError"), THROUGH.format(""), True),
        (failing_connection(Socks5AuthenticationError()), THROUGH.format(""), True),
        (named("InvalidSchema"), THROUGH.format(""), False),
        *(
            (
                named("ProxyError", f"('canary', OSError('Tunnel connection failed: {status} x'))"),
                THROUGH.format(f" (it answered {status})"),
                is_passing,
            )
            for status, is_passing in ((403, False), (407, False), (502, True), (504, True))
        ),
    ],
)
def test_a_proxy_that_does_not_let_us_through(
    error: Exception, text: str, is_passing: bool
) -> None:
    failure = explain(error, PROXY)
    assert (failure.text, failure.is_passing) == (text, is_passing)
    assert "proxy" not in explain(error, PEER).text


def test_a_failure_behind_the_proxy_is_no_failure_of_it() -> None:
    assert explain(ConnectionResetError(), PROXY).text == CUT_OFF


def test_exceptions_in_a_circle() -> None:
    first, second = RuntimeError(), ConnectionResetError()
    first.__context__, second.__context__ = second, first
    assert explain(first, PEER).text == CUT_OFF


@pytest.mark.parametrize(
    "error",
    [
        ConnectTimeoutError(),
        ReadTimeoutError(),
        failing_connection(ConnectionRefusedError(errno.ECONNREFUSED, "canary")),
        failing_connection(socket.gaierror(socket.EAI_AGAIN, "canary")),
        failing_connection(OSError("canary")),
        ConnectionResetError(),
        BrokenPipeError(),
        ssl.SSLEOFError(8, "canary"),
    ],
)
def test_what_may_pass_by_itself(error: Exception) -> None:
    assert explain(error, PEER).is_passing


@pytest.mark.parametrize(
    "error",
    [
        failing_connection(socket.gaierror(socket.EAI_NONAME, "canary")),
        UnicodeError("label too long"),
        tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"),
        untrusted(20, "canary"),
        tls_error("WRONG_VERSION_NUMBER"),
        tls_error("TLSV1_ALERT_PROTOCOL_VERSION"),
        RuntimeError("canary"),
    ],
)
def test_what_somebody_has_to_mend(error: Exception) -> None:
    assert not explain(error, PEER).is_passing
