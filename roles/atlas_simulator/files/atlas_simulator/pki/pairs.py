# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private keys with their certificates: made once, and kept in the data folder."""

from __future__ import annotations

import datetime
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ..problems import StartError


@dataclass(frozen=True)
class Pair:
    """A private key and its certificate."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """The certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)


def kept(folder: Path, name: str, make: Callable[[], Pair]) -> Pair:
    """The pair of a name in the data folder, made if it is not there."""
    key_path, certificate_path = folder / f"{name}.key", folder / f"{name}.crt"
    if not (key_path.exists() and certificate_path.exists()):
        write_pair(folder, name, make())
    try:
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
    except (OSError, ValueError, TypeError):
        raise StartError(
            f"--data-dir: {name}.key or {name}.crt in {folder} is damaged; remove the folder to"
            " start anew."
        ) from None
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise StartError(f"--data-dir: {key_path} does not hold the kind of key it should.")
    return Pair(key, certificate)


def write_pair(folder: Path, name: str, pair: Pair) -> None:
    """Keep a pair under a name."""
    pem = pair.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_private(folder / f"{name}.key", pem)
    write_private(folder / f"{name}.crt", pair.pem.encode("ascii"))


def moment(seconds: int) -> datetime.datetime:
    """UNIX seconds as `cryptography` wants a time."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).replace(tzinfo=None)


def authority_key(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """The extension that names the key of an issuer."""
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def key_usage(usages: Mapping[str, bool]) -> x509.KeyUsage:
    """The extension of the usages by their names in the API."""
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
