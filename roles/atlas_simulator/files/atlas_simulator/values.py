# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small things about values that came as JSON, and about settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def is_integer(value: Any) -> bool:
    """Whether a value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def about(text: str, choices: Sequence[Any] = ()) -> dict[str, Any]:
    """The metadata of a setting: what it means, and what it may be if not anything of its type."""
    return {"text": text, "choices": tuple(choices)}
