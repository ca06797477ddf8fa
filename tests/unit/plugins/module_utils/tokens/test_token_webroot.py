# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of a token below a webroot, whose owner is not trusted."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files import changes, extended
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.webroot import TokenFile

PATH = "/.well-known/pki-validation/gsdv.txt"
OWNER, GROUP = 4242, 4343


def token(webroot: Path, path: str = PATH, content: str = "token", **more: str) -> TokenFile:
    return TokenFile(str(webroot), path, content.encode(), **more)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def ownership(path: Path) -> tuple[int, int]:
    return path.lstat().st_uid, path.lstat().st_gid


def refused(act: Callable[[bool], bool], check_mode: bool = False) -> str:
    with pytest.raises(AtlasError) as caught:
        act(check_mode)
    return caught.value.message


@pytest.fixture
def webroot(tmp_path: Path) -> Path:
    """A webroot of somebody else, where this can be had."""
    path = tmp_path / "www"
    path.mkdir()
    path.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(path, OWNER, GROUP)
    return path


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("it takes root to give files away")


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that other users can get to, as they cannot to pytest's own."""
    path = Path(tempfile.mkdtemp()).resolve()
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def as_other(act: Callable[[], object]) -> str:
    """What a call returns, or is refused with, in a process of another user."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(OWNER)
            os.setuid(OWNER)
            said = str(act())
        except AtlasError as error:
            said = error.message
        except BaseException as error:
            said = repr(error)
        os.write(writing, said.encode("utf-8"))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        said = told.read().decode("utf-8")
    os.waitpid(child, 0)
    return said


# What is written and removed


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_it_is_written_with_its_folders(webroot: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        assert token(webroot).place(False)
    finally:
        os.umask(before)
    file = webroot / PATH[1:]
    assert file.read_text() == "token"
    made = [webroot / ".well-known", webroot / ".well-known/pki-validation", file]
    assert [mode(path) for path in made] == [0o755, 0o755, 0o644]
    assert {ownership(path) for path in made} == {ownership(webroot)}
    assert os.listdir(file.parent) == ["gsdv.txt"]
    assert not token(webroot).place(False)
    assert token(webroot).file == str(file)


def test_owner_and_group_are_those_that_are_stated(webroot: Path, as_root: None) -> None:
    assert token(webroot, "/a/token", owner="root").place(False)
    assert {ownership(webroot / "a"), ownership(webroot / "a/token")} == {(0, GROUP)}
    assert token(webroot, "/b/token", owner="4244", group="4245").place(False)
    assert {ownership(webroot / "b"), ownership(webroot / "b/token")} == {(4244, 4245)}


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("option", ["owner", "group"])
def test_who_does_not_exist_is_told_before_anything_is_written(
    webroot: Path, check_mode: bool, option: str
) -> None:
    kind = "user" if option == "owner" else "group"
    assert refused(token(webroot, **{option: "no-such-name"}).place, check_mode) == (
        f"{option}: there is no {kind} 'no-such-name' on this node; create it first, or name one"
        " that exists."
    )
    assert os.listdir(webroot) == []


def test_what_is_there_is_left_as_it_is(webroot: Path) -> None:
    folder = webroot / ".well-known"
    folder.mkdir()
    folder.chmod(0o700)
    assert token(webroot).place(False)
    assert mode(folder) == 0o700
    file = webroot / PATH[1:]
    file.chmod(0o600)
    number = file.stat().st_ino
    assert not token(webroot).place(False)
    assert (mode(file), file.stat().st_ino) == (0o600, number)


@pytest.mark.parametrize("there", ["token\n", "toke", "other", ""])
def test_another_content_is_replaced_and_not_removed(webroot: Path, there: str) -> None:
    file = webroot / "token"
    file.write_text(there)
    assert not token(webroot, "/token").remove(False)
    assert file.read_text() == there
    assert token(webroot, "/token").place(False)
    assert file.read_text() == "token"
    assert token(webroot, "/token").remove(False)
    assert not token(webroot, "/token").remove(False)
    assert os.listdir(webroot) == []


def test_a_large_file_is_replaced_without_being_read(webroot: Path) -> None:
    with open(webroot / "token", "wb") as file:
        file.truncate(1 << 40)
    assert token(webroot, "/token").place(False)
    assert (webroot / "token").read_text() == "token"


def test_check_mode_changes_nothing(webroot: Path) -> None:
    assert token(webroot).place(True)
    assert os.listdir(webroot) == []
    token(webroot).place(False)
    assert not token(webroot).place(True)
    assert token(webroot, content="newer").place(True)
    assert not token(webroot, content="newer").remove(True)
    assert token(webroot).remove(True)
    assert (webroot / PATH[1:]).read_text() == "token"


def test_letters_outside_of_ascii_and_dots_in_names(webroot: Path) -> None:
    odd = token(webroot, "/a..b/..c", "ü")
    odd.require_sense()
    assert odd.place(False)
    assert (webroot / "a..b/..c").read_bytes() == "ü".encode()


def test_two_hosts_that_share_the_webroot_do_not_take_each_others_drafts(
    webroot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts: list[str] = []
    original = os.replace

    def replace(source: str, name: str, **handles: int) -> None:
        drafts.append(source)
        if len(drafts) == 1:
            token(webroot, "/token").place(False)
        original(source, name, **handles)

    monkeypatch.setattr(os, "replace", replace)
    assert token(webroot, "/token").place(False)
    assert len(set(drafts)) == 2
    assert os.listdir(webroot) == ["token"]


def test_a_draft_does_not_stay_behind(webroot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_more: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(changes.os, "replace", fail)
    assert refused(token(webroot, "/token").place) == (
        f"{webroot}/token: cannot be replaced: input/output error."
    )
    assert os.listdir(webroot) == []


def test_it_gets_the_label_of_its_folder(webroot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system gives it that of the folder in most cases, and not if a policy says otherwise."""
    given: list[bytes] = []
    web = b"system_u:object_r:httpd_sys_content_t:s0\0"

    def get(handle: int, name: str) -> bytes | None:
        if name != extended.LABEL:
            return None
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        return web if is_folder else b"unconfined_u:object_r:user_tmp_t:s0\0"

    monkeypatch.setattr(extended, "get", get)
    monkeypatch.setattr(os, "setxattr", lambda _handle, _name, value: given.append(value))
    assert token(webroot).place(False)
    assert given == [web]


