# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a certificate is wanted for."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)

from ..conftest import task

DAY = 86400


@pytest.mark.parametrize(
    ("shared", "own", "kept"),
    [
        ({"valid_for": "90d"}, {"not_after": "2030-01-01"}, (None, 1893456000)),
        ({"not_after": "2030-01-01"}, {"valid_for": "90d"}, (90 * DAY, None)),
    ],
)
def test_an_item_overrides_what_its_own_option_excludes(shared, own, kept) -> None:
    (wanted,) = wanted_certificates({**shared, "certificates": [{**task(), **own}]})
    assert (wanted.valid_for, wanted.not_after) == kept
