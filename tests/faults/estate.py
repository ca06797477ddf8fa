# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders of a user, those that he may write to, and what of root's lies beside them."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from .adversary import (
    CANARY,
    GROUP,
    HARD_LINK,
    KEPT,
    SHARED,
    USER,
    User,
    list_of_his,
    secrets_readable,
)
from .conftest import folder_in_memory

NAMES = ("cert.pem", "key.pem", "chain.pem", "fullchain.pem", "all.pem")
TOKEN, TOKEN_PATH = "the token", "/.well-known/pki-validation/gsdv.txt"
_DEVICE = os.makedev(1, 5)
"""The one of which there is always more to read, see zero(4)."""
_HARD_LINKS = 16
_ACCESS = "system.posix_acl_access"
_WITH_KEPT, _KEPT_FILE = ("own", "group", "listed"), "kept by root"


@dataclass(frozen=True)
class Entry:
    """One name: what kind of thing it is, and all that could be changed about it."""

    mode: int
    owner: int
    group: int
    changed: int
    content: bytes
    lists: tuple[tuple[str, bytes], ...]
    device: int


Tree = dict[str, Entry]
"""Everything below some folder, and the folder, by its path."""


def tree_of(top: str) -> Tree:
    """Everything as it is."""
    found: Tree = {}
    waiting = [top]
    while waiting:
        path = waiting.pop()
        with suppress(FileNotFoundError):
            entry = found[path] = _entry_of(path)
            if stat.S_ISDIR(entry.mode):
                waiting.extend(os.path.join(path, name) for name in os.listdir(path))
    return found


def _entry_of(path: str) -> Entry:
    about = os.lstat(path)
    content, lists = b"", []
    if stat.S_ISREG(about.st_mode):
        with open(path, "rb") as file:
            content = file.read()
    if stat.S_ISLNK(about.st_mode):
        content = os.fsencode(os.readlink(path))
    else:
        lists = [(name, os.getxattr(path, name)) for name in os.listxattr(path)]
    return Entry(
        about.st_mode,
        about.st_uid,
        about.st_gid,
        about.st_mtime_ns,
        content,
        tuple(lists),
        about.st_rdev,
    )


def restore(top: str, tree: Mapping[str, Entry]) -> None:
    """Have everything below a folder, and the folder, as it was."""
    if os.path.islink(top) or not os.path.isdir(top):
        with suppress(FileNotFoundError):
            os.unlink(top)
    else:
        shutil.rmtree(top)
    for path in sorted(tree):
        _restore(path, tree[path])
    for path in sorted(tree, reverse=True):
        entry = tree[path]
        if not stat.S_ISLNK(entry.mode):
            os.utime(path, ns=(entry.changed, entry.changed))


def _restore(path: str, entry: Entry) -> None:
    if stat.S_ISLNK(entry.mode):
        os.symlink(entry.content, path)
    elif stat.S_ISDIR(entry.mode):
        os.mkdir(path)
    elif stat.S_ISREG(entry.mode):
        with open(path, "xb") as file:
            file.write(entry.content)
    else:
        os.mknod(path, entry.mode, entry.device)
    os.lchown(path, entry.owner, entry.group)
    if not stat.S_ISLNK(entry.mode):
        os.chmod(path, stat.S_IMODE(entry.mode))
        for name, value in entry.lists:
            os.setxattr(path, name, value)


