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

import base64
import io
import json
import math
import os
import random
import re
import signal
import stat
import subprocess
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps
from ansible_collections.globalsign.atlas.plugins.modules import token_file

from . import adversary
from .adversary import FOLDER_MOVES, NAME_MOVES, USER, User, living_user
from .estate import TOKEN, TOKEN_PATH, Estate, Tree, estate_in_memory, tree_of
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
_SEEDS = int(os.environ.get("ATLAS_TESTS_SCHEDULES", "24"))
_OTHERS, _HONEST, _SHORT = 8, 32, 3
"""One in so many moments that name nothing of his; one in so many that an honest run follows; one
in so many moves that last only until the next moment."""


_PATIENCE = 8.0


def named(name: str) -> dict[str, Any]:
    return {"san": {"dns_names": [f"{name}.quillon.example"]}}


OLD, NEW = named("old"), named("new")
LATER: dict[str, Any] = {"acknowledge": "later"}
REVOKED: dict[str, Any] = {
    "state": "revoked",
    "revocation_reason": "superseded",
    "allow_live": True,
}


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
    Scenario(
        "adopted",
        ({**OLD, "layout": "plain"},),
        NEW,
        ("prepare", "install"),
        spoil=_lose_records,
    ),
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
    folder: str = ""

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
        call: Callable[[], list[str]],
        before: Callable[[int, str, str], None],
        key_is_his: bool = False,
    ) -> tuple[list[str], Stops]:
        """Call it, and stop; what should not have happened. `call` returns what it had to say."""
        self.estate.give_in_hand(self.user)
        with stopping(self.estate.top, before) as stops:
            try:
                said = call()
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
        return [text for answer in answers for text in (answer.get("obstacle", ""),) if text]

    def target(self, move: str, path: str) -> str:
        """What a move is made with, that has to do with this path or, if nothing of it is his, with
        the files."""
        folder = self.folder or str(self.tasks.folder)
        his = self.user.ask(adversary.controlled, path, self.estate.top)
        if not his:
            his = self.user.ask(adversary.controlled, f"{folder}/key.pem", self.estate.top)
        if move in FOLDER_MOVES:
            his = [each for each in his if os.path.isdir(each) and not os.path.islink(each)]
            return next(iter(his), folder)
        return next(iter(his), f"{folder}/key.pem")


def is_sentence(text: str) -> bool:
    """Whether a user can be told this."""
    broken = ("Traceback", "fault of globalsign.atlas", "Errno", "TRACEBACK", "HUNG")
    try:
        text.encode()
    except UnicodeError:
        return False
    is_clean = not any(ord(character) < ord(" ") for character in text)
    return text.endswith((".", "!", ")")) and is_clean and not any(word in text for word in broken)


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


def attacks_on(
    moments: Sequence[tuple[str, bool]], seed: str, width: int = _WIDTH
) -> Iterator[Attack]:
    """For each moment, of which is known what operation it is and whether on something of his."""
    chance = random.Random(seed)
    seen: Counter[str] = Counter({name: chance.randrange(len(_MOVES)) for name, _his in moments})
    for number, (name, is_his) in enumerate(moments):
        if not is_his and number % _OTHERS and len(_MOVES) > width:
            continue
        for _each in range(min(width, len(_MOVES))):
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
    options = {"layout": layout, "settle": 0, "state_dir": estate.state}
    folder = Path(estate.places[place])
    return Stage(estate, user, Tasks(service, folder, options, sleep=at_once))


