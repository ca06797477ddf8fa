# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the certificate of an endpoint says (RFC 5280, 4.1 and 4.2.1.6)."""

from __future__ import annotations

from dataclasses import dataclass

from ..asn1 import certificate as reading
from ..asn1 import der

_SUBJECT_ALTERNATIVE_NAME = "2.5.29.17"


@dataclass(frozen=True)
class Certificate:
    """The facts of one certificate.

    Names of hosts (A-labels) and IP addresses are sorted, times are ISO 8601 in UTC, the serial
    number is in upper-case hex, subject and issuer are in the form of RFC 4514.
    """

    names: tuple[str, ...]
    subject: str
    issuer: str
    serial_number: str
    not_before: str
    not_after: str


def read_certificate(encoded: bytes) -> Certificate:
    """Read one DER certificate; MalformedError says what is wrong with it."""
    found = reading.Certificate(encoded)
    return Certificate(
        names=_names(found),
        subject=found.subject.rfc4514_string(),
        issuer=found.issuer.rfc4514_string(),
        serial_number=found.serial_text,
        not_before=found.not_before.isoformat() + "Z",
        not_after=found.not_after.isoformat() + "Z",
    )


def _names(certificate: reading.Certificate) -> tuple[str, ...]:
    """The DNS names and IP addresses of the subject alternative name, sorted, each once."""
    found = set()
    for extension in certificate.values(_SUBJECT_ALTERNATIVE_NAME):
        for name in der.members(extension):
            if name.tag == reading.DNS_NAME:
                found.add(name.content.decode("ascii", "backslashreplace"))
            elif name.tag == reading.IP_ADDRESS:
                found.add(reading.ip_address(name.content))
    return tuple(sorted(found))