# What is refused


@pytest.mark.parametrize(
    "path",
    ["gsdv.txt", "/../etc/motd", "/a/", "", "/", "/a//b", "/./a", "/a/..", "/a b", "/a?b", "/a#b",
     "/a\0b", "/ü", "/a\nb"],
)  # fmt: skip
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(AtlasError) as caught:
        token(Path("/srv"), path).require_sense()
    assert caught.value.message == (
        f"path: {path!r} is not the path of a file in a URL; give one such as"
        " '/.well-known/pki-validation/gsdv.txt'."
    )


def test_a_webroot_that_is_no_folder_is_refused(webroot: Path) -> None:
    (webroot / "file").write_text("")
    absent = token(webroot / "nowhere/at/all")
    assert refused(absent.place, check_mode=True) == (
        f"webroot: {webroot}/nowhere/at/all does not exist on this host; give the folder that the"
        " web server serves as the root of the name."
    )
    assert not absent.remove(False)
    for act in (token(webroot / "file").place, token(webroot / "file").remove):
        assert refused(act) == f"webroot: {webroot}/file is not a folder."
    with pytest.raises(AtlasError) as caught:
        token(Path("html")).require_sense()
    assert caught.value.message == (
        "webroot: 'html' is not an absolute path; give one such as '/var/www/html'."
    )


def test_links_to_the_webroot_are_followed_if_nobody_else_made_them(
    tmp_path: Path, webroot: Path
) -> None:
    (tmp_path / "current").symlink_to("www")
    assert token(tmp_path / "current").place(False)
    assert (webroot / PATH[1:]).read_text() == "token"


def test_links_of_others_to_the_webroot_are_not_followed(webroot: Path, as_root: None) -> None:
    (webroot / "real").mkdir()
    (webroot / "current").symlink_to("real")
    os.chown(webroot / "current", OWNER, GROUP, follow_symlinks=False)
    assert refused(token(webroot / "current").place) == (
        f"webroot: {webroot}/current is a symbolic link that belongs to the user {OWNER}, so it"
        " could lead to any file; give the path that it leads to, let the task become that user, or"
        " have the link and its folder belong to root."
    )
    assert os.listdir(webroot / "real") == []


