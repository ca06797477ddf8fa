# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile and broken requests: never an error of the simulator's own, and it never goes down."""

from __future__ import annotations

import random
import socket
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from atlas_simulator.api.openapi import description
from hypothesis import HealthCheck, settings

from .conftest import JSON_TYPE, Simulator, running

ROUTES = schemathesis.openapi.from_dict(description())


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator that uses every field, in a network where no name is found."""
    arguments = ("--policy", "everything", "--verified", "quillon.example")
    arguments += ("--pki-listen", "127.0.0.1:0", "--resolver", "127.0.0.1:9")
    with running(tmp_path_factory.mktemp("fuzz"), *arguments) as started:
        yield started


@pytest.fixture(scope="module")
def session(target: Simulator) -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        client = target.folder / "client"
        opened.cert = (f"{client}.crt", f"{client}.key")
        yield opened


@ROUTES.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_asked_gets_an_answer(
    case: Any, target: Simulator, session: requests.Session
) -> None:
    headers = {"Authorization": f"Bearer {target.token}"}
    if case.body is not schemathesis.core.NOT_SET:
        headers["Content-Type"] = JSON_TYPE
    trusted = target.account["ATLAS_CA_PATH"]
    answer = case.call(base_url=target.url, session=session, headers=headers, verify=trusted)
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        assert answer.headers["content-type"][0].startswith("application/problem+json")


def raw_connection(simulator: Simulator) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=simulator.account["ATLAS_CA_PATH"])
    context.load_cert_chain(simulator.folder / "client.crt", simulator.folder / "client.key")
    address = urlsplit(simulator.url)
    assert address.hostname is not None
    plain = socket.create_connection((address.hostname, address.port or 443), timeout=10)
    return context.wrap_socket(plain, server_hostname=address.hostname)


GARBAGE = [
    b"\x00" * 1000,
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /v2/login HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
    b"POST /v2/login HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nContent-Length: 11\r\n\r\n",
    b"POST /v2/login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /v2/" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET /v2/trustchain HTTP/1.1\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
    b"GET /v2/claims/domains?page=%FF%FE HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /v2/certificates/%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\x16\x03\x01\x02\x00",
]


@pytest.mark.parametrize("content", GARBAGE)
def test_garbage_does_not_take_it_down(target: Simulator, content: bytes) -> None:
    with raw_connection(target) as connection:
        connection.sendall(content)
        connection.settimeout(2)
        try:
            answer = connection.recv(1000)
        except (TimeoutError, OSError):
            answer = b""
    assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
    assert target.send("GET", "/trustchain").status == 200


def test_random_bytes_do_not_take_it_down(target: Simulator) -> None:
    generator = random.Random(2026)
    for _each in range(30):
        with raw_connection(target) as connection:
            connection.sendall(generator.randbytes(generator.randrange(1, 500)))
    address = urlsplit(target.url)
    for _each in range(30):
        with socket.create_connection((address.hostname, address.port), timeout=10) as plain:
            plain.sendall(generator.randbytes(generator.randrange(1, 500)))
    assert target.send("GET", "/trustchain").status == 200
