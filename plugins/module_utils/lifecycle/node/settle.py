# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finish what a call began that was cut off, before anything else is done."""

from __future__ import annotations

from ...errors import AtlasError
from ...files.phases import Work
from ...files.places import Places
from ..wanted import Wanted
from . import sets
from .look import Found, look
from .record import Kept, Record
from .store import Store


def look_settled(wanted: Wanted, store: Store, places: Places) -> Work[Found]:
    """What is there, once files that were being returned have been."""
    found = look(wanted, store, places)
    if not found.record.is_cut_off or found.record.is_pending:
        return found
    yield from returned(found)
    return look(wanted, store, places)


def going_back(record: Record, why: str) -> Record:
    """What is recorded before the files return to the confirmed set, so that whoever is cut off
    meanwhile finds out what was meant; the set that was in place is kept."""
    return record.with_(
        wanted_now=record.confirmed,
        is_applied=False,
        kept=Kept(record.wanted_now, why),
        orphans=record.orphans_with(record.kept_name),
    )


def returned(found: Found) -> Work[list[str]]:
    """Return the files to the set that is recorded; the paths of those that changed."""
    record, store = found.record, found.store
    held = record.deployed
    if held is None or not held.is_restorable:
        raise AtlasError(
            f"{store.file}: what was there before is not kept any more; nothing was returned."
        )
    changed = yield from sets.put_in_place(store, found.disk, record.wanted_now, held)
    # What is deployed again was not superseded after all.
    queue = {serial: key for serial, key in record.superseded.items() if serial != held.serial}
    if not record.is_pending:
        held = held.without_secrets()
    in_place = {**record.sets, record.wanted_now: held}
    record = record.with_(sets=in_place, is_applied=True, superseded=queue)
    yield [store.draft(record)]
    store.tidy(record)
    return changed
