# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking for certificates: what becomes of each request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import (
    IssuedCertificate,
    SerialNumber,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.api.request import (
    CertificateRequest,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.exchange import Prepared
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain import issue
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.chain import (
    matching_chain,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.lookup import (
    LookUp,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.plan import Planned
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
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

    def request_certificate(self, body: dict[str, Any]) -> SerialNumber:
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
        return SerialNumber(serial)

    def expiring_between(self, _since: int, _until: int) -> list[Any]:
        return []

    issued_between = expiring_between

    def certificate(self, serial: object) -> IssuedCertificate | None:
        serial = str(serial)
        pem = certificates.certificate_pem(self.issued[serial])
        return self.answer(IssuedCertificate(pem, "ISSUED", NOW))


@pytest.fixture
def service(hierarchy: Any) -> Service:
    return Service(hierarchy)


def ask(service: Service, attempts: list[issue.Attempt], **more: Any) -> list[issue.Outcome]:
    """Have certificates asked for, by a clock that only moves where somebody waits."""
    moment = [float(NOW)]

    def sleep(seconds: float) -> None:
        moment[0] += seconds

    dealing = issue.Service(
        service,  # type: ignore[arg-type]
        LookUp(service, 100),  # type: ignore[arg-type]
        settle=10,
        read_timeout=5,
        sleep=sleep,
        clock=lambda: moment[0],
        **more,
    )
    return issue.Issuance(dealing).issue(attempts)


def attempt(name: str = "www.example.com", **changes: Any) -> issue.Attempt:
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
        is_fresh=True,
        public_key=keys.public_key_pem(key.public_key()),
        proof=keys.prove_possession(key),
        signing_request=keys.signing_request_pem(key, None),
        answer=keys.answer_challenge(key, "nonce"),
    )
    of_plan = {member: value for member, value in changes.items() if hasattr(planned, member)}
    of_node = {member: value for member, value in changes.items() if hasattr(prepared, member)}
    return issue.Attempt(
        replace(planned, **of_plan),
        replace(prepared, **of_node),
        "nonce",
        NOW,
        changes.get("until", NOW + 1000),
    )


def fail(status: int | None, outcome: str) -> Callable[[Any], Any]:
    def raise_it(_argument: Any) -> None:
        raise ApiError(
            "Atlas said no.", method="POST", path="/certificates", status=status, outcome=outcome
        )

    return raise_it


def test_a_certificate_for_each_attempt_in_their_order(service: Service) -> None:
    names = [f"n{number}.example.com" for number in range(20)]
    outcomes = ask(service, [attempt(name) for name in names])
    assert [outcome.facts.dns_names for outcome in outcomes if outcome.facts] == [
        [name] for name in names
    ]
    assert not any(outcome.message or outcome.warnings for outcome in outcomes)


def test_nothing_to_do_asks_nothing(service: Service) -> None:
    assert ask(service, []) == []
    assert service.bodies == []


def test_the_validity_begins_when_it_is_sent(service: Service) -> None:
    ask(service, [attempt()])
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
    ask(service, [attempt(as_signing_request=as_signing_request, with_proof=with_proof)])
    (body,) = service.bodies
    assert body["public_key"].startswith(begins)
    assert ("public_key_signature" in body) == proof


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"answer": keys.answer_challenge(keys.generate(P256), "nonce")}, "did not prove"),
        ({"answer": "no base64"}, "did not prove"),
        ({"public_key": "no key"}, "The node's public key"),
    ],
)
def test_a_key_that_is_not_the_nodes_is_not_sent(
    service: Service, changes: dict[str, Any], text: str
) -> None:
    (outcome,) = ask(service, [attempt(**changes)])
    assert text in outcome.message
    assert outcome.refused
    assert service.bodies == []


@pytest.mark.parametrize(("status", "outcome"), [(422, "refused"), (None, "not_sent")])
def test_what_was_not_acted_upon_is_final(
    service: Service, status: int | None, outcome: str
) -> None:
    service.refuse = fail(status, outcome)
    (result,) = ask(service, [attempt()])
    assert (result.message, result.refused) == ("Atlas said no.", True)


@pytest.mark.parametrize(
    ("outcome", "times"), [("unknown", 2), ("probably_not_acted", 2), ("acted", 1)]
)
def test_what_may_have_been_issued_is_sent_again_once_at_most(
    service: Service, outcome: str, times: int
) -> None:
    service.refuse = fail(503, outcome)
    (result,) = ask(service, [attempt()])
    assert result.message.startswith("Whether the certificate was issued is not known")
    assert not result.refused
    assert len(service.bodies) == times


