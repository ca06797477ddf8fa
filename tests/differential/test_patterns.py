# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client's matcher of regular expressions and RE2 itself, on random patterns and values.

Where both understand a pattern they agree on every value; the client understands none that RE2
refuses.
"""

from __future__ import annotations

import re2
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.pattern import parse

from .test_differential import many

PIECES = (
    *(
        "a",
        "b",
        "k",
        "s",
        "A",
        "-",
        "_",
        " ",
        ".",
        "0",
        "9",
        "^",
        "$",
        "(",
        ")",
        "(?:",
        "(?P<n>",
        "|",
    ),
    *(
        "[a-c]",
        "[^a]",
        "[[:alpha:]]",
        "[[:^digit:]x]",
        r"[\d\-]",
        "[]a]",
        "[^]]",
        "[a-]",
        "[",
        "[b-a]",
    ),
    *(
        r"\d",
        r"\W",
        r"\s",
        r"\w",
        r"\.",
        r"\x41",
        r"\x{62}",
        r"\101",
        r"\n",
        r"\Qa.b\E",
        r"\1",
        r"\Z",
    ),
    *(r"\A", r"\z", r"\b", "(?i)", "(?i:k)", "(?s:.)", "(?m)", "(?m:^a$)", "(?-i)", "(?U)", "(?"),
    *(
        "{",
        "}",
        "{2}",
        "{1,2}",
        "{0}",
        "{,2}",
        "{2,}",
        "{1001}",
        "*",
        "+",
        "?",
        "*?",
        "&&",
        "\u00e9",
    ),
)
VALUES = "abcksABCKS-_ .09\n]^{}\u00e9\u212a\u017f"


def quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


OPTIONS = quiet()


@many
@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join),
    st.lists(st.text(VALUES, max_size=6), min_size=4, max_size=8),
)
def test_it_means_what_re2_means(pattern: str, values: list[str]) -> None:
    ours = parse(pattern)
    if ours is None:
        return
    theirs = re2.compile(pattern, OPTIONS)
    for value in values:
        assert ours.search(value) == bool(theirs.search(value)), (pattern, value)
        assert ours.fullmatch(value) == bool(theirs.fullmatch(value)), (pattern, value)
