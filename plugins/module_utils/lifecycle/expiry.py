# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a certificate has come close to its end. Knows numbers only, so that it can be asked
where nothing of the certificate has to be read again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from ..times import seconds_before_end
from .wanted import Wanted

_CLOSE_TO_A_DATE = 3600
"""Seconds by which a CA may shorten what it was asked for, and by which two dates are the same."""


@dataclass(frozen=True)
class Lifetime:
    """From when until when a certificate is valid, in UNIX seconds."""

    serial_number: str
    not_before: int
    not_after: int


def reasons(wanted: Wanted, lifetime: Lifetime, now: int) -> Iterator[str]:
    """Why it has to be replaced at `now`, if it has."""
    end = lifetime.not_after
    if end <= now:
        yield f"expired: it ended {(now - end) // 86400} days ago"
    elif is_expiring(wanted, lifetime, now) and not ends_as_stated(wanted, lifetime):
        yield (
            f"expiring: {(end - now) // 86400} days remain, renew_before is {wanted.renew_before}"
        )


def is_expiring(wanted: Wanted, lifetime: Lifetime, now: int) -> bool:
    """Whether its end is as close as `renew_before` says."""
    before = threshold(wanted, lifetime.not_after - lifetime.not_before)
    return lifetime.not_after - now <= before - spread(wanted, lifetime.serial_number, before)


def ends_as_stated(wanted: Wanted, lifetime: Lifetime) -> bool:
    """Whether the task states the end that it has: another one could not last longer."""
    stated = wanted.not_after
    return stated is not None and lifetime.not_after >= stated - _CLOSE_TO_A_DATE


def notice(wanted: Wanted, lifetime: Lifetime, now: int) -> str:
    """What the user should know of an end that is close and stated; empty if it is not."""
    if not is_expiring(wanted, lifetime, now) or not ends_as_stated(wanted, lifetime):
        return ""
    return (
        f"The certificate ends in {max(0, lifetime.not_after - now) // 86400} days, as not_after"
        " states, so another one could not last longer and none is requested; state a later"
        " not_after, or leave it out."
    )


def threshold(wanted: Wanted, lasting: int) -> int:
    """How many seconds before its end a certificate that lasts so long (seconds) is due."""
    return seconds_before_end(wanted.renew_before, lasting)


def spread(wanted: Wanted, serial_number: str, before: int) -> int:
    """How many seconds later a certificate is due than its threshold `before` says.

    Always the same for one certificate, from a hash of its serial number; no more than half of
    `before`.
    """
    digest = hashlib.sha256(serial_number.encode("ascii", "replace")).digest()
    share = int.from_bytes(digest[:4], "big") / (1 << 32)
    return int(share * min(wanted.renew_spread, before // 2))
