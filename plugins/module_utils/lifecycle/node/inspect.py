# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is due, and what else is to be done on the node. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ...errors import AtlasError
from ...files.places import NoFolderError, Places
from ...pki import certificates
from .. import due, expiry
from ..exchange import Inspection
from ..fact_reading import facts_of
from ..reasons import orphan_notice, unfinished_notice
from ..wanted import CHAIN, ROOT, Wanted
from .look import Found, look, material_of, refuse_unknown_passphrases
from .material import content_of
from .record import CertificateSet, Record
from .store import Store
from .targets import obstacles, reserve_of


def inspect(
    wanted: Wanted, store: Store, places: Places, now: int, with_content: bool
) -> Inspection:
    """Compare what is deployed with what is wanted at `now`, in UNIX seconds."""
    found = look(wanted, store, places)
    record, reasons = found.record, due.reasons(wanted, found.deployed, now)
    unfinished = pending_set(found, now)
    repairs = [] if reasons or unfinished else needed_repairs(found)
    obstacle = _obstacle(found, reasons, repairs, unfinished, now)
    is_to_change = bool(reasons or repairs or unfinished) and not obstacle
    leaf = found.deployed.certificate
    return Inspection(
        reasons=reasons,
        repairs=repairs,
        needs_chain=_needs_chain(found, reasons, bool(unfinished)),
        obstacle=obstacle,
        missing_folders=sorted(set(_missing_folders(found))) if is_to_change else [],
        certificate=facts_of(leaf) if leaf else None,
        unfinished=_why_unfinished(found, unfinished) if unfinished else "",
        unacknowledged=record.is_on_probation,
        is_untidy=_is_untidy(found, reasons),
        superseded=_to_be_revoked(record),
        notices=list(_notices(found, reasons, bool(unfinished), is_to_change, now)),
        is_own=bool(found.deployed.recorded and found.material and found.material.key),
        has_previous=bool(record.previous and record.previous.has_files),
        is_cut_off=record.is_cut_off,
        content=content_of(found.material) if with_content and found.material else {},
    )


def _to_be_revoked(record: Record) -> list[str]:
    """What waits to be revoked, or will once the set that is in place is confirmed."""
    pending = record.deployed if record.is_on_probation else None
    return [*record.superseded, *(pending.supersedes if pending else ())]


def _obstacle(
    found: Found, reasons: list[str], repairs: list[str], unfinished: str, now: int
) -> str:
    """Why nothing can be done about what is due."""
    if reasons and not unfinished:
        why = not_to_be_requested(found, now)
        if why:
            return why
    if not (reasons or repairs or unfinished):
        return ""
    try:
        refuse_unknown_passphrases(found)
    except AtlasError as error:
        return error.message
    return next(obstacles(found), "")


def not_to_be_requested(found: Found, now: int) -> str:
    """Why no certificate is to be requested although one is due; empty if one may be.

    What is not known to be bad is not replaced, and what was paid for is not bought again.
    """
    if found.wanted.force:
        return ""
    if found.unreadable:
        is_sealed = "passphrase" in found.unreadable
        remedy = "state the passphrase that it has" if is_sealed else "mend it"
        return (
            f"The {found.unreadable.rstrip('.')}. What cannot be read may be right, so nothing is"
            f" requested; {remedy}, or say force: true to have it replaced."
        )
    rejected, kept = found.record.rejected, found.record.kept
    if rejected and rejected.request == found.wanted.wish:
        return (
            f"Atlas issued {rejected.serial} for this request, and it cannot be used:"
            f" {rejected.why.rstrip('.')}. Nothing is requested again for the same until the task"
            " says force: true."
        )
    held = found.record.sets.get(kept.name) if kept else None
    if kept and held and _is_early(held, now) and _fits(found, held, now):
        return (
            f"The certificate {held.serial} is kept, and not in place yet: {kept.why.rstrip('.')}."
            " The next runs put it in place as soon as they can; force: true requests another."
        )
    return ""


def _is_early(held: CertificateSet, now: int) -> bool:
    return bool(held.facts and held.facts.not_before > now)


def _is_untidy(found: Found, reasons: list[str]) -> bool:
    """Whether something is to be cleared away, though nothing is due."""
    record = found.record
    may_hold_space = record.attempt is not None and not reasons
    holds_space = may_hold_space and reserve_of(found).is_held
    left = not record.is_cut_off and found.store.is_untidy(record)
    return bool(record.orphans) or holds_space or left


