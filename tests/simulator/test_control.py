# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults, barriers, clock, ledger: what tests of clients need (role README, "For tests")."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Simulator, good_request, running

LOST = (ConnectionError, http.client.HTTPException)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    arguments = ("--verified", "quillon.example", "--control", "127.0.0.1:0")
    with running(tmp_path_factory.mktemp("control"), *arguments) as started:
        yield started


@pytest.fixture
def faulty(shared: Simulator) -> Iterator[Simulator]:
    """A simulator whose rules are removed afterwards."""
    shared.renew_token()
    assert shared.token
    shared.control("DELETE")
    yield shared
    shared.control("DELETE", "/faults")
    shared.control("DELETE", "/barriers")


def fault(simulator: Simulator, action: str, **members: Any) -> None:
    simulator.control("POST", "/faults", {"action": action, **members})


def issued(simulator: Simulator) -> int:
    return len(simulator.control("GET", "/ledger"))


@pytest.mark.parametrize("status", [400, 429, 500, 502, 503, 504])
def test_a_status_instead_of_acting(faulty: Simulator, status: int) -> None:
    before = issued(faulty)
    fault(faulty, "status", status=status, path="/certificates", headers={"Retry-After": "7"})
    answer = faulty.send("POST", "/certificates", good_request())
    assert answer.status == status
    assert answer.description == "Service busy, please retry later"
    assert answer.headers["Retry-After"] == "7"
    assert issued(faulty) == before
    assert faulty.send("POST", "/certificates", good_request()).status == 201


