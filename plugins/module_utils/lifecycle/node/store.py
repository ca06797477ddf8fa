# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder that holds what is recorded of one certificate, and what is kept for it.

<folder of the file it is known by>/.atlas/<name>/   0711
  lock                                               0600  one call at a time
  private/                                           0700
    state.json                                       the record, see `state`
    key.pem                                          the key of an attempt
    previous/<n>-<serial>/                           files to switch back to (layout plain)
    superseded/<serial>.pem                          keys of certificates still to be revoked
    history/<n>-<serial>/                            backups
  versions/<n>-<serial>/                             0711  a complete set, see `versions`
  live -> versions/<n>-<serial>/out                  the one switch (layout linked)
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator, Sequence
from typing import Any

from ...errors import AtlasError
from ..wanted import RECORDS
from . import files
from .state import State, read_state

_LOCK_PATIENCE = 120.0
_LOCK_PAUSE = 0.05
_OWN = files.Attributes(owner=None, group=None, mode=0o600)


class Store:
    """What is kept for one certificate."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.private = os.path.join(folder, "private")
        self.versions = os.path.join(folder, "versions")
        self.live_link = os.path.join(folder, "live")
        self.staged_key = os.path.join(self.private, "key.pem")
        self.previous = os.path.join(self.private, "previous")
        self.superseded = os.path.join(self.private, "superseded")
        self.history = os.path.join(self.private, "history")
        self._state_file = os.path.join(self.private, "state.json")

    @classmethod
    def of(cls, records: Sequence[str]) -> Store:
        """The first of these folders in which something is recorded, else the first of all."""
        stores = [cls(folder) for folder in records]
        return next((store for store in stores if store.exists), stores[0])

    @property
    def exists(self) -> bool:
        """Whether anything is recorded."""
        return os.path.lexists(self._state_file)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder if need be, and keep other calls out of it."""
        descriptor = self._lock()
        try:
            yield
        finally:
            os.close(descriptor)

    def _lock(self) -> int:
        path = os.path.join(self.folder, "lock")
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        while True:
            self._make()
            try:
                descriptor = os.open(path, flags, 0o600)
            except FileNotFoundError:  # who held the lock removed the folder just now
                continue
            except OSError as error:
                raise AtlasError(f"{path}: cannot be opened: {files.explain(error)}.") from None
            try:
                _lock(descriptor, path)
                if _is_still_at(descriptor, path):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def read(self) -> State:
        """What is recorded; nothing is if there is no record."""
        self.refuse_foreign_folders()
        content = files.read_named(self._state_file)
        if content is None:
            return State()
        try:
            return read_state(json.loads(content))
        except (ValueError, AtlasError) as error:
            said = error.message if isinstance(error, AtlasError) else "is damaged"
            raise AtlasError(
                f"{self._state_file} {said}. It records which certificates were asked for; look at"
                " it, and remove it if nothing in it is needed."
            ) from None

    def write(self, state: State) -> State:
        """Replace the record, durably."""
        content = json.dumps(state.document(), indent=1, sort_keys=True).encode("utf-8")
        files.Replacement(self._state_file, content, _OWN).put_in_place()
        return state

    def write_private(self, path: str, content: bytes) -> None:
        """Write a file that only its owner can read, in one of the private folders."""
        folder = os.path.dirname(path)
        if not os.path.isdir(folder):
            make_folder(folder, 0o700)
        files.Replacement(path, content, _OWN).put_in_place()

    def remove(self) -> None:
        """Remove all of it, the record first."""
        files.unlink(self._state_file)
        files.remove_tree(self.folder)
        self._leave_parent()

    def _leave_parent(self) -> None:
        """A folder that the user named stays, even if it is empty."""
        parent = os.path.dirname(self.folder)
        if os.path.basename(parent) == RECORDS:
            with contextlib.suppress(OSError):
                os.rmdir(parent)

    def remove_if_empty(self) -> None:
        """Remove what `locked` made, if nothing was recorded after all."""
        if self.exists:
            return
        with contextlib.suppress(OSError):
            os.rmdir(self.private)
            files.unlink(os.path.join(self.folder, "lock"))
            os.rmdir(self.folder)
            self._leave_parent()

    def _make(self) -> None:
        if not os.path.isdir(os.path.dirname(os.path.dirname(self.folder))):
            os.makedirs(os.path.dirname(os.path.dirname(self.folder)), exist_ok=True)
        for path, mode in self._folders:
            if not os.path.isdir(path):
                make_folder(path, mode)
        self.refuse_foreign_folders()

    @property
    def _folders(self) -> list[tuple[str, int]]:
        return [
            (os.path.dirname(self.folder), 0o711),
            (self.folder, 0o711),
            (self.private, 0o700),
        ]

    def refuse_foreign_folders(self) -> None:
        """A key must not be written where another user could have put a link or a folder."""
        for path, _mode in self._folders:
            try:
                found = os.lstat(path)
            except (FileNotFoundError, NotADirectoryError):
                return
            except OSError as error:
                raise AtlasError(f"{path}: {files.explain(error)}.") from None
            writable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or writable:
                raise AtlasError(
                    f"{path} is not a folder of this user that only it can write to; the private"
                    " key would not be safe there. Look at it, and remove it."
                )


def make_folder(path: str, mode: int) -> None:
    """Make a folder, durably; one that is there already is taken as it is."""
    try:
        os.mkdir(path, mode)
        os.chmod(path, mode)  # the umask had its say in mkdir
        files.sync_folder(os.path.dirname(path))
    except FileExistsError:
        pass
    except OSError as error:
        raise AtlasError(f"{path}: cannot be created: {files.explain(error)}.") from None


def _is_still_at(descriptor: int, path: str) -> bool:
    """Who waited for a lock may have got that of a file which was removed meanwhile."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return False
    held = os.fstat(descriptor)
    return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)


def _lock(descriptor: int, path: str) -> None:
    deadline = time.monotonic() + _LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise AtlasError(
                    f"{path} has been held by another process of this node for"
                    f" {_LOCK_PATIENCE:.0f} seconds; look what it does (fuser {path})."
                ) from None
        time.sleep(_LOCK_PAUSE)


def read_document(path: str) -> Any:
    """A JSON document; None if there is none that can be read."""
    try:
        content = files.read(path)
        return None if content is None else json.loads(content)
    except (AtlasError, ValueError):
        return None
