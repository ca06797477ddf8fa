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
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.wish import (
    ClaimWish,
    authorization_domain,
    claimable,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.times import renew_before
from ansible_collections.globalsign.atlas.plugins.plugin_utils.base_action import AtlasAction

_IN_STEP = "linear"


class ActionModule(AtlasAction):
    """Keep domain claims; no connection to the host is needed."""

    OPTIONS = CLAIM_OPTIONS
    RULES = CLAIM_RULES
    _requires_connection = False

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """Bring all claims to the state that is wanted."""
        if options["play_wide"]:
            self._refuse_hosts_out_of_step()
        option = "domain" if options["domains"] is None else "domains"
        given = [options["domain"]] if option == "domain" else options["domains"]
        names = list(dict.fromkeys(claimable(name, option) for name in given))
        wish = _wish(options)
        if wish.authorization_domain:
            for name in names:
                authorization_domain(name.removeprefix("*."), wish.authorization_domain)
        if options["timeout"] < 0:
            raise AtlasError(f"timeout: {options['timeout']} is negative; give 0 or more seconds.")
        if not names:
            return {"changed": False, "claims": []}
        return self._keep(names, wish, options)

    def _keep(self, names: list[str], wish: ClaimWish, options: dict[str, Any]) -> dict[str, Any]:
        from ansible_collections.globalsign.atlas.plugins.module_utils.domains.book import ClaimBook
        from ansible_collections.globalsign.atlas.plugins.module_utils.domains.keeper import (
            ClaimKeeper,
        )
        from ansible_collections.globalsign.atlas.plugins.module_utils.domains.report import report

        with self.open_client(options) as client:
            host = str(self._task_vars.get("inventory_hostname", ""))
            board = client.claim_board
            others = self._task_vars.get("ansible_play_batch") or ()
            keeper = ClaimKeeper(ClaimBook(client), wish, board, host, others, self.check_mode)
            if options["state"] == "present":
                states = keeper.present(names)
            elif options["state"] == "absent":
                states = keeper.absent(names)
            else:
                states = keeper.verified(names, options["timeout"])
        return report(states, wish)

    def _refuse_hosts_out_of_step(self) -> None:
        """Under another strategy a host may be done, and clean up, before the next has begun."""
        hosts = self._task_vars.get("ansible_play_hosts_all") or []
        strategy = str(self._play_strategy()).rpartition(".")[2]
        if len(hosts) > 1 and strategy != _IN_STEP:
            raise AtlasError(
                f"play_wide: the strategy of this play is {strategy}, and its {len(hosts)} hosts"
                " have to prove their domains in step; use the strategy linear, or a play of its"
                " own for one host."
            )

    def _play_strategy(self) -> str:
        parent = self._task._parent
        while parent is not None and getattr(parent, "_play", None) is None:
            parent = parent._parent
        strategy: str = parent._play.strategy if parent is not None else _IN_STEP
        return strategy


def _wish(options: dict[str, Any]) -> ClaimWish:
    return ClaimWish(
        method=options["method"],
        renew_before=renew_before(options["renew_before"], ""),
        own_claim=options["own_claim"],
        authorization_domain=(options["authorization_domain"] or "").strip(),
        email_address=(options["email_address"] or "").strip(),
    )
