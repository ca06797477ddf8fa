# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Another machine with the same disk: a container made anew, a clone, a volume that moved."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulator.conftest import Simulator

from .counting import POST, bought, key_matches, serial_of, served, stated_for, warned
from .whole_task import Tasks, at_once, on_another_machine

STATISTICS = {"method": "GET", "path": "/stats/*", "action": "reset-before", "times": 99}
FETCHES = {"method": "GET", "path": "/certificates/*", "action": "status", "status": 500}


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    return Tasks(service, quick_path, {"settle": 0}, sleep=at_once)


@pytest.mark.parametrize("known", ["its serial number", "nothing"])
def test_what_was_requested_before_is_looked_up_and_used(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    """Nothing else is bought, as its key lies here."""
    stated = stated_for("moved")
    if known == "nothing":
        service.control("POST", "/faults", {**POST, "action": "reset-after", "times": 9})
        service.control("POST", "/faults", STATISTICS)
    else:
        service.control("POST", "/faults", {**FETCHES, "times": 99})
    assert tasks.run(**stated)["failed"]
    service.control("DELETE", "/faults")
    on_another_machine(monkeypatch)
    result = tasks.run(**stated)
    assert bought(service, stated) == [serial_of(result)] == [served(tasks.folder)]
    assert key_matches(tasks.folder)


def test_what_was_not_found_is_given_up_aloud(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other machine may be about to send it, so its key is not used for another request."""
    stated = stated_for("unsent")
    service.control("POST", "/faults", {**POST, "action": "reset-before", "times": 9})
    service.control("POST", "/faults", STATISTICS)
    assert tasks.run(**stated)["failed"]
    service.control("DELETE", "/faults")
    on_another_machine(monkeypatch)
    result = tasks.run(**stated)
    assert bought(service, stated) == [serial_of(result)]
    assert "machine" in warned(result)


def test_a_set_in_place_is_no_matter_of_machines(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = stated_for("stays")
    serial = serial_of(tasks.run(**stated))
    on_another_machine(monkeypatch)
    assert not tasks.run(**stated)["changed"]
    assert bought(service, stated) == [serial]
