# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user is told, and how often; and what holds up nobody else."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.api.certificate_calls import (
    CertificateCalls,
)

from .counting import POST, bought, outcome_of, said, served, stated_for
from .whole_task import Tasks, at_once, elsewhere

STATISTICS = {"method": "GET", "path": "/stats/*", "action": "reset-before", "times": 99}
LEASE = 1800
"""Seconds after which that of a run is over."""


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    return Tasks(service, quick_path, {"settle": 0}, sleep=at_once)


@pytest.mark.parametrize("acknowledge", ["task", "later"])
def test_an_orphan_is_told_of_once(service: Simulator, tasks: Tasks, acknowledge: str) -> None:
    """At the latest `confirmed` is the end of it, as the role has it."""
    former, stated = stated_for("orphan"), stated_for("wanted")
    service.control("POST", "/faults", {**POST, "action": "reset-after", "times": 1})
    service.control("POST", "/faults", STATISTICS)
    assert tasks.run(**former)["failed"]
    service.control("DELETE", "/faults")
    (orphan,) = bought(service, former)
    first = tasks.run(acknowledge=acknowledge, **stated)
    assert orphan in said(first)
    tasks.run(state="confirmed", **stated)
    for _run in range(3):
        assert orphan not in said(tasks.run(acknowledge=acknowledge, **stated))
        assert orphan not in said(tasks.run(state="confirmed", **stated))
    assert len(bought(service, stated)) == 1


@pytest.mark.parametrize("acknowledge", ["task", "later"])
def test_a_request_that_nobody_needs_any_more_is_told_of_once(
    service: Simulator, tasks: Tasks, acknowledge: str
) -> None:
    """The former set is wanted again, so that nothing is due and nobody looks it up."""
    stated, other = stated_for("former"), stated_for("passing")
    tasks.run(**stated)
    service.control("POST", "/faults", {**POST, "action": "reset-after", "times": 1})
    service.control("POST", "/faults", STATISTICS)
    assert tasks.run(
        **{
            **stated,
            "san": {"dns_names": [*stated["san"]["dns_names"], *other["san"]["dns_names"]]},
        }
    )["failed"]
    service.control("DELETE", "/faults")
    first = tasks.run(acknowledge=acknowledge, **stated)
    assert first["warnings"]
    tasks.run(state="confirmed", **stated)
    for _run in range(3):
        assert tasks.run(acknowledge=acknowledge, **stated)["warnings"] == []
        assert tasks.run(state="confirmed", **stated)["warnings"] == []


