# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the node answers to the controller: plain JSON on the wire, checked when it is read.

A node is not believed: whatever it sends has the shape below, within bounds and without control
characters, or it is refused. What an answer says of a certificate is a claim until the service or
a signature bears it out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, Union

from ..errors import AtlasError
from .facts import CertificateFacts

LONGEST_ANSWER = 64 * 1024
LONGEST_ENTRY = 16 * 1024
"""Bytes of the answer to one step, and of what each certificate may add to it."""
LONGEST_CONTENT = 256 * 1024
"""Bytes more for each certificate whose content was asked for: 300 names take 20 KiB."""
_LONGEST_TEXT = 16 * 1024
_LARGEST_NUMBER = (1 << 53) - 1
_MOST_TEXTS = 1000
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_PEM_TEXT = re.compile(r"[-A-Za-z0-9+/= \n]*")

T = TypeVar("T")


@dataclass(frozen=True)
class Inspection:
    """What `inspect` found of one certificate.

    `reasons`: why a new one is needed. `repairs`: which files need writing or other attributes
    although the certificate is as wanted. `needs_chain`: the repair takes issuers that are not
    on the node. `obstacle`: why the files cannot be put in place. `missing_folders`: folders
    that something has to create first. `unfinished`: that a complete set lies there and is to be
    put in place. `unacknowledged`: that what is deployed was never reported to the end.
    `is_untidy`: the last acknowledgement was cut off. `superseded`: serial numbers still to be
    revoked. `notices`: what the user should know. `is_own`: this collection obtained it, and its
    private key is here. `has_previous`: there is something to switch back to. `is_cut_off`: a
    switch, or a switch back, was begun and not finished.
    `is_unknown`: the obstacle stood in the way of finding out anything.
    `content`: certificate, chain and root as PEM, if they were asked for.
    """

    reasons: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    needs_chain: bool = False
    obstacle: str = ""
    missing_folders: list[str] = field(default_factory=list)
    certificate: CertificateFacts | None = None
    unfinished: str = ""
    unacknowledged: bool = False
    is_untidy: bool = False
    superseded: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    is_own: bool = False
    has_previous: bool = False
    is_cut_off: bool = False
    is_unknown: bool = False
    content: dict[str, str] = field(default_factory=dict)

    @classmethod
    def stopped(cls, obstacle: str) -> Inspection:
        """Nothing could be found out."""
        return cls(obstacle=obstacle, is_unknown=True)


@dataclass(frozen=True)
class Prepared:
    """The key of one attempt: public key, proof of possession, PKCS#10 request, and the answer to
    the nonce of this run.

    `is_settled`: nothing is to be asked for any more. `busy`: the lease of another run that is
    at it. `is_fresh`: the attempt was begun by this call, so nothing was sent for it; otherwise
    `begun`, `not_after`, `known` and `serial` are what its record says, `may_be_recent` whether it
    may have been sent a moment ago, `is_same_wish`, `is_same_account` and `is_same_machine` whether
    it was begun for the same request, account and machine. `is_key_unique`: no other certificate
    has this key. `old_…` is for a rekey.
    `notices`: what the user should know.
    """

    obstacle: str = ""
    is_settled: bool = False
    busy: dict[str, Any] = field(default_factory=dict)
    is_fresh: bool = False
    attempt_id: str = ""
    begun: int = 0
    may_be_recent: bool = False
    not_after: int = 0
    known: list[str] = field(default_factory=list)
    serial: str = ""
    is_same_wish: bool = False
    is_same_account: bool = False
    is_same_machine: bool = False
    is_key_unique: bool = False
    public_key: str = ""
    proof: str = ""
    signing_request: str = ""
    answer: str = ""
    old_serial: str = ""
    old_public_key: str = ""
    old_answer: str = ""
    notices: list[str] = field(default_factory=list)

    @classmethod
    def stopped(cls, obstacle: str) -> Prepared:
        """Nothing was prepared."""
        return cls(obstacle=obstacle)


@dataclass(frozen=True)
class Installed:
    """What `install` did: the files written or mended, or why it could not.

    `is_deployed`: a set was put in place; `certificate` is what it is for, `content` its PEM, if
    that was asked for. `notices`: what the user should know.
    """

    changed_files: list[str] = field(default_factory=list)
    obstacle: str = ""
    is_deployed: bool = False
    certificate: CertificateFacts | None = None
    notices: list[str] = field(default_factory=list)
    content: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """That a node has the key of a certificate; `attestation` is a CSR signed with it.

    `is_revoked`: the certificate was revoked by an earlier task.
    """

    serial: str = ""
    public_key: str = ""
    answer: str = ""
    attestation: str = field(default="", repr=False)
    is_revoked: bool = False


