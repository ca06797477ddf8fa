# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put what was issued in place as one, mend what is there, or close an attempt."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ... import commands
from ...errors import AtlasError
from ...pki import certificates, chains, keys
from ...pki.library import x509
from ..exchange import Installed
from ..fact_reading import facts_of
from ..reasons import orphan_notice
from ..wanted import LINKED, Wanted
from . import files, linked, plain, versions
from .housekeeping import superseded_key, tidy
from .inspect import pending_version
from .look import Found, layout_named, look, standing_layout
from .material import Material, content_of
from .prepare import EXTERNAL
from .returning import finish_returning, undo_installing
from .state import Attempt, Held, Installing, State
from .store import Store
from .targets import Reserve, remove_strays

INSTALL, RESUME, MEND = "install", "resume", "mend"
CLOSE, PENDING, UNKNOWN = "close", "pending", "unknown"
_VALIDATION_SECONDS = 120
_LONGEST_OUTPUT = 500


@dataclass(frozen=True)
class Order:
    """What the controller asks for. `certificate` and `chain` are PEM, `now` in UNIX seconds.

    `run` is whose lease it acts under; `wish` is what the certificate was asked for with.
    """

    wanted: Wanted
    action: str
    run: str
    attempt_id: str
    now: int
    certificate: str
    chain: list[str]
    serial: str
    failure: str
    with_content: bool

    @classmethod
    def read(cls, item: dict[str, Any]) -> Order:
        """From plain JSON types."""
        members = {name: value for name, value in item.items() if name != "wanted"}
        return cls(wanted=Wanted.from_wire(item["wanted"]), **members)


def install(order: Order) -> Installed:
    """Do what is ordered; what goes wrong is said in the answer."""
    store = Store.of(order.wanted.records)
    try:
        with store.locked():
            remove_strays(order.wanted, store)
            finish_returning(order.wanted, store)
            found = look(order.wanted)
            if order.action == MEND:
                return Installed(changed_files=_mend(order, found))
            if order.action == RESUME:
                return _resume(order, found)
            try:
                return _finish(order, found)
            except AtlasError as error:
                _release(order, store, error.message)
                raise
    except AtlasError as error:
        return Installed(obstacle=error.message)
    finally:
        if order.action != MEND:
            Reserve(order.wanted, store).release()


def _release(order: Order, store: Store, failure: str) -> None:
    """End the lease of this run. What was issued is found again by the next."""
    state = store.read()
    attempt = state.attempt
    if attempt and attempt.lease and attempt.lease.run == order.run:
        with contextlib.suppress(AtlasError):  # a full disk, most likely: then the lease runs out
            noted = replace(attempt, lease=None, touched=order.now, failure=failure)
            store.write(state.with_(attempt=noted))


def _finish(order: Order, found: Found) -> Installed:
    """The outcome of an attempt: only by the run that holds it."""
    store, state = found.store, found.state
    attempt = state.attempt
    if attempt is None or attempt.attempt_id != order.attempt_id:
        raise AtlasError(
            "another run took over meanwhile; nothing was replaced. Run the task again to see what"
            " it did."
        )
    if attempt.lease and attempt.lease.run != order.run:
        raise AtlasError(
            f"the run {attempt.lease.run} on {attempt.lease.controller} took over meanwhile;"
            " nothing was replaced."
        )
    if order.action == INSTALL:
        return _install(order, found, attempt)
    if order.action == CLOSE:
        _close(store, state, attempt)
        return Installed()
    noted = replace(
        attempt,
        lease=None,
        touched=order.now,
        serial=order.serial or attempt.serial,
        failure=order.failure,
    )
    store.write(state.with_(attempt=noted))
    return Installed()


def _close(store: Store, state: State, attempt: Attempt) -> None:
    """Forget an attempt that came to nothing, and all records if there are no others."""
    state = store.write(state.with_(attempt=None))
    if attempt.key != EXTERNAL:
        files.unlink(store.staged_key)
    if state == State():
        store.remove()


