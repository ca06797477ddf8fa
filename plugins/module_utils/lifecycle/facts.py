# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a certificate says, as plain JSON types that both halves and the user read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CertificateFacts:
    """What a certificate says; times in UNIX seconds, names as `pki.certificates.Names`.

    `subject` and `issuer` are in the form of RFC 4514, `key` is such as `ECDSA 256` (of a kind
    that Atlas does not know its name or OID), and `fingerprint` is SHA-256 in lower-case hex.
    """

    serial_number: str
    not_before: int
    not_after: int
    subject: str
    issuer: str
    dns_names: list[str]
    emails: list[str]
    ip_addresses: list[str]
    uris: list[str]
    key: str
    fingerprint: str
