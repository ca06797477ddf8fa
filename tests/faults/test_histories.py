# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol of issuance against a model of the service, in drawn histories.

Each has up to two kills, and requests that the service acts upon late, twice or not at all, whose
answers get lost, with statistics that lag, on controllers whose clocks are wrong by minutes to
months, each by another (docs/certificates.md, "What is guaranteed"). More of them, other ones each
time: ATLAS_HISTORIES_EXAMPLES=20000 pytest tests/faults/test_histories.py
"""

from __future__ import annotations

import itertools
import operator
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates
from ansible_collections.globalsign.atlas.plugins.module_utils.times import iso_time

from .conftest import folder_in_memory
from .histories import (
    BOTH,
    CONTROLLER,
    EXPIRING,
    FIRST,
    FORCED,
    NAMES,
    NODE,
    OTHER,
    REKEYED,
    SETTLE,
    History,
    Kill,
    Played,
    Player,
    Told,
)
from .model_service import (
    BUSY,
    ELSEWHERE,
    LATER,
    LIFETIME,
    LOST,
    NO_SERIAL,
    REFUSAL,
    SERIAL,
    Order,
    Post,
)
from .sights import ATTEMPT, belong_together, is_switching, left_over, on_disk

EXAMPLES = os.environ.get("ATLAS_HISTORIES_EXAMPLES")
DAY = 86400
LONG = 2 * 3600
"""Seconds after which no lease holds, and nothing is late any more."""
FILES = ("cert.pem", "key.pem", "chain.pem", "fullchain.pem")
OLD = "old.quillon.example"

many = settings(
    max_examples=int(EXAMPLES or 200),
    derandomize=EXAMPLES is None,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(autouse=True, scope="module")
def short_pauses() -> None:
    """Time is virtual, and nothing here needs the simulator that this usually waits for."""


@st.composite
def posts(draw: st.DrawFn, keeps_to_bound: bool) -> Post:
    """What becomes of a request; if it `keeps_to_bound`, the client has to cope with it."""
    answer = draw(
        st.sampled_from([SERIAL, LOST, SERIAL, LOST, BUSY, NO_SERIAL, ELSEWHERE, LATER, REFUSAL])
    )
    if answer in (LATER, REFUSAL):
        return Post(answer, copies=0)
    takes = draw(st.sampled_from([0, 5, 60]))
    acts_at_once = answer in (SERIAL, NO_SERIAL)
    latest = SETTLE if acts_at_once else takes + SETTLE
    late, issuing, lag = draw(
        delays(
            [0, 20, latest - 1, latest] if keeps_to_bound else [0, latest + 1, 130, 400],
            is_late=not acts_at_once,
        )
    )
    copies = [1, 1] if acts_at_once else [1, 1, 0]
    return Post(
        answer,
        copies=draw(st.sampled_from(copies if keeps_to_bound else [*copies, 2])),
        late=late,
        apart=draw(st.sampled_from([0, 20, 130])),
        issuing=issuing,
        is_refused_at_last=draw(st.sampled_from([False, False, False, False, True])),
        lag=lag,
        takes=takes,
    )


@st.composite
def delays(draw: st.DrawFn, totals: list[int], is_late: bool) -> tuple[int, int, int]:
    """How late the service acts, how long it takes to issue, and how far the statistics lag."""
    total = draw(st.sampled_from(totals))
    late = draw(st.sampled_from([0, total])) if is_late else 0
    issuing = draw(st.sampled_from([0, (total - late) // 2, total - late]))
    return late, issuing, total - late - issuing


drifts = st.one_of(
    st.just(0),
    st.builds(
        operator.mul,
        st.sampled_from([240, 900, 2 * 3600, 2 * DAY, LIFETIME // 3 * 2, 170 * DAY]),
        st.sampled_from([1, -1]),
    ),
)
"""How far a controller's clock is off: minutes, hours and months, ahead and behind."""


def runs(keeps_to_bound: bool) -> st.SearchStrategy[Told]:
    """One run. The first of the moments of a controller's death are about the request that
    issues."""
    kills = st.one_of(
        st.builds(Kill, st.just(CONTROLLER), st.integers(8, 16)),
        st.builds(Kill, st.just(CONTROLLER), st.integers(0, 30)),
        st.builds(Kill, st.sampled_from([NODE, BOTH]), st.integers(0, 170)),
    )
    failures = st.lists(st.booleans(), max_size=8).map(tuple)
    return st.builds(
        Told,
        after=st.sampled_from([0, 5, 0, 5, SETTLE, 300, 600, LONG, DAY]),
        drift=drifts,
        kill=st.one_of(kills, kills, st.none()),
        posts=st.lists(posts(keeps_to_bound), min_size=1, max_size=3).map(tuple),
        failing=st.one_of(st.just(()), st.just(()), failures),
        is_elsewhere=st.sampled_from([False, False, False, True]),
        lingers=st.sampled_from([False, False, True]),
        loses_connection=st.booleans(),
    )


