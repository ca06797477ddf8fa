# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The attacks of a hostile service on the client library: what it answers, and how that ends.

In a text, SERVER stands for its host and port, ELSEWHERE for those of a host that must not be
contacted. A test fills them in.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.pki import chains

from .hostile_service import (
    CLAIM,
    CLAIM_ID,
    GIVES_UP_AFTER,
    LISTED,
    PEM,
    POLICY,
    SERIAL,
    TOKEN,
    Act,
    Attack,
    Peer,
    answer,
    circle,
    raw,
    sends,
)

TOTAL, AMPLE = 1, 20
"""Seconds: the `total_timeout` of a client whose time runs out, and of one that is answered."""

KEY, SECRET = "e510e289e6cd8947", "a9c4f6d27be0514c83d6f10b2e97a4c5d80e3b61"
MOST_BYTES = 16 * 1024 * 1024
BODY = {"san": {"dns_names": ["www.quillon.example"]}, "public_key": "KEY"}

SLOW = (
    f"SERVER is too slow: its answer was not complete within {TOTAL} seconds (total_timeout);"
    " try again later."
)
CUT_OFF = (
    "SERVER closed the connection before its answer was complete; try again later, and if it is"
    " always so at the login, check that client_cert is of this account."
)
TOO_MUCH = f"SERVER answered with more than {MOST_BYTES} bytes; check api_url."
NO_TOKEN = "The answer of Atlas to POST /login holds no usable access_token; check api_url."


def not_http(what: str) -> str:
    return (
        f"api_url: SERVER answered with {what}; check the URL, and whether a proxy or portal"
        " stands in between."
    )


def not_json(request: str, kind: str, status: int = 200) -> str:
    return (
        f"api_url: SERVER answered {status} to {request}, but not in JSON ({kind}); check the URL,"
        " and whether a proxy or portal stands in between."
    )


def malformed(request: str, what: str) -> str:
    return f"The answer of Atlas to {request} is not as documented: {what}; check api_url."


def no_portal(status: int) -> str:
    return (
        f"api_url: SERVER answered {status} and wants to send us elsewhere, which Atlas never"
        " does; check the URL, and whether a proxy or portal stands in between."
    )


LOGIN, POLICY_OF, QUOTA = ("POST", "/login"), ("GET", "/validationpolicy"), ("GET", "/quotas")
CLAIMS, ISSUE = ("GET", "/claims/domains?"), ("POST", "/certificates")
FETCH, CHAIN = ("GET", "/certificates/"), ("GET", "/trustchain")
ONE_CLAIM, DELETE = ("GET", f"/claims/domains/{CLAIM_ID}"), ("DELETE", "/claims/domains/")
CREATE = ("POST", "/claims/domains/new.example")

Call = Callable[[Any], Any]


def policy_of(client: Any) -> Any:
    return client.validation_policy()


def quota_of(client: Any) -> Any:
    return client.quota()


def claims_of(client: Any) -> Any:
    return list(client.claims())


def a_claim(client: Any) -> Any:
    return client.claim(CLAIM_ID)


def delete_listed(client: Any) -> Any:
    return [client.delete_claim(claim.claim_id) for claim in client.claims()]


def a_new_claim(client: Any) -> Any:
    return client.create_claim("new.example")


def a_certificate(client: Any) -> Any:
    return client.certificate(SERIAL)


def a_request(client: Any) -> Any:
    return client.request_certificate(BODY)


def issued(client: Any) -> Any:
    return list(client.issued_between(1790000000, 1790000060))


def chain_of(client: Any) -> Any:
    return chains.split(client.trust_chain())


# ---- framing: without end, or cut off -----------------------------------------------------------

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_HUGE = _HEAD + b"Content-Length: 1000000000\r\n\r\n"
_LONG = _HEAD + b"Content-Length: 1000000\r\n\r\n"
_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


def _first(data: bytes, act: Act) -> Act:
    def both(peer: Peer) -> Any:
        peer.send(data)
        return act(peer)

    return both


def _drips(data: bytes, again: bytes) -> Act:
    return lambda peer: peer.drip(data, again)


def _repeats(unit: bytes) -> Act:
    return lambda peer: peer.repeat(unit)


def _floods(unit: bytes) -> Act:
    return lambda peer: peer.flood(unit)


