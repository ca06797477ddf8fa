# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificate request as the API wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CertificateRequest:
    """What is asked for; times in UNIX seconds.

    `not_after` None is the latest that the policy allows. `public_key` is a PEM
    SubjectPublicKeyInfo, or a PKCS#10 request where the policy wants one.
    """

    subject_dn: Mapping[str, Any]
    san: Mapping[str, tuple[str, ...]]
    not_before: int
    not_after: int | None = None
    public_key: str | None = None
    public_key_signature: str | None = None

    def body(self) -> dict[str, Any]:
        """The body of POST /certificates. What is empty is left out, as sent it would count."""
        validity = {"not_before": self.not_before}
        if self.not_after is not None:
            validity["not_after"] = self.not_after
        optional = {
            "san": {kind: list(names) for kind, names in self.san.items() if names},
            "public_key": self.public_key.rstrip("\n") if self.public_key else None,
            "public_key_signature": self.public_key_signature,
        }
        return {
            "validity": validity,
            "subject_dn": {name: value for name, value in self.subject_dn.items() if value},
            **{name: value for name, value in optional.items() if value},
        }
