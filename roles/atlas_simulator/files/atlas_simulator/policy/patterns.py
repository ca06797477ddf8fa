# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regular expressions of policies: RE2, as the service very probably has them (section 3.1)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped] # it has no types

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


def compiles(pattern: str) -> bool:
    """Whether a text is a regular expression."""
    try:
        _compiled(pattern)
    except re2.error:
        return False
    return True


def admits(pattern: str, value: str, whole: bool) -> bool:
    """Whether a regular expression is found in a value, or with `whole` matches all of it.

    None admits a value of several lines: no field of a certificate has them.
    """
    if "\n" in value or "\r" in value:
        return False
    compiled = _compiled(pattern)
    match = compiled.fullmatch(value) if whole else compiled.search(value)
    return match is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    """A regular expression. RE2 keeps some by itself, but looks at all options each time."""
    return re2.compile(pattern, _OPTIONS)
