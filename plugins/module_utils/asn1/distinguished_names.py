# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Distinguished names (RFC 5280, 4.1.2.4), read from their DER, and as text (RFC 4514)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from . import der
from .der import Element, MalformedError

_STRING_CODECS: Mapping[int, str] = {
    0x0C: "utf-8",  # UTF8String
    # ASCII, and in certificates of some CAs against the rules UTF-8
    0x12: "utf-8",  # NumericString
    0x13: "utf-8",  # PrintableString
    0x16: "utf-8",  # IA5String
    0x1A: "utf-8",  # VisibleString
    0x14: "latin-1",  # TeletexString, as everybody reads it
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}

# RFC 4514, chapter 3: the attribute types with a short name; the others are written as numbers.
_ATTRIBUTE_NAMES: Mapping[str, str] = {
    "2.5.4.3": "CN",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.6": "C",
    "2.5.4.9": "STREET",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}


class Attribute(NamedTuple):
    """One attribute of a name; `value` is hex after a `#` for what is not `is_text`."""

    oid: str
    value: str
    is_text: bool

    def rfc4514_string(self) -> str:
        """The attribute as RFC 4514, 2.3 and 2.4, writes it."""
        value = _escaped(self.value) if self.is_text else self.value
        return f"{_ATTRIBUTE_NAMES.get(self.oid, self.oid)}={value}"


class Name(NamedTuple):
    """A distinguished name: its relative names, each of one or more attributes."""

    relative_names: tuple[tuple[Attribute, ...], ...]

    def rfc4514_string(self) -> str:
        """The name as text (RFC 4514, chapter 2): the last of the relative names comes first."""
        return ",".join(
            "+".join(attribute.rfc4514_string() for attribute in attributes)
            for attributes in reversed(self.relative_names)
        )

    def values(self, oid: str) -> tuple[str, ...]:
        """The values of an attribute in their order."""
        return tuple(
            attribute.value
            for attributes in self.relative_names
            for attribute in attributes
            if attribute.oid == oid
        )

    def is_same_as(self, other: Name) -> bool:
        """Whether the two are one name (RFC 5280, 7.1): in whatever kind of string, in upper or
        lower case, with one space or several."""
        return self == other or self._comparable() == other._comparable()

    def _comparable(self) -> list[list[tuple[str, str]]]:
        return [
            sorted((found.oid, " ".join(found.value.split()).casefold()) for found in attributes)
            for attributes in self.relative_names
        ]


@lru_cache(maxsize=64)
def read_name(element: Element) -> Name:
    """Read a name; MalformedError says what is wrong with it. Most issuers are the same few."""
    return Name(
        tuple(
            tuple(_attribute(part) for part in der.members(relative_name, der.SET))
            for relative_name in der.members(element)
        )
    )


def _attribute(element: Element) -> Attribute:
    parts = der.members(element)
    if len(parts) != 2:
        raise MalformedError(f"an attribute of a name has {len(parts)} parts instead of 2")
    return read_attribute(der.object_identifier(parts[0]), parts[1])


def read_attribute(oid: str, value: Element) -> Attribute:
    """Read an attribute's value: text, or hex for what is not text (RFC 4514, 2.4)."""
    codec = _STRING_CODECS.get(value.tag)
    try:
        if codec:
            return Attribute(oid, value.content.decode(codec), True)
    except UnicodeDecodeError:
        pass
    return Attribute(oid, "#" + value.content.hex(), False)


def _escaped(text: str) -> str:
    escaped = re.sub(r'[\\"+,;<>]', r"\\\g<0>", text).replace("\0", r"\00")
    if escaped.startswith((" ", "#")):
        escaped = "\\" + escaped
    if escaped.endswith(" ") and len(text) > 1:
        escaped = escaped[:-1] + "\\ "
    return escaped
