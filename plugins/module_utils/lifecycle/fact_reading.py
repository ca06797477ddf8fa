# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the facts of a certificate; apart from `facts`, which needs no X.509 library."""

from __future__ import annotations

from ..pki import certificates
from ..pki.keys import kind_of
from ..pki.library import x509
from .facts import CertificateFacts


def facts_of(certificate: x509.Certificate) -> CertificateFacts:
    """Read the facts of a certificate."""
    names = certificates.names(certificate)
    return CertificateFacts(
        serial_number=certificates.serial_number(certificate),
        not_before=certificates.not_before(certificate),
        not_after=certificates.not_after(certificate),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        dns_names=sorted(names.dns_names),
        emails=sorted(names.emails),
        ip_addresses=sorted(names.ip_addresses),
        uris=sorted(names.uris),
        key=str(kind_of(certificate.public_key())),
        fingerprint=certificates.fingerprint(certificate),
    )
