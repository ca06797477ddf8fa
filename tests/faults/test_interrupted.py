# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-playbook itself interrupted while a certificate is being asked for, and run again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from simulator.conftest import Simulator

from .conftest import requests_of, wait_for

PLAY = """
- hosts: node
  gather_facts: false
  connection: local
  vars:
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
  tasks:
    - globalsign.atlas.atlas_certificate:
        path: "{{ folder }}/cert.pem"
        privatekey_path: "{{ folder }}/key.pem"
        state_dir: "{{ folder }}/records"
        settle: 3
        san:
          dns_names: ["{{ name }}"]
      timeout: "{{ limit | default(0) }}"
      register: done
    - ansible.builtin.debug:
        msg: "serial={{ done.certificates[0].serial_number }} changed={{ done.changed }}"
"""
SLOW = {"method": "POST", "path": "/certificates", "action": "delay-answer", "seconds": 3}


@pytest.fixture
def folder(service: Simulator, tmp_path: Path) -> Path:
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "again.yml").write_text(PLAY + PLAY)
    (tmp_path / "ssl").mkdir()
    service.control("DELETE", "/requests")
    return tmp_path


@contextmanager
def started(
    service: Simulator, folder: Path, name: str, play: str, *arguments: str
) -> Iterator[subprocess.Popen[str]]:
    """A playbook in a process group of its own, of which nothing is left in the end."""
    variables = json.dumps({"folder": str(folder / "ssl"), "name": name})
    process = subprocess.Popen(
        ["ansible-playbook", "-i", "node,", "-e", variables, *arguments, play],
        cwd=folder,
        env={**os.environ, **service.account, "ANSIBLE_LOCAL_TEMP": str(folder / "local")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.stdout and not process.stdout.closed:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def run_again(service: Simulator, folder: Path, name: str) -> list[tuple[str, str]]:
    """Run the task twice: each time the serial number that it tells, and whether it changed
    anything."""
    with started(service, folder, name, "again.yml") as process:
        output, _errors = process.communicate(timeout=240)
    assert process.returncode == 0, output[-3000:]
    return re.findall(r"serial=(\w+) changed=(\w+)", output)


def issued_for(service: Simulator, name: str) -> list[str]:
    return [
        entry["serial_number"]
        for entry in service.control("GET", "/ledger")
        if name in json.dumps(entry["names"])
    ]


@pytest.mark.parametrize(
    ("whom", "how"),
    [
        ("group", signal.SIGINT),
        ("group", signal.SIGTERM),
        ("group", signal.SIGKILL),
        ("parent", signal.SIGTERM),
        ("parent", signal.SIGKILL),
    ],
)
def test_a_signal_while_the_answer_is_awaited(
    service: Simulator, folder: Path, whom: str, how: signal.Signals
) -> None:
    """A worker that goes on alone holds its lease, and the next run waits for it; after one that
    is gone the next run looks up what was issued."""
    name = f"{whom}-{how.name.lower()}.quillon.example"
    service.control("POST", "/faults", {**SLOW, "times": 1})
    with started(service, folder, name, "play.yml") as process:
        wait_for(
            lambda: (
                requests_of(service, "POST", "/certificates") > 0 or bool(issued_for(service, name))
            )
        )
        if whom == "group":
            os.killpg(process.pid, how)
        else:
            os.kill(process.pid, how)
        time.sleep(0.5)
        (serial, _changed), third = run_again(service, folder, name)
        assert issued_for(service, name) == [serial]
        assert third == (serial, "False")
        process.communicate(timeout=60)


def test_a_task_that_runs_out_of_time(service: Simulator, folder: Path) -> None:
    """What was issued meanwhile is put in place all the same, and reported by the next run."""
    name = "limit.quillon.example"
    service.control("POST", "/faults", {**SLOW, "times": 1})
    with started(service, folder, name, "play.yml", "-e", "limit=2") as process:
        output, _errors = process.communicate(timeout=60)
    assert process.returncode, output
    assert "timed out" in output.lower() or "timeout" in output.lower(), output
    told = run_again(service, folder, name)
    (serial,) = issued_for(service, name)
    assert told == [(serial, "True"), (serial, "False")]