wishes = st.sampled_from([(0, 0, 0), (0, 0, 0), (0, 1, 1), (0, 0, 1), (0, 1, 0)])


@st.composite
def histories(draw: st.DrawFn) -> History:
    """With at most two kills; keys are kept and certificates revoked only where there are some."""
    kind = draw(st.sampled_from([FIRST, OTHER, EXPIRING, FORCED, REKEYED]))
    keeps_to_bound = draw(st.sampled_from([True, True, False]))
    told = draw(st.lists(runs(keeps_to_bound), min_size=2, max_size=3))
    if len(told) > 2 and all(run.kill for run in told):
        told[2] = replace(told[2], kill=None)
    named = [replace(run, name=name) for run, name in zip(told, draw(wishes), strict=False)]
    return History(
        kind=kind,
        layout=draw(st.sampled_from(["plain", "linked"])),
        keeps_key=kind not in (FIRST, REKEYED) and draw(st.booleans()),
        revokes=kind != FIRST and draw(st.booleans()),
        runs=tuple(named),
    )


LATE = Post(answer=LOST, late=130)
FOUND = {
    "not-told-of-a-former-wish": History(
        FIRST,
        "plain",
        keeps_key=False,
        revokes=False,
        runs=(Told(kill=Kill(CONTROLLER, 9)), Told(after=600, name=1, kill=Kill(CONTROLLER, 14))),
    ),
    "not-told-of-a-set-of-a-former-wish": History(
        FIRST,
        "plain",
        keeps_key=False,
        revokes=False,
        runs=(Told(kill=Kill(BOTH, 114)), Told(name=1)),
    ),
    "another-certificate-of-a-kept-key": History(
        OTHER,
        "plain",
        keeps_key=True,
        revokes=False,
        runs=(
            Told(kill=Kill(CONTROLLER, 9)),
            Told(name=1, posts=(Post(answer=LOST, copies=0),)),
        ),
    ),
    "a-former-certificate-of-a-kept-key": History(
        OTHER,
        "plain",
        keeps_key=True,
        revokes=False,
        runs=(Told(), Told(name=1, kill=Kill(CONTROLLER, 8))),
    ),
    "refused-after-a-lost-answer": History(
        FIRST,
        "plain",
        keeps_key=False,
        revokes=False,
        runs=(Told(posts=(LATE, Post(is_refused_at_last=True))),),
    ),
    "refused-after-a-node-died": History(
        FIRST,
        "plain",
        keeps_key=False,
        revokes=False,
        runs=(
            Told(kill=Kill(CONTROLLER, 8)),
            Told(kill=Kill(NODE, 38), posts=(Post(answer=NO_SERIAL, lag=130), Post())),
            Told(posts=(Post(is_refused_at_last=True),)),
        ),
    ),
    "a-whole-set-taken-away": History(
        FIRST,
        "plain",
        keeps_key=False,
        revokes=False,
        runs=(Told(kill=Kill(BOTH, 140)), Told(after=600, name=1, kill=Kill(BOTH, 100))),
    ),
    "a-request-that-is-not-needed-once-a-switch-is-finished": History(
        FIRST,
        "plain",
        keeps_key=False,
        revokes=False,
        runs=(
            Told(kill=Kill(NODE, 55)),
            Told(name=1, kill=Kill(CONTROLLER, 9)),
            Told(posts=(Post(answer=LATER, copies=0),)),
        ),
    ),
    "a-switch-that-was-cut-off-and-is-superseded": History(
        OTHER,
        "plain",
        keeps_key=False,
        revokes=True,
        runs=(Told(kill=Kill(NODE, 30)), Told(name=1, kill=Kill(CONTROLLER, 8))),
    ),
    "space-held-for-nothing": History(
        FIRST,
        "linked",
        keeps_key=False,
        revokes=False,
        runs=(Told(), Told(name=1, kill=Kill(CONTROLLER, 8)), Told()),
    ),
}
"""What this test has found, reduced. Where the number of file operations changes, so do the moments
at which a node is killed."""


@many
@given(histories())
def test_whatever_happens(history: History) -> None:
    note(str(history))
    check(history)


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found(name: str) -> None:
    check(FOUND[name])


def check(history: History) -> None:
    """Play a history, and hold what comes of it against what is promised."""
    with folder_in_memory() as folder:
        player = Player(history, folder)
        begin(player)
        for told in history.runs:
            before = files_of(player)
            player.run(told)
            check_files(player, before)
        last = player.run(Told(after=LONG, name=history.runs[-1].name))
        check_end(player, last)
        check_count(player)
        check_nothing_is_lost(player)
        check_reported(player)
        check_revoked(player)
        check_rest(player, player.run(Told(after=1, name=last.told.name), force=False))


