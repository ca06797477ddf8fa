# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What comes between a request and the API for tests: notes, faults, barriers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import struct
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from ..api.exchange import JSON_TYPE, PROBLEM_TYPE, problem_answer
from ..api.limits import retry_after
from ..api.server import BASE, Api, Handler
from ..api.service import Service, account_name
from ..messages import BUSY
from ..problems import ServiceError
from .rules import AFTER_ACTING, BEFORE_ACTING, BEFORE_ANSWERING, Barrier, Fault, Rules

_PAGE = "<html><head><title>{status}</title></head><body>The server is busy.</body></html>\n"
_INSTEAD = ("status", "html", "reset-before")


class Interference:
    """Middlewares of the API for tests. Without a rule they only take notes."""

    def __init__(self, service: Service, api: Api) -> None:
        self._service = service
        self._api = api
        self.rules = Rules()
        self.seen: list[dict[str, Any]] = []

    @web.middleware
    async def take_note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keep what was asked and answered. A connection that was reset has the status 0."""
        note: dict[str, Any] = {"method": request.method, "path": request.path}
        note["time"] = self._service.clock.now()
        response = await handler(request)
        note["status"] = response.status if request.get("reset") is None else 0
        note["account"] = account_name(request)
        note["body"] = hashlib.sha256(await _body(request)).hexdigest()
        self.seen.append(note)
        return response

    @web.middleware
    async def interfere(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Make the faults and hold at the barriers that the request meets."""
        if not self.rules.faults and not self.rules.barriers:
            return await handler(request)
        faults = self.rules.faults_for(request.method, request.path.removeprefix(BASE))
        barriers = self.rules.barriers_for(request.method, request.path.removeprefix(BASE))
        await _body(request)  # so that it is whole even if the client leaves now
        await _hold(barriers, BEFORE_ACTING)
        response: web.StreamResponse | None = await self._before(request, faults)
        if response is None and any(fault.action == "acts-twice" for fault in faults):
            await handler(request)
        if response is None:
            response = await handler(request)
        await _hold(barriers, AFTER_ACTING)
        response = await _after(request, response, faults)
        await _hold(barriers, BEFORE_ANSWERING)
        return response

    async def _before(self, request: web.Request, faults: Sequence[Fault]) -> web.Response | None:
        instead = None
        for fault in faults:
            if fault.action == "delay":
                await asyncio.sleep(fault.seconds)
            elif fault.action == "expire-tokens":
                self._api.tokens.void()
            elif fault.action in _INSTEAD:
                instead = fault
        if instead is None:
            return None
        if instead.action == "reset-before":
            return _reset(request)
        if instead.action == "html":
            page = _PAGE.format(status=instead.status)
            return web.Response(
                status=instead.status,
                text=page,
                content_type="text/html",
                headers=instead.headers,
            )
        return self._status(instead)

    def _status(self, fault: Fault) -> web.Response:
        behaviour, clock = self._service.behaviour, self._service.clock
        headers = retry_after(behaviour, clock, 1) if fault.status in (429, 503) else {}
        headers.update(fault.headers)
        if fault.text is None and isinstance(fault.body, str):
            response = problem_answer(ServiceError(fault.status, fault.body or BUSY))
        else:
            content = json.dumps(fault.body) if fault.text is None else fault.text
            response = web.Response(status=fault.status, body=content.encode("utf-8"))
            response.headers["Content-Type"] = PROBLEM_TYPE if fault.status >= 400 else JSON_TYPE
        response.headers.update(headers)
        return response


async def _after(
    request: web.Request, response: web.StreamResponse, faults: Sequence[Fault]
) -> web.StreamResponse:
    for fault in faults:
        if fault.action == "delay-answer":
            await asyncio.sleep(fault.seconds)
        elif fault.action == "reset-after":
            return _reset(request)
        elif fault.action == "content-type":
            response.headers["Content-Type"] = fault.content_type
        elif fault.action == "close":
            response.force_close()
        elif fault.action == "truncate" and isinstance(response, web.Response):
            return await _truncated(request, response)
    return response


async def _truncated(request: web.Request, response: web.Response) -> web.StreamResponse:
    """Half of the body under headers that promise all of it."""
    content = response.body if isinstance(response.body, bytes) else b""
    partial = web.StreamResponse(status=response.status, headers=response.headers)
    partial.content_length = max(len(content), 2)
    partial.force_close()
    await partial.prepare(request)
    await partial.write(content[: len(content) // 2] or b"{")
    _reset(request)
    return partial


def _reset(request: web.Request) -> web.Response:
    """End the connection with a TCP reset."""
    request["reset"] = True
    transport = request.transport
    if transport is not None:
        connection: socket.socket | None = transport.get_extra_info("socket")
        if connection is not None:
            # With a linger time of nothing the system resets instead of finishing.
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    return web.Response()


async def _hold(barriers: Sequence[Barrier], point: str) -> None:
    for barrier in barriers:
        if barrier.point == point:
            await barrier.hold()


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except (web.HTTPException, ConnectionError):
        return b""
