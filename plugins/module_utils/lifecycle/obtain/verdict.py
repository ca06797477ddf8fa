# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what the service returned is what was requested, before it is put in place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...api.client import IssuedCertificate, SerialNumber
from ...asn1.certificate import Certificate
from ...errors import AtlasError
from ...pki import certificates
from ...times import iso_time, leaves_no_life
from .. import due
from ..wanted import Wanted

ISSUED = "ISSUED"
_CLOCK_TOLERANCE = 5
"""Seconds: an answer tells the service's clock in whole ones, and when it was written."""


@dataclass(frozen=True)
class Verdict:
    """What to make of a certificate: at most one of `defect`, which makes it useless, and `begins`,
    since it is not valid before then (UNIX seconds). `warnings` are of one that can be used.
    `is_unreadable`: nobody can tell what it is for."""

    defect: str = ""
    begins: int = 0
    warnings: tuple[str, ...] = ()
    is_unreadable: bool = False


def read_leaf(issued: IssuedCertificate) -> Certificate:
    """The certificate itself. Raises `AtlasError` with a text that completes a sentence."""
    try:
        return certificates.load_certificates(issued.pem.encode("ascii", "replace"))[0]
    except AtlasError:
        raise
    except Exception:  # the library has many for what it cannot read
        raise AtlasError("holds a certificate that cannot be read") from None


def judge(
    wanted: Wanted, key_digest: str, serial: SerialNumber, issued: IssuedCertificate, now: int
) -> Verdict:
    """What to make of a certificate. `serial` is what the service announced, `key_digest` the key
    that it has to be for, `now` the service's time. Raises `AtlasError` for what is no certificate.
    """
    leaf = read_leaf(issued)
    try:
        defect = next(_defects(wanted, key_digest, serial, leaf), "")
        warnings = () if defect else tuple(_surprises(wanted, leaf))
    except Exception as error:  # as above
        return Verdict(f"cannot be read ({error})", is_unreadable=True)
    ends, begins = certificates.not_after(leaf), certificates.not_before(leaf)
    if issued.status != ISSUED:
        return Verdict(f"has the status {issued.status or 'of nothing'} at Atlas")
    if defect or ends <= now:
        return Verdict(defect or f"ended on {iso_time(ends)}")
    return Verdict("", begins if begins > now + _CLOCK_TOLERANCE else 0, warnings)


def _defects(
    wanted: Wanted, key_digest: str, serial: SerialNumber, leaf: Certificate
) -> Iterator[str]:
    written = certificates.serial_number(leaf)
    if leaf.serial_number != serial.number:
        yield f"has another serial number, {written}"
    if certificates.public_key_digest(leaf) != key_digest:
        yield "is for another key than the one sent"
    if certificates.is_authority(leaf):
        yield "is that of a certification authority (CA:TRUE)"
    missing = ", ".join(_missing_names(wanted, leaf))
    if missing:
        yield f"is not for {missing}"


def _missing_names(wanted: Wanted, leaf: Certificate) -> Iterator[str]:
    """The names that the task states and the certificate lacks; where it states none, its common
    name, which may have become an alternative name (RFC 9525)."""
    found = vars(certificates.names(leaf))
    stated = [(kind, name) for kind, names in wanted.san.items() for name in names]
    for kind, name in stated:
        if name.lower() not in {entry.lower() for entry in found[kind]}:
            yield name
    if not stated:
        subject = {certificates.common_name(leaf), *found["dns_names"], *found["emails"]}
        known = {(name or "").lower() for name in subject}
        for name in wanted.subject.get("common_name", []):
            if name.lower() not in known:
                yield name


def _surprises(wanted: Wanted, leaf: Certificate) -> Iterator[str]:
    """What the service granted otherwise than was asked for, and can be used all the same."""
    differences = due.mismatches(wanted, leaf)
    if differences:
        yield (
            "The certificate was issued, but differs from what the task states"
            f" ({'; '.join(differences)}). It is kept until it is due or the task states otherwise."
        )
    lifetime = certificates.not_after(leaf) - certificates.not_before(leaf)
    if leaves_no_life(wanted.renew_before, lifetime):
        yield (
            f"The certificate was granted for {lifetime // 3600} hours, and renew_before"
            f" {wanted.renew_before} leaves less than a fifth of that; it will be renewed after"
            " half its life."
        )
