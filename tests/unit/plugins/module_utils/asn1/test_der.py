# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DER: values that are written and read."""

from __future__ import annotations

import pytest
from cryptography import x509

from ansible_collections.globalsign.atlas.plugins.module_utils.asn1 import der


@pytest.mark.parametrize(
    "oid",
    ["0.9.2342.19200300.100.1.25", "1.2.840.113549.1.1.11", "2.5.4.3", "2.999.1", "1.39", "0.0"],
)
def test_object_identifiers_are_written_with_dots(oid):
    attribute_der = x509.Name([x509.NameAttribute(x509.ObjectIdentifier(oid), "x")]).public_bytes()
    name = der.elements(attribute_der)[0]
    pair = der.members(der.members(name)[0], der.SET)[0]
    assert der.object_identifier(der.members(pair)[0]) == oid


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_what_is_written_can_be_read(size: int) -> None:
    written = der.encode(der.OCTET_STRING, b"a" * size)
    assert der.elements(written) == [
        (der.OCTET_STRING, b"a" * size, written[: len(written) - size])
    ]
    assert der.first(written + b"more").encoded == written


def test_a_length_that_is_longer_than_it_has_to_be_is_read() -> None:
    """As BER allows, and as OpenSSL reads."""
    assert der.first(b"\x04\x81\x01a").content == b"a"
    assert der.first(b"\x04\x82\x00\x01a").encoded == b"\x04\x82\x00\x01a"


@pytest.mark.parametrize(
    ("encoded", "text"),
    [(b"", "there is nothing"), (b"\x04\x80", "a length is indefinite, too long or cut off")],
)
def test_what_does_not_begin_with_a_value(encoded: bytes, text: str) -> None:
    with pytest.raises(der.MalformedError) as caught:
        der.first(encoded)
    assert str(caught.value) == text


def test_a_bit_string_without_the_number_of_its_unused_bits() -> None:
    with pytest.raises(der.MalformedError) as caught:
        der.bits(der.Element(der.BIT_STRING, b""))
    assert str(caught.value) == "a BIT STRING is empty"


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\xff" * 128 + b"\x7f", "an OBJECT IDENTIFIER is too long"),
        (b"\xff" * 20_000 + b"\x7f", "an OBJECT IDENTIFIER is too long"),
        (b"\xff", "an OBJECT IDENTIFIER is cut off"),
        (b"", "an OBJECT IDENTIFIER is cut off"),
    ],
)
def test_object_identifiers_that_are_none(octets: bytes, text: str) -> None:
    with pytest.raises(der.MalformedError) as caught:
        der.object_identifier(der.Element(der.OBJECT_IDENTIFIER, octets))
    assert str(caught.value) == text


def test_the_longest_object_identifier() -> None:
    longest = der.Element(der.OBJECT_IDENTIFIER, b"\x55" + b"\xff" * 126 + b"\x7f")
    assert der.object_identifier(longest) == f"2.5.{(1 << 127 * 7) - 1}"
