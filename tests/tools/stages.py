# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the stages of the tests side by side, and say at the end what each of them cost.

    run-stages            all that `make test` runs
    run-stages --check    what one runs all day
    run-stages --all      the long ones too
    run-stages --list     the names of all stages
    run-stages NAME ...   these; a name may stand for several (`faults` for `faults-killed`, ...)

A single stage shows its output as it comes. Of several, each writes to a file of its own in
.venv/stages, and the last lines of what failed are shown. A failure does not end the run.

Each stage runs below a supervisor, which has a temporary folder for it and adopts every process
that the stage leaves behind. So a stage that ends or is interrupted leaves no process and no
folder, and its processor time is known, daemons included. Where there is no prctl(2), only the
stage's own process group is ended.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
ROOT = TOOLS.parent.parent
LOGS = Path(os.environ.get("VIRTUAL_ENV") or ROOT / ".venv") / "stages"
MEMORY = Path("/dev/shm")

CORES = max(2, os.cpu_count() or 2)
OVERLAP = 0.35
"""How many more cores than there are may be asked for: no stage uses its share at every moment."""
LIMIT = 45
"""Minutes after which a stage is taken for stuck."""
HOURS = 24 * 60
"""The same for those that take hours."""
GRACE = 90
"""Seconds that an interrupted stage gets to clean up: molecule removes its nodes."""
LAST_LINES = 40
LONGEST_LINE = 300

PYTEST = ("tests/tools/in-environment", "pytest", "-p", "no:cacheprovider")
ANSIBLE_TEST = "tests/tools/run-ansible-test"
LONG_TARGETS = (
    "module_atlas_certificate",
    "module_atlas_certificate_options",
    "module_atlas_info",
    "role_atlas_certificate",
)
"""The integration targets that take about half of the time of all."""
FAULTS = "tests/faults"


@dataclass(frozen=True)
class Stage:
    """A part of the tests: its command, run in the root of the checkout, and how many cores it
    keeps busy when it runs alone. `limit`: minutes after which it is taken for stuck."""

    name: str
    command: Sequence[str]
    cores: float
    environment: dict[str, str] = field(default_factory=dict)
    limit: float = LIMIT


def integration(name: str, *arguments: str) -> Stage:
    """Integration targets in a copy of the checkout of their own."""
    return Stage(name, (ANSIBLE_TEST, f"--copy={name}", "integration", *arguments, "--venv"), 0.8)


def unit(version: str) -> Stage:
    """The unit tests with a Python, those of the controller's half where it can be one."""
    name = f"unit-{version}"
    own = (f"--copy={name}", f"--needs-python={version}")
    return Stage(name, (ANSIBLE_TEST, *own, "units", "--venv", f"--python={version}"), 1.5)


TEST = (
    *(unit(version) for version in ("3.9", "3.11", "3.13")),
    integration("integration-long", *LONG_TARGETS),
    integration("integration-short", *(f"--exclude={target}" for target in LONG_TARGETS)),
    Stage("molecule", ("tests/tools/run-molecule",), 0.5),
    Stage("sanity-newest", (ANSIBLE_TEST, "--core=newest", "--copy=sanity-newest", "sanity"), 0.9),
    Stage("sanity-oldest", (ANSIBLE_TEST, "--core=oldest", "--copy=sanity-oldest", "sanity"), 0.9),
    Stage("faults-killed", (*PYTEST, f"{FAULTS}/test_killed.py"), 1.0),
    Stage("faults-calls", (*PYTEST, f"{FAULTS}/test_every_call.py"), 0.4),
    Stage(
        "faults-tasks",
        (
            *(*PYTEST, FAULTS),
            *(f"--ignore={FAULTS}/test_killed.py", f"--ignore={FAULTS}/test_every_call.py"),
        ),
        1.0,
    ),
    Stage("simulator", (*PYTEST, "tests/simulator"), 0.7),
    Stage("differential", (*PYTEST, "tests/differential"), 0.5),
    Stage("nodes", ("tests/tools/run-nodes",), 0.8),
    Stage("documentation", (*PYTEST, "tests/docs"), 0.9),
    Stage("tokens", (*PYTEST, "tests/tokens"), 0.4),
    Stage("quickstart", ("tests/tools/run-quickstart",), 0.7),
    Stage("tools", (*PYTEST, "tests/tools", "tests/mutation"), 0.6),
    Stage("lint-code", ("tests/tools/lint", "code"), 1.0),
    Stage("lint-newest", ("tests/tools/lint", "ansible", "--core=newest"), 1.0),
    Stage("lint-oldest", ("tests/tools/lint", "ansible", "--core=oldest"), 1.0),
)
"""What `make test` runs, the longest first."""

CHECK = (
    Stage("lint-ansible", ("tests/tools/lint", "ansible"), 1.0),
    Stage("lint-code", ("tests/tools/lint", "code"), 1.0),
    Stage("touched", ("tests/tools/test-touched",), 1.0),
)
"""What `make check` runs."""

