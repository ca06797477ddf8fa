# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long is waited, and when no more."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api import retry
from ansible_collections.globalsign.atlas.plugins.module_utils.api.retry import (
    Attempts,
    http_date,
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


@pytest.mark.parametrize("highest", [False, True])
def test_pauses_to_the_letter(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch, highest: bool
) -> None:
    def share(low: float, high: float) -> float:
        return high if highest else low

    monkeypatch.setattr(retry, "random", SimpleNamespace(uniform=share))
    attempts = Attempts(9, 1000)
    while attempts.wait():
        pass
    assert attempts.wait(7, counts=False)
    doubled = [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert pauses == [*(each if highest else each / 2 for each in doubled), 7.5 if highest else 7]


def test_what_the_service_says_leaves_our_own_pauses_as_they_are(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "random", SimpleNamespace(uniform=lambda low, high: high))
    attempts = Attempts(3, 1000)
    assert [attempts.wait(0), attempts.wait(), attempts.wait(), attempts.wait()] == [
        True,
        True,
        True,
        False,
    ]
    assert pauses == [0.5, 0.5, 1]


def test_time_runs_out(pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(retry, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(retry, "random", SimpleNamespace(uniform=lambda low, high: low))
    attempts = Attempts(9, 180)
    assert (attempts.deadline, attempts.seconds_left) == (1180, 180)
    now[0] = 1100.0
    assert attempts.seconds_left == 80
    assert not attempts.wait(80)
    assert not attempts.wait(80, counts=False)
    assert attempts.wait(79)
    now[0] = 1180.0
    assert not attempts.wait(0)
    assert pauses == [79]


def test_what_was_not_waited_for_is_not_counted(pauses: list[float]) -> None:
    attempts = Attempts(1, 10)
    assert not attempts.wait(11)
    assert attempts.wait(1)
    assert not attempts.wait(1)


def test_the_service_says_how_long(pauses: list[float]) -> None:
    attempts = Attempts(1, 100)
    assert attempts.wait(7)
    assert 7 <= pauses[0] <= 7.5


def test_no_pause_goes_beyond_the_total(pauses: list[float]) -> None:
    assert not Attempts(5, 10).wait(11)
    assert not Attempts(5, 0.1).wait()
    assert pauses == []


def test_so_much_must_be_left_for_the_next(pauses: list[float]) -> None:
    assert not Attempts(5, 10).wait(6, needed=4)
    assert Attempts(5, 10).wait(6, needed=3)


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
        ("Tue, 24 Nov 99999999999999999999 01:02:33 GMT", DATE, None),
        ("1.5", "", None),
        ("\u0667", "", None),
        ("0", DATE, 0),
        ("120", DATE, 120),
        ("1234567890", "", 123456789),
        (" Tue, 24 Nov 2026 01:02:33 GMT ", DATE, 30),
        ("Tuesday, 24-Nov-26 01:02:33 GMT", DATE, 30),
        ("Tue Nov 24 01:02:33 2026", DATE, 30),
        ("Tue, 24 Nov 2026 03:02:33 +0200", DATE, 30),
        ("Tue, 24 Nov 2026 01:02:33 GMT", "yesterday", 30),
    ],
)
def test_what_an_answer_asks_for(value: str, date: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value, "date": date}, NOW) == seconds


def test_an_answer_that_asks_for_nothing() -> None:
    assert retry_after({}, NOW) is None
    assert retry_after({"date": DATE}, NOW) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (DATE, 1795482123.0),
        ("", None),
        ("soon", None),
        (" ", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
def test_a_date_of_a_header(text: str, seconds: float | None) -> None:
    assert http_date(text) == seconds
