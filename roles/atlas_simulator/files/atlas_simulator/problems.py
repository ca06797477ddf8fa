# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong: an answer of the service, or a start that cannot be."""

from __future__ import annotations

from collections.abc import Mapping


class ServiceError(Exception):
    """An answer with an error body (API reference, "Responses and errors")."""

    def __init__(
        self,
        status: int,
        description: str,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.errors = dict(errors or {})
        self.headers = dict(headers or {})


class StartError(Exception):
    """Why the simulator does not start, in one sentence for a person."""
