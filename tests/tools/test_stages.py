# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner of the stages, with stages of a line of shell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import stages

TOOLS = Path(__file__).parent
PROGRAM = """
import sys
sys.path.insert(0, {tools!r})
from stages import Stage, run
scripts = {scripts!r}
sys.exit(
    run([Stage(name, ("bash", "-c", scripts[name]), 1.0, limit={limit!r}) for name in scripts])
)
"""


def start(tmp_path: Path, scripts: dict[str, str], limit: float = 5) -> subprocess.Popen[str]:
    """A run of stages with these names and scripts, each for at most `limit` minutes; their output
    files are below `tmp_path`."""
    program = PROGRAM.format(tools=str(TOOLS), scripts=scripts, limit=limit)
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "VIRTUAL_ENV": str(tmp_path), "MARK": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(tmp_path: Path, scripts: dict[str, str], limit: float = 5) -> tuple[int, str]:
    """Exit status and output of a run."""
    process = start(tmp_path, scripts, limit)
    output, _nothing = process.communicate(timeout=60)
    return process.returncode, output


def has_ended(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


def wait_for_file(path: Path) -> str:
    deadline = time.monotonic() + 30
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return path.read_text().strip()


def test_a_failure_is_shown_and_the_others_go_on(tmp_path: Path) -> None:
    scripts = {"good": "echo fine", "bad": "seq 100; exit 3", "late": "echo done"}
    status, output = run(tmp_path, scripts)
    assert status == 1
    assert "FAILED   bad" in output
    assert [line for line in output.splitlines() if line.startswith("    | ")] == [
        f"    | {number}" for number in range(61, 101)
    ]
    assert "it alone:     tests/tools/run-stages bad" in output
    assert "passed   late" in output
    assert output.splitlines()[-2:] == ["failed: bad", "2 passed, 1 failed"]
    assert (tmp_path / "stages" / "good.log").read_text() == "fine\n"


def test_all_passed(tmp_path: Path) -> None:
    status, output = run(tmp_path, {"one": "true", "two": "true"})
    assert status == 0
    assert output.splitlines()[-1] == "2 passed, 0 failed"


def test_what_cannot_run_here_is_said_at_the_end(tmp_path: Path) -> None:
    status, output = run(tmp_path, {"one": "echo SKIPPED: no podman", "two": "true"})
    assert status == 0
    assert "one: SKIPPED: no podman" in output
    assert any(line.split()[:2] == ["one", "skipped"] for line in output.splitlines())


def test_a_single_stage_shows_its_output(tmp_path: Path) -> None:
    assert run(tmp_path, {"only": "echo seen; exit 4"}) == (1, "seen\n")


def test_a_stage_that_is_stuck_is_ended_and_has_failed(tmp_path: Path) -> None:
    script = "trap 'echo tidied; exit 0' INT; echo begun; sleep 600 & wait"
    status, output = run(tmp_path, {"stuck": script}, limit=0.01)
    assert status == 1
    assert output.splitlines()[:3] == [
        "begun",
        "Ended by SIGALRM; the limit of this stage is 0.01 minutes.",
        "tidied",
    ]


def test_the_long_stages_have_hours() -> None:
    limits = {stage.name: stage.limit for stage in stages.LONG}
    assert limits["mutants"] == limits["histories"] == 24 * 60
    assert {stage.limit for stage in (*stages.TEST, *stages.CHECK)} == {45}


def test_processor_time_of_what_was_left_behind_is_counted(tmp_path: Path) -> None:
    burn = """import os, time
while time.process_time() < 1.2: pass
open(os.environ["MARK"] + "/burnt", "w").write("yes\\n")
time.sleep(600)"""
    script = f"mkfifo $MARK/burnt; setsid python3 -c '{burn}' & read -r _word <$MARK/burnt"
    _status, output = run(tmp_path, {"left": script, "other": "true"})
    (row,) = [line.split() for line in output.splitlines() if line.startswith("left ")]
    assert row[3] in ("0:01", "0:02")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and prctl(2)")
def test_a_stage_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    script = """
        setsid sleep 600 & echo $! >"$MARK/process"
        mktemp --directory >"$MARK/folder"; echo "$ATLAS_TESTS_MEMORY" >"$MARK/memory"
    """
    assert run(tmp_path, {"daemon": script, "other": "true"})[0] == 0
    assert has_ended(int(wait_for_file(tmp_path / "process")))
    assert not Path(wait_for_file(tmp_path / "folder")).exists()
    assert not Path(wait_for_file(tmp_path / "memory")).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and prctl(2)")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_lets_its_stages_tidy_up(tmp_path: Path, number: int) -> None:
    script = """
        trap 'echo tidied >"$MARK/tidied"; exit' INT
        setsid sleep 600 & echo $! >"$MARK/process"
        sleep 600 & wait
    """
    process = start(tmp_path, {"long": script, "other": "sleep 600"})
    daemon = int(wait_for_file(tmp_path / "process"))
    process.send_signal(number)
    output, _nothing = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"Interrupted by {signal.Signals(number).name}" in output
    assert wait_for_file(tmp_path / "tidied") == "tidied"
    assert has_ended(daemon)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and prctl(2)")
def test_a_killed_runner_takes_its_stages_along(tmp_path: Path) -> None:
    script = 'setsid sleep 600 & echo $! >"$MARK/process"; sleep 600'
    process = start(tmp_path, {"long": script, "other": "sleep 600"})
    daemon = int(wait_for_file(tmp_path / "process"))
    process.kill()
    process.communicate(timeout=60)
    deadline = time.monotonic() + 30
    while not has_ended(daemon):
        assert time.monotonic() < deadline
        time.sleep(0.05)
