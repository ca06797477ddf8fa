# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that fetches for the whole run what does not change during it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.account.claim_board import (
    ClaimBoard,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.account.scratch import Scratch
from ansible_collections.globalsign.atlas.plugins.module_utils.api.account_calls import (
    is_certificate,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Claim, Client
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import Session
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError


class RunClient(Client):
    """Policy and trust chain come from the scratch folder once a worker has fetched them."""

    def __init__(self, session: Session, scratch: Scratch) -> None:
        super().__init__(session)
        self._scratch = scratch
        self._knows_chain = False
        self._opened = time.time()

    def validation_policy(self) -> Mapping[str, Any]:
        """The validation policy, fetched once in a run."""
        policy: Mapping[str, Any] = self._scratch.shared(
            "policy", super().validation_policy, _is_policy
        )
        return policy

    def trust_chain(self) -> list[str]:
        """The trust chain, fetched once in a run. Who asks again found that it does not fit."""
        anew, self._knows_chain = self._knows_chain, True
        chain: list[str] = self._scratch.shared("chain", super().trust_chain, _is_chain, anew)
        return chain

    def known_claims(self, anew: bool) -> list[Claim] | None:
        """The domain claims of the account as far as coverage goes, listed once in a run; with
        `anew`, since this client was opened. None if the service does not list them.
        """

        def is_usable(document: Any) -> bool:
            return _is_listing(document) and (document[0] >= self._opened or not anew)

        def listing() -> list[Any]:
            try:
                return [time.time(), [_coverage_of(claim) for claim in self.claims()]]
            except AtlasError:
                return [time.time(), None]

        document = self._scratch.shared("claims", listing, is_usable)
        return None if document[1] is None else [_claim(*entry) for entry in document[1]]

    def quota_for(self, count: int, is_kept: bool) -> int | None:
        """How many of `count` certificates the quota allows; None if the service does not tell.

        It is asked once in a run, and again before it is said that there are too few: what workers
        of the run said that they would ask for may not have been issued. It counts if `is_kept`.
        """
        try:
            with self._scratch.locked("quota-left"):
                kept = self._scratch.read("quota-left")
                left, counted = kept if _is_reservation(kept) else (0, 0)
                if left - counted < count:
                    left, counted = self.quota(), 0
                allowed = min(count, max(0, left - counted))
                self._scratch.write("quota-left", [left, counted + (allowed if is_kept else 0)])
        except AtlasError:
            return None
        return allowed

    @contextmanager
    def reserved_quota(self, count: int, is_kept: bool) -> Iterator[int]:
        """What is left of the quota for a task that is about to ask for `count` certificates.

        What other workers of the run have reserved counts as used. The reservation is kept if the
        block comes to its end, and `is_kept`.
        """
        with self._scratch.locked("quota"):
            left = self.quota()
            kept = self._scratch.read("quota")
            first, reserved = kept if _is_reservation(kept) else (left, 0)
            yield min(left, first - reserved)
            if is_kept:
                self._scratch.write("quota", [first, reserved + count])

    @property
    def claim_board(self) -> ClaimBoard:
        """What the workers of the run tell each other of claims."""
        return ClaimBoard(self._scratch)


def _coverage_of(claim: Claim) -> list[Any]:
    """What of a claim says which names it covers."""
    return [claim.domain, claim.status, claim.expires_at, claim.last_verification_method]


def _claim(domain: str, status: str, expires_at: int | None, method: str | None) -> Claim:
    return Claim("", domain, status, 0, expires_at, None, None, method, ())


def _is_listing(document: Any) -> bool:
    is_pair = isinstance(document, list) and len(document) == 2
    if not is_pair or not isinstance(document[0], (int, float)):
        return False
    listed = document[1]
    return listed is None or (isinstance(listed, list) and all(map(_is_coverage, listed)))


def _is_coverage(entry: Any) -> bool:
    is_entry = isinstance(entry, list) and len(entry) == 4
    return is_entry and all(isinstance(member, str) for member in entry[:2])


def _is_policy(document: Any) -> bool:
    return isinstance(document, dict)


def _is_reservation(document: Any) -> bool:
    is_pair = isinstance(document, list) and len(document) == 2
    return is_pair and all(isinstance(number, int) for number in document)


def _is_chain(document: Any) -> bool:
    return bool(document) and isinstance(document, list) and all(map(is_certificate, document))
