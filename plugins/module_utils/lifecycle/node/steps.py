# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that run on the node, for all certificates of a task at once."""

from __future__ import annotations

import os.path
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...errors import AtlasError
from ...pki.library import require_cryptography
from ..exchange import Acknowledged, Answer, Inspection, Installed, Prepared, Removed, on_wire
from ..wanted import Wanted
from . import acknowledge, install, prepare, remove
from .inspect import inspect

STEPS = (
    "inspect",
    "prepare",
    "install",
    "acknowledge",
    "previous",
    "prove",
    "revoked",
    "remove",
)
_ANSWERS: Mapping[str, type[Answer]] = {
    "inspect": Inspection,
    "prepare": Prepared,
    "install": Installed,
    "acknowledge": Acknowledged,
    "previous": Acknowledged,
    "prove": Acknowledged,
    "revoked": Acknowledged,
    "remove": Removed,
}
_READING = ("inspect", "prove", "remove")
"""Steps that change nothing, or know what check mode is."""


def run(
    step: str, certificates: Sequence[Mapping[str, Any]], secrets: Sequence[str], check_mode: bool
) -> list[dict[str, Any]]:
    """Do one step for each certificate, and answer in plain JSON types.

    Where a passphrase stands, `certificates` has its place in `secrets`.
    """
    require_cryptography()
    if check_mode and step not in _READING:
        raise AtlasError(f"{step} changes the node, and is never called in check mode.")
    perform = _performer(step, check_mode)
    return [on_wire(_guarded(perform, step, _with_secrets(item, secrets))) for item in certificates]


def _guarded(
    perform: Callable[[dict[str, Any]], Answer], step: str, item: dict[str, Any]
) -> Answer:
    """What goes wrong with one certificate is no reason to forget what was done about others."""
    try:
        return perform(item)
    except AtlasError as error:
        return _ANSWERS[step](obstacle=error.message)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return _ANSWERS[step](
            obstacle="This is a fault of globalsign.atlas, please report it:"
            f" {type(error).__name__} in {os.path.basename(where.filename)}:{where.lineno}, {error}"
        )


def _performer(step: str, check_mode: bool) -> Callable[[dict[str, Any]], Answer]:
    performers: dict[str, Callable[[dict[str, Any]], Answer]] = {
        "inspect": lambda item: inspect(
            Wanted.from_wire(item["wanted"]), item["now"], item["with_content"]
        ),
        "prepare": lambda item: prepare.prepare(prepare.Order.read(item)),
        "install": lambda item: install.install(install.Order.read(item)),
        "acknowledge": lambda item: acknowledge.acknowledge(acknowledge.Order.read(item)),
        "previous": lambda item: acknowledge.switch_back(acknowledge.Order.read(item)),
        "prove": lambda item: acknowledge.prove_deployed(acknowledge.Order.read(item)),
        "revoked": lambda item: acknowledge.record_revoked(acknowledge.Order.read(item)),
        "remove": lambda item: remove.remove(remove.Order.read(item), check_mode),
    }
    return performers[step]


def _with_secrets(item: Mapping[str, Any], secrets: Sequence[str]) -> dict[str, Any]:
    wanted = dict(item["wanted"])
    wanted["targets"] = [
        {**target, "passphrase": _secret(target["passphrase"], secrets)}
        for target in wanted["targets"]
    ]
    return {**item, "wanted": wanted}


def _secret(place: int | None, secrets: Sequence[str]) -> str | None:
    return None if place is None else secrets[place]
