# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request in normal form: names, usages, and what goes by OID."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options import (
    request_fields,
)
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


@pytest.mark.parametrize(
    ("given", "oid"),
    [
        ("server_auth", "1.3.6.1.5.5.7.3.1"),
        ("clientAuth", "1.3.6.1.5.5.7.3.2"),
        ("codeSigning", "1.3.6.1.5.5.7.3.3"),
        ("emailProtection", "1.3.6.1.5.5.7.3.4"),
        ("timeStamping", "1.3.6.1.5.5.7.3.8"),
        ("ocsp_signing", "1.3.6.1.5.5.7.3.9"),
        ("anyExtendedKeyUsage", "2.5.29.37.0"),
        ("smartcard_logon", "1.3.6.1.4.1.311.20.2.2"),
        ("DOCUMENT_SIGNING", "1.3.6.1.5.5.7.3.36"),
        (" server_auth ", "1.3.6.1.5.5.7.3.1"),
        ("1.2.3.4", "1.2.3.4"),
    ],
)
def test_extended_key_usages_by_name_or_oid(given: str, oid: str) -> None:
    assert request_fields.sections({"extended_key_usages": [given]}, "") == {
        "extended_key_usages": [oid]
    }


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("1.2", True),
        (" 2.999.1 ", True),
        ("1.2.0", True),
        ("1.2.01", False),
        ("3.1", False),
        ("1", False),
        ("1.", False),
        ("1.2.1234567890", False),
        ("1.2.123456789", True),
        ("0" + ".1" * 63, True),
        ("0" + ".1" * 64, False),
        ("1.2.3x", False),
    ],
)
def test_object_identifiers(text: str, is_one: bool) -> None:
    if is_one:
        assert request_fields.oid(text, "o") == text.strip()
        return
    with pytest.raises(AtlasError) as caught:
        request_fields.oid(text, "o")
    assert caught.value.message == (
        f"o: {text!r} is not a dotted object identifier; give one such as '1.3.6.1.4.1.311.20.2.3'."
    )


def test_the_subject_has_what_is_stated() -> None:
    stated = {
        "extra_attributes": [{"type": "1.2.3"}],
        "common_name": "a",
        "organization": "",
        "country": None,
        "organizational_unit": ["b", "", None, "c"],
        "serial_number": 7,
    }
    assert request_fields.subject(stated) == {
        "common_name": ["a"],
        "organizational_unit": ["b", "c"],
        "serial_number": ["7"],
    }


@pytest.mark.parametrize(
    ("kind", "given", "normal"),
    [
        ("dns_names", ["A.example.", "b.example", "a.EXAMPLE"], ["a.example", "b.example"]),
        ("ip_addresses", ["2001:DB8::0:1", "2001:db8::1"], ["2001:db8::1"]),
        ("emails", [" Ida@EXAMPLE.com", "a@b@c.example"], ["Ida@example.com", "a@b@c.example"]),
        ("uris", [" urn:x ", "https://A.example/b"], ["urn:x", "https://A.example/b"]),
    ],
)
def test_names_are_in_normal_form_and_without_doubles(
    kind: str, given: list[str], normal: list[str]
) -> None:
    assert request_fields.san({kind: given}, "") == {kind: normal}


@pytest.mark.parametrize("kind", ["dns_names", "ip_addresses", "emails", "uris"])
@pytest.mark.parametrize("empty", [None, [], [""], [None]])
def test_what_is_empty_is_not_stated(kind: str, empty: object) -> None:
    assert request_fields.san({kind: empty}, "") == {}


