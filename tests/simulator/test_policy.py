# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The validation policy is enforced, whatever a client sends (API reference, sections 3 and 4)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from .conftest import KEY, Simulator, good_request, pem_of, public_key_members, running

YEAR = 365 * 86400
RSA_KEY = rsa.generate_private_key(65537, 2048)
POLICY = {
    "validity": {
        "secondsmin": 3600,
        "secondsmax": 90 * 86400,
        "not_before_negative_skew": 120,
        "not_before_positive_skew": 300,
    },
    "subject_dn": {
        "common_name": {"presence": "REQUIRED", "format": "^[a-z0-9.]{1,30}$"},
        "organization": {"presence": "STATIC", "format": "Quillon Instruments BV"},
        "country": {"presence": "FORBIDDEN", "format": "^[A-Z]{2}$"},
        "locality": {"presence": "OPTIONAL", "format": "^[A-Z][a-z]+$"},
        "organizational_unit": {
            "static": False,
            "list": ["^Lab [0-9]{1,2}$", "^Facilities$"],
            "mincount": 0,
            "maxcount": 2,
        },
    },
    "san": {
        "critical": True,
        "dns_names": {
            "static": False,
            "list": ["quillon.example", ".apps.example"],
            "mincount": 1,
            "maxcount": 3,
        },
        "emails": {"static": False, "list": ["@quillon.example"], "mincount": 0, "maxcount": 1},
        "ip_addresses": {
            "static": False,
            "list": ["^192\\.0\\.2\\."],
            "mincount": 0,
            "maxcount": 1,
        },
        "uris": {
            "static": True,
            "list": ["https://quillon.example/"],
            "mincount": 1,
            "maxcount": 1,
        },
    },
    "key_usages": {"digital_signature": "STATIC_TRUE", "key_agreement": "OPTIONAL"},
    "extended_key_usages": {
        "ekus": {
            "static": False,
            "list": ["^1\\.3\\.6\\.1\\.5\\.5\\.7\\.3\\.(1|2)$"],
            "mincount": 1,
            "maxcount": 2,
        },
        "critical": False,
    },
    "public_key": {"key_type": "ECDSA", "allowed_lengths": [256, 384], "key_format": "PKCS8"},
    "public_key_signature": "REQUIRED",
}
VERIFIED = ("--verified", "quillon.example", "--verified", "apps.example")


