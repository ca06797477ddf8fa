# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates that servers serve and that versions of cryptography refuse: all of them are read,
with every version alike."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.globalsign.atlas.plugins.module_utils.asn1 import der
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import (
    certificates,
    chains,
    keys,
    pkcs12,
)

from . import handmade
from .handmade import (
    BMP,
    CA,
    CRITICAL,
    GENERALIZED_TIME,
    PRINTABLE,
    TELETEX,
    UTC_TIME,
    UTF8,
    WWW,
    alternative_names,
    extension,
    name,
    oid,
    sequence,
)

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
NAMES = alternative_names(WWW)
SOME = extension("1.2.3.4", der.encode(der.NULL))
STARTS, ENDS = 1_790_000_000, 1_800_000_001


def times(tag: int, start: bytes, end: bytes) -> bytes:
    return sequence(der.encode(tag, start), der.encode(tag, end))


def pem(encoded: bytes, label: str = "CERTIFICATE", line: str = "\n") -> bytes:
    text = base64.b64encode(encoded).decode()
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return line.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""]).encode()


def loaded(encoded: bytes) -> Any:
    (found,) = certificates.load_certificates(pem(encoded))
    return found


ODD: dict[str, dict[str, Any]] = {
    "none of it odd": {},
    "version 1 without extensions to come": {"version": b""},
    "version 2": {"version": der.encode(0xA0, b"\x02\x01\x01")},
    "version 4": {"version": der.encode(0xA0, b"\x02\x01\x03")},
    "unique identifiers": {"before": der.encode(0x81, b"\0a") + der.encode(0x82, b"\0b")},
    "country of three letters": {"subject": name(("2.5.4.6", PRINTABLE, b"BEL"))},
    "country in UTF-8": {"subject": name(("2.5.4.6", UTF8, b"BE"))},
    "an empty value": {"subject": name(("2.5.4.10", UTF8, b""))},
    "an at sign in a PrintableString": {"subject": name(("2.5.4.3", PRINTABLE, b"a@b_c*"))},
    "half a letter of a BMPString": {"subject": name(("2.5.4.3", BMP, b"\0a\0"))},
    "letters that are none": {"subject": name(("2.5.4.3", UTF8, b"\xff\xfe"))},
    "no text at all": {"subject": name(("2.5.4.45", der.BIT_STRING, b"\0\1"))},
    "no name at all": {"subject": name(), "issuer": name()},
}


@pytest.mark.parametrize("case", ODD)
def test_the_odd_is_read_like_the_usual(case: str) -> None:
    given = ODD[case]
    given = {"issuer": given.get("subject", handmade.PLAIN_NAME), **given}
    certificate = loaded(handmade.certificate(KEY, NAMES, CA, **given))
    assert certificates.serial_number(certificate) == "0" * 31 + "7"
    assert certificates.not_before(certificate) == STARTS
    assert certificates.not_after(certificate) == ENDS
    assert certificates.names(certificate).dns_names == {"www.example.com"}
    assert certificates.public_key_digest(certificate) == keys.public_key_digest(KEY.public_key())
    assert certificates.key_text(certificate) == "ECDSA 256"
    assert certificates.is_self_signed(certificate) is True
    assert certificates.may_issue(certificate) is True
    assert certificates.signature(certificate) == {
        "algorithm": "ECDSA",
        "hash_algorithm": "SHA-256",
    }


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\x02\x01\xff", "-" + "0" * 31 + "1"),
        (b"\x02\x01\x00", "0" * 32),
        (b"\x02\x02\x00\x07", "0" * 31 + "7"),
        (b"\x02\x15" + b"\x7f" * 21, "7F" * 21),
    ],
)
def test_serial_numbers_that_must_not_be(octets: bytes, text: str) -> None:
    certificate = loaded(handmade.certificate(KEY, NAMES, serial_number=octets))
    assert certificates.serial_number(certificate) == text
    assert certificates.is_self_signed(certificate) is True


