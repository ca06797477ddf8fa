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
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
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
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import ExternalKey
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..fake_atlas import DAY, NOW, Atlas

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
    of_plan = {member: value for member, value in changes.items() if member in vars(planned)}
    of_node = {member: value for member, value in changes.items() if member in vars(prepared)}
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
        granted = service.hierarchy.issuing.issue(
            certificates.to_library(asked).public_key(), ("example.org",)
        )
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


def test_nothing_is_claimed_by_default() -> None:
    assert not any(vars(issue.Outcome()).values())
    assert not any(vars(issue.Earlier()).values())
    assert attempt().was_sought is False


# What earlier runs left

END = NOW + 80 * DAY
SERIAL = "0" * 30 + "AB"


def dealing_with(atlas: Atlas, **changes: Any) -> issue.Service:
    members = {"settle": 10, "read_timeout": 5, "sleep": atlas.sleep, "clock": lambda: atlas.now}
    return issue.Service(
        atlas,  # type: ignore[arg-type]
        LookUp(atlas, 100),  # type: ignore[arg-type]
        **{**members, **changes},
    )


def old_attempt(**changes: Any) -> issue.Attempt:
    """Of an earlier run, for the same wish and a key of its own, that was begun a while ago."""
    left = {
        "is_fresh": False,
        "is_same_wish": True,
        "is_same_account": True,
        "is_key_unique": True,
        "begun": NOW - 100,
        "not_after": END,
        "end": END,
    }
    made = attempt(**{**left, **changes})
    end = changes.get("end", END)
    request = replace(made.planned.request, not_before=NOW, not_after=end)
    return replace(made, planned=replace(made.planned, request=request))


def issued_for(atlas: Atlas, of: issue.Attempt, *names: str, **more: Any) -> str:
    key = keys.load_public_key(of.prepared.public_key)
    members = {"not_before": NOW - 3, "not_after": END, **more}
    return atlas.add(atlas.hierarchy.issuing.issue(key, names or ("www.example.com",), **members))


def earlier(atlas: Atlas, *attempts: issue.Attempt, **changes: Any) -> list[issue.Earlier]:
    return issue.Issuance(dealing_with(atlas, **changes)).earlier(attempts)


def test_what_was_issued_for_an_earlier_run_is_used(atlas: Atlas) -> None:
    left = old_attempt()
    serial = issued_for(atlas, left)
    (known,) = earlier(atlas, left)
    assert known.outcome is not None
    assert known == issue.Earlier(known.outcome)
    assert (known.outcome.serial, known.outcome.message) == (serial, "")
    assert known.outcome.certificate == certificates.certificate_pem(atlas.leaves[serial])
    assert known.outcome.facts is not None
    assert known.outcome.facts.serial_number == serial
    assert (atlas.calls, atlas.now) == ([("expiring", END, END), ("certificate", serial)], NOW)


def test_it_is_looked_for_again_once_the_statistics_have_settled(atlas: Atlas) -> None:
    recent, old = old_attempt(may_be_recent=True), old_attempt()
    assert earlier(atlas, recent, old) == [issue.Earlier(), issue.Earlier()]
    assert atlas.now == NOW + 10
    assert [call[0] for call in atlas.calls].count("expiring") == 4
    assert [call[0] for call in atlas.calls].count("issued") == 2
    atlas.calls.clear()
    assert earlier(atlas, old) == [issue.Earlier()]
    assert atlas.now == NOW + 10


def test_only_what_was_not_found_is_looked_for_again(atlas: Atlas) -> None:
    found, unfound = old_attempt(), old_attempt(may_be_recent=True)
    serial = issued_for(atlas, found)
    first, second = earlier(atlas, found, unfound)
    assert first.outcome is not None
    assert (first.outcome.serial, second) == (serial, issue.Earlier())
    assert len(atlas.named("expiring")) == 3
    assert earlier(atlas) == []


def test_what_shows_late_is_found_late(atlas: Atlas) -> None:
    left = old_attempt(may_be_recent=True)

    def sleep(seconds: float) -> None:
        atlas.sleep(seconds)
        issued_for(atlas, left, not_after=END - 5)

    (known,) = earlier(atlas, left, sleep=sleep)
    assert known.outcome is not None
    assert known.outcome.certificate


