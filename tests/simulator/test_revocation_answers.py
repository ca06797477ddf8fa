# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CRLs, OCSP answers and the CAs' own certificates say, to the last extension."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from atlas_simulator.clock import Clock
from atlas_simulator.pki.api_tls import ApiTls
from atlas_simulator.pki.authority import Authority
from atlas_simulator.pki.extensions import Directory, subject_directory
from atlas_simulator.pki.leaf import Signature, rekeyed, sign
from atlas_simulator.pki.pairs import Pair
from atlas_simulator.pki.revocation import ocsp_answer, revocation_list
from atlas_simulator.store import Certificate, Store
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from .test_policy_readings import NOW, taken

DAY = 86400
ISSUED_AT, REVOKED_AT, COMPROMISED_AT = NOW - 900, NOW - 300, NOW - 7200
SERIALS = [f"01{number:030X}" for number in range(1, 5)]


def utc(moment: Any) -> int:
    return int(moment.timestamp())


class StoppedClock(Clock):
    """One that always says the same."""

    def now(self) -> int:
        return NOW


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), StoppedClock())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "atlas.sqlite")
    yield opened
    opened.close()


def kept(store: Store, signer: Pair, serial: str, **changes: Any) -> Certificate:
    """A certificate that was issued, and is in the store."""
    leaf = replace(taken({}, {}), serial=serial)
    certificate = Certificate(
        serial=serial,
        account="account",
        pem=sign(leaf, signer),
        issuer=1,
        public_key="",
        names="[]",
        not_after=leaf.not_after,
        not_before=leaf.not_before,
        accepted_at=ISSUED_AT,
        available_at=ISSUED_AT,
        refused=False,
        status="ISSUED",
        updated_at=ISSUED_AT,
    )
    certificate = replace(certificate, **changes)
    store.add_certificate(certificate)
    return certificate


def test_a_list_says_who_when_and_until_when(authority: Authority) -> None:
    crl = x509.load_der_x509_crl(revocation_list(authority.issuer(1), [], NOW))
    assert crl.issuer == authority.issuer(1).certificate.subject
    assert utc(crl.last_update_utc) == NOW
    assert utc(crl.next_update_utc) == NOW + DAY
    (number,) = crl.extensions
    assert (number.critical, number.value) == (False, x509.CRLNumber(NOW))
    assert list(crl) == []


@pytest.mark.parametrize(
    ("reason", "since", "extensions"),
    [
        ("unspecified", 0, []),
        ("keyCompromise", 0, [x509.CRLReason(x509.ReasonFlags.key_compromise)]),
        ("affiliationChanged", 0, [x509.CRLReason(x509.ReasonFlags.affiliation_changed)]),
        ("superseded", 0, [x509.CRLReason(x509.ReasonFlags.superseded)]),
        ("cessationOfOperation", 0, [x509.CRLReason(x509.ReasonFlags.cessation_of_operation)]),
        ("privilegeWithdrawn", 0, [x509.CRLReason(x509.ReasonFlags.privilege_withdrawn)]),
        ("unspecified", COMPROMISED_AT, ["since"]),
        (
            "keyCompromise",
            COMPROMISED_AT,
            [x509.CRLReason(x509.ReasonFlags.key_compromise), "since"],
        ),
    ],
)
def test_an_entry_of_a_list(
    authority: Authority, store: Store, reason: str, since: int, extensions: list[Any]
) -> None:
    issuer = authority.issuer(1)
    kept(store, issuer, SERIALS[0])
    store.revoke(SERIALS[0], REVOKED_AT, reason, since)
    crl = x509.load_der_x509_crl(revocation_list(issuer, store.revoked_by(1), NOW))
    (entry,) = crl
    assert entry.serial_number == int(SERIALS[0], 16)
    assert utc(entry.revocation_date_utc) == REVOKED_AT
    told = []
    for extension in entry.extensions:
        assert not extension.critical
        if isinstance(extension.value, x509.InvalidityDate):
            assert utc(extension.value.invalidity_date_utc) == COMPROMISED_AT
            told.append("since")
        else:
            told.append(extension.value)
    assert told == extensions


