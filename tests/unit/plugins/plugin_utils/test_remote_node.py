# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node as the controller calls it: what is sent, what is believed, what is passed on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.node import (
    Node,
    NodeLostError,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.exchange import (
    Prepared,
    on_wire,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.plugin_utils.remote_node import (
    NODE_MODULE,
    RemoteNode,
)

PREPARED = on_wire(Prepared(public_key="k"))


class Host:
    """Stands for a host: keeps the calls, and answers as it was told."""

    def __init__(self, answers: Any = None, **answer: Any) -> None:
        self.answer = answer if answers is None else {**answer, "answers": json.dumps(answers)}
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((module, arguments))
        return self.answer

    @property
    def order(self) -> Any:
        """What the first call was about."""
        return json.loads(self.calls[0][1]["order"])


def answering(answer: dict[str, Any]) -> Host:
    """A host with exactly this answer, JSON or not."""
    host = Host()
    host.answer = answer
    return host


def item(passphrase: str | None = None) -> dict[str, Any]:
    task = {
        "path": "/cert.pem",
        "privatekey_path": "/key.pem",
        "privatekey_passphrase": passphrase,
    }
    return {"wanted": wanted_certificates(task)[0].on_wire()}


def test_a_step_is_one_call_for_all_certificates() -> None:
    host = Host(answers=[PREPARED, PREPARED])
    answers = Node(RemoteNode(host).perform).prepare([item(), item()])
    assert [answer.public_key for answer in answers] == ["k", "k"]
    ((module, arguments),) = host.calls
    assert module == NODE_MODULE
    assert {*arguments} == {"step", "order"}
    assert arguments["step"] == "prepare"
    assert host.order == {"certificates": [item(), item()], "passphrases": []}


def test_passphrases_stand_beside_the_certificates() -> None:
    host = Host(answers=[PREPARED, PREPARED])
    Node(RemoteNode(host).perform).prepare([item("one secret"), item("other secret")])
    assert host.order["passphrases"] == ["one secret", "other secret"]
    assert "secret" not in str(host.order["certificates"])


def test_nothing_to_do_is_no_call() -> None:
    host = Host()
    assert Node(RemoteNode(host).perform).prepare([]) == ()
    assert host.calls == []


def test_inspect_sends_the_time_of_the_controller() -> None:
    task = {"path": "/cert.pem", "privatekey_path": "/key.pem"}
    host = Host(answers=[])
    with pytest.raises(AtlasError, match="one answer for each"):
        Node(RemoteNode(host).perform).inspect(wanted_certificates(task), 1_800_000_000, False)
    assert host.order["certificates"][0]["now"] == 1_800_000_000


@pytest.mark.parametrize(
    ("step", "is_lost"),
    [
        ("inspect", False),
        ("prove", False),
        ("prepare", True),
        ("install", True),
        ("acknowledge", True),
        ("previous", True),
        ("revoked", True),
        ("remove", True),
    ],
)
def test_a_connection_that_breaks(step: str, is_lost: bool) -> None:
    def broken(_module: str, _arguments: dict[str, Any]) -> dict[str, Any]:
        raise AnsibleConnectionFailure("gone")

    with pytest.raises(NodeLostError if is_lost else AnsibleConnectionFailure, match="gone"):
        RemoteNode(broken).perform(step, [], [])


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
        Node(RemoteNode(Host(**answer)).perform).prepare([item()])


def test_of_a_nodes_facts_only_the_interpreter_is_passed_on() -> None:
    facts = {"discovered_interpreter_python": "/usr/bin/python3", "ansible_become": True}
    node = RemoteNode(Host(answers=[], warnings=["careful"], ansible_facts=facts))
    node.perform("prepare", [], [])
    assert node.notices == {
        "warnings": ["careful"],
        "ansible_facts": {"discovered_interpreter_python": "/usr/bin/python3"},
    }


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            {"failed": True, "msg": " no\n", "module_stderr": " boom\n"},
            "The node could not remove: no boom",
        ),
        ({"msg": ""}, "The node could not remove: it gave no reason"),
        ({"failed": True, "answers": [1]}, "The node could not remove: it gave no reason"),
        ({"answers": "[1"}, "The node could not remove: its answer is not JSON."),
        ({"answers": "[" * 100_000}, "The node could not remove: its answer is not JSON."),
        ({"answers": "9" * 10_000}, "The node could not remove: its answer is not JSON."),
        ({"answers": [1]}, "The node could not remove: its answer is not JSON."),
        ({"msg": None, "module_stderr": "x"}, "The node could not remove: it gave no reason x"),
    ],
)
def test_what_a_node_says_is_the_reason(answer: dict[str, Any], message: str) -> None:
    with pytest.raises(AtlasError) as failed:
        RemoteNode(answering(answer)).perform("remove", [], [])
    assert failed.value.message == message
    assert not isinstance(failed.value, NodeLostError)


def test_what_core_says_is_collected_over_all_steps() -> None:
    host = Host(answers=[], warnings=["a"], deprecations=[{"msg": "old"}])
    node = RemoteNode(host)
    node.perform("inspect", [], [])
    host.answer = {"answers": "[]", "warnings": ["b"]}
    node.perform("inspect", [], [])
    assert node.notices == {"warnings": ["a", "b"], "deprecations": [{"msg": "old"}]}


def test_what_core_says_of_a_step_that_fails_is_collected_too() -> None:
    node = RemoteNode(Host(failed=True, msg="no", warnings=["a"]))
    with pytest.raises(AtlasError):
        node.perform("inspect", [], [])
    assert node.notices == {"warnings": ["a"]}


def test_another_module_is_run_as_it_is() -> None:
    host = Host(changed=True)
    assert RemoteNode(host).execute("a.b.c", {"x": 1}) == {"changed": True}
    assert host.calls == [("a.b.c", {"x": 1})]
