# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What credentials are read from: files on the controller, or text in an option."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError


@dataclass(frozen=True)
class Source:
    """Something to read credentials from: its option, what the user called it, what it holds."""

    option: str
    given: str
    content: bytes = field(repr=False)

    @property
    def named(self) -> str:
        """The beginning of a sentence about it."""
        return f"{self.option}: {self.given}"

    def refuse(self, why: str) -> NoReturn:
        """Raise an `AtlasError` with a sentence that begins with its name."""
        raise AtlasError(f"{self.named} {why}.") from None


def from_file(option: str, given: str, path: str) -> Source:
    """What is in a file; `path` is where it can be read, `given` what the user wrote."""
    try:
        with open(path, "rb") as file:
            return Source(option, given, file.read())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise AtlasError(f"{option}: {given} cannot be read: {reason}.") from None


def from_text(option: str, text: str) -> Source:
    """What is in an option itself."""
    return Source(option, "the content", text.encode("utf-8"))
