# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Having certificates issued: what becomes of each attempt."""

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
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain import issue
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.attempt import (
    Attempt,
    Outcome,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.lookup import (
    LookUp,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys
from ansible_collections.globalsign.atlas.plugins.module_utils.times import iso_time

from ..fake_atlas import DAY, NOW, Atlas
from .attempts import END, P256, attempt, issued_for, old_attempt

SERIAL = "0" * 30 + "AB"
NOT_KNOWN = "Whether the certificate was issued is not known ({})."
LOOKED_UP = " The next run looks it up before it asks again."
ORPHAN = (
    "An earlier request had led to the certificate {}, which is not what is wanted any more; it was"
    " not revoked, and nobody uses it."
)


def dealing_with(atlas: Atlas, **changes: Any) -> issue.Service:
    members = {"settle": 10, "read_timeout": 5, "sleep": atlas.sleep}
    return issue.Service(
        atlas,  # type: ignore[arg-type]
        LookUp(atlas, 100),  # type: ignore[arg-type]
        **{**members, **changes},
    )


def asked(atlas: Atlas, *attempts: Attempt, **changes: Any) -> list[Outcome]:
    return issue.Issuance(dealing_with(atlas, **changes)).obtain(attempts)


def calls(atlas: Atlas) -> list[str]:
    return [call[0] for call in atlas.calls]


def failure(status: int | None, outcome: str, message: str = "Atlas said no.") -> ApiError:
    return ApiError(message, method="POST", path="/certificates", status=status, outcome=outcome)


def fail(status: int | None, outcome: str) -> Callable[[Any], Any]:
    def raise_it(_argument: Any) -> None:
        raise failure(status, outcome)

    return raise_it


def fail_in_turn(*failures: tuple[int | None, str] | None) -> Callable[[Any], None]:
    """Each in its turn, then none."""
    left = list(failures)

    def refuse(_body: Any) -> None:
        now = left.pop(0) if left else None
        if now:
            raise failure(*now)

    return refuse


# What is sent


def test_a_certificate_for_each_attempt_in_their_order(atlas: Atlas) -> None:
    names = [f"n{number}.example.com" for number in range(20)]
    outcomes = asked(atlas, *[attempt(name) for name in names])
    assert [outcome.facts.dns_names for outcome in outcomes if outcome.facts] == [
        [name] for name in names
    ]
    assert {(outcome.action, outcome.message, outcome.warnings) for outcome in outcomes} == {
        ("install", "", ())
    }
    assert len(atlas.calls) == 40


def test_nothing_to_do_asks_nothing(atlas: Atlas) -> None:
    assert (asked(atlas), atlas.calls) == ([], [])


def test_nothing_is_claimed_by_default() -> None:
    assert not any(vars(Outcome("")).values())
    assert attempt().refusal == ""


def test_the_request_is_what_was_planned_with_the_key_of_the_node(atlas: Atlas) -> None:
    fixed = attempt(backdated=None, end=END)
    asked(atlas, fixed)
    (body,) = atlas.bodies
    assert body == {
        "validity": {"not_before": NOW - 100, "not_after": END},
        "subject_dn": {},
        "san": {"dns_names": ["www.example.com"]},
        "public_key": fixed.prepared.public_key.strip(),
        "public_key_signature": fixed.prepared.proof,
    }


def test_the_validity_begins_when_it_is_sent_by_the_clock_of_the_service(atlas: Atlas) -> None:
    atlas.ahead = 50
    asked(atlas, attempt())
    assert atlas.bodies[0]["validity"] == {"not_before": NOW + 47}


def test_the_end_of_a_fresh_attempt_is_the_plans_whatever_the_node_says(atlas: Atlas) -> None:
    for planned_end, sent in ((END, {"not_after": END}), (None, {})):
        asked(atlas, attempt(end=planned_end, not_after=NOW + 180 * DAY))
        validity = dict(atlas.bodies[-1]["validity"])
        del validity["not_before"]
        assert validity == sent


@pytest.mark.parametrize(
    ("as_signing_request", "with_proof", "begins"),
    [
        (True, False, "-----BEGIN CERTIFICATE REQUEST-----"),
        (False, False, "-----BEGIN PUBLIC KEY-----"),
        (False, True, "-----BEGIN PUBLIC KEY-----"),
    ],
)
def test_the_key_goes_as_planned(
    atlas: Atlas, as_signing_request: bool, with_proof: bool, begins: str
) -> None:
    asked(atlas, attempt(as_signing_request=as_signing_request, with_proof=with_proof))
    (body,) = atlas.bodies
    assert body["public_key"].startswith(begins)
    assert ("public_key_signature" in body) == with_proof


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"answer": keys.answer_challenge(keys.generate(P256), "nonce")}, "did not prove"),
        ({"answer": "no base64"}, "did not prove"),
        ({"public_key": "no key"}, "The node's public key"),
    ],
)
@pytest.mark.parametrize(("is_fresh", "action"), [(True, "close"), (False, "unknown")])
def test_a_key_that_is_not_the_nodes_is_neither_sent_nor_looked_for(
    atlas: Atlas, changes: dict[str, Any], text: str, is_fresh: bool, action: str
) -> None:
    (outcome,) = asked(atlas, attempt(is_fresh=is_fresh, **changes))
    assert text in outcome.message
    assert (outcome.action, atlas.calls) == (action, [])


