# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims kept as a task wants them, against an account in memory at the edge of the API."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import (
    Claim,
    ClaimToken,
    LogEntry,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import REFUSED, ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.keeper import ClaimKeeper
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.wish import ClaimWish

NOW = 1_800_000_000
DAY = 86400
FAILED = LogEntry("ERROR", "no valid DNS records returned", NOW, "DNS")


def refused(status: int) -> ApiError:
    return ApiError("refused", method="POST", path="/claims", status=status, outcome=REFUSED)


class Book:
    """The claims of an account; a check succeeds after `failures` checks that fail."""

    def __init__(self, *claims: Claim, failures: int = 0, tells_tokens: bool = True) -> None:
        self.kept = {claim.claim_id: claim for claim in claims}
        self.failures = failures
        self.tells_tokens = tells_tokens
        self.calls: list[str] = []

    def now(self) -> int:
        return NOW

    def list_for(self, names) -> list[Claim]:
        self.calls.append("list")
        return [self._told(claim) for claim in self.kept.values()]

    def read(self, claim_id: str, domain: str) -> Claim:
        self.calls.append("read")
        if claim_id not in self.kept:
            raise refused(404)
        return self._told(self.kept[claim_id])

    def create(self, domain: str) -> ClaimToken:
        self.calls.append(f"create {domain}")
        claim_id = f"{len(self.kept):032X}"
        self.kept[claim_id] = pending(domain, claim_id)
        return ClaimToken(claim_id, "token", NOW + 30 * DAY)

    def draw_token(self, claim: Claim) -> ClaimToken:
        self.calls.append(f"draw {claim.domain}")
        kept = self.kept[claim.claim_id]
        self.kept[claim.claim_id] = replace(kept, token="new token", assert_by=NOW + 30 * DAY)
        return ClaimToken(claim.claim_id, "new token", NOW + 30 * DAY)

    def delete(self, claim: Claim) -> None:
        self.calls.append("delete")
        del self.kept[claim.claim_id]

    def mail_addresses(self, claim: Claim) -> tuple[str, ...]:
        return (f"admin@{claim.domain}", f"hostmaster@{claim.domain}")

    def have_checked(self, claim: Claim, method: str, place: str) -> None:
        self.calls.append(f"{method} {claim.domain} {place}".strip())
        kept = self.kept[claim.claim_id]
        if self.failures:
            self.failures -= 1
            self.kept[claim.claim_id] = replace(kept, log=(*kept.log, FAILED))
        else:
            self.kept[claim.claim_id] = verified(kept.domain, method.upper(), claim.claim_id)

    def _told(self, claim: Claim) -> Claim:
        return claim if self.tells_tokens else replace(claim, token=None)


class Board:
    """What hosts tell each other, in memory."""

    def __init__(self) -> None:
        self.tokens: dict[str, tuple[ClaimToken, int]] = {}
        self.placers: dict[str, str] = {}

    def locked(self, what: str):
        return nullcontext()

    def token(self, claim_id: str) -> tuple[ClaimToken, int] | None:
        return self.tokens.get(claim_id)

    def keep_token(self, token: ClaimToken, drawn_at: int) -> None:
        self.tokens[token.claim_id] = (token, drawn_at)

    def is_first(self, claim_id: str, token: str, host: str, others) -> bool:
        if self.placers.get(claim_id + token) not in (host, *others):
            self.placers[claim_id + token] = host
        return self.placers[claim_id + token] == host


def pending(domain: str, claim_id: str = "0A" * 16, assert_by: int = NOW + 30 * DAY) -> Claim:
    return Claim(claim_id, domain, "PENDING", NOW, None, assert_by, "token", None, ())


def verified(
    domain: str,
    method: str | None = "DNS",
    claim_id: str = "0B" * 16,
    days: int = 199,
    assert_by: int = 0,
    log: tuple[LogEntry, ...] = (),
) -> Claim:
    """Verified for 200 days, of which so many are left."""
    ends = NOW + days * DAY
    began = ends - 200 * DAY
    return Claim(
        claim_id, domain, "VERIFIED", began, ends, assert_by or began, "used", method, log, began
    )


def keeper(
    book: Book,
    check_mode: bool = False,
    board: Board | None = None,
    host: str = "a",
    **wish: object,
) -> ClaimKeeper:
    return ClaimKeeper(
        book,
        ClaimWish(**wish),
        board or Board(),
        host,
        ("a", "b"),
        check_mode,
        pause=lambda seconds: None,
    )


def test_present_claims_what_is_not_claimed() -> None:
    book = Book()
    (state,) = keeper(book).present(["example.com"])
    assert (state.changed, state.token, state.is_due) == (True, "token", True)
    assert book.calls == ["list", "list", "create example.com", "read"]


