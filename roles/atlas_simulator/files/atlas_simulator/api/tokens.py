# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access tokens: opaque, signed, of use for some time (API reference, section 1.3)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from .. import messages
from ..problems import ServiceError


class Tokens:
    """Makes and checks tokens with a key: one of this process, or one that was kept."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._void_before = 0
        self._made = 0

    def make(self, account: str, expires_at: int) -> str:
        """A token of an account."""
        self._made += 1
        content = f"{expires_at}.{self._made}.{account}.{secrets.token_hex(8)}".encode()
        return base64.urlsafe_b64encode(self._sign(content) + content).decode("ascii")

    def void(self) -> None:
        """Make all tokens that there are expire."""
        self._void_before = self._made + 1

    def account(self, authorization: str, now: int) -> str:
        """The account of an Authorization header (RFC 6750), which must hold a token of ours."""
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
        expires_at, number, account, _random = content.decode("utf-8").split(".")
        if int(expires_at) <= now or int(number) < self._void_before:
            raise ServiceError(401, messages.EXPIRED)
        return account

    def _sign(self, content: bytes) -> bytes:
        return hmac.new(self._key, content, hashlib.sha256).digest()
