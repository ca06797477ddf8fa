# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoints that deal with revocation, lists, counters, assertions and addresses."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Client
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

SERIAL = "01CFABDF1EBA6325930BF8B6FFD89F12"
CLAIM_ID = "0136017F938B709EE80A67B80183B83F"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
DAY = 86400
CERTIFICATES = f"/certificates/{SERIAL}"


@pytest.fixture
def client(bench: Any, server: Any) -> Client:
    return Client(bench.session(server))


def issued(status: str) -> dict[str, Any]:
    return {"certificate": PEM, "status": status, "updated_at": 1}


@pytest.mark.parametrize("spelling", [SERIAL, SERIAL[1:].lower(), str(int(SERIAL, 16))])
def test_any_spelling_of_a_serial_number(
    bench: Any, server: Any, client: Client, spelling: str
) -> None:
    server.on("GET", CERTIFICATES, bench.reply(200, issued("ISSUED")))
    certificate = client.certificate(spelling)
    assert certificate is not None
    assert certificate.status == "ISSUED"


def test_what_is_no_serial_number(client: Client) -> None:
    with pytest.raises(AtlasError, match=r"^serial_number: '01:CF' is not a serial number"):
        client.certificate("01:CF")


def test_revoke(bench: Any, server: Any, client: Client) -> None:
    server.on("PATCH", CERTIFICATES, bench.reply(204))
    client.revoke(SERIAL, "keyCompromise", compromised_at=7, attestation="CSR")
    assert server.seen[-1].body == (
        b'{"revocation_reason":"keyCompromise","revocation_time":7,'
        b'"key_compromise_attestation":"CSR"}'
    )


@pytest.mark.parametrize("status", [409, 412])
def test_what_is_revoked_already(bench: Any, server: Any, client: Client, status: int) -> None:
    server.on("PATCH", CERTIFICATES, bench.reply(status, {"description": "revoked"}))
    server.on("DELETE", CERTIFICATES, bench.reply(status, {"description": "revoked"}))
    server.on("GET", CERTIFICATES, bench.reply(200, issued("REVOKED")))
    client.revoke(SERIAL, "superseded")
    client.revoke_without_reason(SERIAL)


@pytest.mark.parametrize(("status", "answer"), [(200, issued("ISSUED")), (202, {})])
def test_a_refused_revocation(
    bench: Any, server: Any, client: Client, status: int, answer: Any
) -> None:
    server.on("PATCH", CERTIFICATES, bench.reply(409, {"description": "pending"}))
    server.on("GET", CERTIFICATES, bench.reply(status, answer))
    with pytest.raises(ApiError, match=r"409 pending"):
        client.revoke(SERIAL, "superseded")


def test_a_reason_that_is_none(client: Client) -> None:
    with pytest.raises(AtlasError, match=r"^reason: 'Superseded' is no reason .* superseded"):
        client.revoke(SERIAL, "Superseded")


def test_rekey_sends_what_is_stated(bench: Any, server: Any, client: Client) -> None:
    location = {"Location": f"/v2/certificates/{SERIAL}"}
    server.on("POST", f"{CERTIFICATES}/rekey", bench.reply(201, headers=location))
    assert client.rekey(SERIAL, "KEY", "PROOF", {}).text == SERIAL
    assert server.seen[-1].body == b'{"public_key":"KEY","public_key_signature":"PROOF"}'


def test_a_check_issues_nothing(bench: Any, server: Any, client: Client) -> None:
    server.on("POST", "/certificates", bench.reply(204))
    assert client.check_request({"public_key": "KEY"}) is None


def test_a_service_that_does_not_know_checks(bench: Any, server: Any, client: Client) -> None:
    location = {"Location": f"/v2/certificates/{SERIAL}"}
    server.on("POST", "/certificates", bench.reply(201, headers=location))
    serial = client.check_request({"public_key": "KEY"})
    assert serial is not None
    assert serial.text == SERIAL


def test_an_exhausted_quota_tells_what_is_left(bench: Any, server: Any, client: Client) -> None:
    server.on("POST", "/certificates", bench.reply(402, {"description": "Quota Reached"}))
    server.on("GET", "/quotas/issuance", bench.reply(200, {"value": 0}))
    with pytest.raises(
        ApiError, match=r"order more certificates.* 0 certificates are left"
    ) as told:
        client.request_certificate({"public_key": "KEY"})
    assert (told.value.status, told.value.outcome) == (402, "refused")