def test_a_page_of_a_load_balancer(faulty: Simulator) -> None:
    fault(faulty, "html", status=502)
    status, headers, body = faulty.send_raw("GET", "/trustchain")
    assert (status, headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert body.startswith(b"<html>")


NAMES_FAILED = {
    "description": "san: failed dns/email domain name verification",
    "errors": {"requires_label_separator": "www.example.com"},
}
JSON, PROBLEM = "application/json;charset=utf-8", "application/problem+json;charset=utf-8"


@pytest.mark.parametrize(
    ("members", "status", "kind", "content"),
    [
        ({}, 503, PROBLEM, b'{"description": "Service busy, please retry later"}'),
        ({"status": 402, "body": "Out"}, 402, PROBLEM, b'{"description": "Out"}'),
        ({"status": 422, "body": NAMES_FAILED}, 422, PROBLEM, json.dumps(NAMES_FAILED).encode()),
        ({"status": 200, "body": ["a", {"b": None}]}, 200, JSON, b'["a", {"b": null}]'),
        ({"status": 200, "body": {}}, 200, JSON, b"{}"),
        ({"status": 399, "body": []}, 399, JSON, b"[]"),
        ({"status": 400, "text": "{"}, 400, PROBLEM, b"{"),
        ({"status": 200, "text": ""}, 200, JSON, b""),
        ({"text": "ü", "headers": {"content-type": "text/plain"}}, 503, "text/plain", b"\xc3\xbc"),
        (
            {"body": {"a": 1}, "headers": {"Content-Type": "text/html"}},
            503,
            "text/html",
            b'{"a": 1}',
        ),
    ],
)
def test_an_answer_as_it_is_given(
    faulty: Simulator, members: dict[str, Any], status: int, kind: str, content: bytes
) -> None:
    fault(faulty, "status", path="/trustchain", **members)
    answered, headers, body = faulty.send_raw("GET", "/trustchain")
    (told,) = (value for name, value in headers.items() if name.lower() == "content-type")
    assert (answered, told, body) == (status, kind, content)


def test_an_answer_without_a_body(faulty: Simulator) -> None:
    fault(faulty, "status", status=204, text="")
    assert faulty.send_raw("GET", "/trustchain")[::2] == (204, b"")


def test_a_reset_before_acting(faulty: Simulator) -> None:
    before = issued(faulty)
    fault(faulty, "reset-before", method="POST", path="/certificates")
    with pytest.raises(LOST):
        faulty.send("POST", "/certificates", good_request())
    assert issued(faulty) == before
    assert faulty.control()[-1]["status"] == 0


@pytest.mark.parametrize("action", ["reset-after", "truncate"])
def test_an_answer_that_is_lost_after_acting(faulty: Simulator, action: str) -> None:
    before = issued(faulty)
    fault(faulty, action, method="POST", path="/certificates")
    with pytest.raises(LOST):
        faulty.send("POST", "/certificates", good_request())
    assert issued(faulty) == before + 1


def test_half_of_a_body(faulty: Simulator) -> None:
    fault(faulty, "truncate", path="/trustchain")
    with pytest.raises(LOST):
        faulty.send("GET", "/trustchain")


def test_acting_twice(faulty: Simulator) -> None:
    before = issued(faulty)
    fault(faulty, "acts-twice", method="POST", path="/certificates")
    serial = faulty.issue()
    assert issued(faulty) == before + 2
    assert faulty.control("GET", "/ledger")[-1]["serial_number"] == serial


def test_another_content_type(faulty: Simulator) -> None:
    fault(faulty, "content-type", content_type="text/plain")
    assert faulty.send("GET", "/trustchain").headers["Content-Type"] == "text/plain"


def test_a_connection_that_is_closed(faulty: Simulator) -> None:
    fault(faulty, "close")
    assert faulty.send("GET", "/trustchain").headers["Connection"] == "close"
    assert "Connection" not in faulty.send("GET", "/trustchain").headers


def test_tokens_that_expire(faulty: Simulator) -> None:
    fault(faulty, "expire-tokens", path="/trustchain")
    assert faulty.send("GET", "/trustchain").status == 401
    faulty.renew_token()
    assert faulty.send("GET", "/trustchain").status == 200


@pytest.mark.parametrize("action", ["delay", "delay-answer"])
def test_a_delay(faulty: Simulator, action: str) -> None:
    fault(faulty, action, seconds=0.4)
    start = time.monotonic()
    assert faulty.send("GET", "/trustchain").status == 200
    assert time.monotonic() - start >= 0.4


def test_which_requests_a_fault_is_about(faulty: Simulator) -> None:
    fault(faulty, "status", method="GET", path="/certificates/*", nth=2, times=2)
    serial = faulty.issue()
    path = f"/certificates/{serial}"
    statuses = [faulty.send("GET", path).status for _each in range(5)]
    assert statuses == [200, 503, 503, 200, 200]
    (told,) = faulty.control("GET", "/faults")
    assert (told["seen"], told["used"], told["action"]) == (5, 2, "status")


def test_a_fault_without_end(faulty: Simulator) -> None:
    fault(faulty, "status", times=0)
    assert {faulty.send("GET", "/trustchain").status for _each in range(5)} == {503}
    faulty.control("DELETE", "/faults")
    assert faulty.send("GET", "/trustchain").status == 200


@pytest.mark.parametrize("point", ["before-acting", "after-acting", "before-answering"])
def test_a_barrier_holds_a_request(faulty: Simulator, point: str) -> None:
    before = issued(faulty)
    members = {"point": point, "method": "POST", "path": "/certificates"}
    barrier = faulty.control("POST", "/barriers", members)
    statuses: list[int] = []
    sending = threading.Thread(
        target=lambda: statuses.append(faulty.send("POST", "/certificates", good_request()).status)
    )
    sending.start()
    assert faulty.control("GET", f"/barriers/{barrier['id']}")["waiting"] == 1
    assert issued(faulty) == before + (0 if point == "before-acting" else 1)
    assert statuses == []
    faulty.control("DELETE", f"/barriers/{barrier['id']}")
    sending.join(10)
    assert statuses == [201]
    assert faulty.control("GET", "/barriers") == []


def test_it_acts_although_the_client_has_gone(faulty: Simulator) -> None:
    before = issued(faulty)
    members = {"point": "before-acting", "method": "POST", "path": "/certificates"}
    barrier = faulty.control("POST", "/barriers", members)
    with faulty.open_request("POST", "/certificates", good_request()):
        assert faulty.control("GET", f"/barriers/{barrier['id']}")["waiting"] == 1
    faulty.control("DELETE", "/barriers")
    deadline = time.monotonic() + 10
    while issued(faulty) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert issued(faulty) == before + 1


def test_the_ledger_counts_by_key_and_names(faulty: Simulator) -> None:
    serial = faulty.issue()
    entry = faulty.control("GET", "/ledger")[-1]
    assert entry["serial_number"] == serial
    assert entry["names"] == ["www.quillon.example", "quillon.example"]
    assert (entry["account"], entry["status"], entry["issuer"]) == ("account", "ISSUED", 1)
    assert len(entry["public_key"]) == 64


def test_the_ledger_tells_what_became_of_a_certificate(faulty: Simulator) -> None:
    serial = faulty.issue()
    faulty.send("PATCH", f"/certificates/{serial}", {"revocation_reason": "Superseded"})
    faulty.control("POST", "/settings", {"refuse_later": True})
    faulty.issue()
    faulty.control("POST", "/settings", {"refuse_later": False})
    told = [(entry["status"], entry["reason"]) for entry in faulty.control("GET", "/ledger")[-2:]]
    assert told == [("REVOKED", "superseded"), ("REFUSED", "")]


def test_the_state_tells_numbers(faulty: Simulator) -> None:
    before = faulty.control("GET", "/state")["accounts"]["account"]
    faulty.issue()
    after = faulty.control("GET", "/state")["accounts"]["account"]
    assert after["certificates"] == before["certificates"] + 1
    assert after["quota"] == before["quota"] - 1
    assert after["domain_claims"] == before["domain_claims"] == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "text"),
    [
        ("POST", "/faults", {"action": "explode"}, "action is not one of status, delay"),
        ("POST", "/faults", {}, "action is not one of"),
        ("POST", "/faults", {"action": "status", "color": 1}, "color is not one of method"),
        ("POST", "/faults", {"action": "status", "nth": "2"}, "nth is not of the right type"),
        ("POST", "/faults", {"action": "status", "status": 99}, "status is not between"),
        ("POST", "/faults", {"action": "status", "status": 600}, "status is not between"),
        ("POST", "/faults", {"action": "status", "body": 7}, "body is not of the right type"),
        ("POST", "/faults", {"action": "status", "text": {}}, "text is not of the right type"),
        (
            "POST",
            "/faults",
            {"action": "status", "body": "a", "text": "b"},
            "body and text are two answers; give one of them",
        ),
        (
            "POST",
            "/faults",
            {"action": "status", "headers": {"Retry-After": 5}},
            "headers holds a value that is not a text",
        ),
        ("POST", "/faults", [], "the body is not a JSON object"),
        ("POST", "/faults", b"{", "Expecting"),
        ("POST", "/barriers", {"point": "now"}, "point is not one of before-acting"),
        ("POST", "/clock", {"move": "back"}, "give move"),
        ("POST", "/clock", {}, "give move"),
        ("POST", "/quota", {"quota": -1}, "quota is not a whole number"),
        ("POST", "/quota", {"quota": 1, "account": "other"}, "account is not one of account"),
    ],
)
def test_a_bad_request_to_the_control_listener(
    faulty: Simulator, method: str, path: str, body: Any, text: str
) -> None:
    with pytest.raises(ValueError, match=text):
        faulty.control(method, path, body)


@pytest.mark.parametrize("path", ["/barriers/99", "/barriers/x", "/nothing"])
def test_what_does_not_exist(faulty: Simulator, path: str) -> None:
    assert faulty.control_raw("DELETE", path)[0] in (404, 405)
