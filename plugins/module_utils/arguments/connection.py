# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options of everything that speaks to Atlas; documented in the doc fragment."""

from __future__ import annotations

from typing import Any

DEFAULT_API_URL = "https://emea.api.hvca.globalsign.com:8443/v2"

CONNECTION_OPTIONS: dict[str, dict[str, Any]] = {
    "api_url": {"type": "str", "default": DEFAULT_API_URL},
    "api_key": {"type": "str", "no_log": True},
    "api_secret": {"type": "str", "no_log": True},
    "client_cert": {"type": "path"},
    "client_cert_content": {"type": "str"},
    "client_key": {"type": "path", "no_log": False},
    "client_key_content": {"type": "str", "no_log": True},
    "client_key_passphrase": {"type": "str", "no_log": True},
    "client_pkcs12": {"type": "path"},
    "ca_path": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "proxy": {"type": "str", "no_log": True},
    "connect_timeout": {"type": "int", "default": 10},
    "read_timeout": {"type": "int", "default": 60},
    "total_timeout": {"type": "int", "default": 180},
    "retries": {"type": "int", "default": 5},
    "extra_headers": {"type": "dict", "no_log": True},
    "config_file": {"type": "path"},
}
"""Without a fallback: the environment is read by the action, where what belongs together is taken
from one place (`plugin_utils/connection_places.py`)."""


def environment_variable(option: str) -> str:
    """The environment variable that a connection option may be given in."""
    return f"ATLAS_{option.upper()}"
