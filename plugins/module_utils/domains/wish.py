# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task wants of its claims, and what can be claimed."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from ..errors import AtlasError
from ..names import dns_name

DNS, HTTP, HTTPS, EMAIL = "dns", "http", "https", "email"
METHODS = (DNS, HTTP, HTTPS, EMAIL)
_SINGLE_NAME = (HTTP, HTTPS)


@dataclass(frozen=True)
class ClaimWish:
    """What holds for all claims of a task.

    `method` is how control is proven, None if nothing is to be proven. `renew_before` is in the
    form of `times.renew_before`. With `own_claim` the verification of a parent domain does not
    count. `authorization_domain` and `email_address` are as the user gave them, empty if not.
    """

    method: str | None = None
    renew_before: str = "auto"
    own_claim: bool = False
    authorization_domain: str = ""
    email_address: str = ""

    @property
    def covers_subdomains(self) -> bool:
        """Whether a proof by the method is good for the subdomains too (CA/B ballot SC45)."""
        return self.method not in _SINGLE_NAME


def claimable(text: str, option: str) -> str:
    """A domain, a wildcard or an IP address in normal form."""
    try:
        return str(ipaddress.ip_address(text.strip().strip("[]")))
    except ValueError:
        return dns_name(text, option)


def is_address(name: str) -> bool:
    """Whether a name in normal form is an IP address."""
    return ":" in name or name.rpartition(".")[2].isdigit()


def authorization_domain(domain: str, given: str) -> str:
    """The name whose TXT record proves control of a domain (API reference, "DNS and CNAME").

    `given` is empty for the domain itself, a label that begins with an underscore, which is put
    before the domain, or a whole name: the domain, a parent of it, or such a label before one.
    """
    if not given:
        return domain
    if given.startswith("_") and "." not in given:
        return dns_name(f"{given}.{domain}", "authorization_domain")
    name = dns_name(given, "authorization_domain")
    first, _dot, rest = name.partition(".")
    base = rest if first.startswith("_") else name
    if domain != base and not domain.endswith(f".{base}"):
        raise AtlasError(
            f"authorization_domain: {name} is neither {domain} nor a parent of it, nor a label such"
            " as _acme-challenge before one of these; give just that label to have it put before"
            " each domain."
        )
    return name


def mail_address(domain: str, given: str) -> str:
    """The address that a mail for a domain goes to; a part without @ is put before it."""
    return given if "@" in given else f"{given}@{domain}"
