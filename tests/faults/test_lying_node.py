# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A node that lies: it gets no name that its task did not ask for, nothing revoked that is not its
own, and spends no more than its task may."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.run import Run
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from .counting import outcome_of
from .whole_task import Tasks

Answers = list[dict[str, Any]]
Lie = Callable[[str, Answers], Any]

ORDINARY_KEY = keys.generate(keys.KeyKind("ECDSA", 256))


def lying(lie: Lie) -> Callable[..., Any]:
    """The steps of an honest node, what they answer changed by `lie`."""

    def perform(
        step: str, items: Sequence[dict[str, Any]], secrets: Sequence[str], check_mode: bool
    ) -> Any:
        answers = json.loads(json.dumps(steps.run(step, items, secrets, check_mode)))
        return lie(step, answers)

    return perform


@pytest.fixture
def tasks(service: Simulator, tmp_path: Path) -> Tasks:
    return Tasks(service, tmp_path, {"settle": 0})


def ledger(service: Simulator) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = service.control("GET", "/ledger")
    return entries


def changing(step: str, **members: Any) -> Lie:
    """Other members in each answer to one step."""

    def lie(asked: str, answers: Answers) -> Answers:
        return [{**answer, **members} if asked == step else answer for answer in answers]

    return lie


def victim(service: Simulator, tmp_path: Path, name: str) -> tuple[str, Path]:
    """Another node's certificate: its serial number, and where its files are."""
    folder = tmp_path / "victim"
    folder.mkdir()
    result = Tasks(service, folder, {"settle": 0}).run(san={"dns_names": [name]})
    serial: str = result["certificates"][0]["serial_number"]
    return serial, folder


def status_of(service: Simulator, serial: str) -> str:
    found = [entry for entry in ledger(service) if entry["serial_number"] == serial]
    status: str = found[0]["status"]
    return status


@pytest.mark.parametrize(
    "members",
    [
        {"public_key": keys.public_key_pem(ORDINARY_KEY.public_key())},
        {"answer": keys.answer_challenge(ORDINARY_KEY, "another nonce")},
        {"answer": ""},
        {"public_key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"},
        {"public_key": ""},
    ],
    ids=["key of others", "answer of another run", "no answer", "damaged key", "no key"],
)
def test_no_request_without_the_private_key(
    service: Simulator, tasks: Tasks, members: dict[str, Any]
) -> None:
    before = len(ledger(service))
    tasks.perform = lying(changing("prepare", **members))
    result = tasks.run()
    assert "node" in result["msg"]
    assert len(ledger(service)) == before


@pytest.mark.parametrize(
    "lie",
    [
        lambda _step, answers: answers * 2,
        lambda _step, _answers: "all is well",
        lambda _step, _answers: [None],
        lambda _step, answers: [{**answers[0], "reasons": [1]}],
        lambda _step, answers: [{**answers[0], "reasons": ["x" * 20000]}],
        lambda _step, answers: [{**answers[0], "notices": ["x" * 10000] * 20}],
        lambda _step, answers: [{**answers[0], "certificate": {"serial_number": 7}}],
    ],
    ids=["too many", "a text", "nothing", "a number", "a long text", "too much", "half a fact"],
)
def test_answers_of_another_shape(service: Simulator, tasks: Tasks, lie: Lie) -> None:
    before = len(ledger(service))
    tasks.perform = lying(lie)
    with pytest.raises(AtlasError, match="Nothing was done with"):
        tasks.run()
    assert len(ledger(service)) == before


def test_control_characters_are_taken_out(service: Simulator, tasks: Tasks) -> None:
    tasks.perform = lying(changing("inspect", obstacle="\x1b[2Jall is well\x07"))
    assert tasks.run()["msg"] == " [2Jall is well "


