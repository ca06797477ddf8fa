# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every request: TLS, login, tokens, headers (API reference, sections 1 and 2.1)."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from atlas_simulator.policy.policies import READY_MADE

from .conftest import JSON_TYPE, Simulator, good_request, running


def test_login_gives_a_token(simulator: Simulator) -> None:
    answer = simulator.login()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == JSON_TYPE
    assert list(answer.document) == ["access_token"]


def test_the_short_names_of_the_guide_work_too(simulator: Simulator) -> None:
    body = {
        "key": simulator.account["ATLAS_API_KEY"],
        "secret": simulator.account["ATLAS_API_SECRET"],
    }
    assert simulator.send("POST", "/login", body, headers={"Authorization": None}).status == 200


@pytest.mark.parametrize(
    ("changes", "status", "text"),
    [
        ({"api_secret": "0" * 40}, 401, "Unauthorized"),
        ({"api_key": "0" * 16}, 401, "Unauthorized"),
        ({"api_secret": "0" * 39}, 422, "Invalid login request"),
        ({"api_key": "not hexadecimal!"}, 422, "Invalid login request"),
        ({"api_key": 7}, 422, "Invalid login request"),
        ({"api_secret": None}, 422, "Invalid login request"),
    ],
)
def test_a_bad_login_is_refused(
    simulator: Simulator, changes: dict[str, Any], status: int, text: str
) -> None:
    answer = simulator.login(**changes)
    assert (answer.status, answer.description) == (status, text)


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"[]", 422), (b'"text"', 422)])
def test_a_login_that_is_no_object_is_refused(
    simulator: Simulator, body: bytes, status: int
) -> None:
    answer = simulator.send("POST", "/login", body, headers={"Authorization": None})
    assert answer.status == status


def test_the_certificate_of_another_account_is_refused(simulator: Simulator) -> None:
    answer = simulator.login(client="other-client")
    assert (answer.status, answer.description) == (401, "Unauthorized")


def test_a_token_is_of_no_use_with_the_certificate_of_another_account(
    simulator: Simulator,
) -> None:
    assert simulator.send("GET", "/trustchain", client="other-client").status == 401


@pytest.mark.parametrize(
    ("authorization", "text"),
    [
        (None, "Unauthorized"),
        ("", "Unauthorized"),
        ("Bearer", "Unauthorized"),
        ("Basic dXNlcjpzZWNyZXQ=", "Unauthorized"),
        ("Bearer a", "Signature is invalid"),
        ("Bearer " + "A" * 64, "Signature is invalid"),
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/validationpolicy"),
        ("GET", "/trustchain"),
        ("GET", "/quotas/issuance"),
        ("POST", "/certificates"),
        ("GET", "/certificates/01" + "0" * 30),
        ("GET", "/claims/domains"),
        ("POST", "/claims/domains/new.example"),
        ("DELETE", "/claims/domains/01" + "0" * 30),
    ],
)
def test_a_token_is_needed(
    simulator: Simulator, method: str, path: str, authorization: str | None, text: str
) -> None:
    answer = simulator.send(method, path, headers={"Authorization": authorization})
    assert (answer.status, answer.description) == (401, text)


def test_the_scheme_of_a_token_has_no_case(simulator: Simulator) -> None:
    headers = {"Authorization": f"bearer {simulator.token}"}
    assert simulator.send("GET", "/trustchain", headers=headers).status == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json;charset=utf-8",
        "application/json; charset=UTF-8",
        'Application/JSON; charset="utf-8"',
    ],
)
def test_the_media_type_in_any_spelling_is_accepted(
    simulator: Simulator, content_type: str
) -> None:
    headers = {"Content-Type": content_type}
    answer = simulator.send("POST", "/certificates", good_request(), headers=headers)
    assert answer.status == 201


@pytest.mark.parametrize(
    "content_type",
    [None, "application/json", "application/json;charset=latin-1", "text/json;charset=utf-8"],
)
@pytest.mark.parametrize("path", ["/login", "/certificates"])
def test_another_media_type_is_refused(
    simulator: Simulator, path: str, content_type: str | None
) -> None:
    answer = simulator.send("POST", path, {}, headers={"Content-Type": content_type})
    assert (answer.status, answer.description) == (415, "Bad Content-Type")


@pytest.mark.parametrize("path", ["/login", "/certificates"])
def test_a_body_without_a_length_is_refused(simulator: Simulator, path: str) -> None:
    chunked = b"2\r\n{}\r\n0\r\n\r\n"
    headers = {"Content-Length": None, "Transfer-Encoding": "chunked"}
    answer = simulator.send("POST", path, chunked, headers=headers)
    assert (answer.status, answer.description) == (411, "Content-Length required")


@pytest.mark.parametrize("path", ["/login", "/certificates"])
def test_an_empty_body_is_refused(simulator: Simulator, path: str) -> None:
    answer = simulator.send("POST", path, b"")
    assert (answer.status, answer.description) == (411, "Content-Length required")


def test_a_huge_body_is_refused(simulator: Simulator) -> None:
    body = {"subject_dn": {"common_name": "x" * 2_000_000}}
    assert simulator.send("POST", "/certificates", body).status == 413


def test_a_media_type_without_a_body_is_harmless(simulator: Simulator) -> None:
    headers = {"Content-Type": "text/plain"}
    assert simulator.send("GET", "/trustchain", headers=headers).status == 200


@pytest.mark.parametrize(
    "path", ["/validationpolicy/", "/trustchain/", "/quotas/issuance/", "/claims/domains/"]
)
def test_one_trailing_slash_is_harmless(simulator: Simulator, path: str) -> None:
    assert simulator.send("GET", path).status == 200


def test_a_path_that_does_not_exist(simulator: Simulator) -> None:
    answer = simulator.send("GET", "/certificate")
    assert (answer.status, answer.description) == (404, "Not Found")


def test_a_method_that_does_not_exist(simulator: Simulator) -> None:
    answer = simulator.send("PUT", "/trustchain")
    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]


def test_the_policy_tells_when_the_issuing_ca_ends(simulator: Simulator) -> None:
    answer = simulator.send("GET", "/validationpolicy")
    assert answer.headers["Content-Type"] == JSON_TYPE
    assert answer.document["validity"]["issuer_expiry"] > 1_795_430_400
    assert answer.document["public_key"]["key_type"] == "ECDSA"


def test_an_end_that_the_policy_tells_itself_is_told(tmp_path: Path) -> None:
    policy = {**READY_MADE["dv-tls"]}
    policy["validity"] = {**policy["validity"], "issuer_expiry": 1_861_919_999}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    with running(tmp_path / "data", "--policy", str(tmp_path / "policy.json")) as started:
        assert started.send("GET", "/validationpolicy").document == policy


def test_the_control_listener_tells_what_was_asked(simulator: Simulator) -> None:
    assert simulator.token
    simulator.control("DELETE")
    assert simulator.control() == []
    simulator.send("GET", "/trustchain")
    simulator.send("GET", "/nothing")
    simulator.login(api_secret="0" * 40)
    seen = simulator.control()
    assert [(note["method"], note["path"], note["status"], note["account"]) for note in seen] == [
        ("GET", "/v2/trustchain", 200, "account"),
        ("GET", "/v2/nothing", 404, ""),
        ("POST", "/v2/login", 401, ""),
    ]
    assert seen[0]["body"] == hashlib.sha256(b"").hexdigest()
    assert seen[2]["body"] != seen[0]["body"]
    assert abs(seen[0]["time"] - time.time()) < 30