def test_the_user_has_no_right_of_root(estate: Estate, user: User) -> None:
    """Or all that follows would say nothing."""
    estate.begin()
    estate.give_in_hand(user)
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
@pytest.mark.parametrize("place", ["own", "parent", "group", "listed"])
def test_he_moves_before_every_operation(
    service: Simulator, estate: Estate, user: User, place: str, scenario: Scenario, layout: str
) -> None:
    stage = new_stage(service, estate, user, place, layout)
    calls = stage.recorded(scenario)
    assert [call.step for call in calls] == list(scenario.steps)
    found: list[str] = []
    tried = 0

    def note(into: list[tuple[str, bool]], _number: int, name: str, path: str) -> None:
        into.append((name, bool(user.ask(adversary.controlled, path, estate.top))))

    for call in calls:
        moments: list[tuple[str, bool]] = []
        count = partial(note, moments)
        estate.back_to(call.tree)
        faults, _stops = stage.attacked(partial(stage.perform, call), count, scenario.key_is_his)
        assert faults == []
        stride = 1 if place == "own" else 10
        seed = f"{scenario} {place} {layout} {call.step}"
        for attack in [*attacks_on(moments, seed)][::stride]:
            done: list[str] = []
            estate.back_to(call.tree)
            faults, _stops = stage.attacked(
                partial(stage.perform, call), attack.made_by(stage, done), scenario.key_is_his
            )
            tried += 1
            if tried % _HONEST == 0:
                faults += afterwards(stage, scenario, call)
            found += [f"{seed}: {'; '.join(done)}\n    -> {fault}" for fault in faults]
    tell(found, tried)


@pytest.mark.parametrize(
    ("scenario", "layout", "move", "name"),
    [
        ("mended", "plain", "swap", "cert.pem"),
        ("mended", "linked", "swap", "cert.pem"),
        ("refused", "plain", "own_file", "key.pem"),
        ("refused", "linked", "own_file", "key.pem"),
        ("adopted", "linked", "own_file", "key.pem"),
        ("key stays", "linked", "own_file", "key.pem"),
    ],
)
def test_between_two_looks_at_a_file(
    service: Simulator,
    estate: Estate,
    user: User,
    scenario: str,
    layout: str,
    move: str,
    name: str,
) -> None:
    """What was read, and its owner and mode, or what it was taken for, are of one file."""
    stage = new_stage(service, estate, user, "own", layout)
    chosen = next(each for each in SCENARIOS if each.name == scenario)
    call = stage.recorded(chosen)[-1]
    moments: list[str] = []

    def count(_number: int, _operation: str, path: str) -> None:
        moments.append(path)

    estate.back_to(call.tree)
    stage.attacked(partial(stage.perform, call), count)
    found: list[str] = []
    for moment, there in enumerate(moments):
        if not there.startswith(str(stage.tasks.folder)):
            continue

        def before(number: int, operation: str, path: str, at: int = moment) -> None:
            if number == at:
                user.move(move, f"{stage.tasks.folder}/{name}")

        estate.back_to(call.tree)
        faults, _stops = stage.attacked(partial(stage.perform, call), before)
        found += [f"{scenario} {layout} {moment} {there}: {move}\n    -> {each}" for each in faults]
    tell(found, len(moments))


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
    is_gone = scenario.options.get("state") == "absent"
    stage.estate.back_to(call.tree, also_state=is_gone)  # who puts back what is gone has it back
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


@dataclass(frozen=True)
class Schedule:
    """Several moves in one run."""

    attacks: tuple[Attack, ...]

    @classmethod
    def by_chance(cls, chance: random.Random, moments: int) -> Schedule:
        """One to six, some of which are undone."""
        return cls(
            tuple(
                Attack(
                    chance.randrange(moments),
                    chance.choice(_MOVES),
                    chance.choice([0, 0, 1, 2, 5, 20]),
                )
                for _each in range(chance.randint(1, 6))
            )
        )

    def made_by(self, stage: Stage, done: list[str]) -> Callable[[int, str, str], None]:
        """For `stopping`."""
        moves = [attack.made_by(stage, done) for attack in self.attacks]

        def before(number: int, name: str, path: str) -> None:
            for move in moves:
                move(number, name, path)

        return before


def whole(stage: Stage, options: Mapping[str, Any]) -> list[str]:
    """A whole task; what it had to say."""
    result = stage.tasks.run(**options)
    return [result["msg"]] if result.get("failed") else []


