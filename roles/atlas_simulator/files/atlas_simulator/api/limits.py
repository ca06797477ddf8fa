# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rate limits: a token bucket for each account (API reference, U1)."""

from __future__ import annotations

import time
from email.utils import formatdate

from .. import messages
from ..behaviour import Behaviour
from ..clock import Clock
from ..problems import ServiceError


class Limits:
    """Refuses what comes too fast, by the real clock."""

    def __init__(self) -> None:
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, account: str, behaviour: Behaviour, clock: Clock) -> None:
        """Count a request; 429 if there were too many."""
        if behaviour.rate_limit <= 0:
            self._buckets.clear()
            return
        now = time.monotonic()
        left, at = self._buckets.get(account, (float(behaviour.rate_burst), now))
        left = min(float(behaviour.rate_burst), left + (now - at) * behaviour.rate_limit)
        if left < 1:
            self._buckets[account] = (left, now)
            headers = retry_after(behaviour, clock, seconds=1)
            raise ServiceError(429, messages.RATE_LIMIT, headers=headers)
        self._buckets[account] = (left - 1, now)


def retry_after(behaviour: Behaviour, clock: Clock, seconds: int) -> dict[str, str]:
    """The Retry-After header in the form that is set, or none (RFC 9110, section 10.2.3)."""
    if behaviour.retry_after == "seconds":
        return {"Retry-After": str(seconds)}
    if behaviour.retry_after == "date":
        return {"Retry-After": formatdate(clock.now() + seconds, usegmt=True)}
    return {}
