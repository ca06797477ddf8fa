# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a node answers is checked: shape, bounds, control characters."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import exchange

INSPECTION = exchange.on_wire(exchange.Inspection(reasons=["missing: there is no certificate"]))
PREPARED = exchange.on_wire(exchange.Prepared(public_key="k", proof="p", known=["01"]))
LEASE = {"run": "r", "controller": "c", "process": "1:2", "until": 3}


def read(kind: Any, answer: object) -> Any:
    return exchange.read_answers(kind, [answer], 1)[0]


@pytest.mark.parametrize(
    "answer",
    [
        exchange.Inspection(reasons=["a"], content={"certificate": "AB==\n"}),
        exchange.Prepared(busy=LEASE),
        exchange.Installed(changed_files=["/a"], is_deployed=True),
        exchange.Acknowledged(superseded=[exchange.Proof("01", "key", "answer", "csr")]),
        exchange.Removed(removed_files=["/a"]),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_answers_survive_the_wire(answer: exchange.Answer) -> None:
    assert read(type(answer), exchange.on_wire(answer)) == answer


@pytest.mark.parametrize(
    "answers", [None, {}, [], [PREPARED, PREPARED], "text"], ids=lambda e: type(e).__name__
)
def test_as_many_answers_as_questions(answers: object) -> None:
    """Neither more nor fewer, and in their order."""
    many = [{**PREPARED, "serial": "01"}, {**PREPARED, "serial": "02"}]
    read_ones = exchange.read_answers(exchange.Prepared, many, 2)
    assert [one.serial for one in read_ones] == ["01", "02"]
    with pytest.raises(AtlasError, match="one answer for each certificate"):
        exchange.read_answers(exchange.Prepared, answers, 1)


FACTS = {
    "serial_number": "01",
    "not_before": 1,
    "not_after": 2,
    "subject": "CN=a",
    "issuer": "CN=b",
    "dns_names": ["a"],
    "emails": [],
    "ip_addresses": [],
    "uris": [],
    "key": "RSA 2048",
    "fingerprint": "aa",
}
ALL_OF_INSPECTION = {
    "reasons": ["a", "b"],
    "repairs": ["c"],
    "needs_chain": True,
    "obstacle": "d",
    "missing_folders": ["/e"],
    "certificate": FACTS,
    "unfinished": "f",
    "unacknowledged": True,
    "is_untidy": True,
    "superseded": ["01"],
    "notices": ["g"],
    "is_own": True,
    "has_previous": True,
    "is_cut_off": True,
    "is_unknown": True,
    "content": {"certificate": "AB==\n"},
}
ALL_OF_PREPARED = {
    "obstacle": "a",
    "is_settled": True,
    "busy": LEASE,
    "is_fresh": True,
    "attempt_id": "b",
    "begun": 1,
    "may_be_recent": True,
    "not_after": 2,
    "known": ["01"],
    "serial": "02",
    "is_same_wish": True,
    "is_same_account": True,
    "is_same_machine": True,
    "is_key_unique": True,
    "public_key": "c",
    "proof": "d",
    "signing_request": "e",
    "answer": "f",
    "old_serial": "03",
    "old_public_key": "g",
    "old_answer": "h",
    "notices": ["i"],
}
ALL_OF_INSTALLED = {
    "changed_files": ["/a"],
    "obstacle": "b",
    "is_deployed": True,
    "certificate": FACTS,
    "notices": ["c"],
    "content": {"chain": "-----BEGIN X-----\n"},
}
PROOF = {
    "serial": "01",
    "public_key": "a",
    "answer": "b",
    "attestation": "c",
    "is_revoked": True,
}
ALL_OF_ACKNOWLEDGED = {
    "obstacle": "a",
    "is_changed": True,
    "changed_files": ["/b"],
    "superseded": [PROOF, PROOF],
}
ALL_OF_REMOVED = {
    "obstacle": "a",
    "busy": LEASE,
    "removed_files": ["/b"],
    "notices": ["c"],
}
ALL = [
    (exchange.Inspection, ALL_OF_INSPECTION),
    (exchange.Prepared, ALL_OF_PREPARED),
    (exchange.Installed, ALL_OF_INSTALLED),
    (exchange.Acknowledged, ALL_OF_ACKNOWLEDGED),
    (exchange.Removed, ALL_OF_REMOVED),
]


@pytest.mark.parametrize(("kind", "document"), ALL, ids=lambda each: getattr(each, "__name__", ""))
def test_every_member_is_read_as_it_is_and_what_is_left_out_says_nothing(
    kind: Any, document: dict[str, Any]
) -> None:
    assert exchange.on_wire(read(kind, document)) == document
    assert exchange.on_wire(read(kind, {**document, "surplus": 1})) == document
    for name in document:
        rest = {other: value for other, value in document.items() if other != name}
        assert exchange.on_wire(read(kind, rest)) == rest
        assert getattr(read(kind, rest), name) == getattr(kind(), name)


def test_what_says_nothing_is_not_sent() -> None:
    for kind, _document in ALL:
        assert exchange.on_wire(kind()) == {}
    quiet = exchange.Proof("01")
    assert exchange.on_wire(exchange.Acknowledged(superseded=[quiet])) == {
        "superseded": [vars(quiet)]
    }


@pytest.mark.parametrize("name", FACTS)
def test_the_facts_of_a_certificate_are_complete(name: str) -> None:
    rest = {other: value for other, value in FACTS.items() if other != name}
    with pytest.raises(AtlasError, match="expected was all members of CertificateFacts"):
        read(exchange.Inspection, {"certificate": rest})


def of_another_type(value: object) -> list[object]:
    """What JSON may have in the place of a value."""
    others = [None, "text", 1, 1.5, True, [], {}]
    return [other for other in others if type(other) is not type(value)]


@pytest.mark.parametrize(
    ("kind", "document", "name", "value"),
    [
        (kind, document, name, value)
        for kind, document in ALL
        for name, right in document.items()
        for value in of_another_type(right)
        if not (name == "certificate" and value is None)
    ],
)
def test_a_member_of_another_type_is_refused(
    kind: Any, document: dict[str, Any], name: str, value: object
) -> None:
    with pytest.raises(AtlasError, match="The node's answer is not what atlas_certificate_node"):
        read(kind, {**document, name: value})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"reasons": None}, "reasons of type list"),
        ({"reasons": "missing"}, "reasons of type list"),
        ({"reasons": [1]}, "reasons of type str"),
        ({"reasons": ["x"] * 1001}, "reasons with at most 1000 entries"),
        ({"needs_chain": 1}, "needs_chain of type bool"),
        ({"obstacle": "x" * 16385}, "obstacle of at most 16384 characters"),
        ({"reasons": ["x" * 16385]}, "reasons of at most 16384 characters"),
        ({"certificate": []}, "an object for CertificateFacts"),
        ({"certificate": {"serial_number": "01"}}, "all members of CertificateFacts"),
        ({"certificate": {**FACTS, "not_after": True}}, "not_after of type int"),
        ({"certificate": {**FACTS, "not_after": 1 << 53}}, "not_after of at most 9007199254740991"),
        (
            {"certificate": {**FACTS, "not_before": -(1 << 53)}},
            "not_before of at most 9007199254740991",
        ),
        ({"certificate": {**FACTS, "dns_names": [None]}}, "dns_names of type str"),
        ({"content": {"certificate": "\x1b[2J"}}, "content in PEM format"),
        ({"content": {"certificate": "<b>"}}, "content in PEM format"),
        ({"content": {"certificate": "A\r\n"}}, "content in PEM format"),
        ({"content": {"certificate": "A" * 262145}}, "content in PEM format"),
        ({"content": {"certificate": 1}}, "content of type str"),
        ({"content": {1: "A"}}, "content of type str"),
        ({"content": ["PEM"]}, "content of type dict"),
    ],
    ids=lambda each: str(each)[:60],
)
def test_an_answer_of_another_shape_is_refused(change: dict[str, object], expected: str) -> None:
    with pytest.raises(AtlasError) as caught:
        read(exchange.Inspection, {**INSPECTION, **change})
    assert caught.value.message == (
        "The node's answer is not what atlas_certificate_node sends: expected was"
        f" {expected}. Nothing was done with it."
    )


