# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of files: made of a certificate or of what lies there, and put in place.

`put_in_place` makes the files equal to a set, whatever they were before: it installs, mends,
returns to what was there before, and goes on where a call was cut off. In the layout `plain` each
file is replaced by a rename, the private key last, because servers open the certificate first and
the key a moment later. In the layout `linked` the paths are links through one other link, `live`,
and one rename switches them all.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Union

from ...files.changes import Change, Draft, Link, Removal, label_of
from ...files.folder import Folder
from ...files.ownership import Attributes, is_trusted
from ...files.phases import Work
from ...pki import certificates, keys
from ..fact_reading import facts_of
from ..wanted import CERTIFICATE, LINKED, PKCS12, PLAIN, PRIVATE_KEY, Target
from .disk import Disk, attributes_of, attributes_of_file
from .material import Material, render
from .record import CertificateSet, SetFile, set_file
from .store import LIVE, Store

_SET_MODE = 0o711
_WRITABLE = stat.S_IWGRP | stat.S_IWOTH


Intact = Mapping[str, Union[bytes, None]]


def set_of(
    layout: str, material: Material, targets: Sequence[Target], disk: Disk, intact: Intact
) -> CertificateSet:
    """The set of a certificate with a file for each target.

    Those at the paths of `intact` hold what they should, and stay as they are written down: as they
    were when they were judged, whatever lies there by now.
    """
    files = {
        target.path: _file(layout, target, _content(target, material, intact), disk)
        for target in targets
    }
    return _naming(targets, replace(_described(material), layout=layout, files=files))


def _described(material: Material) -> CertificateSet:
    issuers = material.issuers
    return CertificateSet(
        layout=PLAIN,
        certificate=certificates.certificate_pem(material.leaf),
        issuers=None if issuers is None else "".join(map(certificates.certificate_pem, issuers)),
        root=certificates.certificate_pem(material.root) if material.root else "",
        key=keys.private_key_pem(material.key).decode("ascii") if material.key else "",
        facts=facts_of(material.leaf),
        key_digest=certificates.public_key_digest(material.leaf),
    )


def _naming(targets: Sequence[Target], held: CertificateSet) -> CertificateSet:
    return replace(
        held,
        targets=[replace(target, passphrase=None) for target in targets],
        encrypted=[target.path for target in targets if target.passphrase],
    )


def _content(target: Target, material: Material, intact: Intact) -> bytes | None:
    return intact[target.path] if target.path in intact else render(target, material)


def _file(layout: str, target: Target, content: bytes | None, disk: Disk) -> SetFile:
    if not content:
        return SetFile(is_there=False, mode=target.mode)
    attributes = attributes_of(target)
    owner, group = attributes.owner_id, attributes.group_id
    replaced = _replaced(target.path, disk) if layout == LINKED else None
    if replaced is not None:
        owner = replaced.st_uid if owner is None else owner
        group = replaced.st_gid if group is None else group
    return set_file(content, owner, group, target.mode)


def _replaced(path: str, disk: Disk) -> os.stat_result | None:
    """What a file in the folder of a set takes the place of, and so owner and group from, unless
    others could have put it there."""
    is_ours = disk.link(path) == file_name(path)
    return disk.stat(path) if is_ours or disk.is_protected(path) else None


def adopted(
    deployed: CertificateSet | None,
    material: Material | None,
    targets: Sequence[Target],
    disk: Disk,
    keeps_key: bool,
) -> CertificateSet:
    """What lies at the paths, byte by byte, as a set that can be returned to.

    `deployed` is what is recorded of the certificate, if it is recorded. `keeps_key` is whether
    its private key will be needed to show that it was the node's own.
    """
    base = deployed or (_described(material) if material else CertificateSet(layout=PLAIN))
    is_linked = any(disk.link(target.path) is not None for target in targets)
    key = material.key if material and keeps_key else None
    found = replace(
        base,
        layout=LINKED if is_linked else PLAIN,
        key=keys.private_key_pem(key).decode("ascii") if key else "",
        files={target.path: _as_found(target.path, disk) for target in targets},
    )
    return _naming(targets, found)


def _as_found(path: str, disk: Disk) -> SetFile:
    found = disk.find_named(path)
    if found is None:
        return SetFile(is_there=False)
    status = found.status
    return set_file(found.content, status.st_uid, status.st_gid, status.st_mode & 0o7777)


