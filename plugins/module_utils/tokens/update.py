# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dynamic updates (RFC 2136), signed with TSIG (RFC 8945)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import AtlasError
from . import authority
from .exchange import Server, UnansweredError, exchange, outcome, question, shown
from .library import dns
from .resolvers import LookUpError, Resolvers
from .zones import Zone

# RFC 8945, 6; hmac-md5 has the name of the registry's first entry.
_ALGORITHM_NAMES: Mapping[str, str] = {"hmac-md5": "hmac-md5.sig-alg.reg.int"}

_REFUSALS: Mapping[str, str] = {
    "REFUSED": (
        "it does not allow this update; have it allow updates of TXT records at {name} with {key},"
        " or choose another key"
    ),
    "NOTAUTH": "it is no primary server of this zone, or does not allow updates with {key}",
    "NOTZONE": "the name is outside of the zone; check the option zone",
    "NOTIMP": "it takes no dynamic updates; choose another server",
    "FORMERR": "it does not understand the update; choose another server",
    "SERVFAIL": "it failed; look into its log",
}


def tsig_key(name: str | None, secret: str | None, algorithm: str) -> dns.tsig.Key | None:
    """The key of three options, None without a name; AtlasError never quotes the secret."""
    if not name:
        return None
    try:
        octets = base64.b64decode("".join((secret or "").split()), validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    if not octets:
        raise AtlasError(
            "tsig_key: it is not base64; give the secret as it stands in the configuration of the"
            " name server, or as tsig-keygen and keymgr print it."
        )
    try:
        key_name = dns.name.from_text(name)
    except dns.exception.DNSException:
        raise AtlasError(
            f"tsig_name: {name!r} is not the name of a key; give it as it stands in the"
            " configuration of the name server, such as 'atlas-updates'."
        ) from None
    return dns.tsig.Key(key_name, octets, _ALGORITHM_NAMES.get(algorithm, algorithm))


@dataclass
class Primary:
    """The server that takes the updates of a zone: `host`, or what the zone's SOA names.

    `seconds` is for each exchange. Once an address of it has answered, it is used for all.
    """

    host: str | None
    port: int
    key: dns.tsig.Key | None
    seconds: float
    over_tcp: bool
    resolvers: Resolvers
    _chosen: tuple[dns.name.Name | None, Server] | None = None

    def ask(self, zone: Zone, name: dns.name.Name, kind: str) -> dns.message.Message:
        """Its own answer, or its referral to a zone below; see `zones.AskAuthority`.

        Questions are signed as well, as a server may have a view for each key.
        """
        query = question(name, kind, recursion=False)
        answer = self._exchanged(query, zone)
        if self.key and outcome(answer) == "NOTAUTH":  # of servers that leave the TSIG error out
            raise UnansweredError(
                f"does not take the key {shown(self.key.name)} for this zone (NOTAUTH); check"
                " tsig_name, tsig_key and tsig_algorithm against its configuration",
                advises=True,
            )
        return authority.checked(answer, zone, name)

    def add(self, zone: Zone, name: dns.name.Name, ttl: int, record: dns.rdata.Rdata) -> None:
        """Add one record to those of its name (RFC 2136, 2.5.1)."""
        update = dns.update.UpdateMessage(zone.name)
        update.add(name, ttl, record)
        self._update(update, zone, name)

    def remove(self, zone: Zone, name: dns.name.Name, record: dns.rdata.Rdata) -> None:
        """Remove this one record, and no other of its name (RFC 2136, 2.5.4)."""
        update = dns.update.UpdateMessage(zone.name)
        update.delete(name, record)
        self._update(update, zone, name)

    def named(self, zone: Zone) -> str:
        """The host or address as a person would give it."""
        return self.host or shown(zone.primary)

    def _update(self, update: dns.update.UpdateMessage, zone: Zone, name: dns.name.Name) -> None:
        what = f"The update of the TXT record {shown(name)} in the zone {zone}"
        try:
            answer = self._exchanged(update, zone)
        except UnansweredError as error:
            raise AtlasError(f"{what} failed: {self.at(zone)} {error}.") from None
        status = outcome(answer)
        if status != "NOERROR":
            key = f"the key {shown(self.key.name)}" if self.key else "no key"
            hint = _REFUSALS.get(status, "look into its log").format(name=shown(name), key=key)
            raise AtlasError(f"{what} failed: {self.at(zone)} answered {status}; {hint}.")
        if self.key and not answer.had_tsig:
            raise AtlasError(
                f"{what} is in doubt: the answer of {self.at(zone)} is not signed, so that anybody"
                " may have sent it. Check whether the server knows the key, and who is in between."
            )

    def at(self, zone: Zone) -> str:
        """The server as an error names it."""
        return str(self._chosen[1]) if self._chosen else self.named(zone)

    def _exchanged(self, message: dns.message.Message, zone: Zone) -> dns.message.Message:
        if self.key:
            message.use_tsig(self.key)
        belongs_to = None if self.host else zone.primary
        if self._chosen and self._chosen[0] == belongs_to:
            return exchange(message, self._chosen[1], self.seconds, self.over_tcp)
        problems = []
        for server in self._servers(zone):
            self._chosen = (belongs_to, server)
            try:
                return exchange(message, server, self.seconds, self.over_tcp)
            except UnansweredError as error:
                if error.reached:
                    raise
                problems.append(f"{server.address} {error}")
        self._chosen = None
        raise UnansweredError(
            f"was not to be had on port {self.port}: {'; '.join(problems)}", reached=False
        )

    def _servers(self, zone: Zone) -> list[Server]:
        if self.host:
            addresses = self.resolvers.addresses_of_host(self.host, "server")
        else:
            addresses = self._addresses_by_soa(zone)
        return [
            Server(address, self.port, self._name_beside(address, zone)) for address in addresses
        ]

    def _addresses_by_soa(self, zone: Zone) -> list[str]:
        try:
            addresses = self.resolvers.addresses(zone.primary)
        except LookUpError:
            addresses = []
        if not addresses:
            raise UnansweredError(
                f"has no address that the resolvers {self.resolvers} would tell (the SOA record of"
                f" {zone} names it as the primary server)",
                reached=False,
            )
        return addresses

    def _name_beside(self, address: str, zone: Zone) -> str:
        name = self.named(zone)
        return "" if name == address else name
