# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ready-made policies, and policies from files, which are checked whole before the start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from atlas_simulator.pki.leaf import sign
from atlas_simulator.pki.making import make_ca
from atlas_simulator.policy.enforcement import accept
from atlas_simulator.policy.policies import READY_MADE, find_policy
from atlas_simulator.policy.readings import Readings
from atlas_simulator.problems import StartError

from .conftest import KEY, public_key_members
from .test_policy import RSA_KEY, signing_request
from .test_policy_readings import END, NOW, SERIAL

SUBJECT = "a string policy: "
EXTENSION = {"presence": "OPTIONAL", "critical": False, "value_type": "UTF8STRING"}
ATTRIBUTE = {"static": False, "value_type": "INTEGER", "mincount": 0, "maxcount": 1}
LIST = {"static": False, "list": ["^a$"], "mincount": 0, "maxcount": 1}


def kept(folder: Path, policy: Any) -> str:
    """The path of a file with a policy."""
    file = folder / "policy.json"
    file.write_text(json.dumps(policy))
    return str(file)


@pytest.mark.parametrize("name", READY_MADE)
def test_a_ready_made_policy_could_come_from_a_file(tmp_path: Path, name: str) -> None:
    assert find_policy(kept(tmp_path, READY_MADE[name])) == READY_MADE[name] == find_policy(name)


IDA = {"common_name": "Ida van Loon", "given_name": "Ida", "surname": "van Loon"}
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    (
        "smime",
        {
            "subject_dn": {**IDA, "email": "ida@quillon.example"},
            "san": {"emails": ["ida@quillon.example"]},
            "extended_key_usages": ["1.3.6.1.5.5.7.3.4"],
            "public_key": signing_request(RSA_KEY),
        },
    ),
    (
        "device-pop",
        {
            "subject_dn": {"common_name": "press7", "serial_number": "EMP-0042"},
            "san": {"dns_names": ["press7.quillon.example"]},
            **public_key_members(KEY),
        },
    ),
    (
        "eidas",
        {
            "subject_dn": {**IDA, "serial_number": "IDCNL-00112233", "country": "NL"},
            "subject_da": {"gender": "F", "country_of_citizenship": ["NL"]},
            "qualified_statements": {"etsi_qc_type": "0.4.0.1862.1.6.1"},
            **public_key_members(KEY),
        },
    ),
]


@pytest.mark.parametrize(("name", "sections"), REQUESTS)
def test_a_ready_made_policy_admits_what_it_is_for(name: str, sections: dict[str, Any]) -> None:
    request = {"validity": {"not_before": NOW}, **sections}
    leaf = accept(request, READY_MADE[name], Readings(), SERIAL, NOW, END)
    assert sign(leaf, make_ca("Any CA", 3650, NOW))


GOOD: list[Any] = [
    {},
    {"subject_dn": None, "san": {"other_names": None, "critical": None}},
    {"custom_extensions": {}},
    {"subject_dn": {"country": {"presence": "STATIC", "format": "("}}},
    {"subject_dn": {"country": {"presence": "FORBIDDEN", "ignore_empty": True}}},
    {"subject_dn": {"organizational_unit": {**LIST, "ignore_empty": False}}},
    {"san": {"dns_names": {**LIST, "list": ["("]}}},
    {"custom_extensions": {"1.2.3": {**EXTENSION, "value_type": "NIL", "value_format": "("}}},
]


@pytest.mark.parametrize("policy", GOOD)
def test_a_good_policy_is_taken_as_it_is(tmp_path: Path, policy: Any) -> None:
    assert find_policy(kept(tmp_path, policy)) == policy


