# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is there: the files of one certificate, and what is recorded of it. Changes nothing."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...asn1.certificate import Certificate
from ...errors import AtlasError
from ...files.folder import FoundFile, UnreadableError
from ...files.ownership import is_trusted
from ...files.places import NoFolderError, Places
from ...pki import certificates, chains, keys, pkcs12
from .. import due
from ..fact_reading import facts_of
from ..wanted import CSR, LINKED, PKCS12, PRIVATE_KEY, ExternalKey, Target, Wanted
from .disk import Disk, attributes_of
from .material import Material, holds
from .record import CertificateSet, Record
from .store import Store, naming_option

if TYPE_CHECKING:
    from ...pki.keys import PrivateKey


@dataclass(frozen=True)
class Found:
    """What was found on the node.

    `wanted` has, besides the files that the task names, those that belong to the same set and that
    it does not name: `carried` are their paths. `material` is None where there is no certificate,
    its `key` where that is missing or does not belong to it; `key` is the private key that is
    there, whatever it belongs to, and `foreign_key` says so if another user may have put it there.
    """

    wanted: Wanted
    store: Store
    record: Record
    disk: Disk
    deployed: due.Deployed
    material: Material | None
    key: PrivateKey | None
    foreign_key: str
    carried: list[str]

    @property
    def recorded(self) -> CertificateSet | None:
        """The set that is recorded as being in place, if its certificate is what was found."""
        held, material = self.record.deployed, self.material
        if held is None or material is None or held.request is None:
            return None
        return held if held.serial == material.serial else None

    @property
    def layout(self) -> str:
        """The layout in which files are mended: that of a set that is not confirmed stays."""
        pending = self.record.deployed if self.record.is_on_probation else None
        return pending.layout if pending else self.wanted.layout

    @property
    def is_put_back(self) -> bool:
        """Whether a set was to be confirmed, and somebody else than this collection put back what
        was there before, or removed the files."""
        deployed, record = self.deployed, self.record
        if not record.is_on_probation or self.unreadable:
            return False
        leaf = deployed.certificate
        serial = certificates.serial_number(leaf) if leaf else ""
        pending, before = record.deployed, record.previous
        is_other = pending is not None and serial != pending.serial
        return is_other and (not serial or (before is not None and serial == before.serial))

    @property
    def unreadable(self) -> str:
        """What cannot be read, and why, so that nobody can tell what is due; empty if somebody
        can."""
        deployed = self.deployed
        if deployed.certificate is None and deployed.certificate_error:
            return f"certificate {deployed.certificate_error}"
        if deployed.key_kind is None and deployed.key_error:
            return f"private key {deployed.key_error}"
        return ""

    def intact(self, material: Material) -> dict[str, bytes | None]:
        """What the files hold that hold what they should of a set, in whatever form, by path."""
        read = {target.path: self._content(target) for target in self.wanted.targets}
        return {
            target.path: read[target.path]
            for target in self.wanted.targets
            if self._holds(target, read[target.path], material)
        }

    def differences(self) -> list[tuple[str, str]]:
        """What is to be mended although the certificate is as wanted: path, and what about it."""
        found = ((target.path, self._difference(target)) for target in self.wanted.targets)
        return [(path, what) for path, what in found if what]

    def _content(self, target: Target) -> bytes | None:
        try:
            return self.disk.read(target.path)
        except UnreadableError:
            return b""

    def _holds(self, target: Target, content: bytes | None, material: Material) -> bool:
        return self._is_sealed(target, content) or holds(target, content, material)

    def _is_sealed(self, target: Target, content: bytes | None) -> bool:
        """Whether a file that the task does not name is as it was put in place, under a passphrase
        that nobody states now."""
        held = self.record.deployed
        if held is None or content is None or target.path not in self.carried:
            return False
        is_same = hashlib.sha256(content).hexdigest() == held.files[target.path].digest
        return target.path in held.encrypted and is_same

    def _difference(self, target: Target) -> str:
        if self.material is None:
            return "missing"
        if not self._holds(target, self._content(target), self.material):
            return "not as it should be" if self.disk.exists(target.path) else "missing"
        found = self.disk.stat(target.path)
        if found is None:
            return ""
        is_link = self.disk.link(target.path) is not None
        if is_link != (self.layout == LINKED):
            return "a link of the layout linked" if is_link else "not a link of the layout linked"
        return ", ".join(attributes_of(target).differences(found))