def test_what_another_run_took_over_is_named(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that got its answer too late is overtaken, by one that could not find what was issued:
    nothing is replaced, and the surplus certificate is named."""
    stated = stated_for("overtaken")
    later = [0]

    def clock() -> float:
        return time.time() + later[0]

    other = replace(tasks, clock=clock, new_run=elsewhere)
    tasks.clock = clock
    honest = CertificateCalls.request_certificate

    def request(self: CertificateCalls, body: Any) -> Any:
        answer = honest(self, body)
        if not later[0]:
            later[0] = LEASE
            service.control("POST", "/clock", {"move": LEASE})
            assert other.run(**stated)["changed"]
        return answer

    monkeypatch.setattr(CertificateCalls, "request_certificate", request)
    service.control("POST", "/settings", {"statistics_delay": 2 * LEASE})
    try:
        result = outcome_of(tasks, **stated)
    finally:
        service.control("POST", "/clock", {"move": -LEASE})
        service.control("POST", "/settings", {"statistics_delay": 0})
    surplus, used = bought(service, stated)
    assert served(tasks.folder) == used
    assert surplus in said(result)


@pytest.mark.parametrize("unknown", [0, 1])
def test_a_certificate_that_stays_pending_holds_up_no_other(
    service: Simulator, tasks: Tasks, unknown: int
) -> None:
    """Beside it, and beside one whose answer was lost, those are obtained that can be."""
    slow, lost, quick = stated_for("slow"), stated_for("lost"), stated_for("quick")
    passed = [0.0]

    def sleep(seconds: float) -> None:
        service.control("POST", "/clock", {"move": round(seconds)})
        passed[0] += round(seconds)

    def item(stated: dict[str, Any]) -> dict[str, Any]:
        name = stated["san"]["dns_names"][0]
        paths = {"path": f"{name}.crt", "privatekey_path": f"{name}.key"}
        return {**stated, **{key: str(tasks.folder / path) for key, path in paths.items()}}

    tasks.sleep, tasks.clock = sleep, lambda: time.time() + passed[0]
    tasks.options["settle"] = 60
    service.control("POST", "/settings", {"issuance_delay": 10**6})
    try:
        assert tasks.run(certificates=[item(slow)])["failed"]
    finally:
        service.control("POST", "/settings", {"issuance_delay": 0})
    if unknown:
        service.control("POST", "/faults", {**POST, "action": "reset-before", "times": 99})
        service.control("POST", "/faults", STATISTICS)
        assert tasks.run(certificates=[item(lost)])["failed"]
        service.control("DELETE", "/faults")
    try:
        items = [item(slow), *[item(lost)] * unknown, item(quick)]
        entries = tasks.run(certificates=items)["certificates"]
    finally:
        service.control("POST", "/clock", {"move": -int(passed[0])})
    assert ["failed" in entry for entry in entries] == [True, *[False] * unknown, False], entries
    assert len(bought(service, slow)) == len(bought(service, quick)) == 1
    assert len(bought(service, lost)) == unknown


@pytest.mark.parametrize(
    ("stated", "names"),
    [
        ({"valid_for": "4000d"}, "valid_for"),
        ({"not_after": "2099-01-01T00:00:00Z"}, "not_after"),
    ],
    ids=["valid_for", "not_after"],
)
def test_a_time_is_named_as_it_was_stated(
    service: Simulator, tasks: Tasks, stated: dict[str, Any], names: str
) -> None:
    """By its option and as a date, not in UNIX seconds."""
    message = outcome_of(tasks, **stated, **stated_for("dates"))["msg"]
    assert names in message
    assert names == "valid_for" or stated[names] in message
    assert not any(word.strip("'.;,").isdigit() and len(word) > 8 for word in message.split())


def test_a_used_up_quota_is_foretold(service: Simulator, tasks: Tasks) -> None:
    """In check mode too, and before anything is sent."""
    stated = stated_for("quota")
    service.control("POST", "/quota", {"quota": 0})
    service.control("DELETE", "/requests")
    try:
        results = [outcome_of(tasks, check_mode=mode, **stated) for mode in (True, False)]
    finally:
        service.control("POST", "/quota", {"quota": 1_000_000})
    assert ["quota" in result.get("msg", "") for result in results] == [True, True]
    assert posts(service) == 0


def test_a_quota_for_some_of_the_certificates(service: Simulator, tasks: Tasks) -> None:
    """What there is quota for may be issued; nobody sends a request that will be refused."""
    stated = [stated_for("some") for _number in range(3)]
    items = [
        {
            **each,
            "path": str(tasks.folder / f"{number}.crt"),
            "privatekey_path": str(tasks.folder / f"{number}.key"),
        }
        for number, each in enumerate(stated)
    ]
    service.control("POST", "/quota", {"quota": 2})
    service.control("DELETE", "/requests")
    try:
        result = outcome_of(tasks, certificates=items)
    finally:
        service.control("POST", "/quota", {"quota": 1_000_000})
    assert "quota" in result["msg"]
    assert posts(service) == sum(len(bought(service, each)) for each in stated) <= 2


def test_a_name_without_a_claim_is_foretold(service: Simulator, tasks: Tasks) -> None:
    service.control("DELETE", "/requests")
    for check_mode in (True, False):
        result = outcome_of(
            tasks, check_mode=check_mode, san={"dns_names": ["www.not-verified.example"]}
        )
        assert "www.not-verified.example" in result.get("msg", ""), result
    assert posts(service) == 0


def test_a_name_without_a_claim_stops_no_other(service: Simulator, tasks: Tasks) -> None:
    good = stated_for("covered")
    items = [
        {
            "path": str(tasks.folder / f"{number}.crt"),
            "privatekey_path": str(tasks.folder / f"{number}.key"),
            "san": {"dns_names": [name]},
        }
        for number, name in enumerate(["www.not-verified.example", *good["san"]["dns_names"]])
    ]
    service.control("DELETE", "/requests")
    bad, covered = tasks.run(certificates=items)["certificates"]
    assert "www.not-verified.example" in bad["msg"]
    assert covered["serial_number"] == bought(service, good)[0]
    assert posts(service) == 1


def posts(service: Simulator) -> int:
    """How many certificates were requested."""
    requested = [(each["method"], each["path"]) for each in service.control()]
    return requested.count(("POST", "/v2/certificates"))
