# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked again, how often, and with which token."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api import retry
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


@pytest.mark.parametrize("status", [400, 402, 403, 404, 409, 415, 422, 501])
def test_what_does_not_pass_is_not(bench: Any, server: Any, status: int) -> None:
    server.on("GET", QUOTA, bench.reply(status))
    with pytest.raises(ApiError):
        bench.session(server, retries=5).get(QUOTA)
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


def test_the_mode_of_a_check(bench: Any, server: Any) -> None:
    server.on("POST", "/certificates", bench.reply(204))
    bench.session(server).post_once("/certificates", BODY, mode="domain-validation")
    assert server.seen[-1].headers["mode"] == "domain-validation"


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
    def locked(self) -> Iterator[None]:
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
