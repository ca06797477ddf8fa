# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that answers as no service should: byte by byte, without end, or with nonsense.

One listener for all attacks: the first segment of the path says which it is, and an attack says
which requests it answers; all others get an honest answer.
"""

from __future__ import annotations

import contextlib
import datetime
import http.client
import ipaddress
import json
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PAUSE = 0.05
"""Seconds between two bytes of what comes byte by byte."""

GIVES_UP_AFTER = 5.0
"""Seconds after which a client that waits too long is let go, for others to be tried."""

TOKEN = "eyJhbGciOiJkaXIi.canary.of-the-token"
SERIAL = "01CFABDF1EBA6325930BF8B6FFD89F12"
CLAIM_ID = "0136017F938B709EE80A67B80183B83F"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
CLAIM = {
    "id": CLAIM_ID,
    "domain": "quillon.example.",
    "status": "VERIFIED",
    "created_at": 1790000000,
    "expires_at": 1890000000,
    "assert_by": 1800000000,
    "last_verified_at": 1790000001,
    "last_verification_method": "DNS",
    "token": "F4DACB42E444F8DE5434C5F53FE20DA0",
    "log": [{"status": "SUCCESS", "description": "verified", "timestamp": 1790000001}],
}
POLICY = {
    "validity": {"secondsmin": 3600, "secondsmax": 17280000},
    "public_key": {"key_type": "RSA", "allowed_lengths": [2048], "key_format": "PKCS8"},
}
LISTED = {"serial_number": SERIAL, "not_before": 1790000000, "not_after": 1800000000}


class Peer:
    """The client's side of a connection, as the service has it."""

    def __init__(self, connection: socket.socket, is_over: threading.Event) -> None:
        self.connection = connection
        self._is_over = is_over
        self._gives_up_at = time.monotonic() + GIVES_UP_AFTER
        self.elsewhere = b""
        """Host and port of who must not be contacted."""

    def send(self, data: bytes) -> None:
        self.connection.sendall(data.replace(b"ELSEWHERE", self.elsewhere))

    def drip(self, data: bytes, then_again: bytes = b"") -> None:
        """Send byte by byte, the last part again and again."""
        while True:
            for number in range(len(data)):
                self.connection.sendall(data[number : number + 1])
                self.wait(PAUSE)
            if not then_again:
                return
            data = then_again

    def repeat(self, unit: bytes, pause: float = PAUSE) -> None:
        """Send this without end."""
        while True:
            self.connection.sendall(unit)
            self.wait(pause)

    def flood(self, unit: bytes) -> None:
        """Send this without end and without a pause."""
        block = unit * (1 + 65536 // len(unit))
        while True:
            self.connection.sendall(block)
            self.wait(0)

    def wait(self, seconds: float = GIVES_UP_AFTER) -> None:
        left = self._gives_up_at - time.monotonic()
        if self._is_over.wait(min(seconds, max(left, 0))) or left <= 0:
            raise ConnectionAbortedError("it lasted long enough")

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Act = Callable[[Peer], Any]
"""How a request is answered. The connection is closed after it unless it says `True`."""


def raw(
    status: int = 200,
    document: Any = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> bytes:
    """An answer that keeps to HTTP. A header that is empty is left out."""
    if body is None:
        body = b"" if document is None else json.dumps(document).encode("ascii")
    kind = "application/json" if status < 400 else "application/problem+json"
    fields = {"Content-Length": str(len(body)), "Content-Type": f"{kind};charset=utf-8"}
    fields.update(headers or {})
    lines = [f"HTTP/1.1 {status} Status"]
    lines += [f"{name}: {value}" for name, value in fields.items() if value]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def answer(status: int = 200, document: Any = None, **more: Any) -> Act:
    """An act that is no more than an answer."""
    content = raw(status, document, **more)

    def act(peer: Peer) -> bool:
        peer.send(content)
        return True

    return act


def sends(*parts: bytes) -> Act:
    """An act that sends these bytes and closes the connection."""
    return lambda peer: peer.send(b"".join(parts))


@dataclass(frozen=True)
class Attack:
    """A case: what the client calls, and how the service answers which of its requests.

    `answers` are by method and the beginning of the path. The call ends with an error that is
    `says` from its beginning to its end, or returns `returns`. Where it is left to the clock what
    is noticed first, `or_says` is what may be said instead. `effort` is what it costs the
    client: nothing to speak of, all the time that it has (`waits`), or the processor (`floods`).
    """

    name: str
    call: Callable[[Any], Any]
    answers: Mapping[tuple[str, str], Act]
    says: str = ""
    or_says: tuple[str, ...] = ()
    returns: Any = None
    effort: str = ""


HONEST: Mapping[tuple[str, str], Act] = {
    ("POST", "/login"): answer(200, {"access_token": TOKEN}),
    ("GET", "/validationpolicy"): answer(200, POLICY),
    ("GET", "/quotas/issuance"): answer(200, {"value": 7}),
    ("GET", "/trustchain"): answer(200, [PEM]),
    ("GET", "/stats/"): answer(200, [LISTED], headers={"Total-Count": "1"}),
    ("GET", "/claims/domains?"): answer(200, [CLAIM], headers={"Total-Count": "1"}),
    ("GET", f"/claims/domains/{CLAIM_ID}"): answer(200, CLAIM),
    ("DELETE", "/claims/domains/"): answer(204, headers={"Content-Type": ""}),
    ("POST", "/certificates"): answer(201, headers={"Location": f"/v2/certificates/{SERIAL}"}),
    ("GET", "/certificates/"): answer(
        200, {"certificate": PEM, "status": "ISSUED", "updated_at": 1790000000}
    ),
    ("POST", "/claims/domains/"): answer(
        201,
        {"token": CLAIM["token"], "assert_by": 1800000000},
        headers={"Location": f"/v2/claims/domains/{CLAIM_ID}"},
    ),
}


class Listener:
    """Accepts connections on loopback, and serves each in a thread of its own."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port: int = self._socket.getsockname()[1]
        self.is_over = threading.Event()
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._guarded, args=(connection,), daemon=True).start()

    def _guarded(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:  # the client has gone
            self.serve(Peer(connection, self.is_over))

    def serve(self, peer: Peer) -> None:
        """Nobody is expected here."""

    def close(self) -> None:
        self.is_over.set()
        self._socket.close()


def read_request(stream: Any) -> tuple[str, str]:
    """Method and target of a request, all of which is read; empty at the end."""
    first = stream.readline().decode("latin-1").split()
    length = 0
    for line in iter(lambda: stream.readline().decode("latin-1").strip(), ""):
        found = re.fullmatch(r"content-length: *(\d+)", line, re.IGNORECASE)
        length = int(found.group(1)) if found else length
    stream.read(length)
    return (first[0], first[1]) if len(first) == 3 else ("", "")


class HostileService(Listener):
    """Serves all attacks, each below `/<number>/v2`."""

    def __init__(
        self, attacks: list[Attack], elsewhere: str, context: ssl.SSLContext | None = None
    ) -> None:
        self._attacks = attacks
        self._elsewhere = elsewhere.encode("ascii")
        self._context = context
        super().__init__()

    def url(self, number: int) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}/{number}/v2"

    def serve(self, peer: Peer) -> None:
        peer.elsewhere = self._elsewhere
        if self._context:
            peer.connection = self._context.wrap_socket(peer.connection, server_side=True)
        with peer.connection.makefile("rb") as stream:
            while True:
                method, target = read_request(stream)
                if not method or not self._act(method, target)(peer):
                    break
        peer.connection.close()

    def _act(self, method: str, target: str) -> Act:
        number, _version, path = target.lstrip("/").split("/", 2)
        answers = self._attacks[int(number)].answers
        found = _found(answers, method, f"/{path}") or _found(HONEST, method, f"/{path}")
        return found or answer(404, {"description": "Not Found"})


def _found(answers: Mapping[tuple[str, str], Act], method: str, path: str) -> Act | None:
    fitting = [
        (begin, act)
        for (its_method, begin), act in answers.items()
        if its_method == method and path.startswith(begin)
    ]
    return max(fitting, key=lambda each: len(each[0]))[1] if fitting else None


class Wire(Listener):
    """Does the same with every connection, as a proxy or a server below HTTP."""

    def __init__(self, act: Act) -> None:
        self._act = act
        super().__init__()

    def serve(self, peer: Peer) -> None:
        """The first that the client sends is read, and no more of it."""
        peer.connection.recv(65536)
        self._act(peer)


class Tampered(Listener):
    """Stands before an honest service, and answers some requests itself."""

    def __init__(self, url: str, context: ssl.SSLContext) -> None:
        self._honest = urlsplit(url)
        self._context = context
        self.answers: dict[tuple[str, str], Act] = {}
        super().__init__()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self._honest.path}"

    def serve(self, peer: Peer) -> None:
        with peer.connection.makefile("rb") as stream:
            while True:
                request = _whole_request(stream)
                if request is None or not self._answered(peer, *request):
                    return

    def _answered(
        self, peer: Peer, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> Any:
        act = _found(self.answers, method, target.removeprefix(self._honest.path))
        if act is not None:
            return act(peer)
        onward = http.client.HTTPSConnection(self._honest.netloc, context=self._context)
        with contextlib.closing(onward):
            onward.request(method, target, body or None, headers)
            answer = onward.getresponse()
            content = answer.read()
        kept = {name: value for name, value in answer.getheaders() if name != "Connection"}
        peer.send(raw(answer.status, headers={**kept, "Content-Length": ""}, body=content))
        return False


def _whole_request(stream: Any) -> tuple[str, str, dict[str, str], bytes] | None:
    first = stream.readline().decode("latin-1").split()
    headers = dict(
        line.split(": ", 1)
        for line in iter(lambda: stream.readline().decode("latin-1").strip(), "")
    )
    if len(first) != 3:
        return None
    body = stream.read(int(headers.get("Content-Length", 0)))
    for name in ("Connection", "Content-Length"):
        headers.pop(name, None)
    return first[0], first[1], headers, body


@contextlib.contextmanager
def listening(listener: Any) -> Iterator[Any]:
    try:
        yield listener
    finally:
        listener.close()


# ---- certificates -------------------------------------------------------------------------------


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signed(
    subject: str,
    key: Any,
    issuer: str,
    issuer_key: Any,
    names: tuple[str, ...] = (),
    days: int = 30,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=60))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        addresses = [x509.IPAddress(ipaddress.ip_address(name)) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def circle() -> list[str]:
    """Two CA certificates (PEM) that signed each other."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ca in range(2)]
    one = _signed("CA 1", keys[0], "CA 2", keys[1])
    other = _signed("CA 2", keys[1], "CA 1", keys[0])
    return [_pem(one).decode(), _pem(other).decode()]


class Authority:
    """A CA for servers on loopback, with its files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.path = folder / "ca.pem"
        self.path.write_bytes(_pem(_signed("CA", self._key, "CA", self._key)))

    def server(self, address: str = "127.0.0.1", days: int = 30) -> ssl.SSLContext:
        """The context of a server with this address in its certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _signed("server", key, "CA", self._key, (address,), days)
        path = self._folder / f"{address}-{days}.pem"
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        path.write_bytes(private + _pem(certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def client(self) -> ssl.SSLContext:
        """The context of a client that trusts it."""
        return ssl.create_default_context(cafile=str(self.path))
