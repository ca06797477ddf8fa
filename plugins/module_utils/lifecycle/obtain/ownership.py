# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a certificate that a node speaks of is that node's own.

A serial number that a node reports is a claim. Revocation needs only a serial number, and a rekey
copies the old certificate's names to another key.
"""

from __future__ import annotations

from ...api.client import Client, IssuedCertificate
from ...asn1.certificate import Certificate
from ...errors import AtlasError
from ...pki import certificates, keys
from .. import due
from ..exchange import Proof
from ..wanted import Wanted


def owned_certificate(
    client: Client, proof: Proof, nonce: str, wanted: Wanted | None
) -> IssuedCertificate:
    """The service's certificate of this serial number, once the node has shown that it has its key.

    With `wanted` its names must be those that the task states too. Raises `AtlasError`.
    """
    issued = named_certificate(client, proof.serial, None)
    leaf = certificates.load_certificates(issued.pem.encode("ascii", "replace"))[0]
    try:
        key = keys.load_public_key(proof.public_key)
    except AtlasError as error:
        raise AtlasError(f"The node's public key {error.message}.") from None
    is_its_key = keys.public_key_digest(key) == certificates.public_key_digest(leaf)
    if not is_its_key or not keys.answers_challenge(key, nonce, proof.answer):
        raise AtlasError(
            f"The node did not prove that it has the private key of the certificate {proof.serial};"
            " nothing was done with that certificate."
        )
    if wanted is not None:
        _refuse_other_names(wanted, leaf, proof.serial)
    return issued


def named_certificate(client: Client, serial: str, wanted: Wanted | None) -> IssuedCertificate:
    """The service's certificate of this serial number, with `wanted` if it is for its names."""
    issued = client.certificate(serial)
    if issued is None:
        raise AtlasError(f"The certificate {serial} is still being issued.")
    if wanted is not None:
        leaf = certificates.load_certificates(issued.pem.encode("ascii", "replace"))[0]
        _refuse_other_names(wanted, leaf, serial)
    return issued


def names_that_differ(wanted: Wanted, leaf: Certificate) -> list[str]:
    """What of the names and the subject of a certificate is not as the task states."""
    return [
        difference
        for difference in due.mismatches(wanted, leaf)
        if not difference.startswith(("key_usages", "extended_key_usages", "signature"))
    ]


def _refuse_other_names(wanted: Wanted, leaf: Certificate, serial: str) -> None:
    names = names_that_differ(wanted, leaf)
    if names:
        raise AtlasError(
            f"The certificate {serial} is not for the names and the subject of this task"
            f" ({'; '.join(names)}); nothing was done with it."
        )
