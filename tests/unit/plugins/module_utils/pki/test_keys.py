# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys: what is made, what is read, what is refused, and the reference's proof vectors."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

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


@pytest.mark.parametrize(
    "proof", ["", "not base64", "AAAA", "AAA", "\N{BULLET}", RSA_PROOF, ECDSA_PROOF + "\n"]
)
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
    assert keys.signing_request_proves(private_key.public_key(), request) is True
    forged = forged_request(request)
    assert keys.signing_request_proves(private_key.public_key(), forged) is False
    assert keys.signing_request_proves(private_key.public_key(), "\N{BULLET}") is False


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


PASSPHRASE = "corr\N{LATIN SMALL LETTER E WITH ACUTE}ct"


@pytest.fixture(scope="module")
def unknown_key() -> Any:
    return ed25519.Ed25519PrivateKey.generate()


def public_pem(key: Any) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def private_pem(key: Any) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def request_of(key: Any) -> str:
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = builder.sign(key, algorithm)
    return request.public_bytes(serialization.Encoding.PEM).decode()


def forged_request(request: str) -> str:
    """The same request with another signature of the right form."""
    content = bytearray(
        x509.load_pem_x509_csr(request.encode()).public_bytes(serialization.Encoding.DER)
    )
    content[-1] ^= 1
    forged = x509.load_der_x509_csr(bytes(content))
    return forged.public_bytes(serialization.Encoding.PEM).decode()


