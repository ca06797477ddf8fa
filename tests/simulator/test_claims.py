# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domain claims, verified by real requests to a real web server (API reference, section 5)."""

from __future__ import annotations

import http.server
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .conftest import Simulator, good_request, running

PATH = "/.well-known/pki-validation/gsdv.txt"
PREFIX = "globalsign-domain-verification="


@dataclass
class Site:
    """What the web server answers, for every name."""

    port: int
    status: int = 404
    content: str = ""
    location: str = ""
    hosts: list[str | None] | None = None


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A web server on loopback."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if served.hosts is not None:
                served.hosts.append(self.headers["Host"])
            found = self.path == PATH
            self.send_response(served.status if found else 404)
            if served.location:
                self.send_header("Location", served.location)
            content = served.content.encode() if found else b""
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Site(server.server_port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(tmp_path: Path, site: Site) -> Iterator[Simulator]:
    """A simulator that finds *.shop.example at the web server."""
    site.status, site.content, site.location, site.hosts = 404, "", "", []
    names = ("shop.example", "www.shop.example", "other.example")
    resolve = [part for name in names for part in ("--resolve", f"{name}=127.0.0.1")]
    with running(tmp_path, "--verify-http-port", str(site.port), *resolve) as started:
        yield started


def assert_http(simulator: Simulator, claim_id: str, **changes: Any) -> int:
    body = {"scheme": "http", "authorization_domain": "shop.example", **changes}
    return simulator.send("POST", f"/claims/domains/{claim_id}/http", body).status


def verify(simulator: Simulator, site: Site, domain: str = "shop.example") -> str:
    """Claim and verify a domain; the claim's id."""
    claim_id, token = simulator.claim(domain)
    site.status, site.content = 200, token
    assert assert_http(simulator, claim_id, authorization_domain=domain) == 201
    assert simulator.wait_for_log(claim_id, 1)["status"] == "VERIFIED"
    return claim_id


def test_a_claim_begins_with_a_token(shop: Simulator) -> None:
    now = time.time()
    answer = shop.send("POST", "/claims/domains/Shop.Example.")
    assert answer.status == 201
    found = re.fullmatch("/v2/claims/domains/(01[0-9A-F]{30})", answer.headers["Location"])
    assert found
    assert sorted(answer.document) == ["assert_by", "token"]
    assert re.fullmatch(PREFIX + "[0-9A-F]{32}", answer.document["token"])
    assert abs(answer.document["assert_by"] - now - 30 * 86400) < 30
    claim = shop.send("GET", f"/claims/domains/{found[1]}").document
    assert claim.pop("created_at") == pytest.approx(now, abs=30)
    assert claim == {
        "id": found[1],
        "status": "PENDING",
        "domain": "shop.example.",
        "expires_at": 0,
        "log": [],
        **answer.document,
    }


def test_a_second_claim_of_a_domain_is_refused(shop: Simulator) -> None:
    shop.claim("shop.example")
    answer = shop.send("POST", "/claims/domains/SHOP.example")
    assert (answer.status, answer.description) == (
        409,
        "Claim for domain shop.example. already exists",
    )
    shop.claim("www.shop.example")


@pytest.mark.parametrize("domain", ["11111111", "localhost", "a..example", "*.example.com"])
def test_what_is_no_domain_is_refused(shop: Simulator, domain: str) -> None:
    answer = shop.send("POST", f"/claims/domains/{domain}")
    assert (answer.status, answer.description) == (422, "Risk scoring validation failure")


def test_a_domain_is_verified_by_the_file_with_its_token(shop: Simulator, site: Site) -> None:
    claim_id = verify(shop, site)
    claim = shop.send("GET", f"/claims/domains/{claim_id}").document
    now = time.time()
    assert abs(claim["expires_at"] - now - 200 * 86400) < 30
    assert abs(claim["last_verified_at"] - now) < 30
    assert claim["last_verification_method"] == "HTTP"
    (entry,) = claim["log"]
    assert abs(entry.pop("timestamp") - now) < 30
    assert entry == {
        "status": "SUCCESS",
        "description": "claim successfully verified",
        "method": "HTTP",
    }
    assert site.hosts == [f"shop.example:{site.port}"]
    assert assert_http(shop, claim_id) == 204


def test_the_file_may_hold_the_bare_token_and_a_newline(shop: Simulator, site: Site) -> None:
    claim_id, token = shop.claim("shop.example")
    site.status, site.content = 200, token.removeprefix(PREFIX) + "\n"
    assert_http(shop, claim_id)
    assert shop.wait_for_log(claim_id, 1)["status"] == "VERIFIED"


@pytest.mark.parametrize(
    ("status", "content", "location", "text"),
    [
        (404, "", "", "status code of the request is not 200: 404"),
        (301, "", "http://shop.example/", "status code of the request is not 200: 301"),
        (200, "another token", "", "no valid token returned"),
        (200, "", "", "no valid token returned"),
    ],
)
def test_a_domain_without_its_token_stays_pending(
    shop: Simulator, site: Site, status: int, content: str, location: str, text: str
) -> None:
    claim_id, _token = shop.claim("shop.example")
    site.status, site.content, site.location = status, content, location
    assert assert_http(shop, claim_id) == 201
    claim = shop.wait_for_log(claim_id, 1)
    assert (claim["status"], claim["expires_at"]) == ("PENDING", 0)
    assert claim["log"][0]["status"] == "ERROR"
    assert claim["log"][0]["description"] == f"http://shop.example{PATH}: {text}"
    assert site.hosts is not None
    assert len(site.hosts) == 1

    assert assert_http(shop, claim_id) == 201
    assert len(shop.wait_for_log(claim_id, 2)["log"]) == 2


def test_a_name_without_a_server_stays_pending(tmp_path: Path) -> None:
    arguments = ("--resolve", "shop.example=127.0.0.1", "--verify-http-port", "1")
    with running(tmp_path, *arguments) as simulator:
        claim_id, _token = simulator.claim("shop.example")
        assert assert_http(simulator, claim_id) == 201
        (entry,) = simulator.wait_for_log(claim_id, 1)["log"]
    assert "connection failed" in entry["description"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (None, "scheme: is required"),
        ({"authorization_domain": "shop.example"}, "scheme: is required"),
        ({"scheme": "ftp"}, "scheme: invalid value"),
        (
            {"scheme": "http", "authorization_domain": "example"},
            "authorization_domain: invalid value",
        ),
        ({"scheme": "http", "authorization_domain": ""}, "authorization_domain: invalid value"),
        *(
            (
                {"scheme": "http", "authorization_domain": other},
                "authorization_domain: invalid value",
            )
            for other in ("other.example", "www.shop.example", "op.example")
        ),
    ],
)
def test_a_bad_assertion_is_refused(shop: Simulator, body: Any, text: str) -> None:
    claim_id, _token = shop.claim("shop.example")
    answer = shop.send("POST", f"/claims/domains/{claim_id}/http", body)
    assert (answer.status, answer.description) == (422, text)


