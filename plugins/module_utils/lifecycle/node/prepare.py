# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before anything is requested: the key and the attempt on the disk, safely."""

from __future__ import annotations

import hashlib
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...errors import AtlasError
from ...files.folder import UnreadableError
from ...files.phases import Work
from ...files.places import Places, open_folder
from ...pki import certificates, keys
from .. import due
from ..exchange import Prepared
from ..reasons import orphan_notice
from ..wanted import Wanted
from .inspect import not_to_be_requested, pending_set
from .look import Found, external_key, refuse_unknown_passphrases
from .record import EXTERNAL, KEPT, STAGED, Attempt, Lease, Record
from .settle import look_settled
from .store import Store
from .targets import reserve_of, try_targets

if TYPE_CHECKING:
    from ...pki.keys import PrivateKey


@dataclass(frozen=True)
class Order:
    """What the controller asks for. `now` in UNIX seconds, `nonce` a text of this run. `kind` is
    the key to make, unless the one that is there may be kept and is of one of `kept_kinds`.

    `attempt_id` names a new attempt; `breaks` is the run whose lease may be broken, because its
    process is gone. `is_due` is that the controller knows more than the node can: then a
    certificate that looks right is replaced all the same. With `anew` an earlier attempt is given
    up, with `new_key` the deployed key is not kept. `orphan` is the serial number of what was
    issued for the attempt that is given up, if that is known.
    """

    wanted: Wanted
    kind: keys.KeyKind
    kept_kinds: list[keys.KeyKind]
    not_after: int
    now: int
    settle: int
    nonce: str
    attempt_id: str
    account: str
    lease: Lease
    breaks: str
    is_due: bool
    anew: bool
    new_key: bool
    orphan: str

    @classmethod
    def read(cls, item: dict[str, Any]) -> Order:
        """From plain JSON types."""
        return cls(
            wanted=Wanted.from_wire(item["wanted"]),
            kind=keys.KeyKind(item["key_type"], item["key_bits"]),
            kept_kinds=[keys.KeyKind(*kept) for kept in item["kept_kinds"]],
            lease=Lease(**item["lease"]),
            **{
                name: item[name]
                for name in (
                    "not_after",
                    "now",
                    "settle",
                    "nonce",
                    "attempt_id",
                    "account",
                    "breaks",
                    "is_due",
                    "anew",
                    "new_key",
                    "orphan",
                )
            },
        )


def prepare(order: Order, store: Store, places: Places) -> Work[Prepared]:
    """Record an attempt, its key with it, after each target was tried; or find an earlier one."""
    found = yield from look_settled(order.wanted, store, places)
    if not order.is_due and not due.reasons(order.wanted, found.deployed, order.now):
        return Prepared(is_settled=True)
    if pending_set(found, order.now):
        return Prepared(is_settled=True)
    why = not_to_be_requested(found, order.now)
    if why:
        return Prepared.stopped(why)
    refuse_unknown_passphrases(found)
    try_targets(found)
    attempt = found.record.attempt
    if attempt and attempt.lease and _is_busy(attempt.lease, order):
        return Prepared(busy=dict(vars(attempt.lease)))
    if attempt and attempt.lease and _is_of_another_item(attempt, order):
        raise AtlasError(
            "another certificate of this task is kept in the same files; give each its own."
        )
    reserve_of(found).take()
    try:
        return (yield from _begun_or_found(order, found, places))
    except AtlasError:
        reserve_of(found).release()
        raise


def _begun_or_found(order: Order, found: Found, places: Places) -> Work[Prepared]:
    attempt = found.record.attempt
    key = None if attempt is None or order.anew else _key_of(attempt, order, places)
    if attempt is None or key is None:
        notices = [] if attempt is None or order.anew else [_GIVEN_UP]
        if found.record.rejected:
            notices.append(orphan_notice(found.record.rejected.serial))
        prepared = yield from _begin(order, found, places)
        return replace(prepared, notices=notices)
    renewed = replace(attempt, lease=order.lease, attempt_id=order.attempt_id, is_reported=False)
    yield [found.store.draft(found.record.with_(attempt=renewed))]
    return replace(
        _prepared(order, found, renewed, key, is_fresh=False),
        may_be_recent=_may_be_recent(attempt, order),
    )


_GIVEN_UP = (
    "The key of a request that was begun earlier is not the one that the task names now, so the"
    " request was given up. Atlas may have issued a certificate for it that nobody uses."
)


def _may_be_recent(attempt: Attempt, order: Order) -> bool:
    """Nothing is sent for an attempt after its lease has ended."""
    last = attempt.lease.until if attempt.lease else attempt.touched
    return last + order.settle > order.now


def is_held(lease: Lease | None, run: str, breaks: str, now: int) -> bool:
    """Whether another run than this one, and than the one that is known to be gone, is at work."""
    return lease is not None and lease.run not in (run, breaks) and lease.until > now


def _is_busy(lease: Lease, order: Order) -> bool:
    return is_held(lease, order.lease.run, order.breaks, order.now)