def differences(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> list[str]:
    """What became of which path, in words."""
    found = [f"{path} was removed" for path in before if path not in after]
    found += [f"{path} was made" for path in after if path not in before]
    for path in before:
        if path in after and before[path] != after[path]:
            changed = [
                f"{name} {getattr(before[path], name)!r:.60} -> {getattr(after[path], name)!r:.60}"
                for name in Entry.__annotations__
                if getattr(before[path], name) != getattr(after[path], name)
            ]
            found.append(f"{path}: {', '.join(changed)}")
    return sorted(found)


class Estate:
    """All of it, below `top`.

    home/alice       his; `pki` in it too, `site` in it is root's
    shared/site      root's, and who is in the group may write to it
    listed/site      root's, and its access list has the user
    open/site        root's, in a folder that everybody may write to
    www              his, the webroot
    state            root's records
    victims          root's, and nobody's business
    """

    def __init__(self, top: Path) -> None:
        self.top = str(top)
        self.home, self.spare = f"{top}/home/alice", f"{top}/home/alice/spare"
        self.state, self.webroot, self.victims = f"{top}/state", f"{top}/www", f"{top}/victims"
        self.places = {
            "own": f"{self.home}/pki",
            "parent": f"{self.home}/site",
            "group": f"{top}/shared/site",
            "listed": f"{top}/listed/site",
            "world": f"{top}/open/site",
            "deep": f"{top}/open/site/deeper/still",
        }
        self.his = [
            *(self.home, f"{top}/shared/site", f"{top}/listed/site", f"{top}/open"),
            self.webroot,
        ]
        """Where he may do what he likes, so that nothing is said of what is found there."""
        self.make()
        self.outside = self._outside()
        self._begun = {path: tree_of(path) for path in [*self.his, self.victims]}

    def make(self) -> None:
        """Make all of it."""
        folders: list[tuple[str, int, int, int]] = [
            (self.top, 0, 0, 0o755),
            (f"{self.top}/home", 0, 0, 0o755),
            (self.home, USER, GROUP, 0o755),
            (self.spare, USER, GROUP, 0o755),
            (self.places["own"], USER, GROUP, 0o755),
            (self.places["parent"], 0, 0, 0o755),
            (f"{self.top}/shared", 0, 0, 0o755),
            (self.places["group"], 0, SHARED, 0o2775),
            (f"{self.top}/listed", 0, 0, 0o755),
            (self.places["listed"], 0, 0, 0o755),
            (f"{self.top}/open", 0, 0, 0o777),
            (self.places["world"], 0, 0, 0o755),
            (f"{self.places['world']}/deeper", 0, 0, 0o755),
            (self.places["deep"], 0, 0, 0o755),
            (self.webroot, USER, GROUP, 0o755),
        ]
        for path, owner, group, mode in folders:
            os.makedirs(path, exist_ok=True)
            os.chown(path, owner, group)
            os.chmod(path, mode)
        os.setxattr(self.places["listed"], _ACCESS, list_of_his())
        for place in _WITH_KEPT:
            kept = f"{self.places[place]}/{KEPT}"
            os.mkdir(kept, 0o700)
            _write(f"{kept}/{_KEPT_FILE}", CANARY, 0o600)
        self._make_victims()

    def _make_victims(self) -> None:
        """Some in folders that he can look into, with names that he expects."""
        look = f"{self.victims}/lookalike"
        store = f"{look}/.atlas/cert.pem"
        folders = [
            *(look, f"{self.victims}/closed", f"{look}/backups", f"{look}/live", f"{look}/pki"),
            *(f"{store}/private/previous/1-A", f"{store}/versions/1-A", f"{look}/site/deeper"),
            *(f"{store}/private/superseded", f"{look}/out", f"{look}/versions/1-A"),
            *(os.path.dirname(look + TOKEN_PATH), f"{look}/pki-validation"),
        ]
        for folder in folders:
            os.makedirs(folder, 0o755)
            for name in NAMES:
                _write(f"{folder}/{name}", CANARY, 0o600)
        for folder in (f"{self.victims}/closed", f"{store}/private", f"{look}/backups"):
            os.chmod(folder, 0o700)
        _write(f"{look}/.atlas/cert.pem/private/state.json", b"{}", 0o600)
        _write(f"{look}/key", CANARY, 0o600)
        _write(look + TOKEN_PATH, TOKEN.encode(), 0o644)
        _write(f"{look}/gsdv.txt", TOKEN.encode(), 0o644)
        _write(f"{look}/pki-validation/gsdv.txt", TOKEN.encode(), 0o644)
        _write(f"{self.victims}/secret", CANARY, 0o600)
        os.mkfifo(f"{self.victims}/pipe", 0o600)
        os.mknod(f"{self.victims}/device", 0o600 | stat.S_IFCHR, _DEVICE)

    def _outside(self) -> Tree:
        """What is neither his nor a record. Of folders in which these are, all but when they were
        changed."""
        found = tree_of(self.victims)
        waiting = [self.top]
        while waiting:
            folder = waiting.pop()
            for name in os.listdir(folder):
                path = f"{folder}/{name}"
                if path not in (*self.his, self.state, self.victims):
                    found[path] = replace(_entry_of(path), changed=0)
                    if os.path.isdir(path) and not os.path.islink(path):
                        waiting.append(path)
        return found

    def begin(self) -> None:
        """Have all of it as it was made."""
        for path, tree in self._begun.items():
            restore(path, tree)
        restore(self.state, {})

    def now(self) -> Tree:
        """What may change, to go back to."""
        found: Tree = {}
        for path in (*self.his, self.state):
            found.update(tree_of(path))
        return found

    def back_to(self, tree: Mapping[str, Entry], also_state: bool = True) -> None:
        """Have it as it was: what is his, and if wanted the records."""
        for path in (*self.his, *([self.state] if also_state else [])):
            inside = f"{path}/"
            restore(path, {each: tree[each] for each in tree if f"{each}/".startswith(inside)})

    def faults(self, user: User, key_is_his: bool = False) -> list[str]:
        """What should not be: changes outside, records that others can change, secrets that he
        can read."""
        found = [f"{path} can be changed by others" for path in self._open_records(key_is_his)]
        if not key_is_his:
            found += [f"{path} can be read by the user" for path in self.secrets(user)]
        kept = sum(_KEPT_FILE in names for his in self.his for _at, _in, names in os.walk(his))
        if kept != len(_WITH_KEPT):
            found.append(f"of {len(_WITH_KEPT)} folders of root in his, {kept} are left")
        outside = self._outside()
        if outside != self.outside:
            found += differences(self.outside, outside)
            restore(self.victims, self._begun[self.victims])
        return found

    def give_in_hand(self, user: User) -> None:
        """Let him begin, with hard links to a secret of root's as he could make them himself where
        the system is less careful."""
        for number in range(_HARD_LINKS):
            with suppress(FileExistsError):
                os.link(f"{self.victims}/secret", f"{self.spare}/{HARD_LINK}{number}")
        user.make(self.spare, self.victims)

    def secrets(self, user: User) -> list[str]:
        """Which private keys, and other things that only root should know, he can read."""
        found: list[str] = user.ask(secrets_readable, self.top)
        return found

    def _open_records(self, may_be_his: bool) -> list[str]:
        """Records that are not root's alone. Files of a set may be his, without anything secret:
        those that he had put there himself."""
        return [
            path
            for path, entry in tree_of(self.state).items()
            if not stat.S_ISLNK(entry.mode) and not _is_closed(entry, may_be_his)
        ]


def _is_closed(entry: Entry, may_be_his: bool) -> bool:
    if stat.S_ISREG(entry.mode) and (CANARY in entry.content or b"PRIVATE KEY" in entry.content):
        is_his = may_be_his and entry.owner == USER
        return (entry.owner == 0 or is_his) and not entry.mode & stat.S_IRWXO and not entry.lists
    if stat.S_ISREG(entry.mode) and entry.owner == USER:
        return True
    return entry.owner == 0 and not entry.mode & (stat.S_IWGRP | stat.S_IWOTH)


def _write(path: str, content: bytes, mode: int) -> None:
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)


@contextmanager
def estate_in_memory() -> Iterator[Estate]:
    """Another one, as long as this lasts."""
    with folder_in_memory() as folder:
        yield Estate(folder)
