# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request in normal form: names, usages, and what goes by OID."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)

from ..conftest import task

DAY = 86400


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("WWW.Example.COM", "www.example.com"),
        ("www.example.com.", "www.example.com"),
        ("*.example.com", "*.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("*.Bücher.example", "*.xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
    ],
)
def test_dns_names_are_a_labels(given: str, normal: str) -> None:
    if not given.isascii():
        pytest.importorskip("idna")  # nodes have none
    (wanted,) = wanted_certificates(task(san={"dns_names": [given, given]}))
    assert wanted.san["dns_names"] == [normal]


def test_ip_addresses_are_canonical() -> None:
    (wanted,) = wanted_certificates(task(san={"ip_addresses": ["2001:DB8::0:1", "192.0.2.1"]}))
    assert wanted.san["ip_addresses"] == ["2001:db8::1", "192.0.2.1"]


def test_the_sections_of_a_request() -> None:
    (wanted,) = wanted_certificates(
        task(
            subject={"extra_attributes": [{"type": "2.5.4.12", "value": "Dr."}]},
            san={"other_names": [{"type": "1.3.6.1.4.1.311.20.2.3", "value": "a@b"}]},
            extended_key_usages=["serverAuth", "client_auth", "1.2.3.4", "server_auth"],
            key_usages=["digital_signature"],
            subject_directory_attributes={"gender": "f", "extra_attributes": []},
            qualified_statements={"etsi_qc_compliance": False, "semantics": {"identifier": None}},
            ms_template={"id": "1.2.3", "major_version": 0},
            custom_extensions={"1.2.3.5": "NIL"},
            signature={"hash_algorithm": "SHA-384", "algorithm": None},
        )
    )
    assert wanted.subject == {}
    assert wanted.sections == {
        "subject.extra_attributes": [{"type": "2.5.4.12", "value": "Dr."}],
        "san.other_names": [{"type": "1.3.6.1.4.1.311.20.2.3", "value": "a@b"}],
        "extended_key_usages": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.2.3.4"],
        "key_usages": {"digital_signature": True},
        "subject_da": {"gender": "f"},
        "qualified_statements": {"etsi_qc_compliance": False},
        "ms_extension_template": {"id": "1.2.3", "major_version": 0},
        "custom_extensions": {"1.2.3.5": "NIL"},
        "signature": {"hash_algorithm": "SHA-384"},
    }
