# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request and its whole answer over HTTPS. The only file that knows requests and urllib3."""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..errors import AtlasError
from ..libraries import REQUESTS, refuse
from .errors import printable
from .failures import Peer, explain
from .options import ConnectionOptions
from .watchdog import Watch, Watchdog

try:
    import requests
    import requests.utils
    import urllib3
    from requests.adapters import HTTPAdapter
    from urllib3.exceptions import HTTPError

    HAS_REQUESTS = True
except Exception:  # missing, or broken in any way: said when a transport is made
    HAS_REQUESTS = False
    # So that what is derived from it can be read; mypy sees the library's class only.
    HTTPAdapter = object  # type: ignore[assignment,misc]

MOST_BYTES = 16 * 1024 * 1024
"""Received for a request, with headers and framing. The longest that Atlas sends, a page of 100
claims, is far below."""

MOST_IDLE_SECONDS = 4.0
"""A connection unused for longer is not used again. A server that closes it just as a request is
on the way leaves open whether the request was acted upon, and usual servers wait at least 5 s."""

_LEAST_SECONDS = 0.05
"""With less, nothing is begun that could only fail, and then for the wrong reason."""

_CHUNK = 64 * 1024
_WATCH: ContextVar[Watch] = ContextVar("_WATCH")
"""Of the exchange that is under way in this thread."""
_PROXY_OPTION = "the option proxy"
_PROXY_VARIABLES = "the environment variables https_proxy, all_proxy and no_proxy of the controller"
_PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})


