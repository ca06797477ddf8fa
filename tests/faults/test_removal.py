# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`state: absent`, where more than files would be lost: what was paid for, what is on its way, and
what is still to be revoked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.api.certificate_calls import (
    CertificateCalls,
)

from .counting import (
    DAY,
    POST,
    bought,
    dangling,
    outcome_of,
    said,
    serial_of,
    served,
    shifted,
    stated_for,
    statuses,
    warned,
)
from .whole_task import Tasks, at_once, elsewhere

LAYOUTS = ["plain", "linked"]
ABSENT = {"state": "absent", "remove_privatekey": True}


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    return Tasks(service, quick_path, {"settle": 0}, sleep=at_once)


@pytest.mark.parametrize("has_files", [True, False])
def test_while_another_run_is_at_work(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch, has_files: bool
) -> None:
    """It waits for the other as any run does, and is refused when that takes too long."""
    stated = stated_for("leased")
    if has_files:
        tasks.run(**stated)
    remover = replace(tasks, new_run=elsewhere)
    answers: list[dict[str, Any]] = []
    honest = CertificateCalls.request_certificate

    def request(self: CertificateCalls, body: Any) -> Any:
        answers.append(outcome_of(remover, **ABSENT, **stated))
        return honest(self, body)

    monkeypatch.setattr(CertificateCalls, "request_certificate", request)
    result = tasks.run(force=has_files, **stated)
    (answer,) = answers
    assert "failed" in answer, answer
    assert serial_of(result) == served(tasks.folder) == bought(service, stated)[-1]
    assert not outcome_of(tasks, **stated)["changed"]


def test_a_run_that_is_gone_holds_up_nobody(service: Simulator, tasks: Tasks) -> None:
    """Its request may have led to a certificate, which is said."""
    stated = stated_for("gone")
    service.control("POST", "/faults", {**POST, "action": "reset-after", "times": 9})
    statistics = {"method": "GET", "path": "/stats/*", "action": "reset-before"}
    service.control("POST", "/faults", {**statistics, "times": 99})
    assert tasks.run(**stated)["failed"]
    removed = tasks.run(**ABSENT, **stated)
    assert "failed" not in removed
    assert removed["warnings"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_certificate_that_is_kept_for_another_try_is_named(tasks: Tasks, layout: str) -> None:
    stated = {**stated_for("kept"), "layout": layout}
    tasks.run(**stated)
    kept = serial_of(tasks.run(force=True, acknowledge="later", **stated))
    tasks.run(state="previous", **stated)
    assert kept in warned(tasks.run(check_mode=True, **ABSENT, **stated))
    assert kept in warned(tasks.run(**ABSENT, **stated))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_still_to_be_revoked_is_named(
    service: Simulator, tasks: Tasks, layout: str
) -> None:
    stated = {**stated_for("queued"), "layout": layout, "revoke_superseded": True}
    old = serial_of(tasks.run(**stated))
    revoking = {"method": "PATCH", "path": "/certificates/*", "action": "status", "status": 422}
    service.control("POST", "/faults", {**revoking, "times": 9})
    tasks.run(force=True, **stated)
    service.control("DELETE", "/faults")
    removed = tasks.run(**ABSENT, **stated)
    assert old in said(removed)
    assert statuses(service)[old] == "REVOKED" or old in warned(removed)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("names", [("cert.pem", "key.pem"), ("chain.pem", "fullchain.pem")])
def test_some_of_the_paths(tasks: Tasks, layout: str, names: tuple[str, str]) -> None:
    """What the task does not name stays, or goes too, and leads to a file in any case."""
    stated = {**stated_for("some"), "layout": layout}
    tasks.run(**stated)
    options = {"cert.pem": "path", "key.pem": "privatekey_path"}
    options.update({"chain.pem": "chain_path", "fullchain.pem": "fullchain_path"})
    some = {options[name]: str(tasks.folder / name) for name in names}
    outcome_of(tasks, certificates=[{**some, **stated}], **ABSENT)
    assert dangling(tasks.folder) == []


@pytest.mark.parametrize("shift", [600, 170 * DAY, -170 * DAY])
def test_a_wrong_clock_does_not_end_the_lease_of_another(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch, shift: int
) -> None:
    stated = stated_for("clock")
    remover = replace(tasks, new_run=elsewhere, clock=shifted(shift))
    answers: list[dict[str, Any]] = []
    honest = CertificateCalls.request_certificate

    def request(self: CertificateCalls, body: Any) -> Any:
        answers.append(outcome_of(remover, **ABSENT, **stated))
        return honest(self, body)

    monkeypatch.setattr(CertificateCalls, "request_certificate", request)
    result = outcome_of(tasks, **stated)
    assert "failed" in answers[0], answers
    assert bought(service, stated) == [served(tasks.folder)] == [serial_of(result)]
