# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the node answers to the controller: plain JSON on the wire, checked when it is read.

A node is not believed: whatever it sends has the shape below, within bounds and without control
characters, or it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from ..errors import AtlasError
from .facts import CertificateFacts

LONGEST_TEXT = 16 * 1024
MOST_TEXTS = 1000
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")

T = TypeVar("T")


@dataclass(frozen=True)
class Inspection:
    """What `inspect` found of one certificate.

    `reasons`: why a new one is needed. `repairs`: which files need writing or other attributes
    although the certificate is as wanted. `needs_chain`: the repair takes issuers that are not
    on the node. `obstacle`: why the files cannot be put in place. `missing_folders`: folders
    that something has to create first.
    """

    reasons: list[str]
    repairs: list[str]
    needs_chain: bool
    obstacle: str
    missing_folders: list[str]
    certificate: CertificateFacts | None


@dataclass(frozen=True)
class Prepared:
    """The staged key of one attempt: public key, proof of possession, PKCS#10 request."""

    public_key: str
    proof: str
    signing_request: str
    obstacle: str


@dataclass(frozen=True)
class Installed:
    """What `install` did: the files written or mended, or why it could not."""

    changed_files: list[str]
    obstacle: str


def on_wire(answer: Inspection | Prepared | Installed) -> dict[str, Any]:
    """An answer as plain JSON types."""
    return asdict(answer)


def read_answers(
    reader: Callable[[Mapping[str, Any]], T], data: object, expected: int
) -> tuple[T, ...]:
    """Read the answers of one step, which must be as many as were asked about."""
    if not isinstance(data, list) or len(data) != expected:
        raise _refused("a list with one answer for each certificate")
    return tuple(reader(answer) for answer in data)


def read_inspection(data: Mapping[str, Any]) -> Inspection:
    """Check and read an `Inspection`."""
    return Inspection(
        reasons=_texts(data, "reasons"),
        repairs=_texts(data, "repairs"),
        needs_chain=_of_type(data, "needs_chain", bool),
        obstacle=_text(data, "obstacle"),
        missing_folders=_texts(data, "missing_folders"),
        certificate=_facts(data),
    )


def read_prepared(data: Mapping[str, Any]) -> Prepared:
    """Check and read a `Prepared`."""
    return Prepared(**{field.name: _text(data, field.name) for field in fields(Prepared)})


def read_installed(data: Mapping[str, Any]) -> Installed:
    """Check and read an `Installed`."""
    return Installed(
        changed_files=_texts(data, "changed_files"),
        obstacle=_text(data, "obstacle"),
    )


def _facts(data: Mapping[str, Any]) -> CertificateFacts | None:
    facts = data.get("certificate")
    if facts is None:
        return None
    return CertificateFacts(
        serial_number=_text(facts, "serial_number"),
        not_before=_of_type(facts, "not_before", int),
        not_after=_of_type(facts, "not_after", int),
        subject=_text(facts, "subject"),
        issuer=_text(facts, "issuer"),
        dns_names=_texts(facts, "dns_names"),
        emails=_texts(facts, "emails"),
        ip_addresses=_texts(facts, "ip_addresses"),
        uris=_texts(facts, "uris"),
        key=_text(facts, "key"),
        fingerprint=_text(facts, "fingerprint"),
    )


def _of_type(data: object, name: str, kind: type[T]) -> T:
    value = data.get(name) if isinstance(data, Mapping) else None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _refused(f"{name} of type {kind.__name__}")
    return value


def _text(data: object, name: str) -> str:
    text = _of_type(data, name, str)
    if len(text) > LONGEST_TEXT:
        raise _refused(f"{name} of at most {LONGEST_TEXT} characters")
    return _CONTROL.sub(" ", text)


def _texts(data: object, name: str) -> list[str]:
    values = _of_type(data, name, list)
    if len(values) > MOST_TEXTS:
        raise _refused(f"{name} with at most {MOST_TEXTS} entries")
    return [_text({name: value}, name) for value in values]


def _refused(expected: str) -> AtlasError:
    return AtlasError(
        f"The node's answer is not what atlas_certificate_node sends: expected was {expected}."
        " Nothing was done with it."
    )
