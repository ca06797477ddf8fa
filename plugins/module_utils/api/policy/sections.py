# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sections of a request, each against that of the policy (API reference, 3.2 and 4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ..request import CertificateRequest
from . import doubts
from .attributes import check_attributes, check_extensions
from .lists import check_patterns, check_suffixes
from .model import KEY_USAGES, SAN_LISTS, SUBJECT_TEXTS, DirectoryRule, Policy, StatementsRule
from .rules import (
    FORBIDDEN,
    OPTIONAL,
    REQUIRED,
    STATIC,
    STATIC_FALSE,
    STATIC_TRUE,
    ChoiceRule,
    StatementRule,
)
from .texts import check_number, check_text
from .verdict import Finding, Undecided, Violation, fixed, forbidden, required, unclear, unlisted

_SIGNATURE_NAMES = frozenset({"RSA", "RSA-PSS", "ECDSA", "SHA-256", "SHA-384", "SHA-512"})


def check_subject(policy: Policy, request: CertificateRequest) -> Iterator[Finding]:
    """The subject's distinguished name."""
    stated = request.subject_dn
    for name in SUBJECT_TEXTS:
        doubt = partial(doubts.subject_text, name)
        value = stated.get(name) or ""
        yield from check_text(f"subject_dn.{name}", value, policy.subject[name], doubt)
    yield from _check_name_among_names(request)
    yield from check_patterns(
        "subject_dn.organizational_unit",
        stated.get("organizational_unit") or (),
        policy.organizational_unit,
        partial(doubts.subject_text, "organizational_unit"),
    )
    yield from check_attributes(
        "subject_dn.extra_attributes",
        stated.get("extra_attributes") or (),
        policy.subject_attributes,
    )
    known = {*SUBJECT_TEXTS, "organizational_unit", "extra_attributes"}
    yield from (unlisted(f"subject_dn.{name}") for name in stated if name not in known)


def _check_name_among_names(request: CertificateRequest) -> Iterator[Finding]:
    """A common name that looks like a DNS name may have to be one (uncertainty U27)."""
    name = str(request.subject_dn.get("common_name") or "").lower()
    listed = {str(dns_name).lower() for dns_name in request.san.get("dns_names") or ()}
    if "." in name and name not in listed:
        yield Undecided("subject_dn.common_name", "it is not among san.dns_names")


def check_san(policy: Policy, request: CertificateRequest) -> Iterator[Finding]:
    """The subject alternative names."""
    checks = {
        "dns_names": (check_suffixes, doubts.dns_name),
        "emails": (check_suffixes, doubts.mailbox),
        "ip_addresses": (check_patterns, doubts.ip_address),
        "uris": (check_patterns, doubts.uri),
    }
    for kind in SAN_LISTS:
        check, doubt = checks[kind]
        yield from check(f"san.{kind}", request.san.get(kind) or (), policy.san[kind], doubt)
    yield from check_attributes(
        "san.other_names", request.san.get("other_names") or (), policy.other_names
    )


def check_key_usages(policy: Policy, request: CertificateRequest) -> Iterator[Finding]:
    """The key usages; which ones the certificate gets depends on both."""
    granted = {}
    for name in dict.fromkeys([*(policy.key_usages or {}), *request.key_usages]):
        switch, value = (policy.key_usages or {}).get(name), request.key_usages.get(name)
        yield from _check_switch(f"key_usages.{name}", value, switch, false_is_none=False)
        granted[name] = switch == STATIC_TRUE or bool(value)
    is_only = granted.get("encipher_only") or granted.get("decipher_only")
    if is_only and not granted.get("key_agreement"):
        yield Undecided("key_usages", "encipher_only and decipher_only go with key_agreement only")
    yield from (
        unlisted(f"key_usages.{name}") for name in request.key_usages if name not in KEY_USAGES
    )


def _check_switch(
    path: str, value: bool | None, switch: str | None, false_is_none: bool
) -> Iterator[Finding]:
    """A boolean against its OptionalStatic. Some clients send false where they mean none."""
    if value is None or switch == OPTIONAL:
        return
    if switch is None:
        yield unlisted(path)
    elif value == (switch == STATIC_TRUE) or (false_is_none and not value):
        yield Undecided(path, "the service puts the same there itself")
    elif switch in (STATIC_TRUE, STATIC_FALSE):
        yield fixed(path, str(value).lower(), str(not value).lower())


def check_extended_key_usages(policy: Policy, request: CertificateRequest) -> Iterator[Finding]:
    """The extended key usages, as OIDs."""
    usages = request.extended_key_usages
    yield from check_patterns("extended_key_usages", usages, policy.extended_key_usages, doubts.oid)


def check_directory(policy: Policy, request: CertificateRequest) -> Iterator[Finding]:
    """The subject directory attributes."""
    stated = request.subject_da
    if policy.directory is None:
        yield from (unlisted(f"subject_da.{name}") for name in stated)
    else:
        findings = _check_directory(policy.directory, stated)
        yield from _unless_left_out("subject_da", stated, findings)


def _check_directory(rule: DirectoryRule, stated: Mapping[str, Any]) -> Iterator[Finding]:
    text_doubts = {"gender": doubts.gender, "place_of_birth": doubts.plain_text}
    for name, doubt in text_doubts.items():
        yield from check_text(f"subject_da.{name}", stated.get(name) or "", rule.texts[name], doubt)
    yield from _check_birth(str(stated.get("date_of_birth") or ""), rule.date_of_birth)
    for name, list_rule in rule.lists.items():
        yield from check_patterns(
            f"subject_da.{name}", stated.get(name) or (), list_rule, doubts.country
        )
    yield from check_attributes(
        "subject_da.extra_attributes", stated.get("extra_attributes") or (), rule.extra_attributes
    )


