# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Durations, dates, and when a certificate is due."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ...errors import AtlasError

_SHARE_OR_DURATION = re.compile(r"auto|([1-9]\d{0,2})%|([1-9]\d{0,5})([dhm])")
_DURATION = re.compile(r"([1-9]\d{0,5})([dhm])")
_SECONDS = {"d": 86400, "h": 3600, "m": 60}


@dataclass(frozen=True)
class Validity:
    """How long a certificate is wanted for: seconds, or dates in UNIX seconds."""

    valid_for: int | None
    not_before: int | None
    not_after: int | None


def validity(options: Mapping[str, Any], where: str) -> Validity:
    """Read `valid_for`, `not_before` and `not_after`."""
    if options.get("valid_for") and options.get("not_after"):
        raise AtlasError(
            f"{where}valid_for: the end is given by not_after already; give one of them."
        )
    read = Validity(
        duration(options.get("valid_for"), where + "valid_for"),
        date(options.get("not_before"), where + "not_before"),
        date(options.get("not_after"), where + "not_after"),
    )
    if read.not_before and read.not_after and read.not_after <= read.not_before:
        raise AtlasError(
            f"{where}not_after: {options['not_after']} is not after not_before,"
            f" {options['not_before']}; give a later date."
        )
    return read


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
    """How many seconds before its end a certificate of this lifetime (seconds) is due.

    `auto` is a third of the lifetime and at most 30 days; a half for lifetimes up to 10 days.
    """
    match = _SHARE_OR_DURATION.fullmatch(before)
    if match is None or before == "auto":
        return lifetime // 2 if lifetime <= 10 * 86400 else min(lifetime // 3, 30 * 86400)
    if match.group(1):
        return lifetime * int(match.group(1)) // 100
    return int(match.group(2)) * _SECONDS[match.group(3)]


def leaves_no_life(before: str, lifetime: int) -> bool:
    """Whether a certificate would be due again almost at once: after less than a fifth."""
    return renewal_threshold(before, lifetime) * 5 >= lifetime * 4
