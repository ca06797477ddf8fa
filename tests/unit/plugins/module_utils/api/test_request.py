# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request's body."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.request import (
    CertificateRequest,
)

PEM = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----"


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (
            CertificateRequest({}, {}, 1795430400),
            {"validity": {"not_before": 1795430400}, "subject_dn": {}},
        ),
        (
            CertificateRequest(
                {"common_name": "www.example.com", "organizational_unit": ["Lab 7"]},
                {"dns_names": ("www.example.com", "example.com"), "emails": ()},
                1795430400,
                1812000000,
                PEM,
                "MEUC",
            ),
            {
                "validity": {"not_before": 1795430400, "not_after": 1812000000},
                "subject_dn": {"common_name": "www.example.com", "organizational_unit": ["Lab 7"]},
                "san": {"dns_names": ["www.example.com", "example.com"]},
                "public_key": PEM,
                "public_key_signature": "MEUC",
            },
        ),
        (
            CertificateRequest(
                {"common_name": "", "organizational_unit": []}, {"uris": ()}, 1, public_key=""
            ),
            {"validity": {"not_before": 1}, "subject_dn": {}},
        ),
    ],
)
def test_what_is_empty_is_left_out(request_: CertificateRequest, body: dict[str, Any]) -> None:
    assert request_.body() == body


@pytest.mark.parametrize("pem", [PEM, PEM + "\n", PEM + "\n\n", PEM.replace("\n", "\r\n") + "\r\n"])
def test_pem_has_no_final_newline(pem: str) -> None:
    assert CertificateRequest({}, {}, 1, public_key=pem).body()["public_key"] == PEM


ALL = {
    "validity": {"not_before": 1795430400, "not_after": 1812000000},
    "subject_dn": {"common_name": "www.example.com", "extra_attributes": [{"type": "2.5.4.12"}]},
    "san": {"dns_names": ["www.example.com"], "other_names": [{"type": "1.2", "value": "x"}]},
    "key_usages": {"digital_signature": True, "key_agreement": False},
    "extended_key_usages": ["1.3.6.1.5.5.7.3.1"],
    "subject_da": {"gender": "f"},
    "qualified_statements": {"etsi_qc_retention_period": 0, "etsi_qc_compliance": False},
    "ms_extension_template": {"id": "1.2.3", "major_version": 0},
    "custom_extensions": {"1.2.4": "NIL"},
    "signature": {"hash_algorithm": "SHA-256"},
    "public_key": PEM,
    "public_key_signature": "MEUC",
}


def test_every_section_goes_there_and_back() -> None:
    """False and 0 say something, and stay."""
    request_ = CertificateRequest.of(ALL)
    assert request_ == CertificateRequest(
        subject_dn=ALL["subject_dn"],
        san=ALL["san"],
        not_before=1795430400,
        not_after=1812000000,
        public_key=PEM,
        public_key_signature="MEUC",
        key_usages=ALL["key_usages"],
        extended_key_usages=ALL["extended_key_usages"],
        subject_da=ALL["subject_da"],
        qualified_statements=ALL["qualified_statements"],
        ms_extension_template=ALL["ms_extension_template"],
        custom_extensions=ALL["custom_extensions"],
        signature=ALL["signature"],
    )
    assert request_.body() == ALL


@pytest.mark.parametrize(
    "body",
    [
        {"validity": {"not_before": 1}},
        {"validity": {"not_before": 1, "not_after": 0}, "subject_dn": None, "san": {}},
        {
            "validity": {"not_before": 1, "not_after": None},
            "subject_dn": {"state": ""},
            "san": {"dns_names": [""], "emails": [], "other_names": None},
            "signature": {"algorithm": None},
            "subject_da": {"extra_attributes": [{}]},
            "public_key": "",
            "public_key_signature": "",
        },
    ],
)
def test_what_is_empty_counts_as_not_sent(body: dict[str, Any]) -> None:
    assert CertificateRequest.of(body) == CertificateRequest({}, {}, 1)


def test_the_body_is_in_plain_containers() -> None:
    names = MappingProxyType({1: ("a", "b")})
    body = CertificateRequest({}, names, 1).body()  # type: ignore[arg-type]
    assert body["san"] == {"1": ["a", "b"]}
    assert (type(body["san"]), type(body["san"]["1"])) == (dict, list)