@dataclass(frozen=True)
class _File:
    target: Target
    certificates: tuple[Certificate, ...]
    key: PrivateKey | None


@dataclass(frozen=True)
class _Read:
    """The files that could be read, the private key, and why others could not."""

    files: list[_File]
    certificate_error: str
    key: PrivateKey | None
    key_error: str
    foreign_key: str


def look(wanted: Wanted, store: Store, places: Places) -> Found:
    """Read what is deployed of one certificate."""
    record = store.read()
    disk = Disk(store, places, wanted.follow)
    carried = _carried(wanted, record, disk)
    wanted = replace(wanted, targets=[*wanted.targets, *carried])
    read = _read_all(wanted, disk)
    public_key = read.key.public_key() if read.key else None
    if wanted.external_key:
        public_key = external_key(wanted.external_key, places)[0]
    digest = keys.public_key_digest(public_key) if public_key is not None else ""
    leaf = _deployed_leaf(wanted, read.files, record, digest)
    recorded = record.set_of(certificates.serial_number(leaf)) if leaf else None
    deployed = due.Deployed(
        certificate=leaf,
        certificate_error=read.certificate_error,
        key_kind=keys.kind_of(public_key) if public_key is not None else None,
        key_digest=digest,
        key_error=read.key_error,
        recorded=due.Recorded(recorded.request or {}) if recorded else None,
        is_revoked=leaf is not None and certificates.serial_number(leaf) in record.revoked,
    )
    return Found(
        wanted=wanted,
        store=store,
        record=record,
        disk=disk,
        deployed=deployed,
        material=_material(recorded, leaf, read.files, read.key),
        key=read.key,
        foreign_key=read.foreign_key,
        carried=[target.path for target in carried],
    )


def _carried(wanted: Wanted, record: Record, disk: Disk) -> list[Target]:
    """The files of the set that the task does not name, by whatever path, as far as they are still
    there.

    Left behind they would not match the others any more.
    """
    held = record.deployed
    if held is None or not wanted.targets:
        return []
    paths = {target.path for target in wanted.targets}
    others = [
        target for target in held.targets if target.path not in paths and disk.exists(target.path)
    ]
    named = {_identity(path, disk) for path in paths} if others else set()
    return [target for target in others if _identity(target.path, disk) not in named]


def _identity(path: str, disk: Disk) -> object:
    try:
        return disk.place(path).identity
    except AtlasError:  # it is told of where it matters
        return path


def refuse_unknown_passphrases(found: Found) -> None:
    """Raise an `AtlasError` if a file is to be written whose passphrase the task does not state."""
    held = found.record.deployed
    encrypted = [path for path in found.carried if held and path in held.encrypted]
    if encrypted:
        raise AtlasError(
            f"{encrypted[0]} belongs to the same certificate and is protected by a passphrase that"
            " this task does not state, so it could not be kept in step; name it in the task, too,"
            " or remove it."
        )


def external_key(external: ExternalKey, places: Places) -> tuple[keys.PublicKey, str]:
    """The public key of a key that lives elsewhere, and the CSR that it came in, if it did."""
    where = external.path or f"{external.kind}_content"
    try:
        pem = external.content
        if external.path:
            place = places.followed(places.of(external.path))
            content = place.folder.read(place.name)
            if content is None:
                raise AtlasError("does not exist on the node")
            pem = content.decode("utf-8", "replace")
        if external.kind == CSR:
            text = keys.signing_request_text(pem or "")
            return keys.load_signing_request(text), text
        return keys.load_public_key(pem or ""), ""
    except AtlasError as error:
        raise AtlasError(f"{external.kind}: {where} {error.message.rstrip('.')}.") from None


def _read_all(wanted: Wanted, disk: Disk) -> _Read:
    read: list[_File] = []
    error = key_error = foreign = ""
    for target in wanted.targets:
        there = _found_file(target, disk)
        if there is None or not there.content.strip():
            continue  # an empty file holds nothing that could be lost
        if target == wanted.key_target and _is_of_others(there.status.st_uid, target):
            foreign = f"{target.path} belongs to the user {there.status.st_uid}"
        try:
            read.append(_read_file(target, there.content))
        except AtlasError as problem:
            said = f"at {target.path} {problem.message}"
            error = said if target.holds_certificate else error
            key_error = said if target == wanted.key_target else key_error
    by_target = {file.target.path: file.key for file in read if file.key}
    first = wanted.key_target
    key = by_target.get(first.path) if first else None
    key = key or next(iter(by_target.values()), None)
    if any(file.target.holds_certificate for file in read):
        error = ""
    return _Read(read, error, key, "" if key else key_error, foreign)


