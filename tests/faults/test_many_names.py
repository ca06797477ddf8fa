# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate of so many names that its PEM is longer than most answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator, running

from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from .conftest import new_client
from .counting import served
from .whole_task import Tasks

NAMES = [f"{'long-' * 9}{number}.quillon.example" for number in range(300)]


@pytest.fixture(scope="module")
def large_service(
    service: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("large")
    with new_client(service) as client:
        policy = json.loads(json.dumps(client.validation_policy()))
    policy["san"]["dns_names"]["maxcount"] = 500
    (folder / "policy.json").write_text(json.dumps(policy))
    arguments = ("--verified", "quillon.example", "--control", "127.0.0.1:0")
    with running(folder / "atlas", "--policy", str(folder / "policy.json"), *arguments) as started:
        yield started


@pytest.fixture
def tasks(large_service: Simulator, quick_path: Path) -> Tasks:
    large_service.control("DELETE", "/requests")
    return Tasks(large_service, quick_path, {"settle": 0, "san": {"dns_names": NAMES}})


def check_returned_again(service: Simulator, tasks: Tasks, stated: dict[str, Any]) -> str:
    """The certificate that two runs return, for which the first requests one and the second
    nothing."""
    before = len(service.control("GET", "/ledger"))
    first = tasks.run(**stated)
    assert first["changed"], first.get("msg")
    assert "failed" not in first
    service.control("DELETE", "/requests")
    second = tasks.run(**stated)
    assert "failed" not in second, second["msg"]
    assert not second["changed"]
    assert service.control() == []
    assert len(service.control("GET", "/ledger")) == before + 1
    (certificate,) = {run["certificates"][0]["certificate"] for run in (first, second)}
    assert len(certificate) > 16 * 1024
    return str(certificate)


def test_returned_and_put_in_place(large_service: Simulator, tasks: Tasks) -> None:
    returned = check_returned_again(large_service, tasks, {"return_content": True})
    assert (tasks.folder / "cert.pem").read_text() == returned


def test_only_returned(large_service: Simulator, tasks: Tasks) -> None:
    key = keys.generate(keys.KeyKind("ECDSA", 256))
    stated = {
        "csr_content": keys.signing_request_pem(key, "www.quillon.example"),
        "public_key_signature": keys.prove_possession(key),
    }
    returned = check_returned_again(
        large_service, tasks, {**stated, "state_dir": str(tasks.folder / "records")}
    )
    (tasks.folder / "returned.pem").write_text(returned)
    ledger = large_service.control("GET", "/ledger")
    assert served(tasks.folder, "returned.pem") == ledger[-1]["serial_number"]


def test_many_of_them_in_one_task(large_service: Simulator, tasks: Tasks) -> None:
    items = [
        {
            "path": str(tasks.folder / f"{number}.crt"),
            "privatekey_path": str(tasks.folder / f"{number}.key"),
            "fullchain_path": str(tasks.folder / f"{number}.chained"),
            "san": {"dns_names": [f"m{number}.quillon.example", *NAMES[1:]]},
        }
        for number in range(6)
    ]
    before = len(large_service.control("GET", "/ledger"))
    for changes in (True, False):
        result = tasks.run(certificates=items, return_content=True)
        assert "failed" not in result, result["msg"]
        assert result["changed"] == changes
        for number, entry in enumerate(result["certificates"]):
            assert entry["certificate"] == (tasks.folder / f"{number}.crt").read_text()
    assert len(large_service.control("GET", "/ledger")) == before + 6
