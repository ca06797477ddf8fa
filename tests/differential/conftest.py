# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts what the differential test saw, and says so at its end."""

from __future__ import annotations

from collections import Counter
from typing import Any

COUNTS: Counter[str] = Counter()
UNDECIDED: Counter[str] = Counter()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The shares of the answers, and which fields leave the word to the service."""
    examples = sum(COUNTS[answer] for answer in ("ok", "violation", "undecided"))
    if not examples:
        return
    shares = ", ".join(
        f"{answer} {100 * COUNTS[answer] / examples:.0f} %"
        for answer in ("ok", "violation", "undecided")
    )
    terminalreporter.write_line(f"differential: {examples} requests: {shares}")
    terminalreporter.write_line(
        f"differential: {COUNTS['accepted']} times accepted and {COUNTS['refused']} times refused"
        " by a reading of the simulator"
    )
    fields = ", ".join(f"{field} {count}" for field, count in UNDECIDED.most_common(12))
    terminalreporter.write_line(f"differential: most often undecided: {fields}")
