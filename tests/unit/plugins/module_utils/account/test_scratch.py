# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the workers of a run share, and what they do when that is gone or damaged."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.account import (
    scratch as scratch_module,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.account.run_client import RunClient
from ansible_collections.globalsign.atlas.plugins.module_utils.account.scratch import Scratch
from ansible_collections.globalsign.atlas.plugins.module_utils.api.response import Response
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import (
    Account,
    StoredToken,
)

ACCOUNT = Account("https://localhost:8443/v2", "e510e289e6cd8947", "a9c4" * 10)
OTHER = Account("https://localhost:8443/v2", "e510e289e6cd8948", "a9c4" * 10)
TOKEN = StoredToken("token-of-a-worker", 1_800_000_000.5)


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(str(tmp_path), ACCOUNT)


def test_a_token_is_shared(scratch: Scratch, tmp_path: Path) -> None:
    assert scratch.load() is None
    scratch.save(TOKEN)
    assert Scratch(str(tmp_path), ACCOUNT).load() == TOKEN
    assert Scratch(str(tmp_path), OTHER).load() is None


def test_it_is_for_this_user_only_and_names_no_secret(scratch: Scratch, tmp_path: Path) -> None:
    scratch.save(TOKEN)
    with scratch.locked():
        pass
    for path in tmp_path.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600)
        assert ACCOUNT.api_key not in str(path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"value": 1, "obtained_at": 2}', "{}"])
def test_a_damaged_token_counts_as_none(scratch: Scratch, tmp_path: Path, content: str) -> None:
    scratch.save(TOKEN)
    (file,) = tmp_path.rglob("token")
    file.write_text(content)
    assert scratch.load() is None
    scratch.save(TOKEN)
    assert scratch.load() == TOKEN


def test_the_folder_may_vanish_at_any_time(scratch: Scratch, tmp_path: Path) -> None:
    scratch.save(TOKEN)
    with scratch.locked():
        shutil.rmtree(tmp_path)
        assert scratch.load() is None
        scratch.save(TOKEN)
    assert scratch.shared("policy", lambda: {"a": 1}, bool) == {"a": 1}


def test_where_nothing_can_be_written_each_does_for_itself(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    scratch = Scratch(str(tmp_path / "file"), ACCOUNT)
    scratch.save(TOKEN)
    assert scratch.load() is None
    with scratch.locked():
        pass
    assert scratch.shared("policy", lambda: {"a": 1}, bool) == {"a": 1}


def test_what_is_shared_is_fetched_once_or_anew(scratch: Scratch) -> None:
    assert scratch.shared("chain", lambda: ["first"], bool) == ["first"]
    assert scratch.shared("chain", lambda: ["second"], bool) == ["first"]
    assert scratch.shared("chain", lambda: ["third"], bool, anew=True) == ["third"]
    assert scratch.shared("chain", lambda: ["fourth"], bool) == ["third"]


def test_an_error_is_not_kept(scratch: Scratch) -> None:
    def fail() -> Any:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        scratch.shared("policy", fail, bool)
    assert scratch.shared("policy", lambda: 7, bool) == 7


def fetch_slowly(folder: str, log: str) -> None:
    """What each of many workers does."""

    def fetch() -> int:
        with open(log, "a", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(0.2)
        return 1

    Scratch(folder, ACCOUNT).shared("policy", fetch, bool)


def test_fifty_workers_fetch_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=fetch_slowly, args=(str(tmp_path), str(log))) for _each in range(50)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0] * 50
    assert len(log.read_text().splitlines()) == 1


def test_fifty_workers_claim_one_after_the_other(tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=claim_slowly, args=(str(tmp_path), str(log))) for _each in range(50)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert log.read_text() == "begin\nend\n" * 50


def claim_slowly(folder: str, log: str) -> None:
    with Scratch(folder, ACCOUNT).locked("claims"):
        for word in ("begin\n", "end\n"):
            with open(log, "a", encoding="ascii") as file:
                file.write(word)
            time.sleep(0.002)


def test_nobody_waits_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch_module, "_PATIENCE", 0.1)
    with Scratch(str(tmp_path), ACCOUNT).locked(), Scratch(str(tmp_path), ACCOUNT).locked():
        pass


