# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys: what is made, what is read, what is refused, and the reference's proof vectors."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

# The two vectors of the API reference, "Examples".
ECDSA_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEoC1c0G3iSvW5The/93bvA6ATqPo3
SHfT8pqg+z/1j7EOhGwWRiE4b2N0mg8u1IwAJ2WkUxOoXbfE1k1LUH7wVA==
-----END PUBLIC KEY-----"""
ECDSA_PROOF = (
    "MEUCIQC03LuBPRUatXzoZiKSknIl/MnHhHxtfCscj3I+E7+orgIgM4WM1uHajpBVE+lC"
    "CkelZ+3IIzaEN/EDLDy+eXaAD/g="
)
RSA_KEY = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArQaMmUY6bT/ZOgQNs++C
9g4Cbav2DmWBCe0kcS3PVmObC8BDuz15LjTY2XYGd06IaYQKl0vfP7d5/sqUkvvO
tOpBzs3T7C1c447NuCRfjjyxXyRD+vqF9wgFAIvA/GUHLWwyOqg9o/xTwtZlJhOR
jSZrlJgDM6/GNI21n0b/513AX37hO3++dQwZ6TjiEXbupixQz8Orae4ltyn6YNzN
hrLbztP0i1vZ2IAflk7zmgg6pm50uz5jSzYR1NB3y3g/cAADKxTFC+CtsgV4qP7J
MAAdJ5VwNlpeJ9tpOq3jlsKbNw1iB7w18HNUm458FG9Zz2W847A1OmojAtXjwNti
NwIDAQAB
-----END PUBLIC KEY-----"""
RSA_PROOF = (
    "jD+WIFwueiWqhyz61DvH1NOBA9jcKZa1YcfaPSQwcebp/SZecsYxgRhdu3gEf/YAhiIx8tUWNljBQzg/JbezW4Un4nGe"
    "3Vhctn7owld/xlHGqtRzReT4M3hRabDtOKl0i7D/qRAkAww9UBUwARsSe+zCffszKe7nKoL0FiKoRk0WTIPG3+YbEl1s"
    "CVQ7SxqIbe26+mtLuzqwRbtC4zc+DLv/vTDEaF77P+2QeOB4MrcZyn5dc9++kbisl1qChQI0qh3B94JdwfUlLBG01YNk"
    "BL1u/exa/b91dtqY4HkINmTdi9stHg/x+Zs8xfV4IpFQ92eLckk8+u7Psedk4485fA=="
)


@pytest.mark.parametrize(
    "kind",
    [keys.KeyKind("ECDSA", bits) for bits in keys.CURVES] + [keys.KeyKind("RSA", 2048)],
    ids=str,
)
def test_a_generated_key_has_the_kind_asked_for_and_can_be_read_again(kind: keys.KeyKind) -> None:
    key = keys.generate(kind)
    again = keys.load_private_key(keys.private_key_pem(key))
    assert keys.kind_of(again.public_key()) == kind
    assert keys.private_key_pem(again) == keys.private_key_pem(key)


@pytest.mark.parametrize(("pem", "proof"), [(ECDSA_KEY, ECDSA_PROOF), (RSA_KEY, RSA_PROOF)])
def test_the_proofs_of_the_reference_verify(pem: str, proof: str) -> None:
    key = keys.load_public_key(pem)
    assert keys.proves_possession(key, proof)
    assert not keys.proves_possession(key, proof.replace("A", "B", 1))


@pytest.mark.parametrize("proof", ["", "not base64", "AAAA", RSA_PROOF])
def test_what_is_no_proof_proves_nothing(proof: str) -> None:
    assert not keys.proves_possession(keys.load_public_key(ECDSA_KEY), proof)


def test_a_proof_is_for_one_key(private_key: keys.PrivateKey, rsa_key: keys.PrivateKey) -> None:
    for key in (private_key, rsa_key):
        proof = keys.prove_possession(key)
        assert keys.proves_possession(key.public_key(), proof)
    assert not keys.proves_possession(private_key.public_key(), keys.prove_possession(rsa_key))


def test_a_signing_request_proves_its_own_key_only(
    private_key: keys.PrivateKey, rsa_key: keys.PrivateKey
) -> None:
    request = keys.signing_request_pem(private_key, "www.example.com")
    assert keys.signing_request_proves(private_key.public_key(), request)
    assert not keys.signing_request_proves(rsa_key.public_key(), request)
    assert not keys.signing_request_proves(private_key.public_key(), "no request")


def test_a_key_with_a_passphrase_is_refused_by_name(private_key: keys.PrivateKey) -> None:
    pem = private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"canary-passphrase"),
    )
    with pytest.raises(AtlasError, match="protected by a passphrase"):
        keys.load_private_key(pem)


def test_an_error_never_quotes_the_key(private_key: keys.PrivateKey) -> None:
    pem = keys.private_key_pem(private_key).replace(b"PRIVATE", b"PRIVATX")
    with pytest.raises(AtlasError) as caught:
        keys.load_private_key(pem)
    body = pem.splitlines()[1].decode()
    assert body not in repr(caught.value)
    assert caught.value.__suppress_context__


def test_a_curve_that_atlas_does_not_know_is_refused(foreign_curve_key: object) -> None:
    with pytest.raises(AtlasError, match="secp256k1"):
        keys.kind_of(foreign_curve_key.public_key())
