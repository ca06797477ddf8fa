# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims of domains and IP addresses (API reference, sections 2.12 to 2.20 and 5)."""

from __future__ import annotations

import ipaddress
import math
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .. import messages
from ..names import is_public_domain, normal_domain
from ..problems import ServiceError
from ..store import DOMAIN, Claim, Store, new_identifier
from ..verification import http, mail
from ..verification.dns import (
    allowed_authorization_domain,
    authorization_domains,
    look_txt,
    soa_contact,
)
from ..verification.search import search_pattern
from ..verification.token import PREFIX, new_token
from ..verification.verifier import DNS, EMAIL, HTTP, record_success
from .exchange import (
    answer,
    empty_answer,
    in_progress,
    page_of,
    read_json,
    read_optional_json,
    whole_number,
)
from .service import Service, account_name, account_of

_SCHEMES = ("http", "https")
_NEW_MEMBERS = ("token", "last_verified_at", "last_verification_method")


class Claims:
    """The claims of one kind: of domains, or of IP addresses."""

    def __init__(self, service: Service, kind: str) -> None:
        self._service = service
        self.kind = kind
        self._path = "/claims/domains" if kind == DOMAIN else "/claims/ipaddresses"
        self._place = "authorization_domain" if kind == DOMAIN else "authorization_ip_address"

    async def list_all(self, request: web.Request) -> web.Response:
        """A page of the claims, the oldest first; of one status, made in a time frame, or matching
        a search if asked."""
        start, end = _time_frame(request)
        claims = [
            claim
            for claim in self._service.store.claims(account_of(request).name, self.kind)
            if start <= claim.created_at <= end
        ]
        sought = request.query.get(self.kind if self.kind == DOMAIN else "ip_address")
        if sought is not None:
            pattern = search_pattern(sought.rstrip("."))
            if pattern is None:
                raise ServiceError(422, messages.INVALID_VALUE.format(path=self.kind))
            claims = [claim for claim in claims if pattern.fullmatch(claim.name)]
        documents = [self._document(claim) for claim in claims]
        status = request.query.get("status")
        if status is not None:
            if status not in ("PENDING", "VERIFIED"):
                raise ServiceError(422, messages.INVALID_VALUE.format(path="status"))
            documents = [document for document in documents if document["status"] == status]
        return page_of(request, self._path, documents)

    async def create(self, request: web.Request) -> web.Response:
        """Claim a name. In this path the segment is a domain or address, not an id."""
        name = self._normal(request.match_info["id"])
        if name is None or not self._can_be_claimed(name):
            raise ServiceError(422, messages.RISK)
        account = account_of(request).name
        if self._service.store.claim_of(account, self.kind, name):
            text = messages.CLAIM_EXISTS if self.kind == DOMAIN else messages.IP_CLAIM_EXISTS
            raise ServiceError(409, text.format(domain=name))
        claim = new_claim(account, self.kind, name, self._service.clock.now())
        self._renew_token(claim)
        self._service.store.save_claim(claim)
        return self._token_answer(claim)

    async def read(self, request: web.Request) -> web.Response:
        """One claim."""
        return answer(self._document(self._find(request)))

    async def delete(self, request: web.Request) -> web.Response:
        """Forget a claim and all that is attached to it."""
        self._service.store.delete_claim(self._find(request).id)
        return empty_answer(204)

    async def reassert(self, request: web.Request) -> web.Response:
        """A new token; the old one is void, a verification that holds goes on."""
        claim = self._find(request)
        if self._service.verifier.is_running(claim.id):
            return in_progress()
        self._renew_token(claim)
        self._service.store.save_claim(claim)
        return self._token_answer(claim)

    async def authorization_domains(self, request: web.Request) -> web.Response:
        """The domains at which the token may be looked up."""
        return answer(authorization_domains(self._find(request).name))

    async def assert_dns(self, request: web.Request) -> web.Response:
        """Have the token looked up as a TXT record."""
        claim = self._find(request)
        body = await _optional_object(request)
        place = _text(body, "authorization_domain")
        asked = claim.name if place is None else normal_domain(place)
        if asked is None or not allowed_authorization_domain(claim.name, asked):
            raise ServiceError(422, messages.INVALID_VALUE.format(path="authorization_domain"))
        resolvers = self._service.verifier.resolvers
        return self._assert(claim, DNS, lambda: look_txt(resolvers, asked, claim.token))

    async def assert_http(self, request: web.Request) -> web.Response:
        """Have the token fetched as a file."""
        claim = self._find(request)
        body = await _optional_object(request)
        scheme, place = _text(body, "scheme"), _text(body, self._place)
        if not scheme:
            raise ServiceError(422, messages.REQUIRED.format(path="scheme"))
        if scheme not in _SCHEMES:
            raise ServiceError(422, messages.INVALID_VALUE.format(path="scheme"))
        if place is None and self.kind != DOMAIN:
            raise ServiceError(422, messages.REQUIRED.format(path=self._place))
        # Since November 2021 it must be the claimed name itself.
        if place is not None and self._normal(place) != claim.name:
            raise ServiceError(422, messages.INVALID_VALUE.format(path=self._place))
        verification = self._service.settings.verification
        port = verification.http_port if scheme == "http" else verification.https_port
        resolvers = self._service.verifier.resolvers
        return self._assert(
            claim, HTTP, lambda: http.look(claim.name, claim.token, resolvers, scheme, port)
        )

    async def addresses(self, request: web.Request) -> web.Response:
        """The mail addresses that may approve a claim."""
        domain = self._find(request).name
        emails, errors = await soa_contact(self._service.verifier.resolvers, domain)
        contacts: dict[str, Any] = {"emails": emails}
        if errors:
            contacts["errors"] = errors
        return answer({"constructed": mail.constructed(domain), "DNS": {"SOA": contacts}})

    async def assert_email(self, request: web.Request) -> web.Response:
        """Send a mail with a link that approves the claim."""
        claim = self._find(request)
        body = await read_json(request, messages.BAD_REQUEST)
        if not isinstance(body, dict):
            raise ServiceError(400, messages.BAD_REQUEST)
        recipient = _text(body, "email_address")
        if not recipient:
            raise ServiceError(422, messages.REQUIRED.format(path="email_address"))
        emails, _errors = await soa_contact(self._service.verifier.resolvers, claim.name)
        known = {each.lower() for each in [*mail.constructed(claim.name), *emails]}
        if recipient.lower() not in known:
            raise ServiceError(422, messages.INVALID_VALUE.format(path="email_address"))
        refused = self._not_assertable(claim)
        if refused is not None:
            return refused
        smtp, url = self._service.settings.verification.smtp, self._service.pki_url
        if smtp is None or not url:
            raise ServiceError(503, messages.NO_MAIL)
        claim.approval = secrets.token_urlsafe(24)
        self._service.store.save_claim(claim)
        link = f"{url}/approve/{claim.approval}"
        error = await mail.send_link(smtp, mail.SENDER, recipient, claim.name, link)
        if error:
            self._service.verifier.record(claim.id, claim.token, EMAIL, error)
        return empty_answer(201)

    def _assert(
        self, claim: Claim, method: str, look: Callable[[], Awaitable[str]]
    ) -> web.Response:
        refused = self._not_assertable(claim)
        if refused is not None:
            return refused
        self._service.verifier.start(claim, method, look)
        return empty_answer(201)

    def _not_assertable(self, claim: Claim) -> web.Response | None:
        """The answer to an assertion that starts nothing; None if it may start."""
        now = self._service.clock.now()
        if claim.asserted and claim.is_verified(now):
            return empty_answer(204)
        if claim.assert_by < now:
            raise ServiceError(424, messages.CLAIM_EXPIRED)
        if self._service.verifier.is_running(claim.id):
            return in_progress()
        return None

    def _find(self, request: web.Request) -> Claim:
        claim_id = request.match_info["id"].upper()
        if len(claim_id) != 32:
            raise ServiceError(422, messages.BAD_ID)
        claim = self._service.store.claim(claim_id)
        if claim is None or claim.kind != self.kind or claim.account != account_name(request):
            raise ServiceError(404, messages.NOT_FOUND)
        return claim

    def _normal(self, text: str) -> str | None:
        if self.kind == DOMAIN:
            return normal_domain(text)
        try:
            return str(ipaddress.ip_address(text.strip("[]")))
        except ValueError:
            return None

    def _can_be_claimed(self, name: str) -> bool:
        return (
            self.kind != DOMAIN
            or self._service.behaviour.claim_names == "any"
            or is_public_domain(name)
        )

    def _renew_token(self, claim: Claim) -> None:
        behaviour = self._service.behaviour
        token = new_token()
        claim.token = token.removeprefix(PREFIX) if behaviour.bare_claim_tokens else token
        claim.assert_by = self._service.clock.now() + behaviour.claim_token_seconds
        claim.asserted = False
        claim.approval = ""

    def _token_answer(self, claim: Claim) -> web.Response:
        document = {"token": claim.token, "assert_by": claim.assert_by}
        return answer(document, 201, {"Location": f"/v2{self._path}/{claim.id}"})

    def _document(self, claim: Claim) -> dict[str, Any]:
        name = {"domain": f"{claim.name}."} if self.kind == DOMAIN else {"ip_address": claim.name}
        document: dict[str, Any] = {
            "id": claim.id,
            "status": "VERIFIED" if claim.is_verified(self._service.clock.now()) else "PENDING",
            **name,
            "created_at": claim.created_at,
            "expires_at": claim.expires_at,
            "assert_by": claim.assert_by,
            "log": claim.log,
            "token": claim.token,
        }
        if claim.last_verified_at:
            document["last_verified_at"] = claim.last_verified_at
            document["last_verification_method"] = claim.last_verification_method
        if self._service.behaviour.old_claims:
            return {name: value for name, value in document.items() if name not in _NEW_MEMBERS}
        return document


