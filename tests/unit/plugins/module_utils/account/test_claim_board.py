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
from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Claim, ClaimToken
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import Account
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

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


# Claims and quota of a run


def claim(domain: str) -> Claim:
    return Claim("01", domain, "VERIFIED", 5, 1_900_000_000, 6, "token", "DNS", ())


def listing(scratch: Scratch, *found: Claim | Exception) -> tuple[Any, list[int]]:
    """A client and how often it lists its claims."""
    made, asked = client(scratch, 0), []

    def claims() -> Any:
        asked.append(1)
        for entry in found:
            if isinstance(entry, Exception):
                raise entry
            yield entry

    made.claims = claims
    return made, asked


def test_claims_are_listed_once_in_a_run(scratch: Scratch, tmp_path: Path) -> None:
    (first, asked), (second, asked_again) = listing(scratch, claim("a.example")), listing(scratch)
    covering = [Claim("", "a.example", "VERIFIED", 0, 1_900_000_000, None, None, "DNS", ())]
    assert first.known_claims(anew=False) == covering
    assert second.known_claims(anew=False) == covering
    assert (len(asked), len(asked_again)) == (1, 0)
    (file,) = tmp_path.rglob("claims")
    assert "token" not in file.read_text()


def test_claims_are_listed_anew_once_by_who_began_after_that(scratch: Scratch) -> None:
    early, asked = listing(scratch, claim("a.example"))
    early.known_claims(anew=False)
    assert len(early.known_claims(anew=True)) == 1
    assert len(asked) == 1
    late, asked_later = listing(scratch)
    assert late.known_claims(anew=True) == []
    assert late.known_claims(anew=True) == []
    assert len(asked_later) == 1


def test_claims_that_cannot_be_listed_are_asked_for_once(scratch: Scratch) -> None:
    for times in (1, 0):
        made, asked = listing(scratch, AtlasError("Atlas said no."))
        assert made.known_claims(anew=False) is None
        assert len(asked) == times


@pytest.mark.parametrize(
    "content",
    ["", "[]", "[1.0]", '["a", []]', "[1.0, 7]", "[1.0, [7]]", '[1.0, [["a", 1, 2, 3]]]', "{}"],
)
def test_a_damaged_listing_is_none(scratch: Scratch, tmp_path: Path, content: str) -> None:
    listing(scratch)[0].known_claims(anew=False)
    (file,) = tmp_path.rglob("claims")
    file.write_text(content)
    made, asked = listing(scratch, claim("a.example"))
    assert len(made.known_claims(anew=False)) == 1
    assert len(asked) == 1


def counting(scratch: Scratch, left: int) -> tuple[Any, list[int]]:
    made, asked = client(scratch, left), []

    def quota() -> int:
        asked.append(1)
        return left

    made.quota = quota
    return made, asked


def test_the_quota_is_asked_once_while_there_is_enough(scratch: Scratch) -> None:
    first, asked = counting(scratch, 10)
    assert [first.quota_for(4, is_kept=True) for _each in range(2)] == [4, 4]
    assert len(asked) == 1
    # Of those none were issued, so it is asked again before anybody is refused.
    assert (first.quota_for(4, is_kept=False), len(asked)) == (4, 2)
    second, asked = counting(scratch, 3)
    assert (second.quota_for(11, is_kept=True), len(asked)) == (3, 1)
    assert second.quota_for(1, is_kept=True) == 1
    third, _asked = counting(scratch, 0)
    assert third.quota_for(3, is_kept=True) == 0


def test_a_quota_that_is_not_told_is_none(scratch: Scratch) -> None:
    made = client(scratch, 0)

    def quota() -> int:
        raise AtlasError("Atlas said no.")

    made.quota = quota
    assert made.quota_for(1, is_kept=True) is None
