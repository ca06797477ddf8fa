# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy as a table, and that the guide shows what it looks like."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.check import check_request
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.explanation import explain
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.model import Policy
from ansible_collections.globalsign.atlas.plugins.module_utils.api.request import CertificateRequest

GUIDE = Path(__file__).parents[6] / "docs/validation-policy.md"


def block(kind: str) -> str:
    found = re.search(rf"^```{kind}\n(.*?)^```", GUIDE.read_text("utf-8"), re.M | re.S)
    assert found
    return found.group(1)


def test_the_guide_shows_the_table_of_its_policy() -> None:
    assert explain(Policy.parse(json.loads(block("json")))) == block("text").splitlines()


def test_the_guide_quotes_a_real_message() -> None:
    subject = {"common_name": "a", "organizational_unit": ["Lab seven"]}
    request = CertificateRequest(subject, {"dns_names": ["quillon.example"]}, 1_800_000_000)
    verdict = check_request(Policy.parse(json.loads(block("json"))), request)
    sentence = next(str(found) for found in verdict.violations if "Lab" in str(found))
    quoted = " ".join(line.lstrip("> ") for line in GUIDE.read_text("utf-8").splitlines())
    assert sentence in quoted


OID = "1.2.3"
VALUED = {"value_type": "UTF8STRING", "value_format": "^x$", "mincount": 1, "maxcount": 2}


