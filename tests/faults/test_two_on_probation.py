# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several sets, one after the other, before any of them was confirmed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from .counting import (
    Stated,
    bought,
    key_matches,
    serial_of,
    served,
    stated_for,
    statuses,
    warned,
)
from .whole_task import Tasks

LAYOUTS = ["plain", "linked"]


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    return Tasks(service, quick_path, {"settle": 0, "revoke_superseded": True})


def tried(tasks: Tasks, stated: Stated, count: int) -> list[str]:
    """Sets that were put in place and not confirmed, each with other names."""
    serials = []
    for number in range(count):
        names = [*stated["san"]["dns_names"], f"more{number}.quillon.example"]
        other = {**stated, "san": {"dns_names": names}}
        serials.append(serial_of(tasks.run(acknowledge="later", **other)))
    return serials


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count", [2, 3])
def test_switched_back_to_the_confirmed_one(
    service: Simulator, tasks: Tasks, layout: str, count: int
) -> None:
    """And what is served then is never revoked."""
    stated: dict[str, Any] = {**stated_for("probation"), "layout": layout}
    confirmed = serial_of(tasks.run(**stated))
    rejected = tried(tasks, stated, count)
    back = tasks.run(state="previous", **stated)
    assert serial_of(back) == served(tasks.folder) == confirmed
    assert key_matches(tasks.folder)
    tasks.run(state="confirmed", **stated)
    assert statuses(service)[confirmed] == "ISSUED"
    assert served(tasks.folder) == confirmed
    assert not tasks.run(state="previous", **stated)["changed"]
    assert bought(service, stated) == [confirmed, *rejected]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_was_not_confirmed_is_replaced_aloud(
    service: Simulator, tasks: Tasks, layout: str
) -> None:
    """When the last is confirmed, nothing that is served is revoked, and what was issued in
    between is revoked or named."""
    stated: dict[str, Any] = {**stated_for("between"), "layout": layout}
    confirmed = serial_of(tasks.run(**stated))
    between, last = tried(tasks, stated, 2)
    names = [*stated["san"]["dns_names"], "more1.quillon.example"]
    result = tasks.run(state="confirmed", **{**stated, "san": {"dns_names": names}})
    after = statuses(service)
    assert served(tasks.folder) == last
    assert after[last] == "ISSUED"
    assert after[confirmed] == "REVOKED"
    assert after[between] == "REVOKED" or between in warned(result)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_wish_of_the_first_again(service: Simulator, tasks: Tasks, layout: str) -> None:
    """After two bad ones the first is wanted again, and lies there."""
    stated: dict[str, Any] = {**stated_for("again"), "layout": layout}
    confirmed = serial_of(tasks.run(**stated))
    rejected = tried(tasks, stated, 2)
    tasks.run(state="previous", **stated)
    assert serial_of(tasks.run(**stated)) == confirmed
    assert not tasks.run(**stated)["changed"]
    assert bought(service, stated) == [confirmed, *rejected]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_set_that_fails_its_check_after_one_on_probation(
    service: Simulator, tasks: Tasks, layout: str
) -> None:
    """The files are those of the confirmed set again, and it says so; the one that was tried in
    between is kept from being forgotten."""
    stated: dict[str, Any] = {**stated_for("checked"), "layout": layout}
    confirmed = serial_of(tasks.run(**stated))
    (pending,) = tried(tasks, stated, 1)
    names = [*stated["san"]["dns_names"], "bad.quillon.example"]
    bad = {**stated, "san": {"dns_names": names}}
    failed = tasks.run(acknowledge="later", validate="/bin/false", **bad)
    assert f"those of {confirmed} again" in failed["msg"]
    assert served(tasks.folder) == confirmed
    assert key_matches(tasks.folder)
    assert statuses(service)[confirmed] == "ISSUED"
    result = tasks.run(**bad)
    assert served(tasks.folder) == serial_of(result) == bought(service, stated)[-1]
    assert statuses(service) | {confirmed: "REVOKED", pending: "REVOKED"} == statuses(service)
