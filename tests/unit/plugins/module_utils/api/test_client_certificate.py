# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client certificate that the server turns down: by which alert, and what we make of it."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.globalsign.atlas.plugins.module_utils.api import retry
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError

BODY = {"public_key": "-----BEGIN PUBLIC KEY-----"}
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr(retry, "sleep", made.append)
    return made


def refused(bench: Any, kind: str, newest: ssl.TLSVersion) -> tuple[Any, ssl.SSLContext]:
    """A server, and a context whose client certificate it does not take."""
    name = f"refused-{kind}"
    if kind == "none":
        tls = ssl.create_default_context(cafile=bench.authority.path)
        return bench.server(newest=newest), tls
    if kind == "strange":
        client = bench.stranger.issue(name)
    elif kind == "expired":
        client = bench.authority.issue(name, days=-1)
    elif kind == "early":
        client = bench.authority.issue(name, since=2)
    elif kind == "purpose":
        client = bench.authority.issue(name, purpose=ExtendedKeyUsageOID.SERVER_AUTH)
    else:
        client = bench.authority.issue(name)
    crl = bench.authority.revoke(client) if kind == "revoked" else None
    return bench.server(newest=newest, crl=crl), bench.tls(client=client)


def sentence(server: Any, alert: str) -> str:
    remedy = (
        "give the mTLS certificate of this Atlas account, still valid, with its key as client_key"
    )
    if alert in ("certificate expired", "certificate revoked"):
        remedy = "have another made in the Atlas portal and give that, with its key as client_key"
    return (
        f"client_cert: 127.0.0.1:{server.port} refused the client certificate in the TLS handshake"
        f" ({alert}); {remedy}."
    )


REFUSALS = [
    ("none", TLS13, "certificate required"),
    ("none", TLS12, "handshake failure"),
    *(
        (kind, version, alert)
        for kind, alert in (
            ("strange", "unknown ca"),
            ("expired", "certificate expired"),
            ("early", "bad certificate"),
            ("revoked", "certificate revoked"),
            ("purpose", "unsupported certificate"),
        )
        for version in (TLS12, TLS13)
    ),
]


@pytest.mark.parametrize(("kind", "newest", "alert"), REFUSALS)
def test_which_alert_it_was_is_told_and_nothing_is_tried_again(
    bench: Any, pauses: list[float], kind: str, newest: ssl.TLSVersion, alert: str
) -> None:
    """TLS 1.3 refuses only after the handshake, on the client's first read."""
    server, tls = refused(bench, kind, newest)
    with pytest.raises(ApiError) as caught:
        bench.session(server, tls, retries=3).post_once("/certificates", BODY)
    bench.assert_keeps_secrets(caught.value)
    assert caught.value.message == sentence(server, alert)
    assert (caught.value.status, caught.value.path, caught.value.outcome) == (
        None,
        "/login",
        "not_sent",
    )
    assert (server.connections, server.seen, pauses) == (1, [], [])


def hasty(server: Any, tls: ssl.SSLContext, parting: str) -> None:
    """The server has sent its alert and is gone before the client writes its first byte."""
    server.parting = parting

    class Patient(tls.sslsocket_class):  # type: ignore[misc,name-defined]
        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            assert server.has_parted.wait(10)

    tls.sslsocket_class = Patient


@pytest.mark.parametrize("parting", ["closes", "resets"])
def test_the_alert_is_read_even_if_nothing_can_be_written_any_more(
    bench: Any, pauses: list[float], parting: str
) -> None:
    server, tls = refused(bench, "revoked", TLS13)
    session = bench.session(server, tls, retries=3)
    hasty(server, tls, parting)
    with pytest.raises(ApiError) as caught:
        session.post_once("/certificates", BODY)
    assert caught.value.message == sentence(server, "certificate revoked")
    assert (server.connections, server.seen, pauses) == (1, [], [])