@pytest.mark.parametrize(
    ("policy", "row"),
    [
        ({}, []),
        (
            {"validity": {"secondsmin": 60}},
            ["validity optional a lifetime of 60 seconds to no limit"],
        ),
        (
            {"validity": {"issuer_expiry": 1_800_000_000}},
            [
                "validity.not_after optional at the latest 2027-01-15T08:00:00Z, the"
                " end of the issuing CA"
            ],
        ),
        (
            {"validity": {"issuer_expiry": 10**18}},
            [
                "validity.not_after optional at the latest 1000000000000000000 (UNIX seconds), the"
                " end of the issuing CA"
            ],
        ),
        (
            {"subject_dn": {"state": {"presence": "PERHAPS", "format": "^x$"}}},
            ["subject.state unclear what matches ^x$"],
        ),
        (
            {"subject_dn": {"extra_attributes": {OID: VALUED}}},
            [f"subject.extra_attributes.{OID} required 1 to 2 of UTF8STRING that matches ^x$"],
        ),
        (
            {"san": {"other_names": {OID: {**VALUED, "static": True}}}},
            [f"san.other_names.{OID} fixed the service puts ^x$ there"],
        ),
        (
            {"custom_extensions": {OID: {"presence": "FORBIDDEN", "value_type": "NIL"}}},
            [f"custom_extensions.{OID} forbidden"],
        ),
        (
            {"custom_extensions": {OID: {"presence": "REQUIRED", "value_type": "NIL"}}},
            [f"custom_extensions.{OID} required NIL"],
        ),
        (
            {"subject_da": {"date_of_birth": "OPTIONAL"}},
            ["subject_da.date_of_birth optional a date, YYYY-MM-DD"],
        ),
        (
            {"qualified_statements": {"etsi_qc_compliance": "STATIC_TRUE"}},
            ["qualified_statements.etsi_qc_compliance fixed true"],
        ),
        (
            {
                "qualified_statements": {
                    "etsi_qc_pds": {"presence": "STATIC", "policies": {"EN": "https://x"}}
                }
            },
            ["qualified_statements.etsi_qc_pds fixed EN: https://x"],
        ),
        (
            {
                "ms_extension_template": {
                    "major_version": {"presence": "REQUIRED", "min": 1, "max": 7}
                }
            },
            ["ms_extension_template.major_version required 1 to 7"],
        ),
        ({"san": {"new": 1}}, ["san.new unknown this collection does not know it"]),
        (
            {"validity": {"secondsmin": 86400, "secondsmax": 172800}},
            ["validity optional a lifetime of 1 day to 2 days"],
        ),
        (
            {"validity": {"secondsmin": 3600, "secondsmax": 7200}},
            ["validity optional a lifetime of 1 hour to 2 hours"],
        ),
        (
            {"validity": {"secondsmin": 86401, "secondsmax": 3601}},
            ["validity optional a lifetime of 86401 seconds to 3601 seconds"],
        ),
        (
            {"validity": {"secondsmin": 3599, "secondsmax": 90000}},
            ["validity optional a lifetime of 3599 seconds to 25 hours"],
        ),
        (
            {"validity": {"secondsmax": 1}},
            ["validity optional a lifetime of 0 seconds to 1 second"],
        ),
        (
            {"validity": {"secondsmin": 0}},
            ["validity optional a lifetime of 0 seconds to no limit"],
        ),
        (
            {"validity": {"not_before_negative_skew": 60}},
            ["validity.not_before required 60 seconds before to 0 seconds after the present"],
        ),
        (
            {"validity": {"not_before_positive_skew": 3600}},
            ["validity.not_before required 0 seconds before to 1 hour after the present"],
        ),
        (
            {"validity": {"issuer_expiry": 1000000000000000000000000000000}},
            [
                "validity.not_after optional at the latest 1000000000000000000000000000000"
                " (UNIX seconds), the end of the issuing CA"
            ],
        ),
        (
            {
                "subject_dn": {
                    "state": {"presence": "STATIC", "format": "x"},
                    "country": {"presence": "STATIC"},
                    "email": {"presence": "FORBIDDEN", "format": "x"},
                    "locality": {"presence": "REQUIRED"},
                }
            },
            [
                "subject.country fixed the service puts a value of its own there",
                "subject.state fixed the service puts x there",
                "subject.locality required what matches anything",
                "subject.email forbidden",
            ],
        ),
        (
            {
                "san": {
                    "dns_names": {
                        "static": False,
                        "list": [".a", "b"],
                        "mincount": 0,
                        "maxcount": 3,
                    },
                    "emails": {"static": False, "list": ["@a"], "mincount": 0, "maxcount": 3},
                    "ip_addresses": {
                        "static": False,
                        "list": ["^1$"],
                        "mincount": 0,
                        "maxcount": 3,
                    },
                    "uris": {"static": False, "list": ["^h$"], "mincount": 0, "maxcount": 3},
                }
            },
            [
                "san.dns_names optional 0 to 3 of what ends with .a or b",
                "san.emails optional 0 to 3 of what ends with @a",
                "san.ip_addresses optional 0 to 3 of what matches ^1$",
                "san.uris optional 0 to 3 of what matches ^h$",
            ],
        ),
        (
            {
                "san": {
                    "dns_names": {"static": False, "list": ["."], "mincount": 0, "maxcount": 3},
                    "emails": {"static": False, "list": [".", "a"], "mincount": 0, "maxcount": 3},
                    "ip_addresses": {"static": False, "list": [], "mincount": 0, "maxcount": 3},
                    "uris": {"static": False, "list": ["x"], "mincount": 0, "maxcount": 0},
                }
            },
            [
                "san.dns_names optional 0 to 3 of anything",
                "san.emails optional 0 to 3 of what ends with . or a",
                "san.ip_addresses optional 0 to 3 of what matches ?",
                "san.uris forbidden",
            ],
        ),
        (
            {
                "san": {
                    "dns_names": {"static": True, "list": ["a", "b"], "mincount": 0, "maxcount": 3},
                    "emails": {"static": True, "list": [], "mincount": 0, "maxcount": 3},
                    "ip_addresses": {
                        "static": False,
                        "list": ["x"],
                        "mincount": 0,
                        "maxcount": None,
                    },
                    "uris": {"static": False, "list": ["x"], "mincount": 1, "maxcount": 3},
                }
            },
            [
                "san.dns_names fixed the service puts a, b there",
                "san.emails fixed the service puts nothing there",
                "san.ip_addresses optional 0 to any number of what matches x",
                "san.uris required 1 to 3 of what matches x",
            ],
        ),
        (
            {
                "san": {
                    "dns_names": {"static": True, "list": ["a", None]},
                    "uris": {"list": [7, "x"], "maxcount": 3},
                }
            },
            [
                "san.dns_names fixed the service puts a, ? there",
                "san.uris optional 0 to 3 of what matches ? or x",
            ],
        ),
        (
            {
                "subject_dn": {
                    "extra_attributes": {
                        "1.2.4": None,
                        "1.2.3": {"maxcount": None},
                        "1.2.5": {"static": True},
                        "1.2.6": {"value_type": "DER", "mincount": 0, "maxcount": 1},
                    }
                }
            },
            [
                "subject.extra_attributes.1.2.3 optional 0 to any number of a value of unknown"
                " type",
                "subject.extra_attributes.1.2.5 fixed the service puts it there",
                "subject.extra_attributes.1.2.6 optional 0 to 1 of DER",
            ],
        ),
        (
            {
                "custom_extensions": {
                    "1.2.4": None,
                    "1.2.3": {"presence": "STATIC"},
                    "1.2.5": {"presence": "STATIC", "value_format": "x"},
                    "1.2.6": {"value_type": "DER", "value_format": "^x$"},
                    "1.2.7": {"presence": "OPTIONAL"},
                }
            },
            [
                "custom_extensions.1.2.3 fixed the service puts it there",
                "custom_extensions.1.2.5 fixed the service puts x there",
                "custom_extensions.1.2.6 unclear DER that matches ^x$",
                "custom_extensions.1.2.7 optional a value of unknown type",
            ],
        ),
        (
            {
                "key_usages": {
                    "digital_signature": "OPTIONAL",
                    "crl_sign": "STATIC_TRUE",
                    "key_agreement": "STATIC_FALSE",
                    "encipher_only": "PERHAPS",
                }
            },
            [
                "key_usages.digital_signature optional true or false",
                "key_usages.key_agreement fixed false",
                "key_usages.crl_sign fixed true",
                "key_usages.encipher_only unclear true or false",
            ],
        ),
        (
            {
                "qualified_statements": {
                    "etsi_qc_compliance": "OPTIONAL",
                    "etsi_qc_sscd_compliance": "PERHAPS",
                    "etsi_qc_retention_period": {"presence": "FORBIDDEN", "min": 1, "max": 2},
                    "etsi_qc_type": {"presence": "OPTIONAL", "format": "x"},
                    "semantics": {
                        "identifier": {"presence": "OPTIONAL", "format": "y"},
                        "name_authorities": {
                            "static": False,
                            "list": ["z"],
                            "mincount": 0,
                            "maxcount": 3,
                        },
                    },
                    "etsi_qc_pds": {
                        "presence": "STATIC",
                        "policies": {"EN": "https://a", "NL": "https://b"},
                    },
                }
            },
            [
                "qualified_statements.semantics.identifier optional what matches y",
                "qualified_statements.semantics.name_authorities optional 0 to 3 of what matches z",
                "qualified_statements.etsi_qc_compliance optional true or false",
                "qualified_statements.etsi_qc_type optional what matches x",
                "qualified_statements.etsi_qc_retention_period forbidden",
                "qualified_statements.etsi_qc_pds fixed EN: https://a, NL: https://b",
            ],
        ),
        (
            {
                "ms_extension_template": {
                    "template_id": {"presence": "OPTIONAL", "format": "x"},
                    "major_version": {"presence": "OPTIONAL", "min": None, "max": None},
                    "minor_version": {"presence": "REQUIRED", "min": 0, "max": 0},
                }
            },
            [
                "ms_extension_template.id optional what matches x",
                "ms_extension_template.major_version optional 0 to any",
                "ms_extension_template.minor_version required 0 to 0",
            ],
        ),
        (
            {
                "subject_da": {
                    "gender": {"presence": "OPTIONAL", "format": "x"},
                    "country_of_residence": {
                        "static": False,
                        "list": ["y"],
                        "mincount": 0,
                        "maxcount": 3,
                    },
                    "extra_attributes": {"1.2.3": {"static": True, "value_format": "z"}},
                }
            },
            [
                "subject_da.gender optional what matches x",
                "subject_da.country_of_residence optional 0 to 3 of what matches y",
                "subject_da.extra_attributes.1.2.3 fixed the service puts z there",
            ],
        ),
        (
            {
                "signature": {
                    "algorithm": {"presence": "FORBIDDEN", "list": ["RSA"]},
                    "hash_algorithm": {"presence": "REQUIRED", "list": ["SHA-256", "SHA-384"]},
                }
            },
            [
                "signature.algorithm forbidden",
                "signature.hash_algorithm required SHA-256 or SHA-384",
            ],
        ),
        ({"public_key": {"key_type": "RSA"}}, ["public_key required RSA of any size bits"]),
        (
            {"public_key": {"allowed_lengths": [256, 384]}},
            ["public_key required any type of 256 or 384 bits"],
        ),
        ({"public_key": {"key_format": "PKCS10"}}, ["public_key format required a CSR (PKCS10)"]),
        (
            {"public_key": {"key_format": "PKCS8"}},
            ["public_key format required a public key (PKCS8)"],
        ),
        (
            {"public_key_signature": "FORBIDDEN"},
            ["public_key_signature forbidden the proof of possession, made by us"],
        ),
    ],
)
def test_a_row(policy: dict[str, Any], row: list[str]) -> None:
    assert [" ".join(line.split()) for line in explain(Policy.parse(policy))[1:]] == row


def test_control_and_formatting_characters_are_taken_out() -> None:
    rule = {"presence": "STATIC", "format": "a\x1b[2Jb\n\u202ec"}
    (_head, line) = explain(Policy.parse({"subject_dn": {"country": rule}}))
    assert "a [2Jb  c" in line
    assert line.isprintable()
