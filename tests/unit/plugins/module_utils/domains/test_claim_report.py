# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a task, and which names are covered until when, as people read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Claim
from ansible_collections.globalsign.atlas.plugins.module_utils.domains import report
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.keeper import ClaimState
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.standing import Standing
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.wish import ClaimWish

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


COVERED, LAPSING, NEW = CLAIMS


def test_coverage() -> None:
    names = ["www.example.com", "old.example", "www.old.example"]
    assert report.coverage(names, CLAIMS, NOW, "auto") == [
        {
            "name": "www.example.com",
            "covered_by": "example.com",
            "expires_at": "2027-04-25T08:00:00Z",
            "remaining_days": 100,
            "renew_from": "2027-03-26T08:00:00Z",
            "is_due": False,
        },
        {
            "name": "old.example",
            "covered_by": "old.example",
            "expires_at": "2027-01-18T08:00:00Z",
            "remaining_days": 3,
            "renew_from": "2026-12-19T08:00:00Z",
            "is_due": True,
        },
        {
            "name": "www.old.example",
            "covered_by": "",
            "expires_at": "",
            "remaining_days": None,
            "renew_from": "",
            "is_due": True,
        },
    ]


def test_coverage_without_an_end() -> None:
    (entry,) = report.coverage(["example.com"], [replace(COVERED, expires_at=None)], NOW, "auto")
    assert entry == {
        "name": "example.com",
        "covered_by": "example.com",
        "expires_at": "",
        "remaining_days": None,
        "renew_from": "",
        "is_due": False,
    }
    assert report.table([entry], ["name"]) == ["Name         What to do", "example.com"]


@pytest.mark.parametrize(("left", "days"), [(DAY - 1, 0), (DAY, 1), (2 * DAY - 1, 1)])
def test_days_that_remain_are_whole_ones(left: int, days: int) -> None:
    ending = replace(COVERED, expires_at=NOW + left)
    (entry,) = report.coverage(["example.com"], [ending], NOW, "auto")
    assert entry["remaining_days"] == days


def test_overview_has_what_lapses_first_at_the_top() -> None:
    other = replace(LAPSING, domain="a.example")
    found = report.overview([*CLAIMS, other], NOW, "auto")
    assert [entry["domain"] for entry in found] == [
        "a.example",
        "old.example",
        "example.com",
        "new.example",
    ]
    assert found[1:2] + found[3:] == [
        {
            "domain": "old.example",
            "id": "0A" * 16,
            "status": "VERIFIED",
            "method": "http",
            "expires_at": "2027-01-18T08:00:00Z",
            "remaining_days": 3,
            "renew_from": "2026-12-19T08:00:00Z",
            "is_due": True,
        },
        {
            "domain": "new.example",
            "id": "0A" * 16,
            "status": "PENDING",
            "method": "",
            "expires_at": "",
            "remaining_days": None,
            "renew_from": "",
            "is_due": True,
        },
    ]


def test_what_has_lapsed_is_no_more_than_a_claim() -> None:
    (entry,) = report.overview([replace(COVERED, expires_at=NOW)], NOW, "auto")
    assert (entry["status"], entry["expires_at"], entry["is_due"]) == ("VERIFIED", "", True)


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


def entry_of(state: ClaimState, wish: ClaimWish) -> dict[str, Any]:
    (entry,) = report.report([state], wish)["claims"]
    return entry  # type: ignore[no-any-return]


def test_the_result_of_a_name_that_is_covered() -> None:
    known = Standing("www.example.com", "example.com", COVERED, COVERED, is_due=False)
    # What a placer is to do is nothing where nothing is due.
    state = ClaimState("www.example.com", known, known, is_placer=True)
    assert report.report([state], ClaimWish()) == {
        "changed": False,
        "claims": [
            {
                "domain": "www.example.com",
                "status": "VERIFIED",
                "covered_by": "example.com",
                "claimed": "example.com",
                "id": "0A" * 16,
                "method": "dns",
                "expires_at": "2027-04-25T08:00:00Z",
                "is_due": False,
                "is_placer": False,
                "place": {},
                "changed": False,
            }
        ],
        "diff": [],
    }


