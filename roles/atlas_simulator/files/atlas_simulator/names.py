# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domains as claims name them."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def normal_domain(text: str) -> str | None:
    """A domain in lower case without its final dot; None if it is no domain (IDNA-encoded)."""
    domain = text.lower().rstrip(".") if text else ""
    labels = domain.split(".")
    fits = len(domain) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    return domain if fits and len(labels) > 1 and not labels[-1].isdigit() else None
