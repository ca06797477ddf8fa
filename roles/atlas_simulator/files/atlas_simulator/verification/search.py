# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search grammar of claims (API reference, section 5.7)."""

from __future__ import annotations

import re

_WILDCARDS = ("%", "_")


def search_pattern(text: str) -> re.Pattern[str] | None:
    """What a search matches, against a whole domain without its final dot; None if it is malformed.

    `_` is one character and `%` any run of them, neither ever the dot between labels. At the
    beginning a wildcard is followed by a dot, and at the end preceded by one; there `%` stands for
    one or more whole labels.
    """
    if (text[:1] in _WILDCARDS and text[1:2] != ".") or (
        text[-1:] in _WILDCARDS and text[-2:-1] != "."
    ):
        return None
    middle, before, after = text.lower(), "", ""
    if middle.startswith("%."):
        middle, before = middle[2:], r"(?:[^.]+\.)+"
    if middle.endswith(".%"):
        middle, after = middle[:-2], r"(?:\.[^.]+)+"
    parts = {"%": "[^.]*", "_": "[^.]"}
    labels = "".join(parts.get(each) or re.escape(each) for each in middle)
    return re.compile(before + labels + after)