LONG = (
    *(unit(version) for version in ("3.10", "3.12")),
    Stage("mutants", ("tests/tools/in-environment", "python", "tests/mutation"), 1.0, limit=HOURS),
    Stage(
        "histories",
        (*PYTEST, f"{FAULTS}/test_histories.py"),
        1.0,
        {"ATLAS_HISTORIES_EXAMPLES": "5000"},
        limit=HOURS,
    ),
    integration("integration-newest", "--core=newest"),
    integration("integration-oldest", "--core=oldest"),
)
"""What `make test-all` runs on top."""


# The runner: starts stages as cores become free, tells of them, and sums up.


@dataclass
class Running:
    """A stage under way: its supervisor, its output if it goes to a file, when it began."""

    stage: Stage
    supervisor: subprocess.Popen[bytes]
    log: Path | None
    started: float


@dataclass(frozen=True)
class Outcome:
    """How a stage ended: its exit status, and seconds by the clock and of the processors."""

    stage: Stage
    status: int
    wall: float
    cpu: float
    log: Path | None

    @property
    def skipped(self) -> list[str]:
        """What the stage says that this machine could not run."""
        return [line for line in _lines(self.log) if line.startswith("SKIPPED")]


class StopError(Exception):
    """A signal asks the whole run to end."""


def run(stages: Sequence[Stage]) -> int:
    """Run all; the exit status is 1 if one failed."""
    began = time.monotonic()
    waiting = deque(stages)
    running: list[Running] = []
    outcomes: list[Outcome] = []
    _raise_on_signals()
    try:
        while waiting or running:
            for stage in _that_fit(waiting, running):
                waiting.remove(stage)
                running.append(_start(stage, alone=len(stages) == 1))
            outcomes.append(_next_outcome(running))
            _tell(outcomes[-1], began)
    except StopError as signal_name:
        _say(f"Interrupted by {signal_name}: cleaning up ...")
        _interrupt(running)
        return 130
    if len(stages) > 1:
        _sum_up(outcomes, time.monotonic() - began)
    return int(any(outcome.status for outcome in outcomes))


def _that_fit(waiting: Sequence[Stage], running: Sequence[Running]) -> Iterator[Stage]:
    """The first ones for which cores are free; at least one if nothing runs."""
    used = sum(entry.stage.cores for entry in running)
    for stage in list(waiting):
        if used == 0 or used + stage.cores <= CORES + OVERLAP:
            used += stage.cores
            yield stage


def _start(stage: Stage, alone: bool) -> Running:
    log = None if alone else LOGS / f"{stage.name}.log"
    output = None
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        output = log.open("wb")
        _say(f"      started  {stage.name}")
    # In a session of its own: what the terminal sends reaches this process alone, which passes it
    # on in order.
    supervisor = subprocess.Popen(
        [sys.executable, __file__, "--supervise", json.dumps(asdict(stage)), str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        start_new_session=True,
    )
    if output:
        output.close()
    return Running(stage, supervisor, log, time.monotonic())


def _next_outcome(running: list[Running]) -> Outcome:
    """How the next one ends, which is taken from those that run."""
    while True:
        for entry in running:
            # Not waitid(2), which would leave it to be waited for: macOS has it since Python 3.13.
            process, status, usage = os.wait4(entry.supervisor.pid, os.WNOHANG)
            if process:
                running.remove(entry)
                entry.supervisor.returncode = os.waitstatus_to_exitcode(status)
                return Outcome(
                    stage=entry.stage,
                    status=entry.supervisor.returncode,
                    wall=time.monotonic() - entry.started,
                    cpu=usage.ru_utime + usage.ru_stime,
                    log=entry.log,
                )
        time.sleep(0.2)


def _interrupt(running: Sequence[Running]) -> None:
    for entry in running:
        entry.supervisor.terminate()
    for entry in running:
        entry.supervisor.wait()


def _raise_on_signals() -> None:
    """The first one raises StopError. Further ones do not shorten the cleaning up."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)

    def interrupt(number: int, _frame: object) -> None:
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)
        raise StopError(signal.Signals(number).name)

    for number in numbers:
        signal.signal(number, interrupt)


def _tell(outcome: Outcome, began: float) -> None:
    if outcome.log is None:
        return
    word = "FAILED" if outcome.status else "passed"
    _say(f"{_minutes(time.monotonic() - began)} {word}   {outcome.stage.name}")
    if outcome.status:
        for line in deque(_lines(outcome.log), LAST_LINES):
            _say(f"    | {line[:LONGEST_LINE]}")
        _say(f"    whole output: {os.path.relpath(outcome.log, ROOT)}")
        _say(f"    it alone:     tests/tools/run-stages {outcome.stage.name}")


def _sum_up(outcomes: Sequence[Outcome], wall: float) -> None:
    _say("")
    _say(f"{'stage':<20} {'result':<8} {'wall':>6} {'CPU':>6}")
    for outcome in sorted(outcomes, key=lambda outcome: -outcome.wall):
        word = "FAILED" if outcome.status else "skipped" if outcome.skipped else "passed"
        times = f"{_minutes(outcome.wall):>6} {_minutes(outcome.cpu):>6}"
        _say(f"{outcome.stage.name:<20} {word:<8} {times}")
    cpu = sum(outcome.cpu for outcome in outcomes)
    _say(f"{'all':<20} {'':<8} {_minutes(wall):>6} {_minutes(cpu):>6}")
    for outcome in outcomes:
        for line in outcome.skipped:
            _say(f"{outcome.stage.name}: {line}")
    failed = [outcome.stage.name for outcome in outcomes if outcome.status]
    if failed:
        _say(f"failed: {' '.join(failed)}")
    _say(f"{len(outcomes) - len(failed)} passed, {len(failed)} failed")


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _lines(log: Path | None) -> list[str]:
    return log.read_text(errors="replace").splitlines() if log else []


def _say(line: str) -> None:
    print(line, flush=True)


# The supervisor: a process for each stage, in a session of its own.

_SET_PARENT_DEATH_SIGNAL = 1
_SET_CHILD_SUBREAPER = 36


def supervise(stage: Stage, runner: int) -> int:
    """Run the command of a stage, then end what it left; its exit status."""
    _adopt_orphans()
    _raise_on_signals()
    if os.getppid() != runner:
        return 1  # it was killed before we could ask for word of that
    command = None
    with _temporary_folders() as folders:
        try:
            # In here, since a signal may come when the process is there and not yet known.
            command = subprocess.Popen(
                stage.command,
                cwd=ROOT,
                env={**os.environ, **stage.environment, **folders},
                process_group=0,
            )
            signal.setitimer(signal.ITIMER_REAL, stage.limit * 60)
            return _wait(command.pid)
        except StopError as signal_name:
            _say(f"Ended by {signal_name}; the limit of this stage is {stage.limit:g} minutes.")
            if command:
                _ask_to_end(command.pid)
            return 1
        finally:
            _end_orphans()
            if command and not Path("/proc/self/stat").exists():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(command.pid, signal.SIGKILL)


def _wait(process: int) -> int:
    """Its exit status. What else ends meanwhile is waited for too, which adds up its times."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == process:
            return abs(os.waitstatus_to_exitcode(status))


def _ask_to_end(process: int) -> None:
    """As Ctrl-C would, so that a test runner tidies up; it is given time for that."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGINT)
    deadline = time.monotonic() + GRACE
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(process, os.WNOHANG) == (0, 0) and time.monotonic() < deadline:
            time.sleep(0.1)


def _adopt_orphans() -> None:
    """Become the parent of what the stage's processes leave behind; end with the runner."""
    with contextlib.suppress(OSError, AttributeError):
        prctl = ctypes.CDLL(None).prctl
        prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)


