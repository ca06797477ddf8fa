# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who conducts a task: what other runs see of it while it is at work."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from dataclasses import dataclass, field
from typing import Any

_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_LONGEST_PID = 10
_START_TIME = 21
"""The place of a process's start time in /proc/<pid>/stat (proc(5)), after its name."""


def _machine() -> str:
    """A name for this machine or container, other than that of any other where PIDs mean others."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError), open(_BOOT_ID, encoding="ascii") as file:
        parts.append(file.read().strip()[:8])
    with contextlib.suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def _process(pid: int) -> str:
    """A process and when it started, as its number is used again; only the number if unknown."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            after_name = file.read().rpartition(")")[2].split()
        return f"{pid}:{after_name[_START_TIME - 2]}"
    except (OSError, IndexError):
        return f"{pid}:"


@dataclass(frozen=True)
class Run:
    """One task on one host: who it is, and a nonce that nobody knew before."""

    run_id: str = field(default_factory=lambda: secrets.token_hex(16))
    nonce: str = field(default_factory=lambda: secrets.token_hex(32))
    controller: str = field(default_factory=_machine)
    process: str = field(default_factory=lambda: _process(os.getpid()))

    def lease(self, until: int) -> dict[str, Any]:
        """What stands in a record while this run may send requests for it."""
        return {
            "run": self.run_id,
            "controller": self.controller,
            "process": self.process,
            "until": until,
        }

    def knows_to_be_gone(self, lease: dict[str, Any]) -> bool:
        """Whether who holds a lease was a process of this machine that is done with it."""
        if lease.get("controller") != self.controller:
            return False
        if lease.get("process") == self.process:
            return True  # a task of this process that ended before this one began
        pid = str(lease.get("process", "")).partition(":")[0]
        is_number = pid.isascii() and pid.isdigit() and len(pid) <= _LONGEST_PID
        return is_number and _process(int(pid)) != lease["process"]