def test_a_domain_and_its_wildcard_share_a_claim() -> None:
    book = Book()
    first, second = keeper(book).present(["*.example.com", "example.com"])
    assert (first.changed, second.changed) == (True, False)
    assert first.token == second.token
    assert len(book.kept) == 1


def test_present_uses_the_token_that_can_still_be_read() -> None:
    book = Book(pending("example.com"))
    (state,) = keeper(book).present(["example.com"])
    assert (state.changed, state.token) == (False, "token")
    assert book.calls == ["list"]


@pytest.mark.parametrize(
    "book",
    [
        Book(pending("example.com", assert_by=NOW)),
        Book(pending("example.com"), tells_tokens=False),
    ],
    ids=["expired", "not told"],
)
def test_present_draws_a_new_token_where_the_old_is_of_no_use(book: Book) -> None:
    (state,) = keeper(book).present(["example.com"])
    assert (state.changed, state.token) == (True, "new token")
    assert book.calls == ["list", "list", "draw example.com", "read"]


def test_hosts_share_a_token_that_the_service_does_not_tell_again() -> None:
    book, board = Book(pending("example.com"), tells_tokens=False), Board()
    (first,) = keeper(book, board=board, host="a").present(["example.com"])
    (second,) = keeper(book, board=board, host="b").present(["example.com"])
    assert first.token == second.token == "new token"
    assert (first.changed, second.changed) == (True, False)
    assert (first.is_placer, second.is_placer) == (True, False)
    assert book.calls.count("draw example.com") == 1


@pytest.mark.parametrize(("drawn", "is_used"), [(-1, True), (0, True), (1, False)])
def test_a_token_that_the_domain_was_verified_with_is_used_up(drawn: int, is_used: bool) -> None:
    claim = replace(verified("example.com", days=5), token=None, assert_by=NOW + 30 * DAY)
    book, board = Book(claim, tells_tokens=False), Board()
    kept = ClaimToken(claim.claim_id, "drawn", NOW + 30 * DAY)
    board.keep_token(kept, (claim.last_verified_at or 0) + drawn)
    (state,) = keeper(book, board=board, method="dns").present(["example.com"])
    assert state.token == ("new token" if is_used else "drawn")


def test_present_lets_a_parent_cover_its_names() -> None:
    book = Book(verified("example.com"))
    states = keeper(book).present(["www.example.com", "*.example.com"])
    assert [state.is_due for state in states] == [False, False]
    assert book.calls == ["list"]


def test_a_claim_of_its_own_if_that_is_wanted() -> None:
    book = Book(verified("example.com"))
    (state,) = keeper(book, own_claim=True).present(["www.example.com"])
    assert state.changed
    assert "create www.example.com" in book.calls


@pytest.mark.parametrize(("days", "is_due"), [(31, False), (30, True), (1, True)])
def test_a_verification_is_renewed_before_it_ends(days: int, is_due: bool) -> None:
    book = Book(verified("example.com", days=days))
    (state,) = keeper(book, method="dns").present(["www.example.com"])
    assert state.is_due == is_due
    assert state.token == ("new token" if is_due else "")
    assert ("draw example.com" in book.calls) == is_due


def test_a_token_drawn_since_the_verification_is_used() -> None:
    fresh = replace(verified("example.com", days=5), token="fresh", assert_by=NOW + 29 * DAY)
    book = Book(fresh)
    (state,) = keeper(book, method="dns").present(["example.com"])
    assert (state.token, state.changed) == ("fresh", False)


def test_the_claim_of_a_parent_is_not_renewed_over_http() -> None:
    """It would be narrowed; the name gets a claim of its own."""
    book = Book(verified("example.com", days=5))
    (state,) = keeper(book, method="http").present(["www.example.com"])
    assert "create www.example.com" in book.calls
    assert state.standing.domain == "www.example.com"


@pytest.mark.parametrize(
    ("name", "method", "words"),
    [
        ("example.com", "http", "would narrow that to just this name"),
        ("*.example.com", "https", "https cannot verify *.example.com"),
        ("192.0.2.7", "dns", "only http and https"),
        ("192.0.2.7", "email", "only http and https"),
    ],
)
def test_what_a_method_cannot_prove(name: str, method: str, words: str) -> None:
    book = Book(verified("example.com", days=5))
    good, bad = keeper(book, method=method).present(["www.example.org", name])
    assert words in bad.error
    assert bad.standing.claim is (book.kept["0B" * 16] if name.endswith("example.com") else None)
    assert not good.error


def test_a_claim_that_another_run_has_just_made_is_used() -> None:
    class Raced(Book):
        def create(self, domain: str) -> ClaimToken:
            super().create(domain)
            raise refused(409)

    (state,) = keeper(Raced()).present(["example.com"])
    assert (state.changed, state.token) == (False, "token")


