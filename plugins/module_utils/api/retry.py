# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When to try again, and how long to wait before it."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0

sleep = time.sleep


class Attempts:
    """The attempts of one call: at most `retries` more, all begun within `total` seconds."""

    def __init__(self, retries: int, total: float) -> None:
        self._left = retries
        self._pause = _FIRST_PAUSE
        self.deadline = time.monotonic() + total

    @property
    def seconds_left(self) -> float:
        """How long the call may still take."""
        return self.deadline - time.monotonic()

    def wait(self, asked: float | None = None, counts: bool = True, needed: float = 0.0) -> bool:
        """Wait for the next attempt; at once False if there may be none.

        `asked` is how long the service wants us to wait, None if it does not say: then the pause
        doubles each time. Its random share keeps a fleet from coming back all at the same moment.
        An attempt that does not count is bound by the time alone; `needed` is how many seconds
        must be left for the next.
        """
        pause = self._backed_off() if asked is None else asked + random.uniform(0, 0.5)  # noqa: S311
        if (counts and self._left <= 0) or pause + needed >= self.seconds_left:
            return False
        self._left -= counts
        sleep(pause)
        return True

    def _backed_off(self) -> float:
        pause = self._pause * random.uniform(0.5, 1)  # noqa: S311 - no secret depends on it
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        return pause


def http_date(text: str) -> float | None:
    """UNIX seconds of a date as in a header (RFC 9110, section 5.6.7); None if it is none."""
    try:
        date = parsedate_tz(text)
        return None if date is None else float(mktime_tz(date))
    except (OverflowError, ValueError, IndexError, TypeError):  # of odd texts, by version
        return None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that an answer asks to wait (RFC 9110, section 10.2.3); None if it does not.

    It is a number of seconds, or a date by the service's clock: `now` is its time, which the
    header `Date` of the same answer tells better.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    date = http_date(value)
    if date is None:
        return None
    its_time = http_date(headers.get("date", ""))
    return max(0.0, date - (now if its_time is None else its_time))
