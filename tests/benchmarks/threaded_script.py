# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The least that obtains certificates: a script with threads, without a record of anything.

    python threaded_script.py FOLDER NAME...

What it is compared with does the same, and can be killed at any moment. Takes the connection from
ATLAS_API_KEY and its like, as `env` in the simulator's folder has them; a folder for each name.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

THREADS = 8
URL = os.environ["ATLAS_API_URL"]


def main() -> None:
    """Obtain a certificate for each name."""
    folder, *names = sys.argv[1:]
    session = requests.Session()
    session.trust_env = False  # a bundle named there would take the place of `verify`
    session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=THREADS))
    session.verify = os.environ["ATLAS_CA_PATH"]
    session.cert = (os.environ["ATLAS_CLIENT_CERT"], os.environ["ATLAS_CLIENT_KEY"])
    keys = {name: os.environ[f"ATLAS_{name.upper()}"] for name in ("api_key", "api_secret")}
    token = posted(session, "login", keys).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    chain = "\n".join(answered(session.get(f"{URL}/trustchain")).json())
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda name: obtain(session, Path(folder), name, chain), names))


def posted(session: requests.Session, path: str, body: dict[str, Any]) -> requests.Response:
    """The answer to a body in JSON."""
    content_type = {"Content-Type": "application/json;charset=utf-8"}
    return answered(session.post(f"{URL}/{path}", json.dumps(body), headers=content_type))


def answered(answer: requests.Response) -> requests.Response:
    """The answer, unless it is an error."""
    answer.raise_for_status()
    return answer


def obtain(session: requests.Session, folder: Path, name: str, chain: str) -> None:
    """One certificate, in four files."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    der = public.public_bytes(serialization.Encoding.DER, kind)
    body: dict[str, Any] = {
        "validity": {"not_before": int(time.time()), "not_after": 0},
        "san": {"dns_names": [name]},
        "public_key": public.public_bytes(serialization.Encoding.PEM, kind).decode().strip(),
        "public_key_signature": base64.b64encode(key.sign(der, ec.ECDSA(hashes.SHA256()))).decode(),
    }
    issued = posted(session, "certificates", body)
    serial = issued.headers["Location"].rpartition("/")[2]
    leaf = answered(session.get(f"{URL}/certificates/{serial}")).json()["certificate"]
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    place = folder / name
    place.mkdir(exist_ok=True)
    key_file = os.open(place / "key.pem", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(key_file, "wb") as file:
        file.write(private)
    (place / "cert.pem").write_text(leaf)
    (place / "chain.pem").write_text(chain)
    (place / "fullchain.pem").write_text(f"{leaf}\n{chain}")


if __name__ == "__main__":
    main()
