# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node half of `atlas_certificate`, as the controller calls it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import exchange
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Wanted

NODE_MODULE = "globalsign.atlas.atlas_certificate_node"
_INTERPRETER = "discovered_interpreter_"


class Node:
    """One host; each step is one remote call, however many certificates it is about.

    `execute` runs a module on the host and returns its result. `notices` collects what core
    said of it on the way, for the result of the task: warnings, and the interpreter it found,
    which it would otherwise look for again in each task.
    """

    def __init__(self, execute: Callable[[str, dict[str, Any]], dict[str, Any]]) -> None:
        self._execute = execute
        self.notices: dict[str, Any] = {}

    def inspect(self, wanted: Sequence[Wanted], now: int) -> tuple[exchange.Inspection, ...]:
        """What is there, and what is due at `now`, in UNIX seconds of the controller's clock."""
        certificates = [{"wanted": item.on_wire()} for item in wanted]
        answers = self._step("inspect", certificates, now=now)
        return exchange.read_answers(exchange.read_inspection, answers, len(wanted))

    def prepare(self, certificates: Sequence[dict[str, Any]]) -> tuple[exchange.Prepared, ...]:
        """Stage a key for each."""
        answers = self._step("prepare", certificates)
        return exchange.read_answers(exchange.read_prepared, answers, len(certificates))

    def install(self, certificates: Sequence[dict[str, Any]]) -> tuple[exchange.Installed, ...]:
        """Put in place what was issued, mend what needs it, drop what was refused."""
        answers = self._step("install", certificates)
        return exchange.read_answers(exchange.read_installed, answers, len(certificates))

    def _step(self, step: str, certificates: Sequence[dict[str, Any]], **more: Any) -> object:
        arguments = {"step": step, "certificates": list(certificates), **more}
        answer = self._execute(NODE_MODULE, arguments)
        self._note(answer)
        if answer.get("failed") or "answers" not in answer:
            said = str(answer.get("msg") or "it gave no reason").strip()
            detail = str(answer.get("module_stderr") or "").strip()
            raise AtlasError(f"The node could not {step}: {' '.join([said, detail]).strip()}")
        return answer["answers"]

    def _note(self, answer: dict[str, Any]) -> None:
        for kind in ("warnings", "deprecations"):
            if answer.get(kind):
                self.notices.setdefault(kind, []).extend(answer[kind])
        for name, value in (answer.get("ansible_facts") or {}).items():
            if name.startswith(_INTERPRETER):
                self.notices.setdefault("ansible_facts", {})[name] = value
