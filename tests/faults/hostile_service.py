# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that answers as no service should: byte by byte, without end, or with nonsense.

One listener for all attacks: the first segment of the path says which it is, and an attack says
which requests it answers; all others get an honest answer.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PAUSE = 0.05
"""Seconds between two bytes of what comes byte by byte."""

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

    def wait(self, seconds: float | None = None) -> None:
        if self._is_over.wait(seconds):
            raise ConnectionAbortedError("the tests are over")

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


@dataclass
class Wire(Listener):
    """Does the same with every connection, as a proxy or a server below HTTP."""

    act: Act
    context: ssl.SSLContext | None = None
    heard: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        Listener.__init__(self)

    def serve(self, peer: Peer) -> None:
        if self.context:
            peer.connection = self.context.wrap_socket(peer.connection, server_side=True)
        self.heard.append(peer.connection.recv(65536))
        self.act(peer)


@contextlib.contextmanager
def listening(listener: Any) -> Iterator[Any]:
    try:
        yield listener
    finally:
        listener.close()