def _is_of_another_item(attempt: Attempt, order: Order) -> bool:
    is_own_run = attempt.lease is not None and attempt.lease.run == order.lease.run
    return is_own_run and attempt.attempt_id != order.attempt_id


def machine_id() -> str:
    """Which machine this is, as a hash that tells nothing about it."""
    try:
        with open_folder("/etc") as folder:
            content = folder.read("machine-id")
    except (UnreadableError, AtlasError):
        content = None
    identity = (content or b"").strip() or socket.gethostname().encode("utf-8")
    return hashlib.sha256(b"globalsign.atlas\0" + identity).hexdigest()[:32]


@dataclass(frozen=True)
class _AttemptKey:
    public_key: keys.PublicKey
    private_key: PrivateKey | None
    signing_request: str


def _key_of(attempt: Attempt, order: Order, places: Places) -> _AttemptKey | None:
    """The key of an earlier attempt; None if the task names another one now."""
    if (attempt.key == EXTERNAL) != (order.wanted.external_key is not None):
        return None
    if attempt.key == EXTERNAL:
        found = _AttemptKey(*_external(order.wanted, places))
    else:
        found = _own_key(keys.load_private_key(attempt.key_pem.encode("ascii")), order)
    return found if keys.public_key_digest(found.public_key) == attempt.key_digest else None


def _own_key(key: PrivateKey, order: Order) -> _AttemptKey:
    common_name = order.wanted.subject.get("common_name", [None])[0]
    return _AttemptKey(key.public_key(), key, keys.signing_request_pem(key, common_name))


def _external(wanted: Wanted, places: Places) -> tuple[keys.PublicKey, None, str]:
    if wanted.external_key is None:
        raise AtlasError("There is no key that lives elsewhere.")
    public_key, signing_request = external_key(wanted.external_key, places)
    return public_key, None, signing_request


def _begin(order: Order, found: Found, places: Places) -> Work[Prepared]:
    """A new attempt, in the place of an earlier one and of what was issued and cannot be used."""
    record = found.record
    orphans = [*record.orphans, order.orphan]
    if record.rejected:
        orphans.append(record.rejected.serial)
    kind, key = _choose_key(order, found, places)
    attempt = Attempt(
        attempt_id=order.attempt_id,
        begun=order.now,
        touched=order.now,
        machine=machine_id(),
        account=order.account,
        key=kind,
        request=order.wanted.wish,
        not_after=order.not_after,
        known=sorted({*record.known_serials(), *filter(None, orphans), *_deployed_serial(found)}),
        lease=order.lease,
        key_pem=keys.private_key_pem(key.private_key).decode("ascii") if key.private_key else "",
        key_digest=keys.public_key_digest(key.public_key),
    )
    begun: Record = record.with_(
        attempt=attempt, rejected=None, orphans=list(dict.fromkeys(filter(None, orphans)))
    )
    yield [found.store.draft(begun)]
    return _prepared(order, found, attempt, key, is_fresh=True)


def _choose_key(order: Order, found: Found, places: Places) -> tuple[str, _AttemptKey]:
    if order.wanted.external_key:
        return EXTERNAL, _AttemptKey(*_external(order.wanted, places))
    may_be_kept = order.wanted.keeps_key and not (order.new_key or found.deployed.is_revoked)
    if found.key and may_be_kept and keys.kind_of(found.key.public_key()) in order.kept_kinds:
        if found.foreign_key:
            raise AtlasError(
                f"privatekey_rotation: {found.foreign_key}, who may have put a key of his own"
                " there, so no certificate is requested for it; state owner if the key is to be"
                " his, or let it rotate."
            )
        return KEPT, _own_key(found.key, order)
    return STAGED, _own_key(keys.generate(order.kind), order)


def _deployed_serial(found: Found) -> list[str]:
    leaf = found.deployed.certificate
    return [certificates.serial_number(leaf)] if leaf else []


def _prepared(
    order: Order, found: Found, attempt: Attempt, key: _AttemptKey, is_fresh: bool
) -> Prepared:
    own = key.private_key
    old = found.material.key if found.material else None
    external = order.wanted.external_key
    return Prepared(
        is_fresh=is_fresh,
        attempt_id=attempt.attempt_id,
        begun=attempt.begun,
        not_after=attempt.not_after,
        known=attempt.known,
        serial=attempt.serial,
        is_same_wish=attempt.request == order.wanted.wish,
        is_same_account=attempt.account == order.account,
        is_same_machine=is_fresh or attempt.machine == machine_id(),
        is_key_unique=attempt.key == STAGED,
        public_key=keys.public_key_pem(key.public_key),
        proof=keys.prove_possession(own) if own else (external.proof or "") if external else "",
        signing_request=key.signing_request,
        answer=keys.answer_challenge(own, order.nonce) if own else "",
        old_serial=found.material.serial if old and found.material else "",
        old_public_key=keys.public_key_pem(old.public_key()) if old else "",
        old_answer=keys.answer_challenge(old, order.nonce) if old else "",
    )
