# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks: one process at a time, as long as its handle is open."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator

from ..errors import AtlasError
from .folder import Folder

_PATIENCE = 120.0
_PAUSE = 0.05
_HELD_BY_OTHERS = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)
_Identity = tuple[int, int]
_held: set[_Identity] = set()
"""The files that this process has locked: to wait for itself would take for ever."""


@contextlib.contextmanager
def locked(folder: Folder, name: str) -> Iterator[None]:
    """Keep other processes out that lock the same file of a folder, which is made if need be.

    Who holds it may remove it. Raises `AtlasError` after two minutes of waiting.
    """
    handle, identity = _hold(folder, name)
    _held.add(identity)
    try:
        yield
    finally:
        _held.discard(identity)
        os.close(handle)


def _hold(folder: Folder, name: str) -> tuple[int, _Identity]:
    path = folder.path_of(name)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            handle = os.open(name, flags, 0o600, dir_fd=folder.handle)
        except OSError as error:
            raise AtlasError(f"{path}: cannot be opened: {folder.refusal(error)}.") from None
        try:
            identity = _wait_for(handle, path, deadline)
            # Who held it may have removed it: then it keeps nobody out any more.
            if os.fstat(handle).st_nlink:
                return handle, identity
        except OSError as error:
            os.close(handle)
            raise AtlasError(f"{path}: cannot be locked: {folder.refusal(error)}.") from None
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _wait_for(handle: int, path: str, deadline: float) -> _Identity:
    found = os.fstat(handle)
    if (found.st_dev, found.st_ino) in _held:
        raise AtlasError(
            f"{path}: two certificates of this task are recorded in the same place; give each a"
            " file of its own."
        )
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return found.st_dev, found.st_ino
        except OSError as error:
            if error.errno not in _HELD_BY_OTHERS:
                raise
            if time.monotonic() > deadline:
                raise AtlasError(
                    f"{path} has been held by another process of this node for {_PATIENCE:.0f}"
                    f" seconds; look what it does (fuser {path})."
                ) from None
        time.sleep(_PAUSE)
