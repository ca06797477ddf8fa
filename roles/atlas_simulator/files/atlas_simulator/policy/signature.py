# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The section `signature`: how the CA signs (API reference, sections 3.2 and 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import messages
from ..pki.leaf import Signature
from .members import ECDSA, HASHES, RSA, RSA_PSS
from .readings import Readings
from .rules import choice, refused, require_known, require_section

_OFFERED = {"algorithm": (RSA, RSA_PSS, ECDSA), "hash_algorithm": HASHES}


def chosen_signature(
    sent: Mapping[str, Any] | None, policy: Mapping[str, Any] | None, readings: Readings
) -> Signature:
    """What is asked for, else the first that the policy lists, else the CA's own choice."""
    path = "signature"
    require_section(path, sent, policy, readings)
    sent, rules = sent or {}, policy or {}
    algorithm, digest = (
        _chosen(f"{path}.{name}", sent.get(name), rules.get(name), known, readings)
        for name, known in _OFFERED.items()
    )
    require_known(path, sent, tuple(_OFFERED), readings)
    return Signature(algorithm or "", digest or HASHES[0])


def _chosen(
    path: str, value: str | None, rule: Any, known: tuple[str, ...], readings: Readings
) -> str | None:
    name = choice(path, value, rule, readings)
    if name is not None and name not in known:
        raise refused(messages.INVALID_VALUE, path)
    return name
