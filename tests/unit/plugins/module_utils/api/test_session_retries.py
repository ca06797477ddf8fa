# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked again, how often, and with which token."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api import retry, transport
from ansible_collections.globalsign.atlas.plugins.module_utils.api import session as session_module
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import (
    StoredToken,
)

QUOTA = "/quotas/issuance"
LEVEL = {"value": 7}
BODY = {"public_key": "-----BEGIN PUBLIC KEY-----"}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr(retry, "sleep", made.append)
    return made


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(bench: Any, server: Any, status: int) -> None:
    server.on("GET", QUOTA, bench.reply(status), bench.reply(status), bench.reply(200, LEVEL))
    assert bench.session(server, retries=2).get(QUOTA).json == LEVEL


@pytest.mark.parametrize("status", [302, 400, 402, 403, 404, 409, 412, 415, 422, 424, 501, 505])
def test_what_does_not_pass_is_not(
    bench: Any, server: Any, pauses: list[float], status: int
) -> None:
    server.on("GET", QUOTA, bench.reply(status))
    with pytest.raises(ApiError) as caught:
        bench.session(server, retries=5).get(QUOTA)
    assert caught.value.status == status
    assert pauses == []
    assert len(server.requests("GET", QUOTA)) == 1


def test_so_often_and_no_more(bench: Any, server: Any, pauses: list[float]) -> None:
    server.on("GET", QUOTA, bench.reply(503, {"description": "busy"}))
    with pytest.raises(ApiError, match=r"503 busy"):
        bench.session(server, retries=3).get(QUOTA)
    assert len(server.requests("GET", QUOTA)) == 4
    assert len(pauses) == 3


def test_the_service_says_when(bench: Any, server: Any, pauses: list[float]) -> None:
    later = "Tue, 24 Nov 2026 01:02:10 GMT"
    server.on(
        "GET",
        QUOTA,
        bench.reply(429, headers={"Retry-After": "3"}),
        bench.reply(503, headers={"Retry-After": later, "Date": bench.date}),
        bench.reply(200, LEVEL),
    )
    bench.session(server, retries=2).get(QUOTA)
    assert 3 <= pauses[0] <= 3.5
    assert 7 <= pauses[1] <= 7.5


def test_nothing_is_waited_for_that_comes_too_late(bench: Any, server: Any) -> None:
    server.on("GET", QUOTA, bench.reply(429, headers={"Retry-After": "181"}))
    with pytest.raises(ApiError, match=r"too many requests"):
        bench.session(server, retries=5).get(QUOTA)
    assert len(server.requests("GET", QUOTA)) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_what_issues_is_not_asked_again(bench: Any, server: Any, status: int) -> None:
    server.on("POST", "/certificates", bench.reply(status))
    with pytest.raises(ApiError) as caught:
        bench.session(server, retries=5).post_once("/certificates", BODY)
    assert (caught.value.status, caught.value.outcome) == (status, "unknown")
    assert caught.value.may_have_acted
    assert len(server.requests("POST", "/certificates")) == 1


def test_busy_in_the_words_of_the_service(bench: Any, server: Any) -> None:
    server.on("POST", "/certificates", bench.reply(503, {"description": "Service busy"}))
    with pytest.raises(ApiError) as caught:
        bench.session(server, retries=5).post_once("/certificates", BODY)
    assert caught.value.outcome == "probably_not_acted"


def test_what_issues_is_asked_again_if_it_was_not_acted_upon(bench: Any, server: Any) -> None:
    server.on("POST", "/certificates", bench.reply(429), bench.reply(201))
    assert bench.session(server, retries=1).post_once("/certificates", BODY).status == 201


