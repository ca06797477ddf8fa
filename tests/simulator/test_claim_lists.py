# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which claims can be made, and lists of them: searched, filtered, in pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from atlas_simulator.names import is_public_domain
from atlas_simulator.verification.search import search_pattern

from .conftest import Simulator, running

DOMAINS = ("test.com", "a.test.com", "a.b.test.com", "another.test.com")
ADDRESSES = ("192.0.2.1", "192.0.2.2", "2001:db8::1")
START = 1_900_000_000


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """One with a claim in each of some hundreds of seconds."""
    with running(tmp_path_factory.mktemp("listed"), "--control", "127.0.0.1:0") as started:
        for number, domain in enumerate(DOMAINS):
            started.control("POST", "/clock", {"set": START + 100 * number})
            started.renew_token()
            started.claim(domain)
        for number, address in enumerate(ADDRESSES):
            started.control("POST", "/clock", {"set": START + 100 * number})
            started.renew_token()
            assert started.send("POST", f"/claims/ipaddresses/{address}").status == 201
        yield started


def names(simulator: Simulator, query: str, kind: str = "domains") -> list[str]:
    """The domains or addresses in a list."""
    answer = simulator.send("GET", f"/claims/{kind}?{query}")
    assert answer.status == 200, answer.document
    member = "domain" if kind == "domains" else "ip_address"
    return [claim[member].rstrip(".") for claim in answer.document]


SEARCHES = {
    "%.test.com": ["a.test.com", "a.b.test.com", "another.test.com"],
    "another.%": ["another.test.com"],
    "ano%.test.com": ["another.test.com"],
    "ano%st.com": [],
    "_.test.com": ["a.test.com"],
    "A.TEST.COM": ["a.test.com"],
    "a.test.com.": ["a.test.com"],
    "%.com": ["test.com", "a.test.com", "a.b.test.com", "another.test.com"],
    "t_st.com": ["test.com"],
    "a._.test.com": ["a.b.test.com"],
    "%.b.%": ["a.b.test.com"],
    "none.com": [],
}


@pytest.mark.parametrize("text", SEARCHES)
def test_claims_are_searched(listed: Simulator, text: str) -> None:
    assert names(listed, f"domain={quote(text)}") == SEARCHES[text]


BAD_SEARCHES = ("%test.com", "another.test%", "_test.com", "test.co_", "%", "_", "%%.com", "a.%_")


@pytest.mark.parametrize("text", BAD_SEARCHES)
def test_a_bad_search_is_refused(listed: Simulator, text: str) -> None:
    answer = listed.send("GET", f"/claims/domains?domain={quote(text)}")
    assert (answer.status, answer.description) == (422, "domain: invalid value")


@pytest.mark.parametrize(
    ("text", "name", "is_found"),
    [
        ("_.a", "b.a", True),
        ("_.a", "bb.a", False),
        ("a._", "a.b", True),
        ("a._", "a.bb", False),
        ("a.%", "a.bb.c", True),
        ("a.%", "a.", False),
        ("%.a", ".a", False),
        ("a%b.c", "ab.c", True),
        ("a.b", "axb", False),
        ("", "a", False),
    ],
)
def test_what_wildcards_stand_for(text: str, name: str, is_found: bool) -> None:
    pattern = search_pattern(text)
    assert pattern is not None
    assert bool(pattern.fullmatch(name)) is is_found


FRAMES: list[tuple[str, slice]] = [
    ("", slice(0, None)),
    (f"from={START}", slice(0, None)),
    (f"from={START + 1}", slice(1, None)),
    (f"from={START + 100}", slice(1, None)),
    (f"to={START + 100}", slice(0, 2)),
    (f"to={START + 99}", slice(0, 1)),
    (f"from={START + 100}&to={START + 199}", slice(1, 2)),
    (f"from={START + 100}&to={START + 100}", slice(1, 2)),
    (f"from={START - 40 * 86400}&to={START - 1}", slice(0, 0)),
    (f"from=0&to={START + 10**9}", slice(0, None)),
]


@pytest.mark.parametrize(("query", "expected"), FRAMES)
def test_claims_are_filtered_by_when_they_were_made(
    listed: Simulator, query: str, expected: slice
) -> None:
    assert names(listed, query) == list(DOMAINS[expected])
    assert names(listed, query, "ipaddresses") == list(ADDRESSES[expected])


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("from=yesterday", "from: invalid value"),
        ("to=-1", "to: invalid value"),
        ("from=2&to=1", "to: invalid value"),
        ("status=pending", "status: invalid value"),
        ("page=0", "page: invalid value"),
        ("per_page=101", "per_page: must be between 1 and 100"),
        ("per_page=0", "per_page: must be between 1 and 100"),
    ],
)
@pytest.mark.parametrize("kind", ["domains", "ipaddresses"])
def test_a_bad_filter_is_refused(listed: Simulator, kind: str, query: str, text: str) -> None:
    answer = listed.send("GET", f"/claims/{kind}?{query}")
    assert (answer.status, answer.description) == (422, text)


