# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTPS to Atlas: mutual TLS, login, the token, and what an answer has to look like."""

from __future__ import annotations

import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from ..errors import AtlasError
from .errors import NOT_SENT, UNKNOWN, ApiError, error_of_answer, printable

CONTENT_TYPE = "application/json;charset=utf-8"
"""Exactly so: the service answers 415 without the charset (API reference, "Request headers")."""

TOKEN_SECONDS = 9 * 60
"""How long a token is used. It lives 10 minutes, and is opaque: its expiry cannot be read."""

MOST_IDLE_SECONDS = 4.0
LARGEST_ANSWER = 16 * 1024 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Account:
    """Where the API is, and who we are there. `url` has the version, such as `…:8443/v2`."""

    url: str
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        plain_ok = parts.scheme == "http" and _is_loopback(parts.hostname or "")
        if not parts.hostname or not (parts.scheme == "https" or plain_ok):
            raise AtlasError(
                f"api_url: {printable(self.url)!r} is not the https URL of an API; give one such as"
                " 'https://emea.api.hvca.globalsign.com:8443/v2'."
            )
        if parts.username or parts.query or parts.fragment or not parts.path.strip("/"):
            raise AtlasError(
                "api_url: give the base URL with the version as its path, such as"
                " 'https://emea.api.hvca.globalsign.com:8443/v2', without user, query or fragment."
            )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Response:
    """An answer: its status, headers (names in any case), and JSON, None if it has no body."""

    status: int
    headers: Mapping[str, str]
    document: Any


class _FreshPool(HTTPSConnectionPool):
    """Reuses a connection only within a few seconds.

    A server may close an idle connection just when a request goes out on it, and a POST that
    issues would then have an unknown outcome.
    """

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)
        idle_since = getattr(connection, "idle_since", None)
        if idle_since is not None and time.monotonic() - idle_since > MOST_IDLE_SECONDS:
            connection.close()  # urllib3 opens it again
        return connection

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)


