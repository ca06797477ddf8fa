# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Work on many things at once, in phases: what was written for all is synced together.

A piece of work is a generator that yields the changes which have to be made before it goes on, in
their order. It reads from top to bottom as if it were alone. All pieces are brought to their next
changes; then all of these are synced, then made, then each folder is synced once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import TypeVar

from ..errors import AtlasError
from .changes import Change
from .folder import Folder

T = TypeVar("T")
Work = Generator[Sequence[Change], None, T]
"""A piece of work; `AtlasError` is raised in it where one of its changes failed."""

MOST_AT_A_TIME = 25
"""Pieces of work whose files are open at a time."""


def in_phases(works: Sequence[Work[T]], failed: Callable[[Exception], T]) -> list[T]:
    """Do all pieces of work; what each of them returned, or what `failed` makes of the exception
    that it ended with."""
    results: list[T] = []
    for start in range(0, len(works), MOST_AT_A_TIME):
        results.extend(_together(works[start : start + MOST_AT_A_TIME], failed))
    return results


def alone(work: Work[T]) -> T:
    """Do one piece of work; what it raises comes out."""
    error: AtlasError | None = None
    while True:
        try:
            changes = work.send(None) if error is None else work.throw(error)
        except StopIteration as end:
            result: T = end.value
            return result
        error = _make([changes])[0]


def _together(works: Sequence[Work[T]], failed: Callable[[Exception], T]) -> list[T]:
    results: dict[int, T] = {}
    errors: dict[int, AtlasError | None] = dict.fromkeys(range(len(works)))
    while errors:
        due: dict[int, Sequence[Change]] = {}
        for position, error in errors.items():
            try:
                due[position] = _advance(works[position], error)
            except StopIteration as end:
                results[position] = end.value
            except Exception as problem:
                results[position] = failed(problem)
        errors = dict(zip(due, _make(list(due.values()))))
    return [results[position] for position in range(len(works))]


def _advance(work: Work[T], error: AtlasError | None) -> Sequence[Change]:
    return work.send(None) if error is None else work.throw(error)


def _make(groups: Sequence[Sequence[Change]]) -> list[AtlasError | None]:
    """Make changes, group by group; for each group why it failed, if it did."""
    try:
        errors = _each(groups, [None] * len(groups), _sync)
        errors = _each(groups, errors, _put)
        return _sync_folders(groups, errors)
    finally:
        for group in groups:
            for change in group:
                change.discard()


def _each(
    groups: Sequence[Sequence[Change]],
    errors: Sequence[AtlasError | None],
    act: Callable[[Iterable[Change]], None],
) -> list[AtlasError | None]:
    return [error or _attempt(act, group) for group, error in zip(groups, errors)]


def _attempt(act: Callable[[Iterable[Change]], None], group: Sequence[Change]) -> AtlasError | None:
    try:
        act(group)
    except AtlasError as error:
        return error
    return None


def _sync(group: Iterable[Change]) -> None:
    for change in group:
        change.sync()


def _put(group: Iterable[Change]) -> None:
    for change in group:
        change.put()


def _sync_folders(
    groups: Sequence[Sequence[Change]], errors: Sequence[AtlasError | None]
) -> list[AtlasError | None]:
    synced: dict[tuple[int, int], AtlasError | None] = {}
    found = list(errors)
    for position, group in enumerate(groups):
        for change in group:
            folder = change.folder
            if folder.identity not in synced:
                synced[folder.identity] = _synced(folder)
            found[position] = found[position] or synced[folder.identity]
    return found


def _synced(folder: Folder) -> AtlasError | None:
    try:
        folder.sync()
    except AtlasError as error:
        return error
    return None
