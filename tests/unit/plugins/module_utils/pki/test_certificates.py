# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates: what is read from them, and who signed them."""

from __future__ import annotations

import hashlib
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ansible_collections.globalsign.atlas.plugins.module_utils.asn1.certificate import Certificate
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

DAMAGED = b"\x30\x03no"
# Made with OpenSSL: RSASSA-PSS with SHA-256 and a salt of 32 bytes.
PSS_SELF_SIGNED = """-----BEGIN CERTIFICATE-----
MIIDZzCCAhugAwIBAgIUFg4Gqxd/y0HcD2I2NFumekEmX14wQQYJKoZIhvcNAQEK
MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEF
AKIDAgEgMA4xDDAKBgNVBAMMA1BTUzAgFw0yNjExMjUxNDMwNDZaGA8yMTI2MTEw
MTE0MzA0NlowDjEMMAoGA1UEAwwDUFNTMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A
MIIBCgKCAQEAtFCeJadb8gBJxgbRTIrHFNOthGFSfzR7qYRd+EeqN6RTinTfTMY4
eqXs3ROjELFZ31MlJV2uZQ+5JltMxUeJZrs82Z2sJ//JkeBOJyY08Z74A/tye5Vc
hqJKuJ8h+IDH8UKYVWOK4J+6IPqnJBsY2g4j/5eUgoRleA2empuX8y88CsKTu9Rf
GrK99logpfxN7zaA7gVovtrvxsfjS/NiIhdwSiGyHxpcYi7dTX85Tu8d4eBs+Zyl
JFs2Vh9uyLoevQXplJ2BKYlkSRutgZGpxHGHL+TdGDMWHkZy0dnuwrd5oixfTsBd
x/lIsChJsuYtw0I2Rfa6Kb2tUtymkOBI1wIDAQABo1MwUTAdBgNVHQ4EFgQUxWN7
Pg3e4+21YtaguQljb1Aax28wHwYDVR0jBBgwFoAUxWN7Pg3e4+21YtaguQljb1Aa
x28wDwYDVR0TAQH/BAUwAwEB/zBBBgkqhkiG9w0BAQowNKAPMA0GCWCGSAFlAwQC
AQUAoRwwGgYJKoZIhvcNAQEIMA0GCWCGSAFlAwQCAQUAogMCASADggEBACfaJrkz
soYgUlXc/XEu43BgbTWYC+UgK7Qaznc3xPc64APRHQBZ2QTeQPJj9FP9NsN1PNPH
1UmiCZfz9hX8ZNn2Fx9Zn0PO93e1bIG+ZXr1NLzGb0XpWfM/W9t990VnwB7sY8nf
WHyaezwsdZBKhj3qLV6T0tBg3vFgNZl37AWRM4oTGLD1Q3tY6EO+vlhH5Yz6F1rK
zY1bvpS4D6qFU7SklCPLR7pgKzqJIb3ESfDzXyOXiQqtothY/m/tmQaITyir0UPk
nFmyy546sEo4pgUo4l1mV363SjLBlfysHXzb8zZwM+eHfzwqKiuPVoDuUpvMhyyg
Jt8PwUm341orJro=
-----END CERTIFICATE-----"""


def der(certificate: Certificate) -> bytes:
    return certificate.encoded


def pem(certificate: Certificate) -> bytes:
    """As the library writes it."""
    return certificates.to_library(certificate).public_bytes(serialization.Encoding.PEM)


def usage(*names: str) -> x509.KeyUsage:
    all_names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: name in names for name in all_names})


def access(method: str, url: str) -> x509.AccessDescription:
    return x509.AccessDescription(
        x509.ObjectIdentifier(method), x509.UniformResourceIdentifier(url)
    )


