# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How often a claim is checked, how long it is waited for, and what is said if nothing comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Claim, LogEntry
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import (
    REFUSED,
    UNKNOWN,
    ApiError,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.proving import Proof, Prover
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.wish import ClaimWish

NOW = 1_800_000_000
DAY = 86400
CLAIM = "0136017F938B709EE80A67B80183B83F"


def claim(domain: str = "example.com", log: tuple[LogEntry, ...] = (), **members: Any) -> Claim:
    known = Claim(CLAIM, domain, "PENDING", NOW, None, NOW + 30 * DAY, "token", None, log)
    return replace(known, **members)


def verified(domain: str = "example.com", days: int = 200) -> Claim:
    ends = NOW + days * DAY
    return claim(domain, status="VERIFIED", expires_at=ends, last_verified_at=ends - 200 * DAY)


def failure(number: int) -> LogEntry:
    return LogEntry("ERROR", f"failure {number}", NOW + number, "DNS")


class Service:
    """Tells the claim as `states` say, one after the other, the last for ever."""

    def __init__(self, *states: Claim, on_check: Callable[[], None] = lambda: None) -> None:
        self._states = list(states)
        self._on_check = on_check
        self.checks: list[tuple[str, str, str]] = []
        self.reads = 0

    def now(self) -> int:
        return NOW

    def read(self, claim_id: str, domain: str) -> Claim:
        assert claim_id == CLAIM
        self.reads += 1
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        assert state.domain == domain
        return state

    def have_checked(self, claim: Claim, method: str, place: str) -> None:
        self._on_check()
        self.checks.append((claim.domain, method, place))

    def mail_addresses(self, claim: Claim) -> tuple[str, ...]:
        return (f"admin@{claim.domain}", f"webmaster@{claim.domain}")


class Time:
    """Passes only while somebody pauses."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def clock(self) -> float:
        return 1000.0 + sum(self.pauses)


def prove(service: Service, proof: Proof, timeout: int = 60, **wish: Any) -> list[float]:
    """The pauses that were made."""
    time = Time()
    given = ClaimWish(**{"method": "dns", **wish})
    prover = Prover(service, given, timeout, time.pause, time.clock)  # type: ignore[arg-type]
    prover.prove([proof])
    return time.pauses


def test_a_check_that_succeeds_at_once_is_not_waited_for() -> None:
    service, proof = Service(verified()), Proof(claim())
    assert prove(service, proof) == []
    assert (proof.is_done, proof.error, proof.is_asserted) == (True, "", True)
    assert proof.claim == verified()
    assert service.checks == [("example.com", "dns", "example.com")]
    assert service.reads == 1


def test_a_check_that_runs_is_not_asked_for_again() -> None:
    service, proof = Service(claim(), claim(), verified()), Proof(claim())
    assert prove(service, proof) == [0.5, 0.75]
    assert proof.is_done
    assert len(service.checks) == 1
    assert service.reads == 3


def test_it_is_asked_for_again_after_each_check_that_failed() -> None:
    one = claim(log=(failure(1),))
    two = claim(log=(failure(1), failure(2)))
    service, proof = Service(one, one, two, verified()), Proof(claim())
    prove(service, proof)
    assert proof.is_done
    assert len(service.checks) == 3


def test_what_the_log_held_before_is_no_new_failure() -> None:
    before = claim(log=(failure(1),))
    service, proof = Service(before, verified()), Proof(before)
    prove(service, proof)
    assert len(service.checks) == 1


def test_pauses_grow_to_ten_seconds_and_end_in_time() -> None:
    service, proof = Service(claim()), Proof(claim())
    pauses = prove(service, proof, timeout=60)
    growing = [0.5 * 1.5**number for number in range(8)]
    assert pauses == [*growing, 10.0, 10.0, 10.0]
    assert sum(pauses) <= 60 < sum(pauses) + 10


@pytest.mark.parametrize(("timeout", "pauses"), [(0, []), (1, [0.5])])
def test_there_is_at_least_one_look(timeout: int, pauses: list[float]) -> None:
    service, proof = Service(claim()), Proof(claim())
    assert prove(service, proof, timeout=timeout) == pauses
    assert service.reads == 1 + len(pauses)
    assert not proof.is_done


def test_a_pause_that_ends_just_in_time_is_made() -> None:
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    service, proof = Service(claim(), verified()), Proof(claim())
    wish = ClaimWish(method="dns")
    # The first pause ends at the very deadline.
    prover = Prover(service, wish, 0.5, pause, lambda: now[0])  # type: ignore[arg-type]
    prover.prove([proof])
    assert proof.is_done


def test_who_only_waits_asks_for_nothing() -> None:
    service, proof = Service(claim(), verified()), Proof(claim(), is_asserter=False)
    prove(service, proof)
    assert (proof.is_done, proof.is_asserted, service.checks) == (True, False, [])


def test_a_mail_is_sent_once_though_checks_fail() -> None:
    service = Service(claim(log=(failure(1),)), claim(log=(failure(1), failure(2))), verified())
    proof = Proof(claim())
    prove(service, proof, method="email", email_address="hostmaster")
    assert proof.is_done
    assert service.checks == [("example.com", "email", "hostmaster@example.com")]


def test_it_is_done_once_it_is_not_due_any_more() -> None:
    """That it is verified is not enough for a renewal."""
    service, proof = Service(verified(days=5), verified(days=200)), Proof(verified(days=5))
    assert prove(service, proof) == [0.5]
    assert proof.is_done
    service, proof = Service(verified(days=5)), Proof(verified(days=5))
    assert prove(service, proof, renew_before="2d") == []
    assert proof.is_done


@pytest.mark.parametrize(
    ("before", "after", "is_replaced"),
    [
        ("token", "other", True),
        ("token", "token", False),
        (None, "other", False),
        ("token", None, False),
    ],
)
def test_a_token_that_somebody_replaces(
    before: str | None, after: str | None, is_replaced: bool
) -> None:
    service, proof = Service(claim(token=after)), Proof(claim(token=before))
    prove(service, proof, timeout=0)
    replaced = (
        "domain: the token of example.com was replaced by somebody else while it was being"
        " verified: token was placed, and now it is other. See that only one run proves a domain"
        " at a time, and run the task again."
    )
    assert (proof.error == replaced) is is_replaced
    assert is_replaced or "was not verified within 0 seconds" in proof.error


def test_a_new_token_of_what_is_verified_by_now_is_no_matter() -> None:
    service, proof = Service(replace(verified(), token="other")), Proof(claim())
    prove(service, proof)
    assert (proof.is_done, proof.error) == (True, "")


VALUE = "globalsign-domain-verification=token"
FILE = "/.well-known/pki-validation/gsdv.txt"


@pytest.mark.parametrize(
    ("wish", "members", "sought"),
    [
        ({}, {}, f"a TXT record at example.com with {VALUE}"),
        ({}, {"token": None}, "a TXT record at example.com"),
        (
            {"authorization_domain": "_acme"},
            {},
            f"a TXT record at _acme.example.com with {VALUE}",
        ),
        ({"method": "http"}, {}, f"http://example.com{FILE} with just token (no redirect)"),
        (
            {"method": "https"},
            {"token": None},
            f"https://example.com{FILE} with the token (no redirect)",
        ),
        (
            {"method": "email", "email_address": "admin@example.com"},
            {},
            "that somebody opens the link in the mail to admin@example.com",
        ),
    ],
)
def test_what_was_looked_for_is_told(
    wish: dict[str, Any], members: dict[str, Any], sought: str
) -> None:
    service, proof = Service(claim(**members)), Proof(claim(**members))
    prove(service, proof, timeout=0, **wish)
    assert proof.error == (
        "domain: example.com was not verified within 0 seconds. The service looked for"
        f" {sought}. Its log says nothing of it yet."
    )


def test_what_was_found_is_told_and_nothing_from_before() -> None:
    before = (failure(0),)
    after = claim(
        log=(
            *before,
            *(failure(number) for number in (1, 2, 3, 4)),
            LogEntry("", "at last", None, None),
        )
    )
    service, proof = Service(after), Proof(claim(log=before))
    prove(service, proof, timeout=0)
    assert proof.error.endswith(
        " Its log says: 2027-01-15T08:00:03Z failure 3; 2027-01-15T08:00:04Z failure 4; at last."
    )


def refused(status: int, outcome: str = REFUSED) -> ApiError:
    return ApiError("It is refused.", method="POST", path="/", status=status, outcome=outcome)


@pytest.mark.parametrize(
    ("status", "wish", "sentence"),
    [
        (
            404,
            {},
            f"domain: the claim {CLAIM} of example.com is gone, somebody removed it while it was"
            " being verified; run the task again to make another.",
        ),
        (
            424,
            {},
            "domain: the token of example.com has expired and cannot be asserted any more; draw a"
            " new one with state: present, place it, and verify it then.",
        ),
        (422, {}, "domain: example.com: It is refused."),
        (
            422,
            {"method": "email", "email_address": "me@example.com"},
            "email_address: example.com: It is refused. The service sends mails to"
            " admin@example.com, webmaster@example.com.",
        ),
        (
            404,
            {"method": "email", "email_address": "me@example.com"},
            f"domain: the claim {CLAIM} of example.com is gone, somebody removed it while it was"
            " being verified; run the task again to make another.",
        ),
    ],
)
def test_what_the_service_refuses_is_over(status: int, wish: dict[str, Any], sentence: str) -> None:
    def refuse() -> None:
        raise refused(status)

    service, proof = Service(claim(), on_check=refuse), Proof(claim())
    assert prove(service, proof, **wish) == []
    assert proof.error == sentence
    assert (proof.is_done, proof.is_asserted, service.reads) == (False, False, 0)


def test_what_is_not_about_the_claim_ends_all() -> None:
    def fail() -> None:
        raise refused(503, UNKNOWN)

    with pytest.raises(ApiError, match=r"^It is refused\.$"):
        prove(Service(claim(), on_check=fail), Proof(claim()))