@pytest.mark.parametrize(("status", "outcome"), [(422, "refused"), (402, "refused"), (None, "x")])
def test_what_was_not_acted_upon_is_final(atlas: Atlas, status: int | None, outcome: str) -> None:
    atlas.refuse = fail(status, outcome.replace("x", "not_sent"))
    assert asked(atlas, attempt()) == [Outcome("close", "Atlas said no.")]


@pytest.mark.parametrize(("until", "is_in_time"), [(NOW + 36, True), (NOW + 35, False)])
@pytest.mark.parametrize(("is_fresh", "action"), [(True, "close"), (False, "unknown")])
def test_a_lease_outlives_what_is_sent_under_it(
    atlas: Atlas, until: int, is_in_time: bool, is_fresh: bool, action: str
) -> None:
    made = attempt(is_fresh=is_fresh, is_same_wish=True, is_same_account=True, until=until)
    (outcome,) = asked(atlas, made, total_timeout=20)
    assert bool(atlas.bodies) is is_in_time
    if not is_in_time:
        assert outcome == Outcome(
            action,
            "Nothing was asked for, because the run was stopped or took too long before; run the"
            " task again.",
        )


def test_leases_go_by_the_clock_of_the_service(atlas: Atlas) -> None:
    atlas.ahead = 1000
    asked(atlas, attempt(until=NOW + 999))
    assert atlas.bodies == []
    asked(atlas, attempt(until=NOW + 1100))
    assert len(atlas.bodies) == 1


def test_a_run_that_is_stopped_asks_for_nothing(atlas: Atlas) -> None:
    service = dealing_with(atlas)
    service.stopping.set()
    (outcome,) = issue.Issuance(service).obtain([attempt()])
    assert (outcome.message[:23], outcome.action) == ("Nothing was asked for, ", "close")
    assert atlas.calls == []


@pytest.mark.parametrize(("is_fresh", "action"), [(True, "close"), (False, "unknown")])
def test_what_the_service_would_refuse_is_not_sent(
    atlas: Atlas, is_fresh: bool, action: str
) -> None:
    made = attempt(is_fresh=is_fresh, is_same_wish=True, is_same_account=True)
    refused = replace(made, refusal="No claim.")
    assert asked(atlas, refused) == [Outcome(action, "No claim.")]
    assert atlas.bodies == []


def test_what_the_service_would_refuse_is_looked_for_all_the_same(atlas: Atlas) -> None:
    left = old_attempt()
    serial = issued_for(atlas, left)
    (outcome,) = asked(atlas, replace(left, refusal="No claim."), left=0)
    assert (outcome.action, outcome.serial) == ("install", serial)


