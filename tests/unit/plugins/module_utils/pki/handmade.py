# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates that no library makes, put together octet by octet (RFC 5280, 4.1)."""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.globalsign.atlas.plugins.module_utils.asn1 import der
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

UTF8, PRINTABLE, TELETEX, BMP = 0x0C, 0x13, 0x14, 0x1E
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2"


def sequence(*contents: bytes) -> bytes:
    return der.encode(der.SEQUENCE, *contents)


def oid(dotted: str) -> bytes:
    first, second, *arcs = map(int, dotted.split("."))
    return der.encode(der.OBJECT_IDENTIFIER, *map(_arc, [40 * first + second, *arcs]))


def _arc(number: int) -> bytes:
    octets = [number & 0x7F]
    while number := number >> 7:
        octets.insert(0, 0x80 | number & 0x7F)
    return bytes(octets)


def name(*attributes: tuple[str, int, bytes]) -> bytes:
    """A name of attribute types, the tags of their values, and the values."""
    return sequence(
        *(
            der.encode(der.SET, sequence(oid(kind), der.encode(tag, value)))
            for kind, tag, value in attributes
        )
    )


def extension(kind: str, value: bytes, *, critical: bytes = b"") -> bytes:
    return sequence(oid(kind), critical, der.encode(der.OCTET_STRING, value))


def alternative_names(*names: bytes) -> bytes:
    return extension("2.5.29.17", sequence(*names))


CRITICAL = der.encode(der.BOOLEAN, b"\xff")
PLAIN_NAME = name(("2.5.4.3", UTF8, b"Handmade"))
WWW = der.encode(0x82, b"www.example.com")
CA = extension("2.5.29.19", sequence(der.encode(der.BOOLEAN, b"\xff")), critical=CRITICAL)
TIMES = sequence(
    der.encode(UTC_TIME, b"260921141320Z"), der.encode(GENERALIZED_TIME, b"20270115080001Z")
)


def certificate(
    key: Any,
    *extensions: bytes,
    version: bytes = der.encode(0xA0, b"\x02\x01\x02"),
    serial_number: bytes = b"\x02\x01\x07",
    issuer: bytes = PLAIN_NAME,
    subject: bytes = PLAIN_NAME,
    times: bytes = TIMES,
    info: bytes = b"",
    signing_key: Any = None,
    before: bytes = b"",
) -> bytes:
    """A certificate of P-256, signed by its own key; `before` stands before its extensions."""
    algorithm = sequence(oid(ECDSA_WITH_SHA256))
    found = der.encode(0xA3, sequence(*extensions)) if extensions else b""
    signed = sequence(
        version,
        serial_number,
        algorithm,
        issuer,
        times,
        subject,
        info or keys.public_key_info(key.public_key()),
        before,
        found,
    )
    signature = (signing_key or key).sign(signed, ec.ECDSA(hashes.SHA256()))
    return sequence(signed, algorithm, der.encode(der.BIT_STRING, b"\0", signature))
