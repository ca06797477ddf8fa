# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sections `key_usages` and `extended_key_usages` (API reference, sections 3.2 and 4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import messages
from ..pki.extensions import is_oid
from .members import KEY_USAGES
from .readings import Readings
from .rules import flag, refused, require_known, strings


def key_usages(
    sent: Mapping[str, Any], policy: Mapping[str, Any] | None, readings: Readings
) -> dict[str, bool] | None:
    """The usages by name; None where the policy leaves them to the CA."""
    rules = policy or {}
    usages = {
        name: flag(f"key_usages.{name}", sent.get(name), rules.get(name), readings)
        for name in KEY_USAGES
    }
    require_known("key_usages", sent, KEY_USAGES, readings)
    if policy is None and all(usage is None for usage in usages.values()):
        return None
    return {name: bool(usage) for name, usage in usages.items()}


def extended_key_usages(
    sent: Sequence[str] | None, policy: Mapping[str, Any], readings: Readings
) -> list[str]:
    """The usages as OIDs."""
    path = "extended_key_usages"
    usages = strings(path, sent, policy.get("ekus"), readings)
    if not all(is_oid(usage) for usage in usages):
        raise refused(messages.INVALID_VALUE, path)
    return usages
