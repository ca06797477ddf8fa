# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record: what is written is read, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.facts import (
    CertificateFacts,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.record import (
    Attempt,
    CertificateSet,
    Kept,
    Lease,
    Record,
    Rejected,
    SetFile,
    read_record,
    set_file,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Target

LEASE = Lease("run", "controller", "1:2", 9)
ATTEMPT = Attempt(
    attempt_id="a",
    begun=1,
    touched=2,
    machine="m",
    account="c",
    key="staged",
    request={"san.dns_names": ["a"]},
    not_after=3,
    known=["01"],
    lease=LEASE,
    key_pem="k",
    key_digest="d",
    serial="02",
    failure="f",
)
SHA256_OF_CONTENT = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"


def facts(serial: str) -> CertificateFacts:
    return CertificateFacts(
        serial_number=serial,
        not_before=1,
        not_after=2,
        subject="",
        issuer="CN=CA",
        dns_names=["a"],
        emails=[],
        ip_addresses=[],
        uris=[],
        key="ECDSA 256",
        fingerprint="f",
    )


def certificate_set(serial: str, **members: Any) -> CertificateSet:
    held = CertificateSet(
        layout="plain",
        certificate="c",
        issuers="i",
        root="r",
        key="k",
        request={"san.dns_names": ["a"]},
        targets=[Target("path", "/a", ["certificate"])],
        files={"/a": set_file(b"content", 1, None, 0o640)},
        facts=facts(serial),
        key_digest="d",
    )
    return replace(held, **members)


FULL = Record(
    attempt=ATTEMPT,
    sets={
        "0001-0A": certificate_set("0A"),
        "0002-0B": certificate_set("0B", supersedes=["0A"], issuers=None, encrypted=["/a"]),
        "0003-0C": certificate_set("0C", differences=["x"], files={"/a": SetFile(False)}),
    },
    confirmed="0001-0A",
    wanted_now="0002-0B",
    is_applied=False,
    kept=Kept("0003-0C", "why"),
    rejected=Rejected("0D", "why", {"san.dns_names": ["a"]}, "c", "k"),
    superseded={"07": "key"},
    orphans=["08"],
    revoked=["09"],
    count=3,
)


def written(record: Record) -> Any:
    return json.loads(json.dumps(record.document(), default=vars))


@pytest.mark.parametrize(
    "record",
    [
        Record(),
        FULL,
        replace(FULL, attempt=None, kept=None, rejected=None),
        replace(FULL, attempt=replace(ATTEMPT, lease=None)),
        Record(sets={"0001-none": CertificateSet("linked")}, count=1),
    ],
)
def test_what_is_written_is_read(record: Record) -> None:
    assert read_record(written(record)) == record


def test_nothing_is_recorded_by_default() -> None:
    assert Record().document() == {
        "version": 1,
        "attempt": None,
        "sets": {},
        "confirmed": "",
        "wanted_now": "",
        "is_applied": True,
        "kept": None,
        "rejected": None,
        "superseded": {},
        "orphans": [],
        "revoked": [],
        "count": 0,
    }


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_a_record_of_another_release_is_not_read(version: object) -> None:
    with pytest.raises(AtlasError) as caught:
        read_record({**Record().document(), "version": version})
    assert caught.value.message == (
        f"was written by another release of this collection (version {version!r}, not 1)"
    )


def changed(**members: Any) -> dict[str, Any]:
    return {**written(FULL), **members}


def without(member: str) -> dict[str, Any]:
    return {name: value for name, value in written(FULL).items() if name != member}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        {"version": 1},
        changed(attempt={"attempt_id": "a"}),
        changed(attempt={**written(FULL)["attempt"], "lease": {"run": "r"}}),
        changed(attempt={**written(FULL)["attempt"], "surplus": 1}),
        changed(attempt="text"),
        changed(sets=[]),
        changed(sets={"0001-0A": []}),
        changed(sets={"0001-0A": {}}),
        changed(kept=[1]),
        changed(kept={"name": "0001-0A"}),
        changed(rejected={"serial": "0A"}),
        *map(without, (name for name in Record().document() if name != "version")),
    ],
)
def test_a_damaged_record_is_not_read(document: object) -> None:
    with pytest.raises(AtlasError, match=r"^is damaged$"):
        read_record(document)


def test_private_keys_are_not_shown() -> None:
    secret = "very-secret"
    record = replace(
        FULL,
        attempt=replace(ATTEMPT, key_pem=secret),
        sets={"0001-0A": certificate_set("0A", key=secret, files={"/a": SetFile(True, secret)})},
        rejected=Rejected("0D", "why", {}, "c", secret),
        superseded={"07": secret},
    )
    assert secret not in repr(record)


# Files of a set


def test_a_file_of_a_set() -> None:
    assert set_file(b"content", 1, 2, 0o640) == SetFile(
        is_there=True,
        content="Y29udGVudA==",
        digest=SHA256_OF_CONTENT,
        owner=1,
        group=2,
        mode=0o640,
    )
    assert set_file(b"content", 1, None, 0o640, keeps_content=False) == SetFile(
        is_there=True, digest=SHA256_OF_CONTENT, owner=1, mode=0o640
    )
    assert SetFile(True).mode == 0o644


def test_the_content_of_a_file() -> None:
    assert set_file(b"content", None, None, 0o600).octets == b"content"
    assert SetFile(is_there=False).octets is None
    assert SetFile(is_there=False, content="Y29udGVudA==").octets is None
    with pytest.raises(AtlasError) as caught:
        _octets = SetFile(is_there=True).octets
    assert caught.value.message == "what is to be put in place is not kept any more"


def test_a_set_without_a_certificate_has_no_serial_number() -> None:
    assert certificate_set("0A").serial == "0A"
    assert CertificateSet("plain").serial == ""


