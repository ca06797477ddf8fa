# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The staged key: a new private key that waits on the node for its certificate.

It lies in `<folder of the certificate>/.atlas/<name>/private/key.pem`, so that it survives a run
that is cut off, on the same disk as what it is for.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat

from ...errors import AtlasError
from ...pki import keys
from ..wanted import Wanted
from . import files

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_KEY_FILE = "key.pem"


class StagingArea:
    """Where the staged key of one wanted certificate lies."""

    def __init__(self, wanted: Wanted) -> None:
        folder, name = os.path.split(wanted.label)
        if not _PLAIN_NAME.fullmatch(name):
            name = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
        self._folders = [
            (os.path.join(folder, ".atlas"), 0o711),
            (os.path.join(folder, ".atlas", name), 0o711),
            (os.path.join(folder, ".atlas", name, "private"), 0o700),
        ]
        self.key_path = os.path.join(folder, ".atlas", name, "private", _KEY_FILE)

    def stage(self, kind: keys.KeyKind) -> keys.PrivateKey:
        """The key of an attempt that was cut off, if it is of this kind; else a new one.

        It is durably on disk when this returns.
        """
        key = self.staged_key()
        if key is not None and keys.kind_of(key.public_key()) == kind:
            return key
        key = keys.generate(kind)
        self._make_folders()
        attributes = files.Attributes(owner=None, group=None, mode=0o600)
        files.Replacement(self.key_path, keys.private_key_pem(key), attributes).put_in_place()
        return key

    def staged_key(self) -> keys.PrivateKey | None:
        """The staged key; None if there is none that can be used."""
        try:
            self._refuse_foreign_folders()
            content = files.read(self.key_path)
            return None if content is None else keys.load_private_key(content)
        except AtlasError:
            return None

    def clear(self) -> None:
        """Remove the staged key, and the folders that are empty then."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(self.key_path)
        self.remove_empty_folders()

    def remove_empty_folders(self) -> None:
        """Remove the folders, unless there is something in them."""
        for path, _mode in reversed(self._folders):
            with contextlib.suppress(OSError):
                os.rmdir(path)

    def _make_folders(self) -> None:
        for path, mode in self._folders:
            try:
                os.mkdir(path, mode)
                os.chmod(path, mode)  # the umask had its say in mkdir
                files.sync_folder(os.path.dirname(path))
            except FileExistsError:
                pass
            except OSError as error:
                raise AtlasError(f"{path}: cannot be created: {files.explain(error)}.") from None
        self._refuse_foreign_folders()

    def _refuse_foreign_folders(self) -> None:
        """A key must not be written where another user could have put a link or a folder."""
        for path, _mode in self._folders:
            try:
                found = os.lstat(path)
            except FileNotFoundError:
                return
            except OSError as error:
                raise AtlasError(f"{path}: {files.explain(error)}.") from None
            writable = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or writable:
                raise AtlasError(
                    f"{path} is not a folder of this user that only it can write to; the private"
                    " key would not be safe there. Look at it, and remove it."
                )