def test_an_answer_at_its_bounds() -> None:
    change = {
        "reasons": ["x" * 16384, *["y"] * 999],
        "content": {"certificate": "-Az09+/= \n" + "A" * 262134},
        "certificate": {**FACTS, "not_before": -(1 << 53) + 1, "not_after": (1 << 53) - 1},
    }
    found = read(exchange.Inspection, {**INSPECTION, **change})
    assert (found.reasons, found.content) == (change["reasons"], change["content"])
    assert vars(found.certificate) == change["certificate"]


def test_how_much_a_node_may_answer() -> None:
    assert exchange.LONGEST_ANSWER == 64 * 1024
    assert exchange.LONGEST_ENTRY == 16 * 1024
    assert exchange.LONGEST_CONTENT == 256 * 1024


@pytest.mark.parametrize("until", [1 << 53, -(1 << 53)])
def test_a_number_that_is_too_large_is_refused(until: int) -> None:
    with pytest.raises(AtlasError, match="expected was busy of at most 9007199254740991"):
        read(exchange.Prepared, {**PREPARED, "busy": {**LEASE, "until": until}})
    with pytest.raises(AtlasError, match="expected was begun of at most 9007199254740991"):
        read(exchange.Prepared, {**PREPARED, "begun": until})


@pytest.mark.parametrize(
    ("busy", "expected"),
    [
        ({"run": "r"}, "busy with the members of a lease"),
        ({**LEASE, "until": "soon"}, "busy of type int"),
        ({**LEASE, "until": True}, "busy of type int"),
        ({**LEASE, "run": 1}, "busy of type str"),
        ({**LEASE, "more": 1}, "busy with the members of a lease"),
        ([], "busy of type dict"),
        (None, "busy of type dict"),
    ],
    ids=str,
)
def test_a_lease_has_its_members(busy: object, expected: str) -> None:
    with pytest.raises(AtlasError, match=f"expected was {expected}"):
        read(exchange.Prepared, {**PREPARED, "busy": busy})


