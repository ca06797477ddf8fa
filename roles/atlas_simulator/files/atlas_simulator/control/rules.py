# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules about coming requests: faults that are made, and barriers that hold them."""

from __future__ import annotations

import asyncio
import fnmatch
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BEFORE_ACTING, AFTER_ACTING, BEFORE_ANSWERING = "before-acting", "after-acting", "before-answering"
POINTS = (BEFORE_ACTING, AFTER_ACTING, BEFORE_ANSWERING)
ACTIONS: Mapping[str, str] = {
    "status": "answers with `status`, `headers` and `body` or `text` instead of acting",
    "delay": "waits for `seconds` before acting",
    "delay-answer": "waits for `seconds` after acting",
    "reset-before": "resets the connection instead of acting",
    "reset-after": "acts, and resets the connection instead of answering",
    "truncate": "acts, and ends the connection in the middle of the answer's body",
    "content-type": "acts, and answers with `content_type`",
    "html": "answers with `status` and an HTML page, as a load balancer does",
    "acts-twice": "acts twice, and answers to the second time",
    "close": "acts and answers, and closes the connection then",
    "expire-tokens": "makes all tokens expire before it looks at the request",
}
_MATCHING = {"method": str, "path": str, "nth": int, "times": int}
_FAULT = {
    "action": str,
    "status": int,
    "headers": dict,
    "body": (str, dict, list),
    "text": str,
    "seconds": (int, float),
    "content_type": str,
}


@dataclass
class Match:
    """Which requests: by method and path (a shell pattern; `*` for any), from the `nth` one on,
    so many `times` (0: always)."""

    method: str = "*"
    path: str = "*"
    nth: int = 1
    times: int = 1
    seen: int = 0
    used: int = 0

    def takes(self, method: str, path: str) -> bool:
        """Count a request, and say whether the rule is about it."""
        if self.method not in ("*", method) or not fnmatch.fnmatchcase(path, self.path):
            return False
        self.seen += 1
        if self.seen < self.nth or (self.times and self.used >= self.times):
            return False
        self.used += 1
        return True


@dataclass
class Fault:
    """Something that goes wrong with the requests that match.

    `body` is the description of an error, or all of a body as JSON; `text` is all of it as it is.
    """

    id: int
    match: Match
    action: str
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str | dict[str, Any] | list[Any] = ""
    text: str | None = None
    seconds: float = 0
    content_type: str = "text/html"

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {"id": self.id, "action": self.action, **vars(self.match)}


@dataclass
class Barrier:
    """A place where the requests that match wait until it is released."""

    id: int
    match: Match
    point: str
    waiting: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def hold(self) -> None:
        """Wait until it is released."""
        self.waiting += 1
        self.arrived.set()
        try:
            await self.released.wait()
        finally:
            self.waiting -= 1

    def document(self) -> dict[str, Any]:
        """As JSON."""
        waiting = {"point": self.point, "waiting": self.waiting}
        return {"id": self.id, **waiting, **vars(self.match)}


class Rules:
    """All faults and barriers that are set."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.barriers: list[Barrier] = []
        self._ids = itertools.count(1)

    def add_fault(self, document: Any) -> Fault:
        """Set a fault; raises `ValueError` with a sentence about a bad one."""
        _check(document, {**_MATCHING, **_FAULT})
        if document.get("action") not in ACTIONS:
            raise ValueError(f"action is not one of {', '.join(ACTIONS)}")
        if not 200 <= document.get("status", 503) <= 599:
            raise ValueError("status is not between 200 and 599")
        if "body" in document and "text" in document:
            raise ValueError("body and text are two answers; give one of them")
        headers = document.get("headers", {})
        if not all(isinstance(value, str) for value in headers.values()):
            raise ValueError("headers holds a value that is not a text")
        match, rest = _match(document)
        fault = Fault(next(self._ids), match, **rest)
        self.faults.append(fault)
        return fault

    def add_barrier(self, document: Any) -> Barrier:
        """Set a barrier; raises `ValueError` with a sentence about a bad one."""
        _check(document, {**_MATCHING, "point": str})
        if document.get("point") not in POINTS:
            raise ValueError(f"point is not one of {', '.join(POINTS)}")
        match, rest = _match(document)
        barrier = Barrier(next(self._ids), match, **rest)
        self.barriers.append(barrier)
        return barrier

    def release(self, barrier_id: int | None = None) -> int:
        """Release one barrier, or all; how many."""
        released = [each for each in self.barriers if barrier_id in (None, each.id)]
        for barrier in released:
            barrier.released.set()
            self.barriers.remove(barrier)
        return len(released)

    def faults_for(self, method: str, path: str) -> list[Fault]:
        """The faults that a request gets. Each counts it."""
        return [fault for fault in self.faults if fault.match.takes(method, path)]

    def barriers_for(self, method: str, path: str) -> list[Barrier]:
        """The barriers that a request meets. Each counts it."""
        return [barrier for barrier in self.barriers if barrier.match.takes(method, path)]


def _check(document: Any, shape: Mapping[str, Any]) -> None:
    if not isinstance(document, dict):
        raise ValueError("the body is not a JSON object")
    for name, value in document.items():
        if name not in shape:
            raise ValueError(f"{name} is not one of {', '.join(shape)}")
        if not isinstance(value, shape[name]) or isinstance(value, bool):
            raise ValueError(f"{name} is not of the right type")


def _match(document: Mapping[str, Any]) -> tuple[Match, dict[str, Any]]:
    match = Match(**{name: value for name, value in document.items() if name in _MATCHING})
    return match, {name: value for name, value in document.items() if name not in _MATCHING}