def _end_orphans() -> None:
    """End all descendants, politely first."""
    for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + patience
        left = _descendants()
        for process, name in left:
            _say(f"Ending a process that was left behind: {name} ({process})")
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)
        while left and time.monotonic() < deadline:
            _reap()
            left = _descendants()
            time.sleep(0.05)
    _reap()


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _descendants() -> list[tuple[int, str]]:
    """Process numbers and names of all that descend from this process and have not ended."""
    children: dict[int, list[tuple[int, str]]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            number, _bracket, rest = status.read_text().partition(" (")
            name, _bracket, fields = rest.rpartition(") ")
            state, parent = fields.split()[:2]
            if state != "Z":
                children.setdefault(int(parent), []).append((int(number), name))
    found, parents = [], deque([os.getpid()])
    while parents:
        below = children.get(parents.popleft(), [])
        found += below
        parents.extend(process for process, _name in below)
    return found


@contextlib.contextmanager
def _temporary_folders() -> Iterator[dict[str, str]]:
    """Folders that go with the stage, one of them in memory, as environment variables."""
    memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    folder = tempfile.mkdtemp(prefix="atlas-tests-")
    in_memory = tempfile.mkdtemp(prefix="atlas-tests-", dir=memory)
    os.chmod(folder, 0o711)  # some tests work as another user below it
    os.chmod(in_memory, 0o711)
    try:
        yield {"TMPDIR": folder, "ATLAS_TESTS_MEMORY": in_memory}
    finally:
        for place in (folder, in_memory):
            shutil.rmtree(place, ignore_errors=True)


# The command line.


def named(names: Sequence[str]) -> list[Stage]:
    """The stages with these names, and those whose names begin with one and a dash."""
    chosen: list[Stage] = []
    for name in names:
        found = [stage for stage in (*TEST, *CHECK, *LONG) if stage.name == name][:1]
        found = found or [stage for stage in TEST if stage.name.startswith(f"{name}-")]
        if not found:
            raise SystemExit(f"There is no stage {name!r}; run-stages --list names all.")
        chosen += found
    return chosen


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="run-stages", description=__doc__.split("\n", 1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    for option in ("--check", "--all", "--list"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("--supervise", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.supervise:
        stage, runner = chosen.supervise
        return supervise(Stage(**json.loads(stage)), int(runner))
    if chosen.list:
        print("\n".join(stage.name for stage in (*TEST, *CHECK, *LONG)))
        return 0
    if chosen.names:
        return run(named(chosen.names))
    return run(CHECK if chosen.check else (*TEST, *LONG) if chosen.all else TEST)


if __name__ == "__main__":
    sys.exit(main())
