# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of CAs, and those of the API's own TLS."""

from __future__ import annotations

from typing import Union

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

from .pairs import Pair, authority_key, key_usage, moment

DAY = 86400
PublicKey = Union[rsa.RSAPublicKey, ec.EllipticCurvePublicKey]


def make_ca(
    name: str, days: int, now: int, signer: Pair | None = None, with_rsa: bool = False
) -> Pair:
    """A CA that ends in so many days: a root, or with `signer` an issuing CA below it."""
    key = rsa.generate_private_key(65537, 2048) if with_rsa else _make_key()
    issuer = signer.certificate.subject if signer else _name(name)
    builder = (
        _begin(name, issuer, key.public_key(), now, days)
        .add_extension(
            x509.BasicConstraints(ca=True, path_length=0 if signer else None), critical=True
        )
        .add_extension(
            key_usage({"digital_signature": True, "key_certificate_sign": True, "crl_sign": True}),
            critical=True,
        )
    )
    if signer:
        builder = builder.add_extension(authority_key(signer.certificate), critical=False)
    return Pair(key, builder.sign(signer.key if signer else key, hashes.SHA256()))


def make_end_entity(
    ca: Pair,
    name: str,
    usage: ObjectIdentifier,
    now: int,
    days: int,
    san: x509.SubjectAlternativeName | None = None,
) -> Pair:
    """A certificate for one end of a TLS connection; with negative `days` it has ended."""
    key = _make_key()
    builder = (
        _begin(name, ca.certificate.subject, key.public_key(), now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage({"digital_signature": True}), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(authority_key(ca.certificate), critical=False)
    )
    if san:
        builder = builder.add_extension(san, critical=False)
    return Pair(key, builder.sign(ca.key, hashes.SHA256()))


def _make_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _begin(
    name: str, issuer: x509.Name, key: PublicKey, now: int, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key)
        .not_valid_before(moment(now - 2 * DAY))
        .not_valid_after(moment(now + days * DAY))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