def start(folder: Path, policy: Any) -> Any:
    file = folder / "policy.json"
    file.write_text(json.dumps(policy))
    return running(folder / "data", "--policy", str(file), *VERIFIED)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator with `POLICY`."""
    with start(tmp_path_factory.mktemp("strict"), POLICY) as started:
        yield started


def request(**changes: Any) -> dict[str, Any]:
    """A request that `POLICY` admits, but for the `changes`."""
    return {
        "validity": {"not_before": int(time.time()), "not_after": 0},
        "subject_dn": {"common_name": "press7.quillon.example"},
        "san": {"dns_names": ["press7.quillon.example"]},
        "extended_key_usages": ["1.3.6.1.5.5.7.3.1"],
        **public_key_members(KEY),
        **changes,
    }


def subject(**members: Any) -> dict[str, Any]:
    return {"subject_dn": {"common_name": "press7.quillon.example", **members}}


def san(**members: Any) -> dict[str, Any]:
    return {"san": {"dns_names": ["press7.quillon.example"], **members}}


def without(member: str) -> dict[str, Any]:
    return {name: value for name, value in request().items() if name != member}


NOTHING_SENT: list[dict[str, Any]] = [
    {},
    subject(country=None, organization="", locality=None, organizational_unit=[]),
    san(emails=[], ip_addresses=None, uris=[], other_names=None),
    {"key_usages": {}, "signature": {}},
    {"key_usages": None, "subject_da": None, "custom_extensions": {}, "signature": None},
    {"signature": {"algorithm": None, "hash_algorithm": None}},
    {
        "qualified_statements": {
            "semantics": {"identifier": ""},
            "etsi_qc_compliance": False,
            "etsi_qc_sscd_compliance": False,
            "etsi_qc_retention_period": 0,
        }
    },
]


@pytest.mark.parametrize("changes", NOTHING_SENT)
def test_what_is_empty_counts_as_not_sent(strict: Simulator, changes: dict[str, Any]) -> None:
    assert strict.send("POST", "/certificates", request(**changes)).status == 201


ADMITTED: list[dict[str, Any]] = [
    subject(locality="Amersfoort", organizational_unit=["Lab 7", "Facilities"]),
    san(dns_names=["quillon.example", "*.quillon.example", "x.y.apps.example"]),
    san(dns_names=["PRESS7.Quillon.Example"]),
    san(emails=["ida@quillon.example"], ip_addresses=["192.0.2.17"]),
    {"key_usages": {"key_agreement": True}},
    {"key_usages": {"key_agreement": False}},
    {"extended_key_usages": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]},
    public_key_members(ec.generate_private_key(ec.SECP384R1())),
    {"public_key": pem_of(KEY.public_key()) + "\n"},
]


@pytest.mark.parametrize("changes", ADMITTED)
def test_what_the_policy_admits_is_issued(strict: Simulator, changes: dict[str, Any]) -> None:
    assert strict.send("POST", "/certificates", request(**changes)).status == 201


def test_what_is_static_or_critical_is_in_the_certificate(strict: Simulator) -> None:
    location = strict.send("POST", "/certificates", request()).headers["Location"]
    pem = strict.send("GET", location.removeprefix("/v2")).document["certificate"]
    certificate = x509.load_pem_x509_certificate(pem.encode())
    expected = "O=Quillon Instruments BV,CN=press7.quillon.example"
    assert certificate.subject.rfc4514_string() == expected
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.critical
    assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == [
        "https://quillon.example/"
    ]


VIOLATIONS: list[tuple[dict[str, Any], str]] = [
    (subject(common_name=None), "subject_dn.common_name: is required"),
    (subject(common_name=""), "subject_dn.common_name: is required"),
    (subject(common_name="No Capitals"), "subject_dn.common_name: invalid value"),
    (subject(common_name="press7\n"), "subject_dn.common_name: invalid value"),
    (subject(organization="Quillon Instruments BV"), "subject_dn.organization: is static"),
    (subject(country="NL"), "subject_dn.country: is forbidden"),
    (subject(state="Utrecht"), "subject_dn.state: is forbidden"),
    (subject(favourite_colour="blue"), "subject_dn.favourite_colour: is forbidden"),
    (subject(locality="amersfoort"), "subject_dn.locality: invalid value"),
    (subject(organizational_unit=["Lab X"]), "subject_dn.organizational_unit: invalid value"),
    (
        subject(organizational_unit=["Lab 1", "Lab 2", "Lab 3"]),
        "subject_dn.organizational_unit: has to have between 0 and 2 items",
    ),
    (
        {"subject_dn": {"common_name": "NO", "country": "NL"}},
        "subject_dn.common_name: invalid value",
    ),
    ({"subject_dn": {}, "san": {}}, "subject_dn.common_name: is required"),
    ({"san": None}, "san.dns_names: has to have between 1 and 3 items"),
    (san(dns_names=[]), "san.dns_names: has to have between 1 and 3 items"),
    (
        san(dns_names=[f"{name}.quillon.example" for name in "abcd"]),
        "san.dns_names: has to have between 1 and 3 items",
    ),
    (san(dns_names=["www.example.org"]), "san.dns_names: invalid value"),
    (san(dns_names=["notquillon.example"]), "san.dns_names: invalid value"),
    (san(dns_names=["apps.example"]), "san.dns_names: invalid value"),
    (san(dns_names=["a_b c.quillon.example"]), "san.dns_names: invalid value"),
    (san(dns_names=["a.*.quillon.example"]), "san.dns_names: invalid value"),
    (san(emails=["ida@example.org"]), "san.emails: invalid value"),
    (san(ip_addresses=["198.51.100.1"]), "san.ip_addresses: invalid value"),
    (san(ip_addresses=["192.0.2.999"]), "san.ip_addresses: invalid value"),
    (san(uris=["https://quillon.example/"]), "san.uris: is static"),
    (
        san(other_names=[{"type": "1.3.6.1.4.1.311.20.2.3", "value": "ida"}]),
        "san.other_names: is forbidden",
    ),
    ({"key_usages": {"digital_signature": True}}, "key_usages.digital_signature: is static"),
    ({"key_usages": {"crl_sign": False}}, "key_usages.crl_sign: is forbidden"),
    ({"key_usages": {"sign_anything": True}}, "key_usages.sign_anything: is forbidden"),
    ({"extended_key_usages": []}, "extended_key_usages: has to have between 1 and 2 items"),
    ({"extended_key_usages": ["1.3.6.1.5.5.7.3.4"]}, "extended_key_usages: invalid value"),
    ({"subject_da": {"gender": "f"}}, "subject_da: is forbidden"),
    ({"qualified_statements": {"etsi_qc_compliance": True}}, "qualified_statements: is forbidden"),
    ({"ms_extension_template": {"id": "1.2.3"}}, "ms_extension_template: is forbidden"),
    ({"custom_extensions": {"1.2.3": "NIL"}}, "custom_extensions: is forbidden"),
    ({"signature": {"hash_algorithm": "SHA-256"}}, "signature: is forbidden"),
    ({"public_key": None}, "public_key: is required"),
    ({"public_key": "no key"}, "public_key: invalid encoding"),
    ({"public_key_signature": None}, "public_key_signature: is required"),
    ({"public_key_signature": "AAAA"}, "public_key_signature: invalid signature"),
    ({"public_key_signature": "no base64"}, "public_key_signature: invalid signature"),
    (public_key_members(RSA_KEY), "public_key: unsupported key type: ECDSA"),
    (
        public_key_members(ec.generate_private_key(ec.SECP521R1())),
        "public_key: invalid value",
    ),
    (
        {"public_key": pem_of(ed25519.Ed25519PrivateKey.generate().public_key())},
        "public_key: unsupported key type: ECDSA",
    ),
    (
        {"public_key": pem_of(ec.generate_private_key(ec.BrainpoolP256R1()).public_key())},
        "public_key: unsupported key type: ECDSA",
    ),
]


@pytest.mark.parametrize(("changes", "text"), VIOLATIONS)
def test_a_violation_is_refused(strict: Simulator, changes: dict[str, Any], text: str) -> None:
    answer = strict.send("POST", "/certificates", request(**changes))
    assert (answer.status, answer.description) == (422, text)


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        (-200, 0, "not_before"),
        (400, 0, "not_before"),
        (0, 90 * 86400 + 1, "not_after"),
        (0, 3599, "not_after"),
        (0, -3600, "not_after"),
        (0, 30 * YEAR, "not_after"),
    ],
)
def test_a_validity_outside_the_limits_is_refused(
    strict: Simulator, before: int, after: int, field: str
) -> None:
    start_time = int(time.time()) + before
    validity = {"not_before": start_time, "not_after": start_time + after if after else 0}
    answer = strict.send("POST", "/certificates", request(validity=validity))
    assert (answer.status, answer.description) == (422, f"validity.{field}: invalid value")


@pytest.mark.parametrize("offset", [-100, 250])
def test_a_validity_within_the_skews_is_admitted(strict: Simulator, offset: int) -> None:
    validity = {"not_before": int(time.time()) + offset}
    assert strict.send("POST", "/certificates", request(validity=validity)).status == 201


def test_a_validity_without_a_start_is_refused(strict: Simulator) -> None:
    answer = strict.send("POST", "/certificates", request(validity={"not_after": 0}))
    assert (answer.status, answer.description) == (422, "validity.not_before: is required")


UNDECODABLE: list[bytes | dict[str, Any] | list[Any]] = [
    b"{",
    b"\xff",
    [],
    without("validity"),
    request(validity=[]),
    request(validity={"not_before": "now"}),
    request(validity={"not_before": True}),
    request(validity={"not_before": 1.5}),
    request(subject_dn="CN=press7"),
    request(subject_dn={"common_name": 7}),
    request(subject_dn={"organizational_unit": "Lab 7"}),
    request(san={"dns_names": "press7.quillon.example"}),
    request(san={"dns_names": [7]}),
    request(extended_key_usages={"1": True}),
    request(key_usages={"key_agreement": "yes"}),
    request(public_key=7),
]


@pytest.mark.parametrize("body", UNDECODABLE)
def test_what_is_not_in_the_documented_shape_is_undecodable(strict: Simulator, body: Any) -> None:
    answer = strict.send("POST", "/certificates", body)
    assert (answer.status, answer.description) == (400, "Invalid certificate issuance request")


def test_an_issuer_that_ends_earlier_limits_the_validity(tmp_path: Path) -> None:
    end = int(time.time()) + 86400
    policy = {**POLICY, "validity": {"secondsmax": YEAR, "issuer_expiry": end}}
    with start(tmp_path, policy) as simulator:
        assert (
            simulator.send("GET", "/validationpolicy").document["validity"]["issuer_expiry"] == end
        )
        location = simulator.send("POST", "/certificates", request()).headers["Location"]
        pem = simulator.send("GET", location.removeprefix("/v2")).document["certificate"]
        certificate = x509.load_pem_x509_certificate(pem.encode())
        assert certificate.not_valid_after_utc.timestamp() == end
        late = {"not_before": int(time.time()), "not_after": end + 1}
        assert simulator.send("POST", "/certificates", request(validity=late)).status == 422


# The examples of the API reference, section 4.3: keys and signatures that others made.
VECTOR_RSA = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArQaMmUY6bT/ZOgQNs++C
9g4Cbav2DmWBCe0kcS3PVmObC8BDuz15LjTY2XYGd06IaYQKl0vfP7d5/sqUkvvO
tOpBzs3T7C1c447NuCRfjjyxXyRD+vqF9wgFAIvA/GUHLWwyOqg9o/xTwtZlJhOR
jSZrlJgDM6/GNI21n0b/513AX37hO3++dQwZ6TjiEXbupixQz8Orae4ltyn6YNzN
hrLbztP0i1vZ2IAflk7zmgg6pm50uz5jSzYR1NB3y3g/cAADKxTFC+CtsgV4qP7J
MAAdJ5VwNlpeJ9tpOq3jlsKbNw1iB7w18HNUm458FG9Zz2W847A1OmojAtXjwNti
NwIDAQAB
-----END PUBLIC KEY-----"""
VECTOR_RSA_PROOF = (
    "jD+WIFwueiWqhyz61DvH1NOBA9jcKZa1YcfaPSQwcebp/SZecsYxgRhdu3gEf/YAhiIx8tUWNljBQzg/JbezW4Un4nGe"
    "3Vhctn7owld/xlHGqtRzReT4M3hRabDtOKl0i7D/qRAkAww9UBUwARsSe+zCffszKe7nKoL0FiKoRk0WTIPG3+YbEl1s"
    "CVQ7SxqIbe26+mtLuzqwRbtC4zc+DLv/vTDEaF77P+2QeOB4MrcZyn5dc9++kbisl1qChQI0qh3B94JdwfUlLBG01YNk"
    "BL1u/exa/b91dtqY4HkINmTdi9stHg/x+Zs8xfV4IpFQ92eLckk8+u7Psedk4485fA=="
)
VECTOR_EC = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEoC1c0G3iSvW5The/93bvA6ATqPo3
SHfT8pqg+z/1j7EOhGwWRiE4b2N0mg8u1IwAJ2WkUxOoXbfE1k1LUH7wVA==
-----END PUBLIC KEY-----"""
VECTOR_EC_PROOF = (
    "MEUCIQC03LuBPRUatXzoZiKSknIl/MnHhHxtfCscj3I+E7+orgIgM4WM1uHajpBVE+lCCkelZ+3IIzaEN/EDLDy+eXaAD"
    "/g="
)
VECTOR_CSR = """-----BEGIN CERTIFICATE REQUEST-----
MIHVMHwCAQAwGjEYMBYGA1UEAwwPaWdub3JlZC5leGFtcGxlMFkwEwYHKoZIzj0C
AQYIKoZIzj0DAQcDQgAEoC1c0G3iSvW5The/93bvA6ATqPo3SHfT8pqg+z/1j7EO
hGwWRiE4b2N0mg8u1IwAJ2WkUxOoXbfE1k1LUH7wVKAAMAoGCCqGSM49BAMCA0kA
MEYCIQCRdgNwGIEizXY0kXM4ONmlVBdF8aY6clzzPQTLO/96nAIhAI4QCR3dSD9/
ffg7tzz9H49Vsx9ymAfg9I1UWGQrJa6x
-----END CERTIFICATE REQUEST-----"""


def of_kind(key_type: str, key_format: str, proof: str) -> dict[str, Any]:
    """A policy about the key and nothing else that would be in the way."""
    return {
        "subject_dn": {"common_name": {"presence": "OPTIONAL", "format": ""}},
        "san": {"dns_names": {"static": False, "list": ["."], "mincount": 0, "maxcount": 5}},
        "validity": {"secondsmax": YEAR},
        "public_key": {"key_type": key_type, "key_format": key_format},
        "public_key_signature": proof,
    }


def key_request(**members: Any) -> dict[str, Any]:
    """A request for shop.quillon.example with these key members."""
    return {
        "validity": {"not_before": int(time.time()), "not_after": 0},
        "subject_dn": {"common_name": "shop.quillon.example"},
        "san": {"dns_names": ["shop.quillon.example", "www.shop.quillon.example"]},
        **members,
    }


def signing_request(key: Any) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return pem.decode().strip()


def rsa_public_key_pem() -> str:
    """A key in the form of PKCS#1."""
    return (
        RSA_KEY.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
        .decode()
    )


