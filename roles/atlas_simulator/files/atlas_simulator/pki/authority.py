# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The issuing hierarchy: a root, and issuing CAs below it that take turns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..clock import Clock
from .making import make_ca
from .pairs import Pair, kept

_ROOT_DAYS, _ISSUING_DAYS = 20 * 365, 10 * 365


class Authority:
    """Made once and kept in the data folder.

    Each rotation begins another generation of issuing CAs, from 1. A generation has one with an
    ECDSA key and one with an RSA key; their numbers are 1 and 2 for the first, 3 and 4 for the
    second, and so on.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._issuers: dict[int, Pair] = {}
        self.root = kept(
            folder, "root", lambda: make_ca("Simulated Atlas Root", _ROOT_DAYS, clock.now())
        )
        self.generation = 1
        self.issuer(1)
        while (folder / f"issuing-{2 * self.generation + 1}.crt").exists():
            self.generation += 1
        (folder / "root.pem").write_text(self.root.pem, encoding="ascii")

    def issuer(self, number: int) -> Pair:
        """The issuing CA of a number, made when it is first needed."""
        if number not in self._issuers:
            name = f"Simulated Atlas Issuing CA {number}"
            self._issuers[number] = kept(
                self._folder,
                f"issuing-{number}",
                lambda: make_ca(
                    name, _ISSUING_DAYS, self._clock.now(), self.root, with_rsa=number % 2 == 0
                ),
            )
        return self._issuers[number]

    def has(self, number: int) -> bool:
        """Whether there is an issuing CA of a number."""
        return 1 <= number <= 2 * self.generation

    def rotate(self) -> Pair:
        """Begin another generation. What others signed stays valid."""
        self.generation += 1
        return self.issuer(2 * self.generation - 1)

    def number(self, policy: Mapping[str, Any], generations_back: int = 0) -> int:
        """The CA that signs under a policy: with RSA if the first signature algorithm that the
        policy lists is of that kind, else with ECDSA."""
        generation = max(1, self.generation - generations_back)
        algorithms = ((policy.get("signature") or {}).get("algorithm") or {}).get("list") or [""]
        return 2 * generation if algorithms[0].startswith("RSA") else 2 * generation - 1

    def expiry(self, policy: Mapping[str, Any]) -> int:
        """When the CA that signs under a policy ends, in UNIX seconds."""
        certificate = self.issuer(self.number(policy)).certificate
        return int(certificate.not_valid_after_utc.timestamp())
