# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is right, wrong, or for the service to decide, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.check import check_request
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.key_choice import (
    KeyChoice,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.model import Policy
from ansible_collections.globalsign.atlas.plugins.module_utils.api.request import CertificateRequest

NOW = 1_800_000_000
OID = "1.3.6.1.4.1.99999.7.1"
VALID = {"secondsmin": 60, "secondsmax": 7776000}
OK, WRONG, OPEN = "ok", "wrong", "open"


def text(presence: str, pattern: str = "^x+$") -> dict[str, Any]:
    return {"presence": presence, "format": pattern}


def several(*entries: str, least: int = 0, most: int = 3, static: bool = False) -> dict[str, Any]:
    return {"static": static, "list": list(entries), "mincount": least, "maxcount": most}


def valued(kind: str, pattern: str = "^.*$", static: bool = False) -> dict[str, Any]:
    rule = {"static": static, "value_type": kind, "mincount": 0, "maxcount": 2}
    return {OID: {**rule, "value_format": pattern}}


def extension(presence: str, kind: str = "UTF8STRING", pattern: str = "^x$") -> dict[str, Any]:
    return {OID: {"presence": presence, "value_type": kind, "value_format": pattern}}


def number(presence: str, least: int = 5, most: int = 9) -> dict[str, Any]:
    return {"presence": presence, "min": least, "max": most}


def verdict_on(policy: dict[str, Any], body: dict[str, Any]) -> tuple[str, set[str]]:
    request = CertificateRequest.of(
        {"validity": {"not_before": NOW, "not_after": NOW + 99}, **body}
    )
    verdict = check_request(Policy.parse({"validity": VALID, **policy}), request, now=NOW)
    if verdict.violations:
        return WRONG, {finding.path for finding in verdict.violations}
    return (OK if verdict.is_ok else OPEN), {finding.path for finding in verdict.undecided}


SUBJECT, SAN, DA = "subject_dn", "san", "subject_da"
CASES: list[tuple[str, Any, Any, str]] = [
    # where, the policy's rule, what is asked for, the verdict
    ("subject_dn.state", text("REQUIRED"), "xx", OK),
    ("subject_dn.state", text("REQUIRED"), None, WRONG),
    ("subject_dn.state", text("REQUIRED"), "y", WRONG),
    ("subject_dn.state", text("REQUIRED", "x"), "ax", OPEN),
    ("subject_dn.state", text("REQUIRED", r"^\pL$"), "x", OPEN),
    ("subject_dn.state", text("REQUIRED", "^[[:alpha:]]+$"), "1", WRONG),
    ("subject_dn.state", text("REQUIRED", "^.*$"), "x" * 129, OPEN),
    ("subject_dn.state", text("OPTIONAL"), None, OK),
    ("subject_dn.state", text("FORBIDDEN"), "x", WRONG),
    ("subject_dn.state", text("STATIC", "x"), "x", OPEN),
    ("subject_dn.state", text("STATIC", "x"), "y", WRONG),
    ("subject_dn.state", text("STATIC", "x"), None, OK),
    ("subject_dn.state", text("STATIC", ""), None, OPEN),
    ("subject_dn.state", text("SOMETIMES"), None, OPEN),
    ("subject_dn.state", None, "x", OPEN),
    ("subject_dn.state", None, None, OK),
    ("subject_dn.country", text("OPTIONAL", "^.*$"), "NL", OK),
    ("subject_dn.country", text("OPTIONAL", "^.*$"), "Netherlands", OPEN),
    ("subject_dn.common_name", text("OPTIONAL", "^.*$"), "a.example", OPEN),
    ("subject_dn.organizational_unit", several("^Lab$"), ["Lab"], OK),
    ("subject_dn.organizational_unit", several("^Lab$"), ["Lob"], WRONG),
    ("subject_dn.organizational_unit", several(), ["Lab"], OPEN),
    ("subject_dn.organizational_unit", several("^.$"), ["a", "b", "c", "d"], WRONG),
    ("subject_dn.organizational_unit", several("^.$", least=1), None, WRONG),
    ("subject_dn.organizational_unit", several("^.$"), ["a", "a"], OPEN),
    ("subject_dn.organizational_unit", several("a", static=True), ["b"], WRONG),
    ("subject_dn.organizational_unit", several("a", static=True), ["a"], OPEN),
    ("san.dns_names", several(".x.example"), ["a.x.example"], OK),
    ("san.dns_names", several(".x.example"), ["x.example"], OPEN),
    ("san.dns_names", several("x.example"), ["ax.example"], OPEN),
    ("san.dns_names", several(".x.example"), ["y.example"], WRONG),
    ("san.dns_names", several("."), ["a.example"], OK),
    ("san.dns_names", several("."), ["a_b.example"], OPEN),
    ("san.dns_names", several("*.x.example"), ["y.example"], OPEN),
    ("san.dns_names", {"static": False, "list": ["."]}, ["a.example"], OPEN),
    ("san.ip_addresses", several("^192.*$"), ["192.0.2.1"], OK),
    ("san.ip_addresses", several("^192.*$"), ["192.0.2.999"], OPEN),
    ("san.uris", several("^https:.*$"), ["http://a.example/"], WRONG),
    ("san.other_names", valued("UTF8STRING"), [{"type": OID, "value": "x"}], OK),
    ("san.other_names", valued("UTF8STRING"), [{"type": "1.2.3", "value": "x"}], OPEN),
    ("san.other_names", valued("IA5STRING"), [{"type": OID, "value": "\u00fc"}], WRONG),
    ("san.other_names", valued("INTEGER"), [{"type": OID, "value": "7"}], OK),
    ("san.other_names", valued("INTEGER"), [{"type": OID, "value": "seven"}], WRONG),
    ("san.other_names", valued("INTEGER"), [{"type": OID, "value": "007"}], OPEN),
    ("san.other_names", valued("DER"), [{"type": OID, "value": "3003020105"}], OK),
    ("san.other_names", valued("DER"), [{"type": OID, "value": "300302"}], OPEN),
    ("san.other_names", valued("DER"), [{"type": OID, "value": "xyz"}], WRONG),
    ("san.other_names", valued("PRINTABLESTRING"), [{"type": OID, "value": "a*"}], OPEN),
    ("san.other_names", valued("NIL"), [{"type": OID}], OK),
    ("san.other_names", valued("NIL"), [{"type": OID, "value": "x"}], OPEN),
    ("san.other_names", valued("UTF8STRING", "x", True), [{"type": OID, "value": "y"}], WRONG),
    ("key_usages.digital_signature", "OPTIONAL", True, OK),
    ("key_usages.digital_signature", "STATIC_TRUE", False, WRONG),
    ("key_usages.digital_signature", "STATIC_FALSE", True, WRONG),
    ("key_usages.digital_signature", "STATIC_TRUE", True, OPEN),
    ("key_usages.digital_signature", "PERHAPS", True, OPEN),
    ("key_usages.encipher_only", "OPTIONAL", True, OPEN),
    ("extended_key_usages.ekus", several(r"^1\.3\.6$"), ["1.3.6"], OK),
    ("extended_key_usages.ekus", several(r"^1\.3\.6$"), ["1.3.7"], WRONG),
    ("subject_da.gender", text("OPTIONAL", "^[mf]$"), "f", OK),
    ("subject_da.gender", text("OPTIONAL", "^[mf]$"), "x", WRONG),
    ("subject_da.gender", text("REQUIRED", "^[mf]$"), None, OPEN),
    ("subject_da.date_of_birth", "OPTIONAL", "1984-02-29", OK),
    ("subject_da.date_of_birth", "OPTIONAL", "1984-02-30", WRONG),
    ("subject_da.date_of_birth", "FORBIDDEN", "1984-02-29", WRONG),
    ("qualified_statements.etsi_qc_compliance", "STATIC_FALSE", True, WRONG),
    ("qualified_statements.etsi_qc_compliance", "STATIC_TRUE", False, OPEN),
    ("qualified_statements.etsi_qc_retention_period", number("OPTIONAL"), 7, OK),
    ("qualified_statements.etsi_qc_retention_period", number("OPTIONAL"), 4, WRONG),
    ("qualified_statements.etsi_qc_retention_period", number("OPTIONAL"), 10, WRONG),
    ("qualified_statements.etsi_qc_retention_period", number("FORBIDDEN"), 7, WRONG),
    ("qualified_statements.etsi_qc_retention_period", number("STATIC", 7, 7), 8, WRONG),
    ("qualified_statements.etsi_qc_pds", text("FORBIDDEN"), {"EN": "https://x"}, WRONG),
    ("qualified_statements.etsi_qc_pds", text("OPTIONAL"), {"EN": "https://x"}, OPEN),
    ("custom_extensions", extension("OPTIONAL"), {OID: "x"}, OK),
    ("custom_extensions", extension("OPTIONAL"), {OID: "y"}, WRONG),
    ("custom_extensions", extension("REQUIRED"), None, WRONG),
    ("custom_extensions", extension("FORBIDDEN"), {OID: "x"}, WRONG),
    ("custom_extensions", extension("STATIC", "NIL"), {OID: "NIL"}, OPEN),
    ("custom_extensions", extension("OPTIONAL", "NIL"), {OID: "NIL"}, OK),
    ("custom_extensions", {}, {OID: "x"}, OPEN),
    ("signature.algorithm", {"presence": "OPTIONAL", "list": ["RSA"]}, "RSA", OK),
    ("signature.algorithm", {"presence": "OPTIONAL", "list": ["RSA"]}, "rsa", OPEN),
    ("signature.algorithm", {"presence": "OPTIONAL", "list": ["RSA"]}, "ECDSA", WRONG),
    ("signature.algorithm", {"presence": "REQUIRED", "list": ["RSA"]}, None, WRONG),
    ("signature.algorithm", {"presence": "FORBIDDEN", "list": []}, "RSA", WRONG),
]


@pytest.mark.parametrize(("where", "rule", "value", "expected"), CASES)
def test_one_field(where: str, rule: Any, value: Any, expected: str) -> None:
    section, _dot, name = where.partition(".")
    policy = {section: {name: rule} if name else rule}
    if section == "extended_key_usages":
        body = {section: value}
    else:
        body = {section: {name: value} if name else value}
    kind, paths = verdict_on(policy, body)
    assert kind == expected
    assert all(path.startswith(section) for path in paths)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ({"id": "1.2.3", "major_version": 7}, OK),
        ({"id": "one", "major_version": 7}, WRONG),
        ({"id": "1.2.3", "major_version": 4}, WRONG),
        ({"major_version": 7}, OPEN),
        ({}, OK),
    ],
)
def test_a_template(template: dict[str, Any], expected: str) -> None:
    rule = {"template_id": text("OPTIONAL", "^[0-9.]+$"), "major_version": number("OPTIONAL")}
    kind, _paths = verdict_on({"ms_extension_template": rule}, {"ms_extension_template": template})
    assert kind == expected


