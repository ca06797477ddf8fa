# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked for: the certificate request object of `POST /certificates`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CertificateRequest:
    """A certificate request (API reference, "The certificate request object").

    Names and subject stand here in full even if `public_key` is a CSR: the service reads none
    from it. Times are UNIX seconds; without `not_after` the service grants the latest that the
    policy allows. `public_key` is a PEM SubjectPublicKeyInfo or a PEM CSR, as the policy says;
    `public_key_signature` is the proof of possession in base64.
    """

    subject_dn: Mapping[str, str | list[str]]
    san: Mapping[str, tuple[str, ...]]
    not_before: int
    not_after: int | None = None
    public_key: str | None = None
    public_key_signature: str | None = None

    def body(self) -> dict[str, Any]:
        """The JSON body. What is empty is left out: the policy may forbid even an empty member."""
        body: dict[str, Any] = {
            "validity": {"not_before": self.not_before},
            "subject_dn": _stated(self.subject_dn),
        }
        if self.not_after is not None:
            body["validity"]["not_after"] = self.not_after
        san = _stated({kind: list(names) for kind, names in self.san.items()})
        if san:
            body["san"] = san
        if self.public_key:
            body["public_key"] = "\n".join(self.public_key.strip().splitlines())
        if self.public_key_signature:
            body["public_key_signature"] = self.public_key_signature
        return body


def _stated(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
