# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Revocation and rekey, and what CRL and OCSP tell (API reference, sections 2.4 to 2.6)."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID

from .conftest import KEY, Simulator, good_request, public_key_members, running


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """A simulator that tells of revocation."""
    arguments = ("--verified", "quillon.example", "--pki-listen", "127.0.0.1:0")
    folder = tmp_path_factory.mktemp("authority")
    with running(folder, *arguments, "--control", "127.0.0.1:0") as started:
        yield started


@pytest.fixture(autouse=True)
def restore(authority: Simulator) -> Iterator[None]:
    yield
    defaults = {"revoke_again": 412, "issuance_delay": 0, "refuse_later": False}
    authority.control("POST", "/settings", defaults)


def revoke(simulator: Simulator, serial: str, **body: Any) -> Any:
    return simulator.send("PATCH", f"/certificates/{serial}", body)


def attestation(key: Any) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return pem.decode()


@pytest.mark.parametrize(
    "reason",
    [
        "unspecified",
        "keyCompromise",
        "affiliationChanged",
        "cessationOfOperation",
        "superseded",
        "privilegeWithdrawn",
        "Superseded",
    ],
)
def test_a_certificate_is_revoked_for_a_reason(authority: Simulator, reason: str) -> None:
    serial = authority.issue()
    answer = revoke(authority, serial, revocation_reason=reason)
    assert (answer.status, answer.document) == (204, None)
    read = authority.send("GET", f"/certificates/{serial}").document
    assert read["status"] == "REVOKED"
    assert abs(read["updated_at"] - time.time()) < 30


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({}, 422, "revocation_reason: is required"),
        ({"revocation_reason": ""}, 422, "revocation_reason: is required"),
        ({"revocation_reason": "bored"}, 422, "revocation_reason: invalid value"),
        ({"revocation_reason": 4}, 400, "Bad Request"),
        (
            {"revocation_reason": "superseded", "revocation_time": "now"},
            400,
            "Bad Request",
        ),
        (
            {"revocation_reason": "superseded", "revocation_time": 4_000_000_000},
            422,
            "revocation_time: invalid value",
        ),
        (
            {"revocation_reason": "superseded", "key_compromise_attestation": attestation(KEY)},
            422,
            "key_compromise_attestation: invalid value",
        ),
        (
            {"revocation_reason": "keyCompromise", "key_compromise_attestation": "no request"},
            422,
            "key_compromise_attestation: invalid value",
        ),
        (
            {
                "revocation_reason": "keyCompromise",
                "key_compromise_attestation": attestation(ec.generate_private_key(ec.SECP256R1())),
            },
            422,
            "key_compromise_attestation: invalid value",
        ),
    ],
)
def test_a_bad_revocation_is_refused(
    authority: Simulator, body: Any, status: int, text: str
) -> None:
    serial = authority.issue()
    answer = authority.send("PATCH", f"/certificates/{serial}", body)
    assert (answer.status, answer.description) == (status, text)
    assert authority.send("GET", f"/certificates/{serial}").document["status"] == "ISSUED"


def test_a_compromise_is_attested_with_the_key(authority: Simulator) -> None:
    serial = authority.issue()
    body = {
        "revocation_reason": "keyCompromise",
        "revocation_time": int(time.time()) - 3600,
        "key_compromise_attestation": attestation(KEY),
    }
    assert revoke(authority, serial, **body).status == 204


@pytest.mark.parametrize(("setting", "status"), [(412, 412), (409, 409), (204, 204)])
def test_revoking_again(authority: Simulator, setting: int, status: int) -> None:
    authority.control("POST", "/settings", {"revoke_again": setting})
    serial = authority.issue()
    assert revoke(authority, serial, revocation_reason="superseded").status == 204
    assert revoke(authority, serial, revocation_reason="superseded").status == status


def test_the_old_form_of_revocation(authority: Simulator) -> None:
    serial = authority.issue()
    assert authority.send("DELETE", f"/certificates/{serial}").status == 204
    assert authority.send("DELETE", f"/certificates/{serial}").status == 204
    assert authority.send("GET", f"/certificates/{serial}").document["status"] == "REVOKED"


def test_what_is_pending_or_rejected_cannot_be_revoked(authority: Simulator) -> None:
    authority.control("POST", "/settings", {"issuance_delay": 3600})
    pending = authority.issue()
    authority.control("POST", "/settings", {"issuance_delay": 0, "refuse_later": True})
    rejected = authority.issue()
    for serial in (pending, rejected):
        for answer in (
            revoke(authority, serial, revocation_reason="superseded"),
            authority.send("DELETE", f"/certificates/{serial}"),
        ):
            assert answer.status == 409
            assert answer.description == "Cannot revoke a REJECTED certificate"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_unknown_certificate_cannot_be_revoked(authority: Simulator, method: str) -> None:
    body = {"revocation_reason": "superseded"} if method == "PATCH" else None
    assert authority.send(method, "/certificates/01" + "0" * 30, body).status == 404
    assert authority.send(method, "/certificates/1", body).status == 422


