# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The section `validity` (API reference, sections 3.2 and 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import messages
from .rules import refused

_LAST_MOMENT = 253402300799  # of the year 9999, the last that X.509 can say


def validity(
    sent: Mapping[str, Any], limits: Mapping[str, Any], now: int, issuer_expiry: int
) -> tuple[int, int]:
    """The first and last moment, in UNIX seconds. Limits that a policy does not have do not hold.

    Without an end, or with 0, it is the latest that the policy and the issuer allow.
    """
    start = sent.get("not_before")
    if start is None:
        raise refused(messages.REQUIRED, "validity.not_before")
    earliest = now - limits["not_before_negative_skew"] if _has(limits, "negative") else 0
    latest = now + limits["not_before_positive_skew"] if _has(limits, "positive") else _LAST_MOMENT
    if not max(0, earliest) <= start <= min(latest, _LAST_MOMENT):
        raise refused(messages.INVALID_VALUE, "validity.not_before")
    last = min(filter(None, [limits.get("issuer_expiry"), issuer_expiry]))
    shortest, longest = limits.get("secondsmin") or 1, limits.get("secondsmax") or last - start
    end = sent.get("not_after") or min(start + longest, last)
    if end > last or not shortest <= end - start <= longest:
        raise refused(messages.INVALID_VALUE, "validity.not_after")
    return start, end


def _has(limits: Mapping[str, Any], direction: str) -> bool:
    return limits.get(f"not_before_{direction}_skew") is not None