def new_claim(account: str, kind: str, name: str, now: int) -> Claim:
    """A claim without a token yet."""
    return Claim(new_identifier(), account, kind, name, created_at=now, assert_by=0, token="")


def verified_from_the_start(store: Store, account: str, domain: str, now: int, reuse: int) -> None:
    """See to it that an account has a claim of a domain that was verified by DNS."""
    claim = store.claim_of(account, DOMAIN, domain)
    if claim is None:
        claim = new_claim(account, DOMAIN, domain, now)
        claim.token, claim.assert_by = new_token(), now
    if not claim.is_verified(now):
        record_success(claim, DNS, now, reuse)
        store.save_claim(claim)


def _time_frame(request: web.Request) -> tuple[int, float]:
    """When the claims that are asked for were made, both ends inclusive; open without one.

    The guide says that the list can be filtered by a time frame, and neither by which time nor
    with which limit: they are those of the statistics, but for the thirty days.
    """
    given = request.query
    start = whole_number(given["from"], messages.BAD_FROM) if "from" in given else 0
    end = whole_number(given["to"], messages.BAD_TO) if "to" in given else math.inf
    if start > end:
        raise ServiceError(422, messages.BAD_TO)
    return start, end


async def _optional_object(request: web.Request) -> dict[str, Any]:
    body = await read_optional_json(request)
    if body is not None and not isinstance(body, dict):
        raise ServiceError(400, messages.BAD_REQUEST)
    return body or {}


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ServiceError(400, messages.BAD_REQUEST)
    return value