def pending_set(found: Found, now: int) -> str:
    """A complete set that was not put in place, or only half, and is still what is wanted.

    A set that is over, due itself, or older than what is deployed meanwhile is not. `force` asks
    for another than one that is kept or was not confirmed.
    """
    record = found.record
    is_left = found.is_put_back and not found.wanted.force
    is_open = record.is_pending and (record.is_cut_off or is_left)
    if is_open and _fits_now(found, record.wanted_now, now):
        return record.wanted_now
    if record.kept is None or found.wanted.force:
        return ""
    held, name = record.sets.get(record.kept_name), record.kept_name
    is_early = held is not None and _is_early(held, now)
    return name if not is_early and _fits_now(found, name, now) else ""


def _fits_now(found: Found, name: str, now: int) -> bool:
    held = found.record.sets.get(name)
    return held is not None and _fits(found, held, now)


def _fits(found: Found, held: CertificateSet, now: int) -> bool:
    material = material_of(held)
    if material is None or held.request is None:
        return False
    deployed = due.Deployed(
        certificate=material.leaf,
        certificate_error="",
        key_kind=found.deployed.key_kind,
        key_digest=found.deployed.key_digest,
        key_error="",
        recorded=due.Recorded(held.request),
        is_revoked=material.serial in found.record.revoked,
    )
    if material.key is not None:
        deployed = due.with_key(deployed, material.key.public_key())
    elif found.wanted.external_key is None:
        return False
    reasons = due.reasons(found.wanted, deployed, now)
    others = [reason for reason in reasons if not reason.startswith("forced:")]
    return not others and not _is_older(held, found)


def _is_older(held: CertificateSet, found: Found) -> bool:
    deployed = found.deployed.certificate
    if deployed is None or held.facts is None or certificates.is_self_signed(deployed):
        return False
    return held.facts.not_before < certificates.not_before(deployed)


def _why_unfinished(found: Found, name: str) -> str:
    serial, kept = found.record.sets[name].serial, found.record.kept
    if kept and kept.name == name:
        return f"kept: {serial} is not in place, {kept.why}"
    if found.is_put_back:
        return f"unfinished: {serial} is not in place any more, and was not confirmed"
    return f"unfinished: putting {serial} in place was cut off"


def needed_repairs(found: Found) -> list[str]:
    """What to mend of a set whose certificate is as wanted, each as `<path>: <what>`."""
    if found.material is None or not found.wanted.targets:
        return []
    differences = [f"{path}: {what}" for path, what in found.differences()]
    return [*_left_open(found.record), *differences]


def _left_open(record: Record) -> Iterator[str]:
    """A switch that was cut off and that nothing else makes anybody finish or give up."""
    if not record.is_cut_off or record.deployed is None:
        return
    serial = record.deployed.serial or "what was there before"
    if record.is_pending:
        yield f"unfinished: putting {serial} in place was cut off, and it is not wanted any more"
    else:
        yield f"unfinished: returning to {serial} was cut off"


def _needs_chain(found: Found, reasons: list[str], has_unfinished: bool) -> bool:
    """Whether a repair takes issuers or a root that are not on the node."""
    material = found.material
    if reasons or has_unfinished or material is None:
        return False
    parts = {part for target in found.wanted.targets for part in target.contains}
    lacks_chain = CHAIN in parts and material.issuers is None
    return lacks_chain or (ROOT in parts and material.root is None)


def _notices(
    found: Found, reasons: list[str], resumes: bool, is_to_change: bool, now: int
) -> Iterator[str]:
    deployed, record = found.deployed, found.record
    if deployed.certificate and not deployed.recorded and not reasons:
        issuer = facts_of(deployed.certificate).issuer
        yield (
            f"The certificate (its issuer is {issuer}) was not obtained by this collection, as far"
            f" as the records in {found.store.path} tell; it is kept until it is due."
            " replace_foreign: true replaces it now."
        )
    if deployed.certificate and not reasons:
        close = expiry.notice(found.wanted, due.validity_of(deployed.certificate), now)
        if close:
            yield close
    if record.deployed and record.deployed.differences and deployed.recorded and not reasons:
        yield (
            "The certificate differs from what the task states"
            f" ({'; '.join(record.deployed.differences)}). It is kept until it is due or the task"
            " states otherwise."
        )
    if is_to_change and found.carried:
        yield (
            "Files that this task does not name belong to the same certificate and are kept in step"
            f" with it: {', '.join(found.carried)}. Name them in the task, or remove them."
        )
    yield from map(orphan_notice, record.orphans)
    is_requested = bool(reasons) and not resumes
    attempt = record.attempt
    if attempt and not (attempt.is_reported or is_requested):
        yield unfinished_notice(attempt.serial, attempt.not_after)
    for target in found.wanted.targets:
        status = found.disk.stat(target.path) if is_to_change else None
        if status is not None and status.st_nlink > 1:
            yield f"{target.path} has other hard links, which keep the old content when it changes."


def _missing_folders(found: Found) -> Iterator[str]:
    for target in found.wanted.targets:
        try:
            found.disk.place(target.path)
        except NoFolderError:
            yield os.path.dirname(target.path)
