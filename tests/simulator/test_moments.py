# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The very second at which the service changes its mind, for which no test can wait."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from atlas_simulator.api.certificates import Certificates, _altered, _attests
from atlas_simulator.api.claims import Claims, verified_from_the_start
from atlas_simulator.behaviour import Behaviour
from atlas_simulator.clock import Clock
from atlas_simulator.control.rules import Barrier, Match, Rules
from atlas_simulator.pki.leaf import public_key_digest
from atlas_simulator.problems import ServiceError
from atlas_simulator.store import Certificate, Claim, Store
from atlas_simulator.verification.dns import Resolvers
from atlas_simulator.verification.verifier import Verifier
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from .conftest import KEY
from .test_policy_readings import NOW, taken
from .test_revocation_answers import StoppedClock

DAY = 86400
CERTIFICATE = Certificate(
    serial="01",
    account="account",
    pem="",
    issuer=1,
    public_key=public_key_digest(KEY.public_key()),
    names="[]",
    not_after=NOW + 1,
    not_before=NOW - DAY,
    accepted_at=NOW,
    available_at=NOW,
    refused=False,
    status="ISSUED",
    updated_at=NOW,
)
CLAIM = Claim("01", "account", "domain", "shop.test", NOW - DAY, NOW, "token")


class Runs:
    """A verifier that is at work on the claims of these ids."""

    def __init__(self, *claim_ids: str) -> None:
        self._claim_ids = claim_ids

    def is_running(self, claim_id: str) -> bool:
        return claim_id in self._claim_ids


def service(*running: str) -> Any:
    return SimpleNamespace(clock=StoppedClock(), verifier=Runs(*running), behaviour=Behaviour())


@pytest.mark.parametrize(
    ("changes", "is_active"),
    [
        ({}, True),
        ({"not_after": NOW}, False),
        ({"available_at": NOW + 1}, False),
        ({"refused": True}, False),
        ({"status": "REVOKED"}, False),
    ],
)
def test_which_certificates_can_be_rekeyed(changes: dict[str, Any], is_active: bool) -> None:
    certificates = Certificates(service())
    assert certificates._is_active(replace(CERTIFICATE, **changes), NOW) is is_active


def revocation(**body: Any) -> Any:
    body = {"revocation_reason": "keyCompromise", **body}
    return Certificates(service())._revocation(body, CERTIFICATE)


def test_a_key_may_be_compromised_since_now_and_not_since_later() -> None:
    assert revocation(revocation_time=NOW) == ("keyCompromise", NOW)
    assert revocation(revocation_time=0) == ("keyCompromise", 0)
    for moment in (NOW + 1, -1):
        with pytest.raises(ServiceError, match="revocation_time: invalid value"):
            revocation(revocation_time=moment)


def test_a_request_that_was_tampered_with_attests_nothing() -> None:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    content = builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)
    signed = x509.load_der_x509_csr(content).public_bytes(Encoding.PEM).decode()
    forged = x509.load_der_x509_csr(content[:-1] + bytes([content[-1] ^ 1]))
    assert _attests(signed, "keyCompromise", CERTIFICATE)
    assert not _attests(signed, "superseded", CERTIFICATE)
    assert not _attests(forged.public_bytes(Encoding.PEM).decode(), "keyCompromise", CERTIFICATE)
    other = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    assert not _attests(other.public_bytes(Encoding.PEM).decode(), "keyCompromise", CERTIFICATE)


def test_whole_days_neither_leave_nothing_nor_outlive_the_issuer() -> None:
    midnight = NOW // DAY * DAY
    leaf = replace(taken({}, {}), not_before=midnight + 10, not_after=midnight + 60)
    assert _altered(leaf, "truncated", NOW + DAY).not_after == midnight + 11
    leaf = replace(leaf, not_after=midnight + 2 * DAY + 5)
    assert _altered(leaf, "truncated", midnight + 2 * DAY + 5).not_after == midnight + 2 * DAY
    assert _altered(leaf, "truncated", midnight + 2 * DAY - 1).not_after == midnight + 2 * DAY - 1
    assert _altered(leaf, "exact", NOW) == leaf


@pytest.mark.parametrize(
    ("changes", "running", "status"),
    [
        ({}, (), None),
        ({}, ("02",), None),
        ({}, ("01",), 202),
        ({"assert_by": NOW - 1}, (), 424),
        ({"assert_by": NOW - 1}, ("01",), 424),
        ({"asserted": True, "expires_at": NOW + 1}, (), 204),
        ({"asserted": True, "expires_at": NOW + 1, "assert_by": NOW - 1}, (), 204),
        ({"asserted": True, "expires_at": NOW}, (), None),
        ({"asserted": True, "expires_at": NOW, "assert_by": NOW - 1}, (), 424),
        ({"asserted": False, "expires_at": NOW + 1}, (), None),
    ],
)
def test_when_a_claim_can_be_asserted(
    changes: dict[str, Any], running: tuple[str, ...], status: int | None
) -> None:
    claims = Claims(service(*running), "domain")
    try:
        answer = claims._not_assertable(replace(CLAIM, **changes))
        told = None if answer is None else answer.status
    except ServiceError as error:
        told = error.status
    assert told == status


