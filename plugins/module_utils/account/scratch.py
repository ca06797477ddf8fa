# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scratch folder of a run: what its workers share, and what holds them back from each other.

It lies in Ansible's own folder for one run, which is for this user only and goes with the run. It
may vanish or be damaged at any time: then each worker does for itself what was shared.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import (
    Account,
    StoredToken,
)

_PATIENCE = 60.0
"""Seconds that a worker waits for another. Where the service does not answer, workers that waited
for each other without end would each find that out after all those before."""
_PAUSE = 0.02


class Scratch:
    """What the run keeps for one account."""

    def __init__(self, folder: str, account: Account) -> None:
        identity = json.dumps([account.url, account.api_key, account.api_secret])
        digest = hashlib.sha256(identity.encode("utf-8")).hexdigest()[:32]
        self._folder = os.path.join(folder, f"atlas-{digest}")

    def load(self) -> StoredToken | None:
        """The token that a worker logged in for; None if there is none to be read."""
        document = self.read("token")
        if not isinstance(document, dict):
            return None
        value = document.get("value")
        obtained_at = _number(document.get("obtained_at"))
        service_ahead = _number(document.get("service_ahead"))
        if not isinstance(value, str) or obtained_at is None or service_ahead is None:
            return None
        return StoredToken(value, obtained_at, service_ahead)

    def save(self, token: StoredToken) -> None:
        """Keep a token for the other workers."""
        self.write("token", asdict(token))

    @contextlib.contextmanager
    def locked(self, name: str = "login", patience: float = math.inf) -> Iterator[None]:
        """Hold back the other workers from something, as from logging in.

        One that holds us back is waited for `patience` seconds, and never longer than usual.
        """
        descriptor = self._open_lock(name, patience)
        try:
            yield
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def shared(
        self,
        name: str,
        fetch: Callable[[], Any],
        is_usable: Callable[[Any], bool],
        anew: bool = False,
    ) -> Any:
        """What one worker of the run fetches for all; with `anew` it is fetched once more.

        What is there and not usable was damaged, and counts as not there.
        """
        with self.locked(name):
            document = None if anew else self.read(name)
            if not is_usable(document):
                document = fetch()
                self.write(name, document)
            return document

    def _open_lock(self, name: str, patience: float = math.inf) -> int | None:
        """An open file that is locked; None if there is no lock to be had."""
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            path = os.path.join(self._folder, f"{name}.lock")
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError:
            return None
        if _is_locked_in_time(descriptor, patience):
            return descriptor
        os.close(descriptor)
        return None

    def read(self, name: str) -> Any:
        """A document that a worker left; None if there is none to be read."""
        try:
            with open(os.path.join(self._folder, name), encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError):
            return None

    def write(self, name: str, document: Any) -> None:
        """Leave a document for the other workers."""
        with contextlib.suppress(OSError):
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(document, file)
            os.replace(temporary, os.path.join(self._folder, name))


def _is_locked_in_time(descriptor: int, patience: float) -> bool:
    deadline = time.monotonic() + min(patience, _PATIENCE)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
        except OSError:
            return False
        time.sleep(_PAUSE)


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) else None
