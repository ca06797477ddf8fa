# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers of the tests, all on loopback, until SIGTERM.

    servers.py FOLDER

| address | port | is |
|---|---|---|
| 127.0.0.11 | dns | the primary server of all zones; stands for the resolvers too |
| 127.0.0.12 | dns | a secondary of dns.test that follows seconds later |
| 127.0.0.2 | http | the web server of the host alpha, with the webroot FOLDER/alpha |
| 127.0.0.3 | http | the same for beta |
| 127.0.0.4 | http | a port that is forwarded to the port `forwarded` of 127.0.0.1 |
| 127.0.0.1 | powerdns | the API of PowerDNS, as far as it is needed |
| 127.0.0.1 | smtp | a mail server, which opens the links in what it gets; FOLDER/mails has it |

What was chosen is printed as JSON to FOLDER/servers.json once everything answers.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.query
from aiosmtpd.controller import Controller

PRIMARY, SECONDARY = "127.0.0.11", "127.0.0.12"
KEY = "dG9rZW5zIG9mIGRvbWFpbnMgYXJlIHBsYWNlZCB3aXRo"

_START = """$TTL 600
@ SOA {server} admin.{zone}. 1 2 1 600 1
"""
ZONES = {
    "dns.test": """@ NS ns1
@ NS ns2
ns1 A 127.0.0.11
ns2 A 127.0.0.12
@ TXT "v=spf1 -all"
_acme-challenge.alias CNAME alias.delegated.test.
""",
    "delegated.test": "@ NS ns1.dns.test.\n",
    "web.test": """@ NS ns1.dns.test.
shared A 127.0.0.2
shared A 127.0.0.3
one A 127.0.0.2
two A 127.0.0.2
listen A 127.0.0.4
""",
    "dead.test": "@ NS ns1.dns.test.\n@ NS ns9\nns9 A 127.0.0.13\n",
    "mail.test": "@ NS ns1.dns.test.\n",
}
_SERVER = """
server:
    rundir: "{folder}"
    listen: {address}@{port}
database:
    storage: "{folder}"
log:
  - target: stderr
    any: info
key:
  - id: tokens
    algorithm: hmac-sha256
    secret: {key}
acl:
  - id: transfer
    action: transfer
    address: 127.0.0.0/8
  - id: update
    action: update
    key: tokens
    update-type: [TXT]
remote:
  - id: primary
    address: {primary}@{port}
template:
  - id: default
    storage: "{folder}"
    zonefile-sync: -1
zone:
"""


def knot() -> str:
    """The program, installed if that is possible; empty if it is not there."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    found = shutil.which("knotd", path=path)
    if found is None and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for action in (["update"], ["install", "--yes", "--no-install-recommends", "knot"]):
            subprocess.run(["apt-get", "-q", *action], check=False, env=quiet, capture_output=True)
        found = shutil.which("knotd", path=path)
    return found or ""


def free_port(*addresses: str) -> int:
    """A port that is free for UDP and TCP."""
    while True:
        port = socket.create_server(("127.0.0.1", 0)).getsockname()[1]
        try:
            for address in addresses:
                socket.create_server((address, port)).close()
                with socket.socket(type=socket.SOCK_DGRAM) as udp:
                    udp.bind((address, port))
        except OSError:
            continue
        return int(port)


def start_knot(folder: Path, address: str, port: int, is_primary: bool) -> subprocess.Popen[bytes]:
    """A name server, once it answers for dns.test."""
    folder.mkdir()
    configuration = _SERVER.format(
        folder=folder, address=address, port=port, key=KEY, primary=PRIMARY
    )
    for zone, records in ZONES.items() if is_primary else [("dns.test", "")]:
        configuration += f"  - domain: {zone}\n"
        if is_primary:
            start = _START.format(zone=zone, server="ns1.dns.test.")
            (folder / f"{zone}.zone").write_text(start + records)
            configuration += "    acl: [transfer, update]\n"
        else:
            configuration += "    master: primary\n"
    (folder / "knot.conf").write_text(configuration)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [knot(), "--config", str(folder / "knot.conf")], stdout=log, stderr=log
        )
    question = dns.message.make_query("dns.test", "SOA")
    for _each in range(200):
        try:
            if dns.query.udp(question, address, port=port, timeout=0.2).answer:
                return process
        except (dns.exception.Timeout, OSError):
            pass
        time.sleep(0.05)
    raise SystemExit(f"Knot did not start: {(folder / 'log').read_text()}")


class Forwarder(http.server.BaseHTTPRequestHandler):
    """Hands a request on to another port."""

    port = 0

    def do_GET(self) -> None:
        url = f"http://127.0.0.1:{self.port}{self.path}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, b""
        except OSError:
            status, body = 502, b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nobody reads a log."""


