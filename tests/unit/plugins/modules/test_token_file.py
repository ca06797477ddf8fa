# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of a token below a webroot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.modules.token_file import TokenFile

PATH = "/.well-known/pki-validation/gsdv.txt"


class Module(SimpleNamespace):
    """As much of AnsibleModule as it takes; `dressed` is what got which owner or label."""

    def __init__(self, **params: Any) -> None:
        known = {"path": PATH, "content": "token", "owner": None, "group": None}
        super().__init__(check_mode=False, params={**known, **params}, dressed=[])

    def set_owner_if_different(self, path: str, owner: str, _changed: bool) -> bool:
        self.dressed.append(("owner", path, owner))
        return True

    def set_group_if_different(self, path: str, group: str, _changed: bool) -> bool:
        self.dressed.append(("group", path, group))
        return True

    def set_default_selinux_context(self, path: str, _changed: bool) -> bool:
        self.dressed.append(("label", path, ""))
        return True


def test_it_is_written_with_its_folders(tmp_path: Path) -> None:
    module = Module(webroot=str(tmp_path), owner="www")
    assert TokenFile(module).place()
    file = tmp_path / PATH[1:]
    assert file.read_text() == "token"
    assert file.stat().st_mode & 0o777 == 0o644
    assert file.parent.stat().st_mode & 0o777 == 0o755
    assert [each.name for each in file.parent.iterdir()] == ["gsdv.txt"]
    assert ("owner", str(file.parent), "www") in module.dressed
    assert ("group", str(file.parent), str(os.stat(tmp_path).st_gid)) in module.dressed
    assert module.dressed[-1] == ("label", str(file), "")
    assert not TokenFile(module).place()


def test_what_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / ".well-known"
    folder.mkdir(mode=0o700)
    TokenFile(Module(webroot=str(tmp_path))).place()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_another_content_is_replaced(tmp_path: Path) -> None:
    TokenFile(Module(webroot=str(tmp_path), content="older")).place()
    assert TokenFile(Module(webroot=str(tmp_path))).place()
    assert (tmp_path / PATH[1:]).read_text() == "token"


def test_only_what_is_ours_is_removed(tmp_path: Path) -> None:
    TokenFile(Module(webroot=str(tmp_path), content="theirs")).place()
    assert not TokenFile(Module(webroot=str(tmp_path))).remove()
    assert TokenFile(Module(webroot=str(tmp_path), content="theirs")).remove()
    assert not TokenFile(Module(webroot=str(tmp_path), content="theirs")).remove()
    assert not (tmp_path / PATH[1:]).exists()


def test_check_mode_changes_nothing(tmp_path: Path) -> None:
    module = Module(webroot=str(tmp_path))
    module.check_mode = True
    assert TokenFile(module).place()
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / ".well-known").symlink_to("/etc")
    with pytest.raises(AtlasError, match=r"leads out of the webroot by a symbolic link, to /etc"):
        TokenFile(Module(webroot=str(tmp_path / "root"))).place()


def test_a_webroot_that_is_a_link_is_fine(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "link").symlink_to("root")
    assert TokenFile(Module(webroot=str(tmp_path / "link"))).place()


@pytest.mark.parametrize("path", ["gsdv.txt", "/../etc/motd", "/a/", ""])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(AtlasError, match="is not the path of a file in a URL"):
        TokenFile(Module(webroot="/srv", path=path))


def test_a_webroot_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match="is not a folder on this host"):
        TokenFile(Module(webroot=str(tmp_path / "nowhere"))).place()


@pytest.fixture
def strict_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("strict_umask")
def test_each_gets_owner_group_label_and_mode_and_the_file_its_label_by_name(
    tmp_path: Path,
) -> None:
    """In this order: whoever owns a file could change it after its mode was set."""
    module = Module(webroot=str(tmp_path), owner=None, group="www-data", path="/a/b/token")
    assert TokenFile(module).place()
    webroot = os.stat(tmp_path)
    file = tmp_path / "a/b/token"
    (draft,) = {path for _what, path, _who in module.dressed if "/.token-" in path}
    assert Path(draft).parent == file.parent
    expected = []
    for path in (str(tmp_path / "a"), str(tmp_path / "a/b"), draft):
        expected += [
            ("owner", path, str(webroot.st_uid)),
            ("group", path, "www-data"),
            ("label", path, ""),
        ]
    assert module.dressed == [*expected, ("label", str(file), "")]
    modes = [path.stat().st_mode & 0o777 for path in (file.parents[1], file.parent, file)]
    assert modes == [0o755, 0o755, 0o644]


def test_a_draft_does_not_stay_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_source: str, _target: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(PermissionError):
        TokenFile(Module(webroot=str(tmp_path))).place()
    assert list((tmp_path / PATH[1:]).parent.iterdir()) == []


@pytest.mark.parametrize("there", ["token\n", "toke", "tokens", ""])
def test_what_is_longer_or_shorter_is_not_ours(tmp_path: Path, there: str) -> None:
    file = tmp_path / "token"
    file.write_text(there)
    assert not TokenFile(Module(webroot=str(tmp_path), path="/token")).remove()
    assert file.read_text() == there
    assert TokenFile(Module(webroot=str(tmp_path), path="/token")).place()
    assert file.read_text() == "token"


def test_letters_outside_of_ascii_and_dots_in_names(tmp_path: Path) -> None:
    token = TokenFile(Module(webroot=str(tmp_path), path="/a..b/..c", content="ü"))
    assert token.path == f"{tmp_path}/a..b/..c"
    assert token.place()
    assert (tmp_path / "a..b/..c").read_bytes() == "ü".encode()


def test_nothing_is_removed_where_a_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / ".well-known").write_text("")
    assert not TokenFile(Module(webroot=str(tmp_path))).remove()


def test_a_link_inside_of_the_webroot_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / ".well-known").symlink_to("real")
    assert TokenFile(Module(webroot=str(tmp_path))).place()
    assert (tmp_path / "real/pki-validation/gsdv.txt").read_text() == "token"


def test_a_neighbour_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    (tmp_path / "www-other").mkdir()
    (tmp_path / "www/.well-known").symlink_to("../www-other")
    with pytest.raises(AtlasError, match="leads out of the webroot by a symbolic link"):
        TokenFile(Module(webroot=str(tmp_path / "www"))).place()
    assert list((tmp_path / "www-other").iterdir()) == []


def test_a_folder_is_made_with_its_mode_from_the_first_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, int]] = []
    original = os.mkdir

    def mkdir(path: str, mode: int) -> None:
        made.append((path, mode))
        original(path, mode)

    monkeypatch.setattr(os, "mkdir", mkdir)
    token = TokenFile(Module(webroot=str(tmp_path), path="/X/Y/token"))
    assert token.place()
    assert token.path == f"{tmp_path}/X/Y/token"
    assert made == [(f"{tmp_path}/X", 0o755), (f"{tmp_path}/X/Y", 0o755)]
