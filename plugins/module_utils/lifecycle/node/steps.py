# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that run on the node, for all certificates of a task at once."""

from __future__ import annotations

import contextlib
import os.path
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...errors import AtlasError
from ...files.phases import Work, in_phases
from ...files.places import NoFolderError, Places
from ..exchange import Acknowledged, Answer, Inspection, Installed, Prepared, Removed, on_wire
from ..wanted import Wanted
from .disk import Disk
from .glance import glance
from .store import Store, Stores, naming_option

STEPS: Mapping[str, type[Answer]] = {
    "inspect": Inspection,
    "prepare": Prepared,
    "install": Installed,
    "acknowledge": Acknowledged,
    "previous": Acknowledged,
    "prove": Acknowledged,
    "revoked": Acknowledged,
    "remove": Removed,
}
"""The steps, and what each of them answers."""
_READING = ("inspect", "prove")
_CONCLUDING = ("acknowledge", "previous")
"""Steps that have nothing to do where nothing is recorded."""
_FORGIVING = (*_READING, *_CONCLUDING, "remove")
"""Steps that make no folder for records where there is none."""

Perform = Callable[[dict[str, Any], Store, Places], Work[Answer]]


def run(
    step: str, certificates: Sequence[Mapping[str, Any]], secrets: Sequence[str], check_mode: bool
) -> list[dict[str, Any]]:
    """Do one step for each certificate, and answer in plain JSON types.

    Where a passphrase stands, `certificates` has its place in `secrets`.
    """
    if check_mode and step not in (*_READING, "remove"):
        raise AtlasError(f"{step} changes the node, and is never called in check mode.")
    items = [_with_secrets(item, secrets) for item in certificates]
    makes = step not in _FORGIVING
    with Stores(makes=makes) as stores:
        if step == "inspect":
            answers = _inspect_all(items, stores)
        else:
            answers = _perform_all(step, items, stores, check_mode)
    return [on_wire(answer) for answer in answers]


_Identity = tuple[int, int, str]


def _inspect_all(items: Sequence[dict[str, Any]], stores: Stores) -> list[Answer]:
    answers: list[Answer] = []
    claimed: list[list[_Identity]] = []
    for item in items:
        claimed.append([])
        try:
            answers.append(_inspect(item, stores, claimed[-1]))
        except Exception as error:
            answers.append(Inspection.stopped(_said(error)))
    return _without_shared(answers, claimed)


def _inspect(item: dict[str, Any], stores: Stores, claimed: list[_Identity]) -> Inspection:
    wanted = Wanted.from_wire(item["wanted"])
    with Places() as places:
        store = stores.of(wanted, places)
        claimed.extend(_identities(wanted, Disk(store, places, wanted.follow)))
        seen = None if item["with_content"] else glance(wanted, store, places, item["now"])
        if seen is not None:
            return seen
        # The library takes longer to import than all that a glance does.
        from ...pki.library import require_cryptography
        from .inspect import inspect

        require_cryptography()
        return inspect(wanted, store, places, item["now"], item["with_content"])


def _identities(wanted: Wanted, disk: Disk) -> Iterator[_Identity]:
    for target in wanted.targets:
        with contextlib.suppress(NoFolderError), naming_option(target):
            yield disk.place(target.path).identity


def _without_shared(answers: list[Answer], claimed: Sequence[Sequence[_Identity]]) -> list[Answer]:
    """Files that are the same, by whatever paths, would replace each other."""
    counted = Counter(place for places in claimed for place in places)
    return [
        Inspection.stopped(
            "one of its files is also another one of this task, by another path; each certificate,"
            " chain and private key needs a file of its own."
        )
        if any(counted[place] > 1 for place in places)
        else answer
        for answer, places in zip(answers, claimed)
    ]


def _perform_all(
    step: str, items: Sequence[dict[str, Any]], stores: Stores, check_mode: bool
) -> list[Answer]:
    """In the order of their records, so that two calls that lock the same do not wait for each
    other."""
    perform = _performer(step, check_mode)
    records = [_record_of(item, stores) for item in items]
    order = sorted(range(len(items)), key=lambda position: records[position])
    begun: set[str] = set()
    works = [_work(perform, step, items[position], stores, check_mode, begun) for position in order]
    answers = in_phases(works, lambda error: STEPS[step](obstacle=_said(error)))
    by_position = dict(zip(order, answers))
    return [by_position[position] for position in range(len(items))]


def _record_of(item: dict[str, Any], stores: Stores) -> str:
    """The path of a record; what stands in the way of finding it is said by who works with it."""
    with contextlib.suppress(AtlasError), Places() as places:
        return stores.of(Wanted.from_wire(item["wanted"]), places).file
    return ""


def _work(
    perform: Perform,
    step: str,
    item: dict[str, Any],
    stores: Stores,
    check_mode: bool,
    begun: set[str],
) -> Work[Answer]:
    """`begun` are the records that other pieces of work of this call may hold a lock of."""
    with Places() as places:
        store = stores.of(Wanted.from_wire(item["wanted"]), places)
        if store.file in begun:
            raise AtlasError(
                "another certificate of this task is kept in the same files; give each its own."
            )
        begun.add(store.file)
        if step in _CONCLUDING and not store.exists:
            return STEPS[step]()
        # What another run records while files are being removed must not be forgotten with them.
        is_locked = store.can_be_locked if step == "remove" else store.exists
        is_locked = is_locked or step not in _FORGIVING
        with store.locked() if is_locked and not check_mode else contextlib.nullcontext():
            return (yield from perform(item, store, places))


def _performer(step: str, check_mode: bool) -> Perform:
    """What does a step. Only what that takes is imported: it is compiled anew in each call."""
    from ...pki.library import require_cryptography

    require_cryptography()
    if step == "prepare":
        from . import prepare

        return _with_order(prepare, prepare.prepare)
    if step == "install":
        from . import install

        return _with_order(install, install.install)
    if step == "remove":
        from . import remove

        return lambda item, store, places: remove.remove(
            remove.Order.read(item), store, places, check_mode
        )
    from . import acknowledge

    def prove(order: acknowledge.Order, store: Store, places: Places) -> Work[Answer]:
        yield from ()
        return acknowledge.prove_deployed(order, store, places)

    performers = {
        "acknowledge": acknowledge.acknowledge,
        "previous": acknowledge.switch_back,
        "prove": prove,
        "revoked": acknowledge.record_revoked,
    }
    return _with_order(acknowledge, performers[step])


def _with_order(kind: Any, perform: Any) -> Perform:
    return lambda item, store, places: perform(kind.Order.read(item), store, places)


def _with_secrets(item: Mapping[str, Any], secrets: Sequence[str]) -> dict[str, Any]:
    wanted = dict(item["wanted"])
    wanted["targets"] = [
        {**target, "passphrase": _secret(target["passphrase"], secrets)}
        for target in wanted["targets"]
    ]
    return {**item, "wanted": wanted}


def _secret(place: int | None, secrets: Sequence[str]) -> str | None:
    return None if place is None else secrets[place]


def _said(error: Exception) -> str:
    """What goes wrong with one certificate is no reason to forget what was done about others."""
    if isinstance(error, NoFolderError):
        return f"The folder {error.folder} does not exist on the node."
    if isinstance(error, AtlasError):
        return error.message
    where = traceback.extract_tb(error.__traceback__)[-1]
    return (
        "This is a fault of globalsign.atlas, please report it:"
        f" {type(error).__name__} in {os.path.basename(where.filename)}:{where.lineno}, {error}"
    )
