# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Atlas as the protocol of issuance sees it, in memory and in virtual time.

It does what a drawn history says of each request: act at once, late, twice or not at all, and
answer, lose the answer or refuse. It knows nothing of how the client finds out.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.globalsign.atlas.plugins.module_utils.api import errors
from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import (
    IssuedCertificate,
    ListedCertificate,
    SerialNumber,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError

BEGINNING = 1_800_000_000
LIFETIME = 90 * 86400
"""The longest that the policy allows, in seconds."""
SKEW = 3600
POLICY = {
    "validity": {
        "secondsmin": 3600,
        "secondsmax": LIFETIME,
        "not_before_negative_skew": SKEW,
        "not_before_positive_skew": SKEW,
    },
    "subject_dn": {"common_name": {"presence": "OPTIONAL", "format": ""}},
    "san": {"dns_names": {"static": False, "list": ["."], "mincount": 1, "maxcount": 9}},
    "public_key": {"key_type": "ECDSA", "allowed_lengths": [256], "key_format": "PKCS8"},
    "public_key_signature": "REQUIRED",
}

SERIAL, NO_SERIAL = "a serial number", "a success without a serial number"
LOST, BUSY, ELSEWHERE = "none", "a problem 503", "a redirection"
LATER, REFUSAL = "a problem 429", "a problem 422"
OUTCOMES = {
    NO_SERIAL: errors.ACTED,
    LOST: errors.UNKNOWN,
    BUSY: errors.PROBABLY_NOT_ACTED,
    ELSEWHERE: errors.WRONG_ENDPOINT,
    LATER: errors.NOT_ACTED,
    REFUSAL: errors.REFUSED,
}
"""What the client makes of each answer to a request that issues (`api/errors.py`)."""


class Clock:
    """The time of a history, in UNIX seconds: it goes on only when somebody waits."""

    def __init__(self) -> None:
        self.now = float(BEGINNING)

    def sleep(self, seconds: float) -> None:
        """Let it go on."""
        self.now += seconds


@dataclass(frozen=True)
class Post:
    """What becomes of one request that issues; all times in seconds.

    The service acts `late` after it was sent, `copies` times, `apart` from each other. A
    certificate is issued, or refused for good, `issuing` after that, and listed in the statistics
    `lag` later. The `answer` comes, or is given up, after `takes`.
    """

    answer: str = SERIAL
    copies: int = 1
    late: int = 0
    apart: int = 0
    issuing: int = 0
    is_refused_at_last: bool = False
    lag: int = 0
    takes: int = 0


@dataclass
class Order:
    """A certificate that the service was asked for. Times in UNIX seconds.

    `visible` is from when on it can be found. `found_out` is the end of the time in which that has
    to be, for no other to be asked for: the bound of the promise, infinite while nobody depends on
    it.
    """

    serial: str
    name: str
    key: str
    certificate: x509.Certificate = field(repr=False)
    issued: float
    visible: float
    is_refused: bool
    is_copy: bool
    found_out: float = math.inf
    is_revoked: bool = False

    @property
    def is_within_bound(self) -> bool:
        """Whether the service did with it what the promise takes for granted."""
        return self.is_refused or (self.visible <= self.found_out and not self.is_copy)

    @property
    def end(self) -> int:
        """When the certificate ends."""
        return int(self.certificate.not_valid_after_utc.timestamp())


class _Authority:
    """A root and an issuing CA below it."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        root_key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Model Issuing CA")
        root = self._signed(_name("Model Root"), _name("Model Root"), root_key, root_key)
        issuing = self._signed(self._name, _name("Model Root"), self._key, root_key)
        self.chain = [_pem(issuing), _pem(root)]

    @staticmethod
    def _signed(subject: x509.Name, issuer: x509.Name, key: Any, by: Any) -> x509.Certificate:
        builder = _builder(subject, issuer, key.public_key(), 1, 0, BEGINNING * 2)
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        return builder.add_extension(constraints, critical=True).sign(by, hashes.SHA256())

    def issue(
        self,
        name: str,
        public_key: Any,
        serial: int,
        begins: int,
        ends: int,
        is_authority: bool = False,
    ) -> x509.Certificate:
        """A certificate for one DNS name."""
        builder = _builder(_name(name), self._name, public_key, serial, begins, ends)
        names = x509.SubjectAlternativeName([x509.DNSName(name)])
        builder = builder.add_extension(names, critical=False)
        if is_authority:
            constraints = x509.BasicConstraints(ca=True, path_length=None)
            builder = builder.add_extension(constraints, critical=True)
        return builder.sign(self._key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: Any, serial: int, begins: int, ends: int
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=public_key,
        serial_number=serial,
        not_valid_before=datetime.datetime.fromtimestamp(begins, datetime.timezone.utc),
        not_valid_after=datetime.datetime.fromtimestamp(ends, datetime.timezone.utc),
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


AUTHORITY = _Authority()


class ModelService:
    """One account of Atlas. `settle` is what the runs of a history are told; `complaint` is what
    the policy forbids and was asked for all the same."""

    def __init__(self, clock: Clock, settle: int) -> None:
        self._clock = clock
        self._settle = settle
        self.orders: list[Order] = []
        self.complaint = ""

    def order(self, body: Mapping[str, Any], told: Post) -> list[Order]:
        """Act upon a request as often as it says; the bounds that the answer sets are noted."""
        name = body["san"]["dns_names"][0]
        validity = body["validity"]
        begins, ends = validity["not_before"], validity["not_after"]
        if abs(begins - self._clock.now) > SKEW or not begins < ends <= begins + LIFETIME:
            self.complaint = f"a validity that the policy forbids: {validity}"
        return self._act(name, body["public_key"], begins, ends, told)

    def order_again(self, serial: str, public_key: str, told: Post) -> list[Order]:
        """Act upon a rekey: the same names and the same end for another key."""
        old = self.find(serial)
        return self._act(old.name, public_key, int(self._clock.now), old.end, told)

    def _act(self, name: str, public_key: str, begins: int, ends: int, told: Post) -> list[Order]:
        made = [
            self._ordered(name, public_key, begins, ends, told, copy) for copy in range(told.copies)
        ]
        if told.answer != SERIAL:
            given_up = self._clock.now + told.takes
            for order in made:
                order.found_out = given_up + self._settle
        self.orders += made
        return made

    def _ordered(
        self, name: str, public_key: str, begins: int, ends: int, told: Post, copy: int
    ) -> Order:
        number = (len(self.orders) + copy + 1) << 64
        key = serialization.load_pem_public_key(public_key.encode("ascii"))
        issued = self._clock.now + told.late + told.apart * copy + told.issuing
        return Order(
            serial=f"{number:032X}",
            name=name,
            key=public_key.strip(),
            certificate=AUTHORITY.issue(name, key, number, begins, ends),
            issued=issued,
            visible=issued + told.lag,
            is_refused=told.is_refused_at_last,
            is_copy=copy > 0,
        )

    def find(self, serial: SerialNumber | str) -> Order:
        """What was asked for, by its serial number."""
        wanted = SerialNumber(str(serial)).for_url
        return next(order for order in self.orders if order.serial == wanted)

    def issued(self, name: str = "") -> list[Order]:
        """What is issued by now, of one name or of all."""
        return [
            order
            for order in self.orders
            if order.issued <= self._clock.now and not order.is_refused and name in order.name
        ]

    @property
    def keeps_to_bound(self) -> bool:
        """Whether it did with all requests what the promise takes for granted."""
        return all(order.is_within_bound for order in self.orders)

    def listed(self) -> list[Order]:
        """What the statistics show by now."""
        return [order for order in self.issued() if order.visible <= self._clock.now]


class ModelClient:
    """The calls of `api.client.Client` that the protocol uses, for one run.

    `posts` is what becomes of its requests that issue, in their order, `failing` which of the
    others fail; after that all goes well. `alive` is called before and after each.
    """

    def __init__(
        self,
        service: ModelService,
        clock: Clock,
        posts: Sequence[Post],
        failing: Sequence[bool],
        alive: Any,
    ) -> None:
        self._service, self._clock, self._alive = service, clock, alive
        self._posts, self._failing = iter(posts), iter(failing)
        self.orders: list[Order] = []
        self.requests = 0

    def __enter__(self) -> ModelClient:
        return self

    def __exit__(self, *_error: object) -> None:
        """There is nothing to close."""

    def service_time(self) -> int:
        """No request: the clock of the last answer."""
        return int(self._clock.now)

    def known_claims(self, _anew: bool) -> None:
        """An account whose claims are not listed."""

    def quota_for(self, _count: int, _is_kept: bool) -> None:
        """Nor is its quota."""

    # Requests that issue

    def request_certificate(self, body: Mapping[str, Any]) -> SerialNumber:
        """POST /certificates."""
        return self._issue("/certificates", lambda told: self._service.order(body, told))

    def rekey(
        self,
        serial: SerialNumber | str,
        public_key: str,
        _public_key_signature: str | None = None,
        _signature: Mapping[str, str] | None = None,
    ) -> SerialNumber:
        """POST /certificates/{serial}/rekey."""
        return self._issue(
            f"/certificates/{serial}/rekey",
            lambda told: self._service.order_again(str(serial), public_key, told),
        )

    def _issue(self, path: str, order: Any) -> SerialNumber:
        self._begin()
        told = next(self._posts, Post())
        made: list[Order] = order(told)
        self.orders += made
        # Who dies now has seen nothing of the answer, and no time has passed.
        self._alive()
        self._clock.sleep(told.takes)
        if told.answer == SERIAL:
            return SerialNumber(made[0].serial)
        raise ApiError(
            f"The answer was {told.answer}.",
            method="POST",
            path=path,
            outcome=OUTCOMES[told.answer],
        )

    # All others

    def validation_policy(self) -> Mapping[str, Any]:
        """GET /validationpolicy."""
        self._read("/validationpolicy")
        return POLICY

    def trust_chain(self) -> list[str]:
        """GET /trustchain."""
        self._read("/trustchain")
        return list(AUTHORITY.chain)

    def certificate(self, serial: SerialNumber | str) -> IssuedCertificate | None:
        """GET /certificates/{serial}."""
        self._read(f"/certificates/{serial}")
        order = self._service.find(serial)
        if order.issued > self._clock.now:
            return None
        if order.is_refused:
            raise ApiError(
                "The issuing CA refused it (422).",
                method="GET",
                path=f"/certificates/{serial}",
                status=422,
                outcome=errors.REFUSED,
            )
        status = "REVOKED" if order.is_revoked else "ISSUED"
        return IssuedCertificate(_pem(order.certificate), status, int(order.issued))

    def expiring_between(self, since: int, until: int) -> Iterator[ListedCertificate]:
        """GET /stats/expiring."""
        self._read("/stats/expiring")
        return iter(
            [_entry(order) for order in self._service.listed() if since <= order.end <= until]
        )

    def issued_between(self, since: int, until: int) -> Iterator[ListedCertificate]:
        """GET /stats/issued."""
        self._read("/stats/issued")
        return iter(
            [_entry(order) for order in self._service.listed() if since <= order.issued <= until]
        )

    def revoke(self, serial: SerialNumber | str, _reason: str, *_attested: object) -> None:
        """PATCH /certificates/{serial}."""
        self._read(f"/certificates/{serial}")
        self._service.find(serial).is_revoked = True

    def _read(self, path: str) -> None:
        self._begin()
        fails = next(self._failing, False)
        self._alive()
        if fails:
            self._clock.sleep(5)
            raise ApiError("It failed (500).", method="GET", path=path, status=500)

    def _begin(self) -> None:
        self._alive()
        self.requests += 1


def _entry(order: Order) -> ListedCertificate:
    begins = int(order.certificate.not_valid_before_utc.timestamp())
    return ListedCertificate(SerialNumber(order.serial), begins, order.end)
