# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a certificate is wanted for."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.validity import (
    Validity,
    validity,
)

from ..conftest import task

DAY = 86400
MARCH = 1803859200
"""The first of March 2027, midnight, UTC."""


@pytest.mark.parametrize(
    ("options", "read"),
    [
        ({}, (None, None, None)),
        ({"valid_for": None, "not_before": "", "not_after": None}, (None, None, None)),
        ({"valid_for": "90d"}, (90 * DAY, None, None)),
        ({"valid_for": "90m"}, (90 * 60, None, None)),
        ({"not_after": "2027-03-01"}, (None, None, MARCH)),
        ({"not_after": "2027-03-01T01:00:00+01:00"}, (None, None, MARCH)),
        ({"not_before": "2027-03-01", "valid_for": "1h"}, (3600, MARCH, None)),
        (
            {"not_before": "2027-03-01", "not_after": "2027-03-01T00:00:01Z"},
            (None, MARCH, MARCH + 1),
        ),
    ],
)
def test_durations_and_dates(options: dict[str, Any], read: tuple[int | None, ...]) -> None:
    assert validity(options, "") == Validity(*read)
    (wanted,) = wanted_certificates(task(**options))
    assert (wanted.valid_for, wanted.not_before, wanted.not_after) == read


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"valid_for": "1d", "not_after": "2027-03-01"},
            "valid_for: the end is given by not_after already; give one of them.",
        ),
        (
            {"not_before": "2027-03-01", "not_after": "2027-03-01T00:00:00Z"},
            "not_after: 2027-03-01T00:00:00Z is not after not_before, 2027-03-01; give a later"
            " date.",
        ),
        (
            {"not_before": "2027-03-02", "not_after": "2027-03-01"},
            "not_after: 2027-03-01 is not after not_before, 2027-03-02; give a later date.",
        ),
        (
            {"valid_for": "soon"},
            "valid_for: 'soon' is not a duration; give one such as '30d', '72h' or '90m'.",
        ),
        (
            {"not_before": "March"},
            "not_before: 'March' is not a moment in ISO 8601 with its time zone; give one such as"
            " '2027-03-01' or '2027-03-01T12:00:00Z'.",
        ),
        (
            {"not_after": "March"},
            "not_after: 'March' is not a moment in ISO 8601 with its time zone; give one such as"
            " '2027-03-01' or '2027-03-01T12:00:00Z'.",
        ),
    ],
)
def test_what_is_no_validity(options: dict[str, Any], said: str) -> None:
    with pytest.raises(AtlasError) as caught:
        validity(options, "certificates[1].")
    assert caught.value.message == f"certificates[1].{said}"


@pytest.mark.parametrize(
    ("shared", "own", "kept"),
    [
        ({"valid_for": "90d"}, {"not_after": "2030-01-01"}, (None, 1893456000)),
        ({"not_after": "2030-01-01"}, {"valid_for": "90d"}, (90 * DAY, None)),
    ],
)
def test_an_item_overrides_what_its_own_option_excludes(
    shared: dict[str, Any], own: dict[str, Any], kept: tuple[int | None, int | None]
) -> None:
    (wanted,) = wanted_certificates({**shared, "certificates": [{**task(), **own}]})
    assert (wanted.valid_for, wanted.not_after) == kept
