# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder that is held open: all that is done in it is done by its handle and a name.

A path is looked up anew each time it is used, and who may write to a folder on the way decides
where it leads. A handle leads to the same folder for good. Links are never followed here, and only
regular files are opened: whoever opens a named pipe waits for its writer, and some devices act as
soon as they are opened.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import NamedTuple

from ..errors import AtlasError
from . import extended, ownership
from .closing import Closing

LARGEST_FILE = 1024 * 1024
_PIECE = 64 * 1024
_HANDLE = getattr(os, "O_PATH", os.O_RDONLY) | os.O_NOFOLLOW | os.O_CLOEXEC
FOLDER_HANDLE = _HANDLE | os.O_DIRECTORY
_NO_LINK = (errno.EINVAL, errno.ENOENT)
_NEVER_SYNCED = (errno.EINVAL, errno.ENOTSUP)


class UnreadableError(AtlasError):
    """A file that is there and cannot be read: what is in it nobody knows. Completes a sentence
    that begins with its path."""


class FoundFile(NamedTuple):
    """A file that was read: its content, its owner, group and mode."""

    content: bytes
    status: os.stat_result


class Folder(Closing):
    """An open folder; a context manager that closes it.

    `path` has no links in it. `is_protected`: nobody but root and the user of the task can put
    anything into it, or exchange it for another; else `weak_spot` is the first folder on the way in
    which they can. `is_open_to_all`: everybody can exchange what lies in it or on the way to it.
    """

    def __init__(self, handle: int, path: str, outer: Folder | None) -> None:
        self.handle = handle
        self.path = path
        try:
            self._found = found = os.fstat(handle)
        except OSError as error:
            self.close()
            raise AtlasError(f"{path}: {explain(error)}.") from None
        self._stays = outer is None or outer.keeps(found)
        self.is_protected = self._stays and self._is_closed()
        self.weak_spot = "" if self.is_protected else path
        if not self._stays and outer is not None:
            self.weak_spot = outer.weak_spot
        self.is_open_to_all: bool = ownership.is_open_to_all(found) or (
            outer is not None and outer.is_open_to_all
        )

    def _is_closed(self) -> bool:
        # With an access list the bits of the group are its mask: anybody may be named in it.
        is_named = self._found.st_mode & stat.S_IWGRP and self._has_access_list()
        return ownership.is_closed(self._found) and not is_named

    def _has_access_list(self) -> bool:
        handle = self.opened_or_none()
        if handle is None:
            return True
        try:
            return extended.get(handle, extended.ACCESS_LIST) is not None
        except OSError:
            return True
        finally:
            os.close(handle)

    @property
    def keeps_own(self) -> bool:
        """Whether others can at most add to it, and not exchange what is root's or the user's."""
        is_sticky = self._stays and ownership.keeps_own_entries(self._found)
        return self.is_protected or is_sticky

    def keeps(self, entry: os.stat_result) -> bool:
        """Whether nobody but root and the user of the task can exchange this entry of it."""
        return self.is_protected or (self.keeps_own and ownership.is_trusted(entry.st_uid))

    def close(self) -> None:
        """Give the handle back; a second time changes nothing."""
        handle, self.handle = self.handle, -1
        if handle >= 0:
            os.close(handle)

    @property
    def identity(self) -> tuple[int, int]:
        """What tells it from all other folders, whatever paths lead to it."""
        return self._found.st_dev, self._found.st_ino

    @property
    def device(self) -> int:
        """The file system that it is on."""
        return self._found.st_dev

    @property
    def owner(self) -> int:
        """The number of its owner when it was opened."""
        return self._found.st_uid

    @property
    def group(self) -> int:
        """The number of its group when it was opened."""
        return self._found.st_gid

    def path_of(self, name: str) -> str:
        """Where a file of it lies, for messages."""
        return os.path.join(self.path, name)

    def stat(self, name: str) -> os.stat_result | None:
        """What a name stands for, a link for itself; None if there is nothing."""
        try:
            return os.stat(name, dir_fd=self.handle, follow_symlinks=False)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise AtlasError(f"{self.path_of(name)}: {self.refusal(error)}.") from None

    def link_text(self, name: str) -> str | None:
        """Where a symbolic link says that it leads to; None if the name stands for no link."""
        try:
            return os.readlink(name, dir_fd=self.handle)
        except OSError as error:
            if error.errno in _NO_LINK:
                return None
            raise AtlasError(f"{self.path_of(name)}: {self.refusal(error)}.") from None

    def read(self, name: str, most: int = LARGEST_FILE) -> bytes | None:
        """The content of a file of at most so many bytes; None if there is none, an
        `UnreadableError` for what is no file or cannot be opened."""
        found = self.find(name, most)
        return found.content if found else None

    def find(self, name: str, most: int = LARGEST_FILE) -> FoundFile | None:
        """As `read`, with whose the file is: both are of one file, whatever is put there
        meanwhile."""
        opened = self.open_file(name)
        if opened is None:
            return None
        try:
            content, status = _read(opened, most), os.fstat(opened)
        except OSError as error:
            raise UnreadableError(f"cannot be read: {explain(error)}") from None
        finally:
            os.close(opened)
        if len(content) > most:
            raise UnreadableError(f"is larger than {most} bytes")
        return FoundFile(content, status)

    def open_file(self, name: str) -> int | None:
        """Open a regular file to read it; the errors are those of `read`."""
        try:
            handle = os.open(name, _HANDLE | os.O_NONBLOCK, dir_fd=self.handle)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnreadableError(f"cannot be read: {self.refusal(error)}") from None
        try:
            found = os.fstat(handle)
            _refuse_irregular(found)
            try:
                return self._reopened(handle, name)
            except PermissionError as error:
                said = explain_refusal(error, "it", found.st_uid)
                raise UnreadableError(f"cannot be read: {said}") from None
        except OSError as error:
            raise UnreadableError(f"cannot be read: {explain(error)}") from None
        finally:
            os.close(handle)

    def handle_or_none(self, name: str) -> int | None:
        """A handle of whatever the name stands for, by which it cannot be read; None if it cannot
        be had. It is the caller's to close."""
        try:
            return os.open(name, _HANDLE | os.O_NONBLOCK, dir_fd=self.handle)
        except OSError:
            return None

    def _reopened(self, handle: int, name: str) -> int:
        """A handle to read by, of the file that another handle is of. That one says what it is of
        before it is opened, so that no other file can slip in between."""
        if not hasattr(os, "O_PATH"):
            return os.dup(handle)
        try:
            # Not to wait for one who holds a lease on the file (fcntl(2), F_SETLEASE).
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
            return os.open(f"/proc/self/fd/{handle}", flags)
        except FileNotFoundError:
            if self.is_protected:
                return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.handle)
            raise UnreadableError("cannot be read safely, because /proc is not mounted") from None

    def names(self) -> list[str]:
        """What lies in it."""
        handle = self._opened()
        try:
            return os.listdir(handle)
        except OSError as error:
            raise AtlasError(f"{self.path}: {explain(error)}.") from None
        finally:
            os.close(handle)

    def sync(self) -> None:
        """Make its names durable, on file systems that have a way to."""
        handle = self._opened()
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno in _NEVER_SYNCED:
                return
            raise AtlasError(f"{self.path}: {explain(error)}.") from None
        finally:
            os.close(handle)

    def opened_or_none(self) -> int | None:
        """A handle that the folder can be read by, which is the caller's to close; None where the
        user of the task may not read it."""
        try:
            return self._opened()
        except AtlasError:
            return None

    def _opened(self) -> int:
        try:
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
            return os.open(".", flags, dir_fd=self.handle)
        except OSError as error:
            raise AtlasError(f"{self.path}: cannot be opened: {self.refusal(error)}.") from None

    def is_writable(self) -> bool:
        """Whether the user of the task may put files into it, and sync it, which takes reading."""
        wanted = os.R_OK | os.W_OK | os.X_OK
        return os.access(".", wanted, dir_fd=self.handle, effective_ids=True)

    def unlink(self, name: str) -> bool:
        """Remove a file or a link; whether there was one."""
        try:
            os.unlink(name, dir_fd=self.handle)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise AtlasError(
                f"{self.path_of(name)}: cannot be removed: {self.refusal(error)}."
            ) from None
        return True

    def inner(self, name: str) -> Folder | None:
        """A folder in it, opened; None if there is none. What is no folder is an `AtlasError`."""
        try:
            handle = os.open(name, FOLDER_HANDLE, dir_fd=self.handle)
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            is_link = self.link_text(name) is not None
            what = "is a symbolic link that is not followed" if is_link else "is not a folder"
            raise AtlasError(f"{self.path_of(name)} {what}.") from None
        except OSError as error:
            raise AtlasError(f"{self.path_of(name)}: {self.refusal(error)}.") from None
        return Folder(handle, self.path_of(name), self)

    def make(
        self, name: str, mode: int, owner: int | None = None, group: int | None = None
    ) -> Folder:
        """Open a folder in it, which is made durably if need be, with this mode whatever the umask
        is. One that is there keeps what it has."""
        found = self.inner(name)
        if found is not None:
            return found
        is_new = self._create(name, mode)
        made = self.inner(name)
        if made is None:
            raise AtlasError(f"{self.path_of(name)}: was removed meanwhile.")
        try:
            if is_new:
                made._dress(mode, owner, group, is_certain=self.is_protected)
                self.sync()
        except BaseException:
            made.close()
            raise
        return made

    def _create(self, name: str, mode: int) -> bool:
        """Make a folder that has its mode from the first moment: a call that is cut off right after
        must not leave one that services cannot get through. Whether it was this call that did."""
        umask = os.umask(0)
        try:
            os.mkdir(name, mode, dir_fd=self.handle)
        except FileExistsError:
            return False
        except OSError as error:
            raise AtlasError(
                f"{self.path_of(name)}: cannot be created: {self.refusal(error)}."
            ) from None
        finally:
            os.umask(umask)
        return True

    def _dress(self, mode: int, owner: int | None, group: int | None, is_certain: bool) -> None:
        """Give a new folder its owner, group and mode. Unless it is certain to be the one that was
        made, it has to look like it: a folder of root's could have been moved into its place."""
        handle = self._opened()
        try:
            if not is_certain and not _looks_new(handle, mode):
                raise AtlasError(f"{self.path}: was exchanged for another folder meanwhile.")
            if owner is not None or group is not None:
                os.fchown(handle, -1 if owner is None else owner, -1 if group is None else group)
            os.fchmod(handle, mode)
        except OSError as error:
            said = explain_refusal(error, "it", os.geteuid())
            raise AtlasError(f"{self.path}: its owner and mode cannot be set: {said}.") from None
        finally:
            os.close(handle)

    def set_mode(self, mode: int) -> None:
        """Give it this mode, whatever the umask was when it was made."""
        handle = self._opened()
        try:
            os.fchmod(handle, mode)
        except OSError as error:
            raise AtlasError(f"{self.path}: its mode cannot be set: {explain(error)}.") from None
        finally:
            os.close(handle)

    def remove_tree(self, name: str) -> None:
        """Remove a folder with all that is in it, if it is there. Links are removed, and not
        followed. Only where nobody else can have moved a folder of root's to this name."""
        found = self.stat(name)
        if found is None:
            return
        if not stat.S_ISDIR(found.st_mode):
            self.unlink(name)
            return
        if not self.is_protected:
            raise AtlasError(
                f"{self.path_of(name)}: is a folder where others could have put it, and is not"
                " removed; remove it yourself if nothing in it is needed."
            )
        self._remove_tree(name)

    def _remove_tree(self, name: str) -> None:
        inner = self.inner(name)
        if inner is None:
            return
        with inner:
            for entry in inner.names():
                found = inner.stat(entry)
                if found is not None and stat.S_ISDIR(found.st_mode):
                    inner._remove_tree(entry)
                else:
                    inner.unlink(entry)
        try:
            os.rmdir(name, dir_fd=self.handle)
        except FileNotFoundError:
            return
        except OSError as error:
            raise AtlasError(
                f"{self.path_of(name)}: cannot be removed: {self.refusal(error)}."
            ) from None

    def refusal(self, error: OSError) -> str:
        """Why the system refused something in it, and what helps if that is known."""
        return explain_refusal(error, self.path, self._found.st_uid)


