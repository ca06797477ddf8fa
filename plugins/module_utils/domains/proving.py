# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have claims checked, all together, and wait for what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..api.client import Claim, txt_value
from ..api.errors import REFUSED, ApiError
from ..errors import AtlasError
from ..times import iso_time
from .book import ClaimBook
from .place import HTTP_PATH
from .standing import is_due
from .wish import DNS, EMAIL, ClaimWish, authorization_domain, mail_address

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
_MOST_ENTRIES = 3


@dataclass
class Proof:
    """One claim on its way: `is_asserter` is whether this host has it checked, or only waits,
    `is_asserted` whether it did."""

    claim: Claim
    is_asserter: bool = True
    checks_seen: int = -1
    is_asserted: bool = False
    entries_before: int = 0
    error: str = ""
    is_done: bool = False


class Prover:
    """Has claims checked by the method of the wish, and again after each check that failed."""

    def __init__(
        self,
        book: ClaimBook,
        wish: ClaimWish,
        timeout: int,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._book = book
        self._wish = wish
        self._method = wish.method or ""
        self._timeout = timeout
        self._pause = pause
        self._clock = clock

    def prove(self, proofs: Sequence[Proof]) -> None:
        """Until each is verified, or `timeout` seconds are over for all of them together."""
        deadline, pause = self._clock() + self._timeout, _FIRST_PAUSE
        for proof in proofs:
            proof.entries_before = len(proof.claim.log)
        while True:
            for proof in _open(proofs):
                self._one_step(proof, self._assert_if_due)
            for proof in _open(proofs):
                self._one_step(proof, self._look)
            if not _open(proofs):
                return
            if self._clock() + pause > deadline:
                for proof in _open(proofs):
                    proof.error = self._unverified(proof)
                return
            self._pause(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _one_step(self, proof: Proof, step: Callable[[Proof], None]) -> None:
        try:
            step(proof)
        except ApiError as error:
            if error.outcome != REFUSED:
                raise  # not about this claim: nothing would go better with the others
            proof.error = self._refused(proof, error)
        except AtlasError as error:
            proof.error = error.message

    def _assert_if_due(self, proof: Proof) -> None:
        """At first, and after each check that failed; a mail is sent only once."""
        if not proof.is_asserter or len(proof.claim.log) <= proof.checks_seen:
            return
        is_first = proof.checks_seen < 0
        proof.checks_seen = len(proof.claim.log)
        if is_first or self._method != EMAIL:
            self._book.have_checked(proof.claim, self._method, self._place(proof.claim))
            proof.is_asserted = True

    def _look(self, proof: Proof) -> None:
        before, proof.claim = (
            proof.claim,
            self._book.read(proof.claim.claim_id, proof.claim.domain),
        )
        now = self._book.now()
        if not is_due(proof.claim, now, self._wish.renew_before):
            proof.is_done = True
        elif before.token and proof.claim.token and before.token != proof.claim.token:
            raise AtlasError(
                f"domain: the token of {before.domain} was replaced by somebody else while it was"
                f" being verified: {before.token} was placed, and now it is {proof.claim.token}."
                " See that only one run proves a domain at a time, and run the task again."
            )

    def _place(self, claim: Claim) -> str:
        if self._method == DNS:
            return authorization_domain(claim.domain, self._wish.authorization_domain)
        if self._method == EMAIL:
            return mail_address(claim.domain, self._wish.email_address)
        return ""

    def _sought(self, claim: Claim) -> str:
        """What the service was to find, and where."""
        if self._method == DNS:
            value = f" with {txt_value(claim.token)}" if claim.token else ""
            return f"a TXT record at {self._place(claim)}{value}"
        if self._method == EMAIL:
            return f"that somebody opens the link in the mail to {self._place(claim)}"
        body = f"just {claim.token}" if claim.token else "the token"
        return f"{self._method}://{claim.domain}{HTTP_PATH} with {body} (no redirect)"

    def _unverified(self, proof: Proof) -> str:
        claim = proof.claim
        log = claim.log[proof.entries_before :][-_MOST_ENTRIES:]
        said = "; ".join(
            f"{iso_time(entry.timestamp) + ' ' if entry.timestamp else ''}{entry.description}"
            for entry in log
        )
        found = f"Its log says: {said}." if said else "Its log says nothing of it yet."
        return (
            f"domain: {claim.domain} was not verified within {self._timeout} seconds. The service"
            f" looked for {self._sought(claim)}. {found}"
        )

    def _refused(self, proof: Proof, error: ApiError) -> str:
        domain = proof.claim.domain
        if error.status == 404:
            return (
                f"domain: the claim {proof.claim.claim_id} of {domain} is gone, somebody removed it"
                " while it was being verified; run the task again to make another."
            )
        if error.status == 424:
            return (
                f"domain: the token of {domain} has expired and cannot be asserted any more; draw a"
                " new one with state: present, place it, and verify it then."
            )
        if self._method == EMAIL:
            known = ", ".join(self._book.mail_addresses(proof.claim))
            return f"email_address: {domain}: {error.message} The service sends mails to {known}."
        return f"domain: {domain}: {error.message}"


def _open(proofs: Sequence[Proof]) -> list[Proof]:
    return [proof for proof in proofs if not proof.is_done and not proof.error]
