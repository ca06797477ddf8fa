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


NO_API = (
    "api_url: atlas.example:8443 has no Atlas API there (it answered {}); give the URL with the"
    " version, such as https://emea.api.hvca.globalsign.com:8443/v2."
)
ELSEWHERE = (
    "api_url: atlas.example:8443 answered {} and wants to send us elsewhere, which Atlas never"
    " does; check the URL, and whether a proxy or portal stands in between."
)
WRONG_KEY = (
    "api_key, api_secret: atlas.example:8443 refused the login (it answered {}); check both, and"
    " that client_cert is the mTLS certificate that belongs to this API key."
)
UNREADABLE_KEY = (
    "api_key, api_secret: atlas.example:8443 cannot read them (it answered {}); give the 16 and the"
    " 40 hexadecimal digits of the credentials as the Atlas portal shows them."
)
FAILED_LOGIN = "The login at atlas.example:8443 failed (it answered {}); try again later."


def error_for(status: int, document: Any = None, path: str = "/certificates") -> ApiError:
    return refusal("POST", path, status, Problem.parse(document), SERVER)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *(
            (status, "refused")
            for status in (400, 402, 403, 404, 405, 409, 411, 412, 413, 415, 422, 424)
        ),
        *((status, "not_acted") for status in (202, 401, 429)),
        *((status, "unknown") for status in (100, 200, 299, 406, 408, 425, 500, 502, 503)),
        *((status, "unknown") for status in (504, 599)),
        *((status, "wrong_endpoint") for status in (300, 301, 302, 307, 399)),
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
    busy = refusal("POST", "/certificates", 503, Problem(), SERVER, is_problem=True)
    assert (busy.outcome, busy.may_have_acted) == ("probably_not_acted", True)


@pytest.mark.parametrize(
    ("outcome", "may_have_acted"),
    [
        *((outcome, False) for outcome in ("not_sent", "not_acted", "refused")),
        *((outcome, True) for outcome in ("acted", "probably_not_acted", "wrong_endpoint")),
        ("unknown", True),
    ],
)
def test_whether_it_may_have_been_done(outcome: str, may_have_acted: bool) -> None:
    error = ApiError("m", method="GET", path="/", outcome=outcome)
    assert error.may_have_acted is may_have_acted


def test_what_is_not_said_is_unknown() -> None:
    error = ApiError("m", method="GET", path="/x")
    assert (error.message, error.method, error.path) == ("m", "GET", "/x")
    assert (error.status, error.outcome) == (None, "unknown")
    assert (error.description, error.error_id, error.errors) == ("", "", {})


def test_a_remedy_changes_nothing_else() -> None:
    problem = Problem("d", "i", {"a": "b"})
    error = refusal("POST", "/certificates", 422, problem, SERVER).with_remedy("Do that.")
    assert error.message == "Atlas refused the request with 422 d (a: b). Do that."
    assert (error.method, error.path, error.status) == ("POST", "/certificates", 422)
    assert (error.description, error.error_id, error.errors) == ("d", "i", {"a": "b"})
    assert error.outcome == "refused"


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
        (
            401,
            "/certificates",
            {"description": "Token is expired"},
            "Atlas refused the request with 401 Token is expired; this was a token that it had just"
            " handed out, so try again later.",
        ),
        (
            202,
            "/claims/domains/0A/reassert",
            {"description": "Operation in progress"},
            "Atlas is not ready for this yet (it answered 202 Operation in progress); try again in"
            " a minute.",
        ),
        (
            500,
            "/certificates",
            None,
            "Atlas could not serve the request (it answered 500); try again later.",
        ),
        (499, "/certificates", None, "Atlas refused the request with 499."),
        (
            404,
            "/certificates/01",
            {"description": "Not Found"},
            "Atlas refused the request with 404 Not Found.",
        ),
        *(
            (404, path, {"description": "Not Found"}, NO_API.format("404 Not Found"))
            for path in (
                *("/certificates", "/validationpolicy", "/trustchain", "/quotas/issuance"),
                *("/claims/domains", "/login"),
            )
        ),
        # A service that has no claims of addresses yet is no wrong address.
        (404, "/claims/ipaddresses", None, "Atlas refused the request with 404."),
        (400, "/trustchain", None, "Atlas refused the request with 400."),
        *((status, "/certificates", None, ELSEWHERE.format(status)) for status in (300, 301, 399)),
        *((status, "/login", None, NO_API.format(status)) for status in (300, 301, 399)),
        *((status, "/login", None, WRONG_KEY.format(status)) for status in (401, 403)),
        *((status, "/login", None, UNREADABLE_KEY.format(status)) for status in (400, 422)),
        *((status, "/login", None, FAILED_LOGIN.format(status)) for status in (202, 429, 503)),
    ],
)
def test_what_to_do(status: int, path: str, document: Any, text: str) -> None:
    error = error_for(status, document, path)
    assert error.message == text
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
    assert [name.split()[0] for name in problem.errors] == [str(number) for number in range(20)]
    assert all(len(name) == 200 and name.isprintable() for name in problem.errors)
    assert all(len(reason) == 200 for reason in problem.errors.values())


def test_secrets_are_masked_before_the_text_is_cut() -> None:
    problem = Problem.parse({"description": "x" * 490 + "canary-canary"}, ["", "canary-canary"])
    assert problem.description == "x" * 490 + "***"
    assert (
        Problem.parse({"description": "abc", "id": "a"}, iter(["a", "c"])).description == "***b***"
    )
    masked = Problem.parse({"id": "1a", "errors": {"ab": "ca"}}, iter(["a"]))
    assert (masked.error_id, masked.errors) == ("1***", {"***b": "c***"})


@pytest.mark.parametrize(
    ("text", "longest", "line"),
    [
        ("plain", 5, "plain"),
        ("plain", 4, "pla\u2026"),
        (" a\t\tb \n", 10, "a b"),
        ("\u00fcml\u00e4ut", 10, "\u00fcml\u00e4ut"),
        ("", 10, ""),
        ("a\u200bb\u2028c\u00a0d", 10, "a b c d"),
        ("x" * 500, 500, "x" * 500),
        ("x" * 501, 500, "x" * 499 + "\u2026"),
    ],
)
def test_printable(text: str, longest: int, line: str) -> None:
    assert printable(text, longest) == line
    assert longest != 500 or printable(text) == line
