# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates: issuing, reading, revoking, rekeying (API reference, sections 2.2 to 2.6)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from aiohttp import web
from cryptography import x509

from .. import messages
from ..accounts import Account
from ..behaviour import Behaviour
from ..pki.leaf import Leaf, Publication, public_key_digest, rekeyed, sign
from ..pki.pairs import Pair
from ..policy.enforcement import accept
from ..policy.public_key import key_of_rekey
from ..problems import ServiceError
from ..store import ISSUED, REVOKED, Certificate, new_identifier
from ..values import is_integer
from .coverage import require_caa, require_coverage
from .exchange import answer, empty_answer, in_progress, read_json
from .service import Service, account_of

KEY_COMPROMISE = "keyCompromise"
REASONS = (
    "unspecified",
    KEY_COMPROMISE,
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "privilegeWithdrawn",
)
_CHECK_ONLY = "domain-validation"
_DAY, _HOUR = 86400, 3600


class Certificates:
    """Issues under the account's policy, and tells what was issued."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._signed = 0

    async def issue(self, request: web.Request) -> web.Response:
        """Policy, then verified names, then quota (API reference, section 4.2)."""
        service, account = self._service, account_of(request)
        body = await read_json(request, messages.BAD_CERTIFICATE_REQUEST)
        now = service.clock.now()
        expiry = service.authority.expiry(account.policy)
        leaf = accept(body, account.policy, service.readings, new_identifier(), now, expiry)
        if not account.settings.internal:
            require_coverage(leaf, service.store.claims(account.name, "domain"), now)
            await require_caa(leaf, service)
        wants_check = request.headers.get("mode", "").lower() == _CHECK_ONLY
        if wants_check and not service.behaviour.ignore_mode:
            return empty_answer(204)
        issuer, number = self._signer(account)
        altered = _renamed(_altered(leaf, service.behaviour.validity, expiry), service.behaviour)
        with _within_x509():
            pem = sign(altered, issuer, self._publication(number))
        return self._accept(account, pem, number)

    async def rekey(self, request: web.Request) -> web.Response:
        """The same certificate with another key, until the same end."""
        service, account = self._service, account_of(request)
        old = self._find(request)
        body = await read_json(request, messages.BAD_CERTIFICATE_REQUEST)
        if not isinstance(body, dict):
            raise ServiceError(400, messages.BAD_CERTIFICATE_REQUEST)
        key = key_of_rekey(body, account.policy, service.readings)
        now = service.clock.now()
        if not self._is_active(old, now):
            raise ServiceError(409, messages.NOT_ACTIVE)
        issuer, number = self._signer(account)
        certificate = x509.load_pem_x509_certificate(old.pem.encode("ascii"))
        serial = new_identifier()
        with _within_x509():
            pem = rekeyed(certificate, key, serial, now, issuer, self._publication(number))
        return self._accept(account, pem, number)

    def _accept(self, account: Account, pem: str, issuer: int) -> web.Response:
        service = self._service
        if remaining_quota(service, account) < 1:
            raise ServiceError(402, messages.QUOTA_REACHED)
        certificate = x509.load_pem_x509_certificate(pem.encode("ascii"))
        now = service.clock.now()
        available_at = now + service.behaviour.issuance_delay
        kept = Certificate(
            serial=f"{certificate.serial_number:032X}",
            account=account.name,
            pem=pem,
            issuer=issuer,
            public_key=public_key_digest(certificate.public_key()),
            names=json.dumps(_names(certificate)),
            not_before=int(certificate.not_valid_before_utc.timestamp()),
            not_after=int(certificate.not_valid_after_utc.timestamp()),
            accepted_at=now,
            available_at=available_at,
            refused=service.behaviour.refuse_later,
            status=ISSUED,
            updated_at=available_at,
        )
        service.store.add_certificate(kept)
        return empty_answer(201, {"Location": f"/v2/certificates/{kept.serial}"})

    async def read(self, request: web.Request) -> web.Response:
        """The certificate as PEM, with its status."""
        certificate = self._find(request)
        if self._is_pending(certificate):
            return in_progress()
        if certificate.refused:
            raise ServiceError(422, messages.NOT_ISSUABLE)
        return answer(
            {
                "certificate": certificate.pem,
                "status": certificate.status,
                "updated_at": certificate.updated_at,
            }
        )

    async def revoke(self, request: web.Request) -> web.Response:
        """PATCH: with a reason, and for a compromised key the time and an attestation."""
        certificate = self._find(request)
        body = await read_json(request, messages.BAD_REQUEST)
        reason, moment = self._revocation(body, certificate)
        self._require_issued(certificate)
        if certificate.status == REVOKED:
            return self._revoked_again()
        now = self._service.clock.now()
        self._service.store.revoke(certificate.serial, now, reason, moment)
        return empty_answer(204)

    async def delete(self, request: web.Request) -> web.Response:
        """The old form of revocation; once more of a revoked certificate is no error."""
        certificate = self._find(request)
        self._require_issued(certificate)
        if certificate.status != REVOKED:
            now = self._service.clock.now()
            self._service.store.revoke(certificate.serial, now, REASONS[0], 0)
        return empty_answer(204)

    def _revocation(self, body: Any, certificate: Certificate) -> tuple[str, int]:
        if not isinstance(body, dict):
            raise ServiceError(400, messages.BAD_REQUEST)
        reason = body.get("revocation_reason")
        moment = body.get("revocation_time") or 0
        attestation = body.get("key_compromise_attestation")
        if not is_integer(moment) or not all(
            value is None or isinstance(value, str) for value in (reason, attestation)
        ):
            raise ServiceError(400, messages.BAD_REQUEST)
        if not reason:
            raise ServiceError(422, messages.REQUIRED.format(path="revocation_reason"))
        known = {each.lower(): each for each in REASONS}.get(reason.lower())
        if known is None:
            raise ServiceError(422, messages.INVALID_VALUE.format(path="revocation_reason"))
        if not 0 <= moment <= self._service.clock.now():
            raise ServiceError(422, messages.INVALID_VALUE.format(path="revocation_time"))
        if attestation and not _attests(attestation, known, certificate):
            path = "key_compromise_attestation"
            raise ServiceError(422, messages.INVALID_VALUE.format(path=path))
        return known, moment

    def _revoked_again(self) -> web.Response:
        status = self._service.behaviour.revoke_again
        if status == 204:
            return empty_answer(204)
        raise ServiceError(status, messages.ALREADY_REVOKED)

    def _require_issued(self, certificate: Certificate) -> None:
        if self._is_pending(certificate) or certificate.refused:
            raise ServiceError(409, messages.CANNOT_REVOKE)

    def _is_pending(self, certificate: Certificate) -> bool:
        return certificate.available_at > self._service.clock.now()

    def _is_active(self, certificate: Certificate, now: int) -> bool:
        return (
            not self._is_pending(certificate)
            and not certificate.refused
            and certificate.status == ISSUED
            and certificate.not_after > now
        )

    def _find(self, request: web.Request) -> Certificate:
        serial = request.match_info["serial"]
        if not re.fullmatch(r"[0-9A-Fa-f]{31,32}", serial):
            raise ServiceError(422, messages.BAD_SERIAL)
        # Clients that print a number lose the leading zero.
        padded = serial.upper().rjust(32, "0")
        certificate = self._service.store.certificate(padded, account_of(request).name)
        if certificate is None:
            raise ServiceError(404, messages.NOT_FOUND)
        return certificate

    def _signer(self, account: Account) -> tuple[Pair, int]:
        self._signed += 1
        how = self._service.behaviour.signer
        back = 1 if how == "previous" or (how == "mixed" and self._signed % 2 == 0) else 0
        number = self._service.authority.number(account.policy, back)
        return self._service.authority.issuer(number), number

    def _publication(self, issuer: int) -> Publication:
        url = self._service.pki_url
        if not url:
            return Publication()
        return Publication(
            f"{url}/crl/{issuer}.crl", f"{url}/ocsp/{issuer}", f"{url}/ca/{issuer}.crt"
        )


def remaining_quota(service: Service, account: Account) -> int:
    """How many certificates an account may still have issued."""
    remaining = service.store.quota(account.name)
    if service.behaviour.quota_counted == "issued":
        condition = "(available_at > ? OR refused)"
        remaining += service.store.count(account.name, condition, service.clock.now())
    return remaining


@contextmanager
def _within_x509() -> Iterator[None]:
    """Refuse what a policy admits and X.509 cannot say."""
    try:
        yield
    except ValueError:
        raise ServiceError(422, messages.NOT_ISSUABLE) from None


def _altered(leaf: Leaf, how: str, expiry: int) -> Leaf:
    start, end = leaf.not_before, leaf.not_after
    if how == "truncated":
        end = min(max(end // _DAY * _DAY, start + 1), expiry)
    elif how == "backdated":
        start -= _HOUR
    elif how == "clamped":
        end = start + (end - start) // 2
    return replace(leaf, not_before=start, not_after=end)


def _renamed(leaf: Leaf, behaviour: Behaviour) -> Leaf:
    san = dict(leaf.san)
    names = list(san.get("dns_names", []))
    if behaviour.add_name and names:
        first = names[0].removeprefix("*.")
        names += [name for name in (first, f"www.{first}") if name not in names]
    if behaviour.lower_case_names:
        names = [name.lower() for name in names]
    if names:
        san["dns_names"] = names
    usages = leaf.ekus[:1] if behaviour.drop_usages else leaf.ekus
    return replace(leaf, san=san, ekus=usages)


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        san = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in san if not isinstance(name, x509.OtherName)]


def _attests(attestation: str, reason: str, certificate: Certificate) -> bool:
    """Whether a PKCS#10 request is signed with the certificate's own key."""
    if reason != KEY_COMPROMISE:
        return False
    try:
        request = x509.load_pem_x509_csr(attestation.encode("ascii"))
        return (
            request.is_signature_valid
            and public_key_digest(request.public_key()) == certificate.public_key
        )
    except Exception:  # cryptography raises many types for what is no request
        return False
