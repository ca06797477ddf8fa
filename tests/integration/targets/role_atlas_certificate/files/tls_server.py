# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A service that reads its certificate anew for each connection. Arguments: port, folder."""

from __future__ import annotations

import socket
import ssl
import sys
from pathlib import Path


def main(port: int, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", port)) as listener:
        while True:
            connection, _peer = listener.accept()
            try:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(folder / "fullchain.pem", folder / "key.pem")
                with context.wrap_socket(connection, server_side=True):
                    pass
            except OSError as error:
                print(error, flush=True)
            finally:
                connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
