# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The note of a listener that runs, in a folder that only its owner can write to."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import commands
from ..errors import AtlasError

_NAME = "globalsign.atlas-listener"
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
    try:
        # Made by nobody but the owner of the folder, so it can be believed.
        kept: Any = json.loads(_file(port).read_text(encoding="utf-8"))
        running = Running(**kept)
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return running if running.is_alive else None


def write(port: int, running: Running) -> None:
    """Note a listener."""
    file = _file(port)
    draft = file.with_suffix(".new")
    draft.write_text(json.dumps(running.__dict__), encoding="utf-8")
    draft.chmod(0o600)
    draft.replace(file)


def forget(port: int) -> None:
    """Remove the note of a port."""
    with contextlib.suppress(FileNotFoundError):
        _file(port).unlink()


def _file(port: int) -> Path:
    return _folder() / f"{port}.json"


def _folder() -> Path:
    """The folder, made if need be, and refused if others could have made or can change it."""
    user = os.geteuid()
    runtime = Path("/run") if Path("/run").is_dir() else Path("/var/run")
    folder = runtime / _NAME if user == 0 else Path(tempfile.gettempdir()) / f"{_NAME}-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & 0o077:
        raise AtlasError(
            f"{folder} does not belong to the user {user} alone, so what it says of running"
            " listeners cannot be believed; look who made it, and remove it."
        )
    return folder
