# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Version folders: whole or not there, and which of them stay."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import versions
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.material import (
    Material,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.store import Store

WISH = {"san.dns_names": ["www.example.com"]}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(str(tmp_path / ".atlas/cert.pem"))
    with made.locked():
        return made


@pytest.fixture
def material(hierarchy: Any, private_key: Any) -> Material:
    leaf = hierarchy.issuing.issue(private_key.public_key(), ("www.example.com",))
    return Material(leaf, (hierarchy.issuing.certificate,), hierarchy.root.certificate, private_key)


def publish(store: Store, version: str, material: Material) -> Path:
    return publish_for(store, version, material, WISH)


def publish_for(store: Store, version: str, material: Material, wish: Any) -> Path:
    temporary = versions.create(store, version, material, wish, ["/a", "/b"])
    versions.publish(store, temporary, version)
    return Path(versions.path_of(store, version))


def same_key(one: Any, two: Any) -> bool:
    return bool(one.private_numbers() == two.private_numbers())


def test_a_version_has_its_name_once_all_of_it_is_on_disk_and_for_good(
    store: Store, material: Material, made_durable: list[tuple[str, str]]
) -> None:
    temporary = versions.create(store, "0001-AA", material, WISH, [])
    made_durable.clear()
    versions.publish(store, temporary, "0001-AA")
    assert made_durable == [
        ("synced", temporary),
        ("renamed", f"{store.versions}/0001-AA"),
        ("synced", store.versions),
    ]


def test_a_version_holds_the_whole_set(store: Store, material: Material, hierarchy: Any) -> None:
    folder = publish(store, "0001-AA", material)
    assert sorted(os.listdir(folder)) == ["cert.pem", "chain.pem", "key.pem", "meta.json"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)] == [0o711] * 2
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {
        "cert.pem": 0o644,
        "chain.pem": 0o644,
        "key.pem": 0o600,
        "meta.json": 0o644,
    }
    assert (folder / "chain.pem").read_text() == "".join(hierarchy.chain)
    assert json.loads((folder / "meta.json").read_text()) == {
        "serial": material.serial,
        "wish": WISH,
        "paths": ["/a", "/b"],
    }
    loaded = versions.load(store, "0001-AA")
    assert loaded is not None
    assert (loaded.leaf, loaded.issuers, loaded.root) == (
        material.leaf,
        material.issuers,
        material.root,
    )
    assert same_key(loaded.key, material.key)
    assert versions.wish_of(store, "0001-AA") == WISH
    assert versions.paths_of(store, "0001-AA") == ["/a", "/b"]


def test_until_it_is_published_it_is_not_there(store: Store, material: Material) -> None:
    temporary = versions.create(store, "0001-AA", material, WISH, [])
    assert versions.load(store, "0001-AA") is None
    (name,) = os.listdir(store.versions)
    assert (os.path.join(store.versions, name), name[:9]) == (temporary, ".0001-AA.")
    assert versions.next_name(store, "BB") == "0001-BB"


def test_a_set_may_lack_chain_and_key(store: Store, material: Material) -> None:
    publish_for(store, "0001-AA", Material(material.leaf, None, None, None), None)
    loaded = versions.load(store, "0001-AA")
    assert loaded == Material(material.leaf, None, None, None)
    assert versions.wish_of(store, "0001-AA") is None
    publish(store, "0002-AA", Material(material.leaf, (), None, None))
    assert versions.load(store, "0002-AA") == Material(material.leaf, None, None, None)


def test_the_key_of_a_version_is_dropped(store: Store, material: Material) -> None:
    publish(store, "0001-AA", material)
    versions.drop_key(store, "0001-AA")
    loaded = versions.load(store, "0001-AA")
    assert loaded is not None
    assert (loaded.leaf, loaded.key) == (material.leaf, None)


@pytest.mark.parametrize("name", ["cert.pem", "chain.pem", "key.pem"])
def test_a_damaged_version_is_none(store: Store, material: Material, name: str) -> None:
    folder = publish(store, "0001-AA", material)
    (folder / name).write_text("damaged")
    assert versions.load(store, "0001-AA") is None
    (folder / "cert.pem").unlink()
    assert versions.load(store, "0001-AA") is None