ORPHAN = (
    "An earlier request had led to the certificate {}, which is not what is wanted any more; it was"
    " not revoked, and nobody uses it."
)


@pytest.mark.parametrize(
    ("members", "names", "is_used"),
    [
        ({}, ("www.example.com",), True),
        ({}, ("granted.example.com",), True),  # the CA may write names otherwise
        ({"is_key_unique": False}, ("www.example.com",), True),
        ({"is_key_unique": False}, ("granted.example.com",), False),
        ({"is_same_wish": False}, ("www.example.com",), True),
        ({"is_same_wish": False}, ("granted.example.com",), False),
    ],
)
def test_whose_names_are_not_wanted_is_an_orphan(
    atlas: Atlas, members: dict[str, Any], names: tuple[str, ...], is_used: bool
) -> None:
    left = old_attempt(**members)
    serial = issued_for(atlas, left, *names)
    (known,) = earlier(atlas, left)
    assert bool(known.outcome and known.outcome.certificate) is is_used
    if not is_used:
        assert known == issue.Earlier(is_void=True, warning=ORPHAN.format(serial), orphan=serial)


@pytest.mark.parametrize(
    ("members", "is_used"),
    [
        ({}, True),
        ({"is_key_unique": False}, True),
        ({"is_same_wish": False}, False),
        ({"is_same_wish": False, "is_key_unique": False}, False),
    ],
)
def test_usages_that_were_not_granted_are_no_reason_to_ask_again(
    atlas: Atlas, members: dict[str, Any], is_used: bool
) -> None:
    left = old_attempt(**members)
    issued_for(atlas, left)
    usages = {"extended_key_usages": ["1.3.6.1.5.5.7.3.1"]}
    wanted = replace(left.planned.wanted, sections=usages)
    (known,) = earlier(atlas, replace(left, planned=replace(left.planned, wanted=wanted)))
    assert known.is_void is not is_used


@pytest.mark.parametrize(("later", "is_used"), [(0, True), (1, False)])
def test_what_is_due_already_is_an_orphan(atlas: Atlas, later: int, is_used: bool) -> None:
    left = old_attempt()
    issued_for(atlas, left, not_before=NOW - 10 * DAY)
    atlas.now = float(END - 30 * DAY - 1 + later)
    (known,) = earlier(atlas, left)
    assert known.is_void is not is_used


def test_a_key_that_is_not_proven_is_not_looked_for(atlas: Atlas) -> None:
    left = old_attempt(answer="")
    (known,) = earlier(atlas, left)
    assert known == issue.Earlier(
        issue.Outcome(
            message="The node did not prove that it holds the private key of its request."
        )
    )
    assert atlas.calls == []


def test_a_look_up_that_fails_settles_nothing(atlas: Atlas) -> None:
    atlas.failing = {"expiring": ApiError("It is down.", method="GET", path="/", status=500)}
    (known,) = earlier(atlas, old_attempt())
    assert known == issue.Earlier(
        issue.Outcome(
            message="Whether the certificate was issued is not known and looking it up failed: It"
            " is down. The next run looks it up before it asks again."
        )
    )


def test_a_fault_with_one_is_told_and_does_not_stop_the_others(atlas: Atlas) -> None:
    good = old_attempt()
    issued_for(atlas, good)
    bad = replace(good, prepared=replace(good.prepared, not_after="soon"))  # type: ignore[arg-type]
    first, second = earlier(atlas, bad, good)
    assert first.outcome is not None
    assert first.outcome.message.startswith("This is a fault of globalsign.atlas, please report it")
    assert second.outcome is not None
    assert second.outcome.certificate


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"is_same_wish": False}, ""),
        (
            {"is_same_account": False},
            "A request that was begun with other credentials was not found with these; it is given"
            " up, and what was issued for it, if anything, is not used.",
        ),
    ],
)
def test_what_was_not_found_and_is_not_wanted_is_void(
    atlas: Atlas, members: dict[str, Any], said: str
) -> None:
    assert earlier(atlas, old_attempt(**members)) == [issue.Earlier(is_void=True, warning=said)]


