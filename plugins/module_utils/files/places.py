# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a path leads to: the folder, opened, and the name in it.

A symbolic link is followed only where nobody but root and the user of the task can have made it
or exchanged it: who runs as root must not be led to a file that others could not write.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import AtlasError
from . import ownership
from .closing import Closing
from .folder import FOLDER_HANDLE, Folder, explain

_MOST_LINKS = 40
_PARENT_MODE = 0o755


class NoFolderError(AtlasError):
    """A folder on the way does not exist. `folder` is its path."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"the folder {folder} does not exist on the node")
        self.folder = folder


class UnsafeFolderError(AtlasError):
    """Others than root and the user of the task can exchange what lies in a folder."""


@dataclass(frozen=True)
class Place:
    """Where a file lies, or will."""

    folder: Folder
    name: str

    @property
    def path(self) -> str:
        """Its path without links, for messages."""
        return self.folder.path_of(self.name)

    @property
    def identity(self) -> tuple[int, int, str]:
        """What two paths of the same file have in common."""
        return (*self.folder.identity, self.name)


class Places(Closing):
    """Paths of one piece of work, with the folders that they lead to held open until its end."""

    def __init__(self) -> None:
        self._folders: dict[str, Folder] = {}
        self._followed: list[Folder] = []

    def close(self) -> None:
        """Give back all folders."""
        for folder in [*self._folders.values(), *self._followed]:
            folder.close()
        self._folders.clear()
        self._followed.clear()

    def folder(self, path: str) -> Folder:
        """The folder at this path. Raises `NoFolderError` if there is none, `AtlasError` if the
        way to it leads over a link that others could have made."""
        if path not in self._folders:
            self._folders[path] = open_folder(path)
        return self._folders[path]

    def of(self, path: str) -> Place:
        """The folder that a path is in, and its last name, which may be that of a link."""
        folder, name = os.path.split(path)
        if name in ("", ".", ".."):
            raise AtlasError(f"{path} is the path of a folder; give the path of a file.")
        return Place(self.folder(folder), name)

    def followed(
        self, place: Place, is_end: Callable[[Place], bool] = lambda _place: False
    ) -> Place:
        """Where the link at a place leads to, over others or not; the place itself if there is no
        link. A place that `is_end` is not followed any further.

        What it leads to need not exist, but its folder has to.
        """
        path = place.path
        for _link in range(_MOST_LINKS):
            text = None if is_end(place) else _trusted_link(place.folder, place.name)
            if text is None:
                return place
            folder, name = _walk(os.path.join(place.folder.path, text))
            self._followed.append(folder)
            place = Place(folder, name)
        raise AtlasError(f"{path}: too many symbolic links lead there and on; mend them.")


def open_folder(path: str) -> Folder:
    """Open a folder by its absolute path; trusted links on the way are followed."""
    return _walk(f"{path}/.")[0]


def protected_folder(path: str, mode: int | None) -> Folder | None:
    """Open a folder in which nobody but root and the user of the task can change anything.

    Where it does not exist it is made with this mode; with None nothing is made and None returned.
    Raises `UnsafeFolderError` for one that others could change.
    """
    folder, missing = _existing(os.path.normpath(path))
    try:
        if missing and not folder.keeps_own:
            _refuse_weak(folder, path)
        if missing and mode is None:
            folder.close()
            return None
        for position, name in enumerate(missing, start=1):
            if not folder.keeps_own:
                _refuse_weak(folder, path)
            is_last = position == len(missing)
            made = folder.make(name, mode if mode and is_last else _PARENT_MODE)
            folder.close()
            folder = made
        _refuse_weak(folder, path)
    except BaseException:
        folder.close()
        raise
    return folder


def _existing(path: str) -> tuple[Folder, list[str]]:
    """The last folder on the way to a path that exists, and the names of those that do not."""
    missing: list[str] = []
    while True:
        try:
            folder = open_folder(path)
            break
        except NoFolderError:
            path, name = os.path.split(path)
            missing.insert(0, name)
    try:
        if missing and folder.link_text(missing[0]) is not None:
            raise AtlasError(
                f"{folder.path_of(missing[0])} is a symbolic link that leads to no folder; create"
                " the folder, or remove the link."
            )
    except BaseException:
        folder.close()
        raise
    return folder, missing


def _walk(path: str) -> tuple[Folder, str]:
    """Walk to the folder of an absolute path, over trusted links; it is the caller's to close.

    All folders from the root on stay open on the way, so that `..` leads back to where the walk
    came from.
    """
    if "\0" in path:
        raise AtlasError(f"{path!r} is not a path; give one without the character NUL.")
    way = [_root()]
    todo, links = path.split("/"), 0
    try:
        while todo:
            name = todo.pop(0)
            if name == ".." and len(way) > 1:
                way.pop().close()
            if name in ("", ".", ".."):
                continue
            is_last, folder = not any(todo), way[-1]
            text = None if is_last else _trusted_link(folder, name)
            if text is None and is_last:
                return way.pop(), name
            if text is None:
                way.append(_step(folder, name))
                continue
            links += 1
            if links > _MOST_LINKS:
                raise AtlasError(f"{path}: too many symbolic links lead there and on; mend them.")
            todo = [*text.split("/"), *todo]
            while text.startswith("/") and len(way) > 1:
                way.pop().close()
        return way.pop(), "."
    finally:
        for folder in way:
            folder.close()


def _root() -> Folder:
    try:
        return Folder(os.open("/", FOLDER_HANDLE), "/", None)
    except OSError as error:  # too many files are open
        raise AtlasError(f"/: cannot be opened: {explain(error)}.") from None


def _step(folder: Folder, name: str) -> Folder:
    inner = folder.inner(name)
    if inner is None:
        raise NoFolderError(folder.path_of(name))
    return inner


def _trusted_link(folder: Folder, name: str) -> str | None:
    """Where a link leads to; None if the name stands for no link, an `AtlasError` if others could
    have made it.

    It is read once it is known that nobody else can exchange it, and not before.
    """
    found = folder.stat(name)
    if found is None or not stat.S_ISLNK(found.st_mode):
        return None
    is_of_others = not ownership.is_trusted(found.st_uid)
    if not is_of_others and folder.keeps(found):
        return folder.link_text(name)
    who, remedy = f"lies in {folder.path}, where others can exchange it", ""
    if is_of_others:
        who, remedy = f"belongs to the user {found.st_uid}", " let the task become that user,"
    raise AtlasError(
        f"{folder.path_of(name)} is a symbolic link that {who}, so it could lead to any file;"
        f" give the path that it leads to,{remedy} or have the link and its folder belong to root."
    )


def _refuse_weak(folder: Folder, path: str) -> None:
    if folder.is_protected:
        return
    who = f"root and the user {os.geteuid()}" if os.geteuid() else "root"
    raise UnsafeFolderError(
        f"{path} is not a safe place for records and private keys: others than {who} can"
        f" exchange what lies in {folder.weak_spot}; name a folder that nobody else can write to,"
        " on the whole way to it."
    )
