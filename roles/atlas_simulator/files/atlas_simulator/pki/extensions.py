# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bytes of DER, and of the extensions that `cryptography` does not write.

Tags and lengths follow ITU-T X.690. Text that a type cannot say raises `ValueError`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

IA5STRING, PRINTABLESTRING, UTF8STRING = "IA5STRING", "PRINTABLESTRING", "UTF8STRING"
INTEGER, DER, NIL = "INTEGER", "DER", "NIL"
VALUE_TYPES = (IA5STRING, PRINTABLESTRING, UTF8STRING, INTEGER, DER, NIL)

NULL = b"\x05\x00"
TRUE = b"\x01\x01\xff"
_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]*")
_OID = re.compile(r"([0-9]{1,9}\.){0,63}[0-9]+")  # API reference, section 4.1
_DIGITS_AT_ONCE = 1000
_LONGEST_OID = 1000  # characters; the time to encode one grows with the square
Writer = Callable[[str], bytes]


@dataclass(frozen=True)
class Attribute:
    """A value of an attribute, other name or extension.

    `kind` is a ValueType of the API and `value` its text there (section 3.1), empty for NIL.
    """

    oid: str
    kind: str
    value: str


@dataclass(frozen=True)
class CustomExtension:
    """An extension that the policy spells out."""

    content: Attribute
    critical: bool


@dataclass(frozen=True)
class Directory:
    """The subject directory attributes; `date_of_birth` is YYYY-MM-DD, empty texts are left out."""

    gender: str = ""
    date_of_birth: str = ""
    place_of_birth: str = ""
    citizenships: Sequence[str] = ()
    residences: Sequence[str] = ()
    extra: Sequence[Attribute] = ()


@dataclass(frozen=True)
class QualifiedStatements:
    """The qualified certificate statements.

    `semantics` and `kind` are OIDs, empty if not stated; `retention` is in years; `disclosures`
    maps languages to URLs.
    """

    semantics: str = ""
    name_authorities: Sequence[str] = ()
    compliance: bool = False
    secure_device: bool = False
    kind: str = ""
    retention: int | None = None
    disclosures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Template:
    """Microsoft's certificate template."""

    oid: str
    major: int | None
    minor: int | None
    critical: bool


def tlv(tag: int, content: bytes) -> bytes:
    """A value with its tag, a single byte, and its length."""
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*items: bytes) -> bytes:
    """A SEQUENCE (OF) of encoded values."""
    return tlv(0x30, b"".join(items))


def set_of(items: Iterable[bytes]) -> bytes:
    """A SET OF encoded values, which DER sorts."""
    return tlv(0x31, b"".join(sorted(items)))


def integer(value: int) -> bytes:
    """An INTEGER."""
    magnitude = value if value >= 0 else -value - 1
    return tlv(0x02, value.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True))


def bit_string(content: bytes) -> bytes:
    """A BIT STRING of whole bytes."""
    return tlv(0x03, b"\x00" + content)


def octet_string(content: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv(0x04, content)


def is_oid(text: str) -> bool:
    """Whether a text has the syntax of section 4.1 and can be encoded (X.660, 7.6)."""
    if not _OID.fullmatch(text):
        return False
    try:
        oid(text)
    except ValueError:
        return False
    return True


def oid(text: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    if len(text) > _LONGEST_OID:
        raise ValueError("too long for an object identifier")
    arcs = [number(arc) for arc in text.split(".")]
    if len(arcs) < 2 or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] > 39):
        raise ValueError(f"{text} is no object identifier")
    return tlv(0x06, b"".join(_arc(arc) for arc in (40 * arcs[0] + arcs[1], *arcs[2:])))


def _arc(value: int) -> bytes:
    septets = [value & 0x7F]
    while value := value >> 7:
        septets.append(0x80 | value & 0x7F)
    return bytes(reversed(septets))


