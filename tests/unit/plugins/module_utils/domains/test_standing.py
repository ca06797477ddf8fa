# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a verification is due, by what it is renewed, and which token is still of use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Claim, ClaimToken
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.standing import (
    Standing,
    has_open_token,
    is_due,
    is_still_open,
    renewal_time,
    standing,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.wish import ClaimWish
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

NOW = 1_800_000_000
DAY = 86400


def verified(
    domain: str, method: str | None = "DNS", days: int = 199, lifetime: int = 200
) -> Claim:
    """Verified for so many days, of which so many are left."""
    ends = NOW + days * DAY
    began = ends - lifetime * DAY
    return Claim(
        "0B" * 16,
        domain,
        "VERIFIED",
        began,
        ends,
        began,
        "used",
        method,
        (),
        last_verified_at=began,
    )


def pending(domain: str) -> Claim:
    return Claim("0A" * 16, domain, "PENDING", NOW, None, NOW + 30 * DAY, "token", None, ())


@pytest.mark.parametrize(
    ("lifetime", "verified_at", "renew_before", "seconds"),
    [
        (200 * DAY, True, "auto", 30 * DAY),
        (60 * DAY, True, "auto", 20 * DAY),
        (10 * DAY, True, "auto", 5 * DAY),
        (200 * DAY, True, "50%", 100 * DAY),
        (200 * DAY, True, "20d", 20 * DAY),
        (10 * DAY, True, "20d", 5 * DAY),
        (200 * DAY, False, "auto", 5 * DAY),
        (200 * DAY, False, "20d", 5 * DAY),
        (-1, True, "20d", 0),
    ],
    ids=[
        "at most 30 days",
        "a third",
        "a half of what is short",
        "a share",
        "a duration",
        "a duration longer than it lives",
        "untold when it began",
        "untold, and a duration longer than it lives then",
        "verified after its end",
    ],
)
def test_from_when_on_it_is_due(
    lifetime: int, verified_at: bool, renew_before: str, seconds: int
) -> None:
    ends = NOW + 300 * DAY
    began = ends - lifetime if verified_at else None
    claim = replace(verified("example.com"), expires_at=ends, last_verified_at=began)
    assert renewal_time(claim, renew_before) == ends - seconds
    assert not is_due(claim, ends - seconds - 1, renew_before)
    assert is_due(claim, ends - seconds, renew_before)


def test_what_has_no_end_is_never_due() -> None:
    endless = replace(verified("example.com"), expires_at=None)
    assert renewal_time(endless, "auto") is None
    assert not is_due(endless, NOW, "auto")


def test_what_is_not_verified_or_is_over_is_due() -> None:
    assert is_due(pending("example.com"), NOW, "auto")
    assert is_due(replace(pending("example.com"), expires_at=NOW + 300 * DAY), NOW, "auto")
    assert is_due(verified("example.com", days=0), NOW, "auto")


OWN, PARENT = verified("www.example.com"), verified("example.com")
OLD_OWN, OLD_PARENT = verified("www.example.com", days=5), verified("example.com", days=5)
NEW = pending("www.example.com")


@pytest.mark.parametrize(
    ("claims", "wish", "domain", "cover", "claim", "due"),
    [
        ([], {}, "www.example.com", None, None, True),
        ([NEW], {}, "www.example.com", None, NEW, True),
        ([OWN], {}, "www.example.com", OWN, OWN, False),
        ([OLD_OWN], {}, "www.example.com", OLD_OWN, OLD_OWN, True),
        ([PARENT], {}, "example.com", PARENT, PARENT, False),
        ([PARENT, NEW], {}, "example.com", PARENT, PARENT, False),
        ([PARENT], {"method": "http"}, "example.com", PARENT, PARENT, False),
        ([OLD_PARENT], {}, "example.com", OLD_PARENT, OLD_PARENT, True),
        ([OLD_PARENT], {"method": "email"}, "example.com", OLD_PARENT, OLD_PARENT, True),
        ([OLD_PARENT], {"method": "http"}, "www.example.com", OLD_PARENT, None, True),
        ([OLD_PARENT, NEW], {"method": "https"}, "www.example.com", OLD_PARENT, NEW, True),
        ([PARENT], {"own_claim": True}, "www.example.com", None, None, True),
        ([PARENT, NEW], {"own_claim": True}, "www.example.com", None, NEW, True),
        ([PARENT, OWN], {"own_claim": True}, "www.example.com", OWN, OWN, False),
        ([PARENT, OLD_OWN], {"own_claim": True}, "www.example.com", OLD_OWN, OLD_OWN, True),
    ],
)
def test_how_a_name_stands(
    claims: list[Claim],
    wish: dict[str, object],
    domain: str,
    cover: Claim | None,
    claim: Claim | None,
    due: bool,
) -> None:
    name = "www.example.com"
    found = standing(name, claims, NOW, ClaimWish(**wish))  # type: ignore[arg-type]
    assert found == Standing(name, domain, cover, claim, is_due=due)
    assert found.cover is cover


def test_a_wildcard_stands_by_the_domain_below_it() -> None:
    assert standing("*.example.com", [], NOW, ClaimWish()) == Standing(
        "*.example.com", "example.com", None, None, is_due=True
    )


@pytest.mark.parametrize("method", ["dns", "email"])
def test_an_address_is_proven_over_http_alone(method: str) -> None:
    with pytest.raises(AtlasError) as caught:
        standing("192.0.2.7", [], NOW, ClaimWish(method=method))
    assert caught.value.message == (
        f"method: {method} cannot prove control of the IP address 192.0.2.7; only http and https"
        " can."
    )
    own = verified("192.0.2.7", "HTTP", days=5)
    with pytest.raises(AtlasError):
        standing("192.0.2.7", [own], NOW, ClaimWish(method=method))
    for good in ("http", "https", None):
        assert standing("192.0.2.7", [], NOW, ClaimWish(method=good)).is_due


@pytest.mark.parametrize("method", ["http", "https"])
def test_a_wildcard_is_not_proven_over_http(method: str) -> None:
    with pytest.raises(AtlasError) as caught:
        standing("*.example.com", [], NOW, ClaimWish(method=method))
    assert caught.value.message == (
        f"method: {method} cannot verify *.example.com, because a proof over HTTP covers one name"
        " and no wildcard; verify the domain below the wildcard by dns or email."
    )


@pytest.mark.parametrize("method", ["http", "https"])
def test_a_verification_that_covers_more_is_not_narrowed(method: str) -> None:
    with pytest.raises(AtlasError) as caught:
        standing("example.com", [OLD_PARENT], NOW, ClaimWish(method=method))
    assert caught.value.message == (
        "method: example.com is verified by DNS and covers its subdomains; a proof by"
        f" {method} would narrow that to just this name, so nothing was done. Renew it by dns or"
        " email, or give the claim up first (state: absent)."
    )


@pytest.mark.parametrize(
    "claim",
    [
        verified("example.com", "HTTP", days=5),
        verified("example.com", None, days=5),
        verified("example.com", "DNS", days=0),
        replace(pending("example.com"), last_verification_method="DNS"),
    ],
    ids=["by http", "untold", "over", "not verified"],
)
def test_what_covers_no_more_is_renewed_over_http(claim: Claim) -> None:
    assert standing("example.com", [claim], NOW, ClaimWish(method="http")).claim is claim


@pytest.mark.parametrize(
    ("claim", "is_open"),
    [
        (pending("example.com"), True),
        (replace(pending("example.com"), assert_by=NOW + 61), True),
        (replace(pending("example.com"), assert_by=NOW + 60), False),
        (replace(pending("example.com"), assert_by=None), True),
        (verified("example.com"), False),
        (replace(verified("example.com"), assert_by=None), False),
        (replace(verified("example.com"), assert_by=NOW + DAY, last_verified_at=None), False),
        (replace(verified("example.com", days=0), assert_by=NOW + DAY), True),
        # Verified a day ago; a token lives 30 days.
        (replace(verified("example.com", days=199), assert_by=NOW + 29 * DAY), False),
        (replace(verified("example.com", days=199), assert_by=NOW + 29 * DAY + 1), True),
    ],
)
def test_whether_the_token_that_is_told_can_be_asserted(claim: Claim, is_open: bool) -> None:
    assert has_open_token(claim, NOW) is is_open


@pytest.mark.parametrize(
    ("claim", "assert_by", "drawn_at", "is_open"),
    [
        (pending("example.com"), NOW + DAY, NOW, False),
        (replace(pending("example.com"), token="drawn"), NOW + DAY, NOW, True),
        (replace(pending("example.com"), token=None), NOW + DAY, NOW, True),
        (replace(pending("example.com"), token=None), None, NOW, True),
        (replace(pending("example.com"), token=None), NOW + 61, NOW, True),
        (replace(pending("example.com"), token=None), NOW + 60, NOW, False),
        # Verified a day ago.
        (replace(verified("example.com"), token=None), NOW + DAY, NOW - DAY - 1, False),
        (replace(verified("example.com"), token=None), NOW + DAY, NOW - DAY, False),
        (replace(verified("example.com"), token=None), NOW + DAY, NOW - DAY + 1, True),
        (
            replace(verified("example.com"), token=None, last_verified_at=None),
            NOW + DAY,
            NOW - 2 * DAY,
            True,
        ),
        (
            replace(verified("example.com", days=0), token=None),
            NOW + DAY,
            NOW - 300 * DAY,
            True,
        ),
    ],
)
def test_whether_a_token_that_was_drawn_can_be_asserted(
    claim: Claim, assert_by: int | None, drawn_at: int, is_open: bool
) -> None:
    drawn = ClaimToken(claim.claim_id, "drawn", assert_by)
    assert is_still_open(claim, drawn, drawn_at, NOW) is is_open
