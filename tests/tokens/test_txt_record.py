# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dns_txt_record against Knot."""

from __future__ import annotations

import base64

import pytest

from .conftest import Run
from .servers import OTHER, SECONDARY, SECRETS, NameServers

TOKEN = "globalsign-domain-verification=0E87AF4B5F7C974C197078B6636933B7"


def test_one_record_beside_others_and_only_that(record: Run, servers: NameServers) -> None:
    others = servers.texts("shop.test")
    assert others == ["another text", "v=spf1 -all"]
    added = record("Shop.test.", TOKEN)
    assert added == {
        "changed": True,
        "name": "shop.test",
        "zone": "shop.test",
        "server": "ns1.shop.test",
        "texts": ["another text", TOKEN, "v=spf1 -all"],
        "diff": {
            "before_header": "TXT records of shop.test",
            "after_header": "TXT records of shop.test",
            "before": "another text\nv=spf1 -all\n",
            "after": f"another text\n{TOKEN}\nv=spf1 -all\n",
        },
    }
    assert servers.texts("shop.test") == added["texts"]
    again = record("shop.test", TOKEN)
    assert (again["changed"], again["texts"]) == (False, added["texts"])
    removed = record("shop.test", TOKEN, state="absent")
    assert (removed["changed"], removed["texts"]) == (True, others)
    assert servers.texts("shop.test") == others
    assert not record("shop.test", TOKEN, state="absent")["changed"]


def test_the_ttl_is_ours_alone_or_that_of_the_others(record: Run, servers: NameServers) -> None:
    record("_ttl.shop.test", "one", ttl=7)
    assert servers.records("_ttl.shop.test") == [("one", 7)]
    record("_ttl.shop.test", "two", ttl=9)
    assert sorted(servers.records("_ttl.shop.test")) == [("one", 7), ("two", 7)]


def test_check_mode_tells_and_changes_nothing(record: Run, servers: NameServers) -> None:
    told = record("_check.shop.test", TOKEN, check_mode=True)
    assert (told["changed"], told["texts"]) == (True, [TOKEN])
    assert servers.texts("_check.shop.test") == []
    record("_check.shop.test", TOKEN)
    told = record("_check.shop.test", TOKEN, check_mode=True, state="absent")
    assert (told["changed"], told["texts"]) == (True, [])
    assert servers.texts("_check.shop.test") == [TOKEN]


def test_udp_carries_it_and_a_large_set_comes_over_tcp(record: Run, servers: NameServers) -> None:
    long = [f"{number} " + "x" * 600 for number in range(4)]
    for text in long:
        assert record("_large.shop.test", text, protocol="udp")["changed"]
    again = record("_large.shop.test", long[1], protocol="udp")
    assert (again["changed"], again["texts"]) == (False, sorted(long))
    assert servers.texts("_large.shop.test") == sorted(long)
    assert record("_large.shop.test", long[1], state="absent", protocol="udp")["changed"]
    assert servers.texts("_large.shop.test") == sorted({*long} - {long[1]})


def test_a_text_that_is_split_otherwise_is_the_same(record: Run) -> None:
    told = record("shop.test", "another text", check_mode=True)
    assert not told["changed"]
    told = record("shop.test", "another text", check_mode=True, state="absent")
    assert told["texts"] == ["v=spf1 -all"]


def test_letters_outside_of_ascii(record: Run, servers: NameServers) -> None:
    added = record("_atlas.Bücher.shop.test", "ü")
    assert added["name"] == "_atlas.xn--bcher-kva.shop.test"
    assert servers.texts("_atlas.xn--bcher-kva.shop.test") == ["ü"]


def test_an_alias_is_followed_into_a_zone_with_its_own_key(
    record: Run, servers: NameServers
) -> None:
    key = {"tsig_name": "acme-key", "tsig_key": SECRETS["acme-key"]}
    added = record("_acme-challenge.www.shop.test", TOKEN, **key)
    assert (added["name"], added["zone"]) == ("www.acme.test", "acme.test")
    assert added["server"] == "ns1.shop.test"
    assert servers.texts("www.acme.test") == [TOKEN]
    assert record("_acme-challenge.www.shop.test", TOKEN, state="absent", **key)["changed"]
    assert servers.texts("www.acme.test") == []
    below = record("_atlas.dname.shop.test", TOKEN, check_mode=True, **key)
    assert (below["name"], below["zone"]) == ("_atlas.acme.test", "acme.test")


def test_several_aliases_lead_into_a_zone_below_on_the_same_server(record: Run) -> None:
    told = record("_alias.shop.test", TOKEN, check_mode=True)
    assert (told["name"], told["zone"]) == ("_end.sub.shop.test", "sub.shop.test")


def test_nothing_is_looked_up_with_zone_and_server(record: Run, servers: NameServers) -> None:
    nobody = {"resolvers": ["127.0.0.9:1"]}
    told = record("_direct.shop.test", TOKEN, zone="shop.test", server="127.0.0.1", **nobody)
    assert (told["changed"], told["server"]) == (True, "127.0.0.1")
    assert servers.texts("_direct.shop.test") == [TOKEN]


def test_a_server_by_name(record: Run) -> None:
    told = record("_named.shop.test", TOKEN, server="ns1.shop.test", check_mode=True)
    assert (told["changed"], told["server"]) == (True, "ns1.shop.test")


