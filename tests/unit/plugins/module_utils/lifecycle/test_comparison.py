# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One stated field against what a certificate says."""

from __future__ import annotations

import datetime
import ipaddress
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import due
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.comparison import (
    mismatches,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

UPN = "1.3.6.1.4.1.311.20.2.3"
UPN_VALUE = b"\x0c\x05ida@b"


@pytest.fixture(scope="module")
def certificate() -> x509.Certificate:
    key = keys.generate(keys.KeyKind("ECDSA", 256))
    name = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COMMON_NAME, "Www.example.com"),
            x509.NameAttribute(x509.ObjectIdentifier("2.5.4.12"), "Dr."),
            x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "One"),
            x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "Two"),
        ]
    )
    names = [
        x509.DNSName("www.example.com"),
        x509.DNSName("mail.example.com"),
        x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
        x509.UniformResourceIdentifier("https://example.com/"),
        x509.RFC822Name("Ida@Example.com"),
        x509.OtherName(x509.ObjectIdentifier(UPN), UPN_VALUE),
    ]
    usages = [x509.ObjectIdentifier("1.3.6.1.5.5.7.3.1")]
    start = datetime.datetime(2026, 11, 1)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(
            x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )


DOCTOR = "2.5.4.12"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("subject.common_name", ["Www.example.com"], []),
        (
            "subject.common_name",
            ["www.example.com"],
            ["subject: common_name is Www.example.com, wanted is www.example.com"],
        ),
        ("subject.country", ["NL"], ["subject: country is absent, wanted is NL"]),
        ("subject.organizational_unit", ["Two", "One"], []),
        (
            "subject.organizational_unit",
            ["Two"],
            ["subject: organizational_unit is One, Two, wanted is Two"],
        ),
        (
            "subject.organizational_unit",
            ["Two", "One", "Three"],
            ["subject: organizational_unit is One, Two, wanted is One, Three, Two"],
        ),
        ("subject.extra_attributes", [{"type": DOCTOR, "value": "Dr."}], []),
        ("subject.extra_attributes", [{"type": DOCTOR}], []),
        (
            "subject.extra_attributes",
            [{"type": DOCTOR, "value": "Prof."}, {"type": DOCTOR}, {"type": "2.5.4.13"}],
            [
                "subject: the attribute 2.5.4.12 is not as wanted",
                "subject: the attribute 2.5.4.13 is not as wanted",
            ],
        ),
        ("san.dns_names", ["www.example.com", "mail.example.com"], []),
        (
            "san.dns_names",
            ["b.example.com", "a.example.com"],
            [
                "dns_names: a.example.com, b.example.com not in the certificate",
                "dns_names: mail.example.com in the certificate but not wanted",
            ],
        ),
        ("san.emails", ["Ida@example.com"], []),
        ("san.emails", ["Ida@EXAMPLE.com"], []),
        (
            "san.emails",
            ["ida@example.com"],
            [
                "emails: ida@example.com not in the certificate",
                "emails: Ida@example.com in the certificate but not wanted",
            ],
        ),
        ("san.ip_addresses", ["192.0.2.1"], []),
        (
            "san.ip_addresses",
            ["192.0.2.2"],
            [
                "ip_addresses: 192.0.2.2 not in the certificate",
                "ip_addresses: 192.0.2.1 in the certificate but not wanted",
            ],
        ),
        ("san.uris", ["https://example.com/"], []),
        (
            "san.uris",
            ["https://EXAMPLE.com/"],
            [
                "uris: https://EXAMPLE.com/ not in the certificate",
                "uris: https://example.com/ in the certificate but not wanted",
            ],
        ),
        ("san.other_names", [{"type": UPN, "value": "ida@b"}], []),
        ("san.other_names", [{"type": UPN}], []),
        (
            "san.other_names",
            [{"type": UPN, "value": "eva@b"}],
            [f"other_names: {UPN} not in the certificate with this value"],
        ),
        (
            "san.other_names",
            [{"type": "1.2.3", "value": "ida@b"}],
            [
                "other_names: 1.2.3 not in the certificate with this value",
                f"other_names: {UPN} in the certificate but not wanted",
            ],
        ),
        ("extended_key_usages", ["1.3.6.1.5.5.7.3.1"], []),
        (
            "extended_key_usages",
            ["1.3.6.1.5.5.7.3.2"],
            [
                "extended_key_usages: 1.3.6.1.5.5.7.3.2 not in the certificate",
                "extended_key_usages: 1.3.6.1.5.5.7.3.1 in the certificate but not wanted",
            ],
        ),
        ("key_usages.digital_signature", True, []),
        ("key_usages.key_agreement", False, []),
        (
            "key_usages.key_agreement",
            True,
            ["key_usages: key_agreement not in the certificate"],
        ),
        ("signature.algorithm", "ECDSA", []),
        ("signature.algorithm", "RSA", ["signature: algorithm is ECDSA, wanted is RSA"]),
        ("signature.hash_algorithm", "SHA-256", []),
        (
            "signature.hash_algorithm",
            "SHA-384",
            ["signature: hash_algorithm is SHA-256, wanted is SHA-384"],
        ),
        ("custom_extensions.1.2.3.4", "NIL", []),
        (
            "custom_extensions.1.2.3.5",
            "NIL",
            ["custom_extensions: the extension 1.2.3.5 is not in the certificate"],
        ),
        (
            "subject_da.gender",
            "f",
            ["subject_da: the extension 2.5.29.9 is not in the certificate"],
        ),
        (
            "subject_da.extra_attributes",
            [{"type": "1.2.3"}],
            ["subject_da: the extension 2.5.29.9 is not in the certificate"],
        ),
        (
            "qualified_statements.etsi_qc_compliance",
            True,
            ["qualified_statements: the extension 1.3.6.1.5.5.7.1.3 is not in the certificate"],
        ),
        (
            "ms_extension_template.id",
            "1.2.3",
            ["ms_extension_template: the extension 1.3.6.1.4.1.311.21.7 is not in the certificate"],
        ),
        ("privatekey_type", "RSA", []),
    ],
)
def test_a_field(certificate: x509.Certificate, field: str, value: Any, said: list[str]) -> None:
    assert list(mismatches(field, value, certificate, is_ours=False)) == said


