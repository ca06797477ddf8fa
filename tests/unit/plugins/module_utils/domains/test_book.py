# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which call a claim needs, by the kind of what is claimed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import (
    Claim,
    ClaimToken,
    Client,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.response import Response
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.book import ClaimBook

CLAIM = "0136017F938B709EE80A67B80183B83F"
DRAWN = {"token": "TOKEN", "assert_by": 1_797_000_000}
AT_CLAIM = {"location": f"/v2/claims/{CLAIM}"}
PAGE = {"page": 1, "per_page": 100}


class Session:
    """Takes the planned calls in their order, and no other."""

    total_timeout = 180.0

    def __init__(self, *planned: tuple[str, str, Any, int, Any]) -> None:
        self.planned = list(planned)

    def service_time(self) -> float:
        return 1_800_000_000.9

    def get(self, path: str, query: Any = None, seconds: float | None = None) -> Response:
        return self._answer("GET", path, query)

    def post(self, path: str, body: Any = None, until_ready: bool = False) -> Response:
        assert until_ready == path.endswith("/reassert")
        return self._answer("POST", path, body)

    def delete(self, path: str) -> Response:
        return self._answer("DELETE", path, None)

    def _answer(self, method: str, path: str, content: Any) -> Response:
        *expected, status, document = self.planned.pop(0)
        assert [method, path, content] == expected
        return Response(method, path, status, AT_CLAIM, document)


def document(domain: str) -> dict[str, Any]:
    return {"id": CLAIM, "domain": domain, "status": "PENDING", "created_at": 1}


def claim(domain: str) -> Claim:
    return Claim(CLAIM, domain, "PENDING", 1, None, None, None, None, ())


def asked(call: Callable[[ClaimBook], Any], *planned: tuple[str, str, Any, int, Any]) -> Any:
    """What a call of the book returns, which makes just the planned calls of the service."""
    session = Session(*planned)
    result = call(ClaimBook(Client(session)))  # type: ignore[arg-type]
    assert session.planned == []
    return result


LIST_DOMAINS = ("GET", "/claims/domains", PAGE, 200, [document("example.com.")])
LIST_ADDRESSES = ("GET", "/claims/ipaddresses", PAGE, 200, [document("192.0.2.7")])


@pytest.mark.parametrize(
    ("names", "calls", "found"),
    [
        (["www.example.com", "*.example.com"], [LIST_DOMAINS], ["example.com"]),
        (["192.0.2.9", "2001:db8::7"], [LIST_ADDRESSES], ["192.0.2.7"]),
        (["192.0.2.9", "a.example"], [LIST_DOMAINS, LIST_ADDRESSES], ["example.com", "192.0.2.7"]),
        ([], [], []),
    ],
)
def test_only_the_kinds_that_are_needed_are_listed(
    names: list[str], calls: list[Any], found: list[str]
) -> None:
    listed = asked(lambda book: book.list_for(iter(names)), *calls)
    assert [each.domain for each in listed] == found


def test_all_of_both_kinds() -> None:
    listed = asked(lambda book: book.list_all(), LIST_DOMAINS, LIST_ADDRESSES)
    assert [each.domain for each in listed] == ["example.com", "192.0.2.7"]


def test_the_services_clock() -> None:
    assert asked(lambda book: book.now()) == 1_800_000_000


KINDS = [
    ("www.example.com", "/claims/domains", "www.example.com"),
    ("192.0.2.7", "/claims/ipaddresses", "192.0.2.7"),
    ("2001:db8::7", "/claims/ipaddresses", "2001%3Adb8%3A%3A7"),
]


@pytest.mark.parametrize(("domain", "path", "segment"), KINDS)
def test_a_claim_is_made_read_renewed_and_removed(domain: str, path: str, segment: str) -> None:
    token = ClaimToken(CLAIM, "TOKEN", 1_797_000_000)
    made = asked(lambda book: book.create(domain), ("POST", f"{path}/{segment}", None, 201, DRAWN))
    assert made == token
    read = asked(
        lambda book: book.read(CLAIM, domain),
        ("GET", f"{path}/{CLAIM}", None, 200, document(domain)),
    )
    assert read == claim(domain)
    drawn = asked(
        lambda book: book.draw_token(claim(domain)),
        ("POST", f"{path}/{CLAIM}/reassert", None, 201, DRAWN),
    )
    assert drawn == token
    asked(lambda book: book.delete(claim(domain)), ("DELETE", f"{path}/{CLAIM}", None, 204, None))


def test_where_a_mail_can_go() -> None:
    addresses = {"constructed": ["admin@example.com", "webmaster@example.com"]}
    found = asked(
        lambda book: book.mail_addresses(claim("example.com")),
        ("GET", f"/claims/domains/{CLAIM}/email", None, 200, addresses),
    )
    assert found == ("admin@example.com", "webmaster@example.com")


@pytest.mark.parametrize(
    ("domain", "method", "place", "path", "body"),
    [
        ("example.com", "dns", "example.com", "domains/{}/dns", None),
        (
            "example.com",
            "dns",
            "_acme.example.com",
            "domains/{}/dns",
            {"authorization_domain": "_acme.example.com"},
        ),
        (
            "example.com",
            "email",
            "admin@example.com",
            "domains/{}/email",
            {"email_address": "admin@example.com"},
        ),
        (
            "example.com",
            "http",
            "",
            "domains/{}/http",
            {"authorization_domain": "example.com", "scheme": "http"},
        ),
        (
            "example.com",
            "https",
            "",
            "domains/{}/http",
            {"authorization_domain": "example.com", "scheme": "https"},
        ),
        (
            "192.0.2.7",
            "http",
            "",
            "ipaddresses/{}/http",
            {"authorization_ip_address": "192.0.2.7", "scheme": "http"},
        ),
        (
            "2001:db8::7",
            "https",
            "",
            "ipaddresses/{}/http",
            {"authorization_ip_address": "2001:db8::7", "scheme": "https"},
        ),
    ],
)
def test_a_check_is_asked_for(domain: str, method: str, place: str, path: str, body: Any) -> None:
    asked(
        lambda book: book.have_checked(claim(domain), method, place),
        ("POST", "/claims/" + path.format(CLAIM), body, 201, None),
    )
