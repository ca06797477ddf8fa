# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of one certificate where they are now: what lies at each path, and where a new file
would land."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from ...errors import AtlasError
from ...files.folder import Folder, FoundFile, UnreadableError
from ...files.ownership import Attributes
from ...files.places import NoFolderError, Place, Places
from ..wanted import Target
from .record import SetFile
from .store import Store


class Disk:
    """What lies at the paths of one certificate.

    Links of the user are followed, if the task says so and nobody else could have made them; links
    of the layout `linked` are what lies there, with the content that they lead to.
    """

    def __init__(self, store: Store, places: Places, follow: bool) -> None:
        self._store = store
        self._places = places
        self._follow = follow
        self._places_of: dict[str, Place] = {}

    def place(self, path: str) -> Place:
        """Where a new file for this path lands. Raises `NoFolderError` where there is no folder,
        `AtlasError` where the way leads over a link that others could have made."""
        if path not in self._places_of:
            place = self._places.of(path)
            if self._follow:
                place = self._places.followed(place, self._is_own)
            self._places_of[path] = place
        return self._places_of[path]

    def places_on_the_way(self, path: str) -> list[Place]:
        """All that stands for a path: the file, and the link of the user's that leads to it."""
        try:
            place, itself = self.place(path), self._places.of(path)
        except NoFolderError:
            return []
        return [place] if place.identity == itself.identity else [place, itself]

    def link(self, path: str) -> str | None:
        """The name that a link of the layout `linked` leads to; None if it is no such link."""
        try:
            return self._own_name(self.place(path))
        except NoFolderError:
            return None

    def is_unfollowed(self, path: str) -> bool:
        """Whether there is a link that the user made and the task does not follow."""
        place = self._places.of(path)
        is_link = place.folder.link_text(place.name) is not None
        return is_link and not self._follow and not self._is_own(place)

    def read(self, path: str) -> bytes | None:
        """The content that is found at a path; None if there is nothing, an `UnreadableError` for
        what is no file."""
        found = self.find(path)
        return found.content if found else None

    def find(self, path: str) -> FoundFile | None:
        """As `read`, with whose the file is."""
        with self._located(path) as at:
            return at[0].find(at[1]) if at else None

    def find_named(self, path: str) -> FoundFile | None:
        """As `find`; what it raises is a sentence with the path."""
        try:
            return self.find(path)
        except UnreadableError as error:
            raise AtlasError(f"{path} {error.message}.") from None

    def stat(self, path: str) -> os.stat_result | None:
        """Owner, group and mode of what is found at a path; None if there is nothing."""
        with self._located(path) as at:
            return at[0].stat(at[1]) if at else None

    @contextlib.contextmanager
    def _located(self, path: str) -> Iterator[tuple[Folder, str] | None]:
        """The folder and the name of what is found at a path, and be it through a link of ours."""
        try:
            place = self.place(path)
        except NoFolderError:
            yield None
            return
        name = self._own_name(place)
        if name is None:
            yield place.folder, place.name
            return
        with self._live() or contextlib.nullcontext() as live:
            yield (live, name) if live else None

    def is_protected(self, path: str) -> bool:
        """Whether nobody but root and the user of the task could have put there what is found at a
        path."""
        try:
            return self.place(path).folder.is_protected
        except NoFolderError:
            return False

    def exists(self, path: str) -> bool:
        """Whether there is anything at a path, and be it a link that leads to nothing."""
        try:
            place = self.place(path)
        except NoFolderError:
            return False
        return place.folder.stat(place.name) is not None

    def is_as(self, path: str, file: SetFile) -> bool:
        """Whether what is found at a path is this file, with its owner, group and mode."""
        if not file.is_there:
            return not self.exists(path)
        try:
            found = self.find(path)
        except UnreadableError:
            return False
        if found is None or found.content != file.octets:
            return False
        return not attributes_of_file(file).differences(found.status)

    def _is_own(self, place: Place) -> bool:
        return self._own_name(place) is not None

    def _own_name(self, place: Place) -> str | None:
        text = place.folder.link_text(place.name)
        if text is None or not self._store.exists:
            return None
        folder, name = os.path.split(os.path.normpath(os.path.join(place.folder.path, text)))
        return name if folder == self._store.live else None

    def _live(self) -> Folder | None:
        sets = self._store.sets_if_any()
        if sets is None:
            return None
        with sets:
            name = sets.link_text("live")
            return sets.inner(name) if name and "/" not in name else None


def attributes_of(target: Target) -> Attributes:
    """Owner, group and mode that a task states."""
    return Attributes(target.owner, target.group, target.mode)


def attributes_of_file(file: SetFile) -> Attributes:
    """Owner, group and mode that a set has for a file."""
    return Attributes(
        None if file.owner is None else str(file.owner),
        None if file.group is None else str(file.group),
        file.mode,
    )
