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
    assert len(completed.notes) == 19
    assert "subject.organization is not sent: the service puts the same there itself." in (
        completed.notes
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
        ({"secondsmax": 86400, "issuer_expiry": NOW - 500}, None),
    ],
)
def test_the_latest_end(validity: dict[str, int], not_after: int | None) -> None:
    policy = Policy.parse({"validity": validity})
    assert complete(policy, request({})).request.not_after == not_after
    stated = request({"validity": {"not_before": NOW, "not_after": NOW + 60}})
    assert complete(policy, stated).request.not_after == NOW + 60
