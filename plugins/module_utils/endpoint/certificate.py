# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the certificate of an endpoint says (RFC 5280, 4.1 and 4.2.1.6), read from its DER."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from . import der
from .der import Element, MalformedError

_VERSION = 0xA0
_EXTENSIONS = 0xA3
_UTC_TIME = 0x17
_GENERALIZED_TIME = 0x18
_DNS_NAME = 0x82
_IP_ADDRESS = 0x87
_SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"

_STRING_CODECS: Mapping[int, str] = {
    0x0C: "utf-8",  # UTF8String
    0x12: "ascii",  # NumericString
    0x13: "ascii",  # PrintableString
    0x14: "latin-1",  # TeletexString, as everybody reads it
    0x16: "ascii",  # IA5String
    0x1A: "ascii",  # VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}

# RFC 4514, chapter 3: the attribute types with a short name; the others are written as numbers.
_ATTRIBUTE_NAMES: Mapping[str, str] = {
    "2.5.4.3": "CN",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.6": "C",
    "2.5.4.9": "STREET",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}


@dataclass(frozen=True)
class Certificate:
    """The facts of one certificate.

    Names of hosts (A-labels) and IP addresses are sorted, times are ISO 8601 in UTC, the serial
    number is in upper-case hex, subject and issuer are in the form of RFC 4514.
    """

    names: tuple[str, ...]
    subject: str
    issuer: str
    serial_number: str
    not_before: str
    not_after: str


def read_certificate(encoded: bytes) -> Certificate:
    """Read one DER certificate; MalformedError says what is wrong with it."""
    fields = _to_be_signed(encoded)
    not_before, not_after = _exactly(2, der.members(fields[3]), "a validity")
    return Certificate(
        names=_names(fields[6:]),
        subject=_distinguished_name(fields[4]),
        issuer=_distinguished_name(fields[2]),
        serial_number=_serial_number(fields[0]),
        not_before=_time(not_before),
        not_after=_time(not_after),
    )


def _to_be_signed(encoded: bytes) -> list[Element]:
    """Serial number, signature algorithm, issuer, validity, subject, key, and what may follow."""
    (outer,) = _exactly(1, der.elements(encoded), "a certificate")
    signed, _algorithm, _signature = _exactly(3, der.members(outer), "a certificate")
    fields = der.members(signed)
    if fields and fields[0].tag == _VERSION:
        del fields[0]
    if len(fields) < 6:
        raise MalformedError("a certificate lacks required fields")
    return fields


def _exactly(count: int, found: list[Element], what: str) -> list[Element]:
    if len(found) != count:
        raise MalformedError(f"{what} has {len(found)} parts instead of {count}")
    return found


def _serial_number(element: Element) -> str:
    """An even number of digits and at least 32, as Atlas writes them, so that the two compare."""
    number = der.integer(element)
    digits = f"{abs(number):032X}"
    return "-" * (number < 0) + "0" * (len(digits) % 2) + digits


def _time(element: Element) -> str:
    """RFC 5280, 4.1.2.5: both forms in UTC, and to the second; years below 50 are of 2000."""
    try:
        text = element.content.decode("ascii")
        if element.tag == _UTC_TIME:
            text = ("20" if text[:2] < "50" else "19") + text
        elif element.tag != _GENERALIZED_TIME:
            raise ValueError
        # The pattern first: strptime alone accepts shorter numbers.
        if not re.fullmatch(r"[0-9]{14}Z", text):
            raise ValueError
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").isoformat() + "Z"
    except ValueError:
        raise MalformedError("a time is not a date and time in UTC") from None


def _distinguished_name(element: Element) -> str:
    """RFC 4514, chapter 2: the last of the relative names comes first."""
    return ",".join(_relative_name(part) for part in reversed(der.members(element)))


def _relative_name(element: Element) -> str:
    return "+".join(_attribute(part) for part in der.members(element, der.SET))


def _attribute(element: Element) -> str:
    kind, value = _exactly(2, der.members(element), "an attribute of a name")
    oid = der.object_identifier(kind)
    return f"{_ATTRIBUTE_NAMES.get(oid, oid)}={_attribute_value(value)}"


def _attribute_value(element: Element) -> str:
    """RFC 4514, 2.4: text with its special characters escaped, and hex for what is not text."""
    codec = _STRING_CODECS.get(element.tag)
    try:
        if codec:
            return _escaped(element.content.decode(codec))
    except UnicodeDecodeError:
        pass
    return "#" + element.content.hex()


def _escaped(text: str) -> str:
    escaped = re.sub(r'[\\"+,;<>]', r"\\\g<0>", text).replace("\0", r"\00")
    if escaped.startswith((" ", "#")):
        escaped = "\\" + escaped
    if escaped.endswith(" ") and len(text) > 1:
        escaped = escaped[:-1] + "\\ "
    return escaped


def _names(optional_fields: Sequence[Element]) -> tuple[str, ...]:
    """The DNS names and IP addresses of the subject alternative name, sorted, each once."""
    found = set()
    for element in _general_names(optional_fields):
        if element.tag == _DNS_NAME:
            found.add(element.content.decode("ascii", "backslashreplace"))
        elif element.tag == _IP_ADDRESS:
            found.add(_ip_address(element.content))
    return tuple(sorted(found))


def _general_names(optional_fields: Sequence[Element]) -> list[Element]:
    for field in optional_fields:
        if field.tag != _EXTENSIONS:
            continue
        (extensions,) = _exactly(1, der.members(field, _EXTENSIONS), "the list of extensions")
        for extension in der.members(extensions):
            parts = der.members(extension)
            if parts and der.object_identifier(parts[0]) == _SUBJECT_ALTERNATIVE_NAME:
                value = der.content(parts[-1], der.OCTET_STRING)
                (names,) = _exactly(1, der.elements(value), "a subject alternative name")
                return der.members(names)
    return []


def _ip_address(octets: bytes) -> str:
    if len(octets) not in (4, 16):
        raise MalformedError(f"an IP address has {len(octets)} octets instead of 4 or 16")
    return str(ipaddress.ip_address(octets))
