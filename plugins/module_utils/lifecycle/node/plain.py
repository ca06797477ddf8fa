# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layout `plain`: files at their own paths, replaced by consecutive renames.

Each file is old or new and never torn. Between the renames, or after a crash there until the next
run, certificate and key may not match.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Collection, Sequence

from ...errors import AtlasError
from ..wanted import CERTIFICATE, PKCS12, PRIVATE_KEY, Target, Wanted
from . import files, versions
from .material import Material, holds, lacks, render
from .store import Store, make_folder, read_document

_PRIVATE = files.Attributes(owner=None, group=None, mode=0o600)


def in_order(targets: Sequence[Target]) -> list[Target]:
    """The order in which the files are renamed: the private key last.

    Servers open the certificate first and the key a moment later, so key-last is seen as a pair
    that does not match less often than any other order.
    """
    return sorted(targets, key=_rank)


def _rank(target: Target) -> int:
    if target.contains == [PRIVATE_KEY]:
        return 5
    if CERTIFICATE not in target.contains:
        return 0
    if target.format == PKCS12:
        return 1
    if target.holds_key:
        return 2
    return 3 if target.contains == [CERTIFICATE] else 4


def attributes_of(target: Target) -> files.Attributes:
    """Owner, group and mode of a target."""
    return files.Attributes(target.owner, target.group, target.mode)


def is_own_link(store: Store, path: str) -> bool:
    """Whether a path is a link of the layout `linked`."""
    if not os.path.islink(path):
        return False
    link = os.path.join(os.path.realpath(os.path.dirname(path)), os.readlink(path))
    live, folder = os.path.split(os.path.dirname(os.path.normpath(link)))[::-1]
    return live == "live" and os.path.realpath(folder) == os.path.realpath(store.folder)


def place_of(store: Store, path: str) -> str:
    """Where a new file lands: links are followed, but for those of the layout `linked`."""
    if is_own_link(store, path):
        return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    return files.real_path(path)


def differences(store: Store, wanted: Wanted, material: Material) -> list[tuple[str, str]]:
    """What differs from the set that is deployed: path, and what about it."""
    found = [(target.path, _difference(store, target, material)) for target in wanted.targets]
    return [(path, what) for path, what in found if what]


def _difference(store: Store, target: Target, material: Material) -> str:
    if is_own_link(store, target.path):
        return "a link of the layout linked"
    if not holds(target, content_at(target.path), material):
        return "not as it should be" if os.path.lexists(target.path) else "missing"
    if os.path.exists(target.path):
        return ", ".join(files.differing_attributes(target.path, attributes_of(target)))
    return ""


def content_at(path: str) -> bytes | None:
    """What is at a path now; of what cannot be read all that matters is that it is not right."""
    try:
        return files.read(path)
    except AtlasError:
        return b""


def keep(store: Store, wanted: Wanted, version: str, serial: str) -> str:
    """Copy what is at the targets to a folder of its own, to switch back to; its name.

    It has the number of the version that comes, and the serial number of the certificate that
    is there, if there is one.
    """
    make_folder(store.previous, 0o700)
    name = f"{version.partition('-')[0]}-{serial or 'none'}"
    folder = os.path.join(store.previous, name)
    files.remove_tree(folder)
    make_folder(folder, 0o700)
    entries = [
        _keep_file(folder, index, target.path, place_of(store, target.path))
        for index, target in enumerate(wanted.targets)
    ]
    content = json.dumps(entries).encode("utf-8")
    files.Replacement(os.path.join(folder, "meta.json"), content, _PRIVATE).put_in_place()
    return name


def _keep_file(folder: str, index: int, path: str, place: str) -> dict[str, object]:
    """`place` is where a link at the path leads to; it may lead to nothing yet."""
    content = files.read_named(path)
    if content is None:
        return {"path": path, "place": place, "there": False}
    copy = os.path.join(folder, str(index))
    files.Replacement(copy, content, _PRIVATE).put_in_place()
    found = os.stat(path)
    return {
        "path": path,
        "place": place,
        "there": True,
        "owner": found.st_uid,
        "group": found.st_gid,
        "mode": stat.S_IMODE(found.st_mode),
    }


