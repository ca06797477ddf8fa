# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patterns and suffixes as policies have them, each with values that it admits and that it does not.

`STAND_INS` says what a pattern that Python's `re` does not have, or reads differently, means there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """An entry of a policy: a pattern, or a suffix."""

    text: str
    good: tuple[str, ...]
    bad: tuple[str, ...] = ()
    is_odd: bool = False


def _odd(text: str, good: tuple[str, ...], bad: tuple[str, ...] = ()) -> Entry:
    return Entry(text, good, bad, is_odd=True)


_WORDS = ("Ida", "van Loon", "Quillon")
_ANYTHING, _NOTHING = r"(?s:.*)", r"(?!)"

STAND_INS: Mapping[str, tuple[str, ...]] = {
    r"^[[:alpha:]]+$": (r"^[A-Za-z]+$",),
    r"^[[:alpha:] ]{2,}$": (r"^[A-Za-z ]{2,}$",),
    r"^\pL+$": (r"^[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f]+$",),
    r"^\p{Lu}\p{Ll}+\z": (r"^[A-Z][a-z]+\Z",),
    r"^\Qa.b\E$": (r"^a\.b$",),
    "^[A-Z": (_ANYTHING, _NOTHING),
    "(unclosed": (_ANYTHING, _NOTHING),
    "^(?!x).*$": (_ANYTHING, _NOTHING),
    "*": (_ANYTHING, _NOTHING),
}
"""More than one where the service may read anything into it: then all have to agree."""