def test_each_issuer_lists_what_it_signed_itself(authority: Authority, store: Store) -> None:
    for number, serial in enumerate(SERIALS[:3], 1):
        kept(store, authority.issuer(1), serial, issuer=number)
        store.revoke(serial, REVOKED_AT, "superseded", 0)
    kept(store, authority.issuer(1), SERIALS[3], issuer=2)
    assert [each.serial for each in store.revoked_by(2)] == [SERIALS[1]]


def asked(authority: Authority, store: Store, certificate: Certificate, nonce: bytes = b"") -> Any:
    """The OCSP answer about a certificate."""
    leaf = x509.load_pem_x509_certificate(certificate.pem.encode())
    issuer = authority.issuer(1)
    builder = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer.certificate, hashes.SHA1())
    if nonce:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    request = builder.build().public_bytes(Encoding.DER)
    return ocsp.load_der_ocsp_response(ocsp_answer(request, issuer, store, NOW))


def test_what_is_good(authority: Authority, store: Store) -> None:
    answer = asked(authority, store, kept(store, authority.issuer(1), SERIALS[0]))
    assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert answer.serial_number == int(SERIALS[0], 16)
    assert (utc(answer.this_update_utc), utc(answer.next_update_utc)) == (NOW, NOW + DAY)
    assert (answer.revocation_time_utc, answer.revocation_reason) == (None, None)
    assert list(answer.extensions) == []


@pytest.mark.parametrize(
    ("reason", "flag"),
    [("unspecified", None), ("keyCompromise", x509.ReasonFlags.key_compromise)],
)
def test_what_is_revoked_since_when_and_why(
    authority: Authority, store: Store, reason: str, flag: Any
) -> None:
    certificate = kept(store, authority.issuer(1), SERIALS[0])
    store.revoke(SERIALS[0], REVOKED_AT, reason, COMPROMISED_AT)
    answer = asked(authority, store, certificate, b"sixteen bytes !!")
    assert answer.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert utc(answer.revocation_time_utc) == REVOKED_AT
    assert answer.revocation_reason == flag
    (nonce,) = answer.extensions
    assert (nonce.critical, nonce.value) == (False, x509.OCSPNonce(b"sixteen bytes !!"))


@pytest.mark.parametrize("changes", [{"refused": True}, {"available_at": NOW + 1}])
def test_nothing_is_said_of_what_was_not_issued(
    authority: Authority, store: Store, changes: dict[str, Any]
) -> None:
    answer = asked(authority, store, kept(store, authority.issuer(1), SERIALS[0], **changes))
    assert answer.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_what_is_no_request_is_malformed(authority: Authority, store: Store) -> None:
    answer = ocsp.load_der_ocsp_response(ocsp_answer(b"0", authority.issuer(1), store, NOW))
    assert answer.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


def test_a_certificate_is_told_from_the_moment_it_is_there(
    authority: Authority, store: Store
) -> None:
    certificate = kept(store, authority.issuer(1), SERIALS[0], available_at=NOW)
    assert asked(authority, store, certificate).certificate_status is ocsp.OCSPCertStatus.GOOD


@pytest.mark.parametrize(
    ("number", "years", "path_length"), [(0, 20, None), (1, 10, 0), (2, 10, 0), (3, 10, 0)]
)
def test_what_the_certificate_of_a_ca_says(
    authority: Authority, number: int, years: int, path_length: int | None
) -> None:
    certificate = (authority.issuer(number) if number else authority.root).certificate
    assert utc(certificate.not_valid_before_utc) == NOW - 2 * DAY
    assert utc(certificate.not_valid_after_utc) == NOW + years * 365 * DAY
    extensions = {type(each.value).__name__: each for each in certificate.extensions}
    constraints, usage = extensions.pop("BasicConstraints"), extensions.pop("KeyUsage")
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=path_length)
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.crl_sign) == (True, True)
    assert (usage.value.digital_signature, usage.value.key_encipherment) == (True, False)
    assert not extensions.pop("SubjectKeyIdentifier").critical
    assert [*extensions] == (["AuthorityKeyIdentifier"] if number else [])
    assert not any(each.critical for each in extensions.values())


def test_a_policy_is_signed_for_until_its_issuer_ends(authority: Authority) -> None:
    assert authority.expiry({}) == NOW + 10 * 365 * DAY
    assert authority.number({}) == 1
    assert authority.number({"signature": {"algorithm": {"list": ["RSA-PSS"]}}}) == 2
    assert authority.number({}, 1) == 1