def _check_birth(value: str, presence: str | None) -> Iterator[Finding]:
    path = "subject_da.date_of_birth"
    if value and presence is None:
        yield unlisted(path)
    elif value == "0001-01-01":
        yield Undecided(path, "this date may stand for none")
    elif presence == STATIC:
        yield unclear(path, "does not say what is static")
    elif value and presence == FORBIDDEN:
        yield forbidden(path, value)
    elif value and not doubts.is_date(value):
        yield Violation(path, value, "is not a date", "give one as YYYY-MM-DD")
    elif not value and presence == REQUIRED:
        yield required(path)


def check_statements(policy: Policy, request: CertificateRequest) -> Iterator[Finding]:
    """The qualified certificate statements."""
    stated = request.qualified_statements
    if policy.statements is None:
        yield from (unlisted(f"qualified_statements.{name}") for name in stated)
    else:
        findings = _check_statements(policy.statements, stated)
        yield from _unless_left_out("qualified_statements", stated, findings)


def _check_statements(rule: StatementsRule, stated: Mapping[str, Any]) -> Iterator[Finding]:
    path = "qualified_statements"
    semantics = stated.get("semantics") or {}
    identifier = semantics.get("identifier") or ""
    yield from check_text(f"{path}.semantics.identifier", identifier, rule.identifier, doubts.oid)
    yield from check_patterns(
        f"{path}.semantics.name_authorities",
        semantics.get("name_authorities") or (),
        rule.name_authorities,
        doubts.uri,
    )
    for name, switch in rule.switches.items():
        yield from _check_switch(f"{path}.{name}", stated.get(name), switch, false_is_none=True)
    qc_type = stated.get("etsi_qc_type") or ""
    yield from check_text(f"{path}.etsi_qc_type", qc_type, rule.qc_type, doubts.oid)
    yield from check_number(
        f"{path}.etsi_qc_retention_period",
        stated.get("etsi_qc_retention_period"),
        rule.retention_period,
    )
    disclosures = stated.get("etsi_qc_pds") or {}
    yield from _check_disclosures(f"{path}.etsi_qc_pds", disclosures, rule.disclosures)


def _check_disclosures(
    path: str, value: Mapping[str, str], rule: StatementRule | None
) -> Iterator[Finding]:
    shown = ", ".join(f"{language}: {url}" for language, url in value.items())
    if rule is None:
        if value:
            yield unlisted(path)
    elif rule.presence is None:
        yield unclear(path, "does not say whether it may be sent")
    elif not value:
        if rule.presence == REQUIRED:
            yield required(path)
        elif rule.presence == STATIC and not rule.policies:
            yield unclear(path, "does not say what is static")
    elif rule.presence == FORBIDDEN:
        yield forbidden(path, shown)
    elif rule.presence == STATIC and rule.policies and dict(value) != dict(rule.policies):
        static = ", ".join(f"{language}: {url}" for language, url in rule.policies.items())
        yield fixed(path, shown, static)
    else:
        yield unclear(path, "does not say which disclosure statements it allows")


def check_template(policy: Policy, request: CertificateRequest) -> Iterator[Finding]:
    """The Microsoft certificate template, whose `template_id` is `id` in a request."""
    path, stated = "ms_extension_template", request.ms_extension_template
    if policy.template is None:
        if stated:
            yield unlisted(path)
        return
    rule = policy.template
    findings: list[Finding] = list(
        check_text(f"{path}.id", stated.get("id") or "", rule.template_id, doubts.oid)
    )
    for name, version in rule.versions.items():
        findings += check_number(f"{path}.{name}", stated.get(name), version)
    static = [rule.template_id, *rule.versions.values()]
    is_partly_there = stated or any(part and part.presence == STATIC for part in static)
    findings += [
        Undecided(f"{path}.{name}", "a template may need it")
        for name in ("id", "major_version")
        if is_partly_there and stated.get(name) in (None, "")
    ]
    yield from _unless_left_out(path, stated, findings)


def _unless_left_out(
    path: str, stated: Mapping[str, Any], findings: Iterator[Finding] | list[Finding]
) -> Iterator[Finding]:
    """What is missing in a section that is optional, and not sent at all, may be no fault."""
    found = list(findings)
    if stated:
        yield from found
    elif found:
        yield Undecided(path, "it may be left out as a whole, or not")


def check_custom_extensions(policy: Policy, request: CertificateRequest) -> Iterator[Finding]:
    """The custom extensions."""
    extensions = request.custom_extensions
    yield from check_extensions("custom_extensions", extensions, policy.custom_extensions)


def check_signature(policy: Policy, request: CertificateRequest) -> Iterator[Finding]:
    """How the CA signs."""
    for name, rule in policy.signature.items():
        yield from _check_choice(f"signature.{name}", request.signature.get(name) or "", rule)


def _check_choice(path: str, value: str, rule: ChoiceRule | None) -> Iterator[Finding]:
    if rule is None:
        if value:
            yield unlisted(path)
    elif rule.presence is None:
        yield unclear(path, "does not say whether it may be sent")
    elif not value:
        if rule.presence == REQUIRED:
            yield required(path)
    elif rule.presence == FORBIDDEN:
        yield forbidden(path, value)
    elif value.upper() not in map(str.upper, rule.choices) and rule.choices:
        listed = " or ".join(rule.choices)
        wrong = "is not what the validation policy allows"
        yield Violation(path, value, wrong, f"give {listed}")
    elif rule.presence == STATIC:
        yield Undecided(path, "the service chooses it itself")
    elif value not in rule.choices or value not in _SIGNATURE_NAMES:
        yield unclear(path, "lists it in another spelling, or not at all")
