# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the installation: acknowledge it, switch back, have old certificates revoked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from ...errors import AtlasError
from ...pki import certificates, keys
from ..exchange import Acknowledged, Proof
from ..wanted import LINKED, Wanted
from . import files, plain, versions
from .housekeeping import superseded_key, tidy
from .look import layout_named, look, standing_layout
from .returning import finish_returning, undo_installing
from .state import Held, Returning, State
from .store import Store
from .targets import Reserve, remove_strays


@dataclass(frozen=True)
class Order:
    """What the controller asks for: `nonce` is a text of this run, to be signed with the keys of
    certificates that are to be revoked; `serials` are what was revoked; `why` is why to hold."""

    wanted: Wanted
    nonce: str
    serials: list[str]
    why: str

    @classmethod
    def read(cls, item: dict[str, Any]) -> Order:
        """From plain JSON types."""
        return cls(
            Wanted.from_wire(item["wanted"]), item["nonce"], list(item["serials"]), item["why"]
        )


def acknowledge(order: Order) -> Acknowledged:
    """Take what is deployed for told and working; drop what was kept to switch back."""
    wanted, store = order.wanted, Store.of(order.wanted.records)
    if not store.exists:
        return Acknowledged()
    try:
        with store.locked():
            remove_strays(wanted, store)
            finish_returning(wanted, store)
            state = store.read()
            if state.installing:
                raise AtlasError(
                    f"{wanted.label}: putting {versions.serial_of(state.installing.version)} in"
                    " place was cut off; run the task with state: present first, which finishes it."
                )
            is_new = state.is_on_probation
            Reserve(wanted, store).release()
            if is_new or state.is_untidy:
                state = store.write(state.with_(acknowledged=True, is_untidy=True))
                _clear_away(wanted, store, state)
                state = store.write(state.with_(previous="", replaced="", is_untidy=False))
            if state.orphans:  # the run that this is the end of has told of them
                state = store.write(state.with_(orphans=[]))
            proofs = [_superseded_proof(store, serial, order.nonce) for serial in state.superseded]
    except AtlasError as error:
        return Acknowledged(obstacle=error.message)
    return Acknowledged(is_changed=is_new, superseded=proofs)


def _clear_away(wanted: Wanted, store: Store, state: State) -> None:
    """Drop what is not needed any more: old keys, and copies of the new one."""
    if state.layout != LINKED and state.previous:
        plain.back_up(store, state.previous, wanted.backups)
    if state.live:
        versions.drop_key(store, state.live)
    tidy(wanted, store, state.with_(previous="", replaced=""))


def _superseded_proof(store: Store, serial: str, nonce: str) -> Proof:
    content = files.read_named(superseded_key(store, serial))
    if content is None:
        return Proof(serial=serial)
    key = keys.load_private_key(content)
    return _proof(serial, key, nonce)


def _proof(serial: str, key: keys.PrivateKey, nonce: str) -> Proof:
    return Proof(
        serial=serial,
        public_key=keys.public_key_pem(key.public_key()),
        answer=keys.answer_challenge(key, nonce),
        attestation=keys.signing_request_pem(key, None),
    )


def prove_deployed(order: Order) -> Acknowledged:
    """Show that the deployed certificate is this node's own. Changes nothing."""
    try:
        found = look(order.wanted)
    except AtlasError as error:
        return Acknowledged(obstacle=error.message)
    leaf = found.deployed.certificate
    if leaf is None:
        return Acknowledged(obstacle=f"{order.wanted.label}: there is no certificate to revoke.")
    serial = certificates.serial_number(leaf)
    if serial in found.state.revoked:
        return Acknowledged(superseded=[Proof(serial=serial, is_revoked=True)])
    if found.material is None or found.material.key is None:
        return Acknowledged(
            obstacle=f"{order.wanted.label}: the private key of the certificate {serial} is not on"
            " the node, so nobody can show that it is the node's own; revoke it in the Atlas"
            " portal."
        )
    return Acknowledged(superseded=[_proof(serial, found.material.key, order.nonce)])


def record_revoked(order: Order) -> Acknowledged:
    """Note what was revoked, and drop the keys that were kept for that."""
    wanted, store = order.wanted, Store.of(order.wanted.records)
    try:
        with store.locked():
            remove_strays(wanted, store)
            state = store.read()
            waiting = [serial for serial in state.superseded if serial not in order.serials]
            revoked = list(dict.fromkeys([*state.revoked, *order.serials]))
            live = look(wanted).deployed.certificate
            deployed = certificates.serial_number(live) if live else ""
            # Of others nothing would ever ask again.
            kept = [serial for serial in revoked if serial == deployed]
            store.write(state.with_(superseded=waiting, revoked=kept))
            for serial in order.serials:
                if wanted.destroys_old_key:
                    _destroy(store, serial, _key_digest(store, serial))
                files.unlink(superseded_key(store, serial))
    except AtlasError as error:
        return Acknowledged(obstacle=error.message)
    return Acknowledged(is_changed=True)


def _destroy(store: Store, serial: str, key_digest: str) -> None:
    """Remove the backups that hold a compromised key, whichever certificate they are of."""
    state = store.read()
    for folder in (store.history, store.versions):
        for name in versions.names_in(folder):
            path = os.path.join(folder, name)
            if name in state.versions:
                continue
            if versions.serial_of(name) == serial or _holds_key(path, key_digest):
                files.remove_tree(path)


def _key_digest(store: Store, serial: str) -> str:
    content = files.read_named(superseded_key(store, serial))
    key = keys.load_private_key(content) if content else None
    return keys.public_key_digest(key.public_key()) if key else ""


def _holds_key(folder: str, key_digest: str) -> bool:
    for place, _folders, names in os.walk(folder):
        for name in names:
            try:
                content = files.read(os.path.join(place, name))
                key = keys.load_private_key(content) if content else None
            except AtlasError:
                continue
            if key and keys.public_key_digest(key.public_key()) == key_digest:
                return True
    return False


def switch_back(order: Order) -> Acknowledged:
    """Put back what was there before, and hold what is deployed now."""
    wanted, store = order.wanted, Store.of(order.wanted.records)
    try:
        if not store.exists:
            return Acknowledged()
        with store.locked():
            remove_strays(wanted, store)
            changed = finish_returning(wanted, store)
            found = look(wanted)
            if found.state.installing:
                undo_installing(wanted, found)
                tidy(wanted, store, store.read())
                return Acknowledged(is_changed=True, changed_files=_paths(wanted))
            state, layout = found.state, standing_layout(wanted, found.state)
            has_previous = layout_named(layout).has_previous(store, state.previous)
            if not state.is_on_probation or not has_previous:
                # What had nothing before it stays, and stays to be acknowledged.
                return Acknowledged(is_changed=bool(changed), changed_files=changed)
            # Recorded first: whoever is cut off in the middle finds out what was meant.
            store.write(
                state.with_(
                    returning=Returning(state.previous, layout),
                    live=state.replaced,
                    previous="",
                    replaced="",
                    acknowledged=True,
                    held=Held(state.live, order.why or "it was switched back"),
                )
            )
            changed = finish_returning(wanted, store)
    except AtlasError as error:
        return Acknowledged(obstacle=error.message)
    return Acknowledged(is_changed=True, changed_files=changed)


def _paths(wanted: Wanted) -> list[str]:
    return [target.path for target in wanted.targets]
