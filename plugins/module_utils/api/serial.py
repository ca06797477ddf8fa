# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Serial numbers of certificates, as the service writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEXADECIMAL = re.compile("[0-9A-Fa-f]{1,32}")
_DECIMAL = re.compile("[0-9]{33,39}")
_BYTES = 16


@dataclass(frozen=True)
class SerialNumber:
    """A certificate's serial number: the text that was given, equal to others as a number.

    The service writes 32 hexadecimal digits; others drop leading zeros or write lower case, and
    one version of the API is documented with decimal ones, which are longer (API reference,
    "Times, serial numbers, identifiers, Location"). Raises `ValueError` for anything else.
    """

    text: str = field(compare=False)
    number: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", _number(self.text))

    def __str__(self) -> str:
        return self.text

    @property
    def for_url(self) -> str:
        """32 upper-case hexadecimal digits, the form that every version of the service takes."""
        return f"{self.number:0{2 * _BYTES}X}"


def _number(text: str) -> int:
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    if _DECIMAL.fullmatch(text) and int(text) < 1 << (8 * _BYTES):
        return int(text)
    raise ValueError(f"{text[:60]!r} is not a serial number of {_BYTES} bytes")
