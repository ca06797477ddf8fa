# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service would refuse, found out by reading and before anything is spent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ...api.client import Claim
from ...domains.coverage import claimed_domain
from ..wanted import Wanted

_HTTP = frozenset({"HTTP", "HTTPS"})
_MOST_NAMES = 5


def uncovered(wanted: Wanted, claims: Sequence[Claim], now: int) -> list[str]:
    """The DNS names that certainly no verified claim covers at `now`.

    Of an account without any claim nothing is certain: it may be one whose names need none.
    """
    if not claims:
        return []
    return [name for name in wanted.san.get("dns_names", []) if not _may_cover(name, claims, now)]


def _may_cover(name: str, claims: Iterable[Claim], now: int) -> bool:
    """A proof over HTTP is for just its own name; how one was made may not be told."""
    domain = claimed_domain(name)
    return any(
        claim.is_verified(now)
        and (
            claim.domain == name
            or (
                f".{domain}".endswith(f".{claim.domain}")
                and (claim.last_verification_method or "").upper() not in _HTTP
            )
        )
        for claim in claims
    )


def uncovered_of_each(
    wanted: Sequence[Wanted], read: Callable[[bool], Sequence[Claim] | None], now: int
) -> list[list[str]]:
    """For each the names that no claim covers; none if the service has to decide.

    `read` gives the claims of the account, None if they cannot be read; what is shared by the run
    may be older than a claim that was verified in it, so before anything is refused it is read
    anew, which is what the argument says.
    """
    if not any(one.san.get("dns_names") for one in wanted):
        return [[] for _one in wanted]
    found: list[list[str]] = []
    for anew in (False, True):
        claims = read(anew) or []
        found = [uncovered(one, claims, now) for one in wanted]
        if not any(found):
            break
    return found


def why_uncovered(names: Sequence[str]) -> str:
    """Why no request may be sent with these names; empty if there are none."""
    if not names:
        return ""
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return (
        f"san.dns_names: there is no verified claim that covers {', '.join(names[:_MOST_NAMES])}"
        f"{more}; claim and verify the domain, for example with atlas_domain_claim."
    )
