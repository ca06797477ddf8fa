# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A listener is a process of its own that serves one file, and ends."""

from __future__ import annotations

import errno
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import protected_folder
from ansible_collections.globalsign.atlas.plugins.module_utils.listener import (
    control,
    record,
    server,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.listener.control import start, stop
from ansible_collections.globalsign.atlas.plugins.module_utils.listener.file import ServedFile


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the notes, which belongs to the test."""
    path = tmp_path / "notes"
    monkeypatch.setattr(record, "_folder", lambda mode: protected_folder(str(path), mode))
    return path


@pytest.fixture
def file(notes: Path) -> Iterator[ServedFile]:
    """A file for a free port."""
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


def test_check_mode_changes_nothing(file: ServedFile, notes: Path) -> None:
    assert start(file, check_mode=True)
    assert not stop(file.port, check_mode=True)
    assert not notes.exists()
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


def test_a_damaged_note_is_none(file: ServedFile, notes: Path) -> None:
    notes.mkdir()
    assert record.read(file.port) is None
    for text in ("", "{", "[]", json.dumps({"process": 1})):
        (notes / f"{file.port}.json").write_text(text)
        assert record.read(file.port) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"port": 0}, "0 is no port"),
        ({"port": 70000}, "70000 is no port"),
        ({"path": "gsdv.txt"}, "is not the path of a URL"),
        ({"path": "/a?b"}, "is not the path of a URL"),
        ({"path": "/a b"}, "is not the path of a URL"),
        (
            {"lifetime": 0},
            "^lifetime: 0 is no time to serve; give seconds from 1 to 86400, a day.$",
        ),
        ({"lifetime": 86401}, "^lifetime: 86401 is no time to serve"),
        ({"lifetime": 10**11}, "^lifetime: 100000000000 is no time to serve"),
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
    (tmp_path / "globalsign.atlas-listener-12345").mkdir()
    (tmp_path / "globalsign.atlas-listener-12345").chmod(0o777)
    with pytest.raises(AtlasError, match="cannot be believed"):
        record.read(80)


def ask(port: int, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        headers = {name: value for name, value in answer.getheaders() if name != "Date"}
        return answer.status, headers, answer.read()
    finally:
        connection.close()


def test_each_answer_is_exact(file: ServedFile) -> None:
    start(replace(file, content="tökén"), check_mode=False)
    headers = {
        "Server": "token ",  # without the version of Python
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": "7",
        "Cache-Control": "no-store",
    }
    nothing = {**headers, "Content-Length": "0"}
    assert ask(file.port, "GET", file.path) == (200, headers, "tökén".encode())
    assert ask(file.port, "HEAD", file.path) == (200, headers, b"")
    for path in ("/", file.path + "/", file.path.upper(), "/x" + file.path):
        assert ask(file.port, "GET", path) == (404, nothing, b"")
    assert ask(file.port, "POST", file.path)[0] == 501


def test_all_that_it_could_do_harm_with_is_gone(file: ServedFile) -> None:
    """Of root nothing is left: user, groups, terminal, open files, and the folder it was in."""
    groups = os.getgroups()
    if os.geteuid() == 0:
        os.setgroups([4, 5])
    try:
        start(file, check_mode=False)
    finally:
        if os.geteuid() == 0:
            os.setgroups(groups)
    running = record.read(file.port)
    assert running
    process = Path(f"/proc/{running.process}")
    assert os.readlink(process / "cwd") == "/"
    assert [os.readlink(process / "fd" / number) for number in "012"] == ["/dev/null"] * 3
    assert os.getsid(running.process) != os.getsid(0)
    if os.geteuid() == 0:
        lines = (process / "status").read_text().splitlines()
        status = dict(line.partition(":\t")[::2] for line in lines)
        nobody = pwd.getpwnam("nobody")
        assert status["Uid"].split() == [str(nobody.pw_uid)] * 4
        assert status["Gid"].split() == [str(nobody.pw_gid)] * 4
        assert status["Groups"].split() == []


def test_the_same_is_served_on_ipv6_where_there_is_some(file: ServedFile) -> None:
    start(file, check_mode=False)
    if socket.has_dualstack_ipv6():
        with socket.create_connection(("::1", file.port), timeout=5):
            pass


def test_another_time_to_serve_is_no_reason_to_begin_anew(file: ServedFile) -> None:
    start(file, check_mode=False)
    assert not start(replace(file, lifetime=7), check_mode=False)
    assert not start(replace(file, lifetime=7), check_mode=True)
    assert start(replace(file, path="/other"), check_mode=True)
    assert fetch(file.port, file.path) == (200, b"token")


def test_the_note_is_for_its_owner_and_goes_with_the_listener(
    file: ServedFile, notes: Path
) -> None:
    start(file, check_mode=False)
    note = notes / f"{file.port}.json"
    assert note.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in note.parent.iterdir()] == [f"{file.port}.json"]
    kept = json.loads(note.read_text())
    assert (kept["path"], kept["content"]) == (file.path, "token")
    assert record.start_of(kept["process"]) == kept["started"] != ""
    assert stop(file.port, check_mode=True)
    assert note.exists()
    assert stop(file.port, check_mode=False)
    assert not note.exists()
    assert not Path(f"/proc/{kept['process']}/exe").exists()


def test_one_that_does_not_hear_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_PATIENCE_SECONDS", 0.1)
    deaf = subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo; exec sleep 60"], stdout=subprocess.PIPE
    )
    assert deaf.stdout
    deaf.stdout.readline()
    running = record.Running(deaf.pid, record.start_of(deaf.pid), "/", "")
    assert running.is_alive
    control._end(running)
    assert deaf.wait(10) == -signal.SIGKILL
    assert not running.is_alive


def test_one_that_is_gone_is_ended_already() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait(10)
    control._end(record.Running(gone.pid, "1", "/", ""))


def test_one_that_cannot_be_ended_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "_PATIENCE_SECONDS", 0.01)
    sent: list[int] = []
    monkeypatch.setattr(control.os, "kill", lambda _process, number: sent.append(number))
    me = record.Running(os.getpid(), record.start_of(os.getpid()), "/", "")
    with pytest.raises(AtlasError, match=rf"^The listener, process {os.getpid()}, does not end\.$"):
        control._end(me)
    assert sent == [signal.SIGTERM, signal.SIGKILL]


def test_when_a_process_began() -> None:
    assert record.start_of(os.getpid()).isdigit()
    assert record.start_of(2**22 + 1) == ""
    over = subprocess.Popen(["true"])
    os.waitid(os.P_PID, over.pid, os.WEXITED | os.WNOWAIT)
    assert record.start_of(over.pid) == ""  # it waits to be collected
    over.wait(10)
    assert not record.Running(os.getpid(), "", "/", "").is_alive


def test_it_is_asked_of_ps_where_there_is_no_proc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ps = tmp_path / "ps"
    ps.write_text(
        '#!/bin/sh\ntest "$*" = "-o lstart= -p 42" && echo " Wed Nov 25 14:00:00 2026 "\n'
    )
    ps.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert record._asked_start_of(42) == "Wed Nov 25 14:00:00 2026"
    assert record._asked_start_of(43) == ""


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (
            errno.EACCES,
            "port: this user may not listen on port 80; run the task with become: true.",
        ),
        (errno.EPERM, "port: this user may not listen on port 80; run the task with become: true."),
        (errno.ENOBUFS, "port: listening on port 80 failed: no room."),
        (
            errno.EADDRINUSE,
            "port: something else listens on port 80 of this host already; have that web server"
            " serve the token from its webroot (atlas_domain_webroot), or stop it for the time"
            " being.",
        ),
    ],
)
def test_why_a_port_cannot_be_had(number: int, words: str) -> None:
    assert control._refused(80, OSError(number, "no room")) == words


@pytest.mark.parametrize(
    "given",
    [
        {"port": 1},
        {"port": 65535},
        {"path": "/"},
        {"path": "/!~"},
        {"lifetime": 1},
        {"lifetime": 86400},
    ],
)
def test_what_makes_just_sense(given: dict[str, object]) -> None:
    ServedFile(**{"port": 80, "path": "/a", "content": "", "lifetime": 1, **given}).require_sense()  # type: ignore[arg-type]


@pytest.mark.parametrize("path", ["/a#b", "/ä", "/a\nb", "", "//a b", "/a\x7f"])
def test_what_is_no_path_of_a_url(path: str) -> None:
    with pytest.raises(AtlasError, match="is not the path of a URL; give one such as"):
        ServedFile(80, path, "", 1).require_sense()


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the notes of this user are, who is not root for the time being."""
    place = Path(tempfile.mkdtemp()).resolve()
    place.chmod(0o1777)
    monkeypatch.setattr(record.tempfile, "gettempdir", lambda: str(place))
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    yield place / f"globalsign.atlas-listener-{os.geteuid()}"
    if was_root:
        os.seteuid(0)
    shutil.rmtree(place)


def test_the_folder_of_notes_is_for_its_owner(folder: Path) -> None:
    assert record._folder(None) is None
    before = os.umask(0)
    try:
        record.write(80, record.Running(1, "1", "/", "token"))
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert os.listdir(folder) == ["80.json"]
    for _time in range(2):
        record.forget(80)
        assert os.listdir(folder) == []


def refusal(folder: Path) -> str:
    return (
        f"{folder}, or a folder above it, can be changed by others than the user {os.geteuid()}, so"
        " what it says of running listeners cannot be believed; look who made it, and remove it."
    )


def test_a_folder_that_others_can_write_to_is_refused(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o702)
    with pytest.raises(AtlasError) as caught:
        record._folder(0o700)
    assert caught.value.message == refusal(folder)


def test_a_folder_of_another_user_is_refused(folder: Path) -> None:
    if folder.parent.stat().st_uid == os.geteuid():
        pytest.skip("it takes root to make a folder of another user")
    user = os.geteuid()
    os.seteuid(0)
    folder.mkdir(mode=0o700)
    os.chown(folder, user + 1, -1)
    os.seteuid(user)
    with pytest.raises(AtlasError) as caught:
        record.read(80)
    assert caught.value.message == refusal(folder)


def test_an_answer_to_head_has_no_body(file: ServedFile) -> None:
    start(file, check_mode=False)
    with socket.create_connection(("127.0.0.1", file.port), timeout=5) as connection:
        connection.sendall(f"HEAD {file.path} HTTP/1.0\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.0 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n")


def test_it_ends_when_it_is_asked_to_whatever_its_parent_ignored(
    file: ServedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        start(file, check_mode=False)
    finally:
        signal.signal(signal.SIGTERM, before)
    sent: list[int] = []
    original = os.kill

    def kill(process: int, number: int) -> None:
        sent.append(number)
        original(process, number)

    monkeypatch.setattr(control.os, "kill", kill)
    assert stop(file.port, check_mode=False)
    assert sent == [signal.SIGTERM]


def test_whoever_sends_nothing_is_hung_up_on() -> None:
    """The base class waits for ever, and each that is waited for has a thread of its own."""
    assert server._Handler.timeout == 10
    assert server._Server.daemon_threads
