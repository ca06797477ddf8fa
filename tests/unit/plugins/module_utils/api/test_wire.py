# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each method of the client sends, to the byte, and what it makes of a documented answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import (
    Claim,
    ClaimToken,
    Client,
    EmailAddresses,
    IssuedCertificate,
    ListedCertificate,
    LogEntry,
    SerialNumber,
)

SERIAL = "01CFABDF1EBA6325930BF8B6FFD89F12"
OTHER = "013E636AA765B7A2DF590B794E99443A"
CLAIM = "0136017F938B709EE80A67B80183B83F"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
ROOT = "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"
TOKEN = "015A85DB506CC703"
DRAWN = {"token": TOKEN, "assert_by": 1797000000}
LISTED = [{"serial_number": SERIAL, "not_before": 1795430400, "not_after": 1812000000}]
LISTING = [ListedCertificate(SerialNumber(SERIAL), 1795430400, 1812000000)]
AT_CERTIFICATE = {"Location": f"/v2/certificates/{SERIAL}"}
JSON = "application/json;charset=utf-8"


def claim_document(claimed: str) -> dict[str, Any]:
    """Field by field as the API reference has it, section 5.1."""
    return {
        "id": CLAIM,
        "status": "VERIFIED",
        "domain": claimed,
        "created_at": 1795000000,
        "expires_at": 1812000000,
        "assert_by": 1797000000,
        "token": TOKEN,
        "last_verification_method": "HTTP",
        "last_verified_at": 1795000500,
        "log": [
            {
                "status": "SUCCESS",
                "description": "verified",
                "timestamp": 1795000400,
                "method": "HTTP",
            }
        ],
    }


def claim(domain: str) -> Claim:
    return Claim(
        claim_id=CLAIM,
        domain=domain,
        status="VERIFIED",
        created_at=1795000000,
        expires_at=1812000000,
        assert_by=1797000000,
        token=TOKEN,
        last_verification_method="HTTP",
        log=(LogEntry("SUCCESS", "verified", 1795000400, "HTTP"),),
        last_verified_at=1795000500,
    )


@dataclass(frozen=True)
class Call:
    """One call of the client: its request, the answer of the service, and its result."""

    name: str
    arguments: tuple[Any, ...]
    method: str
    target: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    answer: Any = None
    answer_headers: dict[str, str] = field(default_factory=dict)
    result: Any = None


