# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder that is held open: reading, making and removing in it, and who can exchange what."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files import folder as rooms
from ansible_collections.globalsign.atlas.plugins.module_utils.files import ownership
from ansible_collections.globalsign.atlas.plugins.module_utils.files.folder import (
    LARGEST_FILE,
    Folder,
    UnreadableError,
    explain_refusal,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import open_folder

OTHER = 4242
AsOther = Callable[[Callable[[], object]], str]
Descriptors = Callable[[], int]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def failing(number: int) -> Callable[..., None]:
    def fail(*_arguments: object, **_more: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def unreadable(room: Folder, name: str) -> str:
    with pytest.raises(UnreadableError) as caught:
        room.read(name)
    return caught.value.message


# Reading


@pytest.mark.parametrize("name", ["a", "x" * 255, "two\nlines", "-rf *", "\udcff\udcfe", "ü\t"])
def test_files_are_read_whatever_their_names_are(tmp_path: Path, room: Folder, name: str) -> None:
    assert room.read(name) is None
    assert room.stat(name) is None
    (tmp_path / name).write_bytes(b"content")
    assert room.read(name) == b"content"
    assert room.names() == [name]
    assert room.path_of(name) == f"{tmp_path}/{name}"


def test_what_is_no_regular_file_is_not_opened(
    tmp_path: Path, room: Folder, descriptors: Descriptors
) -> None:
    """Whoever opens a named pipe waits for its writer."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("content")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nothing")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
    before = descriptors()
    assert {name: unreadable(room, name) for name in room.names() if name != "file"} == {
        "pipe": "is not a regular file",
        "folder": "is a folder; give the path of a file",
        "link": "is a symbolic link that is not followed",
        "dangling": "is a symbolic link that is not followed",
        "socket": "is not a regular file",
    }
    with open_folder("/dev") as devices:
        assert unreadable(devices, "null") == "is not a regular file"
    assert descriptors() == before


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, room: Folder) -> None:
    (tmp_path / "large").write_bytes(b"x" * LARGEST_FILE)
    assert len(room.read("large") or b"") == 1024 * 1024
    with open(tmp_path / "large", "ab") as file:
        file.truncate(1 << 40)
    assert unreadable(room, "large") == "is larger than 1048576 bytes"


def test_a_file_is_read_in_as_many_pieces_as_it_comes_in(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    original = os.read
    monkeypatch.setattr(rooms.os, "read", lambda handle, _size: original(handle, 3))
    assert room.read("a") == b"0123456789"


def test_a_handle_leads_to_the_same_folder_for_good(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").write_text("first")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/file").write_text("second")
    with open_folder(f"{tmp_path}/a") as opened:
        (tmp_path / "a").rename(tmp_path / "elsewhere")
        (tmp_path / "a").symlink_to("b")
        assert opened.read("file") == b"first"
        opened.unlink("file")
    assert os.listdir(tmp_path / "elsewhere") == []
    assert os.listdir(tmp_path / "b") == ["file"]


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE])
def test_what_cannot_be_looked_at_is_not_missing(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "a").write_text("content")
    said = os.strerror(number).lower()
    monkeypatch.setattr(rooms.os, "open", failing(number))
    assert unreadable(room, "a") == f"cannot be read: {said}"
    with pytest.raises(AtlasError) as caught:
        room.inner("a")
    assert caught.value.message == f"{tmp_path}/a: {said}."
    monkeypatch.setattr(rooms.os, "stat", failing(number))
    with pytest.raises(AtlasError) as caught:
        room.stat("a")
    assert caught.value.message == f"{tmp_path}/a: {said}."


def test_a_folder_that_cannot_be_looked_at_leaves_nothing_open(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch, descriptors: Descriptors
) -> None:
    (tmp_path / "a").mkdir()
    before = descriptors()
    with monkeypatch.context() as patched:
        patched.setattr(rooms.os, "fstat", failing(errno.ESTALE))
        with pytest.raises(AtlasError) as caught:
            room.inner("a")
    assert caught.value.message == f"{tmp_path}/a: {os.strerror(errno.ESTALE).lower()}."
    assert descriptors() == before


def test_a_name_that_is_too_long_is_an_error_of_one_sentence(tmp_path: Path, room: Folder) -> None:
    name = "x" * 256
    with pytest.raises(AtlasError) as caught:
        room.stat(name)
    assert caught.value.message == f"{tmp_path}/{name}: file name too long."
    assert unreadable(room, name) == "cannot be read: file name too long"


@pytest.fixture
def without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    original = os.open

    def opened(path: str, *arguments: int, **more: int) -> int:
        if path.startswith("/proc/"):
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return original(path, *arguments, **more)

    monkeypatch.setattr(rooms.os, "open", opened)


@pytest.mark.usefixtures("without_proc")
def test_without_proc_files_are_read_where_nobody_can_exchange_them(
    tmp_path: Path, room: Folder
) -> None:
    (tmp_path / "a").write_text("content")
    assert room.read("a") == b"content"
    tmp_path.chmod(0o777)
    with open_folder(str(tmp_path)) as opened:
        assert unreadable(opened, "a") == "cannot be read safely, because /proc is not mounted"


def test_a_forgotten_become_is_named(reachable: Path, as_other: AsOther) -> None:
    (reachable / "key.pem").touch(0o600)
    (reachable / "closed").mkdir(0o700)
    become = f"and this task runs as the user {OTHER}: add become: true"
    with open_folder(str(reachable)) as opened:
        assert as_other(lambda: opened.read("key.pem")) == (
            f"cannot be read: permission denied; it belongs to root, {become}"
        )
        assert as_other(lambda: opened.unlink("key.pem")) == (
            f"{reachable}/key.pem: cannot be removed: permission denied; {reachable} belongs to"
            f" root, {become}."
        )
        assert as_other(lambda: opened.make("new", 0o755)) == (
            f"{reachable}/new: cannot be created: permission denied; {reachable} belongs to root,"
            f" {become}."
        )
    assert as_other(lambda: open_folder(f"{reachable}/closed/inner")) == (
        f"{reachable}/closed/inner: permission denied; {reachable}/closed belongs to root,"
        f" {become}."
    )
    assert sorted(os.listdir(reachable)) == ["closed", "key.pem"]


def test_why_something_was_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    denied, full = PermissionError(13, "Permission denied"), OSError(28, "No space left on device")
    monkeypatch.setattr(rooms.os, "geteuid", lambda: 1000)
    assert explain_refusal(full, "it", 0) == "no space left on device"
    assert explain_refusal(denied, "it", 1000) == "permission denied"
    assert explain_refusal(denied, "it", 33) == (
        "permission denied; it belongs to the user 33, and this task runs as the user 1000: add"
        " become: true"
    )
    monkeypatch.setattr(rooms.os, "geteuid", lambda: 0)
    assert explain_refusal(denied, "it", 0) == "permission denied"
    assert explain_refusal(denied, "it", 1000) == (
        "permission denied, to root too: a file system such as NFS, or SELinux, forbids it"
    )


def test_who_may_put_files_into_a_folder(reachable: Path, as_other: AsOther) -> None:
    for permissions, may in ((0o755, False), (0o757, True), (0o753, False), (0o756, False)):
        reachable.chmod(permissions)
        with open_folder(str(reachable)) as opened:
            assert opened.is_writable()
            assert as_other(opened.is_writable) == str(may)


# Folders


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o027])
def test_a_folder_has_its_mode_whatever_the_umask_is(
    tmp_path: Path, room: Folder, umask: int
) -> None:
    before = os.umask(umask)
    try:
        with room.make("new", 0o751) as made:
            assert made.path == f"{tmp_path}/new"
            assert made.is_protected
    finally:
        assert os.umask(before) == umask
    assert mode(tmp_path / "new") == 0o751


def test_a_folder_has_its_mode_though_the_call_is_cut_off(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch, descriptors: Descriptors
) -> None:
    """Services get through it to what a later call puts there."""

    def cut_off(*_arguments: object) -> None:
        raise KeyboardInterrupt

    before, umask = descriptors(), os.umask(0o077)
    monkeypatch.setattr(rooms.os, "fchmod", cut_off)
    try:
        with pytest.raises(KeyboardInterrupt):
            room.make("new", 0o711)
    finally:
        assert os.umask(umask) == 0o077
    assert mode(tmp_path / "new") == 0o711
    assert descriptors() == before


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path, room: Folder) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there").chmod(0o2770)
    with room.make("there", 0o711) as made:
        assert mode(tmp_path / "there") == 0o2770
        made.set_mode(0o700)
    assert mode(tmp_path / "there") == 0o700


def test_a_new_folder_is_given_away_and_made_durable(
    tmp_path: Path, room: Folder, as_root: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(rooms.os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    room.make("new", 0o2755, owner=OTHER, group=4343).close()
    made = (tmp_path / "new").stat()
    assert (made.st_uid, made.st_gid, stat.S_IMODE(made.st_mode)) == (OTHER, 4343, 0o2755)
    assert synced == [tmp_path.stat().st_ino]


def test_where_something_else_is_no_folder_is_made(
    tmp_path: Path, room: Folder, descriptors: Descriptors
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    before = descriptors()
    for name, said in (
        ("file", "is not a folder"),
        ("link", "is a symbolic link that is not followed"),
        ("pipe", "is not a folder"),
    ):
        with pytest.raises(AtlasError) as caught:
            room.make(name, 0o755)
        assert caught.value.message == f"{tmp_path}/{name} {said}."
    assert descriptors() == before


@pytest.mark.parametrize("has_content", [True, False])
def test_a_folder_that_was_put_in_the_place_of_a_new_one_is_not_opened_to_others(
    tmp_path: Path, open_room: Folder, monkeypatch: pytest.MonkeyPatch, has_content: bool
) -> None:
    """Who may write to a folder can move one of root's to the name of the one that was made."""
    private = tmp_path / "private"
    private.mkdir()
    private.chmod(0o755 if has_content else 0o700)
    if has_content:
        (private / "key.pem").write_text("")
    original = os.mkdir

    def mkdir(name: str, permissions: int, dir_fd: int) -> None:
        original(name, permissions, dir_fd=dir_fd)
        os.rmdir(name, dir_fd=dir_fd)
        private.rename(tmp_path / name)

    monkeypatch.setattr(rooms.os, "mkdir", mkdir)
    with pytest.raises(AtlasError) as caught:
        open_room.make("new", 0o755)
    assert caught.value.message == f"{tmp_path}/new: was exchanged for another folder meanwhile."
    assert mode(tmp_path / "new") == (0o755 if has_content else 0o700)


def test_two_calls_make_the_same_folder(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.mkdir

    def mkdir(name: str, permissions: int, dir_fd: int) -> None:
        original(name, permissions, dir_fd=dir_fd)
        raise FileExistsError(errno.EEXIST, "File exists")

    monkeypatch.setattr(rooms.os, "mkdir", mkdir)
    with room.make("new", 0o755):
        assert mode(tmp_path / "new") == 0o755


@pytest.mark.parametrize(
    ("number", "is_told"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)]
)
def test_not_every_file_system_syncs_folders(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch, number: int, is_told: bool
) -> None:
    monkeypatch.setattr(rooms.os, "fsync", failing(number))
    if not is_told:
        room.sync()
        return
    with pytest.raises(AtlasError) as caught:
        room.sync()
    assert caught.value.message == f"{tmp_path}: input/output error."


# Removing


def test_a_file_is_removed_and_a_folder_is_not(tmp_path: Path, room: Folder) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "folder").mkdir()
    assert (room.unlink("a"), room.unlink("a")) == (True, False)
    with pytest.raises(AtlasError) as caught:
        room.unlink("folder")
    assert caught.value.message == f"{tmp_path}/folder: cannot be removed: is a directory."


def test_a_tree_is_removed_and_no_link_followed(
    tmp_path: Path, room: Folder, descriptors: Descriptors
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").write_text("")
    inner = tmp_path / "tree/inner"
    inner.mkdir(parents=True)
    (inner / "link").symlink_to(victim)
    os.mkfifo(inner / "pipe")
    (tmp_path / "link").symlink_to(victim)
    before = descriptors()
    for name in ("tree", "tree", "link"):
        room.remove_tree(name)
    assert os.listdir(tmp_path) == ["victim"]
    assert os.listdir(victim) == ["file"]
    assert descriptors() == before


def test_no_tree_is_removed_that_others_could_have_moved_there(
    tmp_path: Path, open_room: Folder
) -> None:
    (tmp_path / "tree").mkdir()
    with pytest.raises(AtlasError) as caught:
        open_room.remove_tree("tree")
    assert caught.value.message == (
        f"{tmp_path}/tree: is a folder where others could have put it, and is not removed; remove"
        " it yourself if nothing in it is needed."
    )
    assert os.listdir(tmp_path) == ["tree"]


# Who can exchange what


@pytest.mark.parametrize(
    ("above", "below", "is_protected", "is_open_to_all", "weak"),
    [
        (0o755, 0o755, True, False, ""),
        (0o700, 0o700, True, False, ""),
        (0o1777, 0o755, True, False, ""),
        (0o1777, 0o1777, False, False, "above/below"),
        (0o755, 0o777, False, True, "above/below"),
        (0o777, 0o755, False, True, "above"),
        (0o777, 0o700, False, True, "above"),
        (0o757, 0o757, False, True, "above"),
    ],
)
def test_who_may_write_on_the_way_can_exchange_the_folder(
    tmp_path: Path, above: int, below: int, is_protected: bool, is_open_to_all: bool, weak: str
) -> None:
    (tmp_path / "above/below").mkdir(parents=True)
    (tmp_path / "above").chmod(above)
    (tmp_path / "above/below").chmod(below)
    with open_folder(f"{tmp_path}/above/below") as opened:
        assert opened.is_protected == is_protected
        assert opened.is_open_to_all == is_open_to_all
        assert opened.weak_spot == (f"{tmp_path}/{weak}" if weak else "")


def test_a_folder_of_another_user_is_not_protected(tmp_path: Path, as_root: None) -> None:
    above, below = tmp_path / "above", tmp_path / "above/below"
    below.mkdir(parents=True)
    for theirs, mode_above, weak in (
        (below, 0o755, below),
        (above, 0o755, above),
        (below, 0o1777, above),
    ):
        os.chown(above, 0, 0)
        os.chown(below, 0, 0)
        above.chmod(mode_above)
        os.chown(theirs, OTHER, OTHER)
        with open_folder(str(below)) as opened:
            assert (opened.is_protected, opened.weak_spot) == (False, str(weak))
            assert opened.is_open_to_all is False


def test_the_group_of_nobody_else_is_no_danger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name_other: Callable[[Path], None]
) -> None:
    tmp_path.chmod(0o775)
    monkeypatch.setattr(ownership, "_is_private_group", lambda _group: False)
    with open_folder(str(tmp_path)) as opened:
        assert not opened.is_protected
    monkeypatch.setattr(ownership, "_is_private_group", lambda _group: True)
    with open_folder(str(tmp_path)) as opened:
        assert opened.is_protected
    name_other(tmp_path)
    assert mode(tmp_path) == 0o770
    with open_folder(str(tmp_path)) as opened:
        assert not opened.is_protected


def test_an_identity_is_that_of_the_folder_and_not_of_the_path(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(".")
    with open_folder(f"{tmp_path}/link") as one, open_folder(str(tmp_path)) as other:
        found = tmp_path.stat()
        assert one.identity == other.identity == (found.st_dev, found.st_ino)
        assert one.device == found.st_dev
        assert one.path == str(tmp_path)


def test_a_folder_is_closed_once(tmp_path: Path, descriptors: Descriptors) -> None:
    before = descriptors()
    opened = open_folder(str(tmp_path))
    assert descriptors() == before + 1
    opened.close()
    opened.close()
    assert descriptors() == before
