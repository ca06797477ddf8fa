# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking for certificates: what becomes of each request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import IssuedCertificate
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.api.request import (
    CertificateRequest,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.exchange import Prepared
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain import issue
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.plan import Planned
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

NOW = 1_800_000_000
P256 = keys.KeyKind("ECDSA", 256)


class Service:
    """Stands in for the client: signs what is asked for, unless `refuse` or `answer` differ."""

    def __init__(self, hierarchy: Any) -> None:
        self.hierarchy = hierarchy
        self.bodies: list[dict[str, Any]] = []
        self.issued: dict[str, Any] = {}
        self.refuse: Callable[[dict[str, Any]], None] = lambda body: None
        self.answer: Callable[[IssuedCertificate], IssuedCertificate | None] = lambda leaf: leaf
        self._lock = threading.Lock()

    def service_time(self) -> int:
        return NOW

    def trust_chain(self) -> list[str]:
        chain: list[str] = self.hierarchy.chain
        return chain

    def request_certificate(self, body: dict[str, Any]) -> str:
        with self._lock:
            self.bodies.append(body)
            serial = f"{len(self.bodies):032X}"
        self.refuse(body)
        if "BEGIN PUBLIC KEY" in body["public_key"]:
            key = keys.load_public_key(body["public_key"])
        else:
            key = issue.x509.load_pem_x509_csr(body["public_key"].encode()).public_key()
        names = tuple(body["san"]["dns_names"])
        self.issued[serial] = self.hierarchy.issuing.issue(key, names, not_before=NOW - 3)
        return serial

    def certificate(self, serial: str) -> IssuedCertificate | None:
        pem = certificates.certificate_pem(self.issued[serial])
        return self.answer(IssuedCertificate(pem, "ISSUED", NOW))


@pytest.fixture
def service(hierarchy: Any, monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setattr(issue.time, "sleep", lambda seconds: None)
    return Service(hierarchy)


def attempt(name: str = "www.example.com", **changes: Any) -> tuple[Planned, Prepared]:
    key = keys.generate(P256)
    task = {"path": f"/{name}", "privatekey_path": f"/{name}.key", "san": {"dns_names": [name]}}
    planned = Planned(
        wanted_certificates(task)[0],
        CertificateRequest({}, {"dns_names": (name,)}, NOW - 100),
        P256,
        as_signing_request=False,
        with_proof=True,
        backdated=3,
    )
    prepared = Prepared(
        keys.public_key_pem(key.public_key()),
        keys.prove_possession(key),
        keys.signing_request_pem(key, None),
        "",
    )
    return (
        Planned(**{**vars(planned), **{n: v for n, v in changes.items() if hasattr(planned, n)}}),
        Prepared(
            **{**vars(prepared), **{n: v for n, v in changes.items() if hasattr(prepared, n)}}
        ),
    )


def fail(status: int | None, outcome: str) -> Callable[[Any], Any]:
    def raise_it(_argument: Any) -> None:
        raise ApiError(
            "Atlas said no.", method="POST", path="/certificates", status=status, outcome=outcome
        )

    return raise_it


def test_a_certificate_for_each_attempt_in_their_order(service: Service) -> None:
    names = [f"n{number}.example.com" for number in range(20)]
    outcomes = issue.issue(service, [attempt(name) for name in names])
    assert [outcome.facts.dns_names for outcome in outcomes if outcome.facts] == [
        [name] for name in names
    ]
    assert not any(outcome.message or outcome.warnings for outcome in outcomes)


def test_nothing_to_do_asks_nothing(service: Service) -> None:
    assert issue.issue(service, []) == []
    assert service.bodies == []


def test_the_validity_begins_when_it_is_sent(service: Service) -> None:
    issue.issue(service, [attempt()])
    (body,) = service.bodies
    assert body["validity"] == {"not_before": NOW - 3}
    assert body["public_key_signature"]


@pytest.mark.parametrize(
    ("as_signing_request", "with_proof", "begins", "proof"),
    [
        (True, False, "-----BEGIN CERTIFICATE REQUEST-----", False),
        (False, False, "-----BEGIN PUBLIC KEY-----", False),
        (False, True, "-----BEGIN PUBLIC KEY-----", True),
    ],
)
def test_the_key_goes_as_planned(
    service: Service, as_signing_request: bool, with_proof: bool, begins: str, proof: bool
) -> None:
    issue.issue(service, [attempt(as_signing_request=as_signing_request, with_proof=with_proof)])
    (body,) = service.bodies
    assert body["public_key"].startswith(begins)
    assert ("public_key_signature" in body) == proof


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"proof": keys.prove_possession(keys.generate(P256))}, "did not prove"),
        ({"proof": "no base64"}, "did not prove"),
        (
            {
                "as_signing_request": True,
                "signing_request": keys.signing_request_pem(keys.generate(P256), None),
            },
            "did not prove",
        ),
        ({"public_key": "no key"}, "The node's public key"),
    ],
)
def test_a_key_that_is_not_the_nodes_is_not_sent(
    service: Service, changes: dict[str, Any], text: str
) -> None:
    (outcome,) = issue.issue(service, [attempt(**changes)])
    assert text in outcome.message
    assert outcome.refused
    assert service.bodies == []


