# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values under an OID: other names, extra attributes, custom extensions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .lists import check_count
from .rules import FORBIDDEN, REQUIRED, STATIC, AttributeRule, ExtensionRule, StringRule
from .texts import check_format, check_text
from .verdict import Finding, Undecided, Violation, fixed, required, unclear, unlisted

NIL = "NIL"
"""What is sent for an extension that has no value (API reference, section 4.1)."""

_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]*")
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_HEXADECIMAL = re.compile(r"([0-9A-Fa-f]{2})+")


def check_attributes(
    path: str,
    entries: Sequence[Mapping[str, Any]],
    rules: Mapping[str, AttributeRule | None] | None,
) -> Iterator[Finding]:
    """A list of `{"type": OID, "value": text}` against the rules for each OID."""
    values: dict[str, list[str]] = {oid: [] for oid in rules or {}}
    for entry in entries:
        values.setdefault(str(entry.get("type", "")), []).append(entry.get("value") or "")
    for oid, given in values.items():
        rule = (rules or {}).get(oid)
        if rule is not None:
            yield from _check_attribute(f"{path}.{oid}", given, rule)
        elif given:
            yield unlisted(f"{path}.{oid}")


def _check_attribute(path: str, values: list[str], rule: AttributeRule) -> Iterator[Finding]:
    if rule.is_static is None:
        yield unclear(path, "does not say whether it is static")
    elif rule.is_static:
        if values and (values == [rule.value_format] or rule.value_format is None):
            yield Undecided(path, "the service puts the same there itself")
        elif values:
            yield fixed(path, ", ".join(values), rule.value_format or "")
    else:
        yield from check_count(path, values, rule.mincount, rule.maxcount)
        for value in values if rule.maxcount != 0 else ():
            yield from _check_value(path, value, rule.value_type, rule.value_format, nil="")


def check_extensions(
    path: str,
    extensions: Mapping[str, str],
    rules: Mapping[str, ExtensionRule | None] | None,
) -> Iterator[Finding]:
    """Custom extensions, OID -> text, against the rule for each OID."""
    for oid in dict.fromkeys([*(rules or {}), *extensions]):
        rule, value = (rules or {}).get(oid), extensions.get(oid, "")
        if rule is not None:
            yield from _check_extension(f"{path}.{oid}", value, rule)
        elif value:
            yield unlisted(f"{path}.{oid}")


def _check_extension(path: str, value: str, rule: ExtensionRule) -> Iterator[Finding]:
    if rule.presence == STATIC and rule.value_type == NIL:
        if value:
            yield Undecided(path, "the service puts the extension there itself")
    elif rule.presence in (None, FORBIDDEN, STATIC):
        yield from check_text(path, value, StringRule(rule.presence, rule.value_format))
    elif value:
        yield from _check_value(path, value, rule.value_type, rule.value_format, nil=NIL)
    elif rule.presence == REQUIRED:
        yield required(path)


def _check_value(
    path: str, value: str, value_type: str | None, format_: str | None, nil: str
) -> Iterator[Finding]:
    if value_type is None:
        yield unclear(path, "does not say how the value is encoded")
    elif value_type == NIL:
        if value != nil:
            yield Undecided(path, "the validation policy allows no value there")
    elif not value:
        yield Undecided(path, "the validation policy speaks of a value, and there is none")
    else:
        misfit = _misfit(value, value_type)
        if misfit:
            wrong = f"is no {value_type}, as the validation policy demands"
            yield Violation(path, value, wrong, f"give {misfit}")
        elif format_ is None:
            yield unclear(path, "does not say which values it allows")
        else:
            yield from check_format(path, value, format_, lambda text: _doubt(text, value_type))


def _misfit(value: str, value_type: str) -> str:
    """What would be right, if the value cannot be of this type in any reading."""
    if value_type in ("IA5STRING", "PRINTABLESTRING") and not value.isascii():
        return "characters of ASCII only"
    if value_type == "INTEGER" and not re.fullmatch(r"[+-]?(0x)?[0-9A-Fa-f_ ]+", value.strip()):
        return "decimal digits, with a minus before them if need be"
    if value_type == "DER" and not _HEXADECIMAL.fullmatch(re.sub("[ :]", "", value)):
        return "the hexadecimal digits of a complete DER value"
    return ""


def _doubt(value: str, value_type: str) -> str:
    if value_type == "PRINTABLESTRING" and not _PRINTABLE.fullmatch(value):
        return "it holds characters that a PrintableString has not"
    if value_type == "INTEGER" and not _INTEGER.fullmatch(value):
        return "it is not a plain decimal number"
    if value_type == "DER" and not _is_complete_der(value):
        return "it may not be a complete DER value"
    if value_type == "IA5STRING" and not value.isprintable():
        return "it holds control characters"
    if value_type == "UTF8STRING" and not value.isprintable():
        return "it holds characters that may not be taken"
    return ""


def _is_complete_der(value: str) -> bool:
    """Whether tag and length fit what follows, for a tag of one byte (X.690, section 8.1)."""
    if not _HEXADECIMAL.fullmatch(value):
        return False
    content = bytes.fromhex(value)
    if len(content) < 2 or content[0] & 0x1F == 0x1F:
        return False
    if content[1] < 0x80:
        return len(content) == 2 + content[1]
    octets = content[1] & 0x7F
    length = int.from_bytes(content[2 : 2 + octets], "big")
    is_shortest = octets > 0 and length >= 0x80 and content[2] != 0
    return is_shortest and len(content) == 2 + octets + length
