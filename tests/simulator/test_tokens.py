# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a token is of use, which no test can wait for (API reference, section 1.3)."""

from __future__ import annotations

import pytest
from atlas_simulator.api.tokens import Tokens
from atlas_simulator.problems import ServiceError

NOW = 1_795_430_400


def test_a_token_is_of_use_for_ten_minutes() -> None:
    tokens = Tokens()
    authorization = f"Bearer {tokens.make(NOW)}"
    tokens.check(authorization, NOW)
    tokens.check(authorization, NOW + 599)
    with pytest.raises(ServiceError, match="Token is expired") as refused:
        tokens.check(authorization, NOW + 600)
    assert refused.value.status == 401


def test_an_older_token_stays_of_use_beside_a_newer_one() -> None:
    tokens = Tokens()
    older = tokens.make(NOW)
    assert tokens.make(NOW + 1) != older
    tokens.check(f"Bearer {older}", NOW + 2)


def test_a_token_of_another_process_is_refused() -> None:
    with pytest.raises(ServiceError, match="Signature is invalid"):
        Tokens().check(f"Bearer {Tokens().make(NOW)}", NOW)