@pytest.mark.parametrize(
    ("recorded", "planned_end", "is_void"),
    [
        (END, END, False),
        (END, END + 8 * DAY, False),  # a tenth of 80 days and 8
        (END, END + 9 * DAY, True),
        (END, END - 3599, False),
        (END, END - 3600, True),
        (NOW + DAY, NOW + 2 * DAY, False),
        (NOW + DAY, NOW + 2 * DAY + 1, True),
        (0, END, True),
        (END, 0, True),
        (0, 0, False),
    ],
)
def test_the_end_that_was_asked_for_is_about_what_it_would_be_today(
    atlas: Atlas, recorded: int, planned_end: int, is_void: bool
) -> None:
    left = old_attempt(not_after=recorded, end=planned_end or None)
    assert earlier(atlas, left) == [issue.Earlier(is_void=is_void)]


def test_an_end_that_the_task_states_is_that_one(atlas: Atlas) -> None:
    for recorded, is_void in ((END, False), (END - 1, True)):
        left = old_attempt(not_after=recorded)
        wanted = replace(left.planned.wanted, not_after=END)
        stated = replace(left, planned=replace(left.planned, wanted=wanted))
        assert earlier(atlas, stated) == [issue.Earlier(is_void=is_void)]
        by_rekey = replace(left, planned=replace(left.planned, by_rekey=True))
        assert earlier(atlas, by_rekey) == [issue.Earlier(is_void=is_void)]


def test_a_key_of_another_kind_is_not_wanted_any_more(atlas: Atlas) -> None:
    left = old_attempt(key_kind=keys.KeyKind("ECDSA", 384))
    assert earlier(atlas, left) == [issue.Earlier(is_void=True)]


def test_the_kind_of_a_key_that_lives_elsewhere_is_not_ours_to_judge(atlas: Atlas) -> None:
    left = old_attempt(key_kind=keys.KeyKind("", 0))
    elsewhere = replace(left.planned.wanted, external_key=ExternalKey("csr", "/c", None, None))
    planned = replace(left.planned, wanted=elsewhere)
    assert earlier(atlas, replace(left, planned=planned)) == [issue.Earlier()]


# What the service had accepted


def test_what_was_accepted_is_fetched_by_its_serial_number(atlas: Atlas) -> None:
    left = old_attempt()
    serial = issued_for(atlas, left)
    (known,) = earlier(atlas, old_attempt_with(left, serial))
    assert known.outcome is not None
    assert (known.outcome.serial, bool(known.outcome.certificate)) == (serial, True)
    assert atlas.calls == [("certificate", serial)]


def old_attempt_with(left: issue.Attempt, serial: str, **members: Any) -> issue.Attempt:
    return replace(left, prepared=replace(left.prepared, serial=serial, **members))


def test_what_was_accepted_for_another_wish_is_an_orphan(atlas: Atlas) -> None:
    left = old_attempt()
    serial = issued_for(atlas, left, "other.example.com")
    (known,) = earlier(atlas, old_attempt_with(left, serial, is_same_wish=False))
    assert (known.is_void, known.orphan) == (True, serial)


@pytest.mark.parametrize("status", [403, 404])
def test_what_the_service_does_not_know_is_looked_for(atlas: Atlas, status: int) -> None:
    left = old_attempt()
    serial = issued_for(atlas, left)
    certificate = atlas.certificate

    def fetch(asked: Any) -> Any:
        if str(asked) == SERIAL:
            raise ApiError("No.", method="GET", path="/", status=status, outcome="refused")
        return certificate(asked)

    atlas.certificate = fetch  # type: ignore[method-assign]
    (known,) = earlier(atlas, old_attempt_with(left, SERIAL))
    assert known.outcome is not None
    assert known.outcome.serial == serial


def refusing_issuance(atlas: Atlas, status: int | None) -> None:
    certificate = atlas.certificate

    def fetch(asked: Any) -> Any:
        if str(asked) == SERIAL:
            raise ApiError("No.", method="GET", path="/", status=status, outcome="refused")
        return certificate(asked)

    atlas.certificate = fetch  # type: ignore[method-assign]


