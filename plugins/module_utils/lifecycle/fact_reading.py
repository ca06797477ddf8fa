# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the facts of a certificate; apart from `facts`, which needs no X.509 library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..pki import certificates
from .facts import CertificateFacts

if TYPE_CHECKING:
    from ..pki.certificates import AnyCertificate


def facts_of(certificate: AnyCertificate) -> CertificateFacts:
    """Read the facts of a certificate."""
    names = certificates.names(certificate)
    return CertificateFacts(
        serial_number=certificates.serial_number(certificate),
        not_before=certificates.not_before(certificate),
        not_after=certificates.not_after(certificate),
        subject=certificates.subject_text(certificate),
        issuer=certificates.issuer_text(certificate),
        dns_names=sorted(names.dns_names),
        emails=sorted(names.emails),
        ip_addresses=sorted(names.ip_addresses),
        uris=sorted(names.uris),
        key=certificates.key_text(certificate),
        fingerprint=certificates.fingerprint(certificate),
    )
