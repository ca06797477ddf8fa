# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work on many things at once, in phases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.changes import Draft, Removal
from ansible_collections.globalsign.atlas.plugins.module_utils.files.folder import Folder
from ansible_collections.globalsign.atlas.plugins.module_utils.files.ownership import OWN
from ansible_collections.globalsign.atlas.plugins.module_utils.files.phases import (
    MOST_AT_A_TIME,
    Work,
    alone,
    in_phases,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import open_folder


@dataclass
class Noted:
    """A change that notes what is done with it in `done`, and fails at one of the calls."""

    folder: Folder
    name: str
    done: list[str]
    fails_at: str = ""
    error: Exception = field(default_factory=lambda: AtlasError("failed"))

    def _note(self, what: str) -> None:
        self.done.append(f"{what} {self.name}")
        if what == self.fails_at:
            raise self.error

    def sync(self) -> None:
        self._note("sync")

    def put(self) -> None:
        self._note("put")

    def discard(self) -> None:
        self._note("discard")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in its order; with `sync` of a folder, which has no name."""
    noted: list[str] = []
    monkeypatch.setattr(
        Folder, "sync", lambda folder: noted.append(f"sync {os.path.basename(folder.path)}/")
    )
    return noted


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Folder]:
    (tmp_path / "room").mkdir()
    with open_folder(f"{tmp_path}/room") as opened:
        yield opened


def told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def test_all_are_synced_then_put_then_their_folders_synced_once(
    room: Folder, done: list[str]
) -> None:
    def work(name: str) -> Work[str]:
        yield [Noted(room, f"{name}1", done), Noted(room, f"{name}2", done)]
        done.append(f"{name} goes on")
        yield [Noted(room, f"{name}3", done)]
        return name

    assert in_phases([work("a"), work("b")], told) == ["a", "b"]
    first = ["a1", "a2", "b1", "b2"]
    assert done == [
        *(f"{what} {name}" for what in ("sync", "put") for name in first),
        "sync room/",
        *(f"discard {name}" for name in first),
        "a goes on",
        "b goes on",
        *("sync a3", "sync b3", "put a3", "put b3", "sync room/", "discard a3", "discard b3"),
    ]


def test_pieces_that_end_sooner_do_not_hold_up_others(room: Folder, done: list[str]) -> None:
    def work(rounds: int) -> Work[int]:
        for number in range(rounds):
            yield [Noted(room, f"{rounds}.{number}", done)]
        return rounds

    assert in_phases([work(2), work(0), work(1)], told) == [2, 0, 1]
    assert [what for what in done if what.startswith("put")] == ["put 2.0", "put 1.0", "put 2.1"]
    assert in_phases([], told) == []


@pytest.mark.parametrize(
    "error", [AtlasError("failed"), OSError(5, "failed"), ValueError("failed")]
)
@pytest.mark.parametrize("fails_at", ["sync", "put"])
def test_what_fails_with_one_is_raised_in_it_and_the_others_go_on(
    room: Folder, done: list[str], fails_at: str, error: Exception
) -> None:
    def bad() -> Work[str]:
        try:
            yield [Noted(room, "x", done, fails_at, error), Noted(room, "y", done)]
        except type(error):
            done.append("mends")
            yield [Noted(room, "z", done)]
        return "mended"

    def worse() -> Work[str]:
        yield [Noted(room, "w", done, fails_at, error)]
        return "never"

    def good() -> Work[str]:
        yield [Noted(room, "g", done)]
        return "good"

    assert in_phases([bad(), worse(), good()], told) == ["mended", told(error), "good"]
    assert ("put y" in done, "put g" in done, "put z" in done) == (False, True, True)
    assert [what for what in done if what.startswith("discard")] == [
        *("discard x", "discard y", "discard w", "discard g", "discard z"),
    ]


def test_a_folder_that_cannot_be_synced_fails_those_that_changed_it(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sync(folder: Folder) -> None:
        if folder.path == room.path:
            raise AtlasError("input/output error")

    def work(folder: Folder) -> Work[str]:
        yield [Draft(folder, "a", b"", OWN)]
        return "durable"

    monkeypatch.setattr(Folder, "sync", sync)
    with open_folder(str(tmp_path)) as other:
        said = in_phases([work(room), work(other)], told)
    assert said == ["AtlasError: input/output error", "durable"]


def test_one_piece_alone_raises_what_it_ended_with(room: Folder, done: list[str]) -> None:
    def work(fails_at: str) -> Work[str]:
        yield [Noted(room, "a", done, fails_at)]
        return "done"

    assert alone(work("")) == "done"
    assert done == ["sync a", "put a", "sync room/", "discard a"]
    with pytest.raises(AtlasError, match="failed"):
        alone(work("put"))
    assert done[-1] == "discard a"


def test_files_of_many_pieces_are_not_open_at_once(tmp_path: Path, room: Folder) -> None:
    most = 0

    def work(number: int) -> Work[int]:
        nonlocal most
        yield [Draft(room, f"{number}.{part}", b"x", OWN) for part in range(4)]
        most = max(most, len(os.listdir("/proc/self/fd")))
        yield [Removal(room, f"{number}.0")]
        return number

    before = len(os.listdir("/proc/self/fd"))
    count = 2 * MOST_AT_A_TIME + 1
    assert in_phases([work(number) for number in range(count)], told) == list(range(count))
    assert len(room.names()) == 3 * count
    assert most <= before + 4 * MOST_AT_A_TIME
    assert len(os.listdir("/proc/self/fd")) == before