def test_a_template_that_the_service_begins() -> None:
    """A static version alone makes no template: its id is missing, or there is none."""
    rule = {"template_id": text("OPTIONAL"), "major_version": number("STATIC", 7, 7)}
    assert verdict_on({"ms_extension_template": rule}, {}) == (OPEN, {"ms_extension_template"})


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(0, OK), (-119, OK), (-120, OPEN), (-170, OPEN), (-181, WRONG), (3599, OK), (3661, WRONG)],
)
def test_the_start(offset: int, expected: str) -> None:
    rule = {**VALID, "not_before_negative_skew": 120, "not_before_positive_skew": 3600}
    validity = {"not_before": NOW + offset, "not_after": NOW + offset + 99}
    assert verdict_on({"validity": rule}, {"validity": validity})[0] == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (KeyChoice("RSA", 2048), OK),
        (KeyChoice("RSA", 1024), WRONG),
        (KeyChoice("ECDSA", 256), WRONG),
    ],
)
def test_the_key(key: KeyChoice, expected: str) -> None:
    document = {"validity": VALID, "public_key": {"key_type": "RSA", "allowed_lengths": [2048]}}
    request = CertificateRequest({}, {}, NOW, NOW + 99)
    verdict = check_request(Policy.parse(document), request, key)
    assert bool(verdict.violations) == (expected == WRONG)
    assert verdict.is_ok == (expected == OK)
