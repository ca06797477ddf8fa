# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of `atlas_info`."""

from __future__ import annotations

from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.info import INFO_OPTIONS
from ansible_collections.globalsign.atlas.plugins.module_utils.times import renew_before
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
            if "claims" in options["gather_subset"]:
                result.update(_claims(client, options))
        return result


def _claims(client: Any, options: dict[str, Any]) -> dict[str, Any]:
    """All claims, and what the names that were asked about are covered by."""
    from ansible_collections.globalsign.atlas.plugins.module_utils.domains import report
    from ansible_collections.globalsign.atlas.plugins.module_utils.domains.book import ClaimBook
    from ansible_collections.globalsign.atlas.plugins.module_utils.domains.wish import claimable

    before = renew_before(options["renew_before"], "")
    names = list(dict.fromkeys(claimable(name, "names") for name in options["names"]))
    book = ClaimBook(client)
    claims, now = book.list_all(), book.now()
    covered = report.coverage(names, claims, now, before)
    overview = report.overview(claims, now, before)
    coverage_table = report.table(covered, ("name", "covered_by", "expires_at", "remaining_days"))
    claims_table = report.table(
        overview, ("domain", "status", "method", "expires_at", "remaining_days")
    )
    return {
        "claims": overview,
        "coverage": covered,
        "claims_table": [*coverage_table, *([""] if coverage_table else []), *claims_table],
    }
