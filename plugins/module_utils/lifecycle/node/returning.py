# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Switches that were begun, and are to be finished or undone before anything else."""

from __future__ import annotations

from ...pki import certificates
from ..wanted import Wanted
from .housekeeping import tidy
from .look import Found, layout_named, look
from .state import Held
from .store import Store


def undo_installing(wanted: Wanted, found: Found) -> Found:
    """Undo a switch that was cut off and is not to be finished; its set is held."""
    store, installing = found.store, found.state.installing
    if installing is None:
        return found
    layout_named(installing.layout).switch_back(store, wanted, installing.previous)
    held = Held(installing.version, "it was cut off, and then something else was wanted")
    store.write(store.read().with_(installing=None, held=held))
    return look(wanted)


def finish_returning(wanted: Wanted, store: Store) -> list[str]:
    """Finish a switch back that was begun; the files that were changed."""
    state = store.read()
    if state.returning is None:
        return []
    layout = layout_named(state.returning.layout)
    changed: list[str] = layout.switch_back(store, wanted, state.returning.previous)
    leaf = look(wanted).deployed.certificate
    deployed = certificates.serial_number(leaf) if leaf else ""
    # What is deployed again was not superseded after all.
    queue = [serial for serial in state.superseded if serial != deployed]
    state = store.write(state.with_(returning=None, superseded=queue))
    tidy(wanted, store, state)
    return changed
