# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every call of the client with every fault that the simulator can make."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from simulator.conftest import Simulator, good_request, public_key_members

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Client
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError

from .conftest import IMPATIENT, new_client, requests_of, wait_for

SLOW = IMPATIENT + 0.4
PASSING = [
    {"action": "status", "status": 500},
    {"action": "status", "status": 502},
    {"action": "status", "status": 503},
    {"action": "status", "status": 503, "headers": {"Retry-After": "0"}},
    {"action": "html", "status": 504},
    {"action": "delay", "seconds": SLOW},
    {"action": "delay-answer", "seconds": SLOW},
    {"action": "reset-before"},
    {"action": "reset-after"},
    {"action": "truncate"},
]
"""Once they are over, a call that may be repeated succeeds; one that issues was unknown."""
ACTED_UPON = ("delay", "delay-answer", "reset-after", "truncate")
HARMLESS = [
    {"action": "status", "status": 429},
    {"action": "status", "status": 429, "headers": {"Retry-After": "0"}},
    {"action": "status", "status": 401},
    {"action": "expire-tokens"},
    {"action": "delay", "seconds": 0.1},
    {"action": "delay-answer", "seconds": 0.1},
    {"action": "close"},
]
"""Every call succeeds in spite of them."""
FOREIGN = [
    {"action": "html", "status": 200},
    {"action": "status", "status": 302, "headers": {"Location": "https://portal.example/"}},
]
"""Who answers is not Atlas."""
FINAL = [{"action": "status", "status": status} for status in (400, 403, 415, 422)]
numbers = itertools.count(1)


@dataclass(frozen=True)
class Call:
    """A call of the client, on what `make` prepared by plain HTTP for it.

    `accepts` are statuses by which a repetition tells that the first time was acted upon.
    """

    name: str
    method: str
    path: str
    call: Callable[[Client, Any], Any]
    make: Callable[[Simulator], Any] = lambda service: None
    issues: bool = False
    accepts: tuple[int, ...] = ()


def serial(service: Simulator) -> str:
    return service.issue(good_request())


def domain(service: Simulator) -> str:
    return f"host{next(numbers)}.faults.example"


def claim(service: Simulator) -> str:
    return service.claim(domain(service))[0]


def address(service: Simulator) -> str:
    return f"192.0.2.{next(numbers) % 250 + 1}"


def new_key() -> dict[str, str]:
    return public_key_members(ec.generate_private_key(ec.SECP256R1()))


def window(call: str) -> Callable[[Client, Any], Any]:
    def listed(client: Client, _made: Any) -> Any:
        now = int(time.time())
        return list(getattr(client, call)(now - 100, now))

    return listed


CALLS = [
    Call("policy", "GET", "/validationpolicy", lambda c, _m: c.validation_policy()),
    Call("chain", "GET", "/trustchain", lambda c, _m: c.trust_chain()),
    Call("quota", "GET", "/quotas/*", lambda c, _m: c.quota()),
    Call("login", "POST", "/login", lambda c, _m: c.quota()),
    Call("issued", "GET", "/counters/*/issued", lambda c, _m: c.issued_count() + 1),
    Call("revoked", "GET", "/counters/*/revoked", lambda c, _m: c.revoked_count() + 1),
    Call("certificate", "GET", "/certificates/*", lambda c, m: c.certificate(m), serial),
    Call("list issued", "GET", "/stats/issued", window("issued_between")),
    Call("list revoked", "GET", "/stats/revoked", window("revoked_between")),
    Call("list expiring", "GET", "/stats/expiring", window("expiring_between")),
    Call("revoke", "PATCH", "/certificates/*", lambda c, m: c.revoke(m, "superseded"), serial),
    Call(
        "revoke, old",
        "DELETE",
        "/certificates/*",
        lambda c, m: c.revoke_without_reason(m),
        serial,
    ),
    Call(
        "request",
        "POST",
        "/certificates",
        lambda c, m: c.request_certificate(m),
        lambda service: good_request(),
        issues=True,
    ),
    Call(
        "rekey",
        "POST",
        "/certificates/*/rekey",
        lambda c, m: c.rekey(m, **new_key()),
        serial,
        issues=True,
    ),
    Call("claims", "GET", "/claims/domains", lambda c, _m: list(c.claims()), claim),
    Call("claim", "GET", "/claims/domains/*", lambda c, m: c.claim(m), claim),
    Call(
        "create claim",
        "POST",
        "/claims/domains/*",
        lambda c, m: c.create_claim(m),
        domain,
        accepts=(409,),
    ),
    Call("delete claim", "DELETE", "/claims/domains/*", lambda c, m: c.delete_claim(m), claim),
    Call("reassert", "POST", "/claims/*/reassert", lambda c, m: c.reassert_claim(m), claim),
    Call("ADNs", "GET", "/claims/domains/*/dns", lambda c, m: c.authorization_domains(m), claim),
    Call("mailboxes", "GET", "/claims/*/email", lambda c, m: c.email_addresses(m), claim),
    Call("by DNS", "POST", "/claims/domains/*/dns", lambda c, m: c.assert_claim_dns(m), claim),
    Call(
        "by HTTP",
        "POST",
        "/claims/domains/*/http",
        lambda c, m: c.assert_claim_http(m, c.claim(m).domain, "http"),
        claim,
    ),
    Call(
        "by mail",
        "POST",
        "/claims/domains/*/email",
        lambda c, m: c.assert_claim_email(m, c.email_addresses(m).constructed[0]),
        claim,
    ),
    Call(
        "claim address",
        "POST",
        "/claims/ipaddresses/*",
        lambda c, m: c.create_address_claim(m),
        address,
        accepts=(409,),
    ),
    Call("addresses", "GET", "/claims/ipaddresses", lambda c, _m: list(c.address_claims())),
]
ISSUING = [call for call in CALLS if call.issues]
REPEATABLE = [call for call in CALLS if not call.issues]


