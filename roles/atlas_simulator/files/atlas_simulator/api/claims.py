# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domain claims (API reference, sections 2.12 to 2.19 and 5)."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from .. import messages
from ..clock import Clock
from ..problems import ServiceError
from ..store import Claim, Store, new_identifier
from ..verification.token import new_token
from ..verification.verifier import REUSE_SECONDS, Verifier
from .exchange import answer, empty_answer, in_progress, page_of, read_optional_json

TOKEN_SECONDS = 30 * 86400
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def verified_from_the_start(store: Store, domain: str, now: int) -> None:
    """See to it that a domain has a claim that was verified by DNS."""
    claim = store.claim_of(domain) or _new_claim(domain, now)
    if not claim.is_verified(now):
        claim.expires_at = now + REUSE_SECONDS
        claim.asserted = True
        claim.last_verified_at = now
        claim.last_verification_method = "DNS"
        claim.log.append(
            {
                "status": "SUCCESS",
                "description": messages.VERIFIED,
                "timestamp": now,
                "method": "DNS",
            }
        )
        store.save_claim(claim)


def normal_domain(text: str) -> str | None:
    """A domain in lower case without its final dot; None if it is no domain (IDNA-encoded)."""
    domain = text.lower().rstrip(".") if text else ""
    labels = domain.split(".")
    fits = len(domain) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    return domain if fits and len(labels) > 1 and not labels[-1].isdigit() else None


class Claims:
    """The claims of the account."""

    def __init__(self, store: Store, clock: Clock, verifier: Verifier) -> None:
        self._store = store
        self._clock = clock
        self._verifier = verifier

    async def list_all(self, request: web.Request) -> web.Response:
        """A page of the claims, of one status if asked."""
        now = self._clock.now()
        documents = [_document(claim, now) for claim in self._store.claims()]
        status = request.query.get("status")
        if status is not None:
            if status not in ("PENDING", "VERIFIED"):
                raise ServiceError(422, messages.INVALID_VALUE.format(path="status"))
            documents = [document for document in documents if document["status"] == status]
        return page_of(request, "/claims/domains", documents)

    async def create(self, request: web.Request) -> web.Response:
        """Claim a domain. In this path the segment is a domain, not an id."""
        domain = normal_domain(request.match_info["id"])
        if domain is None:
            raise ServiceError(422, messages.RISK)
        if self._store.claim_of(domain):
            raise ServiceError(409, messages.CLAIM_EXISTS.format(domain=domain))
        claim = _new_claim(domain, self._clock.now())
        self._store.save_claim(claim)
        return _token_answer(claim)

    async def read(self, request: web.Request) -> web.Response:
        """One claim."""
        return answer(_document(self._find(request), self._clock.now()))

    async def delete(self, request: web.Request) -> web.Response:
        """Forget a claim and all that is attached to it."""
        self._store.delete_claim(self._find(request).id)
        return empty_answer(204)

    async def reassert(self, request: web.Request) -> web.Response:
        """A new token; the old one is void, a verification that holds goes on."""
        claim = self._find(request)
        if self._verifier.is_running(claim.id):
            return in_progress()
        _renew_token(claim, self._clock.now())
        self._store.save_claim(claim)
        return _token_answer(claim)

    async def assert_http(self, request: web.Request) -> web.Response:
        """Queue a verification over HTTP."""
        claim = self._find(request)
        _require_http_assertion(await read_optional_json(request), claim)
        now = self._clock.now()
        if claim.asserted and claim.is_verified(now):
            return empty_answer(204)
        if claim.assert_by < now:
            raise ServiceError(424, messages.CLAIM_EXPIRED)
        if self._verifier.is_running(claim.id):
            return in_progress()
        self._verifier.start(claim)
        return empty_answer(201)

    def _find(self, request: web.Request) -> Claim:
        claim_id = request.match_info["id"].upper()
        if len(claim_id) != 32:
            raise ServiceError(422, messages.BAD_ID)
        claim = self._store.claim(claim_id)
        if claim is None:
            raise ServiceError(404, messages.NOT_FOUND)
        return claim


def _require_http_assertion(body: Any, claim: Claim) -> None:
    if body is not None and not isinstance(body, dict):
        raise ServiceError(400, messages.BAD_REQUEST)
    sent = body or {}
    if sent.get("scheme") is None:
        raise ServiceError(422, messages.REQUIRED.format(path="scheme"))
    if sent["scheme"] != "http":
        raise ServiceError(422, messages.INVALID_VALUE.format(path="scheme"))
    # Since November 2021 it must be the claimed name itself.
    site = sent.get("authorization_domain", claim.domain)
    if not isinstance(site, str) or normal_domain(site) != claim.domain:
        raise ServiceError(422, messages.INVALID_VALUE.format(path="authorization_domain"))


def _new_claim(domain: str, now: int) -> Claim:
    claim = Claim(id=new_identifier(), domain=domain, created_at=now, assert_by=0, token="")
    _renew_token(claim, now)
    return claim


def _renew_token(claim: Claim, now: int) -> None:
    claim.token = new_token()
    claim.assert_by = now + TOKEN_SECONDS
    claim.asserted = False


def _token_answer(claim: Claim) -> web.Response:
    document = {"token": claim.token, "assert_by": claim.assert_by}
    return answer(document, 201, {"Location": f"/v2/claims/domains/{claim.id}"})


def _document(claim: Claim, now: int) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": claim.id,
        "status": "VERIFIED" if claim.is_verified(now) else "PENDING",
        "domain": f"{claim.domain}.",
        "created_at": claim.created_at,
        "expires_at": claim.expires_at,
        "assert_by": claim.assert_by,
        "log": claim.log,
        "token": claim.token,
    }
    if claim.last_verified_at:
        document["last_verified_at"] = claim.last_verified_at
        document["last_verification_method"] = claim.last_verification_method
    return document
