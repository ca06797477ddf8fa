# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the installation: confirm it, return to what was there before, have old certificates
revoked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ...errors import AtlasError
from ...files.changes import Change, Draft
from ...files.folder import Folder
from ...files.ownership import OWN
from ...files.phases import Work
from ...files.places import Places
from ...pki import certificates, keys
from ..exchange import Acknowledged, Proof
from ..wanted import Wanted
from . import sets
from .disk import Disk
from .look import Found, look
from .record import CertificateSet, Record
from .settle import going_back, look_settled, returned
from .store import BACKUPS, Store
from .targets import Reserve

_PRIVATE_MODE = 0o700
_DIGITS = 16
"""Of the digest of its key in the name of a backup, whose files may be under a passphrase."""


@dataclass(frozen=True)
class Order:
    """What the controller asks for: `nonce` is a text of this run, to be signed with the keys of
    certificates that are to be revoked; `serials` are what was revoked; `why` is why to keep a set
    that is returned from. With `confirms` off only what was reported is noted."""

    wanted: Wanted
    nonce: str
    serials: list[str]
    why: str
    confirms: bool

    @classmethod
    def read(cls, item: dict[str, Any]) -> Order:
        """From plain JSON types."""
        return cls(
            Wanted.from_wire(item["wanted"]),
            item["nonce"],
            list(item["serials"]),
            item["why"],
            item["confirms"],
        )


def acknowledge(order: Order, store: Store, places: Places) -> Work[Acknowledged]:
    """Take what is deployed for reported and working; drop what was kept to return to."""
    wanted, record = order.wanted, store.read()
    if record.is_cut_off:
        record = (yield from look_settled(wanted, store, places)).record
    if record.is_cut_off:
        raise AtlasError(
            f"{order.wanted.label}: putting {_serial(record)} in place was cut off; run the task"
            " with state: present first, which finishes it."
        )
    is_new = record.is_on_probation and order.confirms
    disk = Disk(store, places, wanted.follow)
    if is_new and not _is_in_place(record, disk):
        _refuse_put_back(look(wanted, store, places))
    Reserve(wanted, store, disk).release()
    if is_new:
        yield from _back_up(store, record, wanted.backups)
    reported = (_confirmed(record) if is_new else record).with_(orphans=[])
    attempt = reported.attempt
    if attempt and not (order.confirms and attempt.request == wanted.wish):
        reported = reported.with_(attempt=replace(attempt, is_reported=True))
    if reported != record:
        yield [store.draft(reported)]
    store.tidy(reported)
    if is_new or wanted.backups:
        _keep_newest(store, wanted.backups)
    to_revoke = _not_served(reported, order, store, places) if order.confirms else []
    proofs = [_superseded_proof(reported, serial, order.nonce) for serial in to_revoke]
    return Acknowledged(is_changed=is_new, superseded=proofs)


def _is_in_place(record: Record, disk: Disk) -> bool:
    """Whether all files are as they were written, which is found out sooner than what is in
    them."""
    held = record.deployed
    return held is not None and all(disk.is_as(path, file) for path, file in held.files.items())


def _refuse_put_back(found: Found) -> None:
    """What would be revoked is served, and the key of what would be confirmed is nowhere else."""
    if found.is_put_back:
        raise AtlasError(
            f"{found.wanted.label}: {_serial(found.record)} is to be confirmed, and is not in place"
            " any more. Nothing was confirmed; state: present puts it in place again if it is what"
            " the task states, and state: previous returns to what was there before."
        )


def _not_served(record: Record, order: Order, store: Store, places: Places) -> list[str]:
    """What may be revoked of that which was superseded: not what somebody put back, or may have."""
    if not record.superseded:
        return []
    found = look(order.wanted, store, places)
    leaf = found.deployed.certificate
    served = certificates.serial_number(leaf) if leaf else ""
    is_unknown = leaf is None and found.unreadable
    return [] if is_unknown else [serial for serial in record.superseded if serial != served]


def _serial(record: Record) -> str:
    return record.deployed.serial if record.deployed else "a set"


def _confirmed(record: Record) -> Record:
    """The set that is in place counts as working: what was there before is not needed any more."""
    held = record.sets[record.wanted_now]
    to_revoke = {
        other.serial: other.key
        for other in record.sets.values()
        if other.serial in held.supersedes and other.key
    }
    sets_now = {**record.sets, record.wanted_now: held.without_secrets()}
    return replace(record, sets=sets_now).with_(
        confirmed=record.wanted_now,
        superseded={**record.superseded, **to_revoke},
        revoked=[serial for serial in record.revoked if serial == held.serial],
    )


def _back_up(store: Store, record: Record, count: int) -> Work[None]:
    """Write the files that were there before to a folder of their own."""
    before = record.sets.get(record.confirmed)
    if not count or before is None or not before.has_files or not before.is_restorable:
        return
    with store.sets() as own, own.make(BACKUPS, _PRIVATE_MODE) as backups:
        name = f"{record.confirmed}-{before.key_digest[:_DIGITS]}"
        with backups.make(name, _PRIVATE_MODE) as folder:
            yield _copies(folder, before)
        backups.sync()
        own.sync()