@pytest.mark.parametrize("state", ["place", "remove"])
@pytest.mark.parametrize("where", [".well-known", ".well-known/pki-validation"])
def test_no_link_below_the_webroot_is_followed(
    tmp_path: Path, webroot: Path, state: str, where: str
) -> None:
    victim = tmp_path / "victim"
    (victim / "pki-validation").mkdir(parents=True)
    for file in (victim / "gsdv.txt", victim / "pki-validation/gsdv.txt"):
        file.write_text("token")
    link = webroot / where
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(victim)
    assert refused(getattr(token(webroot), state)) == (
        f"path: {link} is a symbolic link, and below webroot none is followed; have a folder there."
    )
    assert (victim / "gsdv.txt").read_text() == "token"
    assert (victim / "pki-validation/gsdv.txt").read_text() == "token"


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_no_folder_on_the_way_is_told(webroot: Path, check_mode: bool) -> None:
    os.mkfifo(webroot / ".well-known")
    assert refused(token(webroot).place, check_mode) == (
        f"path: {webroot}/.well-known is not a folder, and one has to be there; move what it is"
        " away."
    )


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_folder_where_the_file_belongs_is_told(webroot: Path, check_mode: bool) -> None:
    (webroot / "gsdv.txt").mkdir()
    assert refused(token(webroot, "/gsdv.txt").place, check_mode) == (
        f"path: {webroot}/gsdv.txt is a folder, where the file of the token has to be; move the"
        " folder away."
    )
    assert not token(webroot, "/gsdv.txt").remove(check_mode)


@pytest.mark.parametrize("kind", ["pipe", "link", "dangling"])
def test_what_is_no_file_is_neither_opened_nor_removed_but_replaced(
    tmp_path: Path, webroot: Path, kind: str
) -> None:
    """Whoever opens a named pipe waits for its writer."""
    victim = tmp_path / "victim"
    victim.write_text("token")
    victim.chmod(0o600)
    file = webroot / "gsdv.txt"
    if kind == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to(victim if kind == "link" else tmp_path / "nothing")
    assert not token(webroot, "/gsdv.txt").remove(False)
    assert token(webroot, "/gsdv.txt").place(False)
    assert stat.S_ISREG(file.lstat().st_mode)
    assert file.read_text() == "token"
    assert (victim.read_text(), mode(victim)) == ("token", 0o600)
    assert sorted(os.listdir(tmp_path)) == ["victim", "www"]


