# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The octets of a DNS message to a server and back (RFC 1035, 4.2), over UDP or TCP.

The sockets are connected, so that a port where nobody listens is told at once. socket.timeout and
other kinds of OSError say what went wrong, and EOFError that the server hung up.
"""

from __future__ import annotations

import socket
import time

_SENDINGS = 3
"""How often a message is sent over UDP, which may lose it, within the time that it has."""

_LARGEST_DATAGRAM = 65535  # octets
_ID = slice(0, 2)
_HEADER_SIZE = 12  # octets
_TRUNCATED = 0x02  # bit of the third octet


def over_udp(message: bytes, address: str, port: int, seconds: float) -> bytes:
    """The first answer with the message's id."""
    with socket.socket(_family(address), socket.SOCK_DGRAM) as connection:
        connection.connect((address, port))
        for remaining in reversed(range(_SENDINGS)):
            connection.send(message)
            deadline = time.monotonic() + seconds / _SENDINGS
            try:
                return _answer(connection, message, deadline)
            except socket.timeout:
                if not remaining:
                    raise
    raise AssertionError("a loop that returns or raises")


def over_tcp(message: bytes, address: str, port: int, seconds: float) -> bytes:
    """The answer on a connection of its own."""
    deadline = time.monotonic() + seconds
    with socket.create_connection((address, port), seconds) as connection:
        connection.sendall(len(message).to_bytes(2, "big") + message)
        size = int.from_bytes(_exactly(connection, 2, deadline), "big")
        return _exactly(connection, size, deadline)


def is_truncated(answer: bytes) -> bool:
    """Whether the whole answer has to be asked for over TCP."""
    return bool(answer[2] & _TRUNCATED)


def _answer(connection: socket.socket, message: bytes, deadline: float) -> bytes:
    while True:
        _wait_until(connection, deadline)
        answer = connection.recv(_LARGEST_DATAGRAM)
        if len(answer) >= _HEADER_SIZE and answer[_ID] == message[_ID]:
            return answer


def _exactly(connection: socket.socket, size: int, deadline: float) -> bytes:
    octets = b""
    while len(octets) < size:
        _wait_until(connection, deadline)
        part = connection.recv(size - len(octets))
        if not part:
            raise EOFError
        octets += part
    return octets


def _wait_until(connection: socket.socket, deadline: float) -> None:
    """Have the next operation end at a time of the monotonic clock."""
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise socket.timeout
    connection.settimeout(remaining)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
