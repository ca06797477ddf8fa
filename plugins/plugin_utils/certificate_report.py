# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a certificate task: what the user reads, registers and asserts on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.facts import (
    CertificateFacts,
)
from ansible_collections.globalsign.atlas.plugins.plugin_utils.certificate_item import (
    CertificateItem,
)
from ansible_collections.globalsign.atlas.plugins.plugin_utils.times import iso_time


def report(items: Sequence[CertificateItem], check_mode: bool, now: int) -> dict[str, Any]:
    """The result for all items, with `failed` and `msg` if any of them failed."""
    changed = [_changed(item, check_mode) for item in items]
    result: dict[str, Any] = {
        "changed": any(changed),
        "certificates": [_entry(*pair, now) for pair in zip(items, changed)],
        "diff": [_diff(item) for item, is_changed in zip(items, changed) if is_changed],
        "warnings": [
            f"{item.wanted.label}: {warning}"
            for item in items
            if item.outcome
            for warning in item.outcome.warnings
        ],
    }
    failed = [item for item in items if item.error]
    if failed:
        result["failed"] = True
        result["msg"] = _message(failed, len(items))
    return result


def _changed(item: CertificateItem, check_mode: bool) -> bool:
    if check_mode:
        return item.to_issue or item.to_mend
    return bool(item.installed and item.installed.changed_files)


def _facts(item: CertificateItem) -> CertificateFacts | None:
    """What is deployed now: the new certificate if it was installed, else the one found."""
    installed = item.installed and item.installed.changed_files
    if installed and item.outcome and item.outcome.facts:
        facts: CertificateFacts = item.outcome.facts
        return facts
    return item.inspection.certificate


def _entry(item: CertificateItem, changed: bool, now: int) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "path": item.wanted.label,
        "files": item.wanted.targets,
        "changed": changed,
        "reasons": item.inspection.reasons,
        "repairs": item.inspection.repairs,
        "missing_folders": item.inspection.missing_folders,
    }
    facts = _facts(item)
    if facts:
        entry.update(asdict(facts))
        entry["remaining_days"] = max(0, facts.not_after - now) // 86400
        entry["not_before"] = iso_time(facts.not_before)
        entry["not_after"] = iso_time(facts.not_after)
    if item.error:
        entry.update(failed=True, msg=item.error)
    return entry


def _message(failed: Sequence[CertificateItem], total: int) -> str:
    if total == 1:
        return failed[0].error
    reasons = " ".join(f"{item.wanted.label}: {item.error}" for item in failed)
    return f"{len(failed)} of {total} certificates failed. {reasons}"


def _diff(item: CertificateItem) -> dict[str, str]:
    why = "; ".join(item.inspection.reasons or item.inspection.repairs)
    return {
        "before_header": item.wanted.label,
        "after_header": f"{item.wanted.label} ({why})",
        "before": _described(item.inspection.certificate),
        "after": _after(item),
    }


def _after(item: CertificateItem) -> str:
    if item.inspection.reasons and not item.outcome:
        return _foreseen(item)
    mended = [] if item.inspection.reasons else item.inspection.repairs
    return _described(_facts(item)) + "".join(f"mended: {repair}\n" for repair in mended)


def _foreseen(item: CertificateItem) -> str:
    """What a new certificate would say, as far as it can be known before it is issued."""
    lines = [f"{name}: {', '.join(values)}" for name, values in item.wanted.subject.items()]
    lines += [f"{kind}: {', '.join(values)}" for kind, values in item.wanted.san.items()]
    if item.planned:
        lines.append(f"key: {item.planned.key_kind}, new")
    lines += [f"folder to be created first: {e}" for e in item.inspection.missing_folders]
    return "".join(f"{line}\n" for line in lines)


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