def test_generations_outlive_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    first = Authority(tmp_path, clock)
    serials = [first.rotate().certificate.serial_number for _each in range(2)]
    second = Authority(tmp_path, clock)
    assert second.generation == 3
    assert [second.issuer(each).certificate.serial_number for each in (3, 5)] == serials
    assert second.root.certificate == first.root.certificate
    assert [second.has(each) for each in (0, 1, 6, 7)] == [False, True, True, False]
    assert [second.number({}, back) for back in (0, 1, 2, 3)] == [5, 3, 1, 1]


@pytest.mark.parametrize(
    ("number", "wanted", "algorithm"),
    [
        (1, Signature("", "SHA-384"), "1.2.840.10045.4.3.3"),
        (2, Signature("RSA", "SHA-512"), "1.2.840.113549.1.1.13"),
        (2, Signature("RSA-PSS", "SHA-384"), "1.2.840.113549.1.1.10"),
    ],
)
def test_a_rekey_is_signed_in_the_same_way_by_whoever_signs_now(
    authority: Authority, number: int, wanted: Signature, algorithm: str
) -> None:
    first, second = authority.issuer(number), authority.issuer(number + 2)
    leaf = replace(taken({}, {}), signature=wanted, san={"dns_names": ["b.test", "a.test"]})
    old = x509.load_pem_x509_certificate(sign(leaf, first).encode())
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    new = x509.load_pem_x509_certificate(rekeyed(old, key, SERIALS[0], NOW, second).encode())
    new.verify_directly_issued_by(second.certificate)
    for each in (old, new):
        assert each.signature_algorithm_oid.dotted_string == algorithm
        assert each.signature_hash_algorithm is not None
        name = each.signature_hash_algorithm.name
        assert name == wanted.hash_algorithm.replace("-", "").lower()
    of_key = (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier)
    same = [
        [each for each in certificate.extensions if not isinstance(each.value, of_key)]
        for certificate in (old, new)
    ]
    assert same[0] == same[1]
    assert len(new.extensions) == len(old.extensions)
    identifier = new.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    assert (identifier.critical, identifier.value) == (
        False,
        x509.SubjectKeyIdentifier.from_public_key(key),
    )


@pytest.mark.parametrize(
    ("name", "usage", "days"),
    [
        ("server", x509.ExtendedKeyUsageOID.SERVER_AUTH, 5 * 365),
        ("client", x509.ExtendedKeyUsageOID.CLIENT_AUTH, 5 * 365),
        ("other-client", x509.ExtendedKeyUsageOID.CLIENT_AUTH, 5 * 365),
        ("revoked-client", x509.ExtendedKeyUsageOID.CLIENT_AUTH, 5 * 365),
        ("unknown-client", x509.ExtendedKeyUsageOID.CLIENT_AUTH, 5 * 365),
        ("expired-client", x509.ExtendedKeyUsageOID.CLIENT_AUTH, -1),
    ],
)
def test_what_the_certificates_of_a_connection_say(
    tmp_path: Path, name: str, usage: x509.ObjectIdentifier, days: int
) -> None:
    tls = ApiTls(tmp_path, [])
    tls.client(tmp_path)
    certificate = x509.load_pem_x509_certificate(tls.path(name, "crt").read_bytes())
    lasts = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert lasts.days == days + 2
    assert certificate.issuer == tls.ca.certificate.subject
    told = {type(each.value).__name__: each for each in certificate.extensions}
    constraints, key_usage = told["BasicConstraints"], told["KeyUsage"]
    assert constraints.value == x509.BasicConstraints(ca=False, path_length=None)
    assert (constraints.critical, key_usage.critical) == (True, True)
    assert (key_usage.value.digital_signature, key_usage.value.key_cert_sign) == (True, False)
    assert list(told["ExtendedKeyUsage"].value) == [usage]
    _ca, begin, listed = tls.trusted.read_bytes().partition(b"-----BEGIN X509 CRL")
    crl = x509.load_pem_x509_crl(begin + listed)
    revoked = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    assert (revoked is not None) == (name == "revoked-client")


def test_a_day_of_birth_is_at_noon() -> None:
    (extension,) = subject_directory(Directory(date_of_birth="1984-02-29"))
    assert bytes.fromhex("06082b06010505070901") + b"\x31\x11\x18\x0f19840229120000Z" in extension
