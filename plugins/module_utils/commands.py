# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A command of this host, run for a limited time."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


class TimedOutError(Exception):
    """A command that did not end in time; it was killed, with all that it had started."""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said on both of its streams."""

    status: int
    said: str


def run(command: Sequence[str], seconds: float, environment: Mapping[str, str]) -> Ended:
    """Run a command without a shell and without input, with an environment of its own.

    It is not AnsibleModule's `run_command`: that has no limit of time, and every call ends here.
    OSError if there is no such command.
    """
    import asyncio  # imported late: hardly a run comes here, and each would pay for it

    async def run_limited() -> Ended:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
        try:
            said, _nothing = await asyncio.wait_for(process.communicate(), seconds)
        except asyncio.TimeoutError:
            raise TimedOutError from None
        finally:
            if process.returncode is None:
                # What went into a session of its own may be all that is left, and is not ours.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return Ended(process.returncode or 0, said.decode("utf-8", "replace"))

    return asyncio.run(run_limited())
