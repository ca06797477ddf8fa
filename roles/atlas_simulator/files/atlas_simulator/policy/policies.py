# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Validation policies: ready-made ones, and one from a file (API reference, section 3).

Clients in production read `signature.hash_algorithm`, all strings of the subject, all lists of
names and the extended key usages without asking whether they are there: every ready-made policy
has them, be it to say that there may be none. A policy from a file need not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..problems import StartError
from .members import (
    ECDSA,
    FORBIDDEN,
    HASHES,
    KEY_USAGES,
    OPTIONAL,
    PKCS8,
    PKCS10,
    REQUIRED,
    RSA,
    STATIC,
    STATIC_FALSE,
    STATIC_TRUE,
    SUBJECT_STRINGS,
)
from .policy_shape import find_problem

DAY = 86400
_ORGANIZATION = "Quillon Instruments BV"
_PERSON = "^[A-Za-z '\\-]{1,40}$"
_PLACE = "^[A-Za-z \\-]{2,40}$"
_SERVER_USAGE, _CLIENT_USAGE = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"
_EMAIL_USAGE = "1.3.6.1.5.5.7.3.4"
_RSA_LENGTHS, _ECDSA_LENGTHS = [2048, 3072, 4096], [256, 384]


def _string(presence: str, pattern: str = "") -> dict[str, Any]:
    """A StringPolicy."""
    return {"presence": presence, "format": pattern}


def _list(entries: list[str], least: int, most: int) -> dict[str, Any]:
    """A ListPolicy that is not static."""
    return {"static": False, "list": entries, "mincount": least, "maxcount": most}


def _static_list(*entries: str) -> dict[str, Any]:
    """A ListPolicy of fixed content."""
    count = len(entries)
    return {"static": True, "list": list(entries), "mincount": count, "maxcount": count}


def _attribute(kind: str, pattern: str, most: int) -> dict[str, Any]:
    """A TypeAndValuePolicy's rule for an attribute that may be left out."""
    rule = {"static": False, "value_type": kind, "mincount": 0, "maxcount": most}
    return {**rule, "value_format": pattern} if pattern else rule


def _extension(presence: str, kind: str, pattern: str = "") -> dict[str, Any]:
    """An ExtensionPolicy's rule for an extension that is not critical."""
    rule = {"presence": presence, "critical": False, "value_type": kind}
    return {**rule, "value_format": pattern} if pattern else rule


def _integer(presence: str, least: int, most: int) -> dict[str, Any]:
    """An IntegerPolicy."""
    return {"presence": presence, "min": least, "max": most}


def _subject(**fields: Any) -> dict[str, Any]:
    """A subject of these fields and no others."""
    forbidden = dict.fromkeys(SUBJECT_STRINGS, _string(FORBIDDEN))
    return {**forbidden, "organizational_unit": _list([], 0, 0), **fields}


def _san(**kinds: Any) -> dict[str, Any]:
    """Alternative names of these kinds and no others."""
    none = dict.fromkeys(("dns_names", "emails", "ip_addresses", "uris"), _list([], 0, 0))
    return {**none, **kinds}


def _usages(**usages: str) -> dict[str, str]:
    """Key usages, of which those not given are never set."""
    return {**dict.fromkeys(KEY_USAGES, STATIC_FALSE), **usages}


def _ekus(ekus: dict[str, Any]) -> dict[str, Any]:
    return {"ekus": ekus, "critical": False}


def _key(kind: str, key_format: str) -> dict[str, Any]:
    lengths = _RSA_LENGTHS if kind == RSA else _ECDSA_LENGTHS
    return {"key_type": kind, "allowed_lengths": lengths, "key_format": key_format}


