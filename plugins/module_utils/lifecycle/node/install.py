# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put what was issued in place as one, mend what is there, or close an attempt."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ... import commands
from ...asn1.certificate import Certificate
from ...errors import AtlasError
from ...files.folder import explain
from ...files.phases import Work
from ...files.places import Places
from ...pki import certificates, chains, keys
from .. import due
from ..exchange import Installed
from ..reasons import orphan_notice
from ..wanted import LINKED, Wanted
from . import sets
from .inspect import pending_set
from .look import Found, material_of, refuse_unknown_passphrases
from .material import Material, content_of
from .record import EXTERNAL, Attempt, CertificateSet, Kept, Record, Rejected
from .settle import going_back, look_settled, returned
from .store import Store
from .targets import reserve_of

INSTALL, KEEP, REJECT, RESUME, MEND = "install", "keep", "reject", "resume", "mend"
CLOSE, PENDING, UNKNOWN = "close", "pending", "unknown"
_VALIDATION_SECONDS = 120
_LONGEST_OUTPUT = 500


@dataclass(frozen=True)
class Order:
    """What the controller asks for. `certificate` and `chain` are PEM, `now` in UNIX seconds.

    `run` is whose lease it acts under; `failure` is why a certificate is kept or rejected, or what
    is known of a request.
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


def install(order: Order, store: Store, places: Places) -> Work[Installed]:
    """Do what is ordered."""
    found = yield from look_settled(order.wanted, store, places)
    try:
        if order.action == MEND:
            return Installed(changed_files=(yield from _mend(order, found)))
        if order.action == RESUME:
            return (yield from _resume(order, found))
        attempt = _own_attempt(order, found.record)
        try:
            return (yield from _finish(order, found, attempt))
        except AtlasError as error:
            yield from _release(order, found, error.message)
            raise
    finally:
        if order.action != MEND:  # the space may be held by a run that is at work
            reserve_of(found).release()


def _own_attempt(order: Order, record: Record) -> Attempt:
    """The attempt, if this run holds it still."""
    attempt = record.attempt
    issued = f" The certificate {order.serial} was issued for this run." if order.serial else ""
    if attempt is None or attempt.attempt_id != order.attempt_id:
        raise AtlasError(
            "another run took over meanwhile; nothing was replaced. Run the task again to see what"
            f" it did.{issued}"
        )
    if attempt.lease and attempt.lease.run != order.run:
        raise AtlasError(
            f"the run {attempt.lease.run} on {attempt.lease.controller} took over meanwhile;"
            f" nothing was replaced.{issued}"
        )
    return attempt


def _release(order: Order, found: Found, failure: str) -> Work[None]:
    """End the lease of this run, if it holds one still. What was issued is found again by the
    next."""
    record = found.store.read()
    attempt = record.attempt
    if attempt and attempt.attempt_id == order.attempt_id:
        serial = order.serial or attempt.serial
        with contextlib.suppress(AtlasError):  # a full disk, most likely: then the lease runs out
            yield [found.store.draft(_noted(order, record, attempt, serial, failure))]


def _noted(order: Order, record: Record, attempt: Attempt, serial: str, failure: str) -> Record:
    noted = replace(attempt, lease=None, touched=order.now, serial=serial, failure=failure[:1000])
    return record.with_(attempt=noted)


def _finish(order: Order, found: Found, attempt: Attempt) -> Work[Installed]:
    """The outcome of an attempt."""
    record, store = found.record, found.store
    if order.action == INSTALL:
        return (yield from _install(order, found, attempt))
    if order.action == KEEP:
        return Installed(notices=(yield from _keep(order, found, attempt)))
    if order.action == REJECT:
        rejected = Rejected(
            order.serial, order.failure, attempt.request, order.certificate, attempt.key_pem
        )
        yield [store.draft(record.with_(attempt=None, rejected=rejected))]
    elif order.action == CLOSE:
        record = record.with_(attempt=None)
        if record.is_empty:
            store.forget()
        else:
            yield [store.draft(record)]
    else:
        serial = order.serial or attempt.serial
        yield [store.draft(_noted(order, record, attempt, serial, order.failure))]
    return Installed()


def _issued(order: Order, found: Found, attempt: Attempt) -> tuple[str, Record]:
    """A new set in the record, by its name."""
    material = _new_material(order, attempt)
    refuse_unknown_passphrases(found)
    targets, disk = found.wanted.targets, found.disk
    held = sets.set_of(found.wanted.layout, material, targets, disk, intact={})
    lacking = due.missing_usages(found.wanted, material.leaf)
    held = replace(held, request=attempt.request, differences=lacking)
    return found.record.adding(held)


def _install(order: Order, found: Found, attempt: Attempt) -> Work[Installed]:
    name, record = _issued(order, found, attempt)
    record, notices = _replacing(found, record, name)
    # From here on the set is durable and found without the service, so the attempt is over.
    installed = yield from _switch(order, found, record.with_(attempt=None), name)
    return replace(installed, notices=notices)


def _keep(order: Order, found: Found, attempt: Attempt) -> Work[list[str]]:
    name, record = _issued(order, found, attempt)
    kept = Kept(name, order.failure)
    orphans = record.orphans_with(record.kept_name)
    yield [found.store.draft(record.with_(attempt=None, kept=kept, orphans=orphans))]
    return [orphan_notice(serial) for serial in orphans if serial not in record.orphans]


def _replacing(found: Found, record: Record, name: str) -> tuple[Record, list[str]]:
    """The record with a set to be put in place, and what the user should know of others.

    What lies there becomes the confirmed set, to be returned to; where that is a set which nobody
    confirmed, the one before it stays the confirmed one.
    """
    wanted, recorded = found.wanted, found.recorded
    aside = [record.kept_name]
    if record.is_pending:
        aside.append(record.wanted_now)
        record = _with_set(record, record.confirmed, _with_new_files(found, record))
    else:
        base = sets.adopted(
            recorded, found.material, wanted.targets, found.disk, wanted.revoke_superseded
        )
        if recorded is not None:
            record = _with_set(record, record.confirmed, base)
        else:
            confirmed, record = record.adding(base)
            record = replace(record, confirmed=confirmed)
    superseded = list(dict.fromkeys(_superseded(wanted, record, name)))
    before = record.deployed
    replaces = record.wanted_now if record.is_on_probation else before.replaces if before else ""
    new = replace(record.sets[name], supersedes=superseded, replaces=replaces)
    record = _with_set(record, name, new)
    in_use = (*superseded, record.sets[name].serial)
    orphans = [e for e in record.orphans_with(*aside) if e not in in_use]
    notices = [orphan_notice(e) for e in orphans if e not in record.orphans]
    return (
        record.with_(wanted_now=name, is_applied=False, kept=None, orphans=orphans),
        notices,
    )


def _with_new_files(found: Found, record: Record) -> CertificateSet:
    """The confirmed set, with what lies at paths that it does not have."""
    base = record.sets[record.confirmed]
    new = [target for target in found.wanted.targets if target.path not in base.files]
    added = sets.adopted(None, None, new, found.disk, keeps_key=False)
    return replace(
        base,
        files={**base.files, **added.files},
        targets=[*base.targets, *added.targets],
        encrypted=[*base.encrypted, *added.encrypted],
    )


def _with_set(record: Record, name: str, held: CertificateSet) -> Record:
    return replace(record, sets={**record.sets, name: held})


def _superseded(wanted: Wanted, record: Record, name: str) -> Iterator[str]:
    """The serial numbers of what a set takes the place of, if they are to be revoked.

    Only of our own, whose keys are here: without its key nobody could prove on a later day that a
    certificate was this node's own.
    """
    if not wanted.revoke_superseded:
        return
    new = record.sets[name]
    replaced = [record.sets.get(record.confirmed), record.sets.get(record.wanted_now), new]
    given_up = record.sets.get(record.kept_name)
    earlier = [record.set_of(e) for held in [*replaced, given_up] if held for e in held.supersedes]
    for held in [*replaced, *earlier]:
        is_ours = held is not None and held.request is not None and bool(held.key)
        if held is not None and is_ours and held.serial != new.serial:
            yield held.serial


def _new_material(order: Order, attempt: Attempt) -> Material:
    leaf = certificates.load_certificates(order.certificate.encode("ascii", "replace"))[0]
    serial = certificates.serial_number(leaf)
    key = None
    if attempt.key != EXTERNAL:
        key = keys.load_private_key(attempt.key_pem.encode("ascii"))
        if keys.public_key_digest(key.public_key()) != certificates.public_key_digest(leaf):
            raise AtlasError(
                f"the certificate with the serial number {serial} is for another key than the one"
                " that was made for it; nothing was replaced."
            )
    issuers, root = _issuers(leaf, order.chain)
    if issuers is None:
        raise AtlasError(
            f"the certificate with the serial number {serial} was not signed by an issuer of the"
            " trust chain; nothing was replaced."
        )
    return Material(leaf, issuers, root, key)


def _issuers(
    leaf: Certificate, chain: Sequence[str]
) -> tuple[tuple[Certificate, ...] | None, Certificate | None]:
    pem = "\n".join(chain).encode("ascii", "replace")
    candidates = certificates.load_certificates(pem) if chain else ()
    return chains.split_issuers(leaf, candidates)


def _resume(order: Order, found: Found) -> Work[Installed]:
    """Go on with a set that is complete and was not put in place, or only half."""
    name = pending_set(found, order.now)
    if not name:
        raise AtlasError(
            "what was to be put in place is gone or not wanted any more; run the task again."
        )
    record = _rendered_anew(found, name)
    if name == record.wanted_now:
        record = _with_set(record, record.confirmed, _with_new_files(found, record))
        return (yield from _switch(order, found, record, name))
    record, notices = _replacing(found, record, name)
    installed = yield from _switch(order, found, record, name)
    return replace(installed, notices=notices)


def _rendered_anew(found: Found, name: str) -> Record:
    """The record with the files of a set as the task names them now: it may have changed since."""
    refuse_unknown_passphrases(found)
    held, wanted = found.record.sets[name], found.wanted
    named = [replace(target, passphrase=None) for target in wanted.targets]
    if held.layout == wanted.layout and held.targets == named and not held.encrypted:
        return found.record
    material = material_of(held)
    if material is None:
        raise AtlasError("what was to be put in place is damaged; run the task again.")
    anew = sets.set_of(wanted.layout, material, wanted.targets, found.disk, intact={})
    anew = replace(
        anew,
        request=held.request,
        differences=held.differences,
        supersedes=held.supersedes,
        replaces=held.replaces,
    )
    return _with_set(found.record, name, anew)


def _switch(order: Order, found: Found, record: Record, name: str) -> Work[Installed]:
    """Put a set in place and try it; one that cannot be used is kept, and all as it was before."""
    store, disk, held = found.store, found.disk, record.sets[name]
    record = record.with_(is_applied=False)
    yield [store.draft(record)]
    reserve_of(found).release()
    try:
        if held.layout == LINKED:
            yield from _linked(found, name)
        changed = yield from sets.put_in_place(store, disk, name, held)
        _validate(found.wanted)
    except AtlasError as error:
        raise (yield from _given_back(found, record, error.message.rstrip("."))) from None
    record = record.with_(is_applied=True)
    yield [store.draft(record)]
    store.tidy(record)
    material = material_of(held)
    return Installed(
        changed_files=changed or [found.wanted.label],
        is_deployed=True,
        certificate=held.facts,
        content=content_of(material) if order.with_content and material else {},
    )


def _linked(found: Found, name: str) -> Work[list[str]]:
    """Turn what lies there into links, so that one rename switches all; the paths of those that
    were none."""
    targets, disk = found.wanted.targets, found.disk
    there = [target.path for target in targets if disk.exists(target.path)]
    if all(disk.link(path) is not None for path in there):
        return []
    held = sets.adopted(found.recorded, found.material, targets, disk, keeps_key=False)
    aside = f"{name}-found"
    return (yield from sets.put_in_place(found.store, disk, aside, replace(held, layout=LINKED)))


def _given_back(found: Found, record: Record, why: str) -> Work[AtlasError]:
    """Return to what was there before; what to say of it."""
    serial, store = record.sets[record.wanted_now].serial, found.store
    back = going_back(record, why)
    try:
        yield [store.draft(back)]
        yield from returned(replace(found, record=back))
    except AtlasError as problem:
        return AtlasError(
            f"{why}. And the files could not be returned to what they were: {problem.message} The"
            f" next run does that first; the new certificate {serial} is kept."
        )
    was_pending = found.record.is_pending and found.record.wanted_now != record.wanted_now
    before = (
        f"those of {record.sets[record.confirmed].serial or 'before'} again, which was confirmed"
        " last"
        if was_pending
        else "as they were before"
    )
    return AtlasError(
        f"{why}. All files are {before}. The new certificate {serial} is kept: the next run tries"
        " it again, and buys no other."
    )


def _validate(wanted: Wanted) -> None:
    if not wanted.validate:
        return
    command = shlex.join(wanted.validate)
    try:
        ended = commands.run(wanted.validate, _VALIDATION_SECONDS, {**os.environ, "LC_ALL": "C"})
    except OSError as error:
        raise AtlasError(f"validate: {command!r} could not be run: {explain(error)}.") from None
    except commands.TimedOutError:
        raise AtlasError(
            f"validate: {command!r} did not end within {_VALIDATION_SECONDS} seconds."
        ) from None
    if ended.status:
        said = " ".join(ended.said.split())[-_LONGEST_OUTPUT:]
        raise AtlasError(
            f"validate: {command!r} failed with {ended.status}: {said or 'it said nothing'}"
        )


def _mend(order: Order, found: Found) -> Work[list[str]]:
    """Write again what is missing or damaged, or has other attributes or another layout."""
    material = found.material
    if material is None:
        raise AtlasError(f"{found.wanted.label} was there a moment ago and is gone now.")
    record, recorded = _recorded_of(found, material)
    refuse_unknown_passphrases(found)
    is_settled = record != found.record
    if order.chain and (material.issuers is None or material.root is None):
        issuers, root = _issuers(material.leaf, order.chain)
        material = replace(
            material, issuers=material.issuers or issuers, root=material.root or root
        )
    layout = found.layout
    targets, disk = found.wanted.targets, found.disk
    held = sets.set_of(layout, material, targets, disk, found.intact(material))
    if recorded is not None:
        held = replace(
            held,
            request=recorded.request,
            differences=recorded.differences,
            supersedes=recorded.supersedes,
        )
        name, record = record.wanted_now, _with_set(record, record.wanted_now, held)
    elif layout == LINKED or record.is_linked:
        # A link needs somewhere to lead to, also for a certificate that others obtained.
        name, record = record.adding(held)
        record = record.with_(confirmed=name, wanted_now=name, is_applied=True)
    else:
        name = ""
    record = record if record.is_pending or not name else _at_rest(record, name)
    changed: list[str] = []
    if layout == LINKED:
        # What is recorded to be linked is not cleared away, so that is recorded first.
        yield [found.store.draft(record)]
        changed += yield from _linked(found, name)
    changed += yield from sets.put_in_place(found.store, disk, name, held)
    if (name or is_settled) and layout != LINKED:
        yield [found.store.draft(record)]
    found.store.tidy(record)
    return list(dict.fromkeys(changed))


def _recorded_of(found: Found, material: Material) -> tuple[Record, CertificateSet | None]:
    """What is recorded of files that are to be mended. Where they are those of the confirmed set,
    and another was being put in place, that one is kept; where they are others still, it is given
    up, as it is not wanted any more."""
    record, before = found.record, found.record.previous
    if found.recorded is None and before is not None and before.serial == material.serial:
        back = replace(going_back(record, "putting it in place was cut off"), is_applied=True)
        return back, before if before.request is not None else None
    if record.is_cut_off and record.is_pending:
        record = _without_cut_off(record, material)
        return record, replace(found, record=record).recorded
    return record, found.recorded


def _without_cut_off(record: Record, material: Material) -> Record:
    there = (name for name, held in record.sets.items() if held.serial == material.serial)
    name = next(there, record.confirmed)
    aside = [] if name == record.wanted_now else [record.wanted_now]
    given_up = record.with_(wanted_now=name, is_applied=True, orphans=record.orphans_with(*aside))
    return given_up if given_up.is_pending else _at_rest(given_up, given_up.confirmed)


def _at_rest(record: Record, name: str) -> Record:
    return _with_set(record, name, record.sets[name].without_secrets())
