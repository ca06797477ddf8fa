# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets on probation: confirmed, switched back, cut off in between, and what the result says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.node import (
    NodeLostError,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from .killing import NODE, Moment, run_here, run_killed
from .sights import belong_together, is_switching, on_disk
from .whole_task import Tasks

LAYOUTS = ["plain", "linked"]


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    folder = quick_path / "ssl"
    folder.mkdir()
    return Tasks(service, folder, {"settle": 0})


def serial_at(folder: Path) -> str:
    leaf = certificates.load_certificates((folder / "cert.pem").read_bytes())[0]
    return certificates.serial_number(leaf)


def serial_of(result: dict[str, Any]) -> str:
    assert "failed" not in result, result
    serial: str = result["certificates"][0]["serial_number"]
    return serial


def issued(service: Simulator) -> int:
    return len(service.control("GET", "/ledger"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_switched_back_held_and_put_in_place_again(
    service: Simulator, tasks: Tasks, layout: str
) -> None:
    """Each result tells of what is deployed after it."""
    stated = {"layout": layout}
    old = serial_of(tasks.run(**stated))
    new = serial_of(tasks.run(force=True, acknowledge="later", **stated))
    bought = issued(service)
    foretold = tasks.run(state="previous", check_mode=True, **stated)
    back = tasks.run(state="previous", **stated)
    assert foretold["changed"]
    assert back["changed"]
    assert serial_of(back) == serial_at(tasks.folder) == old
    assert new in back["diff"][0]["before"]
    assert old in back["diff"][0]["after"]
    assert issued(service) == bought
    assert not tasks.run(state="previous", **stated)["changed"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_held_set_is_what_the_result_shows(service: Simulator, tasks: Tasks, layout: str) -> None:
    """A service that did not come up, was mended, and is tried again with the same certificate."""
    stated = {"layout": layout, "san": {"dns_names": ["held.quillon.example"]}}
    tasks.run(layout=layout)
    new = serial_of(tasks.run(acknowledge="later", **stated))
    tasks.run(state="previous", **stated)
    bought = issued(service)
    again = tasks.run(acknowledge="later", **stated)
    assert serial_of(again) == serial_at(tasks.folder) == new
    assert new in again["diff"][0]["after"]
    assert issued(service) == bought


@pytest.mark.parametrize(("first", "then"), [("plain", "linked"), ("linked", "plain")])
def test_another_layout_while_a_set_is_on_probation(
    service: Simulator, tasks: Tasks, first: str, then: str
) -> None:
    old = serial_of(tasks.run(layout=first))
    tasks.run(layout=first, force=True, acknowledge="later")
    tasks.run(layout=then, acknowledge="later")
    back = tasks.run(layout=then, state="previous")
    assert serial_of(back) == serial_at(tasks.folder) == old
    assert belong_together(on_disk(tasks.folder))
    tasks.run(layout=then)
    assert (tasks.folder / "key.pem").is_symlink() == (then == "linked")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_set_that_was_mended_on_probation_can_be_switched_back_and_tried_again(
    service: Simulator, tasks: Tasks, layout: str
) -> None:
    stated = {"layout": layout, "san": {"dns_names": ["mended.quillon.example"]}}
    tasks.run(layout=layout)
    new = serial_of(tasks.run(acknowledge="later", **stated))
    tasks.run(acknowledge="later", mode="0640", **stated)
    tasks.run(state="previous", **stated)
    bought = issued(service)
    assert serial_of(tasks.run(acknowledge="later", **stated)) == new
    assert issued(service) == bought


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("then", ["previous", "present"])
def test_a_switch_back_that_is_cut_off_anywhere(
    service: Simulator, tasks: Tasks, quick_path: Path, layout: str, then: str
) -> None:
    """Nothing is bought, and the set matches after the next run, whichever that is."""
    stated = {"layout": layout, "san": {"dns_names": ["cut.quillon.example"]}}
    old = serial_of(tasks.run(layout=layout))
    new = serial_of(tasks.run(acknowledge="later", **stated))
    before = quick_path / "before"
    shutil.copytree(tasks.folder, before, symlinks=True)
    ended = run_here(tasks, state="previous", **stated)
    bought = issued(service)
    assert ended.operations > 5
    for number in range(ended.operations):
        shutil.rmtree(tasks.folder)
        shutil.copytree(before, tasks.folder, symlinks=True)
        run_killed(tasks, Moment(NODE, number), state="previous", **stated)
        acknowledge = {"acknowledge": "later"} if then == "present" else {"state": "previous"}
        again = tasks.run(**acknowledge, **stated)
        assert "failed" not in again, (number, again)
        expected = old if then == "previous" else new
        assert serial_at(tasks.folder) == expected, number
        assert belong_together(on_disk(tasks.folder)), number
    assert issued(service) == bought


def cut_off_at(tasks: Tasks, copies: Path, is_wanted: Callable[[Path], bool]) -> None:
    """A run whose node was killed at the first moment at which its files were as wanted."""
    ended = run_here(tasks, copies=copies, force=True)
    assert ended.result is not None
    assert ended.result["changed"]
    for number in range(ended.operations):
        if is_wanted(copies / str(number)):
            shutil.rmtree(tasks.folder)
            (copies / str(number)).rename(tasks.folder)
            return
    raise AssertionError("no moment left that")


@pytest.mark.parametrize("adds_file", [False, True])
def test_cut_off_and_then_something_else_is_wanted(
    service: Simulator, tasks: Tasks, quick_path: Path, adds_file: bool
) -> None:
    """What there is to switch back to is the last good set, and not the half of another."""
    old = serial_of(tasks.run())
    cut_off_at(tasks, quick_path, lambda folder: not belong_together(on_disk(folder)))
    theirs = tasks.folder / "theirs.pem"
    theirs.write_text("of somebody")
    names = {"dns_names": ["other.quillon.example"]}
    other: dict[str, Any] = {"san": names, "validate": "/bin/false"}
    if adds_file:
        other["files"] = [{"path": str(theirs), "contains": ["certificate"]}]
    failed = tasks.run(**other)
    assert f"All files are those of {old} again" in failed["msg"]
    assert theirs.read_text() == "of somebody"
    assert serial_at(tasks.folder) == old
    assert belong_together(on_disk(tasks.folder))


def test_no_confirmation_of_a_set_that_is_half_in_place(
    service: Simulator, tasks: Tasks, quick_path: Path
) -> None:
    tasks.run()
    cut_off_at(tasks, quick_path, is_switching)
    assert "was cut off" in tasks.run(state="confirmed")["msg"]
    assert belong_together(on_disk(tasks.folder)) or tasks.run(state="previous")["changed"]
    assert belong_together(on_disk(tasks.folder))


def test_a_compromised_key_stays_nowhere(service: Simulator, tasks: Tasks) -> None:
    """Neither in the new certificate nor in a backup."""
    stated: dict[str, Any] = {"backup": True, "privatekey_rotation": "never"}
    tasks.run(**stated)
    compromised = (tasks.folder / "key.pem").read_bytes()
    tasks.run(force=True, **stated)
    assert (tasks.folder / "key.pem").read_bytes() == compromised
    revoking = {"revoke_superseded": True, "revocation_reason": "keyCompromise"}
    result = tasks.run(force=True, **stated, **revoking)
    assert len(result["certificates"][0]["revoked"]) == 1
    digest = keys.public_key_digest(keys.load_private_key(compromised).public_key())
    for path in tasks.folder.rglob("*"):
        if path.is_file() and b"PRIVATE KEY" in path.read_bytes():
            key = keys.load_private_key(path.read_bytes())
            assert keys.public_key_digest(key.public_key()) != digest, path


@pytest.mark.parametrize("step", ["prepare", "install", "acknowledge"])
def test_what_was_issued_is_told_when_the_node_is_lost(
    service: Simulator, tasks: Tasks, step: str
) -> None:
    honest, name = tasks.perform, f"lost-{step}.quillon.example"

    def perform(asked: str, *arguments: Any) -> Any:
        if asked == step:
            raise NodeLostError("no route to host.")
        return honest(asked, *arguments)

    tasks.perform = perform
    result = tasks.run(san={"dns_names": [name]})
    assert result["failed"]
    assert result["unreachable"]
    assert "no route to host" in result["msg"]
    serials = [
        entry["serial_number"]
        for entry in service.control("GET", "/ledger")
        if name in json.dumps(entry["names"])
    ]
    if step == "prepare":
        assert serials == []
        return
    assert serials[0] in json.dumps(result)
    tasks.perform = honest
    again = tasks.run(san={"dns_names": [name]})
    assert again["changed"]
    assert serial_of(again) == serials[0]


def test_a_second_round_that_fails_does_not_hide_the_first(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct import task

    monkeypatch.setattr(task, "MOST_IN_A_ROUND", 1)
    honest, rounds = tasks.perform, [0]

    def perform(asked: str, *arguments: Any) -> Any:
        rounds[0] += asked == "prepare"
        if rounds[0] == 2:
            raise NodeLostError("no route to host.")
        return honest(asked, *arguments)

    tasks.perform = perform
    items = [
        {
            "path": str(tasks.folder / f"{number}.crt"),
            "privatekey_path": str(tasks.folder / f"{number}.key"),
            "san": {"dns_names": [f"round{number}.quillon.example"]},
        }
        for number in range(3)
    ]
    told: list[tuple[int, int]] = []
    tasks.progress = lambda done, of: told.append((done, of))
    result = tasks.run(certificates=items)
    assert told == [(1, 3)]
    first, second, third = result["certificates"]
    assert result["unreachable"]
    assert result["changed"]
    assert first["changed"]
    assert "failed" not in first
    assert "Nothing was asked for" in second["msg"]
    assert "Nothing was asked for" in third["msg"]


def test_files_are_mended_although_the_service_is_down(service: Simulator, tasks: Tasks) -> None:
    def item(name: str) -> dict[str, Any]:
        return {
            "path": str(tasks.folder / f"{name}.crt"),
            "privatekey_path": str(tasks.folder / f"{name}.key"),
            "san": {"dns_names": [f"{name}.quillon.example"]},
        }

    tasks.run(certificates=[item("good")])
    (tasks.folder / "good.crt").chmod(0o600)
    tasks.connection = {"total_timeout": 1, "read_timeout": 1, "retries": 0}
    service.control(
        "POST",
        "/faults",
        {
            "method": "GET",
            "path": "/validationpolicy",
            "action": "status",
            "status": 500,
            "times": 9,
        },
    )
    result = tasks.run(certificates=[item("good"), item("due")])
    assert result["failed"]
    assert result["changed"]
    assert (tasks.folder / "good.crt").stat().st_mode & 0o777 == 0o644


def test_one_item_that_is_stated_wrong(service: Simulator, tasks: Tasks) -> None:
    good = {
        "path": str(tasks.folder / "good.crt"),
        "privatekey_path": str(tasks.folder / "good.key"),
        "san": {"dns_names": ["good.quillon.example"]},
    }
    bad = {**good, "path": "/bad.crt", "privatekey_path": "/bad.key", "renew_before": "soon"}
    result = tasks.run(certificates=[bad, good])
    wrong, right = result["certificates"]
    assert "certificates[0].renew_before" in wrong["msg"]
    assert right["changed"]
    assert "failed" not in right
    assert result["msg"].startswith("1 of 2 certificates failed. /bad.crt: ")


def test_check_mode_foretells_what_is_revoked(service: Simulator, tasks: Tasks) -> None:
    old = serial_of(tasks.run())
    stated = {"force": True, "revoke_superseded": True}
    foretold = tasks.run(check_mode=True, **stated)
    done = tasks.run(**stated)
    assert foretold["certificates"][0]["revoked"] == done["certificates"][0]["revoked"] == [old]


def test_guards_refuse_in_check_mode_and_show_why(service: Simulator, tasks: Tasks) -> None:
    result = tasks.run(check_mode=True, max_issue=0)
    assert "max_issue: 1 certificates are due" in result["msg"]
    assert result["certificates"][0]["reasons"]


def test_workers_of_a_run_share_what_is_left_of_the_quota(
    service: Simulator, tasks: Tasks, quick_path: Path
) -> None:
    service.control("POST", "/quota", {"quota": 3})
    tasks.scratch = quick_path / "scratch"
    tasks.scratch.mkdir()
    results = []
    try:
        for number in range(3):
            folder = quick_path / f"host{number}"
            folder.mkdir()
            worker = Tasks(service, folder, tasks.options, scratch=tasks.scratch)
            name = f"quota{number}.quillon.example"
            results.append(worker.run(san={"dns_names": [name]}, min_quota=2))
    finally:
        service.control("POST", "/quota", {"quota": 1_000_000})
    assert ["failed" in result for result in results] == [False, True, True]


def test_revoked_without_a_record(service: Simulator, tasks: Tasks) -> None:
    """A certificate that others obtained, revoked by a task: it is due."""
    tasks.run()
    tasks.forget_records()
    revoking = {"state": "revoked", "revocation_reason": "superseded", "allow_live": True}
    assert tasks.run(**revoking)["changed"]
    assert not tasks.run(**revoking)["changed"]
    assert tasks.run()["certificates"][0]["reasons"][0].startswith("revoked: ")


def test_layout_linked_does_not_make_a_certificate_of_others_ours(
    service: Simulator, tasks: Tasks
) -> None:
    tasks.run()
    tasks.forget_records()
    adopted = tasks.run(layout="linked")
    assert "was not obtained by this collection" in adopted["warnings"][0]
    replaced = tasks.run(layout="linked", replace_foreign=True)
    assert replaced["certificates"][0]["reasons"][0].startswith("foreign: ")


def test_a_link_to_a_file_that_is_not_there_yet(service: Simulator, tasks: Tasks) -> None:
    """Switching back removes the file, and keeps the link."""
    (tasks.folder / "real").mkdir()
    key = tasks.folder / "key.pem"
    key.symlink_to("real/key.pem")
    assert "All files are as they were" in tasks.run(validate="/bin/false")["msg"]
    assert key.is_symlink()
    assert not (tasks.folder / "real/key.pem").exists()
    tasks.run()
    assert (tasks.folder / "real/key.pem").is_file()
    tasks.run(state="absent", remove_privatekey=True)
    assert not (tasks.folder / "real/key.pem").exists()
    assert not key.is_symlink()
