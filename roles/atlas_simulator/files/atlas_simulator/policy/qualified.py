# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The section `qualified_statements` (API reference, sections 3.2 and 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import messages
from ..pki.extensions import QualifiedStatements, is_oid
from .members import REQUIRED, STATIC
from .readings import Readings
from .rules import (
    Rule,
    by_presence,
    flag,
    integer,
    matches,
    refused,
    require_known,
    require_section,
    string,
    strings,
)

_PATH = "qualified_statements"
_RETENTION = "etsi_qc_retention_period"
_MEMBERS = (
    "semantics",
    "etsi_qc_compliance",
    "etsi_qc_sscd_compliance",
    "etsi_qc_type",
    _RETENTION,
    "etsi_qc_pds",
)


def qualified_statements(
    request: Mapping[str, Any] | None, policy: Mapping[str, Any] | None, readings: Readings
) -> QualifiedStatements:
    """The statements.

    hvclient always sends false and 0 for what is not stated (section 4.2): false counts as not
    sent, and so does a retention period of 0 unless the policy requires one.
    """
    rules = policy or {}
    sent = _without_placeholders(request or {}, rules.get(_RETENTION))
    require_section(_PATH, sent, policy, readings)
    semantics, authorities = _semantics(sent.get("semantics", {}), rules, readings)
    compliance, secure_device = (
        flag(f"{_PATH}.{name}", sent.get(name), rules.get(name), readings)
        for name in ("etsi_qc_compliance", "etsi_qc_sscd_compliance")
    )
    kind = _identifier(
        "etsi_qc_type", sent.get("etsi_qc_type"), rules.get("etsi_qc_type"), readings
    )
    retention = integer(
        f"{_PATH}.{_RETENTION}", sent.get(_RETENTION), rules.get(_RETENTION), readings
    )
    disclosures = _disclosures(sent.get("etsi_qc_pds"), rules.get("etsi_qc_pds"), readings)
    require_known(_PATH, sent, _MEMBERS, readings)
    return QualifiedStatements(
        semantics=semantics,
        name_authorities=authorities,
        compliance=bool(compliance),
        secure_device=bool(secure_device),
        kind=kind,
        retention=retention,
        disclosures=disclosures,
    )


def _without_placeholders(request: Mapping[str, Any], retention: Rule) -> dict[str, Any]:
    sent = {name: value for name, value in request.items() if value is not False}
    if sent.get(_RETENTION) == 0 and (retention or {}).get("presence") != REQUIRED:
        del sent[_RETENTION]
    return sent


def _semantics(
    sent: Mapping[str, Any], rules: Mapping[str, Any], readings: Readings
) -> tuple[str, list[str]]:
    semantics = rules.get("semantics") or {}
    identifier = _identifier(
        "semantics.identifier", sent.get("identifier"), semantics.get("identifier"), readings
    )
    name = "name_authorities"
    path = f"{_PATH}.semantics"
    authorities = strings(f"{path}.{name}", sent.get(name), semantics.get(name), readings)
    require_known(path, sent, ("identifier", name), readings)
    return identifier, authorities


def _identifier(member: str, value: str | None, rule: Rule, readings: Readings) -> str:
    path = f"{_PATH}.{member}"
    identifier = string(path, value, rule, readings) or ""
    if identifier and not is_oid(identifier):
        raise refused(messages.INVALID_VALUE, path)
    return identifier


def _disclosures(
    value: Mapping[str, str] | None, rule: Rule, readings: Readings
) -> Mapping[str, str]:
    """PKI disclosure statements: URLs by language.

    Unless STATIC, `policies` is read as a regular expression for each language that may be sent.
    """
    patterns = (rule or {}).get("policies") or {}

    def is_admitted(sent: Mapping[str, str]) -> bool:
        if not patterns:
            return readings.empty_list == "any"
        return all(
            language in patterns and matches(patterns[language], url, readings)
            for language, url in sent.items()
        )

    path, presence = f"{_PATH}.etsi_qc_pds", rule["presence"] if rule else None
    chosen = by_presence(path, value, presence, patterns, is_admitted, readings)
    if presence == STATIC and not chosen:
        raise refused(messages.NO_STATIC_VALUE, path)
    return chosen or {}