def number(text: str) -> int:
    """A decimal number of any size, where `int` of newer Pythons limits the digits."""
    digits = text[1:] if text.startswith("-") else text
    if not re.fullmatch(r"[0-9]+", digits):
        raise ValueError("not a decimal number")
    value = 0
    for start in range(0, len(digits), _DIGITS_AT_ONCE):
        part = digits[start : start + _DIGITS_AT_ONCE]
        value = value * 10 ** len(part) + int(part)
    return -value if text.startswith("-") else value


def utf8_string(text: str) -> bytes:
    """A UTF8String."""
    return tlv(0x0C, text.encode("utf-8"))


def printable_string(text: str) -> bytes:
    """A PrintableString."""
    if not _PRINTABLE.fullmatch(text):
        raise ValueError("characters that a PrintableString does not have")
    return tlv(0x13, text.encode("ascii"))


def ia5_string(text: str) -> bytes:
    """An IA5String."""
    return tlv(0x16, text.encode("ascii"))


def time(moment: datetime.datetime) -> bytes:
    """A Time of RFC 5280, 4.1.2.5: UTCTime until 2049."""
    if 1950 <= moment.year < 2050:
        return tlv(0x17, f"{moment:%y%m%d%H%M%S}Z".encode("ascii"))
    return generalized_time(moment)


def generalized_time(moment: datetime.datetime) -> bytes:
    """A GeneralizedTime."""
    return tlv(0x18, f"{moment.year:04}{moment:%m%d%H%M%S}Z".encode("ascii"))


def encoded(kind: str, text: str) -> bytes:
    """The DER of a text of the API in a ValueType (section 3.1).

    NIL is a NULL: neither attributes nor extensions can go without any value (RFC 6960, 4.2.2.2.1
    has such an extension).
    """
    if kind == NIL:
        return NULL
    if kind == INTEGER:
        return integer(number(text))
    if kind == DER:
        content = bytes.fromhex(text) if re.fullmatch(r"([0-9A-Fa-f]{2})+", text) else b""
        if len(items(content)) != 1:
            raise ValueError("not the hex digits of one whole value")
        return content
    write = {IA5STRING: ia5_string, PRINTABLESTRING: printable_string, UTF8STRING: utf8_string}
    return write[kind](text)


def items(content: bytes) -> list[bytes]:
    """Whole values in a row, each with its tag and length. Raises `ValueError` if they are none."""
    found, start = [], 0
    while start < len(content):
        _content, end = _bounds(content, start)
        found.append(content[start:end])
        start = end
    return found


def inner(value: bytes) -> bytes:
    """The content of a value, without its tag and length."""
    start, end = _bounds(value, 0)
    return value[start:end]


def _bounds(content: bytes, start: int) -> tuple[int, int]:
    """Where the content of the value that begins at `start` begins and ends."""
    length_at = _after_tag(content, start)
    first = content[length_at] if length_at < len(content) else 0x80
    begin, length = length_at + 1, first
    if first >= 0x80:
        octets = content[begin : begin + (first & 0x7F)]
        begin, length = begin + len(octets), int.from_bytes(octets, "big")
        if length < 0x80 or octets[0] == 0 or len(octets) != first & 0x7F:
            raise ValueError("a length that is not in its shortest form")
    if begin + length > len(content):
        raise ValueError("an incomplete value")
    return begin, begin + length


def _after_tag(content: bytes, start: int) -> int:
    """Where the length begins; tags from 31 on take several bytes."""
    position = start + 1
    if content[start] & 0x1F == 0x1F:
        while position < len(content) and content[position] >= 0x80:
            position += 1
        position += 1
    return position


def extension(identifier: str, critical: bool, value: bytes) -> bytes:
    """An Extension of RFC 5280, 4.1 around a value in DER."""
    return sequence(oid(identifier), *([TRUE] if critical else []), octet_string(value))


def custom_extension(custom: CustomExtension) -> bytes:
    """An extension that the policy spells out."""
    content = custom.content
    return extension(content.oid, custom.critical, encoded(content.kind, content.value))


