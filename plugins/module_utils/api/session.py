# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An authenticated session with Atlas: mutual TLS, login, token, JSON."""

from __future__ import annotations

import ipaddress
import json
import math
import re
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode, urlsplit

from ..errors import AtlasError
from .errors import (
    NOT_SENT,
    REFUSED,
    UNKNOWN,
    WRONG_ENDPOINT,
    ApiError,
    Problem,
    printable,
    refusal,
)
from .options import ConnectionOptions
from .response import Response
from .retry import Attempts, http_date, retry_after
from .transport import Answer, NoAnswerError, Transport

if TYPE_CHECKING:
    from typing import TypeGuard

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
_PASSING_STATUSES = frozenset({408, 500, 502, 503, 504})
_DEFAULT_OPTIONS = ConnectionOptions()
_MOST_DIGITS = 100
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
    """A call. `is_repeatable`: it may be sent again when it is unknown whether it was acted upon.

    `until_ready`: an answer 202 says that it is too early, and is no result.
    """

    method: str
    path: str
    query: str = ""
    body: bytes | None = field(default=None, repr=False)
    is_repeatable: bool = True
    until_ready: bool = False


@dataclass(frozen=True)
class StoredToken:
    """A token, when it was asked for (UNIX seconds by our clock), and the service's clock then.

    `service_ahead` is how many seconds the service's clock is ahead of ours.
    """

    value: str = field(repr=False)
    obtained_at: float
    service_ahead: float = 0.0

    @property
    def is_usable(self) -> bool:
        """Neither old, nor from the future, as after our clock was set back."""
        return 0 <= time.time() - self.obtained_at <= TOKEN_SECONDS


class TokenStore(Protocol):
    """Where several processes keep one token for all of them. None of this may raise."""

    def load(self) -> StoredToken | None:
        """The token, None if there is none to be read."""

    def save(self, token: StoredToken) -> None:
        """Keep a token for the others."""

    def locked(self, *, patience: float) -> AbstractContextManager[None]:
        """Hold the others back from logging in; wait for them at most so many seconds."""


class _NoStore:
    """For a process of its own."""

    def load(self) -> StoredToken | None:
        return None

    def save(self, token: StoredToken) -> None:
        pass

    def locked(self, *, patience: float) -> AbstractContextManager[None]:
        return nullcontext()


