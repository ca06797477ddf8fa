# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every rule with what is asked for, and the whole of what is then said."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.check import check_request
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.key_choice import (
    KeyChoice,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.lists import (
    check_patterns,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.model import Policy
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.rules import ListRule
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.texts import check_format
from ansible_collections.globalsign.atlas.plugins.module_utils.api.request import CertificateRequest

NOW = 1_800_000_000
OID = "1.2.3"
VALIDITY = {"secondsmin": 1, "secondsmax": 100}
CSR = "-----BEGIN CERTIFICATE REQUEST-----\nMIHV\n-----END CERTIFICATE REQUEST-----"
PEM = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----"


def told(
    policy: dict[str, Any],
    body: dict[str, Any],
    key: KeyChoice | None = None,
    now: int | None = None,
) -> list[str]:
    """The sentences of all violations, then the path of each undecided field and why.

    VP stands for the validation policy.
    """
    request = CertificateRequest.of(
        {"validity": {"not_before": NOW, "not_after": NOW + 50}, **body}
    )
    verdict = check_request(Policy.parse({"validity": VALIDITY, **policy}), request, key, now)
    assert verdict.is_ok == (not verdict.violations and not verdict.undecided)
    found = [
        *map(str, verdict.violations),
        *(f"{finding.path}? {finding.why}" for finding in verdict.undecided),
    ]
    return [sentence.replace("the validation policy", "VP") for sentence in found]


def attribute(**members: Any) -> dict[str, Any]:
    rule = {"static": False, "value_type": "UTF8STRING", "value_format": "^.*$"}
    return {**rule, "mincount": 0, "maxcount": 2, **members}


def several(*entries: Any, **members: Any) -> dict[str, Any]:
    return {"static": False, "list": list(entries), "mincount": 0, "maxcount": 3, **members}


def text(presence: str, pattern: str | None = "^x+$") -> dict[str, Any]:
    return {"presence": presence, "format": pattern}


def number(presence: str, least: int | None = 5, most: int | None = 9) -> dict[str, Any]:
    return {"presence": presence, "min": least, "max": most}


ATTRIBUTES: list[tuple[Any, list[str], list[str]]] = [
    (attribute(static="yes"), ["x"], ["@? VP does not say whether it is static"]),
    (attribute(static="yes"), [], ["@? VP does not say whether it is static"]),
    (
        attribute(static=True, value_format="x"),
        ["x"],
        ["@? the service puts the same there itself"],
    ),
    (
        attribute(static=True, value_format=None),
        ["x"],
        ["@? the service puts the same there itself"],
    ),
    (attribute(static=True, value_format="x"), [], []),
    (attribute(static=True, value_format=None), [], []),
    (
        attribute(static=True, value_format="x"),
        ["y"],
        ["@: 'y' is not what VP fixes; leave it out, the service puts 'x' there."],
    ),
    (
        attribute(static=True, value_format="x"),
        ["y", "z"],
        ["@: 'y, z' is not what VP fixes; leave it out, the service puts 'x' there."],
    ),
    (
        attribute(static=True, value_format=""),
        ["y"],
        ["@: 'y' is not what VP fixes; leave it out."],
    ),
    (attribute(static=True, value_format=""), [""], ["@? the service puts the same there itself"]),
    (
        attribute(static=True, value_format="x"),
        ["x", "y"],
        ["@: 'x, y' is not what VP fixes; leave it out, the service puts 'x' there."],
    ),
    (attribute(mincount=1), [], ["@: is required by VP; give at least 1."]),
    (attribute(maxcount=0), ["x"], ["@: 'x' is forbidden by VP; leave it out."]),
    (attribute(maxcount=1), ["x"], []),
    (
        attribute(value_format="^y$", maxcount=1),
        ["x"],
        ["@: 'x' does not match what VP demands; the pattern there is ^y$."],
    ),
    (
        attribute(value_format="^y$", maxcount=0),
        ["x"],
        ["@: 'x' is forbidden by VP; leave it out."],
    ),
    (attribute(maxcount=None), ["x"], ["@? VP does not say how many there may be"]),
    (attribute(maxcount=None), [], []),
    (
        attribute(),
        ["x", "y", "z"],
        ["@: 'x, y, z' has 3 items, more than VP allows; give at most 2."],
    ),
    (attribute(), ["x", "x"], ["@? values that come twice may count once"]),
    (
        attribute(mincount=2),
        ["x"],
        ["@: 'x' has 1 items, fewer than VP requires; give at least 2."],
    ),
    (attribute(mincount=2), ["x", "y"], []),
    (attribute(), ["y", "^"], []),
    (attribute(value_type="OTHER"), ["x"], ["@? VP does not say how the value is encoded"]),
    (attribute(value_type="NIL"), [""], []),
    (attribute(value_type="NIL"), ["x"], ["@? VP allows no value there"]),
    (attribute(), [""], ["@? VP speaks of a value, and there is none"]),
    (attribute(value_format=None), ["x"], ["@? VP does not say which values it allows"]),
    (
        attribute(value_format="^y$"),
        ["x"],
        ["@: 'x' does not match what VP demands; the pattern there is ^y$."],
    ),
    (
        attribute(value_format="^(?=x)$"),
        ["x"],
        ["@? VP has a pattern that can be read in several ways: ^(?=x)$"],
    ),
    (attribute(value_type="IA5STRING"), ["a~"], []),
    (
        attribute(value_type="IA5STRING"),
        ["\xfc"],
        ["@: '\xfc' is no IA5STRING, as VP demands; give characters of ASCII only."],
    ),
    (attribute(value_type="IA5STRING"), ["a\tb"], ["@? it holds control characters"]),
    (attribute(value_type="PRINTABLESTRING"), ["Az09 '()+,-./:=?"], []),
    (
        attribute(value_type="PRINTABLESTRING"),
        ["\xfc"],
        ["@: '\xfc' is no PRINTABLESTRING, as VP demands; give characters of ASCII only."],
    ),
    (
        attribute(value_type="PRINTABLESTRING"),
        ["a*"],
        ["@? it holds characters that a PrintableString has not"],
    ),
    (
        attribute(value_type="PRINTABLESTRING"),
        ["a@"],
        ["@? it holds characters that a PrintableString has not"],
    ),
    (attribute(), ["\xfc*"], []),
    (attribute(), ["a\tb"], ["@? it holds characters that may not be taken"]),
    (attribute(value_type="INTEGER"), ["0"], []),
    (attribute(value_type="INTEGER"), ["\t7"], ["@? it is not a plain decimal number"]),
    (attribute(value_type="INTEGER"), ["7"], []),
    (attribute(value_type="INTEGER"), ["-70"], []),
    (attribute(value_type="INTEGER"), ["-0"], ["@? it is not a plain decimal number"]),
    (attribute(value_type="INTEGER"), ["+7"], ["@? it is not a plain decimal number"]),
    (attribute(value_type="INTEGER"), ["07"], ["@? it is not a plain decimal number"]),
    (attribute(value_type="INTEGER"), [" 7 "], ["@? it is not a plain decimal number"]),
    (attribute(value_type="INTEGER"), ["0x1F"], ["@? it is not a plain decimal number"]),
    (attribute(value_type="INTEGER"), ["1_0"], ["@? it is not a plain decimal number"]),
    (attribute(value_type="INTEGER"), [""], ["@? VP speaks of a value, and there is none"]),
    (
        attribute(value_type="INTEGER"),
        ["seven"],
        [
            "@: 'seven' is no INTEGER, as VP demands; give decimal digits, with a minus before"
            " them if need be."
        ],
    ),
    (
        attribute(value_type="INTEGER"),
        ["1.5"],
        [
            "@: '1.5' is no INTEGER, as VP demands; give decimal digits, with a minus before"
            " them if need be."
        ],
    ),
    (
        attribute(value_type="INTEGER"),
        ["7-"],
        [
            "@: '7-' is no INTEGER, as VP demands; give decimal digits, with a minus before"
            " them if need be."
        ],
    ),
    (
        attribute(value_type="DER"),
        ["3"],
        ["@: '3' is no DER, as VP demands; give the hexadecimal digits of a complete DER value."],
    ),
    (
        attribute(value_type="DER"),
        ["xy"],
        ["@: 'xy' is no DER, as VP demands; give the hexadecimal digits of a complete DER value."],
    ),
]


@pytest.mark.parametrize(("rule", "values", "expected"), ATTRIBUTES)
def test_attributes(rule: dict[str, Any], values: list[str], expected: list[str]) -> None:
    """The @ stands for the path."""
    entries = [{"type": OID, "value": value} if value else {"type": OID} for value in values]
    found = told({"san": {"other_names": {OID: rule}}}, {"san": {"other_names": entries}})
    assert [sentence.replace("san.other_names.1.2.3", "@") for sentence in found] == expected


@pytest.mark.parametrize(
    ("value", "is_complete"),
    [
        ("0500", True),
        ("0c0141", True),
        ("1E00", True),
        ("30 03:020105", False),
        ("05", False),
        ("0501", False),
        ("050000", False),
        # a tag of more bytes
        ("1F00", False),
        ("3F00", False),
        ("9F0100", False),
        # no length, or an indefinite one
        ("0480", False),
        ("0480" + "00" * 128, False),
        ("0481", False),
        # the short and the long form
        ("047F" + "00" * 127, True),
        ("047F" + "00" * 126, False),
        ("048180" + "00" * 128, True),
        ("04817F" + "00" * 127, False),
        ("0481FF" + "00" * 255, True),
        ("048200FF" + "00" * 255, False),
        ("04820100" + "00" * 256, True),
        ("04820100" + "00" * 255, False),
        ("04820100" + "00" * 257, False),
        ("04820101" + "00" * 257, True),
        ("0483010000" + "00" * 65536, True),
    ],
    ids=lambda value: str(value)[:14],
)
def test_der_values(value: str, is_complete: bool) -> None:
    """X.690, sections 8.1 and 10.1."""
    rule = attribute(value_type="DER")
    policy = {"san": {"other_names": {OID: rule}}}
    found = told(policy, {"san": {"other_names": [{"type": OID, "value": value}]}})
    expected = [] if is_complete else ["san.other_names.1.2.3? it may not be a complete DER value"]
    assert found == expected


EXTENSIONS: list[tuple[Any, str, list[str]]] = [
    (
        {"presence": "STATIC", "value_type": "NIL"},
        "NIL",
        ["@? the service puts the extension there itself"],
    ),
    ({"presence": "STATIC", "value_type": "NIL"}, "", []),
    (
        {"presence": "STATIC", "value_type": "UTF8STRING", "value_format": "x"},
        "x",
        ["@? the service puts the same there itself"],
    ),
    (
        {"presence": "STATIC", "value_type": "UTF8STRING", "value_format": "x"},
        "y",
        ["@: 'y' is not what VP fixes; leave it out, the service puts 'x' there."],
    ),
    ({"presence": "STATIC", "value_type": "UTF8STRING", "value_format": "x"}, "", []),
    (
        {"presence": "FORBIDDEN", "value_type": "NIL"},
        "x",
        ["@: 'x' is forbidden by VP; leave it out."],
    ),
    ({"presence": "FORBIDDEN", "value_type": "NIL"}, "", []),
    ({"value_type": "NIL"}, "x", ["@? VP does not say whether it may be sent"]),
    ({"value_type": "NIL"}, "", ["@? VP does not say whether it may be sent"]),
    (
        {"presence": "REQUIRED", "value_type": "UTF8STRING", "value_format": "^x$"},
        "",
        ["@: is required by VP; state it."],
    ),
    ({"presence": "OPTIONAL", "value_type": "UTF8STRING", "value_format": "^x$"}, "", []),
    ({"presence": "REQUIRED", "value_type": "UTF8STRING", "value_format": "^x$"}, "x", []),
    (
        {"presence": "OPTIONAL", "value_type": "UTF8STRING", "value_format": "^x$"},
        "y",
        ["@: 'y' does not match what VP demands; the pattern there is ^x$."],
    ),
    ({"presence": "OPTIONAL", "value_type": "NIL"}, "NIL", []),
    ({"presence": "OPTIONAL", "value_type": "NIL"}, "x", ["@? VP allows no value there"]),
    ({"presence": "OPTIONAL"}, "x", ["@? VP does not say how the value is encoded"]),
    (None, "x", ["@? VP has no entry for it"]),
    (None, "", []),
]


@pytest.mark.parametrize(("rule", "value", "expected"), EXTENSIONS)
def test_extensions(rule: Any, value: str, expected: list[str]) -> None:
    stated = {OID: value} if value else {}
    found = told({"custom_extensions": {OID: rule}}, {"custom_extensions": stated})
    assert [sentence.replace("custom_extensions.1.2.3", "@") for sentence in found] == expected


LISTS: list[tuple[Any, list[str], list[str]]] = [
    (None, ["a"], ["@? VP has no entry for it"]),
    (None, [], []),
    (several("^a$", static="yes"), ["a"], ["@? VP does not say whether the list is static"]),
    (several("^a$", static="yes"), [], ["@? VP does not say whether the list is static"]),
    (several("a", "b", static=True), ["B", "A"], ["@? the service puts the same there itself"]),
    (several("A", "b", static=True), ["a", "b"], ["@? the service puts the same there itself"]),
    (
        several("a", "b", static=True),
        ["c", "d"],
        ["@: 'c, d' is not what VP fixes; leave it out, the service puts 'a, b' there."],
    ),
    (several("a", "b", static=True), [], []),
    (several(static=True), [], []),
    (several(7, static=True), ["a"], ["@: 'a' is not what VP fixes; leave it out."]),
    (several(7, static=True), [""], []),
    (several("^b$", maxcount=0), ["a"], ["@: 'a' is forbidden by VP; leave it out."]),
    (
        several("^b$", maxcount=1),
        ["a"],
        ["@: 'a' is not among what VP allows; the patterns there are ^b$."],
    ),
    (several("^a$", maxcount=None), ["a"], ["@? VP does not say how many there may be"]),
    (several("^a$", maxcount=None), [], []),
    (
        several("^.$"),
        ["a", "b", "c", "d"],
        ["@: 'a, b, c, d' has 4 items, more than VP allows; give at most 3."],
    ),
    (several("^.$"), ["a", "b", "c"], []),
    (several("^.$"), ["a", "b", "c", "c"], ["@? values that come twice may count once"]),
    (
        several("^.$", mincount=2),
        ["a"],
        ["@: 'a' has 1 items, fewer than VP requires; give at least 2."],
    ),
    (several("^.$", mincount=1), [], ["@: is required by VP; give at least 1."]),
    (several("^.$", mincount=1), ["a"], []),
    (several("^.$", mincount=None), [], []),
    (several(), ["a"], ["@? VP has an empty list, which may allow nothing or anything"]),
    (several(7), ["a"], ["@? VP can be read in several ways for 'a'"]),
    (several(7, "^a$"), ["a"], []),
    (
        several("^b$", "^c$"),
        ["a"],
        ["@: 'a' is not among what VP allows; the patterns there are ^b$ or ^c$."],
    ),
    (several("^a$", "^c$"), ["a"], []),
    (several("^.*$"), ["a "], ["@? it holds control characters, or blanks at its ends"]),
    (several("^.*$"), ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"], []),
    (
        several("^.*$"),
        ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"],
        ["@? it is longer than X.509 allows"],
    ),
]


@pytest.mark.parametrize(("rule", "values", "expected"), LISTS)
def test_lists(rule: Any, values: list[str], expected: list[str]) -> None:
    found = told(
        {"subject_dn": {"organizational_unit": rule}},
        {"subject_dn": {"organizational_unit": values}},
    )
    for path in ("subject_dn.organizational_unit", "subject.organizational_unit"):
        found = [sentence.replace(path, "@") for sentence in found]
    assert found == expected


def test_a_list_whose_values_can_all_be_encoded() -> None:
    assert list(check_patterns("x", ["\ud7ff\t"], ListRule.parse(several("^.*$")))) == []
    assert list(check_format("x", "\ud7ff\t", "^.*$")) == []


TEXTS: list[tuple[Any, str, list[str]]] = [
    (None, "x", ["@? VP has no entry for it"]),
    (None, "", []),
    ({"format": "^x$"}, "x", ["@? VP does not say whether it may be sent"]),
    ({"format": "^x$"}, "", ["@? VP does not say whether it may be sent"]),
    (text("STATIC", "Quillon  Ltd"), "quillon ltd", ["@? the service puts the same there itself"]),
    (
        text("STATIC", "x"),
        "y",
        ["@: 'y' is not what VP fixes; leave it out, the service puts 'x' there."],
    ),
    (text("STATIC", "x"), "", []),
    (text("STATIC", ""), "y", ["@? VP does not say what is static"]),
    (text("STATIC", None), "", ["@? VP does not say what is static"]),
    (text("REQUIRED"), "", ["@: is required by VP; state it."]),
    (text("REQUIRED"), "x", []),
    (text("REQUIRED"), "y", ["@: 'y' does not match what VP demands; the pattern there is ^x+$."]),
    (text("OPTIONAL"), "", []),
    (text("OPTIONAL"), "y", ["@: 'y' does not match what VP demands; the pattern there is ^x+$."]),
    (text("FORBIDDEN"), "x", ["@: 'x' is forbidden by VP; leave it out."]),
    (text("FORBIDDEN"), "", []),
    (text("OPTIONAL", "x"), "ax", ["@? VP has a pattern that can be read in several ways: x"]),
    (text("OPTIONAL", None), "x", ["@? VP has a pattern that can be read in several ways: None"]),
    (
        text("OPTIONAL", "^.*$"),
        "x\udfff",
        ["@? VP has a pattern that can be read in several ways: ^.*$"],
    ),
    (
        text("OPTIONAL", "^.*$"),
        "\ud7ff\ue000",
        ["@? it holds control characters, or blanks at its ends"],
    ),
    (text("OPTIONAL", "^.*$"), " x", ["@? it holds control characters, or blanks at its ends"]),
    (
        text("OPTIONAL", "^.*$"),
        "\ud800",
        ["@? VP has a pattern that can be read in several ways: ^.*$"],
    ),
    (
        text("OPTIONAL", "^y$"),
        "x" * 100,
        ["@: '" + "x" * 100 + "' does not match what VP demands; the pattern there is ^y$."],
    ),
    (
        text("OPTIONAL", "^y$"),
        "x" * 101,
        ["@: '" + "x" * 100 + "...' does not match what VP demands; the pattern there is ^y$."],
    ),
]


@pytest.mark.parametrize(("rule", "value", "expected"), TEXTS)
def test_texts(rule: Any, value: str, expected: list[str]) -> None:
    found = told({"subject_dn": {"state": rule}}, {"subject_dn": {"state": value}})
    for path in ("subject_dn.state", "subject.state"):
        found = [sentence.replace(path, "@") for sentence in found]
    assert found == expected


NUMBERS: list[tuple[Any, Any, list[str]]] = [
    (number("STATIC", None, None), 9, ["@? the service puts a number there itself"]),
    (None, 7, ["@? VP has no entry for it"]),
    (None, None, []),
    ({"min": 1}, 7, ["@? VP does not say whether it may be sent"]),
    ({"min": 1}, None, ["@? VP does not say whether it may be sent"]),
    (number("REQUIRED"), None, ["@: is required by VP; state it."]),
    (number("OPTIONAL"), None, []),
    (number("STATIC", 7, 7), None, []),
    (number("STATIC", 7, 8), None, ["@? VP does not say what is static"]),
    (number("STATIC", None, None), None, ["@? VP does not say what is static"]),
    (number("FORBIDDEN"), None, []),
    (number("FORBIDDEN"), 0, ["@? 0 may stand for none"]),
    (number("FORBIDDEN"), 1, ["@: '1' is forbidden by VP; leave it out."]),
    (number("STATIC", 7, 7), 7, ["@? the service puts a number there itself"]),
    (number("STATIC", 7, 7), 0, ["@? the service puts a number there itself"]),
    (
        number("STATIC", 7, 7),
        8,
        ["@: '8' is not what VP fixes; leave it out, the service puts '7' there."],
    ),
    (number("STATIC", 7, 8), 9, ["@? the service puts a number there itself"]),
    (number("STATIC", None, 9), 9, ["@? the service puts a number there itself"]),
    (number("OPTIONAL"), 0, ["@? 0 may stand for none"]),
    (number("OPTIONAL", 0, 9), 0, []),
    (number("OPTIONAL"), 4, ["@: '4' is less than VP allows; give at least 5."]),
    (number("OPTIONAL"), 5, []),
    (number("OPTIONAL"), 9, []),
    (number("OPTIONAL"), 10, ["@: '10' is more than VP allows; give at most 9."]),
    (number("OPTIONAL", None, 9), 1, []),
    (number("OPTIONAL", 5, None), 5, ["@? VP sets no upper bound"]),
    (number("OPTIONAL", 5, None), 4, ["@: '4' is less than VP allows; give at least 5."]),
    (number("REQUIRED"), 7, []),
]


@pytest.mark.parametrize(("rule", "value", "expected"), NUMBERS)
def test_numbers(rule: Any, value: Any, expected: list[str]) -> None:
    """Beside something else, so that the section is there."""
    stated = {"qualified_statements": {"other": 1, "etsi_qc_retention_period": value}}
    found = told({"qualified_statements": {"etsi_qc_retention_period": rule}}, stated)
    assert [
        sentence.replace("qualified_statements.etsi_qc_retention_period", "@") for sentence in found
    ] == expected


DISCLOSURES: list[tuple[Any, Any, list[str]]] = [
    (None, {}, []),
    (None, {"EN": "https://a"}, ["@? VP has no entry for it"]),
    ({}, {}, ["@? VP does not say whether it may be sent"]),
    ({"presence": "REQUIRED"}, {}, ["@: is required by VP; state it."]),
    ({"presence": "OPTIONAL"}, {}, []),
    ({"presence": "STATIC"}, {}, ["@? VP does not say what is static"]),
    ({"presence": "STATIC", "policies": {"EN": "https://a"}}, {}, []),
    (
        {"presence": "FORBIDDEN"},
        {"EN": "https://a", "NL": "https://b"},
        ["@: 'EN: https://a, NL: https://b' is forbidden by VP; leave it out."],
    ),
    (
        {"presence": "STATIC", "policies": {"EN": "https://a", "NL": "https://b"}},
        {"EN": "https://c", "NL": "https://d"},
        [
            "@: 'EN: https://c, NL: https://d' is not what VP fixes; leave it out, the service"
            " puts 'EN: https://a, NL: https://b' there."
        ],
    ),
    (
        {"presence": "STATIC", "policies": {"EN": "https://a"}},
        {"EN": "https://a"},
        ["@? VP does not say which disclosure statements it allows"],
    ),
    (
        {"presence": "STATIC"},
        {"EN": "https://a"},
        ["@? VP does not say which disclosure statements it allows"],
    ),
    (
        {"presence": "OPTIONAL", "policies": {"EN": "https://a"}},
        {"EN": "https://b"},
        ["@? VP does not say which disclosure statements it allows"],
    ),
]


@pytest.mark.parametrize(("rule", "value", "expected"), DISCLOSURES)
def test_disclosures(rule: Any, value: Any, expected: list[str]) -> None:
    """Beside something else, so that the section is there."""
    stated = {"qualified_statements": {"other": 1, "etsi_qc_pds": value}}
    found = told({"qualified_statements": {"etsi_qc_pds": rule}}, stated)
    assert [
        sentence.replace("qualified_statements.etsi_qc_pds", "@") for sentence in found
    ] == expected


SWITCHES: list[tuple[Any, Any, list[str], list[str]]] = [
    ("OPTIONAL", None, [], []),
    ("OPTIONAL", True, [], []),
    ("OPTIONAL", False, [], []),
    ("STATIC_TRUE", None, [], []),
    (
        "STATIC_TRUE",
        True,
        ["@? the service puts the same there itself"],
        ["@? the service puts the same there itself"],
    ),
    (
        "STATIC_TRUE",
        False,
        ["@: 'false' is not what VP fixes; leave it out, the service puts 'true' there."],
        ["@? the service puts the same there itself"],
    ),
    ("STATIC_FALSE", None, [], []),
    (
        "STATIC_FALSE",
        True,
        ["@: 'true' is not what VP fixes; leave it out, the service puts 'false' there."],
        ["@: 'true' is not what VP fixes; leave it out, the service puts 'false' there."],
    ),
    (
        "STATIC_FALSE",
        False,
        ["@? the service puts the same there itself"],
        ["@? the service puts the same there itself"],
    ),
    ("PERHAPS", None, [], []),
    ("PERHAPS", True, ["@? VP has no entry for it"], ["@? VP has no entry for it"]),
    ("PERHAPS", False, ["@? VP has no entry for it"], ["@? VP has no entry for it"]),
    (None, None, [], []),
    (None, True, ["@? VP has no entry for it"], ["@? VP has no entry for it"]),
    (None, False, ["@? VP has no entry for it"], ["@? VP has no entry for it"]),
]


@pytest.mark.parametrize(("switch", "value", "as_usage", "as_statement"), SWITCHES)
def test_switches(switch: Any, value: Any, as_usage: list[str], as_statement: list[str]) -> None:
    """False may stand for none in a statement, but not among the usages."""
    usages = {} if value is None else {"crl_sign": value}
    found = told({"key_usages": {"crl_sign": switch}} if switch else {}, {"key_usages": usages})
    assert [sentence.replace("key_usages.crl_sign", "@") for sentence in found] == as_usage
    path = "qualified_statements.etsi_qc_compliance"
    stated = {"qualified_statements": {"other": 1, "etsi_qc_compliance": value}}
    found = told({"qualified_statements": {"etsi_qc_compliance": switch}}, stated)
    assert [sentence.replace(path, "@") for sentence in found] == as_statement


BIRTHS: list[tuple[Any, str, list[str]]] = [
    (None, "", []),
    (None, "1984-02-29", ["@? VP has no entry for it"]),
    (None, "1984-02-30", ["@? VP has no entry for it"]),
    (None, "0001-01-01", ["@? VP has no entry for it"]),
    ("OPTIONAL", "", []),
    ("OPTIONAL", "1984-02-29", []),
    ("OPTIONAL", "1984-02-30", ["@: '1984-02-30' is not a date; give one as YYYY-MM-DD."]),
    ("OPTIONAL", "0001-01-01", ["@? this date may stand for none"]),
    ("REQUIRED", "", ["@: is required by VP; state it."]),
    ("REQUIRED", "1984-02-29", []),
    ("REQUIRED", "1984-02-30", ["@: '1984-02-30' is not a date; give one as YYYY-MM-DD."]),
    ("REQUIRED", "0001-01-01", ["@? this date may stand for none"]),
    ("FORBIDDEN", "", []),
    ("FORBIDDEN", "1984-02-29", ["@: '1984-02-29' is forbidden by VP; leave it out."]),
    ("FORBIDDEN", "1984-02-30", ["@: '1984-02-30' is forbidden by VP; leave it out."]),
    ("FORBIDDEN", "0001-01-01", ["@? this date may stand for none"]),
    ("STATIC", "", ["@? VP does not say what is static"]),
    ("STATIC", "1984-02-29", ["@? VP does not say what is static"]),
    ("STATIC", "1984-02-30", ["@? VP does not say what is static"]),
    ("STATIC", "0001-01-01", ["@? this date may stand for none"]),
]


@pytest.mark.parametrize(("presence", "value", "expected"), BIRTHS)
def test_births(presence: Any, value: str, expected: list[str]) -> None:
    stated = {"subject_da": {"other": 1, "date_of_birth": value}}
    found = told({"subject_da": {"date_of_birth": presence}}, stated)
    for path in ("subject_da.date_of_birth", "subject_directory_attributes.date_of_birth"):
        found = [sentence.replace(path, "@") for sentence in found]
    assert found == expected


ALGORITHMS: list[tuple[Any, str, list[str]]] = [
    (None, "", []),
    (None, "RSA", ["@? VP has no entry for it"]),
    ({"list": ["RSA"]}, "", ["@? VP does not say whether it may be sent"]),
    ({"presence": "REQUIRED", "list": ["RSA"]}, "", ["@: is required by VP; state it."]),
    ({"presence": "OPTIONAL", "list": ["RSA"]}, "", []),
    (
        {"presence": "FORBIDDEN", "list": ["RSA"]},
        "RSA",
        ["@: 'RSA' is forbidden by VP; leave it out."],
    ),
    (
        {"presence": "OPTIONAL", "list": ["RSA", "ECDSA"]},
        "RSA-PSS",
        ["@: 'RSA-PSS' is not what VP allows; give RSA or ECDSA."],
    ),
    ({"presence": "OPTIONAL", "list": ["RSA", "ECDSA"]}, "ECDSA", []),
    ({"presence": "OPTIONAL", "list": ["RSA-PSS"]}, "RSA-PSS", []),
    (
        {"presence": "OPTIONAL", "list": ["RSA"]},
        "rsa",
        ["@? VP lists it in another spelling, or not at all"],
    ),
    (
        {"presence": "OPTIONAL", "list": ["rsa"]},
        "RSA",
        ["@? VP lists it in another spelling, or not at all"],
    ),
    (
        {"presence": "OPTIONAL", "list": []},
        "RSA",
        ["@? VP lists it in another spelling, or not at all"],
    ),
    ({"presence": "STATIC", "list": ["RSA"]}, "RSA", ["@? the service chooses it itself"]),
    (
        {"presence": "STATIC", "list": ["RSA"]},
        "ECDSA",
        ["@: 'ECDSA' is not what VP allows; give RSA."],
    ),
    ({"presence": "STATIC", "list": []}, "RSA", ["@? the service chooses it itself"]),
    (
        {"presence": "OPTIONAL", "list": ["DSA"]},
        "DSA",
        ["@? VP lists it in another spelling, or not at all"],
    ),
]


@pytest.mark.parametrize(("rule", "value", "expected"), ALGORITHMS)
def test_algorithms(rule: Any, value: str, expected: list[str]) -> None:
    found = told({"signature": {"algorithm": rule}}, {"signature": {"algorithm": value}})
    assert [sentence.replace("signature.algorithm", "@") for sentence in found] == expected


ENDS: list[tuple[dict[str, int], Any, list[str]]] = [
    ({"issuer_expiry": NOW}, None, ["@? VP leaves open which end is granted"]),
    ({}, None, ["@? VP leaves open which end is granted"]),
    ({"secondsmax": 60, "secondsmin": 60}, None, []),
    ({"secondsmax": 59, "secondsmin": 60}, None, ["@? VP leaves open which end is granted"]),
    ({"secondsmax": 0}, None, ["@? VP leaves open which end is granted"]),
    ({"secondsmax": 1}, None, []),
    (
        {"secondsmax": 100},
        -1,
        [
            "not_after: '1799999999' is sooner than VP allows; the lifetime must be at least 0"
            " seconds."
        ],
    ),
    ({"secondsmax": 100}, 0, ["@? it depends on whether the last second counts"]),
    ({"secondsmax": 100}, 1, []),
    ({"secondsmax": 100}, 99, []),
    ({"secondsmax": 100}, 100, ["@? it depends on whether the last second counts"]),
    (
        {"secondsmax": 100},
        101,
        [
            "not_after: '1800000101' is later than VP allows; the latest is 1800000100, and"
            " leaving it out gives that."
        ],
    ),
    (
        {"secondsmin": 60, "secondsmax": 100},
        58,
        [
            "not_after: '1800000058' is sooner than VP allows; the lifetime must be at least"
            " 60 seconds."
        ],
    ),
    (
        {"secondsmin": 60, "secondsmax": 100},
        59,
        ["@? it depends on whether the last second counts"],
    ),
    ({"secondsmin": 60, "secondsmax": 100}, 60, []),
    ({"secondsmin": 60}, 60, ["@? VP sets no upper bound"]),
    (
        {"secondsmin": 60},
        58,
        [
            "not_after: '1800000058' is sooner than VP allows; the lifetime must be at least"
            " 60 seconds."
        ],
    ),
    (
        {"issuer_expiry": 1800000070, "secondsmax": 100},
        71,
        [
            "not_after: '1800000071' is later than VP allows; the latest is 1800000070, and"
            " leaving it out gives that."
        ],
    ),
    ({"issuer_expiry": 1800000070, "secondsmax": 100}, 69, []),
    ({"issuer_expiry": 1800000070}, 69, []),
]


@pytest.mark.parametrize(("rule", "seconds", "expected"), ENDS)
def test_the_end(rule: dict[str, int], seconds: int | None, expected: list[str]) -> None:
    stated = {"not_before": NOW, **({} if seconds is None else {"not_after": NOW + seconds})}
    found = told({"validity": rule}, {"validity": stated})
    assert [sentence.replace("validity.not_after", "@") for sentence in found] == expected


STARTS: list[tuple[dict[str, int], int, list[str]]] = [
    ({}, 0, []),
    ({}, -1, ["@? VP does not say how far it may be from the present"]),
    ({}, 1, ["@? VP does not say how far it may be from the present"]),
    ({"not_before_negative_skew": 120, "not_before_positive_skew": 3600}, 0, []),
    ({"not_before_negative_skew": 120, "not_before_positive_skew": 3600}, -1, []),
    ({"not_before_negative_skew": 120, "not_before_positive_skew": 3600}, -119, []),
    (
        {"not_before_negative_skew": 120, "not_before_positive_skew": 3600},
        -120,
        ["@? it depends on the service's clock"],
    ),
    (
        {"not_before_negative_skew": 120, "not_before_positive_skew": 3600},
        -180,
        ["@? it depends on the service's clock"],
    ),
    (
        {"not_before_negative_skew": 120, "not_before_positive_skew": 3600},
        -181,
        ["not_before: '1799999819' is earlier than VP allows; give at least 1799999880."],
    ),
    ({"not_before_negative_skew": 120, "not_before_positive_skew": 3600}, 1, []),
    ({"not_before_negative_skew": 120, "not_before_positive_skew": 3600}, 3599, []),
    (
        {"not_before_negative_skew": 120, "not_before_positive_skew": 3600},
        3600,
        ["@? it depends on the service's clock"],
    ),
    (
        {"not_before_negative_skew": 120, "not_before_positive_skew": 3600},
        3660,
        ["@? it depends on the service's clock"],
    ),
    (
        {"not_before_negative_skew": 120, "not_before_positive_skew": 3600},
        3661,
        ["not_before: '1800003661' is later than VP allows; give at most 1800003600."],
    ),
    ({"not_before_negative_skew": 0, "not_before_positive_skew": 0}, 0, []),
    (
        {"not_before_negative_skew": 0, "not_before_positive_skew": 0},
        -1,
        ["@? it depends on the service's clock"],
    ),
    (
        {"not_before_negative_skew": 0, "not_before_positive_skew": 0},
        60,
        ["@? it depends on the service's clock"],
    ),
    (
        {"not_before_negative_skew": 0, "not_before_positive_skew": 0},
        61,
        ["not_before: '1800000061' is later than VP allows; give at most 1800000000."],
    ),
]


@pytest.mark.parametrize(("rule", "offset", "expected"), STARTS)
def test_the_start(rule: dict[str, int], offset: int, expected: list[str]) -> None:
    stated = {"validity": {"not_before": NOW + offset, "not_after": NOW + offset + 50}}
    policy = {"validity": {"secondsmax": 100, **rule}}
    found = told(policy, stated, now=NOW)
    assert [sentence.replace("validity.not_before", "@") for sentence in found] == expected
    assert told(policy, stated) == []


KEYS: list[tuple[dict[str, Any], KeyChoice, list[str]]] = [
    ({}, KeyChoice("RSA", 2048), ["public_key? VP does not say which type of key it wants"]),
    (
        {"key_type": "DSA", "allowed_lengths": [2048]},
        KeyChoice("RSA", 2048),
        ["public_key? VP does not say which type of key it wants"],
    ),
    (
        {"key_type": "RSA", "allowed_lengths": [2048]},
        KeyChoice("ECDSA", 256),
        [
            "public_key: 'ECDSA 256' is not the type of key that VP wants; give a key of the"
            " type RSA."
        ],
    ),
    (
        {"key_type": "RSA"},
        KeyChoice("RSA", 2048),
        ["public_key? VP does not say how long a key may be"],
    ),
    (
        {"key_type": "rsa", "allowed_lengths": [2048, 4096]},
        KeyChoice("RSA", 3072),
        ["public_key: 'RSA 3072' is not a size that VP allows; give 2048 or 4096 bits."],
    ),
    ({"key_type": "RSA", "allowed_lengths": [2048, 4096]}, KeyChoice("RSA", 4096), []),
]


@pytest.mark.parametrize(("rule", "key", "expected"), KEYS)
def test_the_key(rule: dict[str, Any], key: KeyChoice, expected: list[str]) -> None:
    assert told({"public_key": rule}, {}, key) == expected
    assert told({"public_key": rule}, {}) == []


UNCLEAR_FORMAT = "public_key? VP does not say whether it takes a CSR"
OWN_PROOF = "public_key_signature? a CSR is its own proof of possession"
UNCLEAR_PROOF = "public_key_signature? VP does not say whether a proof of possession is wanted"
REQUIRED_PROOF = "public_key_signature: is required by VP; state it."
FORBIDDEN_PROOF = "public_key_signature: 'MEUC' is forbidden by VP; leave it out."
GIVE_CSR = "public_key: is not in the format that VP wants; give a CSR in PEM format."
GIVE_KEY = "public_key: is not in the format that VP wants; give a public key in PEM format."

PROOFS: list[tuple[Any, Any, str, str, list[str]]] = [
    (None, None, CSR, "", [UNCLEAR_FORMAT]),
    (None, None, CSR, "MEUC", [UNCLEAR_FORMAT, OWN_PROOF]),
    (None, None, PEM, "", [UNCLEAR_PROOF]),
    (None, None, PEM, "MEUC", [UNCLEAR_PROOF]),
    (None, "REQUIRED", CSR, "", [UNCLEAR_FORMAT, OWN_PROOF]),
    (None, "REQUIRED", CSR, "MEUC", [UNCLEAR_FORMAT, OWN_PROOF]),
    (None, "REQUIRED", PEM, "", [REQUIRED_PROOF]),
    (None, "REQUIRED", PEM, "MEUC", []),
    (None, "OPTIONAL", CSR, "", [UNCLEAR_FORMAT]),
    (None, "OPTIONAL", CSR, "MEUC", [UNCLEAR_FORMAT, OWN_PROOF]),
    (None, "OPTIONAL", PEM, "", []),
    (None, "OPTIONAL", PEM, "MEUC", []),
    (None, "FORBIDDEN", CSR, "", [UNCLEAR_FORMAT]),
    (None, "FORBIDDEN", CSR, "MEUC", [UNCLEAR_FORMAT, OWN_PROOF]),
    (None, "FORBIDDEN", PEM, "", []),
    (None, "FORBIDDEN", PEM, "MEUC", [FORBIDDEN_PROOF]),
    (None, "STATIC", CSR, "", [UNCLEAR_FORMAT]),
    (None, "STATIC", CSR, "MEUC", [UNCLEAR_FORMAT, OWN_PROOF]),
    (None, "STATIC", PEM, "", [UNCLEAR_PROOF]),
    (None, "STATIC", PEM, "MEUC", [UNCLEAR_PROOF]),
    ("PKCS10", None, CSR, "", []),
    ("PKCS10", None, CSR, "MEUC", [OWN_PROOF]),
    ("PKCS10", None, PEM, "", [GIVE_CSR, UNCLEAR_PROOF]),
    ("PKCS10", None, PEM, "MEUC", [GIVE_CSR, UNCLEAR_PROOF]),
    ("PKCS10", "REQUIRED", CSR, "", [OWN_PROOF]),
    ("PKCS10", "REQUIRED", CSR, "MEUC", [OWN_PROOF]),
    ("PKCS10", "REQUIRED", PEM, "", [GIVE_CSR, REQUIRED_PROOF]),
    ("PKCS10", "REQUIRED", PEM, "MEUC", [GIVE_CSR]),
    ("PKCS10", "OPTIONAL", CSR, "", []),
    ("PKCS10", "OPTIONAL", CSR, "MEUC", [OWN_PROOF]),
    ("PKCS10", "OPTIONAL", PEM, "", [GIVE_CSR]),
    ("PKCS10", "OPTIONAL", PEM, "MEUC", [GIVE_CSR]),
    ("PKCS10", "FORBIDDEN", CSR, "", []),
    ("PKCS10", "FORBIDDEN", CSR, "MEUC", [OWN_PROOF]),
    ("PKCS10", "FORBIDDEN", PEM, "", [GIVE_CSR]),
    ("PKCS10", "FORBIDDEN", PEM, "MEUC", [GIVE_CSR, FORBIDDEN_PROOF]),
    ("PKCS10", "STATIC", CSR, "", []),
    ("PKCS10", "STATIC", CSR, "MEUC", [OWN_PROOF]),
    ("PKCS10", "STATIC", PEM, "", [GIVE_CSR, UNCLEAR_PROOF]),
    ("PKCS10", "STATIC", PEM, "MEUC", [GIVE_CSR, UNCLEAR_PROOF]),
    ("PKCS8", None, CSR, "", [GIVE_KEY]),
    ("PKCS8", None, CSR, "MEUC", [GIVE_KEY, OWN_PROOF]),
    ("PKCS8", None, PEM, "", [UNCLEAR_PROOF]),
    ("PKCS8", None, PEM, "MEUC", [UNCLEAR_PROOF]),
    ("PKCS8", "REQUIRED", CSR, "", [GIVE_KEY, OWN_PROOF]),
    ("PKCS8", "REQUIRED", CSR, "MEUC", [GIVE_KEY, OWN_PROOF]),
    ("PKCS8", "REQUIRED", PEM, "", [REQUIRED_PROOF]),
    ("PKCS8", "REQUIRED", PEM, "MEUC", []),
    ("PKCS8", "OPTIONAL", CSR, "", [GIVE_KEY]),
    ("PKCS8", "OPTIONAL", CSR, "MEUC", [GIVE_KEY, OWN_PROOF]),
    ("PKCS8", "OPTIONAL", PEM, "", []),
    ("PKCS8", "OPTIONAL", PEM, "MEUC", []),
    ("PKCS8", "FORBIDDEN", CSR, "", [GIVE_KEY]),
    ("PKCS8", "FORBIDDEN", CSR, "MEUC", [GIVE_KEY, OWN_PROOF]),
    ("PKCS8", "FORBIDDEN", PEM, "", []),
    ("PKCS8", "FORBIDDEN", PEM, "MEUC", [FORBIDDEN_PROOF]),
    ("PKCS8", "STATIC", CSR, "", [GIVE_KEY]),
    ("PKCS8", "STATIC", CSR, "MEUC", [GIVE_KEY, OWN_PROOF]),
    ("PKCS8", "STATIC", PEM, "", [UNCLEAR_PROOF]),
    ("PKCS8", "STATIC", PEM, "MEUC", [UNCLEAR_PROOF]),
]


@pytest.mark.parametrize(("key_format", "presence", "key", "proof", "expected"), PROOFS)
def test_the_proof(
    key_format: Any, presence: Any, key: str, proof: str, expected: list[str]
) -> None:
    policy = {"public_key": {"key_format": key_format}, "public_key_signature": presence}
    assert told(policy, {"public_key": key, "public_key_signature": proof}) == expected
    assert told(policy, {"public_key_signature": proof}) == []


SECTIONS: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    (
        {
            "subject_dn": {"common_name": text("OPTIONAL", "^.*$")},
            "san": {"dns_names": several(".")},
        },
        {"subject_dn": {"common_name": "a.example"}, "san": {"dns_names": ["A.example"]}},
        ["san.dns_names? it is not a plain DNS name in lower case"],
    ),
    (
        {"san": {"dns_names": several(7)}},
        {"san": {"dns_names": ["a.example"]}},
        ["san.dns_names? VP can be read in several ways for 'a.example'"],
    ),
    (
        {},
        {"san": {"other_names": [{"type": OID, "value": "x"}]}, "custom_extensions": {OID: "x"}},
        [
            "san.other_names.1.2.3? VP has no entry for it",
            "custom_extensions.1.2.3? VP has no entry for it",
        ],
    ),
    (
        {
            "subject_dn": {"common_name": text("OPTIONAL", "^.*$")},
            "san": {"dns_names": several(".")},
        },
        {"subject_dn": {"common_name": "A.example"}, "san": {"dns_names": ["a.example"]}},
        [],
    ),
    (
        {"subject_dn": {"common_name": text("OPTIONAL", "^.*$")}},
        {"subject_dn": {"common_name": "a.example"}},
        ["subject_dn.common_name? it is not among san.dns_names"],
    ),
    (
        {"subject_dn": {"common_name": text("OPTIONAL", "^.*$")}},
        {"subject_dn": {"common_name": "Ada"}},
        [],
    ),
    ({}, {"subject_dn": {"new": "x"}}, ["subject_dn.new? VP has no entry for it"]),
    (
        {"subject_dn": {"extra_attributes": {"1.2.3": attribute(value_format="^y$")}}},
        {"subject_dn": {"extra_attributes": [{"type": "1.2.3", "value": "x"}]}},
        [
            "subject.extra_attributes.1.2.3: 'x' does not match what VP demands; the pattern"
            " there is ^y$."
        ],
    ),
    (
        {"subject_dn": {"extra_attributes": {"1.2.3": attribute()}}},
        {"subject_dn": {"extra_attributes": [{"value": "x"}, {"type": "1.2.4", "value": "x"}]}},
        [
            "subject_dn.extra_attributes.? VP has no entry for it",
            "subject_dn.extra_attributes.1.2.4? VP has no entry for it",
        ],
    ),
    (
        {"subject_dn": {"extra_attributes": {"1.2.3": None}}},
        {"subject_dn": {"extra_attributes": []}},
        [],
    ),
    (
        {
            "san": {
                "dns_names": several("."),
                "emails": several("."),
                "ip_addresses": several("^.*$"),
                "uris": several("^.*$"),
            }
        },
        {
            "san": {
                "dns_names": ["a_b.example"],
                "emails": ["a@b"],
                "ip_addresses": ["2001:DB8::1"],
                "uris": ["urn:a"],
            }
        },
        [
            "san.dns_names? it is not a plain DNS name in lower case",
            "san.emails? it is not a plain mail address",
            "san.ip_addresses? it is not an IP address in its canonical form",
            "san.uris? it is not a plain URI",
        ],
    ),
    (
        {
            "san": {
                "dns_names": several("a.example"),
                "emails": several("a.example"),
                "ip_addresses": several("^1$"),
                "uris": several("^1$"),
            }
        },
        {
            "san": {
                "dns_names": ["b.example"],
                "emails": ["a@b.example"],
                "ip_addresses": ["192.0.2.1"],
                "uris": ["https://a"],
            }
        },
        [
            "san.dns_names: 'b.example' is not among what VP allows; names there end with"
            " a.example.",
            "san.emails: 'a@b.example' is not among what VP allows; names there end with"
            " a.example.",
            "san.ip_addresses: '192.0.2.1' is not among what VP allows; the patterns there are"
            " ^1$.",
            "san.uris: 'https://a' is not among what VP allows; the patterns there are ^1$.",
        ],
    ),
    (
        {"extended_key_usages": {"ekus": several("^.*$")}},
        {"extended_key_usages": ["serverAuth"]},
        ["extended_key_usages? it is not a plain OID"],
    ),
    (
        {
            "key_usages": {
                "key_agreement": "OPTIONAL",
                "encipher_only": "OPTIONAL",
                "decipher_only": "OPTIONAL",
            }
        },
        {"key_usages": {"key_agreement": True, "encipher_only": True}},
        [],
    ),
    (
        {
            "key_usages": {
                "key_agreement": "OPTIONAL",
                "encipher_only": "OPTIONAL",
                "decipher_only": "OPTIONAL",
            }
        },
        {"key_usages": {"encipher_only": True}},
        ["key_usages? encipher_only and decipher_only go with key_agreement only"],
    ),
    (
        {
            "key_usages": {
                "key_agreement": "OPTIONAL",
                "encipher_only": "OPTIONAL",
                "decipher_only": "OPTIONAL",
            }
        },
        {"key_usages": {"key_agreement": False, "decipher_only": True}},
        ["key_usages? encipher_only and decipher_only go with key_agreement only"],
    ),
    (
        {"key_usages": {"key_agreement": "STATIC_TRUE", "decipher_only": "OPTIONAL"}},
        {"key_usages": {"decipher_only": True}},
        [],
    ),
    (
        {"key_usages": {"encipher_only": "STATIC_TRUE"}},
        {},
        ["key_usages? encipher_only and decipher_only go with key_agreement only"],
    ),
    ({"key_usages": {"encipher_only": "STATIC_FALSE"}}, {}, []),
    (
        {},
        {"key_usages": {"new": True}},
        ["key_usages.new? VP has no entry for it", "key_usages.new? VP has no entry for it"],
    ),
    ({}, {"subject_da": {"gender": "f"}}, ["subject_da.gender? VP has no entry for it"]),
    (
        {"subject_da": {"gender": text("REQUIRED", "^.$")}},
        {},
        ["subject_da? it may be left out as a whole, or not"],
    ),
    (
        {"subject_da": {"gender": text("REQUIRED", "^.$")}},
        {"subject_da": {"place_of_birth": "x"}},
        [
            "subject_directory_attributes.gender: is required by VP; state it.",
            "subject_da.place_of_birth? VP has no entry for it",
        ],
    ),
    (
        {
            "subject_da": {
                "gender": text("OPTIONAL", "^.$"),
                "place_of_birth": text("OPTIONAL", "^.*$"),
                "country_of_citizenship": several("^.*$"),
                "country_of_residence": several("^NL$"),
                "extra_attributes": {"1.2.3": attribute(value_format="^y$")},
            }
        },
        {
            "subject_da": {
                "gender": "x",
                "place_of_birth": " x",
                "country_of_citizenship": ["Netherlands"],
                "country_of_residence": ["BE"],
                "extra_attributes": [{"type": "1.2.3", "value": "x"}],
            }
        },
        [
            "subject_directory_attributes.country_of_residence: 'BE' is not among what VP"
            " allows; the patterns there are ^NL$.",
            "subject_directory_attributes.extra_attributes.1.2.3: 'x' does not match what VP"
            " demands; the pattern there is ^y$.",
            "subject_da.gender? it is not one of m and f",
            "subject_da.place_of_birth? it holds control characters, or blanks at its ends",
            "subject_da.country_of_citizenship? it is not a country code of two letters",
        ],
    ),
    (
        {},
        {"qualified_statements": {"etsi_qc_type": "1.2"}},
        ["qualified_statements.etsi_qc_type? VP has no entry for it"],
    ),
    (
        {"qualified_statements": {"etsi_qc_type": text("REQUIRED", "^.*$")}},
        {},
        ["qualified_statements? it may be left out as a whole, or not"],
    ),
    (
        {
            "qualified_statements": {
                "semantics": {
                    "identifier": text("OPTIONAL", "^1.*$"),
                    "name_authorities": several("^https:.*$"),
                },
                "etsi_qc_type": text("OPTIONAL", "^1.*$"),
            }
        },
        {
            "qualified_statements": {
                "semantics": {"identifier": "2.1", "name_authorities": ["http://a"]},
                "etsi_qc_type": "2.1",
            }
        },
        [
            "qualified_statements.semantics.identifier: '2.1' does not match what VP demands;"
            " the pattern there is ^1.*$.",
            "qualified_statements.semantics.name_authorities: 'http://a' is not among what VP"
            " allows; the patterns there are ^https:.*$.",
            "qualified_statements.etsi_qc_type: '2.1' does not match what VP demands; the"
            " pattern there is ^1.*$.",
        ],
    ),
    (
        {
            "qualified_statements": {
                "semantics": {
                    "identifier": text("OPTIONAL", "^.*$"),
                    "name_authorities": several("^.*$"),
                },
                "etsi_qc_type": text("OPTIONAL", "^.*$"),
            }
        },
        {
            "qualified_statements": {
                "semantics": {"identifier": "x", "name_authorities": ["x"]},
                "etsi_qc_type": "x",
            }
        },
        [
            "qualified_statements.semantics.identifier? it is not a plain OID",
            "qualified_statements.semantics.name_authorities? it is not a plain URI",
            "qualified_statements.etsi_qc_type? it is not a plain OID",
        ],
    ),
    (
        {
            "qualified_statements": {
                "etsi_qc_compliance": "STATIC_TRUE",
                "etsi_qc_sscd_compliance": "STATIC_FALSE",
            }
        },
        {"qualified_statements": {"etsi_qc_compliance": False, "etsi_qc_sscd_compliance": True}},
        [
            "qualified_statements.etsi_qc_sscd_compliance: 'true' is not what VP fixes; leave"
            " it out, the service puts 'false' there.",
            "qualified_statements.etsi_qc_compliance? the service puts the same there itself",
        ],
    ),
    (
        {
            "qualified_statements": {
                "etsi_qc_retention_period": number("OPTIONAL"),
                "etsi_qc_pds": {"presence": "FORBIDDEN"},
            }
        },
        {
            "qualified_statements": {
                "etsi_qc_retention_period": 4,
                "etsi_qc_pds": {"EN": "https://a"},
            }
        },
        [
            "qualified_statements.etsi_qc_retention_period: '4' is less than VP allows; give"
            " at least 5.",
            "qualified_statements.etsi_qc_pds: 'EN: https://a' is forbidden by VP; leave it out.",
        ],
    ),
    (
        {},
        {"ms_extension_template": {"id": "1.2"}},
        ["ms_extension_template? VP has no entry for it"],
    ),
    ({}, {}, []),
    (
        {
            "ms_extension_template": {
                "template_id": text("OPTIONAL", "^.*$"),
                "major_version": number("OPTIONAL"),
                "minor_version": number("OPTIONAL"),
            }
        },
        {"ms_extension_template": {"id": "x", "major_version": 4, "minor_version": 10}},
        [
            "ms_template.major_version: '4' is less than VP allows; give at least 5.",
            "ms_template.minor_version: '10' is more than VP allows; give at most 9.",
            "ms_extension_template.id? it is not a plain OID",
        ],
    ),
    (
        {
            "ms_extension_template": {
                "template_id": text("OPTIONAL", "^.*$"),
                "major_version": number("OPTIONAL"),
                "minor_version": number("OPTIONAL"),
            }
        },
        {"ms_extension_template": {"minor_version": 7}},
        [
            "ms_extension_template.id? a template may need it",
            "ms_extension_template.major_version? a template may need it",
        ],
    ),
    (
        {
            "ms_extension_template": {
                "template_id": text("OPTIONAL", "^.*$"),
                "major_version": number("OPTIONAL"),
                "minor_version": number("OPTIONAL"),
            }
        },
        {},
        [],
    ),
    (
        {
            "ms_extension_template": {
                "template_id": text("STATIC", "1.2"),
                "major_version": number("OPTIONAL"),
            }
        },
        {},
        ["ms_extension_template? it may be left out as a whole, or not"],
    ),
    (
        {
            "ms_extension_template": {
                "template_id": text("OPTIONAL", "^.*$"),
                "major_version": number("OPTIONAL"),
                "minor_version": number("STATIC", 1, 1),
            }
        },
        {},
        ["ms_extension_template? it may be left out as a whole, or not"],
    ),
    (
        {
            "ms_extension_template": {
                "template_id": text("OPTIONAL", "^.*$"),
                "major_version": number("OPTIONAL", 0, 9),
            }
        },
        {"ms_extension_template": {"id": "1.2", "major_version": 0}},
        [],
    ),
    (
        {"custom_extensions": {"1.2.3": None}},
        {"custom_extensions": {"1.2.4": "x"}},
        ["custom_extensions.1.2.4? VP has no entry for it"],
    ),
    (
        {
            "signature": {
                "algorithm": {"presence": "REQUIRED"},
                "hash_algorithm": {"presence": "REQUIRED"},
            }
        },
        {},
        [
            "signature.algorithm: is required by VP; state it.",
            "signature.hash_algorithm: is required by VP; state it.",
        ],
    ),
    (
        {
            "signature": {
                "hash_algorithm": {
                    "presence": "OPTIONAL",
                    "list": ["SHA-256", "SHA-384", "SHA-512"],
                }
            }
        },
        {"signature": {"hash_algorithm": "SHA-384"}},
        [],
    ),
    (
        {
            "signature": {
                "hash_algorithm": {
                    "presence": "OPTIONAL",
                    "list": ["SHA-256", "SHA-384", "SHA-512"],
                }
            }
        },
        {"signature": {"hash_algorithm": "SHA-1"}},
        [
            "signature.hash_algorithm: 'SHA-1' is not what VP allows; give SHA-256 or SHA-384"
            " or SHA-512."
        ],
    ),
    (
        {
            "signature": {
                "hash_algorithm": {
                    "presence": "OPTIONAL",
                    "list": ["SHA-256", "SHA-384", "SHA-512"],
                }
            }
        },
        {"signature": {"hash_algorithm": "SHA-512"}},
        [],
    ),
    (
        {"signature": {"hash_algorithm": {"presence": "OPTIONAL", "list": ["SHA-256"]}}},
        {"signature": {"hash_algorithm": "SHA-256"}},
        [],
    ),
]


@pytest.mark.parametrize(("policy", "body", "expected"), SECTIONS)
def test_sections(policy: dict[str, Any], body: dict[str, Any], expected: list[str]) -> None:
    assert told(policy, body) == expected


@pytest.mark.parametrize(
    ("section", "members", "beside"),
    [
        ("subject_dn", {"state": text("STATIC", "x")}, {}),
        ("subject_da", {"gender": text("STATIC", "x")}, {"other": 1}),
        ("subject_da", {"place_of_birth": text("STATIC", "x")}, {"other": 1}),
        ("qualified_statements", {"etsi_qc_type": text("STATIC", "x")}, {"other": 1}),
        (
            "qualified_statements",
            {"semantics": {"identifier": text("STATIC", "x")}},
            {"other": 1},
        ),
    ],
)
def test_what_is_static_need_not_be_sent(
    section: str, members: dict[str, Any], beside: dict[str, Any]
) -> None:
    assert told({section: members}, {section: beside}) == []


@pytest.mark.parametrize(
    ("section", "members", "path"),
    [
        (
            "subject_dn",
            {"organizational_unit": several(mincount=1)},
            "subject.organizational_unit",
        ),
        (
            "subject_dn",
            {"extra_attributes": {OID: attribute(mincount=1)}},
            f"subject.extra_attributes.{OID}",
        ),
        *(
            ("san", {name: several(mincount=1)}, f"san.{name}")
            for name in ("dns_names", "emails", "ip_addresses", "uris")
        ),
        ("san", {"other_names": {OID: attribute(mincount=1)}}, f"san.other_names.{OID}"),
        *(
            ("subject_da", {name: several(mincount=1)}, f"subject_directory_attributes.{name}")
            for name in ("country_of_citizenship", "country_of_residence")
        ),
        (
            "subject_da",
            {"extra_attributes": {OID: attribute(mincount=1)}},
            f"subject_directory_attributes.extra_attributes.{OID}",
        ),
        (
            "qualified_statements",
            {"semantics": {"name_authorities": several(mincount=1)}},
            "qualified_statements.semantics.name_authorities",
        ),
    ],
)
def test_a_list_that_is_required_and_not_sent(
    section: str, members: dict[str, Any], path: str
) -> None:
    """Something else of a section that may be left out as a whole is sent."""
    beside = {} if section == "subject_dn" else {"other": 1}
    assert told({section: members}, {section: beside}) == [
        f"{path}: is required by VP; give at least 1."
    ]
