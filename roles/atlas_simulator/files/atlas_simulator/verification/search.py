# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search grammar of claims (API reference, section 5.7)."""

from __future__ import annotations

import re


def search_pattern(text: str) -> re.Pattern[str] | None:
    """What a search matches, against a whole domain without its final dot; None if it is malformed.

    `_` is one character and `%` any run of them, neither ever the dot between labels. Only a
    leading `%.` and a trailing `.%` stand for one or more whole labels.
    """
    if (text.startswith("%") and not text.startswith("%.")) or (
        text.endswith("%") and not text.endswith(".%")
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
