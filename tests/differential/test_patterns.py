# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client's matcher of regular expressions and RE2 itself, on random patterns and values.

Where both understand a pattern they agree on every value; the client understands none that RE2
refuses.
"""

from __future__ import annotations

from collections import Counter
from random import Random

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.pattern import parse

from .draws import EXAMPLES, SEED, repeat
from .regular_expressions import altered, compiled, regular_expression

# fmt: off
PIECES = (
    "a", "b", "k", "s", "A", "-", "_", " ", ".", "0", "9", "^", "$", "(", ")", "(?:", "(?P<n>",
    "(?<n>", "|", "[a-c]", "[^a]", "[[:alpha:]]", "[[:^digit:]x]", r"[\d\-]", "[]a]", "[^]]",
    "[a-]", "[", "[b-a]", "[[:no:]]", r"[\pL]", r"[^\PL\d]", r"[a\-z]", r"[\x41-C]", "[a-\u00e9]",
    r"\d", r"\D", r"\W", r"\S", r"\s", r"\w", r"\.", r"\x41", r"\x{62}", r"\x{110000}", r"\101",
    r"\n", r"\t", r"\a", r"\f", r"\v", r"\e", r"\Qa.b\E", r"\Q", r"\1", r"\Z", r"\A", r"\z", r"\b",
    r"\B", r"\C", r"\h", r"\pL", r"\PN", r"\p{Greek}", r"\p{^Lu}", r"\P{Lu}", r"\p{No}", r"\p",
    "(?i)", "(?i:k)", "(?s:.)", "(?m)", "(?m:^a$)", "(?-i)", "(?U)", "(?", "(?s)", "(?im-s:", "(?#",
    "(?=", "{", "}", "{2}", "{1,2}", "{0}", "{,2}", "{2,}", "{2,1}", "{1001}", "*", "+", "?", "*?",
    "+?", "??", "{2}?", "*+", "&&", "\u00e9", "\u212a",
)
# fmt: on
VALUES = "abcksABCKS-_ .09\n]^{}\u00e9\u212a\u017f\u03b1\u00c9"


class Comparison:
    """What the client says against what RE2 says; counts, since one that leaves everything open
    would always be right."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def of(self, pattern: str, values: list[str]) -> None:
        """One pattern on these values."""
        ours = parse(pattern)
        self.counts["undecided" if ours is None else "decided"] += 1
        if ours is None:
            return
        theirs = compiled(pattern)
        for value in values:
            found, fits = bool(theirs.search(value)), bool(theirs.fullmatch(value))
            assert (ours.search(value), ours.fullmatch(value)) == (found, fits), (pattern, value)
            self.counts["found" if found else "not found"] += 1


def text(rng: Random, longest: int) -> str:
    return "".join(rng.choices(VALUES, k=rng.randint(0, longest)))


def test_it_means_what_re2_means() -> None:
    comparison = Comparison()

    def check(rng: Random) -> None:
        pattern = "".join(rng.choices(PIECES, k=rng.randint(1, 8)))
        comparison.of(pattern, [text(rng, 6) for _each in range(rng.randint(4, 8))])

    repeat(check)
    assert SEED or comparison.counts["decided"] > EXAMPLES / 10, comparison.counts


def test_it_means_what_re2_means_where_patterns_are_as_in_policies() -> None:
    comparison = Comparison()

    def check(rng: Random) -> None:
        pattern, value = regular_expression(rng)
        values = [value, *(altered(value, rng) for _each in range(5)), text(rng, 4)]
        comparison.of(pattern, values)

    repeat(check)
    for outcome in ("decided", "found", "not found"):
        assert SEED or comparison.counts[outcome] > EXAMPLES / 5, comparison.counts
