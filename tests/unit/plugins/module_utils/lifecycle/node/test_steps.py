# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node's steps on a real folder: what is found, staged, put in place, mended, left alone."""

from __future__ import annotations

import json
import os
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import files, steps
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Wanted
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

NOW = 1_800_000_000
PREPARE = {
    "key_type": "ECDSA",
    "key_bits": 256,
    "not_after": NOW + 89 * 86400,
    "now": NOW,
    "settle": 10,
    "nonce": "nonce",
    "attempt_id": "attempt",
    "account": "account",
    "lease": {"run": "run", "controller": "here", "process": "1:1", "until": NOW + 100},
    "breaks": "",
    "is_due": False,
    "anew": False,
    "new_key": False,
    "orphan": "",
}


@dataclass
class Site:
    """A folder with the four files of a certificate, and the CA that issues it."""

    folder: Path
    hierarchy: Any
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def wanted(self) -> Wanted:
        paths = {
            "path": "cert.pem",
            "fullchain_path": "fullchain.pem",
            "chain_path": "chain.pem",
            "privatekey_path": "key.pem",
        }
        task = {option: str(self.folder / name) for option, name in paths.items()}
        task["san"] = {"dns_names": ["www.example.com"]}
        return wanted_certificates({**task, **self.options})[0]

    def step(self, step: str, **more: Any) -> dict[str, Any]:
        item = {"wanted": self.wanted.on_wire(), **more}
        (answer,) = steps.run(step, [json.loads(json.dumps(item))], [], check_mode=False)
        return answer

    def inspect(self) -> dict[str, Any]:
        return self.step("inspect", now=NOW, with_content=False)

    def prepare(self, **changes: Any) -> dict[str, Any]:
        return self.step("prepare", **{**PREPARE, **changes})

    def issue(self, public_key_pem: str) -> str:
        key = keys.load_public_key(public_key_pem)
        leaf = self.hierarchy.issuing.issue(key, ("www.example.com",))
        return certificates.certificate_pem(leaf)

    def install(self, certificate: str, action: str = "install") -> dict[str, Any]:
        return self.step(
            "install",
            action=action,
            run="run",
            attempt_id="attempt",
            now=NOW,
            certificate=certificate,
            chain=self.hierarchy.chain,
            serial="",
            failure="",
            with_content=False,
        )

    def acknowledge(self, step: str = "acknowledge") -> dict[str, Any]:
        return self.step(step, nonce="nonce", serials=[], why="")

    def deploy(self) -> None:
        answer = self.install(self.issue(self.prepare(is_due=True)["public_key"]))
        assert answer["obstacle"] == ""
        assert self.acknowledge()["is_changed"]

    def content(self, name: str) -> str:
        return (self.folder / name).read_text()

    def names(self) -> list[str]:
        return sorted(name for name in os.listdir(self.folder) if name != ".atlas")

    def mode(self, name: str) -> int:
        return stat.S_IMODE((self.folder / name).stat().st_mode)


@pytest.fixture
def site(tmp_path: Path, hierarchy: Any) -> Site:
    return Site(tmp_path, hierarchy)


ALL_FILES = ["cert.pem", "chain.pem", "fullchain.pem", "key.pem"]


def test_an_empty_folder_is_due_and_stays_empty(site: Site) -> None:
    found = site.inspect()
    assert found["reasons"] == [
        "missing: there is no private key",
        "missing: there is no certificate",
    ]
    assert found["obstacle"] == ""
    assert site.names() == []


def test_a_deployed_certificate_is_complete_and_not_due(site: Site) -> None:
    site.deploy()
    assert site.names() == ALL_FILES
    assert site.content("fullchain.pem") == site.content("cert.pem") + site.content("chain.pem")
    assert site.content("chain.pem") == site.hierarchy.chain[0]
    assert [site.mode(name) for name in ALL_FILES] == [0o644, 0o644, 0o644, 0o600]
    found = site.inspect()
    assert (found["reasons"], found["repairs"]) == ([], [])
    assert found["certificate"]["dns_names"] == ["www.example.com"]


def test_the_staged_key_is_on_disk_and_private_before_anything_is_asked_for(site: Site) -> None:
    prepared = site.prepare()
    key_path = site.folder / ".atlas/cert.pem/private/key.pem"
    staged = keys.load_private_key(key_path.read_bytes())
    assert keys.public_key_pem(staged.public_key()) == prepared["public_key"]
    assert keys.proves_possession(staged.public_key(), prepared["proof"])
    assert keys.signing_request_proves(staged.public_key(), prepared["signing_request"])
    assert stat.S_IMODE(key_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_path.parent.stat().st_mode) == 0o700
    assert "PRIVATE" not in str(prepared)


