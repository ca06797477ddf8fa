# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Version folders: complete sets beside what is deployed, each whole or not there at all."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from ...errors import AtlasError
from ...pki import certificates, chains, keys
from . import files
from .material import Material
from .store import Store, make_folder, read_document

_NAME = re.compile(r"(\d{4,})-[0-9A-Za-z]+")
_PUBLIC = files.Attributes(owner=None, group=None, mode=0o644)
_PRIVATE = files.Attributes(owner=None, group=None, mode=0o600)


def next_name(store: Store, serial: str) -> str:
    """A name that no version has had: counted up, with the serial number of its certificate."""
    return f"{_highest(store) + 1:04d}-{serial}"


def _highest(store: Store) -> int:
    numbers = [0]
    for folder in (store.versions, store.previous, store.history):
        with contextlib.suppress(OSError):
            numbers.extend(
                int(match.group(1)) for match in map(_NAME.match, os.listdir(folder)) if match
            )
    return max(numbers)


def path_of(store: Store, version: str) -> str:
    """The folder of a version."""
    return os.path.join(store.versions, version)


def create(
    store: Store,
    version: str,
    material: Material,
    wish: dict[str, Any] | None,
    paths: Sequence[str],
) -> str:
    """Make the folder of a set under a temporary name, and return that; `publish` names it.

    `wish` is None for a certificate that others obtained; `paths` are where its files go.
    """
    make_folder(store.versions, 0o711)
    temporary = os.path.join(store.versions, f".{version}.{secrets.token_hex(8)}")
    make_folder(temporary, 0o711)
    issuers = [*(material.issuers or ()), *([material.root] if material.root else [])]
    _write(temporary, "cert.pem", certificates.certificate_pem(material.leaf).encode(), _PUBLIC)
    if material.issuers is not None:
        chain = "".join(map(certificates.certificate_pem, issuers)).encode()
        _write(temporary, "chain.pem", chain, _PUBLIC)
    if material.key is not None:
        _write(temporary, "key.pem", keys.private_key_pem(material.key), _PRIVATE)
    record = {"serial": material.serial, "wish": wish, "paths": list(paths)}
    _write(temporary, "meta.json", json.dumps(record, sort_keys=True).encode(), _PUBLIC)
    return temporary


def publish(store: Store, temporary: str, version: str) -> None:
    """Give a complete folder its name, durably."""
    try:
        files.sync_folder(temporary)
        os.rename(temporary, path_of(store, version))
        files.sync_folder(store.versions)
    except OSError as error:
        raise AtlasError(f"{store.versions}: {files.explain(error)}.") from None


def _write(folder: str, name: str, content: bytes, attributes: files.Attributes) -> None:
    files.Replacement(os.path.join(folder, name), content, attributes).put_in_place()


def load(store: Store, version: str) -> Material | None:
    """Read a version; None if it is not there or not whole. The key may be gone by design."""
    folder = path_of(store, version)
    try:
        leaf_pem = files.read(os.path.join(folder, "cert.pem"))
        if leaf_pem is None:
            return None
        leaf = certificates.load_certificates(leaf_pem)[0]
        chain_pem = files.read(os.path.join(folder, "chain.pem"))
        key_pem = files.read(os.path.join(folder, "key.pem"))
        key = keys.load_private_key(key_pem) if key_pem else None
        chain = certificates.load_certificates(chain_pem) if chain_pem else ()
    except AtlasError:
        return None
    if chain_pem is None:
        return Material(leaf, None, None, key)
    return Material(leaf, *chains.split_issuers(leaf, chain), key)


def wish_of(store: Store, version: str) -> dict[str, Any] | None:
    """What was wished for when the certificate of a version was obtained; None if unknown."""
    document = read_document(os.path.join(path_of(store, version), "meta.json"))
    wish = document.get("wish") if isinstance(document, dict) else None
    return wish if isinstance(wish, dict) else None


def paths_of(store: Store, version: str) -> list[str]:
    """Where the files of a version went."""
    document = read_document(os.path.join(path_of(store, version), "meta.json"))
    paths = document.get("paths") if isinstance(document, dict) else None
    return [path for path in paths or () if isinstance(path, str)]


def serial_of(version: str) -> str:
    """The serial number in the name of a version."""
    return version.partition("-")[2]


def drop_key(store: Store, version: str) -> None:
    """Remove the copy of the private key that a version was installed from."""
    files.unlink(os.path.join(path_of(store, version), "key.pem"))


def prune(store: Store, keep: Iterable[str], backups: int) -> None:
    """Remove versions that nothing names, but for the newest ones that are backups.

    One with the certificate of a version that is kept is no backup: it was mended since. What is
    a backup is for its owner only.
    """
    kept = set(keep)
    names = names_in(store.versions)
    others = sorted((name for name in names if name not in kept), key=_number, reverse=True)
    current = {serial_of(name) for name in kept}
    complete = [e for e in others if _NAME.fullmatch(e) and serial_of(e) not in current]
    for name in others:
        path = os.path.join(store.versions, name)
        if name in complete[:backups]:
            os.chmod(path, 0o700)
        else:
            files.remove_tree(path)


def keep_newest(folder: str, count: int) -> None:
    """Remove all but the newest folders of a kind."""
    for name in sorted(names_in(folder), key=_number, reverse=True)[count:]:
        files.remove_tree(os.path.join(folder, name))


def names_in(folder: str) -> list[str]:
    """What is in a folder; nothing if there is none."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _number(name: str) -> int:
    match = _NAME.match(name)
    return int(match.group(1)) if match else -1
