# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed anywhere, a plain re-run is enough: one certificate for each wish, and a matching set.

Every request and every file operation of a task is a moment at which it is killed, enumerated and
not sampled (docs/certificates.md, "What is guaranteed").

Until the last request, each moment is a task of its own: what the service has issued by then is a
part of what the next run finds. After it the service changes no more, so all moments that follow
are found in one run, as the copies of its files that were made before each operation; how its
controller takes the loss of a step is seen where the answers of these steps are lost.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates

from .conftest import folder_in_memory
from .counting import shifted
from .killing import AFTER, BEFORE, NODE, Ended, Moment, run_here, run_killed
from .sights import belong_together, left_over, on_disk, watching
from .whole_task import Tasks, at_once

OLD = "old.quillon.example"
MINUTE, DAY = 60, 86400
CLOCKS = {
    ("renewal", "plain"): (15 * MINUTE, -15 * MINUTE),
    ("renewal", "linked"): (-2 * DAY, 2 * DAY),
    ("first", "plain"): (170 * DAY, -170 * DAY),
    ("first", "linked"): (-4 * MINUTE, 4 * MINUTE),
    ("adoption", "plain"): (0, 0),
    ("adoption", "linked"): (-170 * DAY, 15 * MINUTE),
    ("fewer", "plain"): (2 * DAY, -4 * MINUTE),
    ("fewer", "linked"): (0, 170 * DAY),
    ("followed", "plain"): (-15 * MINUTE, 2 * DAY),
    ("followed", "linked"): (4 * MINUTE, 0),
}
"""How far the clock of the controller is ahead of the service's, for the run that is killed and for
the one after it."""
LAYOUTS = ["plain", "linked"]


def tasks_in(service: Simulator, folder: Path, layout: str, scratch: Path | None = None) -> Tasks:
    options = {"layout": layout, "settle": 1}
    return Tasks(service, folder, options, sleep=at_once, scratch=scratch)


def wish(tasks: Tasks, kind: str, name: str) -> dict[str, Any]:
    """A certificate for this name, where the kind is `fewer` by a task that names some of its
    files only."""
    stated = {"san": {"dns_names": [f"{name}.quillon.example"]}}
    if kind != "fewer":
        return stated
    paths = {option: tasks.paths()[option] for option in ("path", "privatekey_path")}
    return {"certificates": [{**paths, **stated}]}


