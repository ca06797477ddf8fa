# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validation policies: ready-made ones, and one from a file (API reference, section 3)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..problems import StartError

DAY = 86400
SUBJECT_STRINGS = (
    "common_name",
    "given_name",
    "surname",
    "organization",
    "organization_identifier",
    "country",
    "state",
    "locality",
    "street_address",
    "postal_code",
    "email",
    "pseudonym",
    "serial_number",
    "jurisdiction_of_incorporation_locality_name",
    "jurisdiction_of_incorporation_state_or_province_name",
    "jurisdiction_of_incorporation_country_name",
    "business_category",
)
SAN_KINDS = ("dns_names", "emails", "ip_addresses", "uris")
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
_PRESENCES = ("OPTIONAL", "REQUIRED", "FORBIDDEN", "STATIC")
_OPTIONAL_STATICS = ("OPTIONAL", "STATIC_TRUE", "STATIC_FALSE")

# The shape of what is enforced: a nested mapping of members, or the kind of a value.
_STRING, _LIST, _NUMBER, _BOOLEAN = "string policy", "list policy", "number", "boolean"
_PRESENCE, _OPTIONAL_STATIC, _SIZES, _TEXT = "presence", "optional static", "sizes", "text"
_SHAPE: Mapping[str, Any] = {
    "validity": dict.fromkeys(
        (
            "secondsmin",
            "secondsmax",
            "not_before_negative_skew",
            "not_before_positive_skew",
            "issuer_expiry",
        ),
        _NUMBER,
    ),
    "subject_dn": {**dict.fromkeys(SUBJECT_STRINGS, _STRING), "organizational_unit": _LIST},
    "san": {**dict.fromkeys(SAN_KINDS, _LIST), "critical": _BOOLEAN},
    "key_usages": dict.fromkeys(KEY_USAGES, _OPTIONAL_STATIC),
    "extended_key_usages": {"ekus": _LIST, "critical": _BOOLEAN},
    "public_key": {"key_type": _TEXT, "allowed_lengths": _SIZES, "key_format": _TEXT},
    "public_key_signature": _PRESENCE,
}


def _forbidden_except(**fields: Any) -> dict[str, Any]:
    forbidden = {"presence": "FORBIDDEN", "format": ""}
    return {**dict.fromkeys(SUBJECT_STRINGS, forbidden), **fields}


def _list(entries: list[str], least: int, most: int, static: bool = False) -> dict[str, Any]:
    return {"static": static, "list": entries, "mincount": least, "maxcount": most}


_VALIDITY = {
    "secondsmin": 3600,
    "secondsmax": 199 * DAY,
    "not_before_negative_skew": 120,
    "not_before_positive_skew": 3600,
}
_DV_TLS = {
    "validity": _VALIDITY,
    "subject_dn": _forbidden_except(
        common_name={"presence": "OPTIONAL", "format": r"^[A-Za-z0-9*.\-]{1,64}$"},
        organizational_unit=_list([], 0, 0),
    ),
    "san": {
        "dns_names": _list(["."], 1, 100),
        "emails": _list([], 0, 0),
        "ip_addresses": _list([], 0, 0),
        "uris": _list([], 0, 0),
    },
    "extended_key_usages": {"ekus": _list(["1.3.6.1.5.5.7.3.1"], 1, 1, True), "critical": False},
    "public_key": {"key_type": "ECDSA", "allowed_lengths": [256, 384], "key_format": "PKCS8"},
    "public_key_signature": "REQUIRED",
}
READY_MADE: Mapping[str, Mapping[str, Any]] = {
    "dv-tls": _DV_TLS,
    "dv-tls-rsa": {
        **_DV_TLS,
        "public_key": {
            "key_type": "RSA",
            "allowed_lengths": [2048, 3072, 4096],
            "key_format": "PKCS10",
        },
        "public_key_signature": "FORBIDDEN",
    },
    "device": {
        "validity": {**_VALIDITY, "secondsmax": 3 * 365 * DAY},
        "subject_dn": _forbidden_except(
            common_name={"presence": "REQUIRED", "format": r"^[a-z0-9.\-]{1,64}$"},
            organization={"presence": "STATIC", "format": "Quillon Instruments BV"},
            organizational_unit=_list(["^Lab [0-9]{1,2}$"], 0, 2),
        ),
        "san": {
            "dns_names": _list([".devices.example"], 1, 5),
            "emails": _list([], 0, 0),
            "ip_addresses": _list([r"^192\.0\.2\.[0-9]{1,3}$"], 0, 2),
            "uris": _list([], 0, 0),
        },
        "key_usages": {
            **dict.fromkeys(KEY_USAGES, "STATIC_FALSE"),
            "digital_signature": "STATIC_TRUE",
            "key_encipherment": "OPTIONAL",
        },
        "extended_key_usages": {
            "ekus": _list([r"^1\.3\.6\.1\.5\.5\.7\.3\.(1|2)$"], 1, 2),
            "critical": False,
        },
        "public_key": {
            "key_type": "RSA",
            "allowed_lengths": [2048, 3072, 4096],
            "key_format": "PKCS8",
        },
        "public_key_signature": "FORBIDDEN",
    },
}


