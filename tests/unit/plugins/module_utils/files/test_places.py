# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where paths lead to, and which links are followed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files import folder as rooms
from ansible_collections.globalsign.atlas.plugins.module_utils.files.folder import Folder
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import (
    NoFolderError,
    Places,
    open_folder,
    protected_folder,
)

OTHER = 4242
AsOther = Callable[[Callable[[], object]], str]
Descriptors = Callable[[], int]


@pytest.fixture
def places() -> Iterator[Places]:
    with Places() as opened:
        yield opened


def refused(path: str) -> str:
    with pytest.raises(AtlasError) as caught:
        open_folder(path)
    return caught.value.message


# Ways


def test_a_path_without_links(tmp_path: Path, places: Places) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "absolute").symlink_to(real)
    (tmp_path / "through").symlink_to("./absolute/../link//")
    for way in (
        "real",
        "link",
        "absolute",
        "absolute/../link",
        "through",
        "real/../link/.",
        "/real/",
    ):
        place = places.of(f"{tmp_path}/{way}/a.pem")
        assert place.path == f"{real}/a.pem"
        assert place.identity == (real.stat().st_dev, real.stat().st_ino, "a.pem")


def test_the_way_up_is_that_of_the_folder_and_not_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a/b")
    with open_folder(f"{tmp_path}/link/..") as opened:
        assert opened.path == f"{tmp_path}/a"
    with open_folder("/../..//etc/.") as opened:
        assert opened.path == "/etc"
    with open_folder("/") as opened:
        assert (opened.path, opened.is_protected) == ("/", True)


def test_a_folder_that_is_missing_is_named(tmp_path: Path, places: Places) -> None:
    (tmp_path / "link").symlink_to("nowhere/at/all")
    for way, missing in (("a/b/file", "a"), ("link/file", "nowhere")):
        with pytest.raises(NoFolderError) as caught:
            places.of(f"{tmp_path}/{way}")
        assert caught.value.folder == f"{tmp_path}/{missing}"
        assert caught.value.message == (
            f"the folder {tmp_path}/{missing} does not exist on the node"
        )


def test_a_way_over_what_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    assert refused(f"{tmp_path}/file/a") == f"{tmp_path}/file is not a folder."
    assert refused(f"{tmp_path}/file") == f"{tmp_path}/file is not a folder."
    assert refused(f"{tmp_path}/pipe/a") == f"{tmp_path}/pipe is not a folder."
    long = "x" * 256
    assert refused(f"{tmp_path}/{long}/a") == f"{tmp_path}/{long}: file name too long."
    assert refused("/etc/\0") == "'/etc/\\x00/.' is not a path; give one without the character NUL."


@pytest.mark.parametrize("path", ["/", "/etc/", "/etc/.", "/etc/.."])
def test_a_path_of_a_file_ends_with_a_name(places: Places, path: str) -> None:
    with pytest.raises(AtlasError) as caught:
        places.of(path)
    assert caught.value.message == f"{path} is the path of a folder; give the path of a file."


def test_links_that_lead_on_and_on(tmp_path: Path, descriptors: Descriptors) -> None:
    for number in range(41):
        (tmp_path / str(number)).symlink_to(tmp_path / str(number + 1))
    (tmp_path / "41").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    before = descriptors()
    with open_folder(f"{tmp_path}/1") as opened:
        assert opened.path == f"{tmp_path}/41"
    for name in ("0", "loop"):
        assert refused(f"{tmp_path}/{name}") == (
            f"{tmp_path}/{name}/.: too many symbolic links lead there and on; mend them."
        )
    assert descriptors() == before


