# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time that passes while somebody waits."""

from __future__ import annotations

import time

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.waiting import Stopwatch


def test_pauses_and_what_goes_by_besides(monkeypatch: pytest.MonkeyPatch) -> None:
    moment, slept = [5.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        moment[0] += seconds

    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    stopwatch = Stopwatch(sleep)
    assert stopwatch.passed == 0
    stopwatch.pause(2)
    assert stopwatch.passed == 2
    moment[0] += 7
    assert (stopwatch.passed, slept) == (9, [2])


def test_pauses_that_are_not_real_count_as_if_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 5.0)
    stopwatch = Stopwatch(lambda _seconds: None)
    stopwatch.pause(2)
    stopwatch.pause(3)
    assert stopwatch.passed == 5