@pytest.mark.parametrize(
    "validity",
    [
        times(UTC_TIME, b"260921141320Z", b"270115080001Z"),
        times(GENERALIZED_TIME, b"20260921141320Z", b"20270115080001Z"),
        times(GENERALIZED_TIME, b"20260921141320.9Z", b"20270115080001.000Z"),
        times(UTC_TIME, b"260921161320+0200", b"270115023001-0530"),
        times(GENERALIZED_TIME, b"20260921141320", b"20270115080001"),
    ],
)
def test_times_in_every_form(validity: bytes) -> None:
    certificate = loaded(handmade.certificate(KEY, times=validity))
    assert (certificates.not_before(certificate), certificates.not_after(certificate)) == (
        STARTS,
        ENDS,
    )


def test_a_time_without_seconds() -> None:
    validity = times(UTC_TIME, b"2609211413Z", b"2701150800Z")
    certificate = loaded(handmade.certificate(KEY, times=validity))
    assert certificates.not_after(certificate) == ENDS - 1


@pytest.mark.parametrize(
    ("extensions", "oids"),
    [
        ((NAMES, SOME, SOME), {"2.5.29.17", "1.2.3.4"}),
        ((NAMES, extension("1.2.3.4", b"\x30\x09", critical=CRITICAL)), {"2.5.29.17", "1.2.3.4"}),
        ((NAMES, extension("1.2.3", b"", critical=der.encode(1, b"\0"))), {"2.5.29.17", "1.2.3"}),
        ((NAMES, extension("2.5.29.14", b"no")), {"2.5.29.17", "2.5.29.14"}),
    ],
)
def test_extensions_that_nobody_asks_for_stand_in_nobody_s_way(
    extensions: tuple[bytes, ...], oids: set[str]
) -> None:
    certificate = loaded(handmade.certificate(KEY, *extensions))
    assert certificates.extension_oids(certificate) == oids
    assert certificates.names(certificate).dns_names == {"www.example.com"}
    assert certificates.is_self_signed(certificate) is True


def test_names_in_two_extensions_are_all_there() -> None:
    other = alternative_names(der.encode(0x82, b"Example.com"))
    certificate = loaded(handmade.certificate(KEY, NAMES, other))
    assert certificates.names(certificate).dns_names == {"www.example.com", "example.com"}


def test_a_name_that_is_none_is_told_and_the_rest_is_read() -> None:
    damaged = alternative_names(WWW, der.encode(0x87, b"\1\2\3\4\5"))
    certificate = loaded(handmade.certificate(KEY, damaged))
    with pytest.raises(AtlasError) as caught:
        certificates.names(certificate)
    assert caught.value.message == "holds a certificate with damaged extensions"
    assert certificates.not_after(certificate) == ENDS
    assert certificates.extension_oids(certificate) == {"2.5.29.17"}


@pytest.mark.parametrize(
    ("value", "is_ca"),
    [
        (sequence(der.encode(der.BOOLEAN, b"\1")), True),
        (sequence(der.encode(der.BOOLEAN, b"\1"), b"\x02\x01\xff"), True),
        (sequence(der.encode(der.BOOLEAN, b"\0")), False),
        (sequence(), False),
        (sequence(b"\x02\x01\x00"), False),
        (b"", False),
        (b"\x30", False),
        (b"\x31\x00", False),
    ],
)
def test_whether_it_is_a_ca_is_read_as_openssl_does(value: bytes, is_ca: bool) -> None:
    certificate = loaded(handmade.certificate(KEY, extension("2.5.29.19", value), SOME, SOME))
    assert certificates.may_issue(certificate) is is_ca


