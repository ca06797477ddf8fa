# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as users write and read them, and when something is due that lives for a while."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone

from .errors import AtlasError

EARLIEST, LATEST = -62135596800, 253402300799
"""The first and the last second that ISO 8601 can name, of the years 1 and 9999."""

_SHARE_OR_DURATION = re.compile(r"auto|([1-9]\d{0,2})%|([1-9]\d{0,5})([dhm])")
_DURATION = re.compile(r"([1-9]\d{0,5})([dhm])")
_SECONDS = {"d": 86400, "h": 3600, "m": 60}


def iso_time(seconds: int) -> str:
    """UNIX seconds as ISO 8601 in UTC, such as `2026-11-24T01:30:00Z`; at most the year 9999."""
    seconds = min(max(seconds, EARLIEST), LATEST)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def duration(text: str | None, option: str) -> int | None:
    """A duration such as `30d`, `72h` or `90m` in seconds."""
    if not text:
        return None
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise AtlasError(
            f"{option}: {text!r} is not a duration; give one such as '30d', '72h' or '90m'."
        )
    return int(match.group(1)) * _SECONDS[match.group(2)]


def duration_text(seconds: int) -> str:
    """As users write it, in the largest unit that fits."""
    for unit, length in _SECONDS.items():
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def date(text: str | None, option: str) -> int | None:
    """A moment in ISO 8601 as UNIX seconds; without a time it is midnight, UTC."""
    if not text:
        return None
    given = text.strip()
    if given[-1:] in "Zz":  # Python 3.9 and 3.10 do not know it
        given = given[:-1] + "+00:00"
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        moment = None
    is_date = bool(re.fullmatch(r"\d{4}-\d\d-\d\d", given))
    if moment is None or (moment.tzinfo is None and not is_date):
        raise AtlasError(
            f"{option}: {text!r} is not a moment in ISO 8601 with its time zone; give one such as"
            " '2027-03-01' or '2027-03-01T12:00:00Z'."
        )
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp())


def renew_before(text: str, where: str) -> str:
    """Check `renew_before` and return it in one form."""
    match = _SHARE_OR_DURATION.fullmatch(text.strip())
    if match is None or (match.group(1) and int(match.group(1)) >= 80):
        raise AtlasError(
            f"{where}renew_before: {text!r} is not understood; give auto, a duration such as '30d',"
            " '72h' or '90m', or a share of the lifetime below 80 % such as '33%'."
        )
    return match.group(0)


def renewal_threshold(before: str, lifetime: int) -> int:
    """How many seconds before its end something of this lifetime (seconds) is due.

    `auto` is a third of the lifetime and at most 30 days; a half for lifetimes up to 10 days.
    """
    match = _SHARE_OR_DURATION.fullmatch(before)
    if match is None or before == "auto":
        return lifetime // 2 if lifetime <= 10 * 86400 else min(lifetime // 3, 30 * 86400)
    if match.group(1):
        return lifetime * int(match.group(1)) // 100
    return int(match.group(2)) * _SECONDS[match.group(3)]


def leaves_no_life(before: str, lifetime: int) -> bool:
    """Whether it would be due again almost at once: after less than a fifth of its lifetime."""
    return renewal_threshold(before, lifetime) * 5 >= lifetime * 4


def seconds_before_end(before: str, lifetime: int) -> int:
    """As `renewal_threshold`, but half the lifetime where that would leave no life.

    Otherwise what was granted for a shorter time than expected would be renewed in each run.
    """
    if leaves_no_life(before, lifetime):
        return lifetime // 2
    return renewal_threshold(before, lifetime)
