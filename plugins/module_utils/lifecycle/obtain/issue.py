# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have certificates issued, several at a time, each of them once.

One loop for all: find out what became of what may have been sent, send what is open, find out
again. A lost answer only sends an attempt back to the beginning of the loop.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from ...api.client import Client, IssuedCertificate, SerialNumber
from ...api.errors import ACTED, WRONG_ENDPOINT, ApiError
from ...api.request import CertificateRequest
from ...asn1.certificate import Certificate
from ...errors import AtlasError
from ...pki import certificates, keys
from ...times import iso_time
from .. import guards
from ..exchange import Proof
from ..fact_reading import facts_of
from ..reasons import orphan_notice
from ..waiting import Stopwatch
from .attempt import (
    CLOSE,
    INSTALL,
    KEEP,
    PENDING,
    REJECT,
    UNKNOWN,
    VOID,
    Attempt,
    Outcome,
    identity_of,
    is_of_use,
    proven_key,
    why_void,
)
from .lookup import LookUp
from .ownership import owned_certificate
from .verdict import Verdict, judge, read_leaf

MOST_AT_A_TIME = 8
ISSUANCE_DEADLINE = 120.0
_MOST_TIMES_SENT = 2
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LOOK_UP_PAUSE = 2.0
_REFUSED_FOR_GOOD = (400, 422)
"""What the service says of a request that it will refuse tomorrow, too."""
_REFUSED_AT_LAST = 422
"""The issuing CA's final refusal (API reference, GET /certificates/{serial})."""
_GONE = (403, 404)
_TOO_LATE = (
    "Nothing was asked for, because the run was stopped or took too long before; run the task"
    " again."
)


@dataclass
class Service:
    """The service, and how to deal with it in this run.

    `settle`: seconds after which what was asked for is in the statistics, if it was acted upon at
    all. `read_timeout`: seconds within which an answer comes or never; `total_timeout`: within
    which a call comes to its end, with all that is repeated. `left` is how many certificates the
    quota allows, None if that is not known. `progress` is called with how many were granted.
    """

    client: Client
    look_up: LookUp
    settle: int
    read_timeout: int
    total_timeout: int = 0
    left: int | None = None
    progress: Callable[[int], None] = lambda _granted: None
    sleep: Callable[[float], None] = time.sleep
    stopping: threading.Event = field(default_factory=threading.Event)


@dataclass(eq=False)
class _Course:
    """One attempt in the loop.

    `is_doubtful`: something may have been sent that nothing is known of; `is_recent`: a moment
    ago. `lost` are the errors of what this run sent. `was_sought`: all that was issued was looked
    through. `serial`: accepted, and not fetched yet; `is_ours` if by this run.
    """

    attempt: Attempt
    is_doubtful: bool
    is_recent: bool
    key: keys.PublicKey | None = None
    lost: list[str] = field(default_factory=list)
    may_be_sent: bool = True
    was_sought: bool = False
    serial: SerialNumber | None = None
    is_ours: bool = False
    outcome: Outcome | None = None

    @classmethod
    def of(cls, attempt: Attempt) -> _Course:
        is_old = not attempt.is_fresh
        return cls(attempt, is_old, is_old and attempt.prepared.may_be_recent)

    @property
    def is_granted(self) -> bool:
        """Whether there is a certificate."""
        return self.outcome is not None and bool(self.outcome.certificate)

    @property
    def is_sought(self) -> bool:
        """Whether it has to be looked for."""
        return self.is_doubtful and self.serial is None and self.outcome is None

    @property
    def is_open(self) -> bool:
        """Whether it may be sent: nothing is known of it, and there is nothing to be found."""
        is_settled = self.is_doubtful or self.serial is not None or self.outcome is not None
        return self.may_be_sent and not is_settled

    def fail(self, message: str, is_final: bool = False) -> None:
        """End it without a certificate: closed if nothing can come of it, else left open."""
        if self.lost:  # of what was sent before nobody knows
            self.lost.append(message)
            self.outcome = _lost(self)
        else:
            is_over = is_final or self.attempt.is_fresh
            self.outcome = Outcome(CLOSE if is_over else UNKNOWN, message)

    def so_far(self) -> Outcome | None:
        """What is known of it, also when the run is cut short; None if nothing is."""
        if self.outcome is None and self.serial is not None:
            return Outcome(PENDING, _still_issued(self.serial), serial=str(self.serial))
        return self.outcome


