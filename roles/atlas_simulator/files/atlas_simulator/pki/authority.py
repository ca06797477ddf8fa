# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The issuing hierarchy: a root, and issuing CAs below it that take turns."""

from __future__ import annotations

from pathlib import Path

from ..clock import Clock
from .leaf import Leaf, sign
from .making import make_ca
from .pairs import Pair, kept

_ROOT_DAYS, _ISSUING_DAYS = 20 * 365, 10 * 365


class Authority:
    """Made once and kept in the data folder. The last of `issuers` signs."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self.root = kept(
            folder, "root", lambda: make_ca("Simulated Atlas Root", _ROOT_DAYS, clock.now())
        )
        self.issuers = [self._issuing(1)]
        while (folder / f"issuing-{len(self.issuers) + 1}.crt").exists():
            self.issuers.append(self._issuing(len(self.issuers) + 1))
        (folder / "root.pem").write_text(self.root.pem, encoding="ascii")

    def _issuing(self, number: int) -> Pair:
        return kept(
            self._folder,
            f"issuing-{number}",
            lambda: make_ca(
                f"Simulated Atlas Issuing CA {number}",
                _ISSUING_DAYS,
                self._clock.now(),
                self.root,
            ),
        )

    @property
    def issuing(self) -> Pair:
        """The CA that signs now."""
        return self.issuers[-1]

    def rotate(self) -> Pair:
        """Have a new CA sign from now on. What others signed stays valid."""
        self.issuers.append(self._issuing(len(self.issuers) + 1))
        return self.issuing

    @property
    def chain(self) -> list[str]:
        """The trust chain as PEM, the issuing CA first."""
        return [self.issuing.pem, self.root.pem]

    @property
    def issuer_expiry(self) -> int:
        """When the issuing CA ends, in UNIX seconds."""
        return int(self.issuing.certificate.not_valid_after_utc.timestamp())

    def issue(self, leaf: Leaf) -> str:
        """Sign a certificate; PEM. Raises `ValueError` for what X.509 cannot say."""
        return sign(leaf, self.issuing)
