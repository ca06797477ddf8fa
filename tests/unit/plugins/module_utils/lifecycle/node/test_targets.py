# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether files can be put in place, before a certificate is asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import targets
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.store import Store
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.targets import (
    Reserve,
    obstacles,
    remove_strays,
    try_targets,
)

from ..conftest import Site


def store_of(site: Site) -> Store:
    return Store.of(site.wanted.records)


def told(site: Site) -> list[str]:
    return list(obstacles(site.wanted, store_of(site)))


def test_a_path_below_a_file_is_an_obstacle(site: Site) -> None:
    (site.folder / "file").write_text("")
    site.folder = site.folder / "file"
    assert "is not a folder" in site.inspect()["obstacle"]


def test_a_target_that_is_a_folder_is_an_obstacle(site: Site) -> None:
    (site.folder / "cert.pem").mkdir()
    assert "path: " in site.inspect()["obstacle"]
    assert "is a folder" in site.inspect()["obstacle"]


def test_nothing_stands_in_the_way_of_new_files(site: Site) -> None:
    assert told(site) == []
    try_targets(site.wanted, store_of(site))
    assert os.listdir(site.folder) == []


def test_all_that_stands_in_the_way_is_told_in_their_order(site: Site) -> None:
    (site.folder / "cert.pem").mkdir()
    (site.folder / "chain.pem").mkdir()
    said = [
        f"path: {site.folder}/cert.pem is a folder; give the path of a file.",
        f"chain_path: {site.folder}/chain.pem is a folder; give the path of a file.",
    ]
    assert told(site) == said
    with pytest.raises(AtlasError) as caught:
        try_targets(site.wanted, store_of(site))
    assert caught.value.message == said[0]


def test_a_link_is_followed_unless_the_task_says_otherwise(site: Site) -> None:
    (site.folder / "cert.pem").symlink_to("real.pem")
    assert told(site) == []
    site.options["follow"] = False
    assert told(site) == [
        f"path: {site.folder}/cert.pem is a symbolic link, and follow is false; give the path of"
        " the file itself."
    ]


def test_links_of_the_layout_are_no_links_of_the_user(site: Site) -> None:
    site.options["layout"] = "linked"
    site.deploy()
    site.options["follow"] = False
    assert told(site) == []
    try_targets(site.wanted, store_of(site))


@pytest.mark.parametrize(
    ("mode", "is_refused"), [(0o777, True), (0o1777, False), (0o775, False), (0o702, True)]
)
def test_no_key_where_everybody_can_replace_files(site: Site, mode: int, is_refused: bool) -> None:
    site.folder.chmod(mode)
    said = [
        f"privatekey_path: {site.folder}/key.pem cannot be written safely, because everybody can"
        f" replace files in {site.folder}; take that permission away (chmod o-w), or choose another"
        " folder."
    ]
    assert told(site) == (said if is_refused else [])


def test_a_folder_that_is_missing_is_no_obstacle_until_it_is_tried(site: Site) -> None:
    site.folder = site.folder / "absent"
    assert told(site) == []
    with pytest.raises(AtlasError) as caught:
        try_targets(site.wanted, store_of(site))
    assert caught.value.message == (
        f"path: the folder {site.folder} does not exist on the node; create it before this task."
    )


def test_a_folder_without_permission_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets.os, "access", lambda _path, wanted: wanted != os.W_OK | os.X_OK)
    assert told(site)[0] == (
        f"path: {site.folder}/cert.pem cannot be written, because the folder {site.folder} is not"
        f" writable for the user {os.geteuid()} on the node; let this task become a user who may"
        " write there, or choose another folder."
    )


