# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which updates bring a TXT record to the state that is wanted, and what they leave alone."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("dns")

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from ansible_collections.globalsign.atlas.plugins.module_utils.tokens import (
    exchange,
    record,
    update,
    zones,
)

NAME = dns.name.from_text("_a.shop.example")
SHOP = dns.name.from_text("shop.example")
ZONE = zones.Zone(SHOP, SHOP)


class Primary:
    """A server with a few texts at the name, which notes the updates."""

    host = "192.0.2.1"

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.updates: list[Any] = []

    def ask(self, _zone: zones.Zone, name: dns.name.Name, kind: str) -> dns.message.Message:
        answer = dns.message.make_response(dns.message.make_query(name, kind))
        answer.flags |= dns.flags.AA
        if kind == "TXT" and self.texts:
            quoted = [f'"{text}"' for text in self.texts]
            answer.answer.append(dns.rrset.from_text_list(name, 300, "IN", "TXT", quoted))
        return answer

    def add(self, zone: zones.Zone, name: dns.name.Name, ttl: int, rdata: dns.rdata.Rdata) -> None:
        assert (zone.name, name) == (SHOP, NAME)
        self.updates.append(("add", ttl, rdata.to_text()))

    def remove(self, zone: zones.Zone, name: dns.name.Name, rdata: dns.rdata.Rdata) -> None:
        assert (zone.name, name) == (SHOP, NAME)
        self.updates.append(("remove", rdata.to_text()))

    def named(self, _zone: zones.Zone) -> str:
        return self.host


@pytest.mark.parametrize(
    ("texts", "present", "updates", "after"),
    [
        ([], True, [("add", 60, '"token"')], ("token",)),
        (["spf"], True, [("add", 300, '"token"')], ("spf", "token")),
        (["spf", "token"], True, [], ("spf", "token")),
        (["spf", "token"], False, [("remove", '"token"')], ("spf",)),
        (["my token", "tokens", "token"], False, [("remove", '"token"')], ("my token", "tokens")),
        (["tokens"], False, [], ("tokens",)),
        ([], False, [], ()),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_just_the_one_text_comes_and_goes(
    texts: list[str], present: bool, updates: list[Any], after: tuple[str, ...], check_mode: bool
) -> None:
    """With the TTL of the others, which is that of the whole set."""
    primary = Primary(texts)
    wanted = record.Wanted(name=NAME, value="token", present=present, ttl=60, zone=SHOP)
    told = record.keep(wanted, primary, None, check_mode)  # type: ignore[arg-type]
    assert primary.updates == ([] if check_mode else updates)
    assert told == record.Outcome(
        changed=bool(updates),
        zone="shop.example",
        server="192.0.2.1",
        name="_a.shop.example",
        before=tuple(sorted(texts)),
        after=after,
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("add", '_a.shop.example. 60 IN TXT "token"'),
        ("remove", '_a.shop.example. 0 NONE TXT "token"'),
    ],
)
def test_an_update_is_of_the_one_record(
    kind: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 2136, 2.5.1 and 2.5.4: class NONE deletes one record, class ANY the whole set."""
    sent: list[Any] = []

    def answered(message: Any, *_how: Any) -> Any:
        sent.append(message)
        return dns.message.make_response(dns.message.make_query(NAME, "TXT"))

    class Resolvers:
        def addresses_of_host(self, host: str, _option: str) -> list[str]:
            return [host]

    monkeypatch.setattr(update, "exchange", answered)
    token = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, '"token"')
    primary = update.Primary("192.0.2.1", 53, None, 1, False, Resolvers())  # type: ignore[arg-type]
    if kind == "add":
        primary.add(ZONE, NAME, 60, token)
    else:
        primary.remove(ZONE, NAME, token)
    (message,) = sent
    assert [rrset.name for rrset in message.zone] == [SHOP]
    assert [rrset.to_text() for rrset in message.update] == [expected]
    assert exchange.shown(NAME) == "_a.shop.example"
