# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node as the controller calls it: what is sent, what is believed, what is passed on."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.plugin_utils.node import NODE_MODULE, Node

PREPARED = {"public_key": "k", "proof": "p", "signing_request": "r", "obstacle": ""}


class Host:
    """Stands for a host: keeps the calls, and answers as it was told."""

    def __init__(self, **answer: Any) -> None:
        self.answer = answer
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((module, arguments))
        return self.answer


def test_a_step_is_one_call_for_all_certificates() -> None:
    host = Host(answers=[PREPARED, PREPARED])
    answers = Node(host).prepare([{"wanted": 1}, {"wanted": 2}])
    assert [answer.public_key for answer in answers] == ["k", "k"]
    assert host.calls == [
        (NODE_MODULE, {"step": "prepare", "certificates": [{"wanted": 1}, {"wanted": 2}]})
    ]


def test_inspect_sends_the_time_of_the_controller() -> None:
    task = {"path": "/cert.pem", "privatekey_path": "/key.pem"}
    host = Host(answers=[])
    with pytest.raises(AtlasError, match="one answer for each"):
        Node(host).inspect(wanted_certificates(task), 1_800_000_000)
    assert host.calls[0][1]["now"] == 1_800_000_000


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"failed": True, "msg": "no cryptography"}, "could not prepare: no cryptography"),
        ({"failed": True, "msg": "MODULE FAILURE", "module_stderr": "boom"}, "MODULE FAILURE boom"),
        ({}, "could not prepare: it gave no reason"),
        ({"answers": "many"}, "The node's answer is not what"),
    ],
)
def test_a_node_that_fails_is_quoted(answer: dict[str, Any], said: str) -> None:
    with pytest.raises(AtlasError, match=said):
        Node(Host(**answer)).prepare([{}])


def test_of_a_nodes_facts_only_the_interpreter_is_passed_on() -> None:
    facts = {"discovered_interpreter_python": "/usr/bin/python3", "ansible_become": True}
    node = Node(Host(answers=[], warnings=["careful"], ansible_facts=facts))
    node.prepare([])
    assert node.notices == {
        "warnings": ["careful"],
        "ansible_facts": {"discovered_interpreter_python": "/usr/bin/python3"},
    }
