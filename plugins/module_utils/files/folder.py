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

import os
import stat
from types import TracebackType

from ..errors import AtlasError
from . import ownership

LARGEST_FILE = 1024 * 1024
_HANDLE = getattr(os, "O_PATH", os.O_RDONLY) | os.O_NOFOLLOW | os.O_CLOEXEC
FOLDER_HANDLE = _HANDLE | os.O_DIRECTORY


class UnreadableError(AtlasError):
    """A file that is there and cannot be read: what is in it nobody knows. Completes a sentence
    that begins with its path."""


class Folder:
    """An open folder; a context manager that closes it.

    `path` has no links in it. `is_protected`: nobody but root and the user of the task can put
    anything into it, or exchange it for another; else `weak_spot` is the first folder on the way in
    which they can. `is_open_to_all`: everybody can exchange what lies in it or on the way to it.
    """

    def __init__(self, handle: int, path: str, outer: Folder | None) -> None:
        found = os.fstat(handle)
        self.handle = handle
        self.path = path
        self._found = found
        self._stays = outer is None or outer.keeps(found)
        self.is_protected = self._stays and ownership.is_closed(found)
        self.weak_spot = "" if self.is_protected else path
        if not self._stays and outer is not None:
            self.weak_spot = outer.weak_spot
        self.is_open_to_all: bool = ownership.is_open_to_all(found) or (
            outer is not None and outer.is_open_to_all
        )

    def keeps(self, entry: os.stat_result) -> bool:
        """Whether nobody but root and the user of the task can exchange this entry of it."""
        if self.is_protected:
            return True
        is_sticky = self._stays and ownership.keeps_own_entries(self._found)
        return is_sticky and ownership.is_trusted(entry.st_uid)

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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

    def path_of(self, name: str) -> str:
        """Where a file of it lies, for messages."""
        return os.path.join(self.path, name)

    def stat(self, name: str) -> os.stat_result | None:
        """What a name stands for, a link for itself; None if there is nothing."""
        try:
            return os.stat(name, dir_fd=self.handle, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise AtlasError(f"{self.path_of(name)}: {explain(error)}.") from None

    def link_text(self, name: str) -> str | None:
        """Where a symbolic link says that it leads to; None if the name stands for no link."""
        try:
            return os.readlink(name, dir_fd=self.handle)
        except OSError:
            return None

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if there is none, an `UnreadableError` for what is no file
        or cannot be opened."""
        opened = self.open_file(name)
        if opened is None:
            return None
        try:
            with os.fdopen(opened, "rb") as file:
                content = file.read(LARGEST_FILE + 1)
        except OSError as error:
            raise UnreadableError(f"cannot be read: {explain(error)}") from None
        if len(content) > LARGEST_FILE:
            raise UnreadableError(f"is larger than {LARGEST_FILE} bytes")
        return content

    def open_file(self, name: str) -> int | None:
        """Open a regular file to read it; the errors are those of `read`."""
        try:
            handle = os.open(name, _HANDLE | os.O_NONBLOCK, dir_fd=self.handle)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise UnreadableError(f"cannot be read: {explain(error)}") from None
        try:
            found = os.fstat(handle)
            if stat.S_ISLNK(found.st_mode):
                raise UnreadableError("is a symbolic link that is not followed")
            if stat.S_ISDIR(found.st_mode):
                raise UnreadableError("is a folder; give the path of a file")
            if not stat.S_ISREG(found.st_mode):
                raise UnreadableError("is not a regular file")
            if not hasattr(os, "O_PATH"):
                return os.dup(handle)
            # A handle says what it is of before it is opened: no other file can slip in between.
            return os.open(f"/proc/self/fd/{handle}", os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise UnreadableError(f"cannot be read: {_explain_refusal(error, found)}") from None
        finally:
            os.close(handle)

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
        """Make its names durable."""
        handle = self._opened()
        try:
            os.fsync(handle)
        except OSError as error:
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
            raise AtlasError(f"{self.path}: cannot be opened: {explain(error)}.") from None

    def is_writable(self) -> bool:
        """Whether the user of the task may put files into it."""
        wanted = os.W_OK | os.X_OK
        return os.access(".", wanted, dir_fd=self.handle, effective_ids=True)

    def unlink(self, name: str) -> bool:
        """Remove a file or a link; whether there was one."""
        try:
            os.unlink(name, dir_fd=self.handle)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            raise AtlasError(
                f"{self.path_of(name)}: cannot be removed: {explain(error)}."
            ) from None
        return True

    def inner(self, name: str) -> Folder | None:
        """A folder in it, opened; None if there is none. What is no folder is an `AtlasError`."""
        try:
            handle = os.open(name, FOLDER_HANDLE, dir_fd=self.handle)
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise AtlasError(f"{self.path_of(name)} is not a folder.") from None
        except OSError as error:
            raise AtlasError(f"{self.path_of(name)}: {explain(error)}.") from None
        return Folder(handle, self.path_of(name), self)

    def make(self, name: str, mode: int) -> Folder:
        """Open a folder in it, which is made if need be; it is durable once this one is synced."""
        found = self.inner(name)
        if found is not None:
            return found
        try:
            os.mkdir(name, 0o700, dir_fd=self.handle)
        except FileExistsError:
            pass
        except OSError as error:
            raise AtlasError(
                f"{self.path_of(name)}: cannot be created: {explain(error)}."
            ) from None
        made = self.inner(name)
        if made is None:
            raise AtlasError(f"{self.path_of(name)}: was removed meanwhile.")
        made.set_mode(mode)
        return made

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
        followed."""
        found = self.stat(name)
        if found is None:
            return
        if not stat.S_ISDIR(found.st_mode):
            self.unlink(name)
            return
        inner = self.inner(name)
        if inner is None:
            return
        with inner:
            for entry in inner.names():
                inner.remove_tree(entry)
        try:
            os.rmdir(name, dir_fd=self.handle)
        except FileNotFoundError:
            return
        except OSError as error:
            raise AtlasError(
                f"{self.path_of(name)}: cannot be removed: {explain(error)}."
            ) from None


def explain(error: OSError) -> str:
    """What the system said, without the path."""
    return (error.strerror or str(error)).lower()


def _explain_refusal(error: OSError, found: os.stat_result) -> str:
    """Where the file is another user's, the most likely cause is a forgotten `become`."""
    if isinstance(error, PermissionError) and found.st_uid != os.geteuid():
        owner = "root" if found.st_uid == 0 else f"the user {found.st_uid}"
        return (
            f"{explain(error)}; it belongs to {owner}, and this task runs as the user"
            f" {os.geteuid()}: add become: true"
        )
    return explain(error)
