# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Atlas API: a method for each endpoint, in the rooms of what they are about."""

from __future__ import annotations

from .certificate_calls import CertificateCalls, IssuedCertificate, ListedCertificate
from .claim import Claim, ClaimToken, LogEntry, txt_value
from .claim_calls import ClaimCalls, EmailAddresses
from .serial import SerialNumber

__all__ = [
    "Claim",
    "ClaimToken",
    "Client",
    "EmailAddresses",
    "IssuedCertificate",
    "ListedCertificate",
    "LogEntry",
    "SerialNumber",
    "txt_value",
]


class Client(CertificateCalls, ClaimCalls):
    """All calls of one account. Each raises `ApiError`; several threads may call at a time."""
