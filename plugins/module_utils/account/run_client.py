# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that fetches for the whole run what does not change during it."""

from __future__ import annotations

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
from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Client
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import Session


class RunClient(Client):
    """Policy and trust chain come from the scratch folder once a worker has fetched them."""

    def __init__(self, session: Session, scratch: Scratch) -> None:
        super().__init__(session)
        self._scratch = scratch
        self._knows_chain = False

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


def _is_policy(document: Any) -> bool:
    return isinstance(document, dict)


def _is_reservation(document: Any) -> bool:
    is_pair = isinstance(document, list) and len(document) == 2
    return is_pair and all(isinstance(number, int) for number in document)


def _is_chain(document: Any) -> bool:
    return bool(document) and isinstance(document, list) and all(map(is_certificate, document))
