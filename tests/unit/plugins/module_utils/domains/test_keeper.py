# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims kept as a task wants them, against an account in memory at the edge of the API."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import (
    Claim,
    ClaimToken,
    LogEntry,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.keeper import ClaimKeeper
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

NOW = 1_800_000_000
FAILED = LogEntry("ERROR", "status code of the request is not 200: 404", NOW, "HTTP")


class Account:
    """An account with claims; a check succeeds after `failures` checks that fail."""

    def __init__(self, *claims: Claim, failures: int = 0, tells_tokens: bool = True) -> None:
        self.kept = {claim.claim_id: claim for claim in claims}
        self.failures = failures
        self.tells_tokens = tells_tokens
        self.calls: list[str] = []

    def service_time(self) -> int:
        return NOW

    def claims(self):
        self.calls.append("list")
        return iter([self._told(claim) for claim in self.kept.values()])

    def claim(self, claim_id: str) -> Claim:
        self.calls.append("get")
        return self._told(self.kept[claim_id])

    def create_claim(self, domain: str) -> ClaimToken:
        self.calls.append("create")
        claim_id = f"{len(self.kept):032X}"
        self.kept[claim_id] = pending(domain, claim_id)
        return ClaimToken(claim_id, "token", NOW + 30)

    def reassert_claim(self, claim_id: str) -> ClaimToken:
        self.calls.append("reassert")
        return ClaimToken(claim_id, "new token", NOW + 30)

    def delete_claim(self, claim_id: str) -> None:
        self.calls.append("delete")
        del self.kept[claim_id]

    def assert_claim_http(self, claim_id: str, domain: str, scheme: str) -> bool:
        self.calls.append(f"assert {domain} {scheme}")
        claim = self.kept[claim_id]
        if self.failures:
            self.failures -= 1
            self.kept[claim_id] = replace(claim, log=(*claim.log, FAILED))
        else:
            self.kept[claim_id] = replace(
                claim, status="VERIFIED", expires_at=NOW + 9, last_verification_method="HTTP"
            )
        return False

    def _told(self, claim: Claim) -> Claim:
        return claim if self.tells_tokens else replace(claim, token=None)


def pending(domain: str, claim_id: str = "0A" * 16, assert_by: int = NOW + 30) -> Claim:
    return Claim(claim_id, domain, "PENDING", NOW, None, assert_by, "token", None, ())


def verified(domain: str, method: str = "DNS") -> Claim:
    return Claim("0B" * 16, domain, "VERIFIED", NOW, NOW + 9, None, None, method, ())


def keeper(account: Account, check_mode: bool = False) -> ClaimKeeper:
    return ClaimKeeper(account, check_mode, pause=lambda seconds: None)


def test_present_claims_what_is_not_claimed() -> None:
    account = Account()
    (state,) = keeper(account).present(["example.com"])
    assert (state.changed, state.token, state.verified) == (True, "token", False)
    assert account.calls == ["list", "create", "get"]


def test_present_uses_the_token_that_can_still_be_read() -> None:
    account = Account(pending("example.com"))
    (state,) = keeper(account).present(["example.com"])
    assert (state.changed, state.token) == (False, "token")
    assert account.calls == ["list"]


@pytest.mark.parametrize(
    "account",
    [
        Account(pending("example.com", assert_by=NOW)),
        Account(pending("example.com"), tells_tokens=False),
    ],
    ids=["expired", "not told"],
)
def test_present_draws_a_new_token_where_the_old_is_of_no_use(account: Account) -> None:
    (state,) = keeper(account).present(["example.com"])
    assert (state.changed, state.token) == (True, "new token")
    assert account.calls == ["list", "reassert", "get"]


def test_present_lets_a_parent_cover_its_names() -> None:
    account = Account(verified("example.com"))
    states = keeper(account).present(["www.example.com", "*.example.com"])
    assert [state.verified for state in states] == [True, True]
    assert account.calls == ["list"]


def test_a_claim_that_another_run_has_just_made_is_used() -> None:
    class Raced(Account):
        def create_claim(self, domain: str) -> ClaimToken:
            super().create_claim(domain)
            raise ApiError("exists", method="POST", path="/claims", status=409)

    account = Raced()
    (state,) = keeper(account).present(["example.com"])
    assert (state.changed, state.token) == (False, "token")


def test_verified_asserts_again_after_each_failed_check() -> None:
    account = Account(pending("example.com"), failures=2)
    (state,) = keeper(account).verified(["example.com"], "http", timeout=60)
    assert (state.changed, state.verified) == (True, True)
    assert account.calls.count("assert example.com http") == 3


def test_verified_tells_what_the_last_check_said() -> None:
    account = Account(pending("example.com"), failures=9)
    with pytest.raises(AtlasError, match="within 0 seconds; the last check said: status code"):
        keeper(account).verified(["example.com"], "http", timeout=0)


@pytest.mark.parametrize(
    ("domain", "method", "words"),
    [
        ("example.com", None, "method is not set, and example.com is not covered"),
        ("*.example.com", "http", "method: http cannot verify"),
        ("example.com", "http", "there is no claim for example.com yet"),
    ],
)
def test_verified_refuses_what_cannot_be(domain: str, method: str | None, words: str) -> None:
    account = Account()
    with pytest.raises(AtlasError, match=words):
        keeper(account).verified([domain], method, timeout=0)
    assert account.calls == ["list"]


def test_absent_removes_just_this_domain() -> None:
    account = Account(verified("example.com"))
    (state,) = keeper(account).absent(["www.example.com"])
    assert not state.changed
    (state,) = keeper(account).absent(["example.com"])
    assert state.changed
    assert account.kept == {}


def test_check_mode_only_reads() -> None:
    account = Account(pending("old.example", assert_by=NOW), verified("example.com"))
    checked = keeper(account, check_mode=True)
    states = [
        *checked.present(["new.example", "old.example", "example.com"]),
        *checked.verified(["old.example"], "http", timeout=0),
        *checked.verified(["new.example"], "http", timeout=0),
        *checked.absent(["example.com"]),
    ]
    assert [state.changed for state in states] == [True, True, False, True, True, True]
    assert set(account.calls) == {"list"}