class Fetching:
    """In place of a session: what it answers, and how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, path: str) -> Response:
        self.asked.append(path)
        chain = ["-----BEGIN CERTIFICATE-----"]
        return Response("GET", path, 200, {}, chain if path == "/trustchain" else {"validity": {}})


@pytest.mark.parametrize(
    "content",
    ["", "[]", "7", '"text"', "{", '[{"a": 1}]', "null", '["-----BEGIN CERTIFICATE-----", 7]'],
)
def test_damaged_policies_and_chains_are_fetched_again(
    scratch: Scratch, tmp_path: Path, content: str
) -> None:
    session = Fetching()
    for _time in range(2):
        client = RunClient(session, scratch)  # type: ignore[arg-type]
        assert client.validation_policy() == {"validity": {}}
        assert client.trust_chain() == ["-----BEGIN CERTIFICATE-----"]
    assert session.asked == ["/validationpolicy", "/trustchain"]
    for name in ("policy", "chain"):
        (file,) = tmp_path.rglob(name)
        file.write_text(content)
    client = RunClient(session, scratch)  # type: ignore[arg-type]
    assert client.validation_policy() == {"validity": {}}
    assert client.trust_chain() == ["-----BEGIN CERTIFICATE-----"]
    assert len(session.asked) == 4


def test_a_chain_that_does_not_fit_is_fetched_again(scratch: Scratch) -> None:
    session = Fetching()
    client = RunClient(session, scratch)  # type: ignore[arg-type]
    client.trust_chain()
    client.trust_chain()
    assert session.asked == ["/trustchain", "/trustchain"]


@pytest.mark.parametrize(
    "other",
    [
        Account("https://localhost:8444/v2", ACCOUNT.api_key, ACCOUNT.api_secret),
        Account(ACCOUNT.url, "e510e289e6cd8948", ACCOUNT.api_secret),
        Account(ACCOUNT.url, ACCOUNT.api_key, "b9c4" * 10),
    ],
)
def test_nothing_is_shared_with_another_account(
    scratch: Scratch, tmp_path: Path, other: Account
) -> None:
    scratch.save(TOKEN)
    scratch.write("quota", [1, 2])
    assert Scratch(str(tmp_path), other).load() is None
    assert Scratch(str(tmp_path), other).read("quota") is None


def test_all_of_a_token_is_shared(scratch: Scratch) -> None:
    token = StoredToken("value", 1_800_000_000.5, -12.25)
    scratch.save(token)
    assert scratch.load() == token


@pytest.mark.parametrize("member", ["value", "obtained_at", "service_ahead"])
@pytest.mark.parametrize("value", [None, [], {}])
def test_a_token_of_which_one_part_is_damaged_counts_as_none(
    scratch: Scratch, member: str, value: Any
) -> None:
    whole = {"value": "a", "obtained_at": 1, "service_ahead": 0.5}
    scratch.write("token", whole)
    assert scratch.load() == StoredToken("a", 1, 0.5)
    scratch.write("token", {**whole, member: value})
    assert scratch.load() is None


def test_a_lock_is_no_link_to_a_file_of_another(scratch: Scratch, tmp_path: Path) -> None:
    with scratch.locked("claims"):
        pass
    (lock,) = tmp_path.rglob("claims.lock")
    lock.unlink()
    lock.symlink_to(tmp_path / "victim")
    with scratch.locked("claims"):
        pass
    assert not (tmp_path / "victim").exists()


def test_different_things_are_locked_apart_and_a_lock_ends(
    scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch_module, "_PATIENCE", 0.0)
    others = Scratch(str(tmp_path), ACCOUNT)
    with scratch.locked("claims"):
        assert others._open_lock("claims") is None
        apart = others._open_lock("login")
        assert apart is not None
        os.close(apart)
    again = others._open_lock("claims")
    assert again is not None
    os.close(again)


def test_drafts_do_not_stay(scratch: Scratch, tmp_path: Path) -> None:
    scratch.write("policy", {"a": 1})
    scratch.write("policy", {"a": 2})
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["policy"]
    assert scratch.read("policy") == {"a": 2}


def test_who_waits_looks_again_soon(
    scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = scratch._open_lock("claims")
    assert held is not None
    slept: list[float] = []

    def let_go(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            os.close(held)

    monkeypatch.setattr(scratch_module.time, "sleep", let_go)
    with Scratch(str(tmp_path), ACCOUNT).locked("claims"):
        assert slept == [0.02] * 3


def test_a_lock_alone_makes_the_folder_for_this_user_only(scratch: Scratch, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with scratch.locked():
            (folder,) = tmp_path.iterdir()
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        os.umask(before)


@pytest.mark.parametrize(("patience", "most"), [(0.0, 10.0), (10.0, 0.0), (-1.0, 10.0)])
def test_the_less_patient_of_both_counts(
    scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float, most: float
) -> None:
    monkeypatch.setattr(scratch_module, "_PATIENCE", most)
    others = Scratch(str(tmp_path), ACCOUNT)
    started = time.monotonic()
    with scratch.locked(), others.locked(patience=patience):
        assert time.monotonic() - started < 5


def test_a_lock_that_cannot_be_had_leaves_no_open_file(
    scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch_module, "_PATIENCE", 0.0)
    with scratch.locked():
        before = os.listdir("/proc/self/fd")
        assert Scratch(str(tmp_path), ACCOUNT)._open_lock("login") is None
        assert os.listdir("/proc/self/fd") == before


def test_drafts_are_beside_what_they_become(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file cannot be renamed from one file system into another."""
    monkeypatch.setattr(scratch_module.tempfile, "tempdir", "/nowhere")
    scratch.write("policy", {"a": 1})
    assert scratch.read("policy") == {"a": 1}


def test_where_there_are_no_locks_each_goes_on_without(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(scratch_module.fcntl, "flock", refuse)
    assert scratch._open_lock("login") is None
    assert scratch.shared("policy", lambda: {"a": 1}, bool) == {"a": 1}
