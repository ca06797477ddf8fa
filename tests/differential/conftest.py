# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts what the differential test saw, and says so at its end."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from atlas_simulator.policy import enforcement
from atlas_simulator.policy.public_key import proven_key
from atlas_simulator.policy.readings import Readings
from atlas_simulator.problems import ServiceError

COUNTS: Counter[str] = Counter()
UNDECIDED: Counter[str] = Counter()


@pytest.fixture(scope="session", autouse=True)
def keys_are_looked_at_once() -> Iterator[None]:
    """Have the simulator check each key once under each rule: there are a few keys and rules, and
    a hundred thousand requests."""
    outcomes: dict[str, Any] = {}

    def remembered(
        request: Mapping[str, Any], policy: Mapping[str, Any], readings: Readings
    ) -> Any:
        names = ("public_key", "public_key_signature")
        parts = [[source.get(name) for name in names] for source in (request, policy)]
        case = json.dumps([*parts, readings.missing_section])
        if case not in outcomes:
            try:
                outcomes[case] = proven_key(request, policy, readings)
            except ServiceError as refusal:
                outcomes[case] = refusal
        if isinstance(outcomes[case], ServiceError):
            raise outcomes[case].with_traceback(None)
        return outcomes[case]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(enforcement, "proven_key", remembered)
        yield


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