@dataclass(frozen=True)
class Places:
    """Where the files are, and copies of that folder by kind and layout: empty ones, ones with an
    older certificate in place, ones where that is in the other layout, and ones where the user has
    links that lead to it.

    All are of one place, because a certificate is known by where its files are.
    """

    folder: Path
    templates: dict[tuple[str, str], Path]

    def fill(self, kind: str, layout: str) -> None:
        """Have the folder be as one of the copies."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.templates[kind, layout], self.folder, symlinks=True)


@pytest.fixture(scope="module")
def places(service: Simulator) -> Iterator[Places]:
    with folder_in_memory() as memory:
        made = Places(memory / "ssl", {})
        for layout, other in zip(LAYOUTS, reversed(LAYOUTS)):
            made.folder.mkdir()
            made.templates["first", layout] = memory / f"{layout}-first"
            shutil.copytree(made.folder, made.templates["first", layout])
            result = tasks_in(service, made.folder, layout).run(san={"dns_names": [OLD]})
            assert result["changed"], result
            filled = memory / f"{layout}-renewal"
            made.folder.rename(filled)
            made.templates["renewal", layout] = made.templates["adoption", other] = filled
            made.templates["fewer", layout] = filled
            made.templates["followed", layout] = memory / f"{layout}-followed"
            (made.folder / "real").mkdir(parents=True)
            for name in ("cert.pem", "key.pem", "chain.pem"):
                (made.folder / name).symlink_to(f"real/{name}")
            tasks_in(service, made.folder, layout).run(san={"dns_names": [OLD]})
            made.folder.rename(made.templates["followed", layout])
        yield made


def user_links(folder: Path) -> int:
    """How many paths are links that the user made."""
    return sum(
        path.is_symlink() and path.readlink() == Path("real", path.name)
        for path in folder.glob("*.pem")
    )


def alone_from(whole: Ended) -> int:
    """The first file operation of the node after the last request."""
    return whole.asked.index(whole.requests)


def replayed(whole: Ended) -> Iterator[Moment]:
    """Before and after each request; before each file operation until the last of them, and where
    the answer of a later step is lost."""
    for number in range(whole.requests):
        yield Moment(BEFORE, number)
        yield Moment(AFTER, number)
    yield from (Moment(NODE, number) for number in range(alone_from(whole)))
    yield from (Moment(NODE, number) for number in whole.answers if number >= alone_from(whole))


def copied(whole: Ended) -> Iterator[Moment]:
    """Before each later file operation; that is after the last, and before each answer too."""
    yield from (Moment(NODE, number) for number in range(alone_from(whole), whole.operations))


def issued(service: Simulator) -> dict[str, list[str]]:
    """The serial numbers of all certificates by their only name."""
    serials: dict[str, list[str]] = {}
    for entry in service.control("GET", "/ledger"):
        (name,) = entry["names"]
        serials.setdefault(name, []).append(entry["serial_number"])
    return serials


@contextmanager
def told_when(moment: Moment) -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        error.add_note(f"killed {moment}")
        raise


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["renewal", "first", "adoption", "fewer", "followed"])
def test_killed_at_every_moment(
    service: Simulator,
    places: Places,
    quick_path: Path,
    layout: str,
    kind: str,
) -> None:
    """Those of the node that are replayed share token, policy and chain with the first run."""
    name = f"whole-{kind}-{layout}"
    tasks = tasks_in(service, places.folder, layout, quick_path / "scratch")
    tasks.clock = shifted(CLOCKS[kind, layout][0])
    places.fill(kind, layout)
    with watching(tasks.folder) as watch:
        whole = run_here(tasks, watch=watch, copies=quick_path, **wish(tasks, kind, name))
    watch.check(layout, kind == "first")
    assert whole.result is not None
    assert whole.result["changed"]
    steps = ("inspect", "prepare", "install", "acknowledge")
    assert tuple(dict.fromkeys(whole.steps)) == steps  # what is due is judged again by right time
    assert len([*replayed(whole), *copied(whole)]) > 80
    serials = {name: check_again(tasks, kind, name)}
    for moment in copied(whole):
        shutil.rmtree(tasks.folder)
        (quick_path / str(moment.number)).rename(tasks.folder)
        with told_when(moment):
            assert check_again(tasks, kind, name) == serials[name]
    for number, moment in enumerate(replayed(whole)):
        name = f"k{number}-{kind}-{layout}"
        places.fill(kind, layout)
        with told_when(moment):
            check_killed(tasks, kind, moment, name)
            serials[name] = check_again(tasks, kind, name)
    counted_there = issued(service)
    there = {name: counted_there[f"{name}.quillon.example"] for name in serials}
    assert there == {name: [serial] for name, serial in serials.items()}


def check_killed(tasks: Tasks, kind: str, moment: Moment, name: str) -> None:
    """Kill a task at a moment. Who lost the node asks nothing more of it."""
    if moment.half != NODE:
        tasks = replace(tasks, scratch=tasks.scratch and tasks.scratch.with_name(name))
    with watching(tasks.folder) as watch:
        killed = run_killed(tasks, moment, watch, **wish(tasks, kind, name))
        watch.look()
    watch.check(tasks.options["layout"], kind == "first")
    if moment.half == NODE:
        assert killed.result is not None
        assert killed.result["failed"]
        assert killed.operations == moment.number + 1


def check_again(tasks: Tasks, kind: str, name: str) -> str:
    """Run a killed task again, and once more where the clocks agree; the serial number that is
    deployed then."""
    at_another_time = replace(tasks, clock=shifted(CLOCKS[kind, tasks.options["layout"]][1]))
    with watching(tasks.folder) as watch:
        again = run_here(at_another_time, watch=watch, **wish(tasks, kind, name))
    watch.check(tasks.options["layout"], kind == "first")
    assert again.result is not None
    assert "failed" not in again.result, again.result
    sight = on_disk(tasks.folder)
    assert all(sight)
    assert belong_together(sight)
    third = run_here(replace(tasks, clock=time.time), **wish(tasks, kind, name))
    assert third.result is not None
    assert not third.result["changed"]
    assert third.requests == 0
    assert left_over(tasks.folder) == []
    assert user_links(tasks.folder) == (3 if kind == "followed" else 0)
    return certificates.serial_number(certificates.load_certificates(sight[0])[0])