def test_the_result_of_a_name_that_is_to_be_proven() -> None:
    found = Standing("example.com", "example.com", None, None, is_due=True)
    made = Standing("example.com", "example.com", None, NEW, is_due=True)
    state = ClaimState(
        "example.com",
        found,
        made,
        token="0A",
        is_placer=True,
        mail_addresses=("admin@example.com",),
        changed=True,
    )
    path = "/.well-known/pki-validation/gsdv.txt"
    assert report.report([state], ClaimWish()) == {
        "changed": True,
        "claims": [
            {
                "domain": "example.com",
                "status": "PENDING",
                "covered_by": "",
                "claimed": "example.com",
                "id": "0A" * 16,
                "method": "",
                "expires_at": "",
                "is_due": True,
                "is_placer": True,
                "place": {
                    "dns": {
                        "name": "example.com",
                        "type": "TXT",
                        "value": "globalsign-domain-verification=0A",
                        "authorization_domain": "",
                    },
                    "http": {"path": path, "content": "0A", "url": f"http://example.com{path}"},
                    "email": {"addresses": ["admin@example.com"]},
                },
                "changed": True,
            }
        ],
        "diff": [
            {
                "before_header": "example.com",
                "after_header": "example.com",
                "before": "claim: none\ncovered by: none\nto be verified: yes\n",
                "after": f"claim: {'0A' * 16}\ncovered by: none\nto be verified: yes\n",
            }
        ],
    }


def test_the_difference_that_a_proof_makes() -> None:
    before = Standing("www.example.com", "example.com", LAPSING, LAPSING, is_due=True)
    after = Standing("www.example.com", "example.com", COVERED, COVERED, is_due=False)
    endless = replace(COVERED, expires_at=None)
    without_end = Standing("www.example.com", "example.com", endless, endless, is_due=False)
    states = [
        ClaimState("www.example.com", before, after, changed=True),
        ClaimState("other.example", None, without_end, changed=True),
    ]
    assert [
        (each["before_header"], each["before"], each["after_header"], each["after"])
        for each in report.report(states, ClaimWish())["diff"]
    ] == [
        (
            "www.example.com",
            f"claim: {'0A' * 16}\ncovered by: old.example\nuntil: 2027-01-18T08:00:00Z\n"
            "to be verified: yes\n",
            "www.example.com",
            f"claim: {'0A' * 16}\ncovered by: example.com\nuntil: 2027-04-25T08:00:00Z\n"
            "to be verified: no\n",
        ),
        (
            "other.example",
            "",
            "other.example",
            f"claim: {'0A' * 16}\ncovered by: example.com\nto be verified: no\n",
        ),
    ]


def test_names_that_failed_fail_the_task_and_each_reason_is_told_once() -> None:
    known = Standing("a.example", "a.example", None, None, is_due=False)
    states = [
        ClaimState("a.example", known, known, error="This is refused."),
        ClaimState("*.a.example", known, known, error="This is refused."),
        ClaimState("b.example", error="That failed.", token="0A"),
        ClaimState("c.example", known, known),
    ]
    result = report.report(states, ClaimWish())
    assert (result["failed"], result["msg"]) == (True, "This is refused. That failed.")
    assert (result["changed"], result["diff"]) == (False, [])
    assert [(each.get("failed"), each.get("msg")) for each in result["claims"]] == [
        (True, "This is refused."),
        (True, "This is refused."),
        (True, "That failed."),
        (None, None),
    ]
    assert [each["status"] for each in result["claims"]] == ["ABSENT"] * 4
    # Of one that was never looked at there is nothing to tell.
    assert result["claims"][2]["claimed"] == ""
    assert [each["id"] for each in result["claims"]] == [""] * 4
    assert result["claims"][2]["place"] == {}


def test_one_name_that_changed_is_enough() -> None:
    states = [ClaimState("a.example"), ClaimState("b.example", changed=True)]
    result = report.report(states, ClaimWish())
    assert result["changed"]
    assert [each["changed"] for each in result["claims"]] == [False, True]
    assert [each["before_header"] for each in result["diff"]] == ["b.example"]


def test_nothing_is_failed_where_nothing_is() -> None:
    result = report.report([ClaimState("a.example")], ClaimWish())
    assert "failed" not in result
    assert "msg" not in result


@pytest.mark.parametrize("is_placer", [True, False])
def test_whether_this_host_places_the_token(is_placer: bool) -> None:
    due = Standing("a.example", "a.example", None, NEW, is_due=True)
    state = ClaimState("a.example", due, due, token="0A", is_placer=is_placer)
    entry = entry_of(state, ClaimWish(authorization_domain="_acme"))
    assert entry["is_placer"] is is_placer
    assert entry["place"]["dns"]["name"] == "_acme.a.example"
    assert "email" not in entry["place"]
