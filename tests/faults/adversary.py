# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A local user who owns the folders that root's files are put into, and what he does in them.

He is a process of his own without any right of root: what he does is what the kernel lets him do,
and a move that it refuses is no move. While he moves, the process under test stands still.
"""

from __future__ import annotations

import ctypes
import fcntl
import multiprocessing.connection
import os
import signal
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

USER, GROUP, SHARED = 4242, 4242, 4243
"""The user, his group, and one that he shares with others."""
CANARY = b"nobody but root has read this"
"""What is in all that is not his."""
HARD_LINK = "of-root-"
"""What the hard links are called that he has, as if this system let him make them (proc(5),
protected_hardlinks)."""
KEPT = "kept"
"""A folder of root in one of his: he may give it another name, and not remove it."""
_NO_FOLDER, _EXCHANGE = -100, 2
_ANYONE = 0xFFFFFFFF
_LONGEST = 1 << 20
_NAMES = ("cert.pem", "key.pem", "chain.pem", "fullchain.pem", "all.pem")


def _rename(one: str, other: str, flags: int) -> None:
    """renameat2(2)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_NO_FOLDER, one.encode(), _NO_FOLDER, other.encode(), flags):
        raise OSError(ctypes.get_errno(), f"cannot be exchanged: {one}")


class Moves:
    """What he can do with a name in a folder of his, or with the folder.

    `spare` is a folder of his, where he makes things and leaves what he took away. `victims` has a
    `secret`, a `pipe` and a `device`, and in `lookalike` files of all names that he expects.
    """

    def __init__(self, spare: str, victims: str) -> None:
        self._spare, self._victims = spare, victims
        self._number = 0
        self._undone: list[Callable[[], None]] = []
        self._held: list[int] = []
        self._hard_links = [
            os.path.join(spare, name) for name in os.listdir(spare) if name.startswith(HARD_LINK)
        ]

    def __call__(self, move: str, path: str) -> None:
        """Do one, on a path."""
        getattr(self, move)(path)

    def undo(self, _path: str) -> None:
        """Put back what the last move took away."""
        if self._undone:
            self._undone.pop()()

    def _new(self, beside: str = "") -> str:
        """A name for what he makes or takes away. A folder of others he can only move within its
        own, as its `..` is theirs."""
        self._number += 1
        place = self._spare
        if os.path.isdir(beside) and os.lstat(beside).st_uid != os.geteuid():
            place = os.path.dirname(beside)
        return os.path.join(place, f"{os.getpid()}-{self._number}")

    def _put(self, path: str, make: Callable[[str], object]) -> None:
        """Have something else at a path."""
        made = self._new(path)
        make(made)
        with suppress(FileNotFoundError):
            _rename(made, path, _EXCHANGE)
            self._undone.append(lambda: _rename(made, path, _EXCHANGE))
            return
        os.rename(made, path)
        self._undone.append(lambda: os.rename(path, made))

    # with a name

    def remove(self, path: str) -> None:
        away = self._new(path)
        os.rename(path, away)
        self._undone.append(lambda: os.rename(away, path))

    def rename_beside(self, path: str) -> None:
        os.rename(path, f"{path}.away")
        self._undone.append(lambda: os.rename(f"{path}.away", path))

    def link_to_secret(self, path: str) -> None:
        self._put(path, lambda made: os.symlink(f"{self._victims}/secret", made))

    def link_to_namesake(self, path: str) -> None:
        victim = f"{self._victims}/lookalike/{os.path.basename(path)}"
        self._put(path, lambda made: os.symlink(victim, made))

    def link_to_nothing(self, path: str) -> None:
        """Whoever follows it makes a file outside."""
        victim = f"{self._victims}/lookalike/new"
        self._put(path, lambda made: os.symlink(victim, made))

    def link_to_folder(self, path: str) -> None:
        self._put(path, lambda made: os.symlink(f"{self._victims}/lookalike", made))

    def link_to_device(self, path: str) -> None:
        self._put(path, lambda made: os.symlink(f"{self._victims}/device", made))

    def link_to_itself(self, path: str) -> None:
        self._put(path, lambda made: os.symlink(os.path.basename(path), made))

    def hard_link(self, path: str) -> None:
        """It is a file of root, whatever its name."""
        self._put(path, self._link_to_root)

    def _link_to_root(self, made: str) -> None:
        os.rename(self._hard_links.pop(), made)

    def hold(self, path: str) -> None:
        """A second name for what is there, which he keeps."""
        os.link(path, self._new())

    def pipe(self, path: str) -> None:
        self._put(path, os.mkfifo)

    def folder(self, path: str) -> None:
        def make(made: str) -> None:
            os.mkdir(made, 0o777)
            os.symlink(f"{self._victims}/lookalike", os.path.join(made, "inside"))

        self._put(path, make)

    def own_file(self, path: str) -> None:
        self._put(path, lambda made: Path(made).write_text("of his"))

    def own_file_with_list(self, path: str) -> None:
        """What replaces it is his to read as well, if it gets the same access list."""

        def make(made: str) -> None:
            Path(made).touch(0o600)
            os.setxattr(made, "system.posix_acl_access", list_of_his())

        self._put(path, make)

    def sparse_file(self, path: str) -> None:
        """Larger than any memory, and no block of it is on disk."""

        def make(made: str) -> None:
            Path(made).touch()
            os.truncate(made, 1 << 40)

        self._put(path, make)

    def leased_file(self, path: str) -> None:
        """Who opens it waits for him to let go of it (fcntl(2), F_SETLEASE)."""
        self._put(path, lambda made: Path(made).write_text("of his"))
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        self._held.append(descriptor)

    def link_to_odd_name(self, path: str) -> None:
        """What a message had better not repeat."""
        self._put(path, lambda made: os.symlink(b"/no\xff\n\x1b[2Jwhere\r", made))

    def folder_of_root(self, path: str) -> None:
        """A folder of root's gets the name: he could not remove what is in it."""
        kept = os.path.join(os.path.dirname(path), KEPT)
        try:
            _rename(kept, path, _EXCHANGE)
        except FileNotFoundError:
            os.rename(kept, path)

    def swap(self, path: str) -> None:
        """Two files of root change their names."""
        folder, name = os.path.split(path)
        others = [each for each in sorted(os.listdir(folder)) if each != name]
        other = next((each for each in others if "key" in each), others[0])
        _rename(path, os.path.join(folder, other), _EXCHANGE)
        self._undone.append(lambda: _rename(path, os.path.join(folder, other), _EXCHANGE))

    # with a folder

    def _fake(self, folder: str, make: Callable[[str, str], None]) -> str:
        """A folder with the same names, and those that are usual."""
        fake = self._new(folder)
        os.mkdir(fake, 0o755)
        with suppress(OSError, IndexError):
            for name in {*os.listdir(folder), *_NAMES}:
                make(name, os.path.join(fake, name))
        return fake

    def _exchange(self, folder: str, fake: str) -> None:
        _rename(fake, folder, _EXCHANGE)
        self._undone.append(lambda: _rename(fake, folder, _EXCHANGE))

    def exchange_for_links(self, folder: str) -> None:
        """Each name in it leads to a file of root."""

        def link(name: str, path: str) -> None:
            os.symlink(f"{self._victims}/lookalike/{name}", path)

        self._exchange(folder, self._fake(folder, link))

    def exchange_for_files(self, folder: str) -> None:
        """Each name in it is a file of his, which others may read."""
        self._exchange(folder, self._fake(folder, lambda name, path: Path(path).touch()))

    def exchange_for_hard_links(self, folder: str) -> None:

        def link(_name: str, path: str) -> None:
            self._link_to_root(path)

        self._exchange(folder, self._fake(folder, link))

    def exchange_for_link(self, folder: str) -> None:
        link = self._new(folder)
        os.symlink(f"{self._victims}/lookalike", link)
        self._exchange(folder, link)

    def exchange_for_file(self, folder: str) -> None:
        file = self._new(folder)
        Path(file).touch()
        self._exchange(folder, file)

    def take_away(self, folder: str) -> None:
        self.remove(folder)

    def chmod_open(self, folder: str) -> None:
        self._chmod(folder, 0o777)

    def chmod_closed(self, folder: str) -> None:
        self._chmod(folder, 0)

    def chmod_inheriting(self, folder: str) -> None:
        """What is made in it belongs to his group."""
        self._chmod(folder, 0o2755)

    def _chmod(self, folder: str, mode: int) -> None:
        before = stat.S_IMODE(os.stat(folder).st_mode)
        os.chmod(folder, mode)
        self._undone.append(lambda: os.chmod(folder, before))

    def grant(self, folder: str) -> None:
        """What is made in it is his to read."""
        os.setxattr(folder, "system.posix_acl_default", list_of_his())

    def lock(self, folder: str) -> None:
        """Whoever locks it too waits for him."""
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._held.append(descriptor)

    def let_go(self) -> None:
        """Of all that he holds open."""
        while self._held:
            os.close(self._held.pop())


