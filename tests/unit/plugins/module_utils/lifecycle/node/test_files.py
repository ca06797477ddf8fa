# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files on the node: reading, replacing, owner and mode, links of others."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import files

IS_ROOT = os.geteuid() == 0
OTHER = 4242 if IS_ROOT else os.geteuid()
OTHER_GROUP = 4343 if IS_ROOT else os.getegid()
"""A user and a group that files can be given to."""
PUBLIC = files.Attributes(None, None, 0o644)


def replace(path: Path, content: bytes, attributes: files.Attributes, **more: object) -> None:
    files.Replacement(str(path), content, attributes, **more).put_in_place()  # type: ignore[arg-type]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def ownership(path: Path) -> tuple[int, int]:
    return path.stat().st_uid, path.stat().st_gid


def make_foreign(link: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Have a link belong to somebody else; to whom."""
    if IS_ROOT:
        os.chown(link, OTHER, -1, follow_symlinks=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4343)
    return link.lstat().st_uid


# Reading


def test_reading(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert files.read(str(path)) is None
    path.write_bytes(b"content")
    assert files.read(str(path)) == b"content"
    assert files.read(str(path / "below")) is None
    link = tmp_path / "link"
    link.symlink_to(path)
    assert files.read_named(str(link)) == b"content"


def test_what_cannot_be_read_is_not_missing(tmp_path: Path) -> None:
    pipe, loop = tmp_path / "pipe", tmp_path / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for path, said in (
        (tmp_path, "is a folder; give the path of a file"),
        (pipe, "is not a regular file"),
        (loop, "cannot be read: too many levels of symbolic links"),
    ):
        with pytest.raises(files.UnreadableError) as caught:
            files.read(str(path))
        assert caught.value.message == said
        with pytest.raises(files.UnreadableError) as caught:
            files.read_named(str(path))
        assert caught.value.message == f"{path}: {said}."


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * files.LARGEST_FILE)
    assert len(files.read(str(path)) or b"") == 1024 * 1024
    path.write_bytes(b"x" * (files.LARGEST_FILE + 1))
    with pytest.raises(files.UnreadableError, match="is larger than 1048576 bytes"):
        files.read(str(path))


# Removing


def test_removing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("")
    for _time in range(2):
        files.unlink(str(path))
        assert not path.exists()
    files.unlink(str(path / "below"))
    with pytest.raises(AtlasError, match=f"{tmp_path}: cannot be removed: "):
        files.unlink(str(tmp_path))
    (tmp_path / "tree/below").mkdir(parents=True)
    for _time in range(2):
        files.remove_tree(str(tmp_path / "tree"))
        assert os.listdir(tmp_path) == []
    path.write_text("")
    with pytest.raises(AtlasError, match=f"{path}: cannot be removed: not a directory"):
        files.remove_tree(str(path))


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    path, link = tmp_path / "a", tmp_path / "link"
    path.write_text("")
    link.symlink_to(path)
    files.unlink(str(link))
    assert os.listdir(tmp_path) == ["a"]


# Links


def test_a_path_without_links(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "absolute").symlink_to(real)
    (real / "up").symlink_to("../link/./cert.pem")
    assert files.real_path(f"{tmp_path}/link/a.pem") == f"{real}/a.pem"
    assert files.real_path(f"{tmp_path}/absolute/../link/a.pem") == f"{real}/a.pem"
    assert files.real_path(f"{tmp_path}/link/up") == f"{real}/cert.pem"
    assert files.real_path(f"{tmp_path}/link/up", follow=False) == f"{real}/up"
    assert files.real_path(f"{tmp_path}/link") == str(real)
    assert files.real_path(f"{tmp_path}/link", follow=False) == f"{tmp_path}/link"


def test_links_that_lead_on_and_on(tmp_path: Path) -> None:
    target = tmp_path / "0"
    for number in range(41):
        (tmp_path / str(number)).symlink_to(tmp_path / str(number + 1))
    assert files.real_path(str(tmp_path / "1")) == str(tmp_path / "41")
    with pytest.raises(AtlasError, match=f"{target}.*mend them"):
        files.real_path(str(target))


@pytest.mark.parametrize("where", ["the file", "the folder"])
def test_a_link_of_another_user_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "a.pem").write_text("precious")
    link = tmp_path / "link"
    link.symlink_to(victim / "a.pem" if where == "the file" else victim)
    path = str(link if where == "the file" else link / "a.pem")
    assert files.real_path(path) == str(victim / "a.pem")
    user = make_foreign(link, monkeypatch)
    for attempt in (
        lambda: files.real_path(path),
        lambda: files.Replacement(path, b"evil", PUBLIC),
        lambda: files.set_attributes(path, PUBLIC),
    ):
        with pytest.raises(AtlasError) as caught:
            attempt()
        assert caught.value.message == (
            f"{link} is a symbolic link that belongs to the user {user}, who could have it lead"
            " to any file; give the path that it leads to, or have the link belong to root."
        )
    assert (victim / "a.pem").read_text() == "precious"
    assert os.listdir(victim) == ["a.pem"]


def test_a_link_of_another_user_that_is_not_followed_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "victim")
    make_foreign(link, monkeypatch)
    files.Replacement(str(link), b"new", PUBLIC, follow=False).put_in_place()
    assert (link.is_symlink(), link.read_bytes()) == (False, b"new")
    assert os.listdir(tmp_path) == ["link"]


def test_a_folder_is_opened_by_its_path_without_links(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    descriptor = files.open_folder(str(tmp_path / "a"))
    try:
        assert os.fstat(descriptor).st_ino == (tmp_path / "a").stat().st_ino
    finally:
        os.close(descriptor)
    (tmp_path / "link").symlink_to("a")
    before = len(os.listdir("/proc/self/fd"))
    for path in ("link", "absent"):
        with pytest.raises(OSError, match=path):
            files.open_folder(str(tmp_path / path))
    assert len(os.listdir("/proc/self/fd")) == before


# Replacing


def test_a_new_file_has_its_mode_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        replace(tmp_path / "a", b"content", files.Attributes(None, None, 0o664))
    finally:
        os.umask(umask)
    assert (tmp_path / "a").read_bytes() == b"content"
    assert (mode(tmp_path / "a"), os.listdir(tmp_path)) == (0o664, ["a"])


def test_nobody_else_can_open_a_new_file_before_it_has_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []
    fchown = os.fchown

    def noted(descriptor: int, owner: int, group: int) -> None:
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        fchown(descriptor, owner, group)

    monkeypatch.setattr(files.os, "fchown", noted)
    umask = os.umask(0)
    try:
        replace(tmp_path / "a", b"content", files.Attributes(None, None, 0o640))
    finally:
        os.umask(umask)
    assert (modes, mode(tmp_path / "a")) == ([0o600], 0o640)


def test_until_it_is_put_in_place_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    waiting = files.Replacement(str(path), b"new", files.Attributes(None, None, 0o640))
    (temporary,) = [name for name in os.listdir(tmp_path) if name != "a"]
    assert temporary.startswith(".a.atlas-")
    assert ((tmp_path / temporary).read_bytes(), mode(tmp_path / temporary)) == (b"new", 0o640)
    assert path.read_text() == "old"
    waiting.discard()
    waiting.discard()
    assert (os.listdir(tmp_path), path.read_text()) == (["a"], "old")


def test_what_is_not_stated_is_taken_from_the_file_that_is_replaced(tmp_path: Path) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    for file in (path, other):
        file.write_text("old")
    os.chown(path, OTHER, OTHER_GROUP)
    replace(path, b"new", PUBLIC)
    assert ownership(path) == (OTHER, OTHER_GROUP)
    replace(other, b"new", PUBLIC, like=str(path))
    assert ownership(other) == (OTHER, OTHER_GROUP)
    own = str(os.geteuid()), str(os.getegid())
    replace(path, b"new", files.Attributes(own[0], None, 0o644))
    assert ownership(path) == (os.geteuid(), OTHER_GROUP)
    replace(path, b"new", files.Attributes(None, own[1], 0o644))
    assert ownership(path) == (os.geteuid(), os.getegid())


def test_label_and_access_list_are_those_of_the_file_that_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which a test can set only on a system that has them."""
    copied: list[tuple[str, bytes]] = []
    asked: list[str] = []

    def getxattr(path: str, label: str) -> bytes:
        asked.append(path)
        return label[:3].encode()

    monkeypatch.setattr(files.os, "getxattr", getxattr)
    monkeypatch.setattr(
        files.os, "setxattr", lambda _descriptor, label, value: copied.append((label, value))
    )
    replace(tmp_path / "a", b"", PUBLIC)
    assert copied == [("security.selinux", b"sec"), ("system.posix_acl_access", b"sys")]
    assert asked == [str(tmp_path / "a")] * 2
    replace(tmp_path / "a", b"", PUBLIC, like="/like")
    assert asked[2:] == ["/like"] * 2


@pytest.mark.parametrize(
    ("number", "is_refused"),
    [
        (errno.ENODATA, False),
        (errno.ENOTSUP, False),
        (errno.ENOENT, False),
        (errno.EPERM, True),
        (errno.EACCES, True),
        (errno.ENOSPC, True),
    ],
)
def test_a_label_that_cannot_be_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, is_refused: bool
) -> None:
    def getxattr(_path: str, _label: str) -> bytes:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, "getxattr", getxattr)
    if is_refused:
        with pytest.raises(AtlasError, match=f"cannot be written: {os.strerror(number).lower()}"):
            replace(tmp_path / "a", b"", PUBLIC)
    else:
        replace(tmp_path / "a", b"", PUBLIC)
    assert os.listdir(tmp_path) == ([] if is_refused else ["a"])


