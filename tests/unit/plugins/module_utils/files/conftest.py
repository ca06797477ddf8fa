# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders of which others than the user of the task can change something, and other users."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files import extended
from ansible_collections.globalsign.atlas.plugins.module_utils.files.folder import Folder
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import open_folder

OTHER = 4242
"""A user and a group that nobody is."""

AsOther = Callable[[Callable[[], object]], str]
Descriptors = Callable[[], int]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Folder]:
    with open_folder(str(tmp_path)) as opened:
        yield opened


@pytest.fixture
def open_room(tmp_path: Path) -> Iterator[Folder]:
    """One in which everybody can exchange everything."""
    tmp_path.chmod(0o777)
    with open_folder(str(tmp_path)) as opened:
        yield opened


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that other users can get to, as they cannot to pytest's own."""
    path = Path(tempfile.mkdtemp()).resolve()
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def as_other() -> AsOther:
    """Call something as another user, in a process of its own: what it returned, or refused."""
    if os.geteuid() != 0:
        pytest.skip("it takes root to become another user")

    def call(act: Callable[[], object]) -> str:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(OTHER)
                os.setuid(OTHER)
                said = str(act())
            except AtlasError as error:
                said = error.message
            except BaseException as error:
                said = repr(error)
            os.write(writing, said.encode("utf-8"))
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as told:
            said = told.read().decode("utf-8")
        os.waitpid(child, 0)
        return said

    return call


@pytest.fixture
def descriptors() -> Descriptors:
    """How many files are open."""
    return lambda: len(os.listdir("/proc/self/fd"))


@pytest.fixture
def as_root() -> None:
    """For what only root can set up."""
    if os.geteuid() != 0:
        pytest.skip("it takes root to give files away")


def access_list(user: int, permissions: int) -> bytes:
    """As the system keeps it: what the owner, one user, the group, all of these, and others may."""
    nobody = 0xFFFFFFFF
    entries = [
        (0x01, 7, nobody),
        (0x02, permissions, user),
        (0x04, 5, nobody),
        (0x10, permissions, nobody),
        (0x20, 0, nobody),
    ]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


@pytest.fixture
def name_other(tmp_path: Path) -> Callable[[Path, str], None]:
    """Name another user in the access list of a folder or file, or in what new ones in it get."""

    def name(path: Path, which: str = extended.ACCESS_LIST) -> None:
        try:
            os.setxattr(path, which, access_list(OTHER, 7))
        except OSError:
            pytest.skip("the file system of the folder for temporary files has no access lists")

    return name
