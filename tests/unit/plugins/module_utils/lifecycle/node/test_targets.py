# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether files can be put in place, before a certificate is requested."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files import space
from ansible_collections.globalsign.atlas.plugins.module_utils.files.folder import Folder
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import targets
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.targets import (
    obstacles,
    reserve_of,
    try_targets,
)

from ..conftest import Site
from .setups import in_use, looking, record_path


def reported(site: Site) -> list[str]:
    with looking(site) as found:
        return list(obstacles(found))


def tried(site: Site) -> str:
    """What is said when all targets are tried; nothing is left behind."""
    before = site.tree()
    try:
        with looking(site) as found:
            try_targets(found)
        return ""
    except AtlasError as error:
        return error.message
    finally:
        assert site.tree() == before


def test_nothing_stands_in_the_way_of_new_files(site: Site) -> None:
    assert (reported(site), tried(site)) == ([], "")


def test_a_path_below_a_file_is_an_obstacle(site: Site) -> None:
    (site.folder / "file").write_text("")
    site.folder = site.folder / "file"
    assert site.inspect()["obstacle"] == f"path: {site.folder} is not a folder."


def test_all_that_stands_in_the_way_is_reported_in_its_order(site: Site) -> None:
    with looking(site) as found:
        (site.folder / "cert.pem").mkdir()
        (site.folder / "chain.pem").mkdir()
        said = [
            f"path: {site.folder}/cert.pem is a folder; give the path of a file.",
            f"chain_path: {site.folder}/chain.pem is a folder; give the path of a file.",
        ]
        assert list(obstacles(found)) == said
        with pytest.raises(AtlasError) as caught:
            try_targets(found)
        assert caught.value.message == said[0]


def test_a_link_is_followed_unless_the_task_says_otherwise(site: Site) -> None:
    (site.folder / "cert.pem").symlink_to("real.pem")
    assert (reported(site), tried(site)) == ([], "")


def test_a_link_that_is_not_followed_is_an_obstacle(site: Site) -> None:
    (site.folder / "cert.pem").symlink_to("real.pem")
    site.options["follow"] = False
    found = site.inspect()
    assert found["obstacle"] == (
        f"path: {site.folder}/cert.pem is a symbolic link, and follow is false; give the path of"
        " the file itself."
    )
    assert (found["reasons"], site.prepare()["obstacle"]) == ([], found["obstacle"])
    (site.folder / "real.pem").write_text("")
    assert site.inspect() == found


def test_links_of_the_layout_are_no_links_of_the_user(site: Site) -> None:
    site.options["layout"] = "linked"
    site.deploy()
    site.options["follow"] = False
    assert (reported(site), tried(site)) == ([], "")
    assert site.inspect()["obstacle"] == ""


@pytest.mark.parametrize("mode", [0o702, 0o777, 0o1777, 0o755, 0o770, 0o700])
@pytest.mark.parametrize("where", ["", "sub"])
def test_no_key_where_everybody_can_replace_files(site: Site, mode: int, where: str) -> None:
    weak, site.folder = site.folder, site.folder / where
    site.folder.mkdir(exist_ok=True)
    weak.chmod(mode)
    said = (
        f"privatekey_path: {site.folder}/key.pem cannot be written safely, because everybody can"
        f" replace what lies in {site.folder} or above it; take that permission away (chmod o-w),"
        " or choose another folder."
    )
    is_refused = mode in (0o702, 0o777)
    assert reported(site) == ([said] if is_refused else [])
    assert tried(site) == (said if is_refused else "")


def test_a_folder_that_is_missing_is_no_obstacle_until_it_is_tried(site: Site) -> None:
    present, site.folder = site.folder, site.folder / "absent"
    assert reported(site) == []
    with looking(site) as found, pytest.raises(AtlasError) as caught:
        try_targets(found)
    assert caught.value.message == (
        f"path: the folder {site.folder} does not exist on the node; create it before this task."
    )
    assert os.listdir(present) == []


