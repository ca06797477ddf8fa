# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the API reference can be read in two ways, both can be had; and rules for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest
from atlas_simulator.pki.extensions import Attribute
from atlas_simulator.pki.leaf import Leaf, Signature
from atlas_simulator.policy.enforcement import accept
from atlas_simulator.policy.public_key import key_of_rekey
from atlas_simulator.policy.readings import Readings
from atlas_simulator.problems import ServiceError
from cryptography.hazmat.primitives.asymmetric import ec

from .conftest import KEY, pem_of

NOW = 1_800_000_000
END = NOW + 10 * 365 * 86400
SERIAL = "01CFABDF1EBA6325930BF8B6FFD89F12"
NAMES = {"static": False, "list": [".quillon.example"], "mincount": 0, "maxcount": 5}
UTF8 = {"value_type": "UTF8STRING", "mincount": 0, "maxcount": 3}


def taken(policy: Mapping[str, Any], body: Mapping[str, Any], **readings: Any) -> Leaf:
    """What becomes of a request, to which a validity and a key are added."""
    request = {
        "validity": {"not_before": NOW, "not_after": 0},
        "public_key": pem_of(KEY.public_key()),
        **body,
    }
    return accept(request, policy, Readings(**readings), SERIAL, NOW, END)


def refusal(policy: Mapping[str, Any], body: Mapping[str, Any], **readings: Any) -> str:
    """The error of a request that is refused."""
    with pytest.raises(ServiceError) as caught:
        taken(policy, body, **readings)
    assert caught.value.status == 422
    return caught.value.description


def test_readings_tell_their_choices() -> None:
    for each in fields(Readings):
        assert each.metadata["text"].endswith(".")
        choices = each.metadata["choices"]
        assert each.default in (choices or (False,))


def dns_policy(*entries: str) -> dict[str, Any]:
    return {"san": {"dns_names": {**NAMES, "list": list(entries)}}}


def dns(*names: str) -> dict[str, Any]:
    return {"san": {"dns_names": list(names)}}


SUFFIX_CASES: list[tuple[str, str, bool, bool]] = [
    # entry, name, admitted by "label", admitted by "plain"
    (".", "www.example.org", True, True),
    (".quillon.example", "www.QUILLON.example", True, True),
    (".quillon.example", "quillon.example", False, False),
    ("quillon.example", "quillon.example", True, True),
    ("quillon.example", "www.quillon.example", True, True),
    ("quillon.example", "notquillon.example", False, True),
    ("^www[0-9]\\.quillon", "www1.quillon.example", True, False),
    ("[0-9]\\.quillon", "www1.quillon.example", True, False),
]


@pytest.mark.parametrize(("entry", "name", "by_label", "plainly"), SUFFIX_CASES)
def test_suffixes(entry: str, name: str, by_label: bool, plainly: bool) -> None:
    for reading, is_admitted in (("label", by_label), ("plain", plainly)):
        if is_admitted:
            assert taken(dns_policy(entry), dns(name), suffix=reading).san["dns_names"] == [name]
        else:
            text = refusal(dns_policy(entry), dns(name), suffix=reading)
            assert text == "san.dns_names: invalid value"


def subject_policy(presence: str, pattern: str) -> dict[str, Any]:
    return {"subject_dn": {"common_name": {"presence": presence, "format": pattern}}}


def named(common_name: str) -> dict[str, Any]:
    return {"subject_dn": {"common_name": common_name}}


def test_patterns_are_searched_or_match_the_whole() -> None:
    policy = subject_policy("OPTIONAL", "press[0-9]")
    assert taken(policy, named("old press7")).subject[0].value == "old press7"
    assert taken(policy, named("press7"), pattern="full").subject[0].value == "press7"
    text = refusal(policy, named("old press7"), pattern="full")
    assert text == "subject_dn.common_name: invalid value"


def test_classes_are_those_of_ascii() -> None:
    arabic_seven = "press\u0667"
    text = refusal(subject_policy("OPTIONAL", r"^press\d$"), named(arabic_seven))
    assert text == "subject_dn.common_name: invalid value"


@pytest.mark.parametrize("pattern", ["search", "full"])
def test_no_pattern_admits_a_line_end(pattern: str) -> None:
    policy = subject_policy("OPTIONAL", "(?s)^.*$")
    text = refusal(policy, named("press7\n"), pattern=pattern)
    assert text == "subject_dn.common_name: invalid value"