def urls(certificate: x509.Certificate) -> dict[str, str]:
    """Where a certificate says that its status and its issuer are found."""
    extensions = certificate.extensions
    crl = extensions.get_extension_for_oid(ExtensionOID.CRL_DISTRIBUTION_POINTS).value
    access = extensions.get_extension_for_oid(ExtensionOID.AUTHORITY_INFORMATION_ACCESS).value
    found = {"crl": crl[0].full_name[0].value}  # type: ignore[index]
    for description in access:  # type: ignore[attr-defined]
        kind = description.access_method
        name = "ocsp" if kind == AuthorityInformationAccessOID.OCSP else "ca"
        found[name] = description.access_location.value
    return found


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        content: bytes = answer.read()
    return content


def test_the_crl_tells_of_a_revocation(authority: Simulator) -> None:
    serial, other = authority.issue(), authority.issue()
    since = int(time.time()) - 3600
    revoke(authority, serial, revocation_reason="keyCompromise", revocation_time=since)
    crl = x509.load_der_x509_crl(fetch(urls(authority.certificate(serial))["crl"]))
    issuing = x509.load_pem_x509_certificate(
        authority.send("GET", "/trustchain").document[0].encode()
    )
    assert crl.is_signature_valid(issuing.public_key())  # type: ignore[arg-type]
    entry = crl.get_revoked_certificate_by_serial_number(int(serial, 16))
    assert entry is not None
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value
    assert reason.reason == x509.ReasonFlags.key_compromise
    assert crl.get_revoked_certificate_by_serial_number(int(other, 16)) is None


def ask_ocsp(simulator: Simulator, serial: str, folder: Path) -> str:
    """What openssl says after it asked the responder that the certificate names."""
    certificate = simulator.certificate(serial)
    (folder / "leaf.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    issuing, root = simulator.send("GET", "/trustchain").document
    (folder / "issuing.pem").write_text(issuing)
    (folder / "root.pem").write_text(root)
    command = ["openssl", "ocsp", "-issuer", "issuing.pem", "-cert", "leaf.pem"]
    command += ["-CAfile", "root.pem", "-url", urls(certificate)["ocsp"]]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "Response verify OK" in ended.stderr, ended.stderr
    return ended.stdout


def test_openssl_sees_a_revocation_over_ocsp(authority: Simulator, tmp_path: Path) -> None:
    serial = authority.issue()
    assert "leaf.pem: good" in ask_ocsp(authority, serial, tmp_path)
    revoke(authority, serial, revocation_reason="superseded")
    told = ask_ocsp(authority, serial, tmp_path)
    assert "leaf.pem: revoked" in told
    assert "Reason: superseded" in told


def test_the_issuer_is_found_where_the_certificate_says(authority: Simulator) -> None:
    certificate = authority.certificate(authority.issue())
    issuer = x509.load_der_x509_certificate(fetch(urls(certificate)["ca"]))
    certificate.verify_directly_issued_by(issuer)


def test_without_a_listener_no_place_is_named(simulator: Simulator) -> None:
    certificate = simulator.certificate(simulator.issue())
    with pytest.raises(x509.ExtensionNotFound):
        urls(certificate)


def test_rotation_changes_the_issuer_of_what_comes(authority: Simulator, tmp_path: Path) -> None:
    before = authority.certificate(authority.issue())
    old_chain = authority.send("GET", "/trustchain").document
    authority.control("POST", "/rotate-ca")
    after = authority.certificate(authority.issue())
    new_chain = authority.send("GET", "/trustchain").document
    assert old_chain[1] == new_chain[1]
    assert before.issuer != after.issuer
    for certificate, chain in ((before, old_chain), (after, new_chain)):
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(chain[0].encode()))
    issuer = x509.load_der_x509_certificate(fetch(urls(before)["ca"]))
    before.verify_directly_issued_by(issuer)


@pytest.mark.parametrize(
    ("settings", "same"),
    [
        ({"trust_chain": "previous"}, False),
        ({"signer": "previous"}, False),
        ({"signer": "previous", "trust_chain": "previous"}, True),
    ],
)
def test_the_chain_can_be_ahead_or_behind(
    authority: Simulator, settings: dict[str, str], same: bool
) -> None:
    authority.control("POST", "/rotate-ca")
    authority.control("POST", "/settings", settings)
    try:
        leaf = authority.certificate(authority.issue())
        chain = authority.send("GET", "/trustchain").document
    finally:
        authority.control("POST", "/settings", {"signer": "newest", "trust_chain": "newest"})
    issuer = x509.load_pem_x509_certificate(chain[0].encode())
    assert (leaf.issuer == issuer.subject) == same


