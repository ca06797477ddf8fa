# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the token of a claim goes, for each method of proof."""

from __future__ import annotations

from typing import Any

from ..api.client import txt_value
from .wish import ClaimWish, authorization_domain, is_address

HTTP_PATH = "/.well-known/pki-validation/gsdv.txt"
"""The same for all claims (API reference, "HTTP"): names that share a webroot take turns."""


def places(name: str, domain: str, token: str, wish: ClaimWish) -> dict[str, dict[str, Any]]:
    """What to place for a name, by method, so that control of `domain` is proven.

    `http` is left out for a wildcard, which it cannot prove, and `dns` for an IP address.
    """
    found: dict[str, dict[str, Any]] = {}
    if not is_address(domain):
        record = authorization_domain(domain, wish.authorization_domain)
        found["dns"] = {
            "name": record,
            "type": "TXT",
            "value": txt_value(token),
            "authorization_domain": "" if record == domain else record,
        }
    if not name.startswith("*."):
        host = f"[{domain}]" if ":" in domain else domain
        url = f"http://{host}{HTTP_PATH}"
        found["http"] = {"path": HTTP_PATH, "content": token, "url": url}
    return found
