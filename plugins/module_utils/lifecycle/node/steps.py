# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that run on the node, for all certificates of a task at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import AtlasError
from ...pki.keys import KeyKind
from ...pki.library import require_cryptography
from ..exchange import Inspection, Installed, Prepared, on_wire
from ..wanted import Wanted
from .inspect import inspect
from .install import discard, install, mend
from .prepare import prepare


def run(
    step: str, certificates: Sequence[Mapping[str, Any]], now: int | None, check_mode: bool
) -> list[dict[str, Any]]:
    """Do one step for each certificate, and answer in plain JSON types."""
    require_cryptography()
    if step == "inspect":
        if now is None:
            raise AtlasError("now is not set: inspect needs the controller's time.")
        return [on_wire(_inspect(item, now)) for item in certificates]
    if check_mode:
        raise AtlasError(f"{step} changes the node, and is never called in check mode.")
    if step == "prepare":
        return [on_wire(_prepare(item)) for item in certificates]
    return [on_wire(_install(item)) for item in certificates]


def _inspect(item: Mapping[str, Any], now: int) -> Inspection:
    return inspect(Wanted.from_wire(item["wanted"]), now)


def _prepare(item: Mapping[str, Any]) -> Prepared:
    return prepare(Wanted.from_wire(item["wanted"]), KeyKind(item["key_type"], item["key_bits"]))


def _install(item: Mapping[str, Any]) -> Installed:
    wanted = Wanted.from_wire(item["wanted"])
    if item["action"] == "install":
        return install(wanted, item["certificate"], item["chain"])
    if item["action"] == "mend":
        return mend(wanted, item["chain"])
    return discard(wanted)
