# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regular expressions of the service, matched in linear time with the meaning that it gives them.

The service is very probably written in Go, whose package regexp has RE2's syntax (API reference,
section 3.1). Python's `re` means something else by `[[:alpha:]]`, `\\d`, `$` and more, and may take
for ever. So the pattern becomes a nondeterministic automaton, all states of which are followed
at the same time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from .pattern_syntax import (
    LAST,
    Chars,
    Choice,
    Node,
    NotUnderstoodError,
    Position,
    Ranges,
    Repeat,
    Sequence,
    parse_syntax,
)

_MOST_STATES = 10_000


@dataclass
class _State:
    """Takes a character of `ranges`, or stands at a `position`, or neither, then goes on."""

    ranges: Ranges | None = None
    position: str = ""
    onwards: tuple[int, ...] = ()


def parse(text: str) -> Pattern | None:
    """The pattern, or None if it is outside of the syntax that is understood here."""
    try:
        return Pattern(parse_syntax(text))
    except NotUnderstoodError:
        return None


class Pattern:
    """A pattern as an automaton. Raises `NotUnderstoodError` if that would be too big."""

    def __init__(self, tree: Node) -> None:
        self._states = [_State()]
        self._final = 0
        self._start = self._build(tree, self._final)

    def search(self, value: str) -> bool:
        """Whether it matches anywhere in the value."""
        value = _as_received(value)
        reached = self._closure({self._start}, value, 0)
        for at, char in enumerate(value):
            if self._final in reached:
                return True
            onwards = self._after(reached, char)
            onwards.add(self._start)
            reached = self._closure(onwards, value, at + 1)
        return self._final in reached

    def fullmatch(self, value: str) -> bool:
        """Whether it matches the whole value."""
        value = _as_received(value)
        reached = self._closure({self._start}, value, 0)
        for at, char in enumerate(value):
            reached = self._closure(self._after(reached, char), value, at + 1)
        return self._final in reached

    def _after(self, reached: Iterable[int], char: str) -> set[int]:
        code_point = ord(char)
        onwards: set[int] = set()
        for number in reached:
            state = self._states[number]
            if state.ranges is not None and _is_in(code_point, state.ranges):
                onwards.update(state.onwards)
        return onwards

    def _closure(self, numbers: Iterable[int], value: str, at: int) -> set[int]:
        """These states, and those that are reached from them without a character."""
        reached: set[int] = set()
        waiting = list(numbers)
        while waiting:
            number = waiting.pop()
            state = self._states[number]
            if number in reached or (state.position and not _is_at(state.position, value, at)):
                continue
            reached.add(number)
            if state.ranges is None:
                waiting.extend(state.onwards)
        return reached

    def _build(self, node: Node, onwards: int) -> int:
        """The state that a node begins with, if `onwards` is the one that follows it."""
        if isinstance(node, Chars):
            return self._add(_State(ranges=node.ranges, onwards=(onwards,)))
        if isinstance(node, Position):
            return self._add(_State(position=node.kind, onwards=(onwards,)))
        if isinstance(node, Sequence):
            for part in reversed(node.parts):
                onwards = self._build(part, onwards)
            return onwards
        if isinstance(node, Choice):
            return self._add(
                _State(onwards=tuple(self._build(part, onwards) for part in node.parts))
            )
        return self._build_repeat(node, onwards)

    def _build_repeat(self, node: Repeat, onwards: int) -> int:
        first = onwards
        if node.most is None:
            first = self._add(_State())
            self._states[first].onwards = (self._build(node.part, first), onwards)
        else:
            for _time in range(node.most - node.least):
                first = self._add(_State(onwards=(self._build(node.part, first), onwards)))
        for _time in range(node.least):
            first = self._build(node.part, first)
        return first

    def _add(self, state: _State) -> int:
        if len(self._states) >= _MOST_STATES:
            raise NotUnderstoodError("it is too big")
        self._states.append(state)
        return len(self._states) - 1


def _as_received(value: str) -> str:
    """The value as Go reads it from JSON: half of a surrogate pair becomes U+FFFD."""
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_in(code_point: int, ranges: Ranges) -> bool:
    before = bisect_right(ranges, (code_point, LAST))
    return before > 0 and code_point <= ranges[before - 1][1]


def _is_at(position: str, value: str, at: int) -> bool:
    if position == "begin":
        return at == 0
    if position == "end":
        return at == len(value)
    if position == "line_begin":
        return at == 0 or value[at - 1] == "\n"
    if position == "line_end":
        return at == len(value) or value[at] == "\n"
    return _is_word(value[max(at - 1, 0) : at]) != _is_word(value[at : at + 1])


def _is_word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")