@pytest.mark.parametrize(
    ("status", "outcome", "refused"),
    [(422, "refused", True), (None, "not_sent", True), (503, "unknown", False)],
)
def test_only_what_may_have_been_issued_is_not_final(
    service: Service, status: int | None, outcome: str, refused: bool
) -> None:
    service.refuse = fail(status, outcome)
    (result,) = issue.issue(service, [attempt()])
    assert (result.message, result.refused) == ("Atlas said no.", refused)


def test_one_that_fails_does_not_stop_the_others(service: Service) -> None:
    def refuse(body: dict[str, Any]) -> None:
        if body["san"]["dns_names"] == ["n1.example.com"]:
            fail(422, "refused")(body)
        if body["san"]["dns_names"] == ["n2.example.com"]:
            raise RuntimeError("a fault")

    service.refuse = refuse
    outcomes = issue.issue(service, [attempt(f"n{number}.example.com") for number in range(4)])
    assert [bool(outcome.certificate) for outcome in outcomes] == [True, False, False, True]
    assert outcomes[2].message == (
        "This is a fault of globalsign.atlas, please report it: RuntimeError('a fault')"
    )
    assert not outcomes[2].refused


def test_it_waits_until_the_certificate_is_issued(service: Service) -> None:
    asked: list[IssuedCertificate] = []

    def answer(leaf: IssuedCertificate) -> IssuedCertificate | None:
        asked.append(leaf)
        return leaf if len(asked) == 5 else None

    service.answer = answer
    (outcome,) = issue.issue(service, [attempt()])
    assert outcome.certificate
    assert len(asked) == 5


def test_it_does_not_wait_for_ever(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(issue.time, "monotonic", lambda: next(clock))
    service.answer = lambda leaf: None
    (outcome,) = issue.issue(service, [attempt()])
    assert outcome.message == (
        "The certificate with the serial number 00000000000000000000000000000001 is still being"
        " issued after 120 seconds."
    )
    assert not outcome.refused


@pytest.mark.parametrize(("status", "refused"), [(422, True), (404, False), (None, False)])
def test_the_refusal_of_the_issuing_backend_is_final(
    service: Service, status: int | None, refused: bool
) -> None:
    service.answer = fail(status, "refused")
    (outcome,) = issue.issue(service, [attempt()])
    assert outcome.message.endswith("could not be fetched: Atlas said no.")
    assert outcome.refused == refused


def test_a_certificate_for_another_key_is_refused(service: Service) -> None:
    other = keys.generate(P256).public_key()
    leaf = service.hierarchy.issuing.issue(other, ("www.example.com",))
    foreign = IssuedCertificate(certificates.certificate_pem(leaf), "ISSUED", NOW)
    service.answer = lambda _leaf: foreign
    (outcome,) = issue.issue(service, [attempt()])
    assert outcome.message.endswith("is for another key than the one sent.")
    assert not outcome.certificate


def test_what_is_no_certificate_is_refused(service: Service) -> None:
    service.answer = lambda _leaf: IssuedCertificate("no certificate", "ISSUED", NOW)
    (outcome,) = issue.issue(service, [attempt()])
    assert outcome.message.endswith("holds no certificate in PEM format.")


def test_names_other_than_asked_are_warned_about(service: Service) -> None:
    def answer(leaf: IssuedCertificate) -> IssuedCertificate:
        asked = certificates.load_certificates(leaf.pem.encode())[0]
        granted = service.hierarchy.issuing.issue(asked.public_key(), ("example.org",))
        return IssuedCertificate(certificates.certificate_pem(granted), "ISSUED", NOW)

    service.answer = answer
    (outcome,) = issue.issue(service, [attempt()])
    assert outcome.certificate
    assert "differs from what the task states" in outcome.warnings[0]


def test_a_chain_that_signed_what_was_issued_is_kept(service: Service) -> None:
    outcomes = issue.issue(service, [attempt()])
    chain = service.hierarchy.chain
    service.trust_chain = None  # type: ignore[assignment,method-assign]
    assert issue.matching_chain(service, chain, outcomes) == chain


def test_after_a_rotation_the_chain_is_fetched_again(
    service: Service, other_hierarchy: Any
) -> None:
    outcomes = issue.issue(service, [attempt()])
    chain = issue.matching_chain(service, other_hierarchy.chain, outcomes)
    assert chain == [*other_hierarchy.chain, *service.hierarchy.chain]
