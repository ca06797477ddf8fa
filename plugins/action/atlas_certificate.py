# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of `atlas_certificate`: inspect, plan, prepare, issue, install."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.certificate import (
    CERTIFICATE_TASK_OPTIONS,
    CERTIFICATE_TASK_RULES,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.plugin_utils.base_action import AtlasAction
from ansible_collections.globalsign.atlas.plugins.plugin_utils.certificate_item import (
    CertificateItem,
)
from ansible_collections.globalsign.atlas.plugins.plugin_utils.certificate_report import report
from ansible_collections.globalsign.atlas.plugins.plugin_utils.node import Node


class ActionModule(AtlasAction):
    """Keep certificates on a host: the credentials stay here, the private keys stay there."""

    OPTIONS = CERTIFICATE_TASK_OPTIONS
    RULES = CERTIFICATE_TASK_RULES

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Go as far through the five steps as something is due."""
        node = Node(self._on_node)
        items = self._inspect(node, options)
        if any(item.needs_service(self.check_mode) for item in items):
            with self.open_client(options) as client:
                self._plan(client, items)
                if not self.check_mode:
                    self._obtain(node, client, items)
        elif not self.check_mode:
            self._install(node, items, chain=[])
        result = report(items, self.check_mode, int(time.time()))
        result["warnings"] += node.notices.pop("warnings", [])
        return {**result, **node.notices}

    def _on_node(self, module_name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name=module_name, module_args=arguments, task_vars=self._task_vars
        )
        return answer

    def _inspect(self, node: Node, options: dict[str, Any]) -> list[CertificateItem]:
        wanted = wanted_certificates(options)
        if not wanted:
            return []
        inspections = node.inspect(wanted, int(time.time()))
        return [
            CertificateItem.inspected(*pair, check_mode=self.check_mode)
            for pair in zip(wanted, inspections)
        ]

    def _plan(self, client: Any, items: Sequence[CertificateItem]) -> None:
        from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain import plan

        due = [item for item in items if item.to_issue]
        if due:
            policy, now = plan.fetch_policy(client), client.service_time()
            for item in due:
                try:
                    item.planned = plan.plan(item.wanted, policy, now)
                except AtlasError as error:
                    item.error = error.message

    def _obtain(self, node: Node, client: Any, items: Sequence[CertificateItem]) -> None:
        from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain import issue

        due = [item for item in items if item.to_issue]
        # Before anything is asked for: without a chain, what is issued could not be installed.
        chain = client.trust_chain() if any(item.needs_chain for item in items) else []
        if due:
            for item, prepared in zip(due, node.prepare([item.for_prepare() for item in due])):
                item.set_prepared(prepared)
            attempts = [item for item in due if item.to_issue]
            outcomes = issue.issue(client, [item.attempt for item in attempts])
            for item, outcome in zip(attempts, outcomes):
                item.set_outcome(outcome)
            chain = issue.matching_chain(client, chain, outcomes)
        self._install(node, items, chain)

    def _install(self, node: Node, items: Sequence[CertificateItem], chain: list[str]) -> None:
        concerned = [item for item in items if item.install_action]
        if concerned:
            calls = [item.for_install(chain) for item in concerned]
            for item, installed in zip(concerned, node.install(calls)):
                item.set_installed(installed)