def test_no_more_is_sent_than_the_quota_allows(atlas: Atlas) -> None:
    service = dealing_with(atlas, left=2)
    issuance = issue.Issuance(service)
    outcomes = issuance.obtain([attempt(f"n{number}.example.com") for number in range(3)])
    assert [outcome.action for outcome in outcomes] == ["install", "install", "close"]
    assert outcomes[2].message == (
        "quota: 3 certificates are due and 2 are left in the account's quota, which is not enough"
        " for this one; nothing was asked for. Order more in the Atlas portal."
    )
    assert issuance.obtain([attempt()])[0].action == "close"
    assert len(atlas.bodies) == 2


def test_what_is_sent_again_was_counted_already(atlas: Atlas) -> None:
    atlas.refuse = fail_in_turn((None, "unknown"))
    (outcome,) = asked(atlas, attempt(), left=1)
    assert (outcome.action, len(atlas.bodies)) == ("install", 2)


# How many at a time, and what an interruption leaves


def test_no_more_than_eight_are_asked_for_at_a_time(atlas: Atlas) -> None:
    others = threading.active_count()
    barrier, seen = threading.Barrier(8, timeout=10), []

    def refuse(_body: Any) -> None:
        barrier.wait()
        seen.append(threading.active_count() - others)

    atlas.refuse = refuse
    asked(atlas, *[attempt() for _each in range(16)])
    assert max(seen) == 8


def test_one_that_fails_does_not_stop_the_others(atlas: Atlas) -> None:
    def refuse(body: Any) -> None:
        if body["san"]["dns_names"] == ["n1.example.com"]:
            raise failure(422, "refused")
        if body["san"]["dns_names"] == ["n2.example.com"]:
            raise RuntimeError("a fault")

    atlas.refuse = refuse
    outcomes = asked(atlas, *[attempt(f"n{number}.example.com") for number in range(4)])
    assert [each.action for each in outcomes] == ["install", "close", "unknown", "install"]
    assert outcomes[2].message == (
        "This is a fault of globalsign.atlas, please report it: RuntimeError('a fault')"
    )


def test_only_what_was_granted_counts_as_progress(atlas: Atlas) -> None:
    told: list[int] = []

    def refuse(body: Any) -> None:
        if body["san"]["dns_names"] == ["n1.example.com"]:
            raise failure(422, "refused")

    atlas.refuse = refuse
    issuance = issue.Issuance(dealing_with(atlas, progress=told.append))
    outcomes = issuance.obtain([attempt(f"n{number}.example.com") for number in range(3)])
    assert issuance.outcomes == dict(enumerate(outcomes))
    assert told == [1, 2]
    assert issuance.obtain([]) == []
    assert issuance.outcomes == {}


def test_who_interrupts_gets_what_is_known(atlas: Atlas) -> None:
    def interrupt(_done: int) -> None:
        raise KeyboardInterrupt

    service = dealing_with(atlas, progress=interrupt)
    issuance = issue.Issuance(service)
    with pytest.raises(KeyboardInterrupt):
        issuance.obtain([attempt()])
    assert service.stopping.is_set()
    assert issuance.outcomes[0].action == "install"


def test_an_interruption_does_not_lose_what_was_accepted(atlas: Atlas) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    atlas.answer = lambda _issued: None
    issuance = issue.Issuance(dealing_with(atlas, sleep=interrupt))
    with pytest.raises(KeyboardInterrupt):
        issuance.obtain([attempt()])
    (serial,) = atlas.leaves
    assert (issuance.outcomes[0].action, issuance.outcomes[0].serial) == ("pending", serial)


# Answers that are lost


@pytest.mark.parametrize(
    ("outcome", "times"), [("unknown", 2), ("probably_not_acted", 2), ("acted", 1)]
)
def test_what_may_have_been_issued_is_sent_again_once_at_most(
    atlas: Atlas, outcome: str, times: int
) -> None:
    atlas.refuse = fail(503, outcome)
    said = " Asked again: ".join(["Atlas said no."] * times)
    assert asked(atlas, attempt(end=END)) == [
        Outcome("unknown", NOT_KNOWN.format(said) + LOOKED_UP)
    ]
    assert (len(atlas.bodies), atlas.now) == (times, NOW + 10 * times)
    assert calls(atlas) == [*["request", *["expiring"] * 4, "issued"] * times]


