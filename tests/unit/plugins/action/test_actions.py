# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each action makes of its options before anything is asked or changed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("ansible.plugins.action")

from ansible_collections.globalsign.atlas.plugins.action import (
    atlas_certificate,
    atlas_domain_claim,
    atlas_info,
    atlas_trustchain,
    dns_txt_record,
    domain_token_info,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.claim import Claim
from ansible_collections.globalsign.atlas.plugins.module_utils.domains import keeper
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.wish import ClaimWish
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens import sight, watch
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.watch import Sighting

Make = Any
record_module = watch.__name__.replace("watch", "record")
SIGHTINGS = [Sighting("one", ("token",), ""), Sighting("two", (), "is silent")]

NOW = 1_800_000_000
CONTROLLER_ONLY = (
    atlas_domain_claim,
    atlas_info,
    atlas_trustchain,
    dns_txt_record,
    domain_token_info,
)


def test_only_certificates_need_a_connection_to_the_host() -> None:
    assert [file.ActionModule._requires_connection for file in CONTROLLER_ONLY] == [False] * 5
    assert atlas_certificate.ActionModule._requires_connection is True


def with_client(action: Any, client: Any) -> Any:
    """Has an action speak to a client of the test; `opened` counts how often."""
    action.opened = 0

    @contextmanager
    def open_client(options: Any) -> Any:
        action.opened += 1
        yield client

    action.open_client = open_client
    return action


# atlas_trustchain and atlas_info


def test_the_chain_is_told_apart(make: Make, hierarchy: Any) -> None:
    client = SimpleNamespace(trust_chain=lambda: hierarchy.chain)
    told = with_client(make(atlas_trustchain), client).run(task_vars={})
    assert told == {
        "changed": False,
        "certificates": hierarchy.chain,
        "chain": hierarchy.chain[0],
        "root": hierarchy.chain[1],
    }


POLICY: dict[str, Any] = {"validity": {"secondsmin": 1, "secondsmax": 2}}


@pytest.mark.parametrize(
    ("subset", "told"),
    [
        (None, {"policy", "policy_table", "quota"}),
        (["policy"], {"policy", "policy_table"}),
        (["quota"], {"quota"}),
        (["claims"], {"claims", "coverage", "claims_table"}),
        ([], set()),
    ],
)
def test_just_what_was_asked_for_is_fetched(make: Make, subset: Any, told: set[str]) -> None:
    asked: list[str] = []

    def answer(name: str, value: Any) -> Any:
        return lambda *_arguments: asked.append(name) or value

    client = SimpleNamespace(
        validation_policy=answer("policy", POLICY),
        quota=answer("quota", 7),
        claims=answer("claims", []),
        address_claims=list,
        service_time=lambda: NOW,
    )
    arguments = {} if subset is None else {"gather_subset": subset}
    result = with_client(make(atlas_info, **arguments), client).run(task_vars={})
    assert result.pop("changed") is False
    assert {*result} == told, result
    assert {*asked} == {"policy", "quota", "claims"} & told
    if "quota" in told:
        assert result["quota"] == 7
    if "policy" in told:
        assert result["policy"] == POLICY
        assert result["policy_table"]


def test_names_are_looked_up_once_each_and_shown_above_the_claims(make: Make) -> None:
    claimed = Claim("01" * 16, "b.example", "PENDING", NOW, None, None, None, None, ())
    address = replace(claimed, domain="192.0.2.1")
    client = SimpleNamespace(
        claims=lambda: [claimed], address_claims=lambda: [address], service_time=lambda: NOW
    )
    names = ["b.example", "a.example", "B.example."]
    action = make(atlas_info, gather_subset=["claims"], names=names)
    told = with_client(action, client).run(task_vars={})
    assert [one["name"] for one in told["coverage"]] == ["b.example", "a.example"]
    assert [one["domain"] for one in told["claims"]] == ["192.0.2.1", "b.example"]
    begins = ["Name", "b.example", "a.example", "", "Domain", "192.0.2.1", "b.example"]
    assert [line.split("  ")[0] for line in told["claims_table"]] == begins
    without = with_client(make(atlas_info, gather_subset=["claims"]), client).run(task_vars={})
    assert [line.split("  ")[0] for line in without["claims_table"]] == begins[4:]


# atlas_domain_claim


class Keeper:
    """In place of a ClaimKeeper: how it was made, and what it was asked for."""

    made: tuple[Any, ...] = ()
    asked: list[Any]

    def __init__(self, *arguments: Any) -> None:
        Keeper.made = arguments
        Keeper.asked = []

    def present(self, names: list[str]) -> list[Any]:
        Keeper.asked.append(("present", names))
        return []

    def absent(self, names: list[str]) -> list[Any]:
        Keeper.asked.append(("absent", names))
        return []

    def verified(self, names: list[str], timeout: int) -> list[Any]:
        Keeper.asked.append(("verified", names, timeout))
        return []


CLIENT = SimpleNamespace(claim_board="the board")


@pytest.fixture
def claim(make: Make, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(keeper, "ClaimKeeper", Keeper)
    Keeper.made, Keeper.asked = (), []

    def run(task_vars: Any = None, check_mode: bool = False, **arguments: Any) -> dict[str, Any]:
        action = with_client(make(atlas_domain_claim, check_mode, **arguments), CLIENT)
        result: dict[str, Any] = action.run(task_vars=task_vars or {})
        result["opened"] = action.opened
        return result

    return run


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({"domain": "Shop.example."}, ("present", ["shop.example"])),
        ({"domain": "shop.example", "state": "absent"}, ("absent", ["shop.example"])),
        (
            {"domains": ["b.example", "a.example", "B.example."], "state": "verified"},
            ("verified", ["b.example", "a.example"], 300),
        ),
        (
            {
                "domain": "*.a.example",
                "state": "verified",
                "timeout": 0,
                "authorization_domain": "_acme-challenge",
            },
            ("verified", ["*.a.example"], 0),
        ),
    ],
)
def test_each_state_and_each_name_once(claim: Any, options: Any, asked: Any) -> None:
    result = claim(**options)
    assert "failed" not in result, result
    assert Keeper.asked == [asked]
    assert result["opened"] == 1
    assert Keeper.made[2:] == ("the board", "", (), False)


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_keeper_knows_the_hosts_and_the_wish(claim: Any, check_mode: bool) -> None:
    claim(
        task_vars={"inventory_hostname": "web1", "ansible_play_batch": ["web1", "web2"]},
        check_mode=check_mode,
        domain="shop.example",
        method="email",
        renew_before="30d",
        own_claim=True,
        authorization_domain=" _acme.shop.example ",
        email_address=" hostmaster ",
    )
    _book, wish, *others = Keeper.made
    assert others == ["the board", "web1", ["web1", "web2"], check_mode]
    assert isinstance(wish, ClaimWish)
    assert (wish.method, wish.own_claim, wish.authorization_domain, wish.email_address) == (
        "email",
        True,
        "_acme.shop.example",
        "hostmaster",
    )


