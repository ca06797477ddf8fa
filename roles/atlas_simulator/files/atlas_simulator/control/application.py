# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control listener, for tests: which requests were seen. On loopback only, off by default."""

from __future__ import annotations

from typing import Any

from aiohttp import web


def control_application(requests_seen: list[dict[str, Any]]) -> web.Application:
    """GET /requests lists what was seen, DELETE /requests forgets it."""

    async def list_requests(_request: web.Request) -> web.Response:
        return web.json_response(requests_seen)

    async def forget_requests(_request: web.Request) -> web.Response:
        requests_seen.clear()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_get("/requests", list_requests)
    app.router.add_delete("/requests", forget_requests)
    return app