_SIGNATURE = {"hash_algorithm": {"presence": OPTIONAL, "list": list(HASHES[:2])}}
_VALIDITY = {
    "secondsmin": 3600,
    "secondsmax": 199 * DAY,
    "not_before_negative_skew": 120,
    "not_before_positive_skew": 3600,
}
_DV_TLS = {
    "validity": _VALIDITY,
    "subject_dn": _subject(common_name=_string(OPTIONAL, r"^[A-Za-z0-9*.\-]{1,64}$")),
    "san": _san(dns_names=_list(["."], 1, 100)),
    "extended_key_usages": _ekus(_static_list(_SERVER_USAGE)),
    "signature": _SIGNATURE,
    "public_key": _key(ECDSA, PKCS8),
    "public_key_signature": REQUIRED,
}
_OV_TLS = {
    "validity": _VALIDITY,
    "subject_dn": _subject(
        common_name=_string(OPTIONAL, r"^[A-Za-z0-9*.\-]{1,64}$"),
        organization=_string(STATIC, _ORGANIZATION),
        country=_string(STATIC, "NL"),
        state=_string(STATIC, "Utrecht"),
        locality=_string(STATIC, "Amersfoort"),
    ),
    "san": _san(dns_names=_list(["."], 1, 100)),
    "key_usages": _usages(digital_signature=STATIC_TRUE, key_encipherment=STATIC_TRUE),
    "extended_key_usages": _ekus(_static_list(_SERVER_USAGE)),
    "signature": _SIGNATURE,
    "public_key": _key(RSA, PKCS8),
    "public_key_signature": FORBIDDEN,
}
_SMIME = {
    "validity": {**_VALIDITY, "secondsmax": 2 * 365 * DAY},
    "subject_dn": _subject(
        common_name=_string(REQUIRED, "^[A-Za-z0-9@.' \\-]{1,64}$"),
        given_name=_string(OPTIONAL, _PERSON),
        surname=_string(OPTIONAL, _PERSON),
        organization=_string(STATIC, _ORGANIZATION),
        country=_string(STATIC, "NL"),
        email=_string(OPTIONAL, r"^[a-z0-9.\-]+@quillon\.example$"),
    ),
    "san": _san(
        emails=_list(["@quillon.example"], 1, 3),
        other_names={
            "1.3.6.1.4.1.311.20.2.3": _attribute("UTF8STRING", r"^[a-z.]+@quillon\.example$", 1)
        },
    ),
    "key_usages": _usages(
        digital_signature=STATIC_TRUE, key_encipherment=STATIC_TRUE, content_commitment=OPTIONAL
    ),
    "extended_key_usages": _ekus(_list([r"^1\.3\.6\.1\.5\.5\.7\.3\.(2|4)$"], 1, 2)),
    "signature": _SIGNATURE,
    "public_key": _key(RSA, PKCS10),
    "public_key_signature": FORBIDDEN,
}
_DEVICE = {
    "validity": {**_VALIDITY, "secondsmax": 3 * 365 * DAY},
    "subject_dn": _subject(
        common_name=_string(REQUIRED, r"^[a-z0-9.\-]{1,64}$"),
        organization=_string(STATIC, _ORGANIZATION),
        organizational_unit=_list(["^Lab [0-9]{1,2}$"], 0, 2),
    ),
    "san": _san(
        dns_names=_list([".devices.example"], 1, 5),
        ip_addresses=_list([r"^192\.0\.2\.[0-9]{1,3}$"], 0, 2),
    ),
    "key_usages": _usages(digital_signature=STATIC_TRUE, key_encipherment=OPTIONAL),
    "extended_key_usages": _ekus(_list([r"^1\.3\.6\.1\.5\.5\.7\.3\.(1|2)$"], 1, 2)),
    "signature": _SIGNATURE,
    "public_key": _key(RSA, PKCS8),
    "public_key_signature": FORBIDDEN,
}
_DEVICE_WITH_ANY_NAME = {
    **_DEVICE,
    "subject_dn": _subject(
        common_name=_string(REQUIRED, r"^[a-z0-9.\-]{1,64}$"),
        serial_number=_string(OPTIONAL, r"^[A-Z0-9\-]{4,32}$"),
    ),
    "san": _san(dns_names=_list(["."], 1, 5)),
    "key_usages": _usages(digital_signature=STATIC_TRUE, key_agreement=OPTIONAL),
    "extended_key_usages": _ekus(_static_list(_SERVER_USAGE, _CLIENT_USAGE)),
}
_EIDAS = {
    "validity": {**_VALIDITY, "secondsmax": 3 * 365 * DAY},
    "subject_dn": _subject(
        common_name=_string(REQUIRED, "^[A-Za-z '.\\-]{1,64}$"),
        given_name=_string(REQUIRED, _PERSON),
        surname=_string(REQUIRED, _PERSON),
        serial_number=_string(REQUIRED, "^(IDC|PAS|PNO)[A-Z]{2}-[A-Z0-9]{4,24}$"),
        organization=_string(OPTIONAL, "^.{1,64}$"),
        organization_identifier=_string(OPTIONAL, "^(NTR|VAT)[A-Z]{2}-[A-Z0-9]{4,24}$"),
        country=_string(REQUIRED, "^[A-Z]{2}$"),
    ),
    "san": _san(),
    "key_usages": _usages(content_commitment=STATIC_TRUE),
    "extended_key_usages": _ekus(_list([], 0, 0)),
    "subject_da": {
        "gender": _string(OPTIONAL, "^[MmFf]$"),
        "date_of_birth": OPTIONAL,
        "place_of_birth": _string(OPTIONAL, _PLACE),
        "country_of_citizenship": _list(["^[A-Z]{2}$"], 0, 3),
        "country_of_residence": _list(["^[A-Z]{2}$"], 0, 1),
    },
    "qualified_statements": {
        "semantics": {
            "identifier": _string(STATIC, "0.4.0.194121.1.1"),
            "name_authorities": _list([], 0, 0),
        },
        "etsi_qc_compliance": STATIC_TRUE,
        "etsi_qc_sscd_compliance": OPTIONAL,
        "etsi_qc_type": _string(REQUIRED, r"^0\.4\.0\.1862\.1\.6\.[12]$"),
        "etsi_qc_retention_period": _integer(OPTIONAL, 1, 30),
        "etsi_qc_pds": {
            "presence": STATIC,
            "policies": {"EN": "https://pds.quillon.example/en.pdf"},
        },
    },
    "signature": _SIGNATURE,
    "public_key": _key(ECDSA, PKCS8),
    "public_key_signature": REQUIRED,
}
# Section 3.3, but for an issuer_expiry that would come too soon.
_EVERYTHING = {
    "validity": {**_VALIDITY, "secondsmax": 17193600, "issuer_expiry": 4102444799},
    "subject_dn": _subject(
        common_name=_string(REQUIRED, "^[A-Za-z0-9*.\\- ]{1,64}$"),
        given_name=_string(OPTIONAL, _PERSON),
        surname=_string(OPTIONAL, _PERSON),
        organization=_string(STATIC, _ORGANIZATION),
        organizational_unit=_list(["^Lab [0-9]{1,2}$", "^Facilities$"], 0, 2),
        organization_identifier=_string(OPTIONAL, "^NTRNL-[0-9]{8}$"),
        country=_string(STATIC, "NL"),
        state=_string(OPTIONAL, _PLACE),
        locality=_string(OPTIONAL, _PLACE),
        street_address=_string(OPTIONAL, "^[A-Za-z0-9 .\\-]{2,60}$"),
        postal_code=_string(OPTIONAL, "^[0-9]{4} ?[A-Z]{2}$"),
        email=_string(OPTIONAL, r"^[a-z0-9.]+@quillon\.example$"),
        serial_number=_string(OPTIONAL, r"^[A-Z0-9\-]{4,32}$"),
        extra_attributes={
            "2.5.4.12": _attribute("UTF8STRING", "^[A-Za-z ]{2,30}$", 1),
            "1.3.6.1.4.1.99999.7.1": {
                "static": True,
                "value_type": "PRINTABLESTRING",
                "value_format": "fleet-a",
                "mincount": 1,
                "maxcount": 1,
            },
        },
    ),
    "san": _san(
        critical=False,
        dns_names=_list(["quillon.example", ".quillon.example"], 1, 5),
        emails=_list(["@quillon.example"], 0, 2),
        ip_addresses=_list([r"^192\.0\.2\.[0-9]{1,3}$"], 0, 2),
        uris=_list([r"^https://[a-z0-9.]+\.quillon\.example/.*$"], 0, 1),
        other_names={
            "1.3.6.1.4.1.311.20.2.3": _attribute("UTF8STRING", r"^[a-z.]+@quillon\.example$", 1)
        },
    ),
    "key_usages": _usages(
        digital_signature=STATIC_TRUE, key_encipherment=OPTIONAL, key_agreement=OPTIONAL
    ),
    "extended_key_usages": _ekus(_list([r"^1\.3\.6\.1\.5\.5\.7\.3\.(1|2|4)$"], 1, 3)),
    "subject_da": {
        "gender": _string(OPTIONAL, "^[MmFf]$"),
        "date_of_birth": OPTIONAL,
        "place_of_birth": _string(OPTIONAL, _PLACE),
        "country_of_citizenship": _list(["^[A-Z]{2}$"], 0, 2),
        "country_of_residence": _static_list("NL"),
        "extra_attributes": {
            "1.3.6.1.4.1.99999.7.2": _attribute("NIL", "", 1),
            "1.3.6.1.4.1.99999.7.3": _attribute("INTEGER", "^[0-9]{1,6}$", 2),
        },
    },
    "qualified_statements": {
        "semantics": {
            "identifier": _string(STATIC, "0.4.0.194121.1.2"),
            "name_authorities": _static_list("https://registry.quillon.example"),
        },
        "etsi_qc_compliance": OPTIONAL,
        "etsi_qc_sscd_compliance": STATIC_FALSE,
        "etsi_qc_type": _string(REQUIRED, r"^0\.4\.0\.1862\.1\.6\.[1-3]$"),
        "etsi_qc_retention_period": _integer(OPTIONAL, 0, 10),
        "etsi_qc_pds": {
            "presence": STATIC,
            "policies": {
                "EN": "https://pds.quillon.example/en.pdf",
                "NL": "https://pds.quillon.example/nl.pdf",
            },
        },
    },
    "ms_extension_template": {
        "critical": False,
        "template_id": _string(REQUIRED, r"^1\.3\.6\.1\.4\.1\.311\.21\.8(\.[0-9]+)+$"),
        "major_version": _integer(REQUIRED, 100, 199),
        "minor_version": _integer(OPTIONAL, 0, 99),
    },
    "custom_extensions": {
        "1.3.6.1.5.5.7.1.24": _extension(OPTIONAL, "DER", "^3003020105$"),
        "1.3.6.1.4.1.99999.8.1": _extension(REQUIRED, "UTF8STRING", "^rack-[0-9]{3}$"),
        "1.3.6.1.4.1.99999.8.2": _extension(STATIC, "NIL"),
    },
    "signature": {
        "algorithm": {"presence": OPTIONAL, "list": ["RSA", "RSA-PSS"]},
        "hash_algorithm": {"presence": REQUIRED, "list": ["SHA-256", "SHA-384"]},
    },
    "public_key": {**_key(ECDSA, PKCS8), "allowed_lengths": [256, 384, 521]},
    "public_key_signature": REQUIRED,
}
READY_MADE: Mapping[str, Mapping[str, Any]] = {
    "dv-tls": _DV_TLS,
    "dv-tls-rsa": {
        **_DV_TLS,
        "public_key": _key(RSA, PKCS10),
        "public_key_signature": FORBIDDEN,
    },
    "ov-tls": _OV_TLS,
    "smime": _SMIME,
    "device": _DEVICE,
    "device-pop": {
        **_DEVICE_WITH_ANY_NAME,
        "public_key": _key(ECDSA, PKCS8),
        "public_key_signature": REQUIRED,
    },
    "device-csr": {
        **_DEVICE_WITH_ANY_NAME,
        "signature": {"algorithm": {"presence": OPTIONAL, "list": [ECDSA]}, **_SIGNATURE},
        "public_key": _key(ECDSA, PKCS10),
        "public_key_signature": FORBIDDEN,
    },
    "eidas": _EIDAS,
    "everything": _EVERYTHING,
}


def find_policy(name_or_file: str) -> Mapping[str, Any]:
    """A ready-made policy, or the one in a JSON file, once all of it has the shape of section 3.

    Raises `StartError` for a file that cannot be read or holds something else.
    """
    if name_or_file in READY_MADE:
        return READY_MADE[name_or_file]
    path = Path(name_or_file)
    try:
        policy = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        names = ", ".join(READY_MADE)
        raise StartError(
            f"--policy: {name_or_file} is neither a file nor a ready-made policy ({names})."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise StartError(f"--policy: {path} cannot be read as JSON: {error}.") from None
    if not isinstance(policy, dict):
        raise StartError(f"--policy: {path} does not hold a JSON object.")
    problem = find_problem(policy, str(path))
    if problem:
        raise StartError(f"--policy: {problem}.")
    return policy
