# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Claims kept as a task wants them, against an account in memory at the edge of the API."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import (
    Claim,
    ClaimToken,
    LogEntry,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import (
    REFUSED,
    UNKNOWN,
    ApiError,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.keeper import (
    ClaimKeeper,
    ClaimState,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.domains.standing import Standing
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
        self.listed_for: list[tuple[str, ...]] = []

    def now(self) -> int:
        return NOW

    def list_for(self, names) -> list[Claim]:
        self.calls.append("list")
        self.listed_for.append(tuple(names))
        return [self._told(claim) for claim in self.kept.values()]

    def read(self, claim_id: str, domain: str) -> Claim:
        self.calls.append("read")
        assert domain == self.kept[claim_id].domain
        return self._told(self.kept[claim_id])

    def create(self, domain: str) -> ClaimToken:
        self.calls.append(f"create {domain}")
        claim_id = f"{len(self.kept):032X}"
        self.kept[claim_id] = pending(domain, claim_id)
        return ClaimToken(claim_id, "token", NOW + 30 * DAY)

    def draw_token(self, claim: Claim) -> ClaimToken:
        self.calls.append(f"draw {claim.domain}")
        kept = self.kept[claim.claim_id]
        token = "newer token" if kept.token == "new token" else "new token"
        self.kept[claim.claim_id] = replace(kept, token=token, assert_by=NOW + 30 * DAY)
        return ClaimToken(claim.claim_id, token, NOW + 30 * DAY)

    def delete(self, claim: Claim) -> None:
        self.calls.append(f"delete {claim.domain}")
        del self.kept[claim.claim_id]

    def mail_addresses(self, claim: Claim) -> tuple[str, ...]:
        self.calls.append(f"addresses {claim.domain}")
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
        self.locks: list[str] = []

    def locked(self, what: str):
        self.locks.append(what)
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
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    return ClaimKeeper(
        book,
        ClaimWish(**wish),
        board or Board(),
        host,
        ("a", "b"),
        check_mode,
        pause,
        lambda: now[0],
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


# What is told of each name, to the field


def test_the_state_of_what_was_just_claimed() -> None:
    book, board = Book(), Board()
    (state,) = keeper(book, board=board).present(["*.example.com"])
    before = Standing("*.example.com", "example.com", None, None, is_due=True)
    made = book.kept[f"{0:032X}"]
    assert state == ClaimState(
        "*.example.com",
        before,
        replace(before, claim=made),
        token="token",
        is_placer=True,
        changed=True,
    )
    assert board.tokens == {
        made.claim_id: (ClaimToken(made.claim_id, "token", NOW + 30 * DAY), NOW)
    }
    assert board.locks == ["claims"]
    assert book.listed_for == [("*.example.com",)] * 2


def test_the_state_of_what_is_renewed_by_its_parent() -> None:
    parent = verified("example.com", days=5)
    book = Book(parent)
    (state,) = keeper(book, method="dns").present(["www.example.com"])
    drawn = book.kept[parent.claim_id]
    assert drawn.token == "new token"
    assert state.found == Standing("www.example.com", "example.com", parent, parent, is_due=True)
    assert state.standing == Standing("www.example.com", "example.com", parent, drawn, is_due=True)


def test_a_second_name_of_a_claim_that_was_just_renewed_uses_its_token() -> None:
    book = Book(verified("example.com", days=5))
    states = keeper(book, method="dns").present(["www.example.com", "example.com"])
    assert [state.token for state in states] == ["new token", "new token"]
    assert [state.changed for state in states] == [True, False]
    assert book.calls == ["list", "list", "draw example.com", "read"]


def test_nobody_waits_for_a_lock_where_nothing_is_to_be_made() -> None:
    board = Board()
    keeper(Book(pending("example.com")), board=board).present(["example.com"])
    assert board.locks == []


def test_a_name_that_is_not_due_is_left_alone_beside_one_that_is() -> None:
    book = Book(verified("example.com"))
    first, second = keeper(book).present(["example.com", "other.example"])
    assert (first.changed, first.token, first.is_placer) == (False, "", False)
    assert second.changed
    assert book.calls == ["list", "list", "create other.example", "read"]


def test_present_in_check_mode_tells_what_would_be() -> None:
    old = verified("old.example", claim_id="0C" * 16, days=5)
    book = Book(pending("open.example"), old)
    states = keeper(book, True, method="dns").present(
        ["open.example", "new.example", "old.example"]
    )
    told = [(state.token, state.changed, state.is_placer, state.is_due) for state in states]
    assert told == [
        ("token", False, True, True),
        ("", True, True, True),
        ("", True, True, True),
    ]
    assert book.calls == ["list"]


def test_a_mail_needs_its_addresses_and_no_other_method_does() -> None:
    book = Book(pending("example.com"))
    (state,) = keeper(book, method="email").present(["example.com"])
    assert state.mail_addresses == ("admin@example.com", "hostmaster@example.com")
    (state,) = keeper(book, method="dns").present(["example.com"])
    assert state.mail_addresses == ()
    assert book.calls.count("addresses example.com") == 1


def test_a_token_of_the_board_that_is_too_old_is_not_used() -> None:
    book, board = Book(pending("example.com")), Board()
    old = ClaimToken("0A" * 16, "drawn", NOW + 60)
    board.keep_token(old, NOW)
    book.kept["0A" * 16] = replace(book.kept["0A" * 16], token=None)
    (state,) = keeper(book, board=board).present(["example.com"])
    # The service tells no token; without one of ours there is none to place, so one is drawn.
    assert (state.token, state.changed) == ("new token", True)


def test_what_is_refused_for_one_name_is_told_with_it_and_the_others_go_on() -> None:
    class Choosy(Book):
        def create(self, domain: str) -> ClaimToken:
            if domain == "bad.example":
                raise refused(422)
            return super().create(domain)

    book = Choosy()
    bad, good = keeper(book).present(["bad.example", "good.example"])
    assert book.calls == ["list", "list", "create good.example", "read"]
    assert (bad.error, bad.changed, bad.token) == ("domain: bad.example: refused", False, "")
    assert (good.error, good.changed) == ("", True)


def test_what_is_not_refused_ends_the_task() -> None:
    class Down(Book):
        def create(self, domain: str) -> ClaimToken:
            raise ApiError("down", method="POST", path="/", status=503, outcome=UNKNOWN)

    with pytest.raises(ApiError, match=r"^down$"):
        keeper(Down()).present(["a.example", "b.example"])


def test_a_domain_that_is_claimed_but_not_listed_is_refused() -> None:
    """Somebody else's account may hold it."""

    class Taken(Book):
        def create(self, domain: str) -> ClaimToken:
            raise refused(409)

    book = Taken()
    (state,) = keeper(book).present(["*.example.com"])
    assert (state.error, state.changed) == ("domain: *.example.com: refused", False)
    assert book.listed_for[2:] == [("example.com",)]


def test_a_claim_of_another_run_whose_token_is_not_told_gets_a_new_one() -> None:
    class Raced(Book):
        def create(self, domain: str) -> ClaimToken:
            super().create(domain)
            raise refused(409)

    book = Raced(tells_tokens=False)
    (state,) = keeper(book).present(["example.com"])
    assert (state.changed, state.token) == (True, "new token")


@pytest.mark.parametrize(
    ("claim", "cover"),
    [(verified("example.com"), True), (verified("example.com", days=0), False)],
)
def test_the_state_of_what_is_given_up(claim: Claim, cover: bool) -> None:
    book = Book(claim, verified("other.example", claim_id="0C" * 16))
    gone, kept = keeper(book).absent(["*.example.com", "www.example.com"])
    found = Standing("*.example.com", "example.com", claim if cover else None, claim, is_due=False)
    nothing = Standing("*.example.com", "example.com", None, None, is_due=False)
    assert gone == ClaimState("*.example.com", found, nothing, changed=True)
    unclaimed = Standing("www.example.com", "www.example.com", None, None, is_due=False)
    assert kept == ClaimState("www.example.com", unclaimed, unclaimed)
    assert book.calls == ["list", "delete example.com"]


def test_what_a_method_cannot_prove_still_tells_how_it_stands() -> None:
    parent = verified("example.com", days=5)
    (state,) = keeper(Book(parent), method="http").present(["*.example.com"])
    known = Standing("*.example.com", "example.com", parent, parent, is_due=False)
    assert (state.found, state.standing) == (known, known)


# state: verified


def test_the_state_of_what_was_proven() -> None:
    book, board = Book(pending("example.com")), Board()
    (state,) = keeper(book, board=board, method="dns").verified(["*.example.com"], timeout=60)
    done = book.kept["0A" * 16]
    assert state.standing == Standing("*.example.com", "example.com", done, done, is_due=False)
    assert (state.changed, state.error) == (True, "")
    assert board.locks == ["proofs"]
    assert book.calls == ["list", "dns example.com example.com", "read"]


def test_what_is_not_due_is_not_proven() -> None:
    book = Book(verified("example.com"))
    (state,) = keeper(book).verified(["www.example.com"], timeout=60)
    assert (state.changed, state.error, state.is_due) == (False, "", False)
    assert book.calls == ["list"]


@pytest.mark.parametrize("status", [404, 422, 424])
def test_nothing_is_changed_if_the_only_call_is_refused(status: int) -> None:
    class Refusing(Book):
        def have_checked(self, claim: Claim, method: str, place: str) -> None:
            raise refused(status)

    book = Refusing(pending("example.com"))
    (state,) = keeper(book, method="dns").verified(["example.com"], timeout=60)
    assert state.error
    assert not state.changed
    assert state.is_due


def test_a_check_that_was_asked_for_is_a_change_though_nothing_comes_of_it() -> None:
    book = Book(pending("example.com"), failures=9)
    (state,) = keeper(book, method="dns").verified(["example.com"], timeout=0)
    assert state.error
    assert state.changed


def test_a_claim_that_was_made_for_a_mail_is_a_change_though_the_mail_is_refused() -> None:
    class Refusing(Book):
        def have_checked(self, claim: Claim, method: str, place: str) -> None:
            raise refused(422)

    wish = {"method": "email", "email_address": "me@example.com"}
    (state,) = keeper(Refusing(), **wish).verified(["example.com"], timeout=0)
    assert "email_address: example.com: refused" in state.error
    assert state.changed


def test_a_host_that_waited_in_vain_has_changed_nothing() -> None:
    book, board = Book(pending("example.com"), failures=9), Board()
    wish = {"method": "email", "email_address": "hostmaster"}
    (first,) = keeper(book, board=board, host="a", **wish).verified(["example.com"], timeout=0)
    (second,) = keeper(book, board=board, host="b", **wish).verified(["example.com"], timeout=0)
    assert (first.changed, second.changed) == (True, False)
    assert second.error == first.error.replace(
        "Its log says: 2027-01-15T08:00:00Z no valid DNS records returned.",
        "Its log says nothing of it yet.",
    )


NO_CLAIM = (
    "domain: there is no claim for example.com yet, so no token of it can have been placed; make"
    " one with state: present, place its token, then verify it."
)
NO_TOKEN = (
    "domain: example.com has no token that could be asserted: it has expired, or it is the one"
    " that the domain was verified with. Draw a new one with state: present, place it, then verify"
    " it."
)
NO_METHOD = (
    "choose a method to prove control with (dns, http, https or email), or verify the domain"
    " beforehand."
)
LAPSING = verified("example.com", days=5)


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(
    ("book", "method", "sentence"),
    [
        (Book(), "dns", NO_CLAIM),
        (Book(), "http", NO_CLAIM),
        (Book(LAPSING), "dns", NO_TOKEN),
        (Book(pending("example.com", assert_by=NOW + 60)), "dns", NO_TOKEN),
        (
            Book(),
            None,
            f"method is not set, and example.com is not covered by a verified claim; {NO_METHOD}",
        ),
        (
            Book(LAPSING),
            None,
            f"method is not set, and example.com is due to be renewed; {NO_METHOD}",
        ),
        (
            Book(),
            "email",
            "email_address is not set, and example.com is to be verified by e-mail; choose one of"
            " hostmaster, webmaster, admin, administrator or postmaster.",
        ),
        (
            Book(pending("example.com")),
            "email",
            "email_address is not set, and example.com is to be verified by e-mail; choose one of"
            " admin@example.com, hostmaster@example.com.",
        ),
    ],
)
def test_verified_says_what_is_missing(
    book: Book, method: str | None, sentence: str, check_mode: bool
) -> None:
    (state,) = keeper(book, check_mode, method=method).verified(["example.com"], timeout=60)
    assert state.error == sentence
    assert not state.changed
    assert {call.partition(" ")[0] for call in book.calls} <= {"list", "addresses"}


def test_a_token_that_the_service_does_not_tell_may_have_been_placed() -> None:
    book = Book(pending("example.com"), tells_tokens=False)
    (state,) = keeper(book, method="http").verified(["example.com"], timeout=60)
    assert (state.error, state.is_due) == ("", False)
    assert book.calls == ["list", "http example.com", "read"]


def test_verified_in_check_mode_tells_that_it_would_be_proven() -> None:
    book = Book(pending("example.com"))
    wish = {"method": "email", "email_address": "hostmaster"}
    for given in ({"method": "dns"}, wish):
        (state,) = keeper(book, True, **given).verified(["example.com"], timeout=60)
        assert (state.error, state.changed, state.is_due) == ("", True, True)
    assert book.calls == ["list", "list"]


def test_each_name_of_a_claim_fails_with_it() -> None:
    book = Book(pending("example.com"), failures=9)
    states = keeper(book, method="dns").verified(["example.com", "*.example.com"], timeout=0)
    assert states[0].error == states[1].error != ""
    assert [state.changed for state in states] == [True, True]
    assert [state.is_due for state in states] == [True, True]


MAIL = {"method": "email", "email_address": "hostmaster"}


def test_a_host_that_waited_for_another_has_changed_what_it_waited_for() -> None:
    book, board = Book(pending("example.com")), Board()
    board.is_first("0A" * 16, "token", "a", ())
    (state,) = keeper(book, board=board, host="b", **MAIL).verified(["example.com"], timeout=60)
    assert "was not verified within 60 seconds" in state.error
    assert not state.changed
    assert book.calls == ["list", "addresses example.com", *["read"] * book.calls.count("read")]

    class Proven(Book):
        def read(self, claim_id: str, domain: str) -> Claim:
            super().read(claim_id, domain)
            return verified(domain, "EMAIL", claim_id)

    (state,) = keeper(Proven(pending("example.com")), board=board, host="b", **MAIL).verified(
        ["example.com"], timeout=60
    )
    assert (state.error, state.changed, state.is_due) == ("", True, False)


def test_a_name_whose_claim_cannot_be_made_does_not_stop_the_others() -> None:
    class Choosy(Book):
        def create(self, domain: str) -> ClaimToken:
            if domain == "bad.example":
                raise refused(422)
            return super().create(domain)

    bad, good = keeper(Choosy(), **MAIL).verified(["bad.example", "good.example"], timeout=60)
    assert (bad.error, bad.changed) == ("domain: bad.example: refused", False)
    assert (good.error, good.changed, good.is_due) == ("", True, False)


def test_what_was_refused_stays_refused_though_another_name_of_the_claim_is_proven() -> None:
    class Moody(Book):
        moods = ["bad"]

        def create(self, domain: str) -> ClaimToken:
            if self.moods:
                self.moods.pop()
                raise refused(422)
            return super().create(domain)

    names = ["example.com", "*.example.com"]
    first, second = keeper(Moody(), **MAIL).verified(names, timeout=60)
    assert first.error == "domain: example.com: refused"
    assert (second.error, second.is_due) == ("", False)


def test_names_of_one_claim_share_one_mail() -> None:
    book = Book()
    states = keeper(book, **MAIL).verified(["example.com", "*.example.com"], timeout=60)
    assert [(state.error, state.is_due) for state in states] == [("", False), ("", False)]
    assert book.calls == [
        "list",
        "create example.com",
        "read",
        "addresses example.com",
        "email example.com hostmaster@example.com",
        "read",
    ]


@pytest.mark.parametrize("names", [["example.com"], ["new.example"]])
def test_in_check_mode_each_host_would_place_what_nobody_has_drawn(names: list[str]) -> None:
    book, board = Book(LAPSING), Board()
    for host in ("a", "b"):
        (state,) = keeper(book, True, board, host, method="email").present(names)
        assert (state.is_placer, state.token, state.mail_addresses) == (True, "", ())
    assert book.calls == ["list", "list"]


def test_a_keeper_acts_and_waits_if_nothing_else_is_said() -> None:
    plain = ClaimKeeper(Book(), ClaimWish(), Board(), "a")
    assert (plain.others, plain.check_mode) == ((), False)
    assert (plain.pause, plain.clock) == (time.sleep, time.monotonic)


def test_claims_of_other_names_are_renewed_after_the_first() -> None:
    other = verified("b.example", claim_id="0C" * 16, days=5)
    book = Book(verified("a.example", days=5), other)
    states = keeper(book, method="dns").present(["a.example", "b.example"])
    assert [state.token for state in states] == ["new token", "new token"]
    assert book.calls == ["list", "list", "draw a.example", "read", "draw b.example", "read"]


def test_a_token_that_is_not_told_is_none_to_place() -> None:
    book = Book(pending("example.com"), tells_tokens=False)
    (state,) = keeper(book, True, method="dns").present(["example.com"])
    assert (state.token, state.changed, state.is_placer) == ("", True, True)
