# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Domain claims (API reference, section 5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .response import Fields

LONGEST_NAME = 255
"""Of a domain (RFC 1035, section 2.3.4), and longer than any address."""

_CLAIM_ID = re.compile("[0-9A-Fa-f]{32}")
_TOKEN_PREFIX = "globalsign-domain-verification="  # noqa: S105 - part of a public DNS record


def txt_value(token: str) -> str:
    """The value of the TXT record for a token, which some servers send with the prefix."""
    return token if token.startswith(_TOKEN_PREFIX) else _TOKEN_PREFIX + token


_ADDRESS_MEMBERS = ("ip_address", "ipaddress", "ip")
"""The shape of IP claims is not public; the reference assumes that of domain claims (U13)."""


@dataclass(frozen=True)
class LogEntry:
    """One attempt at verification. `status` is in upper case: SUCCESS, ERROR, INFO or another."""

    status: str
    description: str
    timestamp: int | None
    method: str | None

    @classmethod
    def read(cls, fields: Fields) -> LogEntry:
        """Read an entry of the member `log`."""
        return cls(
            status=(fields.optional_line("status") or "").upper(),
            description=fields.optional_line("description") or "",
            timestamp=fields.optional_time("timestamp"),
            method=_upper(fields.optional_line("method")),
        )


@dataclass(frozen=True)
class Claim:
    """A claim of a domain or an IP address; times in UNIX seconds.

    `domain` is in lower case without a final dot; it is the address where one is claimed.
    `status` is PENDING or VERIFIED. `expires_at`, the end of the verification, is None while there
    is none. `token` is None on older servers. `last_verification_method` is DNS, HTTP, EMAIL or
    another, None if the service does not tell; so is `last_verified_at`.
    """

    claim_id: str
    domain: str
    status: str
    created_at: int
    expires_at: int | None
    assert_by: int | None
    token: str | None
    last_verification_method: str | None
    log: tuple[LogEntry, ...]
    last_verified_at: int | None = None

    @classmethod
    def read(cls, fields: Fields) -> Claim:
        """Read a claim object. What newer servers have and older have not is optional."""
        log = tuple(LogEntry.read(entry) for entry in fields.members("log"))
        method = _upper(fields.optional_line("last_verification_method"))
        success = _last_success(log)
        return cls(
            claim_id=_claim_id(fields),
            domain=_claimed(fields),
            status=fields.line("status").upper(),
            created_at=fields.time("created_at"),
            expires_at=fields.optional_time("expires_at"),
            assert_by=fields.optional_time("assert_by"),
            token=read_token(fields),
            last_verification_method=method or (success.method if success else None),
            log=log,
            last_verified_at=fields.optional_time("last_verified_at")
            or (success.timestamp if success else None),
        )

    def is_verified(self, now: float) -> bool:
        """Whether the verification is valid at `now`, UNIX seconds."""
        return self.status == "VERIFIED" and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True)
class ClaimToken:
    """A token to be placed, and until when it may be asserted (UNIX seconds, None if not told)."""

    claim_id: str
    token: str
    assert_by: int | None


def read_token(fields: Fields) -> str | None:
    """The member `token`: one line, since it goes into a file of a web server and into DNS."""
    token = fields.optional_text("token")
    if token is not None and (len(token) > 255 or not token.isascii() or not token.isprintable()):
        raise fields.malformed("token", "is not one short line of ASCII")
    return token


def is_claim_id(text: str) -> bool:
    """Whether it has the shape of the service's ids; others must not get into a path."""
    return bool(_CLAIM_ID.fullmatch(text))


def _claim_id(fields: Fields) -> str:
    claim_id = fields.text("id")
    if not is_claim_id(claim_id):
        raise fields.malformed("id", "is not of 32 hexadecimal digits")
    return claim_id


def _claimed(fields: Fields) -> str:
    """The domain, or the IP address in the member that an IP claim may have instead."""
    for name in _ADDRESS_MEMBERS:
        if fields.optional_text(name):
            return fields.line(name, LONGEST_NAME).lower()
    return fields.line("domain", LONGEST_NAME).lower().rstrip(".")


def _last_success(log: Iterable[LogEntry]) -> LogEntry | None:
    successes = [entry for entry in log if entry.status == "SUCCESS"]
    return successes[-1] if successes else None


def _upper(text: str | None) -> str | None:
    return None if text is None else text.upper()