def test_what_the_ca_refused_at_last_is_void_unless_another_was_issued(atlas: Atlas) -> None:
    left = old_attempt()
    refusing_issuance(atlas, 422)
    (known,) = earlier(atlas, old_attempt_with(left, SERIAL))
    said = (
        f"The certificate with the serial number {SERIAL} was asked for, and could not be fetched:"
        " No."
    )
    assert known == issue.Earlier(is_void=True, warning=said)
    serial = issued_for(atlas, left, not_after=END - 5)
    (known,) = earlier(atlas, old_attempt_with(left, SERIAL))
    assert known.outcome is not None
    assert known.outcome.serial == serial


@pytest.mark.parametrize("status", [None, 402, 405, 421, 423, 500])
def test_what_cannot_be_fetched_now_stays_open(atlas: Atlas, status: int | None) -> None:
    refusing_issuance(atlas, status)
    (known,) = earlier(atlas, old_attempt_with(old_attempt(), SERIAL))
    assert (known.is_void, known.warning) == (False, "")
    assert known.outcome is not None
    assert (known.outcome.serial, known.outcome.refused) == (SERIAL, False)
    assert known.outcome.message.endswith("could not be fetched: No.")


def test_what_is_no_serial_number_is_told(atlas: Atlas) -> None:
    (known,) = earlier(atlas, old_attempt_with(old_attempt(), "x"))
    assert known == issue.Earlier(
        issue.Outcome(message="The node's record is wrong: 'x' is not a serial number of 16 bytes.")
    )
    assert atlas.calls == []


# How it is asked


def asked(atlas: Atlas, *attempts: issue.Attempt, **changes: Any) -> list[issue.Outcome]:
    return issue.Issuance(dealing_with(atlas, **changes)).issue(attempts)


@pytest.mark.parametrize(
    ("status", "was_sought", "is_fresh", "is_over"),
    [
        (400, True, False, True),
        (422, True, False, True),
        (400, False, False, False),
        (402, True, False, False),
        (399, True, False, False),
        (401, True, False, False),
        (403, True, False, False),
        (421, True, False, False),
        (423, True, False, False),
        (None, True, False, False),
        (402, False, True, True),
    ],
)
def test_which_refusals_end_an_attempt(
    atlas: Atlas, status: int | None, was_sought: bool, is_fresh: bool, is_over: bool
) -> None:
    atlas.refuse = fail(status, "refused")
    sought = replace(attempt(is_fresh=is_fresh), was_sought=was_sought)
    (outcome,) = asked(atlas, sought)
    assert outcome == issue.Outcome(message="Atlas said no.", refused=is_over)


@pytest.mark.parametrize(("until", "is_in_time"), [(NOW + 36, True), (NOW + 35, False)])
def test_a_lease_outlives_what_is_sent_under_it(atlas: Atlas, until: int, is_in_time: bool) -> None:
    (outcome,) = asked(atlas, attempt(until=until), total_timeout=20)
    assert bool(atlas.bodies) is is_in_time
    if not is_in_time:
        assert outcome == issue.Outcome(
            message="Nothing was asked for, because the run was stopped or took too long before;"
            " run the task again.",
            refused=True,
        )


def test_a_run_that_is_stopped_asks_for_nothing(atlas: Atlas) -> None:
    service = dealing_with(atlas)
    service.stopping.set()
    (outcome,) = issue.Issuance(service).issue([attempt(is_fresh=False)])
    assert (outcome.message[:23], outcome.refused) == ("Nothing was asked for, ", False)
    assert atlas.bodies == []


def test_no_more_than_eight_are_asked_for_at_a_time(atlas: Atlas) -> None:
    others = threading.active_count()
    barrier, seen = threading.Barrier(8, timeout=10), []

    def refuse(_body: Any) -> None:
        barrier.wait()
        seen.append(threading.active_count() - others)

    atlas.refuse = refuse
    asked(atlas, *[attempt() for _each in range(16)])
    assert max(seen) == 8


def test_results_are_known_as_they_come(atlas: Atlas) -> None:
    told: list[int] = []
    issuance = issue.Issuance(dealing_with(atlas, progress=told.append))
    outcomes = issuance.issue([attempt(f"n{number}.example.com") for number in range(3)])
    assert issuance.outcomes == dict(enumerate(outcomes))
    assert told == [1, 2, 3]
    assert issuance.issue([]) == []
    assert issuance.outcomes == {}


