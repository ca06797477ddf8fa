# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates to test with, made as a CA would."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.globalsign.atlas.plugins.module_utils.asn1.certificate import Certificate
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

NOW = 1_800_000_000
DAY = 86400
P256 = keys.KeyKind("ECDSA", 256)


def moment(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


@dataclass(frozen=True)
class Authority:
    """A CA: its certificate, and what it signs."""

    key: keys.PrivateKey
    certificate: Certificate

    def issue(
        self,
        public_key: keys.PublicKey,
        dns_names: tuple[str, ...] = (),
        subject: tuple[tuple[str, str], ...] = (),
        ip_addresses: tuple[str, ...] = (),
        not_before: int = NOW - DAY,
        not_after: int = NOW + 89 * DAY,
        is_ca: bool = False,
    ) -> Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(certificates.to_library(self.certificate).subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number() >> 32)
            .not_valid_before(moment(not_before))
            .not_valid_after(moment(not_after))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        names = [x509.DNSName(name) for name in dns_names]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in ip_addresses]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return certificates.of(builder.sign(self.key, hashes.SHA256()))


def _name(subject: tuple[tuple[str, str], ...]) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(x509.ObjectIdentifier(certificates.SUBJECT_OIDS[name]), value)
            for name, value in subject
        ]
    )


def make_self_signed(
    key: keys.PrivateKey, common_name: str, dns_names: tuple[str, ...] = ()
) -> Certificate:
    name = _name((("common_name", common_name),))
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment(NOW - 100 * DAY))
        .not_valid_after(moment(NOW + 3650 * DAY))
    )
    if dns_names:
        names = x509.SubjectAlternativeName([x509.DNSName(dns_name) for dns_name in dns_names])
        builder = builder.add_extension(names, critical=False)
    return certificates.of(builder.sign(key, hashes.SHA256()))


@dataclass(frozen=True)
class Hierarchy:
    """A root and the issuing CA below it."""

    root: Authority
    issuing: Authority

    @property
    def chain(self) -> list[str]:
        """As Atlas sends the trust chain."""
        return [
            certificates.certificate_pem(authority.certificate)
            for authority in (self.issuing, self.root)
        ]


def make_hierarchy(name: str) -> Hierarchy:
    root_key, issuing_key = keys.generate(P256), keys.generate(P256)
    root = Authority(root_key, make_self_signed(root_key, f"{name} root"))
    issuing = root.issue(
        issuing_key.public_key(),
        subject=(("common_name", f"{name} issuing CA"),),
        is_ca=True,
        not_after=NOW + 1000 * DAY,
    )
    return Hierarchy(root, Authority(issuing_key, issuing))


@pytest.fixture(scope="session")
def hierarchy() -> Hierarchy:
    return make_hierarchy("Test")


@pytest.fixture(scope="session")
def other_hierarchy() -> Hierarchy:
    return make_hierarchy("Other")


@pytest.fixture
def private_key() -> keys.PrivateKey:
    return keys.generate(P256)


@pytest.fixture(scope="session")
def rsa_key() -> keys.PrivateKey:
    return keys.generate(keys.KeyKind("RSA", 2048))


@pytest.fixture(scope="session")
def foreign_curve_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256K1())


@pytest.fixture
def self_signed() -> Callable[..., Certificate]:
    return make_self_signed
