# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of claims in the background, one of a claim at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from .. import messages
from ..behaviour import Behaviour
from ..clock import Clock
from ..store import Claim, Store
from .dns import Resolvers

DNS, HTTP, EMAIL = "DNS", "HTTP", "EMAIL"


class Verifier:
    """Runs the checks and writes their results to the claims."""

    def __init__(
        self, store: Store, clock: Clock, resolvers: Resolvers, behaviour: Behaviour
    ) -> None:
        self.resolvers = resolvers
        self.follow(behaviour)
        self._store = store
        self._clock = clock
        self._running: dict[str, asyncio.Task[None]] = {}

    def follow(self, behaviour: Behaviour) -> None:
        """Go by other settings from now on."""
        self._behaviour = behaviour
        self.resolvers = replace(self.resolvers, must_agree=behaviour.resolvers_must_agree)

    def is_running(self, claim_id: str) -> bool:
        """Whether a check of this claim has not ended."""
        return claim_id in self._running

    def start(self, claim: Claim, method: str, look: Callable[[], Awaitable[str]]) -> None:
        """Begin to check a claim; `look` says why its token was not found, empty if it was."""
        task = asyncio.create_task(self._verify(claim, method, look))
        self._running[claim.id] = task
        task.add_done_callback(lambda _task: self._running.pop(claim.id, None))

    async def close(self) -> None:
        """Stop all checks."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _verify(self, claim: Claim, method: str, look: Callable[[], Awaitable[str]]) -> None:
        self.record(claim.id, claim.token, method, await look())

    def record(self, claim_id: str, token: str, method: str, error: str) -> None:
        """Write the result of a check to the claim, unless it was deleted or reasserted since."""
        claim = self._store.claim(claim_id)
        if claim is None or claim.token != token:
            return
        now = self._clock.now()
        if error:
            claim.log.append(_entry("ERROR", error, now, method))
        else:
            record_success(claim, method, now, self._behaviour.reuse_seconds)
        self._store.save_claim(claim)


def record_success(claim: Claim, method: str, now: int, reuse_seconds: int) -> None:
    """Make a claim a verified one."""
    claim.log.append(_entry("SUCCESS", messages.VERIFIED, now, method))
    claim.expires_at = now + reuse_seconds
    claim.asserted = True
    claim.approval = ""
    claim.last_verified_at = now
    claim.last_verification_method = method


def _entry(status: str, description: str, now: int, method: str) -> dict[str, object]:
    return {"status": status, "description": description, "timestamp": now, "method": method}
