# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and real servers on loopback for the tests of the endpoint."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.now(timezone.utc).replace(microsecond=0)


@dataclass(frozen=True)
class Identity:
    """A certificate with its key and, leaf first, what a server sends with it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]
    starts: datetime
    ends: datetime

    @property
    def pem(self) -> str:
        """The certificate alone."""
        return _pem(self.certificate)

    @property
    def der(self) -> bytes:
        """The certificate alone, in DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def chain_pem(self) -> list[str]:
        """What a server sends."""
        return [_pem(certificate) for certificate in self.chain]

    def without_chain(self) -> Identity:
        """The same on a server that sends nothing but the leaf."""
        return replace(self, chain=(self.certificate,))


class Authority:
    """A root, an issuing CA below it, and the certificates that they sign."""

    def __init__(self) -> None:
        self.root = _sign(None, ca=True, subject=_named("Root"))
        self.issuing = _sign(self.root, ca=True, subject=_named("Issuing CA"))

    def leaf(self, *names: str, **options: Any) -> Identity:
        """A certificate for DNS names and IP addresses, with the options of `_sign`."""
        return _sign(self.issuing, names, **options)

    def self_signed(self, *names: str) -> Identity:
        """A certificate that nobody else signed."""
        return _sign(None, names)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _sign(
    issuer: Identity | None,
    names: tuple[str, ...] = (),
    *,
    ca: bool = False,
    lifetime: tuple[int, int] = (-1, 1),
    serial_number: int | None = None,
    subject: x509.Name | None = None,
) -> Identity:
    """Sign with `issuer`, or with its own key for None; `lifetime` in days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    starts, ends = (NOW + timedelta(days=days) for days in lifetime)
    subject = subject or _named("leaf")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial_number or x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if names:
        general_names = [_general_name(name) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(general_names), critical=False)
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    # A server sends no root.
    above = issuer.chain if issuer and not _is_root(issuer.certificate) else ()
    return Identity(certificate, key, (certificate, *above), starts, ends)


def _is_root(certificate: x509.Certificate) -> bool:
    return certificate.subject == certificate.issuer


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass
class Server:
    """A listener on loopback; `names_asked` are the names of the SNI that it saw, None without."""

    port: int
    names_asked: list[str | None] = field(default_factory=list)


Behaviour = Callable[[socket.socket], None]
Listen = Callable[[Behaviour], int]


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Start a server that does what it is told with each connection; get its port."""
    with contextlib.ExitStack() as servers:
        yield lambda behaviour: servers.enter_context(_listener(behaviour))


@contextlib.contextmanager
def _listener(behaviour: Behaviour) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_accept, args=(listener, behaviour), daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread, which close() does not
        thread.join()
        listener.close()


def _accept(listener: socket.socket, behaviour: Behaviour) -> None:
    while True:
        try:
            connection, _address = listener.accept()
        except OSError:
            return
        # What the client makes of the server is tested, not the other way round.
        with connection, contextlib.suppress(OSError):
            behaviour(connection)


@pytest.fixture
def serve(listen: Listen, tmp_path: Path) -> Callable[..., Server]:
    """Start a TLS server with an identity; options are attributes of its `ssl.SSLContext`."""

    def start(identity: Identity, **options: Any) -> Server:
        server = Server(0)
        context = _server_context(identity, tmp_path / "server.pem", server)
        for name, value in options.items():
            setattr(context, name, value)

        def behaviour(connection: socket.socket) -> None:
            with context.wrap_socket(connection, server_side=True) as tls:
                tls.recv(1)

        server.port = listen(behaviour)
        return server

    return start


def _server_context(identity: Identity, file: Path, server: Server) -> ssl.SSLContext:
    key = identity.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    file.write_text("".join([key, *identity.chain_pem]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.sni_callback = lambda _socket, name, _context: server.names_asked.append(name)
    return context
