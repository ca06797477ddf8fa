# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder on a node with the files of one certificate, and the CA that issues it."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps, store
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Wanted
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

NOW = 1_800_000_000


PREPARE = {
    "key_type": "ECDSA",
    "key_bits": 256,
    "kept_kinds": [["ECDSA", 256]],
    "not_after": NOW + 89 * 86400,
    "now": NOW,
    "settle": 10,
    "nonce": "nonce",
    "attempt_id": "attempt",
    "account": "account",
    "lease": {"run": "run", "controller": "here", "process": "1:1", "until": NOW + 100},
    "breaks": "",
    "is_due": False,
    "anew": False,
    "new_key": False,
    "orphan": "",
}


@dataclass
class Site:
    """A folder with the four files of a certificate, and the CA that issues it."""

    folder: Path
    hierarchy: Any
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def wanted(self) -> Wanted:
        paths = {
            "path": "cert.pem",
            "fullchain_path": "fullchain.pem",
            "chain_path": "chain.pem",
            "privatekey_path": "key.pem",
        }
        task = {option: str(self.folder / name) for option, name in paths.items()}
        task["san"] = {"dns_names": ["www.example.com"]}
        return wanted_certificates({**task, **self.options})[0]

    def step(self, step: str, **more: Any) -> dict[str, Any]:
        item = {"wanted": self.wanted.on_wire(), **more}
        (answer,) = steps.run(step, [json.loads(json.dumps(item))], [], check_mode=False)
        return {**vars(steps.STEPS[step]()), **answer}

    def inspect(self) -> dict[str, Any]:
        return self.step("inspect", now=NOW, with_content=False)

    def prepare(self, **changes: Any) -> dict[str, Any]:
        return self.step("prepare", **{**PREPARE, **changes})

    def issue(self, public_key_pem: str) -> str:
        key = keys.load_public_key(public_key_pem)
        leaf = self.hierarchy.issuing.issue(key, ("www.example.com",))
        return certificates.certificate_pem(leaf)

    def install(self, certificate: str, action: str = "install", **changes: Any) -> dict[str, Any]:
        order = {
            "run": "run",
            "attempt_id": "attempt",
            "now": NOW,
            "certificate": certificate,
            "chain": self.hierarchy.chain,
            "serial": "",
            "failure": "",
            "with_content": False,
        }
        return self.step("install", action=action, **{**order, **changes})

    def acknowledge(self, step: str = "acknowledge", **changes: Any) -> dict[str, Any]:
        order = {"nonce": "nonce", "serials": [], "why": "", "confirms": True}
        return self.step(step, **{**order, **changes})

    def deploy(self) -> None:
        answer = self.install(self.issue(self.prepare(is_due=True)["public_key"]))
        assert answer["obstacle"] == ""
        assert self.acknowledge()["is_changed"]

    def content(self, name: str) -> str:
        return (self.folder / name).read_text()

    def names(self) -> list[str]:
        return sorted(os.listdir(self.folder))

    @property
    def state(self) -> Path:
        """The folder of the records."""
        return self.folder.parent / "state"

    def record(self) -> dict[str, Any]:
        """What is recorded of the certificate."""
        (path,) = self.state.glob("*.json")
        read: dict[str, Any] = json.loads(path.read_text())
        return read

    def serial(self) -> str:
        """That of the certificate that is deployed."""
        (leaf,) = certificates.load_certificates((self.folder / "cert.pem").read_bytes())
        return certificates.serial_number(leaf)

    def put(self, **changes: Any) -> str:
        """Issue another certificate and put it in place, to be acknowledged; its serial number."""
        answer = self.install(self.issue(self.prepare(is_due=True, **changes)["public_key"]))
        assert answer["obstacle"] == ""
        return self.serial()

    def tree(self) -> list[str]:
        """All files below, with what is recorded."""
        return sorted(
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if not path.is_dir() or path.is_symlink()
        )

    def mode(self, name: str) -> int:
        return stat.S_IMODE((self.folder / name).stat().st_mode)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """As pytest's, in memory where there is such a file system: each write is synced."""
    memory = os.environ.get("ATLAS_TESTS_MEMORY", "/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(os.path.realpath(folder))


@pytest.fixture(autouse=True)
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where records lie if a task does not say so."""
    folder = tmp_path / "state"
    monkeypatch.setattr(store, "default_state_folder", lambda: str(folder))
    return folder


@pytest.fixture
def site(tmp_path: Path, hierarchy: Any) -> Site:
    folder = tmp_path / "site"
    folder.mkdir()
    return Site(folder, hierarchy)


@pytest.fixture
def made_durable(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is renamed and what is synced from now on, in this order, by its path."""
    done: list[tuple[str, str]] = []

    def fsync(descriptor: int) -> None:
        done.append(("synced", os.path.realpath(f"/proc/self/fd/{descriptor}")))

    def noting(original: Any) -> Any:
        def noted(source: str, target: str, **folders: int) -> None:
            original(source, target, **folders)
            done.append(("renamed", target))

        return noted

    monkeypatch.setattr(os, "fsync", fsync)
    for name in ("rename", "replace"):
        monkeypatch.setattr(os, name, noting(getattr(os, name)))
    return done


ALL_FILES = ["cert.pem", "chain.pem", "fullchain.pem", "key.pem"]


def lease(**changes: Any) -> dict[str, Any]:
    return {**PREPARE["lease"], **changes}  # type: ignore[dict-item]


def task(**options: Any) -> dict[str, Any]:
    """The options of one certificate with two files."""
    return {
        "path": "/etc/ssl/cert.pem",
        "privatekey_path": "/etc/ssl/key.pem",
        "san": {"dns_names": ["www.example.com"], "emails": None},
        **options,
    }
