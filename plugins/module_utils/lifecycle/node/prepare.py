# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before anything is asked for: the key and the record of the attempt on disk, safely."""

from __future__ import annotations

import hashlib
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ...errors import AtlasError
from ...pki import keys
from .. import due
from ..exchange import Prepared
from ..wanted import Wanted
from . import files
from .inspect import pending_version
from .look import Found, external_key, look
from .returning import finish_returning
from .state import Attempt, Lease
from .store import Store
from .targets import Reserve, remove_strays, try_targets
from .versions import serial_of

if TYPE_CHECKING:
    from ...pki.keys import PrivateKey

STAGED, KEPT, EXTERNAL = "staged", "kept", "external"
_MACHINE_ID = "/etc/machine-id"


@dataclass(frozen=True)
class Order:
    """What the controller asks for. `now` in UNIX seconds, `nonce` a text of this run.

    `attempt_id` names a new attempt; `breaks` is the run whose lease may be broken, because its
    process is gone. `is_due` is that the controller knows more than the node can: then a
    certificate that looks right is replaced all the same. With `anew` an earlier attempt is given
    up, with `new_key` the deployed key is not kept. `orphan` is the serial number of what was
    issued for the attempt that is given up, if that is known.
    """

    wanted: Wanted
    kind: keys.KeyKind
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


def prepare(order: Order) -> Prepared:
    """Record an attempt, its key on disk, after each target was tried; or find an earlier one."""
    store = Store.of(order.wanted.records)
    try:
        store.refuse_foreign_folders()
        try_targets(order.wanted, store)
        with store.locked():
            prepared = _prepare(order, store)
    except AtlasError as error:
        # A key that an earlier run left stays: what it was sent with may have been issued.
        store.remove_if_empty()
        return Prepared.stopped(error.message)
    return prepared


def _prepare(order: Order, store: Store) -> Prepared:
    remove_strays(order.wanted, store)
    finish_returning(order.wanted, store)
    found = look(order.wanted)
    if not order.is_due and not due.reasons(order.wanted, found.deployed, order.now):
        return Prepared(is_settled=True)
    if pending_version(order.wanted, found, order.now):
        return Prepared(is_settled=True)
    found = _without_foreign_attempt(found)
    attempt = found.state.attempt
    if attempt and attempt.lease and _is_busy(attempt.lease, order):
        return Prepared(busy=dict(vars(attempt.lease)))
    Reserve(order.wanted, store).take()
    try:
        key = None if attempt is None or order.anew else _key_of(attempt, order, store)
        if attempt is None or key is None:
            given_up = [] if attempt is None or order.anew else [_given_up(attempt)]
            return replace(_begin(order, found), notices=given_up)
        renewed = replace(attempt, lease=order.lease)
        store.write(found.state.with_(attempt=renewed))
        return replace(
            _prepared(order, found, renewed, key, is_fresh=False),
            may_be_recent=_may_be_recent(attempt, order),
        )
    except AtlasError:
        Reserve(order.wanted, store).release()
        raise


def _given_up(attempt: Attempt) -> str:
    return (
        "The key of a request that was begun earlier is gone or is not the one that the task names"
        " now, so the request was given up. Atlas may have issued a certificate for it that ends at"
        f" {attempt.not_after} (UNIX seconds) and that nobody uses."
    )


def _may_be_recent(attempt: Attempt, order: Order) -> bool:
    """Nothing is sent for an attempt after its lease has ended."""
    last = attempt.lease.until if attempt.lease else attempt.touched
    return last + order.settle > order.now


def _is_busy(lease: Lease, order: Order) -> bool:
    is_other = lease.run != order.lease.run and lease.run != order.breaks
    return is_other and lease.until > order.now


def _without_foreign_attempt(found: Found) -> Found:
    """A record that was copied from another machine is none: its key is not ours alone."""
    attempt = found.state.attempt
    if attempt is None or attempt.machine == machine_id():
        return found
    state = found.store.write(found.state.with_(attempt=None))
    files.unlink(found.store.staged_key)
    return replace(found, state=state)


