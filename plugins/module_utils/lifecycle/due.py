# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is due: why a certificate has to be replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..pki import certificates
from ..pki.keys import KeyKind
from ..pki.library import x509
from .wanted import Wanted, leaves_no_life, renewal_threshold


@dataclass(frozen=True)
class Deployed:
    """What was found on the node of one wanted certificate.

    `certificate` is None with `certificate_error` empty where there is no file, and with an
    error that completes a sentence where there is one that cannot be read; so for the key.
    """

    certificate: x509.Certificate | None
    certificate_error: str
    key_kind: KeyKind | None
    key_digest: str
    key_error: str


def reasons(wanted: Wanted, deployed: Deployed, now: int) -> list[str]:
    """Why the certificate has to be replaced, each reason as `<word>: <what was found>`.

    Empty when it is as wanted. Only what the task states is compared; names are compared as sets.
    `now` is in UNIX seconds.
    """
    found = list(_forced(wanted))
    found.extend(_key_reasons(wanted, deployed))
    if deployed.certificate is None:
        return [*found, _absence("certificate", deployed.certificate_error)]
    found.extend(_expiry(wanted, deployed.certificate, now))
    found.extend(mismatches(wanted, deployed.certificate))
    if certificates.is_self_signed(deployed.certificate):
        found.append("self-signed: the certificate is a self-signed placeholder")
    if deployed.key_kind and deployed.key_digest != certificates.public_key_digest(
        deployed.certificate
    ):
        found.append("privatekey: the private key does not belong to the certificate")
    return found


def _absence(what: str, error: str) -> str:
    return f"unreadable: the {what} {error}" if error else f"missing: there is no {what}"


def _forced(wanted: Wanted) -> Iterator[str]:
    if wanted.force:
        yield "forced: the task says force"


def _key_reasons(wanted: Wanted, deployed: Deployed) -> Iterator[str]:
    kind = deployed.key_kind
    if kind is None:
        yield _absence("private key", deployed.key_error)
        return
    if wanted.privatekey_type not in ("auto", kind.key_type):
        yield f"privatekey_type: it is {kind.key_type}, wanted is {wanted.privatekey_type}"
    if wanted.privatekey_size not in (None, kind.bits):
        yield f"privatekey_size: it is {kind.bits}, wanted is {wanted.privatekey_size}"


def _expiry(wanted: Wanted, certificate: x509.Certificate, now: int) -> Iterator[str]:
    start, end = certificates.not_before(certificate), certificates.not_after(certificate)
    if end <= now:
        yield f"expired: it ended {(now - end) // 86400} days ago"
    elif end - now <= threshold(wanted, end - start):
        yield (
            f"expiring: {(end - now) // 86400} days remain, renew_before is {wanted.renew_before}"
        )


def threshold(wanted: Wanted, lifetime: int) -> int:
    """How many seconds before its end a certificate of this lifetime (seconds) is due.

    Where `renew_before` leaves no life it is half the lifetime, lest a certificate that was
    granted for a shorter time than expected is bought anew in each run.
    """
    if leaves_no_life(wanted.renew_before, lifetime):
        return lifetime // 2
    return renewal_threshold(wanted.renew_before, lifetime)


def mismatches(wanted: Wanted, certificate: x509.Certificate) -> list[str]:
    """What the task states of names and subject that this certificate says differently."""
    return [*_name_mismatches(wanted.san, certificate), *_subject_mismatches(wanted, certificate)]


def _name_mismatches(
    wanted: Mapping[str, Sequence[str]], certificate: x509.Certificate
) -> Iterator[str]:
    names = certificates.names(certificate)
    common_name = (certificates.common_name(certificate) or "").lower()
    # CAs add the common name and its www. form to the DNS names of their own accord.
    tolerated = {common_name, f"www.{common_name}"}
    for kind, values in wanted.items():
        found = getattr(names, kind)
        missing = set(values) - found
        surplus = found - set(values) - tolerated
        if missing:
            yield f"{kind}: {_listed(missing)} not in the certificate"
        if surplus:
            yield f"{kind}: {_listed(surplus)} in the certificate but not wanted"


def _subject_mismatches(wanted: Wanted, certificate: x509.Certificate) -> Iterator[str]:
    subject = certificates.subject(certificate)
    for name, values in wanted.subject.items():
        found = subject.get(name, ())
        if set(found) != set(values):
            was = _listed(found) if found else "absent"
            yield f"subject: {name} is {was}, wanted is {_listed(values)}"


def _listed(values: Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(values))
