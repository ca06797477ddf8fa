# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which names a verified claim covers."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Claim
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.coverage import (
    claim_of,
    covering_claim,
)

NOW = 1_800_000_000


def claim(domain: str, method: str | None, status: str = "VERIFIED", ends: int = NOW + 1) -> Claim:
    return Claim("01" * 16, domain, status, NOW - 1, ends, None, None, method, ())


@pytest.mark.parametrize(
    ("name", "claimed", "method", "covered"),
    [
        ("example.com", "example.com", "DNS", True),
        ("example.com", "example.com", "HTTP", True),
        ("example.com", "example.com", None, True),
        ("www.example.com", "example.com", "DNS", True),
        ("a.b.example.com", "example.com", "EMAIL", True),
        ("www.example.com", "example.com", "HTTP", False),
        ("www.example.com", "example.com", None, False),
        ("*.example.com", "example.com", "DNS", True),
        ("*.example.com", "example.com", "HTTP", False),
        ("*.www.example.com", "example.com", "DNS", True),
        ("example.com", "www.example.com", "DNS", False),
        ("badexample.com", "example.com", "DNS", False),
        ("www.example.com", "example.com", "CNAME", True),
        ("www.example.com", "example.com", "email", True),
        ("*.example.com", "example.com", None, False),
        ("example.com", "com", "DNS", True),
        ("192.0.2.7", "192.0.2.7", "HTTP", True),
        ("192.0.2.7", "0.2.7", "DNS", False),
        ("192.0.2.7", "7", "DNS", False),
        ("2001:db8::7", "2001:db8::7", "HTTP", True),
        ("2001:db8::7", "7", "DNS", False),
    ],
)
def test_coverage(name: str, claimed: str, method: str | None, covered: bool) -> None:
    found = covering_claim(name, [claim(claimed, method)], NOW)
    assert (found is not None) is covered


def test_a_claim_that_lapsed_or_is_pending_covers_nothing() -> None:
    lapsed, pending = claim("example.com", "DNS", ends=NOW), claim("example.com", "DNS", "PENDING")
    assert covering_claim("example.com", [lapsed, pending], NOW) is None


def test_the_nearest_claim_is_told() -> None:
    far, near = claim("example.com", "DNS"), claim("www.example.com", "DNS")
    assert covering_claim("a.www.example.com", [far, near], NOW) is near
    assert covering_claim("a.www.example.com", [near, far], NOW) is near


def test_a_nearer_claim_that_does_not_cover_it_is_passed_over() -> None:
    far, near = claim("example.com", "DNS"), claim("www.example.com", "HTTP")
    assert covering_claim("a.www.example.com", [far, near], NOW) is far


def test_a_wildcard_is_claimed_by_the_domain_below_it() -> None:
    own = claim("example.com", "HTTP")
    assert claim_of("*.example.com", [own]) is own
    assert claim_of("www.example.com", [own]) is None
    assert claim_of("example.com", []) is None
    assert claim_of("*example.com", [own]) is None