def test_folders_are_opened_once_and_closed_in_the_end(
    tmp_path: Path, descriptors: Descriptors
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real/file")
    before = descriptors()
    with Places() as places:
        assert places.folder(str(tmp_path)) is places.of(f"{tmp_path}/a").folder
        assert places.followed(places.of(f"{tmp_path}/link")).path == f"{tmp_path}/real/file"
        assert descriptors() == before + 2
    assert descriptors() == before


def test_too_many_open_files_are_an_error_of_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_arguments: object, **_more: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(rooms.os, "open", full)
    assert refused("/etc") == "/: cannot be opened: too many open files."


# Links


def test_the_link_at_a_place_is_followed_to_its_end(tmp_path: Path, places: Places) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "first").symlink_to("there/../second")
    (tmp_path / "second").symlink_to(tmp_path / "there/new")
    (tmp_path / "up").symlink_to("there/..")
    (tmp_path / "missing").symlink_to("nowhere/file")

    def led(name: str) -> str:
        return places.followed(places.of(f"{tmp_path}/{name}")).path

    assert led("first") == f"{tmp_path}/there/new"
    assert led("file") == f"{tmp_path}/file"
    assert led("absent") == f"{tmp_path}/absent"
    assert led("up") == f"{tmp_path}/."
    with pytest.raises(NoFolderError):
        led("missing")


@pytest.mark.parametrize("where", ["the file", "the folder"])
def test_a_link_of_another_user_is_not_followed(
    tmp_path: Path, places: Places, as_root: None, where: str
) -> None:
    (tmp_path / "victim").mkdir()
    link = tmp_path / "link"
    link.symlink_to("victim")
    os.chown(link, OTHER, OTHER, follow_symlinks=False)
    with pytest.raises(AtlasError) as caught:
        places.followed(places.of(f"{link}/file" if where == "the folder" else str(link)))
    assert caught.value.message == (
        f"{link} is a symbolic link that belongs to the user {OTHER}, so it could lead to any file;"
        " give the path that it leads to, let the task become that user, or have the link and its"
        " folder belong to root."
    )


def test_users_follow_their_own_links_and_those_of_root(reachable: Path, as_other: AsOther) -> None:
    theirs = reachable / "theirs"
    (theirs / "real").mkdir(parents=True)
    (reachable / "link").symlink_to("theirs/own")
    (theirs / "own").symlink_to("real")
    for path in (theirs, theirs / "real", theirs / "own"):
        os.chown(path, OTHER, OTHER, follow_symlinks=False)
    path = f"{reachable}/link"
    assert as_other(lambda: (open_folder(path).path, open_folder(path).is_protected)) == str(
        (f"{theirs}/real", True)
    )
    assert refused(path).startswith(f"{theirs}/own is a symbolic link that belongs to the user")


@pytest.mark.parametrize(("permissions", "is_followed"), [(0o777, False), (0o1777, True)])
def test_a_link_that_others_can_exchange_is_not_followed(
    tmp_path: Path, permissions: int, is_followed: bool
) -> None:
    (tmp_path / "link").symlink_to("/etc")
    tmp_path.chmod(permissions)
    if is_followed:
        open_folder(f"{tmp_path}/link").close()
        return
    assert refused(f"{tmp_path}/link") == (
        f"{tmp_path}/link is a symbolic link that lies in {tmp_path}, where others can exchange it,"
        " so it could lead to any file; give the path that it leads to, or have the link and its"
        " folder belong to root."
    )


@pytest.mark.parametrize("swap", ["removed", "a folder"])
def test_a_link_is_judged_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swap: str
) -> None:
    """Whoever removed his link in between would have led the task anywhere."""
    tmp_path.chmod(0o777)
    link = tmp_path / "link"
    link.symlink_to("/etc")
    done: list[str] = []

    def noting(name: str) -> None:
        original = getattr(Folder, name)

        def noted(room: Folder, entry: str) -> object:
            if entry == "link":
                done.append(name)
                link.unlink()
                if swap == "a folder":
                    link.mkdir()
            return original(room, entry)

        monkeypatch.setattr(Folder, name, noted)

    noting("link_text" if swap == "removed" else "stat")
    if swap == "removed":
        assert refused(f"{tmp_path}/link/a").startswith(f"{tmp_path}/link is a symbolic link")
        assert done == []
    else:
        assert refused(f"{tmp_path}/link/a") == f"the folder {tmp_path}/link/a does not exist" + (
            " on the node"
        )
        assert done == ["stat"]


# Protected folders