@pytest.mark.parametrize(
    ("value", "usages"),
    [
        (b"\x03\x02\x00\xa1", {"digital_signature", "key_encipherment"}),
        (b"\x03\x02\x07\x80", {"digital_signature"}),
        (b"\x03\x01\x00", set()),
        (b"\x03\x03\x07\x08\x80", {"key_agreement", "decipher_only"}),
    ],
)
def test_key_usages_however_the_bits_are_filled_up(value: bytes, usages: set[str]) -> None:
    certificate = loaded(handmade.certificate(KEY, extension("2.5.29.15", value)))
    assert certificates.key_usages(certificate) == usages


@pytest.mark.parametrize("kind", ["2.5.29.15", "2.5.29.37", "2.5.29.17"])
def test_an_extension_that_cannot_be_read_is_an_error_where_it_is_asked_for(kind: str) -> None:
    certificate = loaded(handmade.certificate(KEY, extension(kind, b"\x02\x01")))
    read = {
        "2.5.29.15": certificates.key_usages,
        "2.5.29.37": certificates.extended_key_usages,
        "2.5.29.17": certificates.other_names,
    }[kind]
    with pytest.raises(AtlasError) as caught:
        read(certificate)
    assert caught.value.message == "holds a certificate with damaged extensions"
    assert certificates.common_name(certificate) == "Handmade"


def info(algorithm: bytes, key: bytes) -> bytes:
    return sequence(algorithm, der.encode(der.BIT_STRING, b"\0", key))


POINT = KEY.public_key().public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
)
COMPRESSED = KEY.public_key().public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
)
NUMBERS = sequence(b"\x02\x81\x81\x00" + b"\xc1" * 128, b"\x02\x03\x01\x00\x01")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (info(sequence(oid("1.3.101.112")), b"k" * 32), "Ed25519"),
        (info(sequence(oid("1.2.840.10045.2.1"), oid("1.3.132.0.10")), POINT), "ECDSA on another"),
        (info(sequence(oid("1.2.840.10045.2.1"), sequence(b"\x02\x01\x01")), POINT), "ECDSA on"),
        (info(sequence(oid("1.2.3.4")), b"k"), "1.2.3.4"),
        (info(sequence(oid("1.2.840.113549.1.1.1")), NUMBERS), "RSA 1024"),
        (info(sequence(), b""), "unknown"),
    ],
    ids=["Ed25519", "secp256k1", "no curve", "no kind", "RSA", "no algorithm"],
)
def test_keys_of_unknown_kinds_are_told_and_verify_nothing(given: bytes, text: str) -> None:
    certificate = loaded(handmade.certificate(KEY, NAMES, info=given))
    assert certificates.key_text(certificate).startswith(text)
    assert certificates.is_self_signed(certificate) is False
    assert certificates.names(certificate).dns_names == {"www.example.com"}


def test_the_digest_of_an_unknown_key_is_that_of_its_octets() -> None:
    given = info(sequence(oid("1.2.3.4")), b"k")
    certificate = loaded(handmade.certificate(KEY, info=given))
    assert certificates.public_key_digest(certificate) == hashlib.sha256(given).hexdigest()
    assert certificates.key_kind(certificate) is None


def test_a_key_that_is_none_has_no_digest() -> None:
    certificate = loaded(handmade.certificate(KEY, info=sequence()))
    with pytest.raises(AtlasError) as caught:
        certificates.public_key_digest(certificate)
    assert caught.value.message == "holds a certificate with a damaged public key"


def test_a_key_is_known_however_it_is_written(rsa_key: Any) -> None:
    """A compressed point; RSA without its NULL, and restricted to RSASSA-PSS (RFC 4055)."""
    curve = sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7"))
    compressed = loaded(handmade.certificate(KEY, info=info(curve, COMPRESSED)))
    assert certificates.public_key_digest(compressed) == keys.public_key_digest(KEY.public_key())
    assert certificates.is_self_signed(compressed) is True
    numbers = rsa_key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.PKCS1
    )
    for algorithm in ("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"):
        certificate = loaded(
            handmade.certificate(KEY, info=info(sequence(oid(algorithm)), numbers))
        )
        assert certificates.public_key_digest(certificate) == keys.public_key_digest(
            rsa_key.public_key()
        )
        assert certificates.key_kind(certificate) == keys.KeyKind("RSA", 2048)