def test_who_interrupts_gets_what_is_known(atlas: Atlas) -> None:
    def interrupt(_done: int) -> None:
        raise KeyboardInterrupt

    service = dealing_with(atlas, progress=interrupt)
    issuance = issue.Issuance(service)
    with pytest.raises(KeyboardInterrupt):
        issuance.issue([attempt()])
    assert service.stopping.is_set()
    assert issuance.outcomes[0].certificate


def test_the_service_judges_first_if_it_is_asked_to(atlas: Atlas) -> None:
    (outcome,) = asked(atlas, attempt(), asks_first=True)
    assert [call[0] for call in atlas.calls] == ["check", "request", "certificate"]
    assert (bool(outcome.certificate), outcome.warnings) == (True, ())


def test_what_the_service_finds_wrong_is_not_asked_for(atlas: Atlas) -> None:
    atlas.failing = {
        "check": ApiError("No.", method="POST", path="/", status=422, outcome="refused")
    }
    (outcome,) = asked(atlas, attempt(), asks_first=True)
    assert outcome == issue.Outcome(message="No.", refused=True)
    assert atlas.bodies == []


def test_a_service_that_issues_instead_of_judging_is_asked_no_more(
    atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[Any] = []

    def check(body: Any) -> SerialNumber:
        checks.append(body)
        return atlas.request_certificate(body)

    monkeypatch.setattr(atlas, "check_request", check)
    service = dealing_with(atlas, asks_first=True)
    (first,) = issue.Issuance(service).issue([attempt()])
    assert first.certificate
    assert first.warnings == (
        "The service does not know preflight: server, and issued the certificate at once; it is"
        " used, and the others of this run are asked for without a preflight.",
    )
    (second,) = issue.Issuance(service).issue([attempt()])
    assert (second.warnings, len(checks), len(atlas.bodies)) == ((), 1, 2)


def test_an_answer_to_the_preflight_that_was_lost_may_have_issued(atlas: Atlas) -> None:
    atlas.failing = {
        "check": ApiError("It broke.", method="POST", path="/", status=None, outcome="unknown")
    }
    (outcome,) = asked(atlas, attempt(), asks_first=True)
    assert outcome == issue.Outcome(
        message="Whether the certificate was issued is not known (It broke.). The next run looks it"
        " up before it asks again."
    )
    assert atlas.bodies == []


def test_another_endpoint_is_not_asked_again(atlas: Atlas) -> None:
    atlas.refuse = fail(302, "wrong_endpoint")
    (outcome,) = asked(atlas, attempt())
    assert outcome == issue.Outcome(message="Atlas said no.")
    assert [call[0] for call in atlas.calls] == ["request"]


def test_a_lost_answer_is_looked_for_until_the_statistics_have_settled(atlas: Atlas) -> None:
    atlas.refuse = fail(None, "acted")
    sent = attempt(not_after=END, begun=0)
    (outcome,) = asked(atlas, sent)
    assert outcome.message == (
        "Whether the certificate was issued is not known (Atlas said no.). The next run looks it up"
        " before it asks again."
    )
    assert atlas.now == NOW + 10
    assert [call[0] for call in atlas.calls] == ["request", *["expiring"] * 4, "issued"]
    assert atlas.named("issued") == [("issued", NOW - 300, NOW + 310)]


def test_pauses_grow_while_it_is_looked_for(atlas: Atlas) -> None:
    pauses: list[float] = []
    atlas.refuse = fail(None, "acted")
    asked(atlas, attempt(), settle=25, sleep=pauses.append)
    assert pauses == [2.0, 4.0, 8.0, 11.0]
    pauses.clear()
    asked(atlas, attempt(), settle=1, sleep=pauses.append)
    assert pauses == [1.0]
    pauses.clear()
    asked(atlas, attempt(), settle=0, sleep=pauses.append)
    assert pauses == []


def test_a_run_that_is_stopped_waits_no_longer(
    atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = dealing_with(atlas)
    monkeypatch.setattr(atlas, "certificate", lambda _serial: service.stopping.set())
    (outcome,) = issue.Issuance(service).issue([attempt()])
    assert outcome.message.endswith("the next run will fetch it.")
    assert atlas.now == NOW
    service.stopping.clear()

    def refuse(body: Any) -> None:
        service.stopping.set()
        fail(None, "unknown")(body)

    atlas.refuse = refuse
    (outcome,) = issue.Issuance(service).issue([attempt()])
    assert outcome.message.startswith("Whether the certificate was issued is not known")
    assert (atlas.now, len(atlas.bodies)) == (NOW, 2)


def test_a_run_that_is_stopped_does_not_send_again(atlas: Atlas) -> None:
    service = dealing_with(atlas)

    def refuse(body: Any) -> None:
        service.stopping.set()
        fail(None, "unknown")(body)

    atlas.refuse = refuse
    (outcome,) = issue.Issuance(service).issue([attempt()])
    assert outcome == issue.Outcome(
        message="Whether the certificate was issued is not known (Atlas said no.). The next run"
        " looks it up before it asks again."
    )
    assert (atlas.now, len(atlas.bodies)) == (NOW, 1)


def test_a_lost_answer_is_found(atlas: Atlas) -> None:
    atlas.lose = fail(None, "unknown")
    (outcome,) = asked(atlas, attempt(not_after=END))
    (serial,) = atlas.leaves
    assert (outcome.serial, outcome.message) == (serial, "")
    assert (atlas.now, len(atlas.bodies)) == (NOW, 1)


def test_what_is_sent_again_and_refused_is_not_over(atlas: Atlas) -> None:
    errors = [("unknown", None), ("refused", 422)]

    def refuse(body: Any) -> None:
        outcome, status = errors.pop(0)
        fail(status, outcome)(body)

    atlas.refuse = refuse
    (outcome,) = asked(atlas, attempt())
    assert outcome == issue.Outcome(
        message="Whether the certificate was issued is not known (Atlas said no. Asked again: Atlas"
        " said no.). The next run looks it up before it asks again."
    )


def test_what_is_sent_again_and_answered_is_used(atlas: Atlas) -> None:
    errors = [("unknown", None)]

    def refuse(body: Any) -> None:
        if errors:
            outcome, status = errors.pop(0)
            fail(status, outcome)(body)

    atlas.refuse = refuse
    (outcome,) = asked(atlas, attempt())
    assert (bool(outcome.certificate), len(atlas.bodies)) == (True, 2)


def test_what_would_outlive_the_lease_is_not_sent_again(atlas: Atlas) -> None:
    atlas.refuse = fail(None, "unknown")
    (outcome,) = asked(atlas, attempt(until=NOW + 25))
    assert outcome.message.startswith("Whether the certificate was issued is not known")
    assert len(atlas.bodies) == 1


def test_a_look_up_that_fails_after_a_lost_answer_is_told(atlas: Atlas) -> None:
    atlas.refuse = fail(None, "unknown")
    atlas.failing = {"issued": ApiError("It is down.", method="GET", path="/", status=500)}
    (outcome,) = asked(atlas, attempt())
    assert outcome == issue.Outcome(
        message="Whether the certificate was issued is not known (Atlas said no.) and It is down."
        " The next run looks it up before it asks again."
    )


def test_pauses_grow_while_it_is_issued(atlas: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(atlas, "certificate", lambda _serial: None)
    (outcome,) = asked(atlas, attempt(), sleep=pauses.append)
    assert [round(pause, 1) for pause in pauses[:7]] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert len(pauses) == 27
    assert outcome.message.endswith("the next run will fetch it.")


# What is sent


def test_the_request_is_what_was_planned_with_the_key_of_the_node(atlas: Atlas) -> None:
    fixed = attempt(backdated=None, not_after=END)
    asked(atlas, fixed)
    (body,) = atlas.bodies
    assert body == {
        "validity": {"not_before": NOW - 100, "not_after": END},
        "subject_dn": {},
        "san": {"dns_names": ["www.example.com"]},
        "public_key": fixed.prepared.public_key.strip(),
        "public_key_signature": fixed.prepared.proof,
    }


def rekeying(atlas: Atlas, private_key: Any, *names: str, **members: Any) -> issue.Attempt:
    """Another key for a certificate that is deployed."""
    old = atlas.hierarchy.issuing.issue(private_key.public_key(), names or ("www.example.com",))
    shown = {
        "old_serial": atlas.add(old),
        "old_public_key": keys.public_key_pem(private_key.public_key()),
        "old_answer": keys.answer_challenge(private_key, "nonce"),
    }
    return attempt(by_rekey=True, **{**shown, **members})


def test_a_rekey_is_for_a_certificate_of_the_node(atlas: Atlas, private_key: Any) -> None:
    sent = rekeying(atlas, private_key)
    old = sent.prepared.old_serial
    (outcome,) = asked(atlas, sent, asks_first=True)
    assert outcome.certificate
    assert [call[:2] for call in atlas.calls[:2]] == [("certificate", old), ("rekey", old)]


@pytest.mark.parametrize("case", ["no answer", "other names"])
def test_a_rekey_copies_no_names_of_others(atlas: Atlas, private_key: Any, case: str) -> None:
    sent = (
        rekeying(atlas, private_key, old_answer="")
        if case == "no answer"
        else rekeying(atlas, private_key, "victim.example.com")
    )
    (outcome,) = asked(atlas, sent)
    assert (outcome.certificate, outcome.refused) == ("", True)
    assert sent.prepared.old_serial in outcome.message
    assert atlas.named("rekey") == []


def test_a_short_grant_is_warned_about(atlas: Atlas) -> None:
    sent = attempt(not_after=NOW + 36 * 3600)
    greedy = replace(sent.planned.wanted, renew_before="29h")
    (outcome,) = asked(atlas, replace(sent, planned=replace(sent.planned, wanted=greedy)))
    assert outcome.warnings == (
        "The certificate was granted for 36 hours, and renew_before 29h leaves less than a fifth of"
        " that; it will be renewed after half its life.",
    )


# Whose key it is


def elsewhere(kind: str, key: Any, proof: str | None = None, **members: Any) -> issue.Attempt:
    shown = {
        "public_key": keys.public_key_pem(key.public_key()),
        "signing_request": keys.signing_request_pem(key, None) if kind == "csr" else "",
        "answer": "",
    }
    made = attempt(**{**shown, **members})
    wanted = replace(made.planned.wanted, external_key=ExternalKey(kind, "/elsewhere", None, proof))
    return replace(made, planned=replace(made.planned, wanted=wanted))


def test_a_key_that_lives_elsewhere_is_shown_by_its_request(private_key: Any) -> None:
    for kind in ("csr", "public_key"):
        made = elsewhere(kind, private_key)
        assert keys.public_key_pem(issue.proven_key(made)) == made.prepared.public_key
    other = keys.signing_request_pem(keys.generate(P256), None)
    with pytest.raises(AtlasError, match="The node did not prove that it holds"):
        issue.proven_key(elsewhere("csr", private_key, signing_request=other))


@pytest.mark.parametrize("kind", ["csr", "public_key"])
def test_a_proof_of_the_task_has_to_fit(private_key: Any, kind: str) -> None:
    right = keys.prove_possession(private_key)
    assert issue.proven_key(elsewhere(kind, private_key, right))
    wrong = keys.prove_possession(keys.generate(P256))
    with pytest.raises(AtlasError, match="public_key_signature: it was not made with the private"):
        issue.proven_key(elsewhere(kind, private_key, wrong))


def test_what_a_certificate_is_known_by(atlas: Atlas) -> None:
    left = old_attempt(known=["0A", "x", "0b"])
    key = keys.load_public_key(left.prepared.public_key)
    identity = issue.identity_of(left, key)
    assert identity.known == {SerialNumber("0A"), SerialNumber("0B")}
    assert (identity.not_after, identity.begun) == (END, NOW - 100)
    assert identity.key_digest == keys.public_key_digest(key)
    other = atlas.leaves[issued_for(atlas, left, "other.example.com")]
    assert identity.fits(other)
    shared = issue.identity_of(old_attempt(is_key_unique=False, begun=0), key)
    assert (shared.fits(other), shared.begun) == (False, NOW)
    assert shared.fits(atlas.leaves[issued_for(atlas, left)])
