# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys to send: each as a public key with its proof of possession, and as a CSR."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

KINDS = (("RSA", 2048), ("RSA", 3072), ("ECDSA", 256), ("ECDSA", 384), ("ECDSA", 521))
_CURVES = {256: ec.SECP256R1, 384: ec.SECP384R1, 521: ec.SECP521R1}


@dataclass(frozen=True)
class Material:
    """What is sent of one key."""

    public_key: str
    proof: str
    signing_request: str


@cache
def material(key_type: str, bits: int) -> Material:
    """The same key each time; making an RSA key takes long."""
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if key_type == "RSA":
        key = rsa.generate_private_key(65537, bits)
    else:
        key = ec.generate_private_key(_CURVES[bits]())
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    if isinstance(key, rsa.RSAPrivateKey):
        proof = key.sign(spki, padding.PKCS1v15(), hashes.SHA256())
    else:
        proof = key.sign(spki, ec.ECDSA(hashes.SHA256()))
    pem = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    signing_request = csr.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return Material(
        pem.decode().strip(), base64.b64encode(proof).decode(), signing_request.decode().strip()
    )
