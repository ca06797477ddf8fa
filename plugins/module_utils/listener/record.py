# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The note of a listener that runs, in a folder that only its owner can write to."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import commands
from ..errors import AtlasError
from ..files.changes import Draft
from ..files.folder import Folder, UnreadableError
from ..files.ownership import OWN
from ..files.phases import Work, alone
from ..files.places import UnsafeFolderError, protected_folder

_NAME = "globalsign.atlas-listener"
_PRIVATE_MODE = 0o700
_PS_SECONDS = 10


@dataclass(frozen=True)
class Running:
    """A listener that was started: its process, and what it serves.

    `started` is when the process began, in the system's own form: its number alone may be
    another's by now.
    """

    process: int
    started: str
    path: str
    content: str

    @property
    def is_alive(self) -> bool:
        """Whether it is still that process."""
        return bool(self.started) and start_of(self.process) == self.started


def start_of(process: int) -> str:
    """When a process began; empty if there is none, or it is just waiting to be collected."""
    try:
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _asked_start_of(process)
    # The second field is the program's name in parentheses, which may hold anything.
    fields = text.rpartition(")")[2].split()
    # The first thread of a process may be gone while another holds its sockets for a moment still.
    is_over = fields[0] in ("Z", "X") and len(_threads(process)) <= 1
    return "" if is_over else fields[19]


def _threads(process: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{process}/task")
    except OSError:
        return []


def _asked_start_of(process: int) -> str:
    """The same where there is no /proc."""
    command = ["ps", "-o", "lstart=", "-p", str(process)]
    ended = commands.run(command, _PS_SECONDS, os.environ)
    return "" if ended.status else ended.said.strip()


def read(port: int) -> Running | None:
    """The listener of ours that runs on a port; None if there is none."""
    folder = _folder(None)
    if folder is None:
        return None
    with folder:
        try:
            # Made by nobody but the owner of the folder, so it can be believed.
            kept: Any = json.loads(folder.read(_note(port)) or b"")
            running = Running(**kept)
        except (UnreadableError, ValueError, TypeError):
            return None
    return running if running.is_alive else None


def write(port: int, running: Running) -> None:
    """Note a listener."""
    folder = _folder(_PRIVATE_MODE)
    if folder is not None:
        with folder:
            alone(_writing(folder, port, running))


def _writing(folder: Folder, port: int, running: Running) -> Work[None]:
    yield [Draft(folder, _note(port), json.dumps(running.__dict__).encode("utf-8"), OWN)]


def forget(port: int) -> None:
    """Remove the note of a port."""
    folder = _folder(None)
    if folder is not None:
        with folder:
            folder.unlink(_note(port))


def _note(port: int) -> str:
    return f"{port}.json"


def _folder(mode: int | None) -> Folder | None:
    """The folder, with a mode made if need be, and refused if others could change it."""
    user = os.geteuid()
    runtime = "/run" if os.path.isdir("/run") else "/var/run"
    path = os.path.join(runtime, _NAME)
    if user != 0:
        path = os.path.join(os.path.realpath(tempfile.gettempdir()), f"{_NAME}-{user}")
    try:
        return protected_folder(path, mode)
    except UnsafeFolderError:
        raise AtlasError(
            f"{path}, or a folder above it, can be changed by others than the user {user}, so what"
            " it says of running listeners cannot be believed; look who made it, and remove it."
        ) from None
