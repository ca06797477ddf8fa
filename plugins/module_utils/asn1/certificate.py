# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One certificate (RFC 5280, 4.1), read from its DER with the standard library alone.

The library cryptography refuses certificates that OpenSSL, and so a web server, takes, and which
ones depends on its version. What a certificate says must not depend on that: this reader takes
all that can be understood, and whoever needs more than reading asks the library.
"""

from __future__ import annotations

import calendar
import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from . import der
from .der import Element, MalformedError
from .distinguished_names import Name, read_name

_VERSION = 0xA0
_EXTENSIONS = 0xA3
_UTC_TIME = 0x17
_GENERALIZED_TIME = 0x18

# Dates of RFC 5280, 4.1.2.5, and what else X.680 allows: without seconds, with an offset.
_TIME = re.compile(
    r"([0-9]{10})([0-9]{2})?([0-9]{2})?(?:[.,][0-9]+)?(?:Z|([+-])([0-9]{2})([0-9]{2}))?"
)

RSA = "1.2.840.113549.1.1.1"
RSA_PSS = "1.2.840.113549.1.1.10"
ELLIPTIC_CURVE = "1.2.840.10045.2.1"
OTHER_NAME, EMAIL, DNS_NAME, URI, IP_ADDRESS = 0xA0, 0x81, 0x82, 0x86, 0x87


class Extension(NamedTuple):
    """An extension: its OID and the DER of its value."""

    oid: str
    value: bytes


class Algorithm(NamedTuple):
    """An AlgorithmIdentifier (RFC 5280, 4.1.1.2)."""

    oid: str
    parameters: Element | None


class PublicKeyInfo(NamedTuple):
    """A SubjectPublicKeyInfo (RFC 5280, 4.1.2.7) in its octets and its parts."""

    encoded: bytes
    algorithm: Algorithm
    key: bytes

    @property
    def curve(self) -> str:
        """The OID of the curve, if it is named by one."""
        parameters = self.algorithm.parameters
        if parameters is None or parameters.tag != der.OBJECT_IDENTIFIER:
            return ""
        return der.object_identifier(parameters)

    def rsa_numbers(self) -> tuple[int, int]:
        """Modulus and exponent of an RSA key (RFC 8017, A.1.1)."""
        modulus, exponent = _exactly(2, der.members(der.first(self.key)), "an RSA key")
        return (
            int.from_bytes(der.content(modulus, der.INTEGER), "big"),
            int.from_bytes(der.content(exponent, der.INTEGER), "big"),
        )


class Certificate:
    """What one certificate says. Two are equal if all their octets are.

    MalformedError, here or where a member is read, says what is wrong with the octets.
    """

    __slots__ = (
        "_algorithm",
        "_info",
        "_optional_fields",
        "encoded",
        "issuer",
        "not_after",
        "not_before",
        "serial_number",
        "signature",
        "subject",
        "to_be_signed",
    )

    def __init__(self, encoded: bytes) -> None:
        (outer,) = _exactly(1, der.elements(encoded), "a certificate")
        signed, algorithm, signature = _exactly(3, der.members(outer), "a certificate")
        fields = der.members(signed)
        if fields and fields[0].tag == _VERSION:
            del fields[0]
        if len(fields) < 6:
            raise MalformedError("a certificate lacks required fields")
        start, end = _exactly(2, der.members(fields[3]), "a validity")
        self.encoded = encoded
        self.to_be_signed = signed.encoded
        self.serial_number = der.integer(fields[0])
        self.issuer = read_name(fields[2])
        self.not_before = _time(start)
        self.not_after = _time(end)
        self.subject: Name = read_name(fields[4])
        self.signature = signature
        self._algorithm = algorithm
        self._info = fields[5]
        self._optional_fields = fields[6:]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.encoded == other.encoded

    def __hash__(self) -> int:
        return hash(self.encoded)

    def __repr__(self) -> str:
        return f"<Certificate {self.serial_text} {self.subject.rfc4514_string()}>"

    @property
    def serial_text(self) -> str:
        """The serial number as Atlas writes it: upper-case hex of at least 32 digits, and of an
        even number, so that the two compare."""
        number = self.serial_number
        digits = f"{abs(number):032X}"
        return "-" * (number < 0) + "0" * (len(digits) % 2) + digits

    @property
    def signature_algorithm(self) -> Algorithm:
        """How it was signed."""
        return read_algorithm(self._algorithm)

    @property
    def public_key_info(self) -> PublicKeyInfo:
        """The public key."""
        algorithm, key = _exactly(2, der.members(self._info), "a public key")
        return PublicKeyInfo(self._info.encoded, read_algorithm(algorithm), der.bits(key))

    @property
    def extensions(self) -> tuple[Extension, ...]:
        """The extensions in their order, one of an OID or several."""
        return _extensions(tuple(self._optional_fields))

    def values(self, oid: str) -> list[Element]:
        """The values of the extensions of an OID: one where the rules are kept."""
        return [der.first(found.value) for found in self.extensions if found.oid == oid]


def read_algorithm(element: Element) -> Algorithm:
    """Read an AlgorithmIdentifier."""
    parts = der.members(element)
    if not parts:
        raise MalformedError("an algorithm has no identifier")
    return Algorithm(der.object_identifier(parts[0]), parts[1] if len(parts) > 1 else None)


def unix_seconds(moment: datetime) -> int:
    """UNIX seconds of a time in UTC."""
    return calendar.timegm(moment.timetuple())


def ip_address(octets: bytes) -> str:
    """The text of an IP address in a name."""
    if len(octets) not in (4, 16):
        raise MalformedError(f"an IP address has {len(octets)} octets instead of 4 or 16")
    return str(ipaddress.ip_address(octets))


@lru_cache(maxsize=64)
def _extensions(fields: Sequence[Element]) -> tuple[Extension, ...]:
    for field in fields:
        if field.tag == _EXTENSIONS:
            (found,) = _exactly(1, der.members(field, _EXTENSIONS), "the list of extensions")
            return tuple(_extension(element) for element in der.members(found))
    return ()


def _extension(element: Element) -> Extension:
    parts = der.members(element)
    if not parts:
        raise MalformedError("an extension is empty")
    oid = der.object_identifier(parts[0])
    return Extension(oid, der.content(parts[-1], der.OCTET_STRING))


def _exactly(count: int, found: list[Element], what: str) -> list[Element]:
    if len(found) != count:
        raise MalformedError(f"{what} has {len(found)} parts instead of {count}")
    return found


def _time(element: Element) -> datetime:
    """A time in UTC, to the second; years below 50 are of 2000 (RFC 5280, 4.1.2.5.1)."""
    try:
        text = element.content.decode("ascii")
        if element.tag == _UTC_TIME:
            text = ("20" if text[:2] < "50" else "19") + text
        elif element.tag != _GENERALIZED_TIME:
            raise ValueError
        found = _TIME.fullmatch(text)
        if not found:
            raise ValueError
        day, minutes, seconds, sign, offset_hours, offset_minutes = found.groups()
        moment = datetime(
            int(day[:4]),
            int(day[4:6]),
            int(day[6:8]),
            int(day[8:]),
            int(minutes or 0),
            int(seconds or 0),
        )
        if sign:
            offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes))
            moment = moment - offset if sign == "+" else moment + offset
        return moment
    except (OverflowError, ValueError):
        raise MalformedError("a time is not a date and time") from None
