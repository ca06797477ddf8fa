# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The section `subject_da` (API reference, sections 3.2 and 4.1)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from ..pki.extensions import Directory
from .readings import Readings
from .rules import attributes, by_presence, require_known, require_section, string, strings

_MEMBERS = (
    "gender",
    "date_of_birth",
    "place_of_birth",
    "country_of_citizenship",
    "country_of_residence",
    "extra_attributes",
)
_UNSET_DATE = "0001-01-01"  # hvclient always sends a date (section 4.2)


def subject_directory(
    request: Mapping[str, Any] | None, policy: Mapping[str, Any] | None, readings: Readings
) -> Directory:
    """The subject directory attributes."""
    path, rules = "subject_da", policy or {}
    sent = {name: value for name, value in (request or {}).items() if value != _UNSET_DATE}
    require_section(path, sent, policy, readings)
    gender = string(f"{path}.gender", sent.get("gender"), rules.get("gender"), readings)
    born = _date(sent.get("date_of_birth"), rules.get("date_of_birth"), readings)
    place = string(
        f"{path}.place_of_birth", sent.get("place_of_birth"), rules.get("place_of_birth"), readings
    )
    citizenships, residences = (
        strings(f"{path}.{name}", sent.get(name), rules.get(name), readings)
        for name in ("country_of_citizenship", "country_of_residence")
    )
    name = "extra_attributes"
    extra = attributes(f"{path}.{name}", sent.get(name), rules.get(name), readings)
    require_known(path, sent, _MEMBERS, readings)
    return Directory(gender or "", born or "", place or "", citizenships, residences, extra)


def _date(value: str | None, presence: str | None, readings: Readings) -> str | None:
    """A date under a bare Presence, which has no place for a STATIC value: none is put in then."""
    return by_presence("subject_da.date_of_birth", value, presence, None, _is_date, readings)


def _is_date(text: str) -> bool:
    """Whether a text is YYYY-MM-DD (RFC 3339, full-date)."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
