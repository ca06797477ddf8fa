# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a document is a validation policy at all (API reference, section 3.2).

What is in its sections is read tolerantly, for the service has the last word on it.
"""

from __future__ import annotations

from typing import Any

from .model import SECTIONS

_TEXTS = frozenset({"public_key_signature"})
_DEEPEST = 20
"""The deepest that is documented is 5; nothing may be so deep that a result cannot be handed on."""


def broken_shape(document: Any) -> str:
    """What of a document is not as it has to be for a policy, empty if it may be one."""
    if not isinstance(document, dict):
        return "it is not an object"
    if not any(isinstance(document.get(name), dict) for name in SECTIONS):
        return "it has no section of a validation policy"
    for name in sorted(SECTIONS):
        member = document.get(name)
        is_text = name in _TEXTS
        if member is not None and not isinstance(member, str if is_text else dict):
            return f"{name} is not {'a text' if is_text else 'an object'}"
    if _is_deeper(document, _DEEPEST):
        return f"it is nested more than {_DEEPEST} deep"
    return ""


def _is_deeper(document: Any, most: int) -> bool:
    level = [document]
    for _depth in range(most):
        level = [
            member
            for container in level
            for member in (container.values() if isinstance(container, dict) else container)
            if isinstance(member, (dict, list))
        ]
        if not level:
            return False
    return True