WITHOUT_END: Mapping[str, Act] = {
    "silence": lambda peer: peer.wait(),
    "a status line byte by byte": _drips(b"HTTP/1.1 200 O", b"K"),
    "the version byte by byte": _drips(b"HTTP/1.", b"1"),
    "a header name byte by byte": _first(b"HTTP/1.1 200 OK\r\n", _drips(b"X-", b"a")),
    "a header value byte by byte": _first(b"HTTP/1.1 200 OK\r\n", _drips(b"X-A: ", b"a")),
    "a header at a time": _first(b"HTTP/1.1 200 OK\r\n", _repeats(b"X-A: a\r\n")),
    "headers and then silence": _first(_LONG, lambda peer: peer.wait()),
    "100 Continue at a time": _repeats(_ON),
    "100 Continue byte by byte": _drips(_ON, _ON),
    "100 Continue with headers": _first(b"HTTP/1.1 100 Continue\r\n", _repeats(b"X-A: a\r\n")),
    "a body with a length byte by byte": _first(_LONG, _drips(b"[", b"1")),
    "a body until close byte by byte": _first(_HEAD + b"\r\n", _drips(b"[", b"1")),
    "a body until close of HTTP 1.0": _first(b"HTTP/1.0 200 OK\r\n\r\n", _drips(b"[", b"1")),
    "a chunk size byte by byte": _first(_CHUNKED, _drips(b"0", b"0")),
    "a chunk extension byte by byte": _first(_CHUNKED, _drips(b"5;a", b"a")),
    "one large chunk byte by byte": _first(_CHUNKED, _drips(b"F4240\r\n[", b"1")),
    "chunks of a byte": _first(_CHUNKED, _repeats(b"1\r\n1\r\n")),
    "the end of a chunk is missing": _first(_CHUNKED + b"2\r\n[]", lambda peer: peer.wait()),
    "trailers at a time": _first(_CHUNKED + b"2\r\n[]\r\n0\r\n", _repeats(b"X-A: a\r\n")),
    "a trailer byte by byte": _first(_CHUNKED + b"2\r\n[]\r\n0\r\n", _drips(b"X", b"a")),
}

_TOO_LONG = not_http("a line that is longer than HTTP clients take")
_TOO_MANY = not_http("more headers than HTTP clients take")

FLOODS: Mapping[str, tuple[Any, ...]] = {
    "100 Continue": (_floods(_ON), SLOW, TOO_MUCH),
    "a status line": (_floods(b"HTTP/1.1 200 OK"), _TOO_LONG),
    "headers": (_first(_HEAD, _floods(b"X-A: a\r\n")), _TOO_MANY),
    "a header line": (_first(_HEAD, _floods(b"a")), _TOO_LONG),
    "a body of 1 GB": (_first(_HUGE, _floods(b"1")), TOO_MUCH),
    "a body until close": (_first(_HEAD + b"\r\n", _floods(b"1")), TOO_MUCH),
    "a chunk size": (_first(_CHUNKED, _floods(b"0")), _TOO_LONG, TOO_MUCH),
    "chunks": (_first(_CHUNKED, _floods(b"8\r\n11111111\r\n")), SLOW, TOO_MUCH),
    "trailers": (_first(_CHUNKED + b"2\r\n[]\r\n0\r\n", _floods(b"X: a\r\n")), SLOW, TOO_MUCH),
    "an error of 20 MB": (
        _first(b"HTTP/1.1 422 No\r\nContent-Length: 20000000\r\n\r\n", _floods(b"1")),
        TOO_MUCH,
    ),
}
"""What is sent as fast as it goes, and how that ends; how fast depends on the machine."""

CUT: Mapping[str, tuple[Act, str]] = {
    "at once": (sends(), CUT_OFF),
    "in the status line": (sends(b"HTTP/1.1 2"), CUT_OFF),
    "in the headers": (
        sends(_HEAD[:30]),
        malformed("GET /validationpolicy", "it is not an object"),
    ),
    "in the body": (sends(raw(200, POLICY)[:-5]), CUT_OFF),
    "in a chunk": (sends(_CHUNKED, b"FF\r\n{}"), CUT_OFF),
    "before the last chunk": (sends(_CHUNKED, b"2\r\n{}\r\n"), CUT_OFF),
    "by a reset": (lambda peer: peer.reset(), CUT_OFF),
    "by a reset in the body": (_first(_LONG, lambda peer: peer.reset()), CUT_OFF),
}

_NO_HTTP = not_http("something that is not HTTP")
_NO_LENGTH = not_http("a length that is not one")

