# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder of records: who may have made it, who may be in it."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import store as module
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.state import State
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.store import Store

from ..conftest import Site


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".atlas" / "cert.pem"


def test_what_is_written_is_read_again(folder: Path) -> None:
    store = Store(str(folder))
    assert (store.exists, store.read()) == (False, State())
    with store.locked():
        written = store.write(State(live="0001-01"))
    assert written == State(live="0001-01")
    assert (store.exists, store.read()) == (True, written)
    assert mode(folder / "private/state.json") == 0o600


def test_only_its_owner_looks_into_it(folder: Path) -> None:
    umask = os.umask(0)
    try:
        with Store(str(folder)).locked():
            pass
    finally:
        os.umask(umask)
    modes = [mode(path) for path in (folder.parent, folder, folder / "private", folder / "lock")]
    assert modes == [0o711, 0o711, 0o700, 0o600]


def test_one_call_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(folder))
    with store.locked():
        with open(folder / "lock", "rb") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        monkeypatch.setattr(module, "_LOCK_PATIENCE", -1.0)
        with pytest.raises(AtlasError, match=f"^{folder}/lock has been held by another process"):
            store._lock()
    with open(folder / "lock", "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_lock_is_no_link_to_a_file_of_another(folder: Path, tmp_path: Path) -> None:
    with Store(str(folder)).locked():
        pass
    lock = folder / "lock"
    lock.unlink()
    lock.symlink_to(tmp_path / "victim")
    with pytest.raises(AtlasError) as caught:
        Store(str(folder))._lock()
    assert caught.value.message == (f"{lock}: cannot be opened: too many levels of symbolic links.")
    assert not (tmp_path / "victim").exists()


def test_the_first_folder_with_a_record_counts(tmp_path: Path) -> None:
    folders = [str(tmp_path / name / "cert.pem") for name in ("one", "two", "three")]
    assert Store.of(folders).folder == folders[0]
    for place in (2, 1):
        store = Store(folders[place])
        with store.locked():
            store.write(State())
        assert Store.of(folders).folder == folders[place]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no JSON", "is damaged"),
        ("[]", "is damaged"),
        ('{"version": 2}', "was written by another release of this collection (version 2, not 1)"),
    ],
)
def test_a_record_that_cannot_be_read_is_told(folder: Path, content: str, said: str) -> None:
    store = Store(str(folder))
    with store.locked():
        store.write(State())
    path = folder / "private/state.json"
    path.write_text(content)
    with pytest.raises(AtlasError) as caught:
        store.read()
    assert caught.value.message == (
        f"{path} {said}. It records which certificates were asked for; look at it, and remove it"
        " if nothing in it is needed."
    )


@pytest.mark.parametrize("which", [".atlas", ".atlas/cert.pem", ".atlas/cert.pem/private"])
@pytest.mark.parametrize("how", ["writable for the group", "writable for all", "a link", "a file"])
def test_a_folder_that_others_could_have_filled_is_refused(
    tmp_path: Path, folder: Path, which: str, how: str
) -> None:
    store = Store(str(folder))
    with store.locked():
        store.write(State())
    path = tmp_path / which
    if how.startswith("writable"):
        path.chmod(mode(path) | (0o020 if "group" in how else 0o002))
    else:
        path.rename(tmp_path / "aside")
        if how == "a link":
            path.symlink_to(tmp_path / "aside")
        else:
            path.write_text("")
    with pytest.raises(AtlasError) as caught:
        store.read()
    assert caught.value.message == (
        f"{path} is not a folder of this user that only it can write to; the private key would not"
        " be safe there. Look at it, and remove it."
    )
    if how != "a file":
        with pytest.raises(AtlasError, match=f"^{path} is not a folder of this user"):
            store._lock()


def test_a_folder_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(folder))
    with store.locked():
        pass
    monkeypatch.setattr(os, "geteuid", lambda: 4343)
    with pytest.raises(AtlasError, match=f"^{folder.parent} is not a folder of this user"):
        store.refuse_foreign_folders()


