# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One DNS message to one server, and what comes back."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import transport
from .library import dns

_PAYLOAD = 1232  # octets of a UDP answer that no path fragments (DNS flag day 2020)


class UnansweredError(Exception):
    """A server that gave no usable answer; the text says what it did, without naming it.

    `reached` is false if nothing at all came from it. `advises` is true if the text ends with what
    to do about it.
    """

    def __init__(self, text: str, reached: bool = True, advises: bool = False) -> None:
        super().__init__(text)
        self.reached = reached
        self.advises = advises


@dataclass(frozen=True)
class Server:
    """A name server: an IP address and a port, and the name by which it was found, if any."""

    address: str
    port: int = 53
    host: str = ""

    def __str__(self) -> str:
        where = self.address if self.port == 53 else f"{self.address} port {self.port}"
        return f"{self.host} ({where})" if self.host else where


def question(
    name: dns.name.Name, kind: str, *, recursion: bool, checking_disabled: bool = False
) -> dns.message.QueryMessage:
    """A question for records of a kind such as C(TXT).

    `recursion` is for resolvers. `checking_disabled` has a validating one answer what it holds for
    forged as well (RFC 4035, 3.2.2).
    """
    query = dns.message.make_query(name, kind, use_edns=0, payload=_PAYLOAD)
    query.flags = dns.flags.RD if recursion else dns.flags.Flag(0)
    if checking_disabled:
        query.flags |= dns.flags.CD
    return query


def exchange(
    message: dns.message.Message, server: Server, seconds: float, over_tcp: bool = False
) -> dns.message.Message:
    """Send a message and return the answer to it, within so many seconds for UDP and for TCP.

    A truncated answer is asked for again over TCP. An answer to a signed message has a right
    signature or none (`had_tsig`). UnansweredError says why there is no answer.
    """
    try:
        octets = message.to_wire()
        wire = (
            None if over_tcp else transport.over_udp(octets, server.address, server.port, seconds)
        )
        if wire is None or transport.is_truncated(wire):
            wire = transport.over_tcp(octets, server.address, server.port, seconds)
        return _parsed(wire, message)
    except socket.timeout:
        text = f"did not answer within {seconds:g} seconds"
        raise UnansweredError(text, reached=False) from None
    except ConnectionRefusedError:
        text = "refused the connection, so no DNS server listens there"
        raise UnansweredError(text, reached=False) from None
    except OSError as error:
        text = f"was not reached ({error.strerror or error})"
        raise UnansweredError(text, reached=False) from None
    except EOFError:
        raise UnansweredError("closed the connection without an answer") from None
    except dns.exception.DNSException as error:
        raise _unreadable(error) from None


def _parsed(wire: bytes, request: dns.message.Message) -> dns.message.Message:
    try:
        answer = dns.message.from_wire(wire, keyring=request.keyring, request_mac=request.mac)
    except dns.exception.FormError:
        if not request.keyring:
            raise
        # dnspython takes no unsigned answer to a signed message, but refusals often are.
        answer = dns.message.from_wire(wire)
    if not request.is_response(answer):
        raise dns.query.BadResponse
    return answer


def _unreadable(error: dns.exception.DNSException) -> UnansweredError:
    name = type(error).__name__
    if name in _TSIG_TEXTS:
        return UnansweredError(_TSIG_TEXTS[name], advises=True)
    return UnansweredError(f"sent an answer that cannot be read ({name})")


# By the names of dnspython's errors (dns.tsig, dns.message); the codes are those of RFC 8945, 5.2.
_TSIG_TEXTS: Mapping[str, str] = {
    "PeerBadKey": (
        "does not know the key, or not for this zone (TSIG error BADKEY); check tsig_name and"
        " tsig_algorithm against its configuration"
    ),
    "PeerBadSignature": (
        "found the signature wrong (TSIG error BADSIG); check that tsig_key and tsig_algorithm are"
        " those of its key with this name"
    ),
    "PeerBadTime": (
        "has another time than this controller (TSIG error BADTIME); set both clocks right"
    ),
    "PeerBadTruncation": (
        "refused the length of the signature (TSIG error BADTRUNC); choose another tsig_algorithm"
    ),
    "BadTime": (
        "signed its answer at another time than that of this controller; set both clocks right"
    ),
    "BadSignature": "sent an answer with a wrong signature; check tsig_key and who is in between",
    "BadKey": "signed its answer with another key; check tsig_name",
    "BadAlgorithm": "signed its answer with another algorithm; check tsig_algorithm",
    "UnknownTSIGKey": "signed its answer though the question was not; check tsig_name",
}


def outcome(message: dns.message.Message) -> str:
    """The status of an answer, such as C(NOERROR), C(NXDOMAIN), C(REFUSED)."""
    return dns.rcode.to_text(message.rcode())


def is_authoritative(message: dns.message.Message) -> bool:
    """Whether the server says that the zone is its own."""
    return bool(message.flags & dns.flags.AA)


def records(message: dns.message.Message, name: dns.name.Name, kind: str) -> list[Any]:
    """The records of just this name and kind in the answer section.

    Which members a record has, `target` or `strings`, follows from `kind`; no type says so.
    """
    wanted = dns.rdatatype.from_text(kind)
    return [
        record
        for rrset in message.answer
        if rrset.name == name and rrset.rdtype == wanted
        for record in rrset
    ]


def shown(name: dns.name.Name) -> str:
    """A name as people write it, without the final dot."""
    return str(name.to_text(omit_final_dot=True))
