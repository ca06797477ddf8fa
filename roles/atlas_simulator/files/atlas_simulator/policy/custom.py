# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The section `custom_extensions` (API reference, sections 3.1, 3.2 and 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import messages
from ..pki.extensions import NIL, CustomExtension
from .members import STATIC
from .readings import Readings
from .rules import by_presence, matches, refused, require_section, typed

_PATH = "custom_extensions"


def custom_extensions(
    request: Mapping[str, str] | None,
    policy: Mapping[str, Mapping[str, Any]] | None,
    readings: Readings,
) -> list[CustomExtension]:
    """The extensions in the order of the policy. An error names `custom_extensions.<OID>`.

    Those that are let in without an entry are left out: nobody knows how to encode them.
    """
    require_section(_PATH, request, policy, readings)
    sent, rules = request or {}, policy or {}
    for oid in sent:
        if oid not in rules and not readings.admits_unlisted:
            raise refused(messages.FORBIDDEN, f"{_PATH}.{oid}")
    found = [_extension(oid, sent.get(oid), rule, readings) for oid, rule in rules.items()]
    return [extension for extension in found if extension is not None]


def _extension(
    oid: str, text: str | None, rule: Mapping[str, Any], readings: Readings
) -> CustomExtension | None:
    path, kind, pattern = f"{_PATH}.{oid}", rule["value_type"], rule.get("value_format") or ""

    def is_admitted(sent: str) -> bool:
        return kind == NIL or matches(pattern, sent, readings)

    fixed = NIL if kind == NIL else pattern
    value = by_presence(path, text, rule["presence"], fixed, is_admitted, readings)
    if rule["presence"] == STATIC and not value:
        raise refused(messages.NO_STATIC_VALUE, path)
    if value is None:
        return None
    return CustomExtension(typed(path, oid, kind, value), bool(rule.get("critical")))
