# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One TXT record at the primary server of its zone: there or not, beside all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from ..errors import AtlasError
from .exchange import UnansweredError, records, shown
from .library import dns
from .resolvers import Resolvers
from .txt import strings_of, text_of, texts_of
from .update import Primary
from .zones import Record, Zone, delegated_to, locate, zone_of


@dataclass(frozen=True)
class Wanted:
    """The record of a task. `ttl` in seconds; `zone` is None where it has to be found."""

    name: dns.name.Name
    value: str
    present: bool
    ttl: int
    zone: dns.name.Name | None


@dataclass(frozen=True)
class Outcome:
    """Where the record belongs, and the texts of its name before and after the task."""

    changed: bool
    zone: str
    server: str
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


def keep(wanted: Wanted, primary: Primary, resolvers: Resolvers, check_mode: bool) -> Outcome:
    """Bring the record to the state that is wanted, or tell in check mode what that would do."""
    given = None if wanted.zone is None else _given_zone(wanted.zone, primary, resolvers)
    place = _place(wanted, primary, resolvers, given)
    found, ttl = _found(place, primary)
    ours = [record for record in found if text_of(record) == wanted.value]
    before = texts_of(found)
    if wanted.present:
        after = tuple(sorted({*before, wanted.value}))
    else:
        after = tuple(text for text in before if text != wanted.value)
    changed = after != before
    if changed and not check_mode:
        if wanted.present:
            # A set has one TTL (RFC 2181, 5.2): that of the others, which are not ours to change.
            primary.add(place.zone, place.name, ttl or wanted.ttl, _record(wanted.value))
        for record in ours:
            primary.remove(place.zone, place.name, record)
    server = primary.named(place.zone)
    return Outcome(changed, str(place.zone), server, shown(place.name), before, after)


def _record(value: str) -> dns.rdata.Rdata:
    return dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings_of(value))


def _given_zone(name: dns.name.Name, primary: Primary, resolvers: Resolvers) -> Zone:
    """The zone of the option, whose SOA has to be asked for only if no server was named."""
    if primary.host is not None:
        return Zone(name, primary=name)  # not used: the server is known
    zone = zone_of(name, resolvers)
    if zone.name != name:
        raise AtlasError(
            f"zone: {shown(name)} is not a zone, {zone} is the nearest above it (asked"
            f" {resolvers}); give that, or name the server that has the zone in the option server."
        )
    return zone


def _place(wanted: Wanted, primary: Primary, resolvers: Resolvers, given: Zone | None) -> Record:
    try:
        place = locate(wanted.name, resolvers, primary.ask, given)
    except UnansweredError as error:
        # Without a zone that was given, the resolvers were asked instead.
        raise _unanswered(wanted.name, cast(Zone, given), primary, error) from None
    if given is None or place.zone.name == given.name:
        return place
    if place.name.is_subdomain(given.name):
        raise AtlasError(
            f"zone: {shown(place.name)} does not belong to {given} but to {place.zone}, which is"
            " delegated from it; give that, or leave the option out."
        )
    raise AtlasError(
        f"zone: {_named(wanted, place)} is not in the zone {given}; it is in {place.zone}."
    )


def _named(wanted: Wanted, place: Record) -> str:
    alias = "" if wanted.name == place.name else f" (for which {shown(wanted.name)} is an alias)"
    return shown(place.name) + alias


def _found(place: Record, primary: Primary) -> tuple[list[dns.rdata.Rdata], int | None]:
    """The TXT records of the name as the primary has them, and their TTL in seconds."""
    try:
        answer = primary.ask(place.zone, place.name, "TXT")
        if delegated_to(answer, place.zone, place.name) is not None:
            raise UnansweredError(f"delegates {shown(place.name)} to other servers")
    except UnansweredError as error:
        raise _unanswered(place.name, place.zone, primary, error) from None
    ttls = [
        rrset.ttl
        for rrset in answer.answer
        if rrset.name == place.name and rrset.rdtype == dns.rdatatype.TXT
    ]
    return records(answer, place.name, "TXT"), (ttls[0] if ttls else None)


def _unanswered(
    name: dns.name.Name, zone: Zone, primary: Primary, error: UnansweredError
) -> AtlasError:
    advice = "" if error.advises else " Check it, or name another one in the option server."
    return AtlasError(
        f"The TXT records of {shown(name)} in the zone {zone} could not be read, so nothing was"
        f" changed: {primary.at(zone)} {error}.{advice}"
    )
