# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims of domains and of IP addresses (API reference, 2.12 to 2.20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import AtlasError
from .calls import Calls, segment
from .claim import LONGEST_NAME, Claim, ClaimToken, is_claim_id, read_token
from .claim_search import ClaimSearch
from .errors import ApiError, printable
from .response import Response

_DOMAINS, _ADDRESSES = "/claims/domains", "/claims/ipaddresses"


@dataclass(frozen=True)
class EmailAddresses:
    """Where a mail can be sent to, to prove control of a domain.

    `constructed` are the five of the CA/B Baseline Requirements; `from_soa` those of the domain's
    SOA record, of which the CA may take none since July 2025; `problems` those of the look-up.
    """

    constructed: tuple[str, ...]
    from_soa: tuple[str, ...]
    problems: tuple[str, ...]


class ClaimCalls(Calls):
    """Calls that concern claims. An assertion returns True if the claim is verified with it.

    False is that the check runs in the background, this one or one before, so that the claim
    tells its result.
    """

    def claims(self, status: str | None = None, search: str | None = None) -> Iterator[Claim]:
        """The domain claims of the account, page by page.

        `status` is PENDING or VERIFIED, `search` a pattern as in `ClaimSearch`. What the service
        sends beside them, because it does not know the query, is left out.
        """
        wanted = ClaimSearch(search) if search else None
        query = {"status": status, "domain": search}
        stated = {name: value for name, value in query.items() if value}
        for claim in self._pages(_DOMAINS, stated, Claim.read, lambda entry: entry.claim_id):
            is_wanted = wanted is None or wanted.admits(claim.domain)
            if is_wanted and status in (None, claim.status):
                yield claim

    def create_claim(self, domain: str) -> ClaimToken:
        """Claim a domain. The status of the `ApiError` is 409 if the account claims it already."""
        return _created(self._session.post(f"{_DOMAINS}/{segment(domain)}"))

    def claim(self, claim_id: str) -> Claim:
        """A claim by its id."""
        return Claim.read(self._read(f"{_DOMAINS}/{_id(claim_id)}").fields())

    def delete_claim(self, claim_id: str) -> None:
        """Give a claim up, and its verification with it; one that is gone already stays so."""
        self._delete(f"{_DOMAINS}/{_id(claim_id)}")

    def reassert_claim(self, claim_id: str) -> ClaimToken:
        """Draw a new token for a claim, which voids the old one; its verification stays valid."""
        return self._reassert(_DOMAINS, claim_id)

    def authorization_domains(self, claim_id: str) -> list[str]:
        """The names at which the service looks for a claim's TXT record."""
        response = self._read(f"{_DOMAINS}/{_id(claim_id)}/dns")
        names = response.entries()
        if not all(isinstance(name, str) for name in names):
            raise response.malformed("it is not a list of names")
        return [printable(name, LONGEST_NAME).lower().rstrip(".") for name in names]

    def email_addresses(self, claim_id: str) -> EmailAddresses:
        """The addresses that `assert_claim_email` takes."""
        fields = self._read(f"{_DOMAINS}/{_id(claim_id)}/email").fields()
        dns = fields.optional_member("DNS")
        soa = dns.optional_member("SOA") if dns else None
        return EmailAddresses(
            constructed=fields.texts("constructed"),
            from_soa=soa.texts("emails") if soa else (),
            problems=soa.texts("errors") if soa else (),
        )

    def assert_claim_dns(self, claim_id: str, authorization_domain: str | None = None) -> bool:
        """Have the TXT record looked up, at the claimed domain or at `authorization_domain`."""
        # An empty text fails, and so does an empty object with older versions of the service.
        body = {"authorization_domain": authorization_domain} if authorization_domain else None
        return self._asserted(_DOMAINS, claim_id, "dns", body)

    def assert_claim_http(self, claim_id: str, authorization_domain: str, scheme: str) -> bool:
        """Have the token fetched from the web server of `authorization_domain`.

        That must be the claimed domain itself; `scheme` is http or https.
        """
        body = {"authorization_domain": authorization_domain, "scheme": scheme}
        return self._asserted(_DOMAINS, claim_id, "http", body)

    def assert_claim_email(self, claim_id: str, address: str) -> bool:
        """Have a mail sent to one of `email_addresses`; its link must be followed by a person."""
        return self._asserted(_DOMAINS, claim_id, "email", {"email_address": address})

    def address_claims(self) -> Iterator[Claim]:
        """The IP address claims of the account, page by page."""
        return self._pages(_ADDRESSES, {}, Claim.read, lambda entry: entry.claim_id)

    def create_address_claim(self, address: str) -> ClaimToken:
        """Claim an IP address, as `create_claim`."""
        return _created(self._session.post(f"{_ADDRESSES}/{segment(address)}"))

    def address_claim(self, claim_id: str) -> Claim:
        """An IP address claim by its id."""
        return Claim.read(self._read(f"{_ADDRESSES}/{_id(claim_id)}").fields())

    def delete_address_claim(self, claim_id: str) -> None:
        """Give an IP address claim up, as `delete_claim`."""
        self._delete(f"{_ADDRESSES}/{_id(claim_id)}")

    def reassert_address_claim(self, claim_id: str) -> ClaimToken:
        """Draw a new token for an IP address claim, as `reassert_claim`."""
        return self._reassert(_ADDRESSES, claim_id)

    def assert_address_claim_http(self, claim_id: str, address: str, scheme: str) -> bool:
        """Have the token fetched from the web server at `address`."""
        body = {"authorization_ip_address": address, "scheme": scheme}
        return self._asserted(_ADDRESSES, claim_id, "http", body)

    def _asserted(
        self, kind: str, claim_id: str, method: str, body: Mapping[str, Any] | None
    ) -> bool:
        response = self._session.post(f"{kind}/{_id(claim_id)}/{method}", body)
        return response.status == 204

    def _reassert(self, kind: str, claim_id: str) -> ClaimToken:
        """Until then, an earlier assertion is still being checked, and there is no new token."""
        path = f"{kind}/{_id(claim_id)}/reassert"
        return _token(self._session.post(path, until_ready=True), claim_id)

    def _delete(self, path: str) -> None:
        try:
            self._session.delete(path).expect(200, 204)
        except ApiError as error:
            if error.status != 404:
                raise


def _id(claim_id: str) -> str:
    """A claim id as one segment of a path."""
    if not is_claim_id(claim_id):
        raise AtlasError(f"{printable(claim_id)!r} is no claim id; give its 32 hexadecimal digits.")
    return claim_id


def _created(response: Response) -> ClaimToken:
    claim_id = response.expect(200, 201).last_segment()
    if not is_claim_id(claim_id):
        raise response.malformed("it tells no claim id in Location")
    return _token(response, claim_id)


def _token(response: Response, claim_id: str) -> ClaimToken:
    fields = response.expect(200, 201).fields()
    token = read_token(fields)
    if token is None:
        raise fields.malformed("token", "is missing")
    return ClaimToken(claim_id, token, fields.optional_time("assert_by"))
