# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Atlas API: one method for each endpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from .errors import UNKNOWN, ApiError, printable
from .session import Response, Session

TXT_PREFIX = "globalsign-domain-verification="
PAGE_SIZE = 100
_IDENTIFIER = re.compile(r"[0-9A-Fa-f]{32}")

T = TypeVar("T")


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate as the service keeps it; `updated_at` in UNIX seconds."""

    pem: str
    status: str
    updated_at: int


@dataclass(frozen=True)
class ClaimToken:
    """A token to place, and until when (UNIX seconds) the service accepts it."""

    claim_id: str
    token: str
    assert_by: int


@dataclass(frozen=True)
class LogEntry:
    """One attempt to verify a claim; times in UNIX seconds."""

    status: str
    description: str
    timestamp: int
    method: str


@dataclass(frozen=True)
class Claim:
    """A domain claim. `domain` is in lower case without a final dot, times are UNIX seconds.

    `expires_at` None: never verified so far. `token` and `last_verification_method` are told by
    newer servers only; the latter is taken from the log otherwise.
    """

    claim_id: str
    domain: str
    status: str
    created_at: int
    expires_at: int | None
    assert_by: int | None
    token: str | None
    last_verification_method: str | None
    log: tuple[LogEntry, ...]

    def is_verified(self, now: int) -> bool:
        """Whether certificates can be issued on it at `now`."""
        return self.status == "VERIFIED" and (self.expires_at is None or self.expires_at > now)


def txt_value(token: str) -> str:
    """The value of the TXT record for a token, which servers send with or without the prefix."""
    return token if token.startswith(TXT_PREFIX) else TXT_PREFIX + token


class Client:
    """Everything that is asked of Atlas, over one session. A context manager that closes it."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._session.close()

    def service_time(self) -> int:
        """The service's clock in UNIX seconds."""
        return self._session.service_time()

    def validation_policy(self) -> Mapping[str, Any]:
        """GET /validationpolicy: the JSON document as it came."""
        answer = self._session.get("/validationpolicy")
        return _expect(answer, "GET /validationpolicy", answer.document, dict)

    def quota(self) -> int:
        """GET /quotas/issuance: how many certificates may still be issued."""
        answer = self._session.get("/quotas/issuance")
        return _member(answer, "GET /quotas/issuance", answer.document, "value", int)

    def trust_chain(self) -> list[str]:
        """GET /trustchain: PEM certificates from today's issuing CA to the root."""
        what = "GET /trustchain"
        answer = self._session.get("/trustchain")
        chain = _expect(answer, what, answer.document, list)
        return [_expect(answer, what, pem, str) for pem in chain]

    def request_certificate(self, body: Mapping[str, Any]) -> str:
        """POST /certificates: the serial number as the service writes it."""
        return _identifier(self._session.post("/certificates", body), "POST /certificates")

    def certificate(self, serial_number: str) -> IssuedCertificate | None:
        """GET /certificates/{serial}: None while it is being issued."""
        path = f"/certificates/{serial_number}"
        answer = self._session.get(path)
        if answer.status == 202:
            return None
        document = answer.document
        return IssuedCertificate(
            pem=_member(answer, f"GET {path}", document, "certificate", str),
            status=_member(answer, f"GET {path}", document, "status", str).upper(),
            updated_at=_member(answer, f"GET {path}", document, "updated_at", int),
        )

    def claims(self) -> Iterator[Claim]:
        """GET /claims/domains: all claims, a page at a time.

        The `Links` header is not followed: its paths lack the version and the page size.
        """
        page, seen = 1, 0
        while True:
            query = {"page": page, "per_page": PAGE_SIZE}
            answer = self._session.get("/claims/domains", query)
            documents = _expect(answer, "GET /claims/domains", answer.document, list)
            for document in documents:
                yield _claim(answer, "GET /claims/domains", document)
            page, seen = page + 1, seen + len(documents)
            total = answer.headers.get("Total-Count", "")
            if len(documents) < PAGE_SIZE or (total.isdigit() and seen >= int(total)):
                return

    def create_claim(self, domain: str) -> ClaimToken:
        """POST /claims/domains/{domain}."""
        path = f"/claims/domains/{quote(domain, safe='')}"
        return _token(self._session.post(path), f"POST {path}")

    def claim(self, claim_id: str) -> Claim:
        """GET /claims/domains/{id}."""
        path = f"/claims/domains/{claim_id}"
        answer = self._session.get(path)
        return _claim(answer, f"GET {path}", answer.document)

    def delete_claim(self, claim_id: str) -> None:
        """DELETE /claims/domains/{id}."""
        self._session.delete(f"/claims/domains/{claim_id}")

    def assert_claim_http(self, claim_id: str, authorization_domain: str, scheme: str) -> bool:
        """POST /claims/domains/{id}/http: True if it is verified now, False if it is queued."""
        body = {"authorization_domain": authorization_domain, "scheme": scheme}
        return self._session.post(f"/claims/domains/{claim_id}/http", body).status == 204

    def reassert_claim(self, claim_id: str) -> ClaimToken:
        """POST /claims/domains/{id}/reassert: a new token; the one before is void."""
        path = f"/claims/domains/{claim_id}/reassert"
        answer = self._session.post(path)
        if answer.status == 202:
            raise _malformed(answer, f"POST {path}", "a verification is still running; try again")
        return _token(answer, f"POST {path}")


