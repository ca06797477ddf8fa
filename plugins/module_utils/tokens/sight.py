# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a token can be seen: the places to look at, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import AtlasError
from .authority import Authorities
from .cautions import caa_warnings, dnssec_warnings
from .exchange import shown
from .http_file import HttpFile
from .library import dns
from .resolvers import Resolvers
from .txt import TxtAtServer
from .watch import Place, Sighting
from .zones import Record, Zone, locate, zone_of


@dataclass(frozen=True)
class Search:
    """What is looked for and where.

    `what` names it for a person; `record` is for DNS alone.
    """

    what: str
    places: Sequence[Place]
    record: Record | None = None
    warnings: list[str] = field(default_factory=list)


def in_dns(
    name: dns.name.Name, value: str, resolvers: Resolvers, port: int, ask_resolvers: bool
) -> Search:
    """The TXT record at the end of a name's aliases, at all servers of its zone on `port`.

    With `ask_resolvers` the resolvers are asked for the name itself instead.
    """
    authorities = Authorities(resolvers, port)
    record = locate(name, resolvers, authorities.ask)
    places: list[Place] = (
        [TxtAtServer(server, name, value, None) for server in resolvers.servers]
        if ask_resolvers
        else [
            TxtAtServer(server, record.name, value, record.zone)
            for server in authorities.servers(record.zone)
        ]
    )
    alias = "" if name == record.name else f" (for which {shown(name)} is an alias)"
    what = f"the TXT record {shown(record.name)}{alias} with the text {value!r}"
    return Search(what, places, record, authorities.warnings)


def over_http(scheme: str, host: str, port: int, content: str, addresses: Sequence[str]) -> Search:
    """The file at each address of a domain or IP address."""
    places = [HttpFile(scheme, host, address, port, content) for address in addresses]
    file = HttpFile(scheme, host, host, port, content)
    return Search(f"the file {file.url} with the content {content!r}", places or [_Nowhere(host)])


@dataclass(frozen=True)
class _Nowhere:
    """A domain without an address."""

    host: str

    def look(self) -> Sighting:
        problem = "has neither an A nor an AAAA record, so nobody can fetch a file from it"
        return Sighting(self.host, (), problem)


def cautions(
    domain: dns.name.Name, is_wildcard: bool, zone: Zone | None, resolvers: Resolvers
) -> list[str]:
    """Warnings about the domain, and about the zone that the token is looked for in.

    `zone` is None where it has to be found.
    """
    try:
        warnings = caa_warnings(domain, is_wildcard, resolvers)
        return warnings + dnssec_warnings(zone or zone_of(domain, resolvers), resolvers)
    except AtlasError as error:  # no failure, as the token may be seen all the same
        return [f"CAA and DNSSEC of {shown(domain)} were not looked at: {error.message}"]


def described(record: Record) -> dict[str, str]:
    """A record as the module returns it."""
    return {
        "name": shown(record.name),
        "zone": str(record.zone),
        "relative_name": record.relative_name,
    }


def missing(what: str, timeout: int, sightings: Sequence[Sighting]) -> str:
    """The sentence for a token that was not seen everywhere in time."""
    lines = [
        f"{one.at} {one.problem}"
        + (f" (found: {', '.join(map(repr, one.found))})" if one.found else "")
        for one in sightings
        if not one.visible
    ]
    return (
        f"Within {timeout} seconds {what} was not seen at {len(lines)} of {len(sightings)} places:"
        f" {'; '.join(lines)}. Check that it was placed there, and give timeout more seconds if it"
        " only takes longer."
    )
