# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would make the service refuse although the token is in its place: CAA, broken DNSSEC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .exchange import Server, UnansweredError, exchange, outcome, question, records, shown
from .library import dns
from .resolvers import LookUpError, Resolvers, end_of_aliases
from .zones import Zone

ISSUER = "globalsign.com"

_SECONDS = 3.0
"""How long a resolver has for each of the two questions about DNSSEC."""


def caa_warnings(domain: dns.name.Name, is_wildcard: bool, resolvers: Resolvers) -> list[str]:
    """Whether CAA records forbid that GlobalSign issues for a domain (RFC 8659, 3 and 4)."""
    name = domain
    while name != dns.name.root:
        try:
            answer = resolvers.ask(name, "CAA")
        except LookUpError as error:
            # A server that is no resolver refuses what lies above its zones, and says nothing.
            if error.refused:
                return []
            raise
        found = records(answer, end_of_aliases(answer, name), "CAA")
        if found:
            issuers = _issuers([_property(record) for record in found], is_wildcard)
            if issuers is None or ISSUER in issuers:
                return []
            return [_forbidden(domain, is_wildcard, name, issuers)]
        name = name.parent()
    return []


def _property(record: Any) -> tuple[str, str]:
    """Tag and value of one record; tags have no case (RFC 8659, 4.1)."""
    tag: bytes = record.tag
    value: bytes = record.value
    return tag.decode("ascii", "replace").lower(), value.decode("ascii", "replace")


def _issuers(properties: Sequence[tuple[str, str]], is_wildcard: bool) -> list[str] | None:
    """The issuers that are allowed, None for all (RFC 8659, 4.2 and 4.3)."""
    values = {
        wanted: [value for tag, value in properties if tag == wanted]
        for wanted in ("issue", "issuewild")
    }
    chosen = (is_wildcard and values["issuewild"]) or values["issue"]
    if not chosen:
        return None
    return [value.partition(";")[0].strip().lower() for value in chosen]


def _forbidden(
    domain: dns.name.Name, is_wildcard: bool, at: dns.name.Name, issuers: Sequence[str]
) -> str:
    certified = ("*." if is_wildcard else "") + shown(domain)
    allowed = ", ".join(filter(None, issuers)) or "nobody"
    tag = "issuewild or issue" if is_wildcard else "issue"
    return (
        f"The CAA records at {shown(at)} forbid GlobalSign to issue for {certified}: they allow"
        f' {allowed}. Add a CAA record 0 {tag} "{ISSUER}" there.'
    )


def dnssec_warnings(zone: Zone, resolvers: Resolvers) -> list[str]:
    """Whether a validating resolver finds the signatures of a zone wrong (RFC 4035, 5.5)."""
    for server in resolvers.servers:
        with_check, without = (_soa_outcome(zone, server, disabled) for disabled in (False, True))
        if with_check == "SERVFAIL" and without == "NOERROR":
            return [
                f"DNSSEC of {zone} is broken: the resolver {server} answers SERVFAIL for its SOA"
                " record, and NOERROR when told not to check signatures. The service checks them"
                " too; mend the zone's signatures, or its DS record at the parent."
            ]
    return []


def _soa_outcome(zone: Zone, server: Server, checking_disabled: bool) -> str:
    query = question(zone.name, "SOA", recursion=True, checking_disabled=checking_disabled)
    try:
        return outcome(exchange(query, server, _SECONDS))
    except UnansweredError as error:
        return str(error)
