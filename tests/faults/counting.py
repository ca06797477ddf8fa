# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was issued, and what was said of it, as a user counts: by the service's own ledger, by the
files, and by the result of a task."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from .whole_task import Tasks

DAY = 86400
POST = {"method": "POST", "path": "/certificates"}
_numbers = itertools.count(1)

Stated = dict[str, Any]


def stated_for(word: str) -> Stated:
    """A name that no other test has."""
    return {"san": {"dns_names": [f"{word}{next(_numbers)}.quillon.example"]}}


def bought(service: Simulator, stated: Stated) -> list[str]:
    """The serial numbers of all certificates for the first name that is stated."""
    name = stated["san"]["dns_names"][0]
    ledger = service.control("GET", "/ledger")
    return [entry["serial_number"] for entry in ledger if name in entry["names"]]


def statuses(service: Simulator) -> dict[str, str]:
    """Serial number -> what the service says of it."""
    return {entry["serial_number"]: entry["status"] for entry in service.control("GET", "/ledger")}


def outcome_of(tasks: Tasks, **options: Any) -> dict[str, Any]:
    """What a task returns, or that it was refused as a whole."""
    try:
        return tasks.run(**options)
    except AtlasError as error:
        return {"failed": True, "msg": error.message, "changed": False, "warnings": []}


def serial_of(result: dict[str, Any]) -> str:
    """The serial number that a task tells, which must not have failed."""
    assert "failed" not in result, result
    serial: str = result["certificates"][0]["serial_number"]
    return serial


def said(result: dict[str, Any]) -> str:
    """All that a result says, warnings and messages."""
    return json.dumps(result)


def warned(result: dict[str, Any]) -> str:
    """All warnings of a result."""
    return "\n".join(result["warnings"])


def served(folder: Path, name: str = "cert.pem") -> str:
    """The serial number of the first certificate in a file."""
    leaf = certificates.load_certificates((folder / name).read_bytes())[0]
    return certificates.serial_number(leaf)


def key_matches(folder: Path) -> bool:
    """Whether the private key is that of the certificate."""
    leaf = certificates.load_certificates((folder / "cert.pem").read_bytes())[0]
    key = keys.load_private_key((folder / "key.pem").read_bytes())
    return keys.public_key_digest(key.public_key()) == certificates.public_key_digest(leaf)


def dangling(folder: Path) -> list[Path]:
    """Links that lead nowhere."""
    return [path for path in folder.rglob("*") if path.is_symlink() and not path.exists()]


def shifted(seconds: float) -> Callable[[], float]:
    """A clock that differs from the right one."""
    return lambda: time.time() + seconds