CALLS = [
    Call(
        "validation_policy", (), "GET", "/validationpolicy", answer={"san": {}}, result={"san": {}}
    ),
    Call("trust_chain", (), "GET", "/trustchain", answer=[PEM, ROOT], result=[PEM, ROOT]),
    Call("quota", (), "GET", "/quotas/issuance", answer={"value": 999881}, result=999881),
    Call(
        "issued_count", (), "GET", "/counters/certificates/issued", answer={"value": 12}, result=12
    ),
    Call(
        "revoked_count", (), "GET", "/counters/certificates/revoked", answer={"value": 3}, result=3
    ),
    Call(
        "request_certificate",
        (
            {
                "validity": {"not_before": 1795430400, "not_after": 0},
                "subject_dn": {"state": "K\u00f6ln"},
            },
        ),
        "POST",
        "/certificates",
        b'{"validity":{"not_before":1795430400,"not_after":0},"subject_dn":{"state":"K\\u00f6ln"}}',
        status=201,
        answer_headers=AT_CERTIFICATE,
        result=SerialNumber(SERIAL),
    ),
    Call(
        "rekey",
        (OTHER, "KEY", "PROOF", {"hash_algorithm": "SHA-256"}),
        "POST",
        f"/certificates/{OTHER}/rekey",
        b'{"public_key":"KEY","public_key_signature":"PROOF","signature":{"hash_algorithm":"SHA-256"}}',
        status=201,
        answer_headers=AT_CERTIFICATE,
        result=SerialNumber(SERIAL),
    ),
    Call(
        "rekey",
        (SerialNumber(OTHER[1:].lower()), "KEY"),
        "POST",
        f"/certificates/{OTHER}/rekey",
        b'{"public_key":"KEY"}',
        status=201,
        answer_headers=AT_CERTIFICATE,
        result=SerialNumber(SERIAL),
    ),
    Call(
        "certificate",
        (SERIAL,),
        "GET",
        f"/certificates/{SERIAL}",
        answer={"certificate": PEM, "status": "ISSUED", "updated_at": 1795430401},
        result=IssuedCertificate(PEM, "ISSUED", 1795430401),
    ),
    Call(
        "certificate",
        (SERIAL,),
        "GET",
        f"/certificates/{SERIAL}",
        status=202,
        answer={"description": "Operation in progress"},
        result=None,
    ),
    Call(
        "revoke",
        (SERIAL, "cessationOfOperation"),
        "PATCH",
        f"/certificates/{SERIAL}",
        b'{"revocation_reason":"cessationOfOperation"}',
        status=204,
    ),
    Call(
        "revoke",
        (SERIAL, "keyCompromise", 0, "CSR"),
        "PATCH",
        f"/certificates/{SERIAL}",
        b'{"revocation_reason":"keyCompromise","revocation_time":0,"key_compromise_attestation":"CSR"}',
        status=204,
    ),
    Call("revoke_without_reason", (SERIAL,), "DELETE", f"/certificates/{SERIAL}", status=204),
    *(
        Call(
            f"{kind}_between",
            (1795430400, 1795430400 + 30 * 86400),
            "GET",
            f"/stats/{kind}?from=1795430400&to=1798022400&page=1&per_page=100",
            answer=LISTED,
            answer_headers={"Total-Count": "1"},
            result=LISTING,
        )
        for kind in ("issued", "revoked", "expiring")
    ),
    Call(
        "claims",
        (),
        "GET",
        "/claims/domains?page=1&per_page=100",
        answer=[claim_document("www.example.com.")],
        answer_headers={"Total-Count": "1"},
        result=[claim("www.example.com")],
    ),
    Call(
        "claims",
        ("VERIFIED", "%.example.com"),
        "GET",
        "/claims/domains?status=VERIFIED&domain=%25.example.com&page=1&per_page=100",
        answer=[claim_document("www.example.com.")],
        answer_headers={"Total-Count": "1"},
        result=[claim("www.example.com")],
    ),
    Call(
        "address_claims",
        (),
        "GET",
        "/claims/ipaddresses?page=1&per_page=100",
        answer=[claim_document("192.0.2.7")],
        answer_headers={"Total-Count": "1"},
        result=[claim("192.0.2.7")],
    ),
    *(
        Call(
            name,
            (claimed,),
            "POST",
            f"/claims/{kind}/{escaped}",
            status=201,
            answer=DRAWN,
            answer_headers={"Location": f"/v2/claims/{kind}/{CLAIM}"},
            result=ClaimToken(CLAIM, TOKEN, 1797000000),
        )
        for name, kind, claimed, escaped in (
            ("create_claim", "domains", "www.example.com", "www.example.com"),
            ("create_address_claim", "ipaddresses", "192.0.2.7", "192.0.2.7"),
            ("create_address_claim", "ipaddresses", "2001:db8::7", "2001%3Adb8%3A%3A7"),
        )
    ),
    *(
        Call(
            name,
            (CLAIM,),
            "GET",
            f"/claims/{kind}/{CLAIM}",
            answer=claim_document(claimed),
            result=claim(claimed),
        )
        for name, kind, claimed in (
            ("claim", "domains", "www.example.com"),
            ("address_claim", "ipaddresses", "2001:db8::7"),
        )
    ),
    Call("delete_claim", (CLAIM,), "DELETE", f"/claims/domains/{CLAIM}", status=204),
    Call("delete_address_claim", (CLAIM,), "DELETE", f"/claims/ipaddresses/{CLAIM}", status=204),
    *(
        Call(
            name,
            (CLAIM,),
            "POST",
            f"/claims/{kind}/{CLAIM}/reassert",
            status=status,
            answer=DRAWN,
            answer_headers={"Location": f"/v2/claims/{kind}/{OTHER}"},
            result=ClaimToken(CLAIM, TOKEN, 1797000000),
        )
        for name, kind in (
            ("reassert_claim", "domains"),
            ("reassert_address_claim", "ipaddresses"),
        )
        for status in (200, 201)
    ),
    Call(
        "authorization_domains",
        (CLAIM,),
        "GET",
        f"/claims/domains/{CLAIM}/dns",
        answer=["WWW.example.com.", "example.com"],
        result=["www.example.com", "example.com"],
    ),
    Call(
        "email_addresses",
        (CLAIM,),
        "GET",
        f"/claims/domains/{CLAIM}/email",
        answer={
            "constructed": ["admin@example.com", "webmaster@example.com"],
            "DNS": {"SOA": {"emails": ["dns@example.com"], "errors": ["slow"]}},
        },
        result=EmailAddresses(
            ("admin@example.com", "webmaster@example.com"), ("dns@example.com",), ("slow",)
        ),
    ),
    *(
        Call(name, (CLAIM, *arguments), "POST", f"/claims/{path}", body, status=status, result=done)
        for name, arguments, path, body in (
            ("assert_claim_dns", (), f"domains/{CLAIM}/dns", None),
            (
                "assert_claim_dns",
                ("_acme-challenge.example.com",),
                f"domains/{CLAIM}/dns",
                b'{"authorization_domain":"_acme-challenge.example.com"}',
            ),
            (
                "assert_claim_http",
                ("www.example.com", "https"),
                f"domains/{CLAIM}/http",
                b'{"authorization_domain":"www.example.com","scheme":"https"}',
            ),
            (
                "assert_claim_email",
                ("admin@example.com",),
                f"domains/{CLAIM}/email",
                b'{"email_address":"admin@example.com"}',
            ),
            (
                "assert_address_claim_http",
                ("2001:db8::7", "http"),
                f"ipaddresses/{CLAIM}/http",
                b'{"authorization_ip_address":"2001:db8::7","scheme":"http"}',
            ),
        )
        for status, done in ((201, False), (204, True))
    ),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.name} {call.target}")
