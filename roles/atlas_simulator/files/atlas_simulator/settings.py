# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the simulator was told on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .accounts import AccountSettings
from .behaviour import Behaviour
from .policy.readings import Readings


@dataclass(frozen=True)
class Address:
    """Where a listener is; port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True)
class Verification:
    """Where claims are verified.

    `names` maps names to addresses for the simulator's own requests; the rest goes to
    `resolvers`, or to the system's if there are none. Mail goes to `smtp`.
    """

    names: Mapping[str, str]
    resolvers: tuple[Address, ...]
    http_port: int
    https_port: int
    smtp: Address | None


@dataclass(frozen=True)
class Settings:
    """All of it. The first account is the one that `env` in the data folder tells of."""

    data_dir: Path
    listen: Address
    server_names: tuple[str, ...]
    control: Address | None
    pki_listen: Address | None
    accounts: tuple[AccountSettings, ...]
    verification: Verification
    behaviour: Behaviour
    readings: Readings
