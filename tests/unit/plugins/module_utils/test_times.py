# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as users write and read them, and from when on something is due."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.times import (
    date,
    duration,
    duration_text,
    iso_time,
    leaves_no_life,
    renew_before,
    renewal_threshold,
    seconds_before_end,
)

HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_800_000_000, "2027-01-15T08:00:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
        (10**30, "9999-12-31T23:59:59Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
    ],
)
def test_iso_time(seconds: int, text: str) -> None:
    assert iso_time(seconds) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("30d", 30 * DAY),
        ("72h", 72 * HOUR),
        ("90m", 90 * 60),
        (" 1d ", DAY),
        ("999999d", 999999 * DAY),
    ],
)
def test_a_duration(text: str | None, seconds: int | None) -> None:
    assert duration(text, "not_after") == seconds


@pytest.mark.parametrize(
    "text", ["0d", "-1d", "30", "d", "1.5d", "30 d", "30D", "30s", "1000000d", "1d\n1", "01d"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(AtlasError) as caught:
        duration(text, "not_after")
    assert caught.value.message == (
        f"not_after: {text!r} is not a duration; give one such as '30d', '72h' or '90m'."
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("2027-01-15", 1_799_971_200),
        ("2027-01-15T08:00:00Z", 1_800_000_000),
        ("2027-01-15T08:00:00z", 1_800_000_000),
        (" 2027-01-15 08:00:00Z ", 1_800_000_000),
        ("2027-01-15T10:00:00+02:00", 1_800_000_000),
        ("2027-01-15T08:00:00.900Z", 1_800_000_000),
    ],
)
def test_a_moment(text: str | None, seconds: int | None) -> None:
    assert date(text, "until") == seconds


@pytest.fixture
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "XYZ-5:30")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_from_greenwich")
def test_times_are_those_of_greenwich_wherever_one_is() -> None:
    assert time.localtime(0).tm_hour == 5
    assert iso_time(1_800_000_000) == "2027-01-15T08:00:00Z"
    assert date("2027-01-15", "until") == 1_799_971_200
    assert date("2027-01-15T08:00:00Z", "until") == 1_800_000_000


@pytest.mark.parametrize(
    "text",
    [
        "2027-01-15T08:00:00",
        "2027-01-15T08:00:00X",
        "2027-01-15 08:00",
        "2027-13-01",
        "2027-01-15Z",
        "tomorrow",
        "Z",
        " ",
        "1800000000",
        "15.01.2027",
    ],
)
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(AtlasError) as caught:
        date(text, "until")
    assert caught.value.message == (
        f"until: {text!r} is not a moment in ISO 8601 with its time zone; give one such as"
        " '2027-03-01' or '2027-03-01T12:00:00Z'."
    )


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("auto", "auto"),
        (" 30d ", "30d"),
        ("72h", "72h"),
        ("90m", "90m"),
        ("1%", "1%"),
        ("79%", "79%"),
    ],
)
def test_renew_before_in_one_form(text: str, normal: str) -> None:
    assert renew_before(text, "") == normal


@pytest.mark.parametrize("text", ["80%", "100%", "0%", "33", "Auto", "0d", "1.5%", "33 %", ""])
def test_renew_before_that_is_refused(text: str) -> None:
    with pytest.raises(AtlasError) as caught:
        renew_before(text, "certificates[1].")
    assert caught.value.message == (
        f"certificates[1].renew_before: {text!r} is not understood; give auto, a duration such as"
        " '30d', '72h' or '90m', or a share of the lifetime below 80 % such as '33%'."
    )


@pytest.mark.parametrize(
    ("before", "lifetime", "seconds"),
    [
        ("auto", 10 * DAY, 5 * DAY),
        ("auto", 10 * DAY + 3, 10 * DAY // 3 + 1),
        ("auto", 9, 4),
        ("auto", 47 * DAY, 47 * DAY // 3),
        ("auto", 90 * DAY, 30 * DAY),
        ("auto", 91 * DAY, 30 * DAY),
        ("33%", 200 * DAY, 66 * DAY),
        ("1%", 199, 1),
        ("30d", 200 * DAY, 30 * DAY),
        ("72h", 200 * DAY, 72 * HOUR),
        ("90m", 200 * DAY, 90 * 60),
        ("30d", DAY, 30 * DAY),
    ],
)
def test_how_long_before_its_end_it_is_due(before: str, lifetime: int, seconds: int) -> None:
    assert renewal_threshold(before, lifetime) == seconds


@pytest.mark.parametrize(
    ("before", "lifetime", "leaves_none"),
    [
        ("8d", 10 * DAY, True),
        ("8d", 10 * DAY + 1, False),
        ("79%", 100, False),
        ("30d", DAY, True),
        ("auto", 10 * DAY, False),
        ("auto", 200 * DAY, False),
        ("1m", 0, True),
    ],
)
def test_what_would_be_due_again_almost_at_once(
    before: str, lifetime: int, leaves_none: bool
) -> None:
    assert leaves_no_life(before, lifetime) is leaves_none
    due = lifetime // 2 if leaves_none else renewal_threshold(before, lifetime)
    assert seconds_before_end(before, lifetime) == due


@pytest.mark.parametrize("text", ["200d", "47h", "90m"])
def test_a_duration_is_written_as_it_was_stated(text: str) -> None:
    assert duration_text(duration(text, "valid_for") or 0) == text


def test_a_duration_is_written_in_the_largest_unit_that_fits() -> None:
    assert [duration_text(seconds) for seconds in (172_800, 7200, 61)] == ["2d", "2h", "61s"]
