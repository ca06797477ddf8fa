# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates: reading them, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Callable

from ..errors import AtlasError
from . import keys
from .library import (
    InvalidSignature,
    UnsupportedAlgorithm,
    ec,
    hashes,
    padding,
    rsa,
    serialization,
    x509,
)

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
_ATTRIBUTES = {"key_certificate_sign": "key_cert_sign"}
_SIGNATURE_ALGORITHMS = {"1.2.840.113549.1.1.10": "RSA-PSS"}

_CA_ISSUERS = "1.3.6.1.5.5.7.48.2"

_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


def load_certificates(pem: bytes) -> tuple[x509.Certificate, ...]:
    """Read all certificates of a PEM file in their order; other PEM blocks are passed over.

    The error texts complete a sentence that begins with the file's name.
    """
    blocks = _blocks(pem)
    if not blocks:
        raise AtlasError("holds no certificate in PEM format")
    try:
        return tuple(x509.load_pem_x509_certificate(block) for block in blocks)
    except ValueError:
        raise AtlasError("holds a damaged certificate") from None


def _blocks(pem: bytes) -> list[bytes]:
    """The PEM blocks of certificates; without a regular expression, which would try each BEGIN
    with each END."""
    found = []
    start = pem.find(_BEGIN)
    while start >= 0:
        end = pem.find(_END, start)
        if end < 0:
            break
        found.append(pem[start : end + len(_END)])
        start = pem.find(_BEGIN, end)
    return found


def load_der_certificate(content: bytes) -> x509.Certificate:
    """Read one certificate in DER, or PEM if somebody serves that instead."""
    if _BEGIN in content:
        return load_certificates(content)[0]
    try:
        return x509.load_der_x509_certificate(content)
    except ValueError:
        raise AtlasError("holds no certificate in DER format") from None


def issuer_urls(certificate: x509.Certificate) -> list[str]:
    """Where a certificate says that its issuer's can be fetched (RFC 5280, 4.2.2.1)."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [
        str(description.access_location.value)
        for description in access.value
        if description.access_method.dotted_string == _CA_ISSUERS
    ]


def certificate_pem(certificate: x509.Certificate) -> str:
    """Write a certificate as PEM that ends with a line feed."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def not_before(certificate: x509.Certificate) -> int:
    """Start of the validity in UNIX seconds."""
    return _unix(certificate, "not_valid_before")


def not_after(certificate: x509.Certificate) -> int:
    """End of the validity in UNIX seconds."""
    return _unix(certificate, "not_valid_after")


def _unix(certificate: x509.Certificate, attribute: str) -> int:
    # cryptography 42 renamed the attributes, and the old ones (naive UTC) warn since then.
    moment: datetime = getattr(certificate, attribute + "_utc", None) or getattr(
        certificate, attribute
    ).replace(tzinfo=timezone.utc)
    return int(moment.timestamp())


def serial_number(certificate: x509.Certificate) -> str:
    """The serial number as Atlas writes it: 32 upper-case hex digits."""
    return f"{certificate.serial_number:032X}"


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate in lower-case hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


@dataclass(frozen=True)
class Names:
    """The subject alternative names of one certificate, each kind as a set of plain text.

    DNS names are lower-case A-labels, IP addresses in canonical form.
    """

    dns_names: frozenset[str]
    emails: frozenset[str]
    ip_addresses: frozenset[str]
    uris: frozenset[str]


def names(certificate: x509.Certificate) -> Names:
    """Read the subject alternative names (RFC 5280, 4.2.1.6)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return Names(frozenset(), frozenset(), frozenset(), frozenset())
    except ValueError:
        raise AtlasError("holds a certificate with damaged extensions") from None
    general_names = extension.value
    return Names(
        frozenset(name.lower() for name in general_names.get_values_for_type(x509.DNSName)),
        frozenset(general_names.get_values_for_type(x509.RFC822Name)),
        frozenset(str(name) for name in general_names.get_values_for_type(x509.IPAddress)),
        frozenset(general_names.get_values_for_type(x509.UniformResourceIdentifier)),
    )


def other_names(certificate: x509.Certificate) -> frozenset[tuple[str, bytes]]:
    """The other names among the subject alternative names: OID and DER value of each."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return frozenset()
    found = extension.value.get_values_for_type(x509.OtherName)
    return frozenset((name.type_id.dotted_string, name.value) for name in found)


