# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small public file, fetched from a server on loopback."""

from __future__ import annotations

import socket
import sys
import threading
import time
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api import public_file
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

MOST = 64 * 1024


@pytest.fixture
def plain(bench: Any) -> Any:
    return bench.server(tls=False)


@pytest.mark.parametrize("size", [0, 1, 8192, 8193, MOST])
def test_it_is_as_it_came(bench: Any, plain: Any, size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    plain.on("GET", "/ca.crt", bench.reply(200, body=content))
    assert public_file.fetch(f"{plain.url}/ca.crt", 5) == content
    (seen,) = plain.seen
    assert "authorization" not in seen.headers


def test_one_that_is_too_large(bench: Any, plain: Any) -> None:
    plain.on("GET", "/ca.crt", bench.reply(200, body=b"x" * (MOST + 1)))
    with pytest.raises(AtlasError) as caught:
        public_file.fetch(f"{plain.url}/ca.crt", 5)
    assert caught.value.message == f"{plain.url}/ca.crt is larger than 65536 bytes."


def test_one_that_is_too_large_is_not_read_to_its_end() -> None:
    is_over = threading.Event()

    def serve() -> None:
        connection, _address = listening.accept()
        with connection:
            connection.recv(MOST)
            head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
            connection.sendall(head + b"x" * (MOST + 8 * 1024))
            is_over.wait(30)  # and nothing more comes

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve)
        server.start()
        try:
            with pytest.raises(AtlasError, match=r" is larger than 65536 bytes\.$"):
                public_file.fetch(f"http://127.0.0.1:{listening.getsockname()[1]}/ca.crt", 2)
        finally:
            is_over.set()
            server.join()


def test_one_that_is_not_there(bench: Any, plain: Any) -> None:
    plain.on("GET", "/ca.crt", bench.reply(404))
    with pytest.raises(AtlasError, match=r"/v2/ca\.crt cannot be fetched: 404 .*\.$"):
        public_file.fetch(f"{plain.url}/ca.crt", 5)


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/ca.crt"
        with pytest.raises(AtlasError) as caught:
            public_file.fetch(url, 5)
    assert caught.value.message.startswith(f"{url} cannot be fetched: ")


def test_a_server_that_does_not_answer_in_time(bench: Any, plain: Any) -> None:
    plain.on("GET", "/ca.crt", bench.reply(200, wait_for=plain.released))
    with pytest.raises(AtlasError) as caught:
        public_file.fetch(f"{plain.url}/ca.crt", 0.1)
    assert caught.value.message == (
        f"{plain.url}/ca.crt cannot be fetched: it was not complete within 0.1 seconds."
    )


def test_a_server_that_answers_byte_by_byte() -> None:
    """Each in time, and a redirection as well."""
    is_over = threading.Event()

    def serve() -> None:
        for _connection in range(2):
            connection, _address = listening.accept()
            with connection:
                connection.recv(MOST)
                connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /more\r\n")
                if _connection == 0:
                    connection.sendall(b"Content-Length: 0\r\nConnection: close\r\n\r\n")
                while _connection and not is_over.wait(0.05):
                    connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = threading.Thread(target=serve)
        server.start()
        started = time.monotonic()
        try:
            with pytest.raises(AtlasError, match=r"it was not complete within 0\.5 seconds\.$"):
                public_file.fetch(f"http://127.0.0.1:{listening.getsockname()[1]}/ca.crt", 0.5)
        finally:
            is_over.set()
            server.join()
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize("url", ["ldap://ca.example/cn=x", "file:///etc/passwd", "ca.crt", ""])
def test_what_is_not_fetched(url: str) -> None:
    with pytest.raises(AtlasError) as caught:
        public_file.fetch(url, 5)
    assert caught.value.message == f"{url} is not fetched: only http and https are."


def test_the_address_is_cleaned_for_display() -> None:
    with pytest.raises(AtlasError) as caught:
        public_file.fetch("ldap://x\n\x1b[2J", 5)
    assert caught.value.message == "ldap://x [2J is not fetched: only http and https are."


def test_requests_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_file, "HAS_REQUESTS", False)
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(AtlasError, match=r"^The Python library requests is missing on the "):
        public_file.fetch("http://ca.example/ca.crt", 5)