def _refuse_irregular(found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise UnreadableError("is a symbolic link that is not followed")
    if stat.S_ISDIR(found.st_mode):
        raise UnreadableError("is a folder; give the path of a file")
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableError("is not a regular file")


def _read(handle: int, most: int) -> bytes:
    """All of a file, or a little more than what is taken of one."""
    pieces, left = [], most + 1
    while left:
        piece = os.read(handle, min(left, _PIECE))
        if not piece:
            break
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _looks_new(handle: int, mode: int) -> bool:
    found = os.fstat(handle)
    is_own = found.st_uid == os.geteuid() and found.st_mode & 0o777 == mode & 0o777
    return is_own and not os.listdir(handle)


def explain(error: OSError) -> str:
    """What the system said, without the path."""
    return (error.strerror or str(error)).lower()


def explain_refusal(error: OSError, what: str, owner: int) -> str:
    """The same of something that belongs to a user: where that is another than the user of the
    task, the most likely cause is a forgotten `become`."""
    user = os.geteuid()
    if not isinstance(error, PermissionError) or owner == user:
        return explain(error)
    if user == 0:
        return f"{explain(error)}, to root too: a file system such as NFS, or SELinux, forbids it"
    whose = "root" if owner == 0 else f"the user {owner}"
    return (
        f"{explain(error)}; {what} belongs to {whose}, and this task runs as the user {user}: add"
        " become: true"
    )