def subject_directory(directory: Directory) -> list[bytes]:
    """The extension subjectDirectoryAttributes (RFC 3739, 3.3.2; never critical), if not empty."""
    found = [
        *_personal("1.3.6.1.5.5.7.9.1", [directory.date_of_birth], _noon),
        *_personal("1.3.6.1.5.5.7.9.2", [directory.place_of_birth], utf8_string),
        *_personal("1.3.6.1.5.5.7.9.3", [directory.gender], _gender),
        *_personal("1.3.6.1.5.5.7.9.4", directory.citizenships, country),
        *_personal("1.3.6.1.5.5.7.9.5", directory.residences, country),
    ]
    by_oid: dict[str, list[bytes]] = {}
    for attribute in directory.extra:
        by_oid.setdefault(attribute.oid, []).append(encoded(attribute.kind, attribute.value))
    found += [sequence(oid(name), set_of(values)) for name, values in by_oid.items()]
    return [extension("2.5.29.9", False, sequence(*found))] if found else []


def _personal(identifier: str, texts: Iterable[str], write: Writer) -> list[bytes]:
    values = [write(text) for text in texts if text]
    return [sequence(oid(identifier), set_of(values))] if values else []


def _noon(date: str) -> bytes:
    day = datetime.date.fromisoformat(date)
    return generalized_time(datetime.datetime(day.year, day.month, day.day, 12))


def _gender(text: str) -> bytes:
    if text not in ("M", "F", "m", "f"):
        raise ValueError("a gender of RFC 3739 is M or F")
    return printable_string(text)


def country(code: str) -> bytes:
    """A country of ISO 3166 as X.520 has it: two letters."""
    if not re.fullmatch(r"[A-Z]{2}", code):
        raise ValueError("a country has two letters")
    return printable_string(code)


def qualified_statements(statements: QualifiedStatements) -> list[bytes]:
    """The extension qcStatements (RFC 3739, 3.2.6; ETSI EN 319 412-5, 4), if not empty."""
    found = [*_semantics(statements)]
    if statements.compliance:
        found.append(_statement("0.4.0.1862.1.1"))
    if statements.retention is not None:
        found.append(_statement("0.4.0.1862.1.3", integer(statements.retention)))
    if statements.secure_device:
        found.append(_statement("0.4.0.1862.1.4"))
    if statements.disclosures:
        found.append(_statement("0.4.0.1862.1.5", _disclosures(statements.disclosures)))
    if statements.kind:
        found.append(_statement("0.4.0.1862.1.6", sequence(oid(statements.kind))))
    return [extension("1.3.6.1.5.5.7.1.3", False, sequence(*found))] if found else []


def _statement(identifier: str, *information: bytes) -> bytes:
    return sequence(oid(identifier), *information)


def _semantics(statements: QualifiedStatements) -> list[bytes]:
    parts = [oid(statements.semantics)] if statements.semantics else []
    if statements.name_authorities:
        parts.append(sequence(*map(_general_name, statements.name_authorities)))
    return [_statement("1.3.6.1.5.5.7.11.2", sequence(*parts))] if parts else []


def _general_name(text: str) -> bytes:
    """A name registration authority: a URI, an e-mail address, or else a DNS name."""
    tag = 0x86 if ":" in text else 0x81 if "@" in text else 0x82
    return tlv(tag, text.encode("ascii"))


def _disclosures(by_language: Mapping[str, str]) -> bytes:
    return sequence(
        *(sequence(ia5_string(url), _language(name)) for name, url in by_language.items())
    )


def _language(code: str) -> bytes:
    if not re.fullmatch(r"[A-Za-z]{2}", code):
        raise ValueError("a language of ISO 639-1 has two letters")
    return printable_string(code)


def template(wanted: Template) -> bytes:
    """Microsoft's extension szOID_CERTIFICATE_TEMPLATE ([MS-WCCE], 2.2.2.7.7.2)."""
    versions = [integer(each) for each in (wanted.major, wanted.minor) if each is not None]
    return extension("1.3.6.1.4.1.311.21.7", wanted.critical, sequence(oid(wanted.oid), *versions))
