# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates that are revoked: found out, done, and done again where it failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain import revoke

from .conftest import new_client, requests_of
from .whole_task import Tasks

PATCH = {"method": "PATCH", "path": "/certificates/*"}
REVOKING = {"state": "revoked", "revocation_reason": "superseded", "allow_live": True}


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    folder = quick_path / "ssl"
    folder.mkdir()
    return Tasks(service, folder, {"settle": 0})


def serial_of(result: dict[str, Any]) -> str:
    assert "failed" not in result, result
    serial: str = result["certificates"][0]["serial_number"]
    return serial


def status_of(service: Simulator, serial: str) -> str:
    ledger = service.control("GET", "/ledger")
    status: str = next(e["status"] for e in ledger if e["serial_number"] == serial)
    return status


@pytest.mark.parametrize("rotation", ["on_renewal", "never"])
def test_revoked_at_the_service(service: Simulator, tasks: Tasks, rotation: str) -> None:
    """Found out only if it is asked for; replaced with a new key in any case."""
    stated = {"privatekey_rotation": rotation}
    old = serial_of(tasks.run(**stated))
    key = (tasks.folder / "key.pem").read_bytes()
    with new_client(service) as client:
        client.revoke(old, "superseded")
    assert not tasks.run(**stated)["changed"]
    foretold = tasks.run(check_mode=True, check_revocation=True, **stated)
    assert foretold["changed"]
    assert "new" in foretold["diff"][0]["after"]
    assert (tasks.folder / "key.pem").read_bytes() == key
    replaced = tasks.run(check_revocation=True, **stated)
    assert replaced["certificates"][0]["reasons"][0].startswith("revoked: ")
    assert serial_of(replaced) != old
    assert (tasks.folder / "key.pem").read_bytes() != key


def test_one_request_for_each(service: Simulator, tasks: Tasks) -> None:
    tasks.run()
    service.control("DELETE", "/requests")
    assert not tasks.run(check_revocation=True)["changed"]
    assert requests_of(service, "GET", "/certificates/") == 1
    assert len(service.control()) == 2  # with the login


def test_one_warning_where_nobody_can_tell(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be asked is no reason to replace anything, nor to ask for each in turn."""
    monkeypatch.setattr(revoke, "_MOST_AT_A_TIME", 1)
    items = [
        {
            "path": str(tasks.folder / f"{number}.crt"),
            "privatekey_path": str(tasks.folder / f"{number}.key"),
            "san": {"dns_names": [f"told{number}.quillon.example"]},
        }
        for number in range(12)
    ]
    tasks.run(certificates=items)
    tasks.connection = {"retries": 0}
    service.control("DELETE", "/requests")
    fault = {"method": "GET", "path": "/certificates/*", "action": "status", "status": 500}
    service.control("POST", "/faults", {**fault, "times": 99})
    result = tasks.run(certificates=items, check_revocation=True)
    assert not result["changed"]
    assert "failed" not in result
    assert len(result["warnings"]) == 1
    assert requests_of(service, "GET", "/certificates/") == 1


def test_a_revocation_that_fails_is_done_by_the_next_run(service: Simulator, tasks: Tasks) -> None:
    old = serial_of(tasks.run())
    service.control("POST", "/faults", {**PATCH, "action": "status", "status": 422, "times": 9})
    stated = {"revoke_superseded": True}
    failed = tasks.run(force=True, **stated)
    assert "is not revoked yet" in failed["warnings"][0]
    assert status_of(service, old) == "ISSUED"
    service.control("DELETE", "/faults")
    again = tasks.run(**stated)
    assert again["certificates"][0]["revoked"] == [old]
    assert status_of(service, old) == "REVOKED"
    assert not tasks.run(**stated)["changed"]
    assert list(tasks.folder.rglob("superseded/*.pem")) == []


def test_not_revoked_before_it_is_confirmed(service: Simulator, tasks: Tasks) -> None:
    stated = {"revoke_superseded": True}
    old = serial_of(tasks.run(**stated))
    tasks.run(force=True, acknowledge="later", **stated)
    assert status_of(service, old) == "ISSUED"
    assert tasks.run(state="confirmed", **stated)["certificates"][0]["revoked"] == [old]
    assert status_of(service, old) == "REVOKED"


def test_nor_if_it_is_switched_back(service: Simulator, tasks: Tasks) -> None:
    stated = {"revoke_superseded": True}
    old = serial_of(tasks.run(**stated))
    tasks.run(force=True, acknowledge="later", **stated)
    assert serial_of(tasks.run(state="previous", **stated)) == old
    tasks.run(state="confirmed", **stated)
    assert status_of(service, old) == "ISSUED"


@pytest.mark.parametrize("again", [204, 409, 412])
def test_revoked_twice(service: Simulator, tasks: Tasks, again: int) -> None:
    service.control("POST", "/settings", {"revoke_again": str(again)})
    try:
        serial = serial_of(tasks.run())
        assert tasks.run(check_mode=True, **REVOKING)["changed"]
        assert status_of(service, serial) == "ISSUED"
        assert tasks.run(**REVOKING)["certificates"][0]["revoked"] == [serial]
        assert not tasks.run(**REVOKING)["changed"]
    finally:
        service.control("POST", "/settings", {"revoke_again": "412"})


def test_a_revocation_has_to_be_meant(service: Simulator, tasks: Tasks) -> None:
    serial = serial_of(tasks.run())
    refused = tasks.run(state="revoked", revocation_reason="superseded")
    assert "allow_live" in refused["msg"]
    assert status_of(service, serial) == "ISSUED"
