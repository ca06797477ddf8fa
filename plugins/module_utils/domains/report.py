# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a claim task, and what there is to say of all claims of an account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..api.client import Claim
from ..times import iso_time
from .coverage import covering_claim
from .keeper import ClaimState
from .place import places
from .standing import Standing, is_due, renewal_time
from .wish import ClaimWish

_DAY = 86400


def report(states: Sequence[ClaimState], wish: ClaimWish) -> dict[str, Any]:
    """The result for all names, with `failed` and `msg` if any of them failed."""
    result: dict[str, Any] = {
        "changed": any(state.changed for state in states),
        "claims": [_entry(state, wish) for state in states],
        "diff": [_diff(state) for state in states if state.changed],
    }
    failed = [state for state in states if state.error]
    if failed:
        result["failed"] = True
        result["msg"] = " ".join(dict.fromkeys(state.error for state in failed))
    return result


def _entry(state: ClaimState, wish: ClaimWish) -> dict[str, Any]:
    known = state.standing
    cover, claim = (known.cover, known.claim) if known else (None, None)
    expires_at = cover.expires_at if cover else None
    place: dict[str, dict[str, Any]] = {}
    if known and state.token:
        place = places(state.name, known.domain, state.token, wish)
        if state.mail_addresses:
            place["email"] = {"addresses": list(state.mail_addresses)}
    entry: dict[str, Any] = {
        "domain": state.name,
        "status": _status(state),
        "covered_by": cover.domain if cover else "",
        "claimed": known.domain if known else "",
        "id": claim.claim_id if claim else "",
        "method": ((cover.last_verification_method if cover else None) or "").lower(),
        "expires_at": iso_time(expires_at) if expires_at else "",
        "is_due": state.is_due,
        "is_placer": state.is_due and state.is_placer,
        "place": place,
        "changed": state.changed,
    }
    if state.error:
        entry.update(failed=True, msg=state.error)
    return entry


def _status(state: ClaimState) -> str:
    known = state.standing
    if known and known.cover:
        return "VERIFIED"
    return "PENDING" if known and known.claim else "ABSENT"


def _diff(state: ClaimState) -> dict[str, str]:
    return {
        "before_header": state.name,
        "after_header": state.name,
        "before": _described(state.found),
        "after": _described(state.standing),
    }


def _described(known: Standing | None) -> str:
    if known is None:
        return ""
    cover = known.cover
    until = iso_time(cover.expires_at) if cover and cover.expires_at else ""
    return "".join(
        f"{line}\n"
        for line in (
            f"claim: {known.claim.claim_id if known.claim else 'none'}",
            f"covered by: {cover.domain if cover else 'none'}",
            f"until: {until}" if until else "",
            f"to be verified: {'yes' if known.is_due else 'no'}",
        )
        if line
    )


def coverage(
    names: Iterable[str], claims: Sequence[Claim], now: int, renew_before: str
) -> list[dict[str, Any]]:
    """Which names are covered by what, and until when."""
    found = []
    for name in names:
        cover = covering_claim(name, claims, now)
        found.append(
            {
                "name": name,
                "covered_by": cover.domain if cover else "",
                **_until(cover, now, renew_before),
            }
        )
    return found


def overview(claims: Iterable[Claim], now: int, renew_before: str) -> list[dict[str, Any]]:
    """All claims, those that lapse first before the others."""
    entries = [
        {
            "domain": claim.domain,
            "id": claim.claim_id,
            "status": claim.status,
            "method": (claim.last_verification_method or "").lower(),
            **_until(claim if claim.is_verified(now) else None, now, renew_before),
        }
        for claim in claims
    ]
    return sorted(entries, key=lambda entry: (entry["expires_at"] or "9", entry["domain"]))


def _until(cover: Claim | None, now: int, renew_before: str) -> dict[str, Any]:
    ends = cover.expires_at if cover else None
    renewal = renewal_time(cover, renew_before) if cover else None
    return {
        "expires_at": iso_time(ends) if ends else "",
        "remaining_days": max(0, ends - now) // _DAY if ends else None,
        "renew_from": iso_time(renewal) if renewal else "",
        "is_due": cover is None or is_due(cover, now, renew_before),
    }


def table(entries: Sequence[dict[str, Any]], columns: Sequence[str]) -> list[str]:
    """Entries of `coverage` or `overview` as lines for people, and what to do about each."""
    if not entries:
        return []
    head = [*(column.capitalize().replace("_", " ") for column in columns), "What to do"]
    rows = [head]
    rows.extend(
        [*(_cell(entry[column]) for column in columns), _advice(entry)] for entry in entries
    )
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows
    ]


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def _advice(entry: dict[str, Any]) -> str:
    if not entry["is_due"]:
        return f"renew it from {entry['renew_from'][:10]}" if entry["renew_from"] else ""
    return "renew it now" if entry["expires_at"] else "have it verified"
