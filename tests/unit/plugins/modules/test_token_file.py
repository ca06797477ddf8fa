# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of a token below a webroot."""

from __future__ import annotations

import os
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
