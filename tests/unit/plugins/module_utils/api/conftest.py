# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A TLS server on loopback that answers as a test tells it, byte by byte if need be."""

from __future__ import annotations

import datetime
import ipaddress
import json
import socket
import ssl
import struct
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.globalsign.atlas.plugins.module_utils.api.options import ConnectionOptions
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import (
    Account,
    Session,
    TokenStore,
)

API_KEY = "e510e289e6cd8947"
API_SECRET = "a9c4f6d27be0514c83d6f10b2e97a4c5d80e3b61"
TOKEN = "eyJhbGciOiJkaXIi..token-of-login-"
TLS_HANDSHAKE = b"\x16"
"""The first byte of a ClientHello (RFC 8446, section 5.1)."""
DATE = "Tue, 24 Nov 2026 01:02:03 GMT"


@dataclass(frozen=True)
class Seen:
    """A request as it came over the wire; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def token(self) -> str:
        return self.headers.get("authorization", "").partition("Bearer ")[2]


@dataclass(frozen=True)
class Reply:
    """The bytes of an answer, what happens to the connection afterwards, and what comes before."""

    raw: bytes
    then: str = "keep"
    wait_for: threading.Event | None = None


def reply(
    status: int = 200,
    document: Any = None,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    **options: Any,
) -> Reply:
    """An answer with a JSON document, or with the bytes of `body`."""
    kind = "application/json" if status < 400 else "application/problem+json"
    if body is None:
        body = b"" if document is None else json.dumps(document).encode()
    fields = {"Content-Length": str(len(body)), "Date": DATE}
    if body:
        fields["Content-Type"] = f"{kind};charset=utf-8"
    fields.update(headers or {})
    head = f"HTTP/1.1 {status} Status\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items())
    return Reply(head.encode() + b"\r\n" + body, **options)


def read_head(stream: Any) -> tuple[str, dict[str, str]]:
    """The first line of a request and its headers; empty at the end of the connection."""
    first = stream.readline().decode("latin-1").strip()
    headers = {}
    for line in iter(lambda: stream.readline().decode("latin-1").strip(), ""):
        name, _colon, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return first, headers


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Listener:
    """Accepts connections on loopback, and serves each in a thread of its own."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.released = threading.Event()
        """What a test leaves waiting goes on when it ends."""
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections.append(connection)
            number = len(self._connections)
            threading.Thread(target=self._guarded, args=(connection, number), daemon=True).start()

    def _guarded(self, connection: socket.socket, number: int) -> None:
        try:
            self.serve(connection, number)
        except OSError:
            pass  # the client has gone
        finally:
            connection.close()

    def serve(self, connection: socket.socket, number: int) -> None:
        raise NotImplementedError

    @property
    def connections(self) -> int:
        """How many there were."""
        return len(self._connections)

    def close(self) -> None:
        self.released.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class Server(Listener):
    """Atlas for a test: logs in whoever asks, and else answers as it was told by `on`.

    A request that no test planned, and a plan that nobody asked for, fail the test at its end.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.context = context
        self.seen: list[Seen] = []
        self._replies: dict[tuple[str, str], list[Reply]] = {}
        self._lock = threading.Lock()
        self._asked: dict[tuple[str, str], int] = {}
        self._complaints: list[str] = []
        self.accepts: Callable[[str], bool] = lambda token: True
        """Whether a token is still good: a request with another is answered 401."""
        self.parting = "lingers"
        """How a connection ends once a handshake failed: it `lingers`, `closes` or `resets`."""
        self.has_parted = threading.Event()
        self.otherwise: Callable[[Seen], Reply | None] = lambda seen: None
        """Answers what `on` has no plan for; with None it was not expected."""
        super().__init__()

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}/v2"

    def on(self, method: str, path: str, *replies: Reply) -> None:
        """Answer with these in turn, each of them at least once, and with the last for ever."""
        self._complaints += self._unasked(method, f"/v2{path}")
        self._replies[method, f"/v2{path}"] = list(replies)
        self._asked[method, f"/v2{path}"] = 0

    def complaints(self) -> list[str]:
        """What was asked for without a plan, and what was planned and not asked for."""
        planned = list(self._replies)
        return self._complaints + [text for each in planned for text in self._unasked(*each)]

    def _unasked(self, method: str, target: str) -> list[str]:
        replies = self._replies.get((method, target), [])
        asked = self._asked.get((method, target), 0)
        if asked >= len(replies):
            return []
        return [f"{method} {target} was asked for {asked} times, and has {len(replies)} replies"]

    def requests(self, method: str, path: str) -> list[Seen]:
        return [seen for seen in self.seen if (seen.method, seen.target) == (method, f"/v2{path}")]

    @property
    def logins(self) -> int:
        return len(self.requests("POST", "/login"))

    def serve(self, connection: socket.socket, number: int) -> None:
        if self.context:
            connection = self.context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
            try:
                connection.do_handshake()
            except ssl.SSLError:
                self._part(connection)
                return
        elif connection.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
            connection.sendall(reply(400, body=b"<html>speak HTTP</html>").raw)
            return
        with connection.makefile("rb") as stream:
            while self._answer(connection, stream, number):
                pass
        connection.close()

    def _part(self, connection: socket.socket) -> None:
        """The alert has been sent. What comes after it is the haste of the server."""
        with socket.socket(fileno=connection.detach()) as plain:
            if self.parting == "resets":
                reset(plain)
            elif self.parting == "closes":
                plain.close()
            else:
                while plain.recv(4096):
                    pass
        self.has_parted.set()

    def _answer(self, connection: socket.socket, stream: Any, number: int) -> bool:
        first, headers = read_head(stream)
        if not first:
            return False
        method, target, _version = first.split()
        body = stream.read(int(headers.get("content-length", 0)))
        answer = self._choose(Seen(method, target, headers, body, number))
        if answer.wait_for:
            answer.wait_for.wait()
        connection.sendall(answer.raw)
        if answer.then == "reset":
            reset(connection)
        return answer.then == "keep"

    def _choose(self, seen: Seen) -> Reply:
        with self._lock:
            self.seen.append(seen)
            if seen.target != "/v2/login" and not self.accepts(seen.token):
                return reply(401, {"description": "Token is expired"})
            answer = self._planned(seen)
            if answer is None:
                self._complaints.append(f"{seen.method} {seen.target} was not expected")
                return reply(501, {"description": "no test planned this"})
            return answer

    def _planned(self, seen: Seen) -> Reply | None:
        replies = self._replies.get((seen.method, seen.target))
        if replies:
            asked = self._asked[seen.method, seen.target]
            self._asked[seen.method, seen.target] += 1
            return replies[min(asked, len(replies) - 1)]
        try:
            answer = self.otherwise(seen)
        except BaseException as error:
            self._complaints.append(f"{seen.method} {seen.target}: {error!r}")
            raise
        if answer is None and (seen.method, seen.target) == ("POST", "/v2/login"):
            return reply(200, {"access_token": f"{TOKEN}{self.logins}"})
        return answer


class Proxy(Listener):
    """An HTTP proxy that connects (`status` 200) or refuses to."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.heads: list[tuple[str, dict[str, str]]] = []
        super().__init__()

    def serve(self, connection: socket.socket, number: int) -> None:
        with connection.makefile("rb", buffering=0) as stream:
            first, headers = read_head(stream)
        self.heads.append((first, headers))
        connection.sendall(f"HTTP/1.1 {self.status} Status\r\nContent-Length: 0\r\n\r\n".encode())
        if self.status != 200:
            return
        host, _colon, port = first.split()[1].rpartition(":")
        with socket.create_connection((host, int(port))) as onward:
            back = threading.Thread(target=pump, args=(onward, connection), daemon=True)
            back.start()
            pump(connection, onward)
            back.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(4096):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one of them has gone


