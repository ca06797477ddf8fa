# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The process that serves. What it needs is imported before it becomes somebody else."""

from __future__ import annotations

import codecs
import http.server
import os
import pwd
import signal
import socket
import threading
import time
from typing import Any, NoReturn

from .file import ServedFile

_SLOWEST_REQUEST_SECONDS = 10


def serve(listening: socket.socket, file: ServedFile, told: int) -> NoReturn:
    """Serve until the time is over, as nobody if this is root.

    The number of this process is written to the descriptor `told` once it does.
    """
    # Whoever started the listener may have ignored or handled these.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _let_go_of_terminal()
    os.chdir("/")
    codecs.lookup("idna")  # Python's own files may not be readable to nobody
    _become_nobody()
    threading.Thread(target=_Server(listening, file).serve_forever, daemon=True).start()
    os.write(told, str(os.getpid()).encode("ascii"))
    os.close(told)
    time.sleep(file.lifetime)
    os._exit(0)


def _let_go_of_terminal() -> None:
    """Standard streams that stay open would keep the connection to the host open."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def _become_nobody() -> None:
    if os.geteuid() != 0:
        return
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


class _Server(http.server.ThreadingHTTPServer):
    """A server on a socket that listens already."""

    daemon_threads = True

    def __init__(self, listening: socket.socket, file: ServedFile) -> None:
        super().__init__(("", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.file = file

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no event."""


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers with the one file, and with 404 to everything else."""

    timeout = _SLOWEST_REQUEST_SECONDS
    server: _Server
    server_version, sys_version = "token", ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        file = self.server.file
        is_it = self.path == file.path
        body = file.content.encode("utf-8") if is_it else b""
        self.send_response(200 if is_it else 404)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base
        """Nobody reads a log."""
