# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The chain of what was issued, also on the day that the issuing CA changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...api.client import Client
from ...asn1.certificate import Certificate
from ...errors import AtlasError
from ...pki import certificates, chains

_MOST_FETCHED = 3

Fetch = Callable[[str], bytes]


def matching_chain(
    client: Client, chain: list[str], issued: Sequence[str], fetch: Fetch
) -> list[str]:
    """Certificates (PEM) among which are the issuers of all that was issued (PEM).

    The trust chain of the service is that of today's issuing CA. If it did not sign each
    certificate it is fetched again once, and then the issuer that a certificate names itself
    (RFC 5280, 4.2.2.1) with `fetch`; that is taken only if it leads to a root of the trust chain.
    """
    known = list(chain)
    if all(_is_signed(certificate, known) for certificate in issued):
        return known
    known += [certificate for certificate in client.trust_chain() if certificate not in known]
    for certificate in issued:
        if not _is_signed(certificate, known):
            known += _named_issuers(certificate, known, fetch)
    return known


def _is_signed(certificate: str, chain: Sequence[str]) -> bool:
    try:
        candidates = _load(chain)
    except AtlasError:
        return False
    leaf = certificates.load_certificates(certificate.encode("ascii"))[0]
    return chains.issuers_of(leaf, candidates) is not None


def _load(chain: Sequence[str]) -> tuple[Certificate, ...]:
    return certificates.load_certificates("\n".join(chain).encode("ascii", "replace"))


def _named_issuers(certificate: str, chain: Sequence[str], fetch: Fetch) -> list[str]:
    """The issuers that a certificate and those above it name, if they lead to a known root."""
    roots = [known for known in _load(chain) if certificates.is_self_signed(known)]
    current = certificates.load_certificates(certificate.encode("ascii"))[0]
    found: list[Certificate] = []
    for _attempt in range(_MOST_FETCHED):
        if any(certificates.is_signed_by(current, root) for root in roots):
            return [certificates.certificate_pem(issuer) for issuer in found]
        issuer = _fetched_issuer(current, fetch)
        if issuer is None:
            return []
        found.append(issuer)
        current = issuer
    return []


def _fetched_issuer(current: Certificate, fetch: Fetch) -> Certificate | None:
    for url in certificates.issuer_urls(current):
        try:
            issuer = certificates.load_der_certificate(fetch(url))
        except AtlasError:
            continue
        if certificates.is_signed_by(current, issuer):
            return issuer
    return None
