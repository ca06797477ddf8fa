# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Drawn histories of sets on probation: tried, confirmed, returned from, refused by `validate`, in
either layout, and killed on the way.

Whatever came before, `previous` leads back to what was confirmed last, nothing that is served or
confirmed is ever revoked, and what is served is one set.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from .conftest import folder_in_memory
from .counting import key_matches, served
from .killing import NotReachedError, run_here
from .model_service import Clock, ModelClient, ModelService
from .sights import belong_together, is_switching, on_disk
from .whole_task import Tasks

EXAMPLES = os.environ.get("ATLAS_HISTORIES_EXAMPLES")
NAMES = [f"{word}.quillon.example" for word in ("one", "two", "three")]
LAYOUTS = ["plain", "linked"]
TASK, LATER, BAD, PREVIOUS, CONFIRMED = "task", "later", "bad", "previous", "confirmed"
OPTIONS: dict[str, dict[str, Any]] = {
    TASK: {},
    LATER: {"acknowledge": "later"},
    BAD: {"acknowledge": "later", "validate": "/bin/false"},
    PREVIOUS: {"state": "previous"},
    CONFIRMED: {"state": "confirmed"},
}


@dataclass(frozen=True)
class Step:
    """One run: what it does, for which name and in which layout, and before which of its node's
    file operations that is killed, if it comes so far."""

    what: str
    name: int = 0
    layout: str = "plain"
    dies_at: int | None = None


steps = st.builds(
    Step,
    what=st.sampled_from([TASK, LATER, LATER, BAD, PREVIOUS, CONFIRMED]),
    name=st.integers(0, len(NAMES) - 1),
    layout=st.sampled_from(LAYOUTS),
    dies_at=st.one_of(st.none(), st.none(), st.integers(0, 90)),
)


@dataclass
class Site:
    """One certificate of one node. `confirmed` are what may have been confirmed last: several
    where a run was killed that may have done so."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    confirmed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.service = ModelService(self.clock, 0)
        self._tasks = Tasks(
            cast("Any", None),
            self.folder,
            {"settle": 0, "revoke_superseded": True},
            open_client=lambda: ModelClient(self.service, self.clock, (), (), lambda: None),
            sleep=self.clock.sleep,
            clock=lambda: self.clock.now,
        )

    @property
    def served(self) -> str:
        """The serial number of what is deployed."""
        return served(self.folder)

    def take(self, step: Step) -> dict[str, Any] | None:
        """A run; None if it was killed, or may have been."""
        self.clock.sleep(3600)
        options = {"san": {"dns_names": [NAMES[step.name]]}, "layout": step.layout}
        options.update(OPTIONS[step.what])
        if step.dies_at is None:
            return self._tasks.run(**options)
        with contextlib.suppress(NotReachedError):
            run_here(self._tasks, step.dies_at, **options)
        return None


@pytest.fixture(autouse=True, scope="module")
def short_pauses() -> None:
    """Time is virtual, and nothing here needs the simulator that this usually waits for."""


@settings(
    max_examples=int(EXAMPLES or 60),
    derandomize=EXAMPLES is None,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.sampled_from(LAYOUTS), st.lists(steps, min_size=2, max_size=7))
def test_whatever_is_tried(layout: str, history: list[Step]) -> None:
    note(str(history))
    with folder_in_memory() as folder:
        site = Site(folder)
        begun = site.take(Step(TASK, layout=layout))
        assert begun is not None
        assert begun["changed"], begun
        site.confirmed = {site.served}
        for step in history:
            before = site.served
            note_what_came_of(site, step, before, site.take(step))
            check(site)
        site.take(Step(PREVIOUS, layout=layout))
        assert site.served in site.confirmed
        check(site)
        assert key_matches(site.folder)


@pytest.mark.parametrize("dies_at", range(8, 60, 4))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_set_that_was_cut_off_and_is_given_up(layout: str, dies_at: int) -> None:
    """The one before it, which nobody confirmed, is wanted again: it can be confirmed."""
    with folder_in_memory() as folder:
        site = Site(folder)
        for step in (
            Step(TASK, layout=layout),
            Step(LATER, 2, layout),
            Step(TASK, 0, layout, dies_at),
            Step(TASK, 2, layout),
        ):
            site.take(step)
        result = site.take(Step(CONFIRMED, 2, layout))
        assert result is not None
        assert "failed" not in result, result["msg"]
        served_now = site.served
        again = site.take(Step(TASK, 2, layout))
        assert again is not None
        assert not again["changed"]
        assert (site.served, key_matches(site.folder)) == (served_now, True)


def note_what_came_of(site: Site, step: Step, before: str, result: dict[str, Any] | None) -> None:
    if result is None:
        if step.what in (TASK, CONFIRMED):
            site.confirmed |= {site.served, *issued_last(site)}
        return
    has_failed = "failed" in result
    if step.what == PREVIOUS and not has_failed:
        assert site.served in site.confirmed, result
        site.confirmed = {site.served}
    elif step.what in (TASK, CONFIRMED) and not has_failed:
        site.confirmed = {site.served}
    elif step.what == BAD and has_failed:
        assert site.served in {before, *site.confirmed}, result


def issued_last(site: Site) -> list[str]:
    """What a killed run may have been about to put in place."""
    return [site.service.orders[-1].serial]


def check(site: Site) -> None:
    sight = on_disk(site.folder)
    assert all(sight), "a file is missing"
    assert belong_together(sight) or is_switching(site.folder), "a mixed set that nobody knows of"
    revoked = {order.serial for order in site.service.orders if order.is_revoked}
    assert site.served not in revoked, "what is served was revoked"
    assert not site.confirmed <= revoked, "what is confirmed was revoked"
