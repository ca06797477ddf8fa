# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where what is recorded of certificates lies: one folder, in which only the task's user and root
can change anything.

<state_dir>/                 0711
  <id>.json                  0600  the record of one certificate, see `record`
  <id>.lock                  0600  one call at a time
  <id>/                      0711  only where there is need of it
    live -> <set>/                 the one switch (layout linked)
    <set>/<file>                   the files of a set, each with its own owner and mode
    backups/<set>/<file>     0700  with `backup: true`

A certificate is known by a file that it is kept in: by its real path, so that the same file has
the same record whatever links the task names it by.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pwd
import re
from collections.abc import Iterator

from ...errors import AtlasError
from ...files import locks
from ...files.changes import Draft
from ...files.closing import Closing
from ...files.folder import Folder, UnreadableError
from ...files.ownership import OWN
from ...files.places import NoFolderError, Places, protected_folder
from ..wanted import Target, Wanted
from .record import Record, read_record

_OF_ROOT = "/var/lib/globalsign-atlas"
_OF_A_USER = ".local/state/globalsign-atlas"
_STATE_MODE = 0o711
_LARGEST_RECORD = 64 * 1024 * 1024
"""More than the sets of it can take, each with files of the largest size that is read."""
LIVE, BACKUPS = "live", "backups"
_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]+")


class Stores(Closing):
    """The folders of records that one call works with, held open until its end."""

    def __init__(self, makes: bool) -> None:
        self._makes = makes
        self._folders: dict[str, Folder | None] = {}

    def close(self) -> None:
        """Give back all folders."""
        for folder in self._folders.values():
            if folder is not None:
                folder.close()

    def of(self, wanted: Wanted, places: Places) -> Store:
        """Where what is recorded of a certificate lies; the first of its files that has a record
        says which."""
        path = wanted.state_dir or default_state_folder()
        if path not in self._folders:
            try:
                self._folders[path] = protected_folder(path, _STATE_MODE if self._makes else None)
            except AtlasError as error:
                raise AtlasError(f"state_dir: {error.message}") from None
        folder = self._folders[path]
        stores: list[Store] = []
        for name in _names(wanted, places):
            stores.append(Store(path, folder, name))
            if stores[-1].exists:
                return stores[-1]
        return stores[0]


@contextlib.contextmanager
def naming_option(target: Target) -> Iterator[None]:
    """Have what is wrong with the way to a file begin with the option that it is given by."""
    try:
        yield
    except NoFolderError:
        raise
    except AtlasError as error:
        raise AtlasError(f"{target.option}: {error.message}") from None


def default_state_folder() -> str:
    """Where records lie if the task does not say so."""
    if os.geteuid() == 0:
        return _OF_ROOT
    try:
        home = pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        raise AtlasError(
            f"state_dir is not set, and the user {os.geteuid()} has no home folder to keep records"
            " in; name a folder of this user's."
        ) from None
    return os.path.join(home, _OF_A_USER)


def _names(wanted: Wanted, places: Places) -> Iterator[str]:
    for target in wanted.targets:
        folder, name = os.path.split(target.path)
        with contextlib.suppress(NoFolderError), naming_option(target):
            folder = places.folder(folder).path
        path = os.path.join(folder, name)
        yield _name(os.path.join(os.path.basename(folder), name), path)
    if not wanted.targets:
        yield _name(wanted.label, wanted.identity)


def _name(shown: str, identity: str) -> str:
    digest = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{_UNUSUAL.sub('-', shown).strip('-.')[-60:] or 'certificate'}-{digest[:16]}"


class Store:
    """What is recorded of one certificate. `path` is that of the folder of all records; `folder`
    is None if it does not exist yet."""

    def __init__(self, path: str, folder: Folder | None, name: str) -> None:
        self.path = path
        self.name = name
        self._folder = folder

    @property
    def folder(self) -> Folder:
        """The folder of all records."""
        if self._folder is None:
            raise AtlasError(f"{self.path} does not exist.")
        return self._folder

    @property
    def file(self) -> str:
        """The path of the record, for messages."""
        return os.path.join(self.path, f"{self.name}.json")

    @property
    def live(self) -> str:
        """The path of the one link that is switched in the layout linked."""
        return os.path.join(self.folder.path, self.name, LIVE)

    @property
    def can_be_locked(self) -> bool:
        """Whether there is a folder for records, in which others may record something."""
        return self._folder is not None

    @property
    def exists(self) -> bool:
        """Whether anything is recorded."""
        return self._folder is not None and self._folder.stat(f"{self.name}.json") is not None

    def read(self) -> Record:
        """What is recorded; nothing is if there is no record."""
        if self._folder is None:
            return Record()
        try:
            content = self._folder.read(f"{self.name}.json", _LARGEST_RECORD)
            return Record() if content is None else read_record(json.loads(content))
        except UnreadableError as error:
            raise AtlasError(f"{self.file} {error.message}.") from None
        except (ValueError, AtlasError) as error:
            said = error.message if isinstance(error, AtlasError) else "is damaged"
            raise AtlasError(
                f"{self.file} {said}. It records which certificates were requested, and holds their"
                " keys; look at it, and move it away if nothing in it is needed."
            ) from None

    def draft(self, record: Record) -> Draft:
        """The record, to be replaced."""
        text = json.dumps(record.document(), separators=(",", ":"), default=vars)
        return Draft(self.folder, f"{self.name}.json", text.encode("utf-8"), OWN)

    def sets(self) -> Folder:
        """The folder for the files of sets, which is made if need be."""
        return self.folder.make(self.name, _STATE_MODE)

    def sets_if_any(self) -> Folder | None:
        """The folder for the files of sets, if there is one."""
        return self._folder.inner(self.name) if self._folder is not None else None

    def tidy(self, record: Record) -> None:
        """Remove the folders of sets that are not named, and the link if no path leads through
        it."""
        sets = self.sets_if_any()
        if sets is None:
            return
        with sets:
            for name in _superfluous(sets, record):
                sets.remove_tree(name)
            is_empty = not sets.names()
        if is_empty:
            self.folder.remove_tree(self.name)

    def is_untidy(self, record: Record) -> bool:
        """Whether there is something that `tidy` would remove."""
        sets = self.sets_if_any()
        if sets is None:
            return False
        with sets:
            return bool(_superfluous(sets, record))

    def forget(self) -> None:
        """Remove all that is recorded, the record last: without it nobody would find the rest.

        The lock stays until it is let go: whoever came meanwhile would hold another one.
        """
        self.folder.remove_tree(self.name)
        self.folder.unlink(f"{self.name}.json")
        self.folder.sync()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other calls out; the lock goes again if nothing was recorded after all."""
        lock = f"{self.name}.lock"
        with locks.locked(self.folder, lock):
            try:
                yield
            finally:
                if not self.exists:
                    self.folder.unlink(lock)


def _superfluous(sets: Folder, record: Record) -> list[str]:
    """What lies in the folder of sets and is of no use."""
    kept = {BACKUPS}
    if record.is_linked:
        kept.update((LIVE, sets.link_text(LIVE) or "", *record.sets))
    return sorted(set(sets.names()) - kept)
