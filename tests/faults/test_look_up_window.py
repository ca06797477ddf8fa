# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The look-up of a request whose answer was lost, at services that read a window differently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.api import errors
from ansible_collections.globalsign.atlas.plugins.module_utils.api.certificate_calls import (
    CertificateCalls,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError

from .counting import POST, bought, serial_of, stated_for
from .whole_task import Tasks, at_once

EXPIRING = {"method": "GET", "path": "/stats/expiring"}


@pytest.fixture
def tasks(service: Simulator, quick_path: Path) -> Tasks:
    service.control("POST", "/faults", {**POST, "action": "reset-after", "times": 1})
    return Tasks(service, quick_path, {"settle": 1}, sleep=at_once)


def check_found(service: Simulator, tasks: Tasks) -> None:
    stated = stated_for("window")
    assert bought(service, stated) == []
    serial = serial_of(tasks.run(**stated))
    assert bought(service, stated) == [serial]


def test_a_service_that_refuses_a_window_of_no_length(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = CertificateCalls.expiring_between

    def refusing(self: CertificateCalls, since: int, until: int) -> Any:
        if since >= until:
            raise ApiError(
                "The window is empty (422).",
                method="GET",
                path="/stats/expiring",
                status=422,
                outcome=errors.REFUSED,
            )
        return honest(self, since, until)

    monkeypatch.setattr(CertificateCalls, "expiring_between", refusing)
    check_found(service, tasks)


def test_a_service_whose_window_ends_before_its_last_second(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end may count or not, and so may the beginning: asked is from a second before to a
    second after, so that the look-up of one certificate takes one request."""
    honest = CertificateCalls.expiring_between

    def between(self: CertificateCalls, since: int, until: int) -> Any:
        return (each for each in honest(self, since, until) if since < each.not_after < until)

    monkeypatch.setattr(CertificateCalls, "expiring_between", between)
    monkeypatch.setattr(CertificateCalls, "issued_between", lambda *_window: iter(()))
    check_found(service, tasks)


def test_a_service_that_refuses_every_window_of_ends(service: Simulator, tasks: Tasks) -> None:
    """Then it is found among what was issued since."""
    service.control("POST", "/faults", {**EXPIRING, "action": "status", "status": 422, "times": 99})
    check_found(service, tasks)
