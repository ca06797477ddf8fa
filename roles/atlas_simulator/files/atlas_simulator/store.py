# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What outlives a restart: accounts, certificates and claims, in SQLite."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from .problems import StartError

DOMAIN, IP_ADDRESS = "domain", "ip"
ISSUED, REVOKED = "ISSUED", "REVOKED"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (
    name TEXT PRIMARY KEY, api_key TEXT NOT NULL, api_secret TEXT NOT NULL, quota INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS certificates (
    serial TEXT PRIMARY KEY, account TEXT NOT NULL, pem TEXT NOT NULL, issuer INTEGER NOT NULL,
    public_key TEXT NOT NULL, names TEXT NOT NULL, not_after INTEGER NOT NULL,
    not_before INTEGER NOT NULL, accepted_at INTEGER NOT NULL,
    available_at INTEGER NOT NULL, refused INTEGER NOT NULL,
    status TEXT NOT NULL, updated_at INTEGER NOT NULL, reason TEXT NOT NULL,
    compromised_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS by_availability ON certificates (account, available_at);
CREATE INDEX IF NOT EXISTS by_end ON certificates (account, not_after);
CREATE INDEX IF NOT EXISTS by_update ON certificates (account, status, updated_at);
CREATE TABLE IF NOT EXISTS claims (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    content TEXT NOT NULL, UNIQUE (account, kind, name)
);
"""


@dataclass(frozen=True)
class Certificate:
    """A certificate; times in UNIX seconds.

    `issuer` is the number of the CA that signed, from 1. `public_key` is the SHA-256 of the
    SubjectPublicKeyInfo in hex, `names` the DNS names and so on as JSON. From `accepted_at` until
    `available_at` it is being issued; with `refused` nothing comes of it then. `updated_at` is
    when it was issued, later when it was revoked, for a `reason`.
    """

    serial: str
    account: str
    pem: str
    issuer: int
    public_key: str
    names: str
    not_after: int
    not_before: int
    accepted_at: int
    available_at: int
    refused: bool
    status: str
    updated_at: int
    reason: str = ""
    compromised_at: int = 0


_COLUMNS = ", ".join(column.name for column in fields(Certificate))


@dataclass
class Claim:
    """A claim of a domain or IP address; times in UNIX seconds, `expires_at` 0 if never verified.

    `asserted` is whether the current token has been proven. `approval` is the secret of the link
    in a mail that was sent.
    """

    id: str
    account: str
    kind: str
    name: str
    created_at: int
    assert_by: int
    token: str
    expires_at: int = 0
    asserted: bool = False
    approval: str = ""
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

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def fact(self, name: str, first: str) -> str:
        """What was kept under a name, `first` from the first time on."""
        self._database.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, first))
        query = "SELECT value FROM facts WHERE name = ?"
        return str(self._database.execute(query, (name,)).fetchone()[0])

    def keep_account(self, name: str, api_key: str, api_secret: str, quota: int) -> tuple[str, str]:
        """The key and secret of an account: those given or kept, else new ones."""
        self._database.execute(
            "INSERT OR IGNORE INTO accounts VALUES (?, ?, ?, ?)",
            (name, api_key or secrets.token_hex(8), api_secret or secrets.token_hex(20), quota),
        )
        query = "SELECT api_key, api_secret FROM accounts WHERE name = ?"
        kept_key, kept_secret = self._database.execute(query, (name,)).fetchone()
        return api_key or str(kept_key), api_secret or str(kept_secret)

    def quota(self, account: str) -> int:
        """How many certificates an account may still have issued."""
        query = "SELECT quota FROM accounts WHERE name = ?"
        return int(self._database.execute(query, (account,)).fetchone()[0])

    def set_quota(self, account: str, quota: int) -> None:
        """Say how many certificates an account may still have issued."""
        self._database.execute("UPDATE accounts SET quota = ? WHERE name = ?", (quota, account))

    def add_certificate(self, certificate: Certificate) -> None:
        """Keep a certificate and take one off the quota, both or neither."""
        values = tuple(getattr(certificate, column.name) for column in fields(Certificate))
        marks = ", ".join("?" * len(values))
        with self._transaction():
            self._database.execute(
                f"INSERT INTO certificates ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 - our own
                values,
            )
            self._database.execute(
                "UPDATE accounts SET quota = quota - 1 WHERE name = ?", (certificate.account,)
            )

    def revoke(self, serial: str, now: int, reason: str, compromised_at: int) -> None:
        """Mark a certificate as revoked."""
        self._database.execute(
            "UPDATE certificates SET status = ?, updated_at = ?, reason = ?, compromised_at = ?"
            " WHERE serial = ?",
            (REVOKED, now, reason, compromised_at, serial),
        )

    def certificate(self, serial: str, account: str = "") -> Certificate | None:
        """The certificate with a serial number, of an account if one is named."""
        condition = "serial = ?" + (" AND account = ?" if account else "")
        return next(self._certificates(condition, *filter(None, (serial, account))), None)

    def revoked_by(self, issuer: int) -> list[Certificate]:
        """The revoked certificates that a CA signed."""
        return list(self._certificates("issuer = ? AND status = ?", issuer, REVOKED))

    def ledger(self) -> list[Certificate]:
        """All certificates, the oldest first."""
        return list(self._certificates("1 ORDER BY rowid"))

    def listed(
        self, account: str, column: str, window: tuple[int, int], condition: str, page: slice
    ) -> tuple[list[Certificate], int]:
        """A page of the certificates whose `column` lies in `window`, and how many there are.

        `column` and `condition` are SQL of our own.
        """
        where = f"account = ? AND {column} BETWEEN ? AND ? AND {condition}"
        values = (account, *window)
        count = f"SELECT COUNT(*) FROM certificates WHERE {where}"  # noqa: S608 - our own
        total = int(self._database.execute(count, values).fetchone()[0])
        limits = f"{where} ORDER BY {column}, rowid LIMIT ? OFFSET ?"
        found = self._certificates(limits, *values, page.stop - page.start, page.start)
        return list(found), total

    def count(self, account: str, condition: str, *values: Any) -> int:
        """How many certificates of an account meet a condition (SQL of our own)."""
        query = f"SELECT COUNT(*) FROM certificates WHERE account = ? AND {condition}"  # noqa: S608
        return int(self._database.execute(query, (account, *values)).fetchone()[0])

    def save_claim(self, claim: Claim) -> None:
        """Add a claim, or keep what has changed of it."""
        self._database.execute(
            "INSERT INTO claims VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET content = excluded.content",
            (claim.id, claim.account, claim.kind, claim.name, json.dumps(asdict(claim))),
        )

    def claim(self, claim_id: str) -> Claim | None:
        """The claim with an id."""
        return next(self._claims("id = ?", claim_id), None)

    def claim_of(self, account: str, kind: str, name: str) -> Claim | None:
        """The claim of just this domain or address."""
        condition = "account = ? AND kind = ? AND name = ?"
        return next(self._claims(condition, account, kind, name), None)

    def claims(self, account: str, kind: str) -> list[Claim]:
        """All claims of a kind, the oldest first."""
        return list(self._claims("account = ? AND kind = ? ORDER BY rowid", account, kind))

    def delete_claim(self, claim_id: str) -> None:
        """Forget a claim."""
        self._database.execute("DELETE FROM claims WHERE id = ?", (claim_id,))

    def _claims(self, condition: str, *values: str) -> Iterator[Claim]:
        query = f"SELECT content FROM claims WHERE {condition}"  # noqa: S608 - our own
        for (content,) in self._database.execute(query, values).fetchall():
            yield Claim(**json.loads(content))

    def _certificates(self, condition: str, *values: Any) -> Iterator[Certificate]:
        query = f"SELECT {_COLUMNS} FROM certificates WHERE {condition}"  # noqa: S608 - our own
        for row in self._database.execute(query, values):
            yield _certificate(row)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _certificate(row: Sequence[Any]) -> Certificate:
    members = dict(zip((column.name for column in fields(Certificate)), row))
    return Certificate(**{**members, "refused": bool(members["refused"])})