class TestReading:
    def test_certificates_are_read_in_their_order_without_what_stands_between(self, mint) -> None:
        first, second, third = (mint.certificate(serial_number=number) for number in (1, 2, 3))
        key = keys.private_key_pem(mint.key)
        content = b"Bag\n" + pem(first) + key + b"text" + pem(second) + key + pem(third)
        assert certificates.load_certificates(content) == (first, second, third)

    def test_one_that_is_cut_off_is_passed_over(self, mint) -> None:
        """It may be half written, at the end of the file."""
        first = mint.certificate()
        content = pem(first) + pem(first)[:100]
        assert certificates.load_certificates(content) == (first,)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"garbage",
            b"-----BEGIN CERTIFICATE-----",
            b"-----END CERTIFICATE-----",
            b"-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----",
        ],
    )
    def test_no_certificate(self, content: bytes) -> None:
        with pytest.raises(AtlasError) as caught:
            certificates.load_certificates(content)
        assert caught.value.message == "holds no certificate in PEM format"

    def test_a_damaged_one_is_refused_without_its_text(self) -> None:
        content = b"-----BEGIN CERTIFICATE-----\nMIIBcanary\n-----END CERTIFICATE-----\n"
        with pytest.raises(AtlasError) as caught:
            certificates.load_certificates(content)
        assert caught.value.message == "holds a damaged certificate"
        assert caught.value.__suppress_context__

    def test_der_and_pem_in_its_place(self, mint) -> None:
        certificate = mint.certificate()
        assert certificates.load_der_certificate(der(certificate)) == certificate
        assert certificates.load_der_certificate(pem(certificate)) == certificate

    @pytest.mark.parametrize("content", [b"", b"<html>", DAMAGED])
    def test_no_der(self, content: bytes) -> None:
        with pytest.raises(AtlasError) as caught:
            certificates.load_der_certificate(content)
        assert caught.value.message == "holds no certificate in DER format"
        assert caught.value.__suppress_context__

    def test_what_is_written_can_be_read(self, mint) -> None:
        certificate = mint.certificate()
        written = certificates.certificate_pem(certificate)
        assert written.encode("ascii") == pem(certificate)
        assert written.endswith("-----END CERTIFICATE-----\n")


class TestWhatTheySay:
    def test_validity(self, mint) -> None:
        certificate = mint.certificate()
        assert certificates.not_before(certificate) == 1_790_000_000
        assert certificates.not_after(certificate) == 1_800_000_001

    @pytest.mark.parametrize(
        ("number", "text"),
        [(0xAB, "0" * 30 + "AB"), (0x7F << 120 | 1, "7F" + "0" * 29 + "1")],
    )
    def test_serial_number(self, mint, number: int, text: str) -> None:
        certificate = mint.certificate(serial_number=number)
        assert certificates.serial_number(certificate) == text

    def test_fingerprint(self, mint) -> None:
        certificate = mint.certificate()
        expected = hashlib.sha256(der(certificate)).hexdigest()
        assert certificates.fingerprint(certificate) == expected

    def test_public_key_digest(self, mint) -> None:
        info = mint.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        expected = hashlib.sha256(info).hexdigest()
        assert certificates.public_key_digest(mint.certificate()) == expected
        assert keys.public_key_digest(mint.key.public_key()) == expected

    def test_alternative_names(self, mint) -> None:
        certificate = mint.certificate(
            x509.SubjectAlternativeName(
                [
                    x509.DNSName("WWW.Example.com"),
                    x509.DNSName("example.com"),
                    x509.RFC822Name("Ida@example.com"),
                    x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
                    x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
                    x509.UniformResourceIdentifier("https://example.com/A"),
                    x509.OtherName(x509.ObjectIdentifier("1.2.3.4"), b"\x0c\x01a"),
                ]
            )
        )
        assert certificates.names(certificate) == certificates.Names(
            dns_names=frozenset({"www.example.com", "example.com"}),
            emails=frozenset({"Ida@example.com"}),
            ip_addresses=frozenset({"192.0.2.1", "2001:db8::1"}),
            uris=frozenset({"https://example.com/A"}),
        )
        assert certificates.other_names(certificate) == {("1.2.3.4", b"\x0c\x01a")}

    def test_no_extensions(self, mint) -> None:
        certificate = mint.certificate()
        nothing = frozenset()
        assert certificates.names(certificate) == certificates.Names(*[nothing] * 4)
        assert certificates.other_names(certificate) == nothing
        assert certificates.key_usages(certificate) == nothing
        assert certificates.extended_key_usages(certificate) == nothing
        assert certificates.extension_oids(certificate) == nothing
        assert certificates.issuer_urls(certificate) == []

    def test_damaged_names_are_refused(self, mint) -> None:
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.17"), DAMAGED)
        with pytest.raises(AtlasError) as caught:
            certificates.names(mint.certificate(extension))
        assert caught.value.message == "holds a certificate with damaged extensions"
        assert caught.value.__suppress_context__

    def test_a_damaged_extension_names_no_issuer(self, mint) -> None:
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.1"), DAMAGED)
        assert certificates.issuer_urls(mint.certificate(extension)) == []

    def test_where_the_issuer_is(self, mint) -> None:
        certificate = mint.certificate(
            x509.AuthorityInformationAccess(
                [
                    access("1.3.6.1.5.5.7.48.1", "http://ocsp.example.com/"),
                    access("1.3.6.1.5.5.7.48.2", "http://ca.example.com/b.crt"),
                    access("1.3.6.1.5.5.7.48.2", "http://ca.example.com/a.crt"),
                ]
            )
        )
        assert certificates.issuer_urls(certificate) == [
            "http://ca.example.com/b.crt",
            "http://ca.example.com/a.crt",
        ]

    @pytest.mark.parametrize(
        ("given", "read"),
        [
            (("digital_signature",), {"digital_signature"}),
            (("content_commitment", "crl_sign"), {"content_commitment", "crl_sign"}),
            (("key_encipherment", "data_encipherment"), {"key_encipherment", "data_encipherment"}),
            (("key_cert_sign",), {"key_certificate_sign"}),
            (("key_agreement",), {"key_agreement"}),
            (("key_agreement", "encipher_only"), {"key_agreement", "encipher_only"}),
            (("key_agreement", "decipher_only"), {"key_agreement", "decipher_only"}),
        ],
    )
    def test_key_usages(self, mint, given: tuple[str, ...], read: set[str]) -> None:
        assert certificates.key_usages(mint.certificate(usage(*given))) == read

    def test_extended_key_usages(self, mint) -> None:
        oids = ["1.3.6.1.5.5.7.3.1", "1.2.3.4"]
        extension = x509.ExtendedKeyUsage([x509.ObjectIdentifier(oid) for oid in oids])
        assert certificates.extended_key_usages(mint.certificate(extension)) == set(oids)

    def test_which_extensions(self, mint) -> None:
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
        certificate = mint.certificate(x509.BasicConstraints(True, None), unknown)
        assert certificates.extension_oids(certificate) == {"2.5.29.19", "1.2.3.4.5"}


