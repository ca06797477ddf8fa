# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How certificates are written: DER, signatures of all kinds, and what X.509 cannot say."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path
from typing import Any

import pytest
from atlas_simulator.pki import extensions as der
from atlas_simulator.pki.extensions import (
    Attribute,
    CustomExtension,
    Directory,
    QualifiedStatements,
    Template,
)
from atlas_simulator.pki.leaf import (
    Leaf,
    Publication,
    Signature,
    public_key_digest,
    rekeyed,
    sign,
)
from atlas_simulator.pki.making import make_ca
from atlas_simulator.pki.pairs import Pair
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID

from .conftest import KEY
from .test_policy_examples import moments, parsed, value_of

NOW = 1_800_000_000
SERIAL = "01CFABDF1EBA6325930BF8B6FFD89F12"
URLS = Publication("http://ca.example/crl", "http://ca.example/ocsp", "http://ca.example/ca.crt")
CA = make_ca("Some CA", 3650, NOW)
LEAF = Leaf(
    serial=SERIAL,
    not_before=NOW,
    not_after=NOW + 86400,
    subject=[Attribute("2.5.4.3", "UTF8STRING", "press7.quillon.example")],
    san={"dns_names": ["press7.quillon.example"]},
    san_critical=False,
    key_usages={"digital_signature": True},
    ekus=[],
    ekus_critical=False,
    public_key=KEY.public_key(),
)


def signed(issuer: Pair = CA, publication: Publication | None = None, **changes: Any) -> Any:
    """The certificate of a leaf."""
    pem = sign(dataclasses.replace(LEAF, **changes), issuer, publication)
    return x509.load_pem_x509_certificate(pem.encode())


def rsa_issuer() -> Any:
    """A CA with an RSA key, and its certificate signed by the other CA."""
    key = rsa.generate_private_key(65537, 2048)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "RSA CA")]))
        .issuer_name(CA.certificate.subject)
        .serial_number(7)
        .not_valid_before(CA.certificate.not_valid_before_utc)
        .not_valid_after(CA.certificate.not_valid_after_utc)
        .public_key(key.public_key())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    pair: Any = Pair
    return pair(key, builder.sign(CA.key, hashes.SHA256()))


RSA_CA = rsa_issuer()


def test_pem_has_the_form_that_the_service_gives() -> None:
    pem = sign(LEAF, CA)
    assert pem.endswith("-----END CERTIFICATE-----\n")
    lines = pem.splitlines()
    assert {len(line) for line in lines[1:-2]} == {64}


def test_a_certificate_names_its_issuer_and_itself() -> None:
    certificate = signed()
    certificate.verify_directly_issued_by(CA.certificate)
    assert f"{certificate.serial_number:032X}" == SERIAL
    assert moments(certificate) == (NOW, NOW + 86400)
    identifier = value_of(CA.certificate, "2.5.29.14").digest
    assert value_of(certificate, "2.5.29.35").key_identifier == identifier
    assert value_of(certificate, "2.5.29.19").public_bytes() == b"\x30\x00"
    assert b"\x04\x02\x30\x00" in certificate.tbs_certificate_bytes


@pytest.mark.parametrize(
    ("algorithm", "digest", "kind"),
    [
        ("", "SHA-256", hashes.SHA256),
        ("ECDSA", "SHA-384", hashes.SHA384),
        ("RSA", "SHA-512", hashes.SHA512),  # of which the key can do the hash only
    ],
)
def test_signatures_of_an_ecdsa_key(algorithm: str, digest: str, kind: Any) -> None:
    certificate = signed(signature=Signature(algorithm, digest))
    certificate.verify_directly_issued_by(CA.certificate)
    assert isinstance(certificate.signature_hash_algorithm, kind)
    assert isinstance(certificate.signature_algorithm_parameters, ec.ECDSA)


@pytest.mark.parametrize("digest", ["SHA-256", "SHA-384", "SHA-512"])
@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [
        ("", padding.PKCS1v15),
        ("RSA", padding.PKCS1v15),
        ("ECDSA", padding.PKCS1v15),  # which the key cannot do
        ("RSA-PSS", padding.PSS),
    ],
)
def test_signatures_of_an_rsa_key(algorithm: str, kind: Any, digest: str) -> None:
    certificate = signed(RSA_CA, signature=Signature(algorithm, digest))
    certificate.verify_directly_issued_by(RSA_CA.certificate)
    assert certificate.signature_hash_algorithm.name == digest.replace("-", "").lower()
    assert isinstance(certificate.signature_algorithm_parameters, kind)


