# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules of the service by themselves: which names claims cover, rates, what CAA records say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from atlas_simulator.api.coverage import require_coverage
from atlas_simulator.api.limits import Limits, retry_after
from atlas_simulator.behaviour import Behaviour
from atlas_simulator.clock import Clock
from atlas_simulator.names import normal_domain
from atlas_simulator.problems import ServiceError
from atlas_simulator.store import Claim
from atlas_simulator.verification.dns import (
    _caa_error,
    allowed_authorization_domain,
    authorization_domains,
)
from atlas_simulator.verification.token import matches

from .test_policy_readings import NOW, taken

CLAIM = Claim("01", "account", "domain", "quillon.example", NOW, NOW, "token", NOW + 1)
BY_DNS = replace(CLAIM, last_verification_method="DNS")
BY_MAIL = replace(CLAIM, last_verification_method="EMAIL")
BY_HTTP = replace(CLAIM, last_verification_method="HTTP")
ANYTHING = {"static": False, "list": ["."], "mincount": 0, "maxcount": 9}


def uncovered(claim: Claim, **san: list[str]) -> dict[str, str]:
    """The names that a claim does not cover, each with why."""
    leaf = taken({"san": {"dns_names": ANYTHING, "emails": ANYTHING}}, {"san": san})
    try:
        require_coverage(leaf, [claim], NOW)
    except ServiceError as error:
        return error.errors
    return {}


def test_what_is_not_covered_is_refused() -> None:
    leaf = taken({"san": {"dns_names": ANYTHING}}, {"san": {"dns_names": ["a.example"]}})
    with pytest.raises(ServiceError) as caught:
        require_coverage(leaf, [BY_DNS], NOW)
    text = "san: failed dns/email domain name verification"
    assert (caught.value.status, caught.value.description) == (422, text)


COVERED: list[tuple[str, Claim, bool]] = [
    ("quillon.example", BY_DNS, True),
    ("QUILLON.example", BY_DNS, True),
    ("www.quillon.example", BY_DNS, True),
    ("*.quillon.example", BY_DNS, True),
    ("*.a.quillon.example", BY_MAIL, True),
    ("notquillon.example", BY_DNS, False),
    ("example", BY_DNS, False),
    ("quillon.example", BY_HTTP, True),
    ("www.quillon.example", BY_HTTP, False),
    ("*.quillon.example", BY_HTTP, False),
    ("quillon.example", replace(BY_DNS, expires_at=NOW), False),
    ("quillon.example", replace(BY_DNS, expires_at=0), False),
]


@pytest.mark.parametrize(("name", "claim", "is_covered"), COVERED)
def test_what_a_claim_covers(name: str, claim: Claim, is_covered: bool) -> None:
    expected = {} if is_covered else {name: "no verified claim"}
    assert uncovered(claim, dns_names=[name]) == expected


def test_the_host_of_an_address_is_covered_and_each_name_is_told() -> None:
    assert uncovered(BY_DNS, emails=["ida@quillon.example", "ida@mail.quillon.example"]) == {}
    names = {"dns_names": ["www.quillon.example", "a.example"], "emails": ["ida@b.example"]}
    assert uncovered(BY_DNS, **names) == {
        "a.example": "no verified claim",
        "ida@b.example": "no verified claim",
    }


def test_so_many_requests_at_once_and_then_so_many_a_second() -> None:
    limits, clock = Limits(), Clock()
    behaviour = Behaviour(rate_limit=1, rate_burst=3, retry_after="seconds")
    for _each in range(3):
        limits.take("first", behaviour, clock)
    with pytest.raises(ServiceError) as caught:
        limits.take("first", behaviour, clock)
    assert (caught.value.status, caught.value.description) == (429, "Rate Limit Reached")
    assert caught.value.headers == {"Retry-After": "1"}
    limits.take("second", behaviour, clock)
    limits.take("first", replace(behaviour, rate_limit=0), clock)
    limits.take("first", behaviour, clock)


def test_the_rate_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((0.0, 0.4, 0.6, 1.0, 100.0, 100.0, 100.0))
    monkeypatch.setattr("atlas_simulator.api.limits.time.monotonic", lambda: next(moments))
    limits, behaviour = Limits(), Behaviour(rate_limit=2, rate_burst=2)
    outcomes = []
    for _each in range(7):
        try:
            limits.take("account", replace(behaviour, rate_burst=1 if _each < 4 else 2), Clock())
            outcomes.append("taken")
        except ServiceError:
            outcomes.append("refused")
    # One at once; half a second brings the next; and no more than the burst are ever saved up.
    assert outcomes == ["taken", "refused", "taken", "refused", "taken", "taken", "refused"]


