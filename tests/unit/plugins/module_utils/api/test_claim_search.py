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
    ],
)
def test_which_are_found(pattern: str, domain: str, is_found: bool) -> None:
    assert ClaimSearch(pattern).admits(domain) == is_found


@pytest.mark.parametrize("pattern", ["", ".", "%test.com", "another.test%", "%", "%%"])
def test_a_pattern_that_is_refused(pattern: str) -> None:
    with pytest.raises(AtlasError, match=r"^search: .* is not a pattern of domains"):
        ClaimSearch(pattern)


def test_many_wildcards_take_no_time() -> None:
    assert not ClaimSearch("a" + "%a" * 200 + "%b.com").admits("a" * 2000)
