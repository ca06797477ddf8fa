# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The syntax of regular expressions as Go has it (package regexp/syntax, its Perl flags).

Only what policies use is understood; what is not, is told from what is wrong no further.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Union

Ranges = tuple[tuple[int, int], ...]
"""Code points from and to, both included, sorted and apart from each other."""

LAST = 0x10FFFF
_MOST_REPEATS = 1000
_DEEPEST = 60

_DIGITS, _LOWER, _UPPER = (("0", "9"),), (("a", "z"),), (("A", "Z"),)
_NAMED = {
    "alnum": (*_DIGITS, *_UPPER, *_LOWER),
    "alpha": (*_UPPER, *_LOWER),
    "ascii": (("\0", "\x7f"),),
    "blank": (("\t", "\t"), (" ", " ")),
    "cntrl": (("\0", "\x1f"), ("\x7f", "\x7f")),
    "digit": _DIGITS,
    "graph": (("!", "~"),),
    "lower": _LOWER,
    "print": ((" ", "~"),),
    "punct": (("!", "/"), (":", "@"), ("[", "`"), ("{", "~")),
    "space": (("\t", "\r"), (" ", " ")),
    "upper": _UPPER,
    "word": (*_DIGITS, *_UPPER, ("_", "_"), *_LOWER),
    "xdigit": (*_DIGITS, ("A", "F"), ("a", "f")),
}
_PERL = {
    "d": _NAMED["digit"],
    "s": (("\t", "\n"), ("\f", "\r"), (" ", " ")),
    "w": _NAMED["word"],
}
_CONTROLS = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_ODD_FOLDS = {ord("k"): 0x212A, ord("s"): 0x17F}
"""The Kelvin sign and the long s are the only letters beyond ASCII that fold to one of it."""
_OCTAL = frozenset("01234567")
_ALPHANUMERIC = frozenset(string.ascii_letters + string.digits)
_WORD = _ALPHANUMERIC | {"_"}


class NotUnderstoodError(ValueError):
    """The pattern is outside of the syntax that is understood here, or wrong."""


@dataclass(frozen=True)
class Chars:
    """One character of these."""

    ranges: Ranges


@dataclass(frozen=True)
class Position:
    """A place, not a character: `begin`, `end`, `line_begin`, `line_end`, `word`."""

    kind: str


