# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left out and filled in, and that nothing that was stated is changed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.completion import complete
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.model import Policy
from ansible_collections.globalsign.atlas.plugins.module_utils.api.request import CertificateRequest

NOW = 1_800_000_000
OID = "1.3.6.1.4.1.99999.7.1"


def static(text: str) -> dict[str, Any]:
    return {"presence": "STATIC", "format": text}


def static_list(*entries: str) -> dict[str, Any]:
    return {"static": True, "list": list(entries), "mincount": 1, "maxcount": 1}


STATIC = {
    "subject_dn": {
        "organization": static("Quillon"),
        "organizational_unit": static_list("Lab 7"),
        "extra_attributes": {OID: {"static": True, "value_type": "NIL"}},
    },
    "san": {
        "dns_names": static_list("a.example"),
        "other_names": {OID: {"static": True, "value_type": "UTF8STRING", "value_format": "x"}},
    },
    "key_usages": {"digital_signature": "STATIC_TRUE", "crl_sign": "STATIC_FALSE"},
    "extended_key_usages": {"ekus": static_list("1.2.3")},
    "subject_da": {"gender": static("f"), "country_of_residence": static_list("NL")},
    "qualified_statements": {
        "semantics": {"identifier": static("1.2.3"), "name_authorities": static_list("https://a")},
        "etsi_qc_compliance": "STATIC_TRUE",
        "etsi_qc_type": static("1.2.4"),
        "etsi_qc_retention_period": {"presence": "STATIC", "min": 7, "max": 7},
        "etsi_qc_pds": {"presence": "STATIC", "policies": {"EN": "https://a"}},
    },
    "ms_extension_template": {"template_id": static("1.2.5")},
    "custom_extensions": {OID: {"presence": "STATIC", "value_type": "NIL"}},
    "signature": {"algorithm": {"presence": "STATIC", "list": ["RSA"]}},
}
SAME = {
    "subject_dn": {
        "organization": "Quillon",
        "organizational_unit": ["Lab 7"],
        "extra_attributes": [{"type": OID}],
    },
    "san": {"dns_names": ["A.example"], "other_names": [{"type": OID, "value": "x"}]},
    "key_usages": {"digital_signature": True, "crl_sign": False},
    "extended_key_usages": ["1.2.3"],
    "subject_da": {"gender": "f", "country_of_residence": ["NL"]},
    "qualified_statements": {
        "semantics": {"identifier": "1.2.3", "name_authorities": ["https://a"]},
        "etsi_qc_compliance": True,
        "etsi_qc_type": "1.2.4",
        "etsi_qc_retention_period": 7,
        "etsi_qc_pds": {"EN": "https://a"},
    },
    "ms_extension_template": {"id": "1.2.5"},
    "custom_extensions": {OID: "NIL"},
    "signature": {"algorithm": "RSA"},
}
OTHER = {
    "subject_dn": {
        "organization": "Other",
        "organizational_unit": ["Lab 8"],
        "extra_attributes": [{"type": OID, "value": "x"}],
    },
    "san": {"dns_names": ["b.example"], "other_names": [{"type": OID, "value": "y"}]},
    "key_usages": {"digital_signature": False, "crl_sign": True},
    "extended_key_usages": ["1.2.4"],
    "subject_da": {"gender": "m", "country_of_residence": ["BE"]},
    "qualified_statements": {
        "semantics": {"identifier": "1.2.4", "name_authorities": ["https://b"]},
        "etsi_qc_compliance": False,
        "etsi_qc_type": "1.2.5",
        "etsi_qc_retention_period": 8,
        "etsi_qc_pds": {"EN": "https://b"},
    },
    "ms_extension_template": {"id": "1.2.6"},
    "custom_extensions": {OID: "x"},
    "signature": {"algorithm": "ECDSA"},
}


def request(body: dict[str, Any]) -> CertificateRequest:
    return CertificateRequest.of({"validity": {"not_before": NOW}, **body})


