# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request and its whole answer over HTTPS. The only file that knows requests and urllib3."""

from __future__ import annotations

import io
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional
from urllib.parse import urlsplit

from ..errors import AtlasError
from .errors import printable
from .failures import Peer, explain

try:
    import requests
    import requests.utils
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


class NoAnswer(Exception):
    """There was no whole answer. The text says why and never holds a part of the request.

    `is_sent` is whether the service may have got the whole request.
    """

    def __init__(self, message: str, is_sent: bool) -> None:
        super().__init__(message)
        self.message = message
        self.is_sent = is_sent


@dataclass(frozen=True)
class Answer:
    """An HTTP answer whose body arrived whole. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Timeouts:
    """Seconds: until a connection stands, and without a byte of the answer."""

    connect: float
    read: float


class Transport:
    """Connections to one server, for several threads at a time.

    `tls` holds the client certificate and all CA certificates that are trusted. Proxies are those
    of the environment at this moment; nothing else is taken from the environment.
    """

    def __init__(
        self, url: str, tls: ssl.SSLContext, timeouts: Timeouts, connections: int
    ) -> None:
        if not HAS_REQUESTS:
            raise AtlasError(
                f"The Python library requests is missing: install it for {sys.executable}, which"
                " runs Ansible on this controller, with pip or as a package."
            )
        if tls.verify_mode is not ssl.CERT_REQUIRED or not tls.check_hostname:
            raise ValueError("the TLS context must verify the server's certificate and its name")
        self._timeouts = timeouts
        self._server = _host_and_port(url)
        self._proxies = _environment_proxies(url)
        proxy = requests.utils.select_proxy(url, self._proxies)
        self._proxy = _host_and_port(proxy) if proxy else ""
        self._adapter = _Adapter(tls, connections)

    @property
    def server(self) -> str:
        """Host and port, as in the URL."""
        return self._server

    def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: Optional[bytes]
    ) -> Answer:
        """Send one request and read its answer, whatever its status. Raises `NoAnswer`."""
        sent = None if body is None else _TrackedBody(body)
        try:
            # Without a requests.Session nothing follows redirects, keeps cookies, or replaces the
            # token by what ~/.netrc says.
            request = requests.Request(method, url, dict(headers), data=sent).prepare()
            with self._adapter.send(
                request,
                stream=True,
                timeout=(self._timeouts.connect, self._timeouts.read),
                verify=True,
                proxies=self._proxies,
            ) as response:
                return self._read(response)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            is_sent = sent is None or sent.is_handed_over
            failure = NoAnswer(explain(error, self._peer(is_sent)), is_sent)
        # Outside of the handler: the library's exceptions refer to the request with its secrets.
        raise failure

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    def _read(self, response: requests.Response) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        encoding = headers.get("content-encoding", "identity")
        if encoding != "identity":
            raise NoAnswer(f"{self._server} answered in the encoding {printable(encoding, 50)},"
                           " which it was not asked for; check api_url.", is_sent=True)
        body = b"".join(self._bounded(response.raw.stream(_CHUNK, decode_content=False)))
        # urllib3 1.26 leaves this comparison to us.
        if headers.get("content-length", "").isdigit() and int(headers["content-length"]) != len(body):
            raise ConnectionError("truncated")
        return Answer(response.status_code, headers, body)

    def _bounded(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        size = 0
        for part in parts:
            size += len(part)
            if size > MOST_BYTES:
                raise NoAnswer(f"{self._server} answered with more than {MOST_BYTES} bytes; check api_url.", is_sent=True)
            yield part

    def _peer(self, is_sent: bool) -> Peer:
        return Peer(
            self._server, self._proxy, self._timeouts.connect, self._timeouts.read, is_sent
        )


def _host_and_port(url: str) -> str:
    return urlsplit(url if "://" in url else f"//{url}").netloc.rpartition("@")[2]


def _environment_proxies(url: str) -> dict[str, str]:
    """The proxies for https; plain http is for this machine only and must not leave it."""
    if urlsplit(url).scheme == "http":
        return {}
    return dict(requests.utils.get_environ_proxies(url))


class _TrackedBody(io.BytesIO):
    """A request body that knows whether a connection has begun to take it.

    The body is read once the header is written; without a byte of it no service can act.
    """

    is_handed_over = False

    def read(self, size: Optional[int] = -1) -> bytes:
        self.is_handed_over = True
        return super().read(size)


class _FreshConnections:
    """For a pool of urllib3: gives no connection away that was idle for long."""

    def _get_conn(self, timeout: Optional[float] = None) -> Any:
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

    Each version of requests mixes a CA bundle of its own into the pool in another place; what is
    overridden here is all of them from 2.31 on.
    """

    def __init__(self, tls: ssl.SSLContext, connections: int) -> None:
        self._tls = tls
        super().__init__(pool_maxsize=connections, pool_block=True)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._tls, **options)
        self.poolmanager.pool_classes_by_scheme = _POOL_CLASSES

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, ssl_context=self._tls, **options)
        manager.pool_classes_by_scheme = _POOL_CLASSES
        return manager

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Where to connect to, and no TLS settings beside the context. Since requests 2.32.2."""
        host, _certifi = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, {}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the pool as it is: requests would load certifi's CA certificates into it."""
