# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether nothing is due, found out without reading a certificate: most runs end here.

The record says what the files held when they were last found to be right, and from when until when
the certificate is valid. If the files are still the same, byte by byte, and the task states the
same, only the clock has a say. Everything else is for `inspect`, which reads it all.
"""

from __future__ import annotations

import hashlib

from ...errors import AtlasError
from ...files.places import Places
from .. import expiry
from ..exchange import Inspection
from ..wanted import LINKED, Target, Wanted
from .disk import Disk, attributes_of
from .record import CertificateSet, Record
from .store import Store


def glance(wanted: Wanted, store: Store, places: Places, now: int) -> Inspection | None:
    """What was found if nothing is due at `now` (UNIX seconds); else None, for a closer look."""
    if wanted.force or wanted.external_key or not wanted.targets or not store.exists:
        return None
    record = store.read()
    held = record.deployed
    if held is None or held.facts is None or not _is_at_rest(record, held):
        return None
    facts = held.facts
    lifetime = expiry.Lifetime(facts.serial_number, facts.not_before, facts.not_after)
    if (
        held.request != wanted.wish
        or next(expiry.reasons(wanted, lifetime, now), "")
        or not _has_key_of(wanted, facts.key)
        or store.is_untidy(record)
        or not _is_as_recorded(wanted, held, Disk(store, places, wanted.follow))
    ):
        return None
    close = expiry.notice(wanted, lifetime, now)
    return Inspection(
        certificate=facts,
        superseded=list(record.superseded),
        notices=[close] if close else [],
        is_own=True,
    )


def _is_at_rest(record: Record, held: CertificateSet) -> bool:
    """Whether nothing is open: no request, no switch, nothing to be reported or cleared away."""
    quiet = Record(
        sets={record.wanted_now: held},
        confirmed=record.wanted_now,
        wanted_now=record.wanted_now,
        superseded=record.superseded,
        count=record.count,
    )
    return record == quiet and not held.differences and not held.encrypted


def _has_key_of(wanted: Wanted, key: str) -> bool:
    key_type, _blank, bits = key.partition(" ")
    return wanted.privatekey_type in ("auto", key_type) and (
        wanted.privatekey_size is None or str(wanted.privatekey_size) == bits
    )


def _is_as_recorded(wanted: Wanted, held: CertificateSet, disk: Disk) -> bool:
    recorded = {target.path: target for target in held.targets}
    if recorded.keys() != {target.path for target in wanted.targets}:
        return False
    try:
        return all(
            _is_same(target, recorded[target.path], held, disk, wanted.layout)
            for target in wanted.targets
        )
    except AtlasError:  # a closer look says what it is
        return False


def _is_same(
    target: Target, recorded: Target, held: CertificateSet, disk: Disk, layout: str
) -> bool:
    file = held.files.get(target.path)
    if file is None or target.passphrase:
        return False
    if (recorded.contains, recorded.format, recorded.key_format) != (
        target.contains,
        target.format,
        target.key_format,
    ):
        return False
    found = disk.find(target.path)
    if found is None or not file.is_there:
        return found is None and not file.is_there and not disk.exists(target.path)
    is_in_layout = (disk.link(target.path) is not None) == (layout == LINKED)
    return (
        hashlib.sha256(found.content).hexdigest() == file.digest
        and is_in_layout
        and found.status.st_nlink == 1
        and not attributes_of(target).differences(found.status)
    )