def test_a_lost_answer_is_found_at_once_or_once_the_statistics_have_settled(atlas: Atlas) -> None:
    atlas.lose = fail(None, "unknown")
    (outcome,) = asked(atlas, attempt(end=END))
    (serial,) = atlas.leaves
    assert (outcome.action, outcome.serial, outcome.message) == ("install", serial, "")
    assert (atlas.now, len(atlas.bodies)) == (NOW, 1)
    assert atlas.calls[1:] == [("expiring", END - 1, END + 1), ("certificate", serial)]


def test_one_wait_is_for_all(atlas: Atlas) -> None:
    atlas.refuse = fail(None, "acted")
    asked(atlas, *[attempt(end=END) for _each in range(3)], old_attempt(may_be_recent=True))
    assert atlas.now == NOW + 20  # that of the earlier run before, and all others after


def test_pauses_grow_while_it_is_looked_for(atlas: Atlas) -> None:
    pauses: list[float] = []
    atlas.refuse = fail(None, "acted")
    for settle, expected in ((25, [2.0, 4.0, 8.0, 11.0]), (1, [1.0]), (0, [])):
        pauses.clear()
        asked(atlas, attempt(), settle=settle, sleep=pauses.append)
        assert pauses == expected


def test_a_run_that_is_stopped_neither_waits_nor_sends_again(atlas: Atlas) -> None:
    service = dealing_with(atlas)

    def refuse(_body: Any) -> None:
        service.stopping.set()
        raise failure(None, "unknown")

    atlas.refuse = refuse
    (outcome,) = issue.Issuance(service).obtain([attempt()])
    assert outcome == Outcome("unknown", NOT_KNOWN.format("Atlas said no.") + LOOKED_UP)
    assert (atlas.now, len(atlas.bodies)) == (NOW, 1)


def test_what_would_outlive_the_lease_is_not_sent_again(atlas: Atlas) -> None:
    atlas.refuse = fail(None, "unknown")
    (outcome,) = asked(atlas, attempt(until=NOW + 25))
    assert outcome == Outcome("unknown", NOT_KNOWN.format("Atlas said no.") + LOOKED_UP)
    assert len(atlas.bodies) == 1


def test_what_is_sent_again_and_refused_is_not_over(atlas: Atlas) -> None:
    atlas.refuse = fail_in_turn((None, "unknown"), (422, "refused"))
    (outcome,) = asked(atlas, attempt())
    said = "Atlas said no. Asked again: Atlas said no."
    assert outcome == Outcome("unknown", NOT_KNOWN.format(said) + LOOKED_UP)


def test_what_is_sent_again_and_refused_at_last_is_not_over(atlas: Atlas) -> None:
    atlas.refuse = fail_in_turn((None, "unknown"))
    atlas.answer = fail(422, "refused")
    (outcome,) = asked(atlas, attempt(), left=None)
    assert (outcome.action, outcome.serial) == ("pending", next(iter(atlas.leaves)))


def test_what_is_sent_again_and_answered_is_used(atlas: Atlas) -> None:
    atlas.refuse = fail_in_turn((None, "unknown"))
    (outcome,) = asked(atlas, attempt())
    assert (outcome.action, len(atlas.bodies)) == ("install", 2)


def test_another_endpoint_is_not_asked_again(atlas: Atlas) -> None:
    atlas.refuse = fail(302, "wrong_endpoint")
    assert asked(atlas, attempt()) == [Outcome("unknown", "Atlas said no.")]
    assert calls(atlas) == ["request"]


def test_a_look_up_that_fails_after_a_lost_answer_is_told(atlas: Atlas) -> None:
    atlas.refuse = fail(None, "unknown")
    atlas.failing = {"issued": failure(500, "unknown", "It is down.")}
    assert asked(atlas, attempt()) == [
        Outcome(
            "unknown",
            "Whether the certificate was issued is not known (Atlas said no.) and looking it up"
            " failed: It is down." + LOOKED_UP,
        )
    ]


