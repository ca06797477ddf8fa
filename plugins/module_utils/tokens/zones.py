# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which zone a record belongs: zones by their SOA, aliases to their end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ..errors import AtlasError
from .exchange import UnansweredError, is_authoritative, records, shown
from .library import dns
from .resolvers import Resolvers

_LONGEST_CHAIN = 16


@dataclass(frozen=True)
class Zone:
    """A zone, and the server that its SOA names as the primary one (MNAME, RFC 1035, 3.3.13)."""

    name: dns.name.Name
    primary: dns.name.Name

    def __str__(self) -> str:
        return shown(self.name)


@dataclass(frozen=True)
class Record:
    """Where a record has to be placed: the end of the alias chain, and its zone."""

    name: dns.name.Name
    zone: Zone

    @property
    def relative_name(self) -> str:
        """The name relative to the zone, C(@) for the zone's own."""
        return str(self.name.relativize(self.zone.name).to_text())


class AskAuthority(Protocol):
    """Asks a server of a zone; UnansweredError if none is to be had that knows the zone."""

    def __call__(self, zone: Zone, name: dns.name.Name, kind: str) -> dns.message.Message:
        """The answer, or the server's referral to a zone below."""


def zone_of(name: dns.name.Name, resolvers: Resolvers) -> Zone:
    """The nearest zone at or above a name; AtlasError if there is none."""
    for ancestor in _upwards(name):
        # The owner has to be asked for: an answer may have that of an alias' target instead.
        for record in records(resolvers.ask(ancestor, "SOA"), ancestor, "SOA"):
            return Zone(ancestor, record.mname)
    raise AtlasError(
        f"No zone was found for {shown(name)}: the resolvers {resolvers} know no SOA record of it"
        " or of a name above it. Check the name, or name the resolvers that know it in resolvers."
    )


def locate(
    name: dns.name.Name, resolvers: Resolvers, ask: AskAuthority, given: Zone | None = None
) -> Record:
    """Follow aliases (CNAME and DNAME) to the name and the zone at their end.

    The resolvers are not asked for a name that begins with an underscore, as long as a server of
    its zone answers: it may not be there yet, and they would keep that in mind. `given` is a zone
    that needs no looking for. AtlasError says where the chain breaks.
    """
    chain = [name]
    while True:
        inside = given is not None and chain[-1].is_subdomain(given.name)
        step = _Step(chain[-1], resolvers, ask, given if inside else None)
        target = step.target()
        if target is None:
            return Record(chain[-1], step.zone)
        if target in chain or len(chain) == _LONGEST_CHAIN:
            names = " -> ".join(map(shown, [*chain, target]))
            raise AtlasError(
                f"The CNAME records of {shown(name)} lead nowhere: {names}; mend them."
            )
        chain.append(target)


class _Step:
    """One name of the chain: its zone as far as it is known, and its alias."""

    def __init__(
        self, name: dns.name.Name, resolvers: Resolvers, ask: AskAuthority, given: Zone | None
    ) -> None:
        self._name = name
        self._resolvers = resolvers
        self._ask = ask
        self._given = given
        self.zone = given or zone_of(_without_underscores(name), resolvers)

    def target(self) -> dns.name.Name | None:
        answer = self._answer()
        for record in records(answer, self._name, "CNAME"):
            target: dns.name.Name = record.target
            return target
        self._narrow(answer)
        return None

    def _answer(self) -> dns.message.Message:
        """What the zone says of an alias, after all delegations below it."""
        while True:
            try:
                answer = self._ask(self.zone, self._name, "CNAME")
            except UnansweredError:
                if self._given:
                    raise
                self.zone = zone_of(self._name, self._resolvers)
                return self._resolvers.ask(self._name, "CNAME")
            child = delegated_to(answer, self.zone, self._name)
            if child is None:
                return answer
            self._enter(child)

    def _enter(self, child: dns.name.Name) -> None:
        found = zone_of(child, self._resolvers)
        if found.name != child:
            raise AtlasError(
                f"{self.zone} delegates {shown(child)} to servers of its own, but no SOA record of"
                f" {shown(child)} was found; set that zone up at its servers, or take its NS"
                f" records out of {self.zone}."
            )
        self.zone = found

    def _narrow(self, answer: dns.message.Message) -> None:
        """A server of two zones answers from the lower one, whose SOA it shows (RFC 2308, 2)."""
        for rrset in answer.authority:
            inside = self._name.is_subdomain(rrset.name) and rrset.name.is_subdomain(self.zone.name)
            if inside and rrset.rdtype == dns.rdatatype.SOA:
                self.zone = Zone(rrset.name, rrset[0].mname)


def delegated_to(
    answer: dns.message.Message, zone: Zone, name: dns.name.Name
) -> dns.name.Name | None:
    """The zone below `zone` that an answer refers to, if it is a referral (RFC 1034, 4.3.2)."""
    if is_authoritative(answer) or answer.answer:
        return None
    for rrset in answer.authority:
        if (
            rrset.rdtype == dns.rdatatype.NS
            and rrset.name != zone.name
            and rrset.name.is_subdomain(zone.name)
            and name.is_subdomain(rrset.name)
        ):
            return rrset.name
    return None


def _upwards(name: dns.name.Name) -> Iterator[dns.name.Name]:
    """The name and those above it, without the root."""
    while name != dns.name.root:
        yield name
        name = name.parent()


def _without_underscores(name: dns.name.Name) -> dns.name.Name:
    """The nearest name above that is a domain: RFC 8552 has underscores for what belongs to one."""
    for ancestor in _upwards(name):
        if not ancestor[0].startswith(b"_"):
            return ancestor
    return name