def test_subjects_in_every_kind_of_string() -> None:
    subject = name(
        ("2.5.4.3", TELETEX, b"caf\xe9"),
        ("2.5.4.10", BMP, "Köln".encode("utf-16-be")),
        ("2.5.4.11", PRINTABLE, "Köln".encode()),
        ("2.5.4.11", UTF8, b"\xff"),
    )
    certificate = loaded(handmade.certificate(KEY, subject=subject))
    assert certificates.subject(certificate) == {
        "common_name": ("café",),
        "organization": ("Köln",),
        "organizational_unit": ("Köln", "#ff"),
    }
    assert certificates.subject_text(certificate) == "OU=#ff,OU=Köln,O=Köln,CN=café"
    assert certificates.issuer_text(certificate) == "CN=Handmade"


class TestChains:
    def test_an_issuer_of_any_oddity_is_an_issuer(self) -> None:
        issuer_name = name(("2.5.4.3", PRINTABLE, b"Test_CA"))
        other = name(("2.5.4.3", UTF8, b"Root"))
        issuer = loaded(
            handmade.certificate(
                OTHER_KEY, CA, SOME, SOME, subject=issuer_name, issuer=other, signing_key=KEY
            )
        )
        leaf = loaded(handmade.certificate(KEY, NAMES, issuer=issuer_name, signing_key=OTHER_KEY))
        assert chains.issuers_of(leaf, [issuer]) == (issuer,)
        assert chains.leaf_of([issuer, leaf]) == leaf

    @pytest.mark.parametrize(
        ("written", "is_same"),
        [
            (name(("2.5.4.3", PRINTABLE, b"Handmade")), True),
            (name(("2.5.4.3", UTF8, b" hANDMADE ")), True),
            (name(("2.5.4.3", UTF8, b"Hand made")), False),
            (name(("2.5.4.10", UTF8, b"Handmade")), False),
        ],
    )
    def test_names_are_compared_as_rfc_5280_says(self, written: bytes, is_same: bool) -> None:
        certificate = loaded(handmade.certificate(KEY, issuer=written))
        assert certificates.is_self_signed(certificate) is is_same

    def test_a_signature_that_is_none_is_not_one(self) -> None:
        encoded = handmade.certificate(KEY, SOME, SOME)
        certificate = loaded(encoded[:-1] + bytes([encoded[-1] ^ 1]))
        assert certificates.is_self_signed(certificate) is False


