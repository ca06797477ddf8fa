# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask for certificates, several at a time, and wait for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import TypeVar

from ...api.client import Client, IssuedCertificate, SerialNumber
from ...api.errors import ACTED, WRONG_ENDPOINT, ApiError
from ...api.request import CertificateRequest
from ...errors import AtlasError
from ...pki import certificates, keys
from ...pki.library import x509
from ...times import leaves_no_life
from .. import due, expiry
from ..exchange import Prepared, Proof
from ..fact_reading import facts_of
from ..facts import CertificateFacts
from ..reasons import orphan_notice
from ..wanted import PUBLIC_KEY, Wanted
from .lookup import FoundCertificate, Identity, LookUp, any_leaf
from .ownership import names_that_differ, owned_certificate
from .plan import MOST_SHORTENED, WRONG_PROOF, Planned

MOST_AT_A_TIME = 8
ISSUANCE_DEADLINE = 120.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LOOK_UP_PAUSE = 2.0
_REFUSED_FOR_GOOD = (400, 422)
"""What the service says of a request that it will refuse tomorrow, too."""
_GONE = (403, 404)
_DAY = 86400

T = TypeVar("T")


@dataclass(frozen=True)
class Attempt:
    """One request on its way: what is planned, what the node prepared, when it was begun and until
    when it may be sent (UNIX seconds of this machine).

    `was_sought`: an earlier run may have sent it, and this one has looked for what came of it
    after the statistics had settled, and found nothing.
    """

    planned: Planned
    prepared: Prepared
    nonce: str
    begun: int
    until: float
    was_sought: bool = False

    @property
    def is_certainly_unsent(self) -> bool:
        """Whether nothing can have been sent for it before this run."""
        return self.prepared.is_fresh

    def is_over_with(self, error: ApiError) -> bool:
        """Whether nothing comes of the attempt any more, once its request failed with this."""
        if self.was_sought and error.status in _REFUSED_FOR_GOOD:
            return True
        return self.is_certainly_unsent


@dataclass(frozen=True)
class Outcome:
    """What became of one request.

    `certificate` (PEM), its `facts` and `warnings` are set if it was issued. Otherwise `message`
    says why not, `refused` whether that is final (the service issued nothing and never will for
    this attempt), and `serial` is set if the service has accepted it and not issued it yet.
    `is_gone`: the service knows nothing of this serial number.
    """

    certificate: str = ""
    facts: CertificateFacts | None = None
    warnings: tuple[str, ...] = ()
    message: str = ""
    refused: bool = False
    serial: str = ""
    is_gone: bool = False


@dataclass(frozen=True)
class Earlier:
    """What is known of an attempt that an earlier run left.

    `outcome` if that settles it. `is_void`: it is of no use any more, and a new one has to be
    begun; `warning` says what was found of it, `orphan` is its serial number.
    """

    outcome: Outcome | None = None
    is_void: bool = False
    warning: str = ""
    orphan: str = ""


@dataclass
class Service:
    """The service, and how to deal with it in this run.

    `settle`: seconds after which what was asked for is in the statistics, if it was acted upon at
    all. `read_timeout`: seconds within which an answer comes or never; `total_timeout`: within
    which a call comes to its end, with all that is repeated. `progress` is called with how many
    are done.
    """

    client: Client
    look_up: LookUp
    settle: int
    read_timeout: int
    total_timeout: int = 0
    asks_first: bool = False
    progress: Callable[[int], None] = lambda _done: None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    stopping: threading.Event = field(default_factory=threading.Event)


_NOT_FOUND = Earlier()