@pytest.mark.parametrize(
    ("user", "said"),
    [
        (0, "root on the node; choose another folder."),
        (1234, "the user 1234 on the node; add become: true, or choose another folder."),
    ],
)
def test_a_folder_without_permission_is_reported(
    site: Site, monkeypatch: pytest.MonkeyPatch, user: int, said: str
) -> None:
    monkeypatch.setattr(Folder, "is_writable", lambda folder: folder.path != str(site.folder))
    monkeypatch.setattr(targets, "os", SimpleNamespace(geteuid=lambda: user))
    assert reported(site)[0] == (
        f"path: {site.folder}/cert.pem cannot be written, because the folder {site.folder} is not"
        f" writable for {said}"
    )
    assert len(reported(site)) == 4


def test_a_file_that_no_rename_can_replace_is_reported(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        targets, "why_unreplaceable", lambda folder, name: f"is {folder.path} {name}."
    )
    assert reported(site)[0] == f"path: {site.folder}/cert.pem is {site.folder} cert.pem."


def test_the_place_that_a_link_leads_to_is_tried(site: Site, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (site.folder / "key.pem").symlink_to(elsewhere / "real.pem")
    elsewhere.chmod(0o777)
    assert reported(site) == [
        f"privatekey_path: {site.folder}/key.pem cannot be written safely, because everybody can"
        f" replace what lies in {elsewhere} or above it; take that permission away (chmod o-w), or"
        " choose another folder."
    ]


def test_a_link_that_others_could_have_made_is_not_followed(site: Site) -> None:
    (site.folder / "cert.pem").symlink_to("/etc/passwd")
    site.folder.chmod(0o777)
    obstacle = site.inspect()["obstacle"]
    assert obstacle.startswith(
        f"path: {site.folder}/cert.pem is a symbolic link that lies in {site.folder}, where others"
        " can exchange it"
    )
    assert site.prepare()["obstacle"] == obstacle


def test_an_owner_that_does_not_exist_is_found_out_before(site: Site) -> None:
    site.options["owner"] = "nobody-has-this-name"
    assert reported(site) == []
    assert tried(site).startswith("owner: there is no user 'nobody-has-this-name' on this node")


# Space


def test_space_is_held_until_it_is_given_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "_RESERVED_BYTES", 4096)
    site.state.mkdir()
    with looking(site) as found:
        reserve = reserve_of(found)
        assert (reserve.is_held, in_use(site)) == (False, [])
        reserve.take()
        (name,) = in_use(site)
        assert name == f".{found.store.name}.atlas-reserve"
        held = site.state / name  # once for each file system
        assert (held.stat().st_size, held.stat().st_mode & 0o777) == (4096, 0o600)
        assert reserve.is_held
        reserve.take()
        assert in_use(site) == [name]
        reserve.release()
        assert (reserve.is_held, in_use(site)) == (False, [])


def test_how_much_space_is_held() -> None:
    assert targets._RESERVED_BYTES == 131072


@pytest.mark.parametrize("fails", [1, 2])
def test_a_full_disk_is_reported_and_nothing_held(
    site: Site, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    """On two file systems, as far as can be seen: the first may have space, and the second not."""
    monkeypatch.setattr(Folder, "device", property(lambda folder: folder.identity))
    calls: list[int] = []

    def full(*_arguments: int) -> None:
        calls.append(1)
        if len(calls) == fails:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(space.os, "posix_fallocate", full)
    assert site.prepare()["obstacle"] == (
        f"{[site.folder, site.state][fails - 1]}: there is not enough space for the new files:"
        " no space left on device; make room first."
    )
    assert (in_use(site), os.listdir(site.state)) == ([], [])


def test_each_file_system_holds_space(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Folder, "device", property(lambda folder: folder.identity))
    (tmp_path / "other").mkdir()
    site.options["chain_path"] = str(tmp_path / "other/chain.pem")
    site.prepare()
    (record,) = [record_path(site).stem]
    name = f".{record}.atlas-reserve"
    for folder in (site.folder, tmp_path / "other", site.state):
        assert name in os.listdir(folder)
    site.install("", action="unknown")
    for folder in (site.folder, tmp_path / "other", site.state):
        assert name not in os.listdir(folder)


def test_space_for_a_folder_that_is_missing_is_held_elsewhere(site: Site) -> None:
    state = site.state
    site.folder = site.folder / "absent"
    with looking(site) as found:
        reserve_of(found).take()
    assert len(os.listdir(state)) == 1
