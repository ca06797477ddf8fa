# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client certificate that is refused gets the alert of TLS that says why."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .conftest import Simulator, running

TLS_1_2, TLS_1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
# The certificate, the version, the number of the alert (RFC 8446, appendix B.2), its name.
REFUSED: list[tuple[str | None, ssl.TLSVersion, int, str]] = [
    (None, TLS_1_2, 40, "HANDSHAKE_FAILURE"),  # TLS 1.2 has no better one
    (None, TLS_1_3, 116, "CERTIFICATE_REQUIRED"),
    ("unknown-client", TLS_1_2, 48, "UNKNOWN_CA"),
    ("unknown-client", TLS_1_3, 48, "UNKNOWN_CA"),
    ("expired-client", TLS_1_2, 45, "CERTIFICATE_EXPIRED"),
    ("expired-client", TLS_1_3, 45, "CERTIFICATE_EXPIRED"),
    ("revoked-client", TLS_1_2, 44, "CERTIFICATE_REVOKED"),
    ("revoked-client", TLS_1_3, 44, "CERTIFICATE_REVOKED"),
]
each_refusal = pytest.mark.parametrize(("client", "version", "number", "name"), REFUSED)


def exchange(
    simulator: Simulator, client: str | None, version: ssl.TLSVersion, request: bytes
) -> bytes:
    """The first of what comes in answer to some bytes, over this version of TLS."""
    context = ssl.create_default_context(cafile=simulator.account["ATLAS_CA_PATH"])
    context.minimum_version = context.maximum_version = version
    if client:
        pair = (simulator.folder / f"{client}.{kind}" for kind in ("crt", "key"))
        context.load_cert_chain(*pair)
    address = urlsplit(simulator.url)
    with (
        socket.create_connection((address.hostname, address.port), timeout=20) as connection,
        context.wrap_socket(connection, server_hostname=address.hostname) as tls,
    ):
        tls.sendall(request)
        return tls.recv(65536)


def login(simulator: Simulator, padding: int = 0) -> bytes:
    """A login as it goes over the wire, in a body with so many blanks."""
    names = {"api_key": "ATLAS_API_KEY", "api_secret": "ATLAS_API_SECRET"}
    body = json.dumps({name: simulator.account[value] for name, value in names.items()})
    head = (
        "POST /v2/login HTTP/1.1\r\nHost: localhost\r\n"
        "Content-Type: application/json;charset=utf-8\r\n"
        f"Content-Length: {len(body) + padding}\r\n\r\n"
    )
    return (head + " " * padding + body).encode()


@each_refusal
def test_a_client_reads_why_it_was_refused(
    simulator: Simulator, client: str | None, version: ssl.TLSVersion, number: int, name: str
) -> None:
    with pytest.raises(ssl.SSLError) as caught:
        exchange(simulator, client, version, login(simulator))
    assert caught.value.reason.endswith(f"_ALERT_{name}")


def test_the_alert_is_there_after_a_long_request_too(simulator: Simulator) -> None:
    with pytest.raises(ssl.SSLError) as caught:
        exchange(simulator, "revoked-client", TLS_1_3, login(simulator, padding=500_000))
    assert caught.value.reason.endswith("_ALERT_CERTIFICATE_REVOKED")


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_a_good_certificate_logs_in(simulator: Simulator, version: ssl.TLSVersion) -> None:
    answer = exchange(simulator, "client", version, login(simulator, padding=70_000))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


@each_refusal
def test_openssl_reads_why_it_was_refused(
    simulator: Simulator, client: str | None, version: ssl.TLSVersion, number: int, name: str
) -> None:
    command = ["openssl", "s_client", "-connect", urlsplit(simulator.url).netloc, "-quiet"]
    command += ["-CAfile", simulator.account["ATLAS_CA_PATH"]]
    command.append("-tls1_2" if version is TLS_1_2 else "-tls1_3")
    if client:
        pair = [str(simulator.folder / f"{client}.{kind}") for kind in ("crt", "key")]
        command += ["-cert", pair[0], "-key", pair[1]]
    # It reads until the service has nothing more to say.
    told = subprocess.run(command, input=b"\n", capture_output=True, timeout=20, check=False)
    assert f"SSL alert number {number}\n".encode() in told.stderr


@pytest.fixture(scope="module")
def without_certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """One whose only account shows no certificate."""
    folder = tmp_path_factory.mktemp("open")
    accounts = folder / "accounts.json"
    accounts.write_text(json.dumps([{"name": "open", "mutual_tls": "none"}]))
    with running(folder / "data", "--accounts", str(accounts)) as started:
        yield started


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_where_none_is_needed_a_missing_one_is_no_fault(
    without_certificates: Simulator, version: ssl.TLSVersion
) -> None:
    answer = exchange(without_certificates, None, version, login(without_certificates))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("version", [TLS_1_2, TLS_1_3])
def test_where_none_is_needed_a_bad_one_is_refused_all_the_same(
    without_certificates: Simulator, version: ssl.TLSVersion
) -> None:
    with pytest.raises(ssl.SSLError) as caught:
        exchange(without_certificates, "revoked-client", version, login(without_certificates))
    assert caught.value.reason.endswith("_ALERT_CERTIFICATE_REVOKED")


def test_what_is_no_tls_ends_nothing_but_its_connection(simulator: Simulator) -> None:
    address = urlsplit(simulator.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
    assert simulator.login().status == 200


def test_a_refused_client_that_stays_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with running(tmp_path) as simulator:
        address = urlsplit(simulator.url)
        connection = socket.create_connection((address.hostname, address.port), timeout=20)
        context = ssl.create_default_context(cafile=simulator.account["ATLAS_CA_PATH"])
        tls = context.wrap_socket(connection, server_hostname=address.hostname)
        with pytest.raises(ssl.SSLError):
            tls.recv(1)
        assert simulator.stop() == 0  # although the refused client is still there
        tls.close()