def test_a_file_that_is_mounted_cannot_be_replaced(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read from the kernel's table, as only root can mount."""
    place = site.folder / "a cert.pem"
    place.write_text("")
    site.options["path"] = str(place)
    table = site.folder / "mountinfo"
    escaped = str(place).replace(" ", "\\040")
    table.write_text(f"1 2 0:3 / {site.folder} rw\n1 2 0:3 / {escaped} rw\n")
    monkeypatch.setattr(targets, "open", lambda _path, **more: table.open(**more), raising=False)
    assert told(site) == [
        f"path: {place} is a mount point of its own and cannot be replaced by a rename; mount the"
        " folder instead of the file."
    ]


@pytest.mark.parametrize(
    ("flags", "is_refused"), [(0x10, True), (0x20, True), (0x30, True), (0x4F, False), (0, False)]
)
@pytest.mark.parametrize("which", ["file", "folder"])
def test_an_immutable_file_or_folder_cannot_be_replaced(
    site: Site, monkeypatch: pytest.MonkeyPatch, flags: int, is_refused: bool, which: str
) -> None:
    """The flags come from the file system, and not each has them."""
    place = site.folder / "cert.pem"
    place.write_text("")
    marked = place if which == "file" else site.folder

    def ioctl(descriptor: int, request: int, found: object, _change: bool) -> None:
        assert request == 0x80086601
        if os.fstat(descriptor).st_ino == marked.stat().st_ino:
            found[0] = flags  # type: ignore[index]

    monkeypatch.setattr(targets.fcntl, "ioctl", ioctl)
    said = [
        f"path: {place} cannot be replaced, because {marked} is immutable; see lsattr and chattr."
    ]
    assert told(site) == (said if is_refused else [])


# Space


def reserved(site: Site) -> list[Path]:
    return sorted(site.folder.glob("**/*-reserve-*")) + sorted(site.folder.glob("**/.*-reserve-*"))


def test_space_is_held_until_it_is_given_back(site: Site) -> None:
    site.prepare()
    reserve = Reserve(site.wanted, store_of(site))
    (held,) = set(reserved(site))
    assert (held.stat().st_size, held.stat().st_mode & 0o777) == (65536, 0o600)
    assert held.name.startswith(".cert.pem.atlas-reserve-")
    assert reserve.is_held
    reserve.take()
    assert len(set(reserved(site))) == 1
    reserve.release()
    assert (reserve.is_held, reserved(site)) == (False, [])


def test_a_full_disk_is_told_and_nothing_held(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(targets.os, "posix_fallocate", full)
    obstacle = site.prepare()["obstacle"]
    assert obstacle.endswith(
        ": there is not enough space for the new files: no space left on device; make room first."
    )
    assert reserved(site) == []


def test_what_calls_left_that_were_cut_off_is_removed(site: Site) -> None:
    site.deploy()
    store = store_of(site)
    os.makedirs(store.superseded)
    strays = [
        site.folder / ".cert.pem.atlas-0a",
        site.folder / ".key.pem.atlas-0b",
        Path(store.private) / ".state.json.atlas-0c",
        Path(store.superseded) / ".01.pem.atlas-0d",
        Path(store.folder) / ".live.atlas-0e",
    ]
    others = [
        site.folder / ".cert.pem.atlas-reserve-0f",
        site.folder / ".other.pem.atlas-0a",
        site.folder / "cert.pem.atlas-0a",
        Path(store.private) / "key.atlas-0b",
    ]
    for path in (*strays, *others):
        path.write_text("")
    remove_strays(site.wanted, store)
    assert [path for path in strays if path.exists()] == []
    assert [path for path in others if not path.exists()] == []


@pytest.mark.parametrize("name", ["real.pem", "my-reserve-cert.pem"])
def test_strays_lie_beside_what_a_link_leads_to(site: Site, name: str) -> None:
    elsewhere = site.folder / "elsewhere"
    elsewhere.mkdir()
    (site.folder / "cert.pem").symlink_to(elsewhere / name)
    stray = elsewhere / f".{name}.atlas-0a"
    stray.write_text("")
    remove_strays(site.wanted, store_of(site))
    assert not stray.exists()


def test_space_is_not_taken_in_what_somebody_put_there(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = Reserve(site.wanted, store_of(site))
    (folder,) = reserve._folders
    monkeypatch.setattr(Reserve, "release", lambda _reserve: None)
    monkeypatch.setattr(targets.secrets, "token_hex", lambda _bytes: "guessed")
    Path(folder, ".cert.pem.atlas-reserve-guessed").symlink_to(site.folder / "victim")
    with pytest.raises(AtlasError) as caught:
        reserve.take()
    assert caught.value.message == (
        f"{folder}: there is not enough space for the new files: file exists; make room first."
    )
    assert not (site.folder / "victim").exists()
