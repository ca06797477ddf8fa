# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is due: why a certificate has to be replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..asn1.certificate import Certificate
from ..pki import certificates, keys
from ..pki.keys import KeyKind
from . import comparison, expiry
from .wanted import Wanted

UNREADABLE = "unreadable"
"""The word of a reason that counts only where the task says `force`: what cannot be read is not
known to be bad."""


@dataclass(frozen=True)
class Recorded:
    """What was recorded when a certificate was obtained: what the task stated."""

    wish: Mapping[str, Any]


@dataclass(frozen=True)
class Deployed:
    """What was found on the node of one wanted certificate.

    `certificate` is None with `certificate_error` empty where there is no file, and with an
    error that completes a sentence where there is one that cannot be read; so for the key, which
    is the public key of the task where the private one lives elsewhere. `recorded` is None for a
    certificate that others obtained. `is_revoked`: a task of ours had it revoked.
    """

    certificate: Certificate | None
    certificate_error: str
    key_kind: KeyKind | None
    key_digest: str
    key_error: str
    recorded: Recorded | None = None
    is_revoked: bool = False


def with_key(deployed: Deployed, key: keys.PublicKey) -> Deployed:
    """The same with another key."""
    return replace(
        deployed, key_kind=keys.kind_of(key), key_digest=keys.public_key_digest(key), key_error=""
    )


def reasons(wanted: Wanted, deployed: Deployed, now: int) -> list[str]:
    """Why the certificate has to be replaced, each reason as `<word>: <what was found>`.

    Empty when it is as wanted. Only what the task states is compared, and what was wished for
    already when the certificate was obtained is not compared again: what the CA adds, drops or
    writes otherwise is no reason. `now` is in UNIX seconds.
    """
    found = list(_forced(wanted))
    found.extend(_key_reasons(wanted, deployed))
    certificate = deployed.certificate
    if certificate is None:
        return [*found, _absence("certificate", deployed.certificate_error)]
    found.extend(_expiry(wanted, certificate, now))
    found.extend(_wish_reasons(wanted, deployed.recorded, certificate))
    found.extend(_origin_reasons(wanted, deployed, certificate))
    if deployed.key_kind and deployed.key_digest != certificates.public_key_digest(certificate):
        key = "public" if wanted.external_key else "private"
        found.append(f"privatekey: the {key} key does not belong to the certificate")
    return found


def _absence(what: str, error: str) -> str:
    return f"{UNREADABLE}: the {what} {error}" if error else f"missing: there is no {what}"


def _forced(wanted: Wanted) -> Iterator[str]:
    if wanted.force:
        yield "forced: the task says force"


def _key_reasons(wanted: Wanted, deployed: Deployed) -> Iterator[str]:
    kind = deployed.key_kind
    if wanted.external_key:
        return
    if kind is None:
        yield _absence("private key", deployed.key_error)
        return
    if wanted.privatekey_type not in ("auto", kind.key_type):
        yield f"privatekey_type: it is {kind.key_type}, wanted is {wanted.privatekey_type}"
    if wanted.privatekey_size not in (None, kind.bits):
        yield f"privatekey_size: it is {kind.bits}, wanted is {wanted.privatekey_size}"


def _expiry(wanted: Wanted, certificate: Certificate, now: int) -> Iterator[str]:
    yield from expiry.reasons(wanted, validity_of(certificate), now)


def validity_of(certificate: Certificate) -> expiry.Lifetime:
    """When a certificate is valid, and what its serial number is."""
    return expiry.Lifetime(
        certificates.serial_number(certificate),
        certificates.not_before(certificate),
        certificates.not_after(certificate),
    )


def _wish_reasons(
    wanted: Wanted, recorded: Recorded | None, certificate: Certificate
) -> Iterator[str]:
    granted = recorded.wish if recorded else {}
    changed = {
        field: value
        for field, value in wanted.wish.items()
        if field not in granted or granted[field] != value
    }
    for field, value in changed.items():
        yield from comparison.mismatches(field, value, certificate, bool(recorded))


def mismatches(wanted: Wanted, certificate: Certificate) -> list[str]:
    """What the task states that this certificate says differently."""
    return [
        mismatch
        for field, value in wanted.wish.items()
        for mismatch in comparison.mismatches(field, value, certificate, False)
    ]


def missing_usages(wanted: Wanted, certificate: Certificate) -> list[str]:
    """Which of the stated usages a certificate lacks: clients may refuse it for what it is for."""
    return [
        mismatch
        for field, value in wanted.wish.items()
        if field.startswith(("key_usages", "extended_key_usages"))
        for mismatch in comparison.mismatches(field, value, certificate, False)
        if mismatch.endswith("not in the certificate")
    ]


def _origin_reasons(wanted: Wanted, deployed: Deployed, certificate: Certificate) -> Iterator[str]:
    if certificates.is_self_signed(certificate):
        yield "self-signed: the certificate is a self-signed placeholder"
    elif deployed.recorded is None and wanted.replace_foreign:
        yield "foreign: the certificate was not obtained by this collection"
    if deployed.is_revoked:
        yield "revoked: the certificate was revoked by a task of this collection"
