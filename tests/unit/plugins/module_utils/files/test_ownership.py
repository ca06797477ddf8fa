# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owner, group and mode, and who else could have put a file there."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files import ownership
from ansible_collections.globalsign.atlas.plugins.module_utils.files.ownership import Attributes


def folder(mode: int, owner: int = 0, group: int = 0) -> os.stat_result:
    return os.stat_result((0o040000 | mode, 1, 1, 2, owner, group, 0, 0, 0, 0))


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user 1000, whose group of the same name is 1000, too."""
    groups = {
        1000: ("deploy", []),
        1001: ("deploy", []),
        1002: ("web", ["deploy"]),
        1003: ("deploy", ["deploy", "alice"]),
    }
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    user = pwd.struct_passwd(("deploy", "x", 1000, 1000, "", "/home/deploy", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", {1000: user}.__getitem__)
    monkeypatch.setattr(
        grp,
        "getgrgid",
        lambda number: grp.struct_group((groups[number][0], "x", number, groups[number][1])),
    )


@pytest.mark.usefixtures("as_user")
@pytest.mark.parametrize(
    ("mode", "owner", "group", "is_closed"),
    [
        (0o755, 0, 0, True),
        (0o755, 1000, 1000, True),
        (0o700, 1001, 1000, False),
        (0o775, 1000, 1000, True),
        (0o775, 0, 1000, True),
        (0o775, 1000, 1001, False),
        (0o775, 1000, 1002, False),
        (0o775, 1000, 1003, False),
        (0o775, 1000, 1004, False),
        (0o755, 1000, 1002, True),
        (0o757, 1000, 1000, False),
        (0o1777, 0, 0, False),
    ],
)
def test_who_may_put_something_into_a_folder(
    mode: int, owner: int, group: int, is_closed: bool
) -> None:
    assert ownership.is_closed(folder(mode, owner, group)) == is_closed


def test_the_group_of_a_user_without_a_name_is_not_that_of_nobody_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4242)
    assert not ownership.is_closed(folder(0o775, 4242, 0))


@pytest.mark.usefixtures("as_user")
@pytest.mark.parametrize(
    ("mode", "owner", "keeps", "is_open"),
    [
        (0o1777, 0, True, False),
        (0o1777, 1000, True, False),
        (0o1777, 1001, False, False),
        (0o777, 0, False, True),
        (0o702, 0, False, True),
        (0o770, 0, False, False),
    ],
)
def test_the_sticky_bit_keeps_what_others_put_apart(
    mode: int, owner: int, keeps: bool, is_open: bool
) -> None:
    assert ownership.keeps_own_entries(folder(mode, owner)) == keeps
    assert ownership.is_open_to_all(folder(mode, owner)) == is_open


def test_names_and_numbers_of_users_and_groups() -> None:
    user, group = pwd.getpwuid(os.geteuid()), grp.getgrgid(os.getegid())
    named = Attributes(user.pw_name, group.gr_name, 0o640)
    assert (named.owner_id, named.group_id) == (user.pw_uid, group.gr_gid)
    numbered = Attributes("4294967294", "0", 0o640)
    assert (numbered.owner_id, numbered.group_id) == (4294967294, 0)
    assert (ownership.OWN.owner_id, ownership.OWN.group_id, ownership.OWN.mode) == (
        None,
        None,
        0o600,
    )


@pytest.mark.parametrize(
    "name", ["no-such-name", "4294967295", "-1", "\u0664", "", "a\0b", "\ud800"]
)
def test_who_does_not_exist_owns_nothing(name: str) -> None:
    """4294967295 is -1 for the system, which keeps the owner that is there."""
    with pytest.raises(AtlasError) as caught:
        _id = Attributes(name, None, 0o600).owner_id
    assert caught.value.message == (
        f"owner: there is no user {name!r} on this node; create it first, or name one that exists."
    )
    with pytest.raises(AtlasError) as caught:
        _id = Attributes(None, name, 0o600).group_id
    assert caught.value.message == (
        f"group: there is no group {name!r} on this node; create it first, or name one that exists."
    )


def test_attributes_that_differ_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("")
    path.chmod(0o604)
    found = path.stat()
    uid, gid = found.st_uid, found.st_gid
    assert Attributes(str(uid), str(gid), 0o604).differences(found) == []
    assert Attributes(None, None, 0o604).differences(found) == []
    assert Attributes("4243", "4244", 0o4640).differences(found) == [
        "mode 0604, not 4640",
        f"owner {uid}, not 4243",
        f"group {gid}, not 4244",
    ]
