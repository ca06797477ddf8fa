# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removing a certificate's files, and what is recorded of it."""

from __future__ import annotations

import os
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps

from ..conftest import ALL_FILES, PREPARE, Site


def remove(site: Site, removes_key: bool = False, check_mode: bool = False) -> dict[str, Any]:
    item = {"wanted": site.wanted.on_wire(), "removes_key": removes_key}
    (answer,) = steps.run("remove", [item], [], check_mode)
    return answer


def paths(site: Site, *names: str) -> list[str]:
    return [f"{site.folder}/{name}" for name in names]


RECORD = ".atlas/cert.pem"
PUBLIC = ("cert.pem", "fullchain.pem", "chain.pem")


@pytest.mark.parametrize("layout", ["plain", "linked"])
def test_all_but_the_key_goes(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    key = site.content("key.pem")
    before = site.tree()
    foretold = remove(site, check_mode=True)
    assert site.tree() == before
    done = remove(site)
    assert (
        foretold
        == done
        == {
            "obstacle": "",
            "removed_files": paths(site, *PUBLIC, RECORD),
            "notices": [],
        }
    )
    assert os.listdir(site.folder) == ["key.pem"]
    assert (site.content("key.pem"), site.mode("key.pem")) == (key, 0o600)
    assert not (site.folder / "key.pem").is_symlink()
    assert remove(site)["removed_files"] == []


@pytest.mark.parametrize("layout", ["plain", "linked"])
def test_the_key_goes_if_that_is_stated(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    assert remove(site, removes_key=True)["removed_files"] == paths(
        site, *PUBLIC, "key.pem", RECORD
    )
    assert os.listdir(site.folder) == []


@pytest.mark.parametrize("is_link", [False, True])
def test_a_key_that_lies_outside_the_record_is_not_touched(site: Site, is_link: bool) -> None:
    site.deploy()
    key = site.folder / "key.pem"
    if is_link:
        key.rename(site.folder / "real.pem")
        key.symlink_to("real.pem")
    before = key.lstat()
    assert remove(site)["obstacle"] == ""
    after = key.lstat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_with_the_key_in_it_stays(site: Site) -> None:
    both = str(site.folder / "both.pem")
    site.options["files"] = [{"path": both, "contains": ["certificate", "privatekey"]}]
    site.deploy()
    remove(site)
    assert site.names() == ["both.pem", "key.pem"]


def test_there_is_nothing_to_remove(site: Site) -> None:
    assert remove(site, removes_key=True) == {"obstacle": "", "removed_files": [], "notices": []}
    assert site.tree() == []


def test_a_link_goes_with_what_it_leads_to(site: Site) -> None:
    elsewhere = site.folder / "elsewhere"
    elsewhere.mkdir()
    (site.folder / "cert.pem").symlink_to(elsewhere / "real.pem")
    site.deploy()
    assert os.listdir(elsewhere) == ["real.pem"]
    assert paths(site, "cert.pem")[0] in remove(site)["removed_files"]
    assert (os.listdir(elsewhere), site.names()) == ([], ["elsewhere", "key.pem"])


def test_a_link_that_is_not_followed_goes_alone(site: Site) -> None:
    site.deploy()
    (site.folder / "cert.pem").rename(site.folder / "real.pem")
    (site.folder / "cert.pem").symlink_to("real.pem")
    site.options["follow"] = False
    remove(site)
    assert site.names() == ["key.pem", "real.pem"]


def test_a_key_whose_link_leads_to_nothing_goes(site: Site) -> None:
    site.options["layout"] = "linked"
    site.deploy()
    os.unlink(os.path.realpath(site.folder / "key.pem"))
    assert remove(site)["obstacle"] == ""
    assert os.listdir(site.folder) == []


def test_an_open_request_is_told_and_its_space_given_back(site: Site) -> None:
    site.prepare()
    assert remove(site)["notices"] == [
        "A request was begun and its outcome is not known; Atlas may have issued a certificate for"
        f" it that ends at {PREPARE['not_after']} (UNIX seconds) and that nobody uses now."
    ]
    assert site.tree() == []


def test_a_folder_of_another_user_is_an_obstacle(site: Site) -> None:
    site.deploy()
    (site.folder / RECORD).chmod(0o777)
    answer = remove(site)
    assert answer["obstacle"].startswith(f"{site.folder}/{RECORD} is not a folder of this user")
    assert (answer["removed_files"], site.names()) == ([], ALL_FILES)


def test_what_cannot_be_removed_is_an_obstacle(site: Site) -> None:
    site.deploy()
    (site.folder / "cert.pem").unlink()
    (site.folder / "cert.pem").mkdir()
    answer = remove(site)
    assert answer["obstacle"].startswith(f"{site.folder}/cert.pem: cannot be removed: ")
    assert (site.folder / RECORD).exists()
