# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Accounts: who may use the service, under which policy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .names import normal_domain
from .policy.policies import find_policy
from .problems import StartError
from .values import is_integer

FIRST_QUOTA = 1_000_000
MUTUAL_TLS = ("certificate", "header", "none")
_MEMBERS = (
    "name",
    "policy",
    "quota",
    "mutual_tls",
    "internal",
    "verified",
    "api_key",
    "api_secret",
)


@dataclass(frozen=True)
class AccountSettings:
    """What is wanted of an account.

    `mutual_tls`: it must show its client certificate (`certificate`), or a proxy does so and tells
    its serial number in the header `X-SSL-Client-Serial` (`header`), or neither (`none`, as for
    partners). `internal`: names need no verified claim. `verified`: domains whose claims are
    verified from the start. Without `api_key` and `api_secret` they are made.
    """

    name: str
    policy: Mapping[str, Any]
    quota: int = FIRST_QUOTA
    mutual_tls: str = "certificate"
    internal: bool = False
    verified: tuple[str, ...] = ()
    api_key: str = ""
    api_secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class Account:
    """An account of the running service; `certificate` is the SHA-256 of its client certificate
    and `serial` that certificate's serial number."""

    settings: AccountSettings
    api_key: str
    api_secret: str = field(repr=False)
    certificate: bytes
    serial: int

    @property
    def name(self) -> str:
        """The name."""
        return self.settings.name

    @property
    def policy(self) -> Mapping[str, Any]:
        """The validation policy."""
        return self.settings.policy


def read_accounts(file: Path) -> tuple[AccountSettings, ...]:
    """The accounts in a JSON file: a list of objects with the members of `AccountSettings`."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StartError(f"--accounts: {file} cannot be read as JSON: {error}.") from None
    if not isinstance(document, list) or not document:
        raise StartError(f"--accounts: {file} does not hold a list of accounts.")
    accounts = tuple(
        _account(entry, f"[{index}] in {file}") for index, entry in enumerate(document)
    )
    names = [account.name for account in accounts]
    if len(set(names)) < len(names):
        raise StartError(f"--accounts: {file} names an account twice.")
    return accounts


def _account(entry: Any, where: str) -> AccountSettings:
    if not isinstance(entry, dict):
        raise StartError(f"--accounts: {where} is not an object.")
    for name in entry:
        if name not in _RULES:
            raise StartError(f"--accounts: {name} of {where} is not one of {', '.join(_RULES)}.")
    for name, right in _RULES.items():
        if name in entry and not right[0](entry[name]):
            raise StartError(f"--accounts: {name} of {where} is not {right[1]}.")
    if "name" not in entry:
        raise StartError(f"--accounts: {where} has no name.")
    members = {**entry, "policy": find_policy(entry.get("policy", "dv-tls"))}
    members["verified"] = tuple(map(normal_domain, entry.get("verified", ())))
    return AccountSettings(**members)


def _is_hex(length: int) -> Any:
    return lambda value: (
        isinstance(value, str)
        and len(value) == length
        and all(digit in "0123456789abcdefABCDEF" for digit in value)
    )


_RULES: Mapping[str, tuple[Any, str]] = {
    "name": (
        lambda value: isinstance(value, str) and value.isascii() and value.isidentifier(),
        "a word of letters, digits and underscores",
    ),
    "policy": (lambda value: isinstance(value, str), "the name or the file of a policy"),
    "quota": (lambda value: is_integer(value) and value >= 0, "a whole number"),
    "mutual_tls": (lambda value: value in MUTUAL_TLS, f"one of {', '.join(MUTUAL_TLS)}"),
    "internal": (lambda value: isinstance(value, bool), "true or false"),
    "verified": (
        lambda value: (
            isinstance(value, list)
            and all(isinstance(name, str) and normal_domain(name) for name in value)
        ),
        "a list of domains",
    ),
    "api_key": (_is_hex(16), "16 hex digits"),
    "api_secret": (_is_hex(40), "40 hex digits"),
}
