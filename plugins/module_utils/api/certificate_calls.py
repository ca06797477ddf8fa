# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates: request, rekey, fetch, revoke, list (API reference, 2.2 to 2.6 and 2.11)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from ..errors import AtlasError
from .account_calls import AccountCalls, is_certificate
from .errors import ACTED, ApiError
from .response import Fields, Response
from .serial import SerialNumber

LONGEST_WINDOW = 30 * 86400
"""Seconds of the longest window of the statistics; just as long is accepted."""

REVOCATION_REASONS = (
    "unspecified",
    "keyCompromise",
    "affiliationChanged",
    "cessationOfOperation",
    "superseded",
    "privilegeWithdrawn",
)

_DONE = (200, 204)
"""204 is documented. Any other, such as 202, does not say that it is revoked."""

_ALREADY_REVOKED = (409, 412)
_MOST_NAMES = 5


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate as the service keeps it.

    `pem` is the leaf alone, `status` is ISSUED or REVOKED, `updated_at` is when that changed last
    (UNIX seconds, None if not told).
    """

    pem: str = field(repr=False)
    status: str
    updated_at: int | None


@dataclass(frozen=True)
class ListedCertificate:
    """An entry of the statistics; times in UNIX seconds."""

    serial: SerialNumber
    not_before: int
    not_after: int

    @classmethod
    def read(cls, fields: Fields) -> ListedCertificate:
        """Read an entry of `/stats/...`."""
        try:
            serial = SerialNumber(fields.text("serial_number"))
        except ValueError as error:
            raise fields.malformed("serial_number", f"is wrong, {error}") from None
        return cls(serial, fields.time("not_before"), fields.time("not_after"))


class CertificateCalls(AccountCalls):
    """Calls that concern certificates. A serial number may be given as text."""

    def request_certificate(self, body: Mapping[str, Any]) -> SerialNumber:
        """Ask for a certificate: its serial number, known before it is issued.

        `body` is that of `CertificateRequest`. The `outcome` of an `ApiError` says whether a
        certificate may have been issued all the same; nothing is ever asked for twice here.
        """
        return _accepted(self._issuing_post("/certificates", body))

    def rekey(
        self,
        serial: SerialNumber | str,
        public_key: str,
        public_key_signature: str | None = None,
        signature: Mapping[str, str] | None = None,
    ) -> SerialNumber:
        """Ask for the same certificate for another key; the end of its validity stays.

        `public_key`, `public_key_signature` and `signature` are as in a request. The outcome of an
        `ApiError` is as for `request_certificate`.
        """
        body = {
            "public_key": public_key,
            "public_key_signature": public_key_signature,
            "signature": signature,
        }
        stated = {name: value for name, value in body.items() if value}
        return _accepted(self._issuing_post(f"{_path(serial)}/rekey", stated))

    def certificate(self, serial: SerialNumber | str) -> IssuedCertificate | None:
        """A certificate by its serial number; None while it is still being issued.

        An `ApiError` with the status 422 is the final refusal of the issuing CA.
        """
        response = self._session.get(_path(serial)).expect(200, 202)
        if response.status == 202:
            return None
        fields = response.fields()
        pem = fields.text("certificate")
        if not is_certificate(pem):
            raise fields.malformed("certificate", "is not a PEM certificate")
        return IssuedCertificate(
            pem, fields.line("status").upper(), fields.optional_time("updated_at")
        )

    def revoke(
        self,
        serial: SerialNumber | str,
        reason: str,
        compromised_at: int | None = None,
        attestation: str | None = None,
    ) -> None:
        """Revoke a certificate; one that is revoked already stays as it is.

        `reason` is one of `REVOCATION_REASONS`. For keyCompromise, `compromised_at` (UNIX
        seconds) says since when, and `attestation` is a PEM CSR signed with that key.
        """
        if reason not in REVOCATION_REASONS:
            known = ", ".join(REVOCATION_REASONS)
            raise AtlasError(f"reason: {reason!r} is no reason for revocation; give {known}.")
        body: dict[str, Any] = {"revocation_reason": reason}
        if compromised_at is not None:
            body["revocation_time"] = compromised_at
        if attestation:
            body["key_compromise_attestation"] = attestation
        try:
            self._session.patch(_path(serial), body).expect(*_DONE)
        except ApiError as error:
            self._accept_if_revoked(serial, error)

    def revoke_without_reason(self, serial: SerialNumber | str) -> None:
        """Revoke a certificate by the older call, for a service that knows no other."""
        try:
            self._session.delete(_path(serial)).expect(*_DONE)
        except ApiError as error:
            self._accept_if_revoked(serial, error)

    def _accept_if_revoked(self, serial: SerialNumber | str, error: ApiError) -> None:
        """Sources differ on what the service answers for a certificate that is revoked already."""
        if error.status not in _ALREADY_REVOKED:
            raise error
        certificate = self.certificate(serial)
        if certificate is None or certificate.status != "REVOKED":
            raise error

    def issued_between(self, since: int, until: int) -> Iterator[ListedCertificate]:
        """What was issued in this time (UNIX seconds, both ends included), the oldest first."""
        return self._listed("issued", since, until)

    def revoked_between(self, since: int, until: int) -> Iterator[ListedCertificate]:
        """What was revoked in this time."""
        return self._listed("revoked", since, until)

    def expiring_between(self, since: int, until: int) -> Iterator[ListedCertificate]:
        """What ends in this time, which may lie in the past or the future."""
        return self._listed("expiring", since, until)

    def _listed(self, kind: str, since: int, until: int) -> Iterator[ListedCertificate]:
        """Windows that touch, so that whichever end the service includes none is left out."""
        seen: set[SerialNumber] = set()
        start = since
        while start <= until:
            end = min(start + LONGEST_WINDOW, until)
            for entry in self._pages(
                f"/stats/{kind}",
                {"from": start, "to": end},
                ListedCertificate.read,
                lambda listed: listed.serial,
            ):
                if entry.serial not in seen:
                    seen.add(entry.serial)
                    yield entry
            if end == until:
                return
            start = end

    def _issuing_post(self, path: str, body: Mapping[str, Any]) -> Response:
        try:
            return self._session.post_once(path, body)
        except ApiError as error:
            remedy = self._remedy(error, _names_in(body))
            raise (error.with_remedy(remedy) if remedy else error) from None

    def _remedy(self, error: ApiError, asked: frozenset[str]) -> str:
        if error.status == 402:
            return self._what_is_left()
        # Keys may be other than names, such as `requires_label_separator`.
        names = [name for name in error.errors if _plain_name(name) in asked]
        if error.status in (400, 422) and names:
            more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
            return (
                f"There is no verified claim that covers {', '.join(names[:_MOST_NAMES])}{more};"
                " claim and verify the domain, for example with atlas_domain_claim."
            )
        return ""

    def _what_is_left(self) -> str:
        try:
            return f"Of its quota {self.quota()} certificates are left."
        except ApiError:
            return ""


def _names_in(body: Mapping[str, Any]) -> frozenset[str]:
    """The names that a request asks for, those for which its sender has to prove control."""
    san, subject = body.get("san") or {}, body.get("subject_dn") or {}
    lists = (san.get(kind) or () for kind in ("dns_names", "emails", "ip_addresses", "uris"))
    names = [*chain.from_iterable(lists), subject.get("common_name")]
    return frozenset(_plain_name(name) for name in names if isinstance(name, str))


def _plain_name(name: str) -> str:
    return name.lower().rstrip(".")


def _accepted(response: Response) -> SerialNumber:
    text = response.last_segment()
    if response.status == 201 and re.fullmatch("[0-9A-Fa-f]{32}", text):
        return SerialNumber(text)
    error = response.malformed(
        f"with status {response.status} it tells no serial number in Location"
    )
    error.outcome = ACTED
    raise error


def _path(serial: SerialNumber | str) -> str:
    if isinstance(serial, str):
        try:
            serial = SerialNumber(serial)
        except ValueError as error:
            raise AtlasError(f"serial_number: {error}; give its hexadecimal digits.") from None
    return f"/certificates/{serial.for_url}"
