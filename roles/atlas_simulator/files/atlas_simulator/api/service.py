# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the endpoints work on: one running service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from ..accounts import Account
from ..behaviour import Behaviour, changed
from ..clock import Clock
from ..pki.authority import Authority
from ..policy.readings import Readings
from ..settings import Settings
from ..store import Store
from ..verification.verifier import Verifier

_ACCOUNT = "account"


@dataclass
class Service:
    """`behaviour` and `readings` may change while it runs, the rest stays. `pki_url` is where CRLs
    and so on are found, empty without a listener for them."""

    settings: Settings
    store: Store
    clock: Clock
    authority: Authority
    accounts: Sequence[Account]
    verifier: Verifier
    behaviour: Behaviour
    readings: Readings
    pki_url: str = ""

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change settings; raises `ValueError` with a sentence about a bad one."""
        self.behaviour, self.readings = changed(self.behaviour, self.readings, changes)
        self.verifier.follow(self.behaviour)


def account_of(request: web.Request) -> Account:
    """The account that a request was authorized for."""
    account: Account = request[_ACCOUNT]
    return account


def set_account(request: web.Request, account: Account) -> None:
    """Say which account a request was authorized for."""
    request[_ACCOUNT] = account


def account_name(request: web.Request) -> str:
    """The name of that account, empty if it was not authorized."""
    account: Account | None = request.get(_ACCOUNT)
    return account.name if account else ""
