# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node's steps over Ansible's connection."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.node import (
    NodeLostError,
)

NODE_MODULE = "globalsign.atlas.atlas_certificate_node"
_INTERPRETER = "discovered_interpreter_"
_CHANGING = ("prepare", "install", "acknowledge", "previous", "revoked", "remove")


class RemoteNode:
    """One host. `execute` runs a module there and returns its result.

    `notices` collects what core said of it on the way, for the result of the task: warnings, and
    the interpreter it found, which it would otherwise look for again in each task.
    """

    def __init__(self, execute: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
        self._execute = execute
        self.notices: dict[str, Any] = {}

    def perform(
        self, step: str, certificates: Sequence[dict[str, Any]], secrets: Sequence[str]
    ) -> Any:
        """Run a step of `atlas_certificate_node`. Raises `AtlasError`, or `NodeLostError` where
        something may have been changed."""
        # As one text: core would copy, check, log and send back every member of an option.
        order = {"certificates": list(certificates), "passphrases": list(secrets)}
        arguments = {"step": step, "order": json.dumps(order)}
        try:
            answer = self.execute(NODE_MODULE, arguments)
        except AnsibleError as error:  # also those that a connection plugin has of its own
            if step in _CHANGING:
                raise NodeLostError(f"{error}.") from None
            raise
        self._note(answer)
        if answer.get("failed") or "answers" not in answer:
            said = str(answer.get("msg") or "it gave no reason").strip()
            detail = str(answer.get("module_stderr") or "").strip()
            raise AtlasError(f"The node could not {step}: {' '.join([said, detail]).strip()}")
        return _read(step, answer["answers"])

    def execute(self, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run a module on the node."""
        return self._execute(module, arguments)

    def _note(self, answer: dict[str, Any]) -> None:
        for kind in ("warnings", "deprecations"):
            if answer.get(kind):
                self.notices.setdefault(kind, []).extend(answer[kind])
        for name, value in (answer.get("ansible_facts") or {}).items():
            if name.startswith(_INTERPRETER):
                self.notices.setdefault("ansible_facts", {})[name] = value


def _read(step: str, answers: Any) -> Any:
    try:
        return json.loads(answers)
    except (TypeError, ValueError, RecursionError):
        raise AtlasError(f"The node could not {step}: its answer is not JSON.") from None
