# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy as a table that a person reads."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .model import CSR_FORMAT, Policy
from .rules import (
    FORBIDDEN,
    OPTIONAL,
    REQUIRED,
    STATIC,
    STATIC_TRUE,
    AttributeRule,
    ChoiceRule,
    ExtensionRule,
    IntegerRule,
    ListRule,
    StringRule,
)
from .verdict import option_of

_WORDS = {
    REQUIRED: "required",
    OPTIONAL: "optional",
    FORBIDDEN: "forbidden",
    STATIC: "fixed",
    None: "unclear",
}
_DAY, _HOUR = 86400, 3600


@dataclass(frozen=True)
class Row:
    """One field: whether it may be stated, and what is allowed there."""

    field: str
    presence: str
    allowed: str


def explain(policy: Policy) -> list[str]:
    """The table as lines of text, their columns aligned: a head, and a line for each field."""
    rows = [Row("Field", "May be stated", "Allowed"), *_rows(policy)]
    first = max(len(row.field) for row in rows)
    second = max(len(row.presence) for row in rows)
    lines = (f"{row.field:<{first}}  {row.presence:<{second}}  {row.allowed}" for row in rows)
    return [_shown(line).rstrip() for line in lines]


def _shown(line: str) -> str:
    """Without control and formatting characters, which the service may have sent."""
    return "".join(char if char.isprintable() else " " for char in line)


def _rows(policy: Policy) -> Iterator[Row]:
    yield from _validity(policy)
    for name, text in policy.subject.items():
        yield from _text(option_of(f"subject_dn.{name}"), text)
    yield from _list("subject.organizational_unit", policy.organizational_unit, "what matches")
    yield from _attributes("subject.extra_attributes", policy.subject_attributes)
    for name, rule in policy.san.items():
        is_suffix = name in ("dns_names", "emails")
        yield from _list(f"san.{name}", rule, "what ends with" if is_suffix else "what matches")
    yield from _attributes("san.other_names", policy.other_names)
    for name, switch in (policy.key_usages or {}).items():
        yield _switch(f"key_usages.{name}", switch)
    yield from _list("extended_key_usages", policy.extended_key_usages, "what matches")
    yield from _directory(policy)
    yield from _statements(policy)
    if policy.template:
        yield from _text("ms_extension_template.id", policy.template.template_id)
        for name, version in policy.template.versions.items():
            yield from _number(f"ms_extension_template.{name}", version)
    yield from _extensions(policy.custom_extensions or {})
    for name, choice in policy.signature.items():
        yield from _choice(f"signature.{name}", choice)
    yield from _key(policy)
    yield from (Row(path, "unknown", "this collection does not know it") for path in policy.unknown)


def _validity(policy: Policy) -> Iterator[Row]:
    rule = policy.validity
    if rule.secondsmin is not None or rule.secondsmax is not None:
        least = _duration(rule.secondsmin or 0)
        most = "no limit" if rule.secondsmax is None else _duration(rule.secondsmax)
        yield Row("validity", "optional", f"a lifetime of {least} to {most}")
    back, ahead = rule.not_before_negative_skew, rule.not_before_positive_skew
    if back is not None or ahead is not None:
        allowed = f"{_duration(back or 0)} before to {_duration(ahead or 0)} after the present"
        yield Row("validity.not_before", "required", allowed)
    if rule.issuer_expiry is not None:
        allowed = f"at the latest {_moment(rule.issuer_expiry)}, the end of the issuing CA"
        yield Row("validity.not_after", "optional", allowed)


def _moment(seconds: int) -> str:
    """ISO 8601, or the UNIX seconds if no calendar goes so far."""
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    except (OSError, OverflowError, ValueError):
        return f"{seconds} (UNIX seconds)"


