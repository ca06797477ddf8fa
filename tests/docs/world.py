# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation takes for granted, on loopback: an Atlas with an account for each block,
the name server of example.com, its web server over HTTP and TLS, and a mail reader."""

from __future__ import annotations

import base64
import functools
import http.server
import json
import re
import secrets
import socketserver
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.message
import dns.query
from aiosmtpd.controller import Controller
from atlas_simulator.policy.policies import READY_MADE
from simulator.conftest import Simulator, running
from simulator.name_servers import free_port, running_knot, wait_for_answer

from .blocks import Block

LISTENER_ADDRESS = "127.0.0.4"
"""That of db.example.com, where no web server runs."""

_SSL = "blocks/*/root/etc/ssl"
_KNOT = """server:
    rundir: "{folder}"
    listen: {listen}
database:
    storage: "{folder}"
log:
  - target: stderr
    any: info
template:
  - id: default
    storage: "{folder}"
    zonefile-sync: -1
"""
_ZONES = {
    "example.com": """www A 127.0.0.1
@ A 127.0.0.1
db A {listener}
@ TXT "v=spf1 -all"
""",
    "example.net": "",
    "validation.example.net": "",
}
_START = """$TTL 1
@ SOA ns1 admin.example.com. 1 60 60 60 1
@ NS ns1
ns1 A 127.0.0.1
"""
_OTHER_SERVER = """key:
  - id: atlas-hidden
    algorithm: hmac-sha512
    secret: {secret}
acl:
  - id: hidden
    key: atlas-hidden
    action: update
zone:
  - domain: example.com
    acl: hidden
"""


@dataclass(frozen=True)
class World:
    """What runs, and where."""

    simulator: Simulator
    folder: Path
    ports: dict[str, int]
    tsig_keys: dict[str, str]
    mails: Path

    @property
    def webroot(self) -> Path:
        """What the web server of www.example.com serves."""
        return self.folder / "webroot"

    def connection(self, account: str) -> dict[str, str]:
        """The connection options of an account."""
        path = self.simulator.folder / "accounts" / account / "connection.json"
        if not path.exists():  # the first one
            path = self.simulator.folder / "connection.json"
        told: dict[str, str] = json.loads(path.read_text())
        return told

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name."""
        query = dns.message.make_query(name, "TXT")
        answer = dns.query.tcp(query, "127.0.0.1", port=self.ports["dns"], timeout=5)
        found = [record for rrset in answer.answer for record in rrset if record.rdtype == 16]
        return sorted(b"".join(record.strings).decode() for record in found)


@contextmanager
def world(
    folder: Path, accounts: Sequence[dict[str, Any]], blocks: Sequence[Block]
) -> Iterator[World]:
    """All of it, running. The name server is configured as the documentation says."""
    names = ("dns", "hidden", "http", "https", "listener", "smtp", "control")
    ports = {name: free_port() for name in names}
    keys = {
        name: base64.b64encode(secrets.token_bytes(32)).decode() for name in ("atlas", "hidden")
    }
    (folder / "webroot").mkdir()
    people = json.dumps(READY_MADE["smime"]).replace(
        "quillon\\\\.example", "(corp[.])?example[.]com"
    )
    (folder / "people.json").write_text(people.replace("@quillon.example", "@example.com"))
    placed = json.dumps(accounts).replace("people.json", str(folder / "people.json"))
    (folder / "accounts.json").write_text(placed)
    with ExitStack() as stack:
        stack.enter_context(_name_servers(folder, ports, keys, blocks))
        web = _web_server(folder / "webroot", ports["listener"])
        for address in ("127.0.0.1", LISTENER_ADDRESS):
            stack.enter_context(_serving(address, ports["http"], web))
        stack.enter_context(_serving("127.0.0.1", ports["https"], _https(folder)))
        mails = folder / "mails"
        reader = Controller(_MailReader(mails), hostname="127.0.0.1", port=ports["smtp"])
        reader.start()
        stack.callback(reader.stop)
        simulator = stack.enter_context(
            running(
                folder / "atlas",
                *("--accounts", str(folder / "accounts.json")),
                *("--control", f"127.0.0.1:{ports['control']}", "--pki-listen", "127.0.0.1:0"),
                *("--resolver", f"127.0.0.1:{ports['dns']}"),
                *("--verify-http-port", str(ports["http"]), "--smtp", f"127.0.0.1:{ports['smtp']}"),
            )
        )
        yield World(simulator, folder, ports, keys, mails)


@contextmanager
def _name_servers(
    folder: Path, ports: dict[str, int], keys: dict[str, str], blocks: Sequence[Block]
) -> Iterator[None]:
    """The primary server, as the documentation has it configured, and a hidden one."""
    (server,) = {block.text for block in blocks if block.text.startswith("key:")}
    documented = server.replace("secret: ...", f"secret: {keys['atlas']}")
    (delegation,) = {block.text for block in blocks if block.language == "dns-zone"}
    others = "".join(f"  - domain: {zone}\n    acl: atlas\n" for zone in sorted(_ZONES)[1:])
    hidden = _OTHER_SERVER.format(secret=keys["hidden"])
    with ExitStack() as stack:
        for name, rest in (("dns", documented + others), ("hidden", hidden)):
            place = folder / name
            place.mkdir()
            for zone, records in _ZONES.items():
                text = _START + records.format(listener=LISTENER_ADDRESS)
                text += delegation if (name, zone) == ("dns", "example.com") else ""
                (place / f"{zone}.zone").write_text(text)
            listen = f"127.0.0.1@{ports[name]}"
            configuration = _KNOT.format(folder=place, listen=listen) + rest
            stack.enter_context(running_knot(place, configuration))
        for name in ("dns", "hidden"):
            wait_for_answer("127.0.0.1", ports[name], "example.com", folder / name / "log")
        yield


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *_arguments: Any) -> None:
        """A client that goes away is nothing to tell."""


@contextmanager
def _serving(address: str, port: int, handler: Callable[..., Any]) -> Iterator[None]:
    server = _Server((address, port), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _web_server(webroot: Path, listener: int) -> Callable[..., Any]:
    """Files of the webroot; what is asked for db.example.com goes to the port of the listener."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.headers["Host"].startswith("db."):
                super().do_GET()
                return
            try:
                url = f"http://127.0.0.1:{listener}{self.path}"
                with urllib.request.urlopen(url, timeout=5) as answer:
                    content = answer.read()
            except OSError:
                self.send_error(502)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: Any) -> None:
            """Nobody reads a log."""

    return functools.partial(Handler, directory=str(webroot))


def _https(folder: Path) -> Callable[..., Any]:
    """Serves with the certificate that was put in place last."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def setup(self) -> None:
            links = [
                *folder.glob(f"{_SSL}/*/fullchain.pem"),
                *folder.glob(f"{_SSL}/*/*/fullchain.pem"),
            ]
            places = [path for path in links if path.with_name("key.pem").exists()]
            newest = max(places, key=lambda path: path.stat().st_mtime_ns)
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(newest, newest.with_name("key.pem"))
            self.request = context.wrap_socket(self.request, server_side=True)
            super().setup()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Nobody reads a log."""

    return Handler


class _MailReader:
    """Keeps mails and opens the links in them, as the owner of the domain would."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        text = envelope.content.decode()
        for receiver in envelope.rcpt_tos:
            (self._folder / receiver).write_text(text)
        link = re.search(r"https?://\S+", text)
        if link:
            threading.Thread(target=urllib.request.urlopen, args=(link.group(),)).start()
        return "250 OK"


def install_program(folder: Path, name: str, text: str) -> None:
    """A program that stands for one of the user's machine."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
