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
    with pytest.raises(AtlasError) as caught:
        client.certificate("01:CF")
    assert caught.value.message == (
        "serial_number: '01:CF' is not a serial number of 16 bytes; give its hexadecimal digits."
    )


def test_revoke(bench: Any, server: Any, client: Client) -> None:
    server.on("PATCH", CERTIFICATES, bench.reply(204))
    client.revoke(SERIAL, "keyCompromise", compromised_at=7, attestation="CSR")
    assert server.seen[-1].body == (
        b'{"revocation_reason":"keyCompromise","revocation_time":7,'
        b'"key_compromise_attestation":"CSR"}'
    )
    client.revoke(SERIAL, "keyCompromise", compromised_at=0)
    assert server.seen[-1].body == b'{"revocation_reason":"keyCompromise","revocation_time":0}'


@pytest.mark.parametrize("status", [409, 412])
def test_what_is_revoked_already(bench: Any, server: Any, client: Client, status: int) -> None:
    server.on("PATCH", CERTIFICATES, bench.reply(status, {"description": "revoked"}))
    server.on("DELETE", CERTIFICATES, bench.reply(status, {"description": "revoked"}))
    server.on("GET", CERTIFICATES, bench.reply(200, issued("REVOKED")))
    client.revoke(SERIAL, "superseded")
    client.revoke_without_reason(SERIAL)


def revoke_by(verb: str, client: Client) -> None:
    if verb == "PATCH":
        client.revoke(SERIAL, "superseded")
    else:
        client.revoke_without_reason(SERIAL)


@pytest.mark.parametrize("refusal", [409, 412])
@pytest.mark.parametrize(("status", "answer"), [(200, issued("ISSUED")), (202, {})])
@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
def test_a_refused_revocation(
    bench: Any, server: Any, client: Client, refusal: int, status: int, answer: Any, verb: str
) -> None:
    server.on(verb, CERTIFICATES, bench.reply(refusal, {"description": "pending"}))
    server.on("GET", CERTIFICATES, bench.reply(status, answer))
    with pytest.raises(ApiError) as caught:
        revoke_by(verb, client)
    assert caught.value.message == f"Atlas refused the request with {refusal} pending."
    assert (caught.value.method, caught.value.status) == (verb, refusal)


@pytest.mark.parametrize("status", [400, 404, 422, 500])
@pytest.mark.parametrize("verb", ["PATCH", "DELETE"])
def test_what_else_is_said_of_a_revocation_is_no_question_of_its_state(
    bench: Any, server: Any, client: Client, status: int, verb: str
) -> None:
    server.on(verb, CERTIFICATES, bench.reply(status))
    with pytest.raises(ApiError) as caught:
        revoke_by(verb, client)
    assert caught.value.status == status
    assert [seen.method for seen in server.seen] == ["POST", verb]


@pytest.mark.parametrize(
    "reason",
    [
        *("unspecified", "keyCompromise", "affiliationChanged", "cessationOfOperation"),
        *("superseded", "privilegeWithdrawn"),
    ],
)
def test_a_reason(bench: Any, server: Any, client: Client, reason: str) -> None:
    server.on("PATCH", CERTIFICATES, bench.reply(204))
    client.revoke(SERIAL, reason)
    assert server.seen[-1].body == f'{{"revocation_reason":"{reason}"}}'.encode()


def test_a_reason_that_is_none(server: Any, client: Client) -> None:
    with pytest.raises(AtlasError) as caught:
        client.revoke(SERIAL, "Superseded")
    assert caught.value.message == (
        "reason: 'Superseded' is no reason for revocation; give unspecified, keyCompromise,"
        " affiliationChanged, cessationOfOperation, superseded, privilegeWithdrawn."
    )
    assert server.seen == []


def test_rekey_sends_what_is_stated(bench: Any, server: Any, client: Client) -> None:
    location = {"Location": f"/v2/certificates/{SERIAL}"}
    server.on("POST", f"{CERTIFICATES}/rekey", bench.reply(201, headers=location))
    assert client.rekey(SERIAL, "KEY", "PROOF", {}).text == SERIAL
    assert server.seen[-1].body == b'{"public_key":"KEY","public_key_signature":"PROOF"}'
    client.rekey(SERIAL, "KEY", signature={"hash_algorithm": "SHA-384"})
    assert server.seen[-1].body == (
        b'{"public_key":"KEY","signature":{"hash_algorithm":"SHA-384"}}'
    )


def test_an_exhausted_quota_tells_what_is_left(bench: Any, server: Any, client: Client) -> None:
    server.on("POST", "/certificates", bench.reply(402, {"description": "Quota Reached"}))
    server.on("GET", "/quotas/issuance", bench.reply(200, {"value": 0}))
    with pytest.raises(ApiError) as told:
        client.request_certificate({"public_key": "KEY"})
    assert told.value.message == (
        "Atlas refused the request with 402 Quota Reached; order more certificates for this service"
        " in the Atlas portal. Of its quota 0 certificates are left."
    )
    assert (told.value.status, told.value.outcome) == (402, "refused")


