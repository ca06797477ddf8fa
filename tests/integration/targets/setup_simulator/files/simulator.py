# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts a simulated Atlas: simulator.py FOLDER POLICY DOMAIN..., and prints what there is to know.

It does what the role atlas_simulator does, which has tests of its own, in one task.
The web server of the tests gets the port that verification requests over HTTP go to.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

PACKAGE = "ansible_collections/globalsign/atlas/roles/atlas_simulator/files"
RESOLVED = ("claim.test=127.0.0.1", "other.test=127.0.0.1")


def package() -> str:
    """Where the simulator is, in the collection that is tested."""
    for folder in os.environ["ANSIBLE_COLLECTIONS_PATH"].split(":"):
        if (Path(folder) / PACKAGE).is_dir():
            return str(Path(folder) / PACKAGE)
    raise SystemExit(f"{PACKAGE} is not below ANSIBLE_COLLECTIONS_PATH")


def main(folder: Path, policy: str, domains: list[str]) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        web_port = free.getsockname()[1]
    command = [sys.executable, "-m", "atlas_simulator", "serve", "--data-dir", str(folder)]
    command += ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--policy", policy]
    command += ["--verify-http-port", str(web_port)]
    command += [part for domain in domains for part in ("--verified", domain)]
    command += [part for name in RESOLVED for part in ("--resolve", name)]
    ready, log = folder / "ready", folder / "log"
    with ready.open("wb") as output, log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONPATH": package(), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
    # As long as it lives: on a busy machine it may take a while.
    while not ready.read_text().startswith("ready "):
        if process.poll() is not None:
            raise SystemExit(log.read_text())
        time.sleep(0.02)
    connection = json.loads((folder / "connection.json").read_text())
    control_url = (folder / "control-url").read_text()
    told = {"process": process.pid, "web_port": web_port}
    print(json.dumps({**told, "connection": connection, "control_url": control_url}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
