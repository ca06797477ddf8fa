# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a certificate says, and who signed it (API reference, sections 2.2, 2.3 and 4.5)."""

from __future__ import annotations

import ipaddress
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .conftest import JSON_TYPE, KEY, Simulator, good_request, pem_of, running


def issue(simulator: Simulator, request: Any) -> tuple[str, x509.Certificate]:
    """Have a certificate issued; the serial number that the API gave, and the certificate."""
    answer = simulator.send("POST", "/certificates", request)
    assert (answer.status, answer.document) == (201, None)
    assert answer.headers["Content-Length"] == "0"
    found = re.fullmatch("/v2/certificates/(01[0-9A-F]{30})", answer.headers["Location"])
    assert found
    read = simulator.send("GET", f"/certificates/{found[1]}")
    assert (read.status, read.headers["Content-Type"]) == (200, JSON_TYPE)
    assert sorted(read.document) == ["certificate", "status", "updated_at"]
    assert read.document["status"] == "ISSUED"
    assert abs(read.document["updated_at"] - time.time()) < 30
    pem = read.document["certificate"]
    assert pem.endswith("-----END CERTIFICATE-----\n")
    assert max(map(len, pem.splitlines())) == 64
    return found[1], x509.load_pem_x509_certificate(pem.encode())


def extension(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> Any:
    return certificate.extensions.get_extension_for_class(kind)


def test_the_certificate_says_what_was_asked(simulator: Simulator) -> None:
    start = int(time.time())
    request = good_request(validity={"not_before": start, "not_after": start + 90 * 86400})
    serial, certificate = issue(simulator, request)
    assert certificate.serial_number == int(serial, 16)
    assert certificate.not_valid_before_utc.timestamp() == start
    assert certificate.not_valid_after_utc.timestamp() == start + 90 * 86400
    assert certificate.subject.rfc4514_string() == "CN=www.quillon.example"
    names = extension(certificate, x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == [
        "www.quillon.example",
        "quillon.example",
    ]
    assert certificate.public_key() == KEY.public_key()
    assert list(extension(certificate, x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.SERVER_AUTH
    ]
    assert not extension(certificate, x509.BasicConstraints).value.ca
    usage = extension(certificate, x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.key_encipherment
    assert not usage.value.key_cert_sign


def test_openssl_verifies_it_against_the_chain(simulator: Simulator, tmp_path: Path) -> None:
    _serial, certificate = issue(simulator, good_request())
    issuing, root = simulator.send("GET", "/trustchain").document
    leaf = certificate.public_bytes(Encoding.PEM).decode()
    pem = {"leaf": leaf, "issuing": issuing, "root": root}
    for name, text in pem.items():
        (tmp_path / f"{name}.pem").write_text(text)
    command = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver"]
    command += ["-CAfile", "root.pem", "-untrusted", "issuing.pem"]
    command += ["-verify_hostname", "www.quillon.example", "leaf.pem"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "leaf.pem: OK\n"), ended.stderr


def test_the_chain_ends_in_a_root(simulator: Simulator) -> None:
    chain = simulator.send("GET", "/trustchain").document
    issuing, root = (x509.load_pem_x509_certificate(pem.encode()) for pem in chain)
    issuing.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert all(pem.endswith("-----END CERTIFICATE-----\n") for pem in chain)
    assert extension(issuing, x509.BasicConstraints).value.path_length == 0


def test_serial_numbers_differ(simulator: Simulator) -> None:
    assert issue(simulator, good_request())[0] != issue(simulator, good_request())[0]


@pytest.mark.parametrize("end", [{}, {"not_after": 0}, {"not_after": None}])
def test_without_an_end_it_is_valid_as_long_as_the_policy_allows(
    simulator: Simulator, end: dict[str, Any]
) -> None:
    start = int(time.time())
    _serial, certificate = issue(simulator, good_request(validity={"not_before": start, **end}))
    assert certificate.not_valid_after_utc.timestamp() == start + 199 * 86400


def test_a_serial_number_may_lack_its_leading_zero(simulator: Simulator) -> None:
    serial, _certificate = issue(simulator, good_request())
    for form in (serial, serial.lower(), serial[1:], serial[1:].lower(), serial + "/"):
        assert simulator.send("GET", f"/certificates/{form}").status == 200


@pytest.mark.parametrize("serial", ["1", "0" * 33, "01:02", "not_even_a_number", "g" * 32])
def test_a_malformed_serial_number(simulator: Simulator, serial: str) -> None:
    answer = simulator.send("GET", f"/certificates/{serial}")
    assert (answer.status, answer.description) == (422, "invalid serial number length")


def test_an_unknown_serial_number(simulator: Simulator) -> None:
    answer = simulator.send("GET", "/certificates/01" + "0" * 30)
    assert (answer.status, answer.description) == (404, "Not Found")


def test_the_quota_counts_down(simulator: Simulator) -> None:
    before = simulator.send("GET", "/quotas/issuance").document["value"]
    issue(simulator, good_request())
    simulator.send("POST", "/certificates", good_request(public_key="no key"))
    assert simulator.send("GET", "/quotas/issuance").document == {"value": before - 1}


def test_nothing_is_issued_beyond_the_quota(tmp_path: Path) -> None:
    arguments = ("--verified", "quillon.example", "--control", "127.0.0.1:0")
    with running(tmp_path, *arguments) as simulator:
        simulator.control("POST", "/quota", {"quota": 1})
        issue(simulator, good_request())
        answer = simulator.send("POST", "/certificates", good_request())
        assert (answer.status, answer.description) == (402, "Quota Reached")
        assert simulator.send("GET", "/quotas/issuance").document == {"value": 0}


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator with the policy of devices."""
    arguments = ("--policy", "device", "--verified", "devices.example")
    with running(tmp_path_factory.mktemp("device"), *arguments) as started:
        yield started


DEVICE_KEY = rsa.generate_private_key(65537, 2048)


def device_request(**changes: Any) -> dict[str, Any]:
    """A request that the policy of devices admits."""
    return {
        "validity": {"not_before": int(time.time())},
        "subject_dn": {"common_name": "press7.devices.example", "organizational_unit": ["Lab 7"]},
        "san": {"dns_names": ["press7.devices.example"], "ip_addresses": ["192.0.2.17"]},
        "extended_key_usages": ["1.3.6.1.5.5.7.3.2"],
        "public_key": pem_of(DEVICE_KEY.public_key()),
        **changes,
    }


def test_the_service_adds_what_is_static(device: Simulator) -> None:
    _serial, certificate = issue(device, device_request(key_usages={"key_encipherment": True}))
    subject = {attribute.oid: attribute.value for attribute in certificate.subject}
    assert subject == {
        NameOID.COMMON_NAME: "press7.devices.example",
        NameOID.ORGANIZATION_NAME: "Quillon Instruments BV",
        NameOID.ORGANIZATIONAL_UNIT_NAME: "Lab 7",
    }
    names = extension(certificate, x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("192.0.2.17")]
    usage = extension(certificate, x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_encipherment) == (True, True)
    assert list(extension(certificate, x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH
    ]


def test_a_usage_that_is_not_asked_is_not_there(device: Simulator) -> None:
    _serial, certificate = issue(device, device_request())
    assert not extension(certificate, x509.KeyUsage).value.key_encipherment


def test_what_x509_cannot_say_is_refused_and_not_counted(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text('{"subject_dn": {"country": {"presence": "OPTIONAL", "format": ""}}}')
    with running(tmp_path / "data", "--policy", str(policy)) as simulator:
        request = good_request(
            san=None, public_key_signature=None, subject_dn={"country": "Netherlands"}
        )
        answer = simulator.send("POST", "/certificates", request)
        assert (answer.status, answer.description) == (422, "CA validation error")
        assert simulator.send("GET", "/quotas/issuance").document == {"value": 1_000_000}