def test_what_is_sent_and_what_is_made_of_the_answer(bench: Any, server: Any, call: Call) -> None:
    server.on(call.method, call.target, bench.reply(call.status, call.answer, call.answer_headers))
    found = getattr(Client(bench.session(server)), call.name)(*call.arguments)
    result = list(found) if isinstance(found, Iterator) else found
    assert result == call.result
    assert type(result) is type(call.result)
    login, sent = server.seen
    assert (sent.method, sent.target) == (call.method, f"/v2{call.target}")
    assert sent.body == (call.body or b"")
    common = {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": "globalsign.atlas",
        "accept": "application/json",
        "accept-encoding": "identity",
    }
    length = {} if call.method in ("GET",) else {"content-length": str(len(sent.body))}
    kind = {} if call.body is None else {"content-type": JSON}
    token = {"authorization": "Bearer eyJhbGciOiJkaXIi..token-of-login-1"}
    assert sent.headers == {**common, **length, **kind, **token, **call.headers}
    assert login.headers == {
        **common,
        "content-type": JSON,
        "content-length": str(len(login.body)),
    }
    assert login.body == (
        f'{{"api_key":"{bench.api_key}","api_secret":"{bench.api_secret}"}}'.encode()
    )


def test_each_method_of_the_client_is_here() -> None:
    methods = {name for name in dir(Client) if not name.startswith("_")}
    assert methods - {call.name for call in CALLS} == {"close", "service_time"}
