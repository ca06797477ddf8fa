# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Statistics, counters, quota (API reference, sections 2.9 to 2.11 and 6)."""

from __future__ import annotations

from aiohttp import web

from .. import messages
from ..problems import ServiceError
from ..store import REVOKED
from .certificates import remaining_quota
from .exchange import answer, page_headers, page_query, whole_number
from .service import Service, account_of

_LONGEST_WINDOW = 30 * 86400
_SHORT_WINDOW = 600


class Statistics:
    """What an account had issued, in lists and numbers."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def issued(self, request: web.Request) -> web.Response:
        """Certificates by when they were issued; those revoked later stay."""
        pending = self._service.behaviour.statistics_pending
        column = "accepted_at" if pending else "available_at"
        return self._list(request, "issued", column, f"NOT refused AND {self._told()}")

    async def revoked(self, request: web.Request) -> web.Response:
        """Certificates by when they were revoked."""
        latest = self._service.clock.now() - self._service.behaviour.statistics_delay
        condition = f"status = '{REVOKED}' AND updated_at <= {latest}"
        return self._list(request, "revoked", "updated_at", condition)

    async def expiring(self, request: web.Request) -> web.Response:
        """Certificates by when they end, revoked ones included."""
        return self._list(request, "expiring", "not_after", f"NOT refused AND {self._told()}")

    async def count_issued(self, request: web.Request) -> web.Response:
        """How many were issued since the account began."""
        condition = "NOT refused AND available_at <= ?"
        return self._count(request, condition, self._service.clock.now())

    async def count_revoked(self, request: web.Request) -> web.Response:
        """How many were revoked since the account began."""
        return self._count(request, "status = ?", REVOKED)

    async def quota(self, request: web.Request) -> web.Response:
        """How many may still be issued."""
        return answer({"value": remaining_quota(self._service, account_of(request))})

    def _count(self, request: web.Request, condition: str, value: int | str) -> web.Response:
        number = self._service.store.count(account_of(request).name, condition, value)
        return answer({"value": number})

    def _told(self) -> str:
        """The condition under which lists tell of a certificate already."""
        behaviour = self._service.behaviour
        latest = self._service.clock.now() - behaviour.statistics_delay
        column = "accepted_at" if behaviour.statistics_pending else "available_at"
        return f"{column} <= {latest}"

    def _list(self, request: web.Request, kind: str, column: str, condition: str) -> web.Response:
        page, size = page_query(request)
        window = self._window(request, kind)
        rows = slice((page - 1) * size, page * size)
        found, total = self._service.store.listed(
            account_of(request).name, column, window, condition, rows
        )
        documents = [
            {
                "serial_number": certificate.serial,
                "not_before": certificate.not_before,
                "not_after": certificate.not_after,
            }
            for certificate in found
        ]
        return answer(documents, headers=page_headers(f"/stats/{kind}", page, size, total))

    def _window(self, request: web.Request, kind: str) -> tuple[int, int]:
        """The two ends, both inclusive; the defaults of section 6."""
        now, given = self._service.clock.now(), request.query
        start = whole_number(given["from"], messages.BAD_FROM) if "from" in given else None
        end = whole_number(given["to"], messages.BAD_TO) if "to" in given else None
        if kind == "expiring":
            start, end = _expiring_window(start, end, now)
        else:
            end = now if end is None else end
            start = end - _SHORT_WINDOW if start is None else start
        if start > end:
            raise ServiceError(422, messages.BAD_TO)
        if end - start > _LONGEST_WINDOW:
            raise ServiceError(422, messages.LONG_WINDOW)
        return start, end


def _expiring_window(start: int | None, end: int | None, now: int) -> tuple[int, int]:
    if start is None and end is None:
        return now, now
    if start is None:
        return (end or 0) - _SHORT_WINDOW, end or 0
    return start, start + _LONGEST_WINDOW if end is None else end
