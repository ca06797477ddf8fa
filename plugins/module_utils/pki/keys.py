# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private and public keys: making, reading, writing, and proof of possession."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from ..asn1 import pem
from ..errors import AtlasError
from .effort import refuse_slow_key
from .library import InvalidSignature, ec, hashes, padding, rsa, serialization, x509

if TYPE_CHECKING:
    PrivateKey = Union[rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey]
    PublicKey = Union[rsa.RSAPublicKey, ec.EllipticCurvePublicKey]

CURVES: dict[int, type[ec.EllipticCurve]] = {
    256: ec.SECP256R1,
    384: ec.SECP384R1,
    521: ec.SECP521R1,
}
MOST_COMMON_NAME_CHARACTERS = 64
LEAST_RSA_BITS, MOST_RSA_BITS = 1024, 8192
PKCS8, PKCS1 = "pkcs8", "pkcs1"
_PRIVATE_KEYS = (
    b"PRIVATE KEY",
    b"ENCRYPTED PRIVATE KEY",
    b"RSA PRIVATE KEY",
    b"EC PRIVATE KEY",
    b"DSA PRIVATE KEY",
    b"OPENSSH PRIVATE KEY",
)
_PUBLIC_KEYS = (b"PUBLIC KEY", b"RSA PUBLIC KEY")
_SIGNING_REQUESTS = (b"CERTIFICATE REQUEST", b"NEW CERTIFICATE REQUEST")
_POSSESSION = b"globalsign.atlas possession\0"


@dataclass(frozen=True)
class KeyKind:
    """The kind of a key: `RSA` or `ECDSA`, and its size in bits."""

    key_type: str
    bits: int

    def __str__(self) -> str:
        return f"{self.key_type} {self.bits}"


def generate(kind: KeyKind) -> PrivateKey:
    """Make a new private key: RSA with exponent 65537, or ECDSA on P-256, P-384 or P-521.

    The size may come from a validation policy: one that would take hours is refused at once.
    """
    if kind.key_type == "RSA":
        if not LEAST_RSA_BITS <= kind.bits <= MOST_RSA_BITS:
            raise AtlasError(
                f"A new RSA key cannot have {kind.bits} bits; give a privatekey_size of"
                f" {LEAST_RSA_BITS} to {MOST_RSA_BITS}."
            )
        return rsa.generate_private_key(public_exponent=65537, key_size=kind.bits)
    if kind.bits not in CURVES:
        raise AtlasError(
            f"A new ECDSA key cannot have {kind.bits} bits; give a privatekey_size of 256, 384 or"
            " 521."
        )
    return ec.generate_private_key(CURVES[kind.bits]())


def private_key_pem(key: PrivateKey, passphrase: str | None = None, form: str = PKCS8) -> bytes:
    """Write a private key as PEM: PKCS#8, or the traditional form that OpenSSL calls by type.

    With a passphrase it is encrypted, with the best that the library offers for the form.
    """
    formats = {
        PKCS8: serialization.PrivateFormat.PKCS8,
        PKCS1: serialization.PrivateFormat.TraditionalOpenSSL,
    }
    encryption = (
        serialization.BestAvailableEncryption(passphrase.encode("utf-8"))
        if passphrase
        else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, formats[form], encryption)


def private_key_block(content: bytes) -> bytes:
    """The first private key of a PEM file without what stands around it; empty if there is none."""
    return next((block.whole for block in pem.blocks(content, _PRIVATE_KEYS)), b"")


def load_private_key(content: bytes, passphrase: str | None = None) -> PrivateKey:
    """Read the first private key of a PEM file, of a kind that Atlas knows.

    Text and other blocks around it are passed over; a key without a passphrase needs none. The
    error texts complete a sentence that begins with the file's name, and never quote the file.
    """
    found = next(pem.blocks(content, _PRIVATE_KEYS), None)
    if found is None:
        raise AtlasError("is not a private key in PEM format") from None
    refuse_slow_key(found)
    block = found.whole
    is_encrypted = b"ENCRYPTED" in block
    secret = passphrase.encode("utf-8") if passphrase is not None and is_encrypted else None
    try:
        key = serialization.load_pem_private_key(block, secret)
    except TypeError:
        raise AtlasError("is protected by a passphrase, and none was given") from None
    except Exception:  # cryptography raises many types here, and their texts may quote the input
        wrong = "is not a private key in PEM format"
        is_locked = is_encrypted and passphrase
        raise AtlasError("does not open with the passphrase" if is_locked else wrong) from None
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise AtlasError("is neither an RSA nor an ECDSA key")
    kind_of(key.public_key())
    return key


