# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that no rename can replace."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.files import replaceable
from ansible_collections.globalsign.atlas.plugins.module_utils.files.folder import Folder
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import open_folder
from ansible_collections.globalsign.atlas.plugins.module_utils.files.replaceable import (
    why_unreplaceable,
)

Descriptors = Callable[[], int]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Folder]:
    with open_folder(str(tmp_path)) as opened:
        yield opened


def test_what_is_there_or_not_can_be_replaced(
    tmp_path: Path, room: Folder, descriptors: Descriptors
) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "link").symlink_to("nothing")
    os.mkfifo(tmp_path / "pipe")
    before = descriptors()
    assert [why_unreplaceable(room, name) for name in ("a", "link", "pipe", "absent")] == [""] * 4
    assert descriptors() == before


MOUNTED = (
    "is a mount point of its own and cannot be replaced by a rename; mount the folder instead of"
    " the file."
)


@pytest.mark.parametrize("name", ["a", "two words", "two\nlines"])
def test_a_file_that_is_mounted_cannot_be_replaced(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Only root can mount, and not everywhere."""
    (tmp_path / name).write_text("")
    tables = tmp_path / "tables"
    tables.mkdir()
    number = (tmp_path / name).stat().st_ino

    def table(path: str, encoding: str) -> object:
        handle = int(path.rsplit("/", 1)[-1])
        assert path == f"/proc/self/fdinfo/{handle}"
        mount = 22 if os.fstat(handle).st_ino == number else 21
        (tables / "table").write_text(f"pos:\t0\nflags:\t012100000\nmnt_id:\t{mount}\n")
        return open(tables / "table", encoding=encoding)

    monkeypatch.setattr(replaceable, "open", table, raising=False)
    assert why_unreplaceable(room, name) == MOUNTED
    number = 0
    assert why_unreplaceable(room, name) == ""


def test_mount_points_of_the_system_are_known() -> None:
    with open_folder("/") as root, open_folder("/etc") as configuration:
        assert why_unreplaceable(root, "proc") == MOUNTED
        assert why_unreplaceable(configuration, "passwd") == ""


def test_without_proc_nothing_is_taken_for_mounted(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_more: object) -> None:
        raise FileNotFoundError

    (tmp_path / "a").write_text("")
    monkeypatch.setattr(replaceable, "open", refuse, raising=False)
    assert why_unreplaceable(room, "a") == ""


@pytest.mark.parametrize(
    ("flags", "is_refused"), [(0x10, True), (0x20, True), (0x30, True), (0x4F, False), (0, False)]
)
@pytest.mark.parametrize("which", ["file", "folder"])
def test_an_immutable_file_or_folder_cannot_be_replaced(
    tmp_path: Path,
    room: Folder,
    monkeypatch: pytest.MonkeyPatch,
    descriptors: Descriptors,
    flags: int,
    is_refused: bool,
    which: str,
) -> None:
    """The flags come from the file system, and not each has them."""
    place = tmp_path / "a"
    place.write_text("")
    marked = place if which == "file" else tmp_path

    def ioctl(handle: int, request: int, found: array[int], _change: bool) -> None:
        assert request == 0x80086601
        if os.fstat(handle).st_ino == marked.stat().st_ino:
            found[0] = flags

    monkeypatch.setattr(replaceable.fcntl, "ioctl", ioctl)
    before = descriptors()
    said = f"cannot be replaced, because {marked} is immutable; see lsattr and chattr."
    assert why_unreplaceable(room, "a") == (said if is_refused else "")
    assert descriptors() == before
