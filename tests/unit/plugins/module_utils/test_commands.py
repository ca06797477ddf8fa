# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A command is run for a limited time, and nothing of it stays behind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils import commands

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def test_both_streams_and_the_status_are_told() -> None:
    ended = commands.run(["sh", "-c", "echo out; echo err >&2; exit 7"], 30, ENVIRONMENT)
    assert ended == commands.Ended(7, "out\nerr\n")
    assert commands.run(["true"], 30, ENVIRONMENT) == commands.Ended(0, "")


def test_there_is_no_shell_and_what_is_not_utf_8_is_replaced() -> None:
    assert commands.run(["printf", r"%s|\377", "$HOME ~ *"], 30, ENVIRONMENT).said == "$HOME ~ *|�"


def test_it_has_just_the_environment_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROM_OUTSIDE", "1")
    program = "import os; print(os.environ.get('GIVEN'), os.environ.get('FROM_OUTSIDE'))"
    ended = commands.run([sys.executable, "-c", program], 30, {**ENVIRONMENT, "GIVEN": "a"})
    assert ended.said == "a None\n"


def test_nothing_can_be_read_from_its_input() -> None:
    assert commands.run(["cat"], 30, ENVIRONMENT) == commands.Ended(0, "")


def test_a_command_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        commands.run(["/no/such/command"], 30, ENVIRONMENT)


def test_one_that_does_not_end_is_killed_with_what_it_started(tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! >{tmp_path}/other; echo $$ >{tmp_path}/own; wait"
    began = time.monotonic()
    with pytest.raises(commands.TimedOutError):
        commands.run(["sh", "-c", script], 0.3, ENVIRONMENT)
    assert time.monotonic() - began < 20
    for name in ("own", "other"):
        assert has_ended(int((tmp_path / name).read_text()))


def test_what_went_into_a_session_of_its_own_is_neither_waited_for_nor_killed(
    tmp_path: Path,
) -> None:
    """It holds the pipe, and Python 3.11 to 3.13 wait for that too when asked for the process."""
    own = f"import os; os.setsid(); os.execvp('sh', ['sh', '-c', {AS_A_DAEMON!r}])"
    command = [
        "sh",
        "-c",
        'cd "$0"; "$1" -c "$2" & while ! [ -s daemon ]; do sleep 0.02; done; wait',
    ]
    with pytest.raises(commands.TimedOutError):
        commands.run([*command, str(tmp_path), sys.executable, own], 1.5, ENVIRONMENT)
    try:
        assert not (tmp_path / "over").exists()
        assert Path(f"/proc/{(tmp_path / 'daemon').read_text().strip()}").exists()
    finally:
        (tmp_path / "stop").touch()


AS_A_DAEMON = """
    echo $$ >daemon; count=0
    while ! [ -e stop ] && [ $count -lt 200 ]; do sleep 0.05; count=$((count + 1)); done
    echo over >over
"""


def has_ended(process: int) -> bool:
    """Whether a process is gone, or waits to be collected, soon."""
    for _attempt in range(500):
        try:
            text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
        except FileNotFoundError:
            return True
        if text.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False