def test_no_names_need_no_client(claim: Any) -> None:
    assert claim(domains=[]) == {"changed": False, "claims": [], "opened": 0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"domain": "a.example", "timeout": -1}, "timeout: -1 is negative; give 0 or more secon"),
        ({"domains": ["a b"]}, "domains: 'a b' is not a DNS name"),
        ({"domain": "a b"}, "domain: 'a b' is not a DNS name"),
        ({"domain": "a.example", "authorization_domain": "b.test"}, "authorization_domain: "),
        (
            {"domains": ["a.b.test", "a.example"], "authorization_domain": "b.test"},
            "authorization_domain: b.test is neither a.example nor a parent of it",
        ),
        ({}, "one of the following is required: domain, domains"),
        ({"domain": "a.example", "domains": ["b.example"]}, "mutually exclusive: domain|domains"),
    ],
)
def test_what_makes_no_sense_is_refused_before_a_login(
    claim: Any, options: Any, message: str
) -> None:
    result = claim(**options)
    assert result["failed"]
    assert message in result["msg"]
    assert result["opened"] == 0


def play(strategy: str) -> Any:
    """A task that stands in a block of a play."""
    block = SimpleNamespace(_play=SimpleNamespace(strategy=strategy))
    return SimpleNamespace(_parent=block)


