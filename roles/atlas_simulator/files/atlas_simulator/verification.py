# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verification of claims by real HTTP requests (API reference, section 5.5)."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from . import messages
from .coverage import HTTP
from .store import Claim, Store

PATH = "/.well-known/pki-validation/gsdv.txt"
PREFIX = "globalsign-domain-verification="
REUSE_SECONDS = 200 * 86400
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_LARGEST_FILE = 1024


class _Resolver(AbstractResolver):
    """Knows the names of `--resolve`, and asks the system for others."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(
            self._names.get(host, host), port, type=socket.SOCK_STREAM, family=family
        )
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=address_family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST,
            )
            for address_family, _type, protocol, _name, address in found
        ]

    async def close(self) -> None:
        """Nothing is held."""


class Verifier:
    """Checks claims in the background, one check of a claim at a time."""

    def __init__(self, store: Store, names: Mapping[str, str], http_port: int) -> None:
        self._store = store
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
        error = await self._fetch(claim.domain, claim.token)
        # It may have been deleted or reasserted meanwhile.
        current = self._store.claim(claim_id)
        if current is None or current.token != claim.token:
            return
        now = int(time.time())
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

    async def _fetch(self, domain: str, token: str) -> str:
        """Why the token was not found; empty if it was."""
        url = f"http://{domain}{PATH}"
        connector = aiohttp.TCPConnector(resolver=_Resolver(self._names), force_close=True)
        async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as session:
            try:
                address = f"http://{domain}:{self._port}{PATH}"
                async with session.get(address, allow_redirects=False) as answer:
                    if answer.status != 200:
                        return messages.CHECK_STATUS.format(url=url, status=answer.status)
                    content = await answer.content.read(_LARGEST_FILE)
            except asyncio.TimeoutError:
                return messages.CHECK_UNREACHABLE.format(url=url, reason="timeout")
            except (aiohttp.ClientError, OSError) as error:
                reason = type(error).__name__
                return messages.CHECK_UNREACHABLE.format(url=url, reason=reason)
        text = content.decode("ascii", "replace").strip()
        if text.removeprefix(PREFIX) != token.removeprefix(PREFIX):
            return messages.CHECK_CONTENT.format(url=url)
        return ""
