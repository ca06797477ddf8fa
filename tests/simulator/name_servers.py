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
from collections.abc import Iterator, Mapping, Sequence
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
@ SOA ns dns\\.admin.example. 1 60 60 60 1
@ NS ns
ns A 127.0.0.1
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
    with running_knot(folder, configuration):
        wait_for_answer("127.0.0.1", port, min(zones), folder / "log")
        yield f"127.0.0.1:{port}"


@contextmanager
def running_knot(folder: Path, configuration: str) -> Iterator[None]:
    """Knot with a configuration; what it says is in the file log of the folder."""
    (folder / "knot.conf").write_text(configuration)
    with running_server([knot(), "--config", str(folder / "knot.conf")], folder / "log"):
        yield


@contextmanager
def running_server(command: Sequence[str], log: Path) -> Iterator[None]:
    """A server in the foreground, ended with the context."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stderr=output, stdout=output)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


def knot() -> str:
    """The program, installed if that is possible; otherwise the test is skipped."""
    return installed("knotd", "knot")


def installed(name: str, package: str) -> str:
    """A program of a Debian package, installed if that is possible; otherwise it is skipped."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    found = shutil.which(name, path=path)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for action in (["update"], ["install", "--yes", "--no-install-recommends", package]):
            subprocess.run(["apt-get", "-q", *action], check=False, env=quiet, capture_output=True)
        found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"the DNS server {name} is not here and cannot be installed")
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


def wait_for_answer(address: str, port: int, zone: str, log: Path) -> None:
    """Until a server answers for a zone."""
    query = dns.message.make_query(zone, "SOA")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if dns.query.udp(query, address, port=port, timeout=0.2).answer:
                return
        except (dns.exception.Timeout, OSError):
            pass
        time.sleep(0.02)
    raise AssertionError(f"The DNS server did not start: {log.read_text()}")
