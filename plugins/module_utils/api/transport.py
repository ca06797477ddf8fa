# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request and its whole answer over HTTPS. The only file that knows requests and urllib3."""

from __future__ import annotations

import errno
import io
import ipaddress
import math
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..errors import AtlasError
from ..libraries import REQUESTS, refuse
from .errors import printable
from .failures import Peer, explain
from .options import ConnectionOptions

try:
    import requests
    import requests.utils
    import urllib3
    from requests.adapters import HTTPAdapter
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import HTTPError

    HAS_REQUESTS = True
except ImportError:  # said when a transport is made
    HAS_REQUESTS = False
    HTTPAdapter = HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[assignment,misc]

MOST_BYTES = 16 * 1024 * 1024
"""Of an answer. The longest that Atlas sends, a page of 100 claims, is far below."""

MOST_IDLE_SECONDS = 4.0
"""A connection unused for longer is not used again. A server that closes it just as a request is
on the way leaves open whether the request was acted upon, and usual servers wait at least 5 s."""

_CHUNK = 64 * 1024
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
        seconds: float = math.inf,
    ) -> Answer:
        """Send one request and read its answer, whatever its status. Raises `NoAnswerError`.

        A body that comes by driblets must be complete after `seconds`, or after the read time-out
        if that is longer.
        """
        deadline = time.monotonic() + max(seconds, self._options.read_timeout)
        tracked = None if body is None else _TrackedBody(body)
        outcome = self._attempt(method, url, headers, tracked, deadline)
        if isinstance(outcome, NoAnswerError):
            raise outcome
        return outcome

    def _attempt(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: _TrackedBody | None,
        deadline: float,
    ) -> Answer | NoAnswerError:
        """Return a failure of the libraries, since raised in here it would refer to theirs.

        Theirs refer to the request with all its secrets.
        """
        try:
            # Without a requests.Session nothing follows redirects, keeps cookies, or replaces the
            # token by what ~/.netrc says.
            request = requests.Request(method, url, dict(headers), data=body).prepare()
            with self._adapter.send(
                request,
                stream=True,
                timeout=(self._options.connect_timeout, self._options.read_timeout),
                verify=True,
                proxies=self._proxies,
            ) as response:
                return self._read(response, deadline)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            is_sent = body is None or body.is_handed_over
            failure = explain(error, self._peer(is_sent))
            return NoAnswerError(failure.text, is_sent, failure.is_passing)

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    def _read(self, response: requests.Response, deadline: float) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        encoding = headers.get("content-encoding", "identity")
        if encoding != "identity":
            raise NoAnswerError(
                f"{self._server} answered in the encoding {printable(encoding, 50)},"
                " which it was not asked for; check api_url.",
                is_sent=True,
            )
        parts = response.raw.stream(_CHUNK, decode_content=False)
        body = b"".join(self._bounded(parts, deadline))
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) != len(body):  # urllib3 1.26 does not compare
            raise ConnectionError("truncated")
        return Answer(response.status_code, headers, body)

    def _bounded(self, parts: Iterator[bytes], deadline: float) -> Iterator[bytes]:
        size = 0
        for part in parts:
            size += len(part)
            if size > MOST_BYTES:
                raise NoAnswerError(
                    f"{self._server} answered with more than {MOST_BYTES} bytes; check api_url.",
                    is_sent=True,
                )
            if time.monotonic() > deadline:
                raise NoAnswerError(
                    f"{self._server} is too slow: its answer is not complete yet; try again later.",
                    is_sent=True,
                )
            yield part

    def _peer(self, is_sent: bool) -> Peer:
        return Peer(
            server=self._server,
            proxy=self._proxy,
            proxy_setting=self._proxy_setting,
            connect_timeout=self._options.connect_timeout,
            read_timeout=self._options.read_timeout,
            is_sent=is_sent,
        )


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


class _Socket(ssl.SSLSocket):
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


class _FreshConnections:
    """For a pool of urllib3: gives no connection away that was idle for long."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        released = getattr(connection, "released", None)
        if released is None or time.monotonic() - released <= MOST_IDLE_SECONDS:
            return connection
        connection.close()
        return self._new_conn()  # type: ignore[attr-defined]

    def _put_conn(self, connection: Any) -> None:
        if connection is not None:
            connection.released = time.monotonic()
        super()._put_conn(connection)  # type: ignore[misc]


class _HttpPool(_FreshConnections, HTTPConnectionPool):
    pass


class _HttpsPool(_FreshConnections, HTTPSConnectionPool):
    pass


_POOL_CLASSES = {"http": _HttpPool, "https": _HttpsPool}


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
        self.poolmanager.pool_classes_by_scheme = _POOL_CLASSES

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._tls, **options)
        manager.pool_classes_by_scheme = _POOL_CLASSES
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
