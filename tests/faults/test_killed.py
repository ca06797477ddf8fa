# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Killed anywhere, a plain re-run is enough: one certificate for each wish, and a matching set.

Every request and every file operation of a task is a moment at which it is killed, enumerated and
not sampled (docs/certificates.md, "What is guaranteed").
"""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from .conftest import folder_in_memory
from .killing import (
    BY_PATH,
    NEVER,
    PINNED,
    Ended,
    Moment,
    Sight,
    run_here,
    run_killed,
    watching,
)
from .whole_task import Tasks

OLD = "old.quillon.example"
LAYOUTS = ["plain", "linked"]


def at_once(_seconds: float) -> None:
    """The simulator's statistics are up to date at once, so nobody has to wait for them."""


def tasks_in(service: Simulator, folder: Path, layout: str, scratch: Path | None = None) -> Tasks:
    options = {"layout": layout, "settle": 1}
    return Tasks(service, folder, options, sleep=at_once, scratch=scratch)


def wish(name: str) -> dict[str, Any]:
    return {"san": {"dns_names": [f"{name}.quillon.example"]}}


@pytest.fixture(scope="module")
def deployed(service: Simulator) -> Iterator[dict[str, dict[str, Path]]]:
    """Folders with an older certificate in place, and ones without, by layout; and ones where the
    older certificate is in the other layout."""
    folders: dict[str, dict[str, Path]] = {"renewal": {}, "first": {}, "adoption": {}}
    with folder_in_memory() as memory:
        for layout, other in zip(LAYOUTS, reversed(LAYOUTS)):
            empty, filled = memory / f"{layout}-first", memory / f"{layout}-renewal"
            empty.mkdir()
            filled.mkdir()
            result = tasks_in(service, filled, layout).run(san={"dns_names": [OLD]})
            assert result["changed"], result
            folders["first"][layout], folders["renewal"][layout] = empty, filled
            folders["adoption"][other] = filled
        yield folders


def moments(ended: Ended) -> Iterator[Moment]:
    """Before and after each request, and before each file operation; that is after the last."""
    for number in range(ended.requests):
        yield Moment("before", number)
        yield Moment("after", number)
    for number in range(ended.operations):
        yield Moment("node", number)


def issued(service: Simulator) -> dict[str, list[str]]:
    """The serial numbers of all certificates by their only name."""
    serials: dict[str, list[str]] = {}
    for entry in service.control("GET", "/ledger"):
        (name,) = entry["names"]
        serials.setdefault(name, []).append(entry["serial_number"])
    return serials


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
    names = ("cert.pem", "key.pem", "chain.pem")
    contents = [(folder / name).read_bytes() for name in names if (folder / name).exists()]
    if len(contents) < len(names):
        return b"", b"", b""
    return contents[0], contents[1], contents[2]


def is_switching(folder: Path) -> bool:
    """Whether the record says that a switch was begun and not ended."""
    record = folder / ".atlas/cert.pem/private/state.json"
    return record.exists() and json.loads(record.read_bytes())["installing"] is not None


def left_over(folder: Path) -> list[str]:
    """What nobody needs any more: temporary files, keys of attempts, other versions."""
    store = folder / ".atlas/cert.pem"
    found = [*folder.rglob(".*.atlas-*"), *store.rglob("private/key.pem")]
    versions = list((store / "versions").iterdir())
    found += [*(store / "private/previous").glob("*"), *store.glob("versions/*/key.pem")]
    return [str(path) for path in found] + [path.name for path in versions[1:]]


def check_sights(seen: set[tuple[str, Sight]], kind: str) -> None:
    """What a reader may see while a task is at work, killed and run again.

    Who holds an old folder open may find it emptied, once the new set is acknowledged, and never
    a set that does not match in it.
    """
    for how, sight in seen:
        for content in filter(None, sight):
            assert content.endswith(b"-----\n"), "a torn file"
        if how == BY_PATH and kind != "first":
            assert all(sight), "a file was missing for a moment"
        if how == PINNED and all(sight):
            assert belong_together(sight), "files of one folder that do not match"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ["renewal", "first", "adoption"])
def test_killed_at_every_moment(
    service: Simulator,
    deployed: dict[str, dict[str, Path]],
    quick_path: Path,
    layout: str,
    kind: str,
) -> None:
    template, tmp_path = deployed[kind][layout], quick_path
    whole = tmp_path / "whole"
    shutil.copytree(template, whole, symlinks=True)
    counted = run_killed(tasks_in(service, whole, layout), NEVER, **wish(f"whole-{kind}-{layout}"))
    assert counted.result is not None
    assert counted.result["changed"]
    every_moment = list(moments(counted))
    assert len(every_moment) > 80
    deployed_at_last: dict[str, list[str]] = {}
    for number, moment in enumerate(every_moment):
        name = f"k{number}-{kind}-{layout}"
        folder = tmp_path / name
        shutil.copytree(template, folder, symlinks=True)
        # Where the node is killed, token, policy and chain are those of the run before.
        scratch = tmp_path / "scratch" if moment.half == "node" else None
        tasks = tasks_in(service, folder, layout, scratch)
        serial = check_one(tasks, layout, kind, moment, name)
        deployed_at_last[f"{name}.quillon.example"] = [serial]
        shutil.rmtree(folder)
    counted_there = issued(service)
    assert {name: counted_there[name] for name in deployed_at_last} == deployed_at_last


def check_one(tasks: Tasks, layout: str, kind: str, moment: Moment, name: str) -> str:
    """Kill a task at a moment and run it again; the serial number that is deployed then."""
    folder = tasks.folder
    seen_file = folder.with_suffix(".seen")
    with watching(folder, seen_file):
        run_killed(tasks, moment, **wish(name))
        between = on_disk(folder)
        is_half_way = is_switching(folder)
        again = run_here(tasks, **wish(name))
    after = f"killed {moment}"
    assert again.result is not None
    assert "failed" not in again.result, (after, again.result)
    if all(between) and not belong_together(between):
        assert layout == "plain", after
        assert is_half_way, f"{after}: a mixed set that nobody knows of"
    assert belong_together(on_disk(folder)), after
    leaf = certificates.load_certificates(on_disk(folder)[0])[0]
    check_sights(pickle.loads(seen_file.read_bytes()), kind)
    third = run_here(tasks, **wish(name))
    assert third.result is not None
    assert not third.result["changed"], after
    assert third.requests == 0, after
    assert left_over(folder) == [], after
    return certificates.serial_number(leaf)
