# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is a validation policy at all."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.shape import broken_shape


def nested(depth: int) -> dict[str, Any]:
    """A policy of so many containers in each other."""
    inner: Any = 1
    for number in range(depth - 1):
        inner = {"x": inner} if number % 2 else [inner]
    return {"san": {}, "new": inner}


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ({"san": {}}, ""),
        ({"custom_extensions": {}, "new": "x"}, ""),
        ({"validity": None, "public_key": {"key_type": 7}}, ""),
        ({"san": {}, "public_key_signature": "REQUIRED"}, ""),
        ({"san": {}, "public_key_signature": None}, ""),
        (nested(20), ""),
        (nested(21), "it is nested more than 20 deep"),
        (None, "it is not an object"),
        ([{"san": {}}], "it is not an object"),
        ({}, "it has no section of a validation policy"),
        ({"description": "x", "id": {}}, "it has no section of a validation policy"),
        ({"public_key_signature": "REQUIRED"}, "it has no section of a validation policy"),
        ({"san": []}, "it has no section of a validation policy"),
        ({"san": {}, "validity": 7}, "validity is not an object"),
        ({"san": {}, "public_key_signature": {}}, "public_key_signature is not a text"),
    ],
)
def test_what_is_wrong(document: Any, wrong: str) -> None:
    assert broken_shape(document) == wrong
