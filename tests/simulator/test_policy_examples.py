# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of the API reference, section 4.3, are issued and say what was asked for."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from .conftest import Simulator, pem_of, running
from .test_policy import VECTOR_CSR, VECTOR_EC, VECTOR_EC_PROOF, VECTOR_RSA

VERIFIED = ("--verified", "quillon.example")
LENGTH = 16569600  # what example B asks for
MAXIMUM = 199 * 86400
SHOP: Mapping[str, Any] = {
    "subject_dn": {"common_name": "shop.quillon.example"},
    "san": {"dns_names": ["shop.quillon.example", "www.shop.quillon.example"]},
    "public_key": VECTOR_RSA,
}
PRESS: Mapping[str, Any] = {
    "subject_dn": {
        "common_name": "press7.quillon.example",
        "given_name": "Ida",
        "surname": "van Loon",
        "organizational_unit": ["Lab 7"],
        "organization_identifier": "NTRNL-00112233",
        "state": "Utrecht",
        "locality": "Amersfoort",
        "street_address": "Keistraat 12",
        "postal_code": "3811 AB",
        "email": "ida@quillon.example",
        "serial_number": "EMP-0042",
        "extra_attributes": [{"type": "2.5.4.12", "value": "Press operator"}],
    },
    "san": {
        "dns_names": ["press7.quillon.example", "*.press7.quillon.example"],
        "emails": ["ida@quillon.example"],
        "ip_addresses": ["192.0.2.17"],
        "uris": ["https://press7.quillon.example/id"],
        "other_names": [{"type": "1.3.6.1.4.1.311.20.2.3", "value": "ida@quillon.example"}],
    },
    "key_usages": {"key_agreement": True},
    "extended_key_usages": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
    "subject_da": {
        "gender": "f",
        "date_of_birth": "1984-02-29",
        "place_of_birth": "Zwolle",
        "country_of_citizenship": ["NL", "BE"],
        "extra_attributes": [
            {"type": "1.3.6.1.4.1.99999.7.2"},
            {"type": "1.3.6.1.4.1.99999.7.3", "value": "1200"},
        ],
    },
    "qualified_statements": {
        "etsi_qc_compliance": True,
        "etsi_qc_type": "0.4.0.1862.1.6.1",
        "etsi_qc_retention_period": 7,
    },
    "ms_extension_template": {
        "id": "1.3.6.1.4.1.311.21.8.11.22.33",
        "major_version": 100,
        "minor_version": 3,
    },
    "custom_extensions": {
        "1.3.6.1.4.1.99999.8.1": "rack-014",
        "1.3.6.1.5.5.7.1.24": "3003020105",
    },
    "signature": {"hash_algorithm": "SHA-256"},
    "public_key": VECTOR_EC,
    "public_key_signature": VECTOR_EC_PROOF,
}
GATE: Mapping[str, Any] = {
    "subject_dn": {"common_name": "gate2.quillon.example"},
    "san": {"dns_names": ["gate2.quillon.example"]},
    "signature": {"algorithm": "ECDSA", "hash_algorithm": "SHA-384"},
    "public_key": VECTOR_CSR,
}


def from_now(example: Mapping[str, Any], seconds: int = 0, **sections: Any) -> dict[str, Any]:
    """An example with a validity of so many seconds from now, and with other `sections`.

    0 is for the longest that there is.
    """
    now = int(time.time())
    validity = {"not_before": now, "not_after": now + seconds if seconds else 0}
    return {**json.loads(json.dumps(example)), "validity": validity, **sections}


def issued(simulator: Simulator, body: Any) -> x509.Certificate:
    """The certificate of a request that is admitted."""
    answer = simulator.send("POST", "/certificates", body)
    assert answer.status == 201, answer.document
    location = answer.headers["Location"]
    pem = simulator.send("GET", location.removeprefix("/v2")).document["certificate"]
    certificate = x509.load_pem_x509_certificate(pem.encode())
    assert f"{certificate.serial_number:032X}" == location.rpartition("/")[2]
    return certificate


def subject_of(certificate: x509.Certificate) -> list[tuple[str, str]]:
    """The attributes of the subject, by their OIDs, in the order of the certificate."""
    return [(each.oid.dotted_string, str(each.value)) for each in certificate.subject]