def test_a_late_assertion_is_refused(shop: Simulator, site: Site) -> None:
    claim_id, token = shop.claim("shop.example")
    site.status, site.content = 200, token
    age(shop, claim_id, "assert_by", 1)
    body = {"scheme": "http"}
    answer = shop.send("POST", f"/claims/domains/{claim_id}/http", body)
    assert (answer.status, answer.description) == (424, "Claim expired. Reassert first")

    renewed = shop.send("POST", f"/claims/domains/{claim_id}/reassert")
    site.content = renewed.document["token"]
    assert assert_http(shop, claim_id) == 201
    assert shop.wait_for_log(claim_id, 1)["status"] == "VERIFIED"


def age(simulator: Simulator, claim_id: str, member: str, value: int) -> None:
    """Change a time of a claim behind the service's back."""
    with sqlite3.connect(simulator.folder / "atlas.sqlite") as database:
        database.execute(
            f"UPDATE claims SET content = json_set(content, '$.{member}', ?) WHERE id = ?",
            (value, claim_id),
        )


def test_reassert_gives_a_new_token_and_keeps_the_verification(shop: Simulator, site: Site) -> None:
    claim_id = verify(shop, site)
    before = shop.send("GET", f"/claims/domains/{claim_id}").document
    answer = shop.send("POST", f"/claims/domains/{claim_id}/reassert")
    assert (answer.status, answer.headers["Location"]) == (201, f"/v2/claims/domains/{claim_id}")
    assert answer.document["token"] != before["token"]
    after = shop.send("GET", f"/claims/domains/{claim_id}").document
    assert (after["status"], after["expires_at"]) == ("VERIFIED", before["expires_at"])

    assert assert_http(shop, claim_id) == 201
    claim = shop.wait_for_log(claim_id, 2)
    assert claim["log"][1]["description"].endswith("no valid token returned")
    assert claim["status"] == "VERIFIED"


