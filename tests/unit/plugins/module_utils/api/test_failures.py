# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sentences for what cannot be brought about on loopback at will."""

from __future__ import annotations

import errno
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


class MaxRetryError(Exception):
    """Holds its cause as that of urllib3 does."""

    def __init__(self, reason: Exception) -> None:
        super().__init__("https://user:canary@proxy/")
        self.reason = reason


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] canary (_ssl.c:1)")
    error.reason = reason
    return error


def failing_connection(error: OSError) -> Exception:
    try:
        raise NewConnectionError("canary") from error
    except NewConnectionError as caught:
        return MaxRetryError(caught)


@pytest.mark.parametrize(
    ("error", "peer", "text"),
    [
        (ConnectTimeoutError(), PEER, "no connection to atlas.example:8443 within 10 seconds"),
        (ReadTimeoutError(), PEER, "atlas.example:8443 did not answer within 60 seconds"),
        (ReadTimeoutError(), NOT_SENT, "no connection to atlas.example:8443 within 10 seconds"),
        (MaxRetryError(socket.timeout()), PEER, "did not answer within 60 seconds"),
        (
            failing_connection(OSError(errno.EHOSTUNREACH, "canary")),
            PEER,
            "could not be connected to (no route to host)",
        ),
        (failing_connection(OSError("canary")), PEER, "could not be connected to (no reason"),
        (failing_connection(socket.gaierror(-2, "canary")), PEER, "could not be resolved"),
        (UnicodeError("label too long"), PEER, "could not be resolved"),
        (tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), PEER, "client_cert: atlas.example:8443"),
        (tls_error("TLSV1_ALERT_UNKNOWN_CA"), PEER, "in the TLS handshake (unknown ca)"),
        (tls_error("SSLV3_ALERT_BAD_CERTIFICATE"), PEER, "handshake (bad certificate)"),
        (tls_error("SSLV3_ALERT_CERTIFICATE_EXPIRED"), PEER, "handshake (certificate expired)"),
        (tls_error("SSLV3_ALERT_HANDSHAKE_FAILURE"), PEER, "handshake (handshake failure)"),
        (tls_error("TLSV1_ALERT_PROTOCOL_VERSION"), PEER, "agree on no TLS connection"),
        (tls_error("WRONG_VERSION_NUMBER"), PEER, "does not speak TLS"),
        (ssl.SSLEOFError(8, "canary"), PEER, "closed the connection"),
        (BrokenPipeError(), PEER, "closed the connection"),
        (RuntimeError("canary"), PEER, "to atlas.example:8443 failed (RuntimeError)"),
    ],
)
def test_a_sentence_for_each(error: Exception, peer: Peer, text: str) -> None:
    sentence = explain(error, peer).text
    assert text in sentence
    assert "canary" not in sentence
    assert sentence.endswith(".")


def test_exceptions_in_a_circle() -> None:
    first, second = RuntimeError(), ConnectionResetError()
    first.__context__, second.__context__ = second, first
    assert "closed the connection" in explain(first, PEER).text


@pytest.mark.parametrize(
    "error",
    [
        ConnectTimeoutError(),
        ReadTimeoutError(),
        failing_connection(ConnectionRefusedError(errno.ECONNREFUSED, "canary")),
        failing_connection(socket.gaierror(socket.EAI_AGAIN, "canary")),
        ConnectionResetError(),
        BrokenPipeError(),
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
        tls_error("WRONG_VERSION_NUMBER"),
        tls_error("TLSV1_ALERT_PROTOCOL_VERSION"),
        RuntimeError("canary"),
    ],
)
def test_what_somebody_has_to_mend(error: Exception) -> None:
    assert not explain(error, PEER).is_passing
