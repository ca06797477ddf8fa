# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `atlas_domain_claim`."""

from __future__ import annotations

from typing import Any

CLAIM_OPTIONS: dict[str, dict[str, Any]] = {
    "domain": {"type": "str"},
    "domains": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["present", "verified", "absent"], "default": "present"},
    "method": {"type": "str", "choices": ["dns", "http", "https", "email"]},
    "authorization_domain": {"type": "str"},
    "email_address": {"type": "str"},
    "own_claim": {"type": "bool", "default": False},
    "renew_before": {"type": "str", "default": "auto"},
    "timeout": {"type": "int", "default": 300},
    "play_wide": {"type": "bool", "default": False},
}

CLAIM_RULES: dict[str, Any] = {
    "mutually_exclusive": [["domain", "domains"]],
    "required_one_of": [["domain", "domains"]],
}