@pytest.mark.parametrize("swap", ["link", "hard link"])
def test_a_draft_that_the_owner_of_the_webroot_exchanges_opens_no_other_file(
    tmp_path: Path, webroot: Path, monkeypatch: pytest.MonkeyPatch, swap: str
) -> None:
    """At each call that is made from the moment on at which the draft exists."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o600)
    before = ownership(secret)

    def swapping(patched: pytest.MonkeyPatch, name: str) -> None:
        original = getattr(os, name)

        def swapped(*arguments: object, **more: object) -> object:
            for draft in [entry for entry in os.listdir(webroot) if entry.endswith("atlas-new")]:
                (webroot / draft).unlink()
                if swap == "link":
                    (webroot / draft).symlink_to(secret)
                else:
                    os.link(secret, webroot / draft)
            return original(*arguments, **more)

        patched.setattr(changes.os, name, swapped)

    for name in ("write", "fchown", "fchmod", "fsync"):
        with monkeypatch.context() as patched:
            swapping(patched, name)
            said = refused(token(webroot, "/token").place)
        assert said == (
            f"{webroot}/token: cannot be replaced: the new file beside it was removed or exchanged"
            " by somebody else; run the task again."
        )
        for entry in os.listdir(webroot):
            (webroot / entry).unlink()
    assert (secret.read_text(), mode(secret), ownership(secret)) == ("secret", 0o600, before)


def test_who_may_not_write_there_is_told(reachable: Path, as_root: None) -> None:
    for check_mode in (True, False):
        assert as_other(lambda check_mode=check_mode: token(reachable).place(check_mode)) == (
            f"path: {reachable}{PATH} cannot be changed, because the folder {reachable} is not"
            f" writable for the user {OWNER}; let the task become a user who may write there."
        )
    token(reachable, "/token").place(False)
    assert as_other(lambda: token(reachable, "/token").place(False)) == "False"
    assert as_other(lambda: token(reachable, "/token").remove(True)) == (
        f"path: {reachable}/token cannot be changed, because the folder {reachable} is not writable"
        f" for the user {OWNER}; let the task become a user who may write there."
    )
    (reachable / "token").chmod(0o600)
    assert as_other(lambda: token(reachable, "/token").remove(False)) == (
        f"path: {reachable}/token cannot be read: permission denied; it belongs to root, and this"
        f" task runs as the user {OWNER}: add become: true."
    )


def test_who_is_not_root_keeps_what_is_made(reachable: Path, as_root: None) -> None:
    reachable.chmod(0o777)
    assert as_other(lambda: token(reachable, "/a/token").place(False)) == "True"
    assert {ownership(reachable / "a"), ownership(reachable / "a/token")} == {(OWNER, OWNER)}
    assert (mode(reachable / "a"), mode(reachable / "a/token")) == (0o755, 0o644)


# Whoever owns the webroot, at every call

CALLS = (
    *("open", "fstat", "stat", "mkdir", "fchown", "fchmod", "fsync", "write", "replace", "unlink"),
    *("listdir", "access", "read"),
)


VICTIMS = {"gsdv.txt": "token", "pki-validation/gsdv.txt": "token"}


def exchange(base: Path, how: str) -> None:
    """What lies in the webroot goes away, and something else gets its name."""
    victim = base / "victim"
    for entry in sorted((base / "www").rglob("*"), reverse=how == "the deepest"):
        is_exchanged = any(path.is_symlink() for path in (entry, *entry.parents))
        if is_exchanged or "away" in entry.name or not entry.exists():
            continue
        is_folder = entry.is_dir()
        entry.rename(entry.with_name(f"away-{os.urandom(4).hex()}"))
        if how == "a pipe":
            os.mkfifo(entry)
        elif how == "a folder of root's" and is_folder and (victim / "private").exists():
            (victim / "private").rename(entry)
        elif how == "another name" and not is_folder:
            os.link(victim / "gsdv.txt", entry)
        else:
            entry.symlink_to(victim if is_folder else victim / "gsdv.txt")
        if how == "the deepest":
            return


def lay_out(base: Path, content: str) -> dict[int, tuple[int, int, int]]:
    """A webroot, and beside it what belongs to root; the mode and owners of that.

    It has the content that is looked for: were a link followed, it would be removed.
    """
    victim, webroot = base / "victim", base / "www"
    (victim / "private").mkdir(parents=True)
    (victim / "private").chmod(0o700)
    (victim / "pki-validation").mkdir()
    for path in [victim / name for name in (*VICTIMS, "private/key.pem")]:
        path.write_text("token")
        path.chmod(0o600)
    webroot.mkdir()
    webroot.chmod(0o777)
    if content:
        token(webroot, content=content).place(False)
    owned = owners(base)
    return {path.lstat().st_ino: owned[path.lstat().st_ino] for path in victim.rglob("*")}


def owners(base: Path) -> dict[int, tuple[int, int, int]]:
    found = [path.lstat() for path in base.rglob("*")]
    return {each.st_ino: (each.st_mode, each.st_uid, each.st_gid) for each in found}


def said(act: Callable[[bool], bool]) -> str:
    try:
        return str(act(False))
    except AtlasError as error:
        return error.message


@pytest.mark.parametrize("content", ["", "other", "token"])
@pytest.mark.parametrize("state", ["place", "remove"])
@pytest.mark.parametrize(
    "how", ["a link", "the deepest", "a pipe", "another name", "a folder of root's"]
)
def test_who_owns_the_webroot_gains_nothing_at_any_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, state: str, how: str
) -> None:
    base, at = tmp_path, 0

    def watching(name: str) -> None:
        original = getattr(os, name) if name != "fsync" else lambda _handle: None

        def watched(*arguments: object, **more: object) -> object:
            nonlocal at
            at -= 1
            if at == 0:
                exchange(base, how)
            return original(*arguments, **more)

        monkeypatch.setattr(os, name, watched)

    for name in CALLS:
        watching(name)
    number = calls_left = 0
    while calls_left <= 0:
        number += 1
        base = tmp_path / str(number)
        before = lay_out(base, content)
        at = number
        assert "\n" not in said(getattr(token(base / "www"), state))
        calls_left, at = at, -1
        after = owners(base)
        assert {key: after.get(key) for key in before} == before, number
        assert {path: (base / "victim" / path).read_text() for path in VICTIMS} == VICTIMS
        assert set(os.listdir(base / "victim")) - {"private"} == {"gsdv.txt", "pki-validation"}
    assert number > 15
