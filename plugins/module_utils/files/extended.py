# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Extended attributes of an open file or folder: its SELinux label and its access list."""

from __future__ import annotations

import errno
import os

LABEL, ACCESS_LIST = "security.selinux", "system.posix_acl_access"
_ABSENT = (errno.ENODATA, errno.ENOTSUP, errno.ENOSYS)


def get(handle: int, name: str) -> bytes | None:
    """An attribute; None if there is none, or the file system or the platform has none."""
    if not hasattr(os, "getxattr"):
        return None
    try:
        return os.getxattr(handle, name)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
        return None


def set_access_list(handle: int, value: bytes | None) -> None:
    """Give a file this access list, or none. A new file has one if its folder has a default."""
    if get(handle, ACCESS_LIST) == value:
        return
    if value is None:
        os.removexattr(handle, ACCESS_LIST)
    else:
        os.setxattr(handle, ACCESS_LIST, value)


def set_label(handle: int, value: bytes) -> None:
    """Give a new file this label. If its type and level are the same already it stays as it is:
    who was named as the user of it has no say in what may be done, and to set a label takes rights
    that a process in a container does not have."""
    found = get(handle, LABEL)
    if found is not None and _type_and_level(found) != _type_and_level(value):
        os.setxattr(handle, LABEL, value)


def _type_and_level(label: bytes) -> list[bytes]:
    return label.rstrip(b"\0").split(b":")[2:]
