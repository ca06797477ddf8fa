# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request's body."""

from __future__ import annotations

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
