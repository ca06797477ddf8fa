# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers on loopback for endpoint_info to look at: C(python servers.py FOLDER).

Makes a root, an issuing CA and certificates, starts a server of each kind on a free port, and then
writes FOLDER/servers.json: process id, root (PEM), fingerprint of the good certificate, and ports.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import ssl
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Callable

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMES = ["www.example.com", "xn--bcher-kva.example"]
DAYS = timedelta(days=1)


class Authority:
    """A certificate that signs others, with its key."""

    def __init__(self, name: str, issuer: Authority | None) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        signer = issuer or self
        basic = x509.BasicConstraints(ca=True, path_length=None)
        self.pem = signer.sign(self.name, self.key.public_key(), basic, ends_in=30)

    def sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        extension: x509.ExtensionType,
        ends_in: int,
    ) -> str:
        """A certificate in PEM with one extension; it ends in so many days."""
        now = datetime.now(timezone.utc)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 10 * DAYS)
            .not_valid_after(now + ends_in * DAYS)
            .add_extension(extension, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode()


def write_identity(issuing: Authority, file: Path, ends_in: int) -> str:
    """Write key, certificate and chain for a server; return the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in NAMES])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAMES[0])])
    certificate = issuing.sign(subject, key.public_key(), names, ends_in)
    key_pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    file.touch(mode=0o600)
    file.write_text(key_pem + certificate + issuing.pem)
    return certificate


def tls_context(identity: Path) -> ssl.SSLContext:
    """A server's context."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity)
    return context


def listen(behaviour: Callable[[socket.socket], None]) -> int:
    """Serve connections one after the other until the process ends; return the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            connection, _address = listener.accept()
            with connection:
                try:
                    behaviour(connection)
                except OSError as error:
                    print(error, file=sys.stderr)

    threading.Thread(target=serve).start()
    return int(listener.getsockname()[1])


def tls(context: ssl.SSLContext) -> int:
    """A server that shakes hands and waits for the client to leave."""

    def behaviour(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as stream:
            stream.recv(1)

    return listen(behaviour)


def http(connection: socket.socket) -> None:
    """Answer in plain text."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    connection.recv(1)


def main(folder: Path) -> None:
    """Make the certificates, start the servers, and tell about them."""
    root = Authority("Root", None)
    issuing = Authority("Issuing CA", root)
    good = write_identity(issuing, folder / "good.pem", ends_in=30)
    write_identity(issuing, folder / "expired.pem", ends_in=-1)
    demanding = tls_context(folder / "good.pem")
    demanding.verify_mode = ssl.CERT_REQUIRED
    demanding.maximum_version = ssl.TLSVersion.TLSv1_2
    closed = socket.socket()  # bound and not listening, so that nobody else opens the port
    closed.bind(("127.0.0.1", 0))
    told = {
        "pid": os.getpid(),
        "root": root.pem,
        "chain": [good, issuing.pem],
        "fingerprint": hashlib.sha256(ssl.PEM_cert_to_DER_cert(good)).hexdigest(),
        "port": {
            "good": tls(tls_context(folder / "good.pem")),
            "expired": tls(tls_context(folder / "expired.pem")),
            "demanding": tls(demanding),
            "http": listen(http),
            "closed": closed.getsockname()[1],
        },
    }
    unfinished = folder / "servers.json.new"
    unfinished.write_text(json.dumps(told))
    unfinished.rename(folder / "servers.json")
    threading.Event().wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
