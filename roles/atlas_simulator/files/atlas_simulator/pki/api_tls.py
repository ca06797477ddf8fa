# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What mutual TLS with the API takes: a CA of its own, the server's and clients' certificates."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from .making import DAY, make_ca, make_end_entity
from .pairs import Pair, kept, moment, write_pair

_CA_DAYS, _DAYS = 10 * 365, 5 * 365


class ApiTls:
    """The keys and certificates of TLS. They follow the real clock, as TLS does.

    `other-client` belongs to no account, `expired-client` has ended, `revoked-client` was revoked,
    and `unknown-client` is of a CA that nobody knows.
    """

    def __init__(self, folder: Path, server_names: Sequence[str]) -> None:
        self._folder = folder
        self._now = int(time.time())
        self.ca = kept(
            folder, "api-ca", lambda: make_ca("Simulated Atlas API CA", _CA_DAYS, self._now)
        )
        names = sorted({*server_names, "localhost", "127.0.0.1", "::1"})
        server = kept(folder, "server", lambda: self._make_server(names))
        if _names_of(server.certificate) != set(names):
            write_pair(folder, "server", self._make_server(names))
        kept(folder, "other-client", lambda: self._make_client("other"))
        kept(folder, "expired-client", lambda: self._make_client("account", days=-1))
        kept(folder, "unknown-client", self._make_unknown_client)
        revoked = kept(folder, "revoked-client", lambda: self._make_client("account"))
        self.trusted = folder / "api-ca-with-crl.pem"
        self.trusted.write_text(self.ca.pem + self._revocation_list(revoked), encoding="ascii")

    def client(self, folder: Path) -> Pair:
        """The client certificate of an account, kept in its folder as `client`."""
        return kept(folder, "client", lambda: self._make_client("account"))

    def _revocation_list(self, revoked: Pair) -> str:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(revoked.certificate.serial_number)
            .revocation_date(moment(self._now - 60))
            .build()
        )
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.ca.certificate.subject)
            .last_update(moment(self._now - 60))
            .next_update(moment(self._now + _CA_DAYS * DAY))
            .add_revoked_certificate(entry)
        )
        signed = builder.sign(self.ca.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode("ascii")

    def _make_server(self, names: Sequence[str]) -> Pair:
        san = x509.SubjectAlternativeName([_general_name(name) for name in names])
        usage = ExtendedKeyUsageOID.SERVER_AUTH
        return make_end_entity(self.ca, names[0], usage, self._now, _DAYS, san)

    def _make_client(self, name: str, days: int = _DAYS) -> Pair:
        usage = ExtendedKeyUsageOID.CLIENT_AUTH
        return make_end_entity(self.ca, name, usage, self._now, days)

    def _make_unknown_client(self) -> Pair:
        # Of the same name, so that only the signature tells.
        impostor = make_ca("Simulated Atlas API CA", _CA_DAYS, self._now)
        return make_end_entity(
            impostor, "account", ExtendedKeyUsageOID.CLIENT_AUTH, self._now, _DAYS
        )

    def path(self, name: str, kind: str) -> Path:
        """Where the certificate (`crt`) or private key (`key`) of a name is."""
        return self._folder / f"{name}.{kind}"


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names_of(certificate: x509.Certificate) -> set[str]:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}
