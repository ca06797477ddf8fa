# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether files can be put in place: what fails at the end would cost a certificate."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from ...errors import AtlasError
from ...files.changes import Draft
from ...files.folder import Folder
from ...files.places import NoFolderError
from ...files.replaceable import why_unreplaceable
from ...files.space import Space
from ..wanted import Target, Wanted
from .disk import Disk, attributes_of
from .look import Found
from .store import Store

_RESERVED_BYTES = 128 * 1024
"""More than the largest set takes: RSA 8192, 300 names and a chain of four are below 64 KiB."""


def obstacles(found: Found) -> Iterator[str]:
    """Why files cannot be put in place, as far as can be seen without writing."""
    for target in found.wanted.targets:
        why = _obstacle(found, target)
        if why:
            yield f"{target.option}: {target.path} {why}"


def _obstacle(found: Found, target: Target) -> str:
    try:
        place = found.disk.place(target.path)
    except NoFolderError:
        return ""
    except AtlasError as error:
        return f"cannot be written: {error.message}"
    status = place.folder.stat(place.name)
    if status is not None and stat.S_ISDIR(status.st_mode):
        return "is a folder; give the path of a file."
    if not place.folder.is_writable():
        user = os.geteuid()
        who, remedy = (f"the user {user}", "add become: true, or ") if user else ("root", "")
        return (
            f"cannot be written, because the folder {place.folder.path} is not writable for {who}"
            f" on the node; {remedy}choose another folder."
        )
    if target.holds_key and place.folder.is_open_to_all:
        return (
            "cannot be written safely, because everybody can replace what lies in"
            f" {place.folder.path} or above it; take that permission away (chmod o-w), or choose"
            " another folder."
        )
    return why_unreplaceable(place.folder, place.name)


def try_targets(found: Found) -> None:
    """Do with each target, on something beside it, all that will be done: create, own, write."""
    for why in obstacles(found):
        raise AtlasError(why)
    for target in found.wanted.targets:
        try:
            place = found.disk.place(target.path)
        except NoFolderError as error:
            raise AtlasError(
                f"{target.option}: {error.message}; create it before this task."
            ) from None
        Draft(place.folder, place.name, b"", attributes_of(target)).discard()


class Reserve:
    """Space on the file systems of a certificate's files, held until they are written."""

    def __init__(self, wanted: Wanted, store: Store, disk: Disk) -> None:
        folders = {folder.device: folder for folder in _folders(wanted, disk)}
        folders[store.folder.device] = store.folder
        self._spaces = [Space(at, f".{store.name}.atlas-reserve") for at in folders.values()]

    def take(self) -> None:
        """Hold the space; raises `AtlasError` if there is not enough."""
        try:
            for space in self._spaces:
                space.hold(_RESERVED_BYTES)
        except AtlasError:
            self.release()
            raise

    @property
    def is_held(self) -> bool:
        """Whether a run that was cut off holds space."""
        return any(space.is_held for space in self._spaces)

    def release(self) -> None:
        """Give the space back, also what a run that was cut off held."""
        for space in self._spaces:
            space.release()


def reserve_of(found: Found) -> Reserve:
    """The space for what was looked at."""
    return Reserve(found.wanted, found.store, found.disk)


def _folders(wanted: Wanted, disk: Disk) -> Iterator[Folder]:
    for target in wanted.targets:
        try:
            yield disk.place(target.path).folder
        except NoFolderError:
            continue
