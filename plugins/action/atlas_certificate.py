# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of `atlas_certificate`."""

from __future__ import annotations

import time
from typing import Any

from ansible.utils.display import Display

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.certificate import (
    CERTIFICATE_TASK_OPTIONS,
    CERTIFICATE_TASK_RULES,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import guards
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.node import Node
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.task import (
    CertificateTask,
    World,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Wanted
from ansible_collections.globalsign.atlas.plugins.plugin_utils.base_action import AtlasAction
from ansible_collections.globalsign.atlas.plugins.plugin_utils.remote_node import RemoteNode

_MODULE = "globalsign.atlas.atlas_certificate"
_PROGRESS_SECONDS = 5.0


class ActionModule(AtlasAction):
    """Keep certificates on a host: the credentials stay here, the private keys stay there."""

    OPTIONS = CERTIFICATE_TASK_OPTIONS
    RULES = CERTIFICATE_TASK_RULES

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Conduct the task from here, or have the node do all of it."""
        remote = RemoteNode(self._on_node)
        if options["api_from"] == "node":
            return self._from_node(remote, options)
        world = World(
            node=Node(remote.perform),
            open_client=lambda: self.open_client(options),
            fetch=lambda url: _fetch(url, options["connect_timeout"]),
            progress=_Progress(self._host()),
        )
        result = CertificateTask(options, world, self.check_mode).perform()
        result["warnings"] += remote.notices.pop("warnings", [])
        return {**result, **remote.notices}

    def _host(self) -> str:
        return str(self._task_vars.get("inventory_hostname", ""))

    def _on_node(self, module_name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name=module_name, module_args=arguments, task_vars=self._task_vars
        )
        return answer

    def _from_node(self, remote: RemoteNode, options: dict[str, Any]) -> dict[str, Any]:
        """Everything that lies on the controller goes along, as content.

        What the task may ask for is checked here, before the node has a credential.
        """
        for item in wanted_certificates(options):
            if isinstance(item, Wanted):
                guards.refuse_other_names(item, options.get("allowed_names"))
        from ansible_collections.globalsign.atlas.plugins.module_utils.account.credentials import (
            as_content,
        )

        arguments, files = as_content(options, self.find_file)
        given = _stated(arguments)
        for option, content in files.items():
            given[option] = self._placed(option, content)
        answer = remote.execute(_MODULE, given)
        answer.pop("invocation", None)
        return answer

    def _placed(self, option: str, content: bytes) -> str:
        """A file that is no secret, in the task's own folder on the node."""
        if self._connection._shell.tmpdir is None:
            self._make_tmp_path()
        path: str = self._connection._shell.join_path(self._connection._shell.tmpdir, option)
        self._transfer_data(path, content)
        self._fixup_perms2((self._connection._shell.tmpdir, path))
        return path


class _Progress:
    """Says how far a long batch is, every few seconds."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._next = time.monotonic() + _PROGRESS_SECONDS

    def __call__(self, done: int, of: int) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PROGRESS_SECONDS
        Display().display(f"{self._host}: {done} of {of} certificates issued")


def _stated(value: Any) -> Any:
    """Without what is not stated, at any depth: a module takes no None for an option of choices."""
    if isinstance(value, dict):
        return {name: _stated(member) for name, member in value.items() if member is not None}
    return [_stated(entry) for entry in value] if isinstance(value, list) else value


def _fetch(url: str, seconds: float) -> bytes:
    from ansible_collections.globalsign.atlas.plugins.module_utils.api.public_file import fetch

    return fetch(url, seconds)
