# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains: from a certificate up to its root."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..asn1.certificate import Certificate
from ..errors import AtlasError
from . import certificates

LONGEST_CHAIN = 10


def issuers_of(
    leaf: Certificate, candidates: Iterable[Certificate]
) -> tuple[Certificate, ...] | None:
    """The issuers of `leaf` among `candidates`, nearest first, each verified by signature.

    The self-signed root is left out: clients have it, and servers must not send it. None if no
    candidate signed `leaf`, or if they signed each other in a circle, which leads to no root; an
    empty tuple if the root itself did.
    """
    pool = list(candidates)
    issuers: list[Certificate] = []
    current = leaf
    while len(issuers) < LONGEST_CHAIN:
        issuer = _signer_of(current, pool)
        if issuer is None:
            is_circle = _signer_of(current, issuers) is not None
            return None if is_circle else tuple(issuers) or None
        if certificates.is_self_signed(issuer):
            return tuple(issuers)
        pool.remove(issuer)
        issuers.append(issuer)
        current = issuer
    return tuple(issuers)


def leaf_of(held: Sequence[Certificate]) -> Certificate:
    """The one of these that issued none of the others; the first if that says nothing."""
    for candidate in held:
        others = [other for other in held if other != candidate]
        if not any(certificates.is_signed_by(other, candidate) for other in others):
            return candidate
    return held[0]


def split_issuers(
    leaf: Certificate, candidates: Iterable[Certificate]
) -> tuple[tuple[Certificate, ...] | None, Certificate | None]:
    """The issuers of `leaf` as `issuers_of` has them, and the self-signed root above, if known."""
    pool = list(candidates)
    issuers = issuers_of(leaf, pool)
    if issuers is None:
        return None, None
    top = issuers[-1] if issuers else leaf
    roots = [certificate for certificate in pool if certificates.is_self_signed(certificate)]
    return issuers, _signer_of(top, roots)


def _signer_of(certificate: Certificate, candidates: Iterable[Certificate]) -> Certificate | None:
    for candidate in candidates:
        if (
            candidate != certificate
            and certificates.may_issue(candidate)
            and certificates.is_signed_by(certificate, candidate)
        ):
            return candidate
    return None


def split(chain: Iterable[str]) -> dict[str, list[str] | str]:
    """A trust chain (PEM texts, the issuing CA first) as what servers and clients want of it.

    `chain` holds the issuers that a server sends, without the self-signed root, `root` the root
    that a client trusts (empty if the chain has none), `certificates` all as they came.
    """
    texts = list(chain)
    try:
        loaded = [
            certificates.load_certificates(text.encode("ascii", "replace"))[0] for text in texts
        ]
    except AtlasError as error:
        raise AtlasError(f"The trust chain that the service sent {error.message}.") from None
    roots = [certificate for certificate in loaded if certificates.is_self_signed(certificate)]
    issuers = [certificate for certificate in loaded if certificate not in roots]
    if issuers and issuers_of(issuers[0], loaded) is None and _signer_of(issuers[0], loaded):
        raise AtlasError(
            "The trust chain that the service sent goes in a circle and leads to no root."
        )
    return {
        "certificates": texts,
        "chain": "".join(map(certificates.certificate_pem, issuers)),
        "root": "".join(map(certificates.certificate_pem, roots)),
    }
