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
import hashlib
import os
from typing import Protocol

from ..errors import AtlasError
from . import extended
from .folder import Folder, UnreadableError, explain
from .ownership import Attributes

_MOST_TRIES = 5
_LONGEST_NAME = 200


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
    that was cut off is found and replaced by the next; and that of no other file."""
    octets = os.fsencode(name)
    if len(octets) > _LONGEST_NAME:
        digest = hashlib.sha256(octets).hexdigest()[:16]
        name = f"{octets[: _LONGEST_NAME - 17].decode('utf-8', 'ignore')}-{digest}"
    return f".{name}.atlas-new"


class Draft:
    """The new content of a file.

    What `attributes` leave open is taken from the file that is replaced, with its label and access
    list, if the folder is protected; else nobody but the user of the task gets access. `label` is
    the SELinux label to give it, if not that of the file that is replaced. `is_raced`: other calls
    may write the same file now, so the draft has a name of its own.
    """

    def __init__(
        self,
        folder: Folder,
        name: str,
        content: bytes,
        attributes: Attributes,
        label: bytes | None = None,
        is_raced: bool = False,
    ) -> None:
        self.folder = folder
        self.name = name
        self._draft = draft_name(f"{name}-{os.urandom(8).hex()}" if is_raced else name)
        self._handle = _create(folder, self._draft)
        try:
            created = os.fstat(self._handle)
            self._identity = (created.st_dev, created.st_ino)
            _write(self._handle, content)
            self._dress(attributes, label, created)
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

    def _dress(self, attributes: Attributes, label: bytes | None, created: os.stat_result) -> None:
        owner, group = attributes.owner_id, attributes.group_id
        replaced = self.folder.stat(self.name) if self.folder.is_protected else None
        if not self.folder.is_protected:
            extended.set_access_list(self._handle, None)
            group = os.getegid() if group is None else group
        elif replaced is not None:
            owner = replaced.st_uid if owner is None else owner
            group = replaced.st_gid if group is None else group
            self._inherit(with_label=label is None)
        if label is not None:
            self._set_label(label)
        self._give(
            os.geteuid() if owner is None else owner,
            created.st_gid if group is None else group,
            created,
        )
        os.fchmod(self._handle, attributes.mode)

    def _give(self, owner: int, group: int, created: os.stat_result) -> None:
        if (owner, group) == (created.st_uid, created.st_gid):
            return  # some file systems know only one owner
        try:
            os.fchown(self._handle, owner, group)
        except OSError as error:
            remedy = "; that takes root: add become: true"
            if os.geteuid() == 0:
                remedy = "; a file system such as NFS (root_squash) keeps an owner of its own"
            raise AtlasError(
                f"{self.path}: cannot be given to the user {owner} and the group {group}:"
                f" {explain(error)}{remedy}."
            ) from None

    def _inherit(self, with_label: bool) -> None:
        """The SELinux label and the access list of the file that is replaced."""
        try:
            replaced = self.folder.open_file(self.name)
        except UnreadableError:
            return
        if replaced is None:
            return
        try:
            label = extended.get(replaced, extended.LABEL)
            if label is not None and with_label:
                self._set_label(label)
            access_list = extended.get(replaced, extended.ACCESS_LIST)
            extended.set_access_list(self._handle, access_list)
        finally:
            os.close(replaced)

    def _set_label(self, label: bytes) -> None:
        try:
            extended.set_label(self._handle, label)
        except OSError as error:
            shown = label.rstrip(b"\0").decode("ascii", "replace")
            raise AtlasError(
                f"{self.path}: cannot be given the SELinux label {shown}: {explain(error)}."
            ) from None

    def sync(self) -> None:
        """Make the content durable."""
        try:
            os.fsync(self._handle)
            self._close()
        except OSError as error:
            self.discard()
            raise AtlasError(f"{self.path}: cannot be written: {explain(error)}.") from None

    def put(self) -> None:
        """Give the draft its name."""
        found = self.folder.stat(self._draft)
        if found is None or (found.st_dev, found.st_ino) != self._identity:
            self._draft = ""  # what lies there now is somebody else's
            raise AtlasError(
                f"{self.path}: cannot be replaced: the new file beside it was removed or exchanged"
                " by somebody else; run the task again."
            )
        _rename(self.folder, self._draft, self.name)
        self._draft = ""

    def discard(self) -> None:
        """Remove the draft, if it is still one."""
        with contextlib.suppress(OSError):
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
        return extended.get(handle, extended.LABEL)
    except OSError as error:
        raise AtlasError(f"{folder.path}: its SELinux label: {explain(error)}.") from None
    finally:
        os.close(handle)


def _create(folder: Folder, draft: str) -> int:
    """A new and empty file, whatever file a call that was cut off, or somebody else, left there.

    A folder is left alone: others could have moved one of root's there.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    path = folder.path_of(draft)
    for _try in range(_MOST_TRIES):
        try:
            return os.open(draft, flags, 0o600, dir_fd=folder.handle)
        except FileExistsError:
            folder.unlink(draft)
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
