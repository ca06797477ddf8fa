# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that is killed at a chosen moment: its controller's half or its node's.

What can be interrupted is counted: requests in the one, file operations in the other. The
controller is a process of its own, and killed by SIGKILL. The node is played in this process. All
that a killed node leaves to others is its files, as they are before the operation that it did not
come to: so they are copied at that moment, whatever Python's `finally` clauses do to them on the
way out is thrown away, and the copy takes their place. It is what SIGKILL leaves, down to content
that was written and not flushed, which is lost; locks go with the descriptors that hold them.
"""

from __future__ import annotations

import builtins
import io
import json
import os
import shutil
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from ansible_collections.globalsign.atlas.plugins.module_utils.api.transport import Transport
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

from .sights import Watch
from .whole_task import Tasks

FILE_OPERATIONS = (
    "open",
    "write",
    "truncate",
    "ftruncate",
    "fsync",
    "rename",
    "replace",
    "link",
    "unlink",
    "remove",
    "mkdir",
    "rmdir",
    "symlink",
    "chmod",
    "chown",
    "fchmod",
    "fchown",
    "posix_fallocate",
)
"""Those of `os` that change a file system. A file that is opened for writing counts, however it is
opened."""
_INVISIBLE = (os.fsync, os.chmod, os.fchmod, os.chown, os.fchown, os.posix_fallocate)
"""Those after which there is nothing else to read than before."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_OPEN, _OS_OPEN, _FSYNC = builtins.open, os.open, os.fsync
BEFORE, AFTER, NODE = "before", "after", "node"


@dataclass(frozen=True)
class Moment:
    """When to kill: `BEFORE` or `AFTER` the `number`th request of the controller, or before the
    `number`th file operation of the `NODE`. The answer of a step counts as one."""

    half: str
    number: int

    def __str__(self) -> str:
        return f"{self.half} {self.number}"


@dataclass(frozen=True)
class Ended:
    """How a task ended: its result, None if the controller was killed, and its steps.

    `asked` says for each file operation how many requests had been sent by then, and `answers`
    which of the operations were answers of steps.
    """

    result: dict[str, Any] | None
    requests: int = 0
    asked: tuple[int, ...] = ()
    answers: tuple[int, ...] = ()
    steps: tuple[str, ...] = ()

    @property
    def operations(self) -> int:
        """How many file operations there were."""
        return len(self.asked)


class NotReachedError(AssertionError):
    """A task was over before the moment at which it was to be killed."""


class Killed(BaseException):
    """The process is gone: nothing may catch this."""


def _nothing(*_arguments: Any) -> None:
    pass