def _install(order: Order, found: Found, attempt: Attempt) -> Installed:
    store = found.store
    material = _new_material(order, store, attempt)
    Reserve(order.wanted, store).release()
    version = _publish(order.wanted, store, material, attempt.wish)
    found, installing = _kept(order.wanted, found, material, version)
    # From here on the set is durable and found without the service, so the attempt is over.
    aside = _left_aside(found.state)
    orphans = [*found.state.orphans, *aside]
    state = store.write(
        found.state.with_(attempt=None, installing=installing, held=None, orphans=orphans)
    )
    if attempt.key != EXTERNAL:
        files.unlink(store.staged_key)
    installed = _switch(order, replace(found, state=state), material, installing)
    return replace(installed, notices=list(map(orphan_notice, aside)))


def _kept(
    wanted: Wanted, found: Found, material: Material, version: str
) -> tuple[Found, Installing]:
    """Keep what is there, to switch back to, before a set is put in place.

    Where the switch to another set was cut off, what was there before that is kept already; but
    not of files that the task did not name then.
    """
    begun, paths = found.state.installing, {target.path for target in wanted.targets}
    is_kept = begun and paths <= set(versions.paths_of(found.store, begun.version))
    if begun and is_kept and begun.layout == wanted.layout:
        return found, replace(begun, version=version)
    found = undo_installing(wanted, found)
    deployed = found.deployed.certificate
    serial = certificates.serial_number(deployed) if deployed else ""
    previous = layout_named(wanted.layout).keep(found.store, wanted, version, serial)
    superseded = _superseded(wanted, found, material)
    return found, Installing(version, previous, wanted.layout, superseded)


def _left_aside(state: State) -> list[str]:
    """The serial numbers of complete sets that another one takes the place of."""
    sets = [
        state.installing.version if state.installing else "",
        state.held.version if state.held else "",
    ]
    return [versions.serial_of(version) for version in sets if version]


def _new_material(order: Order, store: Store, attempt: Attempt) -> Material:
    leaf = certificates.load_certificates(order.certificate.encode("ascii", "replace"))[0]
    serial = certificates.serial_number(leaf)
    key = None
    if attempt.key != EXTERNAL:
        content = files.read_named(store.staged_key)
        key = keys.load_private_key(content) if content else None
        if key is None or _digest(key) != certificates.public_key_digest(leaf):
            raise AtlasError(
                f"the staged key in {store.staged_key} is gone or is not the key of the certificate"
                f" with the serial number {serial}; nothing was replaced."
            )
    issuers, root = _issuers(leaf, order.chain)
    if issuers is None:
        raise AtlasError(
            f"the certificate with the serial number {serial} was not signed by an issuer of the"
            " trust chain; nothing was replaced."
        )
    return Material(leaf, issuers, root, key)


def _issuers(
    leaf: x509.Certificate, chain: Sequence[str]
) -> tuple[tuple[x509.Certificate, ...] | None, x509.Certificate | None]:
    pem = "\n".join(chain).encode("ascii", "replace")
    candidates = certificates.load_certificates(pem) if chain else ()
    return chains.split_issuers(leaf, candidates)


def _digest(key: keys.PrivateKey) -> str:
    return keys.public_key_digest(key.public_key())


def _publish(
    wanted: Wanted,
    store: Store,
    material: Material,
    wish: dict[str, Any] | None,
    layout: str | None = None,
) -> str:
    layout = layout or wanted.layout
    version = versions.next_name(store, material.serial)
    paths = [target.path for target in wanted.targets]
    folder = versions.create(store, version, material, wish, paths)
    if layout == LINKED:
        linked.fill(store, folder, wanted, material)
    versions.publish(store, folder, version)
    return version


def _resume(order: Order, found: Found) -> Installed:
    """Go on with a set that is complete and was not put in place, or only half."""
    store, state = found.store, found.state
    version = pending_version(order.wanted, found, order.now)
    material = versions.load(store, version) if version else None
    if material is None:
        raise AtlasError(
            "what was to be put in place is gone or not wanted any more; run the task again."
        )
    if state.installing and (state.installing.version, state.installing.layout) == (
        version,
        order.wanted.layout,
    ):
        installing, aside = state.installing, []
    else:
        if order.wanted.layout == LINKED:
            wish = versions.wish_of(store, version) or {}
            version = _publish(order.wanted, store, material, wish)
        found, installing = _kept(order.wanted, found, material, version)
        aside = [e for e in _left_aside(found.state) if e != material.serial]
        orphans = [*found.state.orphans, *aside]
        state = store.write(found.state.with_(installing=installing, held=None, orphans=orphans))
    installed = _switch(order, replace(found, state=state), material, installing)
    return replace(installed, notices=list(map(orphan_notice, aside)))


