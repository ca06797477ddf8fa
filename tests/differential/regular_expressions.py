# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random regular expressions from the whole syntax of RE2, each with a value that may fit it."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import Any

import re2

_LETTERS = "abckszABCKSZ019-_ @.é\u00fc\u03b1\u0416\u212a\u017f"
_POSIX = {
    "alnum": "a7",
    "alpha": "kS",
    "ascii": "a~",
    "blank": " ",
    "digit": "09",
    "graph": "a!",
    "lower": "ks",
    "print": "a ",
    "punct": "-.",
    "space": " ",
    "upper": "KS",
    "word": "a_",
    "xdigit": "bF",
    "cntrl": "\t",
}
# Each with characters that it matches.
_CLASSES = (
    (r"\d", "09"),
    (r"\D", "a-"),
    (r"\w", "a_9K"),
    (r"\W", "-é"),
    (r"\s", " \t"),
    (r"\S", "aé"),
    (r"\pL", "aé\u03b1"),
    (r"\PL", "0-"),
    (r"\p{Lu}", "A\u0416"),
    (r"\p{^Lu}", "a0"),
    (r"\P{Lu}", "a0"),
    (r"\pN", "09"),
    (r"\p{Greek}", "\u03b1"),
    (r"\P{Greek}", "a"),
    (r"\p{Latin}", "aé\u212a"),
    (r"\pZ", " "),
    (".", "aé-"),
    ("[a-c]", "ab"),
    ("[^a-c]", "kz\u03b1"),
    (r"[\d\-_]", "0-_"),
    (r"[\pL.]", "é."),
    (r"[^\pL\s]", "0-"),
    (r"[[:alpha:]\d]", "a0"),
    ("[]a]", "]a"),
    ("[^]a]", "b"),
    ("[a-]", "a-"),
    ("[k]", "k"),
    ("[À-ÿ]", "é"),
    (r"[\x{3b1}-\x{3c9}]", "\u03b1"),
)
_ESCAPES = (
    (r"\x41", "A"),
    (r"\x{e9}", "é"),
    (r"\101", "A"),
    (r"\Qa.b\E", "a.b"),
    (r"\Q-\E", "-"),
    (r"\t", "\t"),
    (r"\-", "-"),
    (r"\@", "@"),
    (r"\.", "."),
)
_EMPTY = (r"\b", r"\B", "^", "$", r"\A", r"\z", "(?m:^)", "(?m:$)", "()", "(?:)")
_REPEATS = (
    ("*", (0, 1, 3)),
    ("+", (1, 3)),
    ("?", (0, 1)),
    ("{2}", (2,)),
    ("{1,3}", (1, 3)),
    ("{0,2}", (0, 2)),
    ("{2,}", (2, 4)),
    ("{0}", (0,)),
)
_GROUPS = ("(", "(?:", "(?P<n%d>", "(?i:", "(?s:", "(?-i:", "(?U:", "(?is-U:", "(?i-s:")
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """What RE2 makes of it; raises `re2.error` if it is none."""
    return re2.compile(pattern, _OPTIONS)


class _Maker:
    """Makes one. Every part is the text of a pattern and a value that it matches by itself."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._names = 0

    def whole(self) -> tuple[str, str]:
        """A pattern, mostly with the anchors that those of policies have."""
        pattern, value = self._alternatives(2)
        flags = self._rng.choice(("", "", "", "", "(?i)", "(?s)", "(?m)", "(?U)", "(?im-s)"))
        before, after = self._rng.choice(
            (("^", "$"), ("^", "$"), (r"\A", r"\z"), ("^", ""), ("", "$"), ("", ""))
        )
        if "|" in pattern and self._rng.random() < 0.7:
            pattern = f"(?:{pattern})"
        return flags + before + pattern + after, value

    def _alternatives(self, depth: int) -> tuple[str, str]:
        made = [self._sequence(depth) for _each in range(self._rng.choice((1, 1, 1, 2, 3)))]
        return "|".join(pattern for pattern, _value in made), self._rng.choice(made)[1]

    def _sequence(self, depth: int) -> tuple[str, str]:
        made = [self._repeated(depth) for _each in range(self._rng.randint(1, 3))]
        return "".join(pattern for pattern, _value in made), "".join(v for _pattern, v in made)

    def _repeated(self, depth: int) -> tuple[str, str]:
        pattern, value = self._atom(depth)
        if self._rng.random() < 0.6:
            return pattern, value
        mark, counts = self._rng.choice(_REPEATS)
        if pattern in _EMPTY:
            return pattern, value
        if len(pattern) > 1 and pattern.startswith(r"\Q"):
            pattern = f"(?:{pattern})"
        lazy = self._rng.choice(("", "", "?"))
        return pattern + mark + lazy, value * self._rng.choice(counts)

    def _atom(self, depth: int) -> tuple[str, str]:
        kind = self._rng.random()
        if depth and kind < 0.25:
            return self._group(depth - 1)
        if kind < 0.45:
            pattern, fitting = self._rng.choice(_CLASSES)
            return pattern, self._rng.choice(fitting)
        if kind < 0.55:
            return self._posix()
        if kind < 0.65:
            return self._rng.choice(_ESCAPES)
        if kind < 0.7:
            return self._rng.choice(_EMPTY), ""
        letter = self._rng.choice(_LETTERS)
        return (rf"\{letter}" if letter in ".-" else letter), letter

    def _group(self, depth: int) -> tuple[str, str]:
        pattern, value = self._alternatives(depth)
        opening = self._rng.choice(_GROUPS)
        if "%d" in opening:
            self._names += 1
            opening %= self._names
        return f"{opening}{pattern})", value

    def _posix(self) -> tuple[str, str]:
        name, fitting = self._rng.choice(list(_POSIX.items()))
        if self._rng.random() < 0.2:
            return f"[[:^{name}:]]", self._rng.choice("aK0-é ")
        return f"[[:{name}:]]", self._rng.choice(fitting)


def regular_expression(rng: Random) -> tuple[str, str]:
    """One that RE2 takes, and a value that it mostly matches."""
    while True:
        pattern, value = _Maker(rng).whole()
        try:
            compiled(pattern)
        except re2.error:
            continue
        return pattern, value


def altered(value: str, rng: Random) -> str:
    """A value with a character more, less or another, or with others of its case."""
    place = rng.randint(0, len(value))
    other = rng.choice(_LETTERS)
    return rng.choice(
        (
            value[:place] + other + value[place:],
            value[:place] + value[place + 1 :],
            value[:place] + other + value[place + 1 :],
            value.swapcase(),
            value + value,
        )
    )
