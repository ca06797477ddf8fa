# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Certificate message of TLS (RFC 5246, 7.4.2, and RFC 8446, 4.4.2)."""

from __future__ import annotations

from ..asn1.der import MalformedError

TLS_1_3 = 0x0304

_TYPE_SIZE = 1  # octets
_LENGTH_SIZE = 3  # octets, of the message, of the list and of a certificate
_CONTEXT_LENGTH_SIZE = 1
_EXTENSIONS_LENGTH_SIZE = 2


def certificates_in(message: bytes, protocol: int) -> tuple[bytes, ...]:
    """The certificates in DER in the order sent, at least one; MalformedError if it has none.

    `protocol` is the version negotiated: TLS 1.3 added a context, and extensions to each of them.
    """
    body, _end = _vector(message, _TYPE_SIZE, _LENGTH_SIZE)
    start = 0
    if protocol >= TLS_1_3:
        _context, start = _vector(body, 0, _CONTEXT_LENGTH_SIZE)
    entries, _end = _vector(body, start, _LENGTH_SIZE)
    found = []
    position = 0
    while position < len(entries):
        certificate, position = _vector(entries, position, _LENGTH_SIZE)
        if protocol >= TLS_1_3:
            _extensions, position = _vector(entries, position, _EXTENSIONS_LENGTH_SIZE)
        found.append(certificate)
    if not found:
        raise MalformedError("it is empty")
    return tuple(found)


def _vector(octets: bytes, position: int, length_size: int) -> tuple[bytes, int]:
    """The vector (RFC 8446, 3.4) at `position`, and the position after it."""
    start = position + length_size
    end = start + int.from_bytes(octets[position:start], "big")
    if start > len(octets) or end > len(octets):
        raise MalformedError("it is cut off")
    return octets[start:end], end
