# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims as a task wants them: present, verified, absent."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from ..api.client import Claim, ClaimToken
from ..api.errors import REFUSED, ApiError
from ..errors import AtlasError
from .book import ClaimBook
from .coverage import claim_of, claimed_domain, covering_claim
from .proving import Proof, Prover
from .standing import Standing, has_open_token, is_still_open, standing
from .wish import EMAIL, ClaimWish


@dataclass
class ClaimState:
    """One name of a task: how it was `found`, how it stands, and what was done about it, in check
    mode would be.

    `token` is the one to place, empty where there is none, or in check mode none yet.
    `is_placer`: this host does for the claim what is to be done once for all hosts.
    """

    name: str
    found: Standing | None = None
    standing: Standing | None = None
    token: str = ""
    is_placer: bool = False
    mail_addresses: tuple[str, ...] = ()
    changed: bool = False
    error: str = ""

    @property
    def is_due(self) -> bool:
        """Whether control has to be proven, for the first time or again."""
        return self.standing is not None and self.standing.is_due


class Board(Protocol):
    """What the workers of a run tell each other of claims."""

    def locked(self, what: str) -> AbstractContextManager[None]:
        """Hold the other workers back from something."""

    def token(self, claim_id: str) -> tuple[ClaimToken, int] | None:
        """The token that was drawn for a claim in this run, and when, in UNIX seconds."""

    def keep_token(self, token: ClaimToken, drawn_at: int) -> None:
        """Tell the others of a token."""

    def is_first(self, claim_id: str, token: str, host: str, others: Collection[str]) -> bool:
        """Whether this host was the first of the run to ask for this claim and token, of those
        that are still at it."""