@pytest.mark.parametrize("seed", range(_SEEDS))
def test_he_moves_again_and_again(
    service: Simulator, estate: Estate, user: User, seed: int
) -> None:
    """In the course of a whole task, and after it what he left is still there when the next one
    begins. Then he puts everything back."""
    chance = random.Random(seed)
    scenario, layout = SCENARIOS[seed % len(SCENARIOS)], chance.choice(LAYOUTS)
    place = chance.choice(["own", "own", "parent", "group", "listed"])
    stage = new_stage(service, estate, user, place, layout)
    (first, *_others) = stage.recorded(replace(scenario, steps=tuple(steps.STEPS)))
    estate.back_to(first.tree)
    task = partial(whole, stage, scenario.options)
    faults, stops = stage.attacked(task, lambda *_each: None, scenario.key_is_his)
    assert faults == []
    estate.back_to(first.tree)
    done: list[str] = []
    schedule = Schedule.by_chance(chance, stops.count)
    faults, _stops = stage.attacked(task, schedule.made_by(stage, done), scenario.key_is_his)
    left, _stops = stage.attacked(task, lambda *_each: None, scenario.key_is_his)
    faults += [f"WHAT HE LEFT: {fault}" for fault in left]
    faults += afterwards(stage, scenario, first)
    told = f"{scenario} {place} {layout}: " + "; ".join(done)
    tell([f"{told}\n    -> {fault}" for fault in faults], 1)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("place", ["own", "group", "listed"])
def test_no_key_is_his_for_a_moment(
    service: Simulator, estate: Estate, user: User, place: str, layout: str
) -> None:
    """He may read what is made in his folder by its access list, or by its group; the key's mode
    lets its group read it; and he looks before each operation."""
    stage = new_stage(service, estate, user, place, layout)
    estate.begin()
    estate.give_in_hand(user)
    folder = estate.places[place]
    for move in ("grant", "chmod_inheriting"):
        user.move(move, folder)
    found: list[str] = []

    def look(number: int, name: str, path: str) -> None:
        for top in (*estate.his, estate.state):
            told = user.ask(adversary.secrets_readable, top)
            found.extend(f"{number} {name} {path}\n    -> {each} can be read" for each in told)

    options: dict[str, Any] = {"privatekey_mode": "0640", "backup": True}
    for wish in (OLD, NEW):
        with stopping(estate.top, look) as stops:
            result = stage.tasks.run(**wish, **options)
        assert stops.count > 100
        assert "failed" not in result, result
    tell(found, stops.count)
    assert estate.faults(user) == []


def planted(estate: Estate, user: User, *moves: tuple[str, str]) -> None:
    """What he did before root came."""
    estate.give_in_hand(user)
    for move, path in moves:
        assert user.move(move, path) is None, (move, path)


def spent(service: Simulator) -> int:
    return len(service.control("GET", "/ledger"))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("state", ["present", "absent", "previous", "confirmed"])
@pytest.mark.parametrize("move", ["exchange_for_link", "exchange_for_links"])
def test_the_folder_is_a_link_to_one_of_root(
    service: Simulator, estate: Estate, user: User, layout: str, state: str, move: str
) -> None:
    """Nobody has to be quick for that."""
    stage = new_stage(service, estate, user, "own", layout)
    estate.begin()
    assert "failed" not in stage.tasks.run(**OLD)
    assert "failed" not in stage.tasks.run(**NEW, **LATER)
    planted(estate, user, (move, estate.places["own"]))
    before = spent(service)
    result = stage.tasks.run(**OLD, state=state, remove_privatekey=True)
    assert estate.faults(user) == []
    if move == "exchange_for_link" and state in ("present", "absent"):
        assert result["failed"]
    if result.get("failed"):
        assert is_sentence(result["msg"]), result["msg"]
    assert spent(service) == before or "failed" not in result


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_folder_of_records_is_exchanged(
    service: Simulator, estate: Estate, user: User, layout: str
) -> None:
    """Beside the files, where he would have root empty any folder: he takes every folder of that
    kind, before every operation of the confirmation, for one that leads to root's."""
    stage = new_stage(service, estate, user, "own", layout)
    folder = estate.places["own"]
    estate.begin()
    estate.give_in_hand(user)
    user.ask(os.mkdir, f"{folder}/.atlas")
    assert "failed" not in stage.tasks.run(**OLD)
    assert "failed" not in stage.tasks.run(**NEW, **LATER)
    tree = estate.now()
    task = partial(whole, stage, {**NEW, "state": "confirmed"})
    _faults, stops = stage.attacked(task, lambda *_each: None)
    found: list[str] = []
    for moment in range(0, stops.count, 5):
        estate.back_to(tree)

        def exchange(number: int, name: str, path: str, chosen: int = moment) -> None:
            if number == chosen:
                for place in (f"{folder}/.atlas", folder):
                    user.move("exchange_for_links", place)

        faults, _stops = stage.attacked(task, exchange)
        found += [f"{layout} {moment}\n    -> {fault}" for fault in faults]
    tell(found, stops.count)