TEXT = (
    Entry("^[A-Za-z '\\-]{1,40}$", _WORDS, ("Ida7", "x" * 41, "line\nbreak", "Zoë")),
    Entry(r"^Lab [0-9]{1,2}$", ("Lab 7", "Lab 42"), ("Lab", "Lab 123", "lab 7", "Lab 7\n")),
    Entry(r"^(a|b)*$", ("abba", "b"), ("abc", "ab\n")),
    Entry(r"(?i)^quillon( bv)?$", ("Quillon", "QUILLON BV"), ("Quillion", "Quillon  BV")),
    Entry(r"^.*$", ("anything", "Ünïcode", "a b"), ("two\nlines",)),
    Entry(r"^[0-9]{4} ?[A-Z]{2}$", ("3811 AB", "3811AB"), ("381 AB", "3811 ab", "٣٨١١ AB")),
    Entry(r"^[A-Za-z \\-]{2,40}$", ("Utrecht", "a-b"), ("x", "U7")),
    Entry(r"^(?:EMP|TMP)-\d{4}$", ("EMP-0042", "TMP-1234"), ("EMP-042", "EMP-٤٢٤٢", "emp-0042")),
    Entry(r"^a{2,3}b??$", ("aa", "aaab"), ("a", "aaaa")),
    _odd(r"^Rack", ("Rack", "Rack 7"), ("My Rack", "rack")),
    _odd(r"works$", ("works", "the works"), ("works!", "work")),
    _odd(r"[A-Z]{2}", ("NL", "xNLx"), ("nl",)),
    _odd(r"^a|b$", ("a", "b", "axb", "az"), ("ca", "bc")),
    _odd("", ("anything",)),
    _odd(r"^[[:alpha:]]+$", ("Ida", "abc"), ("Ida7", "a]", "Zoë")),
    _odd(r"^[[:alpha:] ]{2,}$", ("van Loon",), ("7 up", "x")),
    _odd(r"^\pL+$", ("Ida", "Zoë"), ("Ida7", "p L")),
    _odd(r"^\p{Lu}\p{Ll}+\z", ("Ida", "Quillon"), ("ida", "IDA")),
    _odd(r"^\Qa.b\E$", ("a.b",), ("axb",)),
    _odd("^[A-Z", ("Ida",), ("x",)),
    _odd("(unclosed", ("Ida",), ("(unclosed",)),
    _odd("^(?!x).*$", ("Ida",), ("x",)),
    _odd("*", ("Ida", "*")),
)
COMMON_NAME = (
    Entry(
        r"^[A-Za-z0-9*.\- ]{1,64}$",
        ("press7.quillon.example", "Press seven", "PRESS", "x" * 64),
        ("x" * 65, "prëss", "a_b", "press7\n"),
    ),
    Entry(
        r"^[a-zA-Z0-9\ \-\.\\s]+$",
        ("gate2.quillon.example", "Gate two"),
        ("*.quillon.example", "gäte"),
    ),
    Entry(r"^[a-z0-9-]+\.quillon\.example$", ("gate2.quillon.example",), ("gate2.example", "x")),
    *TEXT[:3],
    *(entry for entry in TEXT if entry.is_odd),
)
COUNTRY = (
    Entry(r"^[A-Z]{2}$", ("NL", "BE"), ("nl", "NLD", "N")),
    Entry(r"^(NL|DE)$", ("NL", "DE"), ("BE",)),
    _odd(r"NL", ("NL",), ("BE",)),
)
GENDER = (Entry(r"^[MmFf]$", ("m", "F"), ("x", "mf")), Entry(r"^m|f$", ("m", "f"), ("x",)))
MAIL = (
    Entry(r"^[a-z.]+@quillon\.example$", ("ida@quillon.example",), ("ida@other.example", "ida")),
    Entry(r"^[^@]+@[^@]+$", ("ida@quillon.example", "bo@example.net"), ("a@b@c", "ida")),
)
ADDRESS = (
    Entry(r"^192\.0\.2\.[0-9]{1,3}$", ("192.0.2.17", "192.0.2.1"), ("198.51.100.1", "192.0.2.x")),
    Entry(r"^2001:db8::[0-9a-f]+$", ("2001:db8::1", "2001:db8::a"), ("2001:DB8::1", "::1")),
    _odd(r"^10\.", ("10.0.0.7",), ("11.0.0.7",)),
)
LINK = (
    Entry(
        r"^https://[a-z0-9.]+\.quillon\.example/.*$",
        ("https://press7.quillon.example/id", "https://a.b.quillon.example/"),
        ("http://press7.quillon.example/id", "https://other.example/"),
    ),
    Entry(r"^https://([a-z]+\.)+example$", ("https://a.example",), ("https://9.example", "urn:a")),
)
USAGE = (
    Entry(
        r"^1\.3\.6\.1\.5\.5\.7\.3\.(1|2|4)$",
        ("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"),
        ("1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.11"),
    ),
    Entry(r"^1\.3\.6\.1\.4\.1\.311\.[0-9.]+$", ("1.3.6.1.4.1.311.20.2.2",), ("2.5.29.37.0",)),
    _odd(r"1.3.6.1.5.5.7.3.1", ("1.3.6.1.5.5.7.3.1",), ("1.3.6.1.5.5.7.3.9",)),
)
OID = (
    Entry(r"^[0-9.]+$", ("1.2.3.4", "0.4.0.1862.1.6.1"), ("one.two",)),
    Entry(r"^0\.4\.0\.1862\.1\.6\.[1-3]$", ("0.4.0.1862.1.6.1",), ("0.4.0.1862.1.6.4",)),
    Entry(
        r"^1\.3\.6\.1\.4\.1\.311\.21\.8(\.[0-9]+)+$",
        ("1.3.6.1.4.1.311.21.8.11.22.33",),
        ("1.3.6.1.4.1.311.21.8", "1.3.6.1.4.1.311.21.9.1"),
    ),
)
DNS_SUFFIX = (
    Entry(".", ("www.example.com", "*.example.org", "a.b.c.example")),
    Entry(".quillon.example", ("www.quillon.example", "a.b.quillon.example"), ("www.other.example",)),
    Entry(
        "quillon.example",
        ("quillon.example", "www.quillon.example", "*.quillon.example"),
        ("quillon.example.org", "other.example"),
    ),
    _odd("press.example", ("www.press.example",), ("mypress.example", "press.example.net")),
    _odd("host", ("host", "a.host"), ("www.other.example",)),
    _odd("WWW.Example.com", ("www.example.com",), ("ftp.example.com",)),
    _odd(r"^[a-z]+\.example\.net$", ("shop.example.net",), ("9.example.org",)),
    _odd("*.glob.example", (), ("www.glob.example", "*.glob.example")),
)
MAIL_SUFFIX = (
    Entry("@quillon.example", ("ida@quillon.example", "bo@quillon.example"), ("ida@sub.example",)),
    Entry("quillon.example", ("ida@quillon.example",), ("ida@quillon.example.org",)),
    Entry(".", ("ida@anywhere.example", "bo@quillon.example")),
    _odd(".mail.example", ("ida@a.mail.example",), ("ida@mail.example", "ida@other.example")),
    _odd("host", ("ida@host", "ida@a.host"), ("ida@localhost", "ida@other.example")),
    _odd(r"^[a-z]+@example\.net$", ("ida@example.net",), ("7@example.net", "ida@example.org")),
)
BY_TYPE: Mapping[str, tuple[Entry, ...]] = {
    "UTF8STRING": (
        Entry(r"^[A-Za-z ]{2,30}$", ("Press operator", "Ida"), ("x", "Pr3ss", "Zoë")),
        _odd(r"operator", ("operator", "Press operator"), ("director",)),
    ),
    "IA5STRING": (
        Entry(r"^[a-z.]+@quillon\.example$", ("ida@quillon.example",), ("ida@x", "ü@x")),
    ),
    "PRINTABLESTRING": (
        Entry(r"^fleet-.+$", ("fleet-a", "fleet-7"), ("fleet-\u00e4", "fleet", "fleet-*")),
    ),
    "INTEGER": (
        Entry(r"^-?[0-9]{1,6}$", ("1200", "-7", "0"), ("12x", "1234567", "007", "-0", "+5")),
    ),
    "DER": (Entry(r"^30.*$", ("3003020105", "3000"), ("300302010", "0500", "30030201", "xyz")),),
    "NIL": (Entry("", ()),),
}
