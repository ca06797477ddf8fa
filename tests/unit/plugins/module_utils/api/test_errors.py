# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an error says, and of whom it says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import (
    ApiError,
    Problem,
    outcome_of,
    printable,
    refusal,
)

SERVER = "atlas.example:8443"


def error_for(status: int, document: Any = None, path: str = "/certificates") -> ApiError:
    return refusal("POST", path, status, Problem.parse(document), SERVER)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, "refused") for status in (400, 402, 404, 409, 411, 413, 415, 422, 424)),
        *((status, "not_acted") for status in (202, 401, 429)),
        *((status, "unknown") for status in (408, 425, 500, 502, 503, 504)),
        *((status, "wrong_endpoint") for status in (301, 302, 307)),
    ],
)
def test_what_became_of_the_request(status: int, outcome: str) -> None:
    assert outcome_of(status) == outcome
    error = error_for(status)
    assert error.outcome == outcome
    assert error.may_have_acted == (outcome in ("unknown", "wrong_endpoint"))


def test_busy_in_the_words_of_the_service() -> None:
    assert outcome_of(503, is_problem=True) == "probably_not_acted"
    assert outcome_of(502, is_problem=True) == "unknown"


@pytest.mark.parametrize(
    ("status", "path", "document", "text"),
    [
        (
            422,
            "/certificates",
            {"description": "subject_dn.email: is forbidden"},
            "Atlas refused the request with 422 subject_dn.email: is forbidden.",
        ),
        (
            422,
            "/certificates",
            {
                "description": "san: failed dns/email domain name verification",
                "errors": {"www.example.com": "not verified", "b.example": "no claim"},
            },
            "Atlas refused the request with 422 san: failed dns/email domain name verification"
            " (www.example.com: not verified; b.example: no claim).",
        ),
        (
            402,
            "/certificates",
            {"description": "Quota Reached"},
            "Atlas refused the request with 402 Quota Reached; order more certificates for this"
            " service in the Atlas portal.",
        ),
        (
            422,
            "/claims/domains/example.com",
            {"description": "refused", "errors": {"gsb": "flagged"}},
            "Atlas refused the request with 422 refused (gsb: flagged).",
        ),
        (
            424,
            "/claims/domains/0A/http",
            {"description": "Claim expired. Reassert first"},
            "Atlas refused the request with 424 Claim expired. Reassert first; the claim's token is"
            " too old, so draw a new one by reasserting the claim, and place it.",
        ),
        (
            429,
            "/certificates",
            {"description": "Rate Limit Reached"},
            "Atlas refused the request with 429 Rate Limit Reached; the account sends too many"
            " requests, so try again later.",
        ),
        (
            503,
            "/certificates",
            {"description": "Service busy, please retry later"},
            "Atlas could not serve the request (it answered 503 Service busy, please retry later);"
            " try again later.",
        ),
        (500, "/certificates", None, "Atlas could not serve the request (it answered 500);"),
        (404, "/certificates/01", {"description": "Not Found"}, "refused the request with 404 Not"),
        (404, "/trustchain", {"description": "Not Found"}, "api_url: atlas.example:8443 has no"),
        (301, "/certificates", None, "api_url: atlas.example:8443 answered 301 and wants to send"),
        (401, "/login", None, "api_key, api_secret: atlas.example:8443 refused the login"),
        (422, "/login", None, "api_key, api_secret: atlas.example:8443 cannot read them"),
        (301, "/login", None, "api_url: atlas.example:8443 has no Atlas API there"),
        (503, "/login", None, "The login at atlas.example:8443 failed (it answered 503)"),
    ],
)
def test_what_to_do(status: int, path: str, document: Any, text: str) -> None:
    error = error_for(status, document, path)
    assert text in error.message
    assert (error.method, error.path, error.status) == ("POST", path, status)


def test_what_the_service_said_is_kept() -> None:
    document = {"description": "d", "id": "0vqe8FWe", "errors": {"gsb": "flagged"}, "more": 1}
    error = error_for(422, document)
    assert (error.description, error.error_id, error.errors) == (
        "d",
        "0vqe8FWe",
        {"gsb": "flagged"},
    )


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        7,
        {},
        {"description": None, "id": 7, "errors": []},
        {"description": {"a": 1}, "errors": "e"},
    ],
)
def test_a_body_that_is_not_as_documented(document: Any) -> None:
    assert Problem.parse(document) == Problem()
    assert error_for(400, document).message == "Atlas refused the request with 400."


def test_what_the_service_said_is_cleaned_and_bounded() -> None:
    document = {
        "description": "one\r\ntwo\x1b[31m\u202ethree\x00" + "x" * 2000,
        "id": "i" * 2000,
        "errors": {f"{number}\n" + "k" * 2000: "v" * 2000 for number in range(100)},
    }
    problem = Problem.parse(document)
    assert problem.description.startswith("one two [31m three x")
    assert len(problem.description) == 500
    assert len(problem.error_id) == 200
    assert len(problem.errors) == 20
    assert all(len(name) == 200 and name.isprintable() for name in problem.errors)
    assert all(len(reason) == 200 for reason in problem.errors.values())


def test_secrets_are_masked_before_the_text_is_cut() -> None:
    problem = Problem.parse({"description": "x" * 490 + "canary-canary"}, ["", "canary-canary"])
    assert problem.description == "x" * 490 + "***"


@pytest.mark.parametrize(
    ("text", "longest", "line"),
    [
        ("plain", 5, "plain"),
        ("plain", 4, "pla\u2026"),
        (" a\t\tb \n", 10, "a b"),
        ("\u00fcml\u00e4ut", 10, "\u00fcml\u00e4ut"),
        ("", 10, ""),
    ],
)
def test_printable(text: str, longest: int, line: str) -> None:
    assert printable(text, longest) == line