@pytest.mark.parametrize(
    "where", ["beside", "made by root", "shared", "listed", "open", "linked", "his"]
)
def test_records_where_he_could_exchange_them(
    service: Simulator, estate: Estate, user: User, where: str
) -> None:
    """Refused before anything is spent, and nothing is left there."""
    stage = new_stage(service, estate, user)
    estate.begin()
    estate.give_in_hand(user)
    place = {
        "beside": f"{estate.home}/pki/.atlas",
        "made by root": f"{estate.home}/site",
        "shared": f"{estate.places['group']}/records",
        "listed": estate.places["listed"],
        "open": estate.places["world"],
        "linked": f"{estate.home}/linked",
        "his": f"{estate.home}/records",
    }[where]
    if where == "his":
        user.ask(os.mkdir, place)
    if where == "linked":
        os.mkdir(estate.state, 0o755)
        user.ask(os.symlink, estate.state, place)
    before, there = spent(service), estate.now()
    stage.tasks.options["state_dir"] = place
    for options in (NEW, {**NEW, "state": "confirmed"}, {**NEW, "state": "absent"}):
        result = stage.tasks.run(**options)
        if "state" not in options:
            assert result["failed"]
        if result.get("failed"):
            assert is_sentence(result["msg"]), result["msg"]
            assert estate.top in result["msg"]
    assert spent(service) == before
    assert estate.now() == there
    assert estate.faults(user) == []


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("place", ["own", "group", "listed", "world", "parent"])
def test_whoever_puts_a_file_there_first_has_no_key(
    service: Simulator, estate: Estate, user: User, place: str, layout: str
) -> None:
    """Nor who exchanges the folder: what replaces a file of his does not become his."""
    stage = new_stage(service, estate, user, place, layout)
    folder = estate.places[place]
    estate.begin()
    for wish in (OLD, NEW):
        if place in ("own", "group", "listed"):
            estate.give_in_hand(user)
            user.move("own_file", f"{folder}/key.pem")
        else:
            planted(estate, user, ("exchange_for_files", folder))
        result = stage.tasks.run(**wish, force=True)
        assert "failed" not in result or is_sentence(result["msg"]), result
        assert estate.faults(user) == []


@pytest.mark.parametrize("place", ["world", "deep"])
def test_a_key_where_everybody_can_exchange_it(
    service: Simulator, estate: Estate, user: User, place: str
) -> None:
    """Refused before anything is spent."""
    stage = new_stage(service, estate, user, place)
    estate.begin()
    before = spent(service)
    result = stage.tasks.run(**NEW)
    assert result["failed"]
    assert is_sentence(result["msg"])
    assert spent(service) == before
    assert estate.faults(user) == []


