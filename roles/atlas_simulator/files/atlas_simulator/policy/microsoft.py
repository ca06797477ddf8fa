# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The section `ms_extension_template` (API reference, sections 3.2 and 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import messages
from ..pki.extensions import Template, is_oid
from .readings import Readings
from .rules import integer, refused, require_known, require_section, string

_PATH = "ms_extension_template"
_MEMBERS = ("id", "major_version", "minor_version")
_LARGEST_VERSION = 2**32 - 1  # [MS-WCCE], 2.2.2.7.7.2


def template(
    sent: Mapping[str, Any] | None, policy: Mapping[str, Any] | None, readings: Readings
) -> Template | None:
    """The template, None without one. What is `template_id` in the policy is `id` in a request."""
    require_section(_PATH, sent, policy, readings)
    sent, rules = sent or {}, policy or {}
    oid = string(f"{_PATH}.id", sent.get("id"), rules.get("template_id"), readings)
    if oid and not is_oid(oid):
        raise refused(messages.INVALID_VALUE, f"{_PATH}.id")
    major, minor = (
        _version(f"{_PATH}.{name}", sent.get(name), rules.get(name), readings)
        for name in ("major_version", "minor_version")
    )
    require_known(_PATH, sent, _MEMBERS, readings)
    if oid is None and major is None and minor is None:
        return None
    if oid is None:
        raise refused(messages.REQUIRED, f"{_PATH}.id")
    if major is None and minor is not None:  # two optional integers: the first is the major one
        raise refused(messages.REQUIRED, f"{_PATH}.major_version")
    return Template(oid, major, minor, critical=bool(rules.get("critical")))


def _version(path: str, value: int | None, rule: Any, readings: Readings) -> int | None:
    version = integer(path, value, rule, readings)
    if version is not None and not 0 <= version <= _LARGEST_VERSION:
        raise refused(messages.INVALID_VALUE, path)
    return version