def _malformed(answer: Response, what: str, why: str) -> ApiError:
    method, _space, path = what.partition(" ")
    return ApiError(
        f"{what} was answered with {answer.status}, but {why}.",
        method=method,
        path=path,
        status=answer.status,
        outcome=UNKNOWN,
    )


def _expect(answer: Response, what: str, value: object, kind: type[T]) -> T:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _malformed(answer, what, f"not with a JSON {kind.__name__}")
    return value


def _member(answer: Response, what: str, document: object, name: str, kind: type[T]) -> T:
    value = document.get(name) if isinstance(document, Mapping) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise _malformed(answer, what, f"without {name} of type {kind.__name__}")
    return value


def _identifier(answer: Response, what: str) -> str:
    """The last segment of Location, which is all of it that servers agree on."""
    segment: str = answer.headers.get("Location", "").rstrip("/").rpartition("/")[2]
    if not _IDENTIFIER.fullmatch(segment):
        raise _malformed(answer, what, f"with the Location {printable(segment)!r}, which is no id")
    return segment


def _token(answer: Response, what: str) -> ClaimToken:
    return ClaimToken(
        claim_id=_identifier(answer, what),
        token=_member(answer, what, answer.document, "token", str),
        assert_by=_member(answer, what, answer.document, "assert_by", int),
    )


def _claim(answer: Response, what: str, document: object) -> Claim:
    entries = document.get("log") if isinstance(document, Mapping) else None
    log = tuple(_log_entry(entry) for entry in entries or () if isinstance(entry, Mapping))
    optional = document if isinstance(document, Mapping) else {}
    return Claim(
        claim_id=_member(answer, what, document, "id", str),
        domain=_member(answer, what, document, "domain", str).rstrip(".").lower(),
        status=_member(answer, what, document, "status", str).upper(),
        created_at=_member(answer, what, document, "created_at", int),
        expires_at=optional.get("expires_at") or None,
        assert_by=optional.get("assert_by") or None,
        token=optional.get("token") or None,
        last_verification_method=_method(optional.get("last_verification_method"), log),
        log=log,
    )


def _log_entry(entry: Mapping[str, Any]) -> LogEntry:
    return LogEntry(
        status=str(entry.get("status") or "").upper(),
        description=printable(entry.get("description") or ""),
        timestamp=int(entry.get("timestamp") or 0),
        method=str(entry.get("method") or "").upper(),
    )


def _method(told: object, log: tuple[LogEntry, ...]) -> str | None:
    if told:
        return str(told).upper()
    successes = [entry.method for entry in log if entry.status == "SUCCESS" and entry.method]
    return successes[-1] if successes else None
