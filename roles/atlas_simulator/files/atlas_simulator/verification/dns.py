# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What DNS says, asked anew each time: tokens, addresses, CAA, contacts.

See the API reference, sections 5.4 and 5.6.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import dns.asyncquery
import dns.asyncresolver
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

from .. import messages
from ..names import PUBLIC_SUFFIXES
from ..settings import Address
from .token import matches

_LIFETIME_SECONDS = 5.0
_TRIES = 2
_LONGEST_CHAIN = 8


class FailedLookupError(Exception):
    """A question that got no answer; the text says why."""


@dataclass(frozen=True)
class Resolvers:
    """The DNS servers to ask, each by itself; the system's if none are named.

    `names` are addresses that are known without asking. `must_agree` is how many of the servers
    have to see the same, 0 for all (multi-perspective corroboration, section 5.4).
    """

    addresses: Sequence[Address] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    must_agree: int = 0

    async def servers(self) -> list[tuple[str, int]]:
        """Host address and port of each server."""
        if not self.addresses:
            system = dns.asyncresolver.get_default_resolver()
            return [(str(server), system.port) for server in system.nameservers[:1]]
        loop = asyncio.get_running_loop()
        found = []
        for address in self.addresses:
            looked_up = await loop.getaddrinfo(address.host, address.port)
            found.append((str(looked_up[0][4][0]), address.port))
        return found


async def look_txt(resolvers: Resolvers, name: str, token: str) -> str:
    """Why a token was not found in the TXT records of a name; empty if it was.

    CNAMEs are followed. Several records may be there; the strings of each are joined.
    """
    views = await _views(resolvers, name, "TXT")
    errors = [_token_error(view, token) for view in views]
    found = errors.count("")
    if found >= (resolvers.must_agree or len(errors)):
        return ""
    return next(filter(None, errors))


def _token_error(view: list[str] | FailedLookupError, token: str) -> str:
    if isinstance(view, FailedLookupError):
        return str(view)
    return "" if any(matches(text, token) for text in view) else messages.NO_RECORDS


async def addresses(resolvers: Resolvers, name: str) -> list[str]:
    """The addresses of a name as enough of the servers see them, those known beforehand first."""
    if name in resolvers.names:
        return [resolvers.names[name]]
    seen: Counter[str] = Counter()
    for kind in ("A", "AAAA"):
        for view in await _views(resolvers, name, kind):
            seen.update([] if isinstance(view, FailedLookupError) else set(view))
    return [address for address, _count in seen.most_common()]


async def look_caa(resolvers: Resolvers, name: str, allowed: str, wildcard: bool) -> str:
    """Why CAA records forbid that `allowed` issues for a name; empty if they do not (RFC 8659)."""
    (server, *_others) = await resolvers.servers()
    domain = name
    while domain:
        try:
            records = await _ask(server, domain, "CAA")
        except FailedLookupError as failure:
            return str(failure)
        if records:
            return _caa_error(domain, records, allowed, wildcard)
        domain = domain.partition(".")[2]
    return ""


def _caa_error(domain: str, records: list[str], allowed: str, wildcard: bool) -> str:
    properties = [(int(flags), tag.lower(), value) for flags, tag, value in map(_caa, records)]
    for flags, tag, _value in properties:
        if flags & 128 and tag not in ("issue", "issuewild", "iodef"):
            return messages.CAA_UNKNOWN.format(domain=domain, tag=tag)
    issuers = [value for _flags, tag, value in properties if tag == "issue"]
    for_wildcards = [value for _flags, tag, value in properties if tag == "issuewild"]
    if wildcard and for_wildcards:
        issuers = for_wildcards
    elif not issuers:
        return ""
    named = [value.partition(";")[0].strip().lower() for value in issuers]
    return "" if allowed in named else messages.CAA_FORBIDS.format(domain=domain, allowed=allowed)


def _caa(record: str) -> tuple[str, str, str]:
    flags, tag, value = record.split(None, 2)
    return flags, tag, value.strip('"')