NONSENSE: Mapping[str, tuple[Act, str]] = {
    "no HTTP": (sends(b"220 mail.example ESMTP\r\n"), _NO_HTTP),
    "blank lines": (sends(b"\r\n\r\n\r\n"), _NO_HTTP),
    "HTML without a header": (sends(b"<html></html>\r\n\r\n"), _NO_HTTP),
    "a chunk size that is none": (sends(_CHUNKED, b"zz\r\n{}\r\n0\r\n\r\n"), _NO_LENGTH),
    "two lengths": (
        sends(_HEAD, b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        _NO_LENGTH,
    ),
    "too short a length": (
        sends(_HEAD, b"Content-Length: 2\r\n\r\n[]]]]]"),
        malformed("GET /validationpolicy", "it is not an object"),
    ),
    "gzip": (
        answer(body=gzip.compress(b"{}" * 1000), headers={"Content-Encoding": "gzip"}),
        "SERVER answered in the encoding gzip, which it was not asked for; check api_url.",
    ),
    "an encoding with escapes": (
        answer(200, {}, headers={"Content-Encoding": "\x1b[2Jx"}),
        "SERVER answered in the encoding [2Jx, which it was not asked for; check api_url.",
    ),
    "gzip as a transfer encoding": (
        sends(_HEAD, b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n\x1f\x8b\r\n0\r\n\r\n"),
        not_json("GET /validationpolicy", "application/json"),
    ),
}


def framing() -> Iterator[Attack]:
    for name, act in WITHOUT_END.items():
        for kind, call, request in (
            ("login", policy_of, LOGIN),
            ("policy", policy_of, POLICY_OF),
            ("request", a_request, ISSUE),
            ("delete", delete_listed, DELETE),
        ):
            yield Attack(f"{kind}: {name}", call, {request: act}, SLOW, effort="waits")
    for name, (act, says, *others) in FLOODS.items():
        yield Attack(
            f"flood: {name}", policy_of, {POLICY_OF: act}, says, tuple(others), effort="floods"
        )
    for name, (act, says) in CUT.items():
        yield Attack(f"cut off: {name}", policy_of, {POLICY_OF: act}, says)
    for name, (act, says) in NONSENSE.items():
        yield Attack(f"nonsense: {name}", policy_of, {POLICY_OF: act}, says)


# ---- header -------------------------------------------------------------------------------------

REDIRECTS = (300, 301, 302, 303, 304, 307, 308)


def redirections() -> Iterator[Attack]:
    there = {"Location": "http://ELSEWHERE/v2/login"}
    for status in REDIRECTS:
        act = answer(status, headers=there)
        yield Attack(
            f"redirect {status}: login",
            policy_of,
            {LOGIN: act},
            f"api_url: SERVER has no Atlas API there (it answered {status}); give the URL with the"
            " version, such as https://emea.api.hvca.globalsign.com:8443/v2.",
        )
        yield Attack(f"redirect {status}: policy", policy_of, {POLICY_OF: act}, no_portal(status))
        yield Attack(f"redirect {status}: request", a_request, {ISSUE: act}, no_portal(status))
    lures = {
        "Refresh": "0; url=http://ELSEWHERE/",
        "Alt-Svc": 'h2="ELSEWHERE"',
        "Content-Location": "http://ELSEWHERE/",
        "Set-Cookie": "a=b; Domain=.",
        "Link": "<http://ELSEWHERE/>; rel=preload",
        "Connection": "upgrade",
    }
    for name, value in lures.items():
        act = answer(200, {"value": 7}, headers={name: value})
        yield Attack(f"header {name}", quota_of, {QUOTA: act}, returns=7)
    for length in ("-1", "abc", "\u00b2", "5" * 5000):
        act = answer(200, {"value": 7}, headers={"Content-Length": length})
        closing = _closing(act)
        name = f"header Content-Length {length[:5]!r}"
        yield Attack(name, quota_of, {QUOTA: closing}, returns=7)
    for date in (
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "0",
        "",
        "9" * 5000,
        "Mon, 1 Jan 1 0:0:0 +9999999",
    ):
        act = answer(200, {"value": 7}, headers={"Date": date})
        yield Attack(f"header Date {date[:30]!r}", quota_of, {QUOTA: act}, returns=7)


def _closing(act: Act) -> Act:
    def close(peer: Peer) -> bool:
        act(peer)
        return False

    return close


def retries() -> Iterator[Attack]:
    busy = "Atlas could not serve the request (it answered 503 x); try again later."
    for value in ("1000000000", "-1", "inf", "nan", "Fri, 31 Dec 9999 23:59:59 GMT", "0"):
        act = answer(503, {"description": "x"}, headers={"Retry-After": value})
        yield Attack(f"503 with Retry-After {value[:12]!r}", quota_of, {QUOTA: act}, busy)
    always = {
        429: "Atlas refused the request with 429 x; the account sends too many requests, so try"
        " again later.",
        401: "Atlas refused the request with 401 x; this was a token that it had just handed out,"
        " so try again later.",
        999: "Atlas could not serve the request (it answered 999 x); try again later.",
        424: "Atlas refused the request with 424 x; the claim's token is too old, so draw a new one"
        " by reasserting the claim, and place it.",
        404: "Atlas refused the request with 404 x.",
        410: "Atlas refused the request with 410 x.",
    }
    for status, says in always.items():
        act = answer(status, {"description": "x"}, headers={"Retry-After": "0"})
        yield Attack(f"{status} for ever", a_claim, {ONE_CLAIM: act}, says)
    act = answer(103, headers={"Link": "<x>"})
    yield Attack(
        "103 and nothing more", quota_of, {QUOTA: act}, "Atlas refused the request with 103."
    )
    act = answer(101, headers={"Upgrade": "x"})
    yield Attack(
        "101 and nothing more", quota_of, {QUOTA: act}, "Atlas refused the request with 101."
    )


# ---- the JSON, and who answers ------------------------------------------------------------------


def documents() -> Iterator[Attack]:
    asked = "GET /validationpolicy"
    kinds = {"text/html": "text/html", "": "no content type", "text/\x1b[2J": "text/ [2j"}
    for kind, shown in kinds.items():
        act = answer(200, POLICY, headers={"Content-Type": kind})
        yield Attack(f"kind {kind!r}", policy_of, {POLICY_OF: act}, not_json(asked, shown))
    broken = {
        "100,000 lists in each other": b"[" * 100_000,
        "100,000 objects in each other": b'{"a":' * 100_000,
        "no UTF-8": b'{"validity": "\xff\xfe"}',
        "half a document": b'{"validity": {',
        "two documents": b"{} {}",
        "no document": b"<html>",
        "a number of 5000 digits": b'{"validity": {"secondsmax": ' + b"9" * 5000 + b"}}",
        "a number of 101 digits": b'{"validity": {"secondsmax": ' + b"9" * 101 + b"}}",
        "1e400": b'{"validity": {"secondsmax": 1e400}}',
        "NaN": b'{"validity": {"secondsmax": NaN}}',
        "-Infinity": b'{"validity": {"secondsmax": -Infinity}}',
        "null": b"null",
    }
    for name, body in broken.items():
        act = answer(body=body)
        yield Attack(
            f"JSON: {name}", policy_of, {POLICY_OF: act}, not_json(asked, "application/json")
        )
    twice = b'{"value": 1, "value": 7}'
    for name, body in {
        "the same key twice": twice,
        "a BOM": b'\xef\xbb\xbf{"value": 7}',
        "UTF-16": '{"value": 7}'.encode("utf-16"),
        "much white space": b" " * 1_000_000 + b'{"value": 7}',
    }.items():
        yield Attack(f"JSON: {name}", quota_of, {QUOTA: answer(body=body)}, returns=7)


def policies() -> Iterator[Attack]:
    asked = "GET /validationpolicy"
    deep: Any = 1
    for _level in range(900):
        deep = {"a": deep}
    wrong: Mapping[str, tuple[Any, str]] = {
        "a list": ([POLICY], "it is not an object"),
        "a text": ("policy", "it is not an object"),
        "a number": (7, "it is not an object"),
        "empty": ({}, "it has no section of a validation policy"),
        "an error": ({"description": "x"}, "it has no section of a validation policy"),
        "null sections": (dict.fromkeys(POLICY), "it has no section of a validation policy"),
        "a section that is a list": ({**POLICY, "san": []}, "san is not an object"),
        "a section that is a text": ({**POLICY, "validity": "x"}, "validity is not an object"),
        "a section that is a number": ({**POLICY, "public_key": 7}, "public_key is not an object"),
        "a section that is true": ({**POLICY, "subject_dn": True}, "subject_dn is not an object"),
        "a text that is an object": (
            {**POLICY, "public_key_signature": {}},
            "public_key_signature is not a text",
        ),
        "900 deep": ({**POLICY, "more": deep}, "it is nested more than 20 deep"),
    }
    for name, (document, what) in wrong.items():
        act = answer(200, document)
        yield Attack(f"policy: {name}", policy_of, {POLICY_OF: act}, malformed(asked, what))
    for status in (201, 202, 203, 206, 299):
        act = answer(status, {**POLICY, "description": "Operation in progress"})
        says = malformed(asked, f"it has the status {status}")
        yield Attack(f"policy with {status}", policy_of, {POLICY_OF: act}, says)
    act = answer(204, headers={"Content-Type": ""})
    says = malformed(asked, "it has the status 204")
    yield Attack("policy with 204", policy_of, {POLICY_OF: act}, says)
    act = answer(200)
    says = malformed(asked, "it is not an object")
    yield Attack("policy without a body", policy_of, {POLICY_OF: act}, says)
    odd = {**POLICY, "validity": {"secondsmin": None, "secondsmax": "x"}, "san": None, "new": [1]}
    yield Attack("policy with odd members", policy_of, {POLICY_OF: answer(200, odd)}, returns=odd)


# ---- numbers ------------------------------------------------------------------------------------

NO_INTEGER: Mapping[str, Any] = {
    "a fraction": 1.5,
    "true": True,
    "a text": "soon",
    "a list": [],
    "an object": {},
    "other digits": "\u0661\u0662",
    "a superscript": "\u00b2",
    "20 digits as text": "1" * 20,
}
TOO_LARGE: Mapping[str, Any] = {"10^30": 10**30, "-10^30": -(10**30), "2^53 + 1": 2**53 + 1}
NO_TIME: Mapping[str, Any] = {
    "-1": -1,
    "the year 10000": 253402300800,
    "the year 10000 as text": "253402300800",
}


def numbers() -> Iterator[Attack]:
    for name in ("created_at", "expires_at", "assert_by", "last_verified_at"):
        for kind, value in _odd_times():
            document = {**CLAIM, name: value}
            yield _odd_claim(f"{name}: {kind}", document, f"[0].{name} {_rule(value)}")
    for kind, value in _odd_times():
        document = {**CLAIM, "log": [{"status": "INFO", "timestamp": value}]}
        yield _odd_claim(f"timestamp: {kind}", document, f"[0].log[0].timestamp {_rule(value)}")
    for name in ("not_before", "not_after"):
        for kind, value in _odd_times():
            act = answer(200, [{**LISTED, name: value}], headers={"Total-Count": "1"})
            says = malformed("GET /stats/issued", f"[0].{name} {_rule(value)}")
            yield Attack(f"listed {name}: {kind}", issued, {("GET", "/stats/"): act}, says)
    for kind, value in (*NO_INTEGER.items(), *TOO_LARGE.items()):
        says = malformed("GET /quotas/issuance", f"value {_rule(value)}")
        yield Attack(f"quota: {kind}", quota_of, {QUOTA: answer(200, {"value": value})}, says)
    for value in (0, -5, "12"):
        act = answer(200, {"value": value})
        yield Attack(f"quota: {value!r}", quota_of, {QUOTA: act}, returns=int(value))
    for name in ("assert_by",):
        for kind, value in _odd_times():
            act = answer(
                201, {"token": "T", name: value}, headers={"Location": f"/v2/claims/{CLAIM_ID}"}
            )
            says = malformed("POST /claims/domains/new.example", f"{name} {_rule(value)}")
            yield Attack(f"new claim {name}: {kind}", a_new_claim, {CREATE: act}, says)
    for kind, value in _odd_times():
        act = answer(200, {"certificate": PEM, "status": "ISSUED", "updated_at": value})
        says = malformed(f"GET /certificates/{SERIAL}", f"updated_at {_rule(value)}")
        yield Attack(f"updated_at: {kind}", a_certificate, {FETCH: act}, says)


def _odd_times() -> Iterator[tuple[str, Any]]:
    yield from NO_INTEGER.items()
    yield from TOO_LARGE.items()
    yield from NO_TIME.items()


def _rule(value: Any) -> str:
    if value in TOO_LARGE.values() and value is not True:
        return "is too large a number"
    if value in NO_TIME.values():
        return "is not a time between 1970 and 9999"
    return "is not an integer"


def _odd_claim(name: str, document: Any, what: str) -> Attack:
    act = answer(200, [document], headers={"Total-Count": "1"})
    says = malformed("GET /claims/domains", what)
    return Attack(f"claim {name}", claims_of, {CLAIMS: act}, says)


# ---- claims -------------------------------------------------------------------------------------


def claims() -> Iterator[Attack]:
    for claim_id in ("..", ".", "../x", f"{CLAIM_ID}/..", CLAIM_ID[:-1], f"{CLAIM_ID}0", "%2e%2e"):
        act = answer(200, [{**CLAIM, "id": claim_id}], headers={"Total-Count": "1"})
        says = malformed("GET /claims/domains", "[0].id is not of 32 hexadecimal digits")
        yield Attack(
            f"claim id {claim_id[:8]!r} {len(claim_id)}", delete_listed, {CLAIMS: act}, says
        )
    no_line, longer = "[0].token is not one short line of ASCII", "is longer than {} characters"
    wrong: Mapping[str, tuple[Any, str]] = {
        "no id": ({**CLAIM, "id": ""}, "[0].id is missing"),
        "a number as id": ({**CLAIM, "id": 7}, "[0].id is not a text"),
        "no domain": ({**CLAIM, "domain": ""}, "[0].domain is missing"),
        "a domain of control characters": ({**CLAIM, "domain": "\x1b\n"}, "[0].domain is missing"),
        "a number as domain": ({**CLAIM, "domain": 7}, "[0].domain is not a text"),
        "a domain of 1 MB": ({**CLAIM, "domain": "x" * 10**6}, f"[0].domain {longer.format(255)}"),
        "no status": ({**CLAIM, "status": None}, "[0].status is missing"),
        "a status of 1 MB": ({**CLAIM, "status": "x" * 10**6}, f"[0].status {longer.format(500)}"),
        "no created_at": ({**CLAIM, "created_at": None}, "[0].created_at is missing"),
        "a log that is a text": ({**CLAIM, "log": "x"}, "[0].log is not a list"),
        "a log of nulls": ({**CLAIM, "log": [None]}, "[0].log[0] is not an object"),
        "a token of two lines": ({**CLAIM, "token": "a\nb"}, no_line),
        "a long token": ({**CLAIM, "token": "a" * 4096}, no_line),
        "a token of other letters": ({**CLAIM, "token": "\u00e4"}, no_line),
        "a number as token": ({**CLAIM, "token": 7}, "[0].token is not a text"),
        "no object": (None, "[0] is not an object"),
    }  # fmt: skip
    for name, (document, what) in wrong.items():
        yield _odd_claim(name, document, what)
    yield from _cleaned()
    for name, document in {
        "an object": {"a": 1},
        "a text": "x",
        "null": None,
        "a number": 7,
    }.items():
        act = answer(200, document)
        says = malformed("GET /claims/domains", "it is not a list")
        yield Attack(f"claims: {name}", claims_of, {CLAIMS: act}, says)
    for location in (
        "",
        "/",
        "/v2/claims/domains/..",
        "http://ELSEWHERE/v2/claims/x",
        "//ELSEWHERE",
        "//[",
    ):
        act = answer(201, {"token": "T"}, headers={"Location": location})
        says = malformed("POST /claims/domains/new.example", "it tells no claim id in Location")
        yield Attack(f"new claim at {location!r}", a_new_claim, {CREATE: act}, says)
    for token in ("a\nb", "a" * 4096, "\u00e4", "\x00"):
        act = answer(201, {"token": token}, headers={"Location": f"/v2/claims/domains/{CLAIM_ID}"})
        says = malformed("POST /claims/domains/new.example", "token is not one short line of ASCII")
        yield Attack(f"new token {token[:3]!r}", a_new_claim, {CREATE: act}, says)


def half_successes() -> Iterator[Attack]:
    """What says less than that it is done, as documented."""
    claim, certificate = f"/claims/domains/{CLAIM_ID}", f"/certificates/{SERIAL}"
    here = {"Location": claim}
    for status in (202, 203, 206, 299):
        act = answer(status, {"token": "T", "description": "in progress"}, headers=here)
        what = f"it has the status {status}"
        calls: Mapping[str, tuple[Call, tuple[str, str]]] = {
            "delete": (lambda client: client.delete_claim(CLAIM_ID), ("DELETE", claim)),
            "revoke": (
                lambda client: client.revoke(SERIAL, "superseded"),
                ("PATCH", certificate),
            ),
            "revoke without reason": (
                lambda client: client.revoke_without_reason(SERIAL),
                ("DELETE", certificate),
            ),
            "create": (a_new_claim, CREATE),
            "quota": (quota_of, ("GET", "/quotas/issuance")),
            "chain": (chain_of, CHAIN),
            "claims": (claims_of, CLAIMS),
        }
        for name, (call, request) in calls.items():
            asked = " ".join(request).rstrip("?")
            yield Attack(f"{name} with {status}", call, {request: act}, malformed(asked, what))


def _cleaned() -> Iterator[Attack]:
    """Control and formatting characters go where the text is read."""
    evil = "a\x1b[2Jb\nc\u202ed\x07"
    clean = "a [2Jb c d"
    log = [{"status": evil, "description": evil, "method": evil}]
    document = {**CLAIM, "domain": evil, "status": evil, "log": log}
    document["last_verification_method"] = evil
    act = answer(200, [document], headers={"Total-Count": "1"})

    def texts(client: Any) -> Any:
        (claim,) = client.claims()
        (entry,) = claim.log
        method = claim.last_verification_method
        return [claim.domain, claim.status, method, entry.status, entry.method, entry.description]

    upper = clean.upper()
    expected = [clean.lower(), upper, upper, upper, upper, clean]
    yield Attack("claim of control characters", texts, {CLAIMS: act}, returns=expected)
    act = answer(200, [f"{evil}.example."])
    yield Attack(
        "authorization domains of control characters",
        lambda client: client.authorization_domains(CLAIM_ID),
        {ONE_CLAIM: act},
        returns=[f"{clean} .example".lower()],
    )
    act = answer(200, {"constructed": [evil], "DNS": {"SOA": {"emails": [], "errors": [evil]}}})

    def addresses(client: Any) -> Any:
        found = client.email_addresses(CLAIM_ID)
        return [found.constructed, found.from_soa, found.problems]

    yield Attack(
        "addresses of control characters",
        addresses,
        {ONE_CLAIM: act},
        returns=[(clean,), (), (clean,)],
    )


# ---- lists --------------------------------------------------------------------------------------


def _endless(pause: float, total: str) -> Act:
    """Pages of new claims, for as long as a client may be kept."""
    pages = count()

    def act(peer: Peer) -> bool:
        number = next(pages)
        peer.wait(pause)
        is_over = number * max(pause, 0.005) > 2 * GIVES_UP_AFTER
        ids = () if is_over else range(100 * number, 100 * number + 100)
        page = [{**CLAIM, "id": f"{claim_id:032X}"} for claim_id in ids]
        peer.send(raw(200, page, {"Total-Count": total}))
        return True

    return act


def lists() -> Iterator[Attack]:
    odd = "its header Total-Count is not the number of all entries"
    for value in ("\u00b2", "5" * 5000, "-1", "1.0", "1e3", "many", "1, 1", "0x10", "\u0661"):
        act = answer(200, [CLAIM], headers={"Total-Count": _latin(value)})
        says = malformed("GET /claims/domains", odd)
        yield Attack(f"Total-Count {value[:5]!r}", claims_of, {CLAIMS: act}, says)
    over = (
        f"SERVER is too slow: {TOTAL} seconds (total_timeout) were over before all was asked for;"
        " try again later."
    )
    for pause in (0.0, 0.1):
        for total in ("", "999999999"):
            endless = _endless(pause, total)
            name = f"claims without end, pages {pause} s apart, of {total or 'unknown'}"
            effort = "waits" if pause else "floods"
            yield Attack(name, claims_of, {CLAIMS: endless}, over, (SLOW,), effort=effort)
    page = [{**CLAIM, "id": f"{number:032X}"} for number in range(100)]
    act = answer(200, page, headers={"Total-Count": "999999999"})

    def number_of(client: Any) -> int:
        return len(list(client.claims()))

    yield Attack("the same page for ever", number_of, {CLAIMS: act}, returns=100)


def _latin(text: str) -> str:
    """As the bytes of UTF-8 look to who takes them for Latin-1, as clients do."""
    return text.encode("utf-8").decode("latin-1") if ord(text[0]) > 255 else text


# ---- login, errors, certificates ----------------------------------------------------------------


def tokens() -> Iterator[Attack]:
    values: tuple[Any, ...] = (
        "a\nb",
        "a b",
        "\u00e4",
        "",
        7,
        None,
        "x" * 10**6,
        "\x00",
        [],
        {"a": 1},
        True,
    )
    for value in values:
        act = answer(200, {"access_token": value})
        yield Attack(f"token {str(value)[:5]!r}", policy_of, {LOGIN: act}, NO_TOKEN)
    for document in ([], ["x"], {}, {"token": "x"}, "x", 7):
        act = answer(200, document)
        yield Attack(f"login answers {document!r}", policy_of, {LOGIN: act}, NO_TOKEN)


def errors() -> Iterator[Attack]:
    refused = "Atlas refused the request with 422"
    echoes = {
        "the token": (f"hdr Bearer {TOKEN}", f"{refused} hdr Bearer ***."),
        "the secret": (f"{KEY} {SECRET}", f"{refused} *** ***."),
        "escapes": ("\x1b[2J\x1b]0;x\x07 evil\u202e", f"{refused} [2J ]0;x evil."),
        "lines": ("ok: [localhost]\n\nPLAY RECAP", f"{refused} ok: [localhost] PLAY RECAP."),
        "a template": ("{{ lookup('pipe', 'id') }}", f"{refused} {{{{ lookup('pipe', 'id') }}}}."),
        "much": ("x" * 10**6, f"{refused} {'x' * 499}\u2026."),
    }
    for name, (description, says) in echoes.items():
        act = answer(422, {"description": description})
        yield Attack(f"error with {name}", policy_of, {POLICY_OF: act}, says)
    shapes: Mapping[str, tuple[bytes, str]] = {
        "HTML": (b"<html>", f"{refused}."),
        "nothing": (b"", f"{refused}."),
        "a list": (b"[1]", f"{refused}."),
        "a number as description": (b'{"description": 7}', f"{refused}."),
        "errors that are a list": (b'{"description": "x", "errors": [1]}', f"{refused} x."),
        "errors that are no texts": (
            b'{"description": "x", "errors": {"a": [1]}}',
            f"{refused} x (a: ).",
        ),
        "100,000 lists in each other": (b"[" * 100_000, f"{refused}."),
    }  # fmt: skip
    for name, (body, says) in shapes.items():
        act = answer(422, body=body)
        yield Attack(f"error: {name}", policy_of, {POLICY_OF: act}, says)
    keys = {
        "requires_label_separator": "",
        "gsb": "",
        "evil.example": "",
        "www.quillon.example": " There is no verified claim that covers www.quillon.example; claim"
        " and verify the domain, for example with atlas_domain_claim.",
    }
    for key, remedy in keys.items():
        act = answer(422, {"description": "san: failed", "errors": {key: "none"}})
        says = f"{refused} san: failed ({key}: none).{remedy}"
        yield Attack(f"error of {key}", a_request, {ISSUE: act}, says)
    many = {f"{number}.example": "\x1b" for number in range(10**4)}
    shown = "; ".join(f"{number}.example: " for number in range(20))
    act = answer(422, {"description": "x", "errors": many})
    yield Attack("10,000 errors", a_request, {ISSUE: act}, f"{refused} x ({shown}).")


def certificates() -> Iterator[Attack]:
    asked = f"GET /certificates/{SERIAL}"
    good = {"certificate": PEM, "status": "ISSUED", "updated_at": 1790000000}
    wrong: Mapping[str, tuple[Any, str]] = {
        "no certificate": ({**good, "certificate": ""}, "certificate is missing"),
        "a number": ({**good, "certificate": 7}, "certificate is not a text"),
        "no PEM": ({**good, "certificate": "x"}, "certificate is not a PEM certificate"),
        "a private key": (
            {**good, "certificate": "-----BEGIN PRIVATE KEY-----"},
            "certificate is not a PEM certificate",
        ),
        "no status": ({**good, "status": None}, "status is missing"),
        "a status that is a list": ({**good, "status": []}, "status is not a text"),
        "a list": ([good], "it is not an object"),
        "a text": ("x", "it is not an object"),
    }
    for name, (document, what) in wrong.items():
        act = answer(200, document)
        yield Attack(f"certificate: {name}", a_certificate, {FETCH: act}, malformed(asked, what))
    act = answer(201, good)
    says = malformed(asked, "it has the status 201")
    yield Attack("certificate with 201", a_certificate, {FETCH: act}, says)

    def status(client: Any) -> str:
        found: str = client.certificate(SERIAL).status
        return found

    act = answer(200, {**good, "status": "iss\x1bued\n"})
    yield Attack("status of control characters", status, {FETCH: act}, returns="ISS UED")
    act = answer(202, {"description": "Operation in progress"})
    yield Attack("202 for a certificate", a_certificate, {FETCH: act}, returns=None)
    for location in (
        "",
        "/",
        "http://ELSEWHERE/x",
        f"/v2/certificates/{SERIAL}0",
        "/v2/certificates/..",
        "http://[x",
        "1",
    ):
        act = answer(201, headers={"Location": location})
        says = malformed(
            "POST /certificates", "with status 201 it tells no serial number in Location"
        )
        yield Attack(f"issued at {location[:25]!r} {len(location)}", a_request, {ISSUE: act}, says)
    for code in (200, 202, 204, 299):
        act = answer(code, {"description": "x"} if code != 204 else None)
        says = malformed(
            "POST /certificates", f"with status {code} it tells no serial number in Location"
        )
        yield Attack(f"request answered with {code}", a_request, {ISSUE: act}, says)
    chain: Mapping[str, tuple[Any, str]] = {
        "empty": ([], "it is not a list of PEM certificates"),
        "an object": ({}, "it is not a list"),
        "numbers": ([7], "it is not a list of PEM certificates"),
        "texts": (["x"], "it is not a list of PEM certificates"),
        "nulls": ([PEM, None], "it is not a list of PEM certificates"),
        "a private key": (["-----BEGIN PRIVATE KEY-----"], "it is not a list of PEM certificates"),
    }
    for name, (document, what) in chain.items():
        act = answer(200, document)
        yield Attack(f"chain: {name}", chain_of, {CHAIN: act}, malformed("GET /trustchain", what))
    act = answer(200, circle())
    says = "The trust chain that the service sent goes in a circle and leads to no root."
    yield Attack("chain: a circle", chain_of, {CHAIN: act}, says)
    for number in ("x" * 32, "", 7, "..", "0" * 40):
        act = answer(200, [{**LISTED, "serial_number": number}], headers={"Total-Count": "1"})
        what = {"": "is missing", 7: "is not a text"}.get(
            number, f"is wrong, {number!r} is not a serial number of 16 bytes"
        )
        says = malformed("GET /stats/issued", f"[0].serial_number {what}")
        yield Attack(f"listed serial {str(number)[:4]!r}", issued, {("GET", "/stats/"): act}, says)


def attacks() -> list[Attack]:
    """All of them, each with a name of its own."""
    groups = (
        framing,
        redirections,
        retries,
        documents,
        policies,
        numbers,
        claims,
        half_successes,
        lists,
        tokens,
        errors,
        certificates,
    )
    return [attack for group in groups for attack in group()]