class Mortal:
    """A process that dies at its nth moment, counted from `so_far`, and stays dead.

    `before` is called before each moment with its number, the last one too, and `after` when
    something was done that shows. What these do to files is no moment.
    """

    def __init__(
        self,
        dies_at: int | None,
        so_far: int = 0,
        before: Callable[[int], None] = _nothing,
        after: Callable[[], None] = _nothing,
    ) -> None:
        self.moments = so_far
        self.is_dead = False
        self._dies_at = dies_at
        self._before, self._after = before, after
        self._is_interrupted = False

    def __call__(self) -> None:
        """A moment, at which it may die."""
        if self.is_dead:
            raise Killed
        self._interrupt(lambda: self._before(self.moments))
        if self.moments == self._dies_at:
            self.is_dead = True
            raise Killed
        self.moments += 1

    def does(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Have each call of a function be a moment."""

        def counted(*arguments: Any, **more: Any) -> Any:
            if self._is_interrupted or _only_reads(function, *arguments, **more):
                return function(*arguments, **more)
            self()
            done = None if function is _FSYNC else function(*arguments, **more)
            if function not in _INVISIBLE:
                self._interrupt(self._after)
            return done

        return counted

    def _interrupt(self, call: Callable[[], None]) -> None:
        self._is_interrupted = True
        try:
            call()
        finally:
            self._is_interrupted = False


def _only_reads(function: Callable[..., Any], *arguments: Any, **more: Any) -> bool:
    """Whether this call opens a file for reading, or one that was opened as a descriptor."""
    if function is _OS_OPEN:
        flags: int = more.get("flags", arguments[1] if len(arguments) > 1 else 0)
        return not flags & _WRITING
    if function is _OPEN:
        mode = more.get("mode", arguments[1] if len(arguments) > 1 else "r")
        return not set(mode) & set("wax+") or isinstance(arguments[0], int)
    return False


@contextmanager
def counted_operations(alive: Mortal) -> Iterator[None]:
    """Everything that changes a file system is a moment. What was written is not synced: only a
    machine that stops would lose it, and nothing here outlives this process."""
    places = [*((os, name) for name in FILE_OPERATIONS), (builtins, "open"), (io, "open")]
    originals = [(module, name, getattr(module, name)) for module, name in places]
    try:
        for module, name, function in originals:
            setattr(module, name, alive.does(function))
        yield
    finally:
        for module, name, function in originals:
            setattr(module, name, function)


class _Node:
    """The node of one task: each step as if in a process of its own, which may die.

    Its files are copied to a folder in `copies` before each operation, and `watch` looks at them
    after each.
    """

    def __init__(
        self, tasks: Tasks, dies_at: int | None, watch: Watch | None, copies: Path | None
    ) -> None:
        self._tasks, self._dies_at, self._copies = tasks, dies_at, copies
        self._look = watch.look if watch else _nothing
        self._left = tasks.folder.with_name(f"{tasks.folder.name}.left")
        self.requests = 0
        self.asked: list[int] = []
        self.answers: list[int] = []
        self.steps: list[str] = []

    def perform(
        self, step: str, items: Sequence[dict[str, Any]], secrets: Sequence[str], check_mode: bool
    ) -> Any:
        """A step as Ansible runs it: all that comes back is JSON."""
        self.steps.append(step)
        alive = Mortal(self._dies_at, len(self.asked), self._before, self._look)
        try:
            with counted_operations(alive):
                answers = self._tasks.perform(step, items, secrets, check_mode)
                self.answers.append(alive.moments)
                alive()
        except Killed:
            self._dies_at = None
            shutil.rmtree(self._tasks.folder)
            self._left.rename(self._tasks.folder)
            raise AtlasError(f"The node could not {step}: it was killed.") from None
        return json.loads(json.dumps(answers))

    def _before(self, number: int) -> None:
        self.asked.append(self.requests)
        if self._copies:
            shutil.copytree(self._tasks.folder, self._copies / str(number), symlinks=True)
        if number == self._dies_at:
            shutil.copytree(self._tasks.folder, self._left, symlinks=True)

    def count_request(self) -> None:
        """One more was sent."""
        self.requests += 1


def run_killed(tasks: Tasks, moment: Moment, watch: Watch | None = None, **options: Any) -> Ended:
    """Run a task that is killed, or whose node is, at this moment."""
    if moment.half == NODE:
        return run_here(tasks, moment.number, watch, **options)
    child = os.fork()
    if child == 0:
        _die_as_controller(tasks, moment, options)
    _pid, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, f"was not killed {moment}"
    return Ended(None)


def _die_as_controller(tasks: Tasks, moment: Moment, options: dict[str, Any]) -> NoReturn:
    counts = {BEFORE: 0, AFTER: 0}

    def count(half: str) -> None:
        if moment == Moment(half, counts[half]):
            os.kill(os.getpid(), signal.SIGKILL)
        counts[half] += 1

    try:
        with _counted_requests(lambda: count(BEFORE), lambda: count(AFTER)):
            tasks.run(**options)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def run_here(
    tasks: Tasks,
    dies_at: int | None = None,
    watch: Watch | None = None,
    copies: Path | None = None,
    **options: Any,
) -> Ended:
    """Run a task in this process, and count. Its node dies before the operation `dies_at`."""
    node = _Node(tasks, dies_at, watch, copies)
    with _counted_requests(node.count_request):
        try:
            result = replace(tasks, perform=node.perform).run(**options)
        except AtlasError as error:
            result = {"failed": True, "msg": error.message, "changed": False}
    if dies_at is not None and dies_at >= len(node.asked):
        raise NotReachedError(f"{dies_at} of {len(node.asked)}")
    counted = tuple(node.asked), tuple(node.answers), tuple(node.steps)
    return Ended(result, node.requests, *counted)


@contextmanager
def _counted_requests(
    before: Callable[[], None], after: Callable[[], None] = _nothing
) -> Iterator[None]:
    exchange = Transport.exchange

    def counted(self: Transport, *arguments: Any, **more: Any) -> Any:
        before()
        answer = exchange(self, *arguments, **more)
        after()
        return answer

    Transport.exchange = counted  # type: ignore[method-assign]
    try:
        yield
    finally:
        Transport.exchange = exchange  # type: ignore[method-assign]
