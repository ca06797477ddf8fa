# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look round for the quickstart: free ports, chosen once and kept, and whether nginx is there."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from pathlib import Path

PORTS = ("api", "control", "http", "https")


def main(folder: Path) -> None:
    """Print what was found as JSON."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = {
        "ports": kept_ports(folder / "ports.json"),
        "nginx": shutil.which("nginx", path=path) or "",
        "root": os.geteuid() == 0,
    }
    print(json.dumps(found))


def kept_ports(file: Path) -> dict[str, int]:
    """The ports of an earlier run, or free ones that are kept for the next."""
    if file.exists():
        ports: dict[str, int] = json.loads(file.read_text(encoding="utf-8"))
        return ports
    sockets = [socket.create_server(("127.0.0.1", 0)) for _name in PORTS]
    ports = {name: sock.getsockname()[1] for name, sock in zip(PORTS, sockets)}
    for sock in sockets:
        sock.close()
    file.write_text(json.dumps(ports), encoding="utf-8")
    return ports


if __name__ == "__main__":
    main(Path(sys.argv[1]))
