# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Places where files cannot be put: found before anything is paid for, or nothing is lost. And what
the files that are put there belong to and hold."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from .whole_task import Tasks, on_another_machine


@pytest.fixture
def tasks(service: Simulator, tmp_path: Path) -> Tasks:
    """Records lie elsewhere: what is wrong with a folder for files is no matter of theirs."""
    return Tasks(service, tmp_path / "ssl", {"settle": 0}, state_dir=tmp_path / "records")


def posts(service: Simulator) -> int:
    return len(
        [e for e in service.control() if (e["method"], e["path"]) == ("POST", "/v2/certificates")]
    )


def run_without_a_request(service: Simulator, tasks: Tasks, **options: Any) -> str:
    """The message of a task that fails before it asks for a certificate."""
    before = posts(service)
    result = tasks.run(**options)
    assert result["failed"], result
    assert posts(service) == before
    message: str = result["msg"]
    return message


def run_quietly(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[None]:
    """A mount for a moment, where this user may make one."""
    if run_quietly("mount", *options, str(place)):
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_no_folder(service: Simulator, tasks: Tasks) -> None:
    assert "does not exist on the node" in run_without_a_request(service, tasks)


def test_a_folder_where_a_file_should_be(service: Simulator, tasks: Tasks) -> None:
    (tasks.folder / "key.pem").mkdir(parents=True)
    assert "is a folder" in run_without_a_request(service, tasks)


def test_a_link_that_is_not_to_be_followed(service: Simulator, tasks: Tasks) -> None:
    tasks.folder.mkdir()
    (tasks.folder / "key.pem").symlink_to("elsewhere.pem")
    assert "follow is false" in run_without_a_request(service, tasks, follow=False)
    assert tasks.run()["changed"]
    assert (tasks.folder / "key.pem").is_symlink()
    assert (tasks.folder / "elsewhere.pem").is_file()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make links of other users")
@pytest.mark.parametrize("linked", ["file", "folder"])
def test_a_link_that_another_user_made(service: Simulator, tasks: Tasks, linked: str) -> None:
    """As root, it would have this task overwrite what its owner could not."""
    tasks.folder.mkdir()
    victim = tasks.folder.parent / "victim"
    victim.mkdir()
    (victim / "cert.pem").write_text("nothing of theirs")
    if linked == "file":
        place = tasks.folder / "cert.pem"
        place.symlink_to(victim / "cert.pem")
    else:
        place = tasks.folder
        place.rmdir()
        place.symlink_to(victim)
    os.lchown(place, 65534, 65534)
    assert "belongs to the user 65534" in run_without_a_request(service, tasks, owner="nobody")
    assert (victim / "cert.pem").read_text() == "nothing of theirs"
    os.lchown(place, 0, 0)
    assert tasks.run(force=True)["changed"]


def test_a_named_pipe(service: Simulator, tasks: Tasks) -> None:
    """Nobody waits for somebody to write to it."""
    tasks.folder.mkdir()
    os.mkfifo(tasks.folder / "chain.pem")
    assert "is not a regular file" in run_without_a_request(service, tasks)


def test_a_key_that_cannot_be_read_is_not_replaced(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of the disk, or of permissions, is no reason to buy a certificate."""
    tasks.folder.mkdir()
    tasks.run()
    honest = os.open

    def failing(path: Any, *arguments: Any, **more: Any) -> int:
        if str(path).endswith("key.pem"):
            raise OSError(5, "Input/output error")
        return honest(path, *arguments, **more)

    monkeypatch.setattr(os, "open", failing)
    assert "input/output error" in run_without_a_request(service, tasks)


def test_everybody_may_replace_the_key(service: Simulator, tasks: Tasks) -> None:
    tasks.folder.mkdir()
    tasks.folder.chmod(0o777)
    assert "everybody can replace what lies in" in run_without_a_request(service, tasks)


def test_a_file_that_is_a_mount_point(service: Simulator, tasks: Tasks) -> None:
    tasks.folder.mkdir()
    key = tasks.folder / "key.pem"
    key.touch()
    with mounted(key, "--bind", str(key)):
        assert "is a mount point" in run_without_a_request(service, tasks)


def test_a_read_only_file_system(service: Simulator, tasks: Tasks) -> None:
    tasks.folder.mkdir()
    with mounted(tasks.folder, "-t", "tmpfs", "-o", "ro", "none"):
        message = run_without_a_request(service, tasks)
    assert "not writable" in message or "read-only" in message


def test_a_full_disk(service: Simulator, tasks: Tasks) -> None:
    tasks.folder.mkdir()
    with mounted(tasks.folder, "-t", "tmpfs", "-o", "size=64k", "none"):
        filler = tasks.folder / "filler"
        filler.write_bytes(b"x" * 32 * 1024)
        assert "not enough space" in run_without_a_request(service, tasks)
        filler.unlink()


def test_a_disk_that_fills_up_after_the_request(service: Simulator, tasks: Tasks) -> None:
    """The certificate is found again, and put in place when there is room."""
    tasks.folder.mkdir()
    with mounted(tasks.folder, "-t", "tmpfs", "-o", "size=256k", "none"):
        honest = tasks.perform

        def perform(step: str, items: Any, secrets: Any, check_mode: bool) -> Any:
            if step == "install":
                for reserve in tasks.folder.rglob(".*.atlas-reserve"):
                    reserve.unlink()
                fill(tasks.folder / "filler")
            return honest(step, items, secrets, check_mode)

        tasks.perform = perform
        before = posts(service)
        assert tasks.run()["failed"]
        assert not (tasks.folder / "cert.pem").exists()
        (tasks.folder / "filler").unlink()
        tasks.perform = honest
        result = tasks.run()
        assert result["changed"], result
        assert posts(service) == before + 1


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 1024)
        except OSError:
            return


def test_an_immutable_file(service: Simulator, tasks: Tasks) -> None:
    tasks.folder.mkdir()
    key = tasks.folder / "key.pem"
    key.touch()
    if run_quietly("chattr", "+i", str(key)):
        pytest.skip("this file system has no immutable files")
    try:
        assert "is immutable" in run_without_a_request(service, tasks)
    finally:
        subprocess.run(["chattr", "-i", str(key)], check=True)


@pytest.mark.parametrize("weak", ["the folder", "the one above"])
def test_records_where_others_could_change_them(
    service: Simulator, tasks: Tasks, weak: str
) -> None:
    """A staged key is not written where another user could read or replace it."""
    tasks.folder.mkdir()
    tasks.state_dir = tasks.records / "above" / "records"
    tasks.state_dir.mkdir(parents=True)
    (tasks.state_dir if weak == "the folder" else tasks.state_dir.parent).chmod(0o777)
    assert "is not a safe place" in run_without_a_request(service, tasks)
    assert list(tasks.state_dir.iterdir()) == []


def test_records_where_the_files_are_followed_elsewhere(service: Simulator, tasks: Tasks) -> None:
    """The record is that of the path without links, so that the next run finds it by either."""
    tasks.folder.mkdir()
    serial = serial_of(tasks.run())
    tasks.folder.with_name("linked").symlink_to("ssl")
    tasks.folder = tasks.folder.with_name("linked")
    before = posts(service)
    assert not tasks.run()["changed"]
    forced = serial_of(tasks.run(force=True))
    assert posts(service) == before + 1
    assert forced != serial
    assert len(list(tasks.records.glob("*.json"))) == 1


def record_of(tasks: Tasks) -> Path:
    (record,) = tasks.records.glob("*.json")
    return record


@pytest.mark.parametrize("content", ["{", "[]", '{"version": 99}', '{"version": 1}', "\x00" * 9])
def test_a_damaged_record(service: Simulator, tasks: Tasks, content: str) -> None:
    tasks.folder.mkdir()
    assert tasks.run()["changed"]
    record = record_of(tasks)
    record.write_text(content)
    assert str(record) in run_without_a_request(service, tasks, force=True)
    assert record.read_text() == content


def test_a_record_of_another_machine(
    service: Simulator, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cloned disk: the staged key is not this machine's own, and is dropped."""
    tasks.folder.mkdir()
    for fault in (
        {"method": "POST", "path": "/certificates", "action": "reset-before"},
        {"method": "GET", "path": "/stats/*", "action": "status", "status": 500},
    ):
        service.control("POST", "/faults", {**fault, "times": 99})
    assert tasks.run()["failed"]
    service.control("DELETE", "/faults")
    staged = json.loads(record_of(tasks).read_bytes())["attempt"]["key_pem"]
    assert "PRIVATE KEY" in staged
    on_another_machine(monkeypatch)
    assert tasks.run()["changed"]
    assert (tasks.folder / "key.pem").read_text() != staged


def test_the_space_is_given_back(service: Simulator, tasks: Tasks) -> None:
    tasks.folder.mkdir()
    tasks.run()
    tasks.run(san={"dns_names": ["www.not-verified.example"]})
    assert [*tasks.folder.rglob("*reserve*"), *tasks.records.rglob("*reserve*")] == []


def serial_of(result: dict[str, Any]) -> str:
    assert "failed" not in result, result
    serial: str = result["certificates"][0]["serial_number"]
    return serial


def test_what_is_returned(service: Simulator, tasks: Tasks) -> None:
    """Certificate, chain and root, from the files of a steady run too; never a private key."""
    tasks.folder.mkdir()
    for result in (tasks.run(return_content=True), tasks.run(return_content=True)):
        (entry,) = result["certificates"]
        assert entry["certificate"] == (tasks.folder / "cert.pem").read_text()
        assert entry["chain"] == (tasks.folder / "chain.pem").read_text()
        assert entry["root"].startswith("-----BEGIN CERTIFICATE-----")
        assert "PRIVATE KEY" not in str(result)
    assert "certificate" not in tasks.run()["certificates"][0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owner_and_group(service: Simulator, tasks: Tasks) -> None:
    """Given by name or number; repaired without a new certificate."""
    tasks.folder.mkdir()
    stated = {"owner": "nobody", "group": "65534"}
    serial = serial_of(tasks.run(**stated))
    key = tasks.folder / "key.pem"
    assert (key.stat().st_uid, key.stat().st_gid) == (65534, 65534)
    assert not tasks.run(**stated)["changed"]
    assert serial_of(tasks.run(owner="root", group="0")) == serial
    assert (key.stat().st_uid, key.stat().st_gid) == (0, 0)
