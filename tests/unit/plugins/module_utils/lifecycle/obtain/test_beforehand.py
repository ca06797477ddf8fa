# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names that no claim covers, found out before anything is spent."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Claim
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.beforehand import (
    uncovered,
    uncovered_of_each,
    why_uncovered,
)

from ..fake_atlas import NOW
from .test_ownership import wanted


def claim(
    domain: str, method: str | None = "DNS", status: str = "VERIFIED", expires_at: int = NOW + 1
) -> Claim:
    return Claim("01", domain, status, 0, expires_at, None, None, method, ())


@pytest.mark.parametrize(
    ("name", "claims", "is_covered"),
    [
        ("www.a.example", [claim("a.example")], True),
        ("a.example", [claim("a.example")], True),
        ("*.a.example", [claim("a.example")], True),
        ("*.www.a.example", [claim("a.example", "EMAIL")], True),
        ("www.a.example", [claim("a.example", None)], True),
        ("www.a.example", [claim("a.example", "HTTP")], False),
        ("*.a.example", [claim("a.example", "HTTPS")], False),
        ("a.example", [claim("a.example", "HTTP")], True),
        ("www.a.example", [claim("a.example", "HTTP"), claim("example")], True),
        ("www.a.example", [claim("a.example", status="PENDING")], False),
        ("www.a.example", [claim("a.example", expires_at=NOW)], False),
        ("nota.example", [claim("a.example")], False),
        ("a.example", [claim("www.a.example")], False),
        ("a.example", [], True),
    ],
)
def test_which_names_a_claim_covers(name: str, claims: list[Claim], is_covered: bool) -> None:
    of = wanted(san={"dns_names": [name]})
    assert uncovered(of, claims, NOW) == ([] if is_covered else [name])


def test_without_dns_names_nothing_is_read() -> None:
    def read(_anew: bool) -> list[Claim]:
        raise AssertionError("it was read")

    of = wanted(san={"ip_addresses": ["192.0.2.1"]})
    assert uncovered_of_each([of, of], read, NOW) == [[], []]


def test_claims_that_cannot_be_read_refuse_nothing() -> None:
    asked: list[bool] = []
    assert uncovered_of_each([wanted()], asked.append, NOW) == [[]]
    assert asked == [False]


def test_what_is_covered_is_read_once_and_each_is_told_of_its_own() -> None:
    asked: list[bool] = []

    def read(anew: bool) -> list[Claim]:
        asked.append(anew)
        return [claim("example.com")]

    assert uncovered_of_each([wanted(), wanted()], read, NOW) == [[], []]
    assert asked == [False]
    names = [f"n{number}.example" for number in range(7)]
    other = wanted(san={"dns_names": names})
    assert uncovered_of_each([wanted(), other], read, NOW) == [[], names]
    assert asked == [False, False, True]


def test_what_is_said_of_names_that_no_claim_covers() -> None:
    assert why_uncovered([]) == ""
    assert why_uncovered([f"n{number}.example" for number in range(7)]) == (
        "san.dns_names: there is no verified claim that covers n0.example, n1.example, n2.example,"
        " n3.example, n4.example and 2 more; claim and verify the domain, for example with"
        " atlas_domain_claim."
    )


def test_a_claim_that_was_verified_in_this_run_is_seen() -> None:
    assert uncovered_of_each(
        [wanted()], lambda anew: [claim("example.com" if anew else "other.example")], NOW
    ) == [[]]