UNLISTED: list[tuple[dict[str, Any], str]] = [
    (named("press7"), "subject_dn.common_name: is forbidden"),
    ({"subject_dn": {"nickname": "press7"}}, "subject_dn.nickname: is forbidden"),
    (
        {"subject_dn": {"extra_attributes": [{"type": "2.5.4.12", "value": "Boss"}]}},
        "subject_dn.extra_attributes: is forbidden",
    ),
    (dns("www.quillon.example"), "san.dns_names: is forbidden"),
    ({"san": {"other_names": [{"type": "1.2.3"}]}}, "san.other_names: is forbidden"),
    ({"key_usages": {"crl_sign": True}}, "key_usages.crl_sign: is forbidden"),
    ({"extended_key_usages": ["1.3.6.1.5.5.7.3.1"]}, "extended_key_usages: is forbidden"),
    ({"subject_da": {"gender": "f"}}, "subject_da: is forbidden"),
    ({"qualified_statements": {"etsi_qc_type": "1.2.3"}}, "qualified_statements: is forbidden"),
    (
        {"ms_extension_template": {"id": "1.2.3", "major_version": 0}},
        "ms_extension_template: is forbidden",
    ),
    ({"custom_extensions": {"1.2.3": "NIL"}}, "custom_extensions: is forbidden"),
    ({"signature": {"algorithm": "RSA-PSS"}}, "signature: is forbidden"),
    ({"public_key_signature": "AAAA"}, "public_key_signature: is forbidden"),
]


@pytest.mark.parametrize(("body", "text"), UNLISTED)
def test_what_the_policy_has_no_entry_for_is_refused(body: dict[str, Any], text: str) -> None:
    assert refusal({}, body) == text


def test_what_the_policy_has_no_entry_for_can_be_let_in() -> None:
    body: dict[str, Any] = {}
    for part, _text in UNLISTED[:-1]:
        for name, value in part.items():
            body[name] = {**body.get(name, {}), **value} if isinstance(value, dict) else value
    leaf = taken({}, body, missing_section="allow")
    assert leaf.subject == [
        Attribute("2.5.4.3", "UTF8STRING", "press7"),
        Attribute("2.5.4.12", "UTF8STRING", "Boss"),
    ]
    assert leaf.san["dns_names"] == ["www.quillon.example"]
    assert leaf.other_names == [Attribute("1.2.3", "NIL", "")]
    assert leaf.key_usages["crl_sign"]
    assert leaf.ekus == ["1.3.6.1.5.5.7.3.1"]
    assert leaf.directory.gender == "f"
    assert leaf.statements.kind == "1.2.3"
    assert leaf.template is not None
    assert leaf.custom_extensions == []
    assert leaf.signature == Signature("RSA-PSS", "SHA-256")


def test_an_empty_list_admits_nothing_or_anything() -> None:
    policy = {"subject_dn": {"organizational_unit": {**NAMES, "list": []}}}
    body = {"subject_dn": {"organizational_unit": ["Lab 7"]}}
    assert refusal(policy, body) == "subject_dn.organizational_unit: invalid value"
    assert taken(policy, body, empty_list="any").subject[0].value == "Lab 7"


def test_an_empty_list_of_algorithms_admits_nothing_or_anything() -> None:
    policy = {"signature": {"hash_algorithm": {"presence": "OPTIONAL", "list": []}}}
    body = {"signature": {"hash_algorithm": "SHA-512"}}
    assert refusal(policy, body) == "signature.hash_algorithm: invalid value"
    assert taken(policy, body, empty_list="any").signature.hash_algorithm == "SHA-512"
    body = {"signature": {"hash_algorithm": "MD5"}}
    text = refusal(policy, body, empty_list="any")
    assert text == "signature.hash_algorithm: invalid value"


STATIC_LIST = {"static": True, "list": ["a.quillon.example"], "mincount": 1, "maxcount": 1}
STATIC_CASES: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (subject_policy("STATIC", "press7"), named("press7"), "subject_dn.common_name"),
    ({"san": {"dns_names": STATIC_LIST}}, dns("a.quillon.example"), "san.dns_names"),
    (
        {"key_usages": {"key_agreement": "STATIC_TRUE"}},
        {"key_usages": {"key_agreement": True}},
        "key_usages.key_agreement",
    ),
    (
        {"san": {"other_names": {"1.2.3": {**UTF8, "static": True, "value_format": "a"}}}},
        {"san": {"other_names": [{"type": "1.2.3", "value": "a"}]}},
        "san.other_names.1.2.3",
    ),
    (
        {"custom_extensions": {"1.2.3": {"presence": "STATIC", "value_type": "NIL"}}},
        {"custom_extensions": {"1.2.3": "NIL"}},
        "custom_extensions.1.2.3",
    ),
    (
        {"signature": {"algorithm": {"presence": "STATIC", "list": ["ECDSA"]}}},
        {"signature": {"algorithm": "ECDSA"}},
        "signature.algorithm",
    ),
]


