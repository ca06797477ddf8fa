# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of a node: one for each step, passphrases beside the rest, answers within bounds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import exchange
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.node import Node
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Wanted

from ..conftest import task

Asked = list[tuple[str, list[dict[str, Any]], list[str]]]


def node(*answers: Any) -> tuple[Node, Asked]:
    asked: Asked = []

    def perform(step: str, items: Sequence[dict[str, Any]], secrets: Sequence[str]) -> Any:
        asked.append((step, list(items), list(secrets)))
        return list(answers)

    return Node(perform), asked


def wanted(**options: Any) -> Wanted:
    (made,) = wanted_certificates(task(**options))
    assert isinstance(made, Wanted)
    return made


def with_passphrases(*passphrases: str | None) -> Wanted:
    made = wanted()
    return replace(
        made,
        targets=[
            replace(made.targets[0], path=f"/{number}", passphrase=passphrase)
            for number, passphrase in enumerate(passphrases)
        ],
    )


def test_the_order_to_inspect() -> None:
    asked_of, asked = node(exchange.on_wire(exchange.Inspection(reasons=["a"])))
    made = wanted()
    assert asked_of.inspect([made], 7, False) == (exchange.Inspection(reasons=["a"]),)
    assert asked == [("inspect", [{"wanted": made.on_wire(), "now": 7, "with_content": False}], [])]


@pytest.mark.parametrize(
    ("with_files", "asks", "content"),
    [
        (True, False, False),
        (True, True, True),
        (False, False, True),
        (False, True, True),
    ],
)
def test_content_is_asked_for_where_there_are_no_files(
    with_files: bool, asks: bool, content: bool
) -> None:
    asked_of, asked = node(exchange.on_wire(exchange.Inspection()))
    made = wanted() if with_files else replace(wanted(), targets=[])
    asked_of.inspect([made], 7, asks)
    assert asked[0][1][0]["with_content"] is content


def test_passphrases_stand_beside_the_rest_once_each() -> None:
    asked_of, asked = node(*[exchange.on_wire(exchange.Removed())] * 2)
    first = with_passphrases("one", None, "two", "one")
    orders = [
        {"wanted": made.on_wire(), "removes_key": True}
        for made in (first, with_passphrases("two", "three"))
    ]
    asked_of.remove(orders)
    ((step, items, secrets),) = asked
    assert (step, secrets) == ("remove", ["one", "two", "three"])
    places = [[target["passphrase"] for target in item["wanted"]["targets"]] for item in items]
    assert places == [[0, None, 1, 0], [1, 2]]
    assert all(item["removes_key"] is True for item in items)
    assert [target["path"] for target in items[0]["wanted"]["targets"]] == ["/0", "/1", "/2", "/3"]
    assert orders[0]["wanted"]["targets"][0]["passphrase"] == "one"
    assert Wanted.from_wire(orders[0]["wanted"]) == first


def test_each_step_has_its_kind_of_answer() -> None:
    order = {"wanted": wanted().on_wire()}
    asked_of, asked = node(exchange.on_wire(exchange.Prepared(attempt_id="a")))
    assert asked_of.prepare([order]) == (exchange.Prepared(attempt_id="a"),)
    assert asked[0][0] == "prepare"
    asked_of, asked = node(exchange.on_wire(exchange.Installed(["/a"])))
    assert asked_of.install([order]) == (exchange.Installed(["/a"]),)
    assert asked[0][0] == "install"
    asked_of, asked = node(exchange.on_wire(exchange.Acknowledged(is_changed=True)))
    for step in ("acknowledge", "previous", "prove", "revoked"):
        assert asked_of.acknowledge(step, [order]) == (exchange.Acknowledged(is_changed=True),)
    assert [step for step, _items, _secrets in asked] == [
        "acknowledge",
        "previous",
        "prove",
        "revoked",
    ]


def test_nothing_to_ask_is_no_call() -> None:
    asked_of, asked = node()
    assert asked_of.inspect([], 7, False) == ()
    assert asked_of.prepare([]) == ()
    assert asked == []


@pytest.mark.parametrize("count", [1, 2])
def test_an_answer_is_no_longer_than_it_may_be(count: int) -> None:
    most = 64 * 1024 + 16 * 1024 * count
    orders = [{"wanted": wanted().on_wire(), "removes_key": False}] * count
    answers = [exchange.on_wire(exchange.Removed()) for _each in range(count)]
    answers[0]["removed_files"] = [*["x" * 16_000] * (4 + count), ""]
    answers[0]["removed_files"][-1] = "x" * (most - len(json.dumps(answers)))
    assert len(json.dumps(answers)) == most
    asked_of, _asked = node(*answers)
    assert len(asked_of.remove(orders)) == count
    answers[0]["removed_files"][-1] += "x"
    asked_of, _asked = node(*answers)
    with pytest.raises(AtlasError) as caught:
        asked_of.remove(orders)
    assert caught.value.message == (
        f"The node's answer to remove is longer than {most} bytes. Nothing was done with it."
    )


def test_content_that_was_asked_for_may_be_long() -> None:
    """A certificate with 300 names takes more than an entry may otherwise."""
    found = {"content": {"certificate": "A" * 250_000}}
    orders = [{"wanted": wanted().on_wire(), "with_content": asked} for asked in (True, False)]
    asked_of, _asked = node(found, {})
    answers = asked_of.install(orders)
    assert answers[0].content == found["content"]
    asked_of, _asked = node(found, found)
    with pytest.raises(AtlasError, match="is longer than 360448 bytes"):
        asked_of.install(orders)
