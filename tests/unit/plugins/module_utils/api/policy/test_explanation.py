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
    ],
)
def test_a_row(policy: dict[str, Any], row: list[str]) -> None:
    assert [" ".join(line.split()) for line in explain(Policy.parse(policy))[1:]] == row
