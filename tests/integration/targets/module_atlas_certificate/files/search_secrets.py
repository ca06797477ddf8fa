# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Search what a play said and left behind for secrets, inside module payloads too.

Prints JSON: `leaks`, each as [what, where], `payloads`, how many zipped payloads were opened and
hold the node's half, and `texts`, how many texts were searched in each folder.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

_BASE64 = re.compile(rb"[A-Za-z0-9+/]{1000,}={0,2}")


def secrets(node_key: Path) -> Iterator[tuple[str, bytes]]:
    """The canaries: credentials, the client's private key, the node's private key."""
    yield "api_key", os.environ["ATLAS_TEST_API_KEY"].encode()
    yield "api_secret", os.environ["ATLAS_TEST_API_SECRET"].encode()
    for name, path in {
        "client_key": Path(os.environ["ATLAS_TEST_CLIENT_KEY"]),
        "node key": node_key,
    }.items():
        body = [line for line in path.read_bytes().splitlines() if not line.startswith(b"-")]
        for line in body[1:-1] or body:
            yield name, line
    yield "a private key", b"-----BEGIN PRIVATE KEY-----\\nM"


def texts(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, and every member of the payloads inside."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            yield str(path), content
            for blob in _BASE64.findall(content):
                yield from members(str(path), base64.b64decode(blob + b"=="))


def members(where: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The members of a zip file; nothing if it is none."""
    if not data.startswith(b"PK"):
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            yield f"{where}!{name}", archive.read(name)


def main(node_key: Path, *folders: Path) -> None:
    by_folder = [list(texts(folder)) for folder in folders]
    found = [text for folder in by_folder for text in folder]
    canaries = list(secrets(node_key))
    leaks = [
        [name, where] for where, content in found for name, value in canaries if value in content
    ]
    payloads = [where for where, _content in found if where.endswith("/lifecycle/node/steps.py")]
    http = [
        ["HTTP code in the payload", where]
        for where, content in found
        if "!" in where and "module_utils/api/" in where and content
    ]
    counts = [len(folder) for folder in by_folder]
    print(json.dumps({"leaks": leaks + http, "payloads": len(payloads), "texts": counts}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