@pytest.mark.parametrize(
    ("content", "wish", "paths"),
    [
        ("no JSON", None, []),
        ("[]", None, []),
        ('{"wish": [], "paths": ["/a", 1]}', None, ["/a"]),
        ('{"wish": {}, "paths": null}', {}, []),
    ],
)
def test_what_is_recorded_of_a_version_is_read_as_far_as_it_can_be(
    store: Store, material: Material, content: str, wish: Any, paths: list[str]
) -> None:
    (publish(store, "0001-AA", material) / "meta.json").write_text(content)
    assert versions.wish_of(store, "0001-AA") == wish
    assert versions.paths_of(store, "0001-AA") == paths


@pytest.mark.parametrize(
    ("names", "following"),
    [
        ([], "0001-AA"),
        (["versions/0009-BB"], "0010-AA"),
        (["versions/0009-BB", "private/previous/0010-none"], "0011-AA"),
        (["versions/0009-BB", "private/history/0012-CC"], "0013-AA"),
        (["versions/9999-BB"], "10000-AA"),
        (["versions/10000-BB", "versions/9999-BB"], "10001-AA"),
        (["versions/099-BB", "versions/.0044-BB.0a", "versions/0055"], "0001-AA"),
        (["versions/0000-adopted"], "0001-AA"),
    ],
)
def test_no_version_has_a_name_twice(store: Store, names: list[str], following: str) -> None:
    for name in names:
        os.makedirs(os.path.join(store.folder, name))
    assert versions.next_name(store, "AA") == following


def test_the_serial_number_in_a_name() -> None:
    assert versions.serial_of("0001-AA-B") == "AA-B"
    assert versions.serial_of("") == ""


@pytest.mark.parametrize(
    ("keep", "backups", "left"),
    [
        (["0004-DD"], 0, ["0004-DD"]),
        (["0004-DD"], 1, ["0003-CC", "0004-DD"]),
        (["0004-DD"], 2, ["0002-BB", "0003-CC", "0004-DD"]),
        (["0004-DD"], 9, ["0001-AA", "0002-BB", "0003-CC", "0004-DD"]),
        (["0004-DD", "0001-AA"], 1, ["0001-AA", "0003-CC", "0004-DD"]),
        (["0003-CC", ""], 0, ["0003-CC"]),
    ],
)
def test_which_versions_stay(store: Store, keep: list[str], backups: int, left: list[str]) -> None:
    for name in ("0001-AA", "0002-BB", "0003-CC", "0004-DD", ".0005-EE.0a", "rubbish"):
        os.makedirs(os.path.join(store.versions, name), mode=0o711)
    versions.prune(store, keep, backups)
    assert sorted(os.listdir(store.versions)) == left
    for name in left:
        mode = stat.S_IMODE(os.stat(versions.path_of(store, name)).st_mode)
        assert mode == (0o711 if name in keep else 0o700)


def test_a_version_that_was_mended_since_is_no_backup(store: Store) -> None:
    for name in ("0001-AA", "0002-BB", "0003-BB"):
        os.makedirs(os.path.join(store.versions, name))
    versions.prune(store, ["0003-BB"], 1)
    assert sorted(os.listdir(store.versions)) == ["0001-AA", "0003-BB"]


def test_the_newest_stay(store: Store) -> None:
    for name in ("0009-AA", "0010-BB", "10000-CC", "rubbish"):
        os.makedirs(os.path.join(store.history, name))
    versions.keep_newest(store.history, 2)
    assert sorted(os.listdir(store.history)) == ["0010-BB", "10000-CC"]
    versions.keep_newest(store.history, 0)
    assert os.listdir(store.history) == []


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert versions.names_in(str(tmp_path / "absent")) == []
    (tmp_path / "file").write_text("")
    assert versions.names_in(str(tmp_path / "file")) == []
    assert versions.names_in(str(tmp_path)) == ["file"]
