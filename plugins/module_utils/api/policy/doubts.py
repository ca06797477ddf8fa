# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts that match the policy, and that the service may not be able to put into a certificate.

Each function gives a reason that completes "because", empty if there is none. They are stricter
than what is allowed: a doubt leaves the word to the service.
"""

from __future__ import annotations

import datetime
import ipaddress
import re

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DNS_NAME = re.compile(rf"(\*\.)?({_LABEL}\.)+[a-z]{_LABEL}")
_MAILBOX = re.compile(rf"[A-Za-z0-9._+-]{{1,64}}@({_LABEL}\.)+[a-z]{_LABEL}")
_URI = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/?#=&%-]*)?")
_COUNTRY = re.compile("[A-Z]{2}")
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]{0,8}))+")

_LONGEST = {"locality": 128, "state": 128, "street_address": 128, "postal_code": 40}
"""Upper bounds of RFC 5280, appendix A.1; 64 for the others."""
_COUNTRIES = frozenset({"country", "jurisdiction_of_incorporation_country_name"})
_ASCII = frozenset({"email", "serial_number"})


def subject_text(name: str, value: str) -> str:
    """A text of the subject."""
    if name in _COUNTRIES and not _COUNTRY.fullmatch(value):
        return "it is not a country code of two letters"
    if name == "email" and mailbox(value):
        return mailbox(value)
    if name in _ASCII and not value.isascii():
        return "it holds characters beyond ASCII"
    if len(value) > _LONGEST.get(name, 64):
        return "it is longer than X.509 allows"
    return plain_text(value)


def plain_text(value: str) -> str:
    """A text that goes into a UTF8String."""
    if not value.isprintable() or value != value.strip():
        return "it holds control characters, or blanks at its ends"
    return ""


def dns_name(value: str) -> str:
    """A DNS name, with a wildcard perhaps."""
    if len(value) > 253 or not _DNS_NAME.fullmatch(value):
        return "it is not a plain DNS name in lower case"
    return ""


def mailbox(value: str) -> str:
    """A mail address."""
    return "" if _MAILBOX.fullmatch(value) else "it is not a plain mail address"


def ip_address(value: str) -> str:
    """An IP address in its canonical form."""
    try:
        is_canonical = str(ipaddress.ip_address(value)) == value
    except ValueError:
        is_canonical = False
    return "" if is_canonical else "it is not an IP address in its canonical form"


def uri(value: str) -> str:
    """A URI with a host."""
    return "" if _URI.fullmatch(value) else "it is not a plain URI"


def oid(value: str) -> str:
    """An object identifier."""
    return "" if _OID.fullmatch(value) else "it is not a plain OID"


def country(value: str) -> str:
    """A country code."""
    return "" if _COUNTRY.fullmatch(value) else "it is not a country code of two letters"


def gender(value: str) -> str:
    """A gender as RFC 3739, section 3.3.2, has it."""
    return "" if value in ("m", "f", "M", "F") else "it is not one of m and f"


def is_date(value: str) -> bool:
    """Whether it is a full date, `YYYY-MM-DD`."""
    try:
        datetime.date(int(value[:4]), int(value[5:7]), int(value[8:10]))
    except ValueError:
        return False
    return re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is not None
