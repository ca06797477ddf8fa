# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The time that tokens, validity and claims see."""

from __future__ import annotations

import time


class Clock:
    """The system's clock, or one that was moved away from it."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> int:
        """The time in UNIX seconds."""
        return int(time.time() + self._offset)

    def move(self, seconds: float) -> None:
        """Move by so many seconds from where it is."""
        self._offset += seconds

    def set(self, moment: float) -> None:
        """Have it be a time (UNIX seconds) now; it goes on from there."""
        self._offset = moment - time.time()
