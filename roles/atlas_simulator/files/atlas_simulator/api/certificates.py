# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates: POST /certificates and GET /certificates/{serial}."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from .. import messages
from ..clock import Clock
from ..pki.authority import Authority
from ..policy.enforcement import accept
from ..problems import ServiceError
from ..store import Certificate, Store, new_identifier
from .coverage import require_coverage
from .exchange import answer, empty_answer, read_json


class Certificates:
    """Issues under one policy, and tells what was issued."""

    def __init__(
        self, store: Store, clock: Clock, authority: Authority, policy: Mapping[str, Any]
    ) -> None:
        self._store = store
        self._clock = clock
        self._authority = authority
        self._policy = policy

    async def issue(self, request: web.Request) -> web.Response:
        """Policy, then verified names, then quota (API reference, section 4.2)."""
        body = await read_json(request, messages.BAD_CERTIFICATE_REQUEST)
        now = self._clock.now()
        leaf = accept(body, self._policy, new_identifier(), now, self._authority.issuer_expiry)
        require_coverage(leaf.san, self._store.claims(), now)
        if self._store.quota < 1:
            raise ServiceError(402, messages.QUOTA_REACHED)
        try:
            pem = self._authority.issue(leaf)
        except ValueError:  # what a policy admits need not be what X.509 can say
            raise ServiceError(422, messages.NOT_ISSUABLE) from None
        self._store.add_certificate(Certificate(leaf.serial, pem, "ISSUED", now))
        return empty_answer(201, {"Location": f"/v2/certificates/{leaf.serial}"})

    async def read(self, request: web.Request) -> web.Response:
        """The certificate as PEM, with its status."""
        serial = request.match_info["serial"]
        if not re.fullmatch(r"[0-9A-Fa-f]{31,32}", serial):
            raise ServiceError(422, messages.BAD_SERIAL)
        # Clients that print a number lose the leading zero.
        certificate = self._store.certificate(serial.upper().rjust(32, "0"))
        if certificate is None:
            raise ServiceError(404, messages.NOT_FOUND)
        return answer(
            {
                "certificate": certificate.pem,
                "status": certificate.status,
                "updated_at": certificate.updated_at,
            }
        )