class Issuance:
    """The requests of one round."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._client = service.client
        self._courses: list[_Course] = []

    @property
    def outcomes(self) -> dict[int, Outcome]:
        """What is known so far, also when it is cut short: position of the attempt -> what became
        of it."""
        known = enumerate(course.so_far() for course in self._courses)
        return {position: outcome for position, outcome in known if outcome is not None}

    def obtain(self, attempts: Sequence[Attempt]) -> list[Outcome]:
        """What became of each; one that fails does not stop the others."""
        self._courses = [_Course.of(attempt) for attempt in attempts]
        self._each(self._courses, self._begin)
        for _time in range(_MOST_TIMES_SENT):
            self._resolve()
            self._each(self._within_quota(), self._send)
        self._resolve()
        self._wait()
        for course in self._courses:
            course.outcome = course.so_far() or _lost(course)
        return list(self.outcomes.values())

    def _each(self, courses: Sequence[_Course], work: Callable[[_Course], None]) -> None:
        """Several at a time. If this thread is interrupted, what has not started never does, and
        what is under way gets the time of one answer."""
        if not courses:
            return
        granted = sum(course.is_granted for course in self._courses)
        with ThreadPoolExecutor(min(MOST_AT_A_TIME, len(courses))) as pool:
            futures: list[Future[None]] = [
                pool.submit(_guarded, work, course) for course in courses
            ]
            try:
                for course, future in zip(courses, futures):
                    wait([future])
                    if course.is_granted:
                        granted += 1
                        self._service.progress(granted)
            except BaseException:
                self._service.stopping.set()
                for future in futures:
                    future.cancel()
                wait(futures, timeout=self._service.read_timeout)
                raise

    def _begin(self, course: _Course) -> None:
        """Nothing is sent or looked for without the key; what was accepted is asked for once."""
        attempt = course.attempt
        try:
            course.key = proven_key(attempt)
            if not attempt.is_fresh and attempt.prepared.serial:
                course.serial = SerialNumber(attempt.prepared.serial)
        except AtlasError as error:
            course.fail(error.message)
        except ValueError as error:
            course.fail(f"The node's record is wrong: {error}.")
        if course.outcome is None and course.serial is not None:
            self._fetch(course)

    # What became of what may have been sent

    def _resolve(self) -> None:
        """Look for it, wait once for all until the statistics have settled, and then look through
        all that was issued."""
        self._each(self._sought(), lambda course: self._seek(course, thoroughly=False))
        stopwatch, settle = Stopwatch(self._service.sleep), float(self._service.settle)
        pause = min(_LOOK_UP_PAUSE, settle)
        while stopwatch.passed < settle and not self._service.stopping.is_set():
            recent = [course for course in self._sought() if course.is_recent]
            if not recent:
                break
            stopwatch.pause(pause)
            if stopwatch.passed < settle:
                self._each(recent, lambda course: self._seek(course, thoroughly=False))
            pause = min(pause * 2, max(settle - stopwatch.passed, 0.1))
        self._each(self._sought(), self._conclude)

    def _sought(self) -> list[_Course]:
        return [course for course in self._courses if course.is_sought]

    def _seek(self, course: _Course, thoroughly: bool) -> None:
        if course.key is None:
            return
        try:
            found = self._service.look_up.find(identity_of(course.attempt, course.key), thoroughly)
        except AtlasError as error:
            failed = f"and looking it up failed: {error.message}"
            why = f"({course.lost[-1]}) {failed}" if course.lost else failed
            course.outcome = Outcome(UNKNOWN, _unknown(why))
            return
        if found:
            self._take(course, found.serial, found.issued)

    def _conclude(self, course: _Course) -> None:
        """Found now, or never acted upon: then it is open again, or of no use."""
        self._seek(course, thoroughly=True)
        if course.outcome is None and not course.may_be_sent:
            course.outcome = _lost(course)
        if course.outcome is not None:
            return
        course.is_doubtful = course.is_recent = False
        course.was_sought = True
        if not course.attempt.is_fresh and course.key is not None:
            why = why_void(course.attempt, course.key)
            if why is not None:
                course.outcome = Outcome(VOID, warnings=(why,) if why else ())

    # What is sent

    def _within_quota(self) -> list[_Course]:
        """Those that are open, may be sent, and that the quota has a certificate for."""
        for course in self._courses:
            if course.is_open and course.attempt.refusal:
                course.fail(course.attempt.refusal)
        left = self._service.left
        if left is not None:
            new = [course for course in self._courses if course.is_open and not course.lost]
            for course in new[left:]:
                course.fail(guards.quota_is_used_up(left, len(new)))
            self._service.left = max(0, left - len(new))
        return [course for course in self._courses if course.is_open]

    def _send(self, course: _Course) -> None:
        attempt = course.attempt
        if self._service.stopping.is_set() or not self._is_in_time(attempt):
            if not course.lost:
                course.fail(_TOO_LATE)
            course.may_be_sent = False
            return
        if attempt.planned.by_rekey:
            try:
                self._check_old_certificate(attempt)
            except AtlasError as error:
                course.fail(error.message)
                return
        try:
            course.serial, course.is_ours = self._post(attempt), True
        except ApiError as error:
            self._note_failure(course, error)
        else:
            self._fetch(course)

    def _note_failure(self, course: _Course, error: ApiError) -> None:
        if error.outcome == WRONG_ENDPOINT:
            course.outcome = Outcome(UNKNOWN, error.message)
        elif error.may_have_acted:
            course.lost.append(error.message)
            course.is_doubtful = course.is_recent = True
            course.may_be_sent = error.outcome != ACTED and len(course.lost) < _MOST_TIMES_SENT
        else:
            # What an earlier run sent a moment ago may show later than it should: its key stays.
            is_over = course.was_sought and not course.attempt.prepared.may_be_recent
            course.fail(error.message, is_final=is_over and error.status in _REFUSED_FOR_GOOD)

    def _is_in_time(self, attempt: Attempt) -> bool:
        """Whether the lease outlives what a request sent now may take to show its effect."""
        service = self._service
        latest = attempt.until - service.total_timeout - service.read_timeout - service.settle
        return self._client.service_time() < latest

    def _check_old_certificate(self, attempt: Attempt) -> None:
        """A rekey copies names: only those of this task, to a node that has the old key."""
        prepared, wanted = attempt.prepared, attempt.planned.wanted
        proof = Proof(prepared.old_serial, prepared.old_public_key, prepared.old_answer)
        owned_certificate(self._client, proof, attempt.nonce, wanted)

    def _post(self, attempt: Attempt) -> SerialNumber:
        request = self._request(attempt)
        if not attempt.planned.by_rekey:
            return self._client.request_certificate(request.body())
        return self._client.rekey(
            attempt.prepared.old_serial,
            request.public_key or "",
            request.public_key_signature,
            request.signature,
        )

    def _request(self, attempt: Attempt) -> CertificateRequest:
        planned, prepared = attempt.planned, attempt.prepared
        not_before = planned.request.not_before
        if planned.backdated is not None:
            not_before = self._client.service_time() - planned.backdated
        return replace(
            planned.request,
            not_before=not_before,
            not_after=attempt.not_after or None,
            public_key=prepared.signing_request
            if planned.as_signing_request
            else prepared.public_key,
            public_key_signature=prepared.proof if planned.with_proof else None,
        )

    # What was accepted

    def _wait(self) -> None:
        """Until all that was accepted is issued, up to one deadline for all; or until the lease
        is about to end, so that its serial number is recorded before."""
        stopwatch, pause = Stopwatch(self._service.sleep), _FIRST_PAUSE
        while stopwatch.passed + pause <= ISSUANCE_DEADLINE and not self._service.stopping.is_set():
            latest = self._client.service_time() + pause + self._service.read_timeout
            pending = [
                course
                for course in self._courses
                if course.serial is not None
                and course.outcome is None
                and latest < course.attempt.until
            ]
            if not pending:
                return
            stopwatch.pause(pause)
            self._each(pending, self._fetch)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _fetch(self, course: _Course) -> None:
        serial = course.serial
        if serial is None:
            return
        try:
            issued = self._client.certificate(serial)
        except ApiError as error:
            self._note_unfetched(course, serial, error)
            return
        if issued is not None:
            self._take(course, serial, issued)

    def _note_unfetched(self, course: _Course, serial: SerialNumber, error: ApiError) -> None:
        is_refused = error.status == _REFUSED_AT_LAST
        message = (
            f"The certificate with the serial number {serial} was asked for, and could not be"
            f" fetched: {error.message}"
        )
        if not course.is_ours and error.status in _GONE:
            # The account may be another one now, or the node's record wrong: so it is looked for.
            course.serial = None
        elif not course.is_ours and is_refused:
            # It may have been asked for twice, and the other one been issued.
            course.serial = None
            self._seek(course, thoroughly=True)
            if course.outcome is None:
                course.outcome = Outcome(VOID, warnings=(message,))
        else:
            # Only of a fresh attempt it is certain that nothing else was issued for it.
            is_over = is_refused and course.attempt.is_fresh and not course.lost
            action = CLOSE if is_over else PENDING
            course.outcome = Outcome(action, message, serial=str(serial))

    def _take(self, course: _Course, serial: SerialNumber, issued: IssuedCertificate) -> None:
        """What was issued: an earlier run's only if it is wanted today, and each if it is fit."""
        if course.key is None:
            return
        attempt, now = course.attempt, self._client.service_time()
        wanted = attempt.planned.wanted
        try:
            leaf = read_leaf(issued)
            verdict = judge(wanted, keys.public_key_digest(course.key), serial, issued, now)
        except AtlasError as error:
            course.outcome = Outcome(
                PENDING,
                f"What Atlas returns for the serial number {serial} {error.message}; the next run"
                " fetches it again.",
                serial=str(serial),
            )
            return
        is_old = not (attempt.is_fresh or course.is_ours or course.lost)
        if is_old and not verdict.is_unreadable and not is_of_use(attempt, leaf, now):
            course.outcome = Outcome(
                VOID, warnings=(orphan_notice(str(serial)),), orphan=str(serial)
            )
            return
        course.outcome = _judged(serial, leaf, verdict)


