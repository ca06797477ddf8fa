# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A listener is a process of its own that serves one file, and ends."""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.listener import (
    ServedFile,
    record,
    start,
    stop,
)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedFile]:
    """A file for a free port, with the notes in a folder of the test."""
    notes = tmp_path / "notes"
    notes.mkdir(mode=0o700)
    monkeypatch.setattr(record, "_folder", lambda: notes)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = ServedFile(port, "/.well-known/pki-validation/gsdv.txt", "token", 60)
    yield file
    stop(port, check_mode=False)


def fetch(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_it_serves_the_file_and_nothing_else(file: ServedFile) -> None:
    assert start(file, check_mode=False)
    assert fetch(file.port, file.path) == (200, b"token")
    assert fetch(file.port, "/")[0] == 404
    assert fetch(file.port, file.path + "?x")[0] == 404
    assert not start(file, check_mode=False)
    assert stop(file.port, check_mode=False)
    assert not stop(file.port, check_mode=False)
    with pytest.raises(OSError, match="refused"):
        fetch(file.port, file.path)


def test_another_content_takes_its_place(file: ServedFile) -> None:
    start(file, check_mode=False)
    assert start(replace(file, content="other"), check_mode=False)
    assert fetch(file.port, file.path) == (200, b"other")


def test_check_mode_changes_nothing(file: ServedFile) -> None:
    assert start(file, check_mode=True)
    assert record.read(file.port) is None
    start(file, check_mode=False)
    assert stop(file.port, check_mode=True)
    assert fetch(file.port, file.path) == (200, b"token")


def test_it_ends_by_itself(file: ServedFile) -> None:
    start(replace(file, lifetime=1), check_mode=False)
    deadline = time.monotonic() + 10
    while record.read(file.port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert record.read(file.port) is None
    assert start(file, check_mode=False)


def test_it_is_not_root(file: ServedFile) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has something to give up")
    start(file, check_mode=False)
    running = record.read(file.port)
    assert running
    assert Path(f"/proc/{running.process}").stat().st_uid != 0


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_port_that_is_taken_is_refused(file: ServedFile, check_mode: bool) -> None:
    with (
        socket.create_server(("127.0.0.1", file.port)),
        pytest.raises(AtlasError, match=r"something else listens on port \d+ .*atlas_domain_web"),
    ):
        start(file, check_mode)


def test_a_process_of_another_is_not_ended(file: ServedFile) -> None:
    """The number of a listener that ended may be that of another process by now."""
    record.write(file.port, record.Running(os.getpid(), "1", file.path, file.content))
    assert not stop(file.port, check_mode=False)


def test_a_damaged_note_is_none(file: ServedFile) -> None:
    for text in ("", "{", "[]", json.dumps({"process": 1})):
        record._file(file.port).write_text(text)
        assert record.read(file.port) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"port": 0}, "0 is no port"),
        ({"port": 70000}, "70000 is no port"),
        ({"path": "gsdv.txt"}, "is not the path of a URL"),
        ({"path": "/a?b"}, "is not the path of a URL"),
        ({"path": "/a b"}, "is not the path of a URL"),
        ({"lifetime": 0}, "no time to serve"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, object], words: str) -> None:
    file = ServedFile(**{"port": 80, "path": "/a", "content": "", "lifetime": 1, **given})  # type: ignore[arg-type]
    with pytest.raises(AtlasError, match=words):
        file.require_sense()


def test_a_folder_that_others_can_change_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record.os, "geteuid", lambda: 12345)
    monkeypatch.setattr(record.tempfile, "gettempdir", lambda: str(tmp_path))
    (tmp_path / "globalsign.atlas-listener-12345").mkdir(mode=0o777)
    with pytest.raises(AtlasError, match="cannot be believed"):
        record.read(80)
