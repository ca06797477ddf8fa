# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims as a task wants them: present, verified, absent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..api.client import Claim, Client
from ..api.errors import ApiError
from ..errors import AtlasError
from .coverage import claim_of, claimed_domain, covering_claim

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0


@dataclass(frozen=True)
class DomainState:
    """One domain of the task, the claim that stands for it, and the token to place.

    `claim` is None where there is none: after `absent`, or where check mode made none. `token` is
    empty for a domain that is verified.
    """

    domain: str
    claim: Claim | None
    token: str
    verified: bool
    changed: bool


class ClaimKeeper:
    """Brings the claims of an account to the state that a task wants.

    In check mode it only reads. `domains` are in the form of `lifecycle.wanted.dns_name`.
    """

    def __init__(
        self, client: Client, check_mode: bool, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._check_mode = check_mode
        self._pause = pause

    def present(self, domains: Sequence[str]) -> list[DomainState]:
        """A verified claim that covers each domain, or a pending one with a token that is valid."""
        claims = list(self._client.claims())
        return [self._present(domain, claims) for domain in domains]

    def absent(self, domains: Sequence[str]) -> list[DomainState]:
        """No claim of just this domain."""
        claims = list(self._client.claims())
        return [self._absent(domain, claim_of(domain, claims)) for domain in domains]

    def verified(
        self, domains: Sequence[str], method: str | None, timeout: int
    ) -> list[DomainState]:
        """Each domain covered by a verified claim, proven by `method` if it is not yet.

        Waits at most `timeout` seconds for all of them together.
        """
        claims, now = list(self._client.claims()), self._client.service_time()
        covers = {domain: covering_claim(domain, claims, now) for domain in domains}
        pending = [domain for domain in domains if covers[domain] is None]
        if pending:
            if method is None:
                raise AtlasError(_no_method(pending))
            _refuse_wildcards(pending)
            own = {domain: claim_of(domain, claims) for domain in pending}
            if not self._check_mode:
                covers.update(self._verify(own, timeout))
        return [
            DomainState(
                domain,
                covers[domain],
                token="",  # nosec - there is none to place
                verified=covers[domain] is not None,
                changed=domain in pending,
            )
            for domain in domains
        ]

    def _present(self, domain: str, claims: list[Claim]) -> DomainState:
        now = self._client.service_time()
        cover = covering_claim(domain, claims, now)
        if cover:
            return DomainState(domain, cover, "", verified=True, changed=False)
        claim = claim_of(domain, claims)
        if claim is None:
            return self._created(domain)
        if claim.token and (claim.assert_by is None or claim.assert_by > now):
            return DomainState(domain, claim, claim.token, verified=False, changed=False)
        return self._with_new_token(domain, claim)

    def _created(self, domain: str) -> DomainState:
        if self._check_mode:
            return DomainState(domain, None, "", verified=False, changed=True)
        try:
            created = self._client.create_claim(claimed_domain(domain))
        except ApiError as error:
            if error.status != 409:
                raise
            # Another run has just made it: theirs is as good as ours.
            return self._present_again(domain, error)
        claim = self._client.claim(created.claim_id)
        return DomainState(domain, claim, created.token, verified=False, changed=True)

    def _present_again(self, domain: str, error: ApiError) -> DomainState:
        claims = list(self._client.claims())
        if claim_of(domain, claims) is None:
            raise error
        return self._present(domain, claims)

    def _with_new_token(self, domain: str, claim: Claim) -> DomainState:
        """Older servers do not tell the token again, and it is void after `assert_by`."""
        if self._check_mode:
            return DomainState(domain, claim, "", verified=False, changed=True)
        fresh = self._client.reassert_claim(claim.claim_id)
        claim = self._client.claim(claim.claim_id)
        return DomainState(domain, claim, fresh.token, verified=False, changed=True)

    def _absent(self, domain: str, claim: Claim | None) -> DomainState:
        if claim and not self._check_mode:
            self._client.delete_claim(claim.claim_id)
        return DomainState(domain, None, "", verified=False, changed=claim is not None)

    def _verify(self, claims: dict[str, Claim | None], timeout: int) -> dict[str, Claim | None]:
        """Assert each claim over HTTP, and again after each failed check, until the deadline."""
        waiting = {domain: _made(domain, claim) for domain, claim in claims.items()}
        checks_seen = dict.fromkeys(waiting, -1)
        verified: dict[str, Claim | None] = {}
        deadline, pause = time.monotonic() + timeout, _FIRST_PAUSE
        while True:
            for domain, claim in list(waiting.items()):
                if len(claim.log) > checks_seen[domain]:
                    checks_seen[domain] = len(claim.log)
                    self._client.assert_claim_http(claim.claim_id, claim.domain, "http")
                waiting[domain] = self._client.claim(claim.claim_id)
                if waiting[domain].is_verified(self._client.service_time()):
                    verified[domain] = waiting.pop(domain)
            if not waiting:
                return verified
            if time.monotonic() + pause > deadline:
                unverified = [_unverified(claim, timeout) for claim in waiting.values()]
                raise AtlasError(" ".join(unverified))
            self._pause(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)


def _made(domain: str, claim: Claim | None) -> Claim:
    if claim is None:
        raise AtlasError(
            f"domain: there is no claim for {domain} yet, so no token of it can have been placed;"
            " make one with state: present, place its token, then verify it."
        )
    return claim


def _no_method(domains: Sequence[str]) -> str:
    return (
        f"method is not set, and {', '.join(domains)} is not covered by a verified claim; choose a"
        " method to prove control with (http), or verify the domain beforehand."
    )


def _refuse_wildcards(domains: Sequence[str]) -> None:
    wildcards = [domain for domain in domains if domain.startswith("*.")]
    if wildcards:
        raise AtlasError(
            f"method: http cannot verify {', '.join(wildcards)}, because a proof over HTTP covers"
            " one name and no wildcard; verify the domain below the wildcard by DNS or e-mail."
        )


def _unverified(claim: Claim, timeout: int) -> str:
    last = claim.log[-1].description if claim.log else "the service has not tried yet"
    return (
        f"domain: {claim.domain} was not verified within {timeout} seconds; the last check said:"
        f" {last}. Look whether the token is where the claim's place says, as the service sees it."
    )