@pytest.mark.parametrize(
    ("granted", "is_tolerated"),
    [
        ("shop.example.com", True),
        ("www.shop.example.com", True),
        ("www.www.shop.example.com", False),
        ("example.com", False),
    ],
)
def test_a_ca_adds_the_common_name_and_its_www_form(
    hierarchy: Any, private_key: Any, granted: str, is_tolerated: bool
) -> None:
    leaf = hierarchy.issuing.issue(
        private_key.public_key(),
        ("a.example.com", granted),
        subject=(("common_name", "Shop.example.com"),),
    )
    found = list(mismatches("san.dns_names", ["a.example.com"], leaf, is_ours=True))
    said = f"dns_names: {granted} in the certificate but not wanted"
    assert found == ([] if is_tolerated else [said])


def test_without_a_common_name_nothing_is_tolerated(hierarchy: Any, private_key: Any) -> None:
    names = ("a.example.com", "www.example.com", "x")
    leaf = hierarchy.issuing.issue(private_key.public_key(), names)
    assert list(mismatches("san.dns_names", ["a.example.com"], leaf, is_ours=False)) == [
        "dns_names: www.example.com, x in the certificate but not wanted"
    ]


def with_names(*names: x509.GeneralName) -> x509.Certificate:
    key = keys.generate(keys.KeyKind("ECDSA", 256))
    start = datetime.datetime(2026, 11, 1)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(key.public_key())
        .serial_number(5)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )


def test_the_domain_of_an_address_is_behind_its_last_at_sign() -> None:
    leaf = with_names(x509.RFC822Name('"a@B"@example.com'))
    assert not list(mismatches("san.emails", ['"a@B"@EXAMPLE.com'], leaf, is_ours=False))
    assert list(mismatches("san.emails", ['"a@b"@example.com'], leaf, is_ours=False))


def test_each_of_several_other_names_is_looked_for() -> None:
    other = x509.OtherName(x509.ObjectIdentifier("1.2.9"), b"\x0c\x01b")
    leaf = with_names(x509.OtherName(x509.ObjectIdentifier(UPN), UPN_VALUE), other)
    wanted_names = [{"type": UPN, "value": "ida@b"}, {"type": "1.2.9", "value": "b"}]
    assert not list(mismatches("san.other_names", wanted_names, leaf, is_ours=False))


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("subject_da.gender", "subject_da: gender"),
        ("qualified_statements.etsi_qc_type", "qualified_statements: etsi_qc_type"),
        ("ms_extension_template.id", "ms_extension_template: id"),
        ("ms_extension_template", "ms_extension_template: ms_extension_template"),
    ],
)
def test_a_section_that_was_obtained_with_another_value(
    certificate: x509.Certificate, field: str, said: str
) -> None:
    found = list(mismatches(field, "x", certificate, is_ours=True))
    assert found == [f"{said} is not what it was obtained with"]


def test_what_cannot_be_read_back_differs_from_what_it_was_obtained_with(
    certificate: x509.Certificate,
) -> None:
    found = list(mismatches("custom_extensions.1.2.3.4", "05", certificate, is_ours=True))
    assert found == ["custom_extensions: 1.2.3.4 is not what it was obtained with"]


def wanted(**options: Any) -> Any:
    task = {"path": "/cert.pem", "privatekey_path": "/key.pem", **options}
    return wanted_certificates(task)[0]


@pytest.mark.parametrize(
    ("before", "now", "is_due"),
    [
        ({"subject": {"common_name": "x"}}, {"subject": {"common_name": "x"}}, False),
        ({"subject": {"common_name": "x"}}, {}, False),
        ({}, {"subject": {"common_name": "Www.example.com"}}, False),
        ({}, {"subject": {"common_name": "x"}}, True),
        ({"san": {"dns_names": ["b"]}}, {"san": {"dns_names": ["b"]}}, False),
        ({"san": {"dns_names": ["b"]}}, {"san": {"dns_names": ["c"]}}, True),
        (
            {"san": {"dns_names": ["b"]}},
            {"san": {"dns_names": ["www.example.com", "mail.example.com"]}},
            False,
        ),
        ({"custom_extensions": {"1.2.3.4": "a"}}, {"custom_extensions": {"1.2.3.4": "a"}}, False),
        ({"custom_extensions": {"1.2.3.4": "a"}}, {"custom_extensions": {"1.2.3.4": "b"}}, True),
    ],
)
def test_what_was_wished_for_before_is_not_compared_again(
    certificate: x509.Certificate, before: Any, now: Any, is_due: bool
) -> None:
    """So that what the CA adds, drops or writes otherwise never leads to another certificate."""
    digest = certificates.public_key_digest(certificate)
    deployed = due.Deployed(
        certificate,
        "",
        keys.KeyKind("ECDSA", 256),
        digest,
        "",
        due.Recorded(wanted(**before).wish),
    )
    found = due.reasons(wanted(**now), deployed, certificates.not_before(certificate))
    others = [reason for reason in found if not reason.startswith("self-signed")]
    assert bool(others) is is_due