def machine_id() -> str:
    """Which machine this is, as a hash that tells nothing about it."""
    try:
        content = files.read(_MACHINE_ID)
    except AtlasError:
        content = None
    identity = (content or b"").strip() or socket.gethostname().encode("utf-8")
    return hashlib.sha256(b"globalsign.atlas\0" + identity).hexdigest()[:32]


@dataclass(frozen=True)
class _AttemptKey:
    public_key: keys.PublicKey
    private_key: PrivateKey | None
    signing_request: str


def _key_of(attempt: Attempt, order: Order, store: Store) -> _AttemptKey | None:
    """The key of an earlier attempt; None if it is gone, and the attempt with it."""
    if (attempt.key == EXTERNAL) != (order.wanted.external_key is not None):
        return None
    if attempt.key == EXTERNAL:
        found = _AttemptKey(*_external(order.wanted))
    else:
        content = files.read_named(store.staged_key)
        try:
            key = keys.load_private_key(content) if content else None
        except AtlasError:
            key = None
        if key is None:
            return None
        found = _own_key(key, order)
    return found if keys.public_key_digest(found.public_key) == attempt.key_digest else None


def _own_key(key: PrivateKey, order: Order) -> _AttemptKey:
    common_name = order.wanted.subject.get("common_name", [None])[0]
    return _AttemptKey(key.public_key(), key, keys.signing_request_pem(key, common_name))


def _external(wanted: Wanted) -> tuple[keys.PublicKey, None, str]:
    if wanted.external_key is None:
        raise AtlasError("There is no key that lives elsewhere.")
    public_key, signing_request = external_key(wanted.external_key)
    return public_key, None, signing_request


def _begin(order: Order, found: Found) -> Prepared:
    """A new attempt: first its key on disk, then its record."""
    store, state = found.store, found.state
    if state.attempt:
        orphans = list(filter(None, [*state.orphans, order.orphan]))
        state = store.write(state.with_(attempt=None, orphans=orphans))
    kind, key = _choose_key(order, found)
    if key.private_key is not None:
        files.Replacement(
            store.staged_key,
            keys.private_key_pem(key.private_key),
            files.Attributes(owner=None, group=None, mode=0o600),
        ).put_in_place()
    deployed = found.deployed.certificate
    known = set(map(serial_of, state.versions))
    known.update(state.orphans, state.superseded)
    attempt = Attempt(
        attempt_id=order.attempt_id,
        begun=order.now,
        touched=order.now,
        machine=machine_id(),
        account=order.account,
        key=kind,
        wish=order.wanted.wish,
        not_after=order.not_after,
        known=sorted(known | ({_serial(found)} if deployed else set())),
        key_digest=keys.public_key_digest(key.public_key),
        lease=order.lease,
    )
    store.write(state.with_(attempt=attempt))
    return _prepared(order, found, attempt, key, is_fresh=True)


def _choose_key(order: Order, found: Found) -> tuple[str, _AttemptKey]:
    if order.wanted.external_key:
        return EXTERNAL, _AttemptKey(*_external(order.wanted))
    deployed = found.material.key if found.material else None
    may_be_kept = order.wanted.keeps_key and not (order.new_key or found.deployed.is_revoked)
    if deployed and may_be_kept and keys.kind_of(deployed.public_key()) == order.kind:
        return KEPT, _own_key(deployed, order)
    return STAGED, _own_key(keys.generate(order.kind), order)


def _serial(found: Found) -> str:
    return found.material.serial if found.material else ""


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
        is_same_wish=attempt.wish == order.wanted.wish,
        is_same_account=attempt.account == order.account,
        is_key_unique=attempt.key == STAGED,
        public_key=keys.public_key_pem(key.public_key),
        proof=keys.prove_possession(own) if own else (external.proof or "") if external else "",
        signing_request=key.signing_request,
        answer=keys.answer_challenge(own, order.nonce) if own else "",
        old_serial=_serial(found) if old else "",
        old_public_key=keys.public_key_pem(old.public_key()) if old else "",
        old_answer=keys.answer_challenge(old, order.nonce) if old else "",
    )
