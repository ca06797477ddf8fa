# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regular expressions of policies are those of RE2."""

from __future__ import annotations

import pytest
from atlas_simulator.policy.patterns import admits, compiles

SEARCHED: list[tuple[str, str, bool]] = [
    ("(?i)^press[0-9]$", "PRESS7", True),
    ("^press[0-9]$", "PRESS7", False),
    ("^[[:alpha:]]+$", "Lab", True),
    ("^[[:alpha:]]+$", "Läb", False),
    (r"^\pL+$", "Läb", True),
    (r"^\pL+$", "Lab7", False),
    (r"^\p{Greek}+$", "αβ", True),
    (r"^\p{Greek}+$", "ab", False),
    (r"^a\z", "a", True),
    (r"\Qa.b\E", "a.b", True),
    (r"\Qa.b\E", "a-b", False),
    (r"^\d$", "\u0667", False),
    (r"^\w$", "ä", False),
    (r"^.$", "ä", True),
    (r"^\x{e4}$", "ä", True),
    ("", "anything", True),
    ("b", "abc", True),
]


@pytest.mark.parametrize(("pattern", "value", "is_admitted"), SEARCHED)
def test_a_pattern_is_searched_for(pattern: str, value: str, is_admitted: bool) -> None:
    assert admits(pattern, value, whole=False) is is_admitted


@pytest.mark.parametrize(
    ("pattern", "value", "is_admitted"),
    [("b", "abc", False), ("b", "b", True), ("a|ab", "ab", True), ("", "", True), ("", "a", False)],
)
def test_a_pattern_may_have_to_match_all(pattern: str, value: str, is_admitted: bool) -> None:
    assert admits(pattern, value, whole=True) is is_admitted


@pytest.mark.parametrize("value", ["a\n", "\na", "a\nb", "a\r", "\r"])
@pytest.mark.parametrize("whole", [False, True])
def test_no_pattern_admits_several_lines(value: str, whole: bool) -> None:
    assert not admits("(?s)^.*$", value, whole=whole)
    assert not admits("(?m)a", value, whole=whole)


@pytest.mark.parametrize("pattern", ["(?i)a", r"\pN", "[[:^space:]]", r"\p{Han}", "a{1000}", "é"])
def test_what_re2_knows_is_a_pattern(pattern: str) -> None:
    assert compiles(pattern)


@pytest.mark.parametrize(
    "pattern", ["(?=a)", "(?<!a)", r"(a)\1", r"\Z", "[[:no:]]", "(", "a{1001}", "a**", "(?>a)"]
)
def test_what_re2_does_not_know_is_none(pattern: str) -> None:
    assert not compiles(pattern)
