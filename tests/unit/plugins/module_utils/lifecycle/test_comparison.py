# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One stated field against what a certificate says."""

from __future__ import annotations

import datetime
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
        ]
    )
    names = [
        x509.DNSName("www.example.com"),
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


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("subject.common_name", ["Www.example.com"], ""),
        ("subject.common_name", ["other"], "subject: common_name is Www.example.com, wanted is"),
        ("subject.country", ["NL"], "subject: country is absent"),
        ("subject.extra_attributes", [{"type": "2.5.4.12", "value": "Dr."}], ""),
        ("subject.extra_attributes", [{"type": "2.5.4.12"}], ""),
        ("subject.extra_attributes", [{"type": "2.5.4.12", "value": "Prof."}], "subject: the attr"),
        ("subject.extra_attributes", [{"type": "2.5.4.13"}], "subject: the attribute 2.5.4.13"),
        ("san.dns_names", ["www.example.com"], ""),
        ("san.dns_names", ["a.example.com"], "dns_names: a.example.com not in"),
        ("san.emails", ["Ida@example.com"], ""),
        ("san.emails", ["ida@example.com"], "emails: "),
        ("san.other_names", [{"type": UPN, "value": "ida@b"}], ""),
        ("san.other_names", [{"type": UPN, "value": "eva@b"}], "other_names: "),
        ("san.other_names", [{"type": "1.2.3", "value": "ida@b"}], "other_names: "),
        ("extended_key_usages", ["1.3.6.1.5.5.7.3.1"], ""),
        ("extended_key_usages", ["1.3.6.1.5.5.7.3.2"], "extended_key_usages: "),
        ("key_usages.digital_signature", True, ""),
        ("key_usages.key_agreement", True, "key_usages: key_agreement not in"),
        ("signature.algorithm", "ECDSA", ""),
        ("signature.hash_algorithm", "SHA-256", ""),
        ("signature.hash_algorithm", "SHA-384", "signature: hash_algorithm is SHA-256"),
        ("custom_extensions.1.2.3.4", "NIL", ""),
        ("custom_extensions.1.2.3.5", "NIL", "custom_extensions: the extension 1.2.3.5"),
        ("subject_da.gender", "f", "subject_da: the extension 2.5.29.9"),
        ("qualified_statements.etsi_qc_compliance", True, "qualified_statements: the extension"),
        ("ms_extension_template.id", "1.2.3", "ms_extension_template: the extension"),
        ("privatekey_type", "RSA", ""),
    ],
)
def test_a_field(certificate: x509.Certificate, field: str, value: Any, said: str) -> None:
    found = list(mismatches(field, value, certificate, is_ours=False))
    assert bool(found) is bool(said)
    assert not said or found[0].startswith(said)


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
        ({"san": {"dns_names": ["b"]}}, {"san": {"dns_names": ["www.example.com"]}}, False),
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
