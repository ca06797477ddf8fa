# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates: reading them, and what they say.

Every function takes what `load_certificates` returns, or a certificate of the library
cryptography. What is said depends on the certificate's octets alone and never on the library, which
is asked for one thing only: whether a signature is right.

AtlasError is raised where a part that is asked for cannot be read; its text completes a sentence
that begins with the file's name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Union

from ..asn1 import certificate as reading
from ..asn1 import der, pem
from ..asn1.certificate import Certificate, PublicKeyInfo
from ..asn1.der import Element, MalformedError
from ..errors import AtlasError
from . import keys
from .keys import KeyKind
from .library import ec, hashes, padding, rsa, serialization, x509

if TYPE_CHECKING:
    AnyCertificate = Union[Certificate, x509.Certificate]

SUBJECT_OIDS: Mapping[str, str] = {
    "common_name": "2.5.4.3",
    "given_name": "2.5.4.42",
    "surname": "2.5.4.4",
    "pseudonym": "2.5.4.65",
    "organization": "2.5.4.10",
    "organizational_unit": "2.5.4.11",
    "organization_identifier": "2.5.4.97",
    "country": "2.5.4.6",
    "state": "2.5.4.8",
    "locality": "2.5.4.7",
    "street_address": "2.5.4.9",
    "postal_code": "2.5.4.17",
    "email": "1.2.840.113549.1.9.1",
    "serial_number": "2.5.4.5",
    "jurisdiction_of_incorporation_locality_name": "1.3.6.1.4.1.311.60.2.1.1",
    "jurisdiction_of_incorporation_state_or_province_name": "1.3.6.1.4.1.311.60.2.1.2",
    "jurisdiction_of_incorporation_country_name": "1.3.6.1.4.1.311.60.2.1.3",
    "business_category": "2.5.4.15",
}
"""The subject's members as Atlas names them, and their X.500 attribute types."""

_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_certificate_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)

_BASIC_CONSTRAINTS = "2.5.29.19"
_KEY_USAGE = "2.5.29.15"
_EXTENDED_KEY_USAGE = "2.5.29.37"
_SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"
_AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1"
_CA_ISSUERS = "1.3.6.1.5.5.7.48.2"

_CURVES = {
    "1.2.840.10045.3.1.7": KeyKind("ECDSA", 256),
    "1.3.132.0.34": KeyKind("ECDSA", 384),
    "1.3.132.0.35": KeyKind("ECDSA", 521),
}
_OTHER_KEYS = {
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
    "1.2.840.10040.4.1": "DSA",
    reading.ELLIPTIC_CURVE: "ECDSA on another curve",
}

# RFC 8017, RFC 5758: the signature algorithms that name their hash, and the hashes by themselves.
_HASHES = {
    "1.2.840.113549.1.1.4": "MD5",
    "1.2.840.113549.1.1.5": "SHA1",
    "1.2.840.113549.1.1.14": "SHA224",
    "1.2.840.113549.1.1.11": "SHA256",
    "1.2.840.113549.1.1.12": "SHA384",
    "1.2.840.113549.1.1.13": "SHA512",
    "1.2.840.10045.4.1": "SHA1",
    "1.2.840.10045.4.3.1": "SHA224",
    "1.2.840.10045.4.3.2": "SHA256",
    "1.2.840.10045.4.3.3": "SHA384",
    "1.2.840.10045.4.3.4": "SHA512",
    "1.3.14.3.2.26": "SHA1",
    "2.16.840.1.101.3.4.2.4": "SHA224",
    "2.16.840.1.101.3.4.2.1": "SHA256",
    "2.16.840.1.101.3.4.2.2": "SHA384",
    "2.16.840.1.101.3.4.2.3": "SHA512",
}


def of(certificate: AnyCertificate) -> Certificate:
    """A certificate of this collection or of the library, as one of this collection."""
    if isinstance(certificate, Certificate):
        return certificate
    try:
        return Certificate(certificate.public_bytes(serialization.Encoding.DER))
    except MalformedError:
        raise AtlasError("holds a damaged certificate") from None


def to_library(certificate: AnyCertificate) -> x509.Certificate:
    """A certificate as one of the library, which takes not every one."""
    if not isinstance(certificate, Certificate):
        return certificate
    try:
        return x509.load_der_x509_certificate(certificate.encoded)
    except Exception:  # cryptography raises many types here
        raise AtlasError(
            "holds a certificate that the Python library cryptography does not take"
        ) from None


