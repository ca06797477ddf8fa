# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a pattern is read as: exact characters, counts and places."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.pattern import parse
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.pattern_syntax import (
    LAST,
    Chars,
    Choice,
    Node,
    NotUnderstoodError,
    Position,
    Repeat,
    Sequence,
    normalized,
    parse_syntax,
)


def chars(*pairs: str) -> Chars:
    """Of `az` the characters from a to z."""
    return Chars(tuple((ord(pair[0]), ord(pair[-1])) for pair in pairs))


def group(part: Node) -> Node:
    return Sequence((Sequence((part,)),))


def only(pattern: str) -> Node:
    """The single part of a pattern."""
    tree = parse_syntax(pattern)
    assert isinstance(tree, Sequence)
    (part,) = tree.parts
    return part


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[[:alnum:]]", ["09", "AZ", "az"]),
        ("[[:alpha:]]", ["AZ", "az"]),
        ("[[:ascii:]]", ["\0\x7f"]),
        ("[[:blank:]]", ["\t", " "]),
        ("[[:cntrl:]]", ["\0\x1f", "\x7f"]),
        ("[[:digit:]]", ["09"]),
        ("[[:graph:]]", ["!~"]),
        ("[[:lower:]]", ["az"]),
        ("[[:print:]]", [" ~"]),
        ("[[:punct:]]", ["!/", ":@", "[`", "{~"]),
        ("[[:space:]]", ["\t\r", " "]),
        ("[[:upper:]]", ["AZ"]),
        ("[[:word:]]", ["09", "AZ", "_", "az"]),
        ("[[:xdigit:]]", ["09", "AF", "af"]),
        (r"\d", ["09"]),
        (r"\s", ["\t\n", "\f\r", " "]),
        (r"\w", ["09", "AZ", "_", "az"]),
        (r"[\dx]", ["09", "x"]),
        (r"[x\s]", ["\t\n", "\f\r", " ", "x"]),
        (r"[\w-]", ["-", "09", "AZ", "_", "az"]),
        (r"\D", ["\0/", ":" + chr(LAST)]),
        (r"[\D]", ["\0/", ":" + chr(LAST)]),
        ("[^a]", ["\0`", "b" + chr(LAST)]),
        ("[[:^alpha:]]", ["\0@", "[`", "{" + chr(LAST)]),
        (".", ["\0\t", "\v" + chr(LAST)]),
        ("(?s).", ["\0" + chr(LAST)]),
        ("[^\0-b]", ["c" + chr(LAST)]),
        ("[^b-\U0010ffff]", ["\0a"]),
        ("[a-cx]", ["ac", "x"]),
        ("[a-cb-d]", ["ad"]),
        ("[a-cd]", ["ad"]),
        ("[a-ce]", ["ac", "e"]),
        ("[a-zb]", ["az"]),
        ("[]]", ["]"]),
        ("[^]]", ["\0\\", "^" + chr(LAST)]),
        ("[-a]", ["-", "a"]),
        ("[a-]", ["-", "a"]),
        ("[a-a]", ["a"]),
        ("[[a]", ["[", "a"]),
        ("[[:]", [":", "["]),
        ("[^\0-\U0010fffe]", [chr(LAST)]),
        ("[[:a]", [":", "[", "a"]),
        (r"[\]]", ["]"]),
        (r"[\x41-\x43]", ["AC"]),
        (r"\a", ["\x07"]),
        (r"\f", ["\x0c"]),
        (r"\n", ["\n"]),
        (r"\r", ["\r"]),
        (r"\t", ["\t"]),
        (r"\v", ["\x0b"]),
        (r"[\n]", ["\n"]),
        (r"\.", ["."]),
        (r"\_", ["_"]),
        (r"\x4a", ["J"]),
        (r"\x4A", ["J"]),
        (r"\x{4a}", ["J"]),
        (r"\x{10FFFF}", [chr(LAST)]),
        (r"\x{000000000041}", ["A"]),
        (r"\0", ["\0"]),
        (r"\07", ["\x07"]),
        (r"\101", ["A"]),
        (r"\12", ["\n"]),
        ("a", ["a"]),
        ("\u00fc", ["\u00fc"]),
        ("(?i)a", ["A", "a"]),
        ("(?i)A", ["A", "a"]),
        ("(?i)k", ["K", "k", "\u212a"]),
        ("(?i)S", ["S", "s", "\u017f"]),
        ("(?i)1", ["1"]),
        ("(?i)[a-c]", ["AC", "ac"]),
        ("(?i)[[:upper:]]", ["AZ", "az", "\u017f", "\u212a"]),
        (r"(?i)\x7f", ["\x7f"]),
        ("(?i-i)a", ["a"]),
        ("(?-i)a", ["a"]),
        ("(?U)a", ["a"]),
        (r"\Qa", ["a"]),
        (r"\Q*\E", ["*"]),
        (r"(?i)\Qa\E", ["A", "a"]),
    ],
)
def test_characters(pattern: str, expected: list[str]) -> None:
    assert only(pattern) == chars(*expected)


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("^", "begin"),
        ("$", "end"),
        ("(?m)^", "line_begin"),
        ("(?m)$", "line_end"),
        (r"\A", "begin"),
        (r"\z", "end"),
        (r"(?m)\A", "begin"),
        (r"(?m)\z", "end"),
        (r"\b", "word"),
    ],
)
def test_positions(pattern: str, kind: str) -> None:
    assert only(pattern) == Position(kind)