def test_a_quota_that_cannot_be_read(bench: Any, server: Any, client: Client) -> None:
    server.on("POST", "/certificates", bench.reply(402, {"description": "Quota Reached"}))
    server.on("GET", "/quotas/issuance", bench.reply(404))
    with pytest.raises(ApiError, match=r"402 Quota Reached"):
        client.request_certificate({"public_key": "KEY"})


def test_names_that_no_claim_covers(bench: Any, server: Any, client: Client) -> None:
    answer = {"description": "san: failed", "errors": {"a.example": "none", "b.example": "none"}}
    server.on("POST", "/certificates", bench.reply(422, answer))
    with pytest.raises(
        ApiError, match=r"no verified claim that covers a.example, b.example; claim"
    ):
        client.request_certificate({"public_key": "KEY"})


class Statistics:
    """Answers as the service does: windows, pages and headers."""

    def __init__(self, bench: Any, server: Any, kind: str, times: list[int]) -> None:
        self.bench, self.kind, self.times = bench, kind, times
        self.windows: list[tuple[int, int]] = []
        server.otherwise = self.choose

    def choose(self, seen: Any) -> Any:
        if seen.target == "/v2/login":
            return None
        path, _mark, query = seen.target.partition("?")
        assert path == f"/v2/stats/{self.kind}"
        asked = {
            name: int(value)
            for name, _is, value in (part.partition("=") for part in query.split("&"))
        }
        since, until = asked["from"], asked["to"]
        assert until - since <= 30 * DAY
        if asked["page"] == 1:
            self.windows.append((since, until))
        found = [time for time in self.times if since <= time <= until]
        start = (asked["page"] - 1) * asked["per_page"]
        entries = [
            {"serial_number": f"{time:032X}", "not_before": time, "not_after": time + 1}
            for time in found[start : start + asked["per_page"]]
        ]
        return self.bench.reply(200, entries, {"Total-Count": str(len(found))})


@pytest.mark.parametrize("kind", ["issued", "revoked", "expiring"])
def test_long_times_are_split_and_joined(
    bench: Any, server: Any, client: Client, kind: str
) -> None:
    times = sorted(
        {0, 1, 30 * DAY, 30 * DAY + 1, 60 * DAY, 75 * DAY, *range(5 * DAY, 5 * DAY + 250)}
    )
    told = Statistics(bench, server, kind, times)
    listed = list(getattr(client, f"{kind}_between")(0, 75 * DAY))
    assert [entry.not_before for entry in listed] == times
    assert told.windows == [(0, 30 * DAY), (30 * DAY, 60 * DAY), (60 * DAY, 75 * DAY)]


def test_pages_are_fetched_as_needed(bench: Any, server: Any, client: Client) -> None:
    Statistics(bench, server, "issued", list(range(1000)))
    entries = client.issued_between(0, DAY)
    assert [next(entries).not_before for _each in range(150)] == list(range(150))
    assert next(client.expiring_between(5, 4), None) is None


def test_a_serial_number_that_is_none(bench: Any, server: Any, client: Client) -> None:
    entry = {"serial_number": "x", "not_before": 1, "not_after": 2}
    server.on("GET", "/stats/issued?from=0&to=9&page=1&per_page=100", bench.reply(200, [entry]))
    with pytest.raises(ApiError, match=r"\[0\].serial_number is wrong"):
        list(client.issued_between(0, 9))


def test_counters(bench: Any, server: Any, client: Client) -> None:
    server.on("GET", "/counters/certificates/issued", bench.reply(200, {"value": 12}))
    server.on("GET", "/counters/certificates/revoked", bench.reply(200, {"value": "3"}))
    assert (client.issued_count(), client.revoked_count()) == (12, 3)


def claim(domain: str, status: str, number: int, **more: Any) -> dict[str, Any]:
    members = {"id": f"{number:032X}", "domain": domain, "status": status, "created_at": 1}
    return {**members, **more}


def test_claims_by_status_and_pattern(bench: Any, server: Any, client: Client) -> None:
    """A service that does not know the query sends all."""
    claims = [
        claim("a.x.example.", "VERIFIED", 1),
        claim("b.x.example.", "PENDING", 2),
        claim("x.other.", "VERIFIED", 3),
    ]
    query = "status=VERIFIED&domain=%25.x.example&page=1&per_page=100"
    server.on("GET", f"/claims/domains?{query}", bench.reply(200, claims))
    found = client.claims("VERIFIED", "%.x.example")
    assert [each.domain for each in found] == ["a.x.example"]


