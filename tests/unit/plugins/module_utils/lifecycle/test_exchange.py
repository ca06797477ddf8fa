# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a node answers is checked: shape, bounds, control characters."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import exchange

PREPARED = {"public_key": "k", "proof": "p", "signing_request": "r", "obstacle": ""}
INSPECTION = {
    "reasons": ["missing: there is no certificate"],
    "repairs": [],
    "needs_chain": False,
    "obstacle": "",
    "missing_folders": [],
    "certificate": None,
}


def test_answers_survive_the_wire() -> None:
    inspection = exchange.read_inspection(INSPECTION)
    assert exchange.on_wire(inspection) == INSPECTION
    prepared = exchange.read_prepared(PREPARED)
    assert exchange.on_wire(prepared) == PREPARED


@pytest.mark.parametrize(
    "answers", [None, {}, [], [PREPARED, PREPARED], "text"], ids=lambda e: type(e).__name__
)
def test_as_many_answers_as_questions(answers: object) -> None:
    with pytest.raises(AtlasError, match="one answer for each certificate"):
        exchange.read_answers(exchange.read_prepared, answers, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"reasons": None},
        {"reasons": "missing"},
        {"reasons": [1]},
        {"reasons": ["x"] * (exchange.MOST_TEXTS + 1)},
        {"needs_chain": 1},
        {"obstacle": "x" * (exchange.LONGEST_TEXT + 1)},
        {"certificate": []},
        {"certificate": {"serial_number": "01"}},
    ],
    ids=str,
)
def test_an_answer_of_another_shape_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(AtlasError, match="The node's answer is not what"):
        exchange.read_inspection({**INSPECTION, **change})


@pytest.mark.parametrize("answer", [None, [], "text", 1])
def test_an_answer_that_is_no_object_is_refused(answer: object) -> None:
    with pytest.raises(AtlasError, match="The node's answer is not what"):
        exchange.read_prepared(answer)


def test_control_characters_are_taken_out() -> None:
    found = exchange.read_inspection({**INSPECTION, "obstacle": "a\x1b[31mb\rc\nd"})
    assert found.obstacle == "a [31mb c\nd"