@pytest.mark.parametrize(
    ("pattern", "least", "most", "is_counted"),
    [
        ("a*", 0, None, False),
        ("a+", 1, None, False),
        ("a?", 0, 1, False),
        ("a*?", 0, None, False),
        ("a{0}", 0, 0, True),
        ("a{2}", 2, 2, True),
        ("a{2,}", 2, None, True),
        ("a{2,3}?", 2, 3, True),
        ("a{2,2}", 2, 2, True),
        ("a{1000}", 1000, 1000, True),
        ("a{0,1000}", 0, 1000, True),
        ("a{1000,}", 1000, None, True),
        ("a{10}", 10, 10, True),
    ],
)
def test_repetitions(pattern: str, least: int, most: int | None, is_counted: bool) -> None:
    assert only(pattern) == Repeat(chars("a"), least, most, is_counted)


@pytest.mark.parametrize(
    ("pattern", "tree"),
    [
        ("", Sequence(())),
        ("ab", Sequence((chars("a"), chars("b")))),
        ("a|", Choice((Sequence((chars("a"),)), Sequence(())))),
        ("|a|b", Choice((Sequence(()), Sequence((chars("a"),)), Sequence((chars("b"),))))),
        ("(a)", Sequence((group(chars("a")),))),
        ("a(?i)b", Sequence((chars("a"), chars("B", "b")))),
        ("(?i:a)b", Sequence((group(chars("A", "a")), chars("b")))),
        ("((?i)a)b", Sequence((group(chars("A", "a")), chars("b")))),
        ("(?i)a|b", Choice((Sequence((chars("A", "a"),)), Sequence((chars("B", "b"),))))),
        ("a*|b*", Choice(tuple(Sequence((Repeat(chars(x), 0, None, False),)) for x in "ab"))),
        (r"\Qab\Ec", Sequence((chars("a"), chars("b"), chars("c")))),
        (r"\Q\Ea", Sequence((chars("a"),))),
        (r"\Qa\Eb\Qc\E", Sequence((chars("a"), chars("b"), chars("c")))),
        (r"\1234", Sequence((chars("S"), chars("4")))),
        (r"\0123", Sequence((chars("\n"), chars("3")))),
        (r"a\Qb\E*", Sequence((chars("a"), Repeat(chars("b"), 0, None, False)))),
        ("a{,2}", Sequence((chars("a"), *(chars(x) for x in "{,2}")))),
        ("a{2", Sequence((chars("a"), *(chars(x) for x in "{2")))),
        ("a{02}", Sequence((chars("a"), *(chars(x) for x in "{02}")))),
        ("a{2,03}", Sequence((chars("a"), *(chars(x) for x in "{2,03}")))),
        ("a{2,x}", Sequence((chars("a"), *(chars(x) for x in "{2,x}")))),
        ("a{\u0662}", Sequence((chars("a"), *(chars(x) for x in "{\u0662}")))),
        ("(?P<n>a)(?<m>b)", Sequence((group(chars("a")), group(chars("b"))))),
        ("a+b+", Sequence(tuple(Repeat(chars(x), 1, None, False) for x in "ab"))),
    ],
)
def test_trees(pattern: str, tree: Node) -> None:
    assert parse_syntax(pattern) == tree


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("a\ud800", "half of a surrogate pair, which Go does not send"),
        ("\udfff", "half of a surrogate pair, which Go does not send"),
        (")", "an unexpected )"),
        ("(a", "a missing )"),
        ("a**", "nothing to repeat"),
        ("a*{2}", "nothing to repeat"),
        ("|*", "nothing to repeat"),
        ("(?i)*", "nothing to repeat"),
        ("a{1001}", "a wrong count"),
        ("a{1001,}", "a wrong count"),
        ("a{0,1001}", "a wrong count"),
        ("a{2,1}", "a wrong count"),
        ("a{" + "9" * 5000 + "}", "a wrong count"),
        ("(?z)", "an unknown kind of group"),
        ("(?i", "an unknown kind of group"),
        ("(?i-)", "an unknown kind of group"),
        ("(?-)", "an unknown kind of group"),
        ("(?i--s)", "an unknown kind of group"),
        ("(?i-s-m)", "an unknown kind of group"),
        ("(?-:a)", "an unknown kind of group"),
        ("(?=a)", "an unknown kind of group"),
        ("(?P<n", "a wrong name of a group"),
        ("(?P<>a)", "a wrong name of a group"),
        ("(?P<a-b>a)", "a wrong name of a group"),
        ("(?P<n>a)(?<n>b)", "a wrong name of a group"),
        (r"\B", r"\B, which Go and C++ read in different ways"),
        (r"a[b\B]", "an unknown escape"),
        (r"\y", "an unknown escape"),
        (r"\8", "an unknown escape"),
        (r"\1", "an unknown escape"),
        (r"\1X", "an unknown escape"),
        ("\\\u00fc", "an unknown escape"),
        ("\\", "it ends too early"),
        ("[a", "it ends too early"),
        ("[", "it ends too early"),
        (r"\x4", "it ends too early"),
        (r"\x4g", "a wrong hexadecimal number"),
        (r"\x{}", "a wrong hexadecimal number"),
        (r"\x{41", "a wrong hexadecimal number"),
        (r"\x{4g}", "a wrong hexadecimal number"),
        (r"\x{110000}", "no such character"),
        (r"\x{100000000041}", "no such character"),
        (r"\x{0000000000041}", "no such character"),
        ("[c-a]", "a range in the wrong order"),
        ("[[:foo:]]", "an unknown class"),
        ("[[:^^alpha:]]", "an unknown class"),
        ("(?i)\u00e9", "upper and lower case beyond ASCII"),
        ("(?i)\x80", "upper and lower case beyond ASCII"),
        ("(a{100}){11}", "too many repetitions"),
        ("(a{501}|b){2}", "too many repetitions"),
        ("(a{501}){2,}", "too many repetitions"),
        ("(a{501}){0,2}", "too many repetitions"),
        ("(a{501,}){2}", "too many repetitions"),
        ("((a{10}){10}){11}", "too many repetitions"),
        ("((a{501}){1}){2}", "too many repetitions"),
        ("(" * 61 + ")" * 61, "it is nested too deeply"),
    ],
)
def test_what_is_not_understood(pattern: str, why: str) -> None:
    with pytest.raises(NotUnderstoodError) as caught:
        parse_syntax(pattern)
    assert str(caught.value) == why
    assert parse(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "(a{100}){10}",
        "(a{500}|b{500}){2}",
        "(a*){1000}",
        "(a{1000}){1}",
        "(a{1000}){0}",
        "((a{1000}){0}){2}",
        "(a{1000})*",
        "(a{0,1000}){0,1}",
        "(" * 60 + ")" * 60,
        "\ud7ff\ue000",
        "(?ims-U)a",
        "(?:a)",
        "(?)a",
        "(?i-s:a)",
    ],
)
def test_what_is_just_understood(pattern: str) -> None:
    parse_syntax(pattern)


