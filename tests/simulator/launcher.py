# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts simulators as forks of one process that has everything imported: half a second less each.

Each is a process of its own all the same, with its own arguments, output and end. Run as a program
it takes orders on its standard input, a line of JSON each, and answers each with a line.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Launched:
    """A process that was started; what `subprocess.Popen` has of this."""

    def __init__(self, launcher: Launcher, pid: int) -> None:
        self._launcher = launcher
        self.pid = pid
        self._status: int | None = None

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def poll(self) -> int | None:
        """The exit status, None while it runs."""
        if self._status is None:
            self._status = self._launcher.order("poll", self.pid)
        return self._status

    def wait(self, seconds: float) -> int:
        """The exit status, once it has ended."""
        deadline = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {self.pid} goes on")
            time.sleep(0.005)
        assert self._status is not None
        return self._status


class Launcher:
    """The process that starts them."""

    def __init__(self, package: Path) -> None:
        self._owner = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=package,
            env={**os.environ, "PYTHONPATH": str(package)},
            text=True,
        )

    def start(self, arguments: Sequence[str], output: Path, errors: Path | None) -> Launched:
        """Start one that writes to these files."""
        return Launched(self, self.order("start", list(arguments), str(output), str(errors or "")))

    def order(self, *order: Any) -> Any:
        """What is answered to an order."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End it, and what it has started; in a fork of the tests, leave it alone."""
        if os.getpid() == self._owner:
            self.order("end")
            self._process.communicate(timeout=20)


def _begin(arguments: list[str], output: str, errors: str) -> int:
    from atlas_simulator.command_line import main

    pid = os.fork()
    if pid:
        return pid
    status = 1
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        for name, descriptor in ((output, 1), (errors, 2)):
            if name:
                os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600), descriptor)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        status = main(arguments)
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _take_orders() -> None:
    import atlas_simulator.command_line  # noqa: F401 - to have it in each fork

    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # at a terminal it is for the tests
    running: set[int] = set()
    for line in sys.stdin:
        order, *values = json.loads(line)
        answer: int | None = None
        if order == "start":
            answer = _begin(*values)
            running.add(answer)
        elif order == "poll":
            pid, status = os.waitpid(values[0], os.WNOHANG)
            running.discard(pid)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        print(json.dumps(answer), flush=True)
        if order == "end":
            break
    for pid in running:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    _take_orders()
