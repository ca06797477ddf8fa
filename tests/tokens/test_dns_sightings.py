# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""domain_token_info with method dns, against Knot and Unbound."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from .conftest import Run
from .servers import OTHER, SECONDARY, NameServers

TOKEN = "globalsign-domain-verification=0E87AF4B5F7C974C197078B6636933B7"
UNSIGNED: dict[str, Any] = {"tsig_name": None, "tsig_key": None}


def problems(result: dict[str, Any]) -> list[str]:
    return [sighting["problem"] for sighting in result["sightings"]]


def test_where_it_belongs_before_it_is_there(look: Run, servers: NameServers) -> None:
    told = look("shop.test", TOKEN, authorization_domain="_new.shop.test")
    assert told == {
        "changed": False,
        "visible": False,
        "record": {"name": "_new.shop.test", "zone": "shop.test", "relative_name": "_new"},
        "sightings": [
            {
                "at": f"ns{number}.shop.test (127.0.0.{number} port {servers.port})",
                "found": [],
                "problem": "knows no name _new.shop.test (NXDOMAIN)",
                "visible": False,
            }
            for number in (1, 2)
        ],
    }


def test_others_are_told_and_strings_are_joined(look: Run) -> None:
    told = look("*.Shop.test", TOKEN)
    assert told["record"] == {"name": "shop.test", "zone": "shop.test", "relative_name": "@"}
    assert [one["found"] for one in told["sightings"]] == [["another text", "v=spf1 -all"]] * 2
    assert problems(told) == ["has other TXT records at shop.test, and not this one"] * 2
    assert look("shop.test", "another text")["visible"]
    assert problems(look("www.shop.test", TOKEN)) == ["has no TXT record at www.shop.test"] * 2


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("_acme-challenge.www.shop.test", ("www.acme.test", "acme.test", "www")),
        ("_alias.shop.test", ("_end.sub.shop.test", "sub.shop.test", "_end")),
        ("_atlas.dname.shop.test", ("_atlas.acme.test", "acme.test", "_atlas")),
        ("_atlas.sub.shop.test", ("_atlas.sub.shop.test", "sub.shop.test", "_atlas")),
        ("_atlas.Bücher.shop.test", ("_atlas.xn--bcher-kva.shop.test", "shop.test", None)),
        ("a.b._c.d.shop.test", ("a.b._c.d.shop.test", "shop.test", "a.b._c.d")),
        ("_x.wild.shop.test", ("_x.wild.shop.test", "shop.test", "_x.wild")),
    ],
)
def test_aliases_and_zones_below(look: Run, name: str, record: tuple[str, str, str | None]) -> None:
    told = look("shop.test", TOKEN, authorization_domain=name)["record"]
    assert (told["name"], told["zone"]) == record[:2]
    assert told["relative_name"] == record[2] or record[2] is None


def test_it_waits_for_a_server_that_follows_late(
    record: Run, look: Run, servers: NameServers
) -> None:
    record("_late.shop.test", TOKEN)
    at_once = look("shop.test", TOKEN, authorization_domain="_late.shop.test")
    assert [one["visible"] for one in at_once["sightings"]] == [True, False]
    assert not at_once["visible"]
    follow = threading.Timer(0.1, servers.have_secondary_follow)
    follow.start()
    waited = look("shop.test", TOKEN, authorization_domain="_late.shop.test", timeout=300)
    follow.join()
    assert waited["visible"]
    assert "failed" not in waited


def test_it_waits_for_a_record_that_is_placed_meanwhile(record: Run, look: Run) -> None:
    place = threading.Timer(0.1, lambda: record("_later.apart.test", TOKEN, **UNSIGNED))
    record("_later.apart.test", TOKEN, server=SECONDARY, **UNSIGNED)
    place.start()
    waited = look("apart.test", TOKEN, authorization_domain="_later.apart.test", timeout=300)
    place.join()
    assert waited["visible"]


def test_a_zone_that_is_delegated_to_another_server(
    record: Run, look: Run, servers: NameServers, unbound: str
) -> None:
    name, recursive = "_atlas.later.other.shop.test", {"resolvers": [unbound]}
    told = look("shop.test", TOKEN, authorization_domain=name, **recursive)
    assert told["record"] == {
        "name": name,
        "zone": "other.shop.test",
        "relative_name": "_atlas.later",
    }
    assert [one["at"] for one in told["sightings"]] == [
        f"ns3.other.shop.test ({OTHER} port {servers.port})"
    ]
    added = record(name, TOKEN, **recursive, **UNSIGNED)
    assert (added["zone"], added["server"]) == ("other.shop.test", "ns3.other.shop.test")
    assert servers.texts(name, OTHER) == [TOKEN]
    assert look("shop.test", TOKEN, authorization_domain=name, **recursive)["visible"]


def test_one_server_of_two_is_not_enough(record: Run, look: Run, servers: NameServers) -> None:
    record("_half.apart.test", "stale", server=SECONDARY, **UNSIGNED)
    record("_half.apart.test", TOKEN, **UNSIGNED)
    told = look("apart.test", TOKEN, authorization_domain="_half.apart.test", timeout=1)
    assert told["failed"]
    assert not told["visible"]
    assert told["msg"] == (
        f"Within 1 seconds the TXT record _half.apart.test with the text '{TOKEN}' was not seen at"
        f" 1 of 2 places: ns2.apart.test (127.0.0.2 port {servers.port}) has other TXT records at"
        " _half.apart.test, and not this one (found: 'stale'). Check that it was placed there, and"
        " give timeout more seconds if it only takes longer."
    )


