# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask for certificates, several at a time, and wait for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ...api.client import Client, IssuedCertificate, SerialNumber
from ...api.errors import ApiError
from ...errors import AtlasError
from ...pki import certificates, chains, keys
from ...pki.library import x509
from .. import due
from ..exchange import Prepared
from ..facts import CertificateFacts, facts_of
from ..wanted import Wanted, leaves_no_life
from .plan import Planned

MOST_AT_A_TIME = 8
ISSUANCE_DEADLINE = 120.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


@dataclass(frozen=True)
class Outcome:
    """What became of one request.

    `certificate` (PEM), its `facts` and `warnings` are set if it was issued. Otherwise
    `message` says why not, and `refused` whether that is final: the service issued nothing and
    never will for this attempt.
    """

    certificate: str = ""
    facts: CertificateFacts | None = None
    warnings: tuple[str, ...] = ()
    message: str = ""
    refused: bool = False


def issue(client: Client, attempts: Sequence[tuple[Planned, Prepared]]) -> list[Outcome]:
    """Ask for a certificate for each attempt; one that fails does not stop the others."""
    if not attempts:
        return []
    with ThreadPoolExecutor(min(MOST_AT_A_TIME, len(attempts))) as pool:
        return list(pool.map(lambda attempt: _obtain(client, *attempt), attempts))


def _obtain(client: Client, planned: Planned, prepared: Prepared) -> Outcome:
    try:
        return _request_and_fetch(client, planned, prepared)
    except Exception as error:  # what was issued for the others must not be lost with this one
        message = f"This is a fault of globalsign.atlas, please report it: {error!r}"
        return Outcome(message=message)


def _request_and_fetch(client: Client, planned: Planned, prepared: Prepared) -> Outcome:
    try:
        public_key = _proven_key(prepared, planned.as_signing_request)
    except AtlasError as error:
        return Outcome(message=error.message, refused=True)
    sent_key = prepared.signing_request if planned.as_signing_request else prepared.public_key
    request = replace(
        planned.request,
        not_before=client.service_time() - planned.backdated,
        public_key=sent_key,
        public_key_signature=prepared.proof if planned.with_proof else None,
    )
    try:
        serial = client.request_certificate(request.body())
    except ApiError as error:
        return Outcome(message=error.message, refused=not error.may_have_acted)
    try:
        leaf = _await(client, serial, public_key)
    except ApiError as error:
        message = (
            f"The certificate with the serial number {serial} was asked for, and could not be"
            f" fetched: {error.message}"
        )
        # 422 is the issuing backend's final refusal (API reference, GET /certificates/{serial}).
        return Outcome(message=message, refused=error.status == 422)
    except AtlasError as error:
        return Outcome(message=f"The certificate with the serial number {serial} {error.message}.")
    return Outcome(
        certificate=certificates.certificate_pem(leaf),
        facts=facts_of(leaf),
        warnings=tuple(_surprises(planned.wanted, leaf)),
    )


def _proven_key(prepared: Prepared, by_request: bool) -> keys.PublicKey:
    """The node's public key, once it has shown that it holds the private key."""
    try:
        key = keys.load_public_key(prepared.public_key)
    except AtlasError as error:
        raise AtlasError(f"The node's public key {error.message}.") from None
    proven = (
        keys.signing_request_proves(key, prepared.signing_request)
        if by_request
        else keys.proves_possession(key, prepared.proof)
    )
    if not proven:
        raise AtlasError("The node did not prove that it holds the private key of its request.")
    return key


def _await(client: Client, serial: SerialNumber, public_key: keys.PublicKey) -> x509.Certificate:
    """The certificate once it is issued; the error texts follow its serial number."""
    issued = _poll(lambda: client.certificate(serial))
    if issued is None:
        raise AtlasError(f"is still being issued after {ISSUANCE_DEADLINE:.0f} seconds")
    leaf = certificates.load_certificates(issued.pem.encode("ascii", "replace"))[0]
    if certificates.public_key_digest(leaf) != keys.public_key_digest(public_key):
        raise AtlasError("is for another key than the one sent")
    return leaf


def _poll(ask: Callable[[], IssuedCertificate | None]) -> IssuedCertificate | None:
    deadline = time.monotonic() + ISSUANCE_DEADLINE
    pause = _FIRST_PAUSE
    while True:
        answer = ask()
        if answer is not None or time.monotonic() + pause > deadline:
            return answer
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _surprises(wanted: Wanted, leaf: x509.Certificate) -> Iterator[str]:
    """What the service granted otherwise than was asked for."""
    for mismatch in due.mismatches(wanted, leaf):
        yield (
            f"The certificate was issued, but differs from what the task states ({mismatch}); the"
            " next run will ask for another unless the task states what was granted."
        )
    lifetime = certificates.not_after(leaf) - certificates.not_before(leaf)
    if leaves_no_life(wanted.renew_before, lifetime):
        yield (
            f"The certificate was granted for {lifetime // 3600} hours, and renew_before"
            f" {wanted.renew_before} leaves less than a fifth of that; it will be renewed after"
            " half its life."
        )


def matching_chain(client: Client, chain: list[str], outcomes: Sequence[Outcome]) -> list[str]:
    """The trust chain that signed what was issued, as PEM, the issuing CA first.

    It is fetched again once if `chain` did not sign each certificate: on the day that the issuing
    CA rotates it may be a moment too old (API reference, "Issuing-CA rotation").
    """
    issued = [outcome.certificate for outcome in outcomes if outcome.certificate]
    if all(_signed(certificate, chain) for certificate in issued):
        return chain
    return [*chain, *client.trust_chain()]


def _signed(certificate: str, chain: Sequence[str]) -> bool:
    try:
        candidates = certificates.load_certificates("\n".join(chain).encode("ascii", "replace"))
    except AtlasError:
        return False
    leaf = certificates.load_certificates(certificate.encode("ascii"))[0]
    return chains.issuers_of(leaf, candidates) is not None
