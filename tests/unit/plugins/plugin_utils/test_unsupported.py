# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that there are not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.plugin_utils.unsupported import (
    unsupported_sentence,
)

SPEC: dict[str, Any] = {
    "colour": {"aliases": ["color"]},
    "count": {},
    "items": {"options": {"width": {}, "height": {}}},
}


@pytest.mark.parametrize(
    ("unsupported", "meant"),
    [
        ({"xyz"}, ""),
        ({"colur"}, " Did you mean colour?"),
        ({"colr"}, " Did you mean color?"),
        ({"cuont", "xyz", ("items", "widht")}, " Did you mean count and items.width?"),
        ({("items", "count")}, ""),
        ({("count", "width")}, ""),
        ({("nothing", "width")}, ""),
    ],
)
def test_what_may_have_been_meant(unsupported: set[Any], meant: str) -> None:
    assert unsupported_sentence("a.b.c", SPEC, unsupported, "x. Supported ….") == (
        f"Unsupported parameters for (a.b.c) module: x. Supported ….{meant}"
    )
