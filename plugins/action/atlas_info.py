# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of `atlas_info`."""

from __future__ import annotations

from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.info import INFO_OPTIONS
from ansible_collections.globalsign.atlas.plugins.plugin_utils.base_action import AtlasAction


class ActionModule(AtlasAction):
    """Read what the account may do."""

    OPTIONS = INFO_OPTIONS
    _requires_connection = False

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """One member for each subset that was asked for."""
        from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy import (
            explanation,
            model,
        )

        result: dict[str, Any] = {"changed": False}
        with self.open_client(options) as client:
            if "policy" in options["gather_subset"]:
                result["policy"] = client.validation_policy()
                result["policy_table"] = explanation.explain(model.Policy.parse(result["policy"]))
            if "quota" in options["gather_subset"]:
                result["quota"] = client.quota()
        return result