def test_a_deep_folder_with_the_name_of_a_draft(
    service: Simulator, estate: Estate, user: User
) -> None:
    """Names that the last run used, and what takes for ever to be removed."""
    stage = new_stage(service, estate, user)
    estate.begin()
    estate.give_in_hand(user)
    folder = estate.places["own"]
    used: set[str] = set()

    def note(_number: int, _name: str, path: str) -> None:
        if path.startswith(f"{folder}/."):
            used.add(path)

    task = partial(whole, stage, OLD)
    faults, _stops = stage.attacked(task, note)
    assert faults == []
    assert used
    for path in used:
        if not os.path.lexists(path):
            assert user.ask(adversary.deep, path) is None
    result = elsewhere(partial(stage.tasks.run, **NEW))
    assert isinstance(result, dict), result
    assert "failed" not in result or is_sentence(result["msg"]), result["msg"]
    for path in used:
        subprocess.run(["rm", "-rf", path], check=True)
    result = stage.tasks.run(**NEW)
    assert "failed" not in result, result["msg"]
    assert is_in_place(stage)
    assert estate.faults(user) == []


@pytest.mark.parametrize("option", ["csr_path", "public_key_path"])
def test_a_key_elsewhere_that_is_his_to_exchange(
    service: Simulator, estate: Estate, user: User, option: str
) -> None:
    """It is read as the other files are, and nothing is said of what else was found."""
    stage = new_stage(service, estate, user)
    found: list[str] = []
    for move in NAME_MOVES:
        estate.begin()
        estate.give_in_hand(user)
        path = f"{estate.places['own']}/elsewhere.pem"
        user.ask(Path.write_bytes, Path(path), b"of his")
        user.move(move, path)
        options = {**NEW, option: path, "privatekey_path": None}
        task = partial(whole, stage, options)
        faults, _stops = stage.attacked(task, lambda *_each: None)
        found += [f"{option} {move}\n    -> {fault}" for fault in faults]
    tell(found, len(NAME_MOVES))


@pytest.mark.parametrize("size", [300_000, 1_000_000])
def test_all_his_files_are_large(service: Simulator, estate: Estate, user: User, size: int) -> None:
    """What is kept of them does not make a record that cannot be read any more."""
    stage = new_stage(service, estate, user)
    estate.begin()
    estate.give_in_hand(user)
    for name in ("cert.pem", "chain.pem", "fullchain.pem"):
        file = f"{estate.places['own']}/{name}"
        user.move("own_file", file)
        user.ask(Path.write_bytes, Path(file), b"x" * size)
    for options in ({**OLD, **LATER, "force": True}, {**OLD, "state": "previous"}, OLD, NEW):
        result = stage.tasks.run(**options)
        assert "failed" not in result, (options, result["msg"])
    assert is_in_place(stage)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_made_without_a_umask(
    service: Simulator, estate: Estate, user: User, layout: str
) -> None:
    """Folders that were missing on the way to the records are not open to everybody."""
    stage = new_stage(service, estate, user, "own", layout)
    estate.begin()
    stage.tasks.options["state_dir"] = f"{estate.state}/that/is/missing"
    umask = os.umask(0)
    try:
        for options in (OLD, {**NEW, "backup": True}):
            assert "failed" not in stage.tasks.run(**options)
    finally:
        os.umask(umask)
    assert estate.faults(user) == []


def elsewhere(call: Callable[[], Any], becomes: Callable[[], None] = lambda: None) -> Any:
    """What a function returns that is called in a process of its own, which is killed if it does
    not come back."""
    here, there = get_context("fork").Pipe(duplex=False)
    pid = os.fork()
    if pid == 0:
        try:
            becomes()
            os.umask(0o022)
            there.send(call())
        except BaseException:
            there.send(traceback.format_exc())
        finally:
            os._exit(0)
    there.close()
    answer = here.recv() if here.poll(_PATIENCE) else f"HUNG: nothing for {_PATIENCE} seconds"
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return answer


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("records", "state"),
    [
        *(("of root", state) for state in ("present", "confirmed", "previous", "absent")),
        *(("his own", state) for state in ("present", "absent")),
    ],
)
def test_become_was_forgotten(
    service: Simulator, estate: Estate, user: User, layout: str, records: str, state: str
) -> None:
    """On a deployment of root's: the way out is not to remove anything."""
    stage = new_stage(service, estate, user, "parent", layout)
    estate.begin()
    for options in (OLD, {**NEW, **LATER}):
        assert "failed" not in stage.tasks.run(**options)
    before, tree = spent(service), estate.now()
    if records == "his own":
        stage.tasks.options["state_dir"] = f"{estate.home}/.local/state"
    result = elsewhere(
        lambda: stage.tasks.run(**NEW, state=state, force=True), adversary.become_user
    )
    assert isinstance(result, dict), result
    assert result.get("failed"), result
    assert spent(service) == before
    assert {path: entry for path, entry in estate.now().items() if ".local" not in path} == {
        path: replace(entry, changed=estate.now()[path].changed) for path, entry in tree.items()
    }
    message = result["msg"]
    assert is_sentence(message), message
    assert "belongs to root" in message
    assert "become" in message
    assert not re.search(r"\bremove\b", message), message