SUBJECT = {
    "common_name": ("2.5.4.3", "a"),
    "given_name": ("2.5.4.42", "b"),
    "surname": ("2.5.4.4", "c"),
    "pseudonym": ("2.5.4.65", "d"),
    "organization": ("2.5.4.10", "e"),
    "organizational_unit": ("2.5.4.11", "f"),
    "organization_identifier": ("2.5.4.97", "g"),
    "country": ("2.5.4.6", "BE"),
    "state": ("2.5.4.8", "i"),
    "locality": ("2.5.4.7", "j"),
    "street_address": ("2.5.4.9", "k"),
    "postal_code": ("2.5.4.17", "l"),
    "email": ("1.2.840.113549.1.9.1", "m@example.com"),
    "serial_number": ("2.5.4.5", "n"),
    "jurisdiction_of_incorporation_locality_name": ("1.3.6.1.4.1.311.60.2.1.1", "o"),
    "jurisdiction_of_incorporation_state_or_province_name": ("1.3.6.1.4.1.311.60.2.1.2", "p"),
    "jurisdiction_of_incorporation_country_name": ("1.3.6.1.4.1.311.60.2.1.3", "DE"),
    "business_category": ("2.5.4.15", "r"),
}
"""X.520, RFC 2985, and the EV guidelines of the CA/Browser Forum."""


class TestSubject:
    def test_every_attribute_has_its_name(self, mint) -> None:
        certificate = mint.certificate(subject=mint.name(*SUBJECT.values()))
        assert certificates.subject(certificate) == {
            name: (value,) for name, (_oid, value) in SUBJECT.items()
        }

    def test_several_values_keep_their_order(self, mint) -> None:
        units = (("2.5.4.11", "second"), ("2.5.4.3", "name"), ("2.5.4.11", "first"))
        certificate = mint.certificate(subject=mint.name(*units))
        assert certificates.subject(certificate) == {
            "organizational_unit": ("second", "first"),
            "common_name": ("name",),
        }
        assert certificates.attribute_values(certificate, "2.5.4.11") == ("second", "first")
        assert certificates.attribute_values(certificate, "2.5.4.10") == ()

    def test_common_name(self, mint) -> None:
        names = (("2.5.4.10", "Organization"), ("2.5.4.3", "first"), ("2.5.4.3", "second"))
        assert certificates.common_name(mint.certificate(subject=mint.name(*names))) == "first"
        assert certificates.common_name(mint.certificate(subject=mint.name(names[0]))) is None