def put_in_place(store: Store, disk: Disk, name: str, held: CertificateSet) -> Work[list[str]]:
    """Make the files equal to a set; the paths of those that were changed."""
    changed = [path for path in _in_order(held) if not _is_right(store, disk, path, held)]
    if held.layout == LINKED:
        yield from _link(store, disk, name, held)
    elif changed:
        yield _changes(disk, held, changed)
    return changed


def _is_right(store: Store, disk: Disk, path: str, held: CertificateSet) -> bool:
    is_link = disk.link(path) is not None
    is_in_layout = is_link == (held.layout == LINKED) or not held.files[path].is_there
    return is_in_layout and disk.is_as(path, held.files[path])


@contextlib.contextmanager
def all_or_none() -> Iterator[list[Change]]:
    """A list of changes, of which nothing is left behind if it cannot be completed."""
    made: list[Change] = []
    try:
        yield made
    except BaseException:
        for change in made:
            change.discard()
        raise


def _changes(disk: Disk, held: CertificateSet, paths: Sequence[str]) -> list[Change]:
    with all_or_none() as made:
        for path in paths:
            place, file = disk.place(path), held.files[path]
            if file.octets is None:
                made.append(Removal(place.folder, place.name))
            else:
                attributes = attributes_of_file(file)
                made.append(Draft(place.folder, place.name, file.octets, attributes))
    return made


def _link(store: Store, disk: Disk, name: str, held: CertificateSet) -> Work[None]:
    with store.sets() as sets, sets.make(name, _SET_MODE) as folder:
        drafts = _drafts(disk, folder, held)
        if drafts:
            yield drafts
        if sets.link_text(LIVE) is None:  # before any path leads through it
            yield [Link(sets, LIVE, name)]
        switch = _switch(store, disk, sets, name, held)
        if switch:
            yield switch


def _switch(
    store: Store, disk: Disk, sets: Folder, name: str, held: CertificateSet
) -> list[Change]:
    """Links at all paths, and the one that switches them; what is to go goes last."""
    gone: list[Change] = []
    with all_or_none() as made:
        for path in _in_order(held):
            place = disk.place(path)
            if not held.files[path].is_there:
                if place.folder.stat(place.name) is not None:
                    gone.append(Removal(place.folder, place.name))
                continue
            text = link_text(store, place.folder, path)
            if place.folder.link_text(place.name) != text:
                made.append(Link(place.folder, place.name, text))
        if sets.link_text(LIVE) != name:
            made.append(Link(sets, LIVE, name))
    return [*made, *gone]


def _drafts(disk: Disk, folder: Folder, held: CertificateSet) -> list[Change]:
    """The files of a set in its own folder, as far as they are not there yet."""
    with all_or_none() as drafts:
        for path, file in held.files.items():
            content, name = file.octets, file_name(path)
            if content is None:
                continue
            attributes, found = _among_records(path, held, disk), folder.stat(name)
            is_there = found is not None and folder.read(name) == content
            if is_there and found is not None and not attributes.differences(found):
                continue
            label = label_of(disk.place(path).folder)
            drafts.append(Draft(folder, name, content, attributes, label))
    return drafts


def _among_records(path: str, held: CertificateSet, disk: Disk) -> Attributes:
    """Owner, group and mode of a file in the folder of its set: nobody's who only put it at its
    path, and could then change what lies among the records."""
    attributes = attributes_of_file(held.files[path])
    stated = {target.path for target in held.targets if target.owner is not None}
    owner = held.files[path].owner
    if owner is None or is_trusted(owner) or path in stated or disk.is_protected(path):
        return attributes
    return Attributes(owner=None, group=None, mode=attributes.mode & ~_WRITABLE)


def file_name(path: str) -> str:
    """What a file is called in the folder of its set, which depends on no other file of it."""
    digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()
    shown = os.fsencode(os.path.basename(path))[-200:].decode("utf-8", "ignore")
    return f"{digest[:8]}-{shown}"


def link_text(store: Store, folder: Folder, path: str) -> str:
    """Where the link at a path leads to: relative, so that both folders can be seen elsewhere."""
    return os.path.relpath(os.path.join(store.live, file_name(path)), folder.path)


def _in_order(held: CertificateSet) -> list[str]:
    """The order in which the files are renamed: the private key last."""
    ranks = {target.path: _rank(target) for target in held.targets}
    return sorted(held.files, key=lambda path: ranks.get(path, 0))


def _rank(target: Target) -> int:
    if target.contains == [PRIVATE_KEY]:
        return 5
    if CERTIFICATE not in target.contains:
        return 0
    if target.format == PKCS12:
        return 1
    if target.holds_key:
        return 2
    return 3 if target.contains == [CERTIFICATE] else 4
