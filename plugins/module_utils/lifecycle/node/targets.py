# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether files can be put in place: what fails at the end would cost a certificate."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator

from ...errors import AtlasError
from ..wanted import Target, Wanted
from . import files
from .plain import attributes_of, is_own_link, place_of
from .store import Store

_GET_FLAGS = 0x80086601
_IMMUTABLE, _APPEND_ONLY = 0x10, 0x20
_RESERVED_BYTES = 64 * 1024
"""More than the largest set takes: RSA 8192 with a chain of four is below 20 KiB."""
_RESERVED = ".atlas-reserve-"
"""What the names of files that hold space have in them."""


def obstacles(wanted: Wanted, store: Store) -> Iterator[str]:
    """Why files cannot be put in place, as far as can be seen without writing."""
    for target in wanted.targets:
        why = _obstacle(wanted, store, target)
        if why:
            yield f"{target.option}: {target.path} {why}"


def _obstacle(wanted: Wanted, store: Store, target: Target) -> str:
    path = target.path
    if os.path.islink(path) and not wanted.follow and not is_own_link(store, path):
        return "is a symbolic link, and follow is false; give the path of the file itself."
    if os.path.isdir(path):
        return "is a folder; give the path of a file."
    try:
        place = place_of(store, path)
    except AtlasError as error:
        return f"cannot be written: {error.message}"
    folder = os.path.dirname(place)
    if not os.path.lexists(folder):
        return ""
    if not os.path.isdir(folder):
        return f"cannot be written, because {folder} is not a folder."
    if not os.access(folder, os.W_OK | os.X_OK):
        return (
            f"cannot be written, because the folder {folder} is not writable for the user"
            f" {os.geteuid()} on the node; let this task become a user who may write there, or"
            " choose another folder."
        )
    return _unsafe_folder(folder, target) or _unreplaceable(place)


def _unsafe_folder(folder: str, target: Target) -> str:
    """A private key is not put where another user can put something else in its place."""
    found = os.stat(folder)
    is_open = found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX
    if target.holds_key and is_open:
        return (
            f"cannot be written safely, because everybody can replace files in {folder}; take that"
            " permission away (chmod o-w), or choose another folder."
        )
    return ""


def _unreplaceable(real: str) -> str:
    """A file that cannot be replaced by a rename, however writable its folder is."""
    if not os.path.lexists(real):
        return ""
    if _is_mount_point(real):
        return (
            "is a mount point of its own and cannot be replaced by a rename; mount the folder"
            " instead of the file."
        )
    for place in (real, os.path.dirname(real)):
        flags = _flags(place)
        if flags & (_IMMUTABLE | _APPEND_ONLY):
            return f"cannot be replaced, because {place} is immutable; see lsattr and chattr."
    return ""


def _is_mount_point(path: str) -> bool:
    """Files can be mount points, which `os.path.ismount` does not see."""
    escaped = path.replace("\\", "\\134").replace(" ", "\\040")
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
            return any(line.split()[4] == escaped for line in table)
    except (OSError, IndexError):
        return False


def _flags(path: str) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        flags = array.array("l", [0])
        fcntl.ioctl(descriptor, _GET_FLAGS, flags, True)
        return flags[0]
    except OSError:  # not every file system has them
        return 0
    finally:
        os.close(descriptor)


def try_targets(wanted: Wanted, store: Store) -> None:
    """Do with each target, on something beside it, all that will be done: create, own, rename."""
    for why in obstacles(wanted, store):
        raise AtlasError(why)
    for target in wanted.targets:
        folder = os.path.dirname(place_of(store, target.path))
        if not os.path.isdir(folder):
            raise AtlasError(
                f"{target.option}: the folder {folder} does not exist on the node; create it before"
                " this task."
            )
        follow = wanted.follow and not is_own_link(store, target.path)
        files.Replacement(target.path, b"", attributes_of(target), follow=follow).discard()


class Reserve:
    """Space on the file systems of a certificate's files, held until they are written."""

    def __init__(self, wanted: Wanted, store: Store) -> None:
        folders = [os.path.dirname(place_of(store, target.path)) for target in wanted.targets]
        there = [folder for folder in [*folders, store.private] if os.path.isdir(folder)]
        by_device = {os.stat(folder).st_dev: folder for folder in there}
        self._folders = list(by_device.values())
        self._pattern = f".{os.path.basename(store.folder)}{_RESERVED}"

    def take(self) -> None:
        """Hold the space; raises `AtlasError` if there is not enough."""
        self.release()
        for folder in self._folders:
            path = os.path.join(folder, self._pattern + secrets.token_hex(8))
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                try:
                    os.posix_fallocate(descriptor, 0, _RESERVED_BYTES)
                finally:
                    os.close(descriptor)
            except OSError as error:
                self.release()
                raise AtlasError(
                    f"{folder}: there is not enough space for the new files:"
                    f" {files.explain(error)}; make room first."
                ) from None

    @property
    def is_held(self) -> bool:
        """Whether a run that was cut off holds space."""
        return any(
            name.startswith(self._pattern) for folder in self._folders for name in _names(folder)
        )

    def release(self) -> None:
        """Give the space back, also what a run that was cut off held."""
        for folder in self._folders:
            for name in _names(folder):
                if name.startswith(self._pattern):
                    with contextlib.suppress(OSError):
                        os.unlink(os.path.join(folder, name))


def remove_strays(wanted: Wanted, store: Store) -> None:
    """Remove temporary files that calls left which were cut off. Only under the lock.

    Space that is held stays: it may be that of a run which is at work.
    """
    for target in wanted.targets:
        for path in (target.path, place_of(store, target.path)):
            _remove_strays_of(os.path.dirname(path), f".{os.path.basename(path)[:200]}.atlas-")
    for folder in (store.private, store.superseded):
        for name in _names(folder):
            if name.startswith(".") and ".atlas-" in name and _RESERVED not in name:
                files.unlink(os.path.join(folder, name))
    _remove_strays_of(store.folder, ".live.atlas-")


def _remove_strays_of(folder: str, prefix: str) -> None:
    for name in _names(folder):
        if name.startswith(prefix) and _RESERVED not in name:
            files.unlink(os.path.join(folder, name))


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
