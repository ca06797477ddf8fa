# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task in processes of its own that are killed at a chosen moment, and who watches its files.

The controller's half runs in a child of the test, each step of the node in a child of that, as
with Ansible. What can be interrupted is counted: requests in the one, file operations in the other.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.api.transport import Transport
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps

from .whole_task import Tasks

FILE_OPERATIONS = (
    "open",
    "fsync",
    "rename",
    "replace",
    "unlink",
    "mkdir",
    "rmdir",
    "symlink",
    "chmod",
    "chown",
    "fchmod",
    "fchown",
    "posix_fallocate",
)
_MAKING = os.O_CREAT | os.O_TRUNC
FOLLOW_UP = 5
"""Seconds that the watcher is given to write down what it saw."""


@dataclass(frozen=True)
class Moment:
    """When to kill: `before` or `after` the `number`th request of the controller, or before the
    `number`th file operation of the node. The answer of a step counts as one."""

    half: str
    number: int

    def __str__(self) -> str:
        return f"{self.half} {self.number}"


NEVER = Moment("never", 0)


@dataclass(frozen=True)
class Ended:
    """How a task ended: its result, None if the controller was killed; how many requests and
    file operations there were."""

    result: dict[str, Any] | None
    requests: int
    operations: int


class _Counter:
    """Counts, and kills this process when it is time."""

    def __init__(self, kills_at: int | None, so_far: int = 0) -> None:
        self.count = so_far
        self._kills_at = kills_at

    def __call__(self) -> None:
        if self.count == self._kills_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1


def run_killed(tasks: Tasks, moment: Moment, **options: Any) -> Ended:
    """Run a task in a child process that is killed, or whose node is, at this moment."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _in_child(lambda: _controller(tasks, moment, options), sending)
    os.close(sending)
    with os.fdopen(receiving, "rb") as pipe:
        received = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(received) if received else Ended(None, 0, 0)


def run_here(tasks: Tasks, **options: Any) -> Ended:
    """Run a task in this process, and count its requests."""
    counter = _Counter(None)
    exchange = Transport.exchange

    def counted(self: Transport, *arguments: Any, **more: Any) -> Any:
        counter()
        return exchange(self, *arguments, **more)

    Transport.exchange = counted  # type: ignore[method-assign]
    try:
        return Ended(tasks.run(**options), counter.count, 0)
    finally:
        Transport.exchange = exchange  # type: ignore[method-assign]


def _in_child(work: Callable[[], Any], sending: int) -> None:
    """Do something, send what it returns, and end this process."""
    status = 1
    try:
        content = pickle.dumps(work())
        with os.fdopen(sending, "wb") as pipe:
            pipe.write(content)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _controller(tasks: Tasks, moment: Moment, options: dict[str, Any]) -> Ended:
    before = _Counter(moment.number if moment.half == "before" else None)
    after = _Counter(moment.number if moment.half == "after" else None)
    exchange = Transport.exchange

    def counted(self: Transport, *arguments: Any, **more: Any) -> Any:
        before()
        answer = exchange(self, *arguments, **more)
        after()
        return answer

    operations = [0]

    def perform(
        step: str, items: Sequence[dict[str, Any]], secrets: Sequence[str], check_mode: bool
    ) -> Any:
        kills_at = moment.number if moment.half == "node" else None
        done = _node(kills_at, operations[0], step, items, secrets, check_mode)
        if done is None:
            raise AtlasError(f"The node could not {step}: it was killed.")
        answers, operations[0] = done
        return answers

    Transport.exchange = counted  # type: ignore[method-assign]
    tasks.perform = perform
    try:
        result = tasks.run(**options)
    except AtlasError as error:
        result = {"failed": True, "msg": error.message, "changed": False}
    return Ended(result, before.count, operations[0])


def _node(
    kills_at: int | None,
    so_far: int,
    step: str,
    items: Sequence[dict[str, Any]],
    secrets: Sequence[str],
    check_mode: bool,
) -> tuple[Any, int] | None:
    """One step in a process of its own; None if that was killed."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        counter = _Counter(kills_at, so_far)

        def work() -> tuple[Any, int]:
            _count_operations(counter)
            answers = steps.run(step, items, secrets, check_mode)
            counter()
            return json.loads(json.dumps(answers)), counter.count

        _in_child(work, sending)
    os.close(sending)
    with os.fdopen(receiving, "rb") as pipe:
        received = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(received) if received else None


def _count_operations(counter: _Counter) -> None:
    """Everything that changes a file system from now on is counted, in this process only."""
    for name in FILE_OPERATIONS:
        setattr(os, name, _counting(name, getattr(os, name), counter))


def _counting(name: str, function: Callable[..., Any], counter: _Counter) -> Callable[..., Any]:
    def counted(*arguments: Any, **more: Any) -> Any:
        is_reading = name == "open" and not (len(arguments) > 1 and arguments[1] & _MAKING)
        if not is_reading:
            counter()
        return function(*arguments, **more)

    return counted


BY_PATH, PINNED = "by path", "pinned"
Sight = tuple[bytes, bytes, bytes]
"""Certificate, private key and chain, as they were read one after the other; empty if not there."""


@contextmanager
def watching(folder: Path, seen_file: Path) -> Iterator[None]:
    """Read the set in a tight loop, in a process of its own; what was seen is in `seen_file`.

    Once by the paths, and once in the folder that the links lead to, if they are links: that is
    opened once and all files are read there, which is `PINNED`.
    """
    stop_file = seen_file.with_suffix(".stop")
    child = os.fork()
    if child == 0:
        _watch(folder, seen_file, stop_file)
    try:
        yield
    finally:
        stop_file.touch()
        deadline = time.monotonic() + FOLLOW_UP
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.001)


def _watch(folder: Path, seen_file: Path, stop_file: Path) -> None:
    seen: set[tuple[str, Sight]] = set()
    places = {BY_PATH: str(folder), PINNED: str(folder / ".atlas" / "cert.pem" / "live")}
    try:
        while not stop_file.exists():
            for _many in range(10):
                for how, place in places.items():
                    seen.add((how, _sight(place)))
        seen_file.write_bytes(pickle.dumps(seen))
    finally:
        os._exit(0)


def _sight(place: str) -> Sight:
    try:
        descriptor = os.open(place, os.O_DIRECTORY)
    except OSError:
        return b"", b"", b""
    contents = [_read(name, descriptor) for name in ("cert.pem", "key.pem", "chain.pem")]
    os.close(descriptor)
    return contents[0], contents[1], contents[2]


def _read(name: str, folder: int) -> bytes:
    try:
        descriptor = os.open(name, os.O_RDONLY, dir_fd=folder)
    except OSError:
        return b""
    try:
        return os.read(descriptor, 1 << 20)
    finally:
        os.close(descriptor)
