# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `atlas_info`."""

from __future__ import annotations

from typing import Any

INFO_OPTIONS: dict[str, dict[str, Any]] = {
    "gather_subset": {
        "type": "list",
        "elements": "str",
        "choices": ["policy", "quota", "claims"],
        "default": ["policy", "quota"],
    },
    "names": {"type": "list", "elements": "str", "default": []},
    "renew_before": {"type": "str", "default": "auto"},
}