class TestFiles:
    LEAF = handmade.certificate(KEY, NAMES)
    OTHER = handmade.certificate(KEY, SOME, SOME)

    @pytest.mark.parametrize("label", ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"])
    def test_every_label_that_openssl_reads(self, label: str) -> None:
        (found,) = certificates.load_certificates(pem(self.LEAF, label))
        assert found.encoded == self.LEAF

    def test_the_trust_behind_a_certificate_is_passed_over(self) -> None:
        trust = sequence(sequence(oid("1.3.6.1.5.5.7.3.1")))
        content = pem(self.LEAF + trust, "TRUSTED CERTIFICATE") + pem(self.OTHER)
        found = certificates.load_certificates(content)
        assert [each.encoded for each in found] == [self.LEAF, self.OTHER]

    @pytest.mark.parametrize(
        "content",
        [
            b"\xef\xbb\xbf" + pem(LEAF) + pem(OTHER),
            pem(LEAF, line="\r\n") + pem(OTHER, line="\r\n"),
            "# Főtanúsítvány\n".encode() + pem(LEAF) + b"\xff\xfe\0" + pem(OTHER),
            pem(LEAF).replace(b"\n", b"  \n ") + b"-----BEGIN \n-----" + pem(OTHER),
            pem(b"\xff", "X509 CRL") + pem(LEAF) + pem(b"x", "CERTIFICATE REQUEST") + pem(OTHER),
            pem(LEAF).strip() + pem(OTHER).strip(),
        ],
        ids=["byte order mark", "CR LF", "text", "spaces", "other blocks", "no line breaks"],
    )
    def test_whatever_stands_around_them_does_no_harm(self, content: bytes) -> None:
        found = certificates.load_certificates(content)
        assert [each.encoded for each in found] == [self.LEAF, self.OTHER]

    @pytest.mark.parametrize(
        "content",
        [
            pem(LEAF[:-1]),
            pem(b""),
            pem(b"\x30\x00"),
            pem(LEAF) + pem(LEAF[:100]),
            pem(LEAF).replace(b"\n", b"\n!", 1),
            pem(LEAF)[:100] + b"\n" + pem(LEAF),
            pem(sequence(der.encode(der.NULL))),
        ],
        ids=["short", "empty", "no members", "a short one", "no Base64", "no end", "no parts"],
    )
    def test_what_is_no_certificate_is_refused(self, content: bytes) -> None:
        with pytest.raises(AtlasError) as caught:
            certificates.load_certificates(content)
        assert caught.value.message == "holds a damaged certificate"

    def test_many_beginnings_without_an_end_are_passed_over_at_once(self) -> None:
        beginnings = b"-----BEGIN CERTIFICATE-----\n-----BEGIN X509 CERTIFICATE-----\n" * 50_000
        with pytest.raises(AtlasError) as caught:
            certificates.load_certificates(beginnings)
        assert caught.value.message == "holds no certificate in PEM format"

    def test_what_is_written_is_what_was_read(self) -> None:
        assert certificates.certificate_pem(loaded(self.OTHER)).encode() == pem(self.OTHER)

    def test_what_the_library_does_not_take_goes_into_no_pkcs12(self) -> None:
        usual = loaded(self.LEAF)
        without_algorithm = sequence(usual.to_be_signed, sequence(), usual.signature.encoded)
        impossible = loaded(without_algorithm)
        with pytest.raises(AtlasError) as caught:
            pkcs12.write(KEY, impossible, [], None, "name")
        assert caught.value.message == (
            "holds a certificate that the Python library cryptography does not take"
        )


READERS = (
    certificates.certificate_pem,
    certificates.common_name,
    certificates.extended_key_usages,
    certificates.extension_oids,
    certificates.fingerprint,
    certificates.is_self_signed,
    certificates.issuer_text,
    certificates.issuer_urls,
    certificates.key_kind,
    certificates.key_text,
    certificates.key_usages,
    certificates.may_issue,
    certificates.names,
    certificates.not_after,
    certificates.not_before,
    certificates.other_names,
    certificates.public_key_digest,
    certificates.serial_number,
    certificates.signature,
    certificates.subject,
    certificates.subject_text,
)


def test_any_other_octet_anywhere_is_read_or_refused_in_a_sentence() -> None:
    encoded = handmade.certificate(
        KEY, NAMES, CA, extension("2.5.29.15", b"\x03\x02\x05\xa0"), SOME
    )
    refusals = set()
    for position in range(len(encoded)):
        for changed in (0x00, 0x1F, 0x7F, 0x80, 0xFF, encoded[position] ^ 1):
            hostile = encoded[:position] + bytes([changed]) + encoded[position + 1 :]
            refusals.update(refusals_of(hostile))
    assert refusals == {
        "holds no certificate in DER format",
        "holds a certificate with a damaged public key",
        "holds a certificate with a damaged signature",
        "holds a certificate with damaged extensions",
    }


def refusals_of(encoded: bytes) -> Iterator[str]:
    try:
        certificate = certificates.load_der_certificate(encoded)
    except AtlasError as error:
        yield error.message
        return
    for read in READERS:
        try:
            read(certificate)
        except AtlasError as error:
            yield error.message
