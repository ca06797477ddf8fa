# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulator in a process of its own, spoken to by plain HTTP and none of the client's code."""

from __future__ import annotations

import atexit
import base64
import http.client
import json
import os
import re
import signal
import ssl
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from .launcher import Launcher

PACKAGE = Path(__file__).parents[2] / "roles/atlas_simulator/files"
JSON_TYPE = "application/json;charset=utf-8"
PROBLEM_TYPE = "application/problem+json;charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """`document` is the decoded JSON body, None without one."""

    status: int
    headers: Mapping[str, str]
    document: Any

    @property
    def description(self) -> str:
        """The text of an error, which must be in the form of errors."""
        assert self.headers["Content-Type"] == PROBLEM_TYPE
        return str(self.document["description"])


@cache
def launcher() -> Launcher:
    """What starts simulators."""
    started = Launcher(PACKAGE)
    atexit.register(started.close)
    return started


class Simulator:
    """A running simulator."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        command = ["serve", "--data-dir", str(folder), "--listen", "127.0.0.1:0", *arguments]
        with tempfile.TemporaryDirectory() as place:
            output = Path(place) / "output"
            os.mkfifo(output)
            self._process = launcher().start(command, output, None)
            with output.open(encoding="utf-8") as told:
                word, _space, self.url = told.readline().strip().partition(" ")
        assert word == "ready"
        self.account = dict(
            re.findall("^export ([A-Z_]+)='?([^'\n]*)'?$", (folder / "env").read_text(), re.M)
        )
        self._token = ""

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it; its exit status."""
        self._process.send_signal(how)
        return self._process.wait(10)

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        """Whether it has, by itself or with what started it."""
        try:
            return self._process.poll() is not None
        except BrokenPipeError:
            return True

    @property
    def token(self) -> str:
        """An access token of the account."""
        if not self._token:
            self._token = self.login().document["access_token"]
        return self._token

    def login(self, client: str | None = "client", **changes: Any) -> Answer:
        """POST /login with the right key and secret, but for the `changes`."""
        body = {
            "api_key": self.account["ATLAS_API_KEY"],
            "api_secret": self.account["ATLAS_API_SECRET"],
            **changes,
        }
        return self.send("POST", "/login", body, client=client, headers={"Authorization": None})

    def renew_token(self) -> None:
        """Have the next request log in anew."""
        self._token = ""

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
        client: str | None = "client",
    ) -> Answer:
        """One request on a connection of its own.

        `body` is sent as it is if it is bytes, else as JSON. `headers` are added to, and with None
        taken from, what a good client sends. `client` is the name of the certificate to show.
        """
        status, received_headers, received = self.send_raw(method, path, body, headers, client)
        document = json.loads(received) if received else None
        return Answer(status, received_headers, document)

    def send_raw(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
        client: str | None = "client",
    ) -> tuple[int, dict[str, str], bytes]:
        """The same, with the body as it came."""
        with self.open_request(method, path, body, headers, client) as connection:
            response = connection.getresponse()
            received = response.read()
        return response.status, dict(response.getheaders()), received

    @contextmanager
    def open_request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
        client: str | None = "client",
    ) -> Iterator[http.client.HTTPSConnection]:
        """A connection on which the request was sent; it is closed at the end."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent: dict[str, str | None] = {"Content-Length": "0"}
        if body is not None:
            sent = {"Content-Type": JSON_TYPE, "Content-Length": str(len(content))}
        if "Authorization" not in (headers or {}):
            sent["Authorization"] = f"Bearer {self.token}"
        sent.update(headers or {})
        address = urlsplit(self.url)
        connection = http.client.HTTPSConnection(
            address.netloc, timeout=20, context=self._tls(client)
        )
        try:
            connection.putrequest(method, address.path + path, skip_accept_encoding=True)
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(content if body is not None else None)
            yield connection
        finally:
            connection.close()

    def _tls(self, client: str | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.account["ATLAS_CA_PATH"])
        if client:
            context.load_cert_chain(self.folder / f"{client}.crt", self.folder / f"{client}.key")
        return context

    def control(self, method: str = "GET", path: str = "/requests", body: Any = None) -> Any:
        """What the control listener answers; an error is a `ValueError` with its text."""
        status, received = self.control_raw(method, path, body)
        if status >= 400:
            raise ValueError(received["error"] if received else status)
        return received

    def control_raw(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The status and the decoded body of an answer of the control listener."""
        address = urlsplit((self.folder / "control-url").read_text())
        connection = http.client.HTTPConnection(address.netloc, timeout=20)
        try:
            content = body if body is None or isinstance(body, bytes) else json.dumps(body)
            connection.request(method, path, content)
            response = connection.getresponse()
            received = response.read()
        finally:
            connection.close()
        is_json = response.getheader("Content-Type", "").startswith("application/json")
        return response.status, json.loads(received) if received and is_json else None

    def issue(self, request: Any = None, **headers: str) -> str:
        """Have a certificate issued; its serial number."""
        answer = self.send("POST", "/certificates", request or good_request(), headers=headers)
        assert answer.status == 201, answer.document
        return answer.headers["Location"].rpartition("/")[2]

    def certificate(self, serial: str) -> x509.Certificate:
        """An issued certificate."""
        pem = self.send("GET", f"/certificates/{serial}").document["certificate"]
        return x509.load_pem_x509_certificate(pem.encode())

    def claim(self, domain: str) -> tuple[str, str]:
        """Make a claim; its id and token."""
        answer = self.send("POST", f"/claims/domains/{domain}")
        assert answer.status == 201
        return answer.headers["Location"].rpartition("/")[2], answer.document["token"]

    def wait_for_log(self, claim_id: str, entries: int) -> Any:
        """The claim once its log has so many entries."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            claim = self.send("GET", f"/claims/domains/{claim_id}").document
            if len(claim["log"]) >= entries:
                return claim
            time.sleep(0.05)
        raise AssertionError(f"the log did not get {entries} entries: {claim}")


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Simulator]:
    """A simulator that is stopped at the end, whatever happens."""
    simulator = Simulator(folder, *arguments)
    try:
        yield simulator
    finally:
        simulator.stop()


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """One with the default policy, where quillon.example is verified."""
    folder = tmp_path_factory.mktemp("simulator")
    arguments = ("--verified", "quillon.example", "--control", "127.0.0.1:0")
    with running(folder, *arguments) as started:
        yield started


def public_key_members(key: Any) -> dict[str, str]:
    """`public_key` and `public_key_signature` for a private key (API reference, section 4.4)."""
    public = key.public_key()
    der = public.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(der, padding.PKCS1v15(), hashes.SHA256())
    else:
        signature = key.sign(der, ec.ECDSA(hashes.SHA256()))
    return {
        "public_key": pem_of(public),
        "public_key_signature": base64.b64encode(signature).decode(),
    }


def pem_of(public_key: Any) -> str:
    """A public key as the API wants it."""
    pem: bytes = public_key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem.decode().strip()


KEY = ec.generate_private_key(ec.SECP256R1())


def good_request(**changes: Any) -> dict[str, Any]:
    """A request that the default policy admits, but for the `changes`; None leaves one out."""
    request = {
        "validity": {"not_before": int(time.time()), "not_after": 0},
        "subject_dn": {"common_name": "www.quillon.example"},
        "san": {"dns_names": ["www.quillon.example", "quillon.example"]},
        **public_key_members(KEY),
        **changes,
    }
    return {name: value for name, value in request.items() if value is not None}
