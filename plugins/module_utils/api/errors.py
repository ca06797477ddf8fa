# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong between us and Atlas, in words for the person who runs the playbook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import AtlasError

NOT_SENT = "not_sent"
NOT_ACTED = "not_acted"
REFUSED = "refused"
ACTED = "acted"
PROBABLY_NOT_ACTED = "probably_not_acted"
WRONG_ENDPOINT = "wrong_endpoint"
UNKNOWN = "unknown"

_LONGEST_DESCRIPTION = 500
_LONGEST_DETAIL = 200
_MOST_DETAILS = 20

_REFUSING_STATUSES = frozenset({400, 402, 403, 404, 405, 409, 411, 412, 413, 415, 422, 424})
_NOT_ACTING_STATUSES = frozenset({202, 401, 429})
"""A 202 comes here only where it says that it is too early for what was asked for."""

_MAY_HAVE_ACTED = frozenset({ACTED, PROBABLY_NOT_ACTED, WRONG_ENDPOINT, UNKNOWN})


class ApiError(AtlasError):
    """A call of Atlas that failed.

    `status` is the HTTP status, None without an answer. `description`, `error_id` and `errors`
    are what the service said of it, cleaned for display, empty if it said nothing.

    `outcome` is what became of what was asked for:

    - `not_sent`: the service never got the whole request;
    - `not_acted`: it did not look at it (429, 401), and may be asked again;
    - `refused`: it looked, and said no; the same request gets the same answer;
    - `acted`: it did what was asked for, and did not tell the serial number;
    - `probably_not_acted`: it says that it is busy (503 in its own words);
    - `wrong_endpoint`: who answered is not Atlas, and may have passed the request on;
    - `unknown`: it may have acted or not.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str,
        path: str,
        status: int | None = None,
        problem: Problem | None = None,
        outcome: str = UNKNOWN,
    ) -> None:
        super().__init__(message)
        said = problem or Problem()
        self.method = method
        self.path = path
        self.status = status
        self.description = said.description
        self.error_id = said.error_id
        self.errors = said.errors
        self.outcome = outcome

    @property
    def may_have_acted(self) -> bool:
        """Whether what was asked for may have been done all the same."""
        return self.outcome in _MAY_HAVE_ACTED

    def with_remedy(self, text: str) -> ApiError:
        """The same error with a sentence more, for who knows better what to do."""
        return ApiError(
            f"{self.message} {text}",
            method=self.method,
            path=self.path,
            status=self.status,
            problem=Problem(self.description, self.error_id, self.errors),
            outcome=self.outcome,
        )


@dataclass(frozen=True)
class Problem:
    """The body of an error answer (API reference, "Responses and errors"), cleaned for display."""

    description: str = ""
    error_id: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, document: Any, secrets: Iterable[str] = ()) -> Problem:
        """Read a JSON document; what is not as documented is left out, `secrets` are masked."""
        if not isinstance(document, Mapping):
            return cls()
        hidden = tuple(secret for secret in secrets if secret)
        details = document.get("errors")
        items = list(details.items()) if isinstance(details, Mapping) else []
        return cls(
            description=_shown(document.get("description"), hidden, _LONGEST_DESCRIPTION),
            error_id=_shown(document.get("id"), hidden, _LONGEST_DETAIL),
            errors={
                _shown(name, hidden, _LONGEST_DETAIL): _shown(reason, hidden, _LONGEST_DETAIL)
                for name, reason in items[:_MOST_DETAILS]
            },
        )

    def __str__(self) -> str:
        details = "; ".join(f"{name}: {reason}" for name, reason in self.errors.items())
        return f"{self.description} ({details})" if details else self.description


def printable(text: str, longest: int = _LONGEST_DESCRIPTION) -> str:
    """One line without control and formatting characters, of at most `longest` characters."""
    visible = "".join(char if char.isprintable() else " " for char in text)
    line = " ".join(visible.split())
    return line if len(line) <= longest else line[: longest - 1] + "\u2026"


def _shown(value: Any, secrets: Iterable[str], longest: int) -> str:
    if not isinstance(value, str):
        return ""
    for secret in secrets:
        value = value.replace(secret, "***")
    return printable(value, longest)


def refusal(
    method: str, path: str, status: int, problem: Problem, server: str, is_problem: bool = False
) -> ApiError:
    """The error that an answer with this status stands for.

    `server` is host and port. `is_problem` is whether the answer has the media type of the
    service's own errors; a proxy's has another.
    """
    return ApiError(
        _refusal_text(path, status, problem, server),
        method=method,
        path=path,
        status=status,
        problem=problem,
        outcome=outcome_of(status, is_problem),
    )


def outcome_of(status: int, is_problem: bool = False) -> str:
    """What an answer without success says of a request."""
    if status in _NOT_ACTING_STATUSES:
        return NOT_ACTED
    if status in _REFUSING_STATUSES:
        return REFUSED
    if status == 503 and is_problem:
        return PROBABLY_NOT_ACTED
    return WRONG_ENDPOINT if 300 <= status < 400 else UNKNOWN


def _refusal_text(path: str, status: int, problem: Problem, server: str) -> str:
    answer = f"{status} {problem}".rstrip()
    if path == "/login":
        return _login_text(status, answer, server)
    if status == 202:
        return f"Atlas is not ready for this yet (it answered {answer}); try again in a minute."
    if 300 <= status < 400:
        return (
            f"api_url: {server} answered {answer} and wants to send us elsewhere, which Atlas never"
            " does; check the URL, and whether a proxy or portal stands in between."
        )
    if status == 404 and path in _FIXED_PATHS:
        return _wrong_path_text(answer, server)
    if status >= 500:
        return f"Atlas could not serve the request (it answered {answer}); try again later."
    remedy = _REMEDIES.get(status, "")
    return f"Atlas refused the request with {answer}" + (f"; {remedy}." if remedy else ".")


_FIXED_PATHS = frozenset(
    {"/certificates", "/validationpolicy", "/trustchain", "/quotas/issuance", "/claims/domains"}
)

_REMEDIES: Mapping[int, str] = {
    401: "this was a token that it had just handed out, so try again later",
    402: "order more certificates for this service in the Atlas portal",
    424: "the claim's token is too old, so draw a new one by reasserting the claim, and place it",
    429: "the account sends too many requests, so try again later",
}


def _login_text(status: int, answer: str, server: str) -> str:
    if status in (401, 403):
        return (
            f"api_key, api_secret: {server} refused the login (it answered {answer}); check both,"
            " and that client_cert is the mTLS certificate that belongs to this API key."
        )
    if status in (400, 422):
        return (
            f"api_key, api_secret: {server} cannot read them (it answered {answer}); give the 16"
            " and the 40 hexadecimal digits of the credentials as the Atlas portal shows them."
        )
    if status == 404 or 300 <= status < 400:
        return _wrong_path_text(answer, server)
    return f"The login at {server} failed (it answered {answer}); try again later."


def _wrong_path_text(answer: str, server: str) -> str:
    return (
        f"api_url: {server} has no Atlas API there (it answered {answer}); give the URL with the"
        " version, such as https://emea.api.hvca.globalsign.com:8443/v2."
    )