def test_a_quota_that_cannot_be_read(bench: Any, server: Any, client: Client) -> None:
    server.on("POST", "/certificates", bench.reply(402, {"description": "Quota Reached"}))
    server.on("GET", "/quotas/issuance", bench.reply(404))
    with pytest.raises(ApiError) as told:
        client.request_certificate({"public_key": "KEY"})
    assert told.value.message == (
        "Atlas refused the request with 402 Quota Reached; order more certificates for this service"
        " in the Atlas portal."
    )
    assert (told.value.status, told.value.path) == (402, "/certificates")


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    ("count", "named"),
    [(1, "n0"), (2, "n0, n1"), (5, "n0, n1, n2, n3, n4"), (7, "n0, n1, n2, n3, n4 and 2 more")],
)
def test_names_that_no_claim_covers(
    bench: Any, server: Any, client: Client, status: int, count: int, named: str
) -> None:
    errors = {f"n{number}": "none" for number in range(count)}
    answer = {"description": "san: failed", "errors": errors}
    server.on("POST", "/certificates", bench.reply(status, answer))
    body = {"san": {"dns_names": list(errors)}, "public_key": "KEY"}
    with pytest.raises(ApiError) as caught:
        client.request_certificate(body)
    reasons = "; ".join(f"{name}: none" for name in errors)
    assert caught.value.message == (
        f"Atlas refused the request with {status} san: failed ({reasons}). There is no verified"
        f" claim that covers {named}; claim and verify the domain, for example with"
        " atlas_domain_claim."
    )
    assert (caught.value.status, caught.value.outcome) == (status, "refused")


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"san": {"dns_names": ["A.example."]}}, "a.example"),
        ({"san": {"emails": ["me@a.example"], "dns_names": []}}, "me@a.example"),
        ({"san": {"ip_addresses": ["192.0.2.7"]}}, "192.0.2.7"),
        ({"san": {"uris": ["https://a.example/x"]}}, "https://a.example/x"),
        ({"subject_dn": {"common_name": "a.example"}}, "A.example"),
    ],
)
def test_a_name_that_was_asked_for_is_one_in_any_spelling(
    bench: Any, server: Any, client: Client, body: dict[str, Any], key: str
) -> None:
    answer = {"description": "san: failed", "errors": {key: "none", "requires_label": "x"}}
    server.on("POST", "/certificates", bench.reply(422, answer))
    with pytest.raises(ApiError) as caught:
        client.request_certificate(body)
    assert f"There is no verified claim that covers {key}; claim" in caught.value.message


@pytest.mark.parametrize(
    ("status", "errors"),
    [
        (400, {}),
        (422, {}),
        (409, {"a.example": "none"}),
        (422, {"requires_label_separator": "a.example"}),
        (422, {"b.example": "none"}),
    ],
)
def test_no_claim_is_spoken_of_where_no_name_is_refused(
    bench: Any, server: Any, client: Client, status: int, errors: dict[str, str]
) -> None:
    server.on("POST", "/certificates", bench.reply(status, {"description": "x", "errors": errors}))
    with pytest.raises(ApiError) as caught:
        client.request_certificate({"san": {"dns_names": ["a.example"]}, "public_key": "KEY"})
    assert "claim" not in caught.value.message
    assert caught.value.status == status


ISSUING = [
    ("/certificates", lambda client: client.request_certificate({"public_key": "KEY"})),
    (f"{CERTIFICATES}/rekey", lambda client: client.rekey(SERIAL, "KEY")),
]


@pytest.mark.parametrize(("path", "call"), ISSUING)
def test_what_was_accepted_without_a_serial_number(
    bench: Any, server: Any, client: Client, path: str, call: Any
) -> None:
    server.on("POST", path, bench.reply(201))
    with pytest.raises(ApiError) as caught:
        call(client)
    assert caught.value.message == (
        f"The answer of Atlas to POST {path} is not as documented: with status 201 it tells no"
        " serial number in Location; check api_url."
    )
    assert (caught.value.status, caught.value.outcome) == (201, "acted")
    assert caught.value.may_have_acted


@pytest.mark.parametrize(("path", "call"), ISSUING)
@pytest.mark.parametrize(
    ("status", "outcome"),
    [(500, "unknown"), (503, "probably_not_acted"), (422, "refused"), (429, "not_acted")],
)
def test_what_issues_is_sent_once_and_tells_what_became_of_it(
    bench: Any, server: Any, path: str, call: Any, status: int, outcome: str
) -> None:
    """Only what was certainly not looked at, a 429, may go again."""
    server.on("POST", path, bench.reply(status, {"description": "x"}))
    client = Client(bench.session(server, retries=0 if status == 429 else 3))
    with pytest.raises(ApiError) as caught:
        call(client)
    assert (caught.value.status, caught.value.outcome) == (status, outcome)
    assert len(server.requests("POST", path)) == 1


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


