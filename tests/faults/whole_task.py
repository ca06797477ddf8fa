# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole certificate task in this process: both halves, against the simulator over real TLS."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.account.run_client import RunClient
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
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import prepare, steps

from .conftest import new_run_client

RECORDS = "records"
"""What the folder is called that a task records in, beside its files."""


def no_file(url: str) -> bytes:
    raise AssertionError(f"{url} was fetched")


def elsewhere() -> Run:
    """A run on another controller, of whose processes nothing is known here."""
    return Run(controller="elsewhere", process="1:1")


def at_once(_seconds: float) -> None:
    """The simulator's statistics are up to date at once, so nobody has to wait for them."""


def validated(arguments: dict[str, Any]) -> dict[str, Any]:
    """The options of a task as the action has them."""
    spec = {**CONNECTION_OPTIONS, **CERTIFICATE_TASK_OPTIONS}
    result = ArgumentSpecValidator(spec, **CERTIFICATE_TASK_RULES).validate(arguments)
    assert not result.error_messages, result.error_messages
    return {option: result.validated_parameters.get(option) for option in spec}


def on_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the node be another one with the same disk: a clone, or a container made anew."""
    monkeypatch.setattr(prepare, "machine_id", lambda: "another")


@dataclass
class Tasks:
    """Runs tasks for files in a folder. All share a scratch folder if `scratch` names one.

    What they record lies in `state_dir`; if that is not set, beside the files, so that it goes
    where they go.
    """

    service: Simulator
    folder: Path
    options: dict[str, Any] = field(default_factory=dict)
    connection: dict[str, Any] = field(default_factory=dict)
    perform: Callable[..., Any] = steps.run
    fetch: Callable[[str], bytes] = no_file
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    open_client: Callable[[], Any] | None = None
    scratch: Path | None = None
    state_dir: Path | None = None
    new_run: Callable[[], Run] = Run
    progress: Callable[[int, int], None] = lambda _done, _all: None

    @contextmanager
    def _client(self) -> Iterator[RunClient]:
        with tempfile.TemporaryDirectory() as folder:
            scratch = self.scratch or Path(folder)
            with new_run_client(self.service, scratch, **self.connection) as client:
                yield client

    def paths(self) -> dict[str, str]:
        return {
            "path": str(self.folder / "cert.pem"),
            "privatekey_path": str(self.folder / "key.pem"),
            "chain_path": str(self.folder / "chain.pem"),
            "fullchain_path": str(self.folder / "fullchain.pem"),
        }

    @property
    def records(self) -> Path:
        """The folder of what is recorded."""
        return self.state_dir or self.folder / RECORDS

    def forget_records(self) -> None:
        """Take away what was recorded: the files that are left may be anybody's."""
        shutil.rmtree(self.records)

    def run(self, check_mode: bool = False, **options: Any) -> dict[str, Any]:
        """One task; what a failed one returns has `failed`."""
        place = {"state_dir": str(self.records)}
        if "certificates" in options:
            items = [{**place, **item} for item in options["certificates"]]
            options, place = {**options, "certificates": items}, {}
        elif "state_dir" not in options:
            place.update(self.paths())
        arguments = {
            "san": {"dns_names": ["www.quillon.example"]},
            **place,
            **self.options,
            **options,
        }

        def perform(step: str, items: Sequence[dict[str, Any]], secrets: Sequence[str]) -> Any:
            plain = json.loads(json.dumps(list(items)))
            return self.perform(step, plain, secrets, check_mode)

        world = World(
            node=Node(perform),
            open_client=self.open_client or self._client,
            fetch=self.fetch,
            progress=self.progress,
            sleep=self.sleep,
            clock=self.clock,
            run=self.new_run(),
        )
        return CertificateTask(validated(arguments), world, check_mode).perform()
