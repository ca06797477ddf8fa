# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the calls of all endpoints share."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from .response import Fields, Response

if TYPE_CHECKING:
    from .session import Session

PAGE = 100
"""Entries of a page: the default and the most of the service."""

MOST_PAGES = 1000
"""Of one list: a hundred thousand entries."""

_MOST_DIGITS = 15
"""Of a total, which is a number of certificates or claims."""

Entry = TypeVar("Entry")
Self = TypeVar("Self", bound="Calls")


class Calls:
    """Calls over one session. Each raises `ApiError`; several threads may call at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the session."""
        self._session.close()

    def service_time(self) -> int:
        """The service's clock in whole UNIX seconds; before the first call, ours."""
        return int(self._session.service_time())

    def _pages(
        self,
        path: str,
        query: Mapping[str, Any],
        read: Callable[[Fields], Entry],
        identity: Callable[[Entry], Hashable],
    ) -> Iterator[Entry]:
        """The entries of a list, each once, page by page as they are asked for.

        What is added meanwhile moves entries to later pages, so that they come twice. All pages
        share the time that one call has, and there are at most `MOST_PAGES`.
        """
        seen: set[Hashable] = set()
        seconds = self._session.total_timeout
        for page in range(1, MOST_PAGES + 1):
            begun = time.monotonic()
            response = self._session.get(path, {**query, "page": page, "per_page": PAGE}, seconds)
            entries = [
                read(Fields(response, entry, f"[{index}]"))
                for index, entry in enumerate(response.expect(200).entries())
            ]
            new = {identity(entry): entry for entry in entries if identity(entry) not in seen}
            seconds -= time.monotonic() - begun  # what is done with the entries is not counted
            yield from new.values()
            seen.update(new)
            if not new or _is_last_page(response, len(entries), len(seen)):
                return
        raise response.malformed(f"it goes on after {MOST_PAGES} pages")

    def _read(self, path: str) -> Response:
        """What a call returns that has no other success than 200."""
        return self._session.get(path).expect(200)


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")


def _is_last_page(response: Response, on_page: int, so_far: int) -> bool:
    """The header `Links` does not lead to the next page (API reference, "Pagination")."""
    total = response.headers.get("total-count", "").strip()
    if not total:
        return on_page < PAGE
    if not (total.isascii() and total.isdigit() and len(total) <= _MOST_DIGITS):
        raise response.malformed("its header Total-Count is not the number of all entries")
    return so_far >= int(total)
