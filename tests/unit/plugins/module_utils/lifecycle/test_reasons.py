# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the words of reasons mean, and the sentence about what nobody uses."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.reasons import (
    concern_only_the_key,
    is_told_once,
    orphan_notice,
    unfinished_notice,
)


@pytest.mark.parametrize(
    ("reasons", "so"),
    [
        ([], False),
        (["privatekey_type: it is RSA"], True),
        (["forced: the task says force", "privatekey_size: it is 256"], True),
        (["forced: the task says force", "expiring: 1 days remain"], False),
        (["missing: there is no private key"], False),
        (["privatekey_size: it is: 256"], True),
        (["revoked: the service says so"], False),
    ],
)
def test_only_reasons_of_the_key_are_enough_for_a_rekey(reasons: list[str], so: bool) -> None:
    assert concern_only_the_key(reasons) is so


def test_what_nobody_uses_is_named() -> None:
    assert orphan_notice("01AA") == (
        "An earlier request had led to the certificate 01AA, which is not what is wanted any more;"
        " it was not revoked, and nobody uses it."
    )


def test_what_is_told_once() -> None:
    begun = "A request that was begun earlier was never finished and is not needed any more; Atlas"
    notices = {
        ("", 0): f"{begun} may have issued a certificate for it that nobody uses.",
        ("", 1_800_000_000): f"{begun} may have issued a certificate for it, which ends on"
        " 2027-01-15T08:00:00Z and nobody uses.",
        ("01AA", 1_800_000_000): f"{begun} accepted it as 01AA, which nobody uses.",
    }
    assert {facts: unfinished_notice(*facts) for facts in notices} == notices
    assert all(map(is_told_once, (orphan_notice("01AA"), *notices.values())))
    assert not is_told_once("/a has other hard links")
