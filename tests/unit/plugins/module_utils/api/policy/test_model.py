# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A policy that has every member of the reference, section 3.2, and one that has others."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.key_choice import (
    KeyChoice,
    choose_key,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.model import (
    KeyRule,
    Policy,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.rules import (
    AttributeRule,
    ChoiceRule,
    ExtensionRule,
    IntegerRule,
    ListRule,
    StatementRule,
    StringRule,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.verdict import (
    PolicyError,
)

OID = "1.2.3"
TEXTS = (
    *("common_name", "given_name", "surname", "pseudonym", "organization"),
    *("organization_identifier", "country", "state", "locality", "street_address", "postal_code"),
    *("email", "serial_number", "jurisdiction_of_incorporation_locality_name"),
    "jurisdiction_of_incorporation_state_or_province_name",
    *("jurisdiction_of_incorporation_country_name", "business_category"),
)
USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_certificate_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def text(name: str) -> dict[str, Any]:
    return {"presence": "OPTIONAL", "format": name}


def entries(name: str) -> dict[str, Any]:
    return {"static": False, "list": [name, 7], "mincount": 1, "maxcount": 2}


ATTRIBUTES = {
    OID: {
        "static": True,
        "value_type": "der",
        "value_format": "^x$",
        "mincount": 1,
        "maxcount": 2,
    },
    "1.2.4": "no rule",
}
NUMBER = {"presence": "required", "min": 1, "max": 2}
CHOICE = {"presence": "FORBIDDEN", "list": ["RSA", 7, ""]}
FULL: dict[str, Any] = {
    "validity": {
        "secondsmin": 1,
        "secondsmax": 2,
        "not_before_negative_skew": 3,
        "not_before_positive_skew": 4,
        "issuer_expiry": 5,
    },
    "subject_dn": {
        **{name: text(name) for name in TEXTS},
        "organizational_unit": entries("unit"),
        "extra_attributes": ATTRIBUTES,
    },
    "san": {
        "dns_names": entries("dns"),
        "emails": entries("mail"),
        "ip_addresses": entries("ip"),
        "uris": entries("uri"),
        "other_names": ATTRIBUTES,
        "critical": True,
    },
    "key_usages": dict.fromkeys(USAGES, "static_true"),
    "extended_key_usages": {"ekus": entries("eku"), "critical": True},
    "subject_da": {
        "gender": text("gender"),
        "date_of_birth": "OPTIONAL",
        "place_of_birth": text("place"),
        "country_of_citizenship": entries("citizenship"),
        "country_of_residence": entries("residence"),
        "extra_attributes": ATTRIBUTES,
    },
    "qualified_statements": {
        "semantics": {"identifier": text("identifier"), "name_authorities": entries("authority")},
        "etsi_qc_compliance": "STATIC_TRUE",
        "etsi_qc_sscd_compliance": "STATIC_FALSE",
        "etsi_qc_type": text("type"),
        "etsi_qc_retention_period": NUMBER,
        "etsi_qc_pds": {"presence": "STATIC", "policies": {"EN": "https://a"}},
    },
    "ms_extension_template": {
        "critical": True,
        "template_id": text("template"),
        "major_version": NUMBER,
        "minor_version": {**NUMBER, "max": 3},
    },
    "custom_extensions": {
        OID: {"presence": "STATIC", "critical": True, "value_type": "NIL", "value_format": "x"}
    },
    "signature": {"algorithm": CHOICE, "hash_algorithm": {**CHOICE, "list": ["SHA-256"]}},
    "public_key": {"key_type": "rsa", "allowed_lengths": [2048, "x", 0], "key_format": "pkcs8"},
    "public_key_signature": "required",
}


def rule(name: str) -> ListRule:
    return ListRule(is_static=False, entries=(name, None), mincount=1, maxcount=2)


def test_every_member_is_read() -> None:
    policy = Policy.parse(FULL)
    attributes = {OID: AttributeRule(True, "DER", "^x$", 1, 2), "1.2.4": None}
    assert policy.unknown == ()
    validity = policy.validity
    assert (validity.secondsmin, validity.secondsmax, validity.issuer_expiry) == (1, 2, 5)
    skews = (validity.not_before_negative_skew, validity.not_before_positive_skew)
    assert skews == (3, 4)
    assert policy.subject == {name: StringRule("OPTIONAL", name) for name in TEXTS}
    assert policy.organizational_unit == rule("unit")
    assert policy.subject_attributes == attributes
    assert policy.san == {
        "dns_names": rule("dns"),
        "emails": rule("mail"),
        "ip_addresses": rule("ip"),
        "uris": rule("uri"),
    }
    assert policy.other_names == attributes
    assert policy.key_usages == dict.fromkeys(USAGES, "STATIC_TRUE")
    assert policy.extended_key_usages == rule("eku")
    assert policy.directory is not None
    assert policy.directory.texts == {
        "gender": StringRule("OPTIONAL", "gender"),
        "place_of_birth": StringRule("OPTIONAL", "place"),
    }
    assert policy.directory.date_of_birth == "OPTIONAL"
    assert policy.directory.lists == {
        "country_of_citizenship": rule("citizenship"),
        "country_of_residence": rule("residence"),
    }
    assert policy.directory.extra_attributes == attributes
    statements = policy.statements
    assert statements is not None
    assert statements.identifier == StringRule("OPTIONAL", "identifier")
    assert statements.name_authorities == rule("authority")
    assert statements.switches == {
        "etsi_qc_compliance": "STATIC_TRUE",
        "etsi_qc_sscd_compliance": "STATIC_FALSE",
    }
    assert statements.qc_type == StringRule("OPTIONAL", "type")
    assert statements.retention_period == IntegerRule("REQUIRED", 1, 2)
    assert statements.disclosures == StatementRule("STATIC", {"EN": "https://a"})
    assert policy.template is not None
    assert policy.template.template_id == StringRule("OPTIONAL", "template")
    assert policy.template.versions == {
        "major_version": IntegerRule("REQUIRED", 1, 2),
        "minor_version": IntegerRule("REQUIRED", 1, 3),
    }
    assert policy.custom_extensions == {OID: ExtensionRule("STATIC", True, "NIL", "x")}
    assert policy.signature == {
        "algorithm": ChoiceRule("FORBIDDEN", ("RSA",)),
        "hash_algorithm": ChoiceRule("FORBIDDEN", ("SHA-256",)),
    }
    assert policy.key == KeyRule("RSA", (2048,), "PKCS8")
    assert policy.public_key_signature == "REQUIRED"


@pytest.mark.parametrize(("given", "read"), [(True, True), (False, False), ("true", False), (1, 0)])
def test_what_is_critical(given: Any, read: bool) -> None:
    policy = Policy.parse(
        {
            "san": {"critical": given},
            "extended_key_usages": {"critical": given},
            "ms_extension_template": {"critical": given},
            "custom_extensions": {OID: {"critical": given}},
        }
    )
    assert policy.template is not None
    assert policy.custom_extensions is not None
    extension = policy.custom_extensions[OID]
    assert extension is not None
    assert policy.san_is_critical == read
    assert policy.extended_key_usages_are_critical == read
    assert policy.template.is_critical == read
    assert extension.is_critical == read


def test_what_the_reference_does_not_know_is_named() -> None:
    document = {
        section: {**members, "new": 1}
        for section, members in FULL.items()
        if section not in ("custom_extensions", "public_key_signature")
    }
    assert Policy.parse({**document, "newer": 1}).unknown == (
        "newer",
        "validity.new",
        "subject_dn.new",
        "san.new",
        "key_usages.new",
        "extended_key_usages.new",
        "subject_da.new",
        "qualified_statements.new",
        "ms_extension_template.new",
        "signature.new",
        "public_key.new",
    )


def test_a_policy_that_says_nothing() -> None:
    policy = Policy.parse({})
    assert policy.key == KeyRule(None, (), None)
    assert policy.key_usages is None
    assert policy.directory is None
    assert policy.statements is None
    assert policy.template is None
    assert policy.custom_extensions is None
    assert policy.subject_attributes is None
    assert set(policy.subject.values()) == {None}
    assert policy.unknown == ()
    assert Policy.parse({"validity": {"secondsmax": 0, "issuer_expiry": 0}}).validity == (
        policy.validity
    )


@pytest.mark.parametrize(
    ("value", "read"), [(0, 0), (7, 7), (-1, None), (True, None), ("7", None), (None, None)]
)
def test_numbers(value: Any, read: int | None) -> None:
    assert Policy.parse({"validity": {"secondsmin": value}}).validity.secondsmin == read


def test_the_document_is_not_shown_with_the_policy() -> None:
    """It is long, and of use to nobody in a message."""
    assert "document" not in repr(Policy.parse({"validity": {"secondsmin": 1}}))


@pytest.mark.parametrize(
    ("key_format", "presence", "wants_csr", "wants_proof"),
    [
        ("PKCS10", "REQUIRED", True, False),
        ("pkcs10", "OPTIONAL", True, False),
        ("PKCS8", "REQUIRED", False, True),
        ("PKCS8", "OPTIONAL", False, True),
        ("PKCS8", "FORBIDDEN", False, False),
        (None, "REQUIRED", False, True),
        (None, None, False, False),
    ],
)
def test_what_goes_with_the_key(
    key_format: Any, presence: Any, wants_csr: bool, wants_proof: bool
) -> None:
    document = {"public_key": {"key_format": key_format}, "public_key_signature": presence}
    policy = Policy.parse(document)
    assert policy.wants_csr is wants_csr
    assert policy.wants_proof is wants_proof


@pytest.mark.parametrize(
    ("rule", "key_type", "bits", "chosen"),
    [
        (KeyRule(None, (), None), "auto", None, KeyChoice("ECDSA", 256)),
        (KeyRule(None, (), None), "ECDSA", 521, KeyChoice("ECDSA", 521)),
        (KeyRule(None, (), None), "RSA", None, KeyChoice("RSA", 2048)),
        (KeyRule(None, (), None), "RSA", 4096, KeyChoice("RSA", 4096)),
        (KeyRule("RSA", (4096, 2048, 1024), None), "auto", None, KeyChoice("RSA", 2048)),
        (KeyRule("RSA", (2047, 2049), None), "auto", None, KeyChoice("RSA", 2049)),
        (KeyRule("ECDSA", (521, 384, 255), None), "auto", None, KeyChoice("ECDSA", 384)),
        (KeyRule("OTHER", (3072,), None), "auto", None, KeyChoice("RSA", 3072)),
    ],
)
def test_the_key_that_is_made(
    rule: KeyRule, key_type: str, bits: int | None, chosen: KeyChoice
) -> None:
    assert choose_key(rule, key_type, bits) == chosen


@pytest.mark.parametrize(
    ("rule", "key_type", "bits", "message"),
    [
        (
            KeyRule("RSA", (2048,), None),
            "ECDSA",
            None,
            "privatekey_type: 'ECDSA' is not what the validation policy allows; give RSA, or auto.",
        ),
        (
            KeyRule(None, (256, 2048), None),
            "DSA",
            None,
            "privatekey_type: 'DSA' is not what the validation policy allows;"
            " give ECDSA or RSA, or auto.",
        ),
        (
            KeyRule("RSA", (1024, 512), None),
            "auto",
            None,
            "privatekey_type: 'auto' finds no usable key in the validation policy, which allows"
            " RSA 1024, 512; the account needs a policy with RSA of 2048 to 8192 bits,"
            " or with P-256, P-384 or P-521.",
        ),
        (
            KeyRule(None, (1024,), None),
            "auto",
            None,
            "privatekey_type: 'auto' finds no usable key in the validation policy, which allows"
            " keys of 1024; the account needs a policy with RSA of 2048 to 8192 bits,"
            " or with P-256, P-384 or P-521.",
        ),
        (
            KeyRule("RSA", (2048, 4096), None),
            "auto",
            3072,
            "privatekey_size: '3072' is not a size that the validation policy allows;"
            " give 2048 (RSA) or 4096 (RSA), or leave it out.",
        ),
    ],
)
def test_no_key_can_be_made(rule: KeyRule, key_type: str, bits: int | None, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        choose_key(rule, key_type, bits)
    assert caught.value.message == message
    assert [str(violation) for violation in caught.value.violations] == [message]
