# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Headers that are refused, and what is never shown."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.options import ConnectionOptions
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("X Header", "1", "is not the name of a header"),
        ("", "1", "is not the name of a header"),
        ("X-Header:", "1", "is not the name of a header"),
        ("Authorization", "Bearer x", "is set by this collection itself"),
        ("content-LENGTH", "1", "is set by this collection itself"),
        ("X-Header", "a\r\nX-Other: b", "has a value of more than one line"),
        ("X-Header", "\u00fc", "or with characters beyond ASCII"),
    ],
)
def test_a_header_that_cannot_be_sent(name: str, value: str, rule: str) -> None:
    with pytest.raises(AtlasError, match=r"^extra_headers: ") as caught:
        ConnectionOptions(extra_headers={name: value})
    assert rule in str(caught.value)


def test_no_secret_is_shown() -> None:
    options = ConnectionOptions(
        proxy="http://user:canary@proxy.example", extra_headers={"X-Token": "canary"}
    )
    assert "canary" not in repr(options)
