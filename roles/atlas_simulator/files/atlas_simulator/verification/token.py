# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The token of a claim, as it is placed (API reference, section 5.3)."""

from __future__ import annotations

import secrets

PREFIX = "globalsign-domain-verification="


def new_token() -> str:
    """A token with its prefix."""
    return PREFIX + secrets.token_hex(16).upper()


def matches(placed: str, token: str) -> bool:
    """Whether what was placed is the token, with or without its prefix and white space around."""
    return placed.strip().removeprefix(PREFIX) == token.removeprefix(PREFIX)