def _copies(folder: Folder, held: CertificateSet) -> list[Change]:
    with sets.all_or_none() as copies:
        for path, file in held.files.items():
            if file.octets is not None:
                copies.append(Draft(folder, sets.file_name(path), file.octets, OWN))
    return copies


def _keep_newest(store: Store, count: int) -> None:
    own = store.sets_if_any()
    if own is None:
        return
    with own:
        backups = own.inner(BACKUPS)
        if backups is None:
            return
        with backups:
            for name in sorted(backups.names(), reverse=True)[count:]:
                backups.remove_tree(name)


def _superseded_proof(record: Record, serial: str, nonce: str) -> Proof:
    key = keys.load_private_key(record.superseded[serial].encode("ascii"))
    return _proof(serial, key, nonce)


def _proof(serial: str, key: keys.PrivateKey, nonce: str) -> Proof:
    return Proof(
        serial=serial,
        public_key=keys.public_key_pem(key.public_key()),
        answer=keys.answer_challenge(key, nonce),
        attestation=keys.signing_request_pem(key, None),
    )


def prove_deployed(order: Order, store: Store, places: Places) -> Acknowledged:
    """Show that the deployed certificate is this node's own. Changes nothing."""
    found = look(order.wanted, store, places)
    leaf = found.deployed.certificate
    if leaf is None:
        why = found.deployed.certificate_error
        said = f"the certificate {why}" if why else "there is no certificate to revoke"
        return Acknowledged(obstacle=f"{order.wanted.label}: {said.rstrip('.')}.")
    serial = certificates.serial_number(leaf)
    if serial in found.record.revoked:
        return Acknowledged(superseded=[Proof(serial=serial, is_revoked=True)])
    if found.material is None or found.material.key is None:
        return Acknowledged(
            obstacle=f"{order.wanted.label}: the private key of the certificate {serial} is not on"
            " the node, so nobody can show that it is the node's own; revoke it in the Atlas"
            " portal."
        )
    return Acknowledged(superseded=[_proof(serial, found.material.key, order.nonce)])


def record_revoked(order: Order, store: Store, places: Places) -> Work[Acknowledged]:
    """Note what was revoked, and drop the keys that were kept for that."""
    found = yield from look_settled(order.wanted, store, places)
    record, leaf = found.record, found.deployed.certificate
    deployed = certificates.serial_number(leaf) if leaf else ""
    compromised = [record.superseded[e] for e in order.serials if e in record.superseded]
    waiting = {
        serial: key for serial, key in record.superseded.items() if serial not in order.serials
    }
    revoked = [*record.revoked, *order.serials]
    # Of others nothing would ever ask again.
    kept = [deployed] if deployed in revoked else []
    if order.wanted.destroys_old_key:
        _destroy(store, compromised)
    yield [store.draft(record.with_(superseded=waiting, revoked=kept))]
    return Acknowledged(is_changed=True)


def _destroy(store: Store, compromised: list[str]) -> None:
    """Remove the backups that hold a compromised key, whichever certificate they are of."""
    own = store.sets_if_any()
    if own is None:
        return
    digests = {_digest(key.encode("ascii")) for key in compromised}
    with own:
        backups = own.inner(BACKUPS)
        if backups is None:
            return
        with backups:
            for name in backups.names():
                if _holds_one(backups, name, digests):
                    backups.remove_tree(name)


def _holds_one(backups: Folder, name: str, digests: set[str]) -> bool:
    named = name.rpartition("-")[2]
    is_named = named in {digest[:_DIGITS] for digest in digests}
    return is_named or not digests.isdisjoint(_keys_in(backups, name))


def _keys_in(backups: Folder, name: str) -> Iterator[str]:
    folder = backups.inner(name)
    if folder is None:
        return
    with folder:
        for file in folder.names():
            try:
                yield _digest(folder.read(file) or b"")
            except AtlasError:
                continue


def _digest(pem: bytes) -> str:
    return keys.public_key_digest(keys.load_private_key(pem).public_key())


def switch_back(order: Order, store: Store, places: Places) -> Work[Acknowledged]:
    """Return to what was there before, and keep the set that is in place now."""
    before = store.read()
    found = yield from look_settled(order.wanted, store, places)
    record = found.record
    was_returning = before.is_cut_off and not before.is_pending
    previous = record.previous
    if previous is None or not (record.is_cut_off or previous.has_files):
        # What had nothing before it stays, and stays to be confirmed.
        changed = list(before.deployed.files) if was_returning and before.deployed else []
        return Acknowledged(is_changed=was_returning, changed_files=changed)
    why = order.why or ("it was cut off" if record.is_cut_off else "it was switched back")
    back = going_back(record, why)
    yield [store.draft(back)]
    changed = yield from returned(replace(found, record=back))
    return Acknowledged(is_changed=True, changed_files=changed)
