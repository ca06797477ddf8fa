# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An authenticated session with Atlas: mutual TLS, login, token, JSON."""

from __future__ import annotations

import ipaddress
import json
import re
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import mktime_tz, parsedate_tz
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

from ..errors import AtlasError
from .errors import NOT_SENT, UNKNOWN, ApiError, Problem, printable, refusal
from .response import Response
from .transport import Answer, NoAnswerError, Timeouts, Transport

TOKEN_SECONDS = 9 * 60
"""How long a token is used. It lives 10 minutes by default, and nothing in it or in the answer
says so (API reference, "Authentication token")."""

_JSON = "application/json;charset=utf-8"
"""Without `charset`, and in other spellings by the letter, the answer is 415."""

_HEADERS = {
    "User-Agent": "globalsign.atlas",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")


@dataclass(frozen=True)
class Account:
    """Where the service is, and who we are. Raises `AtlasError` for an unusable URL."""

    url: str
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        rule = _broken_rule(self.url)
        if rule:
            raise AtlasError(
                f"api_url: {_without_secrets(self.url)!r} {rule}; give a URL such as"
                " https://emea.api.hvca.globalsign.com:8443/v2."
            )
        object.__setattr__(self, "url", self.url.rstrip("/"))


def _broken_rule(url: str) -> str:
    """What is wrong with a base URL, to follow it in a sentence; empty if it is right."""
    if not url.isascii() or any(char <= " " or char == "\x7f" for char in url):
        return "holds blanks, control characters or letters beyond ASCII"
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("https", "http") or not host:
        return "does not begin with https:// and a host"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password, which belong into api_key and api_secret"
    if "?" in url or "#" in url:
        return "has a query or a fragment"
    if not parts.path.strip("/"):
        return "lacks the path with the version"
    if parts.scheme == "http" and not _is_loopback(host):
        return "is not encrypted; plain http is for this machine only"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _without_secrets(url: str) -> str:
    """The URL for display: whoever puts a password into it does so before an @ or after a ?."""
    scheme, separator, rest = url.partition("://")
    shown = scheme + separator + rest.rpartition("@")[2] if separator else url.rpartition("@")[2]
    return printable(re.split("[?#]", shown)[0], longest=200)


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    query: str = ""
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class _Token:
    value: str = field(repr=False)
    obtained: float

    @property
    def is_old(self) -> bool:
        return time.monotonic() - self.obtained > TOKEN_SECONDS


class Session:
    """Calls of one account, for several threads at a time.

    Logs in when it is first needed. `tls` is made by the caller: the client certificate loaded,
    the trusted CA certificates loaded, verification on. Time-outs are in seconds: until a
    connection stands, and without a byte of the answer.
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
        self._transport = Transport(
            account.url, tls, Timeouts(connect_timeout, read_timeout), pool_size
        )
        self._login_lock = threading.Lock()
        self._token: _Token | None = None
        self._refused_login: ApiError | None = None
        self._ahead_of_monotonic = time.time() - time.monotonic()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections. There is no log-out: the token lapses by itself."""
        self._transport.close()

    def service_time(self) -> float:
        """The service's clock, UNIX seconds, as its last login answer told; before that, ours.

        Up to a second slow, because the answer tells whole seconds.
        """
        return time.monotonic() + self._ahead_of_monotonic

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Response:
        """Read. `path` is below the base URL and begins with a slash. Raises `ApiError`."""
        return self._call(_Request("GET", path, urlencode(query or {})))

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Response:
        """Ask for something, with a JSON object or without a body. Raises `ApiError`."""
        return self._call(_Request("POST", path, body=None if body is None else _encoded(body)))

    def delete(self, path: str) -> Response:
        """Remove something. Raises `ApiError`."""
        return self._call(_Request("DELETE", path))

    def _call(self, request: _Request) -> Response:
        token = self._valid_token()
        answer = self._exchange(request, token)
        if answer.status == 401:  # not acted upon; the token may have lapsed early
            token = self._valid_token(rejected=token)
            answer = self._exchange(request, token)
        return self._understood(request, answer, token)

    def _valid_token(self, rejected: _Token | None = None) -> _Token:
        """The token to use now. Of several threads that need a new one, one logs in."""
        with self._login_lock:
            token = self._token
            if token is None or token is rejected or token.is_old:
                token = self._token = self._login()
            return token

    def _login(self) -> _Token:
        if self._refused_login:
            # Asking again and again with the same wrong secret might lock the account.
            raise self._refused_login
        request = _Request(
            "POST",
            "/login",
            body=_encoded(
                {"api_key": self._account.api_key, "api_secret": self._account.api_secret}
            ),
        )
        started = time.monotonic()
        try:
            answer = self._exchange(request, None)
            response = self._understood(request, answer, None)
        except ApiError as error:
            if error.status in (401, 403, 422):
                self._refused_login = error
            elif error.outcome == UNKNOWN:
                error.outcome = NOT_SENT  # of the call that needed the token, nothing was
            raise
        self._set_clock(answer)
        return _Token(_access_token(response, request), started)

    def _set_clock(self, login: Answer) -> None:
        date = parsedate_tz(login.headers.get("date", ""))
        if date is not None:
            self._ahead_of_monotonic = mktime_tz(date) - time.monotonic()

    def _exchange(self, request: _Request, token: _Token | None) -> Answer:
        headers = dict(_HEADERS)
        if request.body is not None:
            headers["Content-Type"] = _JSON
        if token is not None:
            headers["Authorization"] = f"Bearer {token.value}"
        url = self._account.url + request.path + (f"?{request.query}" if request.query else "")
        try:
            return self._transport.exchange(request.method, url, headers, request.body)
        except NoAnswerError as failure:
            raise ApiError(
                failure.message,
                method=request.method,
                path=request.path,
                outcome=UNKNOWN if failure.is_sent else NOT_SENT,
            ) from None

    def _understood(self, request: _Request, answer: Answer, token: _Token | None) -> Response:
        if 200 <= answer.status < 300:
            document = self._document(request, answer)
            return Response(request.method, request.path, answer.status, answer.headers, document)
        secrets = (self._account.api_secret, self._account.api_key, token.value if token else "")
        problem = Problem.parse(_decoded(answer.body), secrets)
        raise refusal(request.method, request.path, answer.status, problem, self._transport.server)

    def _document(self, request: _Request, answer: Answer) -> Any:
        if not answer.body:
            return None
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        document = _decoded(answer.body)
        if document is None or not (kind == "application/json" or kind.endswith("+json")):
            raise ApiError(
                f"api_url: {self._transport.server} answered {answer.status} to {request.method}"
                f" {request.path}, but not in JSON ({printable(kind, 100) or 'no content type'});"
                " check the URL, and whether a proxy or portal stands in between.",
                method=request.method,
                path=request.path,
                status=answer.status,
            )
        return document


def _encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def _decoded(body: bytes) -> Any:
    """The JSON document, None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _access_token(response: Response, request: _Request) -> str:
    token = response.json.get("access_token") if isinstance(response.json, Mapping) else None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise ApiError(
            "The answer of Atlas to POST /login holds no usable access_token; check api_url.",
            method=request.method,
            path=request.path,
            status=response.status,
            outcome=NOT_SENT,
        )
    return token
