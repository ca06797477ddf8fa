# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The recursive resolvers: those that the task names, or the system's."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator, Sequence
from functools import cached_property

from ..errors import AtlasError
from ..names import dns_name
from .exchange import Server, UnansweredError, exchange, outcome, question, records, shown
from .library import dns

SECONDS = 5.0
"""How long one resolver has for one answer."""

_HOST_AND_PORT = re.compile(
    r"\[(?P<v6>[^\]]+)\](:(?P<v6_port>\d+))?|(?P<host>[^:\s\[\]]+)(:(?P<port>\d+))?"
)


class LookUpError(AtlasError):
    """A question that no resolver answered; `refused` if all of them declined to look."""

    def __init__(self, message: str, refused: bool) -> None:
        super().__init__(message)
        self.refused = refused


class Resolvers:
    """Looks names up, at the first resolver that answers.

    `named` has entries HOST, HOST:PORT, or [V6]:PORT; None or nothing stands for the system's.
    """

    def __init__(self, named: Sequence[str] | None) -> None:
        self._named = named

    @cached_property
    def servers(self) -> list[Server]:
        """The resolvers with their addresses; looked for when first needed."""
        if not self._named:
            return _of_the_system()
        return [server for entry in self._named for server in _parsed(entry)]

    def ask(self, name: dns.name.Name, kind: str) -> dns.message.Message:
        """The first answer, which may be that there is no such name or record.

        Broken DNSSEC does not stop it: who looks for a place to put something wants to see what is
        there, and `cautions` tells of it.
        """
        query = question(name, kind, recursion=True, checking_disabled=True)
        problems, refused = [], True
        for server in self.servers:
            try:
                answer = exchange(query, server, SECONDS)
            except UnansweredError as error:
                problems.append(f"{server} {error}")
                refused = False
                continue
            status = outcome(answer)
            if status in ("NOERROR", "NXDOMAIN"):
                return answer
            problems.append(f"{server} answered {status}")
            refused = refused and status == "REFUSED"
        raise LookUpError(
            f"The {kind} record of {shown(name)} could not be looked up: {'; '.join(problems)}."
            " Check that the name is delegated to servers that answer, or name other resolvers in"
            " the option resolvers.",
            refused,
        )

    def addresses(self, host: dns.name.Name) -> list[str]:
        """The IPv4 and then the IPv6 addresses of a name, aliases followed; none if it has none."""
        found = []
        for kind in ("A", "AAAA"):
            answer = self.ask(host, kind)
            end = end_of_aliases(answer, host)
            found += sorted(str(record.to_text()) for record in records(answer, end, kind))
        return found

    def addresses_of_host(self, host: str, option: str) -> list[str]:
        """The addresses of a host that an option names, which may be an IP address.

        The system's name service knows more than DNS, so it has the last word.
        """
        if self._named and not is_address(host):
            try:
                found = self.addresses(dns.name.from_text(dns_name(host, option)))
            except LookUpError:
                found = []
            if found:
                return found
        return _addresses_by_system(host, option)

    def __str__(self) -> str:
        return ", ".join(map(str, self.servers))


def end_of_aliases(answer: dns.message.Message, name: dns.name.Name) -> dns.name.Name:
    """Where the CNAME records of one answer lead from a name; itself without one."""
    seen = set()
    while name not in seen:
        seen.add(name)
        for record in records(answer, name, "CNAME"):
            name = record.target
    return name


def _addresses_by_system(host: str, option: str) -> list[str]:
    """The addresses of a host as this machine's own name service tells; AtlasError if none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except OSError as error:
        raise AtlasError(
            f"{option}: the address of {host} was not found on the controller"
            f" ({getattr(error, 'strerror', None) or error}); give its IP address."
        ) from None
    return list(dict.fromkeys(str(address[0]) for *_rest, address in found))


def _parsed(entry: str) -> Iterator[Server]:
    text = entry.strip()
    if is_address(text):
        yield Server(text)
        return
    match = _HOST_AND_PORT.fullmatch(text)
    port = int((match and (match["v6_port"] or match["port"])) or 53)
    host = (match and (match["v6"] or match["host"])) or ""
    if not match or not 0 < port < 65536 or (match["v6"] and not is_address(host)):
        raise AtlasError(
            f"resolvers: {entry!r} is not a resolver; give an address or host, with a port if it"
            " is not 53, such as '192.0.2.53', 'dns.example.com:5353' or '[2001:db8::53]:5353'."
        )
    if is_address(host):
        yield Server(host, port)
    else:
        for address in _addresses_by_system(host, "resolvers"):
            yield Server(address, port, host)


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _of_the_system() -> list[Server]:
    try:
        system = dns.resolver.Resolver()
    except dns.exception.DNSException:
        found: list[Server] = []
    else:
        found = [Server(str(address), system.port) for address in system.nameservers]
    if not found:
        raise AtlasError(
            "resolvers: the controller itself knows no resolver (/etc/resolv.conf names none);"
            " name some in this option."
        )
    return found
