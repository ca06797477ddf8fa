# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files on the node: reading, writing by rename, owner and mode.

`AnsibleModule.atomic_move` is not used: it does not sync, it sets owner and label only after the
rename, and a new file is readable by all until then.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import secrets
import stat
from dataclasses import dataclass

from ...errors import AtlasError

LARGEST_FILE = 1024 * 1024
_LABELS = ("security.selinux", "system.posix_acl_access")


@dataclass(frozen=True)
class Attributes:
    """Owner, group and mode of a file; None keeps what the replaced file has.

    Numbers stand for themselves: IDs of users and groups that may have no name.
    """

    owner: str | None
    group: str | None
    mode: int


def read(path: str) -> bytes | None:
    """The content of a file; None if there is none. Other obstacles are errors."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise AtlasError(f"cannot be read: {explain(error)}") from None
    if len(content) > LARGEST_FILE:
        raise AtlasError(f"is larger than {LARGEST_FILE} bytes")
    return content


def read_named(path: str) -> bytes | None:
    """As `read`, its errors with the path in front."""
    try:
        return read(path)
    except AtlasError as error:
        raise AtlasError(f"{path}: {error.message}.") from None


def unlink(path: str) -> None:
    """Remove a file, if it is there, and make that durable."""
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise AtlasError(f"{path}: cannot be removed: {explain(error)}.") from None
    sync_folder(os.path.dirname(path))


def explain(error: OSError) -> str:
    """What the system said, without the path."""
    return (error.strerror or str(error)).lower()


def differing_attributes(path: str, attributes: Attributes) -> list[str]:
    """Which attributes of an existing file are not as stated, in words."""
    found = os.stat(path)
    owner, group = _user_id(attributes.owner), _group_id(attributes.group)
    differences = []
    if stat.S_IMODE(found.st_mode) != attributes.mode:
        differences.append(f"mode {stat.S_IMODE(found.st_mode):04o}, not {attributes.mode:04o}")
    if owner not in (-1, found.st_uid):
        differences.append(f"owner {found.st_uid}, not {attributes.owner}")
    if group not in (-1, found.st_gid):
        differences.append(f"group {found.st_gid}, not {attributes.group}")
    return differences


def set_attributes(path: str, attributes: Attributes) -> None:
    """Give an existing file the attributes that were stated."""
    try:
        os.chown(path, _user_id(attributes.owner), _group_id(attributes.group))
        os.chmod(path, attributes.mode)
    except OSError as error:
        raise AtlasError(f"{path}: owner and mode cannot be set: {explain(error)}.") from None


class Replacement:
    """The new content of a file, safely on disk beside it, until it takes its place.

    The temporary file has the final owner, group, label and mode before it has a byte of content
    that others may not read: it is made 0600, and the mode comes last. A symbolic link is
    followed once: its target is replaced and the link is kept, unless `follow` is off. What is not
    stated is taken from `like`, by default the file that is replaced.
    """

    def __init__(
        self,
        path: str,
        content: bytes,
        attributes: Attributes,
        *,
        follow: bool = True,
        like: str | None = None,
    ) -> None:
        self.path = path
        self._target = os.path.realpath(path) if follow else path
        self._like = like or self._target
        folder, name = os.path.split(self._target)
        self._folder = folder
        self._temporary = os.path.join(folder, f".{name[:200]}.atlas-{secrets.token_hex(8)}")
        try:
            self._write(content, attributes)
        except OSError as error:
            self.discard()
            raise AtlasError(f"{path}: cannot be written: {explain(error)}.") from None
        except BaseException:
            self.discard()
            raise

    def _write(self, content: bytes, attributes: Attributes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._temporary, flags, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            self._inherit(descriptor)
            os.fchown(descriptor, *self._ownership(attributes))
            os.fchmod(descriptor, attributes.mode)
            os.fsync(descriptor)

    def _ownership(self, attributes: Attributes) -> tuple[int, int]:
        owner, group = _user_id(attributes.owner), _group_id(attributes.group)
        with contextlib.suppress(FileNotFoundError):
            replaced = os.stat(self._like)
            owner = replaced.st_uid if owner == -1 else owner
            group = replaced.st_gid if group == -1 else group
        return owner, group

    def _inherit(self, descriptor: int) -> None:
        """Copy the SELinux label and the access list of the file that will be replaced."""
        for label in _LABELS:
            try:
                os.setxattr(descriptor, label, os.getxattr(self._like, label))
            except OSError as error:
                if error.errno not in (errno.ENODATA, errno.ENOTSUP, errno.ENOENT):
                    raise

    def put_in_place(self) -> None:
        """Rename over the target, and make the rename durable."""
        try:
            os.replace(self._temporary, self._target)
            sync_folder(self._folder)
        except OSError as error:
            raise AtlasError(f"{self.path}: cannot be replaced: {explain(error)}.") from None

    def discard(self) -> None:
        """Remove the temporary file, if it is still there."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._temporary)


def sync_folder(folder: str) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _user_id(owner: str | None) -> int:
    if owner is None:
        return -1
    try:
        return int(owner) if owner.isdigit() else pwd.getpwnam(owner).pw_uid
    except KeyError:
        raise AtlasError(
            f"owner: there is no user {owner!r} on this node; create it first, or name one that"
            " exists."
        ) from None


def _group_id(group: str | None) -> int:
    if group is None:
        return -1
    try:
        return int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
    except KeyError:
        raise AtlasError(
            f"group: there is no group {group!r} on this node; create it first, or name one that"
            " exists."
        ) from None