# What was accepted


def test_all_that_was_accepted_is_waited_for_together(atlas: Atlas) -> None:
    asked_for: list[str] = []

    def answer(issued: IssuedCertificate) -> IssuedCertificate | None:
        asked_for.append(issued.pem)
        return issued if asked_for.count(issued.pem) == 3 else None

    atlas.answer = answer
    outcomes = asked(atlas, attempt("a.example.com"), attempt("b.example.com"))
    assert [outcome.action for outcome in outcomes] == ["install", "install"]
    assert (len(asked_for), round(atlas.now - NOW, 1)) == (6, 0.6)


def test_it_does_not_wait_for_ever(atlas: Atlas) -> None:
    pauses: list[float] = []
    atlas.answer = lambda _issued: None
    (outcome,) = asked(atlas, attempt(), sleep=pauses.append)
    (serial,) = atlas.leaves
    assert outcome == Outcome(
        "pending",
        f"The certificate with the serial number {serial} is still being issued; the next run"
        " fetches it.",
        serial=serial,
    )
    assert [round(pause, 1) for pause in pauses[:7]] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert len(pauses) == 27


def test_the_serial_number_is_recorded_before_the_lease_ends(atlas: Atlas) -> None:
    atlas.answer = lambda _issued: None
    (outcome,) = asked(atlas, attempt(until=NOW + 40), settle=1)
    assert outcome.action == "pending"
    assert NOW + 25 < atlas.now < NOW + 35


def test_one_that_is_stuck_does_not_hold_up_the_others(atlas: Atlas) -> None:
    stuck, fresh = old_attempt(), attempt("fresh.example.com")
    serial = issued_for(atlas, stuck, not_after=END + 7)
    stuck = replace(stuck, prepared=replace(stuck.prepared, serial=serial))
    pem = certificates.certificate_pem(atlas.leaves[serial])
    sent_at: list[float] = []
    atlas.refuse = lambda _body: sent_at.append(atlas.now)
    atlas.answer = lambda issued: None if issued.pem == pem else issued
    first, second = asked(atlas, stuck, fresh)
    assert (first.action, first.serial, second.action) == ("pending", serial, "install")
    assert sent_at == [NOW]
    assert calls(atlas)[:3] == ["certificate", "request", "certificate"]


@pytest.mark.parametrize(
    ("status", "action"), [(422, "close"), (404, "pending"), (None, "pending"), (500, "pending")]
)
def test_only_the_refusal_of_the_issuing_ca_is_final(
    atlas: Atlas, status: int | None, action: str
) -> None:
    atlas.answer = fail(status, "refused")
    (outcome,) = asked(atlas, attempt())
    (serial,) = atlas.leaves
    assert outcome == Outcome(
        action,
        f"The certificate with the serial number {serial} was asked for, and could not be fetched:"
        " Atlas said no.",
        serial=serial,
    )


def test_a_refusal_at_last_does_not_end_what_an_earlier_run_may_have_sent(atlas: Atlas) -> None:
    atlas.answer = fail(422, "refused")
    (outcome,) = asked(atlas, old_attempt())
    assert (outcome.action, [outcome.serial]) == ("pending", list(atlas.leaves))


def test_what_is_no_certificate_is_fetched_again(atlas: Atlas) -> None:
    atlas.answer = lambda _issued: IssuedCertificate("no certificate", "ISSUED", NOW)
    (outcome,) = asked(atlas, attempt())
    (serial,) = atlas.leaves
    assert outcome == Outcome(
        "pending",
        f"What Atlas returns for the serial number {serial} holds no certificate in PEM format; the"
        " next run fetches it again.",
        serial=serial,
    )


# Whether it can be used


def test_what_was_revoked_meanwhile_is_not_put_in_place(atlas: Atlas) -> None:
    atlas.answer = lambda issued: replace(issued, status="REVOKED")
    (outcome,) = asked(atlas, attempt())
    (serial,) = atlas.leaves
    assert outcome == Outcome(
        "reject",
        f"The certificate with the serial number {serial}, which Atlas issued, has the status"
        " REVOKED at Atlas. Nothing was replaced, and no other one is requested in its place;"
        " force: true requests another.",
        certificates.certificate_pem(atlas.leaves[serial]),
        serial=serial,
        why="it has the status REVOKED at Atlas",
    )


