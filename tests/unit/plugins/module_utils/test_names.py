# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names in the one form in which they are compared and sent."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.names import dns_name, ip_address


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
        ("*.Example.com.", "*.example.com"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
        (".".join(["a" * 49] * 5) + ".bcd", ".".join(["a" * 49] * 5) + ".bcd"),
        ("localhost", "localhost"),
        ("www.eXample.X", "www.example.x"),
    ],
)
def test_a_name(text: str, name: str) -> None:
    assert dns_name(text, "domain") == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "*.",
        "a..b",
        ".a",
        "no name",
        "a" * 64,
        "a.*.example",
        "*a.example",
        "*.*.example",
        "www.example.com\n.",
        ".".join(["a" * 49] * 5) + ".bcde",
    ],
)
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(AtlasError) as caught:
        dns_name(text, "domain")
    assert caught.value.message == (
        f"domain: {text!r} is not a DNS name; give one such as 'www.example.com' or"
        " '*.example.com'."
    )


@pytest.mark.parametrize("text", ["ü" * 64, "a‍b.example", "_ü.example", "ü _.example"])
def test_what_is_no_name_under_idna(text: str) -> None:
    with pytest.raises(AtlasError) as caught:
        dns_name(text, "domain")
    assert caught.value.message.startswith(f"domain: {text!r} is not a DNS name under IDNA 2008: ")


def test_the_library_for_other_alphabets_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "idna", None)
    monkeypatch.delitem(sys.modules, "ansible.plugins.action", raising=False)
    assert dns_name("Example.com", "domain") == "example.com"
    with pytest.raises(AtlasError) as caught:
        dns_name("bücher.example", "domain")
    assert caught.value.message == (
        "domain: 'bücher.example' cannot be turned into an A-label, because the Python library idna"
        f" is missing on the managed node for {sys.executable}; install it, or give the name with"
        " xn--."
    )


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" 192.0.2.17 ", "192.0.2.17"),
        ("2001:DB8:0:0::17", "2001:db8::17"),
    ],
)
def test_an_address(text: str, address: str) -> None:
    assert ip_address(text, "san.ip_addresses") == address


@pytest.mark.parametrize("text", ["", "192.0.2.256", "192.0.2.0/24", "[::1]", "www.example.com"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(AtlasError) as caught:
        ip_address(text, "san.ip_addresses")
    assert caught.value.message == (
        f"san.ip_addresses: {text!r} is not an IP address; give one such as '192.0.2.17' or"
        " '2001:db8::17'."
    )
