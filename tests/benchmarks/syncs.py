# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often files are synced and renamed, and what a disk with slow syncs would mean."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from measuring import Case, run

_SOURCE = Path(__file__).with_name("slow_sync.c")
_COUNTS = struct.Struct("4Q")
_TRACED = ("fsync", "fdatasync", "syncfs", "sync", "rename", "renameat", "renameat2")
_SPANS = (slice(0, 2), slice(2, 4), slice(4, 7))
_LINE = re.compile(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", re.M)


@dataclass(frozen=True)
class Syncs:
    """How often something happened in a run, in all its processes."""

    file_syncs: int
    system_syncs: int
    renames: int

    def less(self, other: Syncs) -> Syncs:
        """Without what happened in another run."""
        return Syncs(
            self.file_syncs - other.file_syncs,
            self.system_syncs - other.system_syncs,
            self.renames - other.renames,
        )


class Shim:
    """The library that counts and delays, and the file of its counts. Takes a C compiler, cc."""

    def __init__(self, folder: Path) -> None:
        self._library = folder / "slow_sync.so"
        self._counts = folder / "counts"
        command = ["cc", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-o"]
        subprocess.run([*command, str(self._library), str(_SOURCE), "-ldl"], check=True)

    def around(self, case: Case, milliseconds: float) -> Case:
        """The case with syncs that take so much longer, counted from 0 in each run."""
        environment = {
            **case.environment,
            "LD_PRELOAD": str(self._library),
            "BENCHMARK_COUNTS": str(self._counts),
            "BENCHMARK_SYNC_MICROSECONDS": str(int(milliseconds * 1000)),
        }

        def prepare() -> None:
            case.prepare()
            self._counts.write_bytes(bytes(_COUNTS.size))

        name = f"{case.name}, slow syncs" if milliseconds else f"{case.name}, counted"
        return replace(case, name=name, environment=environment, prepare=prepare)

    def counted(self) -> Syncs:
        """The counts of the last run."""
        files, systems, renames, processes = _COUNTS.unpack(self._counts.read_bytes())
        if not processes:
            raise RuntimeError("The library was not loaded by the command.")
        return Syncs(files, systems, renames)


def strace_counts(case: Case, folder: Path) -> Syncs | None:
    """The same by strace; None where there is none."""
    if shutil.which("strace") is None:
        return None
    summary = folder / "strace"
    command = ["strace", "-f", "-c", "-o", str(summary), "-e", f"trace={','.join(_TRACED)}"]
    run(replace(case, command=[*command, *case.command]))
    counts = {name: int(calls) for calls, name in _LINE.findall(summary.read_text())}
    total = [sum(counts.get(name, 0) for name in _TRACED[span]) for span in _SPANS]
    return Syncs(*total)
