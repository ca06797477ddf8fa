# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The members `public_key` and `public_key_signature` (API reference, section 4.4)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from .. import messages
from ..pki.leaf import PublicKey
from ..problems import ServiceError
from .members import ECDSA, PKCS10, RSA
from .readings import Readings
from .rules import by_presence, refused, require_known, section
from .shape import decode

_KEY, _PROOF = "public_key", "public_key_signature"
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_KEY_LABEL = re.compile("PUBLIC KEY")
_REQUEST_LABEL = re.compile("(NEW )?CERTIFICATE REQUEST")
_PEM = re.compile(r"\s*-----BEGIN ([A-Z ]+)-----\s([A-Za-z0-9+/=\s]+)-----END \1-----\s*")


def key_of_rekey(
    body: Mapping[str, Any], policy: Mapping[str, Any], readings: Readings
) -> PublicKey:
    """The key that is to replace another. The body may say nothing else (section 2.6)."""
    request = decode({**body, "validity": body.get("validity") or {}})
    sent = {name: value for name, value in request.items() if value or name != "validity"}
    require_known("", sent, (_KEY, _PROOF, "signature"), readings)
    return proven_key(request, policy, readings)


def proven_key(
    request: Mapping[str, Any], policy: Mapping[str, Any], readings: Readings
) -> PublicKey:
    """The key, once it is of the kind that the policy wants and possession of it is proven."""
    text, proof = request.get(_KEY), request.get(_PROOF)
    rule = section(policy, _KEY)
    if text is None:
        raise refused(messages.REQUIRED, _KEY)
    if rule.get("key_format") == PKCS10:  # the request's own signature is the proof
        return _of_wanted_kind(_from_signing_request(text), rule)
    key = _of_wanted_kind(_from_key_info(text), rule)
    presence = policy.get(_PROOF)
    by_presence(_PROOF, proof, presence, None, lambda sent: True, readings)
    if proof is not None and not _proves(proof, key):
        raise ServiceError(422, messages.BAD_PROOF)
    return key


def _from_key_info(text: str) -> Any:
    try:
        return serialization.load_der_public_key(_content(text, _KEY_LABEL))
    except Exception:  # cryptography raises many types for what is not a key
        raise ServiceError(422, messages.BAD_PUBLIC_KEY) from None


def _from_signing_request(text: str) -> Any:
    try:
        request = x509.load_der_x509_csr(_content(text, _REQUEST_LABEL))
        if not request.is_signature_valid:
            raise ValueError("its signature does not verify")
        return request.public_key()
    except Exception:  # as in _from_key_info
        raise ServiceError(422, messages.BAD_PUBLIC_KEY) from None


def _content(text: str, label: re.Pattern[str]) -> bytes:
    """What is inside the one block of PEM that a text is."""
    block = _PEM.fullmatch(text)
    if not block or not label.fullmatch(block[1]):
        raise ValueError("not such a block")
    return base64.b64decode("".join(block[2].split()), validate=True)


def _of_wanted_kind(key: Any, rule: Mapping[str, Any]) -> PublicKey:
    required, kind = rule.get("key_type"), _kind(key)
    if kind is None or required not in (None, kind):
        raise ServiceError(422, messages.BAD_KEY_TYPE.format(required=required or RSA))
    lengths = rule.get("allowed_lengths")
    if lengths and key.key_size not in lengths:
        raise refused(messages.INVALID_VALUE, _KEY)
    wanted: PublicKey = key
    return wanted


def _kind(key: Any) -> str | None:
    if isinstance(key, rsa.RSAPublicKey):
        return RSA
    is_known_curve = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES
    return ECDSA if is_known_curve else None


def _proves(proof: str, key: PublicKey) -> bool:
    """Whether a base64 signature over the DER of the key, always with SHA-256, verifies."""
    message = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    try:
        signature = base64.b64decode(proof, validate=True)
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (binascii.Error, InvalidSignature, ValueError):
        return False
    return True