def test_what_is_static_and_the_same_is_left_out_with_a_note() -> None:
    completed = complete(Policy.parse(STATIC), request(SAME))
    assert completed.request.body() == {"validity": {"not_before": NOW}, "subject_dn": {}}
    assert completed.notes == tuple(
        f"{option} is not sent: the service puts the same there itself."
        for option in (
            "subject.organization",
            "subject.organizational_unit",
            f"subject.extra_attributes.{OID}",
            "san.dns_names",
            f"san.other_names.{OID}",
            "key_usages.digital_signature",
            "key_usages.crl_sign",
            f"custom_extensions.{OID}",
            "signature.algorithm",
            "extended_key_usages",
            "subject_directory_attributes.gender",
            "subject_directory_attributes.country_of_residence",
            "qualified_statements.etsi_qc_compliance",
            "qualified_statements.etsi_qc_type",
            "qualified_statements.etsi_qc_retention_period",
            "qualified_statements.etsi_qc_pds",
            "qualified_statements.semantics.identifier",
            "qualified_statements.semantics.name_authorities",
            "ms_template.id",
        )
    )


def test_what_differs_from_static_stays() -> None:
    completed = complete(Policy.parse(STATIC), request(OTHER))
    assert completed.request == request(OTHER)
    assert completed.notes == ()


def test_what_is_required_and_not_stated_is_filled_in() -> None:
    rule = {"presence": "REQUIRED", "list": ["SHA-384", "SHA-256"]}
    policy = Policy.parse({"signature": {"hash_algorithm": rule}})
    completed = complete(policy, request({}))
    assert completed.request.signature == {"hash_algorithm": "SHA-384"}
    assert completed.notes == ("signature.hash_algorithm is SHA-384, as the policy wants one.",)
    stated = request({"signature": {"hash_algorithm": "SHA-256"}})
    assert complete(policy, stated).request == stated


@pytest.mark.parametrize(
    ("validity", "not_after"),
    [
        ({}, None),
        ({"secondsmax": 86400}, NOW + 86399),
        ({"secondsmax": 86400, "issuer_expiry": NOW + 500}, NOW + 499),
        ({"secondsmin": 86400, "secondsmax": 86400}, None),
        ({"secondsmin": 86400, "secondsmax": 86401}, None),
        ({"secondsmin": 86400, "secondsmax": 86402}, NOW + 86401),
        ({"secondsmax": 1}, None),
        ({"secondsmax": 2}, NOW + 1),
        ({"secondsmax": 86400, "issuer_expiry": NOW - 500}, None),
    ],
)
def test_the_latest_end(validity: dict[str, int], not_after: int | None) -> None:
    policy = Policy.parse({"validity": validity})
    assert complete(policy, request({})).request.not_after == not_after
    stated = request({"validity": {"not_before": NOW, "not_after": NOW + 60}})
    assert complete(policy, stated).request.not_after == NOW + 60


OPTIONAL = {
    "subject_dn": {
        "organization": {"presence": "OPTIONAL", "format": "Quillon"},
        "organizational_unit": {**static_list("Lab 7"), "static": False},
        "extra_attributes": {OID: {"static": False, "value_type": "NIL"}},
    },
    "san": {"other_names": {OID: {"static": False, "value_format": "x"}}},
    "key_usages": {"digital_signature": "OPTIONAL"},
    "extended_key_usages": {"ekus": {**static_list("1.2.3"), "static": False}},
    "qualified_statements": {
        "etsi_qc_compliance": "OPTIONAL",
        "etsi_qc_retention_period": {"presence": "OPTIONAL", "min": 7, "max": 7},
        "etsi_qc_pds": {"presence": "OPTIONAL", "policies": {"EN": "https://a"}},
    },
    "custom_extensions": {OID: {"presence": "OPTIONAL", "value_type": "NIL"}},
    "signature": {"algorithm": {"presence": "OPTIONAL", "list": ["RSA"]}},
}


