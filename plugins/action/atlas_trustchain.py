# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action of `atlas_trustchain`."""

from __future__ import annotations

from typing import Any

from ansible_collections.globalsign.atlas.plugins.plugin_utils.base_action import AtlasAction


class ActionModule(AtlasAction):
    """Fetch the trust chain."""

    _requires_connection = False

    def perform(self, options: dict[str, Any]) -> dict[str, Any]:
        """The chain as a list of PEM texts, and which of them is what."""
        from ansible_collections.globalsign.atlas.plugins.module_utils.pki import chains

        with self.open_client(options) as client:
            chain = client.trust_chain()
        return {"changed": False, **chains.split(chain)}
