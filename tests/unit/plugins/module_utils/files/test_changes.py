# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes of a folder: drafts, links and removals."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files import changes, extended
from ansible_collections.globalsign.atlas.plugins.module_utils.files.changes import (
    Change,
    Draft,
    Link,
    Removal,
    draft_name,
    label_of,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.files.folder import Folder
from ansible_collections.globalsign.atlas.plugins.module_utils.files.ownership import (
    OWN,
    Attributes,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import open_folder

OTHER, OTHER_GROUP = 4242, 4343
PUBLIC = Attributes(None, None, 0o644)
AsOther = Callable[[Callable[[], object]], str]
Descriptors = Callable[[], int]


def make(change: Change) -> None:
    change.sync()
    change.put()
    change.discard()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def ownership(path: Path) -> tuple[int, int]:
    return path.stat().st_uid, path.stat().st_gid


ME = (os.geteuid(), os.getegid())


# Drafts


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_new_file_is_complete_before_it_has_its_name(
    tmp_path: Path, room: Folder, umask: int
) -> None:
    before = os.umask(umask)
    try:
        draft = Draft(room, "a.pem", b"content", PUBLIC)
    finally:
        os.umask(before)
    lying = tmp_path / ".a.pem.atlas-new"
    assert os.listdir(tmp_path) == [lying.name]
    assert (lying.read_bytes(), mode(lying), ownership(lying)) == (b"content", 0o644, ME)
    make(draft)
    assert os.listdir(tmp_path) == ["a.pem"]
    assert draft.path == f"{tmp_path}/a.pem"
    assert ((tmp_path / "a.pem").read_bytes(), mode(tmp_path / "a.pem")) == (b"content", 0o644)


def test_nobody_can_open_a_file_before_it_has_its_owner_and_mode(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    monkeypatch.setattr(
        changes.os,
        "write",
        lambda handle, data: modes.append(os.fstat(handle).st_mode) or len(data),
    )
    make(Draft(room, "a", b"content", PUBLIC))
    assert modes == [0o100600]


def test_content_is_written_in_as_many_pieces_as_it_takes(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.write
    monkeypatch.setattr(changes.os, "write", lambda handle, data: original(handle, data[:3]))
    make(Draft(room, "a", b"0123456789", OWN))
    assert (tmp_path / "a").read_bytes() == b"0123456789"


def test_content_is_synced_before_the_rename(
    room: Folder, monkeypatch: pytest.MonkeyPatch, as_root: None
) -> None:
    done: list[str] = []

    def noting(name: str) -> None:
        original = getattr(os, name)

        def noted(*arguments: object, **more: object) -> object:
            done.append(name)
            return original(*arguments, **more)

        monkeypatch.setattr(changes.os, name, noted)

    for name in ("write", "fchown", "fchmod", "fsync", "replace"):
        noting(name)
    make(Draft(room, "a", b"content", Attributes(str(OTHER), None, 0o640)))
    assert done == ["write", "fchown", "fchmod", "fsync", "replace"]


def test_what_is_not_stated_is_that_of_the_file_that_is_replaced(
    tmp_path: Path, room: Folder, as_root: None
) -> None:
    path = tmp_path / "a"
    path.write_text("")
    os.chown(path, OTHER, OTHER_GROUP)
    make(Draft(room, "a", b"", PUBLIC))
    assert ownership(path) == (OTHER, OTHER_GROUP)
    make(Draft(room, "a", b"", Attributes("0", None, 0o600)))
    assert ownership(path) == (0, OTHER_GROUP)
    make(Draft(room, "a", b"", Attributes(None, "0", 0o600)))
    assert ownership(path) == (0, 0)


def test_a_new_file_has_the_group_of_a_folder_that_gives_its_own(
    tmp_path: Path, as_root: None
) -> None:
    os.chown(tmp_path, 0, OTHER_GROUP)
    for permissions, group in ((0o2755, OTHER_GROUP), (0o2777, 0)):
        tmp_path.chmod(permissions)
        with open_folder(str(tmp_path)) as opened:
            make(Draft(opened, "a", b"", PUBLIC))
        assert ownership(tmp_path / "a") == (0, group)
        (tmp_path / "a").unlink()


def test_nobody_gets_a_key_by_putting_a_file_there_first(tmp_path: Path, as_root: None) -> None:
    """Whoever may write to the folder, or to one above it, could have made what is replaced."""
    folder, path = tmp_path / "folder", tmp_path / "folder/key.pem"
    folder.mkdir()
    for open_one in (folder, tmp_path):
        open_one.chmod(0o777)
        path.write_text("")
        os.chown(path, OTHER, OTHER_GROUP)
        path.chmod(0o666)
        with open_folder(str(folder)) as opened:
            make(Draft(opened, "key.pem", b"a key", OWN))
        assert (ownership(path), mode(path)) == (ME, 0o600)
        open_one.chmod(0o755)


def test_owner_and_group_that_are_stated_are_given_everywhere(
    tmp_path: Path, open_room: Folder, as_root: None
) -> None:
    make(Draft(open_room, "a", b"", Attributes(str(OTHER), str(OTHER_GROUP), 0o4750)))
    assert (ownership(tmp_path / "a"), mode(tmp_path / "a")) == ((OTHER, OTHER_GROUP), 0o4750)


def test_what_cannot_be_given_away_is_told(reachable: Path, as_other: AsOther) -> None:
    reachable.chmod(0o777)
    with open_folder(str(reachable)) as opened:
        assert as_other(lambda: Draft(opened, "a", b"", Attributes("0", None, 0o600))) == (
            f"{reachable}/a: cannot be given to the user 0 and the group {OTHER}: operation not"
            " permitted; that takes root: add become: true."
        )
    assert os.listdir(reachable) == []


def test_a_file_system_that_root_cannot_give_files_away_on_is_told(
    tmp_path: Path, room: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(changes.os, "fchown", refuse)
    monkeypatch.setattr(changes.os, "geteuid", lambda: 0)
    with pytest.raises(AtlasError) as caught:
        Draft(room, "a", b"", Attributes("4242", "4343", 0o600))
    assert caught.value.message == (
        f"{tmp_path}/a: cannot be given to the user 4242 and the group 4343: operation not"
        " permitted; a file system such as NFS (root_squash) keeps an owner of its own."
    )
    assert os.listdir(tmp_path) == []


def test_an_owner_that_the_file_has_already_is_not_set(
    room: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems know only one."""

    def refuse(*_arguments: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(changes.os, "fchown", refuse)
    make(Draft(room, "a", b"", Attributes(str(ME[0]), str(ME[1]), 0o600)))
    assert room.names() == ["a"]


def test_other_names_of_a_file_keep_what_they_have(tmp_path: Path, open_room: Folder) -> None:
    victim = tmp_path / "victim"
    victim.write_text("theirs")
    victim.chmod(0o600)
    os.link(victim, tmp_path / "a")
    make(Draft(open_room, "a", b"ours", PUBLIC))
    assert (victim.read_text(), mode(victim)) == ("theirs", 0o600)


def test_what_others_put_where_a_draft_goes_is_not_written_to(
    tmp_path: Path, open_room: Folder
) -> None:
    victim, planted = tmp_path / "victim", tmp_path / ".a.atlas-new"
    victim.write_text("theirs")
    planted.symlink_to(victim)
    make(Draft(open_room, "a", b"ours", OWN))
    planted.touch()
    with open(planted, "rb") as held:
        make(Draft(open_room, "a", b"a key", OWN))
        assert held.read() == b""
    assert victim.read_text() == "theirs"
    assert sorted(os.listdir(tmp_path)) == ["a", "victim"]


def test_a_folder_where_a_draft_goes_is_not_removed(
    tmp_path: Path, open_room: Folder, descriptors: Descriptors
) -> None:
    """It could be one of root's that others moved there."""
    (tmp_path / ".a.atlas-new").mkdir()
    (tmp_path / ".a.atlas-new/key.pem").write_text("")
    before = descriptors()
    with pytest.raises(AtlasError) as caught:
        Draft(open_room, "a", b"", OWN)
    assert caught.value.message == f"{tmp_path}/.a.atlas-new: cannot be removed: is a directory."
    assert os.listdir(tmp_path / ".a.atlas-new") == ["key.pem"]
    assert descriptors() == before


def test_who_puts_files_there_all_the_time_is_told(
    tmp_path: Path, open_room: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".a.atlas-new").touch()
    monkeypatch.setattr(Folder, "unlink", lambda _room, _name: True)
    with pytest.raises(AtlasError) as caught:
        Draft(open_room, "a", b"", OWN)
    assert caught.value.message == (
        f"{tmp_path}/.a.atlas-new: cannot be written: somebody else puts files there all the time."
    )


@pytest.mark.parametrize("swap", ["gone", "another"])
def test_a_draft_that_was_exchanged_is_not_put_in_place(
    tmp_path: Path, open_room: Folder, swap: str
) -> None:
    draft = Draft(open_room, "a", b"ours", OWN)
    lying = tmp_path / ".a.atlas-new"
    lying.rename(tmp_path / "taken")
    if swap == "another":
        lying.write_text("theirs")
    draft.sync()
    with pytest.raises(AtlasError) as caught:
        draft.put()
    assert caught.value.message == (
        f"{tmp_path}/a: cannot be replaced: the new file beside it was removed or exchanged by"
        " somebody else; run the task again."
    )
    draft.discard()
    assert not (tmp_path / "a").exists()
    assert lying.exists() == (swap == "another")


def test_drafts_of_a_file_that_several_calls_write_are_not_the_same(
    tmp_path: Path, room: Folder
) -> None:
    drafts = [Draft(room, "a", content, PUBLIC, is_raced=True) for content in (b"1", b"2")]
    assert len(os.listdir(tmp_path)) == 2
    for draft in drafts:
        make(draft)
    assert (os.listdir(tmp_path), (tmp_path / "a").read_bytes()) == (["a"], b"2")


@pytest.mark.parametrize(
    "names",
    [
        ("x" * 255, "x" * 254, "x" * 254 + "y"),
        ("x" * 200, "x" * 201),
        ("ü" * 127, "ü" * 126, "ü" * 126 + "u"),
        ("\udcff" * 255, "\udcff" * 254),
    ],
)
def test_files_with_long_names_have_drafts_of_their_own(
    tmp_path: Path, room: Folder, names: tuple[str, ...]
) -> None:
    drafts = [Draft(room, name, name[-1].encode("utf-8", "replace"), OWN) for name in names]
    assert len(set(map(draft_name, names))) == len(names)
    for draft in drafts:
        make(draft)
    for name in names:
        assert (tmp_path / name).read_bytes() == name[-1].encode("utf-8", "replace")


@pytest.mark.parametrize("name", ["write", "fchmod", "fstat", "fsync"])
def test_a_write_that_fails_leaves_nothing_behind(
    tmp_path: Path,
    room: Folder,
    monkeypatch: pytest.MonkeyPatch,
    descriptors: Descriptors,
    name: str,
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "a").write_text("before")
    before = descriptors()
    with monkeypatch.context() as patched:
        patched.setattr(changes.os, name, full)
        with pytest.raises(AtlasError) as caught:
            Draft(room, "a", b"content", OWN).sync()
    assert caught.value.message == f"{tmp_path}/a: cannot be written: input/output error."
    assert (os.listdir(tmp_path), (tmp_path / "a").read_text()) == (["a"], "before")
    assert descriptors() == before


def test_an_owner_that_does_not_exist_leaves_nothing_behind(
    tmp_path: Path, room: Folder, descriptors: Descriptors
) -> None:
    before = descriptors()
    with pytest.raises(AtlasError, match="owner: there is no user 'no-such-name' on this node"):
        Draft(room, "a", b"content", Attributes("no-such-name", None, 0o600))
    assert (os.listdir(tmp_path), descriptors()) == ([], before)


def test_a_rename_that_fails_leaves_nothing_behind(
    tmp_path: Path, room: Folder, descriptors: Descriptors
) -> None:
    before = descriptors()
    draft = Draft(room, "a", b"content", OWN)
    (tmp_path / "a").mkdir()
    draft.sync()
    with pytest.raises(AtlasError) as caught:
        draft.put()
    draft.discard()
    assert caught.value.message == f"{tmp_path}/a: cannot be replaced: is a directory."
    assert (os.listdir(tmp_path), descriptors()) == (["a"], before)


# Access lists and labels


def test_an_access_list_goes_on_with_the_file(
    tmp_path: Path, room: Folder, name_other: Callable[[Path], None]
) -> None:
    path = tmp_path / "a"
    path.write_text("")
    name_other(path)
    before = os.getxattr(path, extended.ACCESS_LIST)
    make(Draft(room, "a", b"", Attributes(None, None, 0o770)))
    assert os.getxattr(path, extended.ACCESS_LIST) == before
    make(Draft(room, "a", b"", OWN))
    assert mode(path) == 0o600  # the mask: who is named in the list may do nothing now


@pytest.mark.parametrize(("is_open", "is_there"), [(True, True), (True, False), (False, True)])
def test_a_folder_does_not_give_its_access_list_to_what_had_none(
    tmp_path: Path, name_other: Callable[[Path, str], None], is_open: bool, is_there: bool
) -> None:
    name_other(tmp_path, "system.posix_acl_default")
    path = tmp_path / "a"
    if is_there:
        path.write_text("")
        os.removexattr(path, extended.ACCESS_LIST)
    if is_open:
        tmp_path.chmod(0o777)
    with open_folder(str(tmp_path)) as opened:
        make(Draft(opened, "a", b"", Attributes(None, None, 0o640)))
    assert extended.ACCESS_LIST not in os.listxattr(path)
    assert mode(path) == 0o640


@pytest.fixture
def labels(monkeypatch: pytest.MonkeyPatch) -> dict[int, bytes]:
    """As if SELinux were on: the labels by the number of the file, and those that were set."""
    found: dict[int, bytes] = {}
    original = extended.get

    def get(handle: int, name: str) -> bytes | None:
        if name != extended.LABEL:
            return original(handle, name)
        return found.get(os.fstat(handle).st_ino, b"unconfined_u:object_r:etc_t:s0\0")

    def set_label(handle: int, name: str, value: bytes) -> None:
        assert name == extended.LABEL
        found[os.fstat(handle).st_ino] = value

    monkeypatch.setattr(extended, "get", get)
    monkeypatch.setattr(os, "setxattr", set_label)
    return found


WEB, CERT = b"system_u:object_r:httpd_sys_content_t:s0\0", b"system_u:object_r:cert_t:s0\0"


def test_a_label_goes_on_with_the_file(
    tmp_path: Path, room: Folder, labels: dict[int, bytes]
) -> None:
    path = tmp_path / "a"
    path.write_text("")
    labels[path.stat().st_ino] = CERT
    make(Draft(room, "a", b"", OWN))
    assert labels[path.stat().st_ino] == CERT
    make(Draft(room, "a", b"", OWN, WEB))
    assert labels[path.stat().st_ino] == WEB


def test_a_label_that_is_right_is_not_set(
    tmp_path: Path, room: Folder, labels: dict[int, bytes]
) -> None:
    """That takes rights which a process in a container does not have."""
    make(Draft(room, "a", b"", OWN, b"system_u:object_r:etc_t:s0"))
    assert labels == {}


def test_a_label_that_cannot_be_set_is_told(
    tmp_path: Path, room: Folder, labels: dict[int, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises(AtlasError) as caught:
        Draft(room, "a", b"", OWN, WEB)
    assert caught.value.message == (
        f"{tmp_path}/a: cannot be given the SELinux label system_u:object_r:httpd_sys_content_t:s0:"
        " permission denied."
    )
    assert os.listdir(tmp_path) == []


def test_the_label_of_a_folder(tmp_path: Path, room: Folder, labels: dict[int, bytes]) -> None:
    labels[tmp_path.stat().st_ino] = WEB
    assert label_of(room) == WEB
    with open_folder("/proc/self") as process:
        assert label_of(process) == b"unconfined_u:object_r:etc_t:s0\0"


# Links and removals


def test_a_link_is_put_in_place_by_a_rename(tmp_path: Path, room: Folder) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / ".a.atlas-new").write_text("left behind")
    link = Link(room, "a", "../there")
    assert (room.link_text(".a.atlas-new"), room.link_text("a")) == ("../there", None)
    make(link)
    assert (room.link_text("a"), os.listdir(tmp_path)) == ("../there", ["a"])
    Link(room, "a", "elsewhere").discard()
    assert (room.link_text("a"), os.listdir(tmp_path)) == ("../there", ["a"])


def test_a_link_that_cannot_be_made_is_told(tmp_path: Path, room: Folder) -> None:
    with pytest.raises(AtlasError) as caught:
        Link(room, "a", "x" * 5000)
    assert caught.value.message == f"{tmp_path}/a: cannot be made a link: file name too long."


def test_a_removal_removes_a_file_or_a_link_and_no_folder(tmp_path: Path, room: Folder) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "folder").mkdir()
    for name in ("link", "a", "a"):
        make(Removal(room, name))
    with pytest.raises(AtlasError) as caught:
        make(Removal(room, "folder"))
    assert caught.value.message == f"{tmp_path}/folder: cannot be removed: is a directory."
    assert os.listdir(tmp_path) == ["folder"]