def test_what_is_not_valid_yet_is_kept(atlas: Atlas) -> None:
    (outcome,) = asked(atlas, attempt(backdated=-3600))
    (serial,) = atlas.leaves
    assert outcome == Outcome(
        "keep",
        f"The certificate with the serial number {serial}, which Atlas issued, is not valid before"
        f" {iso_time(NOW + 3600)}. Nothing was replaced; a run after that puts it in place.",
        certificates.certificate_pem(atlas.leaves[serial]),
        serial=serial,
        why=f"it is not valid before {iso_time(NOW + 3600)}",
    )


def test_what_is_found_after_a_lost_answer_is_looked_at_too(atlas: Atlas) -> None:
    def lose(_body: Any) -> None:
        atlas.statuses = dict.fromkeys(atlas.statuses, "REVOKED")
        raise failure(None, "unknown")

    atlas.lose = lose
    (outcome,) = asked(atlas, attempt(end=END))
    assert (outcome.action, len(atlas.bodies)) == ("reject", 1)
    assert outcome.serial == next(iter(atlas.leaves))


def test_a_short_grant_is_warned_about(atlas: Atlas) -> None:
    sent = attempt(end=NOW + 36 * 3600)
    greedy = replace(sent.planned.wanted, renew_before="29h")
    (outcome,) = asked(atlas, replace(sent, planned=replace(sent.planned, wanted=greedy)))
    assert outcome.warnings == (
        "The certificate was granted for 36 hours, and renew_before 29h leaves less than a fifth of"
        " that; it will be renewed after half its life.",
    )


# What earlier runs left


def test_what_was_issued_for_an_earlier_run_is_used(atlas: Atlas) -> None:
    left = old_attempt()
    serial = issued_for(atlas, left)
    (outcome,) = asked(atlas, left)
    assert (outcome.action, outcome.serial, outcome.message) == ("install", serial, "")
    assert outcome.certificate == certificates.certificate_pem(atlas.leaves[serial])
    assert outcome.facts is not None
    assert outcome.facts.serial_number == serial
    assert atlas.calls == [("expiring", END - 1, END + 1), ("certificate", serial)]
    assert atlas.now == NOW


def test_what_nothing_came_of_is_sent_again_with_its_end(atlas: Atlas) -> None:
    recent, old = old_attempt(may_be_recent=True, end=END + DAY), old_attempt(end=END + DAY)
    outcomes = asked(atlas, recent, old)
    assert [outcome.action for outcome in outcomes] == ["install", "install"]
    assert [body["validity"]["not_after"] for body in atlas.bodies] == [END, END]
    assert atlas.now == NOW + 10
    assert calls(atlas).count("issued") == 2
    atlas.calls.clear()
    asked(atlas, old_attempt())
    assert (atlas.now, calls(atlas).count("expiring")) == (NOW + 10, 2)


def test_what_shows_late_is_found_late(atlas: Atlas) -> None:
    left = old_attempt(may_be_recent=True)

    def sleep(seconds: float) -> None:
        atlas.sleep(seconds)
        if not atlas.leaves:
            issued_for(atlas, left, not_after=END - 5)

    (outcome,) = asked(atlas, left, sleep=sleep)
    assert (outcome.action, atlas.bodies) == ("install", [])


@pytest.mark.parametrize(
    ("status", "is_over"),
    [(400, True), (422, True), (402, False), (399, False), (403, False), (423, False)],
)
def test_which_refusals_end_an_attempt_that_was_looked_for(
    atlas: Atlas, status: int, is_over: bool
) -> None:
    atlas.refuse = fail(status, "refused")
    expected = Outcome("close" if is_over else "unknown", "Atlas said no.")
    assert asked(atlas, old_attempt()) == [expected]
    recent = old_attempt(may_be_recent=True)
    assert asked(atlas, recent) == [Outcome("unknown", "Atlas said no.")]


