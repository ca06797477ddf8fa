# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wildcard search of claims, with the examples of the reference, section 5.7."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.claim_search import ClaimSearch
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError


@pytest.mark.parametrize(
    ("pattern", "domain", "is_found"),
    [
        ("%.test.com", "another.test.com", True),
        ("%.test.com", "a.b.test.com", True),
        ("%.test.com", "test.com", False),
        ("another.%", "another.test", True),
        ("another.%", "other.test", False),
        ("test.com", "test.com", True),
        ("Test.COM.", "test.com", True),
        ("t_st.com", "test.com", True),
        ("t_st.com", "tst.com", False),
        ("a%z.com", "az.com", True),
        ("a%z.com", "abcz.com", True),
        ("%.%", "a.b", True),
        ("_.test.com", "a.test.com", True),
        ("_.test.com", "ab.test.com", False),
        ("_.test.com", "test.com", False),
        ("test._", "test.x", True),
        ("test.com", "test.com.x", False),
        ("test.com", "atest.com", False),
        ("test.com", "tast.com", False),
        ("www.%", "www.", True),
        ("www.%", "www", False),
        ("a%%z.com", "az.com", True),
        ("a%_z.com", "az.com", False),
        ("a%_z.com", "abz.com", True),
        ("a_%z.com", "az.com", False),
        ("a_%z.com", "abcz.com", True),
        ("a%z.com", "azzz.com", True),
        ("a%z.com", "azzy.com", False),
        ("a%b%c.com", "a1b2b3c.com", True),
        ("a%b%c.com", "a1c2b.com", False),
    ],
)
def test_which_are_found(pattern: str, domain: str, is_found: bool) -> None:
    assert ClaimSearch(pattern).admits(domain) == is_found


@pytest.mark.parametrize(
    "pattern",
    [
        *("", ".", "%", "%%", "_", "%_"),
        *("%test.com", "another.test%", "_test.com", "another.test_", "test.com%", "%_test.com"),
    ],
)
def test_a_pattern_that_is_refused(pattern: str) -> None:
    with pytest.raises(AtlasError) as caught:
        ClaimSearch(pattern)
    assert caught.value.message == (
        f"search: {pattern!r} is not a pattern of domains; % or _ at either end stands for a whole"
        " label, as in %.example.com or www.%."
    )


def test_many_wildcards_take_no_time() -> None:
    assert not ClaimSearch("a" + "%a" * 200 + "%b.com").admits("a" * 2000)
