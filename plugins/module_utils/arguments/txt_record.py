# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `dns_txt_record`."""

from __future__ import annotations

from typing import Any

TXT_RECORD_OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "value": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "zone": {"type": "str"},
    "server": {"type": "str"},
    "port": {"type": "int", "default": 53},
    "ttl": {"type": "int", "default": 60},
    "tsig_name": {"type": "str"},
    "tsig_key": {"type": "str", "no_log": True},
    "tsig_algorithm": {
        "type": "str",
        "choices": [
            "hmac-md5",
            "hmac-sha1",
            "hmac-sha224",
            "hmac-sha256",
            "hmac-sha384",
            "hmac-sha512",
        ],
        "default": "hmac-sha256",
    },
    "protocol": {"type": "str", "choices": ["tcp", "udp"], "default": "tcp"},
    "timeout": {"type": "int", "default": 10},
    "resolvers": {"type": "list", "elements": "str"},
}

TXT_RECORD_RULES: dict[str, Any] = {"required_together": [["tsig_name", "tsig_key"]]}