def test_a_lame_server_counts_and_is_told(look: Run) -> None:
    told = look("lame.test", TOKEN)
    assert problems(told)[1] == "does not serve the zone lame.test to this controller (REFUSED)"


def test_another_address_of_the_same_server_is_enough(look: Run) -> None:
    told = look("deaf.test", "seen", timeout=1)
    assert told["visible"]
    assert [one["visible"] for one in told["sightings"]] == [True, False]
    assert problems(told)[1].startswith(("refused the connection", "was not reached"))


def test_a_server_without_an_address_is_warned_about(look: Run) -> None:
    told = look("mute.test", "seen")
    assert told["visible"]
    (warning,) = told["warnings"]
    assert "mute.test has the name server ns9.mute.test, which has no address" in warning


def test_resolvers_are_asked_for_the_name_itself(look: Run, servers: NameServers) -> None:
    there = look("shop.test", "another text", servers="resolvers")
    assert there["visible"]
    assert [one["at"] for one in there["sightings"]] == [f"127.0.0.1 port {servers.port}"]
    name = "_acme-challenge.www.shop.test"
    told = look("shop.test", TOKEN, authorization_domain=name, servers="resolvers")
    assert "www.acme.test" in problems(told)[0]
    nobody = {"resolvers": [servers.resolver, "127.0.0.9:9"]}
    told = look("shop.test", "another text", servers="resolvers", **nobody)
    assert [one["visible"] for one in told["sightings"]] == [True, False]


def test_resolvers_do_where_the_servers_cannot_be_reached(look: Run) -> None:
    name = "_alias.shop.test"
    told = look("shop.test", TOKEN, authorization_domain=name, servers="resolvers", dns_port=9)
    assert told["record"]["name"] == "_end.sub.shop.test"
    assert told["record"]["zone"] == "sub.shop.test"


@pytest.mark.parametrize(
    ("domain", "allowed"),
    [
        ("caa.test", "letsencrypt.org"),
        ("www.caa.test", "letsencrypt.org"),
        ("nobody.caa.test", "nobody"),
        ("*.wild.caa.test", "letsencrypt.org"),
        ("*.caa.test", "letsencrypt.org"),
    ],
)
def test_caa_that_forbids(look: Run, domain: str, allowed: str) -> None:
    (warning,) = look(domain, TOKEN)["warnings"]
    at = {"www.caa.test": "caa.test"}.get(domain, domain.removeprefix("*."))
    assert warning.startswith(
        f"The CAA records at {at} forbid GlobalSign to issue for {domain}: they allow {allowed}."
    )


@pytest.mark.parametrize(
    "domain",
    ["ours.caa.test", "*.ours.caa.test", "wild.caa.test", "alias.caa.test", "contact.caa.test"],
)
def test_caa_that_allows(look: Run, domain: str) -> None:
    assert "warnings" not in look(domain, TOKEN)


def test_broken_dnssec(look: Run, unbound: str) -> None:
    told = look("signed.test", TOKEN, resolvers=[unbound])
    assert told["record"]["zone"] == "signed.test"
    (warning,) = told["warnings"]
    assert (
        f"DNSSEC of signed.test is broken: the resolver {unbound.replace(':', ' port ')}" in warning
    )
    sound = look("unsigned.test", "there", resolvers=[unbound])
    assert sound["visible"]
    assert "warnings" not in sound
    for asked, problem in (("signed.test", "answered SERVFAIL"), ("unsigned.test", "")):
        told = look(asked, "there", resolvers=[unbound], servers="resolvers")
        assert problems(told) == [problem]


def test_a_recursive_resolver_finds_aliases_and_zones(look: Run, unbound: str) -> None:
    told = look(
        "unsigned.test", TOKEN, authorization_domain="_new.unsigned.test", resolvers=[unbound]
    )
    assert told["record"]["name"] == "_new.unsigned.test"
    # It was not asked for the new name, and so does not keep in mind that it is not there.
    assert not told["visible"]


FAILURES = {
    "an IP address": ({"domain": "192.0.2.1"}, "domain: 192.0.2.1 is an IP address"),
    "addresses": ({"addresses": ["192.0.2.1"]}, "addresses: it has no meaning with method: dns"),
    "a port of HTTP": ({"http_port": 80}, "http_port: it has no meaning with method: dns"),
    "no token": ({"token": ""}, "token: it is empty"),
    "a timeout": ({"timeout": -1}, "timeout: -1 is out of range"),
    "a port": ({"dns_port": 0}, "dns_port: 0 is out of range"),
    "a domain": ({"domain": "no domain"}, "domain: 'no domain' is not a DNS name"),
    "no server": ({"domain": "void.test"}, "The name servers of void.test were not found: its NS"),
    "no zone": ({"domain": "elsewhere.invalid"}, "The SOA record of elsewhere.invalid could not"),
    "a loop": ({"authorization_domain": "_loop.shop.test"}, "lead nowhere"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_each_failure_says_what_where_and_why(case: str, look: Run) -> None:
    options, text = FAILURES[case]
    given = {"domain": "shop.test", "token": TOKEN, **options}
    result = look(given.pop("domain"), given.pop("token"), **given)
    assert result["failed"]
    assert text in result["msg"]
    assert "exception" not in result
