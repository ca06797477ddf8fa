# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which endpoint is meant: where to connect and what to call it."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass

from ..errors import AtlasError

# RFC 1123, 2.1, with the underscore that internal names often have.
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LONGEST_NAME = 253  # RFC 1035, 2.3.4, without the length octets
_IDEOGRAPHIC_DOTS = re.compile("[\u3002\uff0e\uff61]")  # full stops as well, RFC 3490, 3.1


@dataclass(frozen=True)
class Target:
    """An endpoint: IP addresses in canonical form, host names as A-labels.

    `host` is connected to; `server_name` is sent in the handshake and verified.
    """

    host: str
    port: int
    server_name: str

    def __str__(self) -> str:
        where = f"{self.host} port {self.port}"
        return where if self.server_name == self.host else f"{where} (as {self.server_name})"


def target_of(address: str, port: int, server_name: str | None) -> Target:
    """Check the three options; AtlasError names the one that cannot be used."""
    if not 0 < port < 65536:
        raise AtlasError(f"port: {port} is not a port; give a number from 1 to 65535.")
    host = _host("address", address)
    name = host if server_name is None else _host("server_name", server_name)
    # The name in a handshake has no dot at its end (RFC 6066, 3), an address in a certificate no
    # zone, which is of this machine alone.
    return Target(host, port, name.rstrip(".").partition("%")[0])


def _host(option: str, text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    labels = [_a_label(label) for label in _IDEOGRAPHIC_DOTS.sub(".", text).split(".")]
    name = ".".join(labels)
    checked = labels[:-1] if labels[-1] == "" else labels
    if not checked or not all(map(_LABEL.fullmatch, checked)) or len(name) > _LONGEST_NAME + 1:
        raise AtlasError(
            f"{option}: {text!r} is neither a host name nor an IP address; give one like"
            " www.example.com or 192.0.2.1, without scheme, port, brackets or wildcard."
        )
    return name


def _a_label(label: str) -> str:
    """The A-label (RFC 5890, 2.3.2.1) of a label in either form.

    The codec C(idna) of the standard library is of 2003 and would make another name of what
    registries register since 2010: it spells C(ß) as C(ss).
    """
    if label.isascii():
        return label
    mapped = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", label).lower())
    return mapped if mapped.isascii() else "xn--" + mapped.encode("punycode").decode("ascii")
