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

_SECONDS_TO_DIE = 5


class TimedOutError(Exception):
    """A command that did not end in time. It was killed with its process group, if it had not ended
    by itself and only what it started goes on."""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said on both of its streams."""

    status: int
    said: str


def run(command: Sequence[str], seconds: float, environment: Mapping[str, str]) -> Ended:
    """Run a command without a shell and without input, with an environment of its own.

    It has ended when nothing of it can say more. It is not AnsibleModule's `run_command`: that has
    no limit of time, and every call ends here. OSError if there is no such command.
    """
    import asyncio  # imported late: hardly a run comes here, and each would pay for it

    async def run_limited() -> Ended:
        loop = asyncio.get_running_loop()
        has_exited: asyncio.Future[None] = loop.create_future()
        is_over: asyncio.Future[None] = loop.create_future()
        said = bytearray()

        class Listener(asyncio.SubprocessProtocol):
            def pipe_data_received(self, fd: int, data: bytes) -> None:
                said.extend(data)

            def process_exited(self) -> None:
                has_exited.set_result(None)

            def connection_lost(self, exc: Exception | None) -> None:
                if not is_over.done():  # given up
                    is_over.set_result(None)

        transport, _listener = await loop.subprocess_exec(
            Listener,
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
        try:
            await asyncio.wait_for(is_over, seconds)
        except asyncio.TimeoutError:
            raise TimedOutError from None
        finally:
            if transport.get_returncode() is None:
                # What went into a session of its own may be all that is left, and is not ours. It
                # may hold the pipe for good, and what is another user's cannot be killed: so what
                # is waited for is the command, and that not for long.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(transport.get_pid(), signal.SIGKILL)
                await asyncio.wait({has_exited}, timeout=_SECONDS_TO_DIE)
            with contextlib.suppress(PermissionError):
                transport.close()
        return Ended(transport.get_returncode() or 0, said.decode("utf-8", "replace"))

    return asyncio.run(run_limited())