def test_what_was_never_sent_is_sent_again(bench: Any, pauses: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    session = bench.session(f"https://127.0.0.1:{port}/v2", retries=2)
    with pytest.raises(ApiError, match=r"could not be connected to") as caught:
        session.post_once("/certificates", BODY)
    assert caught.value.outcome == "not_sent"
    assert len(pauses) == 2


def test_until_it_is_ready(bench: Any, server: Any) -> None:
    path = "/claims/domains/0A/reassert"
    unready = bench.reply(202, {"description": "Operation in progress"})
    server.on("POST", path, unready, unready, unready, bench.reply(201, {"token": "T"}))
    session = bench.session(server, retries=0)
    assert session.post(path, until_ready=True).json == {"token": "T"}


def test_too_early_is_a_result_where_it_is_not_waited_for(bench: Any, server: Any) -> None:
    path = "/claims/domains/0A/dns"
    server.on("POST", path, bench.reply(202, {"description": "Operation in progress"}))
    assert bench.session(server, retries=5).post(path).status == 202
    assert len(server.requests("POST", path)) == 1


def test_a_service_that_says_when_it_is_ready(bench: Any, server: Any, pauses: list[float]) -> None:
    path = "/claims/domains/0A/reassert"
    unready = bench.reply(202, {"description": "x"}, {"Retry-After": "7"})
    busy = bench.reply(503)
    server.on("POST", path, unready, busy, unready, bench.reply(201, {"token": "T"}))
    session = bench.session(server, retries=1)
    assert session.post(path, until_ready=True).json == {"token": "T"}
    assert 7 <= pauses[0] <= 7.5
    assert 0.25 <= pauses[1] <= 0.5
    assert 7 <= pauses[2] <= 7.5


def test_never_ready(bench: Any, server: Any) -> None:
    path = "/claims/domains/0A/reassert"
    server.on("POST", path, bench.reply(202, {"description": "Operation in progress"}))
    with pytest.raises(ApiError, match=r"not ready for this yet") as caught:
        bench.session(server, total_timeout=0.4).post(path, until_ready=True)
    assert caught.value.outcome == "not_acted"


def test_extra_headers_go_with_each_request(bench: Any, server: Any) -> None:
    server.on("GET", QUOTA, bench.reply(200, LEVEL))
    bench.session(server, extra_headers={"X-SSL-Client-Serial": "0A"}).get(QUOTA)
    assert [seen.headers["x-ssl-client-serial"] for seen in server.seen] == ["0A", "0A"]


def test_a_patch(bench: Any, server: Any) -> None:
    server.on("PATCH", "/certificates/0A", bench.reply(204))
    bench.session(server).patch("/certificates/0A", {"revocation_reason": "superseded"})
    assert json.loads(server.seen[-1].body) == {"revocation_reason": "superseded"}


def test_a_proxy_of_the_options(bench: Any, server: Any) -> None:
    proxy = bench.proxy()
    server.on("GET", QUOTA, bench.reply(200, LEVEL))
    url = f"http://user:canary@127.0.0.1:{proxy.port}"
    assert bench.session(server, proxy=url).get(QUOTA).json == LEVEL
    assert len(proxy.heads) == 1


def test_a_proxy_of_the_options_that_refuses(bench: Any, server: Any) -> None:
    proxy = bench.proxy(407)
    url = f"http://user:canary@127.0.0.1:{proxy.port}"
    with pytest.raises(ApiError, match=r"it answered 407.*check the option proxy") as caught:
        bench.session(server, proxy=url, retries=3).get(QUOTA)
    assert "canary" not in caught.value.message
    assert len(proxy.heads) == 1


def test_a_stored_token_is_never_shown() -> None:
    assert repr(StoredToken("canary", 1.0)) == "StoredToken(obtained_at=1.0, service_ahead=0.0)"


@dataclass
class Store:
    """A token store in memory."""

    token: StoredToken | None = None
    saved: list[StoredToken] = field(default_factory=list)
    is_locked: bool = False

    def load(self) -> StoredToken | None:
        assert self.is_locked
        return self.token

    def save(self, token: StoredToken) -> None:
        assert self.is_locked
        self.token = token
        self.saved.append(token)

    @contextlib.contextmanager
    def locked(self, *, patience: float) -> Iterator[None]:
        assert 0 < patience <= 180
        self.is_locked = True
        yield
        self.is_locked = False


class TestStore:
    def test_a_login_is_kept(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        store = Store()
        bench.session(server, token_store=store).get(QUOTA)
        (kept,) = store.saved
        assert kept.is_usable
        bench.session(server, token_store=store).get(QUOTA)
        assert server.logins == 1
        assert server.seen[-1].token == kept.value

    def test_the_services_clock_comes_with_it(self, bench: Any, server: Any) -> None:
        store = Store(StoredToken("T", time.time(), service_ahead=500.0))
        session = bench.session(server, token_store=store)
        server.on("GET", QUOTA, bench.reply(200, LEVEL, {"Date": "soon"}))
        session.get(QUOTA)
        assert session.service_time() - time.time() == pytest.approx(500, abs=2)

    @pytest.mark.parametrize("age", [-60, 541])
    def test_one_that_is_old_or_from_the_future(self, bench: Any, server: Any, age: int) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        store = Store(StoredToken("T", time.time() - age))
        bench.session(server, token_store=store).get(QUOTA)
        assert server.logins == 1

    def test_one_that_is_refused(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        server.accepts = lambda token: token != "T"
        store = Store(StoredToken("T", time.time()))
        bench.session(server, token_store=store).get(QUOTA)
        assert server.logins == 1
        assert store.saved[-1].value != "T"

    def test_another_worker_has_renewed_it(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        store = Store()
        session = bench.session(server, token_store=store)
        session.get(QUOTA)
        store.token = StoredToken("theirs", time.time())
        server.accepts = lambda token: token == "theirs"
        session.get(QUOTA)
        assert server.logins == 1

    def test_both_are_refused(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        store = Store()
        session = bench.session(server, token_store=store)
        session.get(QUOTA)
        store.token = StoredToken("theirs", time.time())
        server.accepts = lambda token: token.endswith("-2")
        assert session.get(QUOTA).json == LEVEL
        assert server.logins == 2


def cut(bench: Any, then: str = "close") -> Any:
    """An answer that ends too early: whether the request was acted upon nobody knows."""
    return type(bench.reply())(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", then)


class TestAnswersThatAreLost:
    """What may be asked twice is; what issues never is."""

    @pytest.mark.parametrize("then", ["close", "reset"])
    @pytest.mark.parametrize(
        ("verb", "call"),
        [
            ("GET", lambda session: session.get("/x")),
            ("POST", lambda session: session.post("/x", BODY)),
            ("POST", lambda session: session.post("/x")),
            ("PATCH", lambda session: session.patch("/x", BODY)),
            ("DELETE", lambda session: session.delete("/x")),
        ],
    )
    def test_what_may_be_asked_twice(
        self, bench: Any, server: Any, pauses: list[float], verb: str, call: Any, then: str
    ) -> None:
        server.on(verb, "/x", cut(bench, then), cut(bench, then), bench.reply(200, LEVEL))
        assert call(bench.session(server, retries=2)).json == LEVEL
        assert len(pauses) == 2
        assert len({seen.body for seen in server.requests(verb, "/x")}) == 1

    @pytest.mark.parametrize("then", ["close", "reset"])
    def test_what_issues(self, bench: Any, server: Any, pauses: list[float], then: str) -> None:
        server.on("POST", "/certificates", cut(bench, then))
        with pytest.raises(ApiError) as caught:
            bench.session(server, retries=5).post_once("/certificates", BODY)
        assert (caught.value.status, caught.value.outcome) == (None, "unknown")
        assert len(server.requests("POST", "/certificates")) == 1
        assert pauses == []

    def test_what_issues_and_is_answered_late(
        self, bench: Any, server: Any, pauses: list[float]
    ) -> None:
        server.on("POST", "/certificates", bench.reply(201, wait_for=server.released))
        session = bench.session(server, retries=5, read_timeout=0.1)
        with pytest.raises(ApiError) as caught:
            session.post_once("/certificates", BODY)
        assert caught.value.outcome == "unknown"
        assert len(server.requests("POST", "/certificates")) == 1
        assert pauses == []

    def test_attempts_are_shared_by_login_and_call(
        self, bench: Any, server: Any, pauses: list[float]
    ) -> None:
        token = bench.reply(200, {"access_token": "T"})
        server.on("POST", "/login", cut(bench), token)
        server.on("GET", QUOTA, cut(bench))
        with pytest.raises(ApiError) as caught:
            bench.session(server, retries=2).get(QUOTA)
        assert (caught.value.path, caught.value.outcome) == (QUOTA, "unknown")
        assert len(pauses) == 2
        assert len(server.requests("GET", QUOTA)) == 2

    def test_what_somebody_has_to_mend_is_not_tried_again(
        self, bench: Any, server: Any, pauses: list[float]
    ) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL, {"Content-Encoding": "gzip"}))
        with pytest.raises(ApiError) as caught:
            bench.session(server, retries=5).get(QUOTA)
        assert caught.value.message == (
            f"127.0.0.1:{server.port} answered in the encoding gzip, which it was not asked for;"
            " check api_url."
        )
        assert len(server.requests("GET", QUOTA)) == 1
        assert pauses == []


class Clock:
    """Both clocks of a process, which stand still until a test sets them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_795_000_000.0
        for module in (session_module, retry, transport):
            monkeypatch.setattr(
                module, "time", SimpleNamespace(time=self.time, monotonic=self.monotonic)
            )

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now - 1_000_000_000


class TestTime:
    @pytest.mark.parametrize(
        ("age", "is_usable"),
        [(-0.001, False), (0, True), (539.999, True), (540, True), (540.001, False), (600, False)],
    )
    def test_a_token_is_used_for_nine_of_its_ten_minutes(
        self, monkeypatch: pytest.MonkeyPatch, age: float, is_usable: bool
    ) -> None:
        clock = Clock(monkeypatch)
        assert session_module.TOKEN_SECONDS == 540
        assert StoredToken("T", clock.now - age).is_usable is is_usable

    @pytest.mark.parametrize(("passed", "logins"), [(539, 1), (540, 1), (541, 2)])
    def test_a_session_renews_its_own(
        self,
        bench: Any,
        server: Any,
        monkeypatch: pytest.MonkeyPatch,
        passed: float,
        logins: int,
    ) -> None:
        clock = Clock(monkeypatch)
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        session = bench.session(server)
        session.get(QUOTA)
        clock.now += passed
        session.get(QUOTA)
        assert server.logins == logins

    def test_a_token_ages_from_when_it_was_asked_for(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = Clock(monkeypatch)

        def slow_login(seen: Any) -> None:
            clock.now += 30

        server.otherwise = slow_login
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        store = Store()
        started = clock.now
        bench.session(server, token_store=store).get(QUOTA)
        (kept,) = store.saved
        assert kept.obtained_at == started
        assert kept.service_ahead == 1_795_482_123 - (started + 30)

    def test_the_services_clock_goes_on_with_ours(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = Clock(monkeypatch)
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        session = bench.session(server)
        assert session.service_time() == clock.now
        session.get(QUOTA)
        assert session.service_time() == 1_795_482_123
        clock.now += 100
        assert session.service_time() == 1_795_482_223

    def test_a_stored_token_brings_the_services_clock(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = Clock(monkeypatch)
        server.on("GET", QUOTA, bench.reply(200, LEVEL, {"Date": "soon"}))
        store = Store(StoredToken("T", clock.now - 60, service_ahead=-500.0))
        session = bench.session(server, token_store=store)
        session.get(QUOTA)
        assert session.service_time() == clock.now - 500
        assert (server.logins, store.saved) == (0, [])

    def test_retry_after_as_a_date_is_by_the_services_clock(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
    ) -> None:
        """The answer tells no time; the login did."""
        Clock(monkeypatch)
        later = {"Retry-After": "Tue, 24 Nov 2026 01:02:13 GMT", "Date": ""}
        server.on("GET", QUOTA, bench.reply(429, headers=later), bench.reply(200, LEVEL))
        bench.session(server, retries=1).get(QUOTA)
        assert 10 <= pauses[0] <= 10.5

    @pytest.mark.parametrize("read_timeout", [0.8, 60])
    def test_silence_ends_with_the_first_time_that_is_over(
        self, bench: Any, server: Any, read_timeout: float
    ) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL, wait_for=server.released))
        session = bench.session(server, read_timeout=read_timeout, total_timeout=1.6)
        started = time.monotonic()
        with pytest.raises(ApiError) as caught:
            session.get(QUOTA)
        assert caught.value.message == (
            f"127.0.0.1:{server.port} did not answer within 0.8 seconds; try again later."
            if read_timeout < 1.6
            else f"127.0.0.1:{server.port} is too slow: its answer was not complete within 1.6"
            " seconds (total_timeout); try again later."
        )
        assert caught.value.outcome == "unknown"
        assert time.monotonic() - started < 2.6

    def test_the_login_and_the_pauses_count(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = Clock(monkeypatch)

        def slow(seen: Any) -> Any:
            clock.now += 20
            return None if seen.method == "POST" else bench.reply(503)

        server.otherwise = slow
        monkeypatch.setattr(retry, "sleep", lambda _seconds: setattr(clock, "now", clock.now + 20))
        session = bench.session(server, retries=9, total_timeout=70)
        with pytest.raises(ApiError, match=r"it answered 503"):
            session.get(QUOTA)
        assert len(server.requests("GET", QUOTA)) == 2  # at 20 and at 60 seconds

    @pytest.mark.parametrize(("waits", "requests"), [(129, 2), (135, 1)])
    def test_what_issues_is_not_begun_at_the_last_moment(
        self, bench: Any, server: Any, pauses: list[float], waits: int, requests: int
    ) -> None:
        """Cut off, it would have to be looked up: a quarter of the time must be left."""
        later = bench.reply(429, headers={"Retry-After": str(waits)})
        answers = [later, bench.reply(201)][:requests]
        server.on("POST", "/certificates", *answers)
        session = bench.session(server, retries=5, total_timeout=180)
        if requests == 2:
            assert session.post_once("/certificates", BODY).status == 201
            return
        with pytest.raises(ApiError) as caught:
            session.post_once("/certificates", BODY)
        assert (caught.value.status, caught.value.outcome) == (429, "not_acted")

    def test_what_issues_is_not_begun_after_a_login_that_took_long(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = Clock(monkeypatch)

        def slow(_seen: Any) -> Any:
            clock.now += 140

        server.otherwise = slow
        session = bench.session(server, total_timeout=180)
        with pytest.raises(ApiError) as caught:
            session.post_once("/certificates", BODY)
        assert caught.value.message == (
            f"127.0.0.1:{server.port} is too slow: 180 seconds (total_timeout) were over before all"
            " was asked for; try again later."
        )
        assert caught.value.outcome == "not_sent"

    def test_who_waits_for_the_login_of_another_keeps_to_its_own_time(
        self, bench: Any, server: Any
    ) -> None:
        server.on("POST", "/login", bench.reply(200, wait_for=server.released))
        session = bench.session(server, total_timeout=0.5)
        errors: list[ApiError] = []

        def ask() -> None:
            with pytest.raises(ApiError) as caught:
                session.post_once("/certificates", BODY)
            errors.append(caught.value)

        threads = [threading.Thread(target=ask) for _number in range(4)]
        started = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - started < 1.5
        assert [error.outcome for error in errors] == ["not_sent"] * 4
        assert {error.message for error in errors} == {
            f"127.0.0.1:{server.port} is too slow: its answer was not complete within 0.5 seconds"
            " (total_timeout); try again later.",
            f"127.0.0.1:{server.port} is too slow: 0.5 seconds (total_timeout) were over before all"
            " was asked for; try again later.",
        }

    @pytest.mark.parametrize(("idle", "connections"), [(4, 1), (4.001, 2)])
    def test_how_long_a_connection_may_be_idle(
        self,
        bench: Any,
        server: Any,
        monkeypatch: pytest.MonkeyPatch,
        idle: float,
        connections: int,
    ) -> None:
        clock = Clock(monkeypatch)
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        session = bench.session(server)
        session.get(QUOTA)
        clock.now += idle
        session.get(QUOTA)
        assert server.connections == connections


class TestLogin:
    @pytest.mark.parametrize(
        ("status", "outcome", "logins"),
        [
            (401, "refused", 1),
            (403, "refused", 1),
            (422, "refused", 1),
            (400, "refused", 2),
            (404, "refused", 2),
            (302, "not_sent", 2),
            (429, "not_sent", 2),
            (500, "not_sent", 2),
            (503, "not_sent", 2),
        ],
    )
    def test_what_became_of_the_call_that_needed_it(
        self, bench: Any, server: Any, status: int, outcome: str, logins: int
    ) -> None:
        """Of the call itself nothing was sent; a wrong key is never tried twice."""
        server.on("POST", "/login", bench.reply(status, {"description": "no"}))
        session = bench.session(server)
        for _attempt in range(2):
            with pytest.raises(ApiError) as caught:
                session.post_once("/certificates", BODY)
            assert (caught.value.status, caught.value.path) == (status, "/login")
            assert caught.value.outcome == outcome
            assert not caught.value.may_have_acted
        assert server.logins == logins
        assert len(server.seen) == logins

    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    def test_it_is_tried_again(self, bench: Any, server: Any, status: int) -> None:
        token = bench.reply(200, {"access_token": "T"})
        server.on("POST", "/login", bench.reply(status), token)
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        assert bench.session(server, retries=1).get(QUOTA).json == LEVEL

    @pytest.mark.parametrize("token", ["!", "~" * 16384])
    def test_a_token_of_any_printable_characters(self, bench: Any, server: Any, token: str) -> None:
        server.on("POST", "/login", bench.reply(201, {"access_token": token, "more": 1}))
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        bench.session(server).get(QUOTA)
        assert server.seen[-1].token == token

    @pytest.mark.parametrize("token", ["a b", "a\x7f", "~" * 16385, "a\n"])
    def test_a_token_that_cannot_be_sent(self, bench: Any, server: Any, token: str) -> None:
        server.on("POST", "/login", bench.reply(200, {"access_token": token}))
        with pytest.raises(ApiError) as caught:
            bench.session(server, retries=5).get(QUOTA)
        assert caught.value.message == (
            "The answer of Atlas to POST /login holds no usable access_token; check api_url."
        )
        assert (caught.value.method, caught.value.path) == ("POST", "/login")
        assert (caught.value.status, caught.value.outcome) == (200, "not_sent")
        assert len(server.seen) == 1

    def test_a_store_is_not_asked_while_the_sessions_own_token_will_do(
        self, bench: Any, server: Any
    ) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        store = Store()
        session = bench.session(server, token_store=store)
        session.get(QUOTA)
        store.token = StoredToken("theirs", time.time())
        session.get(QUOTA)
        assert server.seen[-1].token == store.saved[0].value


class TestAnswers:
    def test_one_in_chunks(self, bench: Any, server: Any) -> None:
        raw = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b'Transfer-Encoding: chunked\r\n\r\n6\r\n{"valu\r\n5\r\ne":7}\r\n0\r\n\r\n'
        )
        server.on("GET", QUOTA, type(bench.reply())(raw))
        assert bench.session(server).get(QUOTA).json == LEVEL

    def test_one_that_ends_with_the_connection(self, bench: Any, server: Any) -> None:
        raw = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"value":7}'
        server.on("GET", QUOTA, type(bench.reply())(raw, "close"))
        assert bench.session(server).get(QUOTA).json == LEVEL

    @pytest.mark.parametrize(
        "kind",
        [
            "application/json",
            "Application/JSON ; charset=UTF-8",
            "application/problem+json",
            "application/hal+json;x=1",
        ],
    )
    def test_what_counts_as_json(self, bench: Any, server: Any, kind: str) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL, {"Content-Type": kind}))
        assert bench.session(server).get(QUOTA).json == LEVEL

    @pytest.mark.parametrize(
        ("kind", "shown", "outcome"),
        [
            ("text/html", "text/html", "wrong_endpoint"),
            ("text/json", "text/json", "wrong_endpoint"),
            ("", "no content type", "wrong_endpoint"),
            ("application/json", "application/json", "unknown"),
        ],
    )
    def test_what_is_no_json(
        self, bench: Any, server: Any, kind: str, shown: str, outcome: str
    ) -> None:
        server.on("GET", QUOTA, bench.reply(200, body=b"<x>", headers={"Content-Type": kind}))
        with pytest.raises(ApiError) as caught:
            bench.session(server, retries=5).get(QUOTA)
        assert caught.value.message == (
            f"api_url: 127.0.0.1:{server.port} answered 200 to GET {QUOTA}, but not in JSON"
            f" ({shown}); check the URL, and whether a proxy or portal stands in between."
        )
        assert (caught.value.method, caught.value.path) == ("GET", QUOTA)
        assert (caught.value.status, caught.value.outcome) == (200, outcome)

    @pytest.mark.parametrize("call", ["post", "post_once"])
    def test_only_what_issues_needs_no_body_that_can_be_read(
        self, bench: Any, server: Any, call: str
    ) -> None:
        answer = bench.reply(201, body=b"<x>", headers={"Content-Type": "text/html"})
        server.on("POST", "/x", answer)
        ask = getattr(bench.session(server), call)
        if call == "post_once":
            assert ask("/x", BODY).json is None
        else:
            with pytest.raises(ApiError, match=r"not in JSON"):
                ask("/x", BODY)

    def test_its_headers_are_in_lower_case(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL, {"X-Total-COUNT": "7"}))
        response = bench.session(server).get(QUOTA)
        assert (response.method, response.path, response.status) == ("GET", QUOTA, 200)
        assert response.headers["x-total-count"] == "7"

    @pytest.mark.parametrize("extra", [0, 1])
    def test_how_long_it_may_be(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch, extra: int
    ) -> None:
        """All that is received for a request counts."""
        assert transport.MOST_BYTES == 16 * 1024 * 1024
        body = json.dumps("x" * 300_000).encode()
        answer = bench.reply(200, body=body)
        monkeypatch.setattr(transport, "MOST_BYTES", len(answer.raw) - extra)
        server.on("GET", QUOTA, answer)
        if not extra:
            assert len(bench.session(server).get(QUOTA).json) == 300_000
            return
        with pytest.raises(ApiError) as caught:
            bench.session(server, retries=5).get(QUOTA)
        assert caught.value.message == (
            f"127.0.0.1:{server.port} answered with more than {len(answer.raw) - 1} bytes; check"
            " api_url."
        )
        assert caught.value.outcome == "unknown"

    def test_secrets_of_extra_headers_are_masked(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(422, {"description": "echo canary"}))
        session = bench.session(server, extra_headers={"X-Token": "canary", "X-Empty": ""})
        with pytest.raises(ApiError) as caught:
            session.get(QUOTA)
        assert caught.value.description == "echo ***"

    @pytest.mark.parametrize("kind", ["application/json", "text/html", ""])
    def test_busy_in_the_words_of_somebody_else(self, bench: Any, server: Any, kind: str) -> None:
        answer = bench.reply(503, {"description": "busy"}, {"Content-Type": kind})
        server.on("POST", "/certificates", answer)
        with pytest.raises(ApiError) as caught:
            bench.session(server).post_once("/certificates", BODY)
        assert caught.value.outcome == "unknown"

    @pytest.mark.parametrize("status", [200, 203, 299])
    def test_what_is_a_success(self, bench: Any, server: Any, status: int) -> None:
        server.on("GET", QUOTA, bench.reply(status, LEVEL))
        assert bench.session(server).get(QUOTA).json == LEVEL

    def test_what_is_none_any_more(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(300, LEVEL))
        with pytest.raises(ApiError) as caught:
            bench.session(server).get(QUOTA)
        assert (caught.value.status, caught.value.outcome) == (300, "wrong_endpoint")
