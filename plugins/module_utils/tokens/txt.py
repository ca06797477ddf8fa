# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TXT records: their text, and whether one server shows the one that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import authority
from . import resolvers as recursive
from .exchange import Server, UnansweredError, exchange, outcome, question, records, shown
from .library import dns
from .watch import Sighting
from .zones import Zone, delegated_to

_LONGEST_STRING = 255  # octets of one string of a record (RFC 1035, 3.3)


def strings_of(value: str) -> tuple[bytes, ...]:
    """A text as the strings of one record."""
    octets = value.encode()
    starts = range(0, len(octets), _LONGEST_STRING)
    return tuple(octets[start : start + _LONGEST_STRING] for start in starts)


def text_of(record: Any) -> str:
    """The strings of one record, joined as who verifies a token joins them."""
    octets: bytes = b"".join(record.strings)
    return octets.decode("utf-8", "backslashreplace")


def texts_of(found: Sequence[dns.rdata.Rdata]) -> tuple[str, ...]:
    """The texts of several records, sorted, each once."""
    return tuple(sorted({text_of(record) for record in found}))


@dataclass(frozen=True)
class TxtAtServer:
    """The TXT records of a name as one server has them.

    With `zone` the server is an authoritative one of it; without, it is a resolver, and follows
    aliases.
    """

    server: Server
    name: dns.name.Name
    value: str
    zone: Zone | None

    def look(self) -> Sighting:
        """Ask once."""
        try:
            texts, absent = self._asked()
        except UnansweredError as error:
            return self._sighting((), str(error), error.reached)
        if self.value in texts:
            return self._sighting(texts, "")
        if texts:
            absent = f"has other TXT records at {shown(self.name)}, and not this one"
        return self._sighting(texts, absent)

    def _asked(self) -> tuple[tuple[str, ...], str]:
        """The texts, and what to say if there are none."""
        if self.zone:
            answer = authority.ask_authority(
                self.server, self.zone, self.name, "TXT", authority.SECONDS
            )
            child = delegated_to(answer, self.zone, self.name)
            if child is not None:
                return (
                    (),
                    f"delegates {shown(child)} to other servers, unlike others of {self.zone}",
                )
            end = self.name
        else:
            query = question(self.name, "TXT", recursion=True)
            answer = exchange(query, self.server, recursive.SECONDS)
            if outcome(answer) not in ("NOERROR", "NXDOMAIN"):
                raise UnansweredError(f"answered {outcome(answer)}")
            end = recursive.end_of_aliases(answer, self.name)
        if outcome(answer) == "NXDOMAIN":
            return (), f"knows no name {shown(end)} (NXDOMAIN)"
        return texts_of(records(answer, end, "TXT")), f"has no TXT record at {shown(end)}"

    def _sighting(self, found: tuple[str, ...], problem: str, reached: bool = True) -> Sighting:
        return Sighting(
            at=str(self.server),
            found=found,
            problem=problem,
            host=self.server.host if self.zone else "",
            is_ipv6=":" in self.server.address,
            reached=reached,
        )