@pytest.fixture(scope="module")
def signing_keys(rsa_key) -> dict[str, object]:
    """Two keys of each kind."""
    return {
        "RSA": rsa_key,
        "other RSA": rsa.generate_private_key(public_exponent=65537, key_size=1024),
        "P-256": ec.generate_private_key(ec.SECP256R1()),
        "other P-256": ec.generate_private_key(ec.SECP256R1()),
        "P-384": ec.generate_private_key(ec.SECP384R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    }


class TestSignature:
    @pytest.mark.parametrize(
        ("signer", "issuer", "is_signed"),
        [
            ("P-256", "P-256", True),
            ("P-384", "P-384", True),
            ("RSA", "RSA", True),
            ("P-256", "other P-256", False),
            ("P-384", "P-256", False),
            ("RSA", "other RSA", False),
            ("RSA", "P-256", False),
            ("P-256", "RSA", False),
            ("Ed25519", "P-256", False),
            ("Ed25519", "RSA", False),
            ("P-256", "Ed25519", False),
            ("Ed25519", "Ed25519", False),
        ],
    )
    def test_an_issuer_of_the_right_name_must_have_the_key(
        self, mint, signing_keys, signer: str, issuer: str, is_signed: bool
    ) -> None:
        """One of Ed25519 is not among what Atlas has."""
        algorithm = None if signer == "Ed25519" else hashes.SHA256()
        own = None if issuer == "Ed25519" else hashes.SHA256()
        leaf = mint.certificate(signing_key=signing_keys[signer], algorithm=algorithm)
        above = mint.certificate(key=signing_keys[issuer], algorithm=own)
        assert certificates.is_signed_by(leaf, above) is is_signed
        assert certificates.is_self_signed(above) is (issuer != "Ed25519")

    @pytest.mark.parametrize("kind", ["P-256", "RSA"])
    def test_an_issuer_of_the_right_key_must_have_the_name(
        self, mint, signing_keys, kind: str
    ) -> None:
        key = signing_keys[kind]
        leaf = mint.certificate(signing_key=key, issuer=mint.name(("2.5.4.3", "Test CA 2")))
        assert certificates.is_signed_by(leaf, mint.certificate(key=key)) is False
        assert certificates.is_self_signed(leaf) is False

    @pytest.mark.parametrize("kind", ["P-256", "RSA"])
    def test_what_was_changed_after_it_was_signed_is_not_signed(
        self, mint, signing_keys, kind: str
    ) -> None:
        content = der(mint.certificate(key=signing_keys[kind], serial_number=0x77777777))
        changed = content.replace(b"\x77\x77\x77\x77", b"\x77\x77\x77\x78", 1)
        original = Certificate(content)
        assert certificates.is_self_signed(original) is True
        forged = Certificate(changed)
        assert forged.serial_number == 0x77777778
        assert certificates.is_signed_by(forged, original) is False

    def test_an_issuer_whose_key_is_none_signed_nothing(self, mint) -> None:
        """Its point is not on the curve, or with older libraries no point at all."""
        point = mint.other_key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        nowhere = point[:1] + b"\xff" * 64
        content = der(mint.certificate(key=mint.other_key)).replace(point, nowhere)
        issuer = Certificate(content)
        assert certificates.is_signed_by(mint.certificate(), issuer) is False

    @pytest.mark.parametrize(
        ("kind", "algorithm", "told"),
        [
            ("RSA", hashes.SHA256(), ("RSA", "SHA-256")),
            ("RSA", hashes.SHA512(), ("RSA", "SHA-512")),
            ("P-256", hashes.SHA384(), ("ECDSA", "SHA-384")),
            ("P-384", hashes.SHA256(), ("ECDSA", "SHA-256")),
            ("Ed25519", None, ("RSA", "")),
        ],
    )
    def test_how_it_was_signed(self, mint, signing_keys, kind, algorithm, told) -> None:
        certificate = mint.certificate(key=signing_keys[kind], algorithm=algorithm)
        assert certificates.signature(certificate) == {
            "algorithm": told[0],
            "hash_algorithm": told[1],
        }

    def test_rsassa_pss(self) -> None:
        (certificate,) = certificates.load_certificates(PSS_SELF_SIGNED.encode())
        forged_content = bytearray(der(certificate))
        forged_content[-1] ^= 1
        forged = Certificate(bytes(forged_content))
        assert certificates.is_self_signed(certificate) is True
        assert certificates.is_signed_by(forged, certificate) is False
        assert certificates.signature(certificate) == {
            "algorithm": "RSA-PSS",
            "hash_algorithm": "SHA-256",
        }


class TestMayIssue:
    @pytest.mark.parametrize("is_ca", [True, False])
    def test_what_it_says_itself(self, mint, is_ca: bool) -> None:
        certificate = mint.certificate(x509.BasicConstraints(is_ca, None))
        assert certificates.may_issue(certificate) is is_ca

    def test_old_roots_say_nothing(self, mint) -> None:
        assert certificates.may_issue(mint.certificate()) is True

    def test_who_says_it_illegibly_may_not(self, mint) -> None:
        damaged = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.19"), DAMAGED)
        assert certificates.may_issue(mint.certificate(damaged)) is False

    def test_who_says_it_twice_may_not(self, mint) -> None:
        other = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.99"), b"\x30\x00")
        twice = mint.certificate(x509.BasicConstraints(True, None), other)
        encoded = twice.encoded.replace(b"\x06\x03\x55\x1d\x63", b"\x06\x03\x55\x1d\x13")
        assert certificates.may_issue(Certificate(encoded)) is False