def test_always_due_spends_no_more_than_the_task_may(service: Simulator, tasks: Tasks) -> None:
    """Whatever a node says is due: one certificate for each of the task, and `max_issue` before
    the first."""
    before = len(ledger(service))
    tasks.perform = lying(changing("inspect", reasons=["missing: there is no certificate"]))
    items = [
        {
            "path": str(tasks.folder / f"{number}.crt"),
            "privatekey_path": str(tasks.folder / f"{number}.key"),
            "san": {"dns_names": [f"l{number}.quillon.example"]},
        }
        for number in range(3)
    ]
    refused = tasks.run(certificates=items, max_issue=2)
    assert "max_issue: 3 certificates are due" in refused["msg"]
    assert len(refused["certificates"]) == 3
    assert len(ledger(service)) == before
    tasks.run(certificates=items)
    assert len(ledger(service)) == before + 3


def test_an_old_attempt_that_never_was(service: Simulator, tasks: Tasks) -> None:
    """A record of another end, another serial number: what is found has to be for its own key."""
    serial, _folder = victim(service, tasks.folder, "bank.quillon.example")
    tasks.perform = lying(changing("prepare", is_fresh=False, serial=serial, is_same_wish=True))
    result = tasks.run()
    assert "another key" in result["msg"]
    assert not (tasks.folder / "cert.pem").exists()


def test_names_come_from_the_task(service: Simulator, tasks: Tasks) -> None:
    """A CSR that a node makes is read for its key only."""
    tasks.perform = lying(
        changing("prepare", signing_request=keys.signing_request_pem(ORDINARY_KEY, "bank.example"))
    )
    tasks.run()
    assert "bank.example" not in json.dumps(ledger(service)[-1]["names"])


@pytest.mark.parametrize("own_key", [True, False])
def test_no_rekey_of_another_certificate(service: Simulator, tasks: Tasks, own_key: bool) -> None:
    """Even a node that has the victim's key gets its names only for a task that states them."""
    serial, folder = victim(service, tasks.folder, "bank.quillon.example")
    tasks.run()
    before = len(ledger(service))

    def lie(step: str, answers: Answers) -> Answers:
        if step != "prepare":
            return answers
        stolen = keys.load_private_key((folder / "key.pem").read_bytes())
        key = stolen if own_key else ORDINARY_KEY
        return [
            {
                **answers[0],
                "old_serial": serial,
                "old_public_key": keys.public_key_pem(stolen.public_key()),
                "old_answer": keys.answer_challenge(key, nonce[0]),
            }
        ]

    nonce = [""]

    def perform(
        step: str, items: Sequence[dict[str, Any]], secrets: Sequence[str], check_mode: bool
    ) -> Any:
        nonce[0] = items[0].get("nonce", "")
        return lie(step, json.loads(json.dumps(steps.run(step, items, secrets, check_mode))))

    tasks.perform = perform
    result = tasks.run(force=True, rekey=True)
    expected = "not for the names" if own_key else "did not prove"
    assert expected in result["msg"]
    assert len(ledger(service)) == before


def test_no_revocation_of_another_certificate(service: Simulator, tasks: Tasks) -> None:
    serial, folder = victim(service, tasks.folder, "bank.quillon.example")
    tasks.run()
    stolen = keys.load_private_key((folder / "key.pem").read_bytes()).public_key()

    def lie(step: str, answers: Answers) -> Answers:
        if step != "prove":
            return answers
        proof = answers[0]["superseded"][0]
        named = {**proof, "serial": serial, "public_key": keys.public_key_pem(stolen)}
        return [{**answers[0], "superseded": [named]}]

    tasks.perform = lying(lie)
    revoking = {"state": "revoked", "revocation_reason": "superseded", "allow_live": True}
    result = tasks.run(**revoking)
    assert "did not prove" in result["msg"]
    assert status_of(service, serial) == "ISSUED"


