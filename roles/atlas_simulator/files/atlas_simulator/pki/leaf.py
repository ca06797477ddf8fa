# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""End-entity certificates: everything that one says, and how it is encoded."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Union

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

from .pairs import Pair, authority_key, key_usage, moment

PublicKey = Union[rsa.RSAPublicKey, ec.EllipticCurvePublicKey]

SUBJECT_OIDS = {
    "common_name": NameOID.COMMON_NAME,
    "given_name": NameOID.GIVEN_NAME,
    "surname": NameOID.SURNAME,
    "pseudonym": NameOID.PSEUDONYM,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizational_unit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "organization_identifier": ObjectIdentifier("2.5.4.97"),
    "country": NameOID.COUNTRY_NAME,
    "state": NameOID.STATE_OR_PROVINCE_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "street_address": NameOID.STREET_ADDRESS,
    "postal_code": NameOID.POSTAL_CODE,
    "email": NameOID.EMAIL_ADDRESS,
    "serial_number": NameOID.SERIAL_NUMBER,
    "jurisdiction_of_incorporation_locality_name": NameOID.JURISDICTION_LOCALITY_NAME,
    "jurisdiction_of_incorporation_state_or_province_name": (
        NameOID.JURISDICTION_STATE_OR_PROVINCE_NAME
    ),
    "jurisdiction_of_incorporation_country_name": NameOID.JURISDICTION_COUNTRY_NAME,
    "business_category": NameOID.BUSINESS_CATEGORY,
}


@dataclass(frozen=True)
class Leaf:
    """Everything that a certificate says, after the policy has had its say. Times: UNIX seconds."""

    serial: str
    not_before: int
    not_after: int
    subject: Sequence[tuple[str, str]]
    san: dict[str, list[str]]
    san_critical: bool
    key_usages: dict[str, bool]
    ekus: Sequence[str]
    ekus_critical: bool
    public_key: PublicKey


def sign(leaf: Leaf, issuer: Pair) -> str:
    """Sign a certificate; PEM. Raises `ValueError` for what X.509 cannot say."""
    builder = (
        x509.CertificateBuilder()
        .serial_number(int(leaf.serial, 16))
        .subject_name(_name(leaf.subject))
        .issuer_name(issuer.certificate.subject)
        .not_valid_before(moment(leaf.not_before))
        .not_valid_after(moment(leaf.not_after))
        .public_key(leaf.public_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(key_usage(leaf.key_usages), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(leaf.public_key), critical=False)
        .add_extension(authority_key(issuer.certificate), critical=False)
    )
    if leaf.ekus:
        usages = x509.ExtendedKeyUsage([ObjectIdentifier(oid) for oid in leaf.ekus])
        builder = builder.add_extension(usages, critical=leaf.ekus_critical)
    names = list(_general_names(leaf.san))
    if names:
        extension = x509.SubjectAlternativeName(names)
        builder = builder.add_extension(extension, critical=leaf.san_critical)
    certificate = builder.sign(issuer.key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _name(attributes: Iterable[tuple[str, str]]) -> x509.Name:
    return x509.Name([x509.NameAttribute(SUBJECT_OIDS[name], value) for name, value in attributes])


def _general_names(san: dict[str, list[str]]) -> Iterable[x509.GeneralName]:
    yield from (x509.DNSName(name) for name in san.get("dns_names", []))
    yield from (x509.RFC822Name(name) for name in san.get("emails", []))
    yield from (x509.IPAddress(ipaddress.ip_address(name)) for name in san.get("ip_addresses", []))
    yield from (x509.UniformResourceIdentifier(name) for name in san.get("uris", []))
