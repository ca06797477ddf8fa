# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service as a task sees it, in memory and by a clock that goes on only where somebody waits.

It is no part of `conftest.py`, because that is read on nodes, which have no `api`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from cryptography import x509

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import (
    Claim,
    IssuedCertificate,
    ListedCertificate,
    SerialNumber,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

NOW = 1_800_000_000
DAY = 86400
POLICY = {
    "validity": {
        "secondsmin": 60,
        "secondsmax": 90 * DAY,
        "not_before_negative_skew": 120,
        "not_before_positive_skew": 120,
    },
    "subject_dn": {
        "common_name": {"presence": "OPTIONAL", "format": ""},
        "country": {"presence": "FORBIDDEN", "format": ""},
    },
    "san": {"dns_names": {"static": False, "list": ["."], "mincount": 1, "maxcount": 9}},
    "public_key": {"key_type": "ECDSA", "allowed_lengths": [256, 384], "key_format": "PKCS8"},
    "public_key_signature": "REQUIRED",
}

Call = tuple[Any, ...]


def api_error(status: int | None, outcome: str, message: str = "Atlas said no.") -> ApiError:
    """What a call fails with."""
    return ApiError(message, method="POST", path="/certificates", status=status, outcome=outcome)


class Atlas:
    """One account. It has the calls that a task makes and no others, and notes each in `calls`.

    `refuse` is called with each request before it is acted upon, `lose` after that; both may
    raise. `failing` are calls by name that fail, and what with. `ahead` is how many seconds its
    clock is ahead of `now`, which is the controller's. `answer` changes what it returns of a
    certificate.
    """

    def __init__(self, hierarchy: Any) -> None:
        self.hierarchy = hierarchy
        self.now = float(NOW)
        self.ahead = 0
        self.calls: list[Call] = []
        self.bodies: list[Mapping[str, Any]] = []
        self.policy: Mapping[str, Any] = POLICY
        self.quota = 1000
        self.left: int | None = 1000
        self.claims: list[Claim] | None = []
        self.leaves: dict[str, x509.Certificate] = {}
        self.statuses: dict[str, str] = {}
        self.refuse: Callable[[Mapping[str, Any]], None] = lambda _body: None
        self.lose: Callable[[Mapping[str, Any]], None] = lambda _body: None
        self.answer: Callable[[IssuedCertificate], IssuedCertificate | None] = lambda issued: issued
        self.failing: dict[str, Exception] = {}
        self._lock = threading.Lock()

    def _note(self, *call: Any) -> None:
        with self._lock:
            self.calls.append(call)
        if call[0] in self.failing:
            raise self.failing[call[0]]

    def sleep(self, seconds: float) -> None:
        """Let the clock go on."""
        self.now += seconds

    @contextmanager
    def opened(self) -> Iterator[Atlas]:
        """As the client is opened and closed by a task."""
        self._note("open")
        yield self
        self.calls.append(("close",))

    def service_time(self) -> int:
        return int(self.now) + self.ahead

    def validation_policy(self) -> Mapping[str, Any]:
        self._note("policy")
        return self.policy

    def trust_chain(self) -> list[str]:
        self._note("chain")
        chain: list[str] = self.hierarchy.chain
        return chain

    def known_claims(self, anew: bool) -> list[Claim] | None:
        self._note("claims", anew)
        return self.claims

    def quota_for(self, count: int, is_kept: bool) -> int | None:
        self._note("left", count, is_kept)
        return None if self.left is None else min(count, self.left)

    @contextmanager
    def reserved_quota(self, count: int, is_kept: bool) -> Iterator[int]:
        self._note("quota", count, is_kept)
        yield self.quota

    def add(self, leaf: x509.Certificate) -> str:
        """A certificate that is issued already; its serial number."""
        serial = certificates.serial_number(leaf)
        with self._lock:
            self.leaves[serial] = leaf
            self.statuses[serial] = "ISSUED"
        return serial

    def request_certificate(self, body: Mapping[str, Any]) -> SerialNumber:
        names = tuple(body["san"]["dns_names"])
        self._note("request", *names)
        self.bodies.append(body)
        self.refuse(body)
        subject = tuple(body.get("subject_dn", {}).items())
        validity = body["validity"]
        key = _key(body["public_key"])
        leaf = self.hierarchy.issuing.issue(
            key,
            names,
            subject,
            not_before=validity["not_before"],
            not_after=validity.get("not_after") or NOW + 89 * DAY,
        )
        serial = self.add(leaf)
        self.lose(body)
        return SerialNumber(serial)

    def rekey(
        self,
        serial: SerialNumber | str,
        public_key: str,
        public_key_signature: str | None = None,
        signature: Mapping[str, str] | None = None,
    ) -> SerialNumber:
        self._note("rekey", str(serial), public_key_signature is not None, dict(signature or {}))
        old = self.leaves[str(serial)]
        leaf = self.hierarchy.issuing.issue(
            _key(public_key),
            tuple(certificates.names(old).dns_names),
            not_before=int(self.now) - 3,
            not_after=certificates.not_after(old),
        )
        return SerialNumber(self.add(leaf))

    def certificate(self, serial: SerialNumber | str) -> IssuedCertificate | None:
        self._note("certificate", str(serial))
        leaf = self.leaves.get(str(serial))
        if leaf is None:
            raise api_error(404, "refused", f"Atlas knows no {serial}.")
        pem = certificates.certificate_pem(leaf)
        return self.answer(IssuedCertificate(pem, self.statuses[str(serial)], int(self.now)))

    def _listed(self, since: int, until: int, when: Any) -> Sequence[ListedCertificate]:
        return [
            ListedCertificate(
                SerialNumber(serial), certificates.not_before(leaf), certificates.not_after(leaf)
            )
            for serial, leaf in self.leaves.items()
            if since <= when(leaf) <= until
        ]

    def expiring_between(self, since: int, until: int) -> Iterator[ListedCertificate]:
        self._note("expiring", since, until)
        return iter(self._listed(since, until, certificates.not_after))

    def issued_between(self, since: int, until: int) -> Iterator[ListedCertificate]:
        self._note("issued", since, until)
        return iter(self._listed(since, until, certificates.not_before))

    def revoke(
        self,
        serial: SerialNumber | str,
        reason: str,
        compromised_at: int | None = None,
        attestation: str | None = None,
    ) -> None:
        self._note("revoke", str(serial), reason, compromised_at, attestation)
        self.statuses[str(serial)] = "REVOKED"

    def named(self, *names: str) -> list[Call]:
        """The calls of these names."""
        return [call for call in self.calls if call[0] in names]


def _key(pem: str) -> Any:
    if "BEGIN PUBLIC KEY" in pem:
        return keys.load_public_key(pem)
    return x509.load_pem_x509_csr(pem.encode()).public_key()
