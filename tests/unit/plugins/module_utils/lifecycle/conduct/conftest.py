# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole tasks: the conductor between a service in memory and the real steps on a real folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.certificate import (
    CERTIFICATE_TASK_OPTIONS,
    CERTIFICATE_TASK_RULES,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    CONNECTION_OPTIONS,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.node import Node
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.run import Run
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.task import (
    CertificateTask,
    World,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates

from ..fake_atlas import Atlas

Items = list[dict[str, Any]]
_SPECIFICATION = {**CONNECTION_OPTIONS, **CERTIFICATE_TASK_OPTIONS}


def validated(arguments: dict[str, Any]) -> dict[str, Any]:
    """The options of a task as the action has them."""
    result = ArgumentSpecValidator(_SPECIFICATION, **CERTIFICATE_TASK_RULES).validate(arguments)
    assert not result.error_messages, result.error_messages
    return {option: result.validated_parameters.get(option) for option in _SPECIFICATION}


@dataclass
class Bench:
    """Runs tasks for files in a folder. `steps` and `orders` are what the node was asked in the
    last run; `before` may fail instead of a step, `lie` changes what it answers. `skew` is how many
    seconds the clock of the controller is ahead of the service's."""

    folder: Path
    atlas: Atlas
    options: dict[str, Any] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    orders: list[tuple[str, Items]] = field(default_factory=list)
    before: Callable[[str, Items], None] = lambda _step, _items: None
    lie: Callable[[str, Items], Any] = lambda _step, answers: answers
    progress: list[tuple[int, int]] = field(default_factory=list)
    skew: int = 0
    controller: str = "controller"
    process: str = "1:1"
    runs: int = 0

    def paths(self, name: str = "") -> dict[str, str]:
        return {
            "path": str(self.folder / f"{name}cert.pem"),
            "privatekey_path": str(self.folder / f"{name}key.pem"),
        }

    def items(self, count: int) -> Items:
        """Certificates for n0.example.com, n1.example.com and so on."""
        return [
            {**self.paths(f"n{number}-"), "san": {"dns_names": [f"n{number}.example.com"]}}
            for number in range(count)
        ]

    def run(self, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """One task; steps, calls and progress are noted anew."""
        self.runs += 1
        self.steps.clear()
        self.orders.clear()
        self.progress.clear()
        self.atlas.calls.clear()
        self.atlas.bodies.clear()
        arguments = {
            **({} if "certificates" in options else self.paths()),
            **({} if "certificates" in options else {"san": {"dns_names": ["www.example.com"]}}),
            "settle": 10,
            **self.options,
            **options,
        }

        def perform(step: str, items: Sequence[dict[str, Any]], secrets: Sequence[str]) -> Any:
            plain = json.loads(json.dumps(list(items)))
            self.steps.append(step)
            self.orders.append((step, plain))
            self.before(step, plain)
            answers = steps.run(step, plain, secrets, check_mode)
            return self.lie(step, json.loads(json.dumps(answers)))

        world = World(
            node=Node(perform),
            open_client=self.atlas.opened,
            fetch=self._no_file,
            progress=lambda done, of_all: self.progress.append((done, of_all)),
            clock=lambda: self.atlas.now + self.skew,
            sleep=self.atlas.sleep,
            run=Run(f"run-{self.runs}", f"nonce-{self.runs}", self.controller, self.process),
        )
        return CertificateTask(validated(arguments), world, check_mode).perform()

    @staticmethod
    def _no_file(url: str) -> bytes:
        raise AssertionError(f"{url} was fetched")

    def ordered(self, step: str) -> list[Items]:
        """What each call of a step was about."""
        return [items for asked, items in self.orders if asked == step]

    def leaf(self, name: str = "") -> Any:
        pem = (self.folder / f"{name}cert.pem").read_bytes()
        return certificates.load_certificates(pem)[0]

    def serial(self, name: str = "") -> str:
        return certificates.serial_number(self.leaf(name))

    def content(self, name: str) -> str:
        return (self.folder / name).read_text()

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def record(self, name: str = "") -> dict[str, Any]:
        """What is recorded of the certificate."""
        record = self.record_if_any(name)
        assert record is not None
        return record

    def record_if_any(self, name: str = "") -> dict[str, Any] | None:
        for path in (self.folder.parent / "state").glob(f"*-{name}cert.pem-*.json"):
            read: dict[str, Any] = json.loads(path.read_text())
            return read
        return None

    def is_on_probation(self) -> bool:
        """Whether what is in place has to be confirmed."""
        record = self.record()
        return bool(record["wanted_now"] != record["confirmed"] and record["is_applied"])


@pytest.fixture
def atlas(hierarchy: Any) -> Atlas:
    return Atlas(hierarchy)


@pytest.fixture
def bench(tmp_path: Path, atlas: Atlas) -> Bench:
    folder = tmp_path / "site"
    folder.mkdir()
    return Bench(folder, atlas)
