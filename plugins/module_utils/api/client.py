# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoints of Atlas, one method each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .claim import Claim, ClaimToken, LogEntry, read_token, txt_value
from .errors import ApiError
from .response import Fields, Response

if TYPE_CHECKING:
    from .session import Session

__all__ = [
    "Claim",
    "ClaimToken",
    "Client",
    "IssuedCertificate",
    "LogEntry",
    "txt_value",
]

_PAGE = 100
"""Entries of a page: the default and the most of the service."""


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate as the service keeps it.

    `pem` is the leaf alone, `status` is ISSUED or REVOKED, `updated_at` is when that changed last
    (UNIX seconds, None if not told).
    """

    pem: str = field(repr=False)
    status: str
    updated_at: int | None


class Client:
    """Calls of the Atlas API. Each raises `ApiError`; several threads may call at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the session."""
        self._session.close()

    def service_time(self) -> int:
        """The service's clock in whole UNIX seconds; before the first call, ours."""
        return int(self._session.service_time())

    def validation_policy(self) -> Mapping[str, Any]:
        """The validation policy of the account, as the service sends it."""
        response = self._session.get("/validationpolicy")
        if not isinstance(response.json, dict):
            raise response.malformed("it is not an object")
        return response.json

    def trust_chain(self) -> list[str]:
        """The certificates above what is issued now, as PEM, the issuing CA first."""
        response = self._session.get("/trustchain")
        chain = response.entries()
        if not chain or not all(_is_certificate(entry) for entry in chain):
            raise response.malformed("it is not a list of PEM certificates")
        return chain

    def quota(self) -> int:
        """How many certificates the account may still issue."""
        return self._session.get("/quotas/issuance").fields().integer("value")

    def request_certificate(self, body: Mapping[str, Any]) -> str:
        """Ask for a certificate: its serial number, 32 hexadecimal digits as the service wrote it.

        `body` is that of `CertificateRequest`. An `ApiError` with the outcome `unknown` means
        that a certificate may have been issued all the same.
        """
        response = self._session.post("/certificates", body)
        serial = response.last_segment()
        if response.status != 201 or not re.fullmatch("[0-9A-Fa-f]{32}", serial):
            raise response.malformed(
                f"with status {response.status} it tells no serial number in Location"
            )
        return serial

    def certificate(self, serial: str) -> IssuedCertificate | None:
        """A certificate by its serial number; None while it is still being issued.

        An `ApiError` with the status 422 is the final refusal of the issuing CA.
        """
        response = self._session.get(f"/certificates/{_segment(serial)}")
        if response.status == 202:
            return None
        fields = response.fields()
        pem = fields.text("certificate")
        if not _is_certificate(pem):
            raise fields.malformed("certificate", "is not a PEM certificate")
        return IssuedCertificate(
            pem, fields.text("status").upper(), fields.optional_time("updated_at")
        )

    def claims(self) -> Iterator[Claim]:
        """All domain claims of the account, page by page."""
        seen: set[str] = set()
        page = 0
        while True:
            page += 1
            response = self._session.get("/claims/domains", {"page": page, "per_page": _PAGE})
            claims = _claims(response)
            new = [claim for claim in claims if claim.claim_id not in seen]
            yield from new
            seen.update(claim.claim_id for claim in new)
            if not new or _is_last_page(response, len(claims), len(seen)):
                return

    def create_claim(self, domain: str) -> ClaimToken:
        """Claim a domain. The status of the `ApiError` is 409 if the account claims it already."""
        response = self._session.post(f"/claims/domains/{_segment(domain)}")
        claim_id = response.last_segment()
        if not claim_id:
            raise response.malformed("it tells no claim id in Location")
        return _claim_token(response, claim_id)

    def claim(self, claim_id: str) -> Claim:
        """A claim by its id."""
        return Claim.read(self._session.get(_claim_path(claim_id)).fields())

    def delete_claim(self, claim_id: str) -> None:
        """Give a claim up, and its verification with it."""
        self._session.delete(_claim_path(claim_id))

    def assert_claim_http(self, claim_id: str, authorization_domain: str, scheme: str) -> bool:
        """Have the token fetched from the web server of `authorization_domain`.

        That must be the claimed domain itself; `scheme` is http or https. True if the claim is
        verified, False if the check runs in the background, so that `claim` tells its result.
        """
        response = self._session.post(
            f"{_claim_path(claim_id)}/http",
            {"authorization_domain": authorization_domain, "scheme": scheme},
        )
        return response.status == 204

    def reassert_claim(self, claim_id: str) -> ClaimToken:
        """Draw a new token for a claim, which voids the old one; its verification stays valid."""
        response = self._session.post(f"{_claim_path(claim_id)}/reassert")
        if response.status == 202:
            raise ApiError(
                f"Atlas is still checking the claim {claim_id}, and gives no new token for it"
                " meanwhile; try again in a minute.",
                method=response.method,
                path=response.path,
                status=response.status,
            )
        return _claim_token(response, claim_id)


def _claims(response: Response) -> list[Claim]:
    return [
        Claim.read(Fields(response, entry, f"[{index}]"))
        for index, entry in enumerate(response.entries())
    ]


def _segment(text: str) -> str:
    return quote(text, safe="")


def _claim_path(claim_id: str) -> str:
    return f"/claims/domains/{_segment(claim_id)}"


def _claim_token(response: Response, claim_id: str) -> ClaimToken:
    fields = response.fields()
    token = read_token(fields)
    if token is None:
        raise fields.malformed("token", "is missing")
    return ClaimToken(claim_id, token, fields.optional_time("assert_by"))


def _is_certificate(value: Any) -> bool:
    return isinstance(value, str) and "-----BEGIN CERTIFICATE-----" in value


def _is_last_page(response: Response, on_page: int, so_far: int) -> bool:
    """The header `Links` does not lead to the next page (API reference, "Pagination")."""
    total = response.headers.get("total-count", "")
    return so_far >= int(total) if total.isdigit() else on_page < _PAGE
