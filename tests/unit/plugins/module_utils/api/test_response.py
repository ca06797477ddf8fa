# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An answer read field by field, and what is said of one that is not as documented."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.api.response import Fields, Response

MISSING = object()


def response(document: Any = None, **headers: str) -> Response:
    return Response("GET", "/x", 200, headers, document)


def fields(value: Any) -> Fields:
    return Fields(response(), {} if value is MISSING else {"a": value})


def test_a_malformed_answer() -> None:
    error = response().malformed("it is odd")
    assert error.message == (
        "The answer of Atlas to GET /x is not as documented: it is odd; check api_url."
    )
    assert (error.method, error.path, error.status, error.outcome) == ("GET", "/x", 200, "unknown")


@pytest.mark.parametrize(
    ("read", "value", "result"),
    [
        ("text", "t", "t"),
        ("optional_text", "t", "t"),
        ("optional_text", "", None),
        ("optional_text", None, None),
        ("optional_text", MISSING, None),
        ("integer", 0, 0),
        ("integer", -7, -7),
        ("integer", "12", 12),
        ("integer", 2**53, 2**53),
        ("integer", -(2**53), -(2**53)),
        ("integer", str(2**53), 2**53),
        ("time", 0, 0),
        ("time", 253402300799, 253402300799),
        ("optional_time", 253402300799, 253402300799),
        ("optional_integer", 0, 0),
        ("optional_integer", "0", 0),
        ("optional_integer", "", None),
        ("optional_integer", None, None),
        ("optional_integer", MISSING, None),
        ("optional_time", 7, 7),
        ("optional_time", "7", 7),
        ("optional_time", 0, None),
        ("optional_time", "0", None),
        ("optional_time", None, None),
        ("members", MISSING, []),
        ("members", None, []),
        ("members", [], []),
        ("optional_member", MISSING, None),
        ("optional_member", None, None),
        ("texts", MISSING, ()),
        ("texts", None, ()),
        ("texts", [], ()),
        ("texts", ["x", ""], ("x", "")),
        ("texts", ["x\x1b\ny"], ("x y",)),
        ("line", " a\x1b[2J\u202e\nb ", "a [2J b"),
        ("line", "x" * 500, "x" * 500),
        ("optional_line", "a\tb", "a b"),
        ("optional_line", "x" * 501, "x" * 499 + "\u2026"),
        ("optional_line", "\x1b", None),
        ("optional_line", "", None),
        ("optional_line", MISSING, None),
    ],
)
def test_a_member(read: str, value: Any, result: Any) -> None:
    found = getattr(fields(value), read)("a")
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("read", "value", "what"),
    [
        *(("text", value, "is missing") for value in (MISSING, None, "")),
        *(("text", value, "is not a text") for value in (0, False, [], {})),
        *(("optional_text", value, "is not a text") for value in (0, [], {})),
        *(("integer", value, "is missing") for value in (MISSING, None, "")),
        *(
            (read, value, "is not an integer")
            for read in ("integer", "optional_integer", "optional_time")
            for value in (True, False, 1.0, "1.0", "-1", " 1", "\u0667", "9" * 20, [], {})
        ),
        *(
            (read, value, "is too large a number")
            for read in ("integer", "optional_integer", "time", "optional_time")
            for value in (10**30, -(10**30), 2**53 + 1, -(2**53) - 1, "9" * 19)
        ),
        *(
            (read, value, "is not a time between 1970 and 9999")
            for read in ("time", "optional_time")
            for value in (-1, 253402300800, "253402300800")
        ),
        *(("time", value, "is missing") for value in (MISSING, None, "")),
        *(("line", value, "is missing") for value in (MISSING, None, "", "\x1b\n ")),
        ("line", "x" * 501, "is longer than 500 characters"),
        *((read, 7, "is not a text") for read in ("line", "optional_line")),
        *(("members", value, "is not a list") for value in ({}, "", 0)),
        *(("texts", value, "is not a list of texts") for value in ({}, "", "x", [1], ["x", None])),
    ],
)
def test_a_member_that_is_not_as_documented(read: str, value: Any, what: str) -> None:
    with pytest.raises(ApiError) as caught:
        getattr(fields(value), read)("a")
    assert caught.value.message == (
        f"The answer of Atlas to GET /x is not as documented: a {what}; check api_url."
    )


@pytest.mark.parametrize(
    ("document", "read", "what"),
    [
        ({"a": [{"b": 1}, 7]}, lambda it: it.members("a"), "a[1] is not an object"),
        ({"a": [{"b": 1}, {}]}, lambda it: it.members("a")[1].text("b"), "a[1].b is missing"),
        ({"a": 7}, lambda it: it.optional_member("a"), "a is not an object"),
        ({"a": {"b": {}}}, lambda it: it.optional_member("a").texts("b"), "a.b is not a list of"),
        (
            {"a": {"b": [{}]}},
            lambda it: it.optional_member("a").members("b")[0].integer("c"),
            "a.b[0].c is missing",
        ),
    ],
)
def test_the_path_of_a_member_is_told(document: Any, read: Any, what: str) -> None:
    with pytest.raises(ApiError) as caught:
        read(response(document).fields())
    assert f"not as documented: {what}" in caught.value.message


@pytest.mark.parametrize("document", [None, [], "x", 7])
def test_what_is_no_object(document: Any) -> None:
    with pytest.raises(ApiError, match=r"documented: it is not an object; check"):
        response(document).fields()
    with pytest.raises(ApiError, match=r"documented: here is not an object; check"):
        Fields(response(), document, "here")


@pytest.mark.parametrize("document", [None, {}, "x", 7])
def test_what_is_no_list(document: Any) -> None:
    with pytest.raises(ApiError, match=r"documented: it is not a list; check"):
        response(document).entries()


def test_the_statuses_that_are_documented() -> None:
    answer = response()
    assert answer.expect(200) is answer
    assert answer.expect(201, 200) is answer
    with pytest.raises(ApiError, match=r"documented: it has the status 200; check"):
        answer.expect(201, 202)


def test_a_list() -> None:
    assert response([1, None]).entries() == [1, None]
    assert response([]).entries() == []


@pytest.mark.parametrize(
    ("location", "segment"),
    [
        ("/v2/certificates/0A", "0A"),
        ("/v2/certificates/0A/", "0A"),
        ("/v2/certificates/0A//", "0A"),
        ("0A", "0A"),
        ("/v2/claims/domains/0X", "0X"),
        ("https://atlas.example:8443/v2/certificates/0A?x=/1#/2", "0A"),
        ("/", ""),
        ("", ""),
        ("https://atlas.example:8443", ""),
        ("https://[atlas/0A", ""),
    ],
)
def test_the_end_of_location(location: str, segment: str) -> None:
    assert response(location=location).last_segment() == segment


def test_without_location() -> None:
    assert response().last_segment() == ""


def test_an_answer_of_which_nothing_else_is_told() -> None:
    answer = Response("DELETE", "/x", 204)
    assert (answer.headers, answer.json, answer.last_segment()) == ({}, None, "")