class Issuance:
    """The requests of one round. `outcomes` has what is known so far, also when it is cut short:
    position of the attempt -> what became of it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._client = service.client
        self.outcomes: dict[int, Outcome] = {}

    def earlier(self, attempts: Sequence[Attempt]) -> list[Earlier]:
        """What became of attempts that earlier runs left; each may have been sent or not."""
        first = self._in_parallel(attempts, lambda _at, attempt: _guarded(self._look_up, attempt))
        unfound = [attempt for attempt, known in zip(attempts, first) if known is _NOT_FOUND]
        if not unfound:
            return first
        # What was sent just before a run was cut off may not be in the statistics yet.
        self._service.sleep(max(self._settling_time(attempt) for attempt in unfound))
        again = self._in_parallel(unfound, lambda _at, attempt: _guarded(self._conclude, attempt))
        second = iter(again)
        return [next(second) if known is _NOT_FOUND else known for known in first]

    def issue(self, attempts: Sequence[Attempt]) -> list[Outcome]:
        """Ask for a certificate for each; one that fails does not stop the others."""
        self.outcomes = {}
        return self._in_parallel(attempts, self._obtain, self._service.progress)

    def _in_parallel(
        self,
        attempts: Sequence[Attempt],
        work: Callable[[int, Attempt], T],
        progress: Callable[[int], None] = lambda _done: None,
    ) -> list[T]:
        """Results in the order of `attempts`. If this thread is interrupted, what has not started
        never does, and what is under way gets the time of one answer."""
        if not attempts:
            return []
        with ThreadPoolExecutor(min(MOST_AT_A_TIME, len(attempts))) as pool:
            futures: list[Future[T]] = [
                pool.submit(work, position, attempt) for position, attempt in enumerate(attempts)
            ]
            try:
                for done, future in enumerate(futures, start=1):
                    wait([future])
                    progress(done)
            except BaseException:
                self._service.stopping.set()
                for future in futures:
                    future.cancel()
                wait(futures, timeout=self._service.read_timeout)
                raise
        return [future.result() for future in futures]

    # What earlier runs left

    def _look_up(self, attempt: Attempt) -> Earlier:
        try:
            key = proven_key(attempt)
        except AtlasError as error:
            return Earlier(Outcome(message=error.message))
        if attempt.prepared.serial:
            return self._pending(attempt, key)
        return self._found(attempt, key, thoroughly=False)

    def _pending(self, attempt: Attempt, key: keys.PublicKey) -> Earlier:
        """The service had accepted it: its serial number is what the node says, and is checked."""
        try:
            serial = SerialNumber(attempt.prepared.serial)
        except ValueError as error:
            return Earlier(Outcome(message=f"The node's record is wrong: {error}."))
        outcome = self._fetched(attempt, serial, key)
        if outcome.certificate:
            leaf = certificates.load_certificates(outcome.certificate.encode("ascii"))[0]
            return self._adopted(attempt, FoundCertificate(SerialNumber(outcome.serial), leaf))
        if outcome.is_gone:
            # The account may be another one now, or the node's record wrong: so it is looked for.
            return self._found(attempt, key, thoroughly=False)
        if outcome.refused:
            # It may have been asked for twice, and the other one been issued.
            other = self._found(attempt, key, thoroughly=True)
            is_over = other is _NOT_FOUND
            return Earlier(is_void=True, warning=outcome.message) if is_over else other
        return Earlier(outcome)

    def _conclude(self, attempt: Attempt) -> Earlier:
        """After the statistics have settled: found now, or never acted upon."""
        key = keys.load_public_key(attempt.prepared.public_key)
        known = self._found(attempt, key, thoroughly=True)
        if known is not _NOT_FOUND:
            return known
        if not attempt.prepared.is_same_account:
            return Earlier(
                is_void=True,
                warning="A request that was begun with other credentials was not found with these;"
                " it is given up, and what was issued for it, if anything, is not used.",
            )
        if attempt.prepared.is_same_wish and self._is_still_wanted(attempt, key):
            return known
        return Earlier(is_void=True)

    def _is_still_wanted(self, attempt: Attempt, key: keys.PublicKey) -> bool:
        """Whether what was asked for then would be asked for now: the end and the kind of key.

        The end that is recorded is asked for again if it is about what it would be today: the
        policy or the task may have changed since, and the rest of its time may have passed.
        """
        planned, recorded = attempt.planned, attempt.prepared.not_after
        wanted = planned.wanted
        if wanted.external_key is None and keys.kind_of(key) != planned.key_kind:
            return False
        if planned.by_rekey or wanted.not_after or not (recorded and planned.not_after):
            return recorded == planned.not_after
        lifetime = planned.not_after - planned.request.not_before
        is_allowed = recorded <= planned.not_after + MOST_SHORTENED
        return is_allowed and planned.not_after - recorded <= max(_DAY, lifetime // 10)

    def _found(self, attempt: Attempt, key: keys.PublicKey, thoroughly: bool) -> Earlier:
        try:
            found = self._service.look_up.find(identity_of(attempt, key), thoroughly)
        except AtlasError as error:
            return Earlier(Outcome(message=_unknown(f"and looking it up failed: {error.message}")))
        return self._adopted(attempt, found) if found else _NOT_FOUND

    def _adopted(self, attempt: Attempt, found: FoundCertificate) -> Earlier:
        """A certificate that was issued and nobody was told: used if it is what is wanted."""
        wanted = attempt.planned.wanted
        if attempt.prepared.is_same_wish and attempt.prepared.is_key_unique:
            differences = []
        elif attempt.prepared.is_same_wish:
            differences = names_that_differ(wanted, found.leaf)
        else:
            differences = due.mismatches(wanted, found.leaf)
        ends = certificates.not_after(found.leaf)
        begins = certificates.not_before(found.leaf)
        before = expiry.threshold(wanted, ends - begins)
        if not differences and ends - self._service.clock() > before:
            return Earlier(self._issued(attempt, found))
        return Earlier(
            is_void=True,
            warning=orphan_notice(str(found.serial)),
            orphan=str(found.serial),
        )

    def _settling_time(self, attempt: Attempt) -> float:
        """Seconds until the statistics show what may have been sent before: none if that is
        long ago."""
        return float(self._service.settle) if attempt.prepared.may_be_recent else 0.0

    # What is asked for now

    def _obtain(self, position: int, attempt: Attempt) -> Outcome:
        try:
            outcome = self._request_and_fetch(attempt)
        except Exception as error:  # what was issued for the others must not be lost with this one
            message = f"This is a fault of globalsign.atlas, please report it: {error!r}"
            outcome = Outcome(message=message)
        self.outcomes[position] = outcome
        return outcome

    def _request_and_fetch(self, attempt: Attempt) -> Outcome:
        try:
            key = proven_key(attempt)
            if attempt.planned.by_rekey:
                self._check_old_certificate(attempt)
        except AtlasError as error:
            return Outcome(message=error.message, refused=attempt.is_certainly_unsent)
        if self._service.stopping.is_set() or not self._is_in_time(attempt):
            return Outcome(
                message="Nothing was asked for, because the run was stopped or took too long"
                " before; run the task again.",
                refused=attempt.is_certainly_unsent,
            )
        warnings: list[str] = []
        try:
            if self._service.asks_first and not attempt.planned.by_rekey:
                adopted = self._ask_first(attempt)
                if adopted is not None:
                    warnings.append(_PREFLIGHT_ISSUED)
                    return self._with(warnings, self._fetched(attempt, adopted, key))
            return self._send(attempt, key, may_send_again=True)
        except ApiError as error:
            if error.may_have_acted:
                return self._after_unknown(attempt, key, error, may_send_again=False)
            return Outcome(message=error.message, refused=attempt.is_over_with(error))

    def _is_in_time(self, attempt: Attempt) -> bool:
        """Whether the lease outlives what a request sent now may take to show its effect."""
        service = self._service
        latest = attempt.until - service.total_timeout - service.read_timeout - service.settle
        return service.clock() < latest

    def _ask_first(self, attempt: Attempt) -> SerialNumber | None:
        """Have the service judge the request; a serial number if it issued instead."""
        serial = self._client.check_request(self._request(attempt).body())
        if serial is not None:
            self._service.asks_first = False
        return serial

    def _send(self, attempt: Attempt, key: keys.PublicKey, may_send_again: bool) -> Outcome:
        try:
            serial = self._post(attempt)
        except ApiError as error:
            if not error.may_have_acted:
                raise
            return self._after_unknown(attempt, key, error, may_send_again)
        return self._fetched(attempt, serial, key)

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
            not_after=prepared.not_after or None,
            public_key=prepared.signing_request
            if planned.as_signing_request
            else prepared.public_key,
            public_key_signature=prepared.proof if planned.with_proof else None,
        )

    def _after_unknown(
        self, attempt: Attempt, key: keys.PublicKey, error: ApiError, may_send_again: bool
    ) -> Outcome:
        """Look for what may have been issued, until the statistics have settled."""
        if error.outcome == WRONG_ENDPOINT:
            return Outcome(message=error.message)
        try:
            found = self._search(attempt, key)
        except AtlasError as problem:
            return Outcome(message=_unknown(f"({error.message}) and {problem.message}"))
        if found:
            return self._issued(attempt, found)
        is_over = self._service.stopping.is_set() or not self._is_in_time(attempt)
        if error.outcome == ACTED or not may_send_again or is_over:
            return Outcome(message=_unknown(f"({error.message})"))
        try:
            again = self._send(attempt, key, may_send_again=False)
        except ApiError as refusal:
            return Outcome(message=_unknown(f"({error.message} Asked again: {refusal.message})"))
        # Of the first one nobody knows, so the attempt is not over with the second.
        return replace(again, refused=False)

    def _search(self, attempt: Attempt, key: keys.PublicKey) -> FoundCertificate | None:
        identity = identity_of(attempt, key)
        waited, pause = 0.0, min(_LOOK_UP_PAUSE, float(self._service.settle))
        while waited < self._service.settle and not self._service.stopping.is_set():
            found = self._service.look_up.find(identity, thoroughly=False)
            if found:
                return found
            self._service.sleep(pause)
            waited += pause
            pause = min(pause * 2, max(self._service.settle - waited, 0.1))
        return self._service.look_up.find(identity, thoroughly=True)

    def _check_old_certificate(self, attempt: Attempt) -> None:
        """A rekey copies names: only those of this task, to a node that has the old key."""
        prepared, wanted = attempt.prepared, attempt.planned.wanted
        owned_certificate(
            self._client,
            Proof(prepared.old_serial, prepared.old_public_key, prepared.old_answer),
            attempt.nonce,
            wanted,
        )

    # Fetching what was accepted

    def _fetched(self, attempt: Attempt, serial: SerialNumber, key: keys.PublicKey) -> Outcome:
        try:
            issued = self._poll(serial)
        except ApiError as error:
            message = (
                f"The certificate with the serial number {serial} was asked for, and could not be"
                f" fetched: {error.message}"
            )
            # 422 is the issuing CA's final refusal (API reference, GET /certificates/{serial}).
            return Outcome(
                message=message,
                refused=error.status == 422,
                serial=str(serial),
                is_gone=error.status in _GONE,
            )
        if issued is None:
            return Outcome(
                message=f"The certificate with the serial number {serial} is still being issued"
                f" after {ISSUANCE_DEADLINE:.0f} seconds; the next run will fetch it.",
                serial=str(serial),
            )
        leaf = certificates.load_certificates(issued.pem.encode("ascii", "replace"))[0]
        if certificates.public_key_digest(leaf) != keys.public_key_digest(key):
            return Outcome(
                message=f"The certificate with the serial number {serial} is for another key than"
                " the one sent.",
            )
        return self._issued(attempt, FoundCertificate(serial, leaf))

    def _poll(self, serial: SerialNumber) -> IssuedCertificate | None:
        waited, pause = 0.0, _FIRST_PAUSE
        while True:
            issued = self._client.certificate(serial)
            is_over = waited + pause > ISSUANCE_DEADLINE or self._service.stopping.is_set()
            if issued is not None or is_over:
                return issued
            self._service.sleep(pause)
            waited += pause
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _issued(self, attempt: Attempt, found: FoundCertificate) -> Outcome:
        return Outcome(
            certificate=certificates.certificate_pem(found.leaf),
            facts=facts_of(found.leaf),
            warnings=tuple(_surprises(attempt.planned.wanted, found.leaf)),
            serial=str(found.serial),
        )

    @staticmethod
    def _with(warnings: Sequence[str], outcome: Outcome) -> Outcome:
        return replace(outcome, warnings=(*outcome.warnings, *warnings))


def _guarded(work: Callable[[Attempt], Earlier], attempt: Attempt) -> Earlier:
    """A fault with one attempt is no reason to forget the others."""
    try:
        return work(attempt)
    except Exception as error:
        message = f"This is a fault of globalsign.atlas, please report it: {error!r}"
        return Earlier(Outcome(message=message))


_PREFLIGHT_ISSUED = (
    "The service does not know preflight: server, and issued the certificate at once; it is used,"
    " and the others of this run are asked for without a preflight."
)


def proven_key(attempt: Attempt) -> keys.PublicKey:
    """The node's public key, once it has shown that it holds the private key.

    Where the private key lives elsewhere, the CSR shows it; a bare public key shows nothing, and
    the service asks for a proof if its policy wants one.
    """
    prepared, external = attempt.prepared, attempt.planned.wanted.external_key
    try:
        key = keys.load_public_key(prepared.public_key)
    except AtlasError as error:
        raise AtlasError(f"The node's public key {error.message}.") from None
    if external is None:
        is_proven = keys.answers_challenge(key, attempt.nonce, prepared.answer)
    else:
        is_proven = external.kind == PUBLIC_KEY or keys.signing_request_proves(
            key, prepared.signing_request
        )
    if external and external.proof and not keys.proves_possession(key, external.proof):
        raise AtlasError(WRONG_PROOF)
    if not is_proven:
        raise AtlasError("The node did not prove that it holds the private key of its request.")
    return key


def identity_of(attempt: Attempt, key: keys.PublicKey) -> Identity:
    """What the certificate of this attempt is known by."""
    prepared, wanted = attempt.prepared, attempt.planned.wanted
    return Identity(
        fits=any_leaf
        if prepared.is_key_unique
        else lambda leaf: not names_that_differ(wanted, leaf),
        key_digest=keys.public_key_digest(key),
        not_after=attempt.prepared.not_after,
        known=frozenset(_serials(attempt.prepared.known)),
        begun=attempt.prepared.begun or attempt.begun,
    )


def _serials(texts: Sequence[str]) -> Iterator[SerialNumber]:
    for text in texts:
        try:
            yield SerialNumber(text)
        except ValueError:  # one that others issued may be longer than any of the service
            continue


def _unknown(why: str) -> str:
    return (
        f"Whether the certificate was issued is not known {why.rstrip('.')}. The next run looks it"
        " up before it asks again."
    )


def _surprises(wanted: Wanted, leaf: x509.Certificate) -> Iterator[str]:
    """What the service granted otherwise than was asked for."""
    differences = due.mismatches(wanted, leaf)
    if differences:
        yield (
            "The certificate was issued, but differs from what the task states"
            f" ({'; '.join(differences)}). It is kept until it is due or the task states otherwise."
        )
    lifetime = certificates.not_after(leaf) - certificates.not_before(leaf)
    if leaves_no_life(wanted.renew_before, lifetime):
        yield (
            f"The certificate was granted for {lifetime // 3600} hours, and renew_before"
            f" {wanted.renew_before} leaves less than a fifth of that; it will be renewed after"
            " half its life."
        )
