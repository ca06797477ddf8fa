# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the account may do, and has done (API reference, 2.7 to 2.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .calls import Calls

_BEGINNING = "-----BEGIN CERTIFICATE-----"


class AccountCalls(Calls):
    """Policy, trust chain, quota and counters."""

    def validation_policy(self) -> Mapping[str, Any]:
        """The validation policy of the account, as the service sends it."""
        response = self._session.get("/validationpolicy")
        if not isinstance(response.json, dict):
            raise response.malformed("it is not an object")
        return response.json

    def trust_chain(self) -> list[str]:
        """The certificates above what is issued now, as PEM, the issuing CA first."""
        response = self._session.get("/trustchain")
        chain = response.entries()
        if not chain or not all(is_certificate(entry) for entry in chain):
            raise response.malformed("it is not a list of PEM certificates")
        return chain

    def quota(self) -> int:
        """How many certificates the account may still issue."""
        return self._value("/quotas/issuance")

    def issued_count(self) -> int:
        """How many certificates the account has ever issued."""
        return self._value("/counters/certificates/issued")

    def revoked_count(self) -> int:
        """How many certificates the account has ever revoked."""
        return self._value("/counters/certificates/revoked")

    def _value(self, path: str) -> int:
        return self._session.get(path).fields().integer("value")


def is_certificate(value: Any) -> bool:
    """Whether it looks like a certificate in PEM format; what is in it others must read."""
    return isinstance(value, str) and _BEGINNING in value