def _is_of_others(owner: int, target: Target) -> bool:
    """Whether it is another user's than root, the task's and the one that the task names."""
    return not is_trusted(owner) and owner != attributes_of(target).owner_id


def _found_file(target: Target, disk: Disk) -> FoundFile | None:
    """What is in a file. If it is there and cannot be read, nobody knows what is due: a new
    certificate would be bought for a fault of the disk or of permissions."""
    with contextlib.suppress(NoFolderError), naming_option(target):
        disk.place(target.path)
    try:
        return disk.find(target.path)
    except UnreadableError as error:
        why = error.message
        if disk.is_unfollowed(target.path):
            why = "is a symbolic link, and follow is false; give the path of the file itself"
        raise AtlasError(f"{target.option}: {target.path} {why}.") from None


def _read_file(target: Target, content: bytes) -> _File:
    if target.format == PKCS12:
        held = pkcs12.read(content, target.passphrase)
        return _checked(_File(target, _leaf_first(held), held.key))
    key = keys.load_private_key(content, target.passphrase) if target.holds_key else None
    holds_certificates = target.contains != [PRIVATE_KEY]
    found = certificates.load_certificates(content) if holds_certificates else ()
    return _checked(_File(target, found, key))


def _checked(file: _File) -> _File:
    if file.target.holds_certificate and not file.certificates:
        raise AtlasError("holds no certificate")
    if file.target.holds_key and file.key is None:
        raise AtlasError("holds no private key")
    if file.target.holds_certificate:
        facts_of(file.certificates[0])  # of what stands above it nothing is reported
    return file


def _leaf_first(held: pkcs12.Contents) -> tuple[Certificate, ...]:
    """Without a key in the file, older libraries tell the certificates in any order."""
    if held.certificate:
        return (held.certificate, *held.others)
    if not held.others:
        return ()
    leaf = chains.leaf_of(held.others)
    return (leaf, *(other for other in held.others if other != leaf))


def _deployed_leaf(
    wanted: Wanted, read: Sequence[_File], record: Record, key_digest: str
) -> Certificate | None:
    """The certificate that is deployed; where two files differ, the one of the private key."""
    leaves = [file.certificates[0] for file in read if file.target.holds_certificate]
    if not any(target.holds_certificate for target in wanted.targets):
        held = material_of(record.deployed)
        leaves = [held.leaf] if held else []
    for leaf in leaves:
        if certificates.public_key_digest(leaf) == key_digest:
            return leaf
    return leaves[0] if leaves else None


def _material(
    recorded: CertificateSet | None,
    leaf: Certificate | None,
    read: Sequence[_File],
    key: PrivateKey | None,
) -> Material | None:
    """The set as it is deployed. Issuers that are in no file any more are in the record."""
    if leaf is None:
        return None
    candidates = [certificate for file in read for certificate in file.certificates]
    kept = material_of(recorded)
    if kept:
        candidates.extend(kept.issuers or ())
        candidates.extend([kept.root] if kept.root else [])
    issuers, root = chains.split_issuers(leaf, candidates)
    if issuers is None and kept and kept.issuers is not None:
        issuers, root = kept.issuers, kept.root
    belongs = key is not None and keys.public_key_digest(
        key.public_key()
    ) == certificates.public_key_digest(leaf)
    return Material(leaf, issuers, root, key if belongs else None)


def material_of(held: CertificateSet | None) -> Material | None:
    """The certificate of a recorded set with all that belongs to it."""
    if held is None or not held.certificate:
        return None
    leaf = certificates.load_certificates(held.certificate.encode("ascii"))[0]
    issuers = None
    if held.issuers is not None:
        issuers = (
            certificates.load_certificates(held.issuers.encode("ascii")) if held.issuers else ()
        )
    roots = certificates.load_certificates(held.root.encode("ascii")) if held.root else ()
    key = keys.load_private_key(held.key.encode("ascii")) if held.key else None
    return Material(leaf, issuers, roots[0] if roots else None, key)
