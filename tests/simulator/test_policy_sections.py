# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each rule of each section of the policy, violated once (API reference, sections 3 and 4)."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import KEY, Simulator, public_key_members, running
from .test_policy_examples import LENGTH, PRESS, VERIFIED, from_now

ABSENT = object()
OPERATOR = {"type": "2.5.4.12", "value": "Press operator"}
UPN = "1.3.6.1.4.1.311.20.2.3"
FLEET, BADGE, GRADE = (f"1.3.6.1.4.1.99999.7.{number}" for number in (1, 2, 3))
RACK, MARK = "1.3.6.1.4.1.99999.8.1", "1.3.6.1.4.1.99999.8.2"
STAPLE = "1.3.6.1.5.5.7.1.24"
INVALID, IS_STATIC, IS_FORBIDDEN = "invalid value", "is static", "is forbidden"


def changed(path: str, value: Any) -> dict[str, Any]:
    """Example B with one member changed; `/` separates the names of a path."""
    body = copy.deepcopy(from_now(PRESS, LENGTH))
    *sections, name = path.split("/")
    inner = body
    for section in sections:
        inner = inner.setdefault(section, {})
    if value is ABSENT:
        del inner[name]
    else:
        inner[name] = value
    return body


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator with the policy that has every section."""
    folder = tmp_path_factory.mktemp("everything")
    with running(folder, "--policy", "everything", *VERIFIED) as started:
        yield started


VIOLATIONS: list[tuple[str, Any, str]] = [
    ("subject_dn/common_name", ABSENT, "subject_dn.common_name: is required"),
    ("subject_dn/common_name", "a" * 65, f"subject_dn.common_name: {INVALID}"),
    ("subject_dn/given_name", "1da", f"subject_dn.given_name: {INVALID}"),
    ("subject_dn/surname", "L0on", f"subject_dn.surname: {INVALID}"),
    ("subject_dn/pseudonym", "Ida", f"subject_dn.pseudonym: {IS_FORBIDDEN}"),
    ("subject_dn/organization", "Quillon", f"subject_dn.organization: {IS_STATIC}"),
    ("subject_dn/organizational_unit", ["Lab"], f"subject_dn.organizational_unit: {INVALID}"),
    ("subject_dn/organization_identifier", "1", f"subject_dn.organization_identifier: {INVALID}"),
    ("subject_dn/country", "NL", f"subject_dn.country: {IS_STATIC}"),
    ("subject_dn/state", "U", f"subject_dn.state: {INVALID}"),
    ("subject_dn/locality", "A_", f"subject_dn.locality: {INVALID}"),
    ("subject_dn/street_address", "#", f"subject_dn.street_address: {INVALID}"),
    ("subject_dn/postal_code", "38111 AB", f"subject_dn.postal_code: {INVALID}"),
    ("subject_dn/email", "ida@example.org", f"subject_dn.email: {INVALID}"),
    ("subject_dn/serial_number", "emp", f"subject_dn.serial_number: {INVALID}"),
    ("subject_dn/business_category", "x", f"subject_dn.business_category: {IS_FORBIDDEN}"),
    (
        "subject_dn/jurisdiction_of_incorporation_country_name",
        "NL",
        f"subject_dn.jurisdiction_of_incorporation_country_name: {IS_FORBIDDEN}",
    ),
    (
        "subject_dn/extra_attributes",
        [OPERATOR, OPERATOR],
        "subject_dn.extra_attributes.2.5.4.12: has to have between 0 and 1 items",
    ),
    (
        "subject_dn/extra_attributes",
        [{"type": "2.5.4.12", "value": "4"}],
        f"subject_dn.extra_attributes.2.5.4.12: {INVALID}",
    ),
    (
        "subject_dn/extra_attributes",
        [{"type": "2.5.4.12"}],
        f"subject_dn.extra_attributes.2.5.4.12: {INVALID}",
    ),
    (
        "subject_dn/extra_attributes",
        [{"type": FLEET, "value": "fleet-a"}],
        f"subject_dn.extra_attributes.{FLEET}: {IS_STATIC}",
    ),
    (
        "subject_dn/extra_attributes",
        [{"type": "2.5.4.13", "value": "x"}],
        f"subject_dn.extra_attributes.2.5.4.13: {IS_FORBIDDEN}",
    ),
    (
        "subject_dn/extra_attributes",
        [{"type": "title", "value": "x"}],
        f"subject_dn.extra_attributes: {INVALID}",
    ),
    ("subject_dn/extra_attributes", [{"value": "x"}], f"subject_dn.extra_attributes: {INVALID}"),
    ("san/dns_names", [], "san.dns_names: has to have between 1 and 5 items"),
    ("san/dns_names", ["quillon.example.org"], f"san.dns_names: {INVALID}"),
    ("san/emails", ["@quillon.example"], f"san.emails: {INVALID}"),
    ("san/emails", ["i da@quillon.example"], f"san.emails: {INVALID}"),
    ("san/emails", ["id\u00e4@quillon.example"], f"san.emails: {INVALID}"),
    ("san/ip_addresses", ["192.0.2.17/32"], f"san.ip_addresses: {INVALID}"),
    ("san/uris", ["http://press7.quillon.example/"], f"san.uris: {INVALID}"),
    ("san/uris", ["https://press7.quillon.example/ a"], f"san.uris: {INVALID}"),
    (
        "san/other_names",
        [{"type": UPN, "value": "IDA@quillon.example"}],
        f"san.other_names.{UPN}: {INVALID}",
    ),
    (
        "san/other_names",
        [{"type": UPN, "value": "ida@quillon.example"}] * 2,
        f"san.other_names.{UPN}: has to have between 0 and 1 items",
    ),
    (
        "san/other_names",
        [{"type": "1.2.3", "value": "ida"}],
        f"san.other_names.1.2.3: {IS_FORBIDDEN}",
    ),
    ("san/nicknames", ["ida"], f"san.nicknames: {IS_FORBIDDEN}"),
    ("key_usages/crl_sign", True, f"key_usages.crl_sign: {IS_STATIC}"),
    ("key_usages/digital_signature", True, f"key_usages.digital_signature: {IS_STATIC}"),
    (
        "extended_key_usages",
        ABSENT,
        "extended_key_usages: has to have between 1 and 3 items",
    ),
    ("extended_key_usages", ["1.3.6.1.5.5.7.3.3"], f"extended_key_usages: {INVALID}"),
    ("subject_da/gender", "x", f"subject_da.gender: {INVALID}"),
    ("subject_da/date_of_birth", "1984-02-30", f"subject_da.date_of_birth: {INVALID}"),
    ("subject_da/date_of_birth", "19840229", f"subject_da.date_of_birth: {INVALID}"),
    ("subject_da/place_of_birth", "Z", f"subject_da.place_of_birth: {INVALID}"),
    (
        "subject_da/country_of_citizenship",
        ["nl"],
        f"subject_da.country_of_citizenship: {INVALID}",
    ),
    ("subject_da/country_of_residence", ["NL"], f"subject_da.country_of_residence: {IS_STATIC}"),
    (
        "subject_da/extra_attributes",
        [{"type": BADGE, "value": "something"}],
        f"subject_da.extra_attributes.{BADGE}: {INVALID}",
    ),
    (
        "subject_da/extra_attributes",
        [{"type": GRADE, "value": "twelve"}],
        f"subject_da.extra_attributes.{GRADE}: {INVALID}",
    ),
    (
        "subject_da/extra_attributes",
        [{"type": GRADE, "value": "1234567"}],
        f"subject_da.extra_attributes.{GRADE}: {INVALID}",
    ),
    ("subject_da/shoe_size", 38, f"subject_da.shoe_size: {IS_FORBIDDEN}"),
    (
        "qualified_statements/semantics",
        {"identifier": "0.4.0.194121.1.2"},
        f"qualified_statements.semantics.identifier: {IS_STATIC}",
    ),
    (
        "qualified_statements/semantics",
        {"name_authorities": ["https://registry.quillon.example"]},
        f"qualified_statements.semantics.name_authorities: {IS_STATIC}",
    ),
    (
        "qualified_statements/semantics",
        {"colour": "blue"},
        f"qualified_statements.semantics.colour: {IS_FORBIDDEN}",
    ),
    (
        "qualified_statements/etsi_qc_sscd_compliance",
        True,
        f"qualified_statements.etsi_qc_sscd_compliance: {IS_STATIC}",
    ),
    (
        "qualified_statements/etsi_qc_type",
        ABSENT,
        "qualified_statements.etsi_qc_type: is required",
    ),
    (
        "qualified_statements/etsi_qc_type",
        "0.4.0.1862.1.6.4",
        f"qualified_statements.etsi_qc_type: {INVALID}",
    ),
    (
        "qualified_statements/etsi_qc_retention_period",
        11,
        f"qualified_statements.etsi_qc_retention_period: {INVALID}",
    ),
    (
        "qualified_statements/etsi_qc_retention_period",
        -1,
        f"qualified_statements.etsi_qc_retention_period: {INVALID}",
    ),
    (
        "qualified_statements/etsi_qc_pds",
        {"EN": "https://pds.quillon.example/en.pdf"},
        f"qualified_statements.etsi_qc_pds: {IS_STATIC}",
    ),
    ("ms_extension_template", ABSENT, "ms_extension_template.id: is required"),
    ("ms_extension_template/id", "1.2.3", f"ms_extension_template.id: {INVALID}"),
    ("ms_extension_template/major_version", 200, f"ms_extension_template.major_version: {INVALID}"),
    (
        "ms_extension_template/major_version",
        ABSENT,
        "ms_extension_template.major_version: is required",
    ),
    ("ms_extension_template/minor_version", 100, f"ms_extension_template.minor_version: {INVALID}"),
    (
        "ms_extension_template/template_id",
        "1.3.6.1.4.1.311.21.8.1",
        f"ms_extension_template.template_id: {IS_FORBIDDEN}",
    ),
    (f"custom_extensions/{RACK}", ABSENT, f"custom_extensions.{RACK}: is required"),
    (f"custom_extensions/{RACK}", "rack-14", f"custom_extensions.{RACK}: {INVALID}"),
    (f"custom_extensions/{MARK}", "NIL", f"custom_extensions.{MARK}: {IS_STATIC}"),
    (f"custom_extensions/{STAPLE}", "3003020106", f"custom_extensions.{STAPLE}: {INVALID}"),
    ("custom_extensions/1.2.3", "x", f"custom_extensions.1.2.3: {IS_FORBIDDEN}"),
    ("signature/algorithm", "ECDSA", f"signature.algorithm: {INVALID}"),
    ("signature/hash_algorithm", "SHA-512", f"signature.hash_algorithm: {INVALID}"),
    ("signature/salt", 32, f"signature.salt: {IS_FORBIDDEN}"),
    ("public_key", ABSENT, "public_key: is required"),
    ("remarks", {"nobody": "reads this"}, f"remarks: {IS_FORBIDDEN}"),
    ("public_key_signature", ABSENT, "public_key_signature: is required"),
    (
        "public_key_signature",
        public_key_members(KEY)["public_key_signature"],
        "public_key_signature: invalid signature",
    ),
]


@pytest.mark.parametrize(("path", "value", "text"), VIOLATIONS)
def test_a_violation_is_refused(press: Simulator, path: str, value: Any, text: str) -> None:
    answer = press.send("POST", "/certificates", changed(path, value))
    assert (answer.status, answer.description) == (422, text)


ADMITTED: list[tuple[str, Any]] = [
    ("subject_dn/extra_attributes", ABSENT),
    ("subject_dn/organizational_unit", ["Lab 7", "Facilities"]),
    ("san/other_names", None),
    ("san/dns_names", ["quillon.example"]),
    ("key_usages", {"key_encipherment": False}),
    ("subject_da", ABSENT),
    ("subject_da/extra_attributes", [{"type": BADGE, "value": "NIL"}]),
    ("qualified_statements/etsi_qc_compliance", False),
    ("ms_extension_template/minor_version", ABSENT),
    ("ms_extension_template/minor_version", 0),
    ("signature", {"algorithm": "RSA-PSS", "hash_algorithm": "SHA-384"}),
    ("remarks", {"nobody": ["", None]}),
]


@pytest.mark.parametrize(("path", "value"), ADMITTED)
def test_what_the_policy_admits_is_issued(press: Simulator, path: str, value: Any) -> None:
    answer = press.send("POST", "/certificates", changed(path, value))
    assert answer.status == 201, answer.document


def test_a_hash_that_is_required_is_not_chosen_by_the_ca(press: Simulator) -> None:
    answer = press.send("POST", "/certificates", from_now(PRESS, LENGTH, signature={}))
    assert (answer.status, answer.description) == (422, "signature.hash_algorithm: is required")


SECTIONS: tuple[tuple[str, Any, str], ...] = (
    ("validity", {"not_before": 7}, "validity.not_before: invalid value"),
    ("subject_dn", {}, "subject_dn.common_name: is required"),
    ("san", {}, "san.dns_names: has to have between 1 and 5 items"),
    ("key_usages", {"crl_sign": True}, "key_usages.crl_sign: is static"),
    ("extended_key_usages", [], "extended_key_usages: has to have between 1 and 3 items"),
    ("subject_da", {"gender": "x"}, "subject_da.gender: invalid value"),
    ("qualified_statements", {}, "qualified_statements.etsi_qc_type: is required"),
    ("ms_extension_template", {}, "ms_extension_template.id: is required"),
    ("custom_extensions", {}, f"custom_extensions.{RACK}: is required"),
    ("signature", {}, "signature.hash_algorithm: is required"),
    ("public_key", "", "public_key: is required"),
)


@pytest.mark.parametrize("first", range(len(SECTIONS)))
def test_problems_are_reported_in_the_order_of_the_sections(press: Simulator, first: int) -> None:
    bad = {name: value for name, value, _text in SECTIONS[first:]}
    answer = press.send("POST", "/certificates", from_now(PRESS, LENGTH) | bad)
    assert (answer.status, answer.description) == (422, SECTIONS[first][2])


UNDECODABLE: list[tuple[str, Any]] = [
    ("subject_dn/extra_attributes", {"2.5.4.12": "Press operator"}),
    ("subject_dn/extra_attributes", ["2.5.4.12"]),
    ("subject_dn/extra_attributes", [{"type": 7}]),
    ("subject_dn/common_name", "\ud800"),
    ("san/other_names", {UPN: "ida"}),
    ("san/uris", [None]),
    ("extended_key_usages", {"ekus": []}),
    ("subject_da", []),
    ("subject_da/date_of_birth", 446904000),
    ("subject_da/gender", True),
    ("qualified_statements/semantics", "0.4.0.194121.1.2"),
    ("qualified_statements/etsi_qc_compliance", "true"),
    ("qualified_statements/etsi_qc_retention_period", "7"),
    ("qualified_statements/etsi_qc_pds", ["https://pds.quillon.example"]),
    ("ms_extension_template/major_version", 1.5),
    ("custom_extensions", [RACK]),
    (f"custom_extensions/{RACK}", 14),
    ("signature", "SHA-256"),
    ("public_key_signature", ["AAAA"]),
]


@pytest.mark.parametrize(("path", "value"), UNDECODABLE)
def test_another_shape_is_undecodable(press: Simulator, path: str, value: Any) -> None:
    answer = press.send("POST", "/certificates", changed(path, value))
    assert (answer.status, answer.description) == (400, "Invalid certificate issuance request")


# What is always there in the JSON of real clients (API reference, section 4.2).
HVCLIENT: dict[str, Any] = {
    "qualified_statements": {
        "semantics": {"identifier": ""},
        "etsi_qc_compliance": False,
        "etsi_qc_sscd_compliance": False,
        "etsi_qc_retention_period": 0,
        "etsi_qc_pds": {},
    },
    "subject_da": {"date_of_birth": "0001-01-01"},
    "custom_extensions": {},
    "signature": {},
}
KEYFACTOR: dict[str, Any] = {
    "san": {"dns_names": ["www.quillon.example"], "emails": [], "ip_addresses": [], "uris": []},
    "subject_dn": {"common_name": "www.quillon.example", "organization": None, "country": None},
    "signature": {"algorithm": None, "hash_algorithm": None},
    "ms_extension_template": None,
}
VAULT: dict[str, Any] = {"key_usages": {}, "subject_dn": {"common_name": "www.quillon.example"}}


@pytest.mark.parametrize("client", [HVCLIENT, KEYFACTOR, VAULT])
def test_what_real_clients_leave_empty_violates_nothing(
    simulator: Simulator, client: dict[str, Any]
) -> None:
    plain = {
        "subject_dn": {},
        "san": {"dns_names": ["www.quillon.example"]},
        **public_key_members(KEY),
    }
    answer = simulator.send("POST", "/certificates", from_now({**plain, **client}))
    assert answer.status == 201, answer.document


def test_what_hvclient_leaves_empty_fits_the_complete_policy(press: Simulator) -> None:
    statements = {**HVCLIENT["qualified_statements"], "etsi_qc_type": "0.4.0.1862.1.6.1"}
    body = from_now(
        PRESS, qualified_statements=statements, subject_da={"date_of_birth": "0001-01-01"}
    )
    answer = press.send("POST", "/certificates", body)
    assert answer.status == 201, answer.document