def modes_below(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_protected_folder_is_made_with_those_above_it(
    tmp_path: Path, umask: int, descriptors: Descriptors
) -> None:
    path = f"{tmp_path}/a/b/c"
    assert protected_folder(path, None) is None
    assert os.listdir(tmp_path) == []
    before, mask = descriptors(), os.umask(umask)
    try:
        made = protected_folder(path, 0o711)
    finally:
        os.umask(mask)
    assert made is not None
    assert (made.path, made.is_protected) == (path, True)
    made.close()
    assert modes_below(tmp_path) == {"a": 0o755, "a/b": 0o755, "a/b/c": 0o711}
    again = protected_folder(f"{tmp_path}/a//b/", None)
    assert again is not None
    again.close()
    assert descriptors() == before


def unsafe(path: str, weak: str) -> str:
    who = f"root and the user {os.geteuid()}" if os.geteuid() else "root"
    return (
        f"{path} is not a safe place for records and private keys: others than {who} can"
        f" exchange what lies in {weak}; name a folder that nobody else can write to, on the whole"
        " way to it."
    )


@pytest.mark.parametrize("exists", [True, False])
def test_no_folder_is_protected_below_one_that_others_can_write_to(
    tmp_path: Path, exists: bool, descriptors: Descriptors
) -> None:
    weak = tmp_path / "weak"
    (weak / "a" if exists else weak).mkdir(parents=True)
    weak.chmod(0o777)
    before = descriptors()
    for mode in (0o711, None):
        with pytest.raises(AtlasError) as caught:
            protected_folder(f"{weak}/a", mode)
        assert caught.value.message == unsafe(f"{weak}/a", str(weak))
    assert os.listdir(weak) == (["a"] if exists else [])
    assert descriptors() == before


def test_a_folder_is_protected_where_others_can_at_most_add_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    made = protected_folder(f"{tmp_path}/a/b", 0o700)
    assert made is not None
    made.close()
    assert modes_below(tmp_path) == {"a": 0o755, "a/b": 0o700}
    with pytest.raises(AtlasError) as caught:
        protected_folder(str(tmp_path), 0o700)
    assert caught.value.message == unsafe(str(tmp_path), str(tmp_path))


def test_a_folder_that_others_made_first_is_not_protected(tmp_path: Path, as_root: None) -> None:
    tmp_path.chmod(0o1777)
    (tmp_path / "a").mkdir()
    os.chown(tmp_path / "a", OTHER, OTHER)
    for path in (f"{tmp_path}/a", f"{tmp_path}/a/b"):
        with pytest.raises(AtlasError) as caught:
            protected_folder(path, 0o700)
        assert caught.value.message == unsafe(path, str(tmp_path))
    assert os.listdir(tmp_path / "a") == []


def test_a_folder_of_another_user_is_no_place_for_records(tmp_path: Path, as_root: None) -> None:
    os.chown(tmp_path, OTHER, OTHER)
    with pytest.raises(AtlasError) as caught:
        protected_folder(f"{tmp_path}/a", 0o711)
    assert caught.value.message == unsafe(f"{tmp_path}/a", str(tmp_path))


def test_records_of_a_user_lie_in_folders_of_that_user(reachable: Path, as_other: AsOther) -> None:
    home = reachable / "home"
    home.mkdir(0o755)
    os.chown(home, OTHER, OTHER)
    made = as_other(lambda: protected_folder(f"{home}/.local/state", 0o711) is not None)
    assert made == "True"
    assert modes_below(home) == {".local": 0o755, ".local/state": 0o711}
    assert as_other(lambda: protected_folder(f"{reachable}/other", 0o711)) == (
        f"{reachable}/other: cannot be created: permission denied; {reachable} belongs to root, and"
        f" this task runs as the user {OTHER}: add become: true."
    )


def test_a_link_that_leads_to_no_folder_yet_is_named(
    tmp_path: Path, descriptors: Descriptors
) -> None:
    (tmp_path / "link").symlink_to("/nowhere/atlas")
    before = descriptors()
    for path in (f"{tmp_path}/link", f"{tmp_path}/link/below"):
        with pytest.raises(AtlasError) as caught:
            protected_folder(path, 0o711)
        assert caught.value.message == (
            f"{tmp_path}/link is a symbolic link that leads to no folder; create the folder, or"
            " remove the link."
        )
    assert descriptors() == before
