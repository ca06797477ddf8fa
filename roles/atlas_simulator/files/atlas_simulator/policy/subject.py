# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The section `subject_dn` (API reference, sections 3.2 and 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..pki.extensions import IA5STRING, PRINTABLESTRING, UTF8STRING, Attribute
from .members import SUBJECT_MEMBERS
from .readings import Readings
from .rules import attributes, require_known, string, strings

# Types of section 4.1; encodings of RFC 5280, appendix A.1.
_OIDS = {
    "common_name": "2.5.4.3",
    "given_name": "2.5.4.42",
    "surname": "2.5.4.4",
    "pseudonym": "2.5.4.65",
    "organization": "2.5.4.10",
    "organizational_unit": "2.5.4.11",
    "organization_identifier": "2.5.4.97",
    "country": "2.5.4.6",
    "state": "2.5.4.8",
    "locality": "2.5.4.7",
    "street_address": "2.5.4.9",
    "postal_code": "2.5.4.17",
    "email": "1.2.840.113549.1.9.1",
    "serial_number": "2.5.4.5",
    "jurisdiction_of_incorporation_locality_name": "1.3.6.1.4.1.311.60.2.1.1",
    "jurisdiction_of_incorporation_state_or_province_name": "1.3.6.1.4.1.311.60.2.1.2",
    "jurisdiction_of_incorporation_country_name": "1.3.6.1.4.1.311.60.2.1.3",
    "business_category": "2.5.4.15",
}
_KINDS = {
    "country": PRINTABLESTRING,
    "jurisdiction_of_incorporation_country_name": PRINTABLESTRING,
    "serial_number": PRINTABLESTRING,
    "email": IA5STRING,
}


def subject(
    sent: Mapping[str, Any], policy: Mapping[str, Any], readings: Readings
) -> list[Attribute]:
    """The distinguished name, extra attributes last."""
    name: list[Attribute] = []
    for member in SUBJECT_MEMBERS:
        values = _values(member, sent.get(member), policy.get(member), readings)
        kind = _KINDS.get(member, UTF8STRING)
        name += [Attribute(_OIDS[member], kind, value) for value in values]
    extra = "extra_attributes"
    path = f"subject_dn.{extra}"
    name += attributes(path, sent.get(extra), policy.get(extra), readings)
    require_known("subject_dn", sent, (*SUBJECT_MEMBERS, extra), readings)
    return name


def _values(member: str, value: Any, rule: Any, readings: Readings) -> list[str]:
    path = f"subject_dn.{member}"
    if member == "organizational_unit":
        return strings(path, value, rule, readings)
    text = string(path, value, rule, readings)
    return [] if text is None else [text]
