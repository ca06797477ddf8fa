# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is due, and what else is to be done on the node. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ...errors import AtlasError
from ...pki import certificates, keys
from ...pki.library import x509
from .. import due
from ..exchange import Inspection
from ..fact_reading import facts_of
from ..reasons import orphan_notice
from ..wanted import CHAIN, ROOT, Wanted
from . import versions
from .look import Found, layout_named, look, standing_layout
from .material import content_of
from .plain import place_of
from .store import Store
from .targets import Reserve, obstacles


def inspect(wanted: Wanted, now: int, with_content: bool) -> Inspection:
    """Compare what is deployed with what is wanted at `now`, in UNIX seconds."""
    try:
        found = look(wanted)
    except AtlasError as error:
        return Inspection.stopped(error.message)
    reasons = due.reasons(wanted, found.deployed, now)
    unfinished = pending_version(wanted, found, now)
    repairs: list[str] = []
    obstacle = ""
    if not reasons and not unfinished:
        try:
            repairs = needed_repairs(wanted, found)
        except AtlasError as error:
            obstacle = error.message
    is_to_change = bool(reasons or repairs or unfinished)
    if not obstacle and is_to_change:
        obstacle = next(obstacles(wanted, found.store), "")
    is_to_look = is_to_change and not obstacle
    missing_folders = sorted(_missing_folders(wanted, found.store)) if is_to_look else []
    leaf = found.deployed.certificate
    state = found.state
    return Inspection(
        reasons=reasons,
        repairs=repairs,
        needs_chain=_needs_chain(wanted, found, reasons, bool(unfinished)),
        obstacle=obstacle,
        missing_folders=missing_folders,
        certificate=facts_of(leaf) if leaf else None,
        unfinished=_why_unfinished(found) if unfinished else "",
        unacknowledged=bool(state.live) and not state.acknowledged,
        is_untidy=_is_untidy(wanted, found, reasons),
        superseded=list(state.superseded),
        notices=list(_notices(wanted, found, reasons)),
        is_own=bool(found.deployed.recorded and found.material and found.material.key),
        has_previous=_has_previous(wanted, found),
        is_cut_off=bool(state.installing or state.returning),
        content=content_of(found.material) if with_content and found.material else {},
    )


def _is_untidy(wanted: Wanted, found: Found, reasons: list[str]) -> bool:
    """Whether something is to be cleared away, though nothing is due."""
    state = found.state
    # Asked only if it may be so: it lists folders, which may be large.
    may_hold_space = state.attempt is not None and not reasons
    holds_space = may_hold_space and Reserve(wanted, found.store).is_held
    return state.is_untidy or bool(state.orphans) or holds_space


def _has_previous(wanted: Wanted, found: Found) -> bool:
    layout = layout_named(standing_layout(wanted, found.state))
    has: bool = layout.has_previous(found.store, found.state.previous)
    return has


def pending_version(wanted: Wanted, found: Found, now: int) -> str:
    """A complete set that was not put in place, or only half, and is still what is wanted.

    A set that is over, due itself, or older than what is deployed meanwhile is not. `force` asks
    for another than the one that is held.
    """
    state = found.state
    named = [
        state.installing.version if state.installing else "",
        state.held.version if state.held and not wanted.force else "",
    ]
    return next(
        (version for version in named if version and _fits(wanted, found, version, now)), ""
    )


def _fits(wanted: Wanted, found: Found, version: str, now: int) -> bool:
    material = versions.load(found.store, version)
    wish = versions.wish_of(found.store, version)
    if material is None or wish is None:
        return False
    key = material.key.public_key() if material.key else None
    if key is None and wanted.external_key is None:
        return False
    digest = keys.public_key_digest(key) if key is not None else found.deployed.key_digest
    kind = keys.kind_of(key) if key is not None else found.deployed.key_kind
    is_revoked = material.serial in found.state.revoked
    held = due.Deployed(material.leaf, "", kind, digest, "", due.Recorded(wish), is_revoked)
    others = [e for e in due.reasons(wanted, held, now) if not e.startswith("forced:")]
    return not others and not _is_older(material.leaf, found)


def _is_older(leaf: x509.Certificate, found: Found) -> bool:
    deployed = found.deployed.certificate
    if deployed is None or certificates.is_self_signed(deployed):
        return False
    return certificates.not_before(leaf) < certificates.not_before(deployed)


def _why_unfinished(found: Found) -> str:
    if found.state.installing:
        serial = versions.serial_of(found.state.installing.version)
        return f"unfinished: putting {serial} in place was cut off"
    held = found.state.held
    if held is None:
        return ""
    return f"held: {versions.serial_of(held.version)} is not in place, {held.why}"


def needed_repairs(wanted: Wanted, found: Found) -> list[str]:
    """What to mend of a set whose certificate is as wanted, each as `<path>: <what>`."""
    if found.material is None or not wanted.targets:
        return []
    layout = layout_named(standing_layout(wanted, found.state))
    differences = layout.differences(found.store, wanted, found.material)
    return [f"{path}: {what}" for path, what in differences]


def _needs_chain(wanted: Wanted, found: Found, reasons: list[str], has_unfinished: bool) -> bool:
    """Whether a repair takes issuers or a root that are not on the node."""
    material = found.material
    if reasons or has_unfinished or material is None:
        return False
    parts = {part for target in wanted.targets for part in target.contains}
    lacks_chain = CHAIN in parts and material.issuers is None
    return lacks_chain or (ROOT in parts and material.root is None)


def _notices(wanted: Wanted, found: Found, reasons: list[str]) -> Iterator[str]:
    deployed = found.deployed
    if deployed.certificate and not deployed.recorded and not reasons:
        issuer = deployed.certificate.issuer.rfc4514_string()
        yield (
            f"The certificate was not obtained by this collection (its issuer is {issuer}); it is"
            " kept until it is due. replace_foreign: true replaces it now."
        )
    yield from map(orphan_notice, found.state.orphans)
    attempt = found.state.attempt
    if attempt and not reasons:
        yield (
            "A request that was begun earlier was never finished and is not needed any more;"
            f" Atlas may have issued a certificate for it that ends at {attempt.not_after} (UNIX"
            " seconds) and that nobody uses."
        )
    for target in wanted.targets:
        if os.path.isfile(target.path) and os.stat(target.path).st_nlink > 1:
            yield f"{target.path} has other hard links, which keep the old content when it changes."


def _missing_folders(wanted: Wanted, store: Store) -> set[str]:
    folders = {os.path.dirname(place_of(store, target.path)) for target in wanted.targets}
    return {folder for folder in folders if not os.path.lexists(folder)}
