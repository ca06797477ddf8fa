# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Time that passes while somebody waits."""

from __future__ import annotations

import time
from collections.abc import Callable


class Stopwatch:
    """Seconds since it was made: those of the pauses, and what went by besides. The time of day
    may be set meanwhile, so it is not asked."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._begun = time.monotonic()
        self._paused = 0.0

    @property
    def passed(self) -> float:
        """In real time; where the pauses are not real, their sum."""
        return max(self._paused, time.monotonic() - self._begun)

    def pause(self, seconds: float) -> None:
        """Let some time pass."""
        self._sleep(seconds)
        self._paused += seconds
