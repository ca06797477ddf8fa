# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long is waited, and when no more."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api import retry
from ansible_collections.globalsign.atlas.plugins.module_utils.api.retry import (
    Attempts,
    retry_after,
)

NOW = 1795482123
DATE = "Tue, 24 Nov 2026 01:02:03 GMT"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr(retry, "sleep", made.append)
    return made


def test_pauses_grow_and_differ(pauses: list[float]) -> None:
    attempts = Attempts(8, 1000)
    while attempts.wait():
        pass
    assert len(pauses) == 8
    assert all(0.25 * 2**n <= pause <= 0.5 * 2**n for n, pause in enumerate(pauses[:6]))
    assert max(pauses) <= 30


def test_the_service_says_how_long(pauses: list[float]) -> None:
    attempts = Attempts(1, 100)
    assert attempts.wait(7)
    assert 7 <= pauses[0] <= 7.5


def test_no_pause_goes_beyond_the_total(pauses: list[float]) -> None:
    assert not Attempts(5, 10).wait(11)
    assert not Attempts(5, 0.1).wait()
    assert pauses == []


def test_an_attempt_that_does_not_count(pauses: list[float]) -> None:
    attempts = Attempts(0, 100)
    assert not attempts.wait()
    assert attempts.wait(counts=False)


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("", "", None),
        ("7", "", 7),
        (" 0 ", "", 0),
        ("soon", "", None),
        ("-3", "", None),
        ("Tue, 24 Nov 2026 01:02:33 GMT", DATE, 30),
        ("Tue, 24 Nov 2026 01:02:33 GMT", "", 30),
        ("Tue, 24 Nov 2026 01:02:33 GMT", "Tue, 24 Nov 2026 01:02:23 GMT", 10),
        ("Tue, 24 Nov 2020 01:02:33 GMT", DATE, 0),
        ("9" * 5000, "", 999999999),
        ("Tue, 24 Nov 99999999 01:02:33 GMT", DATE, None),
    ],
)
def test_what_an_answer_asks_for(value: str, date: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value, "date": date}, NOW) == seconds
