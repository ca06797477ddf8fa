# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a certificate has come close to its end: numbers only."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import expiry
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Wanted
from ansible_collections.globalsign.atlas.plugins.module_utils.times import iso_time

from .conftest import NOW, task

DAY = 86400
END = NOW + 90 * DAY
LIFETIME = expiry.Lifetime("0A", NOW, END)


def wanted(**options: Any) -> Wanted:
    (made,) = wanted_certificates(task(**options))
    assert isinstance(made, Wanted)
    return made


def reasons(now: int, **options: Any) -> list[str]:
    return list(expiry.reasons(wanted(**options), LIFETIME, now))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (END - 20 * DAY - 1, []),
        (END - 20 * DAY, ["expiring: 20 days remain, renew_before is 20d"]),
        (END - DAY, ["expiring: 1 days remain, renew_before is 20d"]),
        (END - DAY + 1, ["expiring: 0 days remain, renew_before is 20d"]),
        (END - 1, ["expiring: 0 days remain, renew_before is 20d"]),
        (END, ["expired: it ended 0 days ago"]),
        (END + DAY - 1, ["expired: it ended 0 days ago"]),
        (END + 3 * DAY, ["expired: it ended 3 days ago"]),
    ],
)
def test_the_last_days_of_a_certificate(now: int, expected: list[str]) -> None:
    assert reasons(now, renew_before="20d") == expected


@pytest.mark.parametrize(
    ("beyond", "is_stated"),
    [(-DAY, True), (0, True), (3600, True), (3601, False), (DAY, False)],
)
def test_an_end_that_the_task_states_is_not_expiring(beyond: int, is_stated: bool) -> None:
    """A CA may cut off up to an hour of what it was asked for."""
    stated = wanted(not_after=iso_time(END + beyond))
    assert expiry.ends_as_stated(stated, LIFETIME) is is_stated
    found = list(expiry.reasons(stated, LIFETIME, END - 1))
    assert found == ([] if is_stated else ["expiring: 0 days remain, renew_before is auto"])


def test_what_is_over_is_replaced_whatever_the_task_states() -> None:
    stated = wanted(not_after=iso_time(END))
    assert list(expiry.reasons(stated, LIFETIME, END)) == ["expired: it ended 0 days ago"]


def test_no_end_is_stated() -> None:
    assert not expiry.ends_as_stated(wanted(), LIFETIME)
    assert not expiry.ends_as_stated(wanted(valid_for="1d"), LIFETIME)


@pytest.mark.parametrize(
    ("now", "days"),
    [
        (END - 30 * DAY - 1, None),
        (END - 30 * DAY, 30),
        (END - DAY, 1),
        (END - 1, 0),
        (END + 5 * DAY, 0),
    ],
)
def test_an_end_that_is_close_and_stated_is_reported(now: int, days: int | None) -> None:
    stated = wanted(not_after=iso_time(END))
    assert expiry.notice(stated, LIFETIME, now) == (
        ""
        if days is None
        else f"The certificate ends in {days} days, as not_after states, so another one could not"
        " last longer and none is requested; state a later not_after, or leave it out."
    )


def test_an_end_that_is_close_and_not_stated_is_a_reason_and_no_notice() -> None:
    assert expiry.notice(wanted(), LIFETIME, END - 1) == ""
    assert expiry.notice(wanted(not_after=iso_time(END + DAY)), LIFETIME, END - 1) == ""


@pytest.mark.parametrize(
    ("renew_before", "lasting", "seconds"),
    [("auto", 90 * DAY, 30 * DAY), ("10d", 90 * DAY, 10 * DAY), ("89d", 90 * DAY, 45 * DAY)],
)
def test_how_long_before_its_end_a_certificate_is_due(
    renew_before: str, lasting: int, seconds: int
) -> None:
    assert expiry.threshold(wanted(renew_before=renew_before), lasting) == seconds


def test_a_spread_is_always_the_same_and_at_most_half() -> None:
    spreading = wanted(renew_before="30d", renew_spread="100d")
    spreads = [expiry.spread(spreading, f"{number:X}", 30 * DAY) for number in range(20)]
    assert spreads == [expiry.spread(spreading, f"{number:X}", 30 * DAY) for number in range(20)]
    assert len(set(spreads)) == 20
    assert all(0 <= each <= 15 * DAY for each in spreads)
    assert expiry.spread(wanted(), "0A", 30 * DAY) == 0


@pytest.mark.parametrize(
    ("renew_spread", "before", "most"),
    [("10d", 30 * DAY, 10 * DAY), ("100d", 30 * DAY, 15 * DAY), ("3d", 5, 2)],
)
def test_a_spread_comes_from_the_serial_number(renew_spread: str, before: int, most: int) -> None:
    number = int(hashlib.sha256(b"0A").hexdigest()[:8], 16)
    expected = number * most // (1 << 32)
    assert expiry.spread(wanted(renew_spread=renew_spread), "0A", before) == expected


def test_a_spread_puts_the_renewal_off() -> None:
    spreading = wanted(renew_before="30d", renew_spread="10d")
    later = expiry.spread(spreading, "0A", 30 * DAY)
    assert 0 < later < 10 * DAY
    due = END - 30 * DAY + later
    assert not expiry.is_expiring(spreading, LIFETIME, due - 1)
    assert expiry.is_expiring(spreading, LIFETIME, due)


def test_the_threshold_comes_from_the_whole_lifetime() -> None:
    short = expiry.Lifetime("0A", END - 8 * DAY, END)
    assert not expiry.is_expiring(wanted(), short, END - 4 * DAY - 1)
    assert expiry.is_expiring(wanted(), short, END - 4 * DAY)