def test_a_verification_lapses(shop: Simulator, site: Site) -> None:
    claim_id = verify(shop, site)
    age(shop, claim_id, "expires_at", int(time.time()) - 1)
    assert shop.send("GET", f"/claims/domains/{claim_id}").document["status"] == "PENDING"
    assert issue_for(shop, "shop.example").status == 422


def test_a_deleted_claim_is_gone(shop: Simulator) -> None:
    claim_id, _token = shop.claim("shop.example")
    answer = shop.send("DELETE", f"/claims/domains/{claim_id}")
    assert (answer.status, answer.document) == (204, None)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/http"), ("POST", "/reassert")):
        answer = shop.send(method, f"/claims/domains/{claim_id}{path}")
        assert (answer.status, answer.description) == (404, "Not Found")
    shop.claim("shop.example")


@pytest.mark.parametrize("claim_id", ["1", "0" * 31, "not_even_a_number"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("DELETE", ""), ("POST", "/http"), ("POST", "/reassert")]
)
def test_a_malformed_id(simulator: Simulator, method: str, path: str, claim_id: str) -> None:
    answer = simulator.send(method, f"/claims/domains/{claim_id}{path}")
    assert (answer.status, answer.description) == (422, "invalid ID length")


def issue_for(simulator: Simulator, *names: str) -> Any:
    request = good_request(subject_dn={}, san={"dns_names": list(names)})
    return simulator.send("POST", "/certificates", request)


def test_a_proof_over_http_covers_just_its_name(shop: Simulator, site: Site) -> None:
    verify(shop, site)
    assert issue_for(shop, "shop.example").status == 201
    answer = issue_for(shop, "shop.example", "www.shop.example", "*.shop.example")
    assert (answer.status, answer.description) == (
        422,
        "san: failed dns/email domain name verification",
    )
    assert sorted(answer.document["errors"]) == ["*.shop.example", "www.shop.example"]


def test_what_is_verified_from_the_start_covers_names_below(simulator: Simulator) -> None:
    names = ("quillon.example", "a.b.quillon.example", "*.quillon.example")
    assert issue_for(simulator, *names).status == 201
    for name in ("example", "notquillon.example", "quillon.example.org"):
        assert issue_for(simulator, name).status == 422


def test_claims_are_listed_in_pages(tmp_path: Path) -> None:
    with running(tmp_path, "--verified", "verified.example") as simulator:
        for number in range(1, 5):
            simulator.claim(f"d{number}.example")

        def page(query: str) -> tuple[list[str], str, str]:
            answer = simulator.send("GET", f"/claims/domains{query}")
            assert answer.status == 200
            domains = [claim["domain"] for claim in answer.document]
            return domains, answer.headers["Total-Count"], answer.headers["Links"]

        domains = ["verified.example.", "d1.example.", "d2.example.", "d3.example.", "d4.example."]
        assert page("") == (domains, "5", '</claims/domains?page=1>; rel="last"')
        first, second, last = (
            '</claims/domains?page=1>; rel="previous", </claims/domains?page=3>; rel="next"',
            '</claims/domains?page=2>; rel="next"',
            '</claims/domains?page=3>; rel="last"',
        )
        assert page("?page=1&per_page=2") == (domains[:2], "5", f"{second}, {last}")
        assert page("?page=2&per_page=2") == (domains[2:4], "5", f"{first}, {last}")
        assert page("?page=3&per_page=2")[0] == domains[4:]
        assert page("?page=4&per_page=2")[0] == []
        assert page("?status=VERIFIED")[:2] == (domains[:1], "1")
        assert page("?status=PENDING")[:2] == (domains[1:], "4")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("page=0", "page: invalid value"),
        ("page=-1", "page: invalid value"),
        ("page=one", "page: invalid value"),
        ("per_page=0", "per_page: must be between 1 and 100"),
        ("per_page=200", "per_page: must be between 1 and 100"),
        ("status=verified", "status: invalid value"),
    ],
)
def test_a_bad_query_is_refused(simulator: Simulator, query: str, text: str) -> None:
    answer = simulator.send("GET", f"/claims/domains?{query}")
    assert (answer.status, answer.description) == (422, text)
