# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Root's task against a local user who owns the folder of the files, a parent of it, or may write
to one of them. He moves before any file operation of any step.

Whatever he does, nothing outside his folders changes, no private key and nothing else that only
root may read becomes readable to him, nothing hangs, the task ends with success or one sentence,
and when he stops, the next run puts the set in place.
"""

from __future__ import annotations

import json
import os
import random
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps

from . import adversary
from .adversary import FOLDER_MOVES, NAME_MOVES, USER, User, living_user
from .estate import Estate, Tree, estate_in_memory, tree_of
from .sights import belong_together, on_disk
from .stops import HungError, Stops, stopping
from .whole_task import Tasks, at_once

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="who is not root has no rights that another user could make use of"
)

LAYOUTS = ["plain", "linked"]
_MOVES = [move for pair in zip(NAME_MOVES, FOLDER_MOVES) for move in pair]
_MOVES += [move for move in (*NAME_MOVES, *FOLDER_MOVES) if move not in _MOVES]
_WIDTH = int(os.environ.get("ATLAS_TESTS_MOVES", "1"))
"""How many moves are tried at each moment, of two dozen."""
_SEEDS = int(os.environ.get("ATLAS_TESTS_SCHEDULES", "30"))
_OTHERS, _HONEST, _SHORT = 4, 12, 3
"""One in so many moments that name nothing of his; one in so many that an honest run follows; one
in so many moves that last only until the next moment."""


def named(name: str) -> dict[str, Any]:
    return {"san": {"dns_names": [f"{name}.quillon.example"]}}


OLD, NEW = named("old"), named("new")
LATER = {"acknowledge": "later"}
REVOKED = {"state": "revoked", "revocation_reason": "superseded", "allow_live": True}


@dataclass(frozen=True)
class Scenario:
    """What is run before, and with which options what is attacked: these `steps` of it.

    `afterwards` are the options of the honest run that follows, if others. `spoil` is done to the
    folder before.
    """

    name: str
    before: tuple[dict[str, Any], ...]
    options: dict[str, Any]
    steps: tuple[str, ...]
    afterwards: dict[str, Any] | None = None
    spoil: Callable[[Estate, str], None] | None = None
    key_is_his: bool = False

    def __str__(self) -> str:
        return self.name


def _lose_files(_estate: Estate, folder: str) -> None:
    for name in ("chain.pem", "fullchain.pem"):
        os.unlink(f"{folder}/{name}")
    os.chmod(f"{folder}/cert.pem", 0o600)
    os.chown(f"{folder}/key.pem", USER, USER)


def _lose_records(estate: Estate, _folder: str) -> None:
    for path in sorted(tree_of(estate.state), reverse=True):
        if path.endswith((".json", ".lock")):
            os.unlink(path)


_BACKUP = {"backup": True, "privatekey_mode": "0640", "mode": "0644"}
_REVOKING = {**_BACKUP, "revoke_superseded": True, "revocation_reason": "keyCompromise"}
SCENARIOS = [
    Scenario("first", (), NEW, ("inspect", "prepare", "install", "acknowledge")),
    Scenario(
        "renewal",
        (OLD,),
        {**NEW, **_BACKUP},
        ("inspect", "prepare", "install", "acknowledge"),
    ),
    Scenario(
        "keys revoked", ({**OLD, **_BACKUP},), {**NEW, **_REVOKING}, ("acknowledge", "revoked")
    ),
    Scenario("confirmed", (OLD, {**NEW, **LATER}), {**NEW, "state": "confirmed"}, ("acknowledge",)),
    Scenario("previous", (OLD, {**NEW, **LATER}), {**NEW, "state": "previous"}, ("previous",), OLD),
    Scenario("refused", (OLD,), {**NEW, "validate": "/bin/false"}, ("install",), NEW),
    Scenario("mended", (OLD,), OLD, ("inspect", "install"), spoil=_lose_files),
    Scenario("adopted", (OLD,), NEW, ("prepare", "install"), spoil=_lose_records),
    Scenario("absent", (OLD,), {**OLD, "state": "absent", "remove_privatekey": True}, ("remove",)),
    Scenario("key stays", (OLD,), {**OLD, "state": "absent"}, ("remove",)),
    Scenario("revoked", (OLD,), {**OLD, **REVOKED}, ("prove", "revoked"), OLD),
    Scenario("owner", (), {**NEW, "owner": str(USER)}, ("prepare", "install"), key_is_his=True),
]


@dataclass(frozen=True)
class Call:
    """A step as the controller asked for it, and all files as they were then."""

    step: str
    items: str
    secrets: tuple[str, ...]
    tree: Tree = field(repr=False)


@dataclass
class Stage:
    """One deployment, and who is after it."""

    estate: Estate
    user: User
    tasks: Tasks

    def recorded(self, scenario: Scenario) -> list[Call]:
        """Run all of it without him; the steps that are to be attacked."""
        self.estate.begin()
        for options in scenario.before:
            result = self.tasks.run(**options)
            assert "failed" not in result, result
        if scenario.spoil:
            scenario.spoil(self.estate, str(self.tasks.folder))
        calls: list[Call] = []

        def perform(
            step: str, items: Sequence[dict[str, Any]], secrets: Sequence[str], check_mode: bool
        ) -> Any:
            calls.append(Call(step, json.dumps(items), tuple(secrets), self.estate.now()))
            return steps.run(step, items, secrets, check_mode)

        honest, self.tasks.perform = self.tasks.perform, perform
        try:
            self.tasks.run(**scenario.options)
        finally:
            self.tasks.perform = honest
        return [call for call in calls if call.step in scenario.steps]

    def attacked(
        self,
        call: Call,
        before: Callable[[int, str, str], None],
        key_is_his: bool = False,
    ) -> tuple[list[str], Stops]:
        """Do a step, and stop; what should not have happened."""
        self.user.make(self.estate.spare, self.estate.victims)
        with stopping(self.estate.top, before) as stops:
            try:
                said = self.perform(call)
            except AtlasError as error:
                said = [error.message]
            except HungError as error:
                said = [f"HUNG: {error} {''.join(traceback.format_tb(error.__traceback__)[-1:])}"]
            except Exception:
                said = [f"TRACEBACK: {traceback.format_exc(limit=-3)}"]
        found = [text for text in said if not is_sentence(text)]
        found += [f"{path} is no file, and was opened" for path in stops.opened]
        return found + self.estate.faults(self.user, key_is_his), stops

    def perform(self, call: Call) -> list[str]:
        """Do the step as it was asked for; what it had to say."""
        answers = steps.run(call.step, json.loads(call.items), call.secrets, False)
        return [text for answer in answers for text in (answer["obstacle"],) if text]

    def target(self, move: str, path: str) -> str:
        """What a move is made with, that has to do with this path or, if nothing of it is his, with
        the files."""
        folder = str(self.tasks.folder)
        his = self.user.ask(adversary.controlled, path, self.estate.top)
        if not his:
            his = self.user.ask(adversary.controlled, f"{folder}/key.pem", self.estate.top)
        if move in FOLDER_MOVES:
            his = [each for each in his if os.path.isdir(each) and not os.path.islink(each)]
            return next(iter(his), folder)
        return next(iter(his), f"{folder}/key.pem")


def is_sentence(text: str) -> bool:
    """Whether a user can be told this."""
    broken = ("\n", "Traceback", "fault of globalsign.atlas", "Errno", "TRACEBACK", "HUNG")
    return text.endswith((".", "!", ")")) and not any(word in text for word in broken)


@dataclass(frozen=True)
class Attack:
    """A move before an operation, and perhaps another before a later one."""

    number: int
    move: str
    undone_after: int = 0

    def made_by(self, stage: Stage, done: list[str]) -> Callable[[int, str, str], None]:
        """For `stopping`; what was done is added to `done`."""

        def before(number: int, name: str, path: str) -> None:
            if number == self.number:
                target = stage.target(self.move, path)
                said = stage.user.move(self.move, target)
                done.append(f"{number} {name} {path}: {self.move} {target} {said or ''}")
            if self.undone_after and number == self.number + self.undone_after:
                stage.user.move("undo", "")
                done.append(f"and undone before {number} {name} {path}")

        return before


def attacks_on(moments: Sequence[tuple[str, bool]], seed: str) -> Iterator[Attack]:
    """For each moment, of which is known what operation it is and whether on something of his."""
    chance = random.Random(seed)
    seen: Counter[str] = Counter({name: chance.randrange(len(_MOVES)) for name, _his in moments})
    for number, (name, is_his) in enumerate(moments):
        if not is_his and number % _OTHERS and len(_MOVES) > _WIDTH:
            continue
        for _each in range(min(_WIDTH, len(_MOVES))):
            seen[name] += 1
            move = _MOVES[seen[name] % len(_MOVES)]
            short = chance.randrange(_SHORT) == 0
            yield Attack(number, move, chance.choice([1, 2, 5]) if short else 0)


@pytest.fixture(scope="module")
def user() -> Iterator[User]:
    with living_user() as lives:
        yield lives


@pytest.fixture(scope="module")
def estate(user: User) -> Iterator[Estate]:
    with estate_in_memory() as made:
        yield made


def new_stage(
    service: Simulator, estate: Estate, user: User, place: str = "own", layout: str = "plain"
) -> Stage:
    from pathlib import Path

    options = {"layout": layout, "settle": 0, "state_dir": estate.state}
    folder = Path(estate.places[place])
    return Stage(estate, user, Tasks(service, folder, options, sleep=at_once))


def test_the_user_has_no_right_of_root(estate: Estate, user: User) -> None:
    """Or all that follows would say nothing."""
    estate.begin()
    user.make(estate.spare, estate.victims)
    assert estate.faults(user) == []
    assert isinstance(user.ask(os.setuid, 0), OSError)
    assert isinstance(user.ask(os.listdir, f"{estate.victims}/closed"), OSError)
    assert isinstance(user.ask(os.unlink, f"{estate.victims}/secret"), OSError)
    assert isinstance(user.ask(os.chmod, estate.places["parent"], 0o777), OSError)
    assert user.move("exchange_for_links", estate.places["own"]) is None
    os.chmod(f"{estate.victims}/secret", 0o644)
    assert [path for path in estate.faults(user) if "can be read" in path]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
@pytest.mark.parametrize("place", ["own", "parent", "group", "world"])
def test_he_moves_before_every_operation(
    service: Simulator, estate: Estate, user: User, place: str, scenario: Scenario, layout: str
) -> None:
    stage = new_stage(service, estate, user, place, layout)
    calls = stage.recorded(scenario)
    assert [call.step for call in calls] == list(scenario.steps)
    found: list[str] = []
    tried = 0
    for call in calls:
        moments: list[tuple[str, bool]] = []

        def count(_number: int, name: str, path: str, into: Any = moments) -> None:
            into.append((name, bool(user.ask(adversary.controlled, path, estate.top))))

        estate.back_to(call.tree)
        faults, _stops = stage.attacked(call, count, scenario.key_is_his)
        assert faults == []
        stride = 1 if place == "own" else 6
        seed = f"{scenario} {place} {layout} {call.step}"
        for attack in [*attacks_on(moments, seed)][::stride]:
            done: list[str] = []
            estate.back_to(call.tree)
            faults, _stops = stage.attacked(call, attack.made_by(stage, done), scenario.key_is_his)
            tried += 1
            if tried % _HONEST == 0:
                faults += afterwards(stage, scenario, call)
            found += [f"{seed}: {'; '.join(done)}\n    -> {fault}" for fault in faults]
    tell(found, tried)


def tell(found: list[str], tried: int) -> None:
    """Fail with all that was found, the same kind once."""
    kinds: dict[str, list[str]] = {}
    for each in found:
        kinds.setdefault(_kind(each), []).append(each)
    if kinds:
        told = [f"({len(same)} times) {same[0]}" for same in kinds.values()]
        pytest.fail(f"{len(found)} faults in {tried} attacks\n" + "\n".join(told), pytrace=False)


def _kind(text: str) -> str:
    """The fault without names that are made up at random."""
    return re.sub(r"/dev/shm/[^/]*|[0-9a-f]{8,}|\d+", "*", text.partition("\n    -> ")[2])


def afterwards(stage: Stage, scenario: Scenario, call: Call) -> list[str]:
    """He stops, and puts back what was there. The next run: what is wrong after it."""
    stage.estate.back_to(call.tree, also_state=False)
    options = scenario.options if scenario.afterwards is None else scenario.afterwards
    try:
        result = stage.tasks.run(**options)
    except Exception:
        return [f"AFTERWARDS: {traceback.format_exc(limit=-3)}"]
    if result.get("failed"):
        return [f"AFTERWARDS: {result['msg']}"]
    if "state" not in options and not is_in_place(stage):
        return ["AFTERWARDS: the set is not in place"]
    return [f"AFTERWARDS: {each}" for each in stage.estate.faults(stage.user, scenario.key_is_his)]


def is_in_place(stage: Stage) -> bool:
    sight = on_disk(stage.tasks.folder)
    return all(sight) and belong_together(sight)
