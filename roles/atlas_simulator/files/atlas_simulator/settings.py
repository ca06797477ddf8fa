# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the simulator was told on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Address:
    """Where a listener is; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True)
class Settings:
    """`resolve` maps names to addresses for the simulator's own verification requests."""

    data_dir: Path
    listen: Address
    server_names: tuple[str, ...]
    control: Address | None
    policy: Mapping[str, Any]
    verified: tuple[str, ...]
    resolve: Mapping[str, str]
    verify_http_port: int
