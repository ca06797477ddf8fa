# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access tokens: opaque, signed, and of use for ten minutes. They die with a restart."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from .. import messages
from ..problems import ServiceError

TOKEN_SECONDS = 600


class Tokens:
    """Makes and checks tokens with a key of this process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, now: int) -> str:
        """A token that is of use from `now` on."""
        content = f"{now + TOKEN_SECONDS}.{secrets.token_hex(8)}".encode()
        return base64.urlsafe_b64encode(self._sign(content) + content).decode("ascii")

    def check(self, authorization: str, now: int) -> None:
        """Refuse an Authorization header that holds no token of ours (RFC 6750)."""
        scheme, _space, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise ServiceError(401, messages.UNAUTHORIZED)
        try:
            data = base64.urlsafe_b64decode(token.strip())
        except (binascii.Error, ValueError):
            raise ServiceError(401, messages.FORGED) from None
        signature, content = data[:32], data[32:]
        if not hmac.compare_digest(signature, self._sign(content)):
            raise ServiceError(401, messages.FORGED)
        if int(content.partition(b".")[0]) <= now:
            raise ServiceError(401, messages.EXPIRED)

    def _sign(self, content: bytes) -> bytes:
        return hmac.new(self._key, content, hashlib.sha256).digest()