BAD: list[tuple[Any, str, str]] = [
    ({"certificate": {}}, "certificate", "nothing that the simulator enforces; it knows validity,"),
    ({"san": []}, "san", "not an object"),
    ({"san": {"names": {}}}, "san.names", "nothing that the simulator enforces; it knows dns_nam"),
    ({"san": {"critical": 1}}, "san.critical", "not true or false"),
    ({"validity": {"secondsmax": "long"}}, "validity.secondsmax", "not a whole number"),
    ({"validity": {"secondsmin": -1}}, "validity.secondsmin", "not a whole number"),
    ({"validity": {"secondsmin": True}}, "validity.secondsmin", "not a whole number"),
    ({"subject_dn": {"country": "NL"}}, "subject_dn.country", SUBJECT),
    ({"subject_dn": {"country": {"format": "NL"}}}, "subject_dn.country", SUBJECT),
    ({"subject_dn": {"country": {"presence": "optional"}}}, "subject_dn.country", SUBJECT),
    ({"subject_dn": {"country": {"presence": ["STATIC"]}}}, "subject_dn.country", SUBJECT),
    (
        {"subject_dn": {"country": {"presence": "OPTIONAL", "format": r"(?=a)"}}},
        "subject_dn.country",
        "with a regular expression of RE2 as the format and OPTIONAL, REQUIRED, FORBIDDEN or",
    ),
    (
        {"subject_dn": {"country": {"presence": "OPTIONAL", "pattern": ""}}},
        "subject_dn.country",
        SUBJECT,
    ),
    ({"san": {"dns_names": {"static": False, "list": ["."]}}}, "san.dns_names", "a list policy: "),
    ({"san": {"dns_names": {**LIST, "list": ["^("]}}}, "san.dns_names", "with suffixes in"),
    ({"san": {"uris": {**LIST, "list": ["("]}}}, "san.uris", "with regular expressions of RE2"),
    ({"san": {"uris": {**LIST, "list": [7]}}}, "san.uris", "a list policy: "),
    (
        {"san": {"other_names": {"upn": ATTRIBUTE}}},
        "san.other_names.upn",
        "not named by an OID, such as 2.5.4.12",
    ),
    (
        {"san": {"other_names": {"1.2.3": {**ATTRIBUTE, "value_type": "BOOLEAN"}}}},
        "san.other_names.1.2.3",
        "IA5STRING, PRINTABLESTRING, UTF8STRING, INTEGER, DER or NIL as the type",
    ),
    ({"san": {"other_names": {"1.2.3": None}}}, "san.other_names.1.2.3", "a type and value policy"),
    (
        {"subject_da": {"extra_attributes": {"1.2.3": {**ATTRIBUTE, "static": True}}}},
        "subject_da.extra_attributes.1.2.3",
        "a format that fits it",
    ),
    ({"key_usages": {"crl_sign": True}}, "key_usages.crl_sign", "STATIC_TRUE or STATIC_FALSE"),
    ({"key_usages": {"sign": "OPTIONAL"}}, "key_usages.sign", "it knows digital_signature, cont"),
    ({"extended_key_usages": {"ekus": ["1.2"]}}, "extended_key_usages.ekus", "a list policy: "),
    (
        {"subject_da": {"date_of_birth": {"presence": "OPTIONAL"}}},
        "subject_da.date_of_birth",
        "not OPTIONAL, REQUIRED, FORBIDDEN or STATIC",
    ),
    (
        {"qualified_statements": {"semantics": {"identifier": "1.2.3"}}},
        "qualified_statements.semantics.identifier",
        SUBJECT,
    ),
    (
        {
            "qualified_statements": {
                "etsi_qc_retention_period": {"presence": "OPTIONAL", "min": "0"}
            }
        },
        "qualified_statements.etsi_qc_retention_period",
        "an integer policy: ",
    ),
    (
        {"qualified_statements": {"etsi_qc_pds": {"presence": "STATIC", "policies": ["EN"]}}},
        "qualified_statements.etsi_qc_pds",
        "with URLs by language as the policies",
    ),
    ({"ms_extension_template": {"id": {}}}, "ms_extension_template.id", "it knows critical, temp"),
    ({"custom_extensions": {"1.2.3": "NIL"}}, "custom_extensions.1.2.3", "an extension policy: "),
    (
        {"custom_extensions": {"1.2.3": {**EXTENSION, "presence": "STATIC", "value_type": "DER"}}},
        "custom_extensions.1.2.3",
        "a format that fits it",
    ),
    (
        {"signature": {"algorithm": {"presence": "OPTIONAL", "list": ["DSA"]}}},
        "signature.algorithm",
        "with RSA, RSA-PSS or ECDSA in the list",
    ),
    (
        {"signature": {"hash_algorithm": {"presence": "OPTIONAL", "list": [["SHA-256"]]}}},
        "signature.hash_algorithm",
        "with SHA-256, SHA-384 or SHA-512 in the list",
    ),
    ({"public_key": {"key_type": "EC"}}, "public_key.key_type", "not RSA or ECDSA"),
    ({"public_key": {"key_format": "PEM"}}, "public_key.key_format", "not PKCS8 or PKCS10"),
    ({"public_key": {"allowed_lengths": 2048}}, "public_key.allowed_lengths", "key sizes in bits"),
    ({"public_key_signature": True}, "public_key_signature", "not OPTIONAL, REQUIRED, FORBIDDEN"),
    ({"{file}": 1}, "{file}", "nothing that the simulator enforces"),
]


@pytest.mark.parametrize(("policy", "path", "right"), BAD)
def test_a_bad_policy_is_refused_in_one_sentence(
    tmp_path: Path, policy: Any, path: str, right: str
) -> None:
    file = kept(tmp_path, policy)
    with pytest.raises(StartError) as caught:
        find_policy(file)
    sentence = str(caught.value)
    assert sentence.startswith(f"--policy: {path} in {file} is ")
    assert right in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "cannot be read as JSON"),
        (b"\xff", "cannot be read as JSON"),
        (b"[" * 100_000, "cannot be read as JSON"),
        (b"[]", "does not hold a JSON object"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "policy.json"
    file.write_bytes(content)
    with pytest.raises(StartError, match=sentence):
        find_policy(str(file))


def test_a_folder_and_an_unknown_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot be read as JSON"):
        find_policy(str(tmp_path))
    with pytest.raises(StartError, match=r"neither a file nor a ready-made policy \(dv-tls, "):
        find_policy("dv-tsl")