def test_no_revocation_of_what_was_not_replaced(service: Simulator, tasks: Tasks) -> None:
    """The queue of superseded certificates is the node's word too."""
    serial, _folder = victim(service, tasks.folder, "bank.quillon.example")

    def lie(step: str, answers: Answers) -> Answers:
        if step != "acknowledge":
            return answers
        proof = {"serial": serial, "public_key": "", "answer": "", "attestation": ""}
        return [{**answers[0], "superseded": [{**proof, "is_revoked": False}]}]

    tasks.perform = lying(lie)
    result = tasks.run(revoke_superseded=True)
    assert "not revoked yet" in result["warnings"][0]
    assert status_of(service, serial) == "ISSUED"


LATER = int(time.time()) + 180 * 86400


@pytest.mark.parametrize("is_fresh", [True, False])
@pytest.mark.parametrize("stated", [{"valid_for": "2d"}, {}], ids=["two days", "as long as can be"])
def test_no_other_end_than_the_task_states(
    service: Simulator, tasks: Tasks, is_fresh: bool, stated: dict[str, Any]
) -> None:
    """The end of a new attempt is the task's, and an old one is of use only if it is about that."""
    begun = {} if is_fresh else {"begun": int(time.time()), "is_same_wish": True}
    sooner = int(time.time()) + 3 * 86400
    not_after = LATER if stated else sooner
    tasks.perform = lying(changing("prepare", not_after=not_after, is_fresh=is_fresh, **begun))
    before = len(ledger(service))
    tasks.run(**stated)
    for entry in ledger(service)[before:]:
        ends = service.certificate(entry["serial_number"]).not_valid_after_utc.timestamp()
        if stated:
            assert ends <= time.time() + 2 * 86400
        else:
            assert ends > time.time() + 100 * 86400


HUGE = 10**30
ENDLESS = "9" * 5000
NUMBERS: dict[str, tuple[str, dict[str, Any]]] = {
    "an end": ("inspect", {"certificate": {"not_after": HUGE}}),
    "a beginning": ("inspect", {"certificate": {"not_before": -HUGE}}),
    "an end of what was installed": ("install", {"certificate": {"not_after": HUGE}}),
    "an end of an attempt": ("prepare", {"is_fresh": False, "not_after": HUGE}),
    "a beginning of an attempt": ("prepare", {"is_fresh": False, "begun": HUGE}),
    "a lease": (
        "prepare",
        {"busy": {"run": "r", "controller": "c", "process": f"{ENDLESS}:1", "until": HUGE}},
    ),
    "a process": (
        "prepare",
        {"busy": {"run": "r", "controller": "", "process": f"{ENDLESS}:1", "until": 1}},
    ),
    "a serial number": ("inspect", {"certificate": {"serial_number": ENDLESS}}),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_that_nobody_can_do_anything_with(
    service: Simulator, tasks: Tasks, kind: str
) -> None:
    """The task ends with a sentence, and what was issued for the others is in its result."""
    asked, members = NUMBERS[kind]
    items = [
        {
            "path": str(tasks.folder / f"{number}.crt"),
            "privatekey_path": str(tasks.folder / f"{number}.key"),
            "san": {"dns_names": [f"n{number}.quillon.example"]},
        }
        for number in range(2)
    ]
    tasks.run(certificates=items[1:])
    controller = Run().controller

    def lie(step: str, answers: Answers) -> Answers:
        if step != asked:
            return answers
        told = {**answers[-1], **members}
        if "busy" in members:
            told["busy"] = {**members["busy"], "controller": controller}
        if "certificate" in members:
            facts = answers[-1]["certificate"]
            told["certificate"] = facts and {**facts, **members["certificate"]}
        return [*answers[:-1], told]

    before = {entry["serial_number"] for entry in ledger(service)}
    tasks.perform, tasks.sleep = lying(lie), lambda _seconds: None
    stated = [items[0], {**items[1], "force": asked != "inspect"}]
    result = outcome_of(tasks, certificates=stated)
    assert "fault of globalsign.atlas" not in json.dumps(result)
    assert len(result.get("certificates", ())) == 2 or asked == "inspect"
    for entry in ledger(service):
        if entry["serial_number"] not in before:
            assert entry["serial_number"] in json.dumps(result)