def key_usages(certificate: x509.Certificate) -> frozenset[str]:
    """The key usages (RFC 5280, 4.2.1.3), as Atlas names them."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return frozenset()
    # The last two may be asked for only where they have a meaning, beside key_agreement.
    names_of_all = _KEY_USAGES if usage.key_agreement else _KEY_USAGES[:-2]
    return frozenset(name for name in names_of_all if getattr(usage, _ATTRIBUTES.get(name, name)))


def extended_key_usages(certificate: x509.Certificate) -> frozenset[str]:
    """The extended key usages (RFC 5280, 4.2.1.12), as dotted OIDs."""
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return frozenset()
    return frozenset(usage.dotted_string for usage in usages)


def extension_oids(certificate: x509.Certificate) -> frozenset[str]:
    """Which extensions there are, as dotted OIDs."""
    return frozenset(extension.oid.dotted_string for extension in certificate.extensions)


def signature(certificate: x509.Certificate) -> dict[str, str]:
    """How the CA signed, in the words of a request: `algorithm` and `hash_algorithm`."""
    algorithm = _SIGNATURE_ALGORITHMS.get(certificate.signature_algorithm_oid.dotted_string)
    if algorithm is None:
        algorithm = "ECDSA" if _is_ecdsa(certificate) else "RSA"
    used = certificate.signature_hash_algorithm
    hash_name = used.name.upper().replace("SHA", "SHA-") if used else ""
    return {"algorithm": algorithm, "hash_algorithm": hash_name}


def _is_ecdsa(certificate: x509.Certificate) -> bool:
    return certificate.signature_algorithm_oid.dotted_string.startswith("1.2.840.10045.")


def attribute_values(certificate: x509.Certificate, oid: str) -> tuple[str, ...]:
    """The values of an attribute of the subject, by its OID."""
    found = certificate.subject.get_attributes_for_oid(x509.ObjectIdentifier(oid))
    return tuple(str(attribute.value) for attribute in found)


def subject(certificate: x509.Certificate) -> dict[str, tuple[str, ...]]:
    """The subject's attributes under the names that Atlas gives them; absent ones are left out."""
    found = {}
    for name, oid in SUBJECT_OIDS.items():
        values = certificate.subject.get_attributes_for_oid(x509.ObjectIdentifier(oid))
        if values:
            found[name] = tuple(str(attribute.value) for attribute in values)
    return found


def common_name(certificate: x509.Certificate) -> str | None:
    """The subject's common name, if it has one."""
    values = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(values[0].value) if values else None


def public_key_digest(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate's SubjectPublicKeyInfo, as of `keys.public_key_digest`."""
    return keys.public_key_digest(certificate.public_key())


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Whether the certificate was signed with its own key."""
    return is_signed_by(certificate, certificate)


def is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer`'s name and key are those that signed `certificate`.

    `Certificate.verify_directly_issued_by` does this from cryptography 40 on; nodes have 3.3.
    """
    try:
        if certificate.issuer != issuer.subject:
            return False
        _signature_check(certificate, issuer)()
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    return True


def may_issue(certificate: x509.Certificate) -> bool:
    """Whether a certificate may stand above others (RFC 5280, 4.2.1.9): it does not say that it is
    no CA's. Old roots say nothing."""
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return True
    except (ValueError, x509.DuplicateExtension):
        return False
    return bool(constraints.ca)


def _signature_check(certificate: x509.Certificate, issuer: x509.Certificate) -> Callable[[], None]:
    key = issuer.public_key()
    signature, message = certificate.signature, certificate.tbs_certificate_bytes
    algorithm = certificate.signature_hash_algorithm
    if isinstance(key, rsa.RSAPublicKey) and algorithm:
        return lambda: key.verify(signature, message, _rsa_padding(certificate), algorithm)
    if isinstance(key, ec.EllipticCurvePublicKey) and algorithm:
        return lambda: key.verify(signature, message, ec.ECDSA(algorithm))
    raise UnsupportedAlgorithm("neither RSA nor ECDSA")


def _rsa_padding(certificate: x509.Certificate) -> padding.AsymmetricPadding:
    if certificate.signature_algorithm_oid.dotted_string != "1.2.840.113549.1.1.10":
        return padding.PKCS1v15()
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None:
        raise UnsupportedAlgorithm("RSASSA-PSS without a hash")
    # RFC 4055: a salt as long as the hash is what CAs use (CA/B Baseline Requirements, 7.1.3.2.1).
    return padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
