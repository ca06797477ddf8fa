# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a TLS endpoint serves, found out with Python's standard library alone."""

from __future__ import annotations

import hashlib
import ssl
from typing import Any

from ..asn1.der import MalformedError
from ..errors import AtlasError
from .certificate import read_certificate
from .handshake import shake_hands
from .target import Target, target_of


def describe(address: str, port: int, server_name: str | None, root: str | None) -> dict[str, Any]:
    """Connect once and tell what came, as the return values of the module C(endpoint_info).

    `root` is PEM text, None stands for the trust store of this machine. An endpoint that does not
    verify is described as well; AtlasError says why there is nothing to describe.
    """
    target = target_of(address, port, server_name)
    handshake = shake_hands(target, root)
    leaf = handshake.chain[0]
    return {
        "chain": [ssl.DER_cert_to_PEM_cert(certificate) for certificate in handshake.chain],
        "fingerprint": hashlib.sha256(leaf).hexdigest(),
        "protocol": handshake.protocol,
        "reason": handshake.reason,
        "verified": handshake.verified,
        **_facts(target, leaf),
    }


def _facts(target: Target, leaf: bytes) -> dict[str, Any]:
    try:
        certificate = read_certificate(leaf)
    except MalformedError as error:
        raise AtlasError(
            f"{target} sends a certificate that breaks RFC 5280 ({error}); replace the certificate"
            " that is installed there."
        ) from None
    return {
        "issuer": certificate.issuer,
        "names": list(certificate.names),
        "not_after": certificate.not_after,
        "not_before": certificate.not_before,
        "serial_number": certificate.serial_number,
        "subject": certificate.subject,
    }