class PowerDns(http.server.BaseHTTPRequestHandler):
    """The two requests of PowerDNS's API that are needed, on one set of records."""

    records: list[dict[str, Any]] = [{"content": '"v=spf1 -all"', "disabled": False}]
    set_of = {"name": "www.example.com.", "type": "TXT", "ttl": 300}

    def do_GET(self) -> None:
        self._answer(200, {"rrsets": [{**self.set_of, "records": self.records}]})

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        (wanted,) = body["rrsets"]
        assert {key: wanted[key] for key in self.set_of} == self.set_of
        assert wanted["changetype"] == "REPLACE"
        type(self).records = wanted["records"]
        self._answer(204, None)

    def _answer(self, status: int, document: Any) -> None:
        right = self.headers["X-API-Key"] == "the key"
        right = right and self.path.startswith("/api/v1/servers/localhost/zones/example.com.")
        body = b"" if status == 204 else json.dumps(document).encode()
        self.send_response(status if right else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nobody reads a log."""


class MailReader:
    """Keeps mails and opens the links in them, as the owner of the domain would."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        text = envelope.content.decode()
        number = len(list(self._folder.iterdir()))
        (self._folder / f"{number}").write_text(f"{envelope.rcpt_tos}\n{text}")
        link = re.search(r"https?://\S+", text)
        if link:
            threading.Thread(target=urllib.request.urlopen, args=(link.group(),)).start()
        return "250 OK"


def serve(address: str, port: int, handler: Any) -> None:
    """A web server in a thread of its own."""
    server = http.server.ThreadingHTTPServer((address, port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main(folder: Path) -> None:
    """Start everything, say so, and stop it at the end."""
    told = folder / "servers.json"
    if not knot():
        told.write_text(json.dumps({"missing": "the DNS server Knot"}))
        return
    ports = {
        "dns": free_port(PRIMARY, SECONDARY),
        "http": free_port("127.0.0.2", "127.0.0.3", "127.0.0.4"),
        "forwarded": free_port("127.0.0.1"),
        "powerdns": free_port("127.0.0.1"),
        "smtp": free_port("127.0.0.1"),
    }
    short = Path(tempfile.mkdtemp(prefix="knot-"))  # the path of a socket has to be a short one
    running = [
        start_knot(short / "primary", PRIMARY, ports["dns"], is_primary=True),
        start_knot(short / "secondary", SECONDARY, ports["dns"], is_primary=False),
    ]
    for host, address in (("alpha", "127.0.0.2"), ("beta", "127.0.0.3")):
        (folder / host).mkdir()
        handler = functools.partial(
            http.server.SimpleHTTPRequestHandler, directory=str(folder / host)
        )
        serve(address, ports["http"], handler)
    Forwarder.port = ports["forwarded"]
    serve("127.0.0.4", ports["http"], Forwarder)
    serve("127.0.0.1", ports["powerdns"], PowerDns)
    mail = Controller(MailReader(folder / "mails"), hostname="127.0.0.1", port=ports["smtp"])
    mail.start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    draft = told.with_suffix(".new")
    draft.write_text(
        json.dumps({"missing": "", "ports": ports, "key": KEY, "process": os.getpid()})
    )
    draft.replace(told)
    signal.sigwait({signal.SIGTERM})
    mail.stop()
    for process in running:
        process.terminate()
    for process in running:
        process.wait(10)
    shutil.rmtree(short)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
