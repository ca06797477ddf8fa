# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record: what is written is read, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.state import (
    Attempt,
    Held,
    Installing,
    Lease,
    Returning,
    State,
    read_state,
)

LEASE = Lease("run", "controller", "1:2", 9)
ATTEMPT = Attempt(
    attempt_id="a",
    begun=1,
    touched=2,
    machine="m",
    account="c",
    key="staged",
    wish={"san.dns_names": ["a"]},
    not_after=3,
    known=["01"],
    lease=LEASE,
    key_digest="d",
    serial="02",
    failure="f",
)
FULL = State(
    attempt=ATTEMPT,
    installing=Installing("0005-05", "0004-04", "plain", "03"),
    returning=Returning("0003-03", "linked"),
    held=Held("0006-06", "why"),
    live="0002-02",
    layout="plain",
    previous="0001-01",
    replaced="0000-adopted",
    acknowledged=False,
    is_untidy=True,
    superseded=["07"],
    orphans=["08"],
    revoked=["09"],
)


@pytest.mark.parametrize(
    "state",
    [State(), FULL, FULL.with_(attempt=None), State(attempt=ATTEMPT), State(installing=None)],
)
def test_what_is_written_is_read(state: State) -> None:
    assert read_state(json.loads(json.dumps(state.document()))) == state


def test_a_lease_may_have_ended() -> None:
    ended = State(attempt=Attempt(**{**vars(ATTEMPT), "lease": None}))
    assert read_state(json.loads(json.dumps(ended.document()))) == ended


def test_what_is_read_is_of_its_types() -> None:
    read = read_state(json.loads(json.dumps(FULL.document())))
    assert read.attempt is not None
    assert read.attempt.lease == LEASE
    assert isinstance(read.installing, Installing)
    assert isinstance(read.returning, Returning)
    assert isinstance(read.held, Held)
    assert FULL.document()["version"] == 1


def test_nothing_is_recorded_by_default() -> None:
    assert State().document() == {
        "version": 1,
        "attempt": None,
        "installing": None,
        "returning": None,
        "held": None,
        "live": "",
        "layout": "",
        "previous": "",
        "replaced": "",
        "acknowledged": True,
        "is_untidy": False,
        "superseded": [],
        "orphans": [],
        "revoked": [],
    }


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_a_record_of_another_release_is_not_read(version: object) -> None:
    with pytest.raises(AtlasError) as caught:
        read_state({**State().document(), "version": version})
    assert caught.value.message == (
        f"was written by another release of this collection (version {version!r}, not 1)"
    )


def changed(**members: Any) -> dict[str, Any]:
    return {**FULL.document(), **members}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        {},
        {"version": 1},
        changed(surplus=1),
        changed(attempt={"attempt_id": "a"}),
        changed(attempt={**FULL.document()["attempt"], "lease": {"run": "r"}}),
        changed(attempt="text"),
        changed(installing={"version": "0001-01"}),
        changed(held=[1]),
        {name: value for name, value in FULL.document().items() if name != "held"},
        {name: value for name, value in FULL.document().items() if name != "attempt"},
    ],
)
def test_a_damaged_record_is_not_read(document: object) -> None:
    with pytest.raises(AtlasError, match=r"^is damaged$"):
        read_state(document)


def test_the_versions_that_a_record_names() -> None:
    assert FULL.versions == {
        "0000-adopted",
        "0001-01",
        "0002-02",
        "0003-03",
        "0004-04",
        "0005-05",
        "0006-06",
    }
    assert FULL.kept_sets == {"0001-01", "0003-03", "0004-04"}
    assert (State().versions, State().kept_sets) == (set(), set())


@pytest.mark.parametrize(
    ("live", "acknowledged", "so"),
    [("0001-01", False, True), ("0001-01", True, False), ("", False, False)],
)
def test_what_is_on_probation(live: str, acknowledged: bool, so: bool) -> None:
    assert State(live=live, acknowledged=acknowledged).is_on_probation is so