def test_ranges_are_joined_where_they_touch() -> None:
    assert normalized([(5, 9), (1, 2), (3, 4), (11, 12)]) == ((1, 9), (11, 12))
    assert normalized([(1, 9), (2, 3)]) == ((1, 9),)
    assert normalized([]) == ()


@pytest.mark.parametrize(
    ("pattern", "value", "is_found", "is_whole"),
    [
        ("(?m)^a$", "x\na\ny", True, False),
        ("(?m)a$", "ax\ny", False, False),
        ("(?m)^b", "ab", False, False),
        ("(?m)^a", "ab", True, False),
        ("(?m)^a", "x\nya", False, False),
        ("(?m)^$", "a\n", True, False),
        (r"\bab\b", "ab", True, True),
        (r"\bb", "ab", False, False),
        (r"a\b", "ab", False, False),
        (r"a\bb", "ab", False, False),
        (r"\b", "", False, False),
        (r"a\b_", "a_", False, False),
        (r"a\b", "a\u00fc", True, False),
        ("\u00fc\\ba", "\u00fca", True, True),
        (r"\bcat", "a cat", True, False),
        (r"xx\b", "xx yy", True, False),
        (r"x\b ", "xx yy", True, False),
        ("^a", "ba", False, False),
        ("a$", "ab", False, False),
        ("a|b", "ab", True, False),
        ("(ab)*", "abab", True, True),
        ("(ab){2}", "abab", True, True),
        ("(ab){2}", "ab", False, False),
        ("(a?){2,3}b", "aaab", True, True),
        ("(a?){2,3}b", "aaaab", True, False),
        ("^\ufffd$", "\ud800", True, True),
        ("^.$", "\ud83d\ude00", True, True),
    ],
)
def test_matching(pattern: str, value: str, is_found: bool, is_whole: bool) -> None:
    parsed = parse(pattern)
    assert parsed is not None
    assert parsed.search(value) is is_found
    assert parsed.fullmatch(value) is is_whole


def test_how_big_an_automaton_may_be() -> None:
    """Each repetition is a state, as are the end and what follows."""
    assert parse("(a{1000}){1}" * 9 + "a{999}") is not None
    assert parse("(a{1000}){1}" * 9 + "a{1000}") is None
