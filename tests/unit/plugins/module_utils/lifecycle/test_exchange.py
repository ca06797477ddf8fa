# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a node answers is checked: shape, bounds, control characters."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import exchange

INSPECTION = exchange.on_wire(exchange.Inspection(reasons=["missing: there is no certificate"]))
PREPARED = exchange.on_wire(exchange.Prepared(public_key="k", proof="p", known=["01"]))
LEASE = {"run": "r", "controller": "c", "process": "1:2", "until": 3}


def read(kind: type, answer: object) -> object:
    return exchange.read_answers(kind, [answer], 1)[0]


@pytest.mark.parametrize(
    "answer",
    [
        exchange.Inspection(reasons=["a"], content={"certificate": "AB==\n"}),
        exchange.Prepared(busy=LEASE),
        exchange.Installed(changed_files=["/a"], is_deployed=True),
        exchange.Acknowledged(superseded=[exchange.Proof("01", "key", "answer", "csr")]),
        exchange.Removed(removed_files=["/a"]),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_answers_survive_the_wire(answer: exchange.Answer) -> None:
    assert read(type(answer), exchange.on_wire(answer)) == answer


@pytest.mark.parametrize(
    "answers", [None, {}, [], [PREPARED, PREPARED], "text"], ids=lambda e: type(e).__name__
)
def test_as_many_answers_as_questions(answers: object) -> None:
    with pytest.raises(AtlasError, match="one answer for each certificate"):
        exchange.read_answers(exchange.Prepared, answers, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"reasons": None},
        {"reasons": "missing"},
        {"reasons": [1]},
        {"reasons": ["x"] * 1001},
        {"needs_chain": 1},
        {"obstacle": "x" * (exchange.LONGEST_ENTRY + 1)},
        {"certificate": []},
        {"certificate": {"serial_number": "01"}},
        {"content": {"certificate": "\x1b[2J"}},
        {"content": ["PEM"]},
    ],
    ids=str,
)
def test_an_answer_of_another_shape_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(AtlasError, match="The node's answer is not what"):
        read(exchange.Inspection, {**INSPECTION, **change})


@pytest.mark.parametrize(
    "busy", [{"run": "r"}, {**LEASE, "until": "soon"}, {**LEASE, "more": 1}, [], None], ids=str
)
def test_a_lease_has_its_members(busy: object) -> None:
    with pytest.raises(AtlasError, match="The node's answer is not what"):
        read(exchange.Prepared, {**PREPARED, "busy": busy})


@pytest.mark.parametrize("answer", [None, [], "text", 1])
def test_an_answer_that_is_no_object_is_refused(answer: object) -> None:
    with pytest.raises(AtlasError, match="The node's answer is not what"):
        read(exchange.Prepared, answer)


def test_control_characters_are_taken_out() -> None:
    found = read(exchange.Inspection, {**INSPECTION, "obstacle": "a\x1b[31mb\rc\nd"})
    assert isinstance(found, exchange.Inspection)
    assert found.obstacle == "a [31mb c\nd"