def test_owner_and_group_by_name_or_number(tmp_path: Path) -> None:
    user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    replace(tmp_path / "a", b"", files.Attributes(user, group, 0o600))
    assert ownership(tmp_path / "a") == (os.geteuid(), os.getegid())
    replace(tmp_path / "a", b"", files.Attributes(str(OTHER), str(OTHER_GROUP), 0o600))
    assert ownership(tmp_path / "a") == (OTHER, OTHER_GROUP)


@pytest.mark.parametrize("name", ["no-such-name", "4294967295", "-1", "\u0664"])
def test_who_does_not_exist_owns_nothing(tmp_path: Path, name: str) -> None:
    """4294967295 is -1 for the system, which keeps the owner that is there."""
    with pytest.raises(AtlasError) as caught:
        replace(tmp_path / "a", b"", files.Attributes(name, None, 0o600))
    assert caught.value.message == (
        f"owner: there is no user {name!r} on this node; create it first, or name one that exists."
    )
    with pytest.raises(AtlasError) as caught:
        replace(tmp_path / "a", b"", files.Attributes(None, name, 0o600))
    assert caught.value.message == (
        f"group: there is no group {name!r} on this node; create it first, or name one that exists."
    )
    assert os.listdir(tmp_path) == []


def test_a_link_is_kept_and_what_it_leads_to_replaced(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "link"
    link.symlink_to("there/real")
    replace(link, b"one", PUBLIC)
    assert (link.is_symlink(), (tmp_path / "there/real").read_bytes()) == (True, b"one")
    replace(link, b"two", PUBLIC, follow=False)
    assert (link.is_symlink(), link.read_bytes()) == (False, b"two")
    assert (tmp_path / "there/real").read_bytes() == b"one"


def test_a_long_name_can_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    replace(path, b"content", PUBLIC)
    assert path.read_bytes() == b"content"


def test_a_write_that_fails_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(AtlasError, match="cannot be written: no space left on device"):
        files.Replacement(str(tmp_path / "a.pem"), b"content", PUBLIC)
    assert os.listdir(tmp_path) == []


def test_a_file_that_somebody_put_where_a_temporary_one_goes_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files.secrets, "token_hex", lambda _bytes: "guessed")
    planted = tmp_path / ".key.pem.atlas-guessed"
    planted.touch()
    with open(planted, "rb") as held:
        with pytest.raises(AtlasError) as caught:
            replace(tmp_path / "key.pem", b"a key", files.Attributes(None, None, 0o600))
        assert held.read() == b""
    assert caught.value.message == f"{tmp_path}/key.pem: cannot be written: file exists."
    assert not (tmp_path / "key.pem").exists()


