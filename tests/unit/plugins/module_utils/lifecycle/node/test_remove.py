# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removing a certificate's files, and what is recorded of it."""

from __future__ import annotations

import fcntl
import os
import shutil
from concurrent import futures
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..conftest import ALL_FILES, NOW, PREPARE, Site, lease
from .setups import (
    LAYOUTS,
    another,
    contents,
    foreign,
    in_use,
    is_cut_off,
    paths,
    record_path,
    remove,
    rewrite,
    serial_of,
)

NOTHING: dict[str, Any] = {"obstacle": "", "busy": {}, "removed_files": [], "notices": []}
PUBLIC = ("cert.pem", "fullchain.pem", "chain.pem")


@pytest.mark.parametrize("layout", ["plain", "linked"])
def test_all_but_the_key_goes(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    key = site.content("key.pem")
    before, recorded = site.tree(), str(record_path(site))
    foretold = remove(site, check_mode=True)
    assert (site.tree(), record_path(site).exists()) == (before, True)
    done = remove(site)
    assert (
        foretold
        == done
        == {
            "obstacle": "",
            "busy": {},
            "removed_files": [*paths(site, *PUBLIC), recorded],
            "notices": [],
        }
    )
    assert (os.listdir(site.folder), os.listdir(site.state)) == (["key.pem"], [])
    assert (site.content("key.pem"), site.mode("key.pem")) == (key, 0o600)
    assert not (site.folder / "key.pem").is_symlink()
    assert remove(site)["removed_files"] == []


@pytest.mark.parametrize("layout", ["plain", "linked"])
def test_the_key_goes_if_that_is_stated(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    recorded = str(record_path(site))
    assert remove(site, removes_key=True)["removed_files"] == [
        *paths(site, *PUBLIC, "key.pem"),
        recorded,
    ]
    assert (os.listdir(site.folder), os.listdir(site.state)) == ([], [])


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
    assert remove(site, removes_key=True) == NOTHING
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


def test_an_open_request_is_reported_and_its_space_given_back(site: Site) -> None:
    site.prepare()
    assert len(in_use(site)) == 1
    assert remove(site, now=NOW + 100)["notices"] == [
        "A request was begun and its outcome is not known; Atlas may have issued a certificate for"
        " it, which ends on 2027-04-14T08:00:00Z and nobody uses."
    ]
    assert (site.tree(), os.listdir(site.state)) == ([], [])


def test_a_certificate_that_was_not_fetched_yet_is_reported(site: Site) -> None:
    site.prepare()
    site.install("", action="pending", serial="0A")
    assert remove(site)["notices"] == [
        "The certificate 0A had been requested and was not fetched yet; nobody uses it now."
    ]


@pytest.mark.parametrize(
    ("changes", "is_busy"),
    [
        ({"now": NOW + 99}, True),
        ({"now": NOW + 100}, False),
        ({"now": NOW, "breaks": "run"}, False),
        ({"now": NOW, "breaks": "other"}, True),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_another_run_that_is_at_work_is_waited_for(
    site: Site, changes: dict[str, Any], is_busy: bool, check_mode: bool
) -> None:
    site.deploy()
    site.prepare(is_due=True)
    answer = remove(site, check_mode, **changes)
    assert answer["busy"] == (PREPARE["lease"] if is_busy else {})
    assert bool(answer["removed_files"]) is not is_busy
    assert (site.names() == ALL_FILES) is (is_busy or check_mode)


def test_where_nothing_is_recorded_yet_another_run_may_be_about_to(site: Site) -> None:
    """What it records while the files are being removed must not be forgotten with them."""
    site.deploy()
    record_path(site).unlink()
    (lock,) = site.state.glob("*.lock")
    with futures.ThreadPoolExecutor(1) as pool:
        with open(lock, "rb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            removing = pool.submit(remove, site)
            with pytest.raises(futures.TimeoutError):
                removing.result(timeout=0.3)
            assert "cert.pem" in site.names()
        assert removing.result()["removed_files"] == paths(site, *PUBLIC)
    assert os.listdir(site.state) == []


def test_an_ended_lease_is_nobodys(site: Site) -> None:
    site.prepare(lease=lease(until=NOW + 5))
    site.install("", action="unknown")
    assert remove(site, now=NOW)["busy"] == {}


def test_what_is_kept_to_be_put_in_place_is_named(site: Site) -> None:
    site.deploy()
    issued = another(site)
    site.install(issued, action="keep", failure="it is not valid yet")
    assert remove(site)["notices"] == [
        f"The certificate {serial_of(issued)} had been issued and was kept to be put in place"
        " later; it is dropped with its key, and was not revoked."
    ]


def test_what_was_rejected_is_named(site: Site) -> None:
    issued = another(site)
    site.install(issued, action="reject", serial="0A", failure="it is for others")
    assert remove(site)["notices"] == [
        "The certificate 0A had been issued and could not be used; it was not revoked."
    ]


def test_what_was_left_aside_and_not_reported_is_named(site: Site) -> None:
    site.deploy()
    rewrite(site, orphans=["0A"])
    assert remove(site)["notices"] == [
        "An earlier request had led to the certificate 0A, which is not what is wanted any more; it"
        " was not revoked, and nobody uses it."
    ]


def test_what_was_to_be_revoked_is_named(site: Site) -> None:
    site.deploy()
    rewrite(site, superseded={"0A": "key", "0B": "key"})
    assert remove(site)["notices"] == [
        "0A, 0B were still to be revoked, and are not: their keys are dropped, so nobody can show"
        " any more that they were this node's own; revoke them in the Atlas portal."
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_that_the_task_does_not_name_stay_as_files_of_their_own(
    site: Site, layout: str
) -> None:
    site.options["layout"] = layout
    site.deploy()
    before = contents(site)
    modes = {name: site.mode(name) for name in ALL_FILES}
    site.options.update(fullchain_path=None, chain_path=None)
    answer = remove(site, removes_key=True)
    assert answer["removed_files"][:-1] == paths(site, "cert.pem", "key.pem")
    said = (
        "Files that this task does not name belong to the same certificate and stay, as files of"
        f" their own: {', '.join(paths(site, 'fullchain.pem', 'chain.pem'))}."
    )
    assert answer["notices"] == ([said] if layout == "linked" else [])
    assert site.names() == ["chain.pem", "fullchain.pem"]
    for name in site.names():
        assert (site.content(name), site.mode(name)) == (before[name], modes[name])
        assert not (site.folder / name).is_symlink()


def test_a_link_of_a_file_that_stays_and_is_gone_goes(site: Site) -> None:
    site.options["layout"] = "linked"
    site.deploy()
    os.unlink(os.path.realpath(site.folder / "key.pem"))
    assert remove(site)["obstacle"] == ""
    assert site.names() == []


def test_what_others_obtained_is_removed(site: Site, private_key: Any) -> None:
    foreign(site, private_key)
    assert remove(site) == {**NOTHING, "removed_files": paths(site, *PUBLIC)}
    assert site.names() == ["key.pem"]
    assert not site.state.exists()


def test_a_link_that_others_could_have_made_stops_the_whole(site: Site, tmp_path: Path) -> None:
    site.deploy()
    victim = tmp_path / "victim"
    victim.write_text("of root")
    (site.folder / "chain.pem").unlink()
    (site.folder / "chain.pem").symlink_to(victim)
    site.folder.chmod(0o777)
    answer = remove(site, removes_key=True)
    assert answer["obstacle"].startswith(f"{site.folder}/chain.pem is a symbolic link that lies in")
    assert (answer["removed_files"], site.names()) == ([], ALL_FILES)
    assert (victim.read_text(), record_path(site).exists()) == ("of root", True)


def test_a_folder_of_records_that_others_can_exchange_is_an_obstacle(site: Site) -> None:
    site.deploy()
    site.state.chmod(0o777)
    answer = remove(site)
    assert answer["obstacle"].startswith(f"state_dir: {site.state} is not a safe place for")
    assert (answer["removed_files"], site.names()) == ([], ALL_FILES)


def test_what_cannot_be_removed_is_an_obstacle(site: Site) -> None:
    site.deploy()
    (site.folder / "cert.pem").unlink()
    (site.folder / "cert.pem").mkdir()
    answer = remove(site)
    assert answer["obstacle"].startswith(f"{site.folder}/cert.pem: cannot be removed: ")
    assert record_path(site).exists()


def test_a_folder_of_the_files_that_is_gone_is_no_obstacle(site: Site) -> None:
    site.deploy()
    recorded = str(record_path(site))
    shutil.rmtree(site.folder)
    assert remove(site) == {**NOTHING, "removed_files": [recorded]}
    assert os.listdir(site.state) == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_whoever_is_cut_off_is_followed_by_one_who_finishes(site: Site, layout: str) -> None:
    """Cut off before each change of the file system, one after the other."""
    site.options.update(layout=layout, backup=True)
    site.deploy()
    was_cut_off, change = True, 0
    while was_cut_off:
        site.deploy()
        was_cut_off = is_cut_off(change, lambda: remove(site, removes_key=True))
        if not was_cut_off:
            assert site.names() == []
        assert remove(site, removes_key=True)["obstacle"] == ""
        left = [path.name for path in site.state.iterdir() if path.suffix != ".lock"]
        assert (site.names(), left) == ([], [])
        change += 1
    assert change > 6


def test_a_file_with_a_passphrase_is_removed_without_it(site: Site) -> None:
    site.deploy()
    key = keys.load_private_key((site.folder / "key.pem").read_bytes())
    (site.folder / "key.pem").write_bytes(keys.private_key_pem(key, "secret"))
    (leaf,) = certificates.load_certificates((site.folder / "cert.pem").read_bytes())
    assert certificates.serial_number(leaf) == site.serial()
    assert remove(site, removes_key=True)["obstacle"] == ""
    assert site.names() == []
