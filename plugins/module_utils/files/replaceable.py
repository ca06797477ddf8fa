# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that no rename can replace, however writable their folder is."""

from __future__ import annotations

import array
import fcntl
import os

from .folder import Folder, UnreadableError

_GET_FLAGS = 0x80086601
_IMMUTABLE, _APPEND_ONLY = 0x10, 0x20


def why_unreplaceable(folder: Folder, name: str) -> str:
    """Why a file cannot be replaced, as the rest of a sentence that begins with its path; empty if
    it can."""
    if folder.stat(name) is not None and _is_mount_point(folder.path_of(name)):
        return (
            "is a mount point of its own and cannot be replaced by a rename; mount the folder"
            " instead of the file."
        )
    for path, handle in _opened(folder, name):
        if _flags(handle) & (_IMMUTABLE | _APPEND_ONLY):
            return f"cannot be replaced, because {path} is immutable; see lsattr and chattr."
    return ""


def _opened(folder: Folder, name: str) -> list[tuple[str, int | None]]:
    try:
        file = folder.open_file(name)
    except UnreadableError:
        file = None
    return [(folder.path_of(name), file), (folder.path, folder.opened_or_none())]


def _is_mount_point(path: str) -> bool:
    """Files can be mount points, which `os.path.ismount` does not see."""
    escaped = path.replace("\\", "\\134").replace(" ", "\\040")
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
            return any(line.split()[4] == escaped for line in table)
    except (OSError, IndexError):
        return False


def _flags(handle: int | None) -> int:
    """The flags of an open file or folder, which is closed."""
    if handle is None:
        return 0
    try:
        flags = array.array("l", [0])
        fcntl.ioctl(handle, _GET_FLAGS, flags, True)
        return flags[0]
    except OSError:  # not every file system has them
        return 0
    finally:
        os.close(handle)
