# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks: one process at a time."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files import locks
from ansible_collections.globalsign.atlas.plugins.module_utils.files.folder import Folder
from ansible_collections.globalsign.atlas.plugins.module_utils.files.locks import locked
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import open_folder

Descriptors = Callable[[], int]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Folder]:
    with open_folder(str(tmp_path)) as opened:
        yield opened


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time goes by only while something is waited for; the naps that were taken."""
    taken: list[float] = []
    monkeypatch.setattr(locks.time, "sleep", taken.append)
    monkeypatch.setattr(locks.time, "monotonic", lambda: sum(taken))
    return taken


def held_by_another(path: Path) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def test_a_lock_is_held_until_its_end(
    tmp_path: Path, room: Folder, descriptors: Descriptors
) -> None:
    before = descriptors()
    path = tmp_path / "a.lock"
    for _time in range(2):
        with locked(room, "a.lock"):
            assert path.stat().st_mode & 0o777 == 0o600
            other = os.open(path, os.O_RDWR)
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(other)
    assert descriptors() == before


def test_a_lock_ends_with_an_error(room: Folder) -> None:
    with pytest.raises(KeyError), locked(room, "a.lock"):
        raise KeyError
    with locked(room, "a.lock"):
        pass


def test_another_process_is_waited_for(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = held_by_another(tmp_path / "a.lock")
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            os.close(other)

    monkeypatch.setattr(locks.time, "sleep", nap)
    with locked(room, "a.lock"):
        assert naps == [0.05, 0.05, 0.05]


def test_another_process_is_not_waited_for_without_end(
    tmp_path: Path, room: Folder, naps: list[float], descriptors: Descriptors
) -> None:
    other = held_by_another(tmp_path / "a.lock")
    before = descriptors()
    with pytest.raises(AtlasError) as caught, locked(room, "a.lock"):
        pass
    assert caught.value.message == (
        f"{tmp_path}/a.lock has been held by another process of this node for 120 seconds; look"
        f" what it does (fuser {tmp_path}/a.lock)."
    )
    assert 120 < sum(naps) < 120.2
    assert descriptors() == before
    os.close(other)


def test_a_lock_that_was_removed_meanwhile_keeps_nobody_out(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = held_by_another(tmp_path / "a.lock")

    def nap(_seconds: float) -> None:
        (tmp_path / "a.lock").unlink()
        os.close(other)

    monkeypatch.setattr(locks.time, "sleep", nap)
    with locked(room, "a.lock"):
        another = os.open(tmp_path / "a.lock", os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(another, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(another)


def test_a_process_does_not_wait_for_itself(
    tmp_path: Path, room: Folder, naps: list[float]
) -> None:
    with locked(room, "a.lock"):
        with pytest.raises(AtlasError) as caught, locked(room, "a.lock"):
            pass
        with locked(room, "b.lock"):
            pass
    assert caught.value.message == (
        f"{tmp_path}/a.lock: two certificates of this task are recorded in the same place; give"
        " each a file of its own."
    )
    assert naps == []
    with locked(room, "a.lock"):
        pass


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_told(
    tmp_path: Path,
    room: Folder,
    monkeypatch: pytest.MonkeyPatch,
    descriptors: Descriptors,
    number: int,
) -> None:
    def refuse(_handle: int, _how: int) -> None:
        raise OSError(number, os.strerror(number))

    before = descriptors()
    monkeypatch.setattr(locks.fcntl, "flock", refuse)
    with pytest.raises(AtlasError) as caught, locked(room, "a.lock"):
        pass
    assert caught.value.message == (
        f"{tmp_path}/a.lock: cannot be locked: {os.strerror(number).lower()}."
    )
    assert descriptors() == before


def test_no_link_is_followed(tmp_path: Path, room: Folder) -> None:
    (tmp_path / "a.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(AtlasError) as caught, locked(room, "a.lock"):
        pass
    assert caught.value.message == (
        f"{tmp_path}/a.lock: cannot be opened: too many levels of symbolic links."
    )
    assert not (tmp_path / "victim").exists()