PRESENT, GONE, DROPPED = set_file(b"a", None, None, 0o644), SetFile(False), SetFile(True)


@pytest.mark.parametrize(
    ("files", "has_files", "is_restorable"),
    [
        ([], False, True),
        ([GONE], False, True),
        ([GONE, PRESENT], True, True),
        ([PRESENT, DROPPED], True, False),
        ([DROPPED], True, False),
    ],
)
def test_whether_files_can_be_returned(
    files: list[SetFile], has_files: bool, is_restorable: bool
) -> None:
    held = CertificateSet("plain", files={str(place): e for place, e in enumerate(files)})
    assert (held.has_files, held.is_restorable) == (has_files, is_restorable)


def test_what_stays_of_a_set_once_it_is_at_rest() -> None:
    held = certificate_set("0A", supersedes=["09"])
    file = SetFile(True, None, SHA256_OF_CONTENT, 1, None, 0o640)
    assert held.without_secrets() == replace(held, key="", supersedes=[], files={"/a": file})


# What a record says


@pytest.mark.parametrize(
    ("wanted_now", "is_applied", "is_pending", "is_on_probation", "is_cut_off", "previous"),
    [
        ("0001-0A", True, False, False, False, ""),
        ("0001-0A", False, False, False, True, ""),
        ("0002-0B", True, True, True, False, "0A"),
        ("0002-0B", False, True, False, True, "0A"),
    ],
)
def test_how_far_a_set_has_come(
    wanted_now: str,
    is_applied: bool,
    is_pending: bool,
    is_on_probation: bool,
    is_cut_off: bool,
    previous: str,
) -> None:
    record = replace(FULL, wanted_now=wanted_now, is_applied=is_applied)
    assert record.deployed is FULL.sets[wanted_now]
    assert (record.is_pending, record.is_on_probation, record.is_cut_off) == (
        is_pending,
        is_on_probation,
        is_cut_off,
    )
    assert (record.previous.serial if record.previous else "") == previous


def test_nothing_is_deployed_and_nothing_was_before() -> None:
    assert (Record().deployed, Record().previous) == (None, None)


def test_whether_there_is_anything_to_remember() -> None:
    assert Record().is_empty
    assert Record(count=7).is_empty
    for member in ("attempt", "sets", "kept", "rejected", "superseded", "orphans", "revoked"):
        assert not Record(**{member: getattr(FULL, member)}).is_empty, member


def test_the_serial_numbers_that_a_new_certificate_cannot_have() -> None:
    assert sorted(FULL.known_serials()) == ["07", "08", "09", "0A", "0B", "0C", "0D"]
    nothing = Record(sets={"0001-none": CertificateSet("plain")})
    assert list(nothing.known_serials()) == []


def test_the_set_of_a_serial_number() -> None:
    assert FULL.set_of("0B") is FULL.sets["0002-0B"]
    assert FULL.set_of("0F") is None
    assert Record(sets={"0001-none": CertificateSet("plain", request={})}).set_of("") is None


def test_what_others_obtained_is_no_set_of_ours() -> None:
    foreign = certificate_set("0A", request=None)
    assert Record(sets={"0001-0A": foreign}).set_of("0A") is None
    ours = certificate_set("0A", request={})
    assert Record(sets={"0001-0A": foreign, "0002-0A": ours}).set_of("0A") is ours


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, ["0001-0A", "0002-0B", "0003-0C"]),
        ({"kept": None}, ["0001-0A", "0002-0B"]),
        ({"confirmed": "0002-0B"}, ["0001-0A", "0002-0B", "0003-0C"]),
        ({"confirmed": "", "wanted_now": ""}, ["0003-0C"]),
        ({"wanted_now": "0001-0A", "kept": None}, ["0001-0A"]),
        ({"wanted_now": "0003-0C", "confirmed": "0003-0C"}, ["0003-0C"]),
    ],
)
def test_sets_that_are_of_no_use_any_more_go(changes: dict[str, Any], left: list[str]) -> None:
    """One that another is to supersede stays, because its key has to be kept until then."""
    assert list(FULL.with_(**changes).sets) == left


def test_a_change_of_the_record_changes_nothing_else() -> None:
    assert FULL.with_(orphans=[]) == replace(FULL, orphans=[])


def test_the_name_of_one_more_set() -> None:
    name, record = FULL.adding(certificate_set("0E"))
    assert (name, record.count) == ("0004-0E", 4)
    assert record == replace(FULL, count=4, sets={**FULL.sets, "0004-0E": certificate_set("0E")})
    assert Record().adding(CertificateSet("plain"))[0] == "0001-none"
    assert Record(count=12344).adding(CertificateSet("plain"))[0] == "12345-none"


def test_what_is_kept_has_a_name() -> None:
    assert (FULL.kept_name, Record().kept_name) == ("0003-0C", "")


def test_what_is_left_aside_is_named_once() -> None:
    assert FULL.orphans_with() == ["08"]
    assert FULL.orphans_with("0003-0C", "0001-0A", "0003-0C", "", "absent") == ["08", "0C", "0A"]
    nothing = Record(sets={"0001-none": CertificateSet("plain")})
    assert nothing.orphans_with("0001-none") == []


@pytest.mark.parametrize(
    ("layouts", "is_linked"),
    [
        (("plain", "plain", "linked"), False),
        (("linked", "plain", "plain"), True),
        (("plain", "linked", "plain"), True),
    ],
)
def test_whether_files_are_links(layouts: tuple[str, ...], is_linked: bool) -> None:
    sets = {
        name: replace(held, layout=layout)
        for (name, held), layout in zip(FULL.sets.items(), layouts)
    }
    assert replace(FULL, sets=sets).is_linked is is_linked
    assert not Record().is_linked
