# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Headers that are refused, and what is never shown."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.options import ConnectionOptions
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

NO_NAME = "is not the name of a header; give letters, digits and hyphens"
OURS = "is set by this collection itself; leave it out"
NO_VALUE = "has a value of more than one line, or with characters beyond ASCII"


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        *((name, "1", NO_NAME) for name in ("X Header", "", "X-Header:", "X-Header\n", "\u00fc")),
        ("Authorization", "Bearer x", OURS),
        ("content-LENGTH", "1", OURS),
        *(
            (name, "1", OURS)
            for name in (
                *("accept", "accept-encoding", "connection", "content-type", "host", "mode"),
                *("transfer-encoding", "user-agent"),
            )
        ),
        *(("X-Header", value, NO_VALUE) for value in ("a\r\nX-Other: b", "\u00fc", "\x7f", "a\tb")),
    ],
)
def test_a_header_that_cannot_be_sent(name: str, value: str, rule: str) -> None:
    with pytest.raises(AtlasError) as caught:
        ConnectionOptions(extra_headers={"X-Good": "1", name: value})
    assert caught.value.message == f"extra_headers: {name!r} {rule}."


def test_headers_that_can_be_sent() -> None:
    headers = {"X-SSL-Client-Serial": "01 CF", "!#$%&'*+.^_`|~0": "~", "X-Empty": ""}
    assert ConnectionOptions(extra_headers=headers).extra_headers == headers


def test_what_holds_if_nothing_is_said() -> None:
    options = ConnectionOptions()
    assert (options.connect_timeout, options.read_timeout, options.total_timeout) == (10, 60, 180)
    assert (options.retries, options.pool_size) == (5, 8)
    assert (options.proxy, options.extra_headers) == (None, {})


def test_no_secret_is_shown() -> None:
    options = ConnectionOptions(
        proxy="http://user:canary@proxy.example", extra_headers={"X-Token": "canary"}
    )
    assert "canary" not in repr(options)