def switch(store: Store, wanted: Wanted, material: Material, _version: str) -> list[str]:
    """Put a set in place, as far as it is not there already; the files that were changed.

    All are written beside their targets before any is renamed.
    """
    replacements: list[files.Replacement] = []
    changed = []
    try:
        for target in in_order(wanted.targets):
            content = render(target, material)
            if not content:
                place = place_of(store, target.path)
                if os.path.lexists(place) and not lacks(target, material):
                    files.unlink(place)
                    changed.append(target.path)
            elif _difference(store, target, material):
                follow = wanted.follow and not is_own_link(store, target.path)
                replacements.append(
                    files.Replacement(target.path, content, attributes_of(target), follow=follow)
                )
        for replacement in replacements:
            replacement.put_in_place()
            changed.append(replacement.path)
    finally:
        for replacement in replacements:
            replacement.discard()
    return changed


def mend(store: Store, wanted: Wanted, material: Material) -> list[str]:
    """Write again what is missing or damaged, and set attributes."""
    attributes_only = [
        target
        for target in wanted.targets
        if os.path.exists(target.path)
        and not is_own_link(store, target.path)
        and holds(target, content_at(target.path), material)
    ]
    broken = [target for target in wanted.targets if target not in attributes_only]
    changed = []
    for target in attributes_only:
        if files.differing_attributes(target.path, attributes_of(target)):
            files.set_attributes(target.path, attributes_of(target))
            changed.append(target.path)
    if any(_difference(store, target, material) for target in broken):
        changed.extend(switch(store, wanted, material, ""))
    return changed


def has_previous(store: Store, previous: str) -> bool:
    """Whether there was anything before."""
    entries = read_document(os.path.join(store.previous, previous, "meta.json"))
    return isinstance(entries, list) and any(entry["there"] for entry in entries)


def switch_back(store: Store, wanted: Wanted, previous: str) -> list[str]:
    """Put back what `keep` copied, byte by byte; what was not there is removed."""
    folder = os.path.join(store.previous, previous)
    entries = read_document(os.path.join(folder, "meta.json"))
    if not isinstance(entries, list):
        raise AtlasError(f"{folder}: what was there before is gone, nothing was switched back.")
    by_path = {entry["path"]: (index, entry) for index, entry in enumerate(entries)}
    if not any(target.path in by_path for target in wanted.targets):
        raise AtlasError(
            f"{folder} has what was there before at {', '.join(sorted(by_path))}, and the task"
            " names other files now; nothing was switched back."
        )
    replacements: list[files.Replacement] = []
    changed = []
    try:
        for target in in_order(wanted.targets):
            if target.path not in by_path:
                continue
            index, entry = by_path[target.path]
            if entry["there"]:
                content = files.read_named(os.path.join(folder, str(index))) or b""
                replacements.append(_restored(target.path, content, entry, wanted.follow))
            else:
                # A link stays: there was nothing where it leads to.
                place = target.path if is_own_link(store, target.path) else entry["place"]
                if os.path.lexists(place):
                    files.unlink(place)
                    changed.append(target.path)
        for replacement in replacements:
            replacement.put_in_place()
            changed.append(replacement.path)
    finally:
        for replacement in replacements:
            replacement.discard()
    return changed


def _restored(path: str, content: bytes, entry: dict[str, int], follow: bool) -> files.Replacement:
    attributes = files.Attributes(str(entry["owner"]), str(entry["group"]), entry["mode"])
    return files.Replacement(path, content, attributes, follow=follow)


def prune(store: Store, named: Collection[str]) -> None:
    """Remove what was kept to switch back to and is not needed any more."""
    for name in versions.names_in(store.previous):
        if name not in named:
            files.remove_tree(os.path.join(store.previous, name))


def back_up(store: Store, previous: str, count: int) -> None:
    """Turn what was kept to switch back to into a backup, of which the newest `count` stay."""
    folder = os.path.join(store.previous, previous)
    if count and os.path.isdir(folder):
        make_folder(store.history, 0o700)
        os.replace(folder, os.path.join(store.history, previous))
    if os.path.isdir(store.history):
        versions.keep_newest(store.history, count)
