# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The claims of an account, of domains and of IP addresses alike."""

from __future__ import annotations

from collections.abc import Iterable

from ..api.client import Claim, ClaimToken, Client
from .wish import DNS, EMAIL, is_address


class ClaimBook:
    """Calls for a claim, whichever kind it is of; the kind shows in its domain."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def now(self) -> int:
        """The service's time in UNIX seconds."""
        return self._client.service_time()

    def list_for(self, names: Iterable[str]) -> list[Claim]:
        """All claims of the kinds that these names are of, with one listing for each kind."""
        kinds = {is_address(name) for name in names}
        found = list(self._client.claims()) if False in kinds else []
        if True in kinds:
            found.extend(self._client.address_claims())
        return found

    def list_all(self) -> list[Claim]:
        """All claims, of domains and then of IP addresses."""
        return [*self._client.claims(), *self._client.address_claims()]

    def create(self, domain: str) -> ClaimToken:
        """Claim a domain or address."""
        if is_address(domain):
            return self._client.create_address_claim(domain)
        return self._client.create_claim(domain)

    def read(self, claim_id: str, domain: str) -> Claim:
        """The claim as it is now."""
        if is_address(domain):
            return self._client.address_claim(claim_id)
        return self._client.claim(claim_id)

    def delete(self, claim: Claim) -> None:
        """Give a claim up."""
        if is_address(claim.domain):
            self._client.delete_address_claim(claim.claim_id)
        else:
            self._client.delete_claim(claim.claim_id)

    def draw_token(self, claim: Claim) -> ClaimToken:
        """A new token, which voids the old one."""
        if is_address(claim.domain):
            return self._client.reassert_address_claim(claim.claim_id)
        return self._client.reassert_claim(claim.claim_id)

    def mail_addresses(self, claim: Claim) -> tuple[str, ...]:
        """Where a mail about this claim can be sent to."""
        return self._client.email_addresses(claim.claim_id).constructed

    def have_checked(self, claim: Claim, method: str, place: str) -> None:
        """Have the service look for the token of a claim.

        `place` is the mail address with `email`, the authorization domain with `dns`.
        """
        if method == DNS:
            other_name = None if place == claim.domain else place
            self._client.assert_claim_dns(claim.claim_id, other_name)
        elif method == EMAIL:
            self._client.assert_claim_email(claim.claim_id, place)
        elif is_address(claim.domain):
            self._client.assert_address_claim_http(claim.claim_id, claim.domain, method)
        else:
            self._client.assert_claim_http(claim.claim_id, claim.domain, method)
