# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a token is of use, which no test can wait for (API reference, section 1.3)."""

from __future__ import annotations

import pytest
from atlas_simulator.api.tokens import Tokens
from atlas_simulator.problems import ServiceError

NOW = 1_795_430_400


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(bytes(32))


def test_a_token_is_of_use_until_its_end(tokens: Tokens) -> None:
    authorization = f"Bearer {tokens.make('account', NOW + 600)}"
    assert tokens.account(authorization, NOW) == "account"
    assert tokens.account(authorization, NOW + 599) == "account"
    with pytest.raises(ServiceError, match="Token is expired") as refused:
        tokens.account(authorization, NOW + 600)
    assert refused.value.status == 401


def test_an_older_token_stays_of_use_beside_a_newer_one(tokens: Tokens) -> None:
    older = tokens.make("account", NOW + 600)
    assert tokens.make("account", NOW + 600) != older
    assert tokens.account(f"Bearer {older}", NOW + 2) == "account"


def test_tokens_can_be_made_void(tokens: Tokens) -> None:
    older = tokens.make("account", NOW + 600)
    tokens.void()
    newer = tokens.make("account", NOW + 600)
    with pytest.raises(ServiceError, match="Token is expired"):
        tokens.account(f"Bearer {older}", NOW)
    assert tokens.account(f"Bearer {newer}", NOW) == "account"


def test_a_token_with_another_key_is_refused(tokens: Tokens) -> None:
    with pytest.raises(ServiceError, match="Signature is invalid"):
        tokens.account(f"Bearer {Tokens(bytes(31) + b'1').make('account', NOW + 600)}", NOW)
