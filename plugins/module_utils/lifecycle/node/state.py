# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is recorded of one certificate on the node: one document, replaced as a whole.

Every step from one state to the next is one rename of this document; what lies beside it is either
named in it or rubbish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ...errors import AtlasError

VERSION = 1


@dataclass(frozen=True)
class Lease:
    """Who may send requests for an attempt, until when (UNIX seconds, the controller's clock).

    `controller` names the machine and `process` the process there that holds it.
    """

    run: str
    controller: str
    process: str
    until: int


@dataclass(frozen=True)
class Attempt:
    """A request that may have been sent: recorded before it is, closed when its fate is known.

    `key` is `staged` for a key that lies beside this record, `kept` for a copy of the deployed
    one, `external` for one that lives elsewhere; `key_digest` tells which one it is. `begun` and
    `touched`, when something was noted last, are the controller's UNIX seconds. `not_after` is the
    exact end that is asked for, `known` the serial numbers that cannot be its own, `serial` its own
    as soon as it is known.
    """

    attempt_id: str
    begun: int
    touched: int
    machine: str
    account: str
    key: str
    wish: dict[str, Any]
    not_after: int
    known: list[str]
    lease: Lease | None
    key_digest: str = ""
    serial: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Installing:
    """A switch that has begun. `previous` is what to switch back to, in the words of its `layout`;
    `supersedes` the serial number that is to be revoked once the new set is acknowledged."""

    version: str
    previous: str
    layout: str
    supersedes: str = ""


@dataclass(frozen=True)
class Returning:
    """A switch back that has begun, to `previous` in the words of its `layout`."""

    previous: str
    layout: str


@dataclass(frozen=True)
class Held:
    """A complete set that is not deployed, and why."""

    version: str
    why: str


@dataclass(frozen=True)
class State:
    """All of it. `live` is the version that is deployed, `acknowledged` whether that was told.

    `previous` is what `live` can be switched back to while it is not acknowledged, in the words of
    the `layout` that it was put in place with, and `replaced` the version that was live then.
    `is_untidy` is that something which was acknowledged is still to be cleared away. `superseded`
    are serial numbers still to be revoked, `orphans` those of certificates that were issued for
    former wishes and that nobody uses, until a run has told of them, `revoked` those that tasks of
    ours had revoked.
    """

    attempt: Attempt | None = None
    installing: Installing | None = None
    returning: Returning | None = None
    held: Held | None = None
    live: str = ""
    layout: str = ""
    previous: str = ""
    replaced: str = ""
    acknowledged: bool = True
    is_untidy: bool = False
    superseded: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)

    @property
    def versions(self) -> set[str]:
        """The version folders that are named."""
        named = [
            self.live,
            self.previous,
            self.replaced,
            self.installing.version if self.installing else "",
            self.installing.previous if self.installing else "",
            self.returning.previous if self.returning else "",
            self.held.version if self.held else "",
        ]
        return {version for version in named if version}

    @property
    def kept_sets(self) -> set[str]:
        """What may have to be switched back to, by the names that the layouts gave it."""
        named = [
            self.previous,
            self.installing.previous if self.installing else "",
            self.returning.previous if self.returning else "",
        ]
        return {name for name in named if name}

    @property
    def is_on_probation(self) -> bool:
        """Whether what is deployed was not acknowledged, and may have to be switched back."""
        return bool(self.live) and not self.acknowledged

    def with_(self, **changes: Any) -> State:
        """A copy with other members."""
        return replace(self, **changes)

    def document(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {"version": VERSION, **asdict(self)}


def read_state(document: Any) -> State:
    """The inverse of `State.document`. The error text completes a sentence with the file's name."""
    try:
        if document["version"] != VERSION:
            raise AtlasError(
                f"was written by another release of this collection (version"
                f" {document['version']!r}, not {VERSION})"
            )
        members = {name: value for name, value in document.items() if name != "version"}
        attempt = members["attempt"]
        if attempt:
            lease = attempt["lease"]
            attempt = Attempt(**{**attempt, "lease": Lease(**lease) if lease else None})
        return State(
            **{
                **members,
                "attempt": attempt or None,
                "installing": _optional(Installing, members["installing"]),
                "returning": _optional(Returning, members["returning"]),
                "held": _optional(Held, members["held"]),
            }
        )
    except (TypeError, KeyError, AttributeError):
        raise AtlasError("is damaged") from None


def _optional(kind: Any, members: Mapping[str, Any] | None) -> Any:
    return kind(**members) if members else None