@pytest.mark.parametrize(
    ("strategy", "hosts", "play_wide", "is_refused"),
    [
        ("free", 2, True, True),
        ("ansible.builtin.free", 2, True, True),
        ("host_pinned", 3, True, True),
        ("free", 1, True, False),
        ("free", 2, False, False),
        ("linear", 2, True, False),
        ("ansible.builtin.linear", 2, True, False),
    ],
)
def test_hosts_that_prove_together_go_in_step(
    make: Make, strategy: str, hosts: int, play_wide: bool, is_refused: bool
) -> None:
    action = with_client(make(atlas_domain_claim, domains=[], play_wide=play_wide), CLIENT)
    action._task._parent = play(strategy)
    result = action.run(task_vars={"ansible_play_hosts_all": [str(each) for each in range(hosts)]})
    assert bool(result.get("failed")) is is_refused
    if is_refused:
        name = strategy.rpartition(".")[2]
        assert result["msg"] == (
            f"play_wide: the strategy of this play is {name}, and its {hosts} hosts have to prove"
            " their domains in step; use the strategy linear, or a play of its own for one host."
        )


# dns_txt_record and domain_token_info

RECORD = {"value": "token", "port": 53, "ttl": 60, "timeout": 10}


@pytest.mark.parametrize(
    ("option", "least", "most"),
    [("port", 1, 65535), ("ttl", 0, 2**31 - 1), ("timeout", 1, 3600)],
)
def test_the_bounds_of_a_record(option: str, least: int, most: int) -> None:
    for value in (least, most):
        dns_txt_record._check({**RECORD, option: value})
    for value in (least - 1, most + 1):
        with pytest.raises(AtlasError, match=rf"^{option}: {value} is out of range; give a number"):
            dns_txt_record._check({**RECORD, option: value})


def test_the_length_of_a_value_is_that_of_its_octets() -> None:
    for value in ("x", "ü" * 16384):
        dns_txt_record._check({**RECORD, "value": value})
    for value in ("", "ü" * 16384 + "x"):
        with pytest.raises(AtlasError, match=r"^value: it is empty or longer than 32768 octets"):
            dns_txt_record._check({**RECORD, "value": value})


@pytest.mark.parametrize(
    ("server", "host"), [(None, None), ("", None), (" ns1.example. ", "ns1.example")]
)
def test_the_server_of_the_option(server: Any, host: Any) -> None:
    assert dns_txt_record._host(server) == host


TOKEN: dict[str, Any] = {
    "domain": "shop.example",
    "method": "dns",
    "token": "token",
    "authorization_domain": None,
    "servers": "authoritative",
    "dns_port": 53,
    "http_port": None,
    "addresses": None,
    "timeout": 0,
}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"servers": "resolvers", "authorization_domain": "_a.shop.example", "dns_port": 5353},
        {"domain": "*.shop.example"},
        {"method": "https", "http_port": 1, "addresses": ["192.0.2.1"]},
        {"method": "http", "domain": "192.0.2.1", "http_port": 65535},
        {"timeout": 86400},
    ],
)
def test_what_makes_sense(options: dict[str, Any]) -> None:
    domain_token_info._check({**TOKEN, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"addresses": ["192.0.2.1"]}, "addresses: it has no meaning with method: dns; leave it"),
        ({"http_port": 80}, "http_port: it has no meaning with method: dns"),
        (
            {"method": "http", "authorization_domain": "_a"},
            "authorization_domain: it has no meaning with method: http",
        ),
        ({"method": "http", "servers": "resolvers"}, "servers: it has no meaning with method: ht"),
        ({"method": "https", "dns_port": 54}, "dns_port: it has no meaning with method: https"),
        ({"token": ""}, "token: it is empty"),
        ({"domain": "192.0.2.1"}, "domain: 192.0.2.1 is an IP address, which has no TXT record"),
        (
            {"domain": " *.shop.example", "method": "https"},
            "cannot be proven with method: https, which covers one name and no wildcard",
        ),
        ({"dns_port": 0}, "dns_port: 0 is out of range"),
        ({"method": "http", "http_port": 65536}, "http_port: 65536 is out of range"),
        ({"timeout": -1}, "timeout: -1 is out of range; give a number from 0 to 86400 seconds."),
        ({"timeout": 86401}, "timeout: 86401 is out of range"),
    ],
)
def test_what_makes_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(AtlasError) as refused:
        domain_token_info._check({**TOKEN, **options})
    assert message in refused.value.message