@dataclass
class ClaimKeeper:
    """Brings the claims of an account to the state that a task wants, on behalf of `host`.

    `others` are the hosts that do the same in this play. In check mode it only reads. Names are in
    the form of `wish.claimable`.
    """

    book: ClaimBook
    wish: ClaimWish
    board: Board
    host: str
    others: Collection[str] = ()
    check_mode: bool = False
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = field(default=time.monotonic)

    def present(self, names: Sequence[str]) -> list[ClaimState]:
        """Each name covered for long enough, or a claim of it with a token that can be asserted."""
        states, _claims = self._looked_at(names)
        if self.check_mode or not any(self._has_to_act(state) for state in states):
            self._find_tokens(states)
            return states
        # Only one worker at a time makes claims, and it looks what those before it made.
        with self.board.locked("claims"):
            states, claims = self._looked_at(names)
            for state in states:
                self._guarded(state, lambda each: self._ensure_token(each, claims))
        return states

    def absent(self, names: Sequence[str]) -> list[ClaimState]:
        """No claim of just these domains."""
        claims = self.book.list_for(names)
        return [self._absent(name, claim_of(name, claims)) for name in names]

    def verified(self, names: Sequence[str], timeout: int) -> list[ClaimState]:
        """Each name covered for long enough, proven by the method of the wish if it is not.

        Waits at most `timeout` seconds for all of them together.
        """
        with self.board.locked("proofs"):
            states, claims = self._looked_at(names)
            due = [state for state in states if state.is_due]
            for state in due:
                self._guarded(state, self._refuse_unready)
            ready = [state for state in due if not state.error]
            if self.check_mode:
                for state in ready:
                    state.changed = True
            else:
                self._prove(ready, claims, timeout)
        return states

    def _looked_at(self, names: Sequence[str]) -> tuple[list[ClaimState], list[Claim]]:
        claims, now = self.book.list_for(names), self.book.now()
        states = []
        for name in names:
            state = ClaimState(name)
            try:
                state.found = state.standing = standing(name, claims, now, self.wish)
            except AtlasError as error:
                state.error = error.message
                cover, own = covering_claim(name, claims, now), claim_of(name, claims)
                known = Standing(name, claimed_domain(name), cover, own, is_due=False)
                state.found = state.standing = known
            states.append(state)
        return states, claims

    def _guarded(self, state: ClaimState, act: Callable[[ClaimState], None]) -> None:
        """What is refused for one name is no reason to stop with the others."""
        if state.error:
            return
        try:
            act(state)
        except ApiError as error:
            if error.outcome != REFUSED:
                raise
            state.error = f"domain: {state.name}: {error.message}"
        except AtlasError as error:
            state.error = error.message

    # state: present

    def _has_to_act(self, state: ClaimState) -> bool:
        return state.is_due and not self._open_token(_claim_of(state))

    def _open_token(self, claim: Claim | None) -> str:
        """The token of a claim that can be read and asserted; empty if there is none."""
        if claim is None:
            return ""
        now, kept = self.book.now(), self.board.token(claim.claim_id)
        if kept and is_still_open(claim, *kept, now):
            return kept[0].token
        return claim.token or "" if has_open_token(claim, now) else ""

    def _find_tokens(self, states: Sequence[ClaimState]) -> None:
        for state in states:
            if state.is_due:
                state.token = self._open_token(_claim_of(state))
                state.changed = not state.token
                self._guarded(state, self._add_details)

    def _ensure_token(self, state: ClaimState, claims: list[Claim]) -> None:
        """Make a claim, or have a new token for the one that is there, if need be.

        `claims` gets what was made, for names after this one that are covered by it too.
        """
        known = state.standing
        if known is None or not known.is_due:
            return
        claim = claim_of(known.domain, claims)  # that of a name before may have a new token
        state.token = self._open_token(claim)
        if not state.token:
            claim = self._created(state) if claim is None else self._redrawn(state, claim)
            claims[:] = [each for each in claims if each.claim_id != claim.claim_id] + [claim]
        state.standing = Standing(known.name, known.domain, known.cover, claim, is_due=True)
        self._add_details(state)

    def _created(self, state: ClaimState) -> Claim:
        domain = state.standing.domain if state.standing else state.name
        try:
            made = self.book.create(domain)
        except ApiError as error:
            if error.status != 409:
                raise
            # Another run has just made it, and theirs is as good as ours.
            claim = claim_of(domain, self.book.list_for([domain]))
            if claim is None:
                raise
            state.token = self._open_token(claim)
            return claim if state.token else self._redrawn(state, claim)
        return self._read(state, made)

    def _redrawn(self, state: ClaimState, claim: Claim) -> Claim:
        return self._read(state, self.book.draw_token(claim))

    def _read(self, state: ClaimState, drawn: ClaimToken) -> Claim:
        state.token, state.changed = drawn.token, True
        self.board.keep_token(drawn, self.book.now())
        domain = state.standing.domain if state.standing else state.name
        return self.book.read(drawn.claim_id, domain)

    def _add_details(self, state: ClaimState) -> None:
        claim = _claim_of(state)
        if claim is None or not state.token:
            state.is_placer = True  # in check mode, where nobody has drawn one
            return
        state.is_placer = self.board.is_first(claim.claim_id, state.token, self.host, self.others)
        if self.wish.method == EMAIL:
            state.mail_addresses = self.book.mail_addresses(claim)

    # state: absent

    def _absent(self, name: str, claim: Claim | None) -> ClaimState:
        if claim and not self.check_mode:
            self.book.delete(claim)
        now = self.book.now()
        domain = claimed_domain(name)
        cover = claim if claim and claim.is_verified(now) else None
        found = Standing(name, domain, cover, claim, is_due=False)
        gone = Standing(name, domain, None, None, is_due=False)
        return ClaimState(name, found, gone, changed=claim is not None)

    # state: verified

    def _refuse_unready(self, state: ClaimState) -> None:
        known = state.standing
        if known is None:
            return
        if self.wish.method is None:
            raise AtlasError(_no_method(known))
        if self.wish.method == EMAIL:
            if not self.wish.email_address:
                raise AtlasError(self._no_address(known))
        elif known.claim is None:
            raise AtlasError(
                f"domain: there is no claim for {known.domain} yet, so no token of it can have been"
                " placed; make one with state: present, place its token, then verify it."
            )
        elif not self._open_token(known.claim) and known.claim.token is not None:
            raise AtlasError(
                f"domain: {known.domain} has no token that could be asserted: it has expired, or it"
                " is the one that the domain was verified with. Draw a new one with state: present,"
                " place it, then verify it."
            )

    def _no_address(self, known: Standing) -> str:
        addresses = self.book.mail_addresses(known.claim) if known.claim else ()
        choice = ", ".join(addresses) or "hostmaster, webmaster, admin, administrator or postmaster"
        return (
            f"email_address is not set, and {known.domain} is to be verified by e-mail; choose one"
            f" of {choice}."
        )

    def _prove(self, states: Sequence[ClaimState], claims: list[Claim], timeout: int) -> None:
        """Names that are covered by the same claim are proven with it, once."""
        proofs: dict[str, Proof] = {}
        for state in states:
            self._guarded(state, lambda each: self._begin(each, claims, proofs))
        Prover(self.book, self.wish, timeout, self.pause, self.clock).prove(list(proofs.values()))
        for state in states:
            proof = proofs.get(state.standing.domain) if state.standing else None
            if proof is None or state.standing is None:
                continue
            state.error = state.error or proof.error
            state.changed = state.changed or proof.is_asserted or proof.is_done
            if proof.is_done:
                state.standing = Standing(
                    state.name, proof.claim.domain, proof.claim, proof.claim, is_due=False
                )

    def _begin(self, state: ClaimState, claims: list[Claim], proofs: dict[str, Proof]) -> None:
        known = state.standing
        if known is None or known.domain in proofs:
            return
        is_asserter = True
        if self.wish.method == EMAIL:
            # Nothing has to be placed for it; and only one host sends the mail.
            self._ensure_token(state, claims)
            is_asserter = state.is_placer
        claim = _claim_of(state)
        if claim is not None:
            proofs[known.domain] = Proof(claim, is_asserter)


def _claim_of(state: ClaimState) -> Claim | None:
    return state.standing.claim if state.standing else None


def _no_method(known: Standing) -> str:
    until = "is not covered by a verified claim" if known.cover is None else "is due to be renewed"
    return (
        f"method is not set, and {known.name} {until}; choose a method to prove control with (dns,"
        " http, https or email), or verify the domain beforehand."
    )