def test_a_new_token_ends_what_the_old_one_began() -> None:
    claim = replace(CLAIM, asserted=True, approval="secret", expires_at=NOW + 1)
    Claims(service(), "domain")._renew_token(claim)
    assert claim.token.startswith("globalsign-domain-verification=")
    assert (claim.assert_by, claim.asserted) == (NOW + 30 * DAY, False)
    assert (claim.approval, claim.expires_at) == ("", NOW + 1)


def test_what_is_verified_from_the_start_stays_so_over_restarts(tmp_path: Path) -> None:
    store = Store(tmp_path / "atlas.sqlite")
    for now, logged, until in (
        (NOW, 1, NOW + 100),
        (NOW + 99, 1, NOW + 100),
        (NOW + 100, 2, NOW + 200),
    ):
        verified_from_the_start(store, "account", "shop.test", now, 100)
        (claim,) = store.claims("account", "domain")
        assert (len(claim.log), claim.expires_at) == (logged, until)
        assert (claim.created_at, claim.last_verification_method) == (NOW, "DNS")
    store.close()


def test_a_check_is_of_the_token_that_it_began_with(tmp_path: Path) -> None:
    store = Store(tmp_path / "atlas.sqlite")
    verifier = Verifier(store, StoppedClock(), Resolvers(), Behaviour(reuse_seconds=50))
    store.save_claim(replace(CLAIM, expires_at=NOW + 7, log=[]))
    for token, error in (("old", ""), ("old", "bad"), ("token", "bad")):
        verifier.record("01", token, "DNS", error)
    verifier.record("02", "token", "DNS", "")
    claim = store.claim("01")
    assert claim is not None
    failed = {"status": "ERROR", "description": "bad", "timestamp": NOW, "method": "DNS"}
    assert (claim.log, claim.expires_at, claim.asserted) == ([failed], NOW + 7, False)
    verifier.record("01", "token", "DNS", "")
    claim = store.claim("01")
    assert claim is not None
    assert (len(claim.log), claim.expires_at, claim.last_verified_at) == (2, NOW + 50, NOW)
    store.close()


def test_a_barrier_counts_who_waits() -> None:
    async def held() -> list[int]:
        barrier = Barrier(1, Match(), "before-acting")
        told = [barrier.waiting]
        tasks = [asyncio.create_task(barrier.hold()) for _each in range(3)]
        await barrier.arrived.wait()
        await asyncio.sleep(0)
        told.append(barrier.document()["waiting"])
        tasks[0].cancel()
        await asyncio.gather(tasks[0], return_exceptions=True)
        told.append(barrier.waiting)
        barrier.released.set()
        await asyncio.gather(*tasks[1:])
        return [*told, barrier.waiting]

    assert asyncio.run(held()) == [0, 3, 2, 0]


def test_one_barrier_is_released_and_the_others_hold() -> None:
    async def released() -> list[Any]:
        rules = Rules()
        first, second = (rules.add_barrier({"point": "before-acting"}) for _each in range(2))
        told: list[Any] = [rules.release(99), rules.release(second.id)]
        told += [first.released.is_set(), second.released.is_set(), rules.barriers == [first]]
        return [*told, rules.release(), first.released.is_set(), rules.barriers]

    assert asyncio.run(released()) == [0, 1, False, True, True, 1, True, []]


@pytest.mark.parametrize(
    ("match", "requests", "taken"),
    [
        (Match(), ["GET /a", "GET /a"], [True, False]),
        (Match(times=0), ["GET /a", "POST /b"], [True, True]),
        (Match(nth=2, times=2), ["GET /a"] * 4, [False, True, True, False]),
        (Match(method="POST"), ["GET /a", "POST /a"], [False, True]),
        (Match(path="/a", times=0), ["GET /a/b", "GET /A", "GET /a"], [False, False, True]),
        (Match(path="/a/*", times=0), ["GET /a", "GET /a/b", "GET /a/b/c"], [False, True, True]),
    ],
)
def test_which_requests_a_rule_takes(match: Match, requests: list[str], taken: list[bool]) -> None:
    assert [match.takes(*each.split()) for each in requests] == taken
    assert match.used == sum(taken)


def test_a_clock_is_moved_from_where_it_is_and_set_from_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moments = [1000.0]
    monkeypatch.setattr("atlas_simulator.clock.time.time", lambda: moments[0])
    clock = Clock()
    assert clock.now() == 1000
    clock.move(60)
    clock.move(-10)
    assert clock.now() == 1050
    clock.set(5000)
    moments[0] += 5
    assert clock.now() == 5005
    clock.set(100)
    assert clock.now() == 100


def test_times_and_limits_that_nobody_set() -> None:
    told = {
        name: value
        for name, value in asdict(Behaviour()).items()
        if not isinstance(value, (bool, str))
    }
    assert told == {
        "token_seconds": 600,
        "claim_token_seconds": 30 * DAY,
        "reuse_seconds": 200 * DAY,
        "resolvers_must_agree": 0,
        "issuance_delay": 0,
        "statistics_delay": 0,
        "date_skew": 0,
        "revoke_again": 412,
        "idle_seconds": 75,
        "rate_limit": 0,
        "rate_burst": 10,
    }
    assert [name for name, value in asdict(Behaviour()).items() if value is True] == ["ip_claims"]
