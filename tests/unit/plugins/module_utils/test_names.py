# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names in the one form in which they are compared and sent."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.names import dns_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" WWW.Example.com. ", "www.example.com"),
        ("*.Example.com", "*.example.com"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("日本語。jp", "xn--wgv71a119e.jp"),
        ("_acme-challenge.example.com", "_acme-challenge.example.com"),
        ("_ACME-challenge.Bücher.example", "_acme-challenge.xn--bcher-kva.example"),
        ("*.Bücher.example", "*.xn--bcher-kva.example"),
    ],
)
def test_a_name(text: str, name: str) -> None:
    assert dns_name(text, "domain") == name


@pytest.mark.parametrize(
    "text", ["", "a..b", "no name", "a" * 64, "ü" * 64, "a‍b.example", "_ü.example", "ü _.example"]
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(AtlasError, match=r"^domain: '.*' is not a DNS name"):
        dns_name(text, "domain")
