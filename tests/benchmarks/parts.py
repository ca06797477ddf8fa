# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the time of a play goes: by the steps on the node, and what the controller does between."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from measuring import Case, run

_CALLBACKS = Path(__file__).with_name("callbacks")
_FIRST = ("ansible", "payload", "options")


def parts(case: Case, folder: Path, repetitions: int) -> dict[str, float]:
    """Seconds of each part, the median of so many runs.

    `ansible` is what is outside the task, `payload` the building of the module for the node,
    `options` what comes before the first step on the node, `result` what comes after the last.
    `inspect` and its like are the steps on the node, `after …` what the controller does then:
    `after inspect` is the login and the policy, `after prepare` the requests.
    """
    notes = folder / "notes"
    environment = {
        **case.environment,
        "ANSIBLE_CALLBACK_PLUGINS": str(_CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "steps",
        "BENCHMARK_STEPS": str(notes),
    }
    runs = []
    for _each in range(repetitions):
        notes.unlink(missing_ok=True)
        wall, _cpu = run(replace(case, environment=environment))
        lines = notes.read_text(encoding="ascii").splitlines()
        runs.append(_of_run(wall, [json.loads(line) for line in lines]))
    names = dict.fromkeys(name for each in runs for name in each)
    ordered = sorted(names, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    return {name: statistics.median(each.get(name, 0.0) for each in runs) for name in ordered}


def _of_run(wall: float, notes: Sequence[tuple[str, float, float]]) -> dict[str, float]:
    """The noted spans of one run, with what lies between them."""
    (task,) = ((begin, end) for part, begin, end in notes if part == "task")
    steps = sorted((begin, end, part) for part, begin, end in notes if part not in _NO_STEPS)
    payload = sum(end - begin for part, begin, end in notes if part == "payload")
    seconds: dict[str, float] = defaultdict(float)
    seconds["ansible"] = wall - (task[1] - task[0])
    seconds["payload"] = payload
    last, gap = task[0], "options"
    for begin, end, part in steps:
        seconds[gap] += begin - last
        seconds[part] += end - begin
        last, gap = end, f"after {part}"
    seconds["result"] = task[1] - last
    if steps:
        seconds[steps[0][2]] -= payload  # it is built for the first, and kept
    return dict(seconds)


_NO_STEPS = ("task", "payload")
