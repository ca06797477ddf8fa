# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a certificate is wanted for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import AtlasError
from ...times import date, duration


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
