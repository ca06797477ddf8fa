# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remove a certificate's files, and what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...files.changes import Change, Draft, Removal
from ...files.ownership import Attributes
from ...files.phases import Work
from ...files.places import Places
from ..exchange import Removed
from ..reasons import orphan_notice, possibly_issued
from ..wanted import Target, Wanted
from .disk import Disk
from .prepare import is_held
from .record import Record
from .sets import all_or_none
from .store import Store
from .targets import Reserve


@dataclass(frozen=True)
class Order:
    """What is to go; private keys only with `removes_key`. `now` in UNIX seconds, `breaks` is the
    run whose lease may be broken, because its process is gone."""

    wanted: Wanted
    removes_key: bool
    now: int
    breaks: str

    @classmethod
    def read(cls, item: dict[str, Any]) -> Order:
        """From plain JSON types."""
        return cls(
            Wanted.from_wire(item["wanted"]), item["removes_key"], item["now"], item["breaks"]
        )


def remove(order: Order, store: Store, places: Places, check_mode: bool) -> Work[Removed]:
    """Remove, or in check mode tell what would be removed. Nothing is revoked."""
    wanted, record = order.wanted, store.read()
    disk = Disk(store, places, wanted.follow)
    attempt = record.attempt
    if attempt and is_held(attempt.lease, "", order.breaks, order.now):
        return Removed(busy=dict(vars(attempt.lease)))
    going = [target for target in wanted.targets if order.removes_key or not target.holds_key]
    staying = [*_kept(wanted, going), *_unnamed(wanted, record)]
    # Every place is looked up before anything is removed: who cannot be trusted with one of them
    # stops the whole.
    removed = [target.path for target in going if disk.exists(target.path)]
    linked = [target for target in staying if disk.link(target.path) is not None]
    removed += [store.file] if store.exists else []
    if not check_mode:
        removals = list(_removals(disk, going))  # which may fail, and leaves nothing behind
        changes = [*_as_files(disk, linked), *removals]
        if changes:
            yield changes
        if store.exists:
            Reserve(wanted, store, disk).release()
            store.forget()
    return Removed(removed_files=removed, notices=list(_notices(record, linked, wanted)))


def _kept(wanted: Wanted, going: list[Target]) -> list[Target]:
    return [target for target in wanted.targets if target not in going]


def _unnamed(wanted: Wanted, record: Record) -> list[Target]:
    """The files of the set that the task does not name: nobody said that they are to go."""
    named = {target.path for target in wanted.targets}
    held = record.deployed
    return [target for target in held.targets if target.path not in named] if held else []


def _as_files(disk: Disk, targets: list[Target]) -> list[Change]:
    """A link into what is going to be removed becomes the file that it leads to."""
    with all_or_none() as changes:
        for target in targets:
            place, found = disk.place(target.path), disk.find_named(target.path)
            if found is None:
                changes.append(Removal(place.folder, place.name))
                continue
            status = found.status
            attributes = Attributes(str(status.st_uid), str(status.st_gid), status.st_mode & 0o7777)
            changes.append(Draft(place.folder, place.name, found.content, attributes))
    return changes


def _removals(disk: Disk, targets: list[Target]) -> Iterator[Change]:
    """A file, and the link of the user's that led to it."""
    for target in targets:
        for place in disk.places_on_the_way(target.path):
            yield Removal(place.folder, place.name)


def _notices(record: Record, linked: list[Target], wanted: Wanted) -> Iterator[str]:
    attempt, kept = record.attempt, record.kept
    if attempt and attempt.serial:
        yield (
            f"The certificate {attempt.serial} had been requested and was not fetched yet; nobody"
            " uses it now."
        )
    elif attempt:
        yield (
            "A request was begun and its outcome is not known;"
            f" {possibly_issued('', attempt.not_after)}"
        )
    if kept and kept.name in record.sets:
        yield (
            f"The certificate {record.sets[kept.name].serial} had been issued and was kept to be"
            " put in place later; it is dropped with its key, and was not revoked."
        )
    yield from map(orphan_notice, record.orphans)
    if record.rejected:
        yield (
            f"The certificate {record.rejected.serial} had been issued and could not be used; it"
            " was not revoked."
        )
    if record.superseded:
        yield (
            f"{', '.join(record.superseded)} were still to be revoked, and are not: their keys are"
            " dropped, so nobody can show any more that they were this node's own; revoke them in"
            " the Atlas portal."
        )
    named = {target.path for target in wanted.targets}
    others = [target.path for target in linked if target.path not in named]
    if others:
        yield (
            "Files that this task does not name belong to the same certificate and stay, as files"
            f" of their own: {', '.join(others)}."
        )
