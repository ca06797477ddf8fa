# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of `atlas_domain_claim`."""

from __future__ import annotations

from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.claim import (
    CLAIM_OPTIONS,
    CLAIM_RULES,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.names import dns_name
from ansible_collections.globalsign.atlas.plugins.plugin_utils.base_action import AtlasAction


class ActionModule(AtlasAction):
    """Keep domain claims; no connection to the host is needed."""

    OPTIONS = CLAIM_OPTIONS
    RULES = CLAIM_RULES
    _requires_connection = False

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Bring all claims to the state that is wanted."""
        option = "domain" if options["domains"] is None else "domains"
        given = [options["domain"]] if option == "domain" else options["domains"]
        domains = list(dict.fromkeys(dns_name(domain, option) for domain in given))
        states = self._keep(domains, options) if domains else []
        return {
            "changed": any(state["changed"] for state in states),
            "claims": states,
        }

    def _keep(self, domains: list[str], options: dict[str, Any]) -> list[dict[str, Any]]:
        from ansible_collections.globalsign.atlas.plugins.module_utils.domains import keeper
        from ansible_collections.globalsign.atlas.plugins.plugin_utils.claim_report import entry

        with self.open_client(options) as client:
            claims = keeper.ClaimKeeper(client, self.check_mode)
            if options["state"] == "present":
                with client.claiming():
                    states = claims.present(domains)
            elif options["state"] == "absent":
                states = claims.absent(domains)
            else:
                states = claims.verified(domains, options["method"], options["timeout"])
        return [entry(state) for state in states]
