# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API as a web application: routes, and what holds for every request."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from typing import Any

from aiohttp import web

from .. import messages
from ..accounts import Account
from ..problems import ServiceError
from ..store import DOMAIN, IP_ADDRESS
from .certificates import Certificates
from .claims import Claims
from .exchange import LARGEST_BODY, answer, problem_answer, read_json
from .limits import Limits
from .service import Service, account_of, set_account
from .statistics import Statistics
from .tokens import Tokens

BASE = "/v2"
CLIENT_SERIAL = "X-SSL-Client-Serial"
_CERTIFICATE = "certificate"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Middleware = Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]

_log = logging.getLogger(__name__)


class Api:
    """The API of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        kept = service.store.fact("token_key", secrets.token_hex(32))
        keeps = service.behaviour.keep_tokens
        self.tokens = Tokens(bytes.fromhex(kept) if keeps else secrets.token_bytes(32))
        self._limits = Limits()

    def application(self, *outer: Middleware) -> web.Application:
        """All endpoints, within the middlewares of the control listener. An endpoint is added here,
        and its handler beside its kin."""
        middlewares: list[Any] = [_identify, *outer, self._explain, self._authorize]
        app = web.Application(middlewares=middlewares, client_max_size=LARGEST_BODY)
        app.on_response_prepare.append(self._date)
        certificates, statistics = Certificates(self._service), Statistics(self._service)
        for method, path, handler in (
            ("POST", "/login", self._login),
            ("GET", "/validationpolicy", self._validation_policy),
            ("GET", "/trustchain", self._trust_chain),
            ("GET", "/quotas/issuance", statistics.quota),
            ("GET", "/counters/certificates/issued", statistics.count_issued),
            ("GET", "/counters/certificates/revoked", statistics.count_revoked),
            ("GET", "/stats/issued", statistics.issued),
            ("GET", "/stats/revoked", statistics.revoked),
            ("GET", "/stats/expiring", statistics.expiring),
            ("POST", "/certificates", certificates.issue),
            ("GET", "/certificates/{serial}", certificates.read),
            ("PATCH", "/certificates/{serial}", certificates.revoke),
            ("DELETE", "/certificates/{serial}", certificates.delete),
            ("POST", "/certificates/{serial}/rekey", certificates.rekey),
            *_claim_routes("/claims/domains", Claims(self._service, DOMAIN)),
            *_claim_routes("/claims/ipaddresses", Claims(self._service, IP_ADDRESS)),
        ):
            # One trailing slash is accepted, as real clients send it.
            app.router.add_route(method, BASE + path, handler)
            app.router.add_route(method, BASE + path + "/", handler)
        return app

    async def _date(self, _request: web.Request, response: web.StreamResponse) -> None:
        """The Date header follows the service's clock."""
        moment = self._service.clock.now() + self._service.behaviour.date_skew
        response.headers["Date"] = formatdate(moment, usegmt=True)

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
            headers = {"Allow": error.headers["Allow"]}
            return problem_answer(ServiceError(405, messages.METHOD_NOT_ALLOWED, headers=headers))
        except web.HTTPRequestEntityTooLarge:
            return problem_answer(ServiceError(413, messages.TOO_LARGE))
        except Exception:
            _log.exception("%s %s", request.method, request.path)
            return problem_answer(ServiceError(500, messages.INTERNAL))

    @web.middleware
    async def _authorize(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every call but the login needs a token, and the account's own client certificate."""
        if (
            request.path.startswith(f"{BASE}/claims/ipaddresses")
            and not self._service.behaviour.ip_claims
        ):
            raise ServiceError(404, messages.NOT_FOUND)
        if (
            request.path.rstrip("/") != BASE + "/login"
            and request.match_info.http_exception is None
        ):
            now = self._service.clock.now()
            name = self.tokens.account(request.headers.get("Authorization", ""), now)
            account = next((each for each in self._service.accounts if each.name == name), None)
            if account is None or not _shows_certificate(request, account):
                raise ServiceError(401, messages.UNAUTHORIZED)
            set_account(request, account)
            self._limits.take(account.name, self._service.behaviour, self._service.clock)
        return await handler(request)

    async def _login(self, request: web.Request) -> web.Response:
        body = await read_json(request, messages.BAD_REQUEST)
        if not isinstance(body, dict):
            raise ServiceError(422, messages.BAD_LOGIN)
        key: Any = body.get("api_key", body.get("key"))
        secret: Any = body.get("api_secret", body.get("secret"))
        if not (_is_hex(key, 16) and _is_hex(secret, 40)):
            raise ServiceError(422, messages.BAD_LOGIN)
        for account in self._service.accounts:
            known = (account.api_key.lower(), account.api_secret.lower())
            if (key.lower(), secret.lower()) == known and _shows_certificate(request, account):
                set_account(request, account)
                expires_at = self._service.clock.now() + self._service.behaviour.token_seconds
                return answer({"access_token": self.tokens.make(account.name, expires_at)})
        raise ServiceError(401, messages.UNAUTHORIZED)

    async def _validation_policy(self, request: web.Request) -> web.Response:
        policy = dict(account_of(request).policy)
        expiry = {"issuer_expiry": self._service.authority.expiry(policy)}
        return answer({**policy, "validity": {**expiry, **(policy.get("validity") or {})}})

    async def _trust_chain(self, request: web.Request) -> web.Response:
        authority = self._service.authority
        back = 1 if self._service.behaviour.trust_chain == "previous" else 0
        issuer = authority.issuer(authority.number(account_of(request).policy, back))
        return answer([issuer.pem, authority.root.pem])


@web.middleware
async def _identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep the digest of the client certificate: the connection may be gone when it is needed."""
    tls = request.transport.get_extra_info("ssl_object") if request.transport else None
    certificate: bytes = (tls.getpeercert(binary_form=True) if tls else None) or b""
    request[_CERTIFICATE] = hashlib.sha256(certificate).digest()
    return await handler(request)


def _claim_routes(path: str, claims: Claims) -> list[tuple[str, str, Handler]]:
    claim = path + "/{id}"
    routes: list[tuple[str, str, Handler]] = [
        ("GET", path, claims.list_all),
        ("POST", claim, claims.create),
        ("GET", claim, claims.read),
        ("DELETE", claim, claims.delete),
        ("POST", claim + "/http", claims.assert_http),
        ("POST", claim + "/reassert", claims.reassert),
    ]
    if claims.kind == DOMAIN:
        routes += [
            ("GET", claim + "/dns", claims.authorization_domains),
            ("POST", claim + "/dns", claims.assert_dns),
            ("GET", claim + "/email", claims.addresses),
            ("POST", claim + "/email", claims.assert_email),
        ]
    return routes


def _shows_certificate(request: web.Request, account: Account) -> bool:
    """Whether a request comes with the client certificate of an account, where one is needed."""
    wanted = account.settings.mutual_tls
    if wanted == "none":
        return True
    if wanted == "header":
        told = request.headers.get(CLIENT_SERIAL, "").lstrip("0").lower()
        return told == f"{account.serial:x}"
    return bool(request[_CERTIFICATE] == account.certificate)


def _is_hex(text: Any, length: int) -> bool:
    return (
        isinstance(text, str)
        and len(text) == length
        and all(digit in "0123456789abcdefABCDEF" for digit in text)
    )