@pytest.mark.parametrize(
    ("members", "names", "is_used"),
    [
        ({}, ("www.example.com",), True),
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
    (outcome,) = asked(atlas, left)
    expected = "install" if is_used else "void"
    assert outcome.action == expected
    if not is_used:
        assert outcome == Outcome("void", warnings=(ORPHAN.format(serial),), orphan=serial)


def test_one_that_was_granted_for_another_name_is_rejected(atlas: Atlas) -> None:
    left = old_attempt()
    serial = issued_for(atlas, left, "granted.example.com")
    (outcome,) = asked(atlas, left)
    assert (outcome.action, outcome.serial, atlas.bodies) == ("reject", serial, [])
    assert "is not for www.example.com" in outcome.message


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
    (outcome,) = asked(atlas, replace(left, planned=replace(left.planned, wanted=wanted)))
    assert outcome.action == ("install" if is_used else "void")


@pytest.mark.parametrize(("later", "is_used"), [(0, True), (1, False)])
def test_what_is_due_already_is_an_orphan(atlas: Atlas, later: int, is_used: bool) -> None:
    left = old_attempt()
    issued_for(atlas, left, not_before=NOW - 10 * DAY)
    atlas.now = float(END - 30 * DAY - 1 + later)
    (outcome,) = asked(atlas, left)
    assert outcome.action == ("install" if is_used else "void")


def test_a_look_up_that_fails_settles_nothing(atlas: Atlas) -> None:
    atlas.failing = {"expiring": failure(500, "unknown", "It is down.")}
    assert asked(atlas, old_attempt()) == [
        Outcome(
            "unknown",
            "Whether the certificate was issued is not known and looking it up failed: It is down."
            + LOOKED_UP,
        )
    ]
    assert atlas.bodies == []


def test_a_fault_with_one_is_told_and_does_not_stop_the_others(atlas: Atlas) -> None:
    good = old_attempt()
    issued_for(atlas, good)
    bad = replace(good, prepared=replace(good.prepared, not_after="soon"))  # type: ignore[arg-type]
    first, second = asked(atlas, bad, good)
    assert first.message.startswith("This is a fault of globalsign.atlas, please report it")
    assert (first.action, second.action) == ("unknown", "install")


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"is_same_wish": False}, ()),
        (
            {"is_same_account": False},
            (
                "A request that was begun with other credentials was not found with these; it is"
                " given up, and what was issued for it, if anything, is not used.",
            ),
        ),
        (
            {"is_same_machine": False},
            (
                "A request that was begun on another machine, of which this one may be a copy, was"
                " not found; it is given up, and what was issued for it, if anything, is not used.",
            ),
        ),
    ],
)
def test_what_was_not_found_and_is_not_wanted_is_void(
    atlas: Atlas, members: dict[str, Any], said: tuple[str, ...]
) -> None:
    assert asked(atlas, old_attempt(**members)) == [Outcome("void", warnings=said)]
    assert atlas.bodies == []


def test_what_was_begun_on_another_machine_is_used_if_it_is_found(atlas: Atlas) -> None:
    left = old_attempt(is_same_machine=False)
    serial = issued_for(atlas, left)
    (outcome,) = asked(atlas, left)
    assert (outcome.action, outcome.serial) == ("install", serial)


# What the service had accepted for an earlier run


def accepted(left: Attempt, serial: str, **members: Any) -> Attempt:
    return replace(left, prepared=replace(left.prepared, serial=serial, **members))


def refusing_to_tell(atlas: Atlas, status: int | None) -> None:
    """Of one serial number, whatever is known of others."""
    certificate = atlas.certificate

    def fetch(serial: Any) -> Any:
        if str(serial) == SERIAL:
            raise failure(status, "refused", "No.")
        return certificate(serial)

    atlas.certificate = fetch  # type: ignore[method-assign]


def test_what_was_accepted_is_fetched_by_its_serial_number(atlas: Atlas) -> None:
    left = old_attempt()
    serial = issued_for(atlas, left)
    (outcome,) = asked(atlas, accepted(left, serial))
    assert (outcome.action, outcome.serial) == ("install", serial)
    assert atlas.calls == [("certificate", serial)]


