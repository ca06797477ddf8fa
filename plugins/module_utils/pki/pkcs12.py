# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""PKCS#12 (RFC 7292): a private key, its certificate and others in one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..asn1.certificate import Certificate
from ..errors import AtlasError
from . import certificates, keys
from .effort import refuse_slow_derivation
from .library import ec, load_pkcs12, rsa, serialization, serialize_pkcs12

if TYPE_CHECKING:
    from .keys import PrivateKey


@dataclass(frozen=True)
class Contents:
    """What a PKCS#12 file holds; `others` in no certain order."""

    key: PrivateKey | None
    certificate: Certificate | None
    others: tuple[Certificate, ...]


def write(
    key: PrivateKey | None,
    certificate: Certificate | None,
    others: Sequence[Certificate],
    passphrase: str | None,
    name: str,
) -> bytes:
    """Write a PKCS#12; two of the same content differ, because of their salts.

    AtlasError completes a sentence that begins with the certificate's file: the library does not
    take every certificate that can be read.
    """
    encryption = (
        serialization.BestAvailableEncryption(passphrase.encode("utf-8"))
        if passphrase
        else serialization.NoEncryption()
    )
    written: bytes = serialize_pkcs12(
        name.encode("utf-8"),
        key,
        certificates.to_library(certificate) if certificate else None,
        [certificates.to_library(other) for other in others] or None,
        encryption,
    )
    return written


def read(content: bytes, passphrase: str | None) -> Contents:
    """Read a PKCS#12. The error texts complete a sentence that begins with the file's name."""
    secret = passphrase.encode("utf-8") if passphrase else None
    refuse_slow_derivation(content)
    try:
        key, certificate, others = load_pkcs12(content, secret)
    except Exception:  # cryptography raises many types here, and their texts may quote the input
        raise AtlasError("is not a PKCS#12 file that opens with the passphrase") from None
    if key is not None and not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise AtlasError("holds neither an RSA nor an ECDSA key")
    if key is not None:
        keys.kind_of(key.public_key())
    return Contents(
        key,
        certificates.of(certificate) if certificate else None,
        tuple(certificates.of(other) for other in others or ()),
    )
