# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a listener serves."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import AtlasError

_LONGEST_LIFETIME = 86400


@dataclass(frozen=True)
class ServedFile:
    """One path with one content on one port, for so many seconds at most."""

    port: int
    path: str
    content: str
    lifetime: int

    def require_sense(self) -> None:
        """Refuse what cannot be served."""
        if not 0 < self.port < 65536:
            raise AtlasError(f"port: {self.port} is no port; give one from 1 to 65535.")
        if not re.fullmatch(r"/[!-~]*", self.path) or "?" in self.path or "#" in self.path:
            raise AtlasError(
                f"path: {self.path!r} is not the path of a URL; give one such as"
                " '/.well-known/pki-validation/gsdv.txt'."
            )
        if not 0 < self.lifetime <= _LONGEST_LIFETIME:
            raise AtlasError(
                f"lifetime: {self.lifetime} is no time to serve; give seconds from 1 to"
                f" {_LONGEST_LIFETIME}, a day."
            )