def load_certificates(content: bytes) -> tuple[Certificate, ...]:
    """Read all certificates of a PEM file in their order.

    Text around them and other PEM blocks are passed over, and so is the trust that OpenSSL writes
    behind a TRUSTED CERTIFICATE. The error texts complete a sentence that begins with the file's
    name.
    """
    blocks = list(pem.blocks(content, pem.CERTIFICATES))
    if not blocks:
        raise AtlasError("holds no certificate in PEM format")
    try:
        return tuple(_read(block.content()) for block in blocks)
    except ValueError:  # MalformedError is one
        raise AtlasError("holds a damaged certificate") from None


@lru_cache(maxsize=64)
def _read(content: bytes) -> Certificate:
    """Read a certificate, whatever follows it. The same few issuers are in all files of a task."""
    return Certificate(der.first(content).encoded)


def load_der_certificate(content: bytes) -> Certificate:
    """Read one certificate in DER, or PEM if somebody serves that instead."""
    if b"-----BEGIN " in content:
        return load_certificates(content)[0]
    try:
        return _read(content)
    except MalformedError:
        raise AtlasError("holds no certificate in DER format") from None


@contextmanager
def _extensions_read() -> Iterator[None]:
    try:
        yield
    except MalformedError:
        raise AtlasError("holds a certificate with damaged extensions") from None


def issuer_urls(certificate: AnyCertificate) -> list[str]:
    """Where a certificate says that its issuer's can be fetched (RFC 5280, 4.2.2.1)."""
    try:
        descriptions = [
            der.members(description)
            for access in of(certificate).values(_AUTHORITY_INFORMATION_ACCESS)
            for description in der.members(access)
        ]
        return [
            parts[1].content.decode("ascii", "backslashreplace")
            for parts in descriptions
            if len(parts) == 2
            and der.object_identifier(parts[0]) == _CA_ISSUERS
            and parts[1].tag == reading.URI
        ]
    except MalformedError:
        return []


def certificate_pem(certificate: AnyCertificate) -> str:
    """Write a certificate as PEM that ends with a line feed."""
    return pem.write("CERTIFICATE", of(certificate).encoded)


def not_before(certificate: AnyCertificate) -> int:
    """Start of the validity in UNIX seconds."""
    return reading.unix_seconds(of(certificate).not_before)


def not_after(certificate: AnyCertificate) -> int:
    """End of the validity in UNIX seconds."""
    return reading.unix_seconds(of(certificate).not_after)


def serial_number(certificate: AnyCertificate) -> str:
    """The serial number as Atlas writes it: upper-case hex of 32 digits, or more for a longer."""
    return of(certificate).serial_text


def fingerprint(certificate: AnyCertificate) -> str:
    """SHA-256 of the certificate in lower-case hex."""
    return hashlib.sha256(of(certificate).encoded).hexdigest()


@dataclass(frozen=True)
class Names:
    """The subject alternative names of one certificate, each kind as a set of plain text.

    DNS names are lower-case A-labels, IP addresses in canonical form.
    """

    dns_names: frozenset[str]
    emails: frozenset[str]
    ip_addresses: frozenset[str]
    uris: frozenset[str]


def names(certificate: AnyCertificate) -> Names:
    """Read the subject alternative names (RFC 5280, 4.2.1.6)."""
    found: dict[int, set[str]] = {
        tag: set() for tag in (reading.DNS_NAME, reading.EMAIL, reading.IP_ADDRESS, reading.URI)
    }
    with _extensions_read():
        for name in _general_names(certificate):
            if name.tag == reading.IP_ADDRESS:
                found[name.tag].add(reading.ip_address(name.content))
            elif name.tag in found:
                text = name.content.decode("ascii", "backslashreplace")
                found[name.tag].add(text.lower() if name.tag == reading.DNS_NAME else text)
    return Names(*map(frozenset, found.values()))


def _general_names(certificate: AnyCertificate) -> list[Element]:
    return [
        name
        for extension in of(certificate).values(_SUBJECT_ALTERNATIVE_NAME)
        for name in der.members(extension)
    ]