def links(*pages: tuple[str, int]) -> str:
    return ", ".join(f'</claims/domains?page={number}>; rel="{rel}"' for rel, number in pages)


PAGES: list[tuple[str, list[str], str]] = [
    ("", list(DOMAINS), links(("last", 1))),
    ("page=1&per_page=3", list(DOMAINS[:3]), links(("next", 2), ("last", 2))),
    ("page=2&per_page=3", list(DOMAINS[3:]), links(("previous", 1), ("last", 2))),
    ("page=2&per_page=1", ["a.test.com"], links(("previous", 1), ("next", 3), ("last", 4))),
    ("page=9&per_page=3", [], links(("previous", 8), ("last", 2))),
    ("per_page=100", list(DOMAINS), links(("last", 1))),
]


@pytest.mark.parametrize(("query", "expected", "told"), PAGES)
def test_claims_come_in_pages(
    listed: Simulator, query: str, expected: list[str], told: str
) -> None:
    answer = listed.send("GET", f"/claims/domains?{query}")
    assert [claim["domain"].rstrip(".") for claim in answer.document] == expected
    assert (answer.headers["Total-Count"], answer.headers["Links"]) == ("4", told)


def test_pages_are_of_what_the_filters_leave(listed: Simulator) -> None:
    query = f"status=PENDING&from={START + 100}&domain=%25.com&page=2&per_page=2"
    answer = listed.send("GET", f"/claims/domains?{query}")
    assert [claim["domain"] for claim in answer.document] == ["another.test.com."]
    assert answer.headers["Total-Count"] == "3"
    assert names(listed, "status=VERIFIED") == []


NO_PUBLIC_DOMAINS = (
    "co.uk",
    "com.au",
    "a_b.example",
    "_dmarc.example",
    "xn--zz.example",
    "www.xn--zz.example",
    "xn--a.example",
    "xn--ls8h.example",
)
PUBLIC_DOMAINS = (
    "shop.co.uk",
    "uk.co",
    "a-b.example",
    "xn--bcher-kva.example",
    "xn--strae-oqa.example",
    "xn--e1afmkfd.xn--p1ai",
)


@pytest.mark.parametrize("domain", NO_PUBLIC_DOMAINS)
def test_what_is_no_public_domain_is_not_claimed(listed: Simulator, domain: str) -> None:
    answer = listed.send("POST", f"/claims/domains/{domain}")
    assert (answer.status, answer.description) == (422, "Risk scoring validation failure")
    assert not is_public_domain(domain)


@pytest.mark.parametrize("domain", PUBLIC_DOMAINS)
def test_what_is_a_public_domain_is_claimed(listed: Simulator, domain: str) -> None:
    claim_id, _token = listed.claim(domain)
    listed.send("DELETE", f"/claims/domains/{claim_id}")
    assert is_public_domain(domain)


@pytest.fixture
def changed(listed: Simulator) -> Iterator[Any]:
    """Changes settings until the end of a test."""
    before = listed.control("GET", "/settings")
    yield lambda **settings: listed.control("POST", "/settings", settings)
    listed.control("POST", "/settings", before)


def test_any_domain_can_be_let_in(listed: Simulator, changed: Any) -> None:
    changed(claim_names="any")
    for domain in NO_PUBLIC_DOMAINS:
        claim_id, _token = listed.claim(domain)
        listed.send("DELETE", f"/claims/domains/{claim_id}")
    assert listed.send("POST", "/claims/domains/11111111").status == 422


def test_addresses_may_not_be_claimable(listed: Simulator, changed: Any) -> None:
    (claim, *_others) = listed.send("GET", "/claims/ipaddresses").document
    path = f"/claims/ipaddresses/{claim['id']}"
    changed(ip_claims=False)
    for method, asked in (
        ("GET", "/claims/ipaddresses"),
        ("GET", "/claims/ipaddresses/"),
        ("POST", "/claims/ipaddresses/192.0.2.9"),
        ("GET", path),
        ("DELETE", path),
        ("POST", f"{path}/http"),
        ("POST", f"{path}/reassert"),
    ):
        answer = listed.send(method, asked)
        assert (answer.status, answer.description) == (404, "Not Found")
    assert names(listed, "") == list(DOMAINS)
    changed(ip_claims=True)
    assert listed.send("GET", path).document == claim