def test_an_attempt_that_was_cut_off_goes_on_with_its_key(site: Site) -> None:
    first = site.prepare()
    again = site.prepare()
    assert (first["is_fresh"], again["is_fresh"]) == (True, False)
    assert again["public_key"] == first["public_key"]
    anew = site.prepare(anew=True, key_bits=384)
    assert anew["is_fresh"]
    assert anew["public_key"] != first["public_key"]


def lease(**changes: Any) -> dict[str, Any]:
    return {**PREPARE["lease"], **changes}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("changes", "is_busy"),
    [
        ({"lease": lease(run="other")}, True),
        ({"lease": lease(run="other"), "now": NOW + 101}, False),
        ({"lease": lease(run="other"), "breaks": "run"}, False),
        ({"lease": lease(run="other"), "breaks": "third"}, True),
    ],
)
def test_another_run_is_waited_for(site: Site, changes: dict[str, Any], is_busy: bool) -> None:
    site.prepare()
    answer = site.prepare(**changes)
    assert answer["busy"] == (PREPARE["lease"] if is_busy else {})
    assert bool(answer["public_key"]) is not is_busy


def test_who_lost_the_lease_installs_nothing(site: Site) -> None:
    issued = site.issue(site.prepare()["public_key"])
    site.prepare(lease=lease(run="other"), breaks="run")
    assert "the run other on here took over meanwhile" in site.install(issued)["obstacle"]
    assert site.names() == []


@pytest.mark.parametrize(
    ("later", "recent"), [(0, True), (109, True), (110, False), (10000, False)]
)
def test_what_was_sent_long_ago_is_in_the_statistics(site: Site, later: int, recent: bool) -> None:
    site.prepare()
    assert site.prepare(now=NOW + later)["may_be_recent"] is recent


def test_a_wish_of_another_day_is_told(site: Site) -> None:
    site.prepare()
    assert site.prepare()["is_same_wish"]
    site.options["san"] = {"dns_names": ["other.example.com"]}
    assert not site.prepare()["is_same_wish"]
    assert not site.prepare(account="other")["is_same_account"]


@pytest.mark.parametrize("privatekey_rotation", ["on_renewal", "never"])
def test_whether_a_renewal_keeps_the_key(site: Site, privatekey_rotation: str) -> None:
    site.options["privatekey_rotation"] = privatekey_rotation
    site.deploy()
    before = site.content("key.pem")
    site.deploy()
    assert (site.content("key.pem") == before) is (privatekey_rotation == "never")


def test_a_revoked_certificate_gets_a_new_key_in_any_case(site: Site) -> None:
    site.options["privatekey_rotation"] = "never"
    site.deploy()
    before = keys.load_private_key(site.content("key.pem").encode()).public_key()
    prepared = site.prepare(is_due=True, new_key=True)
    assert prepared["public_key"] != keys.public_key_pem(before)


def test_what_is_as_wanted_is_settled(site: Site) -> None:
    site.deploy()
    assert site.prepare()["is_settled"]