def test_when_to_try_again() -> None:
    clock = Clock()
    clock.set(0)
    assert retry_after(Behaviour(retry_after="none"), clock, 5) == {}
    assert retry_after(Behaviour(retry_after="seconds"), clock, 5) == {"Retry-After": "5"}
    told = retry_after(Behaviour(retry_after="date"), clock, 86400)["Retry-After"]
    assert told.startswith("Fri, 02 Jan 1970 00:00:0")


CAA: list[tuple[list[str], bool, str]] = [
    (['0 issue "globalsign.com"'], False, ""),
    (['0 ISSUE "GlobalSign.com; policy=ev"'], False, ""),
    (['0 issue "other.test"'], False, "forbids"),
    (['0 issue ";"'], True, "forbids"),
    (['0 issue "other.test"', '0 issue "globalsign.com"'], False, ""),
    (['0 issuewild "globalsign.com"', '0 issue "other.test"'], True, ""),
    (['0 issuewild "globalsign.com"', '0 issue "other.test"'], False, "forbids"),
    (['0 issuewild "other.test"', '0 issue "globalsign.com"'], True, "forbids"),
    (['0 issuewild "other.test"'], False, ""),
    (['0 iodef "mailto:a@b.test"'], True, ""),
    (['128 iodef "mailto:a@b.test"'], False, ""),
    (['128 issue "globalsign.com"'], False, ""),
    (['0 later "x"', '0 issue "globalsign.com"'], False, ""),
    (['129 later "x"', '0 issue "globalsign.com"'], False, "later"),
]


@pytest.mark.parametrize(("records", "wildcard", "outcome"), CAA)
def test_what_caa_records_say(records: list[str], wildcard: bool, outcome: str) -> None:
    told = _caa_error("shop.test", records, "globalsign.com", wildcard)
    sentences = {
        "": "",
        "forbids": "the CAA records of shop.test do not name globalsign.com",
        "later": "the CAA record of shop.test has the critical tag later, which is not known",
    }
    assert told == sentences[outcome]


def test_where_a_token_may_be() -> None:
    assert authorization_domains("a.b.shop.test") == ["a.b.shop.test", "b.shop.test", "shop.test"]
    assert authorization_domains("a.shop.co.uk") == ["a.shop.co.uk", "shop.co.uk"]
    assert authorization_domains("shop.test") == ["shop.test"]


@pytest.mark.parametrize(
    ("asked", "is_allowed"),
    [
        ("a.shop.test", True),
        ("shop.test", True),
        ("_acme-challenge.a.shop.test", True),
        ("_x.shop.test", True),
        ("b.shop.test", False),
        ("acme.a.shop.test", False),
        ("_a._b.shop.test", False),
        ("test", False),
        ("_x.test", False),
    ],
)
def test_which_authorization_domains_are_allowed(asked: str, is_allowed: bool) -> None:
    assert allowed_authorization_domain("a.shop.test", asked) is is_allowed


LONG = ".".join(["a" * 63] * 3)
DOMAINS: list[tuple[str, Any]] = [
    ("Shop.Example.", "shop.example"),
    ("a_b.example", "a_b.example"),
    ("192.0.2.1", None),
    ("shop.1e", "shop.1e"),
    ("example", None),
    ("", None),
    (".", None),
    ("a..example", None),
    ("-a.example", None),
    ("a-.example", None),
    ("*.example", None),
    ("a b.example", None),
    (f"{'a' * 63}.example", f"{'a' * 63}.example"),
    (f"{'a' * 64}.example", None),
    (f"{LONG}.{'a' * 61}", f"{LONG}.{'a' * 61}"),
    (f"{LONG}.{'a' * 62}", None),
]


@pytest.mark.parametrize(("text", "domain"), DOMAINS)
def test_what_is_a_domain(text: str, domain: Any) -> None:
    assert normal_domain(text) == domain


TOKEN = "globalsign-domain-verification=0A1B"


@pytest.mark.parametrize(
    ("placed", "is_it"),
    [
        (TOKEN, True),
        ("0A1B", True),
        (f" {TOKEN}\r\n", True),
        ("\t0A1B\n", True),
        ("", False),
        ("globalsign-domain-verification=", False),
        ("0a1b", False),
        (TOKEN.upper(), False),
        (f"{TOKEN}2", False),
        (f"{TOKEN} {TOKEN}", False),
        (f"<p>{TOKEN}</p>", False),
        ("0A1", False),
        ("A1B", False),
        (f"other-domain-verification{TOKEN}", False),
    ],
)
def test_what_is_the_token(placed: str, is_it: bool) -> None:
    assert matches(placed, TOKEN) is is_it
    assert matches(placed, "0A1B") is is_it
