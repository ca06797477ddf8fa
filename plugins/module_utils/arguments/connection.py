# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The connection options of everything that speaks to Atlas; documented in the doc fragment."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import env_fallback

DEFAULT_API_URL = "https://emea.api.hvca.globalsign.com:8443/v2"


def _from_environment(variable: str, **option: Any) -> dict[str, Any]:
    return dict(option, fallback=(env_fallback, [variable]))


CONNECTION_OPTIONS: dict[str, dict[str, Any]] = {
    "api_url": _from_environment("ATLAS_API_URL", type="str", default=DEFAULT_API_URL),
    "api_key": _from_environment("ATLAS_API_KEY", type="str", no_log=True),
    "api_secret": _from_environment("ATLAS_API_SECRET", type="str", no_log=True),
    "client_cert": _from_environment("ATLAS_CLIENT_CERT", type="path"),
    "client_cert_content": _from_environment("ATLAS_CLIENT_CERT_CONTENT", type="str"),
    "client_key": _from_environment("ATLAS_CLIENT_KEY", type="path", no_log=False),
    "client_key_content": _from_environment("ATLAS_CLIENT_KEY_CONTENT", type="str", no_log=True),
    "client_key_passphrase": _from_environment(
        "ATLAS_CLIENT_KEY_PASSPHRASE", type="str", no_log=True
    ),
    "client_pkcs12": _from_environment("ATLAS_CLIENT_PKCS12", type="path"),
    "ca_path": _from_environment("ATLAS_CA_PATH", type="path"),
    "validate_certs": _from_environment("ATLAS_VALIDATE_CERTS", type="bool", default=True),
    "proxy": _from_environment("ATLAS_PROXY", type="str", no_log=True),
    "connect_timeout": _from_environment("ATLAS_CONNECT_TIMEOUT", type="int", default=10),
    "read_timeout": _from_environment("ATLAS_READ_TIMEOUT", type="int", default=60),
    "total_timeout": _from_environment("ATLAS_TOTAL_TIMEOUT", type="int", default=180),
    "retries": _from_environment("ATLAS_RETRIES", type="int", default=5),
    "extra_headers": _from_environment("ATLAS_EXTRA_HEADERS", type="dict", no_log=True),
    "config_file": _from_environment("ATLAS_CONFIG_FILE", type="path"),
}


def environment_variable(option: str) -> str:
    """The environment variable that a connection option falls back to."""
    variable: str = CONNECTION_OPTIONS[option]["fallback"][1][0]
    return variable
