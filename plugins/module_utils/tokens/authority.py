# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The authoritative servers of a zone, as its NS records name them."""

from __future__ import annotations

from ..errors import AtlasError
from .exchange import (
    Server,
    UnansweredError,
    exchange,
    is_authoritative,
    outcome,
    question,
    records,
    shown,
)
from .library import dns
from .resolvers import Resolvers
from .zones import Zone, delegated_to

SECONDS = 4.0
"""How long one server has for one answer."""

_SERVERS_TRIED = 3


class Authorities:
    """Finds the servers of zones, which listen on one port, and asks them without recursion."""

    def __init__(self, resolvers: Resolvers, port: int) -> None:
        self._resolvers = resolvers
        self._port = port
        self._known: dict[dns.name.Name, list[Server]] = {}
        self.warnings: list[str] = []

    def servers(self, zone: Zone) -> list[Server]:
        """Each address of each server; AtlasError if there is none."""
        if zone.name not in self._known:
            self._known[zone.name] = self._found(zone)
        return self._known[zone.name]

    def ask(self, zone: Zone, name: dns.name.Name, kind: str) -> dns.message.Message:
        """The answer of a server that has the zone, or its referral to a zone below."""
        try:
            servers = self.servers(zone)
        except AtlasError as error:
            raise UnansweredError(error.message) from None
        problems = []
        for server in servers[:_SERVERS_TRIED]:
            try:
                return ask_authority(server, zone, name, kind, SECONDS)
            except UnansweredError as error:
                problems.append(f"{server} {error}")
        raise UnansweredError("; ".join(problems))

    def _found(self, zone: Zone) -> list[Server]:
        hosts = sorted(
            record.target
            for record in records(self._resolvers.ask(zone.name, "NS"), zone.name, "NS")
        )
        found = []
        for host in hosts:
            addresses = self._resolvers.addresses(host)
            found += [Server(address, self._port, shown(host)) for address in addresses]
            if not addresses:
                self.warnings.append(
                    f"{zone} has the name server {shown(host)}, which has no address (asked"
                    f" {self._resolvers}); nobody can ask it. Take it out of the NS records."
                )
        if not found:
            names = ", ".join(map(shown, hosts)) or "none"
            raise AtlasError(
                f"The name servers of {zone} were not found: its NS records name {names}, and the"
                f" resolvers {self._resolvers} know no address for them. Mend the NS records."
            )
        return found


def ask_authority(
    server: Server, zone: Zone, name: dns.name.Name, kind: str, seconds: float
) -> dns.message.Message:
    """One server's own answer, or its referral; UnansweredError if it does not have the zone."""
    return checked(exchange(question(name, kind, recursion=False), server, seconds), zone, name)


def checked(answer: dns.message.Message, zone: Zone, name: dns.name.Name) -> dns.message.Message:
    """The answer if it is one of a server that has the zone."""
    status = outcome(answer)
    if status not in ("NOERROR", "NXDOMAIN"):
        raise UnansweredError(f"does not serve the zone {zone} to this controller ({status})")
    if not is_authoritative(answer) and delegated_to(answer, zone, name) is None:
        raise UnansweredError(f"does not have the zone {zone} (its answer is not authoritative)")
    return answer
