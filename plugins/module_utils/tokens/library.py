# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The library dnspython, in one place.

Everything else imports `dns` from here, so that every file can be imported where the library is
missing. Who is about to use it calls `require_dnspython` first.
"""

from __future__ import annotations

from ..libraries import DNSPYTHON, refuse, require

_obstacle: Exception | None = None

try:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.name
    import dns.query
    import dns.rcode
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype
    import dns.rdtypes.ANY.TXT
    import dns.resolver
    import dns.rrset
    import dns.tsig
    import dns.update
except Exception as error:  # missing, or broken in any way
    _obstacle = error

__all__ = ["dns", "require_dnspython"]


def __getattr__(name: str) -> object:
    """Only asked for what is not here: `dns`, where the library is missing."""
    if name == "dns":
        return None
    raise AttributeError(name)


def require_dnspython() -> None:
    """Fail with a sentence that names machine and interpreter if the library cannot be used."""
    if _obstacle is not None:
        refuse(DNSPYTHON, _obstacle)
    require(DNSPYTHON)
