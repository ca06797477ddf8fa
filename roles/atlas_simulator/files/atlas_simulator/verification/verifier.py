# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of claims in the background, one of a claim at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from .. import messages
from ..clock import Clock
from ..store import Claim, Store
from . import http

HTTP = "HTTP"
REUSE_SECONDS = 200 * 86400


class Verifier:
    """Runs the checks and writes their results to the claims."""

    def __init__(
        self, store: Store, clock: Clock, names: Mapping[str, str], http_port: int
    ) -> None:
        self._store = store
        self._clock = clock
        self._names = names
        self._port = http_port
        self._running: dict[str, asyncio.Task[None]] = {}

    def is_running(self, claim_id: str) -> bool:
        """Whether a check of this claim has not ended."""
        return claim_id in self._running

    def start(self, claim: Claim) -> None:
        """Begin to check a claim."""
        task = asyncio.create_task(self._verify(claim.id))
        self._running[claim.id] = task
        task.add_done_callback(lambda _task: self._running.pop(claim.id, None))

    async def close(self) -> None:
        """Stop all checks."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _verify(self, claim_id: str) -> None:
        claim = self._store.claim(claim_id)
        if claim is None:
            return
        error = await http.look(claim.domain, claim.token, self._names, self._port)
        # It may have been deleted or reasserted meanwhile.
        current = self._store.claim(claim_id)
        if current is None or current.token != claim.token:
            return
        now = self._clock.now()
        current.log.append(
            {
                "status": "ERROR" if error else "SUCCESS",
                "description": error or messages.VERIFIED,
                "timestamp": now,
                "method": HTTP,
            }
        )
        if not error:
            current.expires_at = now + REUSE_SECONDS
            current.asserted = True
            current.last_verified_at = now
            current.last_verification_method = HTTP
        self._store.save_claim(current)
