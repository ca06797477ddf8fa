# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The section `san` (API reference, sections 3.2 and 4.1)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any

from .. import messages
from ..pki.extensions import Attribute
from .members import SAN_KINDS
from .readings import Readings
from .rules import attributes, refused, require_known, strings

_SUFFIX_KINDS = ("dns_names", "emails")
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_EMAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[!-~]+")


def subject_alternative_names(
    sent: Mapping[str, Any], policy: Mapping[str, Any], readings: Readings
) -> dict[str, list[str]]:
    """The names by their kind, of all four kinds. What RFC 5280, 4.2.1.6 cannot say is refused."""
    san = {
        kind: strings(
            f"san.{kind}", sent.get(kind), policy.get(kind), readings, kind in _SUFFIX_KINDS
        )
        for kind in SAN_KINDS
    }
    for kind, names in san.items():
        if not all(_IS_GOOD[kind](name) for name in names):
            raise refused(messages.INVALID_VALUE, f"san.{kind}")
    return san


def other_names(
    sent: Mapping[str, Any], policy: Mapping[str, Any], readings: Readings
) -> list[Attribute]:
    """The other names; the last check of the section."""
    member = "other_names"
    found = attributes(f"san.{member}", sent.get(member), policy.get(member), readings)
    require_known("san", sent, (*SAN_KINDS, member), readings)
    return found


def is_dns_name(name: str) -> bool:
    """Whether a name is one of DNS, perhaps with a wildcard as its first label."""
    labels = name[2:].split(".") if name.startswith("*.") else name.split(".")
    return len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def _is_address(text: str) -> bool:
    try:
        return "%" not in str(ipaddress.ip_address(text))
    except ValueError:
        return False


def _is_uri(text: str) -> bool:
    return _URI.fullmatch(text) is not None


def _is_email(text: str) -> bool:
    return _EMAIL.fullmatch(text) is not None


_IS_GOOD: Mapping[str, Callable[[str], bool]] = {
    "dns_names": is_dns_name,
    "emails": _is_email,
    "ip_addresses": _is_address,
    "uris": _is_uri,
}
