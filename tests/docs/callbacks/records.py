# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes down what came of each task, a line of JSON for each, for the tests of documentation."""

from __future__ import annotations

import importlib
import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

_ATLAS = "ansible_collections.globalsign.atlas.plugins.module_utils"
_PRELOADED = (
    "requests",
    "cryptography.x509",
    "cryptography.hazmat.primitives.serialization.pkcs12",
    "dns.asyncresolver",
    "dns.tsigkeyring",
    "dns.update",
    f"{_ATLAS}.account.credentials",
    f"{_ATLAS}.account.run_client",
    f"{_ATLAS}.lifecycle.conduct.run",
    f"{_ATLAS}.lifecycle.conduct.task",
)
"""Each task is a process of its own: what this one has imported, none of them has to import."""


class CallbackModule(CallbackBase):
    """To the file that DOCUMENTATION_RECORDS names."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "records"

    def __init__(self) -> None:
        super().__init__()
        for module in _PRELOADED:
            importlib.import_module(module)
        self._playbook = ""

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Keep which playbook it is: several are run one after another."""
        self._playbook = str(playbook._file_name)

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task that succeeded."""
        self._write("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """One that did not."""
        self._write("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        """One that had nothing to do."""
        self._write("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """One whose host was not there."""
        self._write("unreachable", result)

    def _write(self, status: str, result: Any) -> None:
        task = result._task
        record = {
            "playbook": self._playbook,
            "file": str(task.get_path()).rpartition(":")[0],
            "task": task.get_name().rpartition(" : ")[2],
            "action": task.resolved_action or task.action,
            "host": result._host.get_name(),
            "status": status,
            "result": result._result,
        }
        with open(os.environ["DOCUMENTATION_RECORDS"], "a", encoding="utf-8") as records:
            records.write(json.dumps(record, default=str) + "\n")