@pytest.mark.parametrize(("policy", "body", "path"), STATIC_CASES)
def test_a_value_that_equals_the_static_one(
    policy: dict[str, Any], body: dict[str, Any], path: str
) -> None:
    assert refusal(policy, body) == f"{path}: is static"
    assert taken(policy, body, static_equal="accept") == taken(policy, {})


def test_a_value_that_differs_from_the_static_one_is_refused_anyway() -> None:
    policy = subject_policy("STATIC", "press7")
    text = refusal(policy, named("press8"), static_equal="accept")
    assert text == "subject_dn.common_name: is static"


def test_a_static_text_that_the_identity_lacks_is_refused() -> None:
    text = refusal(subject_policy("STATIC", ""), {})
    assert text == "subject_dn.common_name: the identity has no value"


def test_a_common_name_can_have_to_be_among_the_dns_names() -> None:
    policy = {**subject_policy("OPTIONAL", ""), **dns_policy(".")}
    body = {**named("WWW.quillon.example"), **dns("shop.quillon.example")}
    taken(policy, body)
    text = refusal(policy, body, common_name_in_san=True)
    assert text == "subject_dn.common_name: invalid value"
    taken(policy, {**body, **dns("www.quillon.example")}, common_name_in_san=True)
    taken(policy, {**body, **named("Ida van Loon")}, common_name_in_san=True)


def attribute_policy(kind: str, pattern: str = "") -> dict[str, Any]:
    rule = {**UTF8, "static": False, "value_type": kind, "value_format": pattern}
    return {"subject_dn": {"extra_attributes": {"1.2.3": rule}}}


VALUES: list[tuple[str, str | None, bool]] = [
    ("IA5STRING", "ida@quillon.example", True),
    ("IA5STRING", "id\u00e4", False),
    ("PRINTABLESTRING", "Ida (7)", True),
    ("PRINTABLESTRING", "ida@quillon.example", False),
    ("UTF8STRING", "\u0418\u0434\u0430", True),
    ("UTF8STRING", None, False),
    ("INTEGER", "-128", True),
    ("INTEGER", "9" * 5000, True),
    ("INTEGER", "+1", False),
    ("INTEGER", "1.5", False),
    ("INTEGER", "\u0667", False),
    ("DER", "3003020105", True),
    ("DER", "30030201", False),
    ("DER", "300302010500", False),
    ("DER", "308103020105", False),
    ("DER", "3", False),
    ("DER", "30 03", False),
    ("NIL", None, True),
    ("NIL", "NIL", True),
    ("NIL", "x", False),
]


@pytest.mark.parametrize(("kind", "text", "is_admitted"), VALUES)
def test_values_of_types(kind: str, text: str | None, is_admitted: bool) -> None:
    body = {"subject_dn": {"extra_attributes": [{"type": "1.2.3", "value": text}]}}
    if is_admitted:
        value = "" if kind == "NIL" else str(text)
        assert taken(attribute_policy(kind), body).subject == [Attribute("1.2.3", kind, value)]
    else:
        expected = "subject_dn.extra_attributes.1.2.3: invalid value"
        assert refusal(attribute_policy(kind), body) == expected


OIDS: list[tuple[str, bool]] = [
    ("1.2.3", True),
    ("2.999." + "9" * 40, True),
    ("1.2.1234567890.3", False),  # only the last arc has more than nine digits
    ("1." * 64 + "1", False),
    ("5", False),
    ("3.1", False),
    ("1.40", False),
    ("1..2", False),
    ("1.2.", False),
    ("1.2.3 ", False),
    ("serverAuth", False),
]


@pytest.mark.parametrize(("oid", "is_one"), OIDS)
def test_object_identifiers(oid: str, is_one: bool) -> None:
    policy = {"extended_key_usages": {"ekus": {**NAMES, "list": [""]}}}
    body = {"extended_key_usages": [oid]}
    if is_one:
        assert taken(policy, body).ekus == [oid]
    else:
        assert refusal(policy, body) == "extended_key_usages: invalid value"