def _switch(order: Order, found: Found, material: Material, installing: Installing) -> Installed:
    """Put a set in place and try it; one that cannot be used is held, and all as it was before."""
    wanted = order.wanted
    store, state = found.store, found.state
    layout = layout_named(installing.layout)
    try:
        changed = layout.switch(store, wanted, material, installing.version)
        _validate(wanted)
    except AtlasError as error:
        why = error.message.rstrip(".")
        try:
            layout.switch_back(store, wanted, installing.previous)
        except AtlasError as problem:
            raise AtlasError(
                f"{why}. And the files could not be switched back: {problem.message} The next run"
                " goes on with the new certificate."
            ) from None
        store.write(state.with_(installing=None, held=Held(installing.version, why)))
        tidy(wanted, store, store.read())
        raise AtlasError(
            f"{why}. All files are as they were before. The new certificate {material.serial} is"
            f" kept in {versions.path_of(store, installing.version)}, and the next run puts it in"
            " place."
        ) from None
    queued = [installing.supersedes] if installing.supersedes else []
    store.write(
        state.with_(
            installing=None,
            held=None,
            live=installing.version,
            layout=installing.layout,
            previous=installing.previous,
            replaced=state.live,
            acknowledged=False,
            superseded=list(dict.fromkeys([*state.superseded, *queued])),
        )
    )
    tidy(wanted, store, store.read())
    return Installed(
        changed_files=changed or [wanted.label],
        is_deployed=True,
        certificate=facts_of(material.leaf),
        content=content_of(material) if order.with_content else {},
    )


def _validate(wanted: Wanted) -> None:
    if not wanted.validate:
        return
    command = " ".join(wanted.validate)
    try:
        ended = commands.run(wanted.validate, _VALIDATION_SECONDS, {**os.environ, "LC_ALL": "C"})
    except OSError as error:
        raise AtlasError(
            f"validate: {command!r} could not be run: {files.explain(error)}."
        ) from None
    except commands.TimedOutError:
        raise AtlasError(
            f"validate: {command!r} did not end within {_VALIDATION_SECONDS} seconds."
        ) from None
    if ended.status:
        said = " ".join(ended.said.split())[-_LONGEST_OUTPUT:]
        raise AtlasError(
            f"validate: {command!r} failed with {ended.status}: {said or 'it said nothing'}"
        )


def _superseded(wanted: Wanted, found: Found, material: Material) -> str:
    """The serial number of what is replaced, if it is to be revoked, its key set aside first.

    Without that key nobody could prove on a later day that the certificate was this node's own.
    """
    old = found.material
    is_ours = old is not None and found.deployed.recorded is not None
    if not wanted.revoke_superseded or old is None or not is_ours or old.key is None:
        return ""
    if old.serial == material.serial:
        return ""
    path = superseded_key(found.store, old.serial)
    found.store.write_private(path, keys.private_key_pem(old.key))
    return old.serial


def _mend(order: Order, found: Found) -> list[str]:
    wanted, material = order.wanted, found.material
    if material is None:
        raise AtlasError(f"{wanted.label} was there a moment ago and is gone now.")
    if order.chain and (material.issuers is None or material.root is None):
        issuers, root = _issuers(material.leaf, order.chain)
        material = replace(
            material, issuers=material.issuers or issuers, root=material.root or root
        )
    if standing_layout(wanted, found.state) == LINKED:
        return _mend_linked(wanted, found, material)
    changed = plain.mend(found.store, wanted, material)
    tidy(wanted, found.store, found.state)
    return changed


def _mend_linked(wanted: Wanted, found: Found, material: Material) -> list[str]:
    """A new version with the same certificate, and the same switch as for a new one."""
    store, state = found.store, found.state
    recorded = found.deployed.recorded
    wish = dict(recorded.wish) if recorded else None
    changed = [path for path, _what in linked.differences(store, wanted, material)]
    version = _publish(wanted, store, material, wish, LINKED)
    linked.keep(store, wanted, version, material.serial)
    linked.switch(store, wanted, material, version)
    if recorded:
        state = store.write(state.with_(live=version))
    if not state.is_on_probation:
        versions.drop_key(store, version)
    tidy(wanted, store, state)
    return changed
