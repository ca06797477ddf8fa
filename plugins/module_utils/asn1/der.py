# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A reader of DER, the encoding of certificates (ITU-T X.690, chapters 8 and 10).

It needs nothing but the standard library, and is as strict as reading needs to be: what can be
read in one way only is read, although DER would write it otherwise.
"""

from __future__ import annotations

from typing import NamedTuple

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
SEQUENCE = 0x30
SET = 0x31

_LONGEST_IDENTIFIER = 128  # octets; Python writes no numbers of any length
_LONGEST_LENGTH = 4  # octets; a TLS handshake message has at most three of them


class MalformedError(ValueError):
    """The bytes are not what they are read as; the text says what they break."""


class Element(NamedTuple):
    """One value: its identifier octet, the octets of its content, and those that stand before."""

    tag: int
    content: bytes
    header: bytes = b""

    @property
    def encoded(self) -> bytes:
        """All of its octets, as they were read."""
        return self.header + self.content


def elements(encoded: bytes) -> list[Element]:
    """The values that follow one another in `encoded`; MalformedError if they do not fill it."""
    found = []
    position = 0
    while position < len(encoded):
        element, position = _element(encoded, position)
        found.append(element)
    return found


def first(encoded: bytes) -> Element:
    """The value that `encoded` begins with, whatever follows it."""
    if not encoded:
        raise MalformedError("there is nothing")
    return _element(encoded, 0)[0]


def encode(tag: int, *contents: bytes) -> bytes:
    """Write a value of these contents."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def members(element: Element, tag: int = SEQUENCE) -> list[Element]:
    """The values inside of a constructed value, which must have the tag given."""
    return elements(content(element, tag))


def content(element: Element, tag: int) -> bytes:
    """The content of a value, which must have the tag given."""
    if element.tag != tag:
        raise MalformedError(f"a value has the tag 0x{element.tag:02x} where 0x{tag:02x} belongs")
    return element.content


def integer(element: Element) -> int:
    """The value of an INTEGER (X.690, 8.3)."""
    octets = content(element, INTEGER)
    if not octets:
        raise MalformedError("an INTEGER is empty")
    return int.from_bytes(octets, "big", signed=True)


def bits(element: Element) -> bytes:
    """The octets of a BIT STRING (X.690, 8.6), those bits that are unused among them."""
    octets = content(element, BIT_STRING)
    if not octets:
        raise MalformedError("a BIT STRING is empty")
    return octets[1:]


def object_identifier(element: Element) -> str:
    """The dotted form of an OBJECT IDENTIFIER (X.690, 8.19)."""
    octets = content(element, OBJECT_IDENTIFIER)
    if len(octets) > _LONGEST_IDENTIFIER:
        raise MalformedError("an OBJECT IDENTIFIER is too long")
    if not octets or octets[-1] & 0x80:
        raise MalformedError("an OBJECT IDENTIFIER is cut off")
    arcs = []
    arc = 0
    for octet in octets:
        arc = arc << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def _element(encoded: bytes, position: int) -> tuple[Element, int]:
    """The value at `position`, and the position after it."""
    tag = encoded[position]
    if tag & 0x1F == 0x1F:
        raise MalformedError("a tag has several octets, which certificates do not use")
    length, start = _length(encoded, position + 1)
    end = start + length
    if end > len(encoded):
        raise MalformedError("a value is longer than what holds it")
    return Element(tag, encoded[start:end], encoded[position:start]), end


def _length(encoded: bytes, position: int) -> tuple[int, int]:
    """The length at `position` (X.690, 8.1.3), and the position after it."""
    first = encoded[position : position + 1]
    if not first:
        raise MalformedError("a value has no length")
    if first[0] < 0x80:
        return first[0], position + 1
    size = first[0] & 0x7F
    octets = encoded[position + 1 : position + 1 + size]
    if not 1 <= size <= _LONGEST_LENGTH or len(octets) < size:
        raise MalformedError("a length is indefinite, too long or cut off")
    return int.from_bytes(octets, "big"), position + 1 + size
