# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The quickstart's web server where nginx is not installed.

It serves a folder over HTTP, and a page over HTTPS as soon as there is a certificate, which it
reads again on SIGHUP. It writes its process number to a file once it accepts connections.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import os
import signal
import ssl
import threading
from pathlib import Path


class Site:
    """The HTTPS half, which starts with the first certificate."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._started = False

    def load(self) -> None:
        """Use the certificate that is there now; a new one replaces the one before."""
        if not self._arguments.certificate.exists():
            return
        self._context.load_cert_chain(self._arguments.certificate, self._arguments.private_key)
        if not self._started:
            self._started = True
            serve(self._arguments.https_port, self._arguments.webroot, self._context)


def serve(port: int, webroot: Path, context: ssl.SSLContext | None = None) -> None:
    """Serve a folder on loopback, in a thread of its own."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(webroot))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    if context:
        # The handshake is left to the thread of each connection.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--webroot", type=Path, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--https-port", type=int, required=True)
    parser.add_argument("--certificate", type=Path, required=True)
    parser.add_argument("--private-key", type=Path, required=True)
    parser.add_argument("--pid-file", type=Path, required=True)
    arguments = parser.parse_args()

    signals = {signal.SIGHUP, signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    site = Site(arguments)
    serve(arguments.http_port, arguments.webroot)
    site.load()
    arguments.pid_file.write_text(str(os.getpid()), encoding="ascii")
    while signal.sigwait(signals) == signal.SIGHUP:
        site.load()
    arguments.pid_file.unlink()


if __name__ == "__main__":
    main()