def test_a_lease_is_read_as_it_is_but_for_control_characters() -> None:
    found = read(exchange.Prepared, {**PREPARED, "busy": {**LEASE, "controller": "a\x1bb"}})
    assert found.busy == {"run": "r", "controller": "a b", "process": "1:2", "until": 3}
    assert read(exchange.Prepared, {**PREPARED, "busy": {}}).busy == {}


@pytest.mark.parametrize("entry", [None, [], "text", {"serial": 1}])
def test_a_proof_is_an_object(entry: object) -> None:
    acknowledged = {**ALL_OF_ACKNOWLEDGED, "superseded": [entry]}
    with pytest.raises(AtlasError, match="The node's answer is not what"):
        read(exchange.Acknowledged, acknowledged)


def test_a_proof_does_not_show_its_attestation() -> None:
    assert "csr" not in repr(exchange.Proof("01", attestation="csr"))


@pytest.mark.parametrize("answer", [None, [], "text", 1])
def test_an_answer_that_is_no_object_is_refused(answer: object) -> None:
    with pytest.raises(AtlasError, match="expected was an object for Prepared"):
        read(exchange.Prepared, answer)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("a\x1b[31mb\rc\nd", "a [31mb c\nd"),
        ("\x00\x09\x0a\x0b\x1f\x20\x7e\x7f\x80\x9f\xa0", "  \n   ~   \xa0"),
    ],
)
def test_control_characters_are_taken_out(sent: str, shown: str) -> None:
    found = read(exchange.Inspection, {**INSPECTION, "obstacle": sent, "reasons": [sent]})
    assert (found.obstacle, found.reasons) == (shown, [shown])


def test_an_obstacle_is_all_that_is_told_of_what_was_stopped() -> None:
    stopped = exchange.Inspection(obstacle="no", is_unknown=True)
    assert exchange.Inspection.stopped("no") == stopped
    assert exchange.Prepared.stopped("no") == exchange.Prepared(obstacle="no")


def test_nothing_is_promised_by_default() -> None:
    """A step that says nothing of a member says that there is nothing."""
    kinds = [kind for kind, _document in ALL]
    members = [value for kind in [*kinds, exchange.Proof] for value in vars(kind()).values()]
    assert not any(members)