def test_verified_asserts_again_after_each_failed_check() -> None:
    book = Book(pending("example.com"), failures=2)
    (state,) = keeper(book, method="http").verified(["example.com"], timeout=60)
    assert (state.changed, state.is_due) == (True, False)
    assert book.calls.count("http example.com") == 3


def test_verified_at_an_authorization_domain() -> None:
    book = Book(pending("example.com"))
    wish = {"method": "dns", "authorization_domain": "_acme-challenge"}
    keeper(book, **wish).verified(["example.com"], timeout=60)
    assert "dns example.com _acme-challenge.example.com" in book.calls


def test_names_of_one_claim_are_proven_once() -> None:
    book = Book(pending("example.com"))
    states = keeper(book, method="dns").verified(["example.com", "*.example.com"], timeout=60)
    assert [state.is_due for state in states] == [False, False]
    assert book.calls.count("dns example.com example.com") == 1


def test_verified_tells_what_was_sought_where_and_what_was_found() -> None:
    book = Book(pending("example.com"), failures=9)
    (state,) = keeper(book, method="dns").verified(["example.com"], timeout=0)
    assert "not verified within 0 seconds" in state.error
    assert "a TXT record at example.com with globalsign-domain-verification=token" in state.error
    assert "no valid DNS records returned" in state.error


def test_one_that_fails_does_not_stop_the_others() -> None:
    book = Book(pending("a.example"), pending("b.example", "0C" * 16))

    class Gone(Book):
        def have_checked(self, claim: Claim, method: str, place: str) -> None:
            if claim.domain == "a.example":
                raise refused(404)
            super().have_checked(claim, method, place)

    book = Gone(*book.kept.values())
    first, second = keeper(book, method="dns").verified(["a.example", "b.example"], timeout=60)
    assert "is gone, somebody removed it" in first.error
    assert not second.error


@pytest.mark.parametrize(
    ("status", "words"), [(424, "has expired"), (404, "is gone"), (422, "refused")]
)
def test_what_the_service_refuses(status: int, words: str) -> None:
    class Refusing(Book):
        def have_checked(self, claim: Claim, method: str, place: str) -> None:
            raise refused(status)

    book = Refusing(pending("example.com"))
    (state,) = keeper(book, method="dns").verified(["example.com"], timeout=60)
    assert words in state.error


def test_a_token_that_somebody_replaces_meanwhile() -> None:
    class Meddling(Book):
        def have_checked(self, claim: Claim, method: str, place: str) -> None:
            self.draw_token(claim)

    book = Meddling(pending("example.com"))
    (state,) = keeper(book, method="dns").verified(["example.com"], timeout=60)
    assert "was replaced by somebody else" in state.error


def test_a_claim_of_which_nothing_can_be_asserted() -> None:
    """The token of a verified claim is the one that it was verified with."""
    book = Book(verified("example.com", days=5))
    (state,) = keeper(book, method="dns").verified(["example.com"], timeout=60)
    assert "Draw a new one with state: present" in state.error


@pytest.mark.parametrize(
    ("name", "method", "words"),
    [
        ("example.com", None, "method is not set, and example.com is not covered"),
        ("*.example.com", "http", "method: http cannot verify"),
        ("example.com", "http", "there is no claim for example.com yet"),
        ("example.com", "email", "email_address is not set"),
    ],
)
def test_verified_refuses_what_cannot_be(name: str, method: str | None, words: str) -> None:
    book = Book()
    (state,) = keeper(book, method=method).verified([name], timeout=0)
    assert words in state.error
    assert book.calls == ["list"]


def test_a_mail_is_sent_once_by_one_host_and_the_claim_is_made_for_it() -> None:
    book, board = Book(failures=3), Board()
    wish = {"method": "email", "email_address": "hostmaster"}
    (first,) = keeper(book, board=board, host="a", **wish).verified(["example.com"], timeout=0)
    assert "opens the link in the mail to hostmaster@example.com" in first.error
    keeper(book, board=board, host="b", **wish).verified(["example.com"], timeout=0)
    assert book.calls.count("email example.com hostmaster@example.com") == 1
    assert book.calls.count("create example.com") == 1


def test_absent_removes_just_this_domain() -> None:
    book = Book(verified("example.com"))
    (state,) = keeper(book).absent(["www.example.com"])
    assert not state.changed
    (state,) = keeper(book).absent(["example.com"])
    assert state.changed
    assert book.kept == {}


def test_check_mode_only_reads() -> None:
    book = Book(pending("old.example", assert_by=NOW), verified("example.com"))
    states = [
        *keeper(book, True).present(["new.example", "old.example", "example.com"]),
        *keeper(book, True, method="http").verified(["old.example"], timeout=0),
        *keeper(book, True).absent(["example.com"]),
    ]
    assert [state.changed for state in states] == [True, True, False, False, True]
    assert "has no token that could be asserted" in states[3].error
    assert set(book.calls) == {"list"}