class NoAnswerError(Exception):
    """There was no whole answer. The text says why and never holds a part of the request.

    `is_sent` is whether the service may have got the whole request, `is_passing` whether another
    attempt may succeed.
    """

    def __init__(self, message: str, is_sent: bool, is_passing: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.is_sent = is_sent
        self.is_passing = is_passing


@dataclass(frozen=True)
class Answer:
    """An HTTP answer whose body arrived whole. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Transport:
    """Connections to one server, for several threads at a time.

    `tls` holds the client certificate and all CA certificates that are trusted. Without a proxy in
    the options those of the environment at this moment are used; nothing else is taken from the
    environment. Raises `AtlasError` for an unusable proxy, and if requests is not installed.
    """

    def __init__(self, url: str, tls: ssl.SSLContext, options: ConnectionOptions) -> None:
        if not HAS_REQUESTS:
            refuse(REQUESTS, ImportError("a part of it or of urllib3 is missing"))
        if tls.verify_mode is ssl.CERT_NONE:
            # Whoever switched verification off has been warned, once and in words.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        tls.sslsocket_class = _Socket
        self._options = options
        self._server = _host_and_port(url)
        self._proxies = _proxies(url, options.proxy)
        self._proxy_setting = _PROXY_OPTION if options.proxy else _PROXY_VARIABLES
        proxy = requests.utils.select_proxy(url, self._proxies)
        self._proxy = _proxy_server(proxy, self._proxy_setting) if proxy else ""
        self._watchdog = Watchdog()
        self._adapter = _Adapter(_naming_the_server(tls, url), options.pool_size)

    @property
    def server(self) -> str:
        """Host and port, as in the URL."""
        return self._server

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        seconds: float | None = None,
        least: float = 0.0,
    ) -> Answer:
        """Send one request and read its answer, whatever its status. Raises `NoAnswerError`.

        All of it must be over after `seconds`, None for the whole `total_timeout`, whatever the
        peer does: then its connection is ended. It is not begun with `least` seconds or less.
        """
        seconds = self._options.total_timeout if seconds is None else seconds
        if seconds <= max(least, _LEAST_SECONDS):
            raise NoAnswerError(self.no_time_left(), is_sent=False)
        watch = Watch(seconds, MOST_BYTES)
        tracked = None if body is None else _TrackedBody(body)
        with watched(self._watchdog, watch):
            outcome = self._attempt(method, url, headers, tracked, watch)
        if isinstance(outcome, NoAnswerError):
            raise outcome
        return outcome

    def _attempt(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: _TrackedBody | None,
        watch: Watch,
    ) -> Answer | NoAnswerError:
        """Return a failure of the libraries, since raised in here it would refer to theirs.

        Theirs refer to the request with all its secrets.
        """
        outcome = self._answer_or_failure(method, url, headers, body, watch.seconds_left)
        is_sent = body is None or body.is_handed_over
        # Ended by us, a body that goes on until the connection ends looks like a whole one.
        if watch.has_run_out or (watch.is_late and not isinstance(outcome, Answer)):
            return NoAnswerError(self._too_late(watch), is_sent)
        if watch.is_too_much:
            return NoAnswerError(
                f"{self._server} answered with more than {MOST_BYTES} bytes; check api_url.",
                is_sent,
            )
        if isinstance(outcome, Answer):
            return outcome
        reason = explain(outcome, self._peer(is_sent))
        return NoAnswerError(reason.text, is_sent, reason.is_passing)

    def _answer_or_failure(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: _TrackedBody | None,
        seconds: float,
    ) -> Answer | Exception:
        try:
            # Without a requests.Session nothing follows redirects, keeps cookies, or replaces the
            # token by what ~/.netrc says.
            request = requests.Request(method, url, dict(headers), data=body).prepare()
            with self._adapter.send(
                request,
                stream=True,
                timeout=(
                    min(self._options.connect_timeout, seconds),
                    min(self._options.read_timeout, seconds),
                ),
                verify=True,
                proxies=self._proxies,
            ) as response:
                return self._read(response)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            return error

    def no_time_left(self) -> str:
        """What is to be said where the time of a call is over before all was asked for."""
        return (
            f"{self._server} is too slow: {self._options.total_timeout:g} seconds (total_timeout)"
            " were over before all was asked for; try again later."
        )

    def _too_late(self, watch: Watch) -> str:
        within = f"within {self._options.total_timeout:g} seconds (total_timeout)"
        if watch.is_connected:
            return (
                f"{self._server} is too slow: its answer was not complete {within}; try again"
                " later."
            )
        if self._proxy:
            return (
                f"There was no connection to {self._server} through the proxy {self._proxy}"
                f" {within}; check {self._proxy_setting}."
            )
        return (
            f"api_url: there was no connection to {self._server} {within}; check the URL, and"
            " whether a firewall lets the controller through."
        )

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    def _read(self, response: requests.Response) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        encoding = headers.get("content-encoding", "identity")
        if encoding != "identity":
            raise NoAnswerError(
                f"{self._server} answered in the encoding {printable(encoding, 50)},"
                " which it was not asked for; check api_url.",
                is_sent=True,
            )
        body = b"".join(response.raw.stream(_CHUNK, decode_content=False))
        announced = headers.get("content-length", "")
        if _is_length(announced) and int(announced) != len(body):
            raise ConnectionError("truncated")  # urllib3 1.26 does not compare
        return Answer(response.status_code, headers, body)

    def _peer(self, is_sent: bool) -> Peer:
        return Peer(
            server=self._server,
            proxy=self._proxy,
            proxy_setting=self._proxy_setting,
            connect_timeout=self._options.connect_timeout,
            read_timeout=self._options.read_timeout,
            is_sent=is_sent,
        )


@contextlib.contextmanager
def watched(watchdog: Watchdog, watch: Watch) -> Iterator[None]:
    """Have all that this thread connects to in the block, by way of `watched_pool`, watched."""
    token = _WATCH.set(watch)
    try:
        with watchdog.watching(watch):
            yield
    finally:
        _WATCH.reset(token)


def _is_length(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20


def _host_and_port(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _proxies(url: str, proxy: str | None) -> dict[str, str]:
    """The proxies for https; plain http is for this machine only and must not leave it."""
    if urlsplit(url).scheme == "http":
        return {}
    return {"https": proxy} if proxy else dict(requests.utils.get_environ_proxies(url))


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def _proxy_server(proxy: str, setting: str) -> str:
    """Host and port of a proxy, without the user and password that its URL may hold."""
    try:
        parts = urlsplit(_with_scheme(proxy))
        is_usable = parts.scheme in _PROXY_SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable:
        raise AtlasError(
            f"{setting}: this is not the URL of a proxy; give one such as"
            " http://proxy.example.com:3128, or leave it out."
        )
    return _host_and_port(_with_scheme(proxy))


# _Counted, _WatchedConnection and _FreshConnections are mixed into classes of the standard library
# and of urllib3. What they find there by `super()` mypy cannot know: hence what it has to ignore.


class _Counted:
    """For a socket: counts what is received for the exchange that is under way."""

    def recv_into(self, *arguments: Any) -> int:
        """As that of the class."""
        received: int = super().recv_into(*arguments)  # type: ignore[misc]
        _WATCH.get().count(received)
        return received

    def recv(self, *arguments: Any) -> bytes:
        """As that of the class."""
        received: bytes = super().recv(*arguments)  # type: ignore[misc]
        _WATCH.get().count(len(received))
        return received


class _PlainSocket(_Counted, socket.socket):
    pass


class _Socket(_Counted, ssl.SSLSocket):
    """Reports the end of a connection so that what the server said before it is still read.

    With TLS 1.3 a server judges the client certificate when for us the handshake is over: its alert
    and the end of the connection may be there before we write a byte. urllib3 reads on after EPIPE
    alone, and Python reports others, by its version and by who was first.
    """

    def send(self, data: Any, flags: int = 0) -> int:
        """As that of the class."""
        try:
            return super().send(data, flags)
        except (ConnectionError, ssl.SSLEOFError):
            raise BrokenPipeError(errno.EPIPE, "the connection has ended") from None


class _AddressContext:
    """A TLS context that verifies a server by its address.

    urllib3 1.26 does not tell OpenSSL the name to verify if that is an address, and without one
    OpenSSL refuses to connect.
    """

    def __init__(self, tls: ssl.SSLContext, address: str) -> None:
        self._tls = tls
        self._address = address

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tls, name)

    def wrap_socket(self, sock: Any, server_hostname: str | None = None) -> ssl.SSLSocket:
        """As that of the context, with the address where no name is given."""
        return self._tls.wrap_socket(sock, server_hostname=server_hostname or self._address)


def _naming_the_server(tls: ssl.SSLContext, url: str) -> ssl.SSLContext | _AddressContext:
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return tls
    return (
        _AddressContext(tls, host) if getattr(urllib3, "__version__", "").startswith("1.") else tls
    )


class _TrackedBody(io.BytesIO):
    """A request body that knows whether a connection has begun to take it.

    The body is read once the header is written; without a byte of it no service can act.
    """

    is_handed_over = False

    def read(self, size: int | None = -1) -> bytes:
        self.is_handed_over = True
        return super().read(size)


class _WatchedConnection:
    """For a connection of urllib3: makes its socket known as soon as there is one."""

    def _new_conn(self) -> socket.socket:
        plain = super()._new_conn()  # type: ignore[misc]
        _WATCH.get().attach(plain.fileno())
        time_out = plain.gettimeout()
        counted = _PlainSocket(fileno=plain.detach())
        counted.settimeout(time_out)
        return counted

    def connect(self) -> None:
        """Connect to the server, through a proxy if there is one, and begin TLS with it."""
        super().connect()  # type: ignore[misc]
        _WATCH.get().is_connected = True


class _FreshConnections:
    """For a pool of urllib3: gives no connection away that was idle for long."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        watch = _WATCH.get()
        connection = super()._get_conn(watch.seconds_left)  # type: ignore[misc]
        released = getattr(connection, "released", None)
        if released is None or time.monotonic() - released <= MOST_IDLE_SECONDS:
            in_use = getattr(connection, "sock", None)
            if in_use is not None:
                watch.attach(in_use.fileno())
                watch.is_connected = True
            return connection
        connection.close()
        return self._new_conn()  # type: ignore[attr-defined]

    def _put_conn(self, connection: Any) -> None:
        if connection is not None:
            connection.released = time.monotonic()
        super()._put_conn(connection)  # type: ignore[misc]


@functools.cache
def watched_pool(pool: Any) -> Any:
    """A class of pools of urllib3, changed so that each exchange is watched."""
    connection = type("Connection", (_WatchedConnection, pool.ConnectionCls), {})
    return type("Pool", (_FreshConnections, pool), {"ConnectionCls": connection})


def watch_pools(manager: Any) -> None:
    """Have a manager of pools make watched ones only."""
    pools = manager.pool_classes_by_scheme
    if not any(issubclass(pool, _FreshConnections) for pool in pools.values()):
        manager.pool_classes_by_scheme = {
            scheme: watched_pool(pool) for scheme, pool in pools.items()
        }


class _Adapter(HTTPAdapter):
    """Connects with one TLS context, which alone says what is trusted.

    Each version of requests mixes a CA bundle of its own into the pool in another place: what is
    overridden here is all of these places.
    """

    def __init__(self, tls: ssl.SSLContext | _AddressContext, connections: int) -> None:
        self._tls = tls
        super().__init__(pool_maxsize=connections, pool_block=True)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._tls, **options)
        watch_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._tls, **options)
        watch_pools(manager)
        return manager

    def get_connection(self, url: Any, proxies: Any = None) -> Any:
        """The pool for a URL, with no TLS settings beside the context. requests 2.31 asks here."""
        proxy = requests.utils.select_proxy(url, proxies)
        if not proxy:
            return self.poolmanager.connection_from_url(url)
        return self.proxy_manager_for(_with_scheme(proxy)).connection_from_url(url)

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """The same, for requests 2.32.2 and later."""
        return self.get_connection(request.url, proxies)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the pool as it is: requests would load certifi's CA certificates into it."""
