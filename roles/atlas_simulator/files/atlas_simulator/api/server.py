# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API as a web application: routes, and what holds for every request."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from .. import messages
from ..clock import Clock
from ..pki.api_tls import ApiTls
from ..pki.authority import Authority
from ..problems import ServiceError
from ..settings import Settings
from ..store import Store
from ..verification.verifier import Verifier
from .certificates import Certificates
from .claims import Claims
from .exchange import LARGEST_BODY, answer, problem_answer, read_json
from .tokens import Tokens

BASE = "/v2"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = logging.getLogger(__name__)


class Api:
    """One simulated service with one account."""

    def __init__(
        self, settings: Settings, store: Store, clock: Clock, authority: Authority, tls: ApiTls
    ) -> None:
        self._store = store
        self._clock = clock
        self._authority = authority
        self._policy = settings.policy
        self._tokens = Tokens()
        self._account_certificate = tls.client.certificate.fingerprint(hashes.SHA256())
        self.verifier = Verifier(store, clock, settings.resolve, settings.verify_http_port)
        self.requests_seen: list[dict[str, Any]] = []
        self._certificates = Certificates(store, clock, authority, settings.policy)
        self._claims = Claims(store, clock, self.verifier)

    def application(self) -> web.Application:
        """All endpoints. An endpoint is added here, and its handler beside its kin."""
        middlewares = [self._take_down, self._explain, self._authorize]
        app = web.Application(middlewares=middlewares, client_max_size=LARGEST_BODY)
        certificates, claims = self._certificates, self._claims
        claim = "/claims/domains/{id}"
        for method, path, handler in (
            ("POST", "/login", self._login),
            ("GET", "/validationpolicy", self._validation_policy),
            ("GET", "/trustchain", self._trust_chain),
            ("GET", "/quotas/issuance", self._quota),
            ("POST", "/certificates", certificates.issue),
            ("GET", "/certificates/{serial}", certificates.read),
            ("GET", "/claims/domains", claims.list_all),
            ("POST", claim, claims.create),
            ("GET", claim, claims.read),
            ("DELETE", claim, claims.delete),
            ("POST", claim + "/http", claims.assert_http),
            ("POST", claim + "/reassert", claims.reassert),
        ):
            # One trailing slash is accepted, as real clients send it.
            app.router.add_route(method, BASE + path, handler)
            app.router.add_route(method, BASE + path + "/", handler)
        return app

    @web.middleware
    async def _take_down(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keep what was asked and answered, for the control listener."""
        response = await handler(request)
        seen = {"method": request.method, "path": request.path, "status": response.status}
        self.requests_seen.append(seen)
        return response

    @web.middleware
    async def _explain(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Turn whatever goes wrong into an error answer."""
        try:
            return await handler(request)
        except ServiceError as problem:
            return problem_answer(problem)
        except web.HTTPNotFound:
            return problem_answer(ServiceError(404, messages.NOT_FOUND))
        except web.HTTPMethodNotAllowed as error:
            response = problem_answer(ServiceError(405, messages.METHOD_NOT_ALLOWED))
            response.headers["Allow"] = error.headers["Allow"]
            return response
        except web.HTTPRequestEntityTooLarge:
            return problem_answer(ServiceError(413, messages.TOO_LARGE))
        except Exception:
            _log.exception("%s %s", request.method, request.path)
            return problem_answer(ServiceError(500, messages.INTERNAL))

    @web.middleware
    async def _authorize(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every call but the login needs a token, and the account's own client certificate."""
        if (
            request.path.rstrip("/") != BASE + "/login"
            and request.match_info.http_exception is None
        ):
            self._require_account_certificate(request)
            self._tokens.check(request.headers.get("Authorization", ""), self._clock.now())
        return await handler(request)

    def _require_account_certificate(self, request: web.Request) -> None:
        tls = request.transport.get_extra_info("ssl_object") if request.transport else None
        certificate = tls.getpeercert(binary_form=True) if tls else None
        loaded = x509.load_der_x509_certificate(certificate) if certificate else None
        if loaded is None or loaded.fingerprint(hashes.SHA256()) != self._account_certificate:
            raise ServiceError(401, messages.UNAUTHORIZED)

    async def _login(self, request: web.Request) -> web.Response:
        body = await read_json(request, messages.BAD_REQUEST)
        if not isinstance(body, dict):
            raise ServiceError(422, messages.BAD_LOGIN)
        key: Any = body.get("api_key", body.get("key"))
        secret: Any = body.get("api_secret", body.get("secret"))
        if not (_is_hex(key, 16) and _is_hex(secret, 40)):
            raise ServiceError(422, messages.BAD_LOGIN)
        self._require_account_certificate(request)
        known = (self._store.api_key, self._store.api_secret)
        if (key.lower(), secret.lower()) != known:
            raise ServiceError(401, messages.UNAUTHORIZED)
        return answer({"access_token": self._tokens.make(self._clock.now())})

    async def _validation_policy(self, _request: web.Request) -> web.Response:
        policy = dict(self._policy)
        validity = {"issuer_expiry": self._authority.issuer_expiry, **policy["validity"]}
        return answer({**policy, "validity": validity})

    async def _trust_chain(self, _request: web.Request) -> web.Response:
        return answer(self._authority.chain)

    async def _quota(self, _request: web.Request) -> web.Response:
        return answer({"value": self._store.quota})


def _is_hex(text: Any, length: int) -> bool:
    return (
        isinstance(text, str)
        and len(text) == length
        and all(digit in "0123456789abcdefABCDEF" for digit in text)
    )
