# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One login, one policy and one chain for a run, whatever happens to the token meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.account.scratch import Scratch
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import Account

from .conftest import new_client, requests_of

WORKERS = 50
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - globalsign.atlas.atlas_info:
      register: about
      failed_when: about.policy is not mapping or about.quota <= 0
    - globalsign.atlas.atlas_trustchain:
    - globalsign.atlas.atlas_info:
        gather_subset: [policy]
"""


def logins(service: Simulator) -> int:
    return requests_of(service, "POST", "/login")


def account_of(service: Simulator) -> Account:
    told = service.account
    return Account(service.url, told["ATLAS_API_KEY"], told["ATLAS_API_SECRET"])


@pytest.mark.parametrize("strategy", ["linear", "free"])
def test_fifty_hosts_with_fifty_forks(service: Simulator, tmp_path: Path, strategy: str) -> None:
    (tmp_path / "play.yml").write_text(PLAY)
    hosts = "".join(f"host{number}.unreachable.example\n" for number in range(WORKERS))
    (tmp_path / "hosts").write_text(hosts)
    service.control("DELETE", "/requests")
    ran = subprocess.run(
        ["ansible-playbook", "-i", "hosts", "-f", str(WORKERS), "play.yml"],
        cwd=tmp_path,
        env={
            **os.environ,
            **service.account,
            "ANSIBLE_STRATEGY": strategy,
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert logins(service) == 1
    assert requests_of(service, "GET", "/validationpolicy") == 1
    assert requests_of(service, "GET", "/trustchain") == 1
    assert requests_of(service, "GET", "/quotas") == WORKERS


def work(service: Simulator, folder: str, go_on: Any, calls: int) -> None:
    """What a worker does: some calls, each when it is told to."""
    client = new_client(service, Scratch(folder, account_of(service)))
    for _call in range(calls):
        go_on.wait(60)
        client.quota()


def run_workers(
    service: Simulator, folder: Path, calls: int, between: Callable[[int], None]
) -> None:
    """All workers make their first call together, then their second, and so on."""
    context = multiprocessing.get_context("fork")
    go_on = context.Barrier(WORKERS + 1)
    workers = [
        context.Process(target=work, args=(service, str(folder), go_on, calls))
        for _each in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    for call in range(calls):
        between(call)
        go_on.wait(60)
        deadline = time.monotonic() + 60
        while requests_answered(service) < WORKERS * (call + 1) and time.monotonic() < deadline:
            time.sleep(0.05)
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * WORKERS


def requests_answered(service: Simulator) -> int:
    told = service.control()
    return sum(1 for seen in told if "quotas" in seen["path"] and seen["status"] == 200)


def test_a_token_that_is_revoked_in_the_middle(service: Simulator, tmp_path: Path) -> None:
    service.control("DELETE", "/requests")

    def between(call: int) -> None:
        if call == 1:
            service.control("POST", "/faults", {"action": "expire-tokens"})

    run_workers(service, tmp_path, 3, between)
    assert logins(service) == 2


def test_tokens_that_lapse_early(service: Simulator, tmp_path: Path) -> None:
    service.control("DELETE", "/requests")

    def between(call: int) -> None:
        if call == 1:
            service.control("POST", "/clock", {"move": 601})

    run_workers(service, tmp_path, 3, between)
    assert logins(service) == 2


@pytest.mark.parametrize("shift", [-3600, 3600])
def test_a_clock_that_is_set_meanwhile(service: Simulator, tmp_path: Path, shift: int) -> None:
    """The token of the scratch folder seems to be old, or from the future."""
    service.control("DELETE", "/requests")
    scratch = Scratch(str(tmp_path), account_of(service))
    new_client(service, scratch).quota()
    stored = scratch.load()
    assert stored is not None
    scratch.save(replace(stored, obtained_at=stored.obtained_at + shift))
    for _worker in range(3):
        new_client(service, Scratch(str(tmp_path), account_of(service))).quota()
    assert logins(service) == 2


def test_a_stale_token_in_the_folder_and_another_in_memory(
    service: Simulator, tmp_path: Path
) -> None:
    """All tokens die at once, as when the service starts anew."""
    scratch = Scratch(str(tmp_path), account_of(service))
    first = new_client(service, scratch)
    first.quota()
    other = Scratch(str(tmp_path / "other"), account_of(service))
    new_client(service, other).quota()
    stale = other.load()
    assert stale is not None
    scratch.save(stale)
    service.control("DELETE", "/requests")
    service.control("POST", "/faults", {"action": "expire-tokens"})
    assert first.quota() > 0
    assert logins(service) == 1


def test_the_folder_vanishes_in_the_middle(service: Simulator, tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    folder.mkdir()
    client = new_client(service, Scratch(str(folder), account_of(service)))
    client.quota()
    subprocess.run(["rm", "-r", str(folder)], check=True)
    service.control("POST", "/faults", {"action": "expire-tokens"})
    assert client.quota() > 0