def value_of(certificate: x509.Certificate, oid: str) -> Any:
    """An extension that must be there."""
    return certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier(oid)).value


def moments(certificate: x509.Certificate) -> tuple[int, int]:
    """The validity in UNIX seconds."""
    return (
        int(certificate.not_valid_before_utc.timestamp()),
        int(certificate.not_valid_after_utc.timestamp()),
    )


def openssl(arguments: list[str], content: bytes) -> str:
    """What `openssl` prints of some bytes."""
    return subprocess.run(
        ["openssl", *arguments], input=content, capture_output=True, check=True, timeout=20
    ).stdout.decode("utf-8", "replace")


def parsed(content: bytes) -> list[str]:
    """The types and values of DER, as `openssl asn1parse` tells them, without the containers."""
    lines = openssl(["asn1parse", "-inform", "DER"], content).splitlines()
    values = [line.partition("prim: ")[2].partition(":") for line in lines if "prim: " in line]
    return [f"{kind.strip()}{colon}{text.strip()}" for kind, colon, text in values]


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator with the policy that has every section."""
    folder = tmp_path_factory.mktemp("everything")
    with running(folder, "--policy", "everything", *VERIFIED) as started:
        yield started


@pytest.fixture(scope="module")
def press_certificate(press: Simulator) -> x509.Certificate:
    """The certificate of example B."""
    return issued(press, from_now(PRESS, LENGTH))


def test_example_a(tmp_path: Path) -> None:
    with running(tmp_path, "--policy", "ov-tls", *VERIFIED) as simulator:
        body = from_now(SHOP)
        certificate = issued(simulator, body)
    start = body["validity"]["not_before"]
    assert moments(certificate) == (start, start + MAXIMUM)
    assert subject_of(certificate) == [
        ("2.5.4.3", "shop.quillon.example"),
        ("2.5.4.10", "Quillon Instruments BV"),
        ("2.5.4.6", "NL"),
        ("2.5.4.8", "Utrecht"),
        ("2.5.4.7", "Amersfoort"),
    ]
    names = value_of(certificate, "2.5.29.17")
    assert names.get_values_for_type(x509.DNSName) == SHOP["san"]["dns_names"]
    assert pem_of(certificate.public_key()) == VECTOR_RSA


def test_example_c(tmp_path: Path) -> None:
    with running(tmp_path, "--policy", "device-csr", *VERIFIED) as simulator:
        body = from_now(GATE, 4569600)
        certificate = issued(simulator, body)
    assert moments(certificate) == tuple(body["validity"].values())
    assert subject_of(certificate) == [("2.5.4.3", "gate2.quillon.example")]
    assert pem_of(certificate.public_key()) == VECTOR_EC
    assert isinstance(certificate.signature_hash_algorithm, hashes.SHA384)


def test_example_b_names(press: Simulator) -> None:
    body = from_now(PRESS, LENGTH)
    certificate = issued(press, body)
    assert moments(certificate) == tuple(body["validity"].values())
    assert subject_of(certificate) == [
        ("2.5.4.3", "press7.quillon.example"),
        ("2.5.4.42", "Ida"),
        ("2.5.4.4", "van Loon"),
        ("2.5.4.10", "Quillon Instruments BV"),
        ("2.5.4.11", "Lab 7"),
        ("2.5.4.97", "NTRNL-00112233"),
        ("2.5.4.6", "NL"),
        ("2.5.4.8", "Utrecht"),
        ("2.5.4.7", "Amersfoort"),
        ("2.5.4.9", "Keistraat 12"),
        ("2.5.4.17", "3811 AB"),
        ("1.2.840.113549.1.9.1", "ida@quillon.example"),
        ("2.5.4.5", "EMP-0042"),
        ("2.5.4.12", "Press operator"),
        ("1.3.6.1.4.1.99999.7.1", "fleet-a"),
    ]
    names = value_of(certificate, "2.5.29.17")
    assert [(type(name).__name__, name.value) for name in names][:5] == [
        ("DNSName", "press7.quillon.example"),
        ("DNSName", "*.press7.quillon.example"),
        ("RFC822Name", "ida@quillon.example"),
        ("IPAddress", names.get_values_for_type(x509.IPAddress)[0]),
        ("UniformResourceIdentifier", "https://press7.quillon.example/id"),
    ]
    assert str(names.get_values_for_type(x509.IPAddress)[0]) == "192.0.2.17"
    other = names.get_values_for_type(x509.OtherName)[0]
    assert other.type_id.dotted_string == "1.3.6.1.4.1.311.20.2.3"
    assert other.value == b"\x0c\x13ida@quillon.example"


def test_example_b_usages_and_signature(press_certificate: x509.Certificate) -> None:
    usage = press_certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.key_agreement
    assert not usage.value.key_encipherment
    ekus = [each.dotted_string for each in value_of(press_certificate, "2.5.29.37")]
    assert ekus == PRESS["extended_key_usages"]
    assert isinstance(press_certificate.signature_hash_algorithm, hashes.SHA256)
    template = value_of(press_certificate, "1.3.6.1.4.1.311.21.7")
    assert template.template_id.dotted_string == "1.3.6.1.4.1.311.21.8.11.22.33"
    assert (template.major_version, template.minor_version) == (100, 3)


def test_example_b_subject_directory(press_certificate: x509.Certificate) -> None:
    assert parsed(value_of(press_certificate, "2.5.29.9").value) == [
        "OBJECT:id-pda-dateOfBirth",
        "GENERALIZEDTIME:19840229120000Z",
        "OBJECT:id-pda-placeOfBirth",
        "UTF8STRING:Zwolle",
        "OBJECT:id-pda-gender",
        "PRINTABLESTRING:f",
        "OBJECT:id-pda-countryOfCitizenship",
        "PRINTABLESTRING:BE",
        "PRINTABLESTRING:NL",
        "OBJECT:id-pda-countryOfResidence",
        "PRINTABLESTRING:NL",
        "OBJECT:1.3.6.1.4.1.99999.7.2",
        "NULL",
        "OBJECT:1.3.6.1.4.1.99999.7.3",
        "INTEGER:04B0",
    ]


def test_example_b_qualified_statements(press_certificate: x509.Certificate) -> None:
    statements = parsed(value_of(press_certificate, "1.3.6.1.5.5.7.1.3").value)
    assert [each for each in statements if not each.startswith("cont")] == [
        "OBJECT:1.3.6.1.5.5.7.11.2",
        "OBJECT:0.4.0.194121.1.2",
        "OBJECT:0.4.0.1862.1.1",
        "OBJECT:0.4.0.1862.1.3",
        "INTEGER:07",
        "OBJECT:0.4.0.1862.1.5",
        "IA5STRING:https://pds.quillon.example/en.pdf",
        "PRINTABLESTRING:EN",
        "IA5STRING:https://pds.quillon.example/nl.pdf",
        "PRINTABLESTRING:NL",
        "OBJECT:0.4.0.1862.1.6",
        "OBJECT:0.4.0.1862.1.6.1",
    ]
    assert b"\x86\x20https://registry.quillon.example" in (
        value_of(press_certificate, "1.3.6.1.5.5.7.1.3").value
    )


def test_example_b_custom_extensions(press_certificate: x509.Certificate) -> None:
    assert list(value_of(press_certificate, "1.3.6.1.5.5.7.1.24")) == [
        x509.TLSFeatureType.status_request
    ]
    assert value_of(press_certificate, "1.3.6.1.4.1.99999.8.1").value == b"\x0c\x08rack-014"
    assert value_of(press_certificate, "1.3.6.1.4.1.99999.8.2").value == b"\x05\x00"


def test_example_b_as_openssl_reads_it(press: Simulator) -> None:
    certificate = issued(press, from_now(PRESS, LENGTH))
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    text = openssl(["x509", "-noout", "-text"], pem)
    for expected in (
        "X509v3 Key Usage: critical\n                Digital Signature, Key Agreement\n",
        "TLS Web Server Authentication, TLS Web Client Authentication\n",
        "UPN::ida@quillon.example",
        "1.3.6.1.4.1.99999.7.1 = fleet-a",
        "status_request\n",
        "CA:FALSE\n",
    ):
        assert expected in text