class TestPrivateKeys:
    @pytest.mark.parametrize(
        ("form", "title"),
        [(keys.PKCS8, b"PRIVATE KEY"), (keys.PKCS1, b"EC PRIVATE KEY")],
    )
    def test_the_form_asked_for_is_written(self, private_key, form: str, title: bytes) -> None:
        pem = keys.private_key_pem(private_key, form=form)
        assert pem.splitlines()[0] == b"-----BEGIN " + title + b"-----"
        assert private_pem(keys.load_private_key(pem)) == private_pem(private_key)

    def test_options_have_the_names_of_the_forms(self) -> None:
        assert (keys.PKCS8, keys.PKCS1) == ("pkcs8", "pkcs1")

    @pytest.mark.parametrize("form", [keys.PKCS8, keys.PKCS1])
    def test_a_passphrase_opens_what_was_written_with_it(self, private_key, form: str) -> None:
        pem = keys.private_key_pem(private_key, PASSPHRASE, form)
        assert b"ENCRYPTED" in pem
        opened = serialization.load_pem_private_key(pem, PASSPHRASE.encode("utf-8"))
        assert private_pem(opened) == private_pem(private_key)
        assert private_pem(keys.load_private_key(pem, PASSPHRASE)) == private_pem(private_key)

    def test_an_empty_passphrase_is_none(self, private_key) -> None:
        assert keys.private_key_pem(private_key, "") == keys.private_key_pem(private_key)

    def test_a_wrong_passphrase_is_told(self, private_key) -> None:
        pem = keys.private_key_pem(private_key, PASSPHRASE)
        with pytest.raises(AtlasError) as caught:
            keys.load_private_key(pem, "canary-passphrase")
        assert caught.value.message == "does not open with the passphrase"
        assert caught.value.__suppress_context__

    def test_a_key_without_a_passphrase_needs_none(self, private_key) -> None:
        pem = keys.private_key_pem(private_key)
        assert private_pem(keys.load_private_key(pem, PASSPHRASE)) == private_pem(private_key)

    @pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
    @pytest.mark.parametrize("content", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----"])
    def test_no_key(self, content: bytes, passphrase: str | None) -> None:
        with pytest.raises(AtlasError) as caught:
            keys.load_private_key(content, passphrase)
        assert caught.value.message == "is not a private key in PEM format"

    def test_damaged_and_named_as_encrypted_without_a_passphrase(self) -> None:
        with pytest.raises(AtlasError) as caught:
            keys.load_private_key(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        assert caught.value.message == "is not a private key in PEM format"

    def test_one_of_an_unknown_kind_is_refused(self, unknown_key) -> None:
        with pytest.raises(AtlasError) as caught:
            keys.load_private_key(private_pem(unknown_key))
        assert caught.value.message == "is neither an RSA nor an ECDSA key"

    def test_one_on_an_unknown_curve_is_refused(self, foreign_curve_key) -> None:
        with pytest.raises(AtlasError) as caught:
            keys.load_private_key(private_pem(foreign_curve_key))
        assert caught.value.message == "is on the curve secp256k1, not on P-256, P-384 or P-521"

    def test_an_rsa_key_has_the_usual_exponent(self, rsa_key) -> None:
        assert rsa_key.public_key().public_numbers().e == 65537

    @pytest.mark.parametrize(
        ("bits", "curve"), [(256, ec.SECP256R1), (384, ec.SECP384R1), (521, ec.SECP521R1)]
    )
    def test_an_ecdsa_key_is_on_the_curve_of_its_size(self, bits: int, curve: type) -> None:
        assert isinstance(keys.generate(keys.KeyKind("ECDSA", bits)).curve, curve)


class TestPublicKeys:
    @pytest.mark.parametrize("pem", [ECDSA_KEY, RSA_KEY])
    def test_written_as_they_were_read(self, pem: str) -> None:
        assert keys.public_key_pem(keys.load_public_key(pem)) == pem + "\n"

    @pytest.mark.parametrize("content", ["", "garbage", ECDSA_KEY[:80], "\N{BULLET}"])
    def test_no_key(self, content: str) -> None:
        with pytest.raises(AtlasError) as caught:
            keys.load_public_key(content)
        assert caught.value.message == "is not a public key in PEM format"
        assert caught.value.__suppress_context__

    def test_one_of_an_unknown_kind_is_refused(self, unknown_key) -> None:
        for read, key in (
            (keys.load_public_key, public_pem(unknown_key)),
            (keys.kind_of, unknown_key.public_key()),
        ):
            with pytest.raises(AtlasError) as caught:
                read(key)
            assert caught.value.message == "is neither an RSA nor an ECDSA key"

    def test_one_on_an_unknown_curve_is_refused(self, foreign_curve_key) -> None:
        with pytest.raises(AtlasError) as caught:
            keys.load_public_key(public_pem(foreign_curve_key))
        assert caught.value.message == "is on the curve secp256k1, not on P-256, P-384 or P-521"

    def test_the_largest_rsa_key(self) -> None:
        """A larger one costs its verifier minutes."""
        largest = rsa.RSAPublicNumbers(65537, (1 << 8191) + 1).public_key()
        assert keys.kind_of(largest) == keys.KeyKind("RSA", 8192)
        too_large = rsa.RSAPublicNumbers(65537, (1 << 8192) + 1).public_key()
        with pytest.raises(AtlasError) as caught:
            keys.kind_of(too_large)
        assert caught.value.message == "has 8193 bits, more than 8192"

    def test_a_kind_is_told_in_words(self) -> None:
        assert str(keys.KeyKind("RSA", 3072)) == "RSA 3072"

    def test_the_digest_is_of_the_whole_key_information(self) -> None:
        body = "".join(ECDSA_KEY.splitlines()[1:-1])
        expected = hashlib.sha256(base64.b64decode(body)).hexdigest()
        assert keys.public_key_digest(keys.load_public_key(ECDSA_KEY)) == expected


class TestPossession:
    def test_what_is_signed(self, private_key, rsa_key) -> None:
        """With SHA-256; PKCS#1 v1.5 for RSA, which makes the same signature each time."""
        info = keys.public_key_info(rsa_key.public_key())
        padding = keys.padding.PKCS1v15()
        expected = base64.b64encode(rsa_key.sign(info, padding, hashes.SHA256())).decode()
        assert keys.prove_possession(rsa_key) == expected
        proof = base64.b64decode(keys.prove_possession(private_key))
        info = keys.public_key_info(private_key.public_key())
        private_key.public_key().verify(proof, info, ec.ECDSA(hashes.SHA256()))

    @pytest.mark.parametrize("nonce", ["nonce", "", "\N{BULLET}"])
    def test_an_answer_fits_its_nonce_and_its_key(self, private_key, rsa_key, nonce: str) -> None:
        for key, other in ((private_key, rsa_key), (rsa_key, private_key)):
            answer = keys.answer_challenge(key, nonce)
            assert keys.answers_challenge(key.public_key(), nonce, answer) is True
            assert keys.answers_challenge(key.public_key(), nonce + "x", answer) is False
            assert keys.answers_challenge(other.public_key(), nonce, answer) is False

    def test_an_answer_is_no_proof_and_a_proof_no_answer(self, private_key) -> None:
        """Whoever chooses the nonce must not get a signature that is of use elsewhere."""
        key = private_key.public_key()
        assert not keys.proves_possession(key, keys.answer_challenge(private_key, ""))
        assert not keys.answers_challenge(key, "", keys.prove_possession(private_key))

    def test_an_answer_is_the_same_as_in_other_versions(self, rsa_key) -> None:
        """The node and the controller may have different ones for a while."""
        message = b"globalsign.atlas possession\0nonce"
        padding = keys.padding.PKCS1v15()
        expected = base64.b64encode(rsa_key.sign(message, padding, hashes.SHA256())).decode()
        assert keys.answer_challenge(rsa_key, "nonce") == expected


class TestSigningRequests:
    @pytest.mark.parametrize(
        ("common_name", "found"),
        [
            ("www.example.com", ["www.example.com"]),
            ("a" * 64, ["a" * 64]),
            ("a" * 65, []),
            ("", []),
            (None, []),
        ],
    )
    def test_the_common_name(self, private_key, common_name, found) -> None:
        pem = keys.signing_request_pem(private_key, common_name)
        request = x509.load_pem_x509_csr(pem.encode())
        assert [(each.oid, each.value) for each in request.subject] == [
            (x509.NameOID.COMMON_NAME, name) for name in found
        ]
        assert isinstance(request.signature_hash_algorithm, hashes.SHA256)

    def test_its_key_is_read(self, private_key) -> None:
        request = keys.signing_request_pem(private_key, "www.example.com")
        assert keys.public_key_info(keys.load_signing_request(request)) == keys.public_key_info(
            private_key.public_key()
        )

    def test_a_wrong_signature_is_refused(self, private_key) -> None:
        with pytest.raises(AtlasError) as caught:
            keys.load_signing_request(forged_request(request_of(private_key)))
        assert caught.value.message == "is a certificate signing request with a wrong signature"

    @pytest.mark.parametrize("content", ["", "garbage", "\N{BULLET}", ECDSA_KEY])
    def test_no_request(self, content: str) -> None:
        with pytest.raises(AtlasError) as caught:
            keys.load_signing_request(content)
        assert caught.value.message == "is not a certificate signing request in PEM format"
        assert caught.value.__suppress_context__

    def test_one_of_an_unknown_kind_is_refused(self, unknown_key) -> None:
        with pytest.raises(AtlasError) as caught:
            keys.load_signing_request(request_of(unknown_key))
        assert caught.value.message == "is neither for an RSA nor for an ECDSA key"

    def test_one_on_an_unknown_curve_is_refused(self, foreign_curve_key) -> None:
        with pytest.raises(AtlasError) as caught:
            keys.load_signing_request(request_of(foreign_curve_key))
        assert caught.value.message == "is on the curve secp256k1, not on P-256, P-384 or P-521"


class TestWhatStandsAround:
    """Comments of people and of distributions, other blocks, a BOM, the line ends of Windows."""

    BEFORE = "\N{ZERO WIDTH NO-BREAK SPACE}# F\N{LATIN SMALL LETTER O WITH ACUTE} kulcs\n"
    AFTER = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n# \N{BULLET}\n"

    def around(self, pem: str) -> str:
        return self.BEFORE + pem.replace("\n", "\r\n") + self.AFTER

    @pytest.mark.parametrize("form", [keys.PKCS8, keys.PKCS1])
    @pytest.mark.parametrize("passphrase", [None, "secret"])
    def test_private_keys(self, rsa_key, form: str, passphrase: str | None) -> None:
        written = keys.private_key_pem(rsa_key, passphrase, form)
        content = b"\xff" + self.around(written.decode()).encode()
        assert keys.private_key_pem(keys.load_private_key(content, passphrase)) == (
            keys.private_key_pem(rsa_key)
        )

    def test_the_parameters_that_openssl_writes_before_a_key(self, private_key) -> None:
        parameters = (
            b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
        )
        written = keys.private_key_pem(private_key, None, keys.PKCS1)
        found = keys.load_private_key(parameters + written)
        assert keys.private_key_pem(found, None, keys.PKCS1) == written

    def test_public_keys(self, private_key) -> None:
        written = keys.public_key_pem(private_key.public_key())
        found = keys.load_public_key(self.around(written))
        assert keys.public_key_pem(found) == written

    def test_signing_requests(self, private_key) -> None:
        written = keys.signing_request_pem(private_key, "www.example.com")
        for given in (written, written.replace("CERTIFICATE REQ", "NEW CERTIFICATE REQ")):
            text = self.around(given)
            assert keys.public_key_pem(keys.load_signing_request(text)) == keys.public_key_pem(
                private_key.public_key()
            )
            assert keys.signing_request_text(text) == written
            assert keys.signing_request_proves(private_key.public_key(), text) is True

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "\N{BULLET}",
            "-----BEGIN CERTIFICATE REQUEST-----\n!\n-----END CERTIFICATE REQUEST-----",
        ],
    )
    def test_no_request(self, content: str) -> None:
        with pytest.raises(AtlasError) as caught:
            keys.signing_request_text(content)
        assert caught.value.message == "is not a certificate signing request in PEM format"


@pytest.mark.parametrize("bits", [0, 512, 1023, 8193, 16384, 1_000_000])
def test_rsa_keys_that_take_hours_are_refused_at_once(bits: int) -> None:
    with pytest.raises(AtlasError) as caught:
        keys.generate(keys.KeyKind("RSA", bits))
    assert caught.value.message == (
        f"A new RSA key cannot have {bits} bits; give a privatekey_size of 1024 to 8192."
    )


def test_the_smallest_rsa_key() -> None:
    assert keys.generate(keys.KeyKind("RSA", 1024)).key_size == 1024


def test_a_size_that_is_no_curve() -> None:
    with pytest.raises(AtlasError) as caught:
        keys.generate(keys.KeyKind("ECDSA", 224))
    assert caught.value.message == (
        "A new ECDSA key cannot have 224 bits; give a privatekey_size of 256, 384 or 521."
    )
