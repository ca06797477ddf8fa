# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the workers of a run tell each other of claims and of the quota."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.account.claim_board import (
    ClaimBoard,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.account.run_client import RunClient
from ansible_collections.globalsign.atlas.plugins.module_utils.account.scratch import Scratch
from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import ClaimToken
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import Account

ACCOUNT = Account("https://localhost:8443/v2", "e510e289e6cd8947", "a9c4" * 10)
TOKEN = ClaimToken("01", "token=1", 1_800_000_000)


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(str(tmp_path), ACCOUNT)


def test_a_token_is_told_with_when_it_was_drawn(scratch: Scratch) -> None:
    assert ClaimBoard(scratch).token("01") is None
    ClaimBoard(scratch).keep_token(TOKEN, 7)
    assert ClaimBoard(scratch).token("01") == (TOKEN, 7)
    assert ClaimBoard(scratch).token("02") is None


@pytest.mark.parametrize("content", ["", "{}", "7", "[]", '["token", 1]', '["token", 1, "x"]'])
def test_a_damaged_one_is_none(scratch: Scratch, tmp_path: Path, content: str) -> None:
    board = ClaimBoard(scratch)
    board.keep_token(TOKEN, 7)
    (file,) = tmp_path.rglob("token-*")
    file.write_text(content)
    assert board.token("01") is None


def test_what_the_service_sends_is_no_name_of_a_file(scratch: Scratch, tmp_path: Path) -> None:
    board = ClaimBoard(scratch)
    board.keep_token(ClaimToken("../../escaped", "t", None), 7)
    assert board.is_first("../../escaped", "../t", "web1", [])
    assert board.token("../../escaped") == (ClaimToken("../../escaped", "t", None), 7)
    names = sorted(path.name.partition("-")[0] for path in tmp_path.rglob("*") if path.is_file())
    assert names == ["placer", "placer", "token"]  # one of them a lock
    assert not list(tmp_path.parent.glob("escaped*"))


def test_the_first_host_that_asks_is_the_placer_of_a_token(scratch: Scratch) -> None:
    board, others = ClaimBoard(scratch), ["web1", "web2"]
    assert board.is_first("01", "a", "web1", others)
    assert not board.is_first("01", "a", "web2", others)
    assert board.is_first("01", "a", "web1", others)
    assert board.is_first("01", "b", "web2", others)
    assert board.is_first("02", "a", "web2", others)


def test_one_that_is_gone_is_followed_by_another(scratch: Scratch) -> None:
    board = ClaimBoard(scratch)
    assert board.is_first("01", "a", "web1", ["web1", "web2"])
    assert board.is_first("01", "a", "web2", ["web2"])
    assert not board.is_first("01", "a", "web1", ["web1", "web2"])


def test_the_board_locks_with_the_locks_of_the_run(scratch: Scratch, tmp_path: Path) -> None:
    with ClaimBoard(scratch).locked("claims"):
        assert list(tmp_path.rglob("claims.lock"))


class Counting:
    """In place of a session: says what is left of the quota."""

    def __init__(self, left: int) -> None:
        self.left = left


def client(scratch: Scratch, left: int) -> Any:
    made = RunClient(Counting(left), scratch)  # type: ignore[arg-type]
    made.quota = lambda: left  # type: ignore[method-assign]
    return made


def test_a_client_has_the_board_of_its_run(scratch: Scratch) -> None:
    client(scratch, 1).claim_board.keep_token(TOKEN, 7)
    assert ClaimBoard(scratch).token("01") == (TOKEN, 7)


def test_what_others_have_reserved_counts_as_used(scratch: Scratch) -> None:
    with client(scratch, 10).reserved_quota(4, is_kept=True) as left:
        assert left == 10
    with client(scratch, 10).reserved_quota(3, is_kept=True) as left:
        assert left == 6
    # By now one of them was issued, or somebody else used up what there was.
    with client(scratch, 9).reserved_quota(1, is_kept=False) as left:
        assert left == 3
    with client(scratch, 2).reserved_quota(1, is_kept=False) as left:
        assert left == 2
    assert scratch.read("quota") == [10, 7]


def test_what_was_left_at_first_is_what_is_counted_from(scratch: Scratch) -> None:
    for left, count, most in [(10, 3, 10), (7, 2, 7), (7, 1, 5)]:
        with client(scratch, left).reserved_quota(count, is_kept=True) as told:
            assert told == most
    assert scratch.read("quota") == [10, 6]


def test_a_task_that_is_refused_keeps_no_reservation(scratch: Scratch) -> None:
    def ask() -> None:
        with client(scratch, 10).reserved_quota(4, is_kept=True):
            raise RuntimeError("too little is left")

    with pytest.raises(RuntimeError, match="too little"):
        ask()
    assert scratch.read("quota") is None
    with client(scratch, 10).reserved_quota(4, is_kept=False):
        pass
    assert scratch.read("quota") is None


@pytest.mark.parametrize("content", ["", "[1]", "[1, 2, 3]", '["1", 2]', '{"a": 1}', "null"])
def test_a_damaged_reservation_is_none(scratch: Scratch, tmp_path: Path, content: str) -> None:
    scratch.write("quota", [10, 7])
    (file,) = tmp_path.rglob("quota")
    file.write_text(content)
    with client(scratch, 10).reserved_quota(1, is_kept=False) as left:
        assert left == 10
