# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who owns a file, and who could exchange it.

Whoever may write to a folder can at any moment exchange what lies in it: for another file, for a
link, for a folder of his own. A folder is protected if nobody but root and the user of the task
can do that, on the whole way from the root folder.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass

from ..errors import AtlasError

_LARGEST_ID = (1 << 32) - 2


@dataclass(frozen=True)
class Attributes:
    """Owner, group and mode of a file. Where owner or group is None the file that is replaced has
    its say, if nobody else could have put it there; else they are those of the task's user.

    Numbers stand for themselves: IDs of users and groups that may have no name.
    """

    owner: str | None
    group: str | None
    mode: int

    @property
    def owner_id(self) -> int | None:
        """The number of the owner. Raises `AtlasError` for one that the node does not know."""
        if self.owner is None or _is_number(self.owner):
            return None if self.owner is None else int(self.owner)
        try:
            return pwd.getpwnam(self.owner).pw_uid
        except (KeyError, ValueError):  # no user, or no text that could be a name
            raise AtlasError(
                f"owner: there is no user {self.owner!r} on this node; create it first, or name one"
                " that exists."
            ) from None

    @property
    def group_id(self) -> int | None:
        """The number of the group. Raises `AtlasError` for one that the node does not know."""
        if self.group is None or _is_number(self.group):
            return None if self.group is None else int(self.group)
        try:
            return grp.getgrnam(self.group).gr_gid
        except (KeyError, ValueError):  # no group, or no text that could be a name
            raise AtlasError(
                f"group: there is no group {self.group!r} on this node; create it first, or name"
                " one that exists."
            ) from None

    def differences(self, found: os.stat_result) -> list[str]:
        """Which attributes of a file are not as stated, in words."""
        said = []
        if stat.S_IMODE(found.st_mode) != self.mode:
            said.append(f"mode {stat.S_IMODE(found.st_mode):04o}, not {self.mode:04o}")
        if self.owner_id not in (None, found.st_uid):
            said.append(f"owner {found.st_uid}, not {self.owner}")
        if self.group_id not in (None, found.st_gid):
            said.append(f"group {found.st_gid}, not {self.group}")
        return said


OWN = Attributes(owner=None, group=None, mode=0o600)
"""A file for the task's user only."""


def is_trusted(owner: int) -> bool:
    """Whether it is root or the user of the task."""
    return owner in (0, os.geteuid())


def is_closed(folder: os.stat_result) -> bool:
    """Whether nobody but root and the user of the task can put anything into a folder."""
    if not is_trusted(folder.st_uid) or folder.st_mode & stat.S_IWOTH:
        return False
    return not folder.st_mode & stat.S_IWGRP or _is_private_group(folder.st_gid)


def keeps_own_entries(folder: os.stat_result) -> bool:
    """Whether others may at most add to a folder, and not exchange what is root's or the task's
    user's (the sticky bit, as in /tmp)."""
    return bool(is_trusted(folder.st_uid) and folder.st_mode & stat.S_ISVTX)


def is_open_to_all(folder: os.stat_result) -> bool:
    """Whether everybody can exchange what lies in a folder."""
    return bool(folder.st_mode & stat.S_IWOTH and not folder.st_mode & stat.S_ISVTX)


def _is_private_group(group: int) -> bool:
    """The group of the task's user alone, as many distributions give to each user."""
    try:
        user, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    is_own = found.gr_name == user.pw_name and group == user.pw_gid
    return is_own and set(found.gr_mem) <= {user.pw_name}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= _LARGEST_ID
