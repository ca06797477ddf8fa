# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a file that is fetched, and of what cannot be fetched."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
from typing import Any

import pytest

pytest.importorskip("dns")

from ansible_collections.globalsign.atlas.plugins.module_utils.tokens import http_file, sight
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.http_file import HttpFile
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.watch import Sighting

PATH = "/.well-known/pki-validation/gsdv.txt"


@pytest.mark.parametrize(
    ("scheme", "host", "port", "url"),
    [
        ("http", "a.example", 80, f"http://a.example{PATH}"),
        ("http", "a.example", 443, f"http://a.example:443{PATH}"),
        ("https", "a.example", 443, f"https://a.example{PATH}"),
        ("https", "2001:db8::1", 8443, f"https://[2001:db8::1]:8443{PATH}"),
    ],
)
def test_what_is_fetched(scheme: str, host: str, port: int, url: str) -> None:
    assert HttpFile(scheme, host, "192.0.2.1", port, "token").url == url


class Raw(io.BytesIO):
    """An answer as it comes over the wire."""

    def makefile(self, *_arguments: Any) -> Any:
        return io.BytesIO(self.getvalue())


def answered(head: bytes, body: bytes = b"") -> Any:
    raw = b"HTTP/1.1 " + head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    response = http.client.HTTPResponse(Raw(raw))  # type: ignore[arg-type]
    response.begin()
    return response, http_file._body(response)


FILE = HttpFile("http", "a.example", "192.0.2.1", 80, "tökén")


@pytest.mark.parametrize(
    ("head", "body", "found", "problem"),
    [
        (b"200 OK", "tökén".encode(), "tökén", ""),
        (b"200 OK", "tökén\r\n".encode(), "tökén\r\n", "has the token with white space around it; "
         "leave out the line break at the end"),
        (b"200 OK", b"", "", "has an empty file"),
        (b"200 OK", b" ", " ", "has another content"),
        (b"200 OK", b"\xff", "\\xff", "has another content"),
        (b"200 OK", b"x" * 80, "x" * 80, "has another content"),
        (b"200 OK", b"x" * 81, "x" * 80 + "…", "has another content"),
        (b"404 No", b"tok", "HTTP 404", "answered 404 instead of 200"),
        (b"201 Made\r\nLocation: /a", b"", "HTTP 201", "answered 201 instead of 200"),
        (b"300 Many\r\nLocation: /a", b"", "HTTP 300 to /a",
         f"redirects http://a.example{PATH}, which is not followed"),
        (b"399 Odd\r\nLocation: /a", b"", "HTTP 399 to /a",
         f"redirects http://a.example{PATH}, which is not followed"),
        (b"400 Bad\r\nLocation: /a", b"", "HTTP 400", "answered 400 instead of 200"),
        (b"304 Same", b"", "HTTP 304", "answered 304 instead of 200"),
    ],
)  # fmt: skip
def test_what_is_said_of_an_answer(head: bytes, body: bytes, found: str, problem: str) -> None:
    sighting = FILE._judged(*answered(head, body))
    assert sighting == Sighting("192.0.2.1", (found,), problem)


def test_no_more_is_read_than_it_takes() -> None:
    _response, body = answered(b"200 OK", b"x" * 5000)
    assert body == b"x" * 4096
    _response, body = answered(b"200 OK", b"x" * 4096)
    assert body == b"x" * 4096


def test_a_body_that_trickles_in_has_so_long_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(http_file.time, "monotonic", lambda: now[0])

    class Slow:
        def read1(self, size: int) -> bytes:
            now[0] += 4
            return b"x"

    with pytest.raises(socket.timeout):
        http_file._body(Slow())  # type: ignore[arg-type]
    assert now == [12.0]


def refusing(error: BaseException) -> Any:
    def fail(_self: HttpFile) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (socket.timeout(), "did not answer within 10 seconds"),
        (ConnectionRefusedError(), "refused the connection, so no web server listens there"),
        (
            OSError(113, "No route to host"),
            "was not reached (No route to host); if that holds for this controller only, name the"
            " addresses to look at in addresses",
        ),
        (
            OSError("odd"),
            "was not reached (odd); if that holds for this controller only, name the addresses to"
            " look at in addresses",
        ),
        (http.client.BadStatusLine("x"), "sent something that is not HTTP (BadStatusLine)"),
    ],
)
def test_what_is_said_where_nothing_comes(
    error: BaseException, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HttpFile, "_connected", refusing(error))
    assert FILE.look() == Sighting("192.0.2.1", (), problem, reached=False)


def test_what_is_said_of_tls_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ssl.SSLError(1, "it said")
    error.reason = "WRONG_VERSION_NUMBER"
    monkeypatch.setattr(HttpFile, "_connected", refusing(error))
    assert FILE.look().problem == "did not shake hands over TLS (wrong version number)"


def test_the_request_is_exact() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        got: list[bytes] = []

        def serve() -> None:
            connection, _peer = server.accept()
            with connection:
                got.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\ntoken")

        thread = threading.Thread(target=serve)
        thread.start()
        file = HttpFile("http", "a.example", "127.0.0.1", port, "token")
        assert file.look() == Sighting("127.0.0.1", ("token",), "")
        thread.join(10)
    assert got[0].decode().split("\r\n") == [
        f"GET {PATH} HTTP/1.1",
        f"Host: a.example:{port}",
        "Accept-Encoding: identity",
        "Connection: close",
        "",
        "",
    ]


def test_what_is_looked_for_over_http() -> None:
    search = sight.over_http("https", "a.example", 443, "token", ["192.0.2.1", "::1"])
    assert search.what == f"the file https://a.example{PATH} with the content 'token'"
    assert list(search.places) == [
        HttpFile("https", "a.example", address, 443, "token") for address in ("192.0.2.1", "::1")
    ]
    assert (search.record, search.warnings) == (None, [])
    (nowhere,) = sight.over_http("http", "a.example", 80, "token", []).places
    assert nowhere.look() == Sighting(
        "a.example",
        (),
        "has neither an A nor an AAAA record, so nobody can fetch a file from it",
    )


def test_what_was_not_seen_is_listed() -> None:
    sightings = [
        Sighting("one", (), ""),
        Sighting("two", ("a", "b"), "has others"),
        Sighting("three", (), "is silent"),
    ]
    assert sight.missing("the record", 7, sightings) == (
        "Within 7 seconds the record was not seen at 2 of 3 places: two has others (found: 'a',"
        " 'b'); three is silent. Check that it was placed there, and give timeout more seconds if"
        " it only takes longer."
    )
