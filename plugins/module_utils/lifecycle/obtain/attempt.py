# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request on its way, and what may become of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...api.client import SerialNumber
from ...asn1.certificate import Certificate
from ...errors import AtlasError
from ...pki import certificates, keys
from .. import due, expiry
from ..exchange import Prepared
from ..facts import CertificateFacts
from ..wanted import PUBLIC_KEY
from .lookup import Identity, any_leaf
from .ownership import names_that_differ
from .plan import MOST_SHORTENED, WRONG_PROOF, Planned

INSTALL, KEEP, REJECT = "install", "keep", "reject"
CLOSE, PENDING, UNKNOWN = "close", "pending", "unknown"
VOID = "void"
_DAY = 86400


@dataclass(frozen=True)
class Attempt:
    """What is planned, what the node prepared, when it was begun and until when it may be sent
    (UNIX seconds of the service's clock). `refusal` is why it must not be sent at all."""

    planned: Planned
    prepared: Prepared
    nonce: str
    begun: int
    until: float
    refusal: str = ""

    @property
    def is_fresh(self) -> bool:
        """Whether nothing can have been sent for it before this run."""
        return self.prepared.is_fresh

    @property
    def not_after(self) -> int:
        """The end that is asked for: of a fresh attempt the plan's, whatever the node says."""
        return self.planned.not_after if self.is_fresh else self.prepared.not_after


@dataclass(frozen=True)
class Outcome:
    """What became of one request.

    `action` is what the node has to do with it:

    - `install` the `certificate` (PEM), whose `facts` are set;
    - `keep` it, because it is not valid yet, or `reject` it, because it is of no use;
    - `close` the attempt: the service issued nothing, and never will for it;
    - note that it is `pending`, accepted with this `serial`, or that it is `unknown`.

    `void`: the attempt is of no use any more, and another has to be begun. `orphan` is the serial
    number of what was issued for it, if that is known. `message` says why there is no certificate
    to install, `why` the same in a few words, where the node is to remember it.
    """

    action: str
    message: str = ""
    certificate: str = ""
    facts: CertificateFacts | None = None
    warnings: tuple[str, ...] = ()
    serial: str = ""
    orphan: str = ""
    why: str = ""


def proven_key(attempt: Attempt) -> keys.PublicKey:
    """The node's public key, once it has shown that it holds the private key.

    Where the private key lives elsewhere, the CSR shows it; a bare public key shows nothing, and
    the service asks for a proof if its policy wants one.
    """
    prepared, external = attempt.prepared, attempt.planned.wanted.external_key
    try:
        key = keys.load_public_key(prepared.public_key)
    except AtlasError as error:
        raise AtlasError(f"The node's public key {error.message}.") from None
    if external is None:
        is_proven = keys.answers_challenge(key, attempt.nonce, prepared.answer)
    else:
        is_proven = external.kind == PUBLIC_KEY or keys.signing_request_proves(
            key, prepared.signing_request
        )
    if external and external.proof and not keys.proves_possession(key, external.proof):
        raise AtlasError(WRONG_PROOF)
    if not is_proven:
        raise AtlasError("The node did not prove that it holds the private key of its request.")
    return key


def identity_of(attempt: Attempt, key: keys.PublicKey) -> Identity:
    """What the certificate of this attempt is known by."""
    prepared, wanted = attempt.prepared, attempt.planned.wanted
    return Identity(
        fits=any_leaf
        if prepared.is_key_unique
        else lambda leaf: not names_that_differ(wanted, leaf),
        key_digest=keys.public_key_digest(key),
        not_after=attempt.not_after,
        known=frozenset(_serials(prepared.known)),
        begun=attempt.begun if attempt.is_fresh else prepared.begun or attempt.begun,
    )


def _serials(texts: Sequence[str]) -> Iterator[SerialNumber]:
    for text in texts:
        try:
            yield SerialNumber(text)
        except ValueError:  # one that others issued may be longer than any of the service
            continue


def why_void(attempt: Attempt, key: keys.PublicKey) -> str | None:
    """Why an attempt of an earlier run that came to nothing is not sent again, empty if there is
    nothing to say; None if it is."""
    prepared = attempt.prepared
    if not prepared.is_same_machine:
        return (
            "A request that was begun on another machine, of which this one may be a copy, was not"
            " found; it is given up, and what was issued for it, if anything, is not used."
        )
    if not prepared.is_same_account:
        return (
            "A request that was begun with other credentials was not found with these; it is given"
            " up, and what was issued for it, if anything, is not used."
        )
    return None if prepared.is_same_wish and _is_still_wanted(attempt, key) else ""


def _is_still_wanted(attempt: Attempt, key: keys.PublicKey) -> bool:
    """Whether what was asked for then would be asked for now: the end and the kind of key.

    The end that is recorded is asked for again if it is about what it would be today: the
    policy or the task may have changed since, and the rest of its time may have passed.
    """
    planned, recorded = attempt.planned, attempt.prepared.not_after
    wanted = planned.wanted
    kinds = (planned.key_kind, *planned.kept_kinds)
    if wanted.external_key is None and keys.kind_of(key) not in kinds:
        return False
    if planned.by_rekey or wanted.not_after or not (recorded and planned.not_after):
        return recorded == planned.not_after
    lifetime = planned.not_after - planned.request.not_before
    is_allowed = recorded <= planned.not_after + MOST_SHORTENED
    return is_allowed and planned.not_after - recorded <= max(_DAY, lifetime // 10)


def is_of_use(attempt: Attempt, leaf: Certificate, now: int) -> bool:
    """Whether what was issued for an earlier run is wanted today, and for long enough."""
    wanted, prepared = attempt.planned.wanted, attempt.prepared
    if not prepared.is_same_wish:
        differences = due.mismatches(wanted, leaf)
    elif not prepared.is_key_unique:
        differences = names_that_differ(wanted, leaf)
    else:
        differences = []
    ends = certificates.not_after(leaf)
    lifetime = ends - certificates.not_before(leaf)
    return not differences and ends - now > expiry.threshold(wanted, lifetime)
