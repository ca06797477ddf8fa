# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An end that the task fixes: what is renewed before it could last no longer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from simulator.conftest import Simulator

from .counting import DAY, bought, serial_of, stated_for, warned
from .whole_task import Tasks

Move = Callable[[float], None]


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    return Tasks(service, quick_path, {"settle": 0})


@pytest.fixture
def move_to(service: Simulator, tasks: Tasks) -> Iterator[Move]:
    """Sets all clocks to so many seconds from now."""
    moved = [0.0]

    def move(to: float) -> None:
        service.control("POST", "/clock", {"move": int(to - moved[0])})
        moved[0] = to
        tasks.clock = lambda: time.time() + to

    yield move
    move(0)


def moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def test_not_bought_again_with_the_same_end(
    service: Simulator, tasks: Tasks, move_to: Move
) -> None:
    """Due by `renew_before` until its end, in which time it is the task that has to change."""
    stated = {**stated_for("fixed"), "not_after": moment(40 * DAY)}
    serial = serial_of(tasks.run(**stated))
    for to in (28 * DAY, 35 * DAY, 39 * DAY, 40 * DAY - 7200, 40 * DAY - 600):
        move_to(to)
        result = tasks.run(**stated)
        assert bought(service, stated) == [serial], f"after {to / DAY:.2f} days"
        assert serial_of(result) == serial
        assert "not_after" in warned(result)
        assert not result["changed"]


def test_a_later_end_is_bought_at_once_when_it_is_due(
    service: Simulator, tasks: Tasks, move_to: Move
) -> None:
    stated = stated_for("later")
    tasks.run(not_after=moment(40 * DAY), **stated)
    move_to(35 * DAY)
    result = tasks.run(not_after=moment(60 * DAY), **stated)
    assert bought(service, stated)[1:] == [serial_of(result)]


def test_forced_all_the_same(service: Simulator, tasks: Tasks, move_to: Move) -> None:
    stated = {**stated_for("forced"), "not_after": moment(40 * DAY)}
    tasks.run(**stated)
    move_to(35 * DAY)
    tasks.run(force=True, **stated)
    assert len(bought(service, stated)) == 2
