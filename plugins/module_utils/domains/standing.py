# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a name stands: covered until when, and which claim has to be proven if it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..api.client import Claim, ClaimToken
from ..errors import AtlasError
from ..times import seconds_before_end
from .coverage import claim_of, claimed_domain, covering_claim, covers_subdomains
from .wish import DNS, EMAIL, HTTP, HTTPS, ClaimWish, is_address

_SHORTEST_REUSE = 10 * 86400
"""Seconds: the reuse period from 2029 (CA/B ballot SC-81), taken where the service does not tell
when it verified a claim."""
_TOKEN_LIFE = 30 * 86400
"""Seconds between the drawing of a token and its `assert_by` (API reference, 5.2)."""
_TOKEN_MARGIN = 60
"""Seconds that a token has to be good for still."""


@dataclass(frozen=True)
class Standing:
    """How a name stands. `cover` is the verified claim that covers it, None if none does.

    If it `is_due`, control of `domain` has to be proven, the name's own or a parent's, by its
    `claim`, None if that has to be made.
    """

    name: str
    domain: str
    cover: Claim | None
    claim: Claim | None
    is_due: bool


def standing(name: str, claims: Sequence[Claim], now: int, wish: ClaimWish) -> Standing:
    """Find out how a name stands at `now`. Raises `AtlasError` for what the method cannot prove."""
    own = claim_of(name, claims)
    cover = covering_claim(name, claims, now)
    if wish.own_claim and cover is not own:
        cover = None
    if cover and not is_due(cover, now, wish.renew_before):
        return Standing(name, cover.domain, cover, cover, is_due=False)
    if cover and cover is not own and wish.covers_subdomains:
        return Standing(name, cover.domain, cover, cover, is_due=True)
    _refuse_unprovable(name, own, now, wish.method)
    return Standing(name, claimed_domain(name), cover, own, is_due=True)


def is_due(claim: Claim, now: int, renew_before: str) -> bool:
    """Whether the verification of a claim has to be renewed, or is over."""
    if not claim.is_verified(now):
        return True
    since = renewal_time(claim, renew_before)
    return since is not None and since <= now


def renewal_time(claim: Claim, renew_before: str) -> int | None:
    """From when on the verification of a claim is due, in UNIX seconds; None if it has no end."""
    if claim.expires_at is None:
        return None
    verified_at = claim.last_verified_at
    lifetime = claim.expires_at - verified_at if verified_at else _SHORTEST_REUSE
    return claim.expires_at - seconds_before_end(renew_before, max(lifetime, 0))


def has_open_token(claim: Claim, now: int) -> bool:
    """Whether the token of a claim can be asserted.

    That of a verified claim may be the one that it was verified with; asserting it again would
    renew nothing. It is new if it was drawn since.
    """
    if claim.assert_by is not None and claim.assert_by <= now + _TOKEN_MARGIN:
        return False
    if not claim.is_verified(now):
        return True
    if claim.assert_by is None or claim.last_verified_at is None:
        return False
    return claim.assert_by - _TOKEN_LIFE > claim.last_verified_at


def is_still_open(claim: Claim, drawn: ClaimToken, drawn_at: int, now: int) -> bool:
    """Whether a token that is known to have been drawn at a time can be asserted: it was not
    replaced, did not expire, and the claim was not verified with it since."""
    if claim.token not in (None, drawn.token):
        return False
    if drawn.assert_by is not None and drawn.assert_by <= now + _TOKEN_MARGIN:
        return False
    is_used = claim.last_verified_at is not None and claim.last_verified_at >= drawn_at
    return not (is_used and claim.is_verified(now))


def _refuse_unprovable(name: str, own: Claim | None, now: int, method: str | None) -> None:
    if method in (DNS, EMAIL) and is_address(name):
        raise AtlasError(
            f"method: {method} cannot prove control of the IP address {name}; only http and https"
            " can."
        )
    if method not in (HTTP, HTTPS):
        return
    if name.startswith("*."):
        raise AtlasError(
            f"method: {method} cannot verify {name}, because a proof over HTTP covers one name and"
            " no wildcard; verify the domain below the wildcard by dns or email."
        )
    if own and own.is_verified(now) and covers_subdomains(own):
        raise AtlasError(
            f"method: {own.domain} is verified by {own.last_verification_method} and covers its"
            f" subdomains; a proof by {method} would narrow that to just this name, so nothing was"
            " done. Renew it by dns or email, or give the claim up first (state: absent)."
        )