def test_an_earlier_attempt_is_not_closed_by_a_refusal(service: Service) -> None:
    """What was sent for it before may have been acted upon."""
    service.refuse = fail(422, "refused")
    (result,) = ask(service, [attempt(is_fresh=False)])
    assert not result.refused


def test_nothing_is_sent_when_the_lease_ends_too_soon(service: Service) -> None:
    (result,) = ask(service, [attempt(until=NOW + 14)])
    assert "Nothing was asked for" in result.message
    assert service.bodies == []


def test_one_that_fails_does_not_stop_the_others(service: Service) -> None:
    def refuse(body: dict[str, Any]) -> None:
        if body["san"]["dns_names"] == ["n1.example.com"]:
            fail(422, "refused")(body)
        if body["san"]["dns_names"] == ["n2.example.com"]:
            raise RuntimeError("a fault")

    service.refuse = refuse
    outcomes = ask(service, [attempt(f"n{number}.example.com") for number in range(4)])
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
    (outcome,) = ask(service, [attempt()])
    assert outcome.certificate
    assert len(asked) == 5


def test_it_does_not_wait_for_ever(service: Service) -> None:
    service.answer = lambda leaf: None
    (outcome,) = ask(service, [attempt()])
    assert outcome.message == (
        "The certificate with the serial number 00000000000000000000000000000001 is still being"
        " issued after 120 seconds; the next run will fetch it."
    )
    assert (outcome.refused, outcome.serial) == (False, f"{1:032X}")


@pytest.mark.parametrize(("status", "refused"), [(422, True), (404, False), (None, False)])
def test_the_refusal_of_the_issuing_backend_is_final(
    service: Service, status: int | None, refused: bool
) -> None:
    service.answer = fail(status, "refused")
    (outcome,) = ask(service, [attempt()])
    assert outcome.message.endswith("could not be fetched: Atlas said no.")
    assert outcome.refused == refused


def test_a_certificate_for_another_key_is_refused(service: Service) -> None:
    other = keys.generate(P256).public_key()
    leaf = service.hierarchy.issuing.issue(other, ("www.example.com",))
    foreign = IssuedCertificate(certificates.certificate_pem(leaf), "ISSUED", NOW)
    service.answer = lambda _leaf: foreign
    (outcome,) = ask(service, [attempt()])
    assert outcome.message.endswith("is for another key than the one sent.")
    assert not outcome.certificate


def test_what_is_no_certificate_is_refused(service: Service) -> None:
    service.answer = lambda _leaf: IssuedCertificate("no certificate", "ISSUED", NOW)
    (outcome,) = ask(service, [attempt()])
    assert "holds no certificate in PEM format" in outcome.message


def test_names_other_than_asked_are_warned_about(service: Service) -> None:
    def answer(leaf: IssuedCertificate) -> IssuedCertificate:
        asked = certificates.load_certificates(leaf.pem.encode())[0]
        granted = service.hierarchy.issuing.issue(asked.public_key(), ("example.org",))
        return IssuedCertificate(certificates.certificate_pem(granted), "ISSUED", NOW)

    service.answer = answer
    (outcome,) = ask(service, [attempt()])
    assert outcome.certificate
    assert "differs from what the task states" in outcome.warnings[0]


def no_file(url: str) -> bytes:
    raise AssertionError(url)


def chain_of(service: Service, chain: list[str], issued: list[issue.Outcome]) -> list[str]:
    pems = [outcome.certificate for outcome in issued]
    return matching_chain(service, chain, pems, no_file)  # type: ignore[arg-type]


def test_a_chain_that_signed_what_was_issued_is_kept(service: Service) -> None:
    outcomes = ask(service, [attempt()])
    chain = service.hierarchy.chain
    service.trust_chain = None  # type: ignore[assignment,method-assign]
    assert chain_of(service, chain, outcomes) == chain


def test_after_a_rotation_the_chain_is_fetched_again(
    service: Service, other_hierarchy: Any
) -> None:
    outcomes = ask(service, [attempt()])
    chain = chain_of(service, other_hierarchy.chain, outcomes)
    assert chain == [*other_hierarchy.chain, *service.hierarchy.chain]
