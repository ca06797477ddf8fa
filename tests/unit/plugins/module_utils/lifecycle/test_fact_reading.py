# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told of a certificate."""

from __future__ import annotations

import datetime
import ipaddress
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.fact_reading import (
    facts_of,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates

from .conftest import NOW

DAY = 86400


def test_the_facts_of_a_certificate(hierarchy: Any, rsa_key: Any) -> None:
    leaf: x509.Certificate = hierarchy.issuing.issue(
        rsa_key.public_key(),
        ("www.example.com", "Example.com"),
        subject=(("common_name", "www.example.com"), ("country", "NL")),
        ip_addresses=("2001:db8::1", "192.0.2.1"),
    )
    assert vars(facts_of(leaf)) == {
        "serial_number": f"{leaf.serial_number:032X}",
        "not_before": NOW - DAY,
        "not_after": NOW + 89 * DAY,
        "subject": "C=NL,CN=www.example.com",
        "issuer": "CN=Test issuing CA",
        "dns_names": ["example.com", "www.example.com"],
        "emails": [],
        "ip_addresses": ["192.0.2.1", "2001:db8::1"],
        "uris": [],
        "key": "RSA 2048",
        "fingerprint": certificates.fingerprint(leaf),
    }


def test_names_are_told_in_one_order(private_key: Any) -> None:
    letters = "hgfedcba"
    names = [
        *(x509.DNSName(f"{letter}.example") for letter in letters),
        *(x509.RFC822Name(f"{letter}@a.example") for letter in letters),
        *(x509.UniformResourceIdentifier(f"urn:{letter}") for letter in letters),
        *(x509.IPAddress(ipaddress.ip_address(f"192.0.2.{number}")) for number in (3, 2, 9, 1, 8)),
    ]
    start = datetime.datetime(2026, 11, 1)
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([]))
        .public_key(private_key.public_key())
        .serial_number(5)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName(names), critical=True)
        .sign(private_key, hashes.SHA256())
    )
    facts = facts_of(leaf)
    assert facts.dns_names == [f"{letter}.example" for letter in sorted(letters)]
    assert facts.emails == [f"{letter}@a.example" for letter in sorted(letters)]
    assert facts.uris == [f"urn:{letter}" for letter in sorted(letters)]
    assert facts.ip_addresses == [f"192.0.2.{number}" for number in (1, 2, 3, 8, 9)]