def test_a_rename_that_fails_leaves_no_temporary_file(tmp_path: Path) -> None:
    waiting = files.Replacement(str(tmp_path / "a"), b"content", PUBLIC)
    (tmp_path / "a").mkdir()
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(AtlasError, match=f"{tmp_path}/a: cannot be replaced: is a directory"):
        waiting.put_in_place()
    assert os.listdir(tmp_path) == ["a"]
    assert len(os.listdir("/proc/self/fd")) == before - 1


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=f"{tmp_path}/b/a: cannot be written: no such file"):
        files.Replacement(str(tmp_path / "b/a"), b"", PUBLIC)


def test_content_is_synced_before_the_rename_and_the_rename_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def noting(name: str) -> None:
        original = getattr(os, name)

        def noted(*arguments: object, **more: object) -> object:
            done.append(name)
            return original(*arguments, **more)

        monkeypatch.setattr(files.os, name, noted)

    for name in ("fchown", "fchmod", "fsync", "replace"):
        noting(name)
    replace(tmp_path / "a", b"content", PUBLIC)
    assert done == ["fchown", "fchmod", "fsync", "replace", "fsync"]
    done.clear()
    files.unlink(str(tmp_path / "a"))
    assert done == ["fsync"]


# Attributes


def test_attributes_that_differ_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("")
    path.chmod(0o604)
    uid, gid = os.geteuid(), os.getegid()
    assert files.attributes_found(str(path)) == files.Attributes(str(uid), str(gid), 0o604)
    same = files.Attributes(str(uid), str(gid), 0o604)
    assert files.differing_attributes(str(path), same) == []
    assert files.differing_attributes(str(path), files.Attributes(None, None, 0o604)) == []
    other = files.Attributes("4243", "4244", 0o640)
    assert files.differing_attributes(str(path), other) == [
        "mode 0604, not 0640",
        f"owner {uid}, not 4243",
        f"group {gid}, not 4244",
    ]