def begin(player: Player) -> None:
    """Put in place what is to be renewed, and let the time come for it."""
    kind = player.history.kind
    if kind == FIRST:
        return
    names = [OLD] if kind == OTHER else [NAMES[player.history.runs[0].name]]
    begun = player.run(Told(), san={"dns_names": names}, force=False)
    assert begun.result is not None
    assert begun.result["changed"], begun.result
    if kind == EXPIRING:
        player.clock.sleep(LIFETIME * 3 // 4)


def ordered_since(player: Player) -> list[Order]:
    """What was issued but for the certificate that was there in the beginning."""
    issued = player.service.issued()
    return issued if player.history.kind == FIRST else issued[1:]


def files_of(player: Player) -> dict[str, bytes]:
    """What is deployed: the content of each file that is there."""
    files = {name: player.folder / name for name in FILES}
    return {name: file.read_bytes() for name, file in files.items() if file.exists()}


def check_files(player: Player, before: Mapping[str, bytes]) -> None:
    """No file of a whole set is gone, none is torn; they match, or the record says that a switch is
    under way."""
    files = files_of(player)
    assert len(before) < len(FILES) or set(before) == set(files), "a file is gone"
    for name, content in files.items():
        assert content.endswith(b"-----\n"), f"{name} is torn"
    sight = on_disk(player.folder)
    if all(sight) and not belong_together(sight):
        assert player.history.layout == "plain", "files of one folder that do not match"
        assert is_switching(player.folder), "a mixed set that nobody knows of"
    assert not player.service.complaint


def check_end(player: Player, last: Played) -> None:
    """After the last run there is what it asked for, whole, and nothing else."""
    assert last.result is not None
    assert "failed" not in last.result, last.result
    sight = on_disk(player.folder)
    assert all(sight), "a file is missing"
    assert belong_together(sight)
    leaf = certificates.load_certificates(sight[0])[0]
    assert certificates.names(leaf).dns_names == {NAMES[last.told.name]}
    fullchain = certificates.load_certificates(files_of(player)["fullchain.pem"])
    assert fullchain == (leaf, *certificates.load_certificates(sight[2]))
    assert forgotten(player) == []


def forgotten(player: Player) -> list[str]:
    """What was left over, but for the key of a request that is not needed any more and that the
    user was told of: what it led to is not known."""
    left = left_over(player.folder)
    if ATTEMPT in left and player.record()["attempt"]["is_reported"]:
        told = [played for played in player.played if "never finished" in str(played.result)]
        assert told or any(played.is_silenced for played in player.played)
        left.remove(ATTEMPT)
    return left


def check_count(player: Player) -> None:
    """One certificate for each wish, as long as the service keeps to the bound; where `force`
    asks for one in each run, one for each run at most."""
    history = player.history
    orders = ordered_since(player)
    if not player.service.keeps_to_bound:
        return
    wishes = [played.told.name for played in player.played[history.kind != FIRST :]]
    if history.kind in (FORCED, REKEYED):
        assert len(orders) <= len(wishes), orders
        return
    asked = [name for name, _runs in itertools.groupby(wishes)]
    for number, name in enumerate(NAMES):
        count = len([order for order in orders if order.name == name])
        assert count <= asked.count(number), (count, orders)
    if not history.changes_its_wish:
        assert len(orders) == 1, orders


def check_nothing_is_lost(player: Player) -> None:
    """Each certificate was put in place, or was told of, or is a surplus with the same key where
    the service did not keep to the bound."""
    told = "".join(map(str, filter(None, (played.result for played in player.played))))
    used = {player.service.find(serial).key for serial in player.deployed}
    silenced = silenced_orders(player)
    for order in ordered_since(player):
        is_told = order.serial in told or f"ends on {iso_time(order.end)} " in told
        is_surplus = not player.service.keeps_to_bound and (
            order.key in used or player.history.changes_its_wish
        )
        is_known = order.serial in player.deployed or is_told or order.serial in silenced
        assert is_known or is_surplus, order


def silenced_orders(player: Player) -> set[str]:
    """What a run may have been about to tell of when it was killed at its very end."""
    ends = [number for number, played in enumerate(player.played) if played.is_silenced]
    until = player.played[: ends[-1] + 1] if ends else []
    return {order.serial for played in until for order in played.orders}


def check_reported(player: Player) -> None:
    """Some run said that it changed something, and what is there now."""
    serial = player.deployed[-1]
    entries = [
        entry
        for played in player.played
        if played.result
        for entry in played.result.get("certificates", [])
    ]
    is_told = any(entry["changed"] and entry.get("serial_number") == serial for entry in entries)
    assert is_told or serial in silenced_orders(player), f"{serial} was never reported"


def check_revoked(player: Player) -> None:
    """What was replaced, if that is wished for, and nothing else."""
    *replaced, live = dict.fromkeys(player.deployed)
    revoked = {order.serial for order in player.service.orders if order.is_revoked}
    assert live not in revoked, "what is deployed was revoked"
    assert revoked <= player.switched_to.union(replaced), "what was never deployed was revoked"
    if player.history.revokes and not player.history.changes_its_wish:
        assert revoked == set(replaced), "what was replaced was not revoked"


def check_rest(player: Player, again: Played) -> None:
    """A further run has nothing to do."""
    result: Any = again.result
    assert "failed" not in result, result
    assert not result["changed"], result
    assert again.requests == 0
    assert forgotten(player) == []
