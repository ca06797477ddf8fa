# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real DNS servers: Knot, with the zones that a test needs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

_CONFIGURATION = """
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
database:
    storage: "{folder}"
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: "{folder}"
    zonefile-sync: -1
    journal-content: none
zone:
"""
_START = """$TTL 1
@ SOA ns.example. dns\\.admin.example. 1 60 60 60 1
@ NS ns.example.
"""


@contextmanager
def name_server(folder: Path, zones: Mapping[str, str]) -> Iterator[str]:
    """HOST:PORT of a server that is authoritative for the zones; each is a text of records."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    configuration = _CONFIGURATION.format(folder=folder, port=port)
    for zone, records in zones.items():
        (folder / f"{zone}.zone").write_text(_START + records + "\n")
        configuration += f'  - domain: {zone}\n    file: "{zone}.zone"\n'
    (folder / "knot.conf").write_text(configuration)
    command = [knot(), "--config", str(folder / "knot.conf")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log)
    try:
        _wait(process, port, min(zones), folder / "log")
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def knot() -> str:
    """The program, installed if that is possible; otherwise the test is skipped."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    found = shutil.which("knotd", path=path)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for action in (["update"], ["install", "--yes", "--no-install-recommends", "knot"]):
            subprocess.run(["apt-get", "-q", *action], check=False, env=quiet, capture_output=True)
        found = shutil.which("knotd", path=path)
    if found is None:
        pytest.skip("the DNS server Knot is not here and cannot be installed")
    return found


def free_port() -> int:
    """A port that is free for UDP and TCP."""
    while True:
        with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            port: int = udp.getsockname()[1]
            try:
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _wait(process: subprocess.Popen[bytes], port: int, zone: str, log: Path) -> None:
    query = dns.message.make_query(zone, "SOA")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if dns.query.udp(query, "127.0.0.1", port=port, timeout=0.2).answer:
                return
        except (dns.exception.Timeout, OSError):
            time.sleep(0.02)
    raise AssertionError(f"Knot did not start: {log.read_text()}")
