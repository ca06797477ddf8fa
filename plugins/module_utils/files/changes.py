# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes of a folder: a file, a link, or neither under a name. Each is one rename or removal.

A file is complete before it gets its name: its draft lies beside it, has the final owner, group,
label and mode before it has a byte that others may not read, and is synced. Attributes of a file
that is there are never changed: who may write to a folder can put another file's hard link there.

`AnsibleModule.atomic_move` is not used: it does not sync, it sets owner and label only after the
rename, and a new file is readable by all until then.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import Protocol

from ..errors import AtlasError
from .folder import Folder, UnreadableError, explain
from .ownership import Attributes

_LABEL, _ACCESS_LIST = "security.selinux", "system.posix_acl_access"
_ABSENT = (errno.ENODATA, errno.ENOTSUP, errno.ENOENT)
_MOST_TRIES = 5


class Change(Protocol):
    """What is to be changed in `folder`: first `sync`, then `put`; `discard` if it comes to
    nothing, and in the end."""

    folder: Folder

    def sync(self) -> None:
        """Make what was written durable."""

    def put(self) -> None:
        """Make the change; the folder is to be synced afterwards."""

    def discard(self) -> None:
        """Leave nothing behind."""


def draft_name(name: str) -> str:
    """What the draft of a file is called. Always the same, so that one which was left by a call
    that was cut off is found and replaced by the next."""
    return f".{name[:200]}.atlas-new"


class Draft:
    """The new content of a file.

    What `attributes` leave open is taken from the file that is replaced, with its label and access
    list, if the folder is protected; else nobody but the user of the task gets access. `label` is
    the SELinux label to give it, if not that of the file that is replaced.
    """

    def __init__(
        self,
        folder: Folder,
        name: str,
        content: bytes,
        attributes: Attributes,
        label: bytes | None = None,
    ) -> None:
        self.folder = folder
        self.name = name
        self._draft = draft_name(name)
        self._handle = _create(folder, self._draft)
        try:
            _write(self._handle, content)
            self._dress(attributes, label)
        except OSError as error:
            self.discard()
            raise AtlasError(f"{self.path}: cannot be written: {explain(error)}.") from None
        except BaseException:
            self.discard()
            raise

    @property
    def path(self) -> str:
        """Where it will be, for messages."""
        return self.folder.path_of(self.name)

    def _dress(self, attributes: Attributes, label: bytes | None) -> None:
        owner, group = attributes.owner_id, attributes.group_id
        if not self.folder.is_protected:
            _remove_access_list(self._handle)
        else:
            replaced = self.folder.stat(self.name)
            if replaced is not None:
                owner = replaced.st_uid if owner is None else owner
                group = replaced.st_gid if group is None else group
                self._inherit()
        if label is not None:
            _set(self._handle, _LABEL, label)
        owner = os.geteuid() if owner is None else owner
        if group is None and not self.folder.is_protected:
            group = os.getegid()
        os.fchown(self._handle, owner, -1 if group is None else group)
        os.fchmod(self._handle, attributes.mode)

    def _inherit(self) -> None:
        """The SELinux label and the access list of the file that is replaced."""
        try:
            replaced = self.folder.open_file(self.name)
        except UnreadableError:
            return
        if replaced is None:
            return
        try:
            for name in (_LABEL, _ACCESS_LIST):
                value = _get(replaced, name)
                if value is not None:
                    _set(self._handle, name, value)
        finally:
            os.close(replaced)

    def sync(self) -> None:
        """Make the content durable."""
        try:
            os.fsync(self._handle)
        except OSError as error:
            raise AtlasError(f"{self.path}: cannot be written: {explain(error)}.") from None
        finally:
            self._close()

    def put(self) -> None:
        """Give the draft its name."""
        _rename(self.folder, self._draft, self.name)
        self._draft = ""

    def discard(self) -> None:
        """Remove the draft, if it is still one."""
        self._close()
        draft, self._draft = self._draft, ""
        if draft:
            with contextlib.suppress(AtlasError):
                self.folder.unlink(draft)

    def _close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


class Link:
    """A symbolic link."""

    def __init__(self, folder: Folder, name: str, text: str) -> None:
        self.folder = folder
        self.name = name
        self._draft = draft_name(name)
        folder.unlink(self._draft)
        try:
            os.symlink(text, self._draft, dir_fd=folder.handle)
        except OSError as error:
            raise AtlasError(
                f"{folder.path_of(name)}: cannot be made a link: {explain(error)}."
            ) from None

    def sync(self) -> None:
        """A link is as durable as the folder it is in."""

    def put(self) -> None:
        """Give the link its name."""
        _rename(self.folder, self._draft, self.name)
        self._draft = ""

    def discard(self) -> None:
        """Remove the link, if it has not got its name."""
        draft, self._draft = self._draft, ""
        if draft:
            with contextlib.suppress(AtlasError):
                self.folder.unlink(draft)


class Removal:
    """Nothing under a name any more."""

    def __init__(self, folder: Folder, name: str) -> None:
        self.folder = folder
        self.name = name

    def sync(self) -> None:
        """There is nothing to be made durable before."""

    def put(self) -> None:
        """Remove what is there."""
        self.folder.unlink(self.name)

    def discard(self) -> None:
        """There is nothing to be left behind."""


def label_of(folder: Folder) -> bytes | None:
    """The SELinux label that new files get in a folder, on the whole: that of the folder; None
    where there are no labels."""
    handle = folder.opened_or_none()
    if handle is None:
        return None
    try:
        return _get(handle, _LABEL)
    finally:
        os.close(handle)


def _create(folder: Folder, draft: str) -> int:
    """A new and empty file, whatever a call that was cut off, or somebody else, left there."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    path = folder.path_of(draft)
    for _try in range(_MOST_TRIES):
        try:
            return os.open(draft, flags, 0o600, dir_fd=folder.handle)
        except FileExistsError:
            folder.remove_tree(draft)
        except OSError as error:
            raise AtlasError(f"{path}: cannot be written: {explain(error)}.") from None
    raise AtlasError(f"{path}: cannot be written: somebody else puts files there all the time.")


def _write(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def _rename(folder: Folder, draft: str, name: str) -> None:
    try:
        os.replace(draft, name, src_dir_fd=folder.handle, dst_dir_fd=folder.handle)
    except OSError as error:
        raise AtlasError(f"{folder.path_of(name)}: cannot be replaced: {explain(error)}.") from None


def _get(handle: int, name: str) -> bytes | None:
    try:
        return os.getxattr(handle, name)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
        return None


def _set(handle: int, name: str, value: bytes) -> None:
    try:
        os.setxattr(handle, name, value)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise


def _remove_access_list(handle: int) -> None:
    """A folder's default list would give the new file to whom it names."""
    try:
        os.removexattr(handle, _ACCESS_LIST)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
