# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proxies, names to verify, and what differs between versions of the libraries below."""

from __future__ import annotations

import ssl
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

from ansible_collections.globalsign.atlas.plugins.module_utils.api import transport
from ansible_collections.globalsign.atlas.plugins.module_utils.api.options import ConnectionOptions
from ansible_collections.globalsign.atlas.plugins.module_utils.api.transport import (
    Answer,
    NoAnswerError,
    Transport,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

URL = "https://atlas.example:8443/v2"
VARIABLES = "the environment variables https_proxy, all_proxy and no_proxy of the controller"


def opened(url: str = URL, proxy: str | None = None) -> Transport:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return Transport(url, tls, ConnectionOptions(proxy=proxy))


def test_what_is_told_of_an_answer_and_of_none() -> None:
    error = NoAnswerError("text", is_sent=True)
    assert (str(error), error.message) == ("text", "text")
    assert (error.is_sent, error.is_passing) == (True, False)
    assert str(NoAnswerError("text", False, True)) == "text"
    assert "canary" not in repr(Answer(200, {}, b"canary"))


@pytest.mark.parametrize(
    ("url", "server"),
    [(URL, "atlas.example:8443"), ("https://atlas.example/v2", "atlas.example")],
)
def test_the_server_as_it_is_told(url: str, server: str) -> None:
    assert opened(url).server == server


@pytest.mark.parametrize(
    "proxy",
    [
        "http://proxy.example:3128",
        "https://proxy.example:3128/",
        "proxy.example:3128",
        "user:secret@proxy.example:3128",
        *(
            f"{scheme}://user:secret@proxy.example:3128"
            for scheme in ("socks4", "socks4a", "socks5", "socks5h")
        ),
    ],
)
def test_proxies_of_all_kinds(proxy: str) -> None:
    assert opened(proxy=proxy)._proxy == "proxy.example:3128"


@pytest.mark.parametrize(
    "proxy",
    [
        "unheard://proxy.example:3128",
        "http://:3128",
        "http://proxy.example:0",
        "http://proxy.example:port",
        "http://proxy.example:99999",
        "http://[::1",
        "http://user:canary@",
    ],
)
def test_what_is_no_proxy(bench: Any, monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    sentence = (
        "{}: this is not the URL of a proxy; give one such as http://proxy.example.com:3128, or"
        " leave it out."
    )
    with pytest.raises(AtlasError) as caught:
        opened(proxy=proxy)
    assert caught.value.message == sentence.format("the option proxy")
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(AtlasError) as caught:
        opened()
    assert caught.value.message == sentence.format(VARIABLES)


def test_which_proxy_it_is(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (opened()._proxies, opened()._proxy) == ({}, "")
    monkeypatch.setenv("https_proxy", "http://theirs.example:1")
    assert opened()._proxy == "theirs.example:1"
    # Said by the user, it goes before what the environment says, and no_proxy is not asked.
    monkeypatch.setenv("no_proxy", "atlas.example")
    assert opened()._proxy == ""
    ours = opened(proxy="http://ours.example:2")
    assert (ours._proxies, ours._proxy) == ({"https": "http://ours.example:2"}, "ours.example:2")
    # The secret would be readable on the way to it.
    assert opened("http://127.0.0.1:1/v2", proxy="http://ours.example:2")._proxies == {}


class Tls:
    """Remembers which name is verified."""

    check_hostname = True

    def wrap_socket(self, sock: Any, server_hostname: str | None = None) -> Any:
        return (sock, server_hostname)


@pytest.mark.parametrize(
    ("version", "url", "given", "verified"),
    [
        ("1.26.20", "https://192.0.2.7:8443/v2", None, "192.0.2.7"),
        ("1.26.20", "https://[2001:db8::7]/v2", None, "2001:db8::7"),
        ("1.26.20", "https://192.0.2.7:8443/v2", "192.0.2.8", "192.0.2.8"),
        ("1.26.20", "https://atlas.example/v2", None, None),
        ("2.8.0", "https://192.0.2.7:8443/v2", None, None),
        ("10.0", "https://192.0.2.7:8443/v2", None, None),
        (None, "https://192.0.2.7:8443/v2", None, None),
    ],
)
def test_an_old_library_is_told_which_address_to_verify(
    monkeypatch: pytest.MonkeyPatch,
    version: str | None,
    url: str,
    given: str | None,
    verified: str | None,
) -> None:
    known = SimpleNamespace() if version is None else SimpleNamespace(__version__=version)
    monkeypatch.setattr(transport, "urllib3", known)
    context: Any = transport._naming_the_server(Tls(), url)  # type: ignore[arg-type]
    assert context.wrap_socket("socket", server_hostname=given) == ("socket", verified)
    assert context.check_hostname is True


class Raw:
    """The body of an answer as an old library hands it over, which does not count the bytes."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts

    def stream(self, _size: int, decode_content: bool) -> Any:
        assert decode_content is False
        return iter(self._parts)


@pytest.mark.parametrize(
    ("announced", "parts", "is_whole"),
    [
        ("4", (b"ab", b"cd"), True),
        ("5", (b"ab", b"cd"), False),
        ("3", (b"ab", b"cd"), False),
        ("", (b"ab", b"cd"), True),
        ("many", (b"ab", b"cd"), True),
        ("\u00b2", (b"ab", b"cd"), True),
        ("5" * 5000, (b"ab", b"cd"), True),
        ("0", (), True),
        ("1", (), False),
    ],
)
def test_a_body_that_is_shorter_than_announced(
    announced: str, parts: tuple[bytes, ...], is_whole: bool
) -> None:
    response = requests.Response()
    response.status_code, response.raw = 200, Raw(*parts)
    response.headers["Content-Length"] = announced
    read = opened()._read
    if is_whole:
        answer = read(response)
        assert (answer.status, answer.body) == (200, b"".join(parts))
        assert answer.headers == {"content-length": announced}
    else:
        with pytest.raises(ConnectionError, match=r"^truncated$"):
            read(response)


def test_a_body_that_is_handed_over_may_have_been_read() -> None:
    body = transport._TrackedBody(b"abc")
    assert not body.is_handed_over
    assert (body.read(2), body.is_handed_over, body.read()) == (b"ab", True, b"c")


@pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError, ssl.SSLEOFError])
def test_the_end_of_a_connection_is_one_for_all(
    monkeypatch: pytest.MonkeyPatch, error: type[OSError]
) -> None:
    def end(*_arguments: Any) -> int:
        raise error(0, "x")

    monkeypatch.setattr(ssl.SSLSocket, "send", end)
    with pytest.raises(BrokenPipeError, match="the connection has ended"):
        transport._Socket.send(transport._Socket.__new__(transport._Socket), b"x")


def test_other_failures_to_write_are_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_arguments: Any) -> int:
        raise TimeoutError("x")

    monkeypatch.setattr(ssl.SSLSocket, "send", late)
    with pytest.raises(TimeoutError, match=r"^x$"):
        transport._Socket.send(transport._Socket.__new__(transport._Socket), b"x")


def test_a_pool_keeps_its_kind_of_connection() -> None:
    """As that of a SOCKS proxy, which takes other arguments."""

    class Connection(HTTPSConnection):
        pass

    class Pool(HTTPSConnectionPool):
        ConnectionCls = Connection

    manager = SimpleNamespace(pool_classes_by_scheme={"https": Pool})
    transport.watch_pools(manager)
    watched = manager.pool_classes_by_scheme["https"]
    assert (issubclass(watched, Pool), watched is Pool) == (True, False)
    assert issubclass(watched.ConnectionCls, Connection)
    transport.watch_pools(manager)
    assert manager.pool_classes_by_scheme == {"https": watched}