@pytest.mark.parametrize(
    ("since", "until", "windows"),
    [
        (7, 7, [(7, 7)]),
        (8, 7, []),
        (7, 7 + 30 * DAY, [(7, 7 + 30 * DAY)]),
        (7, 8 + 30 * DAY, [(7, 7 + 30 * DAY), (7 + 30 * DAY, 8 + 30 * DAY)]),
        (7, 7 + 60 * DAY, [(7, 7 + 30 * DAY), (7 + 30 * DAY, 7 + 60 * DAY)]),
    ],
)
def test_windows(
    bench: Any,
    server: Any,
    client: Client,
    since: int,
    until: int,
    windows: list[tuple[int, int]],
) -> None:
    told = Statistics(bench, server, "issued", [7, 7 + 30 * DAY, 8 + 30 * DAY])
    listed = [entry.not_before for entry in client.issued_between(since, until)]
    assert listed == [time for time in told.times if since <= time <= until]
    assert told.windows == windows


def test_an_entry_is_told_once_though_windows_and_pages_overlap(
    bench: Any, server: Any, client: Client
) -> None:
    """The same serial number in another spelling is the same certificate."""
    first = {"serial_number": "0A", "not_before": 1, "not_after": 2}
    again = {"serial_number": "a", "not_before": 1, "not_after": 2}
    other = {"serial_number": "0B", "not_before": 3, "not_after": 4}
    edge, end = 30 * DAY, 31 * DAY
    total = {"Total-Count": "2"}
    query = "/stats/revoked?from={}&to={}&page=1&per_page=100"
    server.on("GET", query.format(0, edge), bench.reply(200, [first, again, other], total))
    server.on("GET", query.format(edge, end), bench.reply(200, [again], {"Total-Count": "1"}))
    listed = list(client.revoked_between(0, end))
    assert [(str(entry.serial), entry.not_before, entry.not_after) for entry in listed] == [
        ("a", 1, 2),
        ("0B", 3, 4),
    ]


def test_pages_are_fetched_as_needed(bench: Any, server: Any, client: Client) -> None:
    Statistics(bench, server, "issued", list(range(1000)))
    entries = client.issued_between(0, DAY)
    assert [next(entries).not_before for _each in range(150)] == list(range(150))
    assert next(client.expiring_between(5, 4), None) is None


def test_a_serial_number_that_is_none(bench: Any, server: Any, client: Client) -> None:
    entry = {"serial_number": "x", "not_before": 1, "not_after": 2}
    server.on("GET", "/stats/issued?from=0&to=9&page=1&per_page=100", bench.reply(200, [entry]))
    with pytest.raises(ApiError) as caught:
        list(client.issued_between(0, 9))
    assert caught.value.message == (
        "The answer of Atlas to GET /stats/issued is not as documented: [0].serial_number is wrong,"
        " 'x' is not a serial number of 16 bytes; check api_url."
    )


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
    server.on("GET", "/claims/domains?status=PENDING&page=1&per_page=100", bench.reply(200, claims))
    assert [each.domain for each in client.claims("PENDING")] == ["b.x.example"]
    query = "domain=%25.x.example&page=1&per_page=100"
    server.on("GET", f"/claims/domains?{query}", bench.reply(200, claims))
    found = client.claims(search="%.x.example")
    assert [each.domain for each in found] == ["a.x.example", "b.x.example"]


def test_a_search_that_cannot_be_is_not_sent(server: Any, client: Client) -> None:
    with pytest.raises(AtlasError, match=r"^search: '%x' is not a pattern of domains"):
        list(client.claims(search="%x"))
    assert server.seen == []


@pytest.mark.parametrize("names", [[7], ["x", None], {}, None])
def test_authorization_domains_that_are_none(
    bench: Any, server: Any, client: Client, names: Any
) -> None:
    server.on("GET", f"/claims/domains/{CLAIM_ID}/dns", bench.reply(200, names))
    with pytest.raises(ApiError, match=r"^(The answer of Atlas to GET|api_url: )"):
        client.authorization_domains(CLAIM_ID)


@pytest.mark.parametrize("status", [202, 404, 409, 422, 424])
@pytest.mark.parametrize(
    ("kind", "call"),
    [
        ("domains", lambda client: client.reassert_claim(CLAIM_ID)),
        ("ipaddresses", lambda client: client.reassert_address_claim(CLAIM_ID)),
    ],
)
def test_a_token_that_cannot_be_drawn(
    bench: Any, server: Any, kind: str, call: Any, status: int
) -> None:
    answer = bench.reply(status, {"token": "T"}, {"Retry-After": "1000"})
    server.on("POST", f"/claims/{kind}/{CLAIM_ID}/reassert", answer)
    with pytest.raises(ApiError) as caught:
        call(Client(bench.session(server)))
    assert caught.value.status == status


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


@pytest.mark.parametrize("member", ["ip_address", "ipaddress", "ip", "domain"])
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