def _duration(seconds: int) -> str:
    for size, unit in ((_DAY, "day"), (_HOUR, "hour")):
        if seconds >= size and seconds % size == 0:
            return _counted(seconds // size, unit)
    return _counted(seconds, "second")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _text(field: str, rule: StringRule | None) -> Iterator[Row]:
    if rule is None:
        return
    if rule.presence == STATIC:
        yield Row(field, "fixed", f"the service puts {rule.format or 'a value of its own'} there")
    elif rule.presence == FORBIDDEN:
        yield Row(field, "forbidden", "")
    else:
        yield Row(field, _WORDS[rule.presence], f"what matches {rule.format or 'anything'}")


def _list(field: str, rule: ListRule | None, how: str) -> Iterator[Row]:
    if rule is None:
        return
    entries = [entry or "?" for entry in rule.entries]
    if rule.is_static:
        yield Row(field, "fixed", f"the service puts {', '.join(entries) or 'nothing'} there")
    elif rule.maxcount == 0:
        yield Row(field, "forbidden", "")
    else:
        most = "any number" if rule.maxcount is None else rule.maxcount
        listed = "anything" if entries == ["."] else f"{how} {' or '.join(entries) or '?'}"
        presence = "required" if rule.mincount else "optional"
        yield Row(field, presence, f"{rule.mincount or 0} to {most} of {listed}")


def _attributes(field: str, rules: Mapping[str, AttributeRule | None] | None) -> Iterator[Row]:
    for oid, rule in (rules or {}).items():
        if rule is None:
            continue
        if rule.is_static:
            presence, allowed = "fixed", f"the service puts {rule.value_format or 'it'} there"
        else:
            most = "any number" if rule.maxcount is None else rule.maxcount
            presence = "required" if rule.mincount else "optional"
            allowed = f"{rule.mincount or 0} to {most} of {_value(rule)}"
        yield Row(f"{field}.{oid}", presence, allowed)


def _extensions(rules: Mapping[str, ExtensionRule | None]) -> Iterator[Row]:
    for oid, rule in rules.items():
        if rule is None:
            continue
        allowed = {
            STATIC: f"the service puts {rule.value_format or 'it'} there",
            FORBIDDEN: "",
        }.get(rule.presence or "", _value(rule))
        yield Row(f"custom_extensions.{oid}", _WORDS[rule.presence], allowed)


def _value(rule: AttributeRule | ExtensionRule) -> str:
    kind = rule.value_type or "a value of unknown type"
    return f"{kind} that matches {rule.value_format}" if rule.value_format else kind


def _switch(field: str, switch: str | None) -> Row:
    if switch == OPTIONAL or switch is None:
        return Row(field, _WORDS[switch], "true or false")
    return Row(field, "fixed", "true" if switch == STATIC_TRUE else "false")


def _number(field: str, rule: IntegerRule | None) -> Iterator[Row]:
    if rule is not None:
        least = 0 if rule.min is None else rule.min
        most = "any" if rule.max is None else rule.max
        allowed = "" if rule.presence == FORBIDDEN else f"{least} to {most}"
        yield Row(field, _WORDS[rule.presence], allowed)


def _choice(field: str, rule: ChoiceRule | None) -> Iterator[Row]:
    if rule is not None:
        allowed = "" if rule.presence == FORBIDDEN else " or ".join(rule.choices)
        yield Row(field, _WORDS[rule.presence], allowed)


def _directory(policy: Policy) -> Iterator[Row]:
    rule = policy.directory
    if rule is None:
        return
    for name, text in rule.texts.items():
        yield from _text(f"subject_da.{name}", text)
    if rule.date_of_birth:
        yield Row("subject_da.date_of_birth", _WORDS[rule.date_of_birth], "a date, YYYY-MM-DD")
    for name, countries in rule.lists.items():
        yield from _list(f"subject_da.{name}", countries, "what matches")
    yield from _attributes("subject_da.extra_attributes", rule.extra_attributes)


def _statements(policy: Policy) -> Iterator[Row]:
    rule, path = policy.statements, "qualified_statements"
    if rule is None:
        return
    yield from _text(f"{path}.semantics.identifier", rule.identifier)
    yield from _list(f"{path}.semantics.name_authorities", rule.name_authorities, "what matches")
    for name, switch in rule.switches.items():
        if switch:
            yield _switch(f"{path}.{name}", switch)
    yield from _text(f"{path}.etsi_qc_type", rule.qc_type)
    yield from _number(f"{path}.etsi_qc_retention_period", rule.retention_period)
    if rule.disclosures:
        allowed = _joined(f"{name}: {url}" for name, url in rule.disclosures.policies.items())
        yield Row(f"{path}.etsi_qc_pds", _WORDS[rule.disclosures.presence], allowed)


def _key(policy: Policy) -> Iterator[Row]:
    rule = policy.key
    if rule.key_type or rule.allowed_lengths:
        sizes = " or ".join(map(str, rule.allowed_lengths)) or "any size"
        yield Row("public_key", "required", f"{rule.key_type or 'any type'} of {sizes} bits")
    if rule.key_format:
        form = "a CSR" if rule.key_format == CSR_FORMAT else "a public key"
        yield Row("public_key format", "required", f"{form} ({rule.key_format})")
    if policy.public_key_signature:
        presence = _WORDS[policy.public_key_signature]
        yield Row("public_key_signature", presence, "the proof of possession, made by us")


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts)
