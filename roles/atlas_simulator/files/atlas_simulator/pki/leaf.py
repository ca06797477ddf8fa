# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""End-entity certificates: everything that one says, and how it is encoded (RFC 5280)."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Union

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID, ObjectIdentifier

from . import extensions as der
from .extensions import Attribute, CustomExtension, Directory, QualifiedStatements, Template
from .pairs import Pair, authority_key, key_usage, moment

PublicKey = Union[rsa.RSAPublicKey, ec.EllipticCurvePublicKey]
PrivateKey = Union[rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey]

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(),
    "SHA-512": hashes.SHA512(),
}
_ECDSA_OIDS = {
    "SHA-256": "1.2.840.10045.4.3.2",
    "SHA-384": "1.2.840.10045.4.3.3",
    "SHA-512": "1.2.840.10045.4.3.4",
}
_RSA_OIDS = {
    "SHA-256": "1.2.840.113549.1.1.11",
    "SHA-384": "1.2.840.113549.1.1.12",
    "SHA-512": "1.2.840.113549.1.1.13",
}
_HASH_OIDS = {
    "SHA-256": "2.16.840.1.101.3.4.2.1",
    "SHA-384": "2.16.840.1.101.3.4.2.2",
    "SHA-512": "2.16.840.1.101.3.4.2.3",
}
_COUNTRIES = ("2.5.4.6", "1.3.6.1.4.1.311.60.2.1.3")
# The upper bounds of RFC 5280, appendix A.1, and X.520, in characters.
_LONGEST = {
    "2.5.4.3": 64,
    "2.5.4.4": 32768,
    "2.5.4.5": 64,
    "2.5.4.7": 128,
    "2.5.4.8": 128,
    "2.5.4.9": 128,
    "2.5.4.10": 64,
    "2.5.4.11": 64,
    "2.5.4.12": 64,
    "2.5.4.15": 128,
    "2.5.4.17": 40,
    "2.5.4.65": 128,
    "1.2.840.113549.1.9.1": 255,
}
_OF_KEY_AND_ISSUER = [
    der.oid(each.dotted_string)
    for each in (
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    )
]


@dataclass(frozen=True)
class Signature:
    """How the CA signs: RSA, RSA-PSS or ECDSA, empty for its own choice; and SHA-256 and so on."""

    algorithm: str = ""
    hash_algorithm: str = "SHA-256"


@dataclass(frozen=True)
class Publication:
    """Where a CA publishes: URLs, empty to leave one out."""

    crl: str = ""
    ocsp: str = ""
    ca_issuers: str = ""


@dataclass(frozen=True)
class Leaf:
    """Everything that a certificate says, after the policy has had its say.

    Times are in UNIX seconds. `subject` is in the order of the certificate. `san` has names by
    their kind in the API, `ekus` holds OIDs.
    """

    serial: str
    not_before: int
    not_after: int
    subject: Sequence[Attribute]
    san: dict[str, list[str]]
    san_critical: bool
    key_usages: dict[str, bool]
    ekus: Sequence[str]
    ekus_critical: bool
    public_key: PublicKey
    other_names: Sequence[Attribute] = ()
    directory: Directory = field(default_factory=Directory)
    statements: QualifiedStatements = field(default_factory=QualifiedStatements)
    template: Template | None = None
    custom_extensions: Sequence[CustomExtension] = ()
    signature: Signature = field(default_factory=Signature)


@dataclass(frozen=True)
class _Parts:
    """What a certificate is put together from; `subject` and `extensions` in DER."""

    serial: str
    not_before: int
    not_after: int
    subject: bytes
    public_key: PublicKey
    extensions: Sequence[bytes]


