# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wildcard search of domain claims (API reference, section 5.7)."""

from __future__ import annotations

from ..errors import AtlasError


class ClaimSearch:
    """A pattern of domains: `_` is one character, `%` any run of them, none included.

    One at the start must be followed by a full stop, one at the end preceded by one.
    Whether `%` may stand for several labels is not settled, so it may here. Raises `AtlasError`.
    """

    def __init__(self, pattern: str) -> None:
        text = pattern.lower().rstrip(".")
        if not text or _is_loose(text) or _is_loose(text[::-1]):
            raise AtlasError(
                f"search: {pattern!r} is not a pattern of domains; % or _ at either end stands"
                " for a whole label, as in %.example.com or www.%."
            )
        self._pattern = text

    def admits(self, domain: str) -> bool:
        """Whether a domain, in lower case without a final dot, fits."""
        reached = _past_wildcards({0}, self._pattern)
        for char in domain:
            reached = _past_wildcards(
                {
                    position if self._pattern[position] == "%" else position + 1
                    for position in reached
                    if position < len(self._pattern) and self._pattern[position] in ("%", "_", char)
                },
                self._pattern,
            )
        return len(self._pattern) in reached


def _is_loose(text: str) -> bool:
    """Whether it begins with a wildcard that no full stop follows."""
    rest = text.lstrip("%_")
    return rest != text and not rest.startswith(".")


def _past_wildcards(positions: set[int], pattern: str) -> set[int]:
    """These positions, and those after a `%` that stands for nothing."""
    reached = set()
    for position in positions:
        reached.add(position)
        while position < len(pattern) and pattern[position] == "%":
            position += 1
            reached.add(position)
    return reached
