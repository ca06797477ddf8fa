# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers that are lost, late, wrong or refused: what a whole task makes of them."""

from __future__ import annotations

import itertools
import json
import os
import pickle
import time
from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.api.certificate_calls import (
    CertificateCalls,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from .conftest import IMPATIENT, requests_of
from .whole_task import Tasks, at_once

POST = {"method": "POST", "path": "/certificates"}
GET = {"method": "GET", "path": "/certificates/*"}
numbers = itertools.count(1)


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    connection = {"read_timeout": IMPATIENT, "total_timeout": 10}
    return Tasks(service, quick_path, {"settle": 1}, connection, sleep=at_once)


def records(tasks: Tasks) -> list[Path]:
    """The documents that the node keeps between runs."""
    return list(tasks.records.glob("*.json"))


def wait_if_late(tasks: Tasks, fault: dict[str, Any]) -> None:
    """What the simulator does late it does in real time."""
    if "seconds" in fault:
        tasks.sleep = time.sleep


def wish() -> tuple[str, dict[str, Any]]:
    name = f"answer{next(numbers)}.quillon.example"
    return name, {"san": {"dns_names": [name]}}


def issued_for(service: Simulator, name: str) -> list[str]:
    return [
        entry["serial_number"]
        for entry in service.control("GET", "/ledger")
        if name in json.dumps(entry["names"])
    ]


LOST = [
    {"action": "reset-before"},
    {"action": "reset-after"},
    {"action": "truncate"},
    {"action": "delay", "seconds": IMPATIENT + 0.4},
    {"action": "delay-answer", "seconds": IMPATIENT + 0.4},
    {"action": "status", "status": 500},
    {"action": "status", "status": 502},
    {"action": "status", "status": 503},
    {"action": "html", "status": 504},
    {"action": "status", "status": 429},
    {"action": "status", "status": 401},
    {"action": "expire-tokens"},
]


@pytest.mark.parametrize("fault", LOST, ids=str)
def test_one_certificate_in_spite_of_a_lost_answer(
    service: Simulator, tasks: Tasks, fault: dict[str, Any]
) -> None:
    name, wanted = wish()
    wait_if_late(tasks, fault)
    service.control("POST", "/faults", {**POST, **fault, "times": 1})
    result = tasks.run(**wanted)
    assert result["changed"], result
    assert issued_for(service, name) == [result["certificates"][0]["serial_number"]]


@pytest.mark.parametrize(
    ("fault", "issued"),
    [
        ({"action": "reset-after"}, 1),
        ({"action": "delay-answer", "seconds": IMPATIENT + 0.4}, 1),
        ({"action": "html", "status": 200}, 0),
        ({"action": "status", "status": 500}, 0),
    ],
    ids=str,
)
def test_nothing_is_known_until_the_next_run(
    service: Simulator, tasks: Tasks, fault: dict[str, Any], issued: int
) -> None:
    """Not even the look-ups of the first run get an answer."""
    name, wanted = wish()
    wait_if_late(tasks, fault)
    service.control("POST", "/faults", {**POST, **fault, "times": 9})
    service.control("POST", "/faults", {"method": "GET", "path": "/stats/*", **fault, "times": 99})
    failed = tasks.run(**wanted)
    assert failed["failed"], failed
    assert len(issued_for(service, name)) == issued
    service.control("DELETE", "/faults")
    result = tasks.run(**wanted)
    assert result["changed"], result
    assert issued_for(service, name) == [result["certificates"][0]["serial_number"]]
    assert not tasks.run(**wanted)["changed"]


@pytest.mark.parametrize("status", [402, 422, 429])
def test_a_second_answer_says_nothing_of_the_first(
    service: Simulator, tasks: Tasks, status: int
) -> None:
    """Acted upon and not told, and late in the statistics; asked again it is refused, because the
    quota is used up perhaps. The key stays, and the next run finds the first."""
    name, wanted = wish()
    service.control("POST", "/settings", {"statistics_delay": 3600})
    service.control("POST", "/faults", {**POST, "action": "reset-after", "times": 1})
    service.control(
        "POST", "/faults", {**POST, "action": "status", "status": status, "nth": 2, "times": 99}
    )
    try:
        failed = tasks.run(**wanted)
    finally:
        service.control("POST", "/settings", {"statistics_delay": 0})
        service.control("DELETE", "/faults")
    assert "is not known" in failed["msg"]
    assert str(status) in failed["msg"]
    result = tasks.run(**wanted)
    assert issued_for(service, name) == [result["certificates"][0]["serial_number"]]


def left_in_doubt(service: Simulator, tasks: Tasks, wanted: dict[str, Any]) -> None:
    """A run of which nobody knows what came of it; nothing did."""
    lost = {"action": "reset-before", "times": 99}
    service.control("POST", "/faults", {**POST, **lost})
    service.control("POST", "/faults", {"method": "GET", "path": "/stats/*", **lost})
    assert tasks.run(**wanted)["failed"]
    service.control("DELETE", "/faults")


def test_an_attempt_that_is_long_ago(service: Simulator, tasks: Tasks) -> None:
    """The end that was asked for then has passed: another attempt takes its place."""
    name, wanted = wish()
    left_in_doubt(service, tasks, wanted)
    later = 199 * 86400 + 43200  # a verified claim lasts for half a day more
    service.control("POST", "/clock", {"move": later})
    tasks.clock = lambda: time.time() + later
    try:
        result = tasks.run(**wanted)
    finally:
        service.control("POST", "/clock", {"move": -later})
    assert result["changed"], result
    assert len(issued_for(service, name)) == 1


def test_an_attempt_with_an_end_that_nobody_wants_now(service: Simulator, tasks: Tasks) -> None:
    _name, wanted = wish()
    left_in_doubt(service, tasks, wanted)
    result = tasks.run(valid_for="30d", **wanted)
    assert result["certificates"][0]["remaining_days"] in (29, 30)


def test_an_attempt_with_a_key_that_nobody_wants_now(service: Simulator, tasks: Tasks) -> None:
    _name, wanted = wish()
    left_in_doubt(service, tasks, wanted)
    result = tasks.run(privatekey_type="ECDSA", privatekey_size=384, **wanted)
    assert result["certificates"][0]["key"] == "ECDSA 384"


def test_an_attempt_for_a_key_that_lives_elsewhere_now(service: Simulator, tasks: Tasks) -> None:
    """The staged key is not what the certificate is for."""
    name, wanted = wish()
    left_in_doubt(service, tasks, wanted)
    hsm = keys.generate(keys.KeyKind("ECDSA", 256))
    stated = {
        "certificates": [
            {
                "path": str(tasks.folder / "cert.pem"),
                "public_key_content": keys.public_key_pem(hsm.public_key()),
                "public_key_signature": keys.prove_possession(hsm),
                **wanted,
            }
        ]
    }
    result = tasks.run(**stated)
    assert "was given up" in " ".join(result["warnings"])
    assert not tasks.run(**stated)["changed"]
    assert len(issued_for(service, name)) == 1


def test_a_pending_certificate_that_the_service_does_not_know(
    service: Simulator, tasks: Tasks
) -> None:
    """The record is wrong, or the account another one: it is looked for, and asked for again."""
    name, wanted = wish()
    service.control("POST", "/faults", {**GET, "action": "status", "status": 500, "times": 99})
    tasks.run(**wanted)
    service.control("DELETE", "/faults")
    (record,) = records(tasks)
    state = json.loads(record.read_bytes())
    issued = state["attempt"]["serial"]
    state["attempt"]["serial"] = "01" * 16
    record.write_text(json.dumps(state))
    result = tasks.run(**wanted)
    assert result["certificates"][0]["serial_number"] == issued
    assert issued_for(service, name) == [issued]


def test_listed_and_still_being_issued(service: Simulator, tasks: Tasks) -> None:
    """It may be the one in question, so nothing is asked for again."""
    name, wanted = wish()
    service.control("POST", "/settings", {"statistics_pending": True, "issuance_delay": 3600})
    service.control("POST", "/faults", {**POST, "action": "reset-after", "times": 1})
    try:
        failed = tasks.run(**wanted)
    finally:
        service.control("POST", "/settings", {"statistics_pending": False, "issuance_delay": 0})
    assert "still issuing it" in failed["msg"]
    service.control("POST", "/clock", {"move": 3700})
    try:
        assert tasks.run(**wanted)["changed"]
    finally:
        service.control("POST", "/clock", {"move": -3700})
    assert len(issued_for(service, name)) == 1


def test_nothing_is_sent_again_when_the_lease_is_over(service: Simulator, tasks: Tasks) -> None:
    """Another controller may be at it by then."""
    name, wanted = wish()
    service.control("POST", "/faults", {**POST, "action": "reset-before", "times": 1})
    moved: list[int] = []

    def sleep(_seconds: float) -> None:
        moved.append(3600)
        service.control("POST", "/clock", {"move": 3600})

    tasks.sleep = sleep
    try:
        assert "is not known" in tasks.run(**wanted)["msg"]
    finally:
        service.control("POST", "/clock", {"move": -sum(moved)})
    assert issued_for(service, name) == []


def test_accepted_and_not_issued_yet(service: Simulator, tasks: Tasks) -> None:
    """The next run fetches it by its serial number."""
    name, wanted = wish()
    service.control("POST", "/faults", {**GET, "action": "status", "status": 500, "times": 99})
    failed = tasks.run(**wanted)
    serial = issued_for(service, name)[0]
    assert serial in failed["msg"]
    service.control("DELETE", "/faults")
    service.control("DELETE", "/requests")
    result = tasks.run(**wanted)
    assert result["certificates"][0]["serial_number"] == serial
    paths = [request["path"] for request in service.control()]
    assert not any("/stats/" in path for path in paths)


def test_refused_by_the_issuing_ca(service: Simulator, tasks: Tasks) -> None:
    """A burnt serial number: the attempt is over, and the next run begins another."""
    _name, wanted = wish()
    service.control("POST", "/settings", {"refuse_later": True})
    try:
        assert "422" in tasks.run(**wanted)["msg"]
    finally:
        service.control("POST", "/settings", {"refuse_later": False})
    assert records(tasks) == []
    assert tasks.run(**wanted)["changed"]


def test_a_refused_request_leaves_no_key(service: Simulator, tasks: Tasks) -> None:
    result = tasks.run(san={"dns_names": ["www.not-verified.example"]})
    assert "no verified claim that covers www.not-verified.example" in result["msg"]
    assert records(tasks) == []
    assert not (tasks.folder / "key.pem").exists()


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_uncovered_name_is_found_before_anything_is_asked_for(
    service: Simulator, tasks: Tasks, check_mode: bool
) -> None:
    service.control("DELETE", "/requests")
    result = tasks.run(check_mode, san={"dns_names": ["www.not-verified.example"]})
    assert result["failed"], result
    assert "no verified claim that covers www.not-verified.example" in result["msg"]
    assert requests_of(service, "POST", "/certificates") == 0
    assert requests_of(service, "GET", "/claims/domains") == 1


@pytest.mark.parametrize("status", [403, 404, 500])
def test_claims_and_quota_that_cannot_be_read_stop_nothing(
    service: Simulator, tasks: Tasks, status: int
) -> None:
    _name, wanted = wish()
    for path in ("/claims/domains", "/quotas/issuance"):
        service.control(
            "POST",
            "/faults",
            {"method": "GET", "path": path, "action": "status", "status": status, "times": 99},
        )
    result = tasks.run(**wanted)
    assert (result["changed"], result["warnings"]) == (True, [])


def test_a_window_that_the_service_refuses(service: Simulator, tasks: Tasks) -> None:
    """Then all that was issued is looked through."""
    name, wanted = wish()
    refused = {"action": "status", "status": 422, "times": 99}
    service.control("POST", "/faults", {**POST, "action": "reset-after", "times": 1})
    service.control("POST", "/faults", {"method": "GET", "path": "/stats/expiring", **refused})
    result = tasks.run(**wanted)
    assert issued_for(service, name) == [result["certificates"][0]["serial_number"]]


@pytest.mark.parametrize("days", [170, -170])
def test_a_controller_whose_clock_is_wrong(service: Simulator, tasks: Tasks, days: int) -> None:
    """It buys nothing that is not due by the clock of the service, and says so."""
    name, wanted = wish()
    assert tasks.run(**wanted)["changed"]
    tasks.clock = lambda: time.time() + days * 86400
    result = tasks.run(**wanted)
    assert len(issued_for(service, name)) == 1
    assert not result["changed"]
    told = ["The clock of the controller is 170 days ahead of that of Atlas."]
    assert [text.partition(" What is due")[0] for text in result["warnings"]] == told[: days > 0]


def test_an_attempt_of_another_wish(service: Simulator, tasks: Tasks) -> None:
    """What was issued for a former wish is told of, not used and not revoked."""
    former, wanted = wish()
    service.control("POST", "/faults", {**POST, "action": "reset-after", "times": 1})
    service.control(
        "POST",
        "/faults",
        {"method": "GET", "path": "/stats/*", "action": "reset-before", "times": 99},
    )
    assert tasks.run(**wanted)["failed"]
    service.control("DELETE", "/faults")
    name, other = wish()
    result = tasks.run(**other)
    assert result["changed"], result
    orphan = issued_for(service, former)[0]
    assert orphan in result["warnings"][0]
    assert len(issued_for(service, name)) == 1


def test_too_much_to_look_through(service: Simulator, tasks: Tasks) -> None:
    """Where nobody can tell, nothing is sent again."""
    name, wanted = wish()
    for _number in range(2):
        service.issue()
    service.control("POST", "/faults", {**POST, "action": "reset-before", "times": 1})
    result = tasks.run(lookup_max=1, **wanted)
    assert "lookup_max" in result["msg"]
    assert issued_for(service, name) == []
    assert tasks.run(**wanted)["changed"]


def test_a_certificate_that_the_service_dated_otherwise(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found among what was issued since, where none ends when it was asked to."""
    monkeypatch.setattr(CertificateCalls, "expiring_between", lambda *_window: iter(()))
    name, wanted = wish()
    service.control("POST", "/faults", {**POST, "action": "reset-after", "times": 1})
    result = tasks.run(**wanted)
    assert issued_for(service, name) == [result["certificates"][0]["serial_number"]]


def test_two_runs_for_one_path(service: Simulator, tasks: Tasks) -> None:
    """As of fifty hosts that are delegated to one: one asks, the others wait and find it done."""
    name, wanted = wish()
    service.control("POST", "/faults", {**POST, "action": "delay", "seconds": 1, "times": 1})
    tasks.connection = {"read_timeout": 10, "total_timeout": 20}
    tasks.sleep = lambda seconds: time.sleep(seconds / 10)
    results = in_processes(tasks, wanted, 3)
    assert all("failed" not in result for result in results), results
    assert sum(result["changed"] for result in results) == 1
    assert len(issued_for(service, name)) == 1
    serials = {result["certificates"][0]["serial_number"] for result in results}
    assert serials == set(issued_for(service, name))


def in_processes(tasks: Tasks, wanted: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """The same task in several processes at a time."""
    pipes = []
    for _number in range(count):
        receiving, sending = os.pipe()
        if os.fork() == 0:
            try:
                os.write(sending, pickle.dumps(tasks.run(**wanted)))
            finally:
                os._exit(0)
        os.close(sending)
        pipes.append(receiving)
        time.sleep(0.1)
    results = []
    for receiving in pipes:
        with os.fdopen(receiving, "rb") as pipe:
            results.append(pickle.loads(pipe.read()))
        os.wait()
    return results


def test_guards_come_before_the_first_request(service: Simulator, tasks: Tasks) -> None:
    service.control("DELETE", "/requests")
    _name, wanted = wish()
    refused = tasks.run(allowed_names=["*.elsewhere.example"], **wanted)
    assert "allowed_names allows *.elsewhere.example" in refused["msg"]
    assert service.control() == []
    refused = tasks.run(min_quota=10**9, **wanted)
    assert "min_quota: 1 certificates are due" in refused["msg"]
    asked = [request["method"] for request in service.control()]
    assert asked.count("POST") == 1  # the login