def sign(leaf: Leaf, issuer: Pair, publication: Publication | None = None) -> str:
    """Sign a certificate; PEM. Raises `ValueError` for what X.509 cannot say."""
    extensions = [
        *_usages(leaf),
        *_about_keys(leaf.public_key, issuer.certificate),
        *_published(publication or Publication()),
        _standard(x509.BasicConstraints(ca=False, path_length=None)),
        *_alternative_names(leaf),
        *der.subject_directory(leaf.directory),
        *der.qualified_statements(leaf.statements),
        *([der.template(leaf.template)] if leaf.template else []),
        *map(der.custom_extension, leaf.custom_extensions),
    ]
    subject = der.sequence(*map(_relative_name, leaf.subject))
    parts = _Parts(
        leaf.serial, leaf.not_before, leaf.not_after, subject, leaf.public_key, extensions
    )
    return _issue(parts, leaf.signature, issuer)


def rekeyed(
    certificate: x509.Certificate,
    public_key: PublicKey,
    serial: str,
    not_before: int,
    issuer: Pair,
    publication: Publication | None = None,
) -> str:
    """The same certificate, with the same end, for another key (API reference, section 2.6); PEM.

    Raises `ValueError` for what X.509 cannot say.
    """
    *_version_to_validity, subject, _key, extensions = der.items(
        der.inner(certificate.tbs_certificate_bytes)
    )
    kept = [
        each
        for each in der.items(der.inner(der.inner(extensions)))
        if der.items(der.inner(each))[0] not in _OF_KEY_AND_ISSUER
    ]
    renewed = [
        *_about_keys(public_key, issuer.certificate),
        *_published(publication or Publication()),
    ]
    not_after = int(certificate.not_valid_after_utc.timestamp())
    parts = _Parts(serial, not_before, not_after, subject, public_key, [*kept, *renewed])
    return _issue(parts, _signature_of(certificate), issuer)


def public_key_digest(public_key: Any) -> str:
    """The SHA-256 of the SubjectPublicKeyInfo, in hex."""
    return hashlib.sha256(_key_info(public_key)).hexdigest()


def _key_info(public_key: PublicKey) -> bytes:
    return public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _signature_of(certificate: x509.Certificate) -> Signature:
    digest = certificate.signature_hash_algorithm
    name = next((name for name, each in _HASHES.items() if digest and each.name == digest.name), "")
    is_pss = certificate.signature_algorithm_oid == x509.SignatureAlgorithmOID.RSASSA_PSS
    return Signature("RSA-PSS" if is_pss else "", name or "SHA-256")


def _issue(parts: _Parts, signature: Signature, issuer: Pair) -> str:
    algorithm = _algorithm(signature, issuer.key)
    try:
        validity = der.sequence(
            *(der.time(moment(seconds)) for seconds in (parts.not_before, parts.not_after))
        )
    except (OverflowError, OSError) as error:
        raise ValueError("a time that X.509 does not have") from error
    to_be_signed = der.sequence(
        der.tlv(0xA0, der.integer(2)),
        der.integer(int(parts.serial, 16)),
        algorithm,
        issuer.certificate.subject.public_bytes(),
        validity,
        parts.subject,
        _key_info(parts.public_key),
        der.tlv(0xA3, der.sequence(*parts.extensions)),
    )
    signed = der.bit_string(_signed(to_be_signed, signature, issuer.key))
    return _readable_pem(der.sequence(to_be_signed, algorithm, signed))


def _readable_pem(content: bytes) -> str:
    """PEM of a certificate that others can read, such as one without an extension twice."""
    certificate = x509.load_der_x509_certificate(content)
    try:
        len(certificate.extensions)
    except x509.DuplicateExtension as error:
        raise ValueError("an extension twice") from error
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _algorithm(signature: Signature, key: PrivateKey) -> bytes:
    """The AlgorithmIdentifier of what the issuer's key can do of what is wanted."""
    digest = signature.hash_algorithm
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return der.sequence(der.oid(_ECDSA_OIDS[digest]))
    if signature.algorithm == "RSA-PSS":
        return der.sequence(der.oid("1.2.840.113549.1.1.10"), _pss_parameters(digest))
    return der.sequence(der.oid(_RSA_OIDS[digest]), der.NULL)