def test_issuers_can_be_mixed(authority: Simulator) -> None:
    authority.control("POST", "/rotate-ca")
    authority.control("POST", "/settings", {"signer": "mixed"})
    try:
        issuers = {authority.certificate(authority.issue()).issuer for _each in range(4)}
    finally:
        authority.control("POST", "/settings", {"signer": "newest"})
    assert len(issuers) == 2


OTHER_KEY = ec.generate_private_key(ec.SECP384R1())


def test_a_rekey_keeps_all_but_the_key(authority: Simulator) -> None:
    end = int(time.time()) + 30 * 86400
    validity = {"not_before": int(time.time()) - 100, "not_after": end}
    old_serial = authority.issue(good_request(validity=validity))
    old = authority.certificate(old_serial)
    quota = authority.send("GET", "/quotas/issuance").document["value"]
    body = {**public_key_members(OTHER_KEY), "signature": None}
    answer = authority.send("POST", f"/certificates/{old_serial}/rekey", body)
    assert (answer.status, answer.document) == (201, None)
    serial = answer.headers["Location"].rpartition("/")[2]
    new = authority.certificate(serial)
    assert serial != old_serial
    assert new.public_key() == OTHER_KEY.public_key()
    assert new.subject == old.subject
    assert new.not_valid_after_utc == old.not_valid_after_utc
    assert new.not_valid_before_utc > old.not_valid_before_utc
    for kind in (x509.SubjectAlternativeName, x509.ExtendedKeyUsage, x509.KeyUsage):
        assert new.extensions.get_extension_for_class(kind) == (
            old.extensions.get_extension_for_class(kind)
        )
    assert authority.send("GET", f"/certificates/{old_serial}").document["status"] == "ISSUED"
    assert authority.send("GET", "/quotas/issuance").document["value"] == quota - 1


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"public_key": None}, 422, "public_key: is required"),
        ({"public_key": "no key"}, 422, "public_key: invalid encoding"),
        ({"public_key_signature": ""}, 422, "public_key_signature: is required"),
        ({"public_key_signature": "AAAA"}, 422, "public_key_signature: invalid signature"),
    ],
)
def test_a_bad_rekey_is_refused(
    authority: Simulator, changes: dict[str, Any], status: int, text: str
) -> None:
    body = {**public_key_members(OTHER_KEY), **changes}
    answer = authority.send("POST", f"/certificates/{authority.issue()}/rekey", body)
    assert (answer.status, answer.description) == (status, text)


def test_only_an_active_certificate_can_be_rekeyed(authority: Simulator) -> None:
    serial = authority.issue()
    revoke(authority, serial, revocation_reason="superseded")
    body = public_key_members(OTHER_KEY)
    assert authority.send("POST", f"/certificates/{serial}/rekey", body).status == 409
    missing = "/certificates/01" + "0" * 30
    assert authority.send("POST", f"{missing}/rekey", body).status == 404


@pytest.mark.parametrize(
    ("algorithm", "hash_algorithm", "oid"),
    [
        ("RSA", "SHA-256", "1.2.840.113549.1.1.11"),
        ("RSA", "SHA-384", "1.2.840.113549.1.1.12"),
        ("RSA-PSS", "SHA-256", "1.2.840.113549.1.1.10"),
    ],
)
def test_a_policy_with_rsa_signatures_has_an_rsa_issuer(
    tmp_path: Path, algorithm: str, hash_algorithm: str, oid: str
) -> None:
    policy = {
        "subject_dn": {"common_name": {"presence": "OPTIONAL", "format": ""}},
        "san": {"dns_names": {"static": False, "list": ["."], "mincount": 1, "maxcount": 2}},
        "public_key": {"key_type": "ECDSA", "key_format": "PKCS8"},
        "public_key_signature": "REQUIRED",
        "signature": {
            "algorithm": {"presence": "OPTIONAL", "list": ["RSA", "RSA-PSS"]},
            "hash_algorithm": {"presence": "OPTIONAL", "list": ["SHA-256", "SHA-384"]},
        },
    }
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    arguments = ("--policy", str(tmp_path / "policy.json"), "--verified", "quillon.example")
    arguments += ("--pki-listen", "127.0.0.1:0", "--control", "127.0.0.1:0")
    signature = {"algorithm": algorithm, "hash_algorithm": hash_algorithm}
    with running(tmp_path / "data", *arguments) as simulator:
        for _generation in range(2):
            serial = simulator.issue(good_request(signature=signature))
            certificate = simulator.certificate(serial)
            assert certificate.signature_algorithm_oid.dotted_string == oid
            issuing, root = (
                x509.load_pem_x509_certificate(pem.encode())
                for pem in simulator.send("GET", "/trustchain").document
            )
            certificate.verify_directly_issued_by(issuing)
            issuing.verify_directly_issued_by(root)
            assert "leaf.pem: good" in ask_ocsp(simulator, serial, tmp_path)
            simulator.control("POST", "/rotate-ca")
