# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether verified claims cover the names of a request (API reference, section 5.6)."""

from __future__ import annotations

from collections.abc import Iterable

from .. import messages
from ..problems import ServiceError
from ..store import Claim
from ..verification.verifier import HTTP


def require_coverage(san: dict[str, list[str]], claims: Iterable[Claim], now: int) -> None:
    """Refuse a request with a DNS name or e-mail host that no verified claim covers."""
    verified = [claim for claim in claims if claim.is_verified(now)]
    hosts = {name: name for name in san["dns_names"]}
    hosts.update({address: address.rpartition("@")[2] for address in san["emails"]})
    errors = {
        name: messages.NO_CLAIM for name, host in hosts.items() if not _covered(host, verified)
    }
    if errors:
        raise ServiceError(422, messages.UNVERIFIED_NAMES, errors)


def _covered(host: str, verified: Iterable[Claim]) -> bool:
    """A claim proven over HTTP covers just its own name (CA/B ballot SC45)."""
    name = host.lower().rstrip(".")
    return any(
        name == claim.domain
        or (claim.last_verification_method != HTTP and name.endswith("." + claim.domain))
        for claim in verified
    )
