# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who a run is: its lease, and whether another of this machine is still there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.run import Run


def test_the_lease_of_a_run() -> None:
    run = Run("run", "nonce", "controller", "1:2")
    assert run.lease(9) == {
        "run": "run",
        "controller": "controller",
        "process": "1:2",
        "until": 9,
    }


def test_runs_differ_in_what_nobody_can_guess() -> None:
    one, two = Run(), Run()
    assert (len(one.run_id), len(one.nonce)) == (32, 64)
    assert one.run_id != two.run_id
    assert one.nonce != two.nonce
    assert (one.controller, one.process) == (two.controller, two.process)


def test_a_process_is_its_number_and_when_it_started() -> None:
    with open("/proc/self/stat", encoding="utf-8") as file:
        started = file.read().rpartition(")")[2].split()[19]
    assert Run().process == f"{os.getpid()}:{started}"


def test_a_controller_is_its_name_its_boot_and_its_processes() -> None:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read()[:8]
    parts = [socket.gethostname(), boot, os.readlink("/proc/self/ns/pid")]
    assert Run().controller == " ".join(parts)


def lease(**changes: Any) -> dict[str, Any]:
    return {**Run().lease(9), **changes}


@pytest.mark.parametrize(
    ("changes", "is_gone"),
    [
        ({}, True),  # a task of this process that ended before
        ({"controller": "elsewhere"}, False),
        ({"controller": None}, False),
        ({"process": "4194304000:1"}, True),
        ({"process": f"{os.getpid()}:0"}, True),
        ({"process": "no number:1"}, False),
        ({"process": "9" * 5000}, False),
        ({"process": ""}, False),
        ({"process": "\u0661:1"}, False),
    ],
)
def test_whether_the_holder_of_a_lease_is_gone(changes: dict[str, Any], is_gone: bool) -> None:
    assert Run().knows_to_be_gone(lease(**changes)) is is_gone


def test_a_lease_of_nobody_is_not_known_to_be_gone() -> None:
    assert Run().knows_to_be_gone({}) is False


def test_another_process_is_there_until_it_ends() -> None:
    code = "import sys; sys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    try:
        with open(f"/proc/{child.pid}/stat", encoding="utf-8") as file:
            started = file.read().rpartition(")")[2].split()[19]
        held = lease(process=f"{child.pid}:{started}")
        assert Run().knows_to_be_gone(held) is False
    finally:
        child.communicate()
    assert Run().knows_to_be_gone(held) is True