async def soa_contact(resolvers: Resolvers, domain: str) -> tuple[list[str], list[str]]:
    """The mail address of the zone's SOA record, and what went wrong in looking for it."""
    (server, *_others) = await resolvers.servers()
    errors: list[str] = []
    for name in authorization_domains(domain):
        try:
            records = await _ask(server, name, "SOA")
        except FailedLookupError as failure:
            errors.append(str(failure))
            break
        if records:
            return [_mailbox(records[0].split()[1])], errors
    return [], errors


def _mailbox(responsible: str) -> str:
    """The mail address in a domain name: the first dot that is not escaped is the at sign."""
    labels = dns.name.from_text(responsible).labels
    local = labels[0].decode("ascii", "replace")
    host = ".".join(label.decode("ascii", "replace") for label in labels[1:] if label)
    return f"{local}@{host}"


def authorization_domains(domain: str) -> list[str]:
    """A domain and its parents down to the one that is registered (U11)."""
    found = [domain]
    while True:
        parent = found[-1].partition(".")[2]
        if "." not in parent or parent in PUBLIC_SUFFIXES:
            return found
        found.append(parent)


def allowed_authorization_domain(domain: str, asked: str) -> bool:
    """Whether the token for a domain may be at a name: the domain, a parent, or an underscore
    label right below one of these."""
    parents = authorization_domains(domain)
    first, _dot, rest = asked.partition(".")
    return asked in parents or (first.startswith("_") and rest in parents)


async def _views(resolvers: Resolvers, name: str, kind: str) -> list[list[str] | FailedLookupError]:
    async def view(server: tuple[str, int]) -> list[str] | FailedLookupError:
        try:
            return await _ask(server, name, kind)
        except FailedLookupError as failure:
            return failure

    return list(await asyncio.gather(*(view(server) for server in await resolvers.servers())))


async def _ask(server: tuple[str, int], name: str, kind: str) -> list[str]:
    """The records of a name as text, through CNAMEs; TXT records without quotes."""
    asked, wanted = dns.name.from_text(name), dns.rdatatype.from_text(kind)
    seen = {asked}
    for _each in range(_LONGEST_CHAIN):
        answers = (await _exchange(server, asked, wanted)).answer
        records = _records(answers, asked, wanted)
        if records:
            return records
        target = _end_of_chain(answers, asked)
        if target == asked:
            return []
        records = _records(answers, target, wanted)
        if records:
            return records
        if target in seen:
            raise FailedLookupError(messages.CNAME_LOOP.format(name=name))
        seen.add(target)
        asked = target
    raise FailedLookupError(messages.CNAME_LOOP.format(name=name))


def _records(
    answers: Sequence[dns.rrset.RRset], name: dns.name.Name, kind: dns.rdatatype.RdataType
) -> list[str]:
    found = []
    for rrset in answers:
        if rrset.name == name and rrset.rdtype == kind:
            for record in rrset:
                if kind == dns.rdatatype.TXT:
                    found.append(b"".join(record.strings).decode("ascii", "replace"))
                else:
                    found.append(record.to_text())
    return found


def _end_of_chain(answers: Sequence[dns.rrset.RRset], name: dns.name.Name) -> dns.name.Name:
    """Where the CNAMEs of one answer lead."""
    targets = {
        rrset.name: rrset[0].target for rrset in answers if rrset.rdtype == dns.rdatatype.CNAME
    }
    for _each in range(_LONGEST_CHAIN):
        if name not in targets:
            break
        name = targets[name]
    return name


async def _exchange(
    server: tuple[str, int], name: dns.name.Name, kind: dns.rdatatype.RdataType
) -> dns.message.Message:
    host, port = server
    shown = name.to_text(omit_final_dot=True)
    query = dns.message.make_query(name, kind)
    for attempt in range(1, _TRIES + 1):
        try:
            answer, _tcp = await dns.asyncquery.udp_with_fallback(
                query, host, timeout=_LIFETIME_SECONDS / _TRIES, port=port, ignore_unexpected=True
            )
            break
        except (dns.exception.DNSException, OSError) as error:
            if attempt == _TRIES:
                reason = type(error).__name__
                text = messages.DNS_UNREACHABLE.format(name=shown, server=host, reason=reason)
                raise FailedLookupError(text) from None
    if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        status = dns.rcode.to_text(answer.rcode())
        raise FailedLookupError(messages.DNS_STATUS.format(name=shown, server=host, status=status))
    return answer