def other_names(certificate: AnyCertificate) -> frozenset[tuple[str, bytes]]:
    """The other names among the subject alternative names: OID and DER value of each."""
    found = set()
    with _extensions_read():
        for name in _general_names(certificate):
            if name.tag == reading.OTHER_NAME:
                parts = der.elements(name.content)
                if len(parts) != 2:
                    raise MalformedError("an other name has not 2 parts")
                found.add((der.object_identifier(parts[0]), parts[1].content))
    return frozenset(found)


def key_usages(certificate: AnyCertificate) -> frozenset[str]:
    """The key usages (RFC 5280, 4.2.1.3), as Atlas names them."""
    found: set[str] = set()
    with _extensions_read():
        for usage in of(certificate).values(_KEY_USAGE):
            octets = der.bits(usage)
            found.update(
                name
                for number, name in enumerate(_KEY_USAGES)
                if number // 8 < len(octets) and octets[number // 8] & 0x80 >> number % 8
            )
    # The last two may be asked for only where they have a meaning, beside key_agreement.
    return frozenset(found if "key_agreement" in found else found - {*_KEY_USAGES[-2:]})


def extended_key_usages(certificate: AnyCertificate) -> frozenset[str]:
    """The extended key usages (RFC 5280, 4.2.1.12), as dotted OIDs."""
    with _extensions_read():
        return frozenset(
            der.object_identifier(usage)
            for extension in of(certificate).values(_EXTENDED_KEY_USAGE)
            for usage in der.members(extension)
        )


def extension_oids(certificate: AnyCertificate) -> frozenset[str]:
    """Which extensions there are, as dotted OIDs."""
    with _extensions_read():
        return frozenset(extension.oid for extension in of(certificate).extensions)


def signature(certificate: AnyCertificate) -> dict[str, str]:
    """How the CA signed, in the words of a request: `algorithm` and `hash_algorithm`."""
    try:
        oid = of(certificate).signature_algorithm.oid
        hash_name = _signature_hash(of(certificate))
    except MalformedError:
        raise AtlasError("holds a certificate with a damaged signature") from None
    algorithm = "ECDSA" if oid.startswith("1.2.840.10045.") else "RSA"
    return {
        "algorithm": "RSA-PSS" if oid == reading.RSA_PSS else algorithm,
        "hash_algorithm": hash_name.replace("SHA", "SHA-"),
    }


def _signature_hash(certificate: Certificate) -> str:
    """The hash that was signed, empty if the algorithm has none or is not known."""
    algorithm = certificate.signature_algorithm
    if algorithm.oid != reading.RSA_PSS:
        return _HASHES.get(algorithm.oid, "")
    for parameter in der.members(algorithm.parameters) if algorithm.parameters else ():
        if parameter.tag == 0xA0:
            return _HASHES.get(reading.read_algorithm(der.first(parameter.content)).oid, "")
    return "SHA1"  # what it is where nothing is said (RFC 4055, 3.1)


def attribute_values(certificate: AnyCertificate, oid: str) -> tuple[str, ...]:
    """The values of an attribute of the subject, by its OID."""
    return of(certificate).subject.values(oid)


def subject(certificate: AnyCertificate) -> dict[str, tuple[str, ...]]:
    """The subject's attributes under the names that Atlas gives them; absent ones are left out."""
    found = ((name, attribute_values(certificate, oid)) for name, oid in SUBJECT_OIDS.items())
    return {name: values for name, values in found if values}


def common_name(certificate: AnyCertificate) -> str | None:
    """The subject's common name, if it has one."""
    values = attribute_values(certificate, SUBJECT_OIDS["common_name"])
    return values[0] if values else None


def subject_text(certificate: AnyCertificate) -> str:
    """The subject in the form of RFC 4514."""
    return of(certificate).subject.rfc4514_string()


def issuer_text(certificate: AnyCertificate) -> str:
    """The issuer in the form of RFC 4514."""
    return of(certificate).issuer.rfc4514_string()


def key_kind(certificate: AnyCertificate) -> KeyKind | None:
    """The kind of the certificate's key; None for one that Atlas does not know, or none at all."""
    try:
        info = of(certificate).public_key_info
        if info.algorithm.oid in (reading.RSA, reading.RSA_PSS):
            return KeyKind("RSA", info.rsa_numbers()[0].bit_length())
        return _CURVES.get(info.curve) if info.algorithm.oid == reading.ELLIPTIC_CURVE else None
    except MalformedError:
        return None