SPOILT_CSR = VECTOR_CSR.replace("MEYCIQCRdgNwGIEizXY0", "MEYCIQCRdgNwGIEizXY1")
FORBIDDEN_PROOF = "public_key_signature: is forbidden"
BAD_ENCODING = "public_key: invalid encoding"
KEY_CASES: list[tuple[tuple[str, str, str], dict[str, str], str]] = [
    (("RSA", "PKCS8", "FORBIDDEN"), {"public_key": VECTOR_RSA}, ""),
    (
        ("RSA", "PKCS8", "REQUIRED"),
        {"public_key": VECTOR_RSA, "public_key_signature": VECTOR_RSA_PROOF},
        "",
    ),
    (("RSA", "PKCS8", "OPTIONAL"), {"public_key": VECTOR_RSA}, ""),
    (
        ("RSA", "PKCS8", "FORBIDDEN"),
        {"public_key": VECTOR_RSA, "public_key_signature": VECTOR_RSA_PROOF},
        FORBIDDEN_PROOF,
    ),
    (
        ("RSA", "PKCS8", "OPTIONAL"),
        {"public_key": VECTOR_RSA, "public_key_signature": VECTOR_EC_PROOF},
        "public_key_signature: invalid signature",
    ),
    (("RSA", "PKCS8", "FORBIDDEN"), {"public_key": rsa_public_key_pem()}, BAD_ENCODING),
    (("RSA", "PKCS8", "FORBIDDEN"), {"public_key": VECTOR_CSR}, BAD_ENCODING),
    (
        ("RSA", "PKCS8", "FORBIDDEN"),
        {"public_key": VECTOR_EC},
        "public_key: unsupported key type: RSA",
    ),
    (
        ("ECDSA", "PKCS8", "REQUIRED"),
        {"public_key": VECTOR_EC, "public_key_signature": VECTOR_EC_PROOF},
        "",
    ),
    (("ECDSA", "PKCS10", "FORBIDDEN"), {"public_key": VECTOR_CSR}, ""),
    (("ECDSA", "PKCS10", "REQUIRED"), {"public_key": VECTOR_CSR}, ""),
    (
        ("ECDSA", "PKCS10", "FORBIDDEN"),
        {"public_key": VECTOR_CSR.replace("CERTIFICATE", "NEW CERTIFICATE")},
        "",
    ),
    (("ECDSA", "PKCS10", "FORBIDDEN"), {"public_key": SPOILT_CSR}, BAD_ENCODING),
    (("ECDSA", "PKCS10", "FORBIDDEN"), {"public_key": VECTOR_EC}, BAD_ENCODING),
    (
        ("ECDSA", "PKCS10", "FORBIDDEN"),
        {"public_key": signing_request(RSA_KEY)},
        "public_key: unsupported key type: ECDSA",
    ),
]


