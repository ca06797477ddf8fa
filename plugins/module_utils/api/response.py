# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A successful answer of Atlas, and its JSON read field by field.

Texts are cleaned for display and numbers are bounded as they are read, so that nobody further in
has to think of what a service may send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .errors import ApiError, printable

MOST = 2**53
"""The largest integer that every reader of JSON has exactly (RFC 8259, section 6)."""

LATEST_TIME = 253402300799
"""The last second of the year 9999."""

_LONGEST_TEXT = 500


@dataclass(frozen=True)
class Response:
    """A successful answer to `method` and `path`.

    Header names are in lower case; `json` is None without a body.
    """

    method: str
    path: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None

    def expect(self, *statuses: int) -> Response:
        """Itself, with one of the statuses that are documented for what was asked."""
        if self.status not in statuses:
            raise self.malformed(f"it has the status {self.status}")
        return self

    def fields(self) -> Fields:
        """The body, which must be a JSON object."""
        return Fields(self, self.json)

    def entries(self) -> list[Any]:
        """The body, which must be a JSON array."""
        if not isinstance(self.json, list):
            raise self.malformed("it is not a list")
        return self.json

    def last_segment(self) -> str:
        """The end of `Location`, which names what was made; empty if there is none.

        The rest of it is path-absolute, absolute or relative (API reference, "Location").
        """
        try:
            path = urlsplit(self.headers.get("location", "")).path
        except ValueError:  # as for a half address of IPv6
            return ""
        return path.rstrip("/").rpartition("/")[2]

    def malformed(self, what: str) -> ApiError:
        """The error for an answer that is not as documented; `what` names the field."""
        return ApiError(
            f"The answer of Atlas to {self.method} {self.path} is not as documented: {what}; check"
            " api_url.",
            method=self.method,
            path=self.path,
            status=self.status,
        )


class Fields:
    """A JSON object of an answer. A member that is not as documented raises `ApiError`.

    `where` is the path of the object in the answer, for the error.
    """

    def __init__(self, response: Response, document: Any, where: str = "") -> None:
        self._response = response
        self._where = where
        if not isinstance(document, Mapping):
            raise response.malformed(f"{where or 'it'} is not an object")
        self._document = document

    def text(self, name: str) -> str:
        """A text that must be there and not be empty."""
        value = self.optional_text(name)
        if value is None:
            raise self.malformed(name, "is missing")
        return value

    def optional_text(self, name: str) -> str | None:
        """A text; None if it is missing, null or empty."""
        value = self._document.get(name)
        if value is not None and not isinstance(value, str):
            raise self.malformed(name, "is not a text")
        return value or None

    def integer(self, name: str) -> int:
        """An integer that must be there."""
        value = self.optional_integer(name)
        if value is None:
            raise self.malformed(name, "is missing")
        return value

    def optional_integer(self, name: str) -> int | None:
        """An integer, also as decimal text; None if it is missing, null or empty."""
        value = self._document.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.malformed(name, "is not an integer")
        if not -MOST <= value <= MOST:
            raise self.malformed(name, "is too large a number")
        return value

    def time(self, name: str) -> int:
        """UNIX seconds that must be there."""
        return self._within_time(name, self.integer(name))

    def optional_time(self, name: str) -> int | None:
        """UNIX seconds; None if it is missing, null or 0, which stands for none."""
        return self._within_time(name, self.optional_integer(name) or 0) or None

    def _within_time(self, name: str, value: int) -> int:
        if not 0 <= value <= LATEST_TIME:
            raise self.malformed(name, "is not a time between 1970 and 9999")
        return value

    def members(self, name: str) -> list[Fields]:
        """The objects of a list; none if the list is missing or null."""
        value = self._document.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.malformed(name, "is not a list")
        return [
            Fields(self._response, member, f"{self._path(name)}[{index}]")
            for index, member in enumerate(value)
        ]

    def optional_member(self, name: str) -> Fields | None:
        """An object; None if it is missing or null."""
        value = self._document.get(name)
        return None if value is None else Fields(self._response, value, self._path(name))

    def line(self, name: str, longest: int = _LONGEST_TEXT) -> str:
        """A text that must be there, as one line for display; not empty, nor cut off."""
        text = printable(self.text(name), longest + 1)
        if not text:
            raise self.malformed(name, "is missing")
        if len(text) > longest:
            raise self.malformed(name, f"is longer than {longest} characters")
        return text

    def optional_line(self, name: str) -> str | None:
        """A text as one line for display; None if it is missing, null or empty."""
        return printable(self.optional_text(name) or "", _LONGEST_TEXT) or None

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of a list, each as one line; none if the list is missing or null."""
        value = self._document.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise self.malformed(name, "is not a list of texts")
        return tuple(printable(text, _LONGEST_TEXT) for text in value)

    def malformed(self, name: str, what: str) -> ApiError:
        """The error for a member that is not as documented."""
        return self._response.malformed(f"{self._path(name)} {what}")

    def _path(self, name: str) -> str:
        return f"{self._where}.{name}" if self._where else name
