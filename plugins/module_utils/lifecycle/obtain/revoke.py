# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have certificates revoked that are a node's own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ...api.client import Client
from ...api.errors import REFUSED, ApiError
from ...errors import AtlasError
from ..exchange import Proof
from ..wanted import Wanted
from .ownership import named_certificate, owned_certificate

KEY_COMPROMISE = "keyCompromise"
REVOKED = "REVOKED"
_MOST_AT_A_TIME = 8


@dataclass(frozen=True)
class Revocation:
    """Why to revoke; `compromised_at` in UNIX seconds. For a compromised key the node's CSR,
    signed with it, goes along."""

    reason: str
    compromised_at: int | None = None


@dataclass(frozen=True)
class Revoked:
    """What became of one: `is_new` if it was not revoked before. `message` says why it failed."""

    serial: str
    is_new: bool = False
    message: str = ""


def revoke(
    client: Client,
    proof: Proof,
    nonce: str,
    revocation: Revocation,
    wanted: Wanted | None,
    check_mode: bool = False,
) -> Revoked:
    """Revoke one certificate, and see that it is; one that is revoked already stays as it is.

    With `wanted` its names must be those of the task. In check mode nothing is revoked.
    """
    try:
        if proof.is_revoked:
            return _seen_to_be_revoked(client, proof, wanted)
        issued = owned_certificate(client, proof, nonce, wanted)
        if issued.status == REVOKED:
            return Revoked(proof.serial)
        if check_mode:
            return Revoked(proof.serial, is_new=True)
        is_compromised = revocation.reason == KEY_COMPROMISE
        client.revoke(
            proof.serial,
            revocation.reason,
            revocation.compromised_at if is_compromised else None,
            proof.attestation if is_compromised else None,
        )
        seen = client.certificate(proof.serial)
        if seen is None or seen.status != REVOKED:
            raise AtlasError(
                f"The service accepted the revocation of {proof.serial} and does not show it yet;"
                " the next run will look again."
            )
    except AtlasError as error:
        return Revoked(proof.serial, message=error.message)
    return Revoked(proof.serial, is_new=True)


def _seen_to_be_revoked(client: Client, proof: Proof, wanted: Wanted | None) -> Revoked:
    """The node's record says that it was revoked; whether it is, only the service can say."""
    issued = named_certificate(client, proof.serial, wanted)
    if issued.status == REVOKED:
        return Revoked(proof.serial)
    raise AtlasError(
        f"The node says that {proof.serial} was revoked, and the service says that it is"
        f" {issued.status}; look at the certificate in the Atlas portal."
    )


def statuses(client: Client, serials: Sequence[str]) -> tuple[dict[str, str], str]:
    """What the service says of certificates: ISSUED or REVOKED, by serial number.

    One that it does not know is told without a status. If the service cannot be asked, what it had
    said before is returned, and why it says no more.
    """
    told: dict[str, str] = {}
    failures: list[str] = []

    def ask(serial: str) -> None:
        if failures:
            return
        try:
            issued = client.certificate(serial)
            told[serial] = issued.status if issued else ""
        except ApiError as error:
            if error.outcome == REFUSED:
                told[serial] = ""
            else:
                failures.append(error.message)
        except AtlasError:  # no serial number of Atlas: another CA's
            told[serial] = ""

    with ThreadPoolExecutor(_MOST_AT_A_TIME) as pool:
        list(pool.map(ask, serials))
    return told, failures[0] if failures else ""
