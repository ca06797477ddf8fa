# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The validation policy of an account, every field of it (API reference, section 3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .rules import (
    OPTIONAL,
    REQUIRED,
    AttributeRule,
    ChoiceRule,
    ExtensionRule,
    IntegerRule,
    ListRule,
    StatementRule,
    StringRule,
    by_oid,
    count_of,
    presence_of,
    section_of,
    switch_of,
    text_of,
)

SUBJECT_TEXTS = (
    "common_name",
    "given_name",
    "surname",
    "pseudonym",
    "organization",
    "organization_identifier",
    "country",
    "state",
    "locality",
    "street_address",
    "postal_code",
    "email",
    "serial_number",
    "jurisdiction_of_incorporation_locality_name",
    "jurisdiction_of_incorporation_state_or_province_name",
    "jurisdiction_of_incorporation_country_name",
    "business_category",
)
SAN_LISTS = ("dns_names", "emails", "ip_addresses", "uris")
KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_certificate_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
CSR_FORMAT = "PKCS10"

SECTIONS = frozenset(
    {
        "validity",
        "subject_dn",
        "san",
        "key_usages",
        "extended_key_usages",
        "subject_da",
        "qualified_statements",
        "ms_extension_template",
        "custom_extensions",
        "signature",
        "public_key",
        "public_key_signature",
    }
)

_KNOWN: Mapping[str, frozenset[str]] = {
    "": SECTIONS,
    "validity": frozenset(
        {
            "secondsmin",
            "secondsmax",
            "not_before_negative_skew",
            "not_before_positive_skew",
            "issuer_expiry",
        }
    ),
    "subject_dn": frozenset({*SUBJECT_TEXTS, "organizational_unit", "extra_attributes"}),
    "san": frozenset({*SAN_LISTS, "other_names", "critical"}),
    "key_usages": frozenset(KEY_USAGES),
    "extended_key_usages": frozenset({"ekus", "critical"}),
    "subject_da": frozenset(
        {
            "gender",
            "date_of_birth",
            "place_of_birth",
            "country_of_citizenship",
            "country_of_residence",
            "extra_attributes",
        }
    ),
    "qualified_statements": frozenset(
        {
            "semantics",
            "etsi_qc_compliance",
            "etsi_qc_sscd_compliance",
            "etsi_qc_type",
            "etsi_qc_retention_period",
            "etsi_qc_pds",
        }
    ),
    "ms_extension_template": frozenset(
        {"critical", "template_id", "major_version", "minor_version"}
    ),
    "signature": frozenset({"algorithm", "hash_algorithm"}),
    "public_key": frozenset({"key_type", "allowed_lengths", "key_format"}),
}
"""The members of each section that the reference knows."""


@dataclass(frozen=True)
class ValidityRule:
    """Bounds in seconds, the end of the issuing CA in UNIX seconds; None where nothing is said."""

    secondsmin: int | None
    secondsmax: int | None
    not_before_negative_skew: int | None
    not_before_positive_skew: int | None
    issuer_expiry: int | None

    @classmethod
    def parse(cls, section: Mapping[str, Any]) -> ValidityRule:
        """Read the section `validity`; a limit of 0 is none."""
        return cls(
            secondsmin=count_of(section.get("secondsmin")),
            secondsmax=count_of(section.get("secondsmax")) or None,
            not_before_negative_skew=count_of(section.get("not_before_negative_skew")),
            not_before_positive_skew=count_of(section.get("not_before_positive_skew")),
            issuer_expiry=count_of(section.get("issuer_expiry")) or None,
        )

    def longest(self, not_before: int) -> int | None:
        """The longest lifetime in seconds from `not_before`, None if there is no limit."""
        limits = [] if self.secondsmax is None else [self.secondsmax]
        if self.issuer_expiry is not None:
            limits.append(self.issuer_expiry - not_before)
        return min(limits, default=None)


@dataclass(frozen=True)
class DirectoryRule:
    """The section `subject_da`, subject directory attributes."""

    texts: Mapping[str, StringRule | None]
    date_of_birth: str | None
    lists: Mapping[str, ListRule | None]
    extra_attributes: Mapping[str, AttributeRule | None] | None

    @classmethod
    def parse(cls, section: Mapping[str, Any]) -> DirectoryRule:
        """Read the section."""
        lists = ("country_of_citizenship", "country_of_residence")
        return cls(
            texts={
                name: StringRule.parse(section.get(name)) for name in ("gender", "place_of_birth")
            },
            date_of_birth=presence_of(section.get("date_of_birth")),
            lists={name: ListRule.parse(section.get(name)) for name in lists},
            extra_attributes=by_oid(section.get("extra_attributes"), AttributeRule.parse),
        )


@dataclass(frozen=True)
class StatementsRule:
    """The section `qualified_statements`."""

    identifier: StringRule | None
    name_authorities: ListRule | None
    switches: Mapping[str, str | None]
    qc_type: StringRule | None
    retention_period: IntegerRule | None
    disclosures: StatementRule | None

    @classmethod
    def parse(cls, section: Mapping[str, Any]) -> StatementsRule:
        """Read the section."""
        semantics = section_of(section.get("semantics"))
        switches = ("etsi_qc_compliance", "etsi_qc_sscd_compliance")
        return cls(
            identifier=StringRule.parse(semantics.get("identifier")),
            name_authorities=ListRule.parse(semantics.get("name_authorities")),
            switches={name: switch_of(section.get(name)) for name in switches},
            qc_type=StringRule.parse(section.get("etsi_qc_type")),
            retention_period=IntegerRule.parse(section.get("etsi_qc_retention_period")),
            disclosures=StatementRule.parse(section.get("etsi_qc_pds")),
        )


