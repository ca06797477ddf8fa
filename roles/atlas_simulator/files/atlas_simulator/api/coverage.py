# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether names may be certified: verified claims, and CAA (API reference, section 5.6)."""

from __future__ import annotations

from collections.abc import Iterable

from .. import messages
from ..pki.leaf import Leaf
from ..problems import ServiceError
from ..store import Claim
from ..verification.dns import look_caa
from ..verification.verifier import HTTP
from .service import Service

CAA_IDENTITY = "globalsign.com"


def require_coverage(leaf: Leaf, claims: Iterable[Claim], now: int) -> None:
    """Refuse a DNS name or e-mail host that no verified claim covers."""
    verified = [claim for claim in claims if claim.is_verified(now)]
    hosts = {name: name for name in leaf.san.get("dns_names", [])}
    hosts.update({mail: mail.rpartition("@")[2] for mail in leaf.san.get("emails", [])})
    errors = {
        name: messages.NO_CLAIM for name, host in hosts.items() if not _covered(host, verified)
    }
    if errors:
        raise ServiceError(422, messages.UNVERIFIED_NAMES, errors)


def _covered(host: str, verified: Iterable[Claim]) -> bool:
    """A claim proven over HTTP covers just its own name (CA/B ballot SC45)."""
    name = host.lower().rstrip(".")
    return any(
        name == claim.name
        or (claim.last_verification_method != HTTP and name.endswith("." + claim.name))
        for claim in verified
    )


async def require_caa(leaf: Leaf, service: Service) -> None:
    """Refuse a DNS name whose CAA records do not let us issue, if that is checked (RFC 8659)."""
    if not service.behaviour.caa_checked:
        return
    errors = {}
    for name in leaf.san.get("dns_names", []):
        wildcard = name.startswith("*.")
        host = name.removeprefix("*.").lower()
        refusal = await look_caa(service.verifier.resolvers, host, CAA_IDENTITY, wildcard)
        if refusal:
            errors[name] = refusal
    if errors:
        raise ServiceError(422, messages.UNVERIFIED_NAMES, errors)