def names(entry: Any) -> str:
    if isinstance(entry, Call):
        return entry.name
    return "-".join(str(value) for value in entry.values())


def client_for(service: Simulator, fault: dict[str, Any]) -> Client:
    """One that gives up waiting only where the fault is that it has to."""
    return new_client(service, read_timeout=IMPATIENT if fault.get("seconds") == SLOW else 10)


def with_fault(service: Simulator, call: Call, fault: dict[str, Any]) -> Any:
    """What the call is about; the next request to its path meets the fault."""
    service.renew_token()
    made = call.make(service)
    service.control("DELETE", "/requests")
    service.control("POST", "/faults", {**fault, "method": call.method, "path": call.path})
    return made


def error_of(call: Callable[[], Any]) -> ApiError | None:
    try:
        call()
    except ApiError as error:
        return error
    return None


def met(service: Simulator) -> bool:
    return all(fault["used"] for fault in service.control("GET", "/faults"))


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        pytest.param(call, fault, id=f"{names(call)}-{names(fault)}")
        for call, fault in itertools.product(CALLS, HARMLESS)
        if (call.name, fault.get("status")) != ("login", 401)  # that is a refused login
    ],
)
def test_what_is_harmless(
    client: Client, service: Simulator, call: Call, fault: dict[str, Any]
) -> None:
    made = with_fault(service, call, fault)
    call.call(client, made)
    assert met(service)


@pytest.mark.parametrize("fault", PASSING, ids=names)
@pytest.mark.parametrize("call", REPEATABLE, ids=names)
def test_what_may_be_repeated_is(service: Simulator, call: Call, fault: dict[str, Any]) -> None:
    made = with_fault(service, call, fault)
    client = client_for(service, fault)
    error = error_of(lambda: call.call(client, made))
    assert error is None or error.status in call.accepts, error.message
    assert met(service)


@pytest.mark.parametrize("fault", PASSING, ids=names)
@pytest.mark.parametrize("call", ISSUING, ids=names)
def test_what_issues_is_never_repeated_blindly(
    service: Simulator, call: Call, fault: dict[str, Any]
) -> None:
    client = client_for(service, fault)
    client.quota()
    made = with_fault(service, call, fault)
    before = len(service.control("GET", "/ledger"))
    error = error_of(lambda: call.call(client, made))
    if error is None:
        assert fault["action"] == "truncate", "only an answer without a body comes whole"
    else:
        assert error.may_have_acted
        assert error.outcome in ("unknown", "probably_not_acted")
    assert met(service)
    # What was given up waiting for is told of only when it has been answered.
    wait_for(lambda: requests_of(service, "POST", "/certificates") >= 1)
    assert requests_of(service, "POST", "/certificates") == 1
    acted = fault["action"] in ACTED_UPON and call.name != "check"
    assert len(service.control("GET", "/ledger")) == before + acted


@pytest.mark.parametrize("fault", FOREIGN, ids=names)
@pytest.mark.parametrize("call", CALLS, ids=names)
def test_who_is_not_atlas_is_told(
    client: Client, service: Simulator, call: Call, fault: dict[str, Any]
) -> None:
    made = with_fault(service, call, fault)
    with pytest.raises(ApiError, match=r"^api_url: ") as caught:
        call.call(client, made)
    assert caught.value.outcome == ("not_sent" if call.name == "login" else "wrong_endpoint")
    assert requests_of(service, call.method, call.path.partition("*")[0]) == 1


@pytest.mark.parametrize("fault", FINAL, ids=names)
@pytest.mark.parametrize("call", CALLS, ids=names)
def test_what_is_final_is_not_repeated(
    client: Client, service: Simulator, call: Call, fault: dict[str, Any]
) -> None:
    made = with_fault(service, call, fault)
    with pytest.raises(ApiError) as caught:
        call.call(client, made)
    assert (caught.value.status, caught.value.outcome) == (fault["status"], "refused")
    assert requests_of(service, call.method, call.path.partition("*")[0]) == 1
