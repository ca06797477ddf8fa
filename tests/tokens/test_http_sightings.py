# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""domain_token_info with methods http and https, against real web servers."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from simulator.name_servers import free_port

from .conftest import Run
from .identity import self_signed

TOKEN = "0E87AF4B5F7C974C197078B6636933B7"
PATH = "/.well-known/pki-validation/gsdv.txt"


class Site:
    """What one address serves; a test changes it, and counts the requests.

    `first_status` is that of the first answer alone.
    """

    def __init__(self) -> None:
        self.status = 200
        self.first_status: int | None = None
        self.body = TOKEN.encode()
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, str | None]] = []


class _Server(http.server.ThreadingHTTPServer):
    def __init__(self, address: str, port: int, handler: Any) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, port), handler)


@contextmanager
def web_server(address: str, port: int, tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    site = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, self.headers["Host"]))
            first = site.first_status if len(site.asked) == 1 else None
            self.send_response(first or site.status)
            self.send_header("Content-Length", str(len(site.body)))
            for name, value in site.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(site.body)

        def log_message(self, *_arguments: Any) -> None:
            """Silence."""

    server = _Server(address, port, Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def sites() -> Iterator[tuple[int, list[Site]]]:
    """A port, and the sites on it at 127.0.0.1, 127.0.0.2 and ::1."""
    port = free_port()
    with ExitStack() as stack:
        yield (
            port,
            [
                stack.enter_context(web_server(address, port))
                for address in ("127.0.0.1", "127.0.0.2", "::1")
            ],
        )


Fetch = Callable[..., dict[str, Any]]


@pytest.fixture
def fetch(look: Run, sites: tuple[int, list[Site]]) -> Fetch:
    def run(domain: str = "site.shop.test", **options: Any) -> dict[str, Any]:
        return look(
            domain, TOKEN, **{"method": "http", "http_port": sites[0], "dns_port": 53, **options}
        )

    return run


def test_each_address_of_the_domain_is_asked(fetch: Fetch, sites: tuple[int, list[Site]]) -> None:
    port, (first, second, sixth) = sites
    assert fetch() == {
        "changed": False,
        "visible": True,
        "sightings": [
            {"at": address, "found": [TOKEN], "problem": "", "visible": True}
            for address in ("127.0.0.1", "::1")
        ],
    }
    asked = [(PATH, f"site.shop.test:{port}")]
    assert (first.asked, second.asked, sixth.asked) == (asked, [], asked)


def test_one_address_of_two_is_not_enough(fetch: Fetch, sites: tuple[int, list[Site]]) -> None:
    port, (_first, _second, sixth) = sites
    sixth.body = b"something else"
    told = fetch(timeout=1)
    assert told["failed"]
    assert [one["visible"] for one in told["sightings"]] == [True, False]
    assert told["msg"].startswith(
        f"Within 1 seconds the file http://site.shop.test:{port}{PATH} with the content '{TOKEN}'"
        " was not seen at 1 of 2 places: ::1 has another content (found: 'something else')."
    )


def test_only_the_address_that_lacked_it_is_asked_again(
    fetch: Fetch, sites: tuple[int, list[Site]]
) -> None:
    _port, (first, second, _sixth) = sites
    second.first_status = 404
    told = fetch(addresses=["127.0.0.1", "127.0.0.2"], timeout=100)
    assert told["visible"]
    assert (len(first.asked), len(second.asked)) == (1, 2)


@pytest.mark.parametrize(
    ("status", "headers", "body", "found", "problem"),
    [
        (404, {}, b"not here", "HTTP 404", "answered 404 instead of 200"),
        (
            301,
            {"Location": "https://site.shop.test/"},
            b"",
            "HTTP 301 to https://site.shop.test/",
            "which is not followed",
        ),
        (200, {}, f"{TOKEN}\n".encode(), f"{TOKEN}\n", "leave out the line break at the end"),
        (200, {}, b"", "", "has an empty file"),
        (200, {}, b"<html>" * 5000, "<html>" * 13 + "<h…", "has another content"),
        (200, {}, b"\xff\xfe", "\\xff\\xfe", "has another content"),
        (206, {}, TOKEN.encode(), "HTTP 206", "answered 206 instead of 200"),
    ],
)
def test_what_does_not_count(
    fetch: Fetch, sites: tuple[int, list[Site]], status: int, headers: Any, body: bytes,
    found: str, problem: str,
) -> None:  # fmt: skip
    site = sites[1][0]
    site.status, site.headers, site.body = status, headers, body
    (sighting,) = fetch(addresses=["127.0.0.1"])["sightings"]
    assert sighting["found"] == [found]
    assert problem in sighting["problem"]
    assert len(site.asked) == 1


def test_nobody_listens_and_nobody_speaks_http(fetch: Fetch, servers: Any) -> None:
    (sighting,) = fetch(addresses=["127.0.0.9"])["sightings"]
    assert sighting["problem"] == "refused the connection, so no web server listens there"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _address = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        told = fetch(addresses=["127.0.0.1"], http_port=listener.getsockname()[1])
        thread.join()
    assert "sent something that is not HTTP" in told["sightings"][0]["problem"]


def test_a_domain_without_addresses(fetch: Fetch) -> None:
    told = fetch("_nothing.shop.test")
    assert not told["visible"]
    assert told["sightings"][0]["problem"].startswith("has neither an A nor an AAAA record")
    assert fetch("_nothing.shop.test", timeout=1)["failed"]


def test_an_ip_address_by_itself(fetch: Fetch, sites: tuple[int, list[Site]]) -> None:
    port, (_first, _second, sixth) = sites
    nobody = {"resolvers": ["127.0.0.9:9"]}
    assert fetch("::1", **nobody)["visible"]
    assert sixth.asked == [(PATH, f"[::1]:{port}")]
    assert fetch("127.0.0.2", **nobody)["visible"]


def test_names_that_no_resolver_knows_can_be_looked_at(fetch: Fetch) -> None:
    told = fetch(addresses=["127.0.0.1"], resolvers=["127.0.0.9:9"])
    assert told["visible"]
    (warning,) = told["warnings"]
    assert warning.startswith("CAA and DNSSEC of site.shop.test were not looked at: The CAA record")


def test_caa_is_warned_about(fetch: Fetch) -> None:
    (warning,) = fetch("www.caa.test", addresses=["127.0.0.1"])["warnings"]
    assert "forbid GlobalSign" in warning


def test_https_with_any_certificate(look: Run, tmp_path: Path) -> None:
    key, certificate = self_signed("other.example")
    (tmp_path / "server.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.pem")
    names: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: names.append(name)
    port = free_port()
    with web_server("127.0.0.1", port, tls):
        options: dict[str, Any] = {"method": "https", "http_port": port, "dns_port": 53}
        options["addresses"] = ["127.0.0.1"]
        assert look("site.shop.test", TOKEN, **options)["visible"]
        assert look("127.0.0.1", TOKEN, **options)["visible"]
    assert names == ["site.shop.test", None]
    with web_server("127.0.0.1", port):
        told = look("site.shop.test", TOKEN, **options)
    assert told["sightings"][0]["problem"].startswith("did not shake hands over TLS")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"domain": "*.shop.test"}, "domain: *.shop.test cannot be proven with method: http"),
        (
            {"authorization_domain": "shop.test"},
            "authorization_domain: it has no meaning with method: http",
        ),
        ({"servers": "resolvers"}, "servers: it has no meaning with method: http; leave it out."),
        ({"dns_port": 5353}, "dns_port: it has no meaning with method: http; leave it out."),
        ({"addresses": ["site.shop.test"]}, "addresses: 'site.shop.test' is not an IP address"),
        ({"http_port": 70000}, "http_port: 70000 is out of range"),
    ],
)
def test_each_failure_says_what_where_and_why(
    fetch: Fetch, options: dict[str, Any], text: str
) -> None:
    result = fetch(**options)
    assert result["failed"]
    assert text in result["msg"]
