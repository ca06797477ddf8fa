# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `domain_token_info`."""

from __future__ import annotations

from typing import Any

TOKEN_INFO_OPTIONS: dict[str, dict[str, Any]] = {
    "domain": {"type": "str", "required": True},
    "method": {"type": "str", "choices": ["dns", "http", "https"], "required": True},
    "token": {"type": "str", "required": True, "no_log": False},
    "authorization_domain": {"type": "str"},
    "servers": {
        "type": "str",
        "choices": ["authoritative", "resolvers"],
        "default": "authoritative",
    },
    "resolvers": {"type": "list", "elements": "str"},
    "dns_port": {"type": "int", "default": 53},
    "http_port": {"type": "int"},
    "addresses": {"type": "list", "elements": "str"},
    "timeout": {"type": "int", "default": 0},
}
