# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domains as claims name them."""

from __future__ import annotations

import re
import unicodedata

PUBLIC_SUFFIXES = frozenset(
    f"{second}.{top}"
    for second, tops in {
        "co": ("uk", "jp", "nz", "za", "kr", "in", "il"),
        "com": ("au", "br", "cn", "mx", "tr", "sg", "hk", "ar"),
        "org": ("uk", "au"),
        "ac": ("uk", "jp"),
        "gov": ("uk", "au"),
        "ne": ("jp",),
    }.items()
    for top in tops
)
"""The commonest suffixes of two labels: an approximation of the public suffix list, which a
simulator need not follow."""
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_A_LABEL = "xn--"
_CATEGORIES = re.compile("L|M|N|Cf")  # letters, marks, digits, joiners
_MIDDLE_DOTS = "\u00b7\u30fb"


def normal_domain(text: str) -> str | None:
    """A domain in lower case without its final dot; None if it is no domain (IDNA-encoded)."""
    domain = text.lower().rstrip(".") if text else ""
    labels = domain.split(".")
    fits = len(domain) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    return domain if fits and len(labels) > 1 and not labels[-1].isdigit() else None


def is_public_domain(domain: str) -> bool:
    """Whether a domain, as `normal_domain` gives it, can be somebody's under a public suffix.

    Host names have no underscores, and a public suffix is nobody's.
    """
    if "_" in domain or domain in PUBLIC_SUFFIXES:
        return False
    return all(_is_idna(label) for label in domain.split(".") if label.startswith(_A_LABEL))


def _is_idna(label: str) -> bool:
    """Whether an A-label is the one form of a text that needs one (RFC 5891, section 5.4)."""
    try:
        text = label.removeprefix(_A_LABEL).encode("ascii").decode("punycode")
        back = text.encode("punycode").decode("ascii")
    except UnicodeError:
        return False
    return (
        not text.isascii()
        and _A_LABEL + back == label
        and unicodedata.is_normalized("NFC", text)
        and text == text.lower()
        and all(
            _CATEGORIES.match(unicodedata.category(each)) or each in f"-{_MIDDLE_DOTS}"
            for each in text
        )
    )
