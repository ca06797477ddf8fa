# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which names are covered until when, as people read it."""

from __future__ import annotations

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Claim
from ansible_collections.globalsign.atlas.plugins.module_utils.domains import report

NOW = 1_800_000_000
DAY = 86400


def claim(domain: str, method: str | None, days: int | None, claim_id: str = "0A") -> Claim:
    ends = None if days is None else NOW + days * DAY
    status = "PENDING" if days is None else "VERIFIED"
    began = None if ends is None else ends - 200 * DAY
    return Claim(claim_id * 16, domain, status, NOW, ends, None, None, method, (), began)


CLAIMS = [
    claim("example.com", "DNS", 100),
    claim("old.example", "HTTP", 3),
    claim("new.example", None, None),
]


def test_coverage() -> None:
    names = ["www.example.com", "old.example", "www.old.example"]
    covered, due, uncovered = report.coverage(names, CLAIMS, NOW, "auto")
    assert (covered["covered_by"], covered["remaining_days"]) == ("example.com", 100)
    assert (covered["is_due"], due["is_due"], uncovered["is_due"]) == (False, True, True)
    assert covered["renew_from"] == "2027-03-26T08:00:00Z"
    assert (uncovered["covered_by"], uncovered["expires_at"]) == ("", "")


def test_overview_has_what_lapses_first_at_the_top() -> None:
    found = report.overview(CLAIMS, NOW, "auto")
    assert [entry["domain"] for entry in found] == ["old.example", "example.com", "new.example"]


def test_table() -> None:
    entries = report.overview(CLAIMS, NOW, "auto")
    columns = ("domain", "status", "method", "expires_at", "remaining_days")
    assert report.table(entries, columns) == [
        "Domain       Status    Method  Expires at            Remaining days  What to do",
        "old.example  VERIFIED  http    2027-01-18T08:00:00Z  3               renew it now",
        "example.com  VERIFIED  dns     2027-04-25T08:00:00Z  100             renew it from"
        " 2027-03-26",
        "new.example  PENDING                                                 have it verified",
    ]
    assert report.table([], columns) == []
