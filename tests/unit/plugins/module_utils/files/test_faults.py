# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each call to the system fails once: one sentence, nothing left open or behind, old or new."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.changes import (
    Draft,
    Link,
    Removal,
    label_of,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.files.folder import UnreadableError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.locks import locked
from ansible_collections.globalsign.atlas.plugins.module_utils.files.ownership import (
    OWN,
    Attributes,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.files.phases import Work, alone
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import (
    Places,
    protected_folder,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.files.replaceable import (
    why_unreplaceable,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.files.space import Space

CALLS = (
    *("open", "fstat", "stat", "readlink", "mkdir", "rmdir", "fchown", "fchmod", "fsync", "write"),
    *("replace", "symlink", "unlink", "listdir", "getxattr", "posix_fallocate", "access", "read"),
)
ONLY_ASKED = ("open", "fstat", "getxattr", "access")
"""What may fail and the work be done all the same: whether a file is immutable, or mounted."""
Descriptors = Callable[[], int]


def lay_out(base: Path) -> None:
    (base / "real").mkdir(parents=True)
    (base / "real/file").write_text("old")
    (base / "real/gone").write_text("old")
    (base / "real/live").symlink_to("old")
    (base / "link").symlink_to("real/file")


def everything(base: Path) -> None:
    """All that the room can do, as far as one piece of work takes it."""
    state = protected_folder(f"{base}/state/inner", 0o711)
    assert state is not None
    with state, Places() as places, locked(state, "a.lock"):
        space = Space(state, ".reserve")
        space.hold(4096)
        try:
            place = places.followed(places.of(f"{base}/link"))
            why_unreplaceable(place.folder, place.name)
            alone(_work(places, base))
            assert place.folder.read(place.name) == b"new"
        finally:
            space.release()
        state.make("tree", 0o700).close()
        state.remove_tree("tree")


def _work(places: Places, base: Path) -> Work[None]:
    place = places.followed(places.of(f"{base}/link"))
    folder = place.folder
    label = label_of(folder)
    first = Draft(folder, place.name, b"new", Attributes(None, None, 0o640), label)
    try:
        second = Draft(folder, "other", b"new", OWN)
    except BaseException:
        first.discard()
        raise
    yield [first, second]
    yield [Link(folder, "live", "new"), Removal(folder, "gone")]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """Have the call with the number `at` fail, counted over all of `CALLS`."""
    state = {"count": 0, "at": -1}

    def counted(name: str) -> None:
        original = getattr(os, name) if name != "fsync" else lambda _handle: None  # it takes time

        def call(*arguments: object, **more: object) -> object:
            state["count"] += 1
            if state["count"] == state["at"]:
                state["name"] = CALLS.index(name)
                raise OSError(errno.EIO, "Input/output error")
            return original(*arguments, **more)

        monkeypatch.setattr(os, name, call)

    for name in CALLS:
        counted(name)
    yield state
    monkeypatch.undo()


def attempt(base: Path) -> str:
    try:
        everything(base)
    except UnreadableError as error:
        return f"The file {error.message}."
    except AtlasError as error:
        return error.message
    return ""


def test_each_call_that_fails_is_one_sentence_and_leaves_nothing_open(
    tmp_path: Path, failing: dict[str, int], descriptors: Descriptors
) -> None:
    lay_out(tmp_path / "counted")
    failing["count"] = 0
    assert attempt(tmp_path / "counted") == ""
    number_of_calls = failing["count"]
    assert number_of_calls > 100
    failing["at"] = -1
    for number in range(1, number_of_calls + 1):
        base = tmp_path / str(number)
        lay_out(base)
        before = descriptors()
        failing.update(count=0, at=number)
        said = attempt(base)
        failing["at"] = -1
        failed = CALLS[failing["name"]]
        assert descriptors() == before, (number, failed)
        assert said.endswith(".") or (said == "" and failed in ONLY_ASKED), (number, failed, said)
        assert (base / "real/file").read_text() in ("old", "new")
        assert (base / "link").is_symlink()
        left = {path.name for path in base.rglob("*atlas-new")}
        assert left == set() or failed == "unlink", (number, failed)
        assert attempt(base) == ""  # and once more, as if nothing had happened
        assert sorted(str(path.relative_to(base)) for path in base.rglob("*")) == [
            *("link", "real", "real/file", "real/live", "real/other"),
            *("state", "state/inner", "state/inner/a.lock"),
        ]


@pytest.mark.usefixtures("failing")  # without a number, for a sync that takes no time
def test_too_many_open_files_are_one_sentence_wherever_they_run_out(
    tmp_path: Path, descriptors: Descriptors
) -> None:
    lay_out(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = descriptors()
    free = os.dup(0)
    os.close(free)
    said: list[str] = []
    for limit in range(free, free + 40):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        try:
            said.append(attempt(tmp_path))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert descriptors() == before
    assert said[0].endswith("too many open files.")
    assert said[-1] == ""
    assert [each for each in said if each and "too many open files" not in each] == []
