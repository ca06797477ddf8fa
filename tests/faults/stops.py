# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process under test, stopped before each of its operations on files, also before those that
only look."""

from __future__ import annotations

import builtins
import io
import os
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

OPERATIONS = (
    *("open", "read", "write", "truncate", "ftruncate", "fsync", "fdatasync", "posix_fallocate"),
    *("stat", "lstat", "fstat", "access", "readlink", "listdir", "scandir", "statvfs"),
    *("rename", "replace", "link", "unlink", "remove", "mkdir", "rmdir", "symlink"),
    *("mkfifo", "mknod", "chmod", "fchmod", "lchmod", "chown", "fchown", "lchown", "utime"),
    *("getxattr", "setxattr", "listxattr", "removexattr", "sendfile", "copy_file_range"),
)
"""Those of `os` that have to do with a file, by its path or a descriptor."""
_OF_TWO = ("rename", "replace", "link")
_SYNCING = ("fsync", "fdatasync")
_ORIGINAL = {name: getattr(os, name) for name in OPERATIONS if hasattr(os, name)}
_PATIENCE = 5.0


class HungError(BaseException):
    """It did not come back; nothing may catch this."""


class Stops:
    """Counts operations on what is below `top`, and calls `before` with the number of each, its
    name and its path. What `before` does is not counted.

    `opened` are devices and pipes that were opened, which nobody should.
    """

    def __init__(self, top: str, before: Callable[[int, str, str], None]) -> None:
        self.count = 0
        self.opened: list[str] = []
        self._top, self._before = f"{top}/", before
        self._is_stopped = False

    def wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with a stop before it."""

        def stopping(*arguments: Any, **more: Any) -> Any:
            if self._is_stopped:
                return function(*arguments, **more)
            self._is_stopped = True
            try:
                path = _path_of(name, arguments, more)
                is_ours = path.startswith(self._top)
                if is_ours:
                    number, self.count = self.count, self.count + 1
                    self._before(number, name, path)
            finally:
                self._is_stopped = False
            if name in _SYNCING:
                return None  # only a machine that stops would lose anything
            done = function(*arguments, **more)
            if name == "open" and is_ours:
                self._look_at(done, path)
            return done

        return stopping

    def _look_at(self, opened: Any, path: str) -> None:
        descriptor = opened if isinstance(opened, int) else opened.fileno()
        mode = _ORIGINAL["fstat"](descriptor).st_mode
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
            return
        with _ORIGINAL_OPEN(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as about:
            flags = int(next(line.split()[1] for line in about if line.startswith("flags:")), 8)
        if not flags & os.O_PATH:
            self.opened.append(path)


_ORIGINAL_OPEN = builtins.open


def _path_of(name: str, arguments: tuple[Any, ...], more: dict[str, Any]) -> str:
    """Where an operation looks, as a path; links and `..` are left in it."""
    keys = ("path", "src", "fd", "file")
    place = arguments[0] if arguments else next((more[key] for key in keys if key in more), ".")
    folder = more.get("src_dir_fd" if name in _OF_TWO else "dir_fd")
    if name == "symlink":  # what it leads to says nothing of where it is
        place = arguments[1] if len(arguments) > 1 else more["dst"]
    if isinstance(place, int):
        return _of_descriptor(place)
    text = os.fsdecode(place)
    base = os.getcwd() if folder is None else _of_descriptor(folder)
    path = os.path.join(base, text)
    return path if ".." in path.split("/") else os.path.normpath(path)


def _of_descriptor(descriptor: int) -> str:
    try:
        return str(_ORIGINAL["readlink"](f"/proc/self/fd/{descriptor}"))
    except OSError:
        return ""


@contextmanager
def stopping(top: str, before: Callable[[int, str, str], None]) -> Iterator[Stops]:
    """Stop before each operation below a folder, as long as this lasts. Whatever hangs is ended."""
    stops = Stops(top, before)
    places = [*((os, name) for name in _ORIGINAL), (builtins, "open"), (io, "open")]
    originals = [(module, name, getattr(module, name)) for module, name in places]

    def ring(*_arguments: Any) -> None:
        raise HungError(f"nothing happened for {_PATIENCE:.0f} seconds")

    handler = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    try:
        for module, name, function in originals:
            setattr(module, name, stops.wrapped(name, function))
        yield stops
    finally:
        for module, name, function in originals:
            setattr(module, name, function)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