def test_unsigned_where_that_is_allowed(record: Run, servers: NameServers) -> None:
    unsigned = {"tsig_name": None, "tsig_key": None}
    told = record("_atlas.other.shop.test", TOKEN, server=OTHER, zone="other.shop.test", **unsigned)
    assert told["changed"]
    assert servers.texts("_atlas.other.shop.test", OTHER) == [TOKEN]


SHOP = "shop.test"
WRONG = base64.b64encode(b"another secret altogether").decode()
FAILURES = {
    "the key may not update the zone": (
        {"tsig_name": "reader-key", "tsig_key": SECRETS["reader-key"]},
        "The TXT records of _atlas.shop.test in the zone shop.test could not be read, so nothing"
        " was changed: ns1.shop.test (127.0.0.1 port {port}) does not know the key, or not for",
    ),
    "no key": (
        {"tsig_name": None, "tsig_key": None},
        "The update of the TXT record _atlas.shop.test in the zone shop.test failed: ns1.shop.test"
        " (127.0.0.1 port {port}) answered NOTAUTH; it is no primary server of this zone, or does"
        " not allow updates with no key.",
    ),
    "an unknown key": (
        {"tsig_name": "no-such-key"},
        "does not know the key, or not for this zone (TSIG error BADKEY); check tsig_name",
    ),
    "another secret": ({"tsig_key": WRONG}, "found the signature wrong (TSIG error BADSIG)"),
    "another algorithm": ({"tsig_algorithm": "hmac-sha512"}, "TSIG error BAD"),
    "not base64": ({"tsig_key": "no base64 at all!"}, "tsig_key: it is not base64"),
    "a secret alone": (
        {"tsig_name": None},
        "parameters are required together: tsig_name, tsig_key",
    ),
    "a name that is none": ({"tsig_name": "a..b"}, "tsig_name: 'a..b' is not the name of a key"),
    "another zone": (
        {"zone": "acme.test"},
        "zone: _atlas.shop.test is not in the zone acme.test; it is in shop.test.",
    ),
    "no zone": (
        {"zone": "www.shop.test"},
        "zone: www.shop.test is not a zone, shop.test is the nearest above it",
    ),
    "a zone above": (
        {"name": "_atlas.sub.shop.test", "zone": "shop.test"},
        "zone: _atlas.sub.shop.test does not belong to shop.test but to sub.shop.test",
    ),
    "a zone above whose delegation leads elsewhere": (
        {"name": "_atlas.other.shop.test", "zone": "shop.test", "server": "127.0.0.1"},
        "shop.test delegates other.shop.test to servers of its own",
    ),
    "a server without the zone": (
        {"server": SECONDARY, "zone": "acme.test", "name": "_atlas.acme.test"},
        "127.0.0.2 port {port} does not serve the zone acme.test to this controller (REFUSED)",
    ),
    "a secondary server that does not know the key": (
        {"server": "127.0.0.2"},
        "127.0.0.2 port {port} does not know the key",
    ),
    "a secondary server": (
        {"server": "127.0.0.2", "tsig_name": None, "tsig_key": None},
        "127.0.0.2 port {port} answered NOTAUTH; it is no primary server of this zone",
    ),
    "nobody there": (
        {"server": "127.0.0.9"},
        "127.0.0.9 was not to be had on port {port}: 127.0.0.9 refused the connection, so no DNS",
    ),
    "a server that has no address": (
        {"server": "nowhere.invalid"},
        "server: the address of nowhere.invalid was not found on the controller",
    ),
    "no resolver": (
        {"resolvers": ["127.0.0.9:1"]},
        "The SOA record of shop.test could not be looked up: 127.0.0.9 port 1 refused",
    ),
    "a resolver that is none": (
        {"resolvers": ["::1:a b"]},
        "resolvers: '::1:a b' is not a resolver",
    ),
    "an unknown domain": (
        {"name": "_atlas.elsewhere.invalid"},
        "The SOA record of elsewhere.invalid could not be looked up: 127.0.0.1 port {port} answered"
        " REFUSED",
    ),
    "a loop of aliases": (
        {"name": "_loop.shop.test"},
        "The CNAME records of _loop.shop.test lead nowhere: _loop.shop.test -> _loop2.shop.test ->"
        " _loop.shop.test",
    ),
    "an alias to nowhere": ({"name": "_far.shop.test"}, "The SOA record of elsewhere.invalid"),
    "a lame delegation": (
        {"name": "_atlas.broken.shop.test"},
        "shop.test delegates broken.shop.test to servers of its own, but no SOA record of",
    ),
    "a primary without an address": (
        {"name": "_atlas.void.test"},
        "ns9.void.test has no address that the resolvers 127.0.0.1 port {port} would tell (the SOA",
    ),
    "no text": ({"value": ""}, "value: it is empty"),
    "a TTL": ({"ttl": -1}, "ttl: -1 is out of range; give a number from 0 to 2147483647 seconds."),
    "a port": ({"port": 65536}, "port: 65536 is out of range; give a number from 1 to 65535."),
    "a timeout": ({"timeout": 0}, "timeout: 0 is out of range"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_each_failure_says_what_where_and_why(case: str, record: Run, servers: NameServers) -> None:
    options, text = FAILURES[case]
    given = {"name": "_atlas.shop.test", "value": TOKEN, **options}
    result = record(given.pop("name"), given.pop("value"), **given)
    assert result["failed"]
    assert text.format(port=servers.port) in result["msg"]
    assert "exception" not in result
    assert servers.texts("_atlas.shop.test") == []
    assert WRONG not in str(result)