def key_text(certificate: AnyCertificate) -> str:
    """The kind of the certificate's key for people, such as `ECDSA 256`."""
    kind = key_kind(certificate)
    if kind:
        return str(kind)
    try:
        oid = of(certificate).public_key_info.algorithm.oid
    except MalformedError:
        return "unknown"
    return _OTHER_KEYS.get(oid, oid)


def public_key_digest(certificate: AnyCertificate) -> str:
    """SHA-256 of the certificate's SubjectPublicKeyInfo, as of `keys.public_key_digest`."""
    try:
        return hashlib.sha256(_canonical(of(certificate).public_key_info)).hexdigest()
    except MalformedError:
        raise AtlasError("holds a certificate with a damaged public key") from None


def _canonical(info: PublicKeyInfo) -> bytes:
    """The SubjectPublicKeyInfo as it is written of the key by itself: RSA without a restriction to
    RSASSA-PSS (RFC 4055, 1.2), and points of curves uncompressed."""
    if info.algorithm.oid in (reading.RSA, reading.RSA_PSS):
        numbers = [
            der.encode(der.INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))
            for number in info.rsa_numbers()
        ]
        algorithm = der.encode(der.SEQUENCE, _RSA_IDENTIFIER, der.encode(der.NULL))
        key = der.encode(der.BIT_STRING, b"\0", der.encode(der.SEQUENCE, *numbers))
        return der.encode(der.SEQUENCE, algorithm, key)
    kind = _CURVES.get(info.curve)
    if kind and info.key[:1] in (b"\2", b"\3"):
        try:
            curve = keys.CURVES[kind.bits]()
            return keys.public_key_info(
                ec.EllipticCurvePublicKey.from_encoded_point(curve, info.key)
            )
        except Exception:  # a point that is none, of which cryptography says it in many ways
            return info.encoded
    return info.encoded


_RSA_IDENTIFIER = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"


def is_self_signed(certificate: AnyCertificate) -> bool:
    """Whether the certificate was signed with its own key."""
    return is_signed_by(certificate, certificate)


def is_signed_by(certificate: AnyCertificate, issuer: AnyCertificate) -> bool:
    """Whether `issuer`'s name and key are those that signed `certificate`.

    False also where that cannot be known: for a key or an algorithm that is neither RSA nor ECDSA.
    """
    return _is_signed_by(of(certificate), of(issuer))


@lru_cache(maxsize=256)
def _is_signed_by(signed: Certificate, above: Certificate) -> bool:
    """As above. What issuers signed of each other is asked with every certificate of a task."""
    if not signed.issuer.is_same_as(above.subject):
        return False
    try:
        return _is_verified(signed, above)
    except Exception:  # InvalidSignature, and many others for keys and hashes that are refused
        return False


@lru_cache(maxsize=64)
def _is_verified(signed: Certificate, above: Certificate) -> bool:
    key = serialization.load_der_public_key(_canonical(above.public_key_info))
    algorithm = getattr(hashes, _signature_hash(signed))()
    octets = der.bits(signed.signature)
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(octets, signed.to_be_signed, _rsa_padding(signed, algorithm), algorithm)
        return True
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(octets, signed.to_be_signed, ec.ECDSA(algorithm))
        return True
    return False


def _rsa_padding(
    certificate: Certificate, algorithm: hashes.HashAlgorithm
) -> padding.AsymmetricPadding:
    if certificate.signature_algorithm.oid != reading.RSA_PSS:
        return padding.PKCS1v15()
    # RFC 4055: a salt as long as the hash is what CAs use (CA/B Baseline Requirements, 7.1.3.2.1).
    return padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)


def may_issue(certificate: AnyCertificate) -> bool:
    """Whether a certificate may stand above others (RFC 5280, 4.2.1.9): it does not say that it is
    no CA's. Old roots say nothing."""
    try:
        return all(_says_ca(value) for value in of(certificate).values(_BASIC_CONSTRAINTS))
    except MalformedError:
        return False


def is_authority(certificate: AnyCertificate) -> bool:
    """Whether a certificate says that it is a CA's (RFC 5280, 4.2.1.9)."""
    try:
        return any(_says_ca(value) for value in of(certificate).values(_BASIC_CONSTRAINTS))
    except MalformedError:
        return False


def _says_ca(constraints: Element) -> bool:
    parts = der.members(constraints)
    # DER writes true as 0xFF, and OpenSSL takes anything but 0 for it.
    return bool(parts) and parts[0].tag == der.BOOLEAN and any(parts[0].content)
