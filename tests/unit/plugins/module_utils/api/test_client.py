# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The endpoints: what each sends, and what it makes of the answers."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api import calls
from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import (
    Claim,
    ClaimToken,
    Client,
    IssuedCertificate,
    LogEntry,
    SerialNumber,
    txt_value,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import (
    ApiError,
    Problem,
    refusal,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.response import Response
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

SERIAL = "01CFABDF1EBA6325930BF8B6FFD89F12"
CLAIM_ID = "0136017F938B709EE80A67B80183B83F"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
BODY = {"public_key": "key"}
PREFIX = "globalsign-domain-verification="
MISSING = object()


class ScriptedSession:
    """Gives one answer after the other, and remembers what was asked."""

    def __init__(self, *answers: tuple[int, Any, dict[str, str]]) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[Any, ...]] = []
        self.seconds: list[float] = []

    total_timeout = 180.0

    def get(self, path: str, query: Any = None, seconds: float | None = None) -> Response:
        if seconds is not None:
            self.seconds.append(seconds)
        return self._answer("GET", path, query)

    def post(self, path: str, body: Any = None, until_ready: bool = False) -> Response:
        return self._answer("POST", path, body)

    def post_once(self, path: str, body: Any) -> Response:
        return self._answer("POST once", path, body)

    def patch(self, path: str, body: Any) -> Response:
        return self._answer("PATCH", path, body)

    def delete(self, path: str) -> Response:
        return self._answer("DELETE", path, None)

    def service_time(self) -> float:
        return 1795430400.9

    def _answer(self, method: str, path: str, content: Any) -> Response:
        self.asked.append((method, path, content))
        status, document, headers = self._answers.pop(0)
        if status >= 400:
            raise refusal(method, path, status, Problem.parse(document), "atlas.example:8443")
        return Response(method, path, status, headers, document)


def client_for(
    status: int = 200, document: Any = None, headers: dict[str, str] | None = None
) -> tuple[Client, ScriptedSession]:
    session = ScriptedSession((status, document, headers or {}))
    return Client(session), session  # type: ignore[arg-type]


def claim_document(**members: Any) -> dict[str, Any]:
    """As a current server sends it; a member given as MISSING is left out."""
    document = {
        "id": CLAIM_ID,
        "status": "VERIFIED",
        "domain": "example.com.",
        "created_at": 1795000000,
        "expires_at": 1812000000,
        "assert_by": 1797000000,
        "log": [],
        "token": "ABC",
        "last_verification_method": "HTTP",
        **members,
    }
    return {name: value for name, value in document.items() if value is not MISSING}


def read_claim(**members: Any) -> Claim:
    return client_for(200, claim_document(**members))[0].claim(CLAIM_ID)


def error_of(call: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value


class TestAccount:
    def test_the_policy_is_as_sent(self) -> None:
        client, session = client_for(200, {"public_key": {"key_type": "RSA"}, "new": [1]})
        assert client.validation_policy() == {"public_key": {"key_type": "RSA"}, "new": [1]}
        assert session.asked == [("GET", "/validationpolicy", None)]

    def test_the_quota(self) -> None:
        client, session = client_for(200, {"value": 999881})
        assert client.quota() == 999881
        assert session.asked == [("GET", "/quotas/issuance", None)]

    def test_a_quota_of_none(self) -> None:
        assert client_for(200, {"value": 0})[0].quota() == 0

    @pytest.mark.parametrize("value", [MISSING, None, "", "many", True, 1.5, [], "9" * 40])
    def test_a_malformed_quota_names_the_field(self, value: Any) -> None:
        document = {} if value is MISSING else {"value": value}
        error = error_of(client_for(200, document)[0].quota)
        assert "GET /quotas/issuance is not as documented: value is " in error.message
        assert error.status == 200

    def test_the_trust_chain(self) -> None:
        client, session = client_for(200, [PEM, PEM + PEM])
        assert client.trust_chain() == [PEM, PEM + PEM]
        assert session.asked == [("GET", "/trustchain", None)]

    @pytest.mark.parametrize("document", [None, [], {}, [7], [PEM, ""], [PEM, None], PEM])
    def test_a_malformed_trust_chain(self, document: Any) -> None:
        error = error_of(client_for(200, document)[0].trust_chain)
        assert "GET /trustchain is not as documented" in error.message

    @pytest.mark.parametrize("document", [None, [], "policy", 7])
    def test_a_malformed_policy(self, document: Any) -> None:
        error = error_of(client_for(200, document)[0].validation_policy)
        assert "GET /validationpolicy is not as documented" in error.message

    def test_the_clock_tells_whole_seconds(self) -> None:
        assert client_for()[0].service_time() == 1795430400


class TestCertificates:
    @pytest.mark.parametrize(
        "location",
        [
            f"/v2/certificates/{SERIAL}",
            f"/v2/certificates/{SERIAL}/",
            f"/certificates/{SERIAL}",
            f"https://atlas.example:8443/v2/certificates/{SERIAL}?x=1",
            SERIAL,
        ],
    )
    def test_the_serial_number_is_in_location(self, location: str) -> None:
        client, session = client_for(201, None, {"location": location})
        assert client.request_certificate(BODY).text == SERIAL
        assert session.asked == [("POST once", "/certificates", BODY)]

    def test_it_is_as_the_service_wrote_it(self) -> None:
        location = f"/v2/certificates/{SERIAL.lower()}"
        client, _session = client_for(201, None, {"location": location})
        serial = client.request_certificate(BODY)
        assert (serial.text, serial) == (SERIAL.lower(), SerialNumber(SERIAL))

    @pytest.mark.parametrize(
        ("status", "location"),
        [
            (200, f"/v2/certificates/{SERIAL}"),
            (202, f"/v2/certificates/{SERIAL}"),
            (204, None),
            (201, None),
            (201, ""),
            (201, f"/v2/certificates/{SERIAL[1:]}"),
            (201, f"/v2/certificates/{SERIAL}0"),
            (201, f"/v2/certificates/{SERIAL[:-1]}G"),
            (201, "/v2/certificates/" + ":".join(["01"] * 16)),
        ],
    )
    def test_without_one_it_was_acted_upon_all_the_same(
        self, status: int, location: str | None
    ) -> None:
        headers = {} if location is None else {"location": location}
        client, _session = client_for(status, None, headers)
        error = error_of(lambda: client.request_certificate(BODY))
        assert (error.status, error.outcome) == (status, "acted")

    def test_an_issued_certificate(self) -> None:
        document = {"certificate": PEM, "status": "issued", "updated_at": 1795430400}
        client, session = client_for(200, document)
        assert client.certificate(SERIAL) == IssuedCertificate(PEM, "ISSUED", 1795430400)
        assert session.asked == [("GET", f"/certificates/{SERIAL}", None)]

    def test_one_that_is_still_being_issued(self) -> None:
        client, _session = client_for(202, {"description": "Operation in progress"})
        assert client.certificate(SERIAL) is None

    @pytest.mark.parametrize(
        ("document", "field"),
        [
            ({"status": "ISSUED", "updated_at": 1}, "certificate is missing"),
            ({"certificate": "", "status": "ISSUED"}, "certificate is missing"),
            ({"certificate": 7, "status": "ISSUED"}, "certificate is not a text"),
            ({"certificate": "MIIB", "status": "ISSUED"}, "certificate is not a PEM certificate"),
            ({"certificate": PEM, "updated_at": 1}, "status is missing"),
            ({"certificate": PEM, "status": "ISSUED", "updated_at": "now"}, "updated_at is not"),
            ([], "it is not an object"),
            (None, "it is not an object"),
        ],
    )
    def test_a_malformed_one_names_the_field(self, document: Any, field: str) -> None:
        error = error_of(lambda: client_for(200, document)[0].certificate(SERIAL))
        assert field in error.message


class TestClaim:
    def test_a_current_one(self) -> None:
        client, session = client_for(200, claim_document())
        assert client.claim(CLAIM_ID) == Claim(
            claim_id=CLAIM_ID,
            domain="example.com",
            status="VERIFIED",
            created_at=1795000000,
            expires_at=1812000000,
            assert_by=1797000000,
            token="ABC",
            last_verification_method="HTTP",
            log=(),
        )
        assert session.asked == [("GET", f"/claims/domains/{CLAIM_ID}", None)]

    @pytest.mark.parametrize(
        ("member", "value", "attribute", "expected"),
        [
            ("domain", "Example.COM", "domain", "example.com"),
            ("domain", "XN--bcher-kva.example.", "domain", "xn--bcher-kva.example"),
            ("status", "verified", "status", "VERIFIED"),
            ("status", "SUSPENDED", "status", "SUSPENDED"),
            ("expires_at", 0, "expires_at", None),
            ("expires_at", MISSING, "expires_at", None),
            ("expires_at", "1812000000", "expires_at", 1812000000),
            ("assert_by", MISSING, "assert_by", None),
            ("assert_by", None, "assert_by", None),
            ("token", MISSING, "token", None),
            ("token", "", "token", None),
            ("log", None, "log", ()),
            ("log", MISSING, "log", ()),
            ("last_verification_method", "Dns", "last_verification_method", "DNS"),
            ("last_verification_method", MISSING, "last_verification_method", None),
            ("unheard_of", [1], "status", "VERIFIED"),
        ],
    )
    def test_what_servers_do_otherwise(
        self, member: str, value: Any, attribute: str, expected: Any
    ) -> None:
        assert getattr(read_claim(**{member: value}), attribute) == expected

    @pytest.mark.parametrize(
        ("member", "value", "field"),
        [
            ("id", MISSING, "id is missing"),
            ("id", 7, "id is not a text"),
            ("domain", None, "domain is missing"),
            ("status", "", "status is missing"),
            ("created_at", MISSING, "created_at is missing"),
            ("created_at", "yesterday", "created_at is not an integer"),
            ("expires_at", {}, "expires_at is not an integer"),
            ("token", "two\nlines", "token is not one short line"),
            ("token", "x" * 256, "token is not one short line"),
            ("token", "t\u00f6ken", "token is not one short line"),
            ("token", 7, "token is not a text"),
            ("log", {}, "log is not a list"),
            ("log", ["x"], "log[0] is not an object"),
            ("log", [{}, {"timestamp": []}], "log[1].timestamp is not an integer"),
        ],
    )
    def test_a_malformed_one_names_the_field(self, member: str, value: Any, field: str) -> None:
        error = error_of(partial(read_claim, **{member: value}))
        assert field in error.message

    def test_the_log(self) -> None:
        error = {"status": "error", "description": "no\x1b valid\nDNS", "timestamp": 1795000001}
        success = {"status": "SUCCESS", "timestamp": 1795000002, "method": "dns"}
        claim = read_claim(log=[error, success, {}], last_verification_method=MISSING)
        assert claim.log == (
            LogEntry("ERROR", "no valid DNS", 1795000001, None),
            LogEntry("SUCCESS", "", 1795000002, "DNS"),
            LogEntry("", "", None, None),
        )
        assert claim.last_verification_method == "DNS"

    def test_the_method_is_that_of_the_last_success(self) -> None:
        log = [
            {"status": "SUCCESS", "method": "EMAIL"},
            {"status": "SUCCESS", "method": "HTTP"},
            {"status": "ERROR", "method": "DNS"},
        ]
        assert read_claim(log=log, last_verification_method=None).last_verification_method == "HTTP"

    @pytest.mark.parametrize("told", [MISSING, None, 0])
    def test_when_it_was_verified_is_in_the_log_too(self, told: Any) -> None:
        log = [
            {"status": "SUCCESS", "timestamp": 1795000001, "method": "DNS"},
            {"status": "success", "timestamp": 1795000002},
            {"status": "ERROR", "timestamp": 1795000003, "method": "HTTP"},
        ]
        claim = read_claim(log=log, last_verified_at=told, last_verification_method=MISSING)
        assert claim.last_verified_at == 1795000002
        assert claim.last_verification_method is None
        assert read_claim(log=log, last_verified_at=7).last_verified_at == 7
        assert read_claim(log=log[2:], last_verified_at=told).last_verified_at is None
        assert read_claim(log=[{"status": "SUCCESS"}]).last_verified_at is None

    @pytest.mark.parametrize(
        ("members", "domain"),
        [
            ({"ip_address": "2001:DB8::7", "domain": "x"}, "2001:db8::7"),
            ({"ipaddress": "192.0.2.7"}, "192.0.2.7"),
            ({"ip": "192.0.2.8"}, "192.0.2.8"),
            ({"ip_address": "", "ip": None}, "example.com"),
            ({"domain": "Example.com.."}, "example.com"),
        ],
    )
    def test_what_is_claimed(self, members: dict[str, Any], domain: str) -> None:
        assert read_claim(**members).domain == domain

    def test_the_longest_token(self) -> None:
        assert read_claim(token="x" * 255).token == "x" * 255

    def test_what_the_service_tells_goes_before_the_log(self) -> None:
        claim = read_claim(log=[{"status": "SUCCESS", "method": "EMAIL"}])
        assert claim.last_verification_method == "HTTP"

    @pytest.mark.parametrize(
        ("members", "now", "is_verified"),
        [
            ({}, 1800000000, True),
            ({}, 1811999999.5, True),
            ({}, 1812000000, False),
            ({"expires_at": 0}, 1812000001, True),
            ({"status": "PENDING"}, 1800000000, False),
            ({"status": "SUSPENDED"}, 1800000000, False),
        ],
    )
    def test_verified(self, members: dict[str, Any], now: float, is_verified: bool) -> None:
        assert read_claim(**members).is_verified(now) is is_verified

    @pytest.mark.parametrize("token", ["015A85DB506CC703", PREFIX + "015A85DB506CC703"])
    def test_the_prefix_is_there_once(self, token: str) -> None:
        assert txt_value(token) == PREFIX + "015A85DB506CC703"
        assert txt_value(txt_value(token)) == txt_value(token)


class TestClaims:
    @staticmethod
    def page(first: int, count: int, total: int | None) -> tuple[int, Any, dict[str, str]]:
        """A page of claims; the headers lead astray all who follow `Links`."""
        claims = [claim_document(id=f"{number:032X}") for number in range(first, first + count)]
        headers = {"links": '</claims/domains?page=99>; rel="next"'}
        if total is not None:
            headers["total-count"] = str(total)
        return (200, claims, headers)

    @pytest.mark.parametrize(
        ("pages", "expected"),
        [
            ([(0, 0, 0)], 0),
            ([(0, 0, None)], 0),
            ([(0, 3, 3)], 3),
            ([(0, 3, None)], 3),
            ([(0, 100, 100)], 100),
            ([(0, 100, None), (100, 0, None)], 100),
            ([(0, 100, 250), (100, 100, 250), (200, 50, 250)], 250),
            ([(0, 100, None), (100, 100, None), (200, 50, None)], 250),
            ([(0, 50, 120), (50, 50, 120), (100, 20, 120)], 120),
            ([(0, 100, 250), (100, 0, 250)], 100),
            ([(0, 100, 250), (0, 100, 250)], 100),
            ([(0, 100, 150), (99, 51, 150)], 150),
        ],
        ids=[
            "none",
            "none, untold",
            "few",
            "few, untold",
            "one full page",
            "one full page, untold",
            "three pages",
            "three pages, untold",
            "smaller pages than asked for",
            "fewer than told",
            "the same page for ever",
            "pages that overlap",
        ],
    )
    def test_pages(self, pages: list[tuple[int, int, int | None]], expected: int) -> None:
        session = ScriptedSession(*(self.page(*page) for page in pages))
        claims = list(Client(session).claims())  # type: ignore[arg-type]
        assert [claim.claim_id for claim in claims] == [f"{n:032X}" for n in range(expected)]
        assert session.asked == [
            ("GET", "/claims/domains", {"page": page, "per_page": 100})
            for page in range(1, len(pages) + 1)
        ]

    def test_pages_share_the_time_of_one_call(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is done with the entries meanwhile takes none of it."""
        now = [0.0]
        monkeypatch.setattr(calls, "time", SimpleNamespace(monotonic=lambda: now[0]))
        session = ScriptedSession(*(self.page(first, 100, None) for first in (0, 100, 200)))
        answer = session._answer

        def slow(*asked: Any) -> Response:
            now[0] += 7
            return answer(*asked)

        monkeypatch.setattr(session, "_answer", slow)
        for _claim in zip(range(250), Client(session).claims()):  # type: ignore[arg-type]
            now[0] += 1000
        assert session.seconds == [180.0, 173.0, 166.0]

    def test_a_list_without_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert calls.MOST_PAGES == 1000
        monkeypatch.setattr(calls, "MOST_PAGES", 3)
        session = ScriptedSession(*(self.page(100 * number, 100, 10**9) for number in range(3)))
        error = error_of(lambda: list(Client(session).claims()))  # type: ignore[arg-type]
        assert error.message == (
            "The answer of Atlas to GET /claims/domains is not as documented: it goes on after 3"
            " pages; check api_url."
        )

    @pytest.mark.parametrize("total", ["-1", "\u00b2", "1.0", "many", "9" * 16, "1, 1"])
    def test_a_total_that_is_none(self, total: str) -> None:
        client, _session = client_for(200, [claim_document()], {"total-count": total})
        assert error_of(lambda: list(client.claims())).message == (
            "The answer of Atlas to GET /claims/domains is not as documented: its header"
            " Total-Count is not the number of all entries; check api_url."
        )

    @pytest.mark.parametrize("claim_id", ["..", "", CLAIM_ID[:-1], CLAIM_ID + "0", "0x" + "0" * 30])
    def test_what_is_no_id_gets_into_no_path(self, claim_id: str) -> None:
        client, session = client_for(204)
        for call in (client.claim, client.delete_claim, client.reassert_claim):
            with pytest.raises(AtlasError) as caught:
                call(claim_id)
            assert caught.value.message == (
                f"{claim_id!r} is no claim id; give its 32 hexadecimal digits."
            )
        assert session.asked == []

    @pytest.mark.parametrize(
        ("document", "field"),
        [
            ({}, "it is not a list"),
            (None, "it is not a list"),
            (["x"], "[0] is not an object"),
            ([claim_document(), claim_document(id="")], "[1].id is missing"),
        ],
    )
    def test_a_malformed_page(self, document: Any, field: str) -> None:
        error = error_of(lambda: list(client_for(200, document)[0].claims()))
        assert field in error.message

    def test_create(self) -> None:
        headers = {"location": f"/v2/claims/domains/{CLAIM_ID}"}
        client, session = client_for(201, {"token": "ABC", "assert_by": 1797000000}, headers)
        assert client.create_claim("example.com") == ClaimToken(CLAIM_ID, "ABC", 1797000000)
        assert session.asked == [("POST", "/claims/domains/example.com", None)]

    def test_nothing_leaves_its_path_segment(self) -> None:
        headers = {"location": CLAIM_ID}
        client, session = client_for(201, {"token": "ABC"}, headers)
        client.create_claim("../x?y#z")
        assert session.asked == [("POST", "/claims/domains/..%2Fx%3Fy%23z", None)]

    @pytest.mark.parametrize(
        ("document", "headers", "field"),
        [
            ({"token": "ABC"}, {}, "no claim id in Location"),
            ({"token": "ABC"}, {"location": "/"}, "no claim id in Location"),
            ({"assert_by": 1}, {"location": CLAIM_ID}, "token is missing"),
            ({"token": "a\nb"}, {"location": CLAIM_ID}, "token is not one short line"),
            (None, {"location": CLAIM_ID}, "it is not an object"),
        ],
    )
    def test_a_malformed_answer_to_create(
        self, document: Any, headers: dict[str, str], field: str
    ) -> None:
        client, _session = client_for(201, document, headers)
        assert field in error_of(lambda: client.create_claim("example.com")).message

    def test_delete(self) -> None:
        client, session = client_for(204)
        client.delete_claim(CLAIM_ID)
        assert session.asked == [("DELETE", f"/claims/domains/{CLAIM_ID}", None)]

    @pytest.mark.parametrize(
        ("status", "verified"), [(200, False), (201, False), (202, False), (204, True)]
    )
    def test_assert(self, status: int, verified: bool) -> None:
        client, session = client_for(status)
        assert client.assert_claim_http(CLAIM_ID, "example.com", "http") is verified
        assert session.asked == [
            (
                "POST",
                f"/claims/domains/{CLAIM_ID}/http",
                {"authorization_domain": "example.com", "scheme": "http"},
            )
        ]

    @pytest.mark.parametrize("status", [200, 201])
    def test_reassert(self, status: int) -> None:
        client, session = client_for(status, {"token": "NEW", "assert_by": 1797000000})
        assert client.reassert_claim(CLAIM_ID) == ClaimToken(CLAIM_ID, "NEW", 1797000000)
        assert session.asked == [("POST", f"/claims/domains/{CLAIM_ID}/reassert", None)]


def test_who_is_done_closes_the_session() -> None:
    closed: list[str] = []
    session = ScriptedSession()
    session.close = lambda: closed.append("closed")  # type: ignore[attr-defined]
    with Client(session) as client:  # type: ignore[arg-type]
        assert closed == []
        assert isinstance(client, Client)
    assert closed == ["closed"]
    client.close()
    assert closed == ["closed", "closed"]


def test_over_the_wire(bench: Any, server: Any) -> None:
    """What the client makes of paths and queries is what the server sees."""
    server.on("GET", "/claims/domains?page=1&per_page=100", bench.reply(200, [claim_document()]))
    server.on("GET", "/validationpolicy", bench.reply(200, {"validity": {}}))
    with Client(bench.session(server)) as client:
        assert [claim.domain for claim in client.claims()] == ["example.com"]
        assert client.validation_policy() == {"validity": {}}
    assert server.logins == 1
