# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that no rename can replace, however writable their folder is."""

from __future__ import annotations

import array
import fcntl
import os
import struct

from .folder import Folder, UnreadableError

_GET_FLAGS = 0x80086601 if struct.calcsize("l") == 8 else 0x80046601
_IMMUTABLE, _APPEND_ONLY = 0x10, 0x20


def why_unreplaceable(folder: Folder, name: str) -> str:
    """Why a file cannot be replaced, as the rest of a sentence that begins with its path; empty if
    it can."""
    if _is_mount_point(folder, name):
        return (
            "is a mount point of its own and cannot be replaced by a rename; mount the folder"
            " instead of the file."
        )
    for path, is_fixed in _fixed(folder, name):
        if is_fixed:
            return f"cannot be replaced, because {path} is immutable; see lsattr and chattr."
    return ""


def _fixed(folder: Folder, name: str) -> list[tuple[str, bool]]:
    try:
        file = folder.open_file(name)
    except UnreadableError:
        file = None
    return [
        (folder.path_of(name), _is_fixed(file)),
        (folder.path, _is_fixed(folder.opened_or_none())),
    ]


def _is_mount_point(folder: Folder, name: str) -> bool:
    """Files can be mount points, which `os.path.ismount` does not see."""
    handle = folder.handle_or_none(name)
    if handle is None:
        return False
    try:
        return _mount_of(handle) != _mount_of(folder.handle)
    finally:
        os.close(handle)


def _mount_of(handle: int) -> str:
    """The number of the mount that an open file is seen through; empty if nobody says."""
    try:
        with open(f"/proc/self/fdinfo/{handle}", encoding="ascii") as table:
            return next((line for line in table if line.startswith("mnt_id:")), "")
    except OSError:
        return ""


def _is_fixed(handle: int | None) -> bool:
    """Whether an open file or folder, which is closed, is immutable or can only be added to."""
    if handle is None:
        return False
    try:
        flags = array.array("i", [0, 0])  # the system writes an int, and speaks of a long
        fcntl.ioctl(handle, _GET_FLAGS, flags, True)
        return bool(flags[0] & (_IMMUTABLE | _APPEND_ONLY))
    except OSError:  # not every file system has them
        return False
    finally:
        os.close(handle)