def list_of_his() -> bytes:
    """An access list of version 2: tags, rights and IDs (acl(5))."""
    entries = [
        (0x01, 7, _ANYONE),  # the owner
        (0x02, 7, USER),
        (0x04, 5, _ANYONE),  # the group
        (0x10, 7, _ANYONE),  # at most
        (0x20, 5, _ANYONE),  # others
    ]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NAME_MOVES = (
    "link_to_secret",
    "remove",
    "folder_of_root",
    "link_to_namesake",
    "hard_link",
    "pipe",
    "link_to_nothing",
    "folder",
    "swap",
    "link_to_device",
    "own_file",
    "leased_file",
    "own_file_with_list",
    "link_to_folder",
    "rename_beside",
    "link_to_itself",
    "hold",
    "sparse_file",
    "link_to_odd_name",
)
FOLDER_MOVES = (
    "exchange_for_links",
    "exchange_for_link",
    "grant",
    "exchange_for_files",
    "take_away",
    "chmod_open",
    "exchange_for_hard_links",
    "chmod_closed",
    "exchange_for_file",
    "chmod_inheriting",
    "lock",
)


def deep(folder: str) -> None:
    """As many folders in each other as one call can name, and as many of these."""
    os.mkdir(folder)
    at = os.open(folder, os.O_RDONLY)
    for _each in range(3000):
        os.mkdir("d", dir_fd=at)
        inner = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = inner
    os.close(at)


