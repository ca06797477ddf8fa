# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of the node, for all certificates of a task at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import NoFolderError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import exchange
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps, store
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from ..conftest import NOW, PREPARE, Site
from .setups import remove


def test_nothing_but_inspect_runs_in_check_mode(site: Site) -> None:
    item = {"wanted": site.wanted.on_wire(), **PREPARE}
    with pytest.raises(AtlasError, match="never called in check mode"):
        steps.run("prepare", [item], [], check_mode=True)
    assert site.names() == []


def test_one_certificate_that_goes_wrong_does_not_stop_the_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise ValueError("nobody thought of this")

    monkeypatch.setattr(steps, "glance", fail)
    obstacle = site.inspect()["obstacle"]
    assert "please report it: ValueError in test_steps.py" in obstacle
    assert "nobody thought of this" in obstacle


CHANGING = ("prepare", "install", "acknowledge", "previous", "revoked")


@pytest.mark.parametrize("step", steps.STEPS)
def test_which_steps_know_check_mode(site: Site, step: str) -> None:
    item = {
        "wanted": site.wanted.on_wire(),
        "now": NOW,
        "with_content": False,
        "nonce": "nonce",
        "serials": [],
        "why": "",
        "removes_key": True,
        "breaks": "",
        "confirms": True,
    }
    if step not in CHANGING:
        (answer,) = steps.run(step, [item], [], check_mode=True)
        assert "please report" not in answer.get("obstacle", "")
        return
    with pytest.raises(AtlasError) as caught:
        steps.run(step, [item], [], check_mode=True)
    assert caught.value.message == (f"{step} changes the node, and is never called in check mode.")


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("inspect", exchange.Inspection),
        ("prepare", exchange.Prepared),
        ("install", exchange.Installed),
        ("acknowledge", exchange.Acknowledged),
        ("previous", exchange.Acknowledged),
        ("prove", exchange.Acknowledged),
        ("revoked", exchange.Acknowledged),
        ("remove", exchange.Removed),
    ],
)
def test_what_goes_wrong_is_an_answer_of_its_kind(
    site: Site, monkeypatch: pytest.MonkeyPatch, step: str, kind: Any
) -> None:
    def fail(_data: Any) -> None:
        raise AtlasError("It is damaged.")

    monkeypatch.setattr(steps.Wanted, "from_wire", fail)
    item = {"wanted": site.wanted.on_wire(), **PREPARE, "serials": [], "why": ""}
    assert steps.run(step, [item], [], check_mode=False) == [
        exchange.on_wire(
            kind.stopped("It is damaged.") if step == "inspect" else kind(obstacle="It is damaged.")
        )
    ]


def test_passphrases_stand_in_their_places(site: Site) -> None:
    site.options["privatekey_passphrase"] = "secret"

    def step(name: str, **more: Any) -> dict[str, Any]:
        wanted = site.wanted.on_wire()
        for target in wanted["targets"]:
            target["passphrase"] = 1 if target["passphrase"] else None
        item = json.loads(json.dumps({"wanted": wanted, **more}))
        (answer,) = steps.run(name, [item], ["another", "secret"], check_mode=False)
        return {"obstacle": "", "reasons": [], "repairs": [], **answer}

    prepared = step("prepare", **PREPARE)
    order = {
        "action": "install",
        "run": "run",
        "attempt_id": "attempt",
        "now": NOW,
        "certificate": site.issue(prepared["public_key"]),
        "chain": site.hierarchy.chain,
        "serial": "",
        "failure": "",
        "with_content": False,
    }
    assert step("install", **order)["obstacle"] == ""
    content = (site.folder / "key.pem").read_bytes()
    assert b"ENCRYPTED" in content
    assert keys.load_private_key(content, "secret")
    found = step("inspect", now=NOW, with_content=False)
    assert (found["reasons"], found["repairs"]) == ([], [])


def of(site: Site, name: str) -> dict[str, Any]:
    """Another certificate, in files of its own; its order."""
    (site.folder / name).mkdir(exist_ok=True)
    options = {
        option: f"{site.folder}/{name}/{file}"
        for option, file in (("path", "cert.pem"), ("privatekey_path", "key.pem"))
    }
    before = site.options
    site.options = {"fullchain_path": None, "chain_path": None, **options}
    wanted = site.wanted.on_wire()
    site.options = before
    return json.loads(json.dumps(wanted))


def test_answers_come_in_the_order_of_the_certificates(site: Site) -> None:
    site.deploy()
    deployed = {"wanted": site.wanted.on_wire(), "now": NOW, "with_content": False}
    missing = [{**deployed, "wanted": of(site, name)} for name in ("z", "a")]
    items = [missing[0], deployed, missing[1]]
    answers = steps.run("inspect", items, [], check_mode=False)
    assert [bool(answer.get("reasons")) for answer in answers] == [True, False, True]
    assert steps.run("inspect", [], [], check_mode=False) == []
    items = [
        {**PREPARE, "wanted": of(site, name), "attempt_id": name} for name in ("z", "b", "a", "c")
    ]
    answers = steps.run("prepare", items, [], check_mode=False)
    assert [answer["attempt_id"] for answer in answers] == ["z", "b", "a", "c"]


