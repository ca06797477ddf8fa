# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ready-made policies show all that clients in production read and send without asking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from atlas_simulator.policy.enforcement import accept
from atlas_simulator.policy.members import KEY_USAGES, SAN_KINDS, SUBJECT_STRINGS
from atlas_simulator.policy.policies import READY_MADE
from atlas_simulator.policy.readings import Readings
from atlas_simulator.problems import ServiceError

from .conftest import KEY, public_key_members
from .test_policy import RSA_KEY, signing_request
from .test_policy_readings import END, NOW, SERIAL

CLIENT = ["1.3.6.1.5.5.7.3.2"]
PRESS = {"common_name": "press7.devices.example"}
PRESS_SAN = {"dns_names": ["press7.devices.example"]}
SERVER = {"san": {"dns_names": ["www.quillon.example"]}}
DEVICE = {"subject_dn": PRESS, "san": PRESS_SAN}
IDA = {"given_name": "Ida", "surname": "van Loon", "common_name": "Ida van Loon"}
BY_CSR = {"RSA": signing_request(RSA_KEY), "ECDSA": signing_request(KEY)}
# What each policy asks for, without a key: no more than that.
LEAST: Mapping[str, dict[str, Any]] = {
    "dv-tls": SERVER,
    "dv-tls-rsa": SERVER,
    "ov-tls": SERVER,
    "smime": {
        "subject_dn": {"common_name": "Ida van Loon"},
        "san": {"emails": ["ida@quillon.example"]},
        "extended_key_usages": CLIENT,
    },
    "device": {**DEVICE, "extended_key_usages": CLIENT},
    "device-pop": DEVICE,
    "device-csr": DEVICE,
    "eidas": {
        "subject_dn": {**IDA, "serial_number": "IDCNL-00112233", "country": "NL"},
        "qualified_statements": {"etsi_qc_type": "0.4.0.1862.1.6.1"},
    },
    "everything": {
        "subject_dn": {"common_name": "press7.quillon.example"},
        "san": {"dns_names": ["press7.quillon.example"]},
        "extended_key_usages": CLIENT,
        "qualified_statements": {"etsi_qc_type": "0.4.0.1862.1.6.1"},
        "ms_extension_template": {"id": "1.3.6.1.4.1.311.21.8.7", "major_version": 100},
        "custom_extensions": {"1.3.6.1.4.1.99999.8.1": "rack-014"},
        "signature": {"hash_algorithm": "SHA-256"},
    },
}


def least(name: str, **changes: Any) -> dict[str, Any]:
    """The shortest request that a ready-made policy admits, but for the `changes`."""
    policy = READY_MADE[name]
    kind, key_format = (policy["public_key"][member] for member in ("key_type", "key_format"))
    key = public_key_members(RSA_KEY if kind == "RSA" else KEY)
    if policy["public_key_signature"] != "REQUIRED":
        del key["public_key_signature"]
    if key_format == "PKCS10":
        key = {"public_key": BY_CSR[kind]}
    return {"validity": {"not_before": NOW}, **LEAST[name], **key, **changes}


def answer(name: str, body: dict[str, Any], readings: Readings | None = None) -> str:
    """What the service says to a request; nothing if it issues."""
    try:
        accept(body, READY_MADE[name], readings or Readings(), SERIAL, NOW, END)
    except ServiceError as error:
        return error.description
    return ""


@pytest.mark.parametrize("name", READY_MADE)
def test_a_ready_made_policy_has_every_entry_that_clients_read(name: str) -> None:
    policy = READY_MADE[name]
    assert {*SUBJECT_STRINGS, "organizational_unit"} <= set(policy["subject_dn"])
    assert set(SAN_KINDS) <= set(policy["san"])
    assert set(policy["extended_key_usages"]) == {"ekus", "critical"}
    assert policy["signature"]["hash_algorithm"]["list"][0] == "SHA-256"
    assert set(policy["public_key"]) == {"key_type", "allowed_lengths", "key_format"}
    for rule in (
        *(policy["san"][kind] for kind in SAN_KINDS),
        policy["extended_key_usages"]["ekus"],
    ):
        assert set(rule) == {"static", "list", "mincount", "maxcount"}
    for member in SUBJECT_STRINGS:
        assert set(policy["subject_dn"][member]) == {"presence", "format"}
    assert set(policy.get("key_usages", KEY_USAGES)) == set(KEY_USAGES)


@pytest.mark.parametrize("name", READY_MADE)
def test_the_shortest_request_is_enough(name: str) -> None:
    assert answer(name, least(name)) == ""


@pytest.mark.parametrize("name", READY_MADE)
@pytest.mark.parametrize("digest", ["SHA-256", "SHA-384"])
def test_a_hash_may_be_asked_for_under_each(name: str, digest: str) -> None:
    body = least(name, signature={"hash_algorithm": digest})
    leaf = accept(body, READY_MADE[name], Readings(), SERIAL, NOW, END)
    assert leaf.signature.hash_algorithm == digest
    plain = accept(least(name), READY_MADE[name], Readings(), SERIAL, NOW, END)
    assert plain.signature.hash_algorithm == "SHA-256"


@pytest.mark.parametrize("name", READY_MADE)
def test_another_hash_is_refused_under_each(name: str) -> None:
    body = least(name, signature={"hash_algorithm": "SHA-512"})
    assert answer(name, body) == "signature.hash_algorithm: invalid value"


@pytest.mark.parametrize("name", READY_MADE)
def test_members_of_a_subject_that_cannot_be_are_null_or_empty_in_requests(name: str) -> None:
    blanks = {member: None if number % 2 else "" for number, member in enumerate(SUBJECT_STRINGS)}
    subject = {**blanks, "organizational_unit": [], **LEAST[name].get("subject_dn", {})}
    san = {**{kind: [] for kind in SAN_KINDS}, **LEAST[name].get("san", {})}
    assert answer(name, least(name, subject_dn=subject, san=san)) == ""


FORBIDDEN = [
    (name, member)
    for name, policy in READY_MADE.items()
    for member in SUBJECT_STRINGS
    if policy["subject_dn"][member]["presence"] == "FORBIDDEN"
]


@pytest.mark.parametrize(("name", "member"), FORBIDDEN)
def test_a_subject_has_no_more_than_its_policy_says(name: str, member: str) -> None:
    subject = {**LEAST[name].get("subject_dn", {}), member: "X"}
    allow = Readings(missing_section="allow")
    assert (
        answer(name, least(name, subject_dn=subject), allow) == f"subject_dn.{member}: is forbidden"
    )


def test_names_and_usages_of_eidas_are_shown_as_none() -> None:
    none = {"static": False, "list": [], "mincount": 0, "maxcount": 0}
    assert READY_MADE["eidas"]["san"] == dict.fromkeys(SAN_KINDS, none)
    assert READY_MADE["eidas"]["extended_key_usages"]["ekus"] == none
    body = least("eidas", san={"dns_names": ["quillon.example"]})
    assert answer("eidas", body) == "san.dns_names: has to have between 0 and 0 items"
    body = least("eidas", extended_key_usages=CLIENT)
    assert answer("eidas", body) == "extended_key_usages: has to have between 0 and 0 items"
