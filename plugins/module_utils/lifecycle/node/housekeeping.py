# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be cleared away, once the record names it no more."""

from __future__ import annotations

import os

from ..wanted import LINKED, Wanted
from . import files, linked, plain, versions
from .look import standing_layout
from .state import State
from .store import Store


def superseded_key(store: Store, serial: str) -> str:
    """Where the key of a certificate lies that is still to be revoked."""
    return os.path.join(store.superseded, f"{serial}.pem")


def tidy(wanted: Wanted, store: Store, state: State) -> None:
    """Remove what this record does not name and is not live: old keys first of all."""
    if state.attempt is None:
        files.unlink(store.staged_key)
    is_linked = standing_layout(wanted, state) == LINKED
    if not is_linked:
        linked.leave(store, wanted)
    named = state.versions | {linked.live_version(store)}
    versions.prune(store, named, wanted.backups if is_linked else 0)
    plain.prune(store, state.kept_sets)
    queued = {*state.superseded, state.installing.supersedes if state.installing else ""}
    for name in versions.names_in(store.superseded):
        if name.partition(".")[0] not in queued:
            files.unlink(os.path.join(store.superseded, name))