@pytest.mark.parametrize(("status", "is_verified"), [(201, False), (202, False), (204, True)])
def test_assertions(
    bench: Any, server: Any, client: Client, status: int, is_verified: bool
) -> None:
    for kind, method in (
        ("domains", "dns"),
        ("domains", "http"),
        ("domains", "email"),
        ("ipaddresses", "http"),
    ):
        server.on("POST", f"/claims/{kind}/{CLAIM_ID}/{method}", bench.reply(status))
    assert client.assert_claim_dns(CLAIM_ID) == is_verified
    assert server.seen[-1].body == b""
    assert client.assert_claim_dns(CLAIM_ID, "_acme.x.example") == is_verified
    assert server.seen[-1].body == b'{"authorization_domain":"_acme.x.example"}'
    assert client.assert_claim_http(CLAIM_ID, "x.example", "https") == is_verified
    assert server.seen[-1].body == b'{"authorization_domain":"x.example","scheme":"https"}'
    assert client.assert_claim_email(CLAIM_ID, "admin@x.example") == is_verified
    assert server.seen[-1].body == b'{"email_address":"admin@x.example"}'
    assert client.assert_address_claim_http(CLAIM_ID, "192.0.2.1", "http") == is_verified
    assert server.seen[-1].body == b'{"authorization_ip_address":"192.0.2.1","scheme":"http"}'


def test_where_a_claim_can_be_proven(bench: Any, server: Any, client: Client) -> None:
    answer = {
        "constructed": ["admin@x.example"],
        "DNS": {"SOA": {"emails": ["dns@x.example"], "errors": ["slow"]}},
    }
    path = f"/claims/domains/{CLAIM_ID}"
    server.on("GET", f"{path}/dns", bench.reply(200, ["X.example.", "example"]))
    server.on("GET", f"{path}/email", bench.reply(200, answer), bench.reply(200, {}))
    assert client.authorization_domains(CLAIM_ID) == ["x.example", "example"]
    told = client.email_addresses(CLAIM_ID)
    assert (told.constructed, told.from_soa) == (("admin@x.example",), ("dns@x.example",))
    assert told.problems == ("slow",)
    assert client.email_addresses(CLAIM_ID).constructed == ()


@pytest.mark.parametrize("member", ["ip_address", "ip", "domain"])
def test_address_claims(bench: Any, server: Any, client: Client, member: str) -> None:
    path = "/claims/ipaddresses"
    document = {"id": CLAIM_ID, "status": "PENDING", "created_at": 1, member: "2001:DB8::1"}
    created = {"Location": f"/v2{path}/{CLAIM_ID}"}
    server.on("POST", f"{path}/2001%3Adb8%3A%3A1", bench.reply(201, {"token": "T"}, created))
    server.on("GET", f"{path}?page=1&per_page=100", bench.reply(200, [document]))
    server.on("GET", f"{path}/{CLAIM_ID}", bench.reply(200, document))
    server.on("POST", f"{path}/{CLAIM_ID}/reassert", bench.reply(201, {"token": "U"}))
    server.on("DELETE", f"{path}/{CLAIM_ID}", bench.reply(204))
    assert client.create_address_claim("2001:db8::1").claim_id == CLAIM_ID
    assert [each.domain for each in client.address_claims()] == ["2001:db8::1"]
    assert client.address_claim(CLAIM_ID).status == "PENDING"
    assert client.reassert_address_claim(CLAIM_ID).token == "U"
    client.delete_address_claim(CLAIM_ID)


@pytest.mark.parametrize(
    ("method", "kind"), [("delete_claim", "domains"), ("delete_address_claim", "ipaddresses")]
)
def test_a_claim_that_is_gone_already(
    bench: Any, server: Any, client: Client, method: str, kind: str
) -> None:
    path = f"/claims/{kind}/{CLAIM_ID}"
    server.on("DELETE", path, bench.reply(404, {"description": "Not Found"}), bench.reply(422))
    delete = getattr(client, method)
    delete(CLAIM_ID)
    with pytest.raises(ApiError) as caught:
        delete(CLAIM_ID)
    assert caught.value.status == 422
    assert len(server.requests("DELETE", path)) == 2