LISTED = {"presence": "OPTIONAL", "list": ["RSA-PSS", "ECDSA"]}
CHOICES: list[tuple[dict[str, Any] | None, str | None, str]] = [
    (None, None, ""),
    (LISTED, None, "RSA-PSS"),
    (LISTED, "ECDSA", "ECDSA"),
    ({**LISTED, "presence": "REQUIRED"}, "ECDSA", "ECDSA"),
    ({**LISTED, "presence": "STATIC"}, None, "RSA-PSS"),
    ({**LISTED, "presence": "FORBIDDEN"}, None, ""),
]


@pytest.mark.parametrize(("rule", "asked", "chosen"), CHOICES)
def test_what_is_asked_is_chosen_else_the_first_of_the_list(
    rule: dict[str, Any] | None, asked: str | None, chosen: str
) -> None:
    leaf = taken({"signature": {"algorithm": rule}}, {"signature": {"algorithm": asked}})
    assert leaf.signature == Signature(chosen, "SHA-256")


LIMITS: dict[str, Any] = {
    "secondsmin": 60,
    "secondsmax": 1000,
    "not_before_negative_skew": 10,
    "not_before_positive_skew": 20,
}
VALIDITIES: list[tuple[int, int, str]] = [
    (-10, 60, ""),
    (20, 1000, ""),
    (-11, 60, "not_before"),
    (21, 60, "not_before"),
    (0, 59, "not_after"),
    (0, 1001, "not_after"),
]


@pytest.mark.parametrize(("offset", "length", "field"), VALIDITIES)
def test_the_bounds_of_a_validity_are_inclusive(offset: int, length: int, field: str) -> None:
    start = NOW + offset
    body = {"validity": {"not_before": start, "not_after": start + length}}
    if field:
        assert refusal({"validity": LIMITS}, body) == f"validity.{field}: invalid value"
    else:
        leaf = taken({"validity": LIMITS}, body)
        assert (leaf.not_before, leaf.not_after) == (start, start + length)


def test_without_limits_only_the_issuer_ends_a_validity() -> None:
    assert taken({}, {}).not_after == END
    body = {"validity": {"not_before": NOW - 10**8, "not_after": END + 1}}
    assert refusal({}, body) == "validity.not_after: invalid value"
    body = {"validity": {"not_before": -1}}
    assert refusal({}, body) == "validity.not_before: invalid value"


def test_disclosures_that_are_not_static_match_the_pattern_of_their_language() -> None:
    pds = {"presence": "OPTIONAL", "policies": {"EN": r"^https://pds\.quillon\.example/"}}
    policy = {"qualified_statements": {"etsi_qc_pds": pds}}
    good = {"EN": "https://pds.quillon.example/en.pdf"}
    body: dict[str, Any] = {"qualified_statements": {"etsi_qc_pds": good}}
    assert taken(policy, body).statements.disclosures == good
    for bad in ({"EN": "https://example.org"}, {"NL": "https://pds.quillon.example/"}):
        body = {"qualified_statements": {"etsi_qc_pds": bad}}
        assert refusal(policy, body) == "qualified_statements.etsi_qc_pds: invalid value"


@pytest.mark.parametrize(
    ("rule", "statements", "path"),
    [
        ("etsi_qc_type", {"etsi_qc_type": "qualified"}, "etsi_qc_type"),
        (
            "identifier",
            {"semantics": {"identifier": "1.2.3."}},
            "semantics.identifier",
        ),
    ],
)
def test_identifiers_of_statements_are_object_identifiers(
    rule: str, statements: dict[str, Any], path: str
) -> None:
    anything = {"presence": "OPTIONAL", "format": ""}
    policy = {"qualified_statements": {"etsi_qc_type": anything, "semantics": {rule: anything}}}
    text = refusal(policy, {"qualified_statements": statements})
    assert text == f"qualified_statements.{path}: invalid value"


def test_a_retention_period_of_zero_counts_only_where_one_is_required() -> None:
    body = {"qualified_statements": {"etsi_qc_retention_period": 0}}
    for presence, expected in (("OPTIONAL", None), ("REQUIRED", 0), ("FORBIDDEN", None)):
        rule = {"presence": presence, "min": 0, "max": 10}
        policy = {"qualified_statements": {"etsi_qc_retention_period": rule}}
        assert taken(policy, body).statements.retention == expected