def test_attributes_are_set_on_what_a_link_leads_to(tmp_path: Path) -> None:
    path, link = tmp_path / "a", tmp_path / "link"
    path.write_text("content")
    link.symlink_to("a")
    files.set_attributes(str(link), files.Attributes(str(OTHER), str(OTHER_GROUP), 0o640))
    assert (mode(path), ownership(path)) == (0o640, (OTHER, OTHER_GROUP))
    files.set_attributes(str(path), files.Attributes(None, None, 0o600))
    assert (mode(path), ownership(path)) == (0o600, (OTHER, OTHER_GROUP))
    with pytest.raises(AtlasError, match="absent: owner and mode cannot be set: no such file"):
        files.set_attributes(str(tmp_path / "absent"), PUBLIC)


def test_attributes_are_not_set_on_what_a_link_leads_to_that_was_put_there_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim, path = tmp_path / "victim", tmp_path / "a"
    victim.touch(0o600)
    path.symlink_to(victim)
    monkeypatch.setattr(files, "real_path", str)  # as it was when it was looked at
    with pytest.raises(AtlasError) as caught:
        files.set_attributes(str(path), PUBLIC)
    assert caught.value.message == (
        f"{path}: owner and mode cannot be set: too many levels of symbolic links."
    )
    assert mode(victim) == 0o600
