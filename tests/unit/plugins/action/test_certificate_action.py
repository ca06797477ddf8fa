# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes to the node with `atlas_certificate`, and what never does."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ansible.plugins.action")

from ansible_collections.globalsign.atlas.plugins.action import atlas_certificate
from ansible_collections.globalsign.atlas.plugins.module_utils.api import public_file
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.task import World
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

API_KEY, API_SECRET, PASSPHRASE = "e510e289e6cd8947", "a9c4" * 10, "of the mTLS key"
KEY = keys.generate(keys.KeyKind("ECDSA", 256))
TASK = {"path": "/etc/ssl/a/cert.pem", "privatekey_path": "/etc/ssl/a/key.pem"}


class Node:
    """In place of Ansible's way to the node: keeps what is sent there, and answers."""

    def __init__(self, action: Any, **answer: Any) -> None:
        self.answer = answer
        self.calls: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.readable: list[tuple[str, ...]] = []
        action._execute_module = self.execute
        action._transfer_data = self.transfer
        action._fixup_perms2 = self.readable.append

    def execute(self, **call: Any) -> dict[str, Any]:
        self.calls.append(call)
        return dict(self.answer)

    def transfer(self, path: str, content: bytes) -> None:
        self.files[path] = content


@pytest.fixture
def account(tmp_path: Path, hierarchy: Any) -> dict[str, Any]:
    """Connection options with their files."""
    now = int(time.time())
    leaf = hierarchy.issuing.issue(KEY.public_key(), not_before=now - 100, not_after=now + 100)
    (tmp_path / "client.crt").write_text(certificates.certificate_pem(leaf))
    (tmp_path / "client.key").write_bytes(keys.private_key_pem(KEY))
    (tmp_path / "ca.crt").write_text(hierarchy.chain[1])
    return {
        "api_url": "emea",
        "api_key": API_KEY,
        "api_secret": API_SECRET,
        "client_cert": str(tmp_path / "client.crt"),
        "client_key": str(tmp_path / "client.key"),
        "ca_path": str(tmp_path / "ca.crt"),
    }


def with_loader(action: Any) -> Any:
    class Loader:
        @staticmethod
        def get_real_file(path: str) -> str:
            return path

    action._loader = Loader()
    action._find_needle = lambda _kind, given: given
    return action


def test_from_the_controller_the_node_gets_no_credential(make: Any, account: Any) -> None:
    action = with_loader(make(atlas_certificate, **account, **TASK, check_revocation=True))
    node = Node(action, failed=True, msg="no cryptography")
    result = action.run(task_vars={"inventory_hostname": "web1"})
    assert result["msg"] == "The node could not inspect: no cryptography"
    (call,) = node.calls
    assert call["module_name"] == "globalsign.atlas.atlas_certificate_node"
    assert call["task_vars"] == {"inventory_hostname": "web1"}
    assert {*call["module_args"]} == {"step", "order"}
    for secret in (API_KEY, API_SECRET, "client.key", "api_", "PRIVATE KEY"):
        assert secret not in str(call["module_args"])
    assert node.files == {}


