# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be claimed, and where the proof of it goes."""

from __future__ import annotations

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.domains.place import places
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.wish import (
    ClaimWish,
    authorization_domain,
    claimable,
    is_address,
    mail_address,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

PATH = "/.well-known/pki-validation/gsdv.txt"


@pytest.mark.parametrize(
    ("given", "normal", "address"),
    [
        ("WWW.Example.com.", "www.example.com", False),
        ("*.example.com", "*.example.com", False),
        ("192.0.2.7", "192.0.2.7", True),
        ("[2001:DB8::7]", "2001:db8::7", True),
        ("2001:db8:0::7", "2001:db8::7", True),
        (" [2001:db8::7] ", "2001:db8::7", True),
        (" 192.0.2.7 ", "192.0.2.7", True),
        ("X192.0.2.example", "x192.0.2.example", False),
        ("1.example", "1.example", False),
        ("192.0.2.7X", "192.0.2.7x", False),
    ],
)
def test_normal_form(given: str, normal: str, address: bool) -> None:
    assert claimable(given, "domain") == normal
    assert is_address(normal) == address


@pytest.mark.parametrize(
    ("domain", "given", "name"),
    [
        ("www.example.com", "", "www.example.com"),
        ("www.example.com", "_acme-challenge", "_acme-challenge.www.example.com"),
        ("www.example.com", "_acme-challenge.example.com.", "_acme-challenge.example.com"),
        ("www.example.com", "Example.com", "example.com"),
        ("www.example.com", "www.example.com", "www.example.com"),
        ("www.example.com", "_acme.www.example.com", "_acme.www.example.com"),
        ("www.example", "example", "example"),
    ],
)
def test_authorization_domain(domain: str, given: str, name: str) -> None:
    assert authorization_domain(domain, given) == name


@pytest.mark.parametrize(
    "given",
    [
        *("example.net", "_acme-challenge.example.net", "ww.example.com", "a.www.example.com"),
        *("_acme-challenge.other.com", "_a._b.example.com", "com.example"),
    ],
)
def test_an_authorization_domain_of_others(given: str) -> None:
    with pytest.raises(AtlasError) as caught:
        authorization_domain("www.example.com", given)
    assert caught.value.message == (
        f"authorization_domain: {given} is neither www.example.com nor a parent of it, nor a label"
        " such as _acme-challenge before one of these; give just that label to have it put before"
        " each domain."
    )


@pytest.mark.parametrize("given", ["_a b", "a b.example.com"])
def test_an_authorization_domain_that_is_no_name(given: str) -> None:
    with pytest.raises(AtlasError, match=r"^authorization_domain: .* is not a DNS name; "):
        authorization_domain("www.example.com", given)


def test_what_is_no_name_is_told_with_its_option() -> None:
    with pytest.raises(AtlasError, match=r"^domain: 'a b' is not a DNS name; "):
        claimable("a b", "domain")


def test_what_holds_if_nothing_is_said() -> None:
    assert ClaimWish() == ClaimWish(None, "auto", False, "", "")


@pytest.mark.parametrize(
    ("method", "covers"),
    [(None, True), ("dns", True), ("email", True), ("http", False), ("https", False)],
)
def test_what_a_proof_by_a_method_covers(method: str | None, covers: bool) -> None:
    assert ClaimWish(method=method).covers_subdomains is covers


def test_mail_address() -> None:
    assert mail_address("example.com", "hostmaster") == "hostmaster@example.com"
    assert mail_address("example.com", "admin@example.com") == "admin@example.com"


def test_places() -> None:
    found = places("example.com", "example.com", "globalsign-domain-verification=0A", ClaimWish())
    assert found == {
        "dns": {
            "name": "example.com",
            "type": "TXT",
            "value": "globalsign-domain-verification=0A",
            "authorization_domain": "",
        },
        "http": {
            "path": PATH,
            "content": "globalsign-domain-verification=0A",
            "url": f"http://example.com{PATH}",
        },
    }


def test_places_of_a_wildcard_at_another_name() -> None:
    wish = ClaimWish(authorization_domain="_acme-challenge")
    found = places("*.example.com", "example.com", "0A", wish)
    assert found == {
        "dns": {
            "name": "_acme-challenge.example.com",
            "type": "TXT",
            "value": "globalsign-domain-verification=0A",
            "authorization_domain": "_acme-challenge.example.com",
        }
    }


def test_places_of_an_address() -> None:
    found = places("2001:db8::7", "2001:db8::7", "0A", ClaimWish())
    assert list(found) == ["http"]
    assert found["http"]["url"] == f"http://[2001:db8::7]{PATH}"
