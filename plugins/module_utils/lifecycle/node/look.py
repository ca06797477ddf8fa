# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is there: the files of one certificate, and what is recorded of it. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from ...errors import AtlasError
from ...pki import certificates, chains, keys, pkcs12
from ...pki.library import x509
from .. import due
from ..fact_reading import facts_of
from ..wanted import CSR, LINKED, PKCS12, ExternalKey, Target, Wanted
from . import files, linked, plain, versions
from .material import Material
from .state import State
from .store import Store

if TYPE_CHECKING:
    from ...pki.keys import PrivateKey


@dataclass(frozen=True)
class Found:
    """What was found on the node. `material` is None where there is no certificate, its `key` is
    None where that is missing or unreadable."""

    store: Store
    state: State
    deployed: due.Deployed
    material: Material | None


@dataclass(frozen=True)
class _File:
    target: Target
    certificates: tuple[x509.Certificate, ...]
    key: PrivateKey | None


def layout_named(name: str) -> ModuleType:
    """The functions of a layout: `differences`, `keep`, `switch`, `has_previous`,
    `switch_back`."""
    return linked if name == LINKED else plain


def standing_layout(wanted: Wanted, state: State) -> str:
    """The layout in which files are mended and switched back.

    What is on probation stays in the layout that it was put in place with, because what there is
    to switch back to is kept in that; it is changed once the set is acknowledged.
    """
    return state.layout if state.is_on_probation and state.layout else wanted.layout


def look(wanted: Wanted) -> Found:
    """Read what is deployed of one certificate."""
    store = Store.of(wanted.records)
    state = store.read()
    read, error = _read_files(wanted.targets)
    key, key_error = _deployed_key(wanted)
    public_key = external_key(wanted.external_key)[0] if wanted.external_key else None
    if key is not None:
        public_key = key.public_key()
    digest = keys.public_key_digest(public_key) if public_key is not None else ""
    leaf = _deployed_leaf(wanted, read, store, state, digest)
    deployed = due.Deployed(
        certificate=leaf,
        certificate_error=error,
        key_kind=keys.kind_of(public_key) if public_key is not None else None,
        key_digest=digest,
        key_error=key_error,
        recorded=_recorded(store, state, leaf),
        is_revoked=leaf is not None and certificates.serial_number(leaf) in state.revoked,
    )
    return Found(store, state, deployed, _material(store, leaf, read, key))


def external_key(external: ExternalKey) -> tuple[keys.PublicKey, str]:
    """The public key of a key that lives elsewhere, and the CSR that it came in, if it did."""
    where = external.path or f"{external.kind}_content"
    try:
        pem = external.content
        if external.path:
            content = files.read(external.path)
            if content is None:
                raise AtlasError("does not exist on the node")
            pem = content.decode("ascii", "replace")
        if external.kind == CSR:
            return keys.load_signing_request(pem or ""), pem or ""
        return keys.load_public_key(pem or ""), ""
    except AtlasError as error:
        raise AtlasError(f"{external.kind}: {where} {error.message}.") from None


def _read_files(targets: Sequence[Target]) -> tuple[list[_File], str]:
    """The files that can be read, and why one that holds the certificate itself cannot."""
    read = []
    error = ""
    for target in targets:
        if not (target.holds_certificate or "chain" in target.contains):
            continue
        content = _content(target)
        try:
            if content is not None:
                read.append(_read_file(target, content))
        except AtlasError as problem:
            if target.holds_certificate:
                error = problem.message
    return read, error


def _content(target: Target) -> bytes | None:
    """What is in a file. If it is there and cannot be read, nobody knows what is due: a new
    certificate would be bought for a fault of the disk or of permissions."""
    try:
        return files.read(target.path)
    except files.UnreadableError as error:
        raise AtlasError(f"{target.option}: {target.path} {error.message}.") from None


def _read_file(target: Target, content: bytes) -> _File:
    if target.format == PKCS12:
        held = pkcs12.read(content, target.passphrase)
        found, key = _leaf_first(held), held.key
    else:
        found, key = certificates.load_certificates(content), None
    if not found:
        raise AtlasError("holds no certificate")
    try:
        facts_of(found[0])
        for issuer in found[1:]:
            str((issuer.subject, issuer.issuer))
    except AtlasError:
        raise
    except Exception:
        # cryptography reads names, keys and extensions only when they are asked for, and raises
        # many types then
        raise AtlasError("holds a damaged certificate") from None
    return _File(target, found, key)


def _leaf_first(held: pkcs12.Contents) -> tuple[x509.Certificate, ...]:
    """Without a key in the file, older libraries tell the certificates in any order."""
    if held.certificate:
        return (held.certificate, *held.others)
    if not held.others:
        return ()
    leaf = chains.leaf_of(held.others)
    return (leaf, *(other for other in held.others if other != leaf))


def _deployed_key(wanted: Wanted) -> tuple[PrivateKey | None, str]:
    target = wanted.key_target
    if target is None:
        return None, ""
    content = _content(target)
    if content is None:
        return None, ""
    try:
        if target.format == PKCS12:
            key = pkcs12.read(content, target.passphrase).key
            return key, "" if key else "is not in the file"
        return keys.load_private_key(content, target.passphrase), ""
    except AtlasError as error:
        return None, error.message


def _deployed_leaf(
    wanted: Wanted, read: Sequence[_File], store: Store, state: State, key_digest: str
) -> x509.Certificate | None:
    """The certificate that is deployed; where two files differ, the one of the private key."""
    leaves = [file.certificates[0] for file in read if file.target.holds_certificate]
    if not any(target.holds_certificate for target in wanted.targets) and state.live:
        kept = versions.load(store, state.live)
        leaves = [kept.leaf] if kept else []
    for leaf in leaves:
        if certificates.public_key_digest(leaf) == key_digest:
            return leaf
    return leaves[0] if leaves else None


def _recorded(store: Store, state: State, leaf: x509.Certificate | None) -> due.Recorded | None:
    if leaf is None:
        return None
    serial = certificates.serial_number(leaf)
    for version in _versions_of(store, state, serial):
        wish = versions.wish_of(store, version)
        if wish is not None:
            return due.Recorded(wish)
    return None


def _versions_of(store: Store, state: State, serial: str) -> Iterator[str]:
    """The version folders of this certificate, the live one first."""
    for version in sorted(state.versions, key=lambda name: name != state.live):
        if version.endswith(f"-{serial}"):
            yield version


def _material(
    store: Store,
    leaf: x509.Certificate | None,
    read: Sequence[_File],
    key: PrivateKey | None,
) -> Material | None:
    """The set as it is deployed. Issuers that are in no file any more are in the versions."""
    if leaf is None:
        return None
    candidates = [certificate for file in read for certificate in file.certificates]
    serial = certificates.serial_number(leaf)
    for version in _versions_of(store, store.read(), serial):
        kept = versions.load(store, version)
        if kept:
            candidates.extend(kept.issuers or ())
            candidates.extend([kept.root] if kept.root else [])
    issuers, root = chains.split_issuers(leaf, candidates)
    belongs = key is not None and keys.public_key_digest(
        key.public_key()
    ) == certificates.public_key_digest(leaf)
    return Material(leaf, issuers, root, key if belongs else None)
