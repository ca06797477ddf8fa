# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Space on a file system, held for what will be written there."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files import space as spaces
from ansible_collections.globalsign.atlas.plugins.module_utils.files.folder import Folder
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import open_folder
from ansible_collections.globalsign.atlas.plugins.module_utils.files.space import Space

SIZE = 128 * 1024
Descriptors = Callable[[], int]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Folder]:
    with open_folder(str(tmp_path)) as opened:
        yield opened


def failing(number: int) -> Callable[..., None]:
    def fail(*_arguments: object, **_more: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def test_space_is_held_until_it_is_given_back(
    tmp_path: Path, room: Folder, descriptors: Descriptors
) -> None:
    before = descriptors()
    space, held = Space(room, ".reserve"), tmp_path / ".reserve"
    assert not space.is_held
    for _time in range(2):
        space.hold(SIZE)
        assert space.is_held
        assert (held.stat().st_size, held.stat().st_mode & 0o777) == (SIZE, 0o600)
        assert held.stat().st_blocks * 512 >= SIZE
    assert Space(room, ".reserve").is_held
    for _time in range(2):
        space.release()
        assert (space.is_held, os.listdir(tmp_path)) == (False, [])
    assert descriptors() == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_nothing_held(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(spaces.os, "posix_fallocate", failing(number))
    with pytest.raises(AtlasError) as caught:
        Space(room, ".reserve").hold(SIZE)
    assert caught.value.message == (
        f"{tmp_path}: there is not enough space for the new files: {os.strerror(number).lower()};"
        " make room first."
    )
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS])
def test_space_is_written_where_it_cannot_be_had_otherwise(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(spaces.os, "posix_fallocate", failing(number))
    space = Space(room, ".reserve")
    space.hold(SIZE)
    assert (tmp_path / ".reserve").stat().st_size == SIZE
    monkeypatch.setattr(spaces.os, "write", failing(errno.ENOSPC))
    with pytest.raises(AtlasError, match="there is not enough space for the new files"):
        space.hold(SIZE)
    assert os.listdir(tmp_path) == []


def test_what_others_put_there_is_not_written_to(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".reserve").symlink_to(tmp_path / "victim")
    Space(room, ".reserve").hold(SIZE)
    assert os.listdir(tmp_path) == [".reserve"]
    monkeypatch.setattr(Folder, "unlink", lambda _room, _name: True)
    with pytest.raises(AtlasError) as caught:
        Space(room, ".reserve").hold(SIZE)
    assert caught.value.message == f"{tmp_path}/.reserve: cannot be created: file exists."


def test_a_folder_in_its_place_is_told(tmp_path: Path, room: Folder) -> None:
    (tmp_path / ".reserve").mkdir()
    with pytest.raises(AtlasError) as caught:
        Space(room, ".reserve").hold(SIZE)
    assert caught.value.message == f"{tmp_path}/.reserve: cannot be removed: is a directory."