class Session:
    """Calls of one account, for several threads at a time.

    Logs in when it is first needed, unless `token_store` holds a token. `tls` is made by the
    caller: the client certificate loaded, the trusted CA certificates loaded, verification on.
    """

    def __init__(
        self,
        account: Account,
        tls: ssl.SSLContext,
        options: ConnectionOptions = _DEFAULT_OPTIONS,
        token_store: TokenStore | None = None,
    ) -> None:
        self._account = account
        self._options = options
        self._transport = Transport(account.url, tls, options)
        self._store: TokenStore = token_store or _NoStore()
        self._login_lock = threading.Lock()
        self._token: StoredToken | None = None
        self._refused_login: ApiError | None = None
        self._ahead_of_monotonic = time.time() - time.monotonic()
        self._was_told_the_time = False

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
        """The service's clock, UNIX seconds, as its last answer told; before that, as it was told
        to who obtained the token of the store; else ours.

        Up to a second slow, because an answer tells whole seconds.
        """
        if not self._was_told_the_time:
            stored = self._store.load()
            if stored is not None and stored.obtained_at <= time.time():
                self._set_clock(stored.service_ahead)
        return time.monotonic() + self._ahead_of_monotonic

    @property
    def total_timeout(self) -> float:
        """How many seconds a call may take."""
        return self._options.total_timeout

    def get(
        self, path: str, query: Mapping[str, Any] | None = None, seconds: float | None = None
    ) -> Response:
        """Read. `path` is below the base URL and begins with a slash. Raises `ApiError`.

        `seconds` is how long it may take, None for the `total_timeout`.
        """
        return self._call(_Request("GET", path, urlencode(query or {})), seconds)

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, *, until_ready: bool = False
    ) -> Response:
        """Ask for something that may be asked for twice, with a JSON object or without a body.

        `until_ready` asks again as long as the answer is 202. Raises `ApiError`.
        """
        content = None if body is None else _encoded(body)
        return self._call(_Request("POST", path, body=content, until_ready=until_ready))

    def post_once(self, path: str, body: Mapping[str, Any]) -> Response:
        """Ask for something that must not be done twice.

        It is sent again only if it is certain that it was not acted upon. Raises `ApiError`,
        whose `outcome` says what became of it.
        """
        return self._call(_Request("POST", path, body=_encoded(body), is_repeatable=False))

    def patch(self, path: str, body: Mapping[str, Any]) -> Response:
        """Change something. Raises `ApiError`."""
        return self._call(_Request("PATCH", path, body=_encoded(body)))

    def delete(self, path: str) -> Response:
        """Remove something. Raises `ApiError`."""
        return self._call(_Request("DELETE", path))

    def _call(self, request: _Request, seconds: float | None = None) -> Response:
        """One call: its login, its attempts and the pauses between them share its time."""
        attempts = Attempts(
            self._options.retries, self.total_timeout if seconds is None else seconds
        )
        token, is_new_login = self._valid_token(attempts), False
        rejected: set[str] = set()
        while True:
            answer = self._exchange(request, token, attempts)
            if answer.status != 401 or is_new_login:
                return self._understood(request, answer, token)
            # Not acted upon. The token may have lapsed early, and so may that of another worker;
            # but one that was handed out just now lapses for no reason that we could mend.
            rejected.add(token.value)
            token, is_new_login = self._other_token(rejected, attempts)

    def _valid_token(self, attempts: Attempts) -> StoredToken:
        return self._other_token(set(), attempts)[0]

    def _other_token(self, rejected: set[str], attempts: Attempts) -> tuple[StoredToken, bool]:
        """A token that was not rejected, and whether we logged in for it.

        Of several threads and workers that need a new one, one logs in.
        """
        with self._turn_to_log_in(attempts):
            if _may_be_used(self._token, rejected):
                return self._token, False
            with self._store.locked(patience=attempts.seconds_left):
                stored = self._store.load()
                if _may_be_used(stored, rejected):
                    self._set_clock(stored.service_ahead)
                    self._token = stored
                    return stored, False
                self._token = self._login(attempts)
                self._store.save(self._token)
            return self._token, True

    @contextmanager
    def _turn_to_log_in(self, attempts: Attempts) -> Iterator[None]:
        """One thread at a time; who waits for another still keeps to the time of its own call."""
        if not self._login_lock.acquire(timeout=max(attempts.seconds_left, 0)):
            raise ApiError(
                self._transport.no_time_left(), method="POST", path="/login", outcome=NOT_SENT
            )
        try:
            yield
        finally:
            self._login_lock.release()

    def _login(self, attempts: Attempts) -> StoredToken:
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
        started = time.time()
        try:
            answer = self._exchange(request, None, attempts)
            response = self._understood(request, answer, None)
        except ApiError as error:
            if error.status in (401, 403, 422):
                error.outcome = REFUSED
                self._refused_login = error
            elif error.outcome != REFUSED:
                error.outcome = NOT_SENT  # of the call that needed the token, nothing was
            raise
        ahead = time.monotonic() + self._ahead_of_monotonic - time.time()
        return StoredToken(_access_token(response, request), started, ahead)

    def _set_clock(self, ahead: float) -> None:
        self._was_told_the_time = True
        self._ahead_of_monotonic = time.time() + ahead - time.monotonic()

    def _exchange(self, request: _Request, token: StoredToken | None, attempts: Attempts) -> Answer:
        """The last answer, once what may pass by itself has passed or the attempts are over."""
        least = 0.0 if request.is_repeatable else self._least_seconds
        while True:
            try:
                answer = self._transport.exchange(
                    request.method,
                    self._url(request),
                    self._headers(request, token),
                    request.body,
                    attempts.seconds_left,
                    least,
                )
            except NoAnswerError as failure:
                is_repeatable = request.is_repeatable or not failure.is_sent
                if failure.is_passing and is_repeatable and attempts.wait(needed=least):
                    continue
                raise ApiError(
                    failure.message,
                    method=request.method,
                    path=request.path,
                    outcome=UNKNOWN if failure.is_sent else NOT_SENT,
                ) from None
            self._note_the_time(answer)
            if not self._is_passing(request, answer):
                return answer
            asked = retry_after(answer.headers, self.service_time())
            if not attempts.wait(asked, counts=answer.status != 202, needed=least):
                return answer

    @property
    def _least_seconds(self) -> float:
        """What must be left for a request that issues: cut off, it would have to be looked up."""
        return min(self._options.read_timeout, self.total_timeout / 4)

    def _is_passing(self, request: _Request, answer: Answer) -> bool:
        """Whether the same request may get another answer, and can do no harm twice."""
        if answer.status == 202:
            return request.until_ready
        if answer.status == 429:
            return True
        return request.is_repeatable and answer.status in _PASSING_STATUSES

    def _url(self, request: _Request) -> str:
        return self._account.url + request.path + (f"?{request.query}" if request.query else "")

    def _headers(self, request: _Request, token: StoredToken | None) -> dict[str, str]:
        headers = {**_HEADERS, **self._options.extra_headers}
        if request.body is not None:
            headers["Content-Type"] = _JSON
        if token is not None:
            headers["Authorization"] = f"Bearer {token.value}"
        return headers

    def _note_the_time(self, answer: Answer) -> None:
        date = http_date(answer.headers.get("date", ""))
        if date is not None:
            self._was_told_the_time = True
            self._ahead_of_monotonic = date - time.monotonic()

    def _understood(self, request: _Request, answer: Answer, token: StoredToken | None) -> Response:
        is_unready = answer.status == 202 and request.until_ready
        if 200 <= answer.status < 300 and not is_unready:
            document = self._document(request, answer)
            return Response(request.method, request.path, answer.status, answer.headers, document)
        problem = Problem.parse(_decoded(answer.body), self._secrets(token))
        raise refusal(
            request.method,
            request.path,
            answer.status,
            problem,
            self._transport.server,
            is_problem=_media_type(answer) == "application/problem+json",
        )

    def _secrets(self, token: StoredToken | None) -> tuple[str, ...]:
        return (
            self._account.api_secret,
            self._account.api_key,
            token.value if token else "",
            *self._options.extra_headers.values(),
        )

    def _document(self, request: _Request, answer: Answer) -> Any:
        if not answer.body:
            return None
        kind = _media_type(answer)
        is_json = kind == "application/json" or kind.endswith("+json")
        document = _decoded(answer.body) if is_json else None
        if answer.status == 201 and not request.is_repeatable:
            return document  # acted upon, which Location tells all about
        if document is None:
            raise ApiError(
                f"api_url: {self._transport.server} answered {answer.status} to {request.method}"
                f" {request.path}, but not in JSON ({printable(kind, 100) or 'no content type'});"
                " check the URL, and whether a proxy or portal stands in between.",
                method=request.method,
                path=request.path,
                status=answer.status,
                outcome=UNKNOWN if is_json else WRONG_ENDPOINT,
            )
        return document


def _may_be_used(token: StoredToken | None, rejected: set[str]) -> TypeGuard[StoredToken]:
    return token is not None and token.is_usable and token.value not in rejected


def _media_type(answer: Answer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def _encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def _decoded(body: bytes) -> Any:
    """The JSON document (RFC 8259), None if it is none.

    Nor is it one for us with a number that no field of the service can hold.
    """
    try:
        return json.loads(
            body, parse_int=_integer, parse_float=_finite, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        return None


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:  # the time that it takes to read one grows with its square
        raise ValueError("too long a number")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("too large a number")
    return number


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


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
