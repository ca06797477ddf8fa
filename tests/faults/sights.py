# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on disk, and what readers see of it while a task is at work."""

from __future__ import annotations

import functools
import itertools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import sets
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from .whole_task import RECORDS

NAMES = ("cert.pem", "key.pem", "chain.pem")
Sight = tuple[bytes, bytes, bytes]
"""Certificate, private key and chain; empty if not there."""
BACKUPS = "backups"
_LONGEST = 1 << 16


@functools.lru_cache(maxsize=256)
def belong_together(sight: Sight) -> bool:
    """Whether certificate, private key and chain are one set."""
    certificate, key, chain = sight
    leaf = certificates.load_certificates(certificate)[0]
    issuers = certificates.load_certificates(chain)
    digest = keys.public_key_digest(keys.load_private_key(key).public_key())
    return digest == certificates.public_key_digest(leaf) and any(
        certificates.is_signed_by(leaf, issuer) for issuer in issuers
    )


def on_disk(folder: Path) -> Sight:
    """The set as it is, and nothing if it is not whole."""
    contents = [(folder / name).read_bytes() for name in NAMES if (folder / name).exists()]
    if len(contents) < len(NAMES):
        return b"", b"", b""
    return contents[0], contents[1], contents[2]


def record_of(folder: Path) -> dict[str, Any]:
    """What is recorded of the only certificate of a folder; empty if nothing is."""
    files = list((folder / RECORDS).glob("*.json"))
    assert len(files) < 2, files
    record: dict[str, Any] = json.loads(files[0].read_bytes()) if files else {}
    return record


def is_switching(folder: Path) -> bool:
    """Whether the record says that a switch was begun and not ended."""
    record = record_of(folder)
    return bool(record) and not record["is_applied"]


ATTEMPT = "the key of an attempt"


def left_over(folder: Path) -> list[str]:
    """What nobody needs any more: drafts and space that was held, keys of attempts, other sets
    than the one that is in place, and its content."""
    found = [str(path) for path in folder.rglob(".*.atlas-*")]
    record = record_of(folder)
    if (record.get("attempt") or {}).get("key_pem"):
        found.append(ATTEMPT)
    for name, held in record.get("sets", {}).items():
        if name != record["confirmed"]:
            found.append(f"the set {name}")
        elif held["key"] or any(file["content"] for file in held["files"].values()):
            found.append(f"the content of {name}")
    used = {record.get("confirmed"), "live", BACKUPS}
    found += [str(path) for path in set_folders(folder) if path.name not in used]
    return found


def set_folders(folder: Path) -> Iterator[Path]:
    """The folders of the files of sets, and the link that leads to one of them."""
    return (folder / RECORDS).glob("*/*")


class Watch:
    """The readers of a set, who look whenever something may have changed.

    Between two file operations nothing changes, so who looks after each has seen all there was,
    which no reader in another process can say of itself. Some go by the paths. Some opened the
    folder that the links lead to, at any time, and read file after file in there: those are pinned,
    and what such a reader may put together is any combination of what the files ever held.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = [sets.file_name(str(folder / name)) for name in NAMES]
        self._by_path: set[tuple[Sight, bool]] = set()
        self._pinned: dict[tuple[int, int], tuple[int, list[set[bytes]]]] = {}
        for place in set_folders(folder):
            self._pin(str(place))
        self.look()

    def look(self) -> None:
        """Have all of them read all files."""
        place = os.open(self._folder, os.O_DIRECTORY)
        contents = [_read(name, place) for name in NAMES]
        os.close(place)
        sight = contents[0], contents[1], contents[2]
        self._by_path.add((sight, _is_mixed(sight) and is_switching(self._folder)))
        for live in (self._folder / RECORDS).glob("*/live"):
            self._pin(str(live))
        for descriptor, seen in self._pinned.values():
            for name, ever in zip(self._names, seen):
                ever.add(_read(name, descriptor))

    def check(self, layout: str, is_first: bool) -> None:
        """Nobody saw a torn file, or a mixed set that the record does not tell of, or a gap
        where a set was before. Who holds an old folder open may find it emptied, once the new set
        is acknowledged, and never a set that does not match in it."""
        for sight, is_on_record in self._by_path:
            _check_whole(sight)
            assert is_first or all(sight), "a file was missing for a moment"
            if _is_mixed(sight):
                assert layout == "plain", "one rename switches all"
                assert is_on_record, "a mixed set that nobody knows of"
        for _descriptor, (certificate, key, chain) in self._pinned.values():
            for combined in itertools.product(certificate, key, chain):
                _check_whole(combined)
                assert not _is_mixed(combined), "files of one folder that do not match"

    def close(self) -> None:
        """Let go of the folders."""
        for descriptor, _seen in self._pinned.values():
            os.close(descriptor)

    def _pin(self, place: str) -> None:
        try:
            descriptor = os.open(place, os.O_DIRECTORY)
        except OSError:
            return
        found = os.fstat(descriptor)
        identity = found.st_dev, found.st_ino
        if identity in self._pinned:
            os.close(descriptor)
        else:
            self._pinned[identity] = descriptor, [set() for _name in NAMES]


@contextmanager
def watching(folder: Path) -> Iterator[Watch]:
    """Watch a folder as long as this lasts."""
    watch = Watch(folder)
    try:
        yield watch
    finally:
        watch.close()


def _read(name: str, folder: int) -> bytes:
    try:
        descriptor = os.open(name, os.O_RDONLY, dir_fd=folder)
    except OSError:
        return b""
    try:
        return os.read(descriptor, _LONGEST)
    finally:
        os.close(descriptor)


def _check_whole(sight: Sight) -> None:
    for content in filter(None, sight):
        assert content.endswith(b"-----\n"), "a torn file"


def _is_mixed(sight: Sight) -> bool:
    """Whether it is whole, and of two sets."""
    return all(sight) and not belong_together(sight)