@dataclass
class Authority:
    """A CA with its files in a folder."""

    folder: Path
    name: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def __post_init__(self) -> None:
        self._subject = common_name(self.name)
        certificate = self._sign(self._subject, self.key.public_key(), True, days=30)
        self.path = self.folder / f"{self.name}-ca.pem"
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self,
        name: str,
        days: int = 30,
        address: str = "127.0.0.1",
        since: int = -60,
        purpose: x509.ObjectIdentifier | None = None,
    ) -> Path:
        """A key and a certificate in one file; it is valid from `since` to `days`, from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(address))]
        )
        extensions: list[x509.ExtensionType] = [names]
        if purpose:
            extensions.append(x509.ExtendedKeyUsage([purpose]))
        certificate = self._sign(
            common_name(name), key.public_key(), False, days, since, extensions
        )
        path = self.folder / f"{name}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        return path

    def revoke(self, file: Path) -> Path:
        """A list of revoked certificates with just this one, in a file."""
        now = datetime.datetime.now(datetime.timezone.utc)
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        revoked = (
            x509.RevokedCertificateBuilder()
            .serial_number(certificate.serial_number)
            .revocation_date(now - datetime.timedelta(days=1))
            .build()
        )
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._subject)
            .last_update(now - datetime.timedelta(days=1))
            .next_update(now + datetime.timedelta(days=1))
            .add_revoked_certificate(revoked)
        )
        path = self.folder / f"{self.name}-crl.pem"
        path.write_bytes(
            builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        return path

    def _sign(
        self,
        subject: x509.Name,
        public_key: ec.EllipticCurvePublicKey,
        is_ca: bool,
        days: int,
        since: int = -60,
        extensions: list[x509.ExtensionType] | None = None,
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.timezone.utc)
        identifier = x509.SubjectKeyIdentifier.from_public_key
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=is_ca,
            crl_sign=is_ca,
            **dict.fromkeys(
                (
                    "content_commitment",
                    "key_encipherment",
                    "data_encipherment",
                    "key_agreement",
                    "encipher_only",
                    "decipher_only",
                ),
                False,
            ),
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=since))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(identifier(public_key), critical=False)
            .add_extension(issuer, critical=False)
        )
        for extension in extensions or []:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self.key, hashes.SHA256())


def common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Bench:
    """What a test of a session works with."""

    reply = staticmethod(reply)
    api_key = API_KEY
    api_secret = API_SECRET
    date = DATE

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder, "ours")
        self.stranger = Authority(folder, "strange")
        self._server_file = self.authority.issue("server")
        self._client_file = self.authority.issue("client")
        self._open: list[Any] = []

    def server(
        self,
        certificate: Path | None = None,
        newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        tls: bool = True,
        crl: Path | None = None,
    ) -> Server:
        """A server that demands a client certificate of our CA, one that is not on `crl`."""
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate or self._server_file)
            context.load_verify_locations(self.authority.path)
            context.verify_mode = ssl.CERT_REQUIRED
            context.maximum_version = newest
            if crl:
                context.load_verify_locations(crl)
                context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
        return self._closing(Server(context))

    def proxy(self, status: int = 200) -> Proxy:
        return self._closing(Proxy(status))

    def tls(self, ca: Path | None = None, client: Path | None = None) -> ssl.SSLContext:
        """What the caller of a session makes."""
        context = ssl.create_default_context(cafile=ca or self.authority.path)
        context.load_cert_chain(client or self._client_file)
        return context

    def account(self, url: str) -> Account:
        return Account(url, API_KEY, API_SECRET)

    def session(
        self,
        server: Server | str,
        tls: ssl.SSLContext | None = None,
        token_store: TokenStore | None = None,
        **options: Any,
    ) -> Any:
        """A session that tries once, unless the options say otherwise."""
        url = server if isinstance(server, str) else server.url
        chosen = ConnectionOptions(**{"retries": 0, **options})
        return self._closing(Session(self.account(url), tls or self.tls(), chosen, token_store))

    def _closing(self, opened: Any) -> Any:
        self._open.append(opened)
        return opened

    def close(self) -> list[str]:
        """What the servers complain of once they are closed."""
        for opened in reversed(self._open):
            opened.close()
        servers = [opened for opened in self._open if isinstance(opened, Server)]
        self._open.clear()
        return [text for server in servers for text in server.complaints()]

    def told(self, error: BaseException) -> str:
        """All that an exception tells, itself or through others, to whom looks closely."""
        texts, waiting, known = [], [error], set()
        while waiting:
            current = waiting.pop()
            if id(current) in known:
                continue
            known.add(id(current))
            texts += [str(current), repr(current), repr(vars(current))]
            texts += traceback.format_exception(type(current), current, current.__traceback__)
            for other in (current.__cause__, current.__context__, *current.args):
                if isinstance(other, BaseException):
                    waiting.append(other)
                elif other is not None:
                    texts.append(repr(vars(other)) if hasattr(other, "__dict__") else repr(other))
        return "\n".join(texts)

    def assert_keeps_secrets(self, error: BaseException) -> None:
        told = self.told(error)
        for secret in (API_KEY, API_SECRET, TOKEN, "PreparedRequest"):
            assert secret not in told


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def bench(workshop: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    yield workshop
    assert workshop.close() == []


@pytest.fixture
def server(bench: Bench) -> Server:
    return bench.server()
