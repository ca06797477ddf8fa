# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is recorded of one certificate on the node: one document, replaced as a whole.

Every step from one state to the next is one rename of this document. It holds everything that a
later run may need, private keys included, so there is nothing beside it that could disagree with
it. How it moves:

    confirmed == wanted_now                nothing is pending
    attempt                                a request may have been sent
    wanted_now != confirmed, not applied   the files are being switched, or that was cut off
    wanted_now != confirmed, applied       on probation until it is confirmed, or the files return
    wanted_now == confirmed, not applied   the files are returning, or that was cut off
    kept                                   a complete set that is not in place, tried again
    rejected                               what was issued and cannot be used
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ...errors import AtlasError
from ..facts import CertificateFacts
from ..wanted import LINKED, Target

VERSION = 1
STAGED, KEPT, EXTERNAL = "staged", "kept", "external"


@dataclass(frozen=True)
class Lease:
    """Who may send requests for an attempt, until when (UNIX seconds, the service's clock).

    `controller` names the machine and `process` the process there that holds it.
    """

    run: str
    controller: str
    process: str
    until: int


@dataclass(frozen=True)
class Attempt:
    """A request that may have been sent: recorded before it is, closed when its fate is known.

    `key` is `staged` for a key of its own, `kept` for the deployed one, `external` for one that
    lives elsewhere; `key_pem` is the private key, if it is here, `key_digest` tells which one it
    is. `begun` and `touched`, when something was noted last, are UNIX seconds. `request` is what
    the task stated, `not_after` the exact end that is asked for, `known` the serial numbers that
    cannot be its own, `serial` its own as soon as it is known. `is_reported`: the user was told
    that nobody needs it any more.
    """

    attempt_id: str
    begun: int
    touched: int
    machine: str
    account: str
    key: str
    request: dict[str, Any]
    not_after: int
    known: list[str]
    lease: Lease | None
    key_pem: str = field(default="", repr=False)
    key_digest: str = ""
    serial: str = ""
    failure: str = ""
    is_reported: bool = False


@dataclass(frozen=True)
class SetFile:
    """What a set has at a path: nothing if not `is_there`.

    `content` (base64) is kept while the set may have to be put in place, `digest` (SHA-256) for
    good. `owner` and `group` are None where neither the task nor what was replaced settled them.
    """

    is_there: bool
    content: str | None = field(default=None, repr=False)
    digest: str = ""
    owner: int | None = None
    group: int | None = None
    mode: int = 0o644

    @property
    def octets(self) -> bytes | None:
        """The content; None if there is to be no file."""
        if not self.is_there:
            return None
        if self.content is None:
            raise AtlasError("what is to be put in place is not kept any more")
        return base64.b64decode(self.content)


def set_file(
    content: bytes, owner: int | None, group: int | None, mode: int, keeps_content: bool = True
) -> SetFile:
    """A file of a set with this content."""
    return SetFile(
        is_there=True,
        content=base64.b64encode(content).decode("ascii") if keeps_content else None,
        digest=hashlib.sha256(content).hexdigest(),
        owner=owner,
        group=group,
        mode=mode,
    )


@dataclass(frozen=True)
class CertificateSet:
    """A certificate with all that belongs to it, and the files that it is put into.

    `certificate`, `issuers`, `root` and `key` are PEM; `issuers` is None where they are not known,
    `key` is empty where it lives elsewhere or is not needed any more. `request` is what the task
    stated when the certificate was obtained; None for one that others obtained. `targets` are the
    files as the task named them, without passphrases: those of `encrypted` had one. `files` are by
    path, in the `layout` that they are put in place in. `supersedes` are serial numbers of sets
    that are to be revoked once this one is confirmed, `replaces` names the set on probation that it
    takes the place of, until that is done, `differences` what the certificate says
    otherwise than the request. `facts` and `key_kind` are what is reported of it.
    """

    layout: str
    certificate: str = ""
    issuers: str | None = None
    root: str = ""
    key: str = field(default="", repr=False)
    request: dict[str, Any] | None = None
    targets: list[Target] = field(default_factory=list)
    encrypted: list[str] = field(default_factory=list)
    files: dict[str, SetFile] = field(default_factory=dict)
    supersedes: list[str] = field(default_factory=list)
    replaces: str = ""
    differences: list[str] = field(default_factory=list)
    facts: CertificateFacts | None = None
    key_digest: str = ""

    @property
    def serial(self) -> str:
        """The serial number of its certificate; empty where there is none."""
        return self.facts.serial_number if self.facts else ""

    @property
    def has_files(self) -> bool:
        """Whether it is more than nothing at all."""
        return any(file.is_there for file in self.files.values())

    @property
    def is_restorable(self) -> bool:
        """Whether the content of all its files is kept."""
        return all(not e.is_there or e.content is not None for e in self.files.values())

    def without_secrets(self) -> CertificateSet:
        """As it is recorded once nothing has to be put in place from the record any more."""
        kept = {path: replace(file, content=None) for path, file in self.files.items()}
        return replace(self, key="", files=kept, supersedes=[])


