# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS handshakes that fail with the alert that says why."""

from __future__ import annotations

import ssl


class AlertingObject(ssl.SSLObject):
    """The TLS of one connection, whose alert about a failed handshake reaches the client.

    When a handshake fails, OpenSSL leaves the alert with what is to be sent. asyncio drops the
    connection at once, and all of that with it. So a failure is told as the wish for more data,
    for which asyncio does send what there is, and waits. What the client still sends is not looked
    at: were the connection closed with that unread, the system would reset it, and the client
    might never see the alert. It ends when the client closes it, or with the time for a handshake.
    """

    _has_failed = False

    def do_handshake(self) -> None:
        """Go on with the handshake; one that has failed asks for more data, for good."""
        if not self._has_failed:
            try:
                super().do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                raise
            except ssl.SSLError:
                self._has_failed = True
            else:
                return
        raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "the handshake has failed")
