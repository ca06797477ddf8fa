# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong between us and Atlas, in words for a person."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import AtlasError

REFUSED = "refused"
NOT_SENT = "not_sent"
UNKNOWN = "unknown"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_LONGEST = 500


def printable(text: object) -> str:
    """What the service said, bounded and without control characters."""
    return _CONTROL.sub(" ", str(text)).strip()[:_LONGEST]


class ApiError(AtlasError):
    """A request that did not end as it should.

    `status` is that of the answer, None if there was none. `outcome` tells what became of the
    request: `refused` (the service did not act, and will not), `not_sent` (it never got there),
    `unknown` (it may have acted). It matters for requests that issue.
    """

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        path: str = "",
        status: int | None = None,
        outcome: str = UNKNOWN,
        description: str = "",
        error_id: str = "",
        errors: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.method = method
        self.path = path
        self.status = status
        self.outcome = outcome
        self.description = description
        self.error_id = error_id
        self.errors = dict(errors or {})


_ADVICE: Mapping[int, str] = {
    402: "The quota of the account is used up; order more, or wait for certificates of the next"
    " period.",
    429: "The service limits the rate of requests; try again later, or with fewer at a time.",
    503: "The service is busy; try again later.",
}
_LOGIN_ADVICE = (
    "Atlas refused the login: look whether api_key and api_secret are those of the account and"
    " whether client_cert belongs to the same account."
)
_UNVERIFIED = "failed dns/email domain name verification"
_REFUSING = frozenset({400, 401, 402, 404, 409, 411, 413, 415, 422, 424, 429})


def error_of_answer(
    method: str, path: str, status: int, document: object, *, login: bool = False
) -> ApiError:
    """The error that an answer stands for; `document` is its JSON, None if it has none."""
    problem = document if isinstance(document, Mapping) else {}
    description = printable(problem.get("description") or "")
    details = problem.get("errors")
    errors = {
        printable(name): printable(value)
        for name, value in (details.items() if isinstance(details, Mapping) else ())
    }
    return ApiError(
        _sentence(method, path, status, description, errors, login),
        method=method,
        path=path,
        status=status,
        outcome=REFUSED if status in _REFUSING else UNKNOWN,
        description=description,
        error_id=printable(problem.get("id") or ""),
        errors=errors,
    )


def _sentence(
    method: str, path: str, status: int, description: str, errors: Mapping[str, str], login: bool
) -> str:
    said = f"{method} {path} was answered with {status}"
    if description:
        said += f", {description}"
    if errors:
        said += f" ({'; '.join(f'{name}: {value}' for name, value in errors.items())})"
    if login and status == 401:
        return f"{_LOGIN_ADVICE} {said}."
    if login and status == 422:
        return f"api_key or api_secret does not have the form of a key and a secret. {said}."
    if _UNVERIFIED in description:
        names = ", ".join(errors) or "a name of the request"
        return (
            f"No verified domain claim covers {names}: claim it and have it verified, as"
            f" atlas_domain_claim does. {said}."
        )
    if 300 <= status < 400:
        return f"api_url does not lead to Atlas: {said}, a redirect, which the API never makes."
    return " ".join(filter(None, [f"{said}.", _ADVICE.get(status, "")]))
