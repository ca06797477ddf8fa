# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a certificate task: what the user reads, registers and asserts on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ...times import iso_time
from ..facts import CertificateFacts
from ..wanted import Misstated
from .item import CertificateItem

_UNACKNOWLEDGED = (
    "unacknowledged: it was put in place by an earlier run that did not come to its end, or that"
    " left it to be confirmed"
)


def report(
    items: Sequence[CertificateItem],
    misstated: Mapping[int, Misstated],
    options: Mapping[str, Any],
    check_mode: bool,
    now: int,
) -> dict[str, Any]:
    """The result for all items, with `failed` and `msg` if any of them failed.

    `misstated` are those of the task that are no items, by their place among all.
    """
    state = options["state"]
    changed = [is_changed(item, state, check_mode) for item in items]
    entries = [
        {**_entry(item, item_changed, state, now), **_content(item, options)}
        for item, item_changed in zip(items, changed)
    ]
    for place, wrong in sorted(misstated.items()):
        entries.insert(place, _misstated_entry(wrong))
    result: dict[str, Any] = {
        "changed": any(changed),
        "certificates": entries,
        "diff": [
            _diff(item, state, check_mode)
            for item, item_changed in zip(items, changed)
            if item_changed
        ],
        "warnings": [
            f"{item.wanted.label}: {warning}" for item in items for warning in item.warnings
        ],
    }
    failed = [entry for entry in entries if entry.get("failed")]
    if failed:
        result["failed"] = True
        result["msg"] = _message(failed, len(entries))
    return result


def is_changed(item: CertificateItem, state: str, check_mode: bool) -> bool:
    """Whether the item was changed, in check mode whether it would be."""
    if state == "absent":
        return bool(item.removed and item.removed.removed_files)
    if state == "revoked":
        return bool(item.revoked)
    if state in ("confirmed", "previous"):
        if check_mode:
            found = item.inspection
            will_switch = state == "confirmed" or found.has_previous
            is_new = found.unacknowledged and will_switch
            return is_new or (state == "previous" and found.is_cut_off) or bool(item.revoked)
        return bool(item.acknowledged and item.acknowledged.is_changed) or bool(item.revoked)
    changed = item.will_change() if check_mode else item.has_changed()
    return changed or bool(item.revoked)


def _entry(item: CertificateItem, changed: bool, state: str, now: int) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "path": item.wanted.label,
        "files": {target.option: target.path for target in item.wanted.targets},
        "changed": changed,
        "reasons": item.reasons if state == "present" else [],
        "repairs": list(_repairs(item)) if state == "present" else [],
        "missing_folders": item.inspection.missing_folders,
        "revoked": item.revoked,
    }
    if state == "absent":
        entry["removed"] = item.removed.removed_files if item.removed else []
    facts = item.facts
    if facts:
        entry.update(asdict(facts))
        entry["remaining_days"] = max(0, facts.not_after - now) // 86400
        entry["not_before"] = iso_time(facts.not_before)
        entry["not_after"] = iso_time(facts.not_after)
    if item.error:
        entry.update(failed=True, msg=item.error)
    if item.uncovered:
        entry["uncovered"] = item.uncovered
    return entry


def _misstated_entry(wrong: Misstated) -> dict[str, Any]:
    """Of one whose options are wrong nothing was looked at."""
    return {
        "path": wrong.label,
        "files": {},
        "changed": False,
        "reasons": [],
        "repairs": [],
        "missing_folders": [],
        "revoked": [],
        "failed": True,
        "msg": wrong.error,
    }


def _repairs(item: CertificateItem) -> Iterator[str]:
    yield from item.inspection.repairs
    if item.inspection.unfinished:
        yield item.inspection.unfinished
    if item.inspection.unacknowledged:
        yield _UNACKNOWLEDGED


def _content(item: CertificateItem, options: Mapping[str, Any]) -> dict[str, Any]:
    """The certificate and its issuers as PEM, if they are asked for or are nowhere else."""
    if not options["return_content"] and item.wanted.targets:
        return {}
    content = (item.seen or item.inspection).content
    if item.installed is not None and item.installed.content:
        content = item.installed.content
    return {name: content.get(name, "") for name in ("certificate", "chain", "root")}


def _message(failed: Sequence[Mapping[str, Any]], total: int) -> str:
    if total == 1:
        return str(failed[0]["msg"])
    reasons = " ".join(f"{entry['path']}: {entry['msg']}" for entry in failed)
    return f"{len(failed)} of {total} certificates failed. {reasons}"


def _diff(item: CertificateItem, state: str, check_mode: bool) -> dict[str, str]:
    why = "; ".join(item.reasons or list(_repairs(item))) if state == "present" else state
    return {
        "before_header": item.wanted.label,
        "after_header": f"{item.wanted.label} ({why})",
        "before": _before(item, state),
        "after": _after(item, state, check_mode),
    }


def _before(item: CertificateItem, state: str) -> str:
    if state == "absent" and item.removed:
        return "".join(f"{path}\n" for path in item.removed.removed_files)
    return _described(item.inspection.certificate)


def _after(item: CertificateItem, state: str, check_mode: bool) -> str:
    if state == "absent":
        return ""
    if state == "revoked":
        return _described(item.facts) + "revoked: yes\n"
    if item.reasons and not item.outcome and not item.inspection.unfinished and state == "present":
        return _foreseen(item) if check_mode else _described(item.facts)
    mended = [] if item.outcome or state != "present" else list(_repairs(item))
    return _described(item.facts) + "".join(f"mended: {repair}\n" for repair in mended)


def _foreseen(item: CertificateItem) -> str:
    """What a new certificate would say, as far as it can be known before it is issued."""
    wish = item.wanted.wish
    lines = [f"{name}: {_shown(value)}" for name, value in wish.items()]
    if item.planned:
        lines.append(f"key: {_key(item)}")
        if item.planned.not_after:
            lines.append(f"not_after: about {iso_time(item.planned.not_after)}")
    lines += [f"folder to be created first: {e}" for e in item.inspection.missing_folders]
    return "".join(f"{line}\n" for line in lines)


def _key(item: CertificateItem) -> str:
    deployed = item.inspection.certificate
    if item.makes_new_key or deployed is None:
        return f"{item.planned.key_kind}, new"
    return f"{deployed.key}, kept"


def _shown(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ", ".join(value)
    return str(value)


def _described(facts: CertificateFacts | None) -> str:
    if facts is None:
        return ""
    lines = {
        "subject": facts.subject,
        "dns_names": ", ".join(facts.dns_names),
        "emails": ", ".join(facts.emails),
        "ip_addresses": ", ".join(facts.ip_addresses),
        "uris": ", ".join(facts.uris),
        "not_before": iso_time(facts.not_before),
        "not_after": iso_time(facts.not_after),
        "key": facts.key,
        "serial_number": facts.serial_number,
        "issuer": facts.issuer,
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items() if value)
