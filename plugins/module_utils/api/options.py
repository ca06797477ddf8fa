# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How to connect: time-outs, retries, proxy and headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import AtlasError

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OUR_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "mode",
        "transfer-encoding",
        "user-agent",
    }
)


@dataclass(frozen=True)
class ConnectionOptions:
    """How one session connects. Time-outs are in seconds.

    `connect_timeout` is until a connection stands, `read_timeout` without a byte of the answer,
    `total_timeout` for a call with all its `retries`. `proxy` is the URL of a proxy, whose user and
    password are a secret; None takes what the environment says. Raises `AtlasError` for headers
    that cannot be sent, or that are ours to set.
    """

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    total_timeout: float = 180.0
    retries: int = 5
    proxy: str | None = field(default=None, repr=False)
    extra_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    pool_size: int = 8

    def __post_init__(self) -> None:
        for name, value in self.extra_headers.items():
            rule = _broken_rule(name, value)
            if rule:
                raise AtlasError(f"extra_headers: {name!r} {rule}.")


def _broken_rule(name: str, value: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        return "is not the name of a header; give letters, digits and hyphens"
    if name.lower() in _OUR_HEADERS:
        return "is set by this collection itself; leave it out"
    if not value.isascii() or not value.isprintable():
        return "has a value of more than one line, or with characters beyond ASCII"
    return ""