REKEY_POLICY = {"public_key": {"key_type": "ECDSA", "allowed_lengths": [256]}}
REKEY = {"public_key": pem_of(KEY.public_key())}
NOT_DECODABLE = "Invalid certificate issuance request"
BAD_REKEYS: list[tuple[dict[str, Any], int, str]] = [
    ({"public_key": 7}, 400, NOT_DECODABLE),
    ({**REKEY, "validity": "long"}, 400, NOT_DECODABLE),
    ({**REKEY, "subject_dn": []}, 400, NOT_DECODABLE),
    ({}, 422, "public_key: is required"),
    (
        {"public_key": pem_of(ec.generate_private_key(ec.SECP384R1()).public_key())},
        422,
        "public_key: invalid value",
    ),
    ({**REKEY, "subject_dn": {"common_name": "a"}}, 422, "subject_dn: is forbidden"),
    ({**REKEY, "san": {"dns_names": ["a.example"]}}, 422, "san: is forbidden"),
    ({**REKEY, "validity": {"not_after": NOW}}, 422, "validity: is forbidden"),
    ({**REKEY, "key_usages": {"crl_sign": False}}, 422, "key_usages: is forbidden"),
    ({**REKEY, "reason": "lost"}, 422, "reason: is forbidden"),
]


@pytest.mark.parametrize(("body", "status", "text"), BAD_REKEYS)
def test_a_rekey_is_of_the_key_alone(body: dict[str, Any], status: int, text: str) -> None:
    with pytest.raises(ServiceError) as caught:
        key_of_rekey(body, REKEY_POLICY, Readings())
    assert (caught.value.status, caught.value.description) == (status, text)


@pytest.mark.parametrize("body", [body for body, _status, _text in BAD_REKEYS[5:]])
@pytest.mark.parametrize("name", ["unknown_members", "missing_section"])
def test_what_else_a_rekey_says_can_be_ignored(body: dict[str, Any], name: str) -> None:
    readings = Readings(**{name: "ignore" if name == "unknown_members" else "allow"})
    assert key_of_rekey(body, REKEY_POLICY, readings) == KEY.public_key()


def test_what_counts_as_not_sent_does_so_in_a_rekey_too() -> None:
    """The newest of GlobalSign's own clients always sends three members."""
    body = {**REKEY, "signature": None, "public_key_signature": "", "validity": None}
    body.update(san={"dns_names": []}, subject_dn={}, reason="", note=[{}])
    assert key_of_rekey(body, REKEY_POLICY, Readings()) == KEY.public_key()


UNKNOWN: list[tuple[dict[str, Any], str]] = [
    ({"csr": "-----BEGIN"}, "csr"),
    ({"notes": {"a": [0, "b"]}}, "notes"),
    ({"validity": {"not_before": NOW, "days": 30}}, "validity.days"),
    ({"subject_dn": {"nickname": "Ida"}}, "subject_dn.nickname"),
    ({"san": {"dirs": ["a"]}}, "san.dirs"),
    ({"key_usages": {"sign": True}}, "key_usages.sign"),
    ({"signature": {"salt": 32}}, "signature.salt"),
    (
        {"san": {"other_names": [{"type": "1.2.3", "value": "a", "kind": "UTF8"}]}},
        "san.other_names.kind",
    ),
]
KNOWN_SECTIONS = {
    "signature": {},
    "san": {
        "other_names": {
            "1.2.3": {"static": False, "value_type": "UTF8STRING", "mincount": 0, "maxcount": 1}
        }
    },
}


@pytest.mark.parametrize(("body", "path"), UNKNOWN)
def test_a_member_that_no_source_knows_is_named(body: dict[str, Any], path: str) -> None:
    assert refusal(KNOWN_SECTIONS, body) == f"{path}: is forbidden"


@pytest.mark.parametrize(("body", "path"), UNKNOWN)
def test_a_member_that_no_source_knows_can_be_ignored(body: dict[str, Any], path: str) -> None:
    ignored = taken(KNOWN_SECTIONS, body, unknown_members="ignore")
    upn = {"san": {"other_names": [{"type": "1.2.3", "value": "a"}]}}
    assert ignored == taken(KNOWN_SECTIONS, upn if path == "san.other_names.kind" else {})


@pytest.mark.parametrize("nothing", [None, "", [], {}, {"a": [None, ""]}, 0, False])
def test_a_member_that_carries_nothing_is_not_sent(nothing: Any) -> None:
    assert taken({}, {"notes": nothing, "validity": {"not_before": NOW, "days": nothing}})


