# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands that are run in turns, what each run took, and how that is shown."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """A command. `prepare` is done before each run, `check` after it gets what the run printed;
    neither is timed. `certificates` is how many it is about."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    certificates: int = 0
    prepare: Callable[[], None] = lambda: None
    check: Callable[[str], None] = lambda _output: None


@dataclass
class Figures:
    """What the runs of a case took, in seconds: by the clock, and of the processors."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median by the clock."""
        return statistics.median(self.wall)

    def ratio(self, other: Figures) -> float:
        """The median of the ratios to another case, run by run."""
        return statistics.median(ours / theirs for ours, theirs in zip(self.wall, other.wall))


def run(case: Case) -> tuple[float, float]:
    """Run it once: seconds by the clock and of the processors."""
    case.prepare()
    os.sync()  # what was written so far is not to be waited for below
    with tempfile.TemporaryFile() as output:
        begin = time.monotonic()
        process = subprocess.Popen(
            case.command,
            env=dict(case.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read().decode(errors="replace")
    if process.returncode:
        sys.exit(f"{case.name} ended with {process.returncode}:\n{printed[-2000:]}")
    case.check(printed)
    return wall, usage.ru_utime + usage.ru_stime


def in_turns(
    cases: Sequence[Case], repetitions: int, progress: Callable[[str], None]
) -> dict[str, Figures]:
    """Each case once, then each again: what slows the machine down meanwhile slows them all.

    A first turn is not counted.
    """
    figures = {case.name: Figures() for case in cases}
    for turn in range(repetitions + 1):
        for case in cases:
            wall, cpu = run(case)
            progress(f"{turn}/{repetitions} {case.name}: {wall:.2f} s")
            if turn:
                figures[case.name].wall.append(wall)
                figures[case.name].cpu.append(cpu)
    return figures


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table, the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        yield "  ".join(cells).rstrip()
