# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests read and answers made as the API's conventions want (API reference, section 1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from .. import messages
from ..problems import ServiceError

JSON_TYPE = "application/json;charset=utf-8"
PROBLEM_TYPE = "application/problem+json;charset=utf-8"
LARGEST_BODY = 1024 * 1024
MOST_PER_PAGE = 100


async def read_json(request: web.Request, unreadable: str) -> Any:
    """The JSON body; a length and the exact media type are required."""
    if request.content_length is None or request.content_length < 1:
        raise ServiceError(411, messages.LENGTH_REQUIRED)
    require_json(request)
    return _decoded(await request.read(), unreadable)


async def read_optional_json(request: web.Request) -> Any:
    """The JSON body, or None without one."""
    content = await request.read()
    if not content:
        return None
    require_json(request)
    return _decoded(content, messages.BAD_REQUEST)


def require_json(request: web.Request) -> None:
    """`application/json` with `charset=utf-8`, in any case and spacing."""
    if request.content_type != "application/json" or (request.charset or "").lower() != "utf-8":
        raise ServiceError(415, messages.BAD_CONTENT_TYPE)


def _decoded(content: bytes, unreadable: str) -> Any:
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ServiceError(400, unreadable) from None


def answer(
    document: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An answer with a JSON body."""
    return web.Response(
        status=status,
        body=json.dumps(document).encode("utf-8"),
        headers={"Content-Type": JSON_TYPE, **(headers or {})},
    )


def empty_answer(status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer without a body. With 201 it states the length; with 204 it must not (RFC 9110)."""
    return web.Response(status=status, headers=dict(headers or {}))


def in_progress() -> web.Response:
    """202: error-shaped, but of the plain media type."""
    return answer({"description": messages.IN_PROGRESS}, 202)


def problem_answer(problem: ServiceError) -> web.Response:
    """An error answer."""
    document: dict[str, Any] = {"description": problem.description}
    if problem.errors:
        document["errors"] = problem.errors
    return web.Response(
        status=problem.status,
        body=json.dumps(document).encode("utf-8"),
        headers={"Content-Type": PROBLEM_TYPE, **problem.headers},
    )


def page_query(request: web.Request) -> tuple[int, int]:
    """The number of the page, from 1, and the entries per page (API reference, section 1.6)."""
    page = whole_number(request.query.get("page", "1"), messages.BAD_PAGE)
    size = whole_number(request.query.get("per_page", str(MOST_PER_PAGE)), messages.BAD_PAGE_SIZE)
    if page < 1:
        raise ServiceError(422, messages.BAD_PAGE)
    if not 1 <= size <= MOST_PER_PAGE:
        raise ServiceError(422, messages.BAD_PAGE_SIZE)
    return page, size


def page_headers(path: str, page: int, size: int, total: int) -> dict[str, str]:
    """`Total-Count` and `Links` of a page of a listing."""
    last = max(1, -(-total // size))
    links = {"previous": page - 1 if page > 1 else None, "next": page + 1 if page < last else None}
    links["last"] = last
    return {
        "Total-Count": str(total),
        "Links": ", ".join(
            f'<{path}?page={number}>; rel="{rel}"' for rel, number in links.items() if number
        ),
    }


def page_of(request: web.Request, path: str, documents: list[Any]) -> web.Response:
    """One page of a listing that is at hand whole."""
    page, size = page_query(request)
    shown = documents[(page - 1) * size : page * size]
    return answer(shown, headers=page_headers(path, page, size, len(documents)))


def whole_number(text: str, message: str) -> int:
    """A number in a query, or 422 with this message."""
    if not text.isascii() or not text.isdigit() or len(text) > 11:
        raise ServiceError(422, message)
    return int(text)
