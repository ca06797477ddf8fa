# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `atlas_certificate`, at the top level and for each item of `certificates`.

No option that an item can override has a default here: a default could not be told from a value
that the item states. Those defaults are in `lifecycle/options/`.
"""

from __future__ import annotations

from typing import Any

_SINGLE_ATTRIBUTES = (
    "common_name",
    "given_name",
    "surname",
    "pseudonym",
    "organization",
    "organization_identifier",
    "country",
    "state",
    "locality",
    "street_address",
    "postal_code",
    "email",
    "serial_number",
    "jurisdiction_of_incorporation_locality_name",
    "jurisdiction_of_incorporation_state_or_province_name",
    "jurisdiction_of_incorporation_country_name",
    "business_category",
)

_TEXTS: dict[str, Any] = {"type": "list", "elements": "str"}

_BY_OID: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {"type": {"type": "str", "required": True}, "value": {"type": "str"}},
}

_SUBJECT: dict[str, dict[str, Any]] = {
    **{name: {"type": "str"} for name in _SINGLE_ATTRIBUTES},
    "organizational_unit": _TEXTS,
    "extra_attributes": _BY_OID,
}

_SAN: dict[str, dict[str, Any]] = {
    "dns_names": _TEXTS,
    "emails": _TEXTS,
    "ip_addresses": _TEXTS,
    "uris": _TEXTS,
    "other_names": _BY_OID,
}

_DIRECTORY_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "gender": {"type": "str"},
    "date_of_birth": {"type": "str"},
    "place_of_birth": {"type": "str"},
    "country_of_citizenship": _TEXTS,
    "country_of_residence": _TEXTS,
    "extra_attributes": _BY_OID,
}

_QUALIFIED_STATEMENTS: dict[str, dict[str, Any]] = {
    "semantics": {
        "type": "dict",
        "options": {"identifier": {"type": "str"}, "name_authorities": _TEXTS},
    },
    "etsi_qc_compliance": {"type": "bool"},
    "etsi_qc_sscd_compliance": {"type": "bool"},
    "etsi_qc_type": {"type": "str"},
    "etsi_qc_retention_period": {"type": "int"},
    "etsi_qc_pds": {"type": "dict"},
}

_TEMPLATE: dict[str, dict[str, Any]] = {
    "id": {"type": "str", "required": True},
    "major_version": {"type": "int"},
    "minor_version": {"type": "int"},
}

_SIGNATURE: dict[str, dict[str, Any]] = {
    "algorithm": {"type": "str", "choices": ["RSA", "RSA-PSS", "ECDSA"]},
    "hash_algorithm": {"type": "str", "choices": ["SHA-256", "SHA-384", "SHA-512"]},
}

KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_certificate_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)

REVOCATION_REASONS = (
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "cessationOfOperation",
    "superseded",
    "privilegeWithdrawn",
)

_FILE: dict[str, dict[str, Any]] = {
    "path": {"type": "str", "required": True},
    "contains": {
        "type": "list",
        "elements": "str",
        "choices": ["privatekey", "certificate", "chain", "root"],
        "required": True,
    },
    "format": {"type": "str", "choices": ["pem", "pkcs12"]},
    "passphrase": {"type": "str", "no_log": True},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw"},
}

_REQUEST_OPTIONS: dict[str, dict[str, Any]] = {
    "subject": {"type": "dict", "options": _SUBJECT},
    "san": {"type": "dict", "options": _SAN},
    "extended_key_usages": _TEXTS,
    "key_usages": {**_TEXTS, "choices": list(KEY_USAGES), "no_log": False},
    "subject_directory_attributes": {"type": "dict", "options": _DIRECTORY_ATTRIBUTES},
    "qualified_statements": {"type": "dict", "options": _QUALIFIED_STATEMENTS},
    "ms_template": {"type": "dict", "options": _TEMPLATE},
    "custom_extensions": {"type": "dict"},
    "signature": {"type": "dict", "options": _SIGNATURE},
    "valid_for": {"type": "str"},
    "not_before": {"type": "str"},
    "not_after": {"type": "str"},
}

_KEY_OPTIONS: dict[str, dict[str, Any]] = {
    "privatekey_type": {"type": "str", "choices": ["auto", "RSA", "ECDSA"], "no_log": False},
    "privatekey_size": {"type": "int", "no_log": False},
    "privatekey_rotation": {"type": "str", "choices": ["on_renewal", "never"], "no_log": False},
    "privatekey_format": {"type": "str", "choices": ["pkcs8", "pkcs1"], "no_log": False},
    "privatekey_passphrase": {"type": "str", "no_log": True},
    "csr_path": {"type": "str"},
    "csr_content": {"type": "str"},
    "public_key_path": {"type": "str", "no_log": False},
    "public_key_content": {"type": "str", "no_log": False},
    "public_key_signature": {"type": "str", "no_log": False},
}

_FILE_OPTIONS: dict[str, dict[str, Any]] = {
    "path": {"type": "str"},
    "privatekey_path": {"type": "str", "no_log": False},
    "chain_path": {"type": "str"},
    "fullchain_path": {"type": "str"},
    "files": {"type": "list", "elements": "dict", "options": _FILE},
    "state_dir": {"type": "str"},
    "layout": {"type": "str", "choices": ["plain", "linked"]},
    "follow": {"type": "bool"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw"},
    "privatekey_mode": {"type": "raw", "no_log": False},
    "validate": {"type": "str"},
    "backup": {"type": "bool"},
    "backup_count": {"type": "int"},
}

_RENEWAL_OPTIONS: dict[str, dict[str, Any]] = {
    "renew_before": {"type": "str"},
    "renew_spread": {"type": "str"},
    "force": {"type": "bool"},
    "rekey": {"type": "bool"},
    "replace_foreign": {"type": "bool"},
    "revoke_superseded": {"type": "bool"},
}

CERTIFICATE_OPTIONS: dict[str, dict[str, Any]] = {
    **_FILE_OPTIONS,
    **_REQUEST_OPTIONS,
    **_KEY_OPTIONS,
    **_RENEWAL_OPTIONS,
}
"""What describes one certificate."""

RUN_OPTIONS: dict[str, dict[str, Any]] = {
    "state": {
        "type": "str",
        "choices": ["present", "absent", "revoked", "confirmed", "previous"],
        "default": "present",
    },
    "acknowledge": {"type": "str", "choices": ["task", "later"], "default": "task"},
    "api_from": {"type": "str", "choices": ["controller", "node"], "default": "controller"},
    "check_revocation": {"type": "bool", "default": False},
    "max_issue": {"type": "int"},
    "allowed_names": _TEXTS,
    "min_quota": {"type": "int"},
    "settle": {"type": "int", "default": 60},
    "lookup_max": {"type": "int", "default": 1000},
    "return_content": {"type": "bool", "default": False},
    "remove_privatekey": {"type": "bool", "default": False, "no_log": False},
    "revocation_reason": {"type": "str", "choices": list(REVOCATION_REASONS)},
    "compromised_at": {"type": "str"},
    "allow_live": {"type": "bool", "default": False},
}
"""What holds for the whole task."""

PATH_OPTIONS = ("path", "fullchain_path", "chain_path", "privatekey_path", "files")

CERTIFICATE_TASK_OPTIONS: dict[str, dict[str, Any]] = {
    **RUN_OPTIONS,
    **CERTIFICATE_OPTIONS,
    "certificates": {"type": "list", "elements": "dict", "options": CERTIFICATE_OPTIONS},
}

CERTIFICATE_TASK_RULES: dict[str, Any] = {
    "mutually_exclusive": [["certificates", option] for option in PATH_OPTIONS],
    "required_if": [["state", "revoked", ["revocation_reason"]]],
}
