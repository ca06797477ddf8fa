# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of a token below a webroot, whose owner is not trusted."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from dataclasses import dataclass

from ..errors import AtlasError
from ..files.changes import Draft, label_of
from ..files.folder import Folder, UnreadableError
from ..files.ownership import Attributes
from ..files.phases import Work, alone
from ..files.places import NoFolderError, open_folder

_URL_PATH = re.compile(r"(/[!-.0-~]+)+")
_FILE_MODE = 0o644
_FOLDER_MODE = 0o755


@dataclass(frozen=True)
class TokenFile:
    """The file of a token below a webroot."""

    webroot: str
    path: str
    content: bytes
    owner: str | None = None
    group: str | None = None

    def require_sense(self) -> None:
        """Refuse what stands for no file."""
        if not os.path.isabs(self.webroot):
            raise AtlasError(
                f"webroot: {self.webroot!r} is not an absolute path; give one such as"
                " '/var/www/html'."
            )
        is_path = _URL_PATH.fullmatch(self.path) and not set("?#") & set(self.path)
        if not is_path or {".", ".."} & set(self._names):
            raise AtlasError(
                f"path: {self.path!r} is not the path of a file in a URL; give one such as"
                " '/.well-known/pki-validation/gsdv.txt'."
            )

    @property
    def file(self) -> str:
        """Where it lies."""
        return os.path.join(self.webroot, self.path[1:])

    @property
    def _names(self) -> list[str]:
        return self.path[1:].split("/")

    def place(self, check_mode: bool) -> bool:
        """Write the file; whether anything was changed, in check mode would be."""
        with contextlib.ExitStack() as opened:
            webroot = self._webroot()
            if webroot is None:
                raise AtlasError(
                    f"webroot: {self.webroot} does not exist on this host; give the folder that the"
                    " web server serves as the root of the name."
                )
            opened.enter_context(webroot)
            attributes = self._attributes(webroot)
            folder, missing = self._way(webroot, opened)
            if not missing:
                self._refuse_folder(folder)
                if self._is_there(folder):
                    return False
            self._require_permission(folder)
            if not check_mode:
                for name in missing:
                    folder = opened.enter_context(_made(folder, name, attributes))
                alone(self._write(folder, attributes))
            return True

    def remove(self, check_mode: bool) -> bool:
        """Remove the file if it is ours; whether it was."""
        with contextlib.ExitStack() as opened:
            webroot = self._webroot()
            if webroot is None:
                return False
            folder, missing = self._way(opened.enter_context(webroot), opened)
            if missing or not self._is_there(folder):
                return False
            self._require_permission(folder)
            if not check_mode:
                folder.unlink(self._names[-1])
                folder.sync()
            return True

    def _webroot(self) -> Folder | None:
        try:
            return open_folder(self.webroot)
        except NoFolderError:
            return None
        except AtlasError as error:
            raise AtlasError(f"webroot: {error.message}") from None

    def _attributes(self, webroot: Folder) -> Attributes:
        """What the file gets; owner and group are looked up now, before anything is written."""
        is_root = os.geteuid() == 0
        owner = self.owner or (str(webroot.owner) if is_root else None)
        group = self.group or (str(webroot.group) if is_root else None)
        attributes = Attributes(owner, group, _FILE_MODE)
        _ids = attributes.owner_id, attributes.group_id
        return attributes

    def _way(self, webroot: Folder, opened: contextlib.ExitStack) -> tuple[Folder, list[str]]:
        """The last folder on the way from the webroot to the file that is there, and the names of
        those that are not."""
        folder, missing = webroot, self._names[:-1]
        while missing:
            _refuse_other_than_folder(folder, missing[0])
            inner = folder.inner(missing[0])
            if inner is None:
                break
            folder = opened.enter_context(inner)
            del missing[0]
        return folder, missing

    def _is_there(self, folder: Folder) -> bool:
        name = self._names[-1]
        found = folder.stat(name)
        if found is None or not stat.S_ISREG(found.st_mode):
            return False
        if found.st_size != len(self.content):
            return False
        try:
            return folder.read(name) == self.content
        except UnreadableError as error:
            raise AtlasError(f"path: {folder.path_of(name)} {error.message}.") from None

    def _refuse_folder(self, folder: Folder) -> None:
        found = folder.stat(self._names[-1])
        if found is not None and stat.S_ISDIR(found.st_mode):
            raise AtlasError(
                f"path: {folder.path_of(self._names[-1])} is a folder, where the file of the token"
                " has to be; move the folder away."
            )

    def _require_permission(self, folder: Folder) -> None:
        if not folder.is_writable():
            raise AtlasError(
                f"path: {self.file} cannot be changed, because the folder {folder.path} is not"
                f" writable for the user {os.geteuid()}; let the task become a user who may write"
                " there."
            )

    def _write(self, folder: Folder, attributes: Attributes) -> Work[None]:
        yield [
            Draft(
                folder,
                self._names[-1],
                self.content,
                attributes,
                label_of(folder),
                is_raced=True,  # several hosts of a play may share the webroot
            )
        ]


def _made(folder: Folder, name: str, attributes: Attributes) -> Folder:
    return folder.make(name, _FOLDER_MODE, attributes.owner_id, attributes.group_id)


def _refuse_other_than_folder(folder: Folder, name: str) -> None:
    """Whoever may write to the webroot is not to choose where this user writes."""
    found, path = folder.stat(name), folder.path_of(name)
    if found is None or stat.S_ISDIR(found.st_mode):
        return
    if stat.S_ISLNK(found.st_mode):
        raise AtlasError(
            f"path: {path} is a symbolic link, and below webroot none is followed; have a folder"
            " there."
        )
    raise AtlasError(
        f"path: {path} is not a folder, and one has to be there; move what it is away."
    )
