# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the account may do, and has done (API reference, 2.7 to 2.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .calls import Calls
from .policy.shape import broken_shape

_BEGINNING = "-----BEGIN CERTIFICATE-----"


class AccountCalls(Calls):
    """Policy, trust chain, quota and counters."""

    def validation_policy(self) -> Mapping[str, Any]:
        """The validation policy of the account, as the service sends it."""
        response = self._read("/validationpolicy")
        wrong = broken_shape(response.json)
        if wrong:
            raise response.malformed(wrong)
        policy: Mapping[str, Any] = response.json
        return policy

    def trust_chain(self) -> list[str]:
        """The certificates above what is issued now, as PEM, the issuing CA first."""
        response = self._read("/trustchain")
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
        return self._read(path).fields().integer("value")


def is_certificate(value: Any) -> bool:
    """Whether it looks like a certificate in PEM format; what is in it others must read."""
    return isinstance(value, str) and _BEGINNING in value