@dataclass(frozen=True)
class Kept:
    """The name of a complete set that is not in place, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Rejected:
    """What was issued for a request and cannot be used: serial number, certificate and key (PEM),
    and why. Nothing is requested again for the same `request` until the task says `force`."""

    serial: str
    why: str
    request: dict[str, Any]
    certificate: str = ""
    key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Record:
    """All of it; the states are at the head of this file.

    `sets` are by name; `confirmed`, `wanted_now` and `kept` name one each, or none. `is_applied`:
    the files are as `wanted_now` says. `superseded` are private keys (PEM) of certificates that
    are still to be revoked, by serial number; `orphans` the serial numbers of those that were
    issued for former requests and that nobody uses, until a run has reported them; `revoked` those
    that tasks of ours had revoked. `count` is how many sets there were.
    """

    attempt: Attempt | None = None
    sets: dict[str, CertificateSet] = field(default_factory=dict)
    confirmed: str = ""
    wanted_now: str = ""
    is_applied: bool = True
    kept: Kept | None = None
    rejected: Rejected | None = None
    superseded: dict[str, str] = field(default_factory=dict, repr=False)
    orphans: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    count: int = 0

    @property
    def deployed(self) -> CertificateSet | None:
        """The set that is in place, or being put there."""
        return self.sets.get(self.wanted_now)

    @property
    def previous(self) -> CertificateSet | None:
        """The set that is returned to if the one that is in place is not confirmed."""
        return self.sets.get(self.confirmed) if self.is_pending else None

    @property
    def kept_name(self) -> str:
        """The name of the set that is kept; empty if there is none."""
        return self.kept.name if self.kept else ""

    @property
    def is_pending(self) -> bool:
        """Whether what is in place, or being put there, was not confirmed."""
        return self.wanted_now != self.confirmed

    @property
    def is_on_probation(self) -> bool:
        """Whether a set is in place that was not confirmed."""
        return self.is_pending and self.is_applied

    @property
    def is_cut_off(self) -> bool:
        """Whether a switch of the files was begun and not finished."""
        return not self.is_applied

    @property
    def is_linked(self) -> bool:
        """Whether the files are links of the layout `linked`, or may become them."""
        named = (self.sets.get(name) for name in (self.wanted_now, self.confirmed))
        return any(held is not None and held.layout == LINKED for held in named)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to remember."""
        return self == Record(count=self.count)

    def known_serials(self) -> Iterator[str]:
        """The serial numbers that a new certificate cannot have."""
        yield from (held.serial for held in self.sets.values() if held.serial)
        yield from (*self.superseded, *self.orphans, *self.revoked)
        if self.rejected:
            yield self.rejected.serial

    def orphans_with(self, *names: str) -> list[str]:
        """The serial numbers of `orphans`, and of complete sets that another takes the place of,
        with those that were to be revoked once these were confirmed."""
        given_up = [self.sets[name] for name in names if name in self.sets]
        others = {self.confirmed, self.wanted_now, self.kept_name}.difference(names)
        staying = [self.sets[name] for name in others if name in self.sets]
        in_use = {serial for held in staying for serial in (held.serial, *held.supersedes)}
        serials = [held.serial for held in given_up]
        serials += [e for held in given_up for e in held.supersedes if e not in in_use]
        return list(dict.fromkeys([*self.orphans, *filter(None, serials)]))

    def set_of(self, serial: str) -> CertificateSet | None:
        """The set with this certificate, if it was obtained by this collection."""
        ours = (held for held in self.sets.values() if held.request is not None)
        return next((held for held in ours if serial and held.serial == serial), None)

    def with_(self, **changes: Any) -> Record:
        """A copy with other members, without the sets that are of no use any more."""
        changed = replace(self, **changes)
        named = {changed.confirmed, changed.wanted_now, changed.kept_name}
        if changed.deployed and changed.is_cut_off:
            named.add(changed.deployed.replaces)
        superseded = {
            serial
            for name, held in changed.sets.items()
            if name in named
            for serial in held.supersedes
        }
        needed = {
            name: held
            for name, held in changed.sets.items()
            if name in named or held.serial in superseded
        }
        return replace(changed, sets=needed)

    def adding(self, held: CertificateSet) -> tuple[str, Record]:
        """The name of one more set, and the record with it; it has to be named at once."""
        count = self.count + 1
        name = f"{count:04d}-{held.serial or 'none'}"
        return name, replace(self, count=count, sets={**self.sets, name: held})

    def document(self) -> dict[str, Any]:
        """For `json.dumps`, which takes what is no plain JSON type by its `default=vars`."""
        return {"version": VERSION, **vars(self)}


def read_record(document: Any) -> Record:
    """The inverse of `Record.document`. The error text completes a sentence with the file's
    name."""
    try:
        if document["version"] != VERSION:
            raise AtlasError(
                f"was written by another release of this collection (version"
                f" {document['version']!r}, not {VERSION})"
            )
        members = {name: document[name] for name in _MEMBERS}
        attempt = members["attempt"]
        if attempt:
            lease = attempt["lease"]
            members["attempt"] = Attempt(**{**attempt, "lease": Lease(**lease) if lease else None})
        members["sets"] = {name: _read_set(held) for name, held in members["sets"].items()}
        members["kept"] = _optional(Kept, members["kept"])
        members["rejected"] = _optional(Rejected, members["rejected"])
        return Record(**members)
    except (TypeError, KeyError, AttributeError):
        raise AtlasError("is damaged") from None


_MEMBERS = tuple(member.name for member in fields(Record))


def _read_set(held: Mapping[str, Any]) -> CertificateSet:
    return CertificateSet(
        **{
            **held,
            "targets": [Target(**target) for target in held["targets"]],
            "files": {path: SetFile(**file) for path, file in held["files"].items()},
            "facts": _optional(CertificateFacts, held["facts"]),
        }
    )


def _optional(kind: Any, members: Mapping[str, Any] | None) -> Any:
    return kind(**members) if members else None