@dataclass(frozen=True)
class TemplateRule:
    """The section `ms_extension_template`."""

    is_critical: bool
    template_id: StringRule | None
    versions: Mapping[str, IntegerRule | None]

    @classmethod
    def parse(cls, section: Mapping[str, Any]) -> TemplateRule:
        """Read the section."""
        return cls(
            is_critical=section.get("critical") is True,
            template_id=StringRule.parse(section.get("template_id")),
            versions={
                name: IntegerRule.parse(section.get(name))
                for name in ("major_version", "minor_version")
            },
        )


@dataclass(frozen=True)
class KeyRule:
    """The section `public_key`. `allowed_lengths` are bits; empty or None where nothing is said."""

    key_type: str | None
    allowed_lengths: tuple[int, ...]
    key_format: str | None

    @classmethod
    def parse(cls, section: Mapping[str, Any]) -> KeyRule:
        """Read the section."""
        lengths = section.get("allowed_lengths")
        members = lengths if isinstance(lengths, list) else []
        return cls(
            key_type=(text_of(section.get("key_type")) or "").upper() or None,
            allowed_lengths=tuple(member for member in members if count_of(member)),
            key_format=(text_of(section.get("key_format")) or "").upper() or None,
        )


@dataclass(frozen=True)
class Policy:
    """A validation policy. A section is None, or empty, where the policy has none.

    `unknown` are the paths of members that the reference does not know; `document` is the policy
    as it was sent.
    """

    validity: ValidityRule
    subject: Mapping[str, StringRule | None]
    organizational_unit: ListRule | None
    subject_attributes: Mapping[str, AttributeRule | None] | None
    san: Mapping[str, ListRule | None]
    san_is_critical: bool
    other_names: Mapping[str, AttributeRule | None] | None
    key_usages: Mapping[str, str | None] | None
    extended_key_usages: ListRule | None
    extended_key_usages_are_critical: bool
    directory: DirectoryRule | None
    statements: StatementsRule | None
    template: TemplateRule | None
    custom_extensions: Mapping[str, ExtensionRule | None] | None
    signature: Mapping[str, ChoiceRule | None]
    key: KeyRule
    public_key_signature: str | None
    unknown: tuple[str, ...]
    document: Mapping[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> Policy:
        """Read the policy as `GET /validationpolicy` returns it."""
        subject, san = section_of(document.get("subject_dn")), section_of(document.get("san"))
        usages = document.get("key_usages")
        ekus = section_of(document.get("extended_key_usages"))
        directory = document.get("subject_da")
        statements = document.get("qualified_statements")
        template = document.get("ms_extension_template")
        signature = section_of(document.get("signature"))
        return cls(
            validity=ValidityRule.parse(section_of(document.get("validity"))),
            subject={name: StringRule.parse(subject.get(name)) for name in SUBJECT_TEXTS},
            organizational_unit=ListRule.parse(subject.get("organizational_unit")),
            subject_attributes=by_oid(subject.get("extra_attributes"), AttributeRule.parse),
            san={name: ListRule.parse(san.get(name)) for name in SAN_LISTS},
            san_is_critical=san.get("critical") is True,
            other_names=by_oid(san.get("other_names"), AttributeRule.parse),
            key_usages=(
                {name: switch_of(usages.get(name)) for name in KEY_USAGES if name in usages}
                if isinstance(usages, Mapping)
                else None
            ),
            extended_key_usages=ListRule.parse(ekus.get("ekus")),
            extended_key_usages_are_critical=ekus.get("critical") is True,
            directory=DirectoryRule.parse(directory) if isinstance(directory, Mapping) else None,
            statements=(
                StatementsRule.parse(statements) if isinstance(statements, Mapping) else None
            ),
            template=TemplateRule.parse(template) if isinstance(template, Mapping) else None,
            custom_extensions=by_oid(document.get("custom_extensions"), ExtensionRule.parse),
            signature={
                name: ChoiceRule.parse(signature.get(name))
                for name in ("algorithm", "hash_algorithm")
            },
            key=KeyRule.parse(section_of(document.get("public_key"))),
            public_key_signature=presence_of(document.get("public_key_signature")),
            unknown=tuple(_unknown_members(document)),
            document=document,
        )

    @property
    def wants_csr(self) -> bool:
        """Whether the public key travels as a CSR, which is its own proof of possession."""
        return self.key.key_format == CSR_FORMAT

    @property
    def wants_proof(self) -> bool:
        """Whether a proof of possession goes beside the public key."""
        return not self.wants_csr and self.public_key_signature in (REQUIRED, OPTIONAL)

    @property
    def requires_common_name(self) -> bool:
        """Whether a request without a common name is refused."""
        rule = self.subject["common_name"]
        return rule is not None and rule.presence == REQUIRED


def _unknown_members(document: Mapping[str, Any]) -> Iterator[str]:
    for section, known in _KNOWN.items():
        members = section_of(document.get(section)) if section else document
        for name in members:
            if name not in known:
                yield f"{section}.{name}" if section else str(name)