@pytest.mark.parametrize("layout", ["plain", "linked"])
def test_a_switch_back_is_byte_by_byte(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    (site.folder / "cert.pem").write_text("# a comment\n" + site.content("cert.pem"))
    before = {name: site.content(name) for name in ALL_FILES}
    assert site.install(site.issue(site.prepare(is_due=True)["public_key"]))["is_deployed"]
    assert site.content("key.pem") != before["key.pem"]
    assert site.acknowledge("previous")["is_changed"]
    assert {name: site.content(name) for name in ALL_FILES} == before
    assert "switched back" in site.inspect()["unfinished"]
    assert site.install("", action="resume")["is_deployed"]
    assert site.content("key.pem") != before["key.pem"]


def test_there_is_nothing_to_switch_back_to_the_first_time(site: Site) -> None:
    site.install(site.issue(site.prepare()["public_key"]))
    assert not site.acknowledge("previous")["is_changed"]
    assert site.names() == ALL_FILES


def test_links_are_kept_while_the_layout_is_linked(site: Site) -> None:
    site.deploy()
    site.options["layout"] = "linked"
    assert len(site.inspect()["repairs"]) == 4
    assert site.install("", action="mend")["obstacle"] == ""
    assert all((site.folder / name).is_symlink() for name in ALL_FILES)
    site.options["layout"] = "plain"
    assert site.install("", action="mend")["obstacle"] == ""
    assert not any((site.folder / name).is_symlink() for name in ALL_FILES)
    assert not (site.folder / ".atlas/cert.pem/live").is_symlink()


def test_a_failing_check_switches_back(site: Site) -> None:
    site.deploy()
    before = {name: site.content(name) for name in ALL_FILES}
    site.options["validate"] = "sh -c 'echo no such module; exit 3'"
    answer = site.install(site.issue(site.prepare(is_due=True)["public_key"]))
    assert "failed with 3: no such module. All files are as they were" in answer["obstacle"]
    assert {name: site.content(name) for name in ALL_FILES} == before


@pytest.mark.parametrize("layout", ["plain", "linked"])
def test_backups_are_kept_and_no_more_than_wanted(site: Site, layout: str) -> None:
    site.options.update(layout=layout, backup=True, backup_count=2)
    for _time in range(4):
        site.deploy()
    store = site.folder / ".atlas/cert.pem"
    backups = store / ("private/history" if layout == "plain" else "versions")
    assert len(os.listdir(backups)) == (2 if layout == "plain" else 3)


def test_old_keys_do_not_stay(site: Site) -> None:
    for _time in range(3):
        site.deploy()
    assert list((site.folder / ".atlas").rglob("*key*")) == []


def test_a_failing_preparation_keeps_the_key_of_an_earlier_attempt(site: Site) -> None:
    first = site.prepare()
    site.options["owner"] = "no-such-user"
    assert "owner" in site.prepare()["obstacle"]
    del site.options["owner"]
    assert site.prepare()["public_key"] == first["public_key"]


def test_a_refused_request_leaves_the_folder_as_it_was(site: Site) -> None:
    site.deploy()
    before = {name: site.content(name) for name in ALL_FILES}
    site.prepare(is_due=True)
    assert site.install("", action="close")["obstacle"] == ""
    assert site.names() == ALL_FILES
    assert {name: site.content(name) for name in ALL_FILES} == before


def test_a_certificate_for_another_key_is_not_installed(site: Site, private_key: Any) -> None:
    site.deploy()
    before = site.content("cert.pem")
    site.prepare(is_due=True)
    answer = site.install(site.issue(keys.public_key_pem(private_key.public_key())))
    assert "is not the key of the certificate" in answer["obstacle"]
    assert site.content("cert.pem") == before


def test_a_certificate_of_another_ca_is_not_installed(site: Site, other_hierarchy: Any) -> None:
    issued = site.issue(site.prepare()["public_key"])
    site.hierarchy = other_hierarchy
    answer = site.install(issued)
    assert "was not signed by an issuer of the trust chain" in answer["obstacle"]
    assert site.names() == []


@pytest.mark.parametrize("name", ["cert.pem", "chain.pem", "fullchain.pem"])
@pytest.mark.parametrize("damage", ["missing", "garbage"])
def test_one_public_file_is_mended_from_the_others(site: Site, name: str, damage: str) -> None:
    site.deploy()
    before = site.content(name)
    if damage == "missing":
        (site.folder / name).unlink()
    else:
        (site.folder / name).write_text("garbage")
    found = site.inspect()
    assert found["reasons"] == []
    assert len(found["repairs"]) == 1
    assert not found["needs_chain"]
    assert site.install("", action="mend")["changed_files"] == [str(site.folder / name)]
    assert site.content(name) == before
    assert site.inspect()["repairs"] == []


def test_without_any_issuer_the_chain_has_to_be_fetched(site: Site) -> None:
    site.deploy()
    before = site.content("fullchain.pem")
    (site.folder / "chain.pem").unlink()
    (site.folder / "fullchain.pem").unlink()
    assert not site.inspect()["needs_chain"]
    shutil.rmtree(site.folder / ".atlas")
    assert site.inspect()["needs_chain"]
    site.install("", action="mend")
    assert site.content("fullchain.pem") == before


def test_a_mode_is_repaired_without_a_new_certificate(site: Site) -> None:
    site.deploy()
    (site.folder / "key.pem").chmod(0o644)
    found = site.inspect()
    assert found["repairs"] == [f"{site.folder}/key.pem: mode 0644, not 0600"]
    assert site.install("", action="mend")["changed_files"] == [f"{site.folder}/key.pem"]
    assert site.mode("key.pem") == 0o600


def test_a_new_mode_applies_to_new_files(site: Site) -> None:
    site.options = {"mode": "0640", "privatekey_mode": "0640"}
    site.deploy()
    assert [site.mode(name) for name in ALL_FILES] == [0o640] * 4


def test_a_symbolic_link_is_kept_and_its_target_replaced(site: Site, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (site.folder / "cert.pem").symlink_to(elsewhere / "real.pem")
    site.deploy()
    assert (site.folder / "cert.pem").is_symlink()
    assert (elsewhere / "real.pem").read_text() == site.content("cert.pem")
    assert os.listdir(elsewhere) == ["real.pem"]


def test_a_missing_folder_is_told(site: Site) -> None:
    site.folder = site.folder / "absent"
    assert site.inspect()["missing_folders"] == [str(site.folder)]
    prepared = site.prepare()
    assert prepared["obstacle"].endswith("does not exist on the node; create it before this task.")
    assert not site.folder.exists()


def test_a_path_below_a_file_is_an_obstacle(site: Site) -> None:
    (site.folder / "file").write_text("")
    site.folder = site.folder / "file"
    assert "is not a folder" in site.inspect()["obstacle"]


def test_a_target_that_is_a_folder_is_an_obstacle(site: Site) -> None:
    (site.folder / "cert.pem").mkdir()
    assert "path: " in site.inspect()["obstacle"]
    assert "is a folder" in site.inspect()["obstacle"]


def test_an_unknown_owner_is_found_before_anything_is_asked_for(site: Site) -> None:
    site.options = {"owner": "nobody-has-this-name"}
    assert "owner: there is no user 'nobody-has-this-name'" in site.prepare()["obstacle"]
    assert site.names() == []


def test_a_staging_folder_of_another_user_is_not_trusted(site: Site, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    (site.folder / ".atlas").symlink_to(trap)
    assert "is not a folder of this user" in site.prepare()["obstacle"]
    assert os.listdir(trap) == []


def test_a_write_that_fails_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(AtlasError, match="cannot be written: no space left on device"):
        files.Replacement(str(tmp_path / "a.pem"), b"content", files.Attributes(None, None, 0o644))
    assert os.listdir(tmp_path) == []


def test_no_file_is_renamed_before_all_are_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = site.issue(site.prepare()["public_key"])
    order: list[str] = []
    write, rename = files.Replacement._write, os.replace
    monkeypatch.setattr(
        files.Replacement,
        "_write",
        lambda self, *rest: (order.append("write"), write(self, *rest))[1],
    )
    monkeypatch.setattr(
        files.os,
        "replace",
        lambda a, b, **more: (order.append(os.path.basename(b)), rename(a, b, **more))[1],
    )
    site.install(issued)
    last_write = len(order) - 1 - order[::-1].index("write", order[::-1].index("key.pem"))
    assert order[last_write + 1 :][:4] == ["chain.pem", "cert.pem", "fullchain.pem", "key.pem"]


def test_nothing_but_inspect_runs_in_check_mode(site: Site) -> None:
    item = {"wanted": site.wanted.on_wire(), **PREPARE}
    with pytest.raises(AtlasError, match="never called in check mode"):
        steps.run("prepare", [item], [], check_mode=True)
    assert site.names() == []


COMBINED = "combined.pem"


def combined(site: Site, *contains: str) -> None:
    path = str(site.folder / COMBINED)
    site.options = {"files": [{"path": path, "contains": list(contains)}]}


def test_the_parts_of_a_file_are_in_the_order_that_is_stated(site: Site) -> None:
    combined(site, "certificate", "chain", "privatekey")
    site.deploy()
    assert site.inspect()["repairs"] == []
    combined(site, "privatekey", "certificate", "chain")
    assert site.inspect()["repairs"] == [f"{site.folder / COMBINED}: not as it should be"]


def test_a_pkcs12_file_without_a_key_is_recognised(site: Site) -> None:
    """With the oldest libraries, too, which tell its certificates in another order."""
    contains = ["certificate", "chain", "root"]
    entry = {"path": str(site.folder / "trust.p12"), "contains": contains, "format": "pkcs12"}
    site.options = {"files": [entry], "path": None, "fullchain_path": None}
    site.deploy()
    found = site.inspect()
    assert found["reasons"] == []
    assert found["repairs"] == []


def test_one_certificate_that_goes_wrong_does_not_stop_the_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise ValueError("nobody thought of this")

    monkeypatch.setattr(steps, "inspect", fail)
    obstacle = site.inspect()["obstacle"]
    assert "please report it: ValueError in test_steps.py" in obstacle
    assert "nobody thought of this" in obstacle


def test_a_common_name_that_is_too_long_for_a_request_is_left_out(site: Site) -> None:
    site.options = {"subject": {"common_name": "x" * 70}}
    assert site.prepare()["obstacle"] == ""