@dataclass(frozen=True)
class Sequence:
    """One after the other; without parts it is empty."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """One of them."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """So many times; without `most` there is no limit."""

    part: Node
    least: int
    most: int | None
    is_counted: bool


Node = Union[Chars, Position, Sequence, Choice, Repeat]


@dataclass(frozen=True)
class _Flags:
    fold: bool = False
    multiline: bool = False
    dot_all: bool = False


def parse_syntax(text: str) -> Node:
    """The tree of a pattern. Raises `NotUnderstoodError`."""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise NotUnderstoodError("half of a surrogate pair, which Go does not send")
    parser = _Parser(text)
    node = parser.choice(_Flags(), 0)
    if not parser.is_at_end:
        raise NotUnderstoodError("an unexpected )")
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._names: set[str] = set()

    @property
    def is_at_end(self) -> bool:
        return self._at >= len(self._text)

    def _sees(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _take(self, text: str) -> bool:
        found = self._sees(text)
        if found:
            self._at += len(text)
        return found

    def _next(self) -> str:
        if self.is_at_end:
            raise NotUnderstoodError("it ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def choice(self, flags: _Flags, depth: int) -> Node:
        """Up to the closing parenthesis or the end."""
        if depth > _DEEPEST:
            raise NotUnderstoodError("it is nested too deeply")
        alternatives: list[Node] = []
        parts: list[Node] = []
        is_repeated = False
        while not self.is_at_end and not self._sees(")"):
            if self._take("|"):
                alternatives.append(Sequence(tuple(parts)))
                parts, is_repeated = [], False
                continue
            repeats = self._repetition()
            if repeats is not None:
                if not parts or is_repeated:
                    raise NotUnderstoodError("nothing to repeat")
                self._take("?")
                parts[-1] = _repeated(parts[-1], *repeats)
                is_repeated = True
                continue
            is_repeated = False
            changed = self._flag_group(flags)
            if changed is not None:
                flags = changed
            elif self._take("\\Q"):
                parts += self._quoted(flags)
            else:
                parts.append(self._atom(flags, depth))
        alternatives.append(Sequence(tuple(parts)))
        return alternatives[0] if len(alternatives) == 1 else Choice(tuple(alternatives))

    def _repetition(self) -> tuple[int, int | None, bool] | None:
        for sign, least, most in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self._take(sign):
                return least, most, False
        return self._counted() if self._sees("{") else None

    def _counted(self) -> tuple[int, int | None, bool] | None:
        """The counts in braces; what are no counts are characters."""
        inner, closing, _rest = self._text[self._at + 1 :].partition("}")
        first, comma, second = inner.partition(",")
        if not closing or not _is_count(first) or (second and not _is_count(second)):
            return None
        least = _count(first)
        most = least if not comma else (_count(second) if second else None)
        if least > _MOST_REPEATS or (most is not None and not least <= most <= _MOST_REPEATS):
            raise NotUnderstoodError("a wrong count")
        self._at += len(inner) + 2
        return least, most, True

    def _flag_group(self, flags: _Flags) -> _Flags | None:
        """Flags for the rest of the group, as in `(?i)`; None if there are none here."""
        start = self._at
        if not self._take("(?"):
            return None
        changed = self._flags(flags)
        if changed is not None and self._take(")"):
            return changed
        self._at = start
        return None

    def _flags(self, flags: _Flags) -> _Flags | None:
        names = {"i": "fold", "m": "multiline", "s": "dot_all"}
        is_on, has_sign, is_stated = True, False, False
        while not self.is_at_end and self._text[self._at] in "imsU-":
            char = self._next()
            if char == "-":
                if has_sign:
                    return None
                is_on, has_sign, is_stated = False, True, False
                continue
            is_stated = True
            if char in names:
                flags = replace(flags, **{names[char]: is_on})
        return None if has_sign and not is_stated else flags

    def _quoted(self, flags: _Flags) -> list[Node]:
        inner, closing, _rest = self._text[self._at :].partition("\\E")
        self._at += len(inner) + len(closing)
        return [_literal(ord(char), flags) for char in inner]

    def _atom(self, flags: _Flags, depth: int) -> Node:
        char = self._next()
        if char == "(":
            return self._group(flags, depth)
        if char == "[":
            return Chars(self._char_class(flags))
        if char == ".":
            newline = () if flags.dot_all else ((10, 10),)
            return Chars(negated(newline))
        if char == "^":
            return Position("line_begin" if flags.multiline else "begin")
        if char == "$":
            return Position("line_end" if flags.multiline else "end")
        if char == "\\":
            return self._escape(flags)
        return _literal(ord(char), flags)

    def _group(self, flags: _Flags, depth: int) -> Node:
        if self._take("?"):
            if self._take("P<") or self._take("<"):
                self._name()
            else:
                inner = self._flags(flags)
                if inner is None or not self._take(":"):
                    raise NotUnderstoodError("an unknown kind of group")
                flags = inner
        node = self.choice(flags, depth + 1)
        if not self._take(")"):
            raise NotUnderstoodError("a missing )")
        return Sequence((node,))

    def _name(self) -> None:
        name, closing, _rest = self._text[self._at :].partition(">")
        # Go admits a name a second time, RE2 in C++ does not.
        if not closing or not name or not _WORD.issuperset(name) or name in self._names:
            raise NotUnderstoodError("a wrong name of a group")
        self._names.add(name)
        self._at += len(name) + 1

    def _escape(self, flags: _Flags) -> Node:
        char = self._next()
        if char == "B":
            # RE2 in C++ finds one between the bytes of a letter beyond ASCII, Go does not.
            raise NotUnderstoodError("\\B, which Go and C++ read in different ways")
        positions = {"A": "begin", "z": "end", "b": "word"}
        if char in positions:
            return Position(positions[char])
        if char.lower() in _PERL:
            return Chars(_perl_class(char, flags))
        return _literal(self._escaped_char(char), flags)

    def _escaped_char(self, char: str) -> int:
        """The code point of an escape that stands for one character."""
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char == "x":
            return self._hexadecimal()
        if char == "0" or (char in _OCTAL and self._text[self._at : self._at + 1] in _OCTAL):
            return self._octal(char)
        if not char.isascii() or char in _ALPHANUMERIC:
            raise NotUnderstoodError("an unknown escape")
        return ord(char)

    def _octal(self, digits: str) -> int:
        while len(digits) < 3 and self._text[self._at : self._at + 1] in _OCTAL:
            digits += self._next()
        return int(digits, 8)

    def _hexadecimal(self) -> int:
        if self._take("{"):
            digits, closing, _rest = self._text[self._at :].partition("}")
            self._at += len(digits) + len(closing)
        else:
            digits, closing = self._next() + self._next(), "}"
        if not closing or not digits or not set(digits) <= set(string.hexdigits):
            raise NotUnderstoodError("a wrong hexadecimal number")
        code_point = int(digits[-12:], 16)
        if code_point > LAST or len(digits) > 12:
            raise NotUnderstoodError("no such character")
        return code_point

    def _char_class(self, flags: _Flags) -> Ranges:
        is_negated = self._take("^")
        ranges: list[tuple[int, int]] = []
        is_first = True
        while is_first or not self._sees("]"):
            is_first = False
            ranges += self._class_member(flags)
        self._at += 1
        joined = normalized(ranges)
        return negated(joined) if is_negated else joined

    def _class_member(self, flags: _Flags) -> Iterable[tuple[int, int]]:
        if self._sees("[:") and ":]" in self._text[self._at + 2 :]:
            return self._named_class(flags)
        if self._sees("\\") and self._text[self._at + 1 : self._at + 2].lower() in tuple(_PERL):
            self._at += 1
            return _perl_class(self._next(), flags)
        low = high = self._class_char()
        if self._sees("-") and not self._sees("-]"):
            self._at += 1
            high = self._class_char()
        if high < low:
            raise NotUnderstoodError("a range in the wrong order")
        return _folded(((low, high),), flags)

    def _class_char(self) -> int:
        char = self._next()
        return self._escaped_char(self._next()) if char == "\\" else ord(char)

    def _named_class(self, flags: _Flags) -> Ranges:
        name, _closing, _rest = self._text[self._at + 2 :].partition(":]")
        self._at += len(name) + 4
        members = _NAMED.get(name.lstrip("^")) if not name.startswith("^^") else None
        if members is None:
            raise NotUnderstoodError("an unknown class")
        ranges = _folded(_code_points(members), flags)
        return negated(ranges) if name.startswith("^") else ranges


def _repeated(part: Node, least: int, most: int | None, is_counted: bool) -> Repeat:
    node = Repeat(part, least, most, is_counted)
    is_many = least >= 2 or (most or 0) >= 2
    if is_counted and is_many and not _is_small(node, _MOST_REPEATS):
        raise NotUnderstoodError("too many repetitions")
    return node


def _is_small(node: Node, limit: int) -> bool:
    """Whether the counts that are inside of each other multiply to no more, as Go reckons it."""
    if isinstance(node, Repeat):
        if node.is_counted:
            count = node.least if node.most is None else node.most
            if node.most == 0:
                return True
            if count > limit:
                return False
            limit = limit // count if count else limit
        return _is_small(node.part, limit)
    if isinstance(node, (Sequence, Choice)):
        return all(_is_small(part, limit) for part in node.parts)
    return True


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))


def _count(digits: str) -> int:
    # Python refuses to read thousands of digits; the first ones tell that it is too many.
    return int(digits[:9])


def _literal(code_point: int, flags: _Flags) -> Chars:
    return Chars(_folded(((code_point, code_point),), flags))


def _perl_class(name: str, flags: _Flags) -> Ranges:
    ranges = _folded(_code_points(_PERL[name.lower()]), flags)
    return negated(ranges) if name.isupper() else ranges


def _code_points(members: Iterable[tuple[str, str]]) -> Ranges:
    return normalized((ord(low), ord(high)) for low, high in members)


def _folded(ranges: Ranges, flags: _Flags) -> Ranges:
    """With all that is the same but for upper and lower case, if that is asked for."""
    if not flags.fold:
        return ranges
    more = list(ranges)
    for low, high in ranges:
        if high > 0x7F:
            raise NotUnderstoodError("upper and lower case beyond ASCII")
        for code_point in range(low, high + 1):
            char = chr(code_point)
            lower = ord(char.lower())
            more += [(lower, lower), (ord(char.upper()),) * 2]
            if lower in _ODD_FOLDS:
                more.append((_ODD_FOLDS[lower], _ODD_FOLDS[lower]))
    return normalized(more)


def normalized(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Sorted, and joined where they touch."""
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def negated(ranges: Ranges) -> Ranges:
    """All other code points."""
    others, start = [], 0
    for low, high in ranges:
        if start < low:
            others.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        others.append((start, LAST))
    return tuple(others)