def test_a_serial_number_of_a_fresh_attempt_is_not_believed(atlas: Atlas) -> None:
    (outcome,) = asked(atlas, attempt(serial=SERIAL))
    assert (outcome.action, calls(atlas)) == ("install", ["request", "certificate"])


def test_what_was_accepted_for_another_wish_is_an_orphan(atlas: Atlas) -> None:
    left = old_attempt()
    serial = issued_for(atlas, left, "other.example.com")
    (outcome,) = asked(atlas, accepted(left, serial, is_same_wish=False))
    assert (outcome.action, outcome.orphan) == ("void", serial)


@pytest.mark.parametrize("status", [403, 404])
def test_what_the_service_does_not_know_is_looked_for(atlas: Atlas, status: int) -> None:
    left = old_attempt()
    serial = issued_for(atlas, left)
    refusing_to_tell(atlas, status)
    (outcome,) = asked(atlas, accepted(left, SERIAL))
    assert (outcome.action, outcome.serial) == ("install", serial)


def test_what_the_ca_refused_at_last_is_void_unless_another_was_issued(atlas: Atlas) -> None:
    left = old_attempt()
    refusing_to_tell(atlas, 422)
    said = (
        f"The certificate with the serial number {SERIAL} was asked for, and could not be fetched:"
        " No."
    )
    assert asked(atlas, accepted(left, SERIAL)) == [Outcome("void", warnings=(said,))]
    serial = issued_for(atlas, left, not_after=END - 5)
    (outcome,) = asked(atlas, accepted(left, SERIAL))
    assert (outcome.action, outcome.serial) == ("install", serial)


@pytest.mark.parametrize("status", [None, 402, 405, 421, 423, 500])
def test_what_cannot_be_fetched_now_stays_open(atlas: Atlas, status: int | None) -> None:
    refusing_to_tell(atlas, status)
    (outcome,) = asked(atlas, accepted(old_attempt(), SERIAL))
    assert (outcome.action, outcome.serial, outcome.warnings) == ("pending", SERIAL, ())
    assert outcome.message.endswith("could not be fetched: No.")


def test_what_is_no_serial_number_is_told(atlas: Atlas) -> None:
    assert asked(atlas, accepted(old_attempt(), "x")) == [
        Outcome("unknown", "The node's record is wrong: 'x' is not a serial number of 16 bytes.")
    ]
    assert atlas.calls == []


# Another key for the same certificate


def rekeying(atlas: Atlas, private_key: Any, *names: str, **members: Any) -> Attempt:
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
    (outcome,) = asked(atlas, sent)
    assert outcome.action == "install"
    assert [call[:2] for call in atlas.calls[:2]] == [("certificate", old), ("rekey", old)]


@pytest.mark.parametrize("case", ["no answer", "other names"])
def test_a_rekey_copies_no_names_of_others(atlas: Atlas, private_key: Any, case: str) -> None:
    sent = (
        rekeying(atlas, private_key, old_answer="")
        if case == "no answer"
        else rekeying(atlas, private_key, "victim.example.com")
    )
    (outcome,) = asked(atlas, sent)
    assert (outcome.certificate, outcome.action) == ("", "close")
    assert sent.prepared.old_serial in outcome.message
    assert atlas.named("rekey") == []


def test_an_old_certificate_that_cannot_be_looked_at_is_no_lost_answer(
    atlas: Atlas, private_key: Any
) -> None:
    atlas.failing = {"certificate": failure(500, "unknown", "It is down.")}
    assert asked(atlas, rekeying(atlas, private_key)) == [Outcome("close", "It is down.")]
    assert calls(atlas) == ["certificate"]


def test_serial_numbers_of_the_service_are_equal_however_they_are_written(atlas: Atlas) -> None:
    left = old_attempt()
    serial = issued_for(atlas, left)
    (outcome,) = asked(atlas, accepted(left, serial.lower().lstrip("0")))
    assert SerialNumber(outcome.serial) == SerialNumber(serial)
    assert outcome.action == "install"
