# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys and certificates: the issuing hierarchy, and what the API's own TLS needs."""

from __future__ import annotations

import datetime
import ipaddress
import os
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Union

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from .problems import StartError

DAY = 86400
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


@dataclass(frozen=True)
class Pair:
    """A private key and its certificate."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


class Authority:
    """The issuing hierarchy: a root and an issuing CA, made once and kept in the data folder."""

    def __init__(self, folder: Path) -> None:
        self.root = _kept(folder, "root", lambda: _make_ca("Simulated Atlas Root", 20 * 365))
        self.issuing = _kept(
            folder,
            "issuing",
            lambda: _make_ca("Simulated Atlas Issuing CA", 10 * 365, self.root),
        )
        (folder / "root.pem").write_text(self.root.pem, encoding="ascii")

    @property
    def chain(self) -> list[str]:
        """The trust chain as PEM, the issuing CA first."""
        return [self.issuing.pem, self.root.pem]

    @property
    def issuer_expiry(self) -> int:
        """When the issuing CA ends, in UNIX seconds."""
        return _end(self.issuing.certificate)

    def issue(self, leaf: Leaf) -> str:
        """Sign a certificate; PEM."""
        builder = (
            x509.CertificateBuilder()
            .serial_number(int(leaf.serial, 16))
            .subject_name(_name(leaf.subject))
            .issuer_name(self.issuing.certificate.subject)
            .not_valid_before(_moment(leaf.not_before))
            .not_valid_after(_moment(leaf.not_after))
            .public_key(leaf.public_key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
            .add_extension(_key_usage(leaf.key_usages), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(leaf.public_key), critical=False
            )
            .add_extension(_authority_key(self.issuing.certificate), critical=False)
        )
        if leaf.ekus:
            usages = x509.ExtendedKeyUsage([ObjectIdentifier(oid) for oid in leaf.ekus])
            builder = builder.add_extension(usages, critical=leaf.ekus_critical)
        names = list(_general_names(leaf.san))
        if names:
            extension = x509.SubjectAlternativeName(names)
            builder = builder.add_extension(extension, critical=leaf.san_critical)
        certificate = builder.sign(self.issuing.key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


class ApiTls:
    """What mutual TLS with the API takes: a CA of its own, the server's and clients' certificates.

    `client` is the account's; `other-client` belongs to no account, `expired-client` has ended.
    """

    def __init__(self, folder: Path, server_names: Sequence[str]) -> None:
        self._folder = folder
        self.ca = _kept(folder, "api-ca", lambda: _make_ca("Simulated Atlas API CA", 10 * 365))
        names = sorted({*server_names, "localhost", "127.0.0.1", "::1"})
        server = _kept(folder, "server", lambda: self._make_server(names))
        if _names_of(server.certificate) != set(names):
            _write_pair(folder, "server", self._make_server(names))
        self.client = _kept(folder, "client", lambda: self._make_client("account"))
        _kept(folder, "other-client", lambda: self._make_client("other"))
        _kept(folder, "expired-client", lambda: self._make_client("account", ended=True))

    def _make_server(self, names: Sequence[str]) -> Pair:
        san = x509.SubjectAlternativeName([_server_name(name) for name in names])
        return _make_end_entity(self.ca, names[0], ExtendedKeyUsageOID.SERVER_AUTH, san)

    def _make_client(self, name: str, ended: bool = False) -> Pair:
        return _make_end_entity(self.ca, name, ExtendedKeyUsageOID.CLIENT_AUTH, None, ended)

    def path(self, name: str, kind: str) -> Path:
        """Where the certificate (`crt`) or private key (`key`) of a name is."""
        return self._folder / f"{name}.{kind}"


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)


def _kept(folder: Path, name: str, make: Callable[[], Pair]) -> Pair:
    key_path, certificate_path = folder / f"{name}.key", folder / f"{name}.crt"
    if not (key_path.exists() and certificate_path.exists()):
        _write_pair(folder, name, make())
    try:
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
    except (OSError, ValueError, TypeError):
        raise StartError(
            f"--data-dir: {name}.key or {name}.crt in {folder} is damaged; remove the folder to"
            " start anew."
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StartError(f"--data-dir: {key_path} does not hold the kind of key it should.")
    return Pair(key, certificate)


def _write_pair(folder: Path, name: str, pair: Pair) -> None:
    pem = pair.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_private(folder / f"{name}.key", pem)
    write_private(folder / f"{name}.crt", pair.pem.encode("ascii"))


def _make_ca(name: str, days: int, signer: Pair | None = None) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name([("common_name", name)])
    issuer = signer.certificate.subject if signer else subject
    builder = (
        _begin(subject, issuer, key.public_key(), days)
        .add_extension(
            x509.BasicConstraints(ca=True, path_length=0 if signer else None), critical=True
        )
        .add_extension(_key_usage({"key_certificate_sign": True, "crl_sign": True}), critical=True)
    )
    if signer:
        builder = builder.add_extension(_authority_key(signer.certificate), critical=False)
    return Pair(key, builder.sign(signer.key if signer else key, hashes.SHA256()))


def _make_end_entity(
    ca: Pair,
    name: str,
    usage: ObjectIdentifier,
    san: x509.SubjectAlternativeName | None,
    ended: bool = False,
) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name([("common_name", name)])
    builder = (
        _begin(subject, ca.certificate.subject, key.public_key(), -1 if ended else 5 * 365)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage({"digital_signature": True}), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(_authority_key(ca.certificate), critical=False)
    )
    if san:
        builder = builder.add_extension(san, critical=False)
    return Pair(key, builder.sign(ca.key, hashes.SHA256()))


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = int(time.time())
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .not_valid_before(_moment(now - 2 * DAY))
        .not_valid_after(_moment(now + days * DAY))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _moment(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).replace(tzinfo=None)


def _end(certificate: x509.Certificate) -> int:
    return int(certificate.not_valid_after_utc.timestamp())


def _name(attributes: Iterable[tuple[str, str]]) -> x509.Name:
    return x509.Name([x509.NameAttribute(SUBJECT_OIDS[name], value) for name, value in attributes])


def _authority_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _key_usage(usages: dict[str, bool]) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=usages.get("digital_signature", False),
        content_commitment=usages.get("content_commitment", False),
        key_encipherment=usages.get("key_encipherment", False),
        data_encipherment=usages.get("data_encipherment", False),
        key_agreement=usages.get("key_agreement", False),
        key_cert_sign=usages.get("key_certificate_sign", False),
        crl_sign=usages.get("crl_sign", False),
        encipher_only=usages.get("encipher_only", False),
        decipher_only=usages.get("decipher_only", False),
    )


def _general_names(san: dict[str, list[str]]) -> Iterable[x509.GeneralName]:
    yield from (x509.DNSName(name) for name in san.get("dns_names", []))
    yield from (x509.RFC822Name(name) for name in san.get("emails", []))
    yield from (x509.IPAddress(ipaddress.ip_address(name)) for name in san.get("ip_addresses", []))
    yield from (x509.UniformResourceIdentifier(name) for name in san.get("uris", []))


def _server_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names_of(certificate: x509.Certificate) -> set[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}
