# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `atlas_certificate`, at the top level and for each item of `certificates`.

No option has a default here: a default could not be told from a value that the item states to
override the top level. The defaults are in `lifecycle/wanted.py`.
"""

from __future__ import annotations

from typing import Any

_SUBJECT: dict[str, dict[str, Any]] = {
    "common_name": {"type": "str"},
    "given_name": {"type": "str"},
    "surname": {"type": "str"},
    "pseudonym": {"type": "str"},
    "organization": {"type": "str"},
    "organizational_unit": {"type": "list", "elements": "str"},
    "organization_identifier": {"type": "str"},
    "country": {"type": "str"},
    "state": {"type": "str"},
    "locality": {"type": "str"},
    "street_address": {"type": "str"},
    "postal_code": {"type": "str"},
    "email": {"type": "str"},
    "serial_number": {"type": "str"},
    "jurisdiction_of_incorporation_locality_name": {"type": "str"},
    "jurisdiction_of_incorporation_state_or_province_name": {"type": "str"},
    "jurisdiction_of_incorporation_country_name": {"type": "str"},
    "business_category": {"type": "str"},
}

_SAN: dict[str, dict[str, Any]] = {
    "dns_names": {"type": "list", "elements": "str"},
    "emails": {"type": "list", "elements": "str"},
    "ip_addresses": {"type": "list", "elements": "str"},
    "uris": {"type": "list", "elements": "str"},
}

CERTIFICATE_OPTIONS: dict[str, dict[str, Any]] = {
    "path": {"type": "str"},
    "privatekey_path": {"type": "str", "no_log": False},
    "chain_path": {"type": "str"},
    "fullchain_path": {"type": "str"},
    "subject": {"type": "dict", "options": _SUBJECT},
    "san": {"type": "dict", "options": _SAN},
    "privatekey_type": {"type": "str", "choices": ["auto", "RSA", "ECDSA"], "no_log": False},
    "privatekey_size": {"type": "int", "no_log": False},
    "renew_before": {"type": "str"},
    "force": {"type": "bool"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw"},
    "privatekey_mode": {"type": "raw", "no_log": False},
}

PATH_OPTIONS = ("path", "fullchain_path", "chain_path", "privatekey_path")

CERTIFICATE_TASK_OPTIONS: dict[str, dict[str, Any]] = {
    **CERTIFICATE_OPTIONS,
    "certificates": {"type": "list", "elements": "dict", "options": CERTIFICATE_OPTIONS},
}

CERTIFICATE_TASK_RULES: dict[str, Any] = {
    "mutually_exclusive": [["certificates", option] for option in PATH_OPTIONS],
}
