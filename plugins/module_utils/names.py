# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names as users write them, in the one form in which they are compared and sent."""

from __future__ import annotations

import ipaddress
import re
import sys

from .errors import AtlasError
from .libraries import here


def dns_name(text: str, option: str) -> str:
    """A DNS name as lower-case A-labels without a final dot (IDNA 2008, RFC 5891).

    A leading `*.` is kept. `option` names where the text came from, for the error.
    """
    name = text.strip().rstrip(".")
    wildcard, rest = ("*.", name[2:]) if name.startswith("*.") else ("", name)
    ascii_name = rest.lower() if rest.isascii() else _to_ascii(rest, text, option)
    labels = ascii_name.split(".")
    fits = len(ascii_name) <= 253 and all(re.fullmatch(r"[a-z0-9_-]{1,63}", e) for e in labels)
    if not fits:
        raise AtlasError(
            f"{option}: {text!r} is not a DNS name; give one such as 'www.example.com' or"
            " '*.example.com'."
        )
    return wildcard + ascii_name


def _to_ascii(name: str, text: str, option: str) -> str:
    # On the controller, which has it. Imported late because steady runs do not need it.
    try:
        import idna
    except ImportError:
        raise AtlasError(
            f"{option}: {text!r} cannot be turned into an A-label, because the Python library idna"
            f" is missing on {here()} for {sys.executable}; install it, or give the name with"
            " xn--."
        ) from None

    try:
        mapped = idna.uts46_remap(name, std3_rules=False)
        # Labels in ASCII are left alone: IDNA has no underscore, and record names begin with it.
        return ".".join(
            label if label.isascii() else idna.alabel(label).decode("ascii")
            for label in mapped.split(".")
        )
    except idna.IDNAError as error:
        raise AtlasError(
            f"{option}: {text!r} is not a DNS name under IDNA 2008: {error}."
        ) from None


def ip_address(text: str, option: str) -> str:
    """An IPv4 or IPv6 address in canonical form (RFC 5952). `option` as in `dns_name`."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        raise AtlasError(
            f"{option}: {text!r} is not an IP address; give one such as '192.0.2.17' or"
            " '2001:db8::17'."
        ) from None
