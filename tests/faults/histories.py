# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Histories of runs for one certificate, and who plays them: in one process and in virtual time.

Both halves are the real ones, the node's on a real folder; the service is a model. Who is killed
raises at once, and again at whatever it then tries to do, so that no `finally` does what a killed
process could not do any more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.node import (
    Node,
    NodeLostError,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.run import Run
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.task import (
    CertificateTask,
    World,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates

from .killing import Killed, Mortal, counted_operations
from .model_service import Clock, ModelClient, ModelService, Order, Post
from .sights import record_of
from .whole_task import RECORDS, no_file, validated

SETTLE = 60
CHANGING = ("install", "acknowledge", "previous", "revoked")
"""Steps after which a lost connection leaves open what was done."""
NAMES = ("one.quillon.example", "two.quillon.example")
FIRST, OTHER, EXPIRING, FORCED, REKEYED = "first", "other names", "expiring", "forced", "rekeyed"
CONTROLLER, NODE, BOTH = "controller", "node", "both"
_NO_PROCESS = 1 << 23
"""Above the largest number that a process can have (proc(5), pid_max)."""


@dataclass(frozen=True)
class Kill:
    """Who is killed, and when. The `CONTROLLER` before or after a call: its `moment`s are 2n
    before and 2n + 1 after the nth request or step. The `NODE` before its nth file operation of
    the run, and `BOTH` with it; the answer of a step counts as one."""

    whom: str
    moment: int


@dataclass(frozen=True)
class Told:
    """One run, and what befalls it.

    It starts `after` seconds for the name of this number, on a controller whose clock is `drift`
    seconds ahead of the service's. `posts` and `failing` are as for `ModelClient`.
    `is_elsewhere`: on another controller; `lingers`: its process is still there when it is over;
    `loses_connection`: a killed node is seen as a lost connection.
    """

    after: int = 0
    drift: int = 0
    name: int = 0
    kill: Kill | None = None
    posts: tuple[Post, ...] = ()
    failing: tuple[bool, ...] = ()
    is_elsewhere: bool = False
    lingers: bool = False
    loses_connection: bool = False


@dataclass(frozen=True)
class History:
    """Why a certificate is due, how it is kept, and the runs before the last, plain one."""

    kind: str
    layout: str
    keeps_key: bool
    revokes: bool
    runs: tuple[Told, ...]

    @property
    def changes_its_wish(self) -> bool:
        """Whether not all runs ask for the same."""
        return len({run.name for run in self.runs}) > 1


@dataclass
class Played:
    """What became of one run: its result is None if the controller was killed.

    `is_silenced`: it was killed when the node had begun to take what it did for told.
    """

    told: Told
    result: dict[str, Any] | None
    requests: int
    orders: list[Order]
    is_silenced: bool


@dataclass
class Player:
    """Plays the runs of a history in a folder, and keeps what came of them.

    `deployed` is what was ever in place after a step, by serial number; `switched_to` is what was
    being put there, and may have been half in place.
    """

    history: History
    folder: Path
    clock: Clock = field(default_factory=Clock)
    played: list[Played] = field(default_factory=list)
    deployed: list[str] = field(default_factory=list)
    switched_to: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.service = ModelService(self.clock, SETTLE)

    def run(self, told: Told, **options: Any) -> Played:
        """One run, to its end or to its death."""
        self.clock.sleep(told.after)
        dies_at = told.kill.moment if told.kill and told.kill.whom == CONTROLLER else None
        alive = Mortal(dies_at)
        client = ModelClient(self.service, self.clock, told.posts, told.failing, alive)
        node = _MortalNode(told, alive, self._look)
        number = len(self.played)
        process = {} if told.lingers else {"process": f"{_NO_PROCESS + number}:{number}"}
        elsewhere = {"controller": "elsewhere"} if told.is_elsewhere else {}
        world = World(
            node=Node(node.perform),
            open_client=lambda: client,
            fetch=no_file,
            sleep=self.clock.sleep,
            clock=lambda: self.clock.now + told.drift,
            run=Run(**process, **elsewhere),
        )
        arguments = {**self._arguments(told), **options}
        result: dict[str, Any] | None
        try:
            result = CertificateTask(validated(arguments), world, False).perform()
        except AtlasError as error:
            result = {"failed": True, "msg": error.message, "changed": False}
        except Killed:
            result = None
        is_silenced = result is None and "acknowledge" in node.steps
        played = Played(told, result, client.requests, client.orders, is_silenced)
        self._note_bounds(played)
        self.played.append(played)
        return played

    def _arguments(self, told: Told) -> dict[str, Any]:
        history = self.history
        is_renewal = history.kind != FIRST
        return {
            "san": {"dns_names": [NAMES[told.name]]},
            "path": str(self.folder / "cert.pem"),
            "privatekey_path": str(self.folder / "key.pem"),
            "chain_path": str(self.folder / "chain.pem"),
            "fullchain_path": str(self.folder / "fullchain.pem"),
            "state_dir": str(self.folder / RECORDS),
            "layout": history.layout,
            "settle": SETTLE,
            "privatekey_rotation": "never" if history.keeps_key else "on_renewal",
            "revoke_superseded": history.revokes,
            "force": history.kind in (FORCED, REKEYED) and is_renewal,
            "rekey": history.kind == REKEYED,
        }

    def _note_bounds(self, played: Played) -> None:
        """What is not on record when a run ends has to be found by the next that looks."""
        attempt = self.record().get("attempt")
        if attempt and not attempt["serial"]:
            for order in played.orders:
                order.found_out = min(order.found_out, self.clock.now + SETTLE)

    def record(self) -> dict[str, Any]:
        """What the node has recorded."""
        return record_of(self.folder)

    def _look(self) -> None:
        record = self.record()
        held = record["sets"].get(record["wanted_now"]) if record else None
        if held and held["facts"]:
            self.switched_to.add(held["facts"]["serial_number"])
        file = self.folder / "cert.pem"
        if file.exists():
            serial = certificates.serial_number(
                certificates.load_certificates(file.read_bytes())[0]
            )
            if serial not in self.deployed[-1:]:
                self.deployed.append(serial)


class _MortalNode:
    """The node's steps for one run, each a process of its own. `look` is called after each."""

    def __init__(self, told: Told, controller: Mortal, look: Callable[[], None]) -> None:
        self._told, self._controller, self._look = told, controller, look
        is_hit = told.kill is not None and told.kill.whom in (NODE, BOTH)
        self._dies_at = told.kill.moment if told.kill and is_hit else None
        self._so_far = 0
        self.steps: list[str] = []

    def perform(self, step: str, items: Sequence[dict[str, Any]], secrets: Sequence[str]) -> Any:
        """A step as Ansible runs it: all that goes there and comes back is JSON."""
        self._controller()
        self.steps.append(step)
        alive = Mortal(self._dies_at, self._so_far)
        try:
            with counted_operations(alive):
                answers = steps.run(step, json.loads(json.dumps(list(items))), secrets, False)
                alive()
        except Killed:
            self._dies_at = None
            if self._told.kill and self._told.kill.whom == BOTH:
                self._controller.is_dead = True
                raise
            lost = self._told.loses_connection and step in CHANGING
            raise (NodeLostError if lost else AtlasError)(f"The node died in {step}.") from None
        finally:
            self._look()
        self._so_far = alive.moments
        self._controller()
        return json.loads(json.dumps(answers))
