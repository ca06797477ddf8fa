# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the token of a claim goes, for each method of proof."""

from __future__ import annotations

from ..api.client import txt_value
from .coverage import claimed_domain

HTTP_PATH = "/.well-known/pki-validation/gsdv.txt"
"""The same for all claims (API reference, "HTTP"): names that share a webroot take turns."""


def places(domain: str, token: str) -> dict[str, dict[str, str]]:
    """What to place, by method; `http` is left out for a wildcard, which it cannot prove."""
    name = claimed_domain(domain)
    found = {"dns": {"name": name, "type": "TXT", "value": txt_value(token)}}
    if name == domain:
        found["http"] = {"path": HTTP_PATH, "content": token}
    return found