def readable(top: str) -> Iterator[tuple[str, bytes]]:
    """All that this process can read below a folder, or behind a link there."""
    for place, _folders, names in os.walk(top):
        for name in names:
            path = os.path.join(place, name)
            with suppress(OSError):
                if stat.S_ISREG(os.stat(path).st_mode):
                    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                    with open(descriptor, "rb") as file:
                        yield path, file.read(_LONGEST)


def secrets_readable(top: str) -> list[str]:
    """Where this process can read a private key, or what only root should."""
    return [
        path
        for path, content in readable(top)
        if b"PRIVATE KEY" in content or CANARY in content or path.endswith(".p12")
    ]


def controlled(path: str, top: str) -> list[str]:
    """The part of a path that this process can exchange: the path itself and folders on the way."""
    found = []
    while path.startswith(f"{top}/"):
        folder = os.path.dirname(path)
        with suppress(OSError):
            about = os.stat(folder)
            is_sticky = about.st_mode & stat.S_ISVTX and about.st_uid != os.geteuid()
            if os.access(folder, os.W_OK | os.X_OK) and not is_sticky:
                found.append(path)
        path = folder
    return found


class User:
    """His process, which does as it is told."""

    def __init__(self) -> None:
        here, there = multiprocessing.connection.Pipe()
        self._pid = os.fork()
        if self._pid == 0:
            here.close()
            _live(there)
        there.close()
        self._connection = here

    def ask(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Have him call a function, known by its name; what it returns, or its OSError."""
        self._connection.send((call, arguments))
        return self._connection.recv()

    def make(self, *arguments: str) -> None:
        """Give him `Moves`, which begin anew."""
        self.ask(_make, *arguments)

    def move(self, move: str, path: str) -> OSError | None:
        """Have him move; what the kernel had against it."""
        said: OSError | None = self.ask(_move, move, path)
        return said

    def end(self) -> None:
        self._connection.close()
        os.waitpid(self._pid, 0)


_his: list[Moves] = []


def _make(*arguments: str) -> None:
    for moves in _his:
        moves.let_go()
    _his[:] = [Moves(*arguments)]


def _move(move: str, path: str) -> None:
    _his[0](move, path)


def _live(connection: Any) -> NoReturn:
    """Without root's rights, its descriptors and its time limits, until the other end is closed."""
    try:
        for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.closerange(3, connection.fileno())
        os.closerange(connection.fileno() + 1, 4096)
        become_user()
        while True:
            call, arguments = connection.recv()
            try:
                answer = call(*arguments)
            except Exception as error:
                answer = OSError(f"{type(error).__name__}: {error}")
            connection.send(answer)
    except EOFError:
        pass
    finally:
        os._exit(0)


def become_user() -> None:
    """Give up all rights of root, for good."""
    os.setgroups([SHARED])
    os.setresgid(GROUP, GROUP, GROUP)
    os.setresuid(USER, USER, USER)
    os.umask(0)


@contextmanager
def living_user() -> Iterator[User]:
    """The user, as long as this lasts."""
    user = User()
    try:
        yield user
    finally:
        user.end()
