# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remove a certificate's files, and what is recorded of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from ...errors import AtlasError
from ..exchange import Removed
from ..wanted import Target, Wanted
from . import files
from .plain import attributes_of, is_own_link, place_of
from .store import Store
from .targets import Reserve


@dataclass(frozen=True)
class Order:
    """What is to go; private keys only with `removes_key`."""

    wanted: Wanted
    removes_key: bool

    @classmethod
    def read(cls, item: dict[str, Any]) -> Order:
        """From plain JSON types."""
        return cls(Wanted.from_wire(item["wanted"]), item["removes_key"])


def remove(order: Order, check_mode: bool) -> Removed:
    """Remove, or in check mode tell what would be removed. Nothing is revoked."""
    wanted, store = order.wanted, Store.of(order.wanted.records)
    going = [
        target.path
        for target in wanted.targets
        if os.path.lexists(target.path) and (order.removes_key or not target.holds_key)
    ]
    try:
        store.refuse_foreign_folders()
        notices = _notices(store)
        is_recorded = os.path.lexists(store.folder)
        if is_recorded:
            going.append(store.folder)
        if not check_mode:
            _remove(order, store, is_recorded)
    except AtlasError as error:
        return Removed(obstacle=error.message)
    return Removed(removed_files=going, notices=notices)


def _notices(store: Store) -> list[str]:
    attempt = store.read().attempt
    if attempt is None:
        return []
    return [
        "A request was begun and its outcome is not known; Atlas may have issued a certificate for"
        f" it that ends at {attempt.not_after} (UNIX seconds) and that nobody uses now."
    ]


def _remove(order: Order, store: Store, is_recorded: bool) -> None:
    for target in order.wanted.targets:
        if target.holds_key and not order.removes_key:
            _make_plain(store, target)
        else:
            _unlink(store, target.path, order.wanted.follow)
    Reserve(order.wanted, store).release()
    if is_recorded:
        with store.locked():
            store.remove()


def _unlink(store: Store, path: str, follow: bool) -> None:
    """A file, and the link that led to it."""
    if follow and os.path.islink(path) and not is_own_link(store, path):
        files.unlink(place_of(store, path))
    files.unlink(path)


def _make_plain(store: Store, target: Target) -> None:
    """A link into what is going to be removed becomes the file that it leads to."""
    if not is_own_link(store, target.path):
        return
    content = files.read_named(target.path)
    if content is None:
        files.unlink(target.path)
        return
    attributes = attributes_of(target)
    like = os.path.realpath(target.path)
    files.Replacement(target.path, content, attributes, follow=False, like=like).put_in_place()