@dataclass(frozen=True)
class Acknowledged:
    """What became of an acknowledgement or a switch back; `superseded` is still to be revoked."""

    obstacle: str = ""
    is_changed: bool = False
    changed_files: list[str] = field(default_factory=list)
    superseded: list[Proof] = field(default_factory=list)


@dataclass(frozen=True)
class Removed:
    """What was removed, in check mode what would be. `busy`: the lease of another run that is
    asking for this certificate; then nothing was."""

    obstacle: str = ""
    busy: dict[str, Any] = field(default_factory=dict)
    removed_files: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


Answer = Union[Inspection, Prepared, Installed, Acknowledged, Removed]


def on_wire(answer: Answer) -> dict[str, Any]:
    """An answer as plain JSON types, without the members that say nothing."""
    return {name: _plain(value) for name, value in vars(answer).items() if value}


def _plain(value: Any) -> Any:
    if isinstance(value, (CertificateFacts, Proof)):
        return vars(value)
    return [_plain(entry) for entry in value] if isinstance(value, list) else value


def read_answers(kind: type[T], data: object, expected: int) -> tuple[T, ...]:
    """Read the answers of one step, which must be as many as were asked about."""
    if not isinstance(data, list) or len(data) != expected:
        raise _refused("a list with one answer for each certificate")
    return tuple(_read(kind, answer) for answer in data)


def _read(kind: type[T], data: object) -> T:
    """A dataclass from its members, each of the type that it is declared with; what is left out
    has its default."""
    if not isinstance(data, Mapping):
        raise _refused(f"an object for {kind.__name__}")
    members = {
        name: _member(name, declared, data[name])
        for name, declared in _MEMBERS[kind].items()
        if name in data
    }
    try:
        return kind(**members)
    except TypeError:
        raise _refused(f"all members of {kind.__name__}") from None


# The annotations are texts, which every Python that nodes have can compare.
_MEMBERS: Mapping[type, Mapping[str, str]] = {
    kind: {member.name: str(member.type) for member in fields(kind)}
    for kind in (Inspection, Prepared, Installed, Acknowledged, Removed, Proof, CertificateFacts)
}


def _member(name: str, declared: str, value: object) -> Any:
    if declared == "str":
        return _text(name, value)
    if declared in ("bool", "int"):
        return _of_type(name, value, bool if declared == "bool" else int)
    if declared == "list[str]":
        return [_text(name, entry) for entry in _entries(name, value)]
    if declared == "list[Proof]":
        return [_read(Proof, entry) for entry in _entries(name, value)]
    if declared == "dict[str, Any]":
        return _lease(name, value)
    if declared == "dict[str, str]":
        texts: dict[Any, Any] = _of_type(name, value, dict)
        return {_text(name, key): _pem(name, text) for key, text in texts.items()}
    return None if value is None else _read(CertificateFacts, value)


def _of_type(name: str, value: object, kind: type[T]) -> T:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _refused(f"{name} of type {kind.__name__}")
    if isinstance(value, int) and abs(value) > _LARGEST_NUMBER:
        raise _refused(f"{name} of at most {_LARGEST_NUMBER}")
    return value


def _text(name: str, value: object) -> str:
    text = _of_type(name, value, str)
    if len(text) > _LONGEST_TEXT:
        raise _refused(f"{name} of at most {_LONGEST_TEXT} characters")
    return text if text.isprintable() else _CONTROL.sub(" ", text)


def _pem(name: str, value: object) -> str:
    """A text with lines, of nothing but what PEM is made of."""
    text = _of_type(name, value, str)
    if len(text) > LONGEST_CONTENT or not _PEM_TEXT.fullmatch(text):
        raise _refused(f"{name} in PEM format")
    return text


def _entries(name: str, value: object) -> list[Any]:
    entries: list[Any] = _of_type(name, value, list)
    if len(entries) > _MOST_TEXTS:
        raise _refused(f"{name} with at most {_MOST_TEXTS} entries")
    return entries


def _lease(name: str, value: object) -> dict[str, Any]:
    held: dict[str, Any] = _of_type(name, value, dict)
    if not held:
        return {}
    if set(held) != {"run", "controller", "process", "until"}:
        raise _refused(f"{name} with the members of a lease")
    return {
        member: _of_type(name, entry, int) if member == "until" else _text(name, entry)
        for member, entry in held.items()
    }


def _refused(expected: str) -> AtlasError:
    return AtlasError(
        f"The node's answer is not what atlas_certificate_node sends: expected was {expected}."
        " Nothing was done with it."
    )