def _judged(serial: SerialNumber, leaf: Certificate, verdict: Verdict) -> Outcome:
    """What is done with a certificate, and what the user is told of it."""
    issued = Outcome(INSTALL, certificate=certificates.certificate_pem(leaf), serial=str(serial))
    told = f"The certificate with the serial number {serial}, which Atlas issued,"
    if verdict.defect:
        message = (
            f"{told} {verdict.defect}. Nothing was replaced, and no other one is requested in its"
            " place; force: true requests another."
        )
        return replace(issued, action=REJECT, message=message, why=f"it {verdict.defect}")
    if verdict.begins:
        why = f"is not valid before {iso_time(verdict.begins)}"
        message = f"{told} {why}. Nothing was replaced; a run after that puts it in place."
        return replace(issued, action=KEEP, message=message, why=f"it {why}")
    return replace(issued, facts=facts_of(leaf), warnings=verdict.warnings)


def _guarded(work: Callable[[_Course], None], course: _Course) -> None:
    """What was issued for the others must not be lost with this one."""
    try:
        work(course)
    except Exception as error:
        course.outcome = Outcome(
            UNKNOWN,
            f"This is a fault of globalsign.atlas, please report it: {error!r}",
            serial=str(course.serial or ""),
        )


def _lost(course: _Course) -> Outcome:
    why = f"({' Asked again: '.join(course.lost)})" if course.lost else "(it was not found)"
    return Outcome(UNKNOWN, _unknown(why))


def _still_issued(serial: SerialNumber) -> str:
    return (
        f"The certificate with the serial number {serial} is still being issued; the next run"
        " fetches it."
    )


def _unknown(why: str) -> str:
    return (
        f"Whether the certificate was issued is not known {why.rstrip('.')}. The next run looks it"
        " up before it asks again."
    )