def der(tag: int, *parts: bytes) -> bytes:
    """A value in DER (X.690)."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def number(value: int) -> bytes:
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def pem(label: str, content: bytes) -> bytes:
    text = base64.encodebytes(content).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n".encode()


def slow_to_decrypt() -> bytes:
    """PBES2 with as many rounds of PBKDF2 as a number of four bytes can ask for (RFC 8018)."""
    rounds = der(0x30, der(0x04, b"s" * 8), number((1 << 31) - 1))
    derivation = der(0x30, bytes.fromhex("06092a864886f70d01050c"), rounds)
    cipher = der(0x30, bytes.fromhex("060960864801650304012a"), der(0x04, b"i" * 16))
    scheme = der(0x30, bytes.fromhex("06092a864886f70d01050d"), der(0x30, derivation, cipher))
    return pem("ENCRYPTED PRIVATE KEY", der(0x30, scheme, der(0x04, b"c" * 256)))


def slow_to_check() -> bytes:
    """An RSA key with factors so large that it takes for ever to see whether they are prime."""
    small = math.prod(number for number in range(3, 20000, 2))
    chance = random.Random(1)
    factor = chance.getrandbits(200_000) | 1 << 199_999 | 1
    while math.gcd(factor, small) > 1:
        factor += 2
    numbers = (0, factor * factor, 65537, 5, factor, factor, 5, 5, 5)
    return pem("RSA PRIVATE KEY", der(0x30, *map(number, numbers)))


def nested(label: str) -> bytes:
    content = b""
    for _each in range(20_000):
        content = der(0x30, content)
    return pem(label, content)


def in_his_name() -> dict[str, bytes]:
    """What he may put where a certificate, a key or a chain is expected."""
    return {
        "slow to decrypt": slow_to_decrypt(),
        "slow to check": slow_to_check(),
        "nested certificate": nested("CERTIFICATE"),
        "nested key": nested("PRIVATE KEY"),
        "nested": base64.b64decode(b"".join(nested("X").splitlines()[1:-1])),
        "begins": b"-----BEGIN CERTIFICATE-----\n" * 37_000,
        "empty ones": b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n" * 19_000,
        "dashes": b"-" * 1_000_000,
        "one line": b"-----BEGIN CERTIFICATE-----" + b"A" * 1_000_000,
        "spaces": b"-----BEGIN CERTIFICATE-----" + b" \n" * 500_000,
        "length": pem("CERTIFICATE", b"\x30\x84\xff\xff\xff\xff\x30\x80"),
        "no text": bytes(range(256)) * 64,
        "odd text": "-----BEGIN CERTIFICATE-----\n\udcff\x1b[2J\x00".encode(
            "utf-8", "surrogateescape"
        ),
    }


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for number, kind in enumerate(in_his_name())
        for name in (["key.pem"] if number < 2 else ["cert.pem", "key.pem"])
    ],
)
def test_what_is_in_his_files(
    service: Simulator, estate: Estate, user: User, kind: str, name: str
) -> None:
    """It is read and understood in no time, or it is not; and it is not believed."""
    stage = new_stage(service, estate, user)
    estate.begin()
    estate.give_in_hand(user)
    stated = {**OLD, "privatekey_passphrase": "of root"}
    assert "failed" not in stage.tasks.run(**stated)
    file = f"{estate.places['own']}/{name}"
    user.move("own_file", file)
    user.ask(Path.write_bytes, Path(file), in_his_name()[kind])
    for state in ("present", "previous", "absent"):
        result = elsewhere(partial(stage.tasks.run, **stated, state=state))
        assert isinstance(result, dict), f"{state}: {result}"
        if result.get("failed"):
            assert is_sentence(result["msg"]), f"{state}: {result['msg']}"
        if state == "present":
            tree = estate.now()
    planted_there = [file] if os.path.exists(file) and os.stat(file).st_uid == USER else []
    assert [each for each in estate.faults(user) if each.split()[0] not in planted_there] == []
    estate.back_to(tree)
    if os.path.lexists(file):
        os.unlink(file)
    for wish in (stated, {**NEW, "privatekey_passphrase": "of root"}):
        result = stage.tasks.run(**wish)
        assert "failed" not in result, result["msg"]


WEB = ["new", "other", "same", "absent"]


def place_token(estate: Estate, state: str) -> list[str]:
    """The module as it is; what it had to say, if it failed."""
    options = {
        "webroot": estate.webroot,
        "path": TOKEN_PATH,
        "content": TOKEN,
        "state": "absent" if state == "absent" else "present",
    }
    out = io.StringIO()
    with patch_module_args(options), redirect_stdout(out), pytest.raises(SystemExit):
        token_file.main()
    result = json.loads(out.getvalue())
    return [result["msg"]] if result.get("failed") else []


def webroot(estate: Estate, user: User, state: str) -> str:
    """With what is there before; the file of the token."""
    estate.begin()
    estate.give_in_hand(user)
    if state != "new":
        assert place_token(estate, "new") == []
    file = f"{estate.webroot}{TOKEN_PATH}"
    if state == "other":
        Path(file).write_text("another")
    return file


@pytest.mark.parametrize("state", WEB)
def test_he_owns_the_webroot(service: Simulator, estate: Estate, user: User, state: str) -> None:
    """Several moves before each operation."""
    file = webroot(estate, user, state)
    tree = estate.now()
    stage = replace(new_stage(service, estate, user), folder=os.path.dirname(file))
    task = partial(place_token, estate, state)
    moments: list[tuple[str, bool]] = []

    def count(_number: int, name: str, path: str) -> None:
        moments.append((name, True))

    faults, _stops = stage.attacked(task, count)
    assert faults == []
    assert moments
    found: list[str] = []
    attacks = [*attacks_on(moments, state, 8 * _WIDTH)]
    for number, attack in enumerate(attacks):
        done: list[str] = []
        estate.back_to(tree)
        faults, _stops = stage.attacked(task, attack.made_by(stage, done))
        if number % _HONEST == 0:
            estate.back_to(tree)
            faults += [f"AFTERWARDS: {said}" for said in task()]
            assert os.path.exists(file) == (state != "absent")
        found += [f"{state}: {'; '.join(done)}\n    -> {fault}" for fault in faults]
    tell(found, len(attacks))


@pytest.mark.parametrize("state", ["new", "absent"])
def test_what_he_put_into_the_webroot(
    service: Simulator, estate: Estate, user: User, state: str
) -> None:
    """Before the module came: at the place of the file, or of a folder on the way."""
    stage = new_stage(service, estate, user)
    found: list[str] = []
    for move in NAME_MOVES:
        for depth in range(3):
            path = webroot(estate, user, "same")
            for _each in range(depth):
                path = os.path.dirname(path)
            user.move(move, path)
            task = partial(place_token, estate, state)
            faults, _stops = stage.attacked(task, lambda *_each: None)
            found += [f"{state}: {move} {path}\n    -> {fault}" for fault in faults]
    tell(found, len(NAME_MOVES) * 3)


def test_folders_of_a_webroot_without_a_umask(estate: Estate, user: User) -> None:
    umask = os.umask(0)
    try:
        file = webroot(estate, user, "same")
    finally:
        os.umask(umask)
    for path in (file, os.path.dirname(file), os.path.dirname(os.path.dirname(file))):
        assert not os.stat(path).st_mode & (stat.S_IWGRP | stat.S_IWOTH)