def find_policy(name_or_file: str) -> Mapping[str, Any]:
    """A ready-made policy, or the one in a JSON file, once it has the shape that is enforced."""
    if name_or_file in READY_MADE:
        return READY_MADE[name_or_file]
    path = Path(name_or_file)
    if not path.exists():
        names = ", ".join(READY_MADE)
        raise StartError(
            f"--policy: {name_or_file} is neither a file nor a ready-made policy ({names})."
        )
    try:
        policy = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StartError(f"--policy: {path} cannot be read as JSON: {error}.") from None
    if not isinstance(policy, dict):
        raise StartError(f"--policy: {path} does not hold a JSON object.")
    _check(policy, _SHAPE, "", path)
    return policy


def _check(value: Any, shape: Any, where: str, file: Path) -> None:
    if value is None:
        return
    if isinstance(shape, str):
        if not _is(value, shape):
            raise StartError(f"--policy: {where} in {file} is not a {shape}.")
        return
    if not isinstance(value, dict):
        raise StartError(f"--policy: {where} in {file} is not an object.")
    for name, member in value.items():
        path = f"{where}.{name}".lstrip(".")
        if name not in shape:
            known = ", ".join(shape)
            raise StartError(
                f"--policy: {path} in {file} is nothing that the simulator enforces; it knows"
                f" {known} there."
            )
        _check(member, shape[name], path, file)


def _is(value: Any, kind: str) -> bool:
    if kind == _NUMBER:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if kind == _BOOLEAN:
        return isinstance(value, bool)
    if kind == _TEXT:
        return value in ("RSA", "ECDSA", "PKCS8", "PKCS10")
    if kind == _SIZES:
        return isinstance(value, list) and all(isinstance(size, int) for size in value)
    if kind == _PRESENCE:
        return value in _PRESENCES
    if kind == _OPTIONAL_STATIC:
        return value in _OPTIONAL_STATICS
    if kind == _STRING:
        return (
            isinstance(value, dict)
            and set(value) <= {"presence", "format"}
            and value.get("presence") in _PRESENCES
            and _compiles(value.get("format") or "")
        )
    return _is_list_policy(value)


def _is_list_policy(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) <= {"static", "list", "mincount", "maxcount"}
        and isinstance(value.get("static"), bool)
        and isinstance(value.get("list"), list)
        and all(isinstance(entry, str) for entry in value["list"])
        and _is(value.get("mincount"), _NUMBER)
        and _is(value.get("maxcount"), _NUMBER)
    )


def _compiles(pattern: Any) -> bool:
    try:
        re.compile(pattern)
    except (re.error, TypeError):
        return False
    return True