def test_a_name_that_is_none_is_told_with_its_option(make: Make) -> None:
    client = SimpleNamespace(claims=list, address_claims=list, service_time=lambda: NOW)
    action = make(atlas_info, gather_subset=["claims"], names=["a b"])
    told = with_client(action, client).run(task_vars={})
    assert told["msg"].startswith("names: 'a b' is not a DNS name")


def test_where_the_hosts_of_the_play_are_not_known_they_are_in_step(make: Make) -> None:
    action = with_client(make(atlas_domain_claim, domains=[], play_wide=True), CLIENT)
    action._task._parent = play("free")
    assert action.run(task_vars={}) == {"changed": False, "claims": []}


def test_each_option_of_a_record_reaches_its_place(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = pytest.importorskip(record_module)
    seen: list[Any] = []

    def keep(wanted: Any, primary: Any, resolvers: Any, check_mode: bool) -> Any:
        seen.append((wanted, primary, resolvers, check_mode))
        return record.Outcome(True, "example", "ns1", "a.example", ("old",), ("new", "old"))

    monkeypatch.setattr(record, "keep", keep)
    given = {"name": "A.example.", "value": "new", "state": "absent", "ttl": 7, "zone": "Example."}
    server = {"server": "ns1.", "port": 54, "protocol": "udp", "timeout": 9}
    action = make(dns_txt_record, True, **given, **server, resolvers=["192.0.2.53"])
    told = {"changed": True, "name": "a.example", "server": "ns1", "texts": ["new", "old"]}
    assert action.run(task_vars={}) == {**told, "zone": "example"}
    ((wanted, primary, resolvers, check_mode),) = seen
    assert (wanted.name.to_text(), wanted.zone.to_text()) == ("a.example.", "example.")
    assert (wanted.value, wanted.present, wanted.ttl, check_mode) == ("new", False, 7, True)
    assert (primary.host, primary.port, primary.key, primary.seconds, primary.over_tcp) == (
        *("ns1", 54, None),
        *(9, False),
    )
    assert primary.resolvers is resolvers
    assert str(resolvers) == "192.0.2.53"
    action = make(dns_txt_record, name="a.example", value="new", tsig_name="k", tsig_key="c2VjcmV0")
    action._task.diff = True
    assert action.run(task_vars={})["diff"] == {
        "before_header": "TXT records of a.example",
        "after_header": "TXT records of a.example",
        "before": "old\n",
        "after": "new\nold\n",
    }
    wanted, primary, _resolvers, check_mode = seen[1]
    assert (wanted.present, wanted.ttl, wanted.zone, check_mode) == (True, 60, None, False)
    assert (primary.host, primary.port, primary.seconds, primary.over_tcp) == (None, 53, 10, True)
    assert primary.key.secret == b"secret"


@pytest.mark.parametrize(("timeout", "fails"), [(0, False), (7, True)])
def test_what_was_seen_is_told_and_missing_is_a_failure_only_where_it_is_waited_for(
    make: Make, monkeypatch: pytest.MonkeyPatch, timeout: int, fails: bool
) -> None:
    pytest.importorskip(record_module)
    asked: list[Any] = []

    def cautions(*arguments: Any) -> list[str]:
        asked.append(arguments)
        return ["careful"]

    monkeypatch.setattr(sight, "cautions", cautions)
    monkeypatch.setattr(
        watch, "watch", lambda places, seconds: asked.append((places, seconds)) or SIGHTINGS
    )
    options = {"domain": "192.0.2.1", "method": "http", "token": "token", "timeout": timeout}
    result = make(domain_token_info, **options).run(task_vars={})
    assert result["sightings"] == [
        {"at": "one", "found": ["token"], "problem": "", "visible": True},
        {"at": "two", "found": [], "problem": "is silent", "visible": False},
    ]
    assert (result["changed"], result["visible"]) == (False, False)
    assert bool(result.get("failed")) is fails
    if fails:
        assert result["msg"].startswith("Within 7 seconds the file http://192.0.2.1/.well-known")
    ((places, seconds),) = asked  # an address has neither CAA nor DNSSEC
    assert seconds == timeout
    assert [(place.scheme, place.address, place.port) for place in places] == [
        ("http", "192.0.2.1", 80)
    ]
