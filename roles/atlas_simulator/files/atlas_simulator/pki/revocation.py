# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the CAs tell of revocation: CRLs (RFC 5280) and OCSP (RFC 6960)."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from ..store import REVOKED, Certificate, Store
from .pairs import Pair, moment

_VALID_SECONDS = 86400
_FLAGS = {
    "keyCompromise": x509.ReasonFlags.key_compromise,
    "affiliationChanged": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessationOfOperation": x509.ReasonFlags.cessation_of_operation,
    "privilegeWithdrawn": x509.ReasonFlags.privilege_withdrawn,
}
"""Without `unspecified`: RFC 5280 wants that left out."""


def revocation_list(issuer: Pair, revoked: list[Certificate], now: int) -> bytes:
    """The CRL of a CA in DER."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(moment(now))
        .next_update(moment(now + _VALID_SECONDS))
        .add_extension(x509.CRLNumber(now), critical=False)
    )
    for certificate in revoked:
        builder = builder.add_revoked_certificate(_entry(certificate))
    signed = builder.sign(issuer.key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


def _entry(certificate: Certificate) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(int(certificate.serial, 16))
        .revocation_date(moment(certificate.updated_at))
    )
    if certificate.reason in _FLAGS:
        reason = x509.CRLReason(_FLAGS[certificate.reason])
        builder = builder.add_extension(reason, critical=False)
    if certificate.compromised_at:
        since = x509.InvalidityDate(moment(certificate.compromised_at))
        builder = builder.add_extension(since, critical=False)
    return builder.build()


def ocsp_answer(request_der: bytes, issuer: Pair, store: Store, now: int) -> bytes:
    """The OCSP response of a CA to a request, both in DER."""
    try:
        request = ocsp.load_der_ocsp_request(request_der)
    except ValueError:
        return _unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    kept = store.certificate(f"{request.serial_number:032X}")
    if kept is None or kept.refused or kept.available_at > now:
        return _unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    certificate = x509.load_pem_x509_certificate(kept.pem.encode("ascii"))
    is_revoked = kept.status == REVOKED
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=certificate,
        issuer=issuer.certificate,
        algorithm=request.hash_algorithm,
        cert_status=ocsp.OCSPCertStatus.REVOKED if is_revoked else ocsp.OCSPCertStatus.GOOD,
        this_update=moment(now),
        next_update=moment(now + _VALID_SECONDS),
        revocation_time=moment(kept.updated_at) if is_revoked else None,
        revocation_reason=_FLAGS.get(kept.reason) if is_revoked else None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
    for extension in request.extensions:
        if isinstance(extension.value, x509.OCSPNonce):
            builder = builder.add_extension(extension.value, critical=False)
    response = builder.sign(issuer.key, hashes.SHA256())
    return response.public_bytes(serialization.Encoding.DER)


def _unsuccessful(status: ocsp.OCSPResponseStatus) -> bytes:
    response = ocsp.OCSPResponseBuilder.build_unsuccessful(status)
    return response.public_bytes(serialization.Encoding.DER)
