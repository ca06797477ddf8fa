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
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

from .conftest import IMPATIENT
from .whole_task import Tasks

POST = {"method": "POST", "path": "/certificates"}
GET = {"method": "GET", "path": "/certificates/*"}
numbers = itertools.count(1)


@pytest.fixture
def tasks(service: Simulator, tmp_path: Path) -> Tasks:
    connection = {"read_timeout": IMPATIENT, "total_timeout": 10}
    return Tasks(service, tmp_path, {"settle": 1}, connection)


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
    service.control("POST", "/faults", {**POST, **fault, "times": 1})
    result = tasks.run(**wanted)
    assert result["changed"], result
    assert issued_for(service, name) == [result["certificates"][0]["serial_number"]]


@pytest.mark.parametrize(
    "fault",
    [
        {"action": "reset-after"},
        {"action": "delay-answer", "seconds": IMPATIENT + 0.4},
        {"action": "html", "status": 200},
        {"action": "status", "status": 500},
    ],
    ids=str,
)
def test_nothing_is_known_until_the_next_run(
    service: Simulator, tasks: Tasks, fault: dict[str, Any]
) -> None:
    """Not even the look-ups of the first run get an answer."""
    name, wanted = wish()
    service.control("POST", "/faults", {**POST, **fault, "times": 9})
    service.control("POST", "/faults", {"method": "GET", "path": "/stats/*", **fault, "times": 99})
    failed = tasks.run(**wanted)
    assert failed["failed"], failed
    assert len(issued_for(service, name)) <= 1
    service.control("DELETE", "/faults")
    result = tasks.run(**wanted)
    assert result["changed"], result
    assert issued_for(service, name) == [result["certificates"][0]["serial_number"]]
    assert not tasks.run(**wanted)["changed"]


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
    assert list(tasks.folder.rglob("private/key.pem")) == []
    assert tasks.run(**wanted)["changed"]


def test_a_refused_request_leaves_no_key(service: Simulator, tasks: Tasks) -> None:
    result = tasks.run(san={"dns_names": ["www.not-verified.example"]})
    assert "no verified claim that covers www.not-verified.example" in result["msg"]
    assert list(tasks.folder.rglob("private/key.pem")) == []
    assert not (tasks.folder / "key.pem").exists()


def test_preflight_finds_an_uncovered_name(service: Simulator, tasks: Tasks) -> None:
    before = len(service.control("GET", "/ledger"))
    result = tasks.run(san={"dns_names": ["www.not-verified.example"]}, preflight="server")
    assert "www.not-verified.example" in result["msg"]
    assert len(service.control("GET", "/ledger")) == before
    assert tasks.run(preflight="server")["changed"]


def test_a_service_that_issues_at_the_preflight(service: Simulator, tasks: Tasks) -> None:
    """What it issued is used, and nothing else is asked for."""
    service.control("POST", "/settings", {"ignore_mode": True})
    name, wanted = wish()
    try:
        result = tasks.run(preflight="server", **wanted)
    finally:
        service.control("POST", "/settings", {"ignore_mode": False})
    assert result["changed"]
    assert "does not know preflight" in result["warnings"][0]
    assert issued_for(service, name) == [result["certificates"][0]["serial_number"]]


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
    with pytest.raises(AtlasError, match="min_quota: 1 certificates are due"):
        tasks.run(min_quota=10**9, **wanted)
    asked = [request["method"] for request in service.control()]
    assert asked.count("POST") == 1  # the login