@pytest.fixture(scope="module")
def by_kind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Any, Simulator]]:
    """A simulator for each kind of key that the cases need."""
    with ExitStack() as stack:
        yield {
            kind: stack.enter_context(start(tmp_path_factory.mktemp("kind"), of_kind(*kind)))
            for kind in {case[0] for case in KEY_CASES}
        }


@pytest.mark.parametrize(("kind", "members", "text"), KEY_CASES)
def test_keys_and_proofs(
    by_kind: dict[Any, Simulator],
    kind: tuple[str, str, str],
    members: dict[str, str],
    text: str,
) -> None:
    answer = by_kind[kind].send("POST", "/certificates", key_request(**members))
    if text:
        assert (answer.status, answer.description) == (422, text)
    else:
        assert answer.status == 201


def test_the_names_in_a_signing_request_are_ignored(by_kind: dict[Any, Simulator]) -> None:
    simulator = by_kind["ECDSA", "PKCS10", "FORBIDDEN"]
    body = key_request(public_key=VECTOR_CSR)
    location = simulator.send("POST", "/certificates", body).headers["Location"]
    pem = simulator.send("GET", location.removeprefix("/v2")).document["certificate"]
    certificate = x509.load_pem_x509_certificate(pem.encode())
    assert certificate.subject.rfc4514_string() == "CN=shop.quillon.example"
    assert pem_of(certificate.public_key()) == VECTOR_EC


def test_an_unknown_section_is_refused_even_without_a_policy_for_it(simulator: Simulator) -> None:
    body = good_request(custom_extensions={"1.3.6.1.5.5.7.1.24": "3003020105"})
    answer = simulator.send("POST", "/certificates", body)
    assert (answer.status, answer.description) == (422, "custom_extensions: is forbidden")