@pytest.mark.parametrize(
    ("san", "said"),
    [
        ({"emails": ["@b.example"]}, "i.san.emails: '@b.example' is not an e-mail address; give"),
        ({"emails": ["a@"]}, "i.san.emails: 'a@' is not an e-mail address; give one such as"),
        ({"emails": ["ab"]}, "i.san.emails: 'ab' is not an e-mail address; give one such as"),
        ({"emails": ["a@b c"]}, "i.san.emails: 'b c' is not a DNS name"),
        ({"uris": ["1a:b"]}, "i.san.uris: '1a:b' is not a URI; give one such as"),
        ({"uris": ["a:"]}, "i.san.uris: 'a:' is not a URI; give one such as"),
        ({"uris": ["a:b c"]}, "i.san.uris: 'a:b c' is not a URI; give one such as"),
        ({"ip_addresses": ["::g"]}, "i.san.ip_addresses: '::g' is not an IP address; give one"),
    ],
)
def test_what_is_no_name(san: dict[str, Any], said: str) -> None:
    with pytest.raises(AtlasError) as caught:
        request_fields.san(san, "i.")
    assert caught.value.message.startswith(said)


@pytest.mark.parametrize(
    ("options", "sections"),
    [
        ({}, {}),
        ({"key_usages": ["a", "b"]}, {"key_usages": {"a": True, "b": True}}),
        (
            {
                "qualified_statements": {
                    "semantics": {"identifier": " 1.2.3 ", "name_authorities": ["a"]},
                    "etsi_qc_type": " 1.2.4 ",
                    "etsi_qc_retention_period": 0,
                    "etsi_qc_pds": {"en": 7},
                    "etsi_qc_sscd_compliance": None,
                }
            },
            {
                "qualified_statements": {
                    "semantics": {"identifier": "1.2.3", "name_authorities": ["a"]},
                    "etsi_qc_type": "1.2.4",
                    "etsi_qc_retention_period": 0,
                    "etsi_qc_pds": {"en": "7"},
                }
            },
        ),
        (
            {
                "subject_directory_attributes": {
                    "date_of_birth": "1980-12-31",
                    "gender": "",
                    "extra_attributes": [{"type": " 1.2.3 ", "value": None}],
                }
            },
            {
                "subject_da": {
                    "date_of_birth": "1980-12-31",
                    "extra_attributes": [{"type": "1.2.3"}],
                }
            },
        ),
        (
            {"ms_template": {"id": " 1.2.3 ", "minor_version": 0}},
            {"ms_extension_template": {"id": "1.2.3", "minor_version": 0}},
        ),
        (
            {"custom_extensions": {" 1.2.3 ": None, "1.2.4": 5}},
            {"custom_extensions": {"1.2.3": "", "1.2.4": "5"}},
        ),
        (
            {"san": {"other_names": [{"type": "1.2.3", "value": ""}]}},
            {"san.other_names": [{"type": "1.2.3"}]},
        ),
    ],
)
def test_sections(options: dict[str, Any], sections: dict[str, Any]) -> None:
    assert request_fields.sections(options, "") == sections


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"subject": {"extra_attributes": [{"type": "x"}]}}, "i.subject.extra_attributes.type: "),
        ({"san": {"other_names": [{"type": "x"}]}}, "i.san.other_names.type: 'x' is not a dotted"),
        ({"extended_key_usages": ["x"]}, "i.extended_key_usages: 'x' is neither a known extended"),
        ({"custom_extensions": {"x": ""}}, "i.custom_extensions: 'x' is not a dotted"),
        ({"ms_template": {"id": "x"}}, "i.ms_template.id: 'x' is not a dotted"),
        (
            {"qualified_statements": {"semantics": {"identifier": "x"}}},
            "i.qualified_statements.semantics.identifier: 'x' is not a dotted",
        ),
        (
            {"qualified_statements": {"etsi_qc_type": "x"}},
            "i.qualified_statements.etsi_qc_type: 'x' is not a dotted",
        ),
        (
            {"subject_directory_attributes": {"date_of_birth": "x"}},
            "i.subject_directory_attributes.date_of_birth: 'x' is not a date; give one such as",
        ),
        (
            {"subject_directory_attributes": {"extra_attributes": [{"type": "x"}]}},
            "i.subject_directory_attributes.extra_attributes.type: 'x' is not a dotted",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_option(options: dict[str, Any], said: str) -> None:
    with pytest.raises(AtlasError) as caught:
        request_fields.sections(options, "i.")
    assert caught.value.message.startswith(said)
