# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a claim task."""

from __future__ import annotations

from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.domains.keeper import DomainState
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.place import places
from ansible_collections.globalsign.atlas.plugins.module_utils.times import iso_time


def entry(state: DomainState) -> dict[str, Any]:
    """What the user reads of one domain."""
    claim = state.claim
    expires_at = claim.expires_at if claim else None
    return {
        "domain": state.domain,
        "covered_by": claim.domain if claim and state.verified else "",
        "id": claim.claim_id if claim else "",
        "status": _status(state),
        "expires_at": iso_time(expires_at) if expires_at else "",
        "place": places(state.domain, state.token) if state.token else {},
        "changed": state.changed,
    }


def _status(state: DomainState) -> str:
    if state.verified:
        return "VERIFIED"
    return "PENDING" if state.claim else "ABSENT"