def test_work_is_begun_in_the_order_of_the_paths(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that two calls never wait for each other's locks."""
    begun: list[str] = []
    original = steps.Store.locked

    def locked(store: steps.Store) -> Any:
        begun.append(store.name.rpartition("-")[0])
        return original(store)

    monkeypatch.setattr(steps.Store, "locked", locked)
    items = [{**PREPARE, "wanted": of(site, name)} for name in ("z", "b", "a")]
    steps.run("prepare", items, [], check_mode=False)
    assert begun == ["a-cert.pem", "b-cert.pem", "z-cert.pem"]


SAME_FILE = (
    "one of its files is also another one of this task, by another path; each certificate, chain"
    " and private key needs a file of its own."
)


def test_two_certificates_in_one_file_are_both_refused(site: Site, tmp_path: Path) -> None:
    (tmp_path / "aside").symlink_to(site.folder / "a")
    first, second = of(site, "a"), of(site, "b")
    second["targets"][0]["path"] = str(tmp_path / "aside/cert.pem")
    items = [
        {"wanted": wanted, "now": NOW, "with_content": False}
        for wanted in (first, second, of(site, "c"))
    ]
    answers = steps.run("inspect", items, [], check_mode=False)
    assert answers[:2] == [{"obstacle": SAME_FILE, "is_unknown": True}] * 2
    assert "obstacle" not in answers[2]


def test_two_files_of_one_certificate_that_are_one_are_refused(site: Site) -> None:
    (site.folder / "cert.pem").symlink_to("fullchain.pem")
    found = site.inspect()
    assert (found["obstacle"], found["reasons"]) == (SAME_FILE, [])


def test_a_file_in_a_folder_that_does_not_exist_is_no_other_file(site: Site) -> None:
    site.folder = site.folder / "absent"
    assert site.inspect()["obstacle"] == ""


@pytest.mark.parametrize("step", ["prepare", "remove"])
def test_two_certificates_with_one_record_do_not_wait_for_each_other(
    site: Site, tmp_path: Path, step: str
) -> None:
    site.deploy()
    (tmp_path / "aside").symlink_to(site.folder)
    first = site.wanted.on_wire()
    site.options["path"] = str(tmp_path / "aside/cert.pem")
    second = site.wanted.on_wire()
    order = {**PREPARE, "removes_key": True, "is_due": True}
    items = [{**order, "wanted": wanted} for wanted in (first, second)]
    answers = steps.run(step, items, [], check_mode=False)
    said = "another certificate of this task is kept in the same files; give each its own."
    assert [answer.get("obstacle", "") for answer in answers] == ["", said]


def test_locks_are_taken_in_the_order_of_the_records(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not of the paths that two tasks may have for them, who would wait for each other."""
    taken = []
    original = store.locks.locked

    def locked(folder: Any, name: str) -> Any:
        taken.append(name)
        return original(folder, name)

    monkeypatch.setattr(store.locks, "locked", locked)
    (tmp_path / "aside").symlink_to(site.folder)
    items = []
    for name in ("d", "a", "c", "b"):
        (site.folder / name).mkdir()
        for option in ("path", "privatekey_path", "chain_path", "fullchain_path"):
            place = site.folder if name in "ad" else tmp_path / "aside"
            site.options[option] = str(place / name / f"{option}.pem")
        items.append({**PREPARE, "wanted": site.wanted.on_wire()})
    answers = steps.run("prepare", items, [], check_mode=False)
    assert [answer.get("obstacle", "") for answer in answers] == [""] * 4
    assert taken == sorted(taken)
    assert len(taken) == 4


def test_reading_makes_no_lock(site: Site) -> None:
    site.deploy()
    before = sorted(path.name for path in site.state.iterdir())
    (site.state / before[1]).unlink()  # the lock
    site.inspect()
    assert [path.name for path in site.state.iterdir()] == before[:1]


def test_nothing_is_locked_where_nothing_is_recorded(site: Site) -> None:
    site.state.mkdir()
    for step in ("acknowledge", "previous", "prove"):
        site.acknowledge(step)
    remove(site)
    assert list(site.state.iterdir()) == []


def test_check_mode_locks_nothing(site: Site) -> None:
    site.deploy()
    for lock in site.state.glob("*.lock"):
        lock.unlink()
    remove(site, check_mode=True)
    assert list(site.state.glob("*.lock")) == []


def test_many_certificates_are_done_in_one_call(site: Site) -> None:
    """More than are at work at a time."""
    items = [{**PREPARE, "wanted": of(site, f"{number:02d}")} for number in range(30)]
    answers = steps.run("prepare", items, [], check_mode=False)
    assert all(answer["public_key"] for answer in answers)
    assert len({answer["public_key"] for answer in answers}) == 30
    assert len(list(site.state.glob("*.json"))) == 30


def test_a_folder_that_is_gone_is_named_in_a_sentence(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_data: Any) -> None:
        raise NoFolderError("/etc/ssl/gone")

    monkeypatch.setattr(steps.Wanted, "from_wire", fail)
    item = {
        "wanted": site.wanted.on_wire(),
        "serials": [],
        "why": "",
        "nonce": "",
        "confirms": True,
    }
    (answer,) = steps.run("previous", [item], [], check_mode=False)
    assert answer == {"obstacle": "The folder /etc/ssl/gone does not exist on the node."}
