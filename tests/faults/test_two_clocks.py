# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two clocks: that of the controller, and that of the service.

Certificates are dated, issued and listed by the service's. A controller whose clock is wrong by
minutes or months requests no second certificate, and says how far it is off.
"""

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

from .counting import DAY, POST, bought, said, serial_of, served, shifted, stated_for, warned
from .whole_task import Tasks, at_once, elsewhere

MINUTES = 60
STATISTICS = {"method": "GET", "path": "/stats/*"}


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    return Tasks(service, quick_path, {"settle": 1}, sleep=at_once)


def test_what_only_a_wrong_clock_takes_for_due(service: Simulator, tasks: Tasks) -> None:
    stated = stated_for("ahead")
    serial = serial_of(tasks.run(**stated))
    tasks.clock = shifted(170 * DAY)
    for _run in range(3):
        result = tasks.run(**stated)
        assert bought(service, stated) == [serial]
        assert "clock" in warned(result)
        assert not result["changed"]
    assert served(tasks.folder) == serial


def test_check_mode_judges_by_the_clock_of_the_service(service: Simulator, tasks: Tasks) -> None:
    stated = stated_for("foretold")
    tasks.run(**stated)
    tasks.clock = shifted(170 * DAY)
    foretold = tasks.run(check_mode=True, **stated)
    assert not foretold["changed"]
    assert "clock" in warned(foretold)


@pytest.mark.parametrize("shift", [170 * DAY, 2 * DAY, 15 * MINUTES])
@pytest.mark.parametrize("direction", [1, -1], ids=["ahead", "behind"])
def test_the_first_certificate_of_a_controller_with_a_wrong_clock(
    service: Simulator, tasks: Tasks, shift: int, direction: int
) -> None:
    """The one that is issued serves an honest controller, too."""
    stated = stated_for("first")
    tasks.clock = shifted(shift * direction)
    assert "clock" in said(tasks.run(**stated))
    for _run in range(2):
        tasks.run(**stated)
    tasks.clock = time.time
    assert bought(service, stated) == [serial_of(tasks.run(**stated))]


def test_a_minute_is_no_reason_for_a_warning(tasks: Tasks) -> None:
    tasks.clock = shifted(MINUTES)
    result = tasks.run(**stated_for("minute"))
    assert result["changed"]
    assert "clock" not in said(result)


@pytest.mark.parametrize("validity", ["truncated", "clamped", "backdated"])
@pytest.mark.parametrize("shift", [15 * MINUTES, -15 * MINUTES, 2 * DAY, -2 * DAY])
@pytest.mark.parametrize("found_by", ["this run", "the next run"])
def test_a_lost_answer_and_a_ca_that_moves_dates(
    service: Simulator, tasks: Tasks, validity: str, shift: int, found_by: str
) -> None:
    """What was issued is looked for in the service's time, whichever controller looks."""
    stated = stated_for("lost")
    service.control("POST", "/settings", {"validity": validity})
    service.control("POST", "/faults", {**POST, "action": "reset-after", "times": 1})
    if found_by == "the next run":
        service.control("POST", "/faults", {**STATISTICS, "action": "reset-before", "times": 99})
    tasks.clock = shifted(shift)
    try:
        result = tasks.run(**stated)
        if found_by == "the next run":
            assert result["failed"]
            service.control("DELETE", "/faults")
            tasks.clock = shifted(-shift)
            result = tasks.run(**stated)
    finally:
        service.control("POST", "/settings", {"validity": "exact"})
    assert bought(service, stated) == [serial_of(result)]


@pytest.mark.parametrize("shift", [10 * MINUTES, 2 * DAY, -2 * DAY])
def test_two_controllers_that_differ_on_the_time(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch, shift: int
) -> None:
    """The lease of the first holds for the second, whatever its clock says."""
    stated = stated_for("two")
    other = replace(tasks, clock=shifted(shift), new_run=elsewhere)
    of_other: list[dict[str, Any]] = []
    honest = CertificateCalls.request_certificate

    def request(self: CertificateCalls, body: Any) -> Any:
        if not of_other:
            of_other.append({})
            of_other[0] = other.run(**stated)
        return honest(self, body)

    monkeypatch.setattr(CertificateCalls, "request_certificate", request)
    result = tasks.run(**stated)
    assert bought(service, stated) == [serial_of(result)]
    assert of_other[0]["failed"]
    assert served(tasks.folder) == serial_of(result)


def test_all_workers_of_a_run_find_out(service: Simulator, tasks: Tasks, quick_path: Path) -> None:
    """Token, policy and chain are read once for all, so the others may have no answer yet that
    tells the time."""
    service.control("POST", "/clock", {"move": -170 * DAY})
    workers = []
    try:
        for number in range(3):
            folder = quick_path / f"host{number}"
            folder.mkdir()
            worker = replace(tasks, folder=folder, clock=shifted(-170 * DAY))
            workers.append((worker, stated_for("worker")))
            assert worker.run(**workers[-1][1])["changed"]
        scratch = quick_path / "scratch"
        scratch.mkdir()
        for worker, stated in workers:
            result = replace(worker, clock=time.time, scratch=scratch).run(**stated)
            assert len(bought(service, stated)) == 1
            assert "clock" in warned(result)
            assert not result["changed"]
            assert "failed" not in result
    finally:
        service.control("POST", "/clock", {"move": 170 * DAY})
