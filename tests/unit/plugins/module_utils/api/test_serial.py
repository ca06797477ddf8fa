# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Serial numbers: kept as they were given, compared as numbers."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.serial import SerialNumber

DIGITS = "01CFABDF1EBA6325930BF8B6FFD89F12"


@pytest.mark.parametrize(
    "text", [DIGITS, DIGITS.lower(), DIGITS[1:], DIGITS[1:].lower(), str(int(DIGITS, 16))]
)
def test_all_spellings_are_the_same_number(text: str) -> None:
    serial = SerialNumber(text)
    assert str(serial) == serial.text == text
    assert serial == SerialNumber(DIGITS)
    assert hash(serial) == hash(SerialNumber(DIGITS))
    assert serial.for_url == DIGITS


def test_others_differ() -> None:
    assert SerialNumber("0A") != SerialNumber("0B")
    assert len({SerialNumber("0A"), SerialNumber("a"), SerialNumber("0B")}) == 2


@pytest.mark.parametrize(
    "text",
    [
        *("", "0x1", "01:CF", "G", " 01", "-1", "01\n", DIGITS + "G"),
        *(DIGITS + "0", "0" * 40, "1" * 40, "9" * 39, str(1 << 128), "\u0667" * 33),
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="serial number") as caught:
        SerialNumber(text)
    assert str(caught.value) == f"{text!r} is not a serial number of 16 bytes"


def test_what_is_none_is_not_told_at_length() -> None:
    with pytest.raises(ValueError, match="serial number") as caught:
        SerialNumber("x" * 61)
    assert str(caught.value) == f"{'x' * 60!r} is not a serial number of 16 bytes"


@pytest.mark.parametrize(
    ("text", "number", "for_url"),
    [
        ("0", 0, "0" * 32),
        ("F" * 32, (1 << 128) - 1, "F" * 32),
        (str((1 << 128) - 1), (1 << 128) - 1, "F" * 32),
        ("1" * 32, int("1" * 32, 16), "1" * 32),
        ("1" * 33, int("1" * 33), f"{int('1' * 33):032X}"),
        ("0" * 33, 0, "0" * 32),
    ],
)
def test_the_number(text: str, number: int, for_url: str) -> None:
    serial = SerialNumber(text)
    assert (serial.number, serial.for_url) == (number, for_url)
    assert repr(serial) == f"SerialNumber(text={text!r})"
