# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bounds of numbers, which an argument specification cannot state."""

from __future__ import annotations

from ..errors import AtlasError


def require_between(option: str, value: int, lowest: int, highest: int, unit: str = "") -> None:
    """Fail with a sentence if an option is out of its bounds."""
    if not lowest <= value <= highest:
        of_what = f" {unit}" if unit else ""
        raise AtlasError(
            f"{option}: {value} is out of range; give a number from {lowest} to {highest}{of_what}."
        )


def require_port(option: str, value: int) -> None:
    """Fail with a sentence if an option is not a port."""
    require_between(option, value, 1, 65535)