def test_openssl_verifies_the_chain(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_text(CA.pem)
    (tmp_path / "issuing.pem").write_text(RSA_CA.pem)
    leaf = sign(dataclasses.replace(LEAF, signature=Signature("RSA-PSS", "SHA-384")), RSA_CA)
    (tmp_path / "leaf.pem").write_text(leaf)
    command = ["openssl", "verify", "-attime", str(NOW + 60), "-CAfile", "root.pem"]
    ended = subprocess.run(
        [*command, "-untrusted", "issuing.pem", "leaf.pem"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=20,
    )
    assert ended.stdout == b"leaf.pem: OK\n"


def test_a_ca_publishes_where_it_says() -> None:
    certificate = signed(publication=URLS)
    points = value_of(certificate, "2.5.29.31")
    assert [point.full_name[0].value for point in points] == [URLS.crl]
    access = {each.access_method: each.access_location.value for each in value_of(certificate, AIA)}
    assert access == {
        AuthorityInformationAccessOID.OCSP: URLS.ocsp,
        AuthorityInformationAccessOID.CA_ISSUERS: URLS.ca_issuers,
    }


AIA = "1.3.6.1.5.5.7.1.1"


@pytest.mark.parametrize("publication", [None, Publication()])
def test_a_ca_that_publishes_nothing_says_nothing(publication: Publication | None) -> None:
    oids = {each.oid.dotted_string for each in signed(publication=publication).extensions}
    assert oids == {"2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.35"}


def test_only_the_responder_can_be_published() -> None:
    certificate = signed(publication=Publication(ocsp=URLS.ocsp))
    assert [each.access_location.value for each in value_of(certificate, AIA)] == [URLS.ocsp]


def test_names_are_critical_without_a_subject() -> None:
    for subject, is_critical in ((LEAF.subject, False), ([], True)):
        names = signed(subject=subject).extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
        assert names.critical == is_critical


def test_critical_extensions() -> None:
    mark = Attribute("1.2.3", "PRINTABLESTRING", "mark")
    certificate = signed(
        san_critical=True,
        ekus=["1.3.6.1.5.5.7.3.1"],
        ekus_critical=True,
        template=Template("1.2.3.4", None, None, critical=True),
        custom_extensions=[CustomExtension(mark, critical=True)],
    )
    critical = {each.oid.dotted_string for each in certificate.extensions if each.critical}
    assert critical == {"2.5.29.15", "2.5.29.17", "2.5.29.37", "1.3.6.1.4.1.311.21.7", "1.2.3"}


def test_without_any_usage_there_is_no_extension_for_it() -> None:
    certificate = signed(key_usages={"digital_signature": False})
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.KeyUsage)


VALUES: list[tuple[str, str, list[str]]] = [
    ("IA5STRING", "ida@quillon.example", ["IA5STRING:ida@quillon.example"]),
    ("PRINTABLESTRING", "Ida", ["PRINTABLESTRING:Ida"]),
    ("UTF8STRING", "Ida", ["UTF8STRING:Ida"]),
    ("INTEGER", "0", ["INTEGER:00"]),
    ("INTEGER", "127", ["INTEGER:7F"]),
    ("INTEGER", "128", ["INTEGER:80"]),
    ("INTEGER", "-128", ["INTEGER:-80"]),
    ("INTEGER", "-129", ["INTEGER:-81"]),
    ("INTEGER", str(2**80), [f"INTEGER:{2**80:022X}"]),
    ("DER", "3003020105", ["INTEGER:05"]),
    ("NIL", "", ["NULL"]),
]


@pytest.mark.parametrize(("kind", "text", "expected"), VALUES)
def test_values_as_openssl_reads_them(kind: str, text: str, expected: list[str]) -> None:
    assert parsed(der.encoded(kind, text)) == expected


@pytest.mark.parametrize(("kind", "text", "expected"), VALUES)
def test_values_go_everywhere(kind: str, text: str, expected: list[str]) -> None:
    value = Attribute("1.3.6.1.4.1.99999.1", kind, text)
    certificate = signed(
        subject=[value],
        other_names=[value],
        directory=Directory(extra=[value]),
        custom_extensions=[CustomExtension(value, critical=False)],
    )
    content = der.encoded(kind, text)
    assert value_of(certificate, value.oid).value == content
    assert parsed(value_of(certificate, "2.5.29.9").value)[1:] == expected
    names = value_of(certificate, "2.5.29.17")
    assert names.get_values_for_type(x509.OtherName)[0].value == content
    # openssl x509 does not read subjects of numbers; openssl asn1parse reads everything
    subject = der.items(der.inner(certificate.tbs_certificate_bytes))[5]
    assert parsed(subject)[1:] == expected


def test_values_of_the_same_attribute_are_sorted_in_one_set() -> None:
    grades = [Attribute("1.2.3", "INTEGER", text) for text in ("300", "2")]
    certificate = signed(directory=Directory(extra=grades))
    assert parsed(value_of(certificate, "2.5.29.9").value) == [
        "OBJECT:1.2.3",
        "INTEGER:02",
        "INTEGER:012C",
    ]


def test_statements_that_are_not_made_are_not_there() -> None:
    certificate = signed(statements=QualifiedStatements(secure_device=True))
    assert parsed(value_of(certificate, "1.3.6.1.5.5.7.1.3").value) == ["OBJECT:0.4.0.1862.1.4"]


@pytest.mark.parametrize(
    ("authority", "tag"),
    [("https://a.example", 0x86), ("ida@a.example", 0x81), ("registry.example", 0x82)],
)
def test_kinds_of_name_authorities(authority: str, tag: int) -> None:
    certificate = signed(statements=QualifiedStatements(name_authorities=[authority]))
    content = value_of(certificate, "1.3.6.1.5.5.7.1.3").value
    assert bytes((tag, len(authority))) + authority.encode() in content


@pytest.mark.parametrize("year", [2049, 2050, 2400])
def test_times_of_all_centuries(year: int) -> None:
    end = (year - 1970) * 31556952
    assert moments(signed(not_after=end))[1] == end


def country(code: str) -> list[Attribute]:
    return [Attribute("2.5.4.6", "PRINTABLESTRING", code)]


IMPOSSIBLE: list[dict[str, Any]] = [
    {"subject": country("Netherlands")},
    {"subject": country("nl")},
    {"subject": [Attribute("2.5.4.3", "UTF8STRING", "a" * 65)]},
    {"subject": [Attribute("2.5.4.5", "PRINTABLESTRING", "EMP_42")]},
    {"key_usages": {"encipher_only": True}},
    {"directory": Directory(gender="x")},
    {"directory": Directory(citizenships=["Dutch"])},
    {"statements": QualifiedStatements(disclosures={"ENG": "https://a.example"})},
    {"statements": QualifiedStatements(disclosures={"EN": "https://\u00e4.example"})},
    {"custom_extensions": [CustomExtension(Attribute("2.5.29.17", "NIL", ""), critical=False)]},
    {
        "custom_extensions": [
            CustomExtension(Attribute("1.3.6.1.5.5.7.1.24", "UTF8STRING", "x"), critical=False)
        ]
    },
    {"not_after": 10**15},
    {"not_after": 10**30},
]


@pytest.mark.parametrize("changes", IMPOSSIBLE)
def test_what_x509_cannot_say_is_an_error(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of them
        signed(**changes)


@pytest.mark.parametrize(
    "content",
    [b"\x30", b"\x30\x01", b"\x30\x81\x01\x00", b"\x30\x80\x00\x00", b"\x1f\x81", b"\x1f"],
)
def test_what_is_no_whole_value_is_an_error(content: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any of them
        der.items(content)


def test_tags_and_lengths_of_several_bytes() -> None:
    long_value = der.octet_string(b"a" * 70_000)
    high_tag = b"\x5f\x81\x01\x01a"
    assert der.items(long_value + high_tag) == [long_value, high_tag]
    assert der.inner(long_value) == b"a" * 70_000
    assert der.inner(high_tag) == b"a"


def test_a_rekey_changes_nothing_but_the_key_and_what_follows_from_it() -> None:
    value = Attribute("1.3.6.1.4.1.99999.1", "INTEGER", "7")
    old = signed(
        RSA_CA,
        publication=URLS,
        subject=[*LEAF.subject, value],
        directory=Directory(gender="F"),
        custom_extensions=[CustomExtension(value, critical=True)],
        signature=Signature("RSA-PSS", "SHA-512"),
    )
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    elsewhere = Publication(crl="http://ca.example/2.crl")
    pem = rekeyed(old, key, "02" + SERIAL[2:], NOW + 60, RSA_CA, elsewhere)
    new = x509.load_pem_x509_certificate(pem.encode())
    new.verify_directly_issued_by(RSA_CA.certificate)
    assert f"{new.serial_number:032X}" == "02" + SERIAL[2:]
    assert moments(new) == (NOW + 60, NOW + 86400)
    assert public_key_digest(new.public_key()) == public_key_digest(key)
    assert value_of(new, "2.5.29.14") == x509.SubjectKeyIdentifier.from_public_key(key)
    assert value_of(new, "2.5.29.31")[0].full_name[0].value == elsewhere.crl
    assert isinstance(new.signature_hash_algorithm, hashes.SHA512)
    assert isinstance(new.signature_algorithm_parameters, padding.PSS)
    replaced = ("2.5.29.14", "2.5.29.31", AIA)
    kept = [each for each in old.extensions if each.oid.dotted_string not in replaced]
    assert all(each in list(new.extensions) for each in kept)
    assert {each.oid for each in new.extensions} == {
        each.oid for each in old.extensions if each.oid.dotted_string != AIA
    }
    subjects = [der.items(der.inner(each.tbs_certificate_bytes))[5] for each in (old, new)]
    assert subjects[0] == subjects[1]


def test_a_rekey_from_the_same_leaf() -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    again = signed(public_key=key, serial="02" + SERIAL[2:], not_before=NOW + 60)
    assert moments(again) == (NOW + 60, NOW + 86400)
