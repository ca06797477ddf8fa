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
from cryptography.x509.oid import ExtendedKeyUsageOID

from .making import make_ca, make_end_entity
from .pairs import Pair, kept, write_pair

_CA_DAYS, _DAYS = 10 * 365, 5 * 365


class ApiTls:
    """The keys and certificates of TLS. They follow the real clock, as TLS does.

    `client` is the account's; `other-client` belongs to no account, `expired-client` has ended.
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
        self.client = kept(folder, "client", lambda: self._make_client("account"))
        kept(folder, "other-client", lambda: self._make_client("other"))
        kept(folder, "expired-client", lambda: self._make_client("account", days=-1))

    def _make_server(self, names: Sequence[str]) -> Pair:
        san = x509.SubjectAlternativeName([_general_name(name) for name in names])
        usage = ExtendedKeyUsageOID.SERVER_AUTH
        return make_end_entity(self.ca, names[0], usage, self._now, _DAYS, san)

    def _make_client(self, name: str, days: int = _DAYS) -> Pair:
        usage = ExtendedKeyUsageOID.CLIENT_AUTH
        return make_end_entity(self.ca, name, usage, self._now, days)

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
