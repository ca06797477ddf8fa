# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is asked, who is updated, and where a chain of aliases ends, with servers of the test."""

from __future__ import annotations

import base64
from typing import Any

import pytest

pytest.importorskip("dns")

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens import (
    authority,
    cautions,
    txt,
    update,
    zones,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.exchange import (
    Server,
    UnansweredError,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.watch import Sighting


def named(text: str) -> dns.name.Name:
    return dns.name.from_text(text)


NAME = named("_a.shop.example")
ZONE = zones.Zone(named("shop.example"), named("ns1.shop.example"))
OTHER = zones.Zone(named("other.example"), named("ns2.other.example"))
KEY = update.tsig_key("updates", base64.b64encode(b"a secret").decode(), "hmac-sha256")
TOKEN = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, '"token"')


class Answer:
    """As much of an answer as it takes."""

    def __init__(self, status: int = 0, had_tsig: bool = True, **sections: list[Any]) -> None:
        self.status = status
        self.had_tsig = had_tsig
        self.flags = dns.flags.AA
        self.answer = sections.get("answer", [])
        self.authority = sections.get("authority", [])

    def rcode(self) -> int:
        return self.status


class Addresses:
    """Resolvers that know a few addresses."""

    known = {"ns1.shop.example.": ["192.0.2.1", "192.0.2.2"], "ns2.other.example.": ["192.0.2.9"]}

    def addresses(self, host: dns.name.Name) -> list[str]:
        return self.known.get(host.to_text(), [])

    def __str__(self) -> str:
        return "192.0.2.53"


def given(answer: Any) -> Any:
    """An answer, which may be an error."""
    if isinstance(answer, Exception):
        raise answer
    return answer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Which address was asked; the first entries may be what it answers, in order."""
    log: list[Any] = []
    answers: list[Any] = []

    def exchange(_message: Any, server: Server, _seconds: float, _over_tcp: bool = False) -> Any:
        log.append(server.address)
        return given(answers.pop(0) if answers else Answer())

    monkeypatch.setattr(update, "exchange", exchange)
    log_and_answers: list[Any] = [log, answers]
    return log_and_answers


def primary(key: Any = KEY, host: str | None = None) -> update.Primary:
    return update.Primary(host, 53, key, 1, True, Addresses())  # type: ignore[arg-type]


def test_an_answer_that_is_not_signed_is_in_doubt(asked: list[Any]) -> None:
    asked[1].append(Answer(had_tsig=False))
    with pytest.raises(AtlasError, match=r"is in doubt: the answer of ns1\..* is not signed"):
        primary().add(ZONE, NAME, 60, TOKEN)
    asked[1].append(Answer(had_tsig=False))
    primary(key=None).remove(ZONE, NAME, TOKEN)
    primary().add(ZONE, NAME, 60, TOKEN)


def test_a_refusal_without_a_signature_is_about_the_key(asked: list[Any]) -> None:
    asked[1].append(Answer(status=9, had_tsig=False))
    with pytest.raises(UnansweredError, match="does not take the key updates for this zone") as no:
        primary().ask(ZONE, NAME, "TXT")
    assert no.value.advises
    asked[1].append(Answer(status=9, had_tsig=False))
    with pytest.raises(UnansweredError, match=r"does not serve the zone .* \(NOTAUTH\)"):
        primary(key=None).ask(ZONE, NAME, "TXT")


def test_each_zone_has_a_primary_of_its_own(asked: list[Any]) -> None:
    server = primary()
    for zone in (ZONE, ZONE, OTHER, ZONE):
        server.ask(zone, NAME, "TXT")
    assert asked[0] == ["192.0.2.1", "192.0.2.1", "192.0.2.9", "192.0.2.1"]


def test_the_address_that_answered_is_used_for_all(asked: list[Any]) -> None:
    asked[1].append(UnansweredError("is silent", reached=False))
    server = primary()
    server.ask(ZONE, NAME, "TXT")
    server.add(ZONE, NAME, 60, TOKEN)
    assert asked[0] == ["192.0.2.1", "192.0.2.2", "192.0.2.2"]
    assert server.at(ZONE) == "ns1.shop.example (192.0.2.2)"


def test_one_that_is_there_and_cannot_answer_is_not_passed_over(asked: list[Any]) -> None:
    asked[1].append(UnansweredError("hangs up"))
    with pytest.raises(UnansweredError, match=r"^hangs up$"):
        primary().ask(ZONE, NAME, "TXT")
    assert asked[0] == ["192.0.2.1"]


def test_where_none_of_them_is_reached_all_are_named(asked: list[Any]) -> None:
    asked[1] += [UnansweredError("is silent", reached=False)] * 2
    with pytest.raises(UnansweredError) as unanswered:
        primary().ask(ZONE, NAME, "TXT")
    assert str(unanswered.value) == (
        "was not to be had on port 53: 192.0.2.1 is silent; 192.0.2.2 is silent"
    )
    assert not unanswered.value.reached


SERVER = Server("192.0.2.1", 53, "ns1")


@pytest.mark.parametrize(
    ("texts", "status", "sighting"),
    [
        (["token"], 0, Sighting("ns1 (192.0.2.1)", ("token",), "", "ns1")),
        (
            ["token and more"],
            0,
            Sighting(
                "ns1 (192.0.2.1)",
                ("token and more",),
                "has other TXT records at _a.shop.example, and not this one",
                "ns1",
            ),
        ),
        ([], 0, Sighting("ns1 (192.0.2.1)", (), "has no TXT record at _a.shop.example", "ns1")),
        (
            [],
            3,
            Sighting("ns1 (192.0.2.1)", (), "knows no name _a.shop.example (NXDOMAIN)", "ns1"),
        ),
    ],
)
def test_what_a_server_shows(
    texts: list[str], status: int, sighting: Sighting, monkeypatch: pytest.MonkeyPatch
) -> None:
    rrsets = [dns.rrset.from_text(NAME, 60, "IN", "TXT", f'"{text}"') for text in texts]
    answer = Answer(status, answer=rrsets)
    monkeypatch.setattr(authority, "ask_authority", lambda *_arguments: answer)
    assert txt.TxtAtServer(SERVER, NAME, "token", ZONE).look() == sighting


def test_a_server_that_delegates_unlike_others(monkeypatch: pytest.MonkeyPatch) -> None:
    below = dns.rrset.from_text(NAME, 60, "IN", "NS", "ns.elsewhere.example.")
    answer = Answer(authority=[below])
    answer.flags = dns.flags.Flag(0)
    monkeypatch.setattr(authority, "ask_authority", lambda *_arguments: answer)
    sighting = txt.TxtAtServer(Server("::1"), NAME, "token", ZONE).look()
    assert sighting == Sighting(
        "::1",
        (),
        "delegates _a.shop.example to other servers, unlike others of shop.example",
        "",
        is_ipv6=True,
    )


def test_addresses_of_a_resolver_do_not_stand_for_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def silent(*_arguments: Any) -> Any:
        raise UnansweredError("is silent", reached=False)

    monkeypatch.setattr(txt, "exchange", silent)
    sighting = txt.TxtAtServer(SERVER, NAME, "token", None).look()
    assert sighting == Sighting("ns1 (192.0.2.1)", (), "is silent", "", reached=False)


def test_three_servers_of_a_zone_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def ask(server: Server, *_arguments: Any) -> Any:
        tried.append(server.address)
        if len(tried) < answers_at:
            raise UnansweredError("is silent", reached=False)
        return Answer()

    monkeypatch.setattr(authority, "ask_authority", ask)
    authorities = authority.Authorities(Addresses(), 53)  # type: ignore[arg-type]
    authorities._known[ZONE.name] = [Server(f"192.0.2.{number}") for number in range(1, 6)]
    answers_at = 3
    authorities.ask(ZONE, NAME, "TXT")
    assert tried == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    tried.clear()
    answers_at = 4
    with pytest.raises(UnansweredError, match=r"1 is silent; 192.0.2.2 .*3 is silent$"):
        authorities.ask(ZONE, NAME, "TXT")
    assert len(tried) == 3


def chain_of(links: dict[str, str]) -> Any:
    """A server that knows these aliases."""

    def ask(_zone: zones.Zone, name: dns.name.Name, kind: str) -> Any:
        assert kind == "CNAME"
        target = links.get(name.to_text(omit_final_dot=True))
        if target is None:
            return Answer()
        return Answer(answer=[dns.rrset.from_text(name, 60, "IN", "CNAME", f"{target}.")])

    return ask


LETTERS = "abcdefghijklmnopq"
EXAMPLE = zones.Zone(named("example"), named("ns1.example"))


@pytest.mark.parametrize(
    ("links", "names"),
    [
        ({"a.example": "a.example"}, "a.example -> a.example"),
        ({"a.example": "b.example", "b.example": "a.example"}, "a.example -> b.example -> a.exa"),
        (
            {
                "a.example": "b.example",
                **{
                    f"{each}.example": f"{chr(ord(each) + 1)}.example"
                    for each in "bcdefghijklmnopq"
                },
            },
            " -> ".join(f"{each}.example" for each in LETTERS),
        ),
    ],
)
def test_aliases_that_lead_nowhere(links: dict[str, str], names: str) -> None:
    with pytest.raises(AtlasError) as failed:
        zones.locate(named("a.example"), Addresses(), chain_of(links), EXAMPLE)  # type: ignore[arg-type]
    assert failed.value.message.startswith(f"The CNAME records of a.example lead nowhere: {names}")
    assert failed.value.message.count("->") == names.count("->")


def test_sixteen_names_are_no_loop() -> None:
    links = {f"{each}.example": f"{chr(ord(each) + 1)}.example" for each in "abcdefghijklmno"}
    found = zones.locate(named("a.example"), Addresses(), chain_of(links), EXAMPLE)  # type: ignore[arg-type]
    assert found == zones.Record(named("p.example"), EXAMPLE)


def test_a_zone_that_was_given_is_not_looked_for_elsewhere() -> None:
    def silent(*_arguments: Any) -> Any:
        raise UnansweredError("is silent")

    with pytest.raises(UnansweredError, match="is silent"):
        zones.locate(named("a.example"), Addresses(), silent, EXAMPLE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("owner", "kind", "zone"),
    [
        ("shop.example", "SOA", "shop.example"),
        ("_a.shop.example", "SOA", "_a.shop.example"),
        ("other.example", "SOA", "example"),
        ("test", "SOA", "example"),
        ("shop.example", "NS", "example"),
    ],
)
def test_a_server_of_two_zones_shows_the_lower_one(owner: str, kind: str, zone: str) -> None:
    data = "ns7.example. admin.example. 1 2 3 4 5" if kind == "SOA" else "ns7.example."
    shown = dns.rrset.from_text(f"{owner}.", 60, "IN", kind, data)
    answer = Answer(authority=[shown])
    found = zones.locate(NAME, Addresses(), lambda *_arguments: answer, EXAMPLE)  # type: ignore[arg-type, return-value]
    mname = "ns1.example" if zone == "example" else "ns7.example"
    assert found == zones.Record(NAME, zones.Zone(named(zone), named(mname)))


@pytest.mark.parametrize(
    ("checked", "unchecked", "is_broken"),
    [
        ("SERVFAIL", "NOERROR", True),
        ("SERVFAIL", "SERVFAIL", False),
        ("NOERROR", "NOERROR", False),
        ("REFUSED", "NOERROR", False),
    ],
)
def test_what_is_broken_dnssec(
    checked: str, unchecked: str, is_broken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def soa_outcome(zone: zones.Zone, server: Server, checking_disabled: bool) -> str:
        assert (zone, server) == (ZONE, SERVER)
        return unchecked if checking_disabled else checked

    class Resolver:
        servers = [SERVER]

    monkeypatch.setattr(cautions, "_soa_outcome", soa_outcome)
    warnings = cautions.dnssec_warnings(ZONE, Resolver())  # type: ignore[arg-type]
    assert bool(warnings) is is_broken