def _pss_parameters(digest: str) -> bytes:
    """RFC 4055, 3.1; the salt is as long as the digest."""
    hashed = der.sequence(der.oid(_HASH_OIDS[digest]), der.NULL)
    masked = der.sequence(der.oid("1.2.840.113549.1.1.8"), hashed)
    return der.sequence(
        der.tlv(0xA0, hashed),
        der.tlv(0xA1, masked),
        der.tlv(0xA2, der.integer(_HASHES[digest].digest_size)),
    )


def _signed(content: bytes, signature: Signature, key: PrivateKey) -> bytes:
    digest = _HASHES[signature.hash_algorithm]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(content, ec.ECDSA(digest))
    if signature.algorithm == "RSA-PSS":
        salted = padding.PSS(padding.MGF1(digest), digest.digest_size)
        return key.sign(content, salted, digest)
    return key.sign(content, padding.PKCS1v15(), digest)


def _standard(value: x509.ExtensionType, critical: bool = False) -> bytes:
    return der.extension(value.oid.dotted_string, critical, value.public_bytes())


def _usages(leaf: Leaf) -> Iterable[bytes]:
    """RFC 5280, 4.2.1.3 wants a key usage to be set if the extension is there."""
    if any(leaf.key_usages.values()):
        yield _standard(key_usage(leaf.key_usages), critical=True)
    if leaf.ekus:
        usages = x509.ExtendedKeyUsage([ObjectIdentifier(oid) for oid in leaf.ekus])
        yield _standard(usages, leaf.ekus_critical)


def _about_keys(public_key: PublicKey, issuer: x509.Certificate) -> Iterable[bytes]:
    yield _standard(x509.SubjectKeyIdentifier.from_public_key(public_key))
    yield _standard(authority_key(issuer))


def _published(publication: Publication) -> Iterable[bytes]:
    access = (
        (AuthorityInformationAccessOID.OCSP, publication.ocsp),
        (AuthorityInformationAccessOID.CA_ISSUERS, publication.ca_issuers),
    )
    descriptions = [
        x509.AccessDescription(method, x509.UniformResourceIdentifier(url))
        for method, url in access
        if url
    ]
    if descriptions:
        yield _standard(x509.AuthorityInformationAccess(descriptions))
    if publication.crl:
        name = x509.UniformResourceIdentifier(publication.crl)
        point = x509.DistributionPoint([name], None, None, None)
        yield _standard(x509.CRLDistributionPoints([point]))


def _alternative_names(leaf: Leaf) -> Iterable[bytes]:
    """RFC 5280, 4.2.1.6 wants the extension critical if there is no subject."""
    names = [*_general_names(leaf.san), *map(_other_name, leaf.other_names)]
    if names:
        critical = leaf.san_critical or not leaf.subject
        yield _standard(x509.SubjectAlternativeName(names), critical)


def _general_names(san: dict[str, list[str]]) -> Iterable[x509.GeneralName]:
    yield from (x509.DNSName(name) for name in san.get("dns_names", []))
    yield from (x509.RFC822Name(name) for name in san.get("emails", []))
    yield from (x509.IPAddress(ipaddress.ip_address(name)) for name in san.get("ip_addresses", []))
    yield from (x509.UniformResourceIdentifier(name) for name in san.get("uris", []))


def _other_name(name: Attribute) -> x509.OtherName:
    return x509.OtherName(ObjectIdentifier(name.oid), der.encoded(name.kind, name.value))


def _relative_name(attribute: Attribute) -> bytes:
    """An element of the distinguished name, of a single attribute."""
    if len(attribute.value) > _LONGEST.get(attribute.oid, len(attribute.value)):
        raise ValueError(f"{attribute.oid} is longer than X.520 allows")
    write = der.country if attribute.oid in _COUNTRIES else None
    value = write(attribute.value) if write else der.encoded(attribute.kind, attribute.value)
    return der.set_of([der.sequence(der.oid(attribute.oid), value)])
