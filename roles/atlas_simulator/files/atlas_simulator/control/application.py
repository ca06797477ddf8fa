# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control listener, for tests. On loopback only, off by default."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from ..api.certificates import remaining_quota
from ..api.service import Service
from ..store import DOMAIN, IP_ADDRESS
from ..values import is_integer
from .interference import Interference

_LONGEST_WAIT = 60.0


class Control:
    """What tests ask of the simulator itself, and tell it."""

    def __init__(self, service: Service, interference: Interference) -> None:
        self._service = service
        self._interference = interference
        self._rules = interference.rules

    def application(self) -> web.Application:
        """All endpoints."""
        app = web.Application(middlewares=[_explain])
        for method, path, handler in (
            ("GET", "/requests", self.list_requests),
            ("DELETE", "/requests", self.forget_requests),
            ("GET", "/faults", self.list_faults),
            ("POST", "/faults", self.add_fault),
            ("DELETE", "/faults", self.remove_faults),
            ("GET", "/barriers", self.list_barriers),
            ("POST", "/barriers", self.add_barrier),
            ("DELETE", "/barriers", self.release),
            ("GET", "/barriers/{id}", self.wait_at_barrier),
            ("DELETE", "/barriers/{id}", self.release),
            ("GET", "/clock", self.tell_time),
            ("POST", "/clock", self.move_clock),
            ("GET", "/settings", self.list_settings),
            ("POST", "/settings", self.change_settings),
            ("POST", "/quota", self.set_quota),
            ("POST", "/rotate-ca", self.rotate),
            ("GET", "/state", self.state),
            ("GET", "/ledger", self.ledger),
        ):
            app.router.add_route(method, path, handler)
        return app

    async def list_requests(self, _request: web.Request) -> web.Response:
        return web.json_response(self._interference.seen)

    async def forget_requests(self, _request: web.Request) -> web.Response:
        self._interference.seen.clear()
        return web.Response(status=204)

    async def list_faults(self, _request: web.Request) -> web.Response:
        return web.json_response([fault.document() for fault in self._rules.faults])

    async def add_fault(self, request: web.Request) -> web.Response:
        fault = self._rules.add_fault(await request.json())
        return web.json_response(fault.document(), status=201)

    async def remove_faults(self, _request: web.Request) -> web.Response:
        self._rules.faults.clear()
        return web.Response(status=204)

    async def list_barriers(self, _request: web.Request) -> web.Response:
        return web.json_response([barrier.document() for barrier in self._rules.barriers])

    async def add_barrier(self, request: web.Request) -> web.Response:
        barrier = self._rules.add_barrier(await request.json())
        return web.json_response(barrier.document(), status=201)

    async def wait_at_barrier(self, request: web.Request) -> web.Response:
        """Answer once a request waits there, at most after a minute."""
        for barrier in self._rules.barriers:
            if str(barrier.id) == request.match_info["id"]:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(barrier.arrived.wait(), _LONGEST_WAIT)
                return web.json_response(barrier.document())
        raise web.HTTPNotFound

    async def release(self, request: web.Request) -> web.Response:
        """Let one barrier's requests go on, or those of all."""
        number = request.match_info.get("id")
        if number is not None and not number.isdigit():
            raise web.HTTPNotFound
        if not self._rules.release(int(number) if number else None) and number:
            raise web.HTTPNotFound
        return web.Response(status=204)

    async def tell_time(self, _request: web.Request) -> web.Response:
        return web.json_response({"now": self._service.clock.now()})

    async def move_clock(self, request: web.Request) -> web.Response:
        """`move` by seconds, or `set` to UNIX seconds."""
        document = await request.json()
        if not isinstance(document, dict) or len(document) != 1:
            raise ValueError("give move (seconds) or set (UNIX seconds)")
        ((name, value),) = document.items()
        if name not in ("move", "set") or not (is_integer(value) or isinstance(value, float)):
            raise ValueError("give move (seconds) or set (UNIX seconds)")
        (self._service.clock.move if name == "move" else self._service.clock.set)(value)
        return await self.tell_time(request)

    async def list_settings(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {**asdict(self._service.behaviour), **asdict(self._service.readings)}
        )

    async def change_settings(self, request: web.Request) -> web.Response:
        document = await request.json()
        if not isinstance(document, dict):
            raise ValueError("the body is not a JSON object")
        self._service.change(document)
        return await self.list_settings(request)

    async def set_quota(self, request: web.Request) -> web.Response:
        """`account` (default: the first) and `quota`."""
        document = await request.json()
        quota: Any = document.get("quota") if isinstance(document, dict) else None
        if not is_integer(quota) or quota < 0:
            raise ValueError("quota is not a whole number")
        names = [account.name for account in self._service.accounts]
        account = document.get("account", names[0])
        if account not in names:
            raise ValueError(f"account is not one of {', '.join(names)}")
        self._service.store.set_quota(account, quota)
        return web.Response(status=204)

    async def rotate(self, _request: web.Request) -> web.Response:
        """Have a new issuing CA sign from now on."""
        issuer = self._service.authority.rotate()
        return web.json_response({"issuer": issuer.certificate.subject.rfc4514_string()})

    async def state(self, _request: web.Request) -> web.Response:
        """Numbers of each account."""
        service = self._service
        return web.json_response(
            {
                "now": service.clock.now(),
                "generation": service.authority.generation,
                "accounts": {
                    account.name: {
                        "certificates": service.store.count(account.name, "1"),
                        "quota": remaining_quota(service, account),
                        "domain_claims": len(service.store.claims(account.name, DOMAIN)),
                        "ip_claims": len(service.store.claims(account.name, IP_ADDRESS)),
                    }
                    for account in service.accounts
                },
            }
        )

    async def ledger(self, _request: web.Request) -> web.Response:
        """All certificates with account, public key (SHA-256) and names, the oldest first."""
        return web.json_response(
            [
                {
                    "serial_number": certificate.serial,
                    "account": certificate.account,
                    "public_key": certificate.public_key,
                    "names": json.loads(certificate.names),
                    "not_before": certificate.not_before,
                    "not_after": certificate.not_after,
                    "accepted_at": certificate.accepted_at,
                    "status": "REFUSED" if certificate.refused else certificate.status,
                    "reason": certificate.reason,
                    "issuer": certificate.issuer,
                }
                for certificate in self._service.store.ledger()
            ]
        )


@web.middleware
async def _explain(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValueError as error:  # what is no JSON is one, too
        return web.json_response({"error": f"{error}."}, status=400)