class _Adapter(HTTPAdapter):
    """Uses one TLS context, and nothing that requests or the environment would add to it."""

    def __init__(self, tls: ssl.SSLContext, pool_size: int) -> None:
        self._tls = tls
        super().__init__(pool_connections=1, pool_maxsize=pool_size, pool_block=True)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._tls, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            **self.poolmanager.pool_classes_by_scheme,
            "https": _FreshPool,
        }

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._tls, **kwargs)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the context as it is: requests would load a CA bundle of its own into it."""


class Session:
    """An authenticated session; safe to use from several threads.

    `tls` has the client certificate loaded and verification on. It logs in with the first
    request, uses the token for nine minutes, and logs in once more if a request is answered with
    401.
    """

    def __init__(
        self,
        account: Account,
        tls: ssl.SSLContext,
        *,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        pool_size: int = 8,
    ) -> None:
        self._account = account
        self._base = account.url.rstrip("/")
        self._timeouts = (connect_timeout, read_timeout)
        self._http = requests.Session()
        # Or a .netrc would replace the token, and *_CA_BUNDLE the CA certificates.
        self._http.trust_env = False
        self._http.proxies = requests.utils.get_environ_proxies(account.url)
        self._http.headers.update({"User-Agent": "globalsign.atlas", "Accept": "application/json"})
        self._http.mount("https://", _Adapter(tls, pool_size))
        self._login_lock = threading.Lock()
        self._token = ""
        self._token_ends = 0.0
        self._clock_offset = 0.0

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def service_time(self) -> int:
        """The service's clock in UNIX seconds, as of its answer to the login."""
        return int(time.time() + self._clock_offset)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Response:
        """Read a resource."""
        return self._authorized("GET", path, params=params)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Response:
        """Post a JSON body, or none."""
        return self._authorized("POST", path, body=body)

    def delete(self, path: str) -> Response:
        """Remove a resource."""
        return self._authorized("DELETE", path)

    def _authorized(self, method: str, path: str, **request: Any) -> Response:
        token = self._current_token()
        try:
            return self._send(method, path, token, **request)
        except ApiError as error:
            if error.status != 401:
                raise
        # Once: a 401 that stays would otherwise be a loop of logins.
        return self._send(method, path, self._current_token(rejected=token), **request)

    def _current_token(self, rejected: str = "") -> str:
        """The token in use, or a new one; however many threads want it, one logs in."""
        with self._login_lock:
            if not self._token or self._token == rejected or time.monotonic() >= self._token_ends:
                self._token = self._login()
                self._token_ends = time.monotonic() + TOKEN_SECONDS
            return self._token

    def _login(self) -> str:
        body = {"api_key": self._account.api_key, "api_secret": self._account.api_secret}
        answer = self._send("POST", "/login", "", body=body)
        token = answer.document.get("access_token") if isinstance(answer.document, dict) else None
        if not isinstance(token, str) or not token:
            raise _unusable("POST", "/login", answer.status, "it holds no access_token")
        self._set_clock(answer.headers.get("Date", ""))
        return token

    def _set_clock(self, date: str) -> None:
        try:
            self._clock_offset = parsedate_to_datetime(date).timestamp() - time.time()
        except (TypeError, ValueError):
            self._clock_offset = 0.0

    def _send(
        self,
        method: str,
        path: str,
        token: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        data = None
        if body is not None:
            headers["Content-Type"] = CONTENT_TYPE
            data = json.dumps(body).encode("utf-8")
        try:
            with self._http.request(
                method,
                self._base + path,
                params=params,
                data=data,
                headers=headers,
                timeout=self._timeouts,
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = _bounded_content(answer)
        except (requests.RequestException, HTTPError, OSError) as error:
            failure = self._failure(method, path, error)
        else:
            return _checked(method, path, answer, content)
        # Outside the handler: the exception of the library may hold headers and body.
        raise failure

    def _failure(self, method: str, path: str, error: BaseException) -> ApiError:
        causes = list(_causes(error))
        host = urlsplit(self._base).netloc
        words, outcome = _explain(causes, host, self._timeouts)
        return ApiError(words, method=method, path=path, outcome=outcome)


def _bounded_content(answer: requests.Response) -> bytes:
    content = b""
    for chunk in answer.iter_content(_CHUNK):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            raise requests.exceptions.ContentDecodingError("the answer is too long")
    return content


def _checked(method: str, path: str, answer: requests.Response, content: bytes) -> Response:
    """Turn an answer into a response, or into the error that it stands for."""
    status = answer.status_code
    media_type = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
    document = None
    if content and media_type in ("application/json", "application/problem+json"):
        try:
            document = json.loads(content)
        except ValueError:
            raise _unusable(method, path, status, "it is not JSON") from None
    if not 200 <= status < 300:
        raise error_of_answer(method, path, status, document, login=path == "/login")
    if content and document is None:
        raise _unusable(
            method, path, status, f"it is {printable(media_type) or 'untyped'}, not JSON"
        )
    return Response(status, answer.headers, document)


def _unusable(method: str, path: str, status: int, why: str) -> ApiError:
    return ApiError(
        f"{method} {path} was answered with {status}, but {why}; look whether api_url leads to"
        " Atlas, and not to a proxy or a web site.",
        method=method,
        path=path,
        status=status,
        outcome=UNKNOWN,
    )


def _causes(error: BaseException) -> list[BaseException]:
    """The exceptions inside an exception of requests or urllib3, outermost first."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            waiting += [current.__cause__, current.__context__, getattr(current, "reason", None)]
            waiting += list(current.args)
    return seen


def _explain(
    causes: list[BaseException], host: str, timeouts: tuple[float, float]
) -> tuple[str, str]:
    """What happened, in words, and what became of the request."""

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if has(requests.exceptions.ProxyError):
        words = f"The proxy for {host} could not be used; look at HTTPS_PROXY and NO_PROXY."
        return words, NOT_SENT
    verification = next((c for c in causes if isinstance(c, ssl.SSLCertVerificationError)), None)
    if verification:
        return _untrusted(verification, host), NOT_SENT
    if has(ssl.SSLError):
        return (
            f"TLS with {host} failed: {_tls_words(causes)}. If the service refused the client"
            " certificate, look whether client_cert is the account's, and valid.",
            UNKNOWN,
        )
    if has(socket.gaierror):
        words = f"The name of {host} was not found; look at api_url and at the name service."
        return words, NOT_SENT
    if has(ConnectTimeoutError):
        words = f"{host} did not accept a connection within {timeouts[0]:g} seconds"
        return f"{words}; look at api_url and at the firewalls on the way.", NOT_SENT
    if has(NewConnectionError):
        words = f"{host} did not accept a connection ({_system_words(causes)})"
        return f"{words}; look at api_url.", NOT_SENT
    if has(requests.exceptions.ReadTimeout, TimeoutError):
        return f"{host} did not answer within {timeouts[1]:g} seconds.", UNKNOWN
    return f"The connection to {host} broke off before the answer was complete.", UNKNOWN


def _untrusted(error: ssl.SSLCertVerificationError, host: str) -> str:
    words = printable(getattr(error, "verify_message", "") or "certificate verify failed")
    if "ostname mismatch" in words or "IP address mismatch" in words:
        return f"The server certificate of {host} is for another name ({words}); look at api_url."
    return (
        f"The server certificate of {host} is not trusted ({words}); give the CA certificate that"
        " it has to be verified against as ca_path."
    )


def _tls_words(causes: list[BaseException]) -> str:
    reasons = [
        getattr(cause, "reason", None) for cause in causes if isinstance(cause, ssl.SSLError)
    ]
    words = next((reason for reason in reasons if isinstance(reason, str)), "the connection closed")
    return words.lower().replace("_", " ")


def _system_words(causes: list[BaseException]) -> str:
    errors = [cause for cause in causes if isinstance(cause, OSError) and cause.strerror]
    return printable(errors[-1].strerror).lower() if errors else "no reason given"
