# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have certificates revoked that are a node's own."""

from __future__ import annotations

from dataclasses import dataclass

from ...api.client import Client
from ...errors import AtlasError
from ..exchange import Proof
from ..wanted import Wanted
from .ownership import owned_certificate

KEY_COMPROMISE = "keyCompromise"
_REVOKED = "REVOKED"


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
        issued = owned_certificate(client, proof, nonce, wanted)
        if issued.status == _REVOKED:
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
        if seen is None or seen.status != _REVOKED:
            raise AtlasError(
                f"The service accepted the revocation of {proof.serial} and does not show it yet;"
                " the next run will look again."
            )
    except AtlasError as error:
        return Revoked(proof.serial, message=error.message)
    return Revoked(proof.serial, is_new=True)
