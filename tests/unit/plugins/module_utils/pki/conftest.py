# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates with anything in them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.globalsign.atlas.plugins.module_utils.asn1.certificate import Certificate
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates

STARTS, ENDS = 1_790_000_000, 1_800_000_001


class Mint:
    """Makes certificates; what a test does not care about is always the same."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.other_key = ec.generate_private_key(ec.SECP256R1())
        self.common_name = self.name(("2.5.4.3", "Test CA"))

    def name(self, *attributes: tuple[str, str]) -> x509.Name:
        """A name of attribute types, as dotted OIDs, and values."""
        return x509.Name(
            [x509.NameAttribute(x509.ObjectIdentifier(oid), value) for oid, value in attributes]
        )

    def certificate(
        self,
        *extensions: x509.ExtensionType,
        key: Any = None,
        signing_key: Any = None,
        subject: x509.Name | None = None,
        issuer: x509.Name | None = None,
        serial_number: int = 1,
        algorithm: hashes.HashAlgorithm | None = hashes.SHA256(),  # noqa: B008 - it has no state
    ) -> Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.common_name if subject is None else subject)
            .issuer_name(self.common_name if issuer is None else issuer)
            .public_key((key or self.key).public_key())
            .serial_number(serial_number)
            .not_valid_before(_moment(STARTS))
            .not_valid_after(_moment(ENDS))
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return certificates.of(builder.sign(signing_key or key or self.key, algorithm))


def _moment(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


@pytest.fixture(scope="session")
def mint() -> Mint:
    return Mint()
