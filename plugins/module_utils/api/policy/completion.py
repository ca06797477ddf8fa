# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the policy leaves no choice about: left out, or filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..request import CertificateRequest
from .attributes import NIL
from .model import Policy
from .rules import (
    REQUIRED,
    STATIC,
    STATIC_FALSE,
    STATIC_TRUE,
    AttributeRule,
    ChoiceRule,
    ExtensionRule,
    IntegerRule,
    ListRule,
    StatementRule,
    StringRule,
)
from .verdict import option_of


@dataclass(frozen=True)
class Completed:
    """A request as it should be sent, and a sentence for each thing that was not asked so."""

    request: CertificateRequest
    notes: tuple[str, ...]


def complete(policy: Policy, request: CertificateRequest) -> Completed:
    """Leave out what the service puts in itself, and fill in what is required and not stated.

    Nothing that was stated is changed, and what differs from a static value stays, for the check
    to refuse. Without an end the longest lifetime is chosen, less the one second that may count.
    """
    completion = _Completion()
    leave_out, leave_out_attributes = (
        completion.without_static,
        completion.without_static_attributes,
    )
    directory, statements, template = policy.directory, policy.statements, policy.template
    subject = leave_out(
        "subject_dn",
        request.subject_dn,
        {**policy.subject, "organizational_unit": policy.organizational_unit},
    )
    completed = replace(
        request,
        not_after=request.not_after or latest_end(policy, request.not_before),
        subject_dn=leave_out_attributes(
            "subject_dn", subject, "extra_attributes", policy.subject_attributes
        ),
        san=leave_out_attributes(
            "san", leave_out("san", request.san, policy.san), "other_names", policy.other_names
        ),
        key_usages=leave_out("key_usages", request.key_usages, policy.key_usages or {}),
        custom_extensions=leave_out(
            "custom_extensions", request.custom_extensions, policy.custom_extensions or {}
        ),
        signature=completion.with_required(
            "signature",
            leave_out("signature", request.signature, policy.signature),
            policy.signature,
        ),
    )
    if _is_static(policy.extended_key_usages, request.extended_key_usages):
        completed = replace(completed, extended_key_usages=())
        completion.note_static("extended_key_usages")
    if directory:
        stated = leave_out("subject_da", request.subject_da, {**directory.texts, **directory.lists})
        stated = leave_out_attributes(
            "subject_da", stated, "extra_attributes", directory.extra_attributes
        )
        completed = replace(completed, subject_da=stated)
    if statements:
        rules = {
            **statements.switches,
            "etsi_qc_type": statements.qc_type,
            "etsi_qc_retention_period": statements.retention_period,
            "etsi_qc_pds": statements.disclosures,
        }
        stated = leave_out("qualified_statements", request.qualified_statements, rules)
        if "semantics" in stated:
            stated["semantics"] = leave_out(
                "qualified_statements.semantics",
                stated["semantics"],
                {
                    "identifier": statements.identifier,
                    "name_authorities": statements.name_authorities,
                },
            )
        completed = replace(completed, qualified_statements=stated)
    if template:
        rules = {"id": template.template_id, **template.versions}
        stated = leave_out("ms_extension_template", request.ms_extension_template, rules)
        completed = replace(completed, ms_extension_template=stated)
    return Completed(completed, tuple(completion.notes))


def latest_end(policy: Policy, not_before: int) -> int | None:
    """The end of the longest lifetime, UNIX seconds; None if the policy sets no limit.

    One second less than allowed, because the last second may count (RFC 5280, section 4.1.2.5).
    """
    longest = policy.validity.longest(not_before)
    if longest is None or longest <= (policy.validity.secondsmin or 0) + 1:
        return None
    return not_before + longest - 1


class _Completion:
    """The notes of one completion."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note_static(self, path: str) -> None:
        """Say that something is left out."""
        self.notes.append(f"{option_of(path)} is not sent: the service puts the same there itself.")

    def without_static(
        self, path: str, stated: Mapping[str, Any], rules: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The members that are not the same as what the service puts in."""
        kept = {}
        for name, value in stated.items():
            if _is_static(rules.get(name), value):
                self.note_static(f"{path}.{name}")
            else:
                kept[name] = value
        return kept

    def without_static_attributes(
        self,
        path: str,
        stated: Mapping[str, Any],
        name: str,
        rules: Mapping[str, AttributeRule | None] | None,
    ) -> dict[str, Any]:
        """The section, its list of attributes without what the service puts in."""
        if not stated.get(name):
            return dict(stated)
        kept = []
        for entry in stated[name]:
            rule = (rules or {}).get(entry.get("type", ""))
            if rule and rule.is_static and _is_same_attribute(rule, entry.get("value") or ""):
                self.note_static(f"{path}.{name}.{entry['type']}")
            else:
                kept.append(entry)
        return {**stated, name: kept}

    def with_required(
        self, path: str, stated: dict[str, Any], rules: Mapping[str, ChoiceRule | None]
    ) -> dict[str, Any]:
        """The section, with the first choice of the policy where one is required."""
        filled = dict(stated)
        for name, rule in rules.items():
            if name not in stated and rule and rule.presence == REQUIRED and rule.choices:
                filled[name] = rule.choices[0]
                self.notes.append(f"{path}.{name} is {rule.choices[0]}, as the policy wants one.")
        return filled


def _is_static(rule: Any, value: Any) -> bool:
    """Whether a value is just what the service puts there itself."""
    if isinstance(rule, StringRule):
        return rule.presence == STATIC and bool(value) and rule.format == value
    if isinstance(rule, ListRule):
        return rule.is_static is True and _is_same_list(rule.entries, value)
    if isinstance(rule, ChoiceRule):
        return rule.presence == STATIC and rule.choices == (value,)
    if isinstance(rule, StatementRule):
        return rule.presence == STATIC and dict(rule.policies) == value
    if isinstance(rule, IntegerRule):
        return rule.presence == STATIC and rule.min == rule.max == value
    if isinstance(rule, ExtensionRule):
        static = NIL if rule.value_type == NIL else rule.value_format
        return rule.presence == STATIC and static == value
    switch = {STATIC_TRUE: True, STATIC_FALSE: False}.get(rule or "")
    return switch is not None and switch == value


def _is_same_list(entries: Sequence[str | None], values: Sequence[str]) -> bool:
    return bool(values) and {(entry or "").lower() for entry in entries} == {
        value.lower() for value in values
    }


def _is_same_attribute(rule: AttributeRule, value: str) -> bool:
    return value == ("" if rule.value_type == NIL else rule.value_format)
