# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting and stopping a listener."""

from __future__ import annotations

import errno
import os
import signal
import socket
import time

from ..errors import AtlasError
from . import record
from .file import ServedFile
from .server import serve

_PATIENCE_SECONDS = 5.0


def start(file: ServedFile, check_mode: bool) -> bool:
    """Serve a file; whether anything was changed for it, in check mode would be."""
    file.require_sense()
    running = record.read(file.port)
    if running and (running.path, running.content) == (file.path, file.content):
        return False
    if check_mode:
        if running is None:
            _listen(file.port).close()
        return True
    if running:
        _end(running)
    listening = _listen(file.port)
    process = _detach(listening, file)
    listening.close()
    started = record.start_of(process)
    record.write(file.port, record.Running(process, started, file.path, file.content))
    return True


def stop(port: int, check_mode: bool) -> bool:
    """End the listener of ours on a port; whether there was one."""
    running = record.read(port)
    if check_mode:
        return running is not None
    if running:
        _end(running)
    record.forget(port)
    return running is not None


def _listen(port: int) -> socket.socket:
    """A socket for all addresses of this host, IPv4 and IPv6 if it has both."""
    try:
        if socket.has_dualstack_ipv6():
            try:
                return socket.create_server(
                    ("::", port), family=socket.AF_INET6, dualstack_ipv6=True
                )
            except OSError as error:
                if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
                    raise
        return socket.create_server(("", port))
    except OSError as error:
        raise AtlasError(_refused(port, error)) from None


def _refused(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port: something else listens on port {port} of this host already; have that web"
            " server serve the token from its webroot (atlas_domain_webroot), or stop it for the"
            " time being."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port: this user may not listen on port {port}; run the task with become: true."
    return f"port: listening on port {port} failed: {error.strerror}."


def _detach(listening: socket.socket, file: ServedFile) -> int:
    """Start a process that serves and outlives this one; its number."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # Nothing of the module that runs on may be finished or flushed a second time in here.
        try:
            os.setsid()
            if os.fork():
                os._exit(0)
            os.close(reading)
            serve(listening, file, writing)
        finally:
            os._exit(1)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as told:
        process = told.read()
    if not process:
        raise AtlasError(
            "The listener did not come up; there may be no room for a process on this host, or no"
            " user nobody."
        )
    return int(process)


def _end(running: record.Running) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(running.process, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if not running.is_alive:
                return
            time.sleep(0.02)
    raise AtlasError(f"The listener, process {running.process}, does not end.")