@pytest.mark.parametrize("policy", [{}, OPTIONAL])
@pytest.mark.parametrize("body", [SAME, OTHER])
def test_what_is_not_static_stays(policy: dict[str, Any], body: dict[str, Any]) -> None:
    completed = complete(Policy.parse(policy), request(body))
    assert completed.request == request(body)
    assert completed.notes == ()


@pytest.mark.parametrize(
    ("policy", "body"),
    [
        # two numbers that differ are no static one
        (
            {"etsi_qc_retention_period": {"presence": "STATIC", "min": 7, "max": 8}},
            {"etsi_qc_retention_period": 7},
        ),
        ({"etsi_qc_type": static("")}, {"etsi_qc_type": ""}),
        ({"semantics": {"name_authorities": static_list()}}, {"etsi_qc_type": "1.2"}),
        ({"semantics": {"name_authorities": static_list()}}, {"semantics": {}}),
        (
            {"semantics": {"name_authorities": static_list()}},
            {"semantics": {"name_authorities": []}},
        ),
        ({"etsi_qc_compliance": "PERHAPS"}, {"etsi_qc_compliance": None}),
        ({"etsi_qc_compliance": "OPTIONAL"}, {"etsi_qc_compliance": None}),
    ],
)
def test_a_statement_that_stays(policy: dict[str, Any], body: dict[str, Any]) -> None:
    stated = request({"qualified_statements": body})
    completed = complete(Policy.parse({"qualified_statements": policy}), stated)
    assert completed.request == stated
    assert completed.notes == ()


def test_attributes_that_the_policy_does_not_know_stay() -> None:
    rules = {OID: {"static": True, "value_type": "UTF8STRING", "value_format": "x"}, "1.2": None}
    stated = [
        {"type": OID, "value": "x"},
        {"value": "x"},
        {"type": "1.2", "value": "x"},
        {"type": OID},
        {"type": OID, "value": "y"},
    ]
    for section, name in (
        ("subject_dn", "extra_attributes"),
        ("san", "other_names"),
        ("subject_da", "extra_attributes"),
    ):
        policy = Policy.parse({section: {name: rules}})
        completed = complete(policy, request({section: {name: stated}}))
        assert getattr(completed.request, section) == {name: stated[1:]}
        (note,) = completed.notes
        assert note.endswith(f".{name}.{OID} is not sent: the service puts the same there itself.")


def test_a_static_extension_with_a_value() -> None:
    rule = {"presence": "STATIC", "value_type": "UTF8STRING", "value_format": "x"}
    policy = Policy.parse({"custom_extensions": {OID: rule}})
    assert complete(policy, request({"custom_extensions": {OID: "x"}})).request == request({})
    for value in ("y", "NIL"):
        stated = request({"custom_extensions": {OID: value}})
        assert complete(policy, stated).request == stated


def test_a_static_list_of_something_that_is_no_text() -> None:
    """It is taken for an empty text."""
    policy = Policy.parse({"san": {"dns_names": {**static_list(), "list": [7]}}})
    stated = request({"san": {"dns_names": [""]}})
    assert complete(policy, stated).request.san == {}
    for names in (["x"], []):
        stated = request({"san": {"dns_names": names}})
        assert complete(policy, stated).request == stated


@pytest.mark.parametrize(
    ("rule", "filled"),
    [
        ({"presence": "REQUIRED", "list": []}, {}),
        ({"presence": "OPTIONAL", "list": ["RSA"]}, {}),
        (None, {}),
        ({"presence": "REQUIRED", "list": ["ECDSA", "RSA"]}, {"algorithm": "ECDSA"}),
    ],
)
def test_what_is_filled_in(rule: Any, filled: dict[str, str]) -> None:
    policy = Policy.parse({"signature": {"algorithm": rule}})
    assert complete(policy, request({})).request.signature == filled
