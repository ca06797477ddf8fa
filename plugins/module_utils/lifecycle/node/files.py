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
import shutil
import stat
from dataclasses import dataclass

from ...errors import AtlasError

LARGEST_FILE = 1024 * 1024
_LARGEST_ID = (1 << 32) - 2
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_LINKS = 40
_LABELS = ("security.selinux", "system.posix_acl_access")


@dataclass(frozen=True)
class Attributes:
    """Owner, group and mode of a file; None keeps what the replaced file has.

    Numbers stand for themselves: IDs of users and groups that may have no name.
    """

    owner: str | None
    group: str | None
    mode: int


class UnreadableError(AtlasError):
    """A file that is there and cannot be read: what is in it nobody knows."""


def read(path: str) -> bytes | None:
    """The content of a file; None if there is none. Other obstacles are an `UnreadableError`."""
    try:
        # Whoever opens a named pipe would wait for somebody to write to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreadableError("is not a regular file")
            content = file.read(LARGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        raise UnreadableError("is a folder; give the path of a file") from None
    except OSError as error:
        raise UnreadableError(f"cannot be read: {explain(error)}") from None
    if len(content) > LARGEST_FILE:
        raise UnreadableError(f"is larger than {LARGEST_FILE} bytes")
    return content


def read_named(path: str) -> bytes | None:
    """As `read`, its errors with the path in front."""
    try:
        return read(path)
    except UnreadableError as error:
        raise UnreadableError(f"{path}: {error.message}.") from None


def unlink(path: str) -> None:
    """Remove a file or a link, if it is there, and make that durable."""
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise AtlasError(f"{path}: cannot be removed: {explain(error)}.") from None
    sync_folder(os.path.dirname(path))


def remove_tree(path: str) -> None:
    """Remove a folder with all that is in it, if it is there."""
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise AtlasError(f"{path}: cannot be removed: {explain(error)}.") from None


def real_path(path: str, follow: bool = True) -> str:
    """The path without symbolic links, the last one followed or not.

    Raises `AtlasError` for a link that another user made: who runs as root must not be led by it to
    a file that its owner could not write.
    """
    folder, name = os.path.split(path)
    walked = "/"
    parts = [part for part in folder.split("/") if part] + ([name] if follow else [])
    links = 0
    while parts:
        part = parts.pop(0)
        if part in ("", "."):
            continue
        walked = os.path.dirname(walked) if part == ".." else os.path.join(walked, part)
        if not os.path.islink(walked):
            continue
        _refuse_link_of_others(walked)
        links += 1
        if links > _MOST_LINKS:
            raise AtlasError(f"{path}: too many symbolic links lead there and on; mend them.")
        target = os.readlink(walked)
        parts = [*target.split("/"), *parts]
        walked = "/" if target.startswith("/") else os.path.dirname(walked)
    return walked if follow else os.path.join(walked, name)


def _refuse_link_of_others(link: str) -> None:
    owner = os.lstat(link).st_uid
    if owner not in (0, os.geteuid()):
        raise AtlasError(
            f"{link} is a symbolic link that belongs to the user {owner}, who could have it lead to"
            " any file; give the path that it leads to, or have the link belong to root."
        )


def open_folder(real: str) -> int:
    """Open a folder by its path without links, so that it cannot be exchanged for a link."""
    descriptor = os.open("/", _FOLDER)
    try:
        for part in real.split("/"):
            if part:
                inner = os.open(part, _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def explain(error: OSError) -> str:
    """What the system said, without the path."""
    return (error.strerror or str(error)).lower()


def attributes_found(path: str) -> Attributes:
    """Those that a file has."""
    found = os.stat(path)
    return Attributes(str(found.st_uid), str(found.st_gid), stat.S_IMODE(found.st_mode))


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
    ownership = _user_id(attributes.owner), _group_id(attributes.group)
    real = real_path(path)
    try:
        folder = open_folder(os.path.dirname(real))
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(os.path.basename(real), flags, dir_fd=folder)
        finally:
            os.close(folder)
        try:
            os.fchown(descriptor, *ownership)
            os.fchmod(descriptor, attributes.mode)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise AtlasError(f"{path}: owner and mode cannot be set: {explain(error)}.") from None


class Replacement:
    """The new content of a file, safely on disk beside it, until it takes its place.

    The temporary file has the final owner, group, label and mode before it has a byte of content
    that others may not read: it is made 0600, and the mode comes last. A symbolic link is
    followed once: its target is replaced and the link is kept, unless `follow` is off. What is not
    stated is taken from `like`, by default the file that is replaced. All is done relative to the
    folder as it was opened, so that nobody can exchange it for a link meanwhile.
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
        target = real_path(path, follow)
        self._like = like or target
        folder, self._name = os.path.split(target)
        self._temporary = f".{self._name[:200]}.atlas-{secrets.token_hex(8)}"
        self._folder: int | None = None
        try:
            self._folder = open_folder(folder)
            self._write(content, attributes)
        except OSError as error:
            self.discard()
            raise AtlasError(f"{path}: cannot be written: {explain(error)}.") from None
        except BaseException:
            self.discard()
            raise

    def _write(self, content: bytes, attributes: Attributes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(self._temporary, flags, 0o600, dir_fd=self._folder)
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
        folder = self._folder
        try:
            os.replace(self._temporary, self._name, src_dir_fd=folder, dst_dir_fd=folder)
            sync_folder(".", folder)
        except OSError as error:
            raise AtlasError(f"{self.path}: cannot be replaced: {explain(error)}.") from None
        finally:
            self.discard()

    def discard(self) -> None:
        """Remove the temporary file, if it is still there."""
        folder, self._folder = self._folder, None
        if folder is None:
            return
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._temporary, dir_fd=folder)
        finally:
            os.close(folder)


def sync_folder(folder: str, inside: int | None = None) -> None:
    """Make the names in a folder durable; its path is relative to `inside`, if that is given."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    descriptor = os.open(folder, flags, dir_fd=inside)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) <= _LARGEST_ID


def _user_id(owner: str | None) -> int:
    if owner is None:
        return -1
    try:
        return int(owner) if _is_number(owner) else pwd.getpwnam(owner).pw_uid
    except KeyError:
        raise AtlasError(
            f"owner: there is no user {owner!r} on this node; create it first, or name one that"
            " exists."
        ) from None


def _group_id(group: str | None) -> int:
    if group is None:
        return -1
    try:
        return int(group) if _is_number(group) else grp.getgrnam(group).gr_gid
    except KeyError:
        raise AtlasError(
            f"group: there is no group {group!r} on this node; create it first, or name one that"
            " exists."
        ) from None
