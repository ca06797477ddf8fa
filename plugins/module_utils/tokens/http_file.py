# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file with the token, as one address of the domain serves it (API reference, 5.5)."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from dataclasses import dataclass

from .resolvers import is_address
from .watch import Sighting

PATH = "/.well-known/pki-validation/gsdv.txt"
DEFAULT_PORTS = {"http": 80, "https": 443}
SECONDS = 10.0
"""How long an address has to connect, for each step of the answer, and for its body."""

_LARGEST_BODY = 4096  # octets that are read: the token's and enough to tell what is there instead
_LONGEST_EXCERPT = 80  # characters


@dataclass(frozen=True)
class HttpFile:
    """The file of a domain or IP address (`host`), fetched from one address of it."""

    scheme: str
    host: str
    address: str
    port: int
    content: str

    def look(self) -> Sighting:
        """Fetch it once; redirects are not followed."""
        try:
            return self._judged(*self._fetched())
        except socket.timeout:
            problem = f"did not answer within {SECONDS:g} seconds"
        except ssl.SSLError as error:
            problem = f"did not shake hands over TLS ({_words(error)})"
        except ConnectionRefusedError:
            problem = "refused the connection, so no web server listens there"
        except OSError as error:
            problem = (
                f"was not reached ({error.strerror or error}); if that holds for this controller"
                " only, name the addresses to look at in addresses"
            )
        except http.client.HTTPException as error:
            problem = f"sent something that is not HTTP ({type(error).__name__})"
        return self._sighting((), problem, reached=False)

    @property
    def url(self) -> str:
        """What is fetched."""
        default = DEFAULT_PORTS[self.scheme] == self.port
        return f"{self.scheme}://{bracketed(self.host)}{'' if default else f':{self.port}'}{PATH}"

    def _fetched(self) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=SECONDS)
        # A socket of our own: the name is not looked up, but sent with the request.
        connection.sock = self._connected()
        try:
            connection.request(
                "GET", PATH, headers={"Accept-Encoding": "identity", "Connection": "close"}
            )
            response = connection.getresponse()
            return response, _body(response)
        finally:
            connection.close()

    def _connected(self) -> socket.socket:
        plain = socket.create_connection((self.address, self.port), SECONDS)
        if self.scheme == "http":
            return plain
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # The service takes any certificate: this may be done to get the first one.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        name = None if is_address(self.host) else self.host
        try:
            return context.wrap_socket(plain, server_hostname=name)
        except BaseException:
            plain.close()
            raise

    def _judged(self, response: http.client.HTTPResponse, body: bytes) -> Sighting:
        location = response.getheader("Location")
        if location and 300 <= response.status < 400:
            found = f"HTTP {response.status} to {location}"
            return self._sighting((found,), f"redirects {self.url}, which is not followed")
        if response.status != 200:
            found = f"HTTP {response.status}"
            return self._sighting((found,), f"answered {response.status} instead of 200")
        found = body.decode("utf-8", "backslashreplace")
        if body == self.content.encode():
            return self._sighting((found,), "")
        return self._sighting((_excerpt(found),), _difference(found, self.content))

    def _sighting(self, found: tuple[str, ...], problem: str, reached: bool = True) -> Sighting:
        return Sighting(self.address, found, problem, reached=reached)


def bracketed(host: str) -> str:
    """A host as it stands in a URL (RFC 3986, 3.2.2)."""
    return f"[{host}]" if ":" in host else host


def _body(response: http.client.HTTPResponse) -> bytes:
    """The beginning of the body, within the time that it has in all."""
    deadline, body = time.monotonic() + SECONDS, b""
    while len(body) < _LARGEST_BODY:
        part = response.read1(_LARGEST_BODY - len(body))
        if not part:
            break
        body += part
        if time.monotonic() > deadline:
            raise socket.timeout
    return body


def _difference(found: str, content: str) -> str:
    if found.strip() == content:
        return "has the token with white space around it; leave out the line break at the end"
    return "has another content" if found else "has an empty file"


def _excerpt(text: str) -> str:
    return text if len(text) <= _LONGEST_EXCERPT else text[:_LONGEST_EXCERPT] + "…"


def _words(error: ssl.SSLError) -> str:
    return (error.reason or error.strerror or str(error)).lower().replace("_", " ")
