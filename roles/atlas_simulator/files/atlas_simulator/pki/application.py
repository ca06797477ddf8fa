# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The public listener over plain HTTP: CRLs, OCSP, CA certificates, links in mails."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote

from aiohttp import web
from cryptography.hazmat.primitives import serialization

from ..api.service import Service
from ..store import DOMAIN
from ..verification.verifier import EMAIL
from .pairs import Pair
from .revocation import ocsp_answer, revocation_list

_LARGEST_REQUEST = 4096


def pki_application(service: Service) -> web.Application:
    """Where certificates say that such things are found."""
    pages = _Pages(service)
    app = web.Application(client_max_size=_LARGEST_REQUEST)
    app.router.add_get("/crl/{issuer}.crl", pages.revocation_list)
    app.router.add_get("/ca/{issuer}.crt", pages.ca_certificate)
    app.router.add_post("/ocsp/{issuer}", pages.ocsp_post)
    app.router.add_get("/ocsp/{issuer}/{request:.+}", pages.ocsp_get)
    app.router.add_get("/approve/{approval}", pages.approve)
    return app


class _Pages:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def revocation_list(self, request: web.Request) -> web.Response:
        issuer, number = self._issuer(request)
        revoked = self._service.store.revoked_by(number)
        content = revocation_list(issuer, revoked, self._service.clock.now())
        return web.Response(body=content, content_type="application/pkix-crl")

    async def ca_certificate(self, request: web.Request) -> web.Response:
        issuer, _number = self._issuer(request)
        content = issuer.certificate.public_bytes(serialization.Encoding.DER)
        return web.Response(body=content, content_type="application/pkix-cert")

    async def ocsp_post(self, request: web.Request) -> web.Response:
        return self._ocsp(request, await request.read())

    async def ocsp_get(self, request: web.Request) -> web.Response:
        """The request as base64 in the path (RFC 6960, appendix A.1)."""
        try:
            content = base64.b64decode(unquote(request.match_info["request"]))
        except (binascii.Error, ValueError):
            content = b""
        return self._ocsp(request, content)

    def _ocsp(self, request: web.Request, content: bytes) -> web.Response:
        issuer, _number = self._issuer(request)
        body = ocsp_answer(content, issuer, self._service.store, self._service.clock.now())
        return web.Response(body=body, content_type="application/ocsp-response")

    async def approve(self, request: web.Request) -> web.Response:
        """What a person's click on the link in a mail does."""
        approval, service = request.match_info["approval"], self._service
        for account in service.accounts:
            for claim in service.store.claims(account.name, DOMAIN):
                if claim.approval and claim.approval == approval:
                    service.verifier.record(claim.id, claim.token, EMAIL, "")
                    return web.Response(text=f"{claim.name} is verified.\n")
        raise web.HTTPNotFound

    def _issuer(self, request: web.Request) -> tuple[Pair, int]:
        text, authority = request.match_info["issuer"], self._service.authority
        if not (text.isascii() and text.isdigit() and authority.has(int(text))):
            raise web.HTTPNotFound
        return authority.issuer(int(text)), int(text)