def test_to_ignore_what_is_unknown_lets_nothing_into_the_certificate() -> None:
    assert refusal({}, named("press7"), unknown_members="ignore") == (
        "subject_dn.common_name: is forbidden"
    )


PEM = pem_of(KEY.public_key())
BLOCKS: list[tuple[str, bool]] = [
    (PEM, True),
    (f"\n{PEM}\n", True),
    (PEM.replace("\n", "\r\n"), True),
    (PEM + "\n" + PEM, False),
    (f"the key:\n{PEM}", False),
    (PEM.replace("\n", "\\n"), False),
    (PEM.replace("PUBLIC", "PRIVATE"), False),
    (PEM[:60] + PEM[64:], False),
    ("-----BEGIN PUBLIC KEY-----" + " " * 500_000, False),
]


@pytest.mark.parametrize(("text", "is_key"), BLOCKS)
def test_a_public_key_is_one_block_of_pem(text: str, is_key: bool) -> None:
    if is_key:
        assert taken({}, {"public_key": text}).public_key == KEY.public_key()
    else:
        assert refusal({}, {"public_key": text}) == "public_key: invalid encoding"


def test_how_members_of_the_name_are_encoded() -> None:
    values = {
        "common_name": "a",
        "serial_number": "b",
        "country": "NL",
        "jurisdiction_of_incorporation_country_name": "BE",
        "email": "c@d.test",
        "pseudonym": "e",
    }
    policy = {name: {"presence": "OPTIONAL", "format": ""} for name in values}
    leaf = taken({"subject_dn": policy}, {"subject_dn": values})
    assert {each.oid: (each.kind, each.value) for each in leaf.subject} == {
        "2.5.4.3": ("UTF8STRING", "a"),
        "2.5.4.5": ("PRINTABLESTRING", "b"),
        "2.5.4.6": ("PRINTABLESTRING", "NL"),
        "1.3.6.1.4.1.311.60.2.1.3": ("PRINTABLESTRING", "BE"),
        "1.2.840.113549.1.9.1": ("IA5STRING", "c@d.test"),
        "2.5.4.65": ("UTF8STRING", "e"),
    }


@pytest.mark.parametrize("critical", [False, True])
def test_what_the_policy_calls_critical_is(critical: bool) -> None:
    oids = {"static": True, "list": ["1.3.6.1.5.5.7.3.1"], "mincount": 1, "maxcount": 1}
    versions = {"presence": "STATIC", "min": 1, "max": 1}
    fixed = {"presence": "STATIC", "value_type": "UTF8STRING", "value_format": "a"}
    policy = {
        "san": {"critical": critical, "dns_names": NAMES},
        "extended_key_usages": {"critical": critical, "ekus": oids},
        "ms_extension_template": {
            "critical": critical,
            "template_id": {"presence": "STATIC", "format": "1.2.3"},
            "major_version": versions,
        },
        "custom_extensions": {"1.2.4": {**fixed, "critical": critical}},
    }
    leaf = taken(policy, {})
    assert leaf.template is not None
    (custom,) = leaf.custom_extensions
    told = (leaf.san_critical, leaf.ekus_critical, leaf.template.critical, custom.critical)
    assert told == (critical,) * 4


@pytest.mark.parametrize(
    ("start", "end", "is_taken"),
    [
        (NOW - 120, 0, True),
        (NOW - 121, 0, False),
        (NOW + 60, 0, True),
        (NOW + 61, 0, False),
        (NOW, NOW + 10, True),
        (NOW, NOW + 9, False),
        (NOW, NOW + 1000, True),
        (NOW, NOW + 1001, False),
        (NOW + 60, NOW + 1041, False),
    ],
)
def test_each_limit_of_a_validity(start: int, end: int, is_taken: bool) -> None:
    limits = {
        "secondsmin": 10,
        "secondsmax": 1000,
        "not_before_negative_skew": 120,
        "not_before_positive_skew": 60,
        "issuer_expiry": NOW + 1040,
    }
    body = {"validity": {"not_before": start, "not_after": end}}
    if is_taken:
        leaf = taken({"validity": limits}, body)
        assert (leaf.not_before, leaf.not_after) == (start, end or min(start + 1000, NOW + 1040))
    else:
        member = "not_after" if end else "not_before"
        assert refusal({"validity": limits}, body) == f"validity.{member}: invalid value"
