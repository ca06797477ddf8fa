# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The building blocks of a validation policy (API reference, section 3.1), read tolerantly.

A member that is missing or not as documented is None: then the service knows what holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, TypeVar

REQUIRED, OPTIONAL, FORBIDDEN, STATIC = "REQUIRED", "OPTIONAL", "FORBIDDEN", "STATIC"
STATIC_TRUE, STATIC_FALSE = "STATIC_TRUE", "STATIC_FALSE"

_PRESENCES = frozenset({REQUIRED, OPTIONAL, FORBIDDEN, STATIC})
_SWITCHES = frozenset({OPTIONAL, STATIC_TRUE, STATIC_FALSE})
_VALUE_TYPES = frozenset({"IA5STRING", "PRINTABLESTRING", "UTF8STRING", "INTEGER", "DER", "NIL"})

Rule = TypeVar("Rule")


@dataclass(frozen=True)
class StringRule:
    """What holds for one text. `format` is a pattern, or the text itself if it is STATIC."""

    presence: str | None
    format: str | None

    @classmethod
    def parse(cls, document: Any) -> StringRule | None:
        """Read a StringPolicy."""
        if not isinstance(document, Mapping):
            return None
        return cls(presence_of(document.get("presence")), text_of(document.get("format")))


@dataclass(frozen=True)
class ListRule:
    """What holds for a list of texts. `entries` are patterns or suffixes, or what is static.

    An entry that is no text is None.
    """

    is_static: bool | None
    entries: tuple[str | None, ...]
    mincount: int | None
    maxcount: int | None

    @classmethod
    def parse(cls, document: Any) -> ListRule | None:
        """Read a ListPolicy."""
        if not isinstance(document, Mapping):
            return None
        entries = document.get("list")
        return cls(
            is_static=_flag(document, "static"),
            entries=tuple(map(text_of, entries)) if isinstance(entries, list) else (),
            mincount=count_of(document.get("mincount")),
            maxcount=count_of(document.get("maxcount")),
        )


@dataclass(frozen=True)
class AttributeRule:
    """What holds for the values of one OID (TypeAndValuePolicy)."""

    is_static: bool | None
    value_type: str | None
    value_format: str | None
    mincount: int | None
    maxcount: int | None

    @classmethod
    def parse(cls, document: Any) -> AttributeRule | None:
        """Read what stands under one OID."""
        if not isinstance(document, Mapping):
            return None
        return cls(
            is_static=_flag(document, "static"),
            value_type=_enumerated(document.get("value_type"), _VALUE_TYPES),
            value_format=text_of(document.get("value_format")),
            mincount=count_of(document.get("mincount")),
            maxcount=count_of(document.get("maxcount")),
        )


@dataclass(frozen=True)
class ExtensionRule:
    """What holds for one custom extension (ExtensionPolicy)."""

    presence: str | None
    is_critical: bool
    value_type: str | None
    value_format: str | None

    @classmethod
    def parse(cls, document: Any) -> ExtensionRule | None:
        """Read what stands under one OID."""
        if not isinstance(document, Mapping):
            return None
        return cls(
            presence=presence_of(document.get("presence")),
            is_critical=document.get("critical") is True,
            value_type=_enumerated(document.get("value_type"), _VALUE_TYPES),
            value_format=text_of(document.get("value_format")),
        )


@dataclass(frozen=True)
class IntegerRule:
    """What holds for one number; the bounds are included."""

    presence: str | None
    min: int | None
    max: int | None

    @classmethod
    def parse(cls, document: Any) -> IntegerRule | None:
        """Read an IntegerPolicy."""
        if not isinstance(document, Mapping):
            return None
        return cls(
            presence_of(document.get("presence")),
            count_of(document.get("min")),
            count_of(document.get("max")),
        )


@dataclass(frozen=True)
class ChoiceRule:
    """What holds for a choice from a list (AlgorithmPolicy)."""

    presence: str | None
    choices: tuple[str, ...]

    @classmethod
    def parse(cls, document: Any) -> ChoiceRule | None:
        """Read an AlgorithmPolicy."""
        if not isinstance(document, Mapping):
            return None
        listed = document.get("list")
        entries = map(text_of, listed) if isinstance(listed, list) else ()
        return cls(presence_of(document.get("presence")), tuple(filter(None, entries)))


@dataclass(frozen=True)
class StatementRule:
    """What holds for the disclosure statements, language -> URL (`etsi_qc_pds`)."""

    presence: str | None
    policies: Mapping[str, str]

    @classmethod
    def parse(cls, document: Any) -> StatementRule | None:
        """Read the member `etsi_qc_pds`."""
        if not isinstance(document, Mapping):
            return None
        policies = section_of(document.get("policies"))
        return cls(
            presence_of(document.get("presence")),
            {str(language): str(url) for language, url in policies.items()},
        )


def section_of(value: Any) -> Mapping[str, Any]:
    """An object, empty where there is none."""
    return value if isinstance(value, Mapping) else {}


def by_oid(value: Any, parse: Callable[[Any], Rule | None]) -> Mapping[str, Rule | None] | None:
    """The rules under their OIDs; None where there is no object."""
    if not isinstance(value, Mapping):
        return None
    return {str(oid): parse(rule) for oid, rule in value.items()}


def text_of(value: Any) -> str | None:
    """A text."""
    return value if isinstance(value, str) else None


def count_of(value: Any) -> int | None:
    """A number that is not negative."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count else None


def presence_of(value: Any) -> str | None:
    """A Presence in upper case."""
    return _enumerated(value, _PRESENCES)


def switch_of(value: Any) -> str | None:
    """An OptionalStatic in upper case."""
    return _enumerated(value, _SWITCHES)


def _enumerated(value: Any, known: frozenset[str]) -> str | None:
    text = value.upper() if isinstance(value, str) else ""
    return text if text in known else None


def _flag(document: Mapping[str, Any], name: str) -> bool | None:
    """A boolean that is false where it is missing."""
    value = document.get(name, False)
    return value if isinstance(value, bool) else None