def test_what_core_said_of_the_node_is_in_the_result(
    make: Any, account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    class Task:
        def __init__(self, options: Any, world: World, check_mode: bool) -> None:
            seen.append((options["path"], check_mode))
            self.world = world

        def perform(self) -> dict[str, Any]:
            self.world.node._perform("prove", [], [])
            seen.append(self.world.progress._host)  # type: ignore[attr-defined]
            seen.append(self.world.fetch("http://ca.example/root"))
            return {"changed": True, "warnings": ["of the task"]}

    monkeypatch.setattr(atlas_certificate, "CertificateTask", Task)
    action = make(atlas_certificate, True, **account, **TASK)
    facts = {"discovered_interpreter_python": "/usr/bin/python3", "other": 1}
    Node(action, answers="[]", warnings=["of the node"], ansible_facts=facts)
    monkeypatch.setattr(atlas_certificate, "_fetch", lambda *arguments: arguments)
    assert action.run(task_vars={"inventory_hostname": "web1"}) == {
        "changed": True,
        "warnings": ["of the task", "of the node"],
        "ansible_facts": {"discovered_interpreter_python": "/usr/bin/python3"},
    }
    fetched = ("http://ca.example/root", 10)  # with connect_timeout
    assert seen == [("/etc/ssl/a/cert.pem", True), "web1", fetched]


def test_the_node_gets_the_account_as_content(make: Any, account: Any) -> None:
    task = {**TASK, "san": {"dns_names": ["a.example"]}, "extra_headers": {"X-A": "b"}}
    action = with_loader(make(atlas_certificate, **account, **task, api_from="node"))
    node = Node(action, changed=True, invocation={"module_args": "all of it"})
    assert action.run(task_vars={"v": 1}) == {"changed": True}
    (call,) = node.calls
    assert (call["module_name"], call["task_vars"]) == (
        "globalsign.atlas.atlas_certificate",
        {"v": 1},
    )
    given = call["module_args"]
    assert given["api_url"] == "https://emea.api.hvca.globalsign.com:8443/v2"
    assert (given["api_key"], given["api_secret"]) == (API_KEY, API_SECRET)
    assert given["client_cert_content"] == Path(account["client_cert"]).read_text()
    assert given["client_key_content"] == Path(account["client_key"]).read_text()
    assert given["ca_path"] == "/node/tmp/ca_path"
    assert given["san"] == {"dns_names": ["a.example"]}  # no None at any depth
    assert given["api_from"] == "node"
    for option in ("client_cert", "client_key", "client_pkcs12", "client_key_passphrase"):
        assert option not in given
    assert "config_file" not in given
    assert "subject" not in given
    # What is a file there is no secret, and can be read by who the task becomes.
    assert node.files == {"/node/tmp/ca_path": Path(account["ca_path"]).read_bytes()}
    assert node.readable == [("/node/tmp", "/node/tmp/ca_path")]


def test_the_folder_on_the_node_is_made_where_there_is_none(make: Any, account: Any) -> None:
    action = with_loader(make(atlas_certificate, **account, **TASK, api_from="node"))
    Node(action)
    shell = action._connection._shell
    shell.tmpdir = None
    made: list[str] = []

    def make_folder() -> None:
        made.append("folder")
        shell.tmpdir = "/made"

    action._make_tmp_path = make_folder
    assert action._placed("ca_path", b"x") == "/made/ca_path"
    assert action._placed("ca_path", b"x") == "/made/ca_path"
    assert made == ["folder"]


def test_names_that_are_not_allowed_are_refused_before_the_node_has_a_credential(
    make: Any, account: Any
) -> None:
    task = {**TASK, "san": {"dns_names": ["b.test"]}, "allowed_names": ["*.example"]}
    action = with_loader(make(atlas_certificate, **account, **task, api_from="node"))
    node = Node(action)
    result = action.run(task_vars={})
    assert result["failed"]
    assert "b.test" in result["msg"]
    assert (node.calls, node.files) == ([], {})


def test_a_secret_in_what_the_node_answers_is_removed(make: Any, account: Any) -> None:
    action = with_loader(make(atlas_certificate, **account, **TASK, api_from="node"))
    Node(action, failed=True, msg=f"refused {API_SECRET}")
    assert API_SECRET not in str(action.run(task_vars={}))


def test_an_item_that_makes_no_sense_is_left_to_the_node_to_tell(make: Any, account: Any) -> None:
    """It is one of many, and the others go their way."""
    items = [{**TASK, "renew_before": "never"}, {**TASK, "path": "/b", "privatekey_path": "/b.key"}]
    task = {"certificates": items, "allowed_names": ["*.example"], "api_from": "node"}
    action = with_loader(make(atlas_certificate, **account, **task))
    node = Node(action, changed=False)
    assert action.run(task_vars={}) == {"changed": False}
    assert node.calls[0]["module_args"]["certificates"] == items  # with no None at any depth


def test_what_is_public_is_fetched_within_the_time_for_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(public_file, "fetch", lambda url, seconds: f"{url} {seconds}".encode())
    assert atlas_certificate._fetch("http://ca.example/root", 7) == b"http://ca.example/root 7"