def load_public_key(text: str) -> PublicKey:
    """Read the first public key in PEM format of a text, of a kind that Atlas knows."""
    block = next(pem.blocks(text.encode("utf-8", "replace"), _PUBLIC_KEYS), None)
    try:
        key = serialization.load_pem_public_key(block.whole if block else b"")
    except Exception:  # as in load_private_key
        raise AtlasError("is not a public key in PEM format") from None
    if not isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)):
        raise AtlasError("is neither an RSA nor an ECDSA key")
    kind_of(key)
    return key


def kind_of(key: object) -> KeyKind:
    """Tell the kind of a public key; refuse curves and sizes that Atlas does not know."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size > MOST_RSA_BITS:
            raise AtlasError(f"has {key.key_size} bits, more than {MOST_RSA_BITS}")
        return KeyKind("RSA", key.key_size)
    if isinstance(key, ec.EllipticCurvePublicKey):
        if not isinstance(key.curve, tuple(CURVES.values())):
            raise AtlasError(f"is on the curve {key.curve.name}, not on P-256, P-384 or P-521")
        return KeyKind("ECDSA", key.curve.key_size)
    raise AtlasError("is neither an RSA nor an ECDSA key")


def public_key_pem(key: PublicKey) -> str:
    """Write a public key as PEM SubjectPublicKeyInfo."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode("ascii")


def public_key_info(key: object) -> bytes:
    """The DER SubjectPublicKeyInfo of any public key that cryptography knows (RFC 5280, 4.1)."""
    info: bytes = key.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return info


def public_key_digest(key: object) -> str:
    """SHA-256 of the SubjectPublicKeyInfo in lower-case hex: which key it is."""
    return hashlib.sha256(public_key_info(key)).hexdigest()


def prove_possession(key: PrivateKey) -> str:
    """Sign the DER SubjectPublicKeyInfo as Atlas wants it in `public_key_signature`.

    Always SHA-256; PKCS#1 v1.5 for RSA, a DER sequence of r and s for ECDSA; standard base64 on
    one line (API reference, "Key formats and public_key_signature").
    """
    return _sign(key, public_key_info(key.public_key()))


def proves_possession(key: PublicKey, proof: str) -> bool:
    """Whether `proof`, as `prove_possession` makes it, was made with the private key."""
    return _is_signature(key, proof, public_key_info(key))


def _is_signature(key: PublicKey, encoded: str, message: bytes) -> bool:
    try:
        signature = base64.b64decode(encoded, validate=True)
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def answer_challenge(key: PrivateKey, nonce: str) -> str:
    """Show possession of a key to who chose the nonce; what is signed fits nothing else."""
    return _sign(key, _POSSESSION + nonce.encode("utf-8"))


def _sign(key: PrivateKey, message: bytes) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    else:
        signature = key.sign(message, ec.ECDSA(hashes.SHA256()))
    return base64.b64encode(signature).decode("ascii")


def answers_challenge(key: PublicKey, nonce: str, answer: str) -> bool:
    """Whether `answer` was made by `answer_challenge` with the private key, for this nonce."""
    return _is_signature(key, answer, _POSSESSION + nonce.encode("utf-8"))


def signing_request_pem(key: PrivateKey, common_name: str | None) -> str:
    """Make a PKCS#10 request (RFC 2986). Atlas reads its key and signature and nothing else.

    A common name that is too long for one (RFC 5280, A.1) is left out.
    """
    attributes = []
    if common_name and len(common_name) <= MOST_COMMON_NAME_CHARACTERS:
        attributes.append(x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
    request = builder.sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode("ascii")


def signing_request_text(text: str) -> str:
    """The first PKCS#10 request of a text, alone and as everybody writes it."""
    return pem.write("CERTIFICATE REQUEST", _signing_request(text))


def _signing_request(text: str) -> bytes:
    for block in pem.blocks(text.encode("utf-8", "replace"), _SIGNING_REQUESTS):
        try:
            return block.content()
        except ValueError:
            break
    raise AtlasError("is not a certificate signing request in PEM format")


def load_signing_request(text: str) -> PublicKey:
    """The public key of the first PKCS#10 request of a text, whose signature is right."""
    try:
        request = x509.load_der_x509_csr(_signing_request(text))
        is_valid, key = request.is_signature_valid, request.public_key()
    except Exception:  # as in load_private_key
        raise AtlasError("is not a certificate signing request in PEM format") from None
    if not is_valid:
        raise AtlasError("is a certificate signing request with a wrong signature")
    if not isinstance(key, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)):
        raise AtlasError("is neither for an RSA nor for an ECDSA key")
    kind_of(key)
    return key


def signing_request_proves(key: PublicKey, request_pem: str) -> bool:
    """Whether a PKCS#10 request is for this key and was signed with its private key."""
    try:
        request = x509.load_der_x509_csr(_signing_request(request_pem))
        same_key = public_key_info(request.public_key()) == public_key_info(key)
        return same_key and request.is_signature_valid
    except Exception:  # the request comes from a node, and cryptography raises many types
        return False
