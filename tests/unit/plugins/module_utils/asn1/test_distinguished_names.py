# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names: every kind of text in them, and how they are written."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.asn1 import der, distinguished_names


@pytest.mark.parametrize(
    ("tag", "content", "text"),
    [
        (0x0C, "ü".encode(), "ü"),
        (0x12, b"1 2", "1 2"),
        (0x13, b"a", "a"),
        (0x14, b"\xfc", "ü"),
        (0x16, b"a@b", "a@b"),
        (0x1A, b"a", "a"),
        (0x1C, "ü".encode("utf-32-be"), "ü"),
        (0x1E, "ü".encode("utf-16-be"), "ü"),
        (0x13, b"\xfc", "#fc"),  # what is no text of its kind
        (0x04, b"a", "#61"),  # what is no text at all
        (0x0C, b" ", "\\ "),
        (0x0C, b"  ", "\\ \\ "),
        (0x0C, b"a ", "a\\ "),
        (0x0C, b"#", "\\#"),
        (0x0C, b"a\0#", "a\\00#"),
    ],
)
def test_each_kind_of_text_and_what_has_to_be_escaped(tag, content, text):
    read = distinguished_names.read_attribute("1.2", der.Element(tag, content))
    assert read.rfc4514_string() == f"1.2={text}"


@pytest.mark.parametrize(
    ("oid", "name"),
    [
        ("2.5.4.3", "CN"),
        ("2.5.4.7", "L"),
        ("2.5.4.8", "ST"),
        ("2.5.4.10", "O"),
        ("2.5.4.11", "OU"),
        ("2.5.4.6", "C"),
        ("2.5.4.9", "STREET"),
        ("2.5.4.5", "2.5.4.5"),
    ],
)
def test_the_short_names_of_attributes(oid, name):
    assert distinguished_names.Attribute(oid, "x", True).rfc4514_string() == f"{name}=x"
