# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What outlives a restart: certificates, claims, the account's credentials and quota, in SQLite."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .problems import StartError

FIRST_QUOTA = 1_000_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS certificates (
    serial TEXT PRIMARY KEY, pem TEXT NOT NULL, status TEXT NOT NULL, updated_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS claims (
    id TEXT PRIMARY KEY, domain TEXT NOT NULL UNIQUE, content TEXT NOT NULL
);
"""


@dataclass(frozen=True)
class Certificate:
    """An issued certificate; `updated_at` in UNIX seconds."""

    serial: str
    pem: str
    status: str
    updated_at: int


@dataclass
class Claim:
    """A domain claim; times in UNIX seconds, `expires_at` 0 while never verified.

    `asserted` is whether the current token has been proven.
    """

    id: str
    domain: str
    created_at: int
    assert_by: int
    token: str
    expires_at: int = 0
    asserted: bool = False
    last_verified_at: int = 0
    last_verification_method: str = ""
    log: list[dict[str, Any]] = field(default_factory=list)

    def is_verified(self, now: int) -> bool:
        """Whether certificates can be issued on it at `now`. A lapsed one is PENDING again."""
        return self.expires_at > now


def new_identifier() -> str:
    """A serial number or claim id: 16 bytes that begin with 01, as 32 upper-case hex digits."""
    return "01" + secrets.token_hex(15).upper()


class Store:
    """The database. Every change is on disk when the method returns."""

    def __init__(self, path: Path) -> None:
        try:
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")
            self._database.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise StartError(
                f"--data-dir: {path} is no database of the simulator ({error}); remove the folder"
                " to start anew."
            ) from None
        path.chmod(0o600)
        self.api_key = self._fact("api_key", secrets.token_hex(8))
        self.api_secret = self._fact("api_secret", secrets.token_hex(20))
        self._fact("quota", str(FIRST_QUOTA))

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    @property
    def quota(self) -> int:
        """How many certificates may still be issued."""
        return int(self._fact("quota", ""))

    def add_certificate(self, certificate: Certificate) -> None:
        """Keep a certificate and take one off the quota, both or neither."""
        with self._transaction():
            self._database.execute(
                "INSERT INTO certificates VALUES (?, ?, ?, ?)",
                (certificate.serial, certificate.pem, certificate.status, certificate.updated_at),
            )
            self._database.execute(
                "UPDATE facts SET value = CAST(value AS INTEGER) - 1 WHERE name = 'quota'"
            )

    def certificate(self, serial: str) -> Certificate | None:
        """The certificate with a serial number."""
        query = "SELECT serial, pem, status, updated_at FROM certificates WHERE serial = ?"
        row = self._database.execute(query, (serial,)).fetchone()
        return Certificate(*row) if row else None

    def save_claim(self, claim: Claim) -> None:
        """Add a claim, or keep what has changed of it."""
        self._database.execute(
            "INSERT INTO claims VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET content = excluded.content",
            (claim.id, claim.domain, json.dumps(asdict(claim))),
        )

    def claim(self, claim_id: str) -> Claim | None:
        """The claim with an id."""
        return next(self._claims("WHERE id = ?", claim_id), None)

    def claim_of(self, domain: str) -> Claim | None:
        """The claim of just this domain."""
        return next(self._claims("WHERE domain = ?", domain), None)

    def claims(self) -> list[Claim]:
        """All claims, the oldest first."""
        return list(self._claims("ORDER BY rowid"))

    def delete_claim(self, claim_id: str) -> None:
        """Forget a claim."""
        self._database.execute("DELETE FROM claims WHERE id = ?", (claim_id,))

    def _claims(self, condition: str, *values: str) -> Iterator[Claim]:
        query = f"SELECT content FROM claims {condition}"  # noqa: S608 - conditions are our own
        for (content,) in self._database.execute(query, values).fetchall():
            yield Claim(**json.loads(content))

    def _fact(self, name: str, first: str) -> str:
        query = "SELECT value FROM facts WHERE name = ?"
        row = self._database.execute(query, (name,)).fetchone()
        if row:
            return str(row[0])
        self._database.execute("INSERT INTO facts VALUES (?, ?)", (name, first))
        return first

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
