# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that the sections of a policy are built from (API reference, section 3.1).

Every rule takes the path that an error names, the value that was sent (None if none was), and the
policy's entry (None if it has none). It gives what goes into the certificate, or raises
`ServiceError` 422.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional, TypeVar

from .. import messages
from ..pki.extensions import NIL, UTF8STRING, Attribute, encoded, is_oid
from ..problems import ServiceError
from . import patterns
from .members import FORBIDDEN, OPTIONAL, REQUIRED, STATIC, STATIC_TRUE
from .readings import Readings

Value = TypeVar("Value")
Rule = Optional[Mapping[str, Any]]


def refused(text: str, path: str) -> ServiceError:
    """The error of a problem at a path; `text` is one of the module `messages`."""
    return ServiceError(422, text.format(path=path))


def section(policy: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A section of a policy; absent and null ones are empty."""
    return policy.get(name) or {}


def require_known(
    path: str, sent: Mapping[str, Any], known: Sequence[str], readings: Readings
) -> None:
    """Refuse members that are not documented, of which nobody knows how to encode them.

    `path` is empty for the members of the request itself.
    """
    for name in sent:
        if name not in known and not readings.ignores_unknown:
            raise refused(messages.FORBIDDEN, f"{path}.{name}".lstrip("."))


def require_section(path: str, sent: Any, rule: Any, readings: Readings) -> None:
    """Refuse a section that the policy does not have (section 3.2)."""
    if sent and rule is None and not readings.admits_unlisted:
        raise refused(messages.FORBIDDEN, path)


def by_presence(
    path: str,
    value: Value | None,
    presence: str | None,
    fixed: Value | None,
    admits: Callable[[Value], bool],
    readings: Readings,
) -> Value | None:
    """A value under a Presence; `fixed` is the one that STATIC stands for."""
    if presence is None:
        return _unlisted(path, value, readings)
    if presence == STATIC:
        _require_not_sent(path, value, fixed, readings)
        return fixed
    if presence == FORBIDDEN:
        if value is not None:
            raise refused(messages.FORBIDDEN, path)
        return None
    if value is None:
        if presence == REQUIRED:
            raise refused(messages.REQUIRED, path)
        return None
    if not admits(value):
        raise refused(messages.INVALID_VALUE, path)
    return value


def _unlisted(path: str, value: Value | None, readings: Readings) -> Value | None:
    if value is not None and not readings.admits_unlisted:
        raise refused(messages.FORBIDDEN, path)
    return value


def _require_not_sent(path: str, value: Any, fixed: Any, readings: Readings) -> None:
    if value is None or (readings.static_equal == "accept" and value == fixed):
        return
    raise refused(messages.STATIC, path)


def matches(pattern: str, value: str, readings: Readings) -> bool:
    """Whether a regular expression of a policy admits a value (section 3.1, "Regex dialect")."""
    return patterns.admits(pattern, value, whole=readings.pattern == "full")


def string(path: str, value: str | None, rule: Rule, readings: Readings) -> str | None:
    """A StringPolicy. STATIC without a text is what the vetted identity lacks: always refused."""
    presence, pattern = _presence(rule), str((rule or {}).get("format") or "")
    text = by_presence(
        path, value, presence, pattern, lambda sent: matches(pattern, sent, readings), readings
    )
    if presence == STATIC and not text:
        raise refused(messages.NO_STATIC_VALUE, path)
    return text


def _presence(rule: Rule) -> str | None:
    return rule["presence"] if rule else None


def strings(
    path: str,
    values: Sequence[str] | None,
    rule: Rule,
    readings: Readings,
    is_suffix: bool = False,
) -> list[str]:
    """A ListPolicy, of the suffix flavour or else of the regex flavour."""
    if rule is None:
        return list(_unlisted(path, values, readings) or [])
    if rule["static"]:
        _require_not_sent(path, values, rule["list"], readings)
        return list(rule["list"])
    sent = list(values or [])
    _require_count(path, len(sent), rule)
    for value in sent:
        if not _is_listed(value, rule["list"], readings, is_suffix):
            raise refused(messages.INVALID_VALUE, path)
    return sent


def _require_count(path: str, count: int, rule: Mapping[str, Any]) -> None:
    least, most = rule["mincount"], rule["maxcount"]
    if not least <= count <= most:
        raise ServiceError(422, messages.COUNT.format(path=path, least=least, most=most))


def _is_listed(value: str, entries: Sequence[str], readings: Readings, is_suffix: bool) -> bool:
    if not entries:
        return readings.empty_list == "any"
    admits = _has_suffix if is_suffix else matches
    return any(admits(entry, value, readings) for entry in entries)


def is_pattern(suffix: str) -> bool:
    """Whether an entry of a suffix list is a regular expression all the same."""
    return suffix.startswith("^") or "\\" in suffix


def _has_suffix(entry: str, value: str, readings: Readings) -> bool:
    name, suffix = value.lower(), entry.lower()
    if suffix == ".":
        return True
    if readings.suffix == "plain":
        return name.endswith(suffix)
    if is_pattern(entry):
        return matches(entry, value, readings)
    if suffix.startswith((".", "@")):
        return name.endswith(suffix) and len(name) > len(suffix)
    return name == suffix or name.endswith(("." + suffix, "@" + suffix))


def integer(path: str, value: int | None, rule: Rule, readings: Readings) -> int | None:
    """An IntegerPolicy: inclusive bounds, no upper one if it has none; STATIC stands for `min`."""
    least, most = (rule or {}).get("min") or 0, (rule or {}).get("max")

    def is_within(sent: int) -> bool:
        return least <= sent and (most is None or sent <= most)

    return by_presence(path, value, _presence(rule), least, is_within, readings)


def choice(path: str, value: str | None, rule: Rule, readings: Readings) -> str | None:
    """An AlgorithmPolicy: one of its list; the first of it if none is asked for, or it is STATIC.

    None if the policy leaves it to the CA.
    """
    names = (rule or {}).get("list") or []
    first = names[0] if names else None

    def is_offered(sent: str) -> bool:
        return sent in names or (not names and readings.empty_list == "any")

    chosen = by_presence(path, value, _presence(rule), first, is_offered, readings)
    return first if chosen is None and _presence(rule) != FORBIDDEN else chosen


def flag(path: str, value: bool | None, rule: str | None, readings: Readings) -> bool | None:
    """An OptionalStatic; None if neither the policy nor the request says anything."""
    if rule is None:
        return _unlisted(path, value, readings)
    if rule == OPTIONAL:
        return value
    fixed = rule == STATIC_TRUE
    _require_not_sent(path, value, fixed, readings)
    return fixed


def attributes(
    path: str,
    sent: Sequence[Mapping[str, Any]] | None,
    rules: Mapping[str, Mapping[str, Any]] | None,
    readings: Readings,
) -> list[Attribute]:
    """A TypeAndValuePolicy: `sent` holds objects with a `type`, an OID, and mostly a `value`.

    In the order sent, what is static after that. An error names `<path>.<OID>`.
    """
    rules = rules or {}
    by_oid = _by_oid(path, sent or [], readings)
    for oid in by_oid:
        if oid not in rules and not readings.admits_unlisted:
            raise refused(messages.FORBIDDEN, f"{path}.{oid}" if rules else path)
    found: dict[str, list[Attribute]] = {}
    for oid, rule in rules.items():
        found[oid] = _attributes_of(f"{path}.{oid}", oid, by_oid.get(oid), rule, readings)
    for oid in by_oid:
        if oid not in rules:
            found[oid] = [_unlisted_attribute(oid, text) for text in by_oid[oid]]
    order = [*by_oid, *(oid for oid in rules if oid not in by_oid)]
    return [attribute for oid in order for attribute in found[oid]]


def _by_oid(
    path: str, sent: Sequence[Mapping[str, Any]], readings: Readings
) -> dict[str, list[str | None]]:
    by_oid: dict[str, list[str | None]] = {}
    for element in sent:
        require_known(path, element, ("type", "value"), readings)
        oid = element.get("type")
        if oid is None or not is_oid(oid):
            raise refused(messages.INVALID_VALUE, path)
        by_oid.setdefault(oid, []).append(element.get("value"))
    return by_oid


def _unlisted_attribute(oid: str, text: str | None) -> Attribute:
    return Attribute(oid, NIL if text is None else UTF8STRING, text or "")


def _attributes_of(
    path: str,
    oid: str,
    texts: Sequence[str | None] | None,
    rule: Mapping[str, Any],
    readings: Readings,
) -> list[Attribute]:
    kind, pattern = rule["value_type"], rule.get("value_format") or ""
    if rule["static"]:
        fixed = Attribute(oid, kind, "" if kind == NIL else pattern)
        _require_not_sent(path, texts, [fixed.value or None], readings)
        return [fixed]
    _require_count(path, len(texts or []), rule)
    sent = [typed(path, oid, kind, text) for text in texts or []]
    if kind != NIL and not all(matches(pattern, each.value, readings) for each in sent):
        raise refused(messages.INVALID_VALUE, path)
    return sent


def typed(path: str, oid: str, kind: str, text: str | None) -> Attribute:
    """A value of a ValueType, refused unless the text is one; NIL has none, or the text NIL."""
    if kind == NIL and text in (None, NIL):
        return Attribute(oid, NIL, "")
    try:
        if kind == NIL or text is None:
            raise ValueError("a value where none can be, or none where one has to be")
        encoded(kind, text)
    except ValueError:
        raise refused(messages.INVALID_VALUE, path) from None
    return Attribute(oid, kind, text)
