# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which names a verified claim covers (API reference, "Which names a verified claim covers")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..api.client import Claim
from .wish import is_address

_METHODS_FOR_SUBDOMAINS = frozenset({"DNS", "CNAME", "EMAIL"})


def claimed_domain(name: str) -> str:
    """The domain that is claimed for a name: itself, or what a wildcard stands below."""
    return name[2:] if name.startswith("*.") else name


def claim_of(name: str, claims: Iterable[Claim]) -> Claim | None:
    """The claim of just the domain that is claimed for this name."""
    domain = claimed_domain(name)
    return next((claim for claim in claims if claim.domain == domain), None)


def covering_claim(name: str, claims: Iterable[Claim], now: int) -> Claim | None:
    """The verified claim that allows certificates for this name at `now`, the nearest if several.

    A proof over HTTP covers just its own name, no subdomain and no wildcard (CA/B ballot SC45);
    so does one by a method that the service does not tell.
    """
    by_domain = {claim.domain: claim for claim in claims if claim.is_verified(now)}
    for domain in _domains_upwards(claimed_domain(name)):
        claim = by_domain.get(domain)
        if claim and (domain == name or covers_subdomains(claim)):
            return claim
    return None


def covers_subdomains(claim: Claim) -> bool:
    """Whether a claim was verified in a way that is good for the subdomains too."""
    return (claim.last_verification_method or "").upper() in _METHODS_FOR_SUBDOMAINS


def _domains_upwards(domain: str) -> Iterator[str]:
    if is_address(domain):
        yield domain
        return
    labels = domain.split(".")
    for start in range(len(labels)):
        yield ".".join(labels[start:])