def test_a_staging_folder_of_another_user_is_not_trusted(site: Site, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    (site.folder / ".atlas").symlink_to(trap)
    assert "is not a folder of this user" in site.prepare()["obstacle"]
    assert os.listdir(trap) == []


def test_nothing_is_left_of_a_store_that_nothing_was_recorded_in(
    tmp_path: Path, folder: Path
) -> None:
    store = Store(str(folder))
    with store.locked():
        pass
    store.remove_if_empty()
    assert os.listdir(tmp_path) == []
    with store.locked():
        store.write(State())
    store.remove_if_empty()
    assert store.exists
    store.remove()
    assert os.listdir(tmp_path) == []


def test_a_folder_that_the_user_named_stays(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "state" / "cert.pem-1"))
    with store.locked():
        store.write(State())
    store.remove()
    assert os.listdir(tmp_path / "state") == []


def test_other_records_beside_it_stay(folder: Path) -> None:
    store = Store(str(folder))
    for each in (store, Store(str(folder.parent / "other"))):
        with each.locked():
            each.write(State())
    store.remove()
    assert os.listdir(folder.parent) == ["other"]


def test_private_files_are_private(folder: Path) -> None:
    store = Store(str(folder))
    with store.locked():
        store.write_private(os.path.join(store.superseded, "01.pem"), b"key")
    assert mode(folder / "private/superseded") == 0o700
    assert mode(folder / "private/superseded/01.pem") == 0o600
    assert (folder / "private/superseded/01.pem").read_bytes() == b"key"


def test_the_record_is_the_first_that_is_removed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a record names is there as long as the record is, wherever a run is cut off."""

    def cut_off(_path: str) -> None:
        raise AtlasError("cut off")

    store = Store(str(folder))
    with store.locked():
        store.write(State())
        monkeypatch.setattr(module.files, "remove_tree", cut_off)
        with pytest.raises(AtlasError, match=r"^cut off$"):
            store.remove()
    assert not store.exists


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "a"
    module.make_folder(str(path), 0o700)
    path.chmod(0o755)
    module.make_folder(str(path), 0o700)
    assert mode(path) == 0o755
    with pytest.raises(AtlasError, match=f"^{tmp_path}/b/c: cannot be created: no such file"):
        module.make_folder(str(tmp_path / "b/c"), 0o700)


def test_a_folder_is_made_durably(tmp_path: Path, made_durable: list[tuple[str, str]]) -> None:
    module.make_folder(str(tmp_path / "a"), 0o700)
    assert made_durable == [("synced", str(tmp_path))]


def test_a_document_is_read_if_it_can_be(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    assert module.read_document(str(path)) is None
    path.write_text("[1]")
    assert module.read_document(str(path)) == [1]
    path.write_text("[")
    assert module.read_document(str(path)) is None
    assert module.read_document(str(tmp_path)) is None


def test_who_waited_for_a_folder_that_was_removed_meanwhile_takes_the_new_one(
    folder: Path,
) -> None:
    store = Store(str(folder))
    with store.locked():
        store.remove()
        with store.locked():
            assert (folder / "lock").exists()


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path, folder: Path) -> None:
    store = Store(str(folder))
    with store.locked():
        pass
    (folder / "lock").unlink()
    (folder / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AtlasError, match=f"^{folder}/lock: cannot be opened: "):
        store._lock()
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_of_the_user_is_made_with_all_above_it(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "state" / "cert.pem-1"
    with Store(str(folder)).locked():
        assert (folder / "private").is_dir()


def test_a_lock_whose_file_is_gone_is_none(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("")
    with open(path, "rb") as file:
        assert module._is_still_at(file.fileno(), str(path))
        path.unlink()
        assert not module._is_still_at(file.fileno(), str(path))
        path.write_text("")
        assert not module._is_still_at(file.fileno(), str(path))
