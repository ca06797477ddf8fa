# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regular expressions with the meaning of Go's package regexp, and in linear time."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.pattern import parse


@pytest.mark.parametrize(
    ("pattern", "found", "not_found"),
    [
        ("", ["", "a"], []),
        ("abc", ["abc", "xabcx"], ["ab", "ABC"]),
        ("^abc$", ["abc"], ["xabc", "abc\n", "abcx"]),
        ("^.*$", ["", "\u00fc"], ["a\nb"]),
        ("(?s)^.*$", ["a\nb"], []),
        ("(?m)^b$", ["a\nb", "b"], ["ab"]),
        ("^[a-c]+$", ["abc"], ["abd", ""]),
        ("^[^a-c]+$", ["xyz", "\n"], ["a"]),
        ("^[]a]+$", ["]a"], ["b"]),
        ("^[a-]+$", ["-a"], ["b"]),
        ("^[[:alpha:]]+$", ["aZ"], ["a1", "\u00fc", "[:alph]"]),
        ("^[[:^digit:]x]$", ["x", "-"], ["7"]),
        ("^[a&&b]+$", ["a&b"], ["c"]),
        (r"^\d+$", ["09"], ["\u0663", "a"]),
        (r"^\w+$", ["a_9"], ["\u00fc", "-"]),
        (r"^\s+$", [" \t\n\f\r"], ["\v", "\u00a0"]),
        (r"^[A-Za-z \\-]+$", [r"a \-"], ["."]),
        (r"^\x41\x{42}\103$", ["ABC"], ["abc"]),
        (r"^\Qa.b\E+$", ["a.bb"], ["axb"]),
        (r"\bcat\b", ["a cat", "cat."], ["cats"]),
        (r"^\Aa\z$", ["a"], ["a\n"]),
        ("^(a|b)*c?$", ["abba", "c", ""], ["cc", "d"]),
        ("^(?:a|)b$", ["ab", "b"], ["aab"]),
        ("^(?P<name>a)(?<other>b)$", ["ab"], ["a"]),
        ("^a{2}$", ["aa"], ["a", "aaa"]),
        ("^a{1,2}?$", ["a", "aa"], ["aaa"]),
        ("^a{2,}$", ["aa", "aaaa"], ["a"]),
        ("^a{,2}$", ["a{,2}"], ["a"]),
        ("^{$", ["{"], ["a"]),
        ("(?i)^straSSe$", ["STRASSE", "\u017ftra\u017f\u017fe"], ["stra\u00dfe"]),
        ("(?i)^k$", ["K", "\u212a"], ["x"]),
        ("(?i:a)b", ["Ab"], ["AB"]),
        (r"^1\.3\.6\.1\.5\.5\.7\.3\.(1|2|4)$", ["1.3.6.1.5.5.7.3.2"], ["1.3.6.1.5.5.7.3.3"]),
        ("^[A-Z0-9\\-]{4,32}$", ["EMP-0042"], ["emp", "EM"]),
    ],
)
def test_what_is_found(pattern: str, found: list[str], not_found: list[str]) -> None:
    parsed = parse(pattern)
    assert parsed is not None
    assert [value for value in found if not parsed.search(value)] == []
    assert [value for value in not_found if parsed.search(value)] == []


@pytest.mark.parametrize(
    ("pattern", "value", "is_whole"),
    [
        ("a", "a", True),
        ("a", "ba", False),
        ("a|ab", "ab", True),
        ("a*", "", True),
        ("^a", "ab", False),
    ],
)
def test_the_whole_value(pattern: str, value: str, is_whole: bool) -> None:
    parsed = parse(pattern)
    assert parsed is not None
    assert parsed.fullmatch(value) == is_whole


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", ")", "[", "[a", "a**", "a*+", "*", "+a", "(|*)", "a{2}{3}", "x{1001}", "x{2,1}"),
        *("(a{100}){100}", "[b-a]", "[[:foo:]]", r"\1", r"\8", r"\Z", r"\C", r"\pL", r"\E", "\\"),
        *("(?=a)", "(?!a)", "(?<=a)", "(?P=n)", "(?P<n>a)(?P<n>b)", "(?P<1-2>a)", "(?x)a", "(?-)"),
        *(r"\xg", r"\x{110000}", r"\x{", "(?i)\u00e9", "(" * 100 + ")" * 100, "(" * 5000),
        "(((a{30}){30}b{100}){10}|x{900}){1,5}",
    ],
)
def test_what_is_not_understood(pattern: str) -> None:
    assert parse(pattern) is None


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|aa)+$", "(a+a+)+b", "(.*a){20}b", "a?" * 50 + "a{50}b"]
)
def test_a_clumsy_pattern_does_not_take_for_ever(pattern: str) -> None:
    parsed = parse(pattern)
    assert parsed is not None
    assert parsed.search("a" * 2000) == (pattern == "(a|aa)+$")
