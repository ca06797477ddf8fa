# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The session, against a real TLS server on loopback."""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api import session as session_module
from ansible_collections.globalsign.atlas.plugins.module_utils.api import transport
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import Account
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

QUOTA = "/quotas/issuance"
BODY = {"public_key": "-----BEGIN PUBLIC KEY-----"}
LEVEL = {"value": 7}


def failure_of(bench: Any, call: Callable[[], Any]) -> ApiError:
    """The error of a call, which also has kept all secrets."""
    with pytest.raises(ApiError) as caught:
        call()
    bench.assert_keeps_secrets(caught.value)
    return caught.value


NO_PATH = "lacks the path with the version"
NO_HOST = "does not begin with https:// and a host"
IN_THE_CLEAR = "is not encrypted; plain http is for this machine only"
ODD = "holds blanks, control characters or letters beyond ASCII"
QUERY = "has a query or a fragment"
SECRETS = "holds a user name or password, which belong into api_key and api_secret"


class TestAccount:
    @pytest.mark.parametrize(
        "url",
        [
            "https://emea.api.hvca.globalsign.com:8443/v2",
            "https://atlas.example/some/where/v2",
            "http://127.0.0.1:8080/v2",
            "http://[::1]:8080/v2",
            "http://localhost/v2",
            "http://127.9.9.9/v2",
            "https://atlas.example/v",
        ],
    )
    def test_an_url_that_will_do(self, url: str) -> None:
        assert Account(url, "k", "s").url == url

    def test_a_final_slash_is_dropped(self) -> None:
        assert Account("https://atlas.example/v2/", "k", "s").url == "https://atlas.example/v2"
        assert Account("https://atlas.example/v2//", "k", "s").url == "https://atlas.example/v2"

    @pytest.mark.parametrize(
        ("url", "shown", "rule"),
        [
            ("https://atlas.example", None, NO_PATH),
            ("https://atlas.example/", None, NO_PATH),
            ("https://atlas.example///", None, NO_PATH),
            ("http://atlas.example/v2", None, IN_THE_CLEAR),
            ("http://127.0.0.1.atlas.example/v2", None, IN_THE_CLEAR),
            ("http://10.0.0.1/v2", None, IN_THE_CLEAR),
            ("ftp://atlas.example/v2", None, NO_HOST),
            ("atlas.example/v2", None, NO_HOST),
            ("", None, NO_HOST),
            ("https:///v2", None, NO_HOST),
            ("https://atlas.example:port/v2", None, "is not a URL"),
            ("https://atlas.example:99999/v2", None, "is not a URL"),
            ("https://[::1/v2", None, "is not a URL"),
            ("https://atlas.example/v2 ", "https://atlas.example/v2", ODD),
            ("https://atlas.example/v2\n", "https://atlas.example/v2", ODD),
            ("https://atlas.example/v2\x7f", "https://atlas.example/v2", ODD),
            ("https://\u00e4tlas.example/v2", None, ODD),
            ("https://atlas.example/v2#top", "https://atlas.example/v2", QUERY),
            ("https://atlas.example/v2?", "https://atlas.example/v2", QUERY),
            ("https://atlas.example/v2?secret=canary", "https://atlas.example/v2", QUERY),
            ("https://atlas.example/v2#canary", "https://atlas.example/v2", QUERY),
            ("https://user:canary@atlas.example/v2", "https://atlas.example/v2", SECRETS),
            ("https://canary@atlas.example/v2", "https://atlas.example/v2", SECRETS),
            ("https://:canary@atlas.example/v2", "https://atlas.example/v2", SECRETS),
            ("https://@atlas.example/v2", "https://atlas.example/v2", SECRETS),
            ("https://user:can@canary@atlas.example/v2", "https://atlas.example/v2", SECRETS),
            ("user:canary@atlas.example/v2", "atlas.example/v2", NO_HOST),
            ("ftp://" + "x" * 300, "ftp://" + "x" * 193 + "\u2026", NO_HOST),
        ],
    )
    def test_an_url_that_will_not_do(self, url: str, shown: str | None, rule: str) -> None:
        with pytest.raises(AtlasError) as caught:
            Account(url, "k", "s")
        assert caught.value.message == (
            f"api_url: {url if shown is None else shown!r} {rule}; give a URL such as"
            " https://emea.api.hvca.globalsign.com:8443/v2."
        )

    def test_its_repr_tells_no_secret(self) -> None:
        assert "canary" not in repr(Account("https://atlas.example/v2", "canary-1", "canary-2"))


class TestRequests:
    def test_login_comes_first_and_its_token_is_used(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        response = bench.session(server).get(QUOTA)
        login, get = server.seen
        assert (login.method, login.target) == ("POST", "/v2/login")
        assert json.loads(login.body) == {"api_key": bench.api_key, "api_secret": bench.api_secret}
        assert login.headers["content-type"] == "application/json;charset=utf-8"
        assert login.headers["content-length"] == str(len(login.body))
        assert "authorization" not in login.headers
        assert get.headers["authorization"].startswith("Bearer ey")
        assert get.headers["user-agent"] == "globalsign.atlas"
        assert "content-type" not in get.headers
        assert (response.status, response.json) == (200, LEVEL)

    def test_a_post_with_a_body(self, bench: Any, server: Any) -> None:
        server.on("POST", "/certificates", bench.reply(201, headers={"Location": "/v2/x/ABC"}))
        response = bench.session(server).post_once("/certificates", BODY)
        (post,) = server.requests("POST", "/certificates")
        assert json.loads(post.body) == BODY
        assert post.headers["content-type"] == "application/json;charset=utf-8"
        assert post.headers["content-length"] == str(len(post.body))
        assert "transfer-encoding" not in post.headers
        assert (response.json, response.last_segment()) == (None, "ABC")

    def test_a_post_without_a_body_tells_its_length(self, bench: Any, server: Any) -> None:
        server.on("POST", "/claims/domains/example.com", bench.reply(201, {"token": "T"}))
        bench.session(server).post("/claims/domains/example.com")
        assert server.seen[-1].headers["content-length"] == "0"
        assert "content-type" not in server.seen[-1].headers

    def test_delete_and_an_empty_answer(self, bench: Any, server: Any) -> None:
        server.on("DELETE", "/claims/domains/0A", bench.reply(204))
        response = bench.session(server).delete("/claims/domains/0A")
        assert (response.status, response.json) == (204, None)

    def test_a_query(self, bench: Any, server: Any) -> None:
        server.on("GET", "/claims/domains?page=2&per_page=100", bench.reply(200, []))
        assert bench.session(server).get("/claims/domains", {"page": 2, "per_page": 100}).json == []

    def test_plain_http_on_this_machine(self, bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Even where a proxy is named: the secret would be readable on the way to it."""
        proxy, plain = bench.proxy(), bench.server(tls=False)
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        plain.on("GET", QUOTA, bench.reply(200, LEVEL))
        assert bench.session(plain).get(QUOTA).json == LEVEL
        assert proxy.heads == []

    def test_a_session_is_a_context_manager(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        with bench.session(server) as session:
            assert session.get(QUOTA).json == LEVEL
            pools = session._transport._adapter.poolmanager.pools
            assert len(pools) == 1
        assert len(pools) == 0


class TestToken:
    def test_one_login_for_many_calls(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        session = bench.session(server)
        for _call in range(5):
            session.get(QUOTA)
        assert server.logins == 1

    def test_one_login_for_many_threads(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        session, together = bench.session(server), threading.Barrier(20)

        def call(_number: int) -> Any:
            together.wait()
            return session.get(QUOTA).json

        with ThreadPoolExecutor(20) as pool:
            assert list(pool.map(call, range(20))) == [LEVEL] * 20
        assert server.logins == 1
        assert len(server.requests("GET", QUOTA)) == 20
        assert server.connections <= 8

    def test_an_old_token_is_renewed(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        session = bench.session(server)
        session.get(QUOTA)
        monkeypatch.setattr(session_module, "TOKEN_SECONDS", -1)
        session.get(QUOTA)
        first, second = server.requests("GET", QUOTA)
        assert server.logins == 2
        assert first.token != second.token

    def test_a_token_refused_in_the_middle_is_renewed_once(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        session = bench.session(server)
        session.get(QUOTA)
        server.accepts = lambda token: token.endswith("-2")
        assert session.get(QUOTA).json == LEVEL
        assert server.logins == 2

    def test_threads_share_the_renewal(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        session = bench.session(server)
        session.get(QUOTA)
        server.accepts = lambda token: token.endswith("-2")
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _number: session.get(QUOTA).json, range(20)))
        assert answers == [LEVEL] * 20
        assert server.logins == 2

    def test_a_post_that_issues_is_sent_again_after_401(self, bench: Any, server: Any) -> None:
        server.on("POST", "/certificates", bench.reply(201, headers={"Location": "/v2/x/ABC"}))
        server.accepts = lambda token: token.endswith("-2")
        assert bench.session(server).post_once("/certificates", BODY).status == 201
        assert [json.loads(post.body) for post in server.requests("POST", "/certificates")] == [
            BODY,
            BODY,
        ]

    def test_persisting_401_is_no_loop(self, bench: Any, server: Any) -> None:
        server.accepts = lambda token: False
        session = bench.session(server)
        error = failure_of(bench, lambda: session.post_once("/certificates", BODY))
        assert (error.status, error.outcome) == (401, "not_acted")
        assert "401 Token is expired" in error.message
        assert server.logins == 2
        assert len(server.requests("POST", "/certificates")) == 2

    @pytest.mark.parametrize(
        ("status", "description", "hint"),
        [
            (401, "Unauthorized", "check both, and that client_cert is the mTLS certificate"),
            (403, "Forbidden", "check both, and that client_cert is the mTLS certificate"),
            (422, "Invalid login request", "the 16 and the 40 hexadecimal digits"),
        ],
    )
    def test_a_refused_login_is_not_tried_again(
        self, bench: Any, server: Any, status: int, description: str, hint: str
    ) -> None:
        server.on("POST", "/login", bench.reply(status, {"description": description}))
        session = bench.session(server)
        for _attempt in range(2):
            error = failure_of(bench, lambda: session.post_once("/certificates", BODY))
            assert error.message.startswith("api_key, api_secret: 127.0.0.1:")
            assert f"{status} {description}" in error.message
            assert hint in error.message
            assert (error.status, error.path, error.outcome) == (status, "/login", "refused")
        assert server.logins == 1
        assert server.requests("POST", "/certificates") == []

    def test_a_login_that_failed_otherwise_is_tried_again(self, bench: Any, server: Any) -> None:
        busy = bench.reply(503, {"description": "Service busy, please retry later"})
        server.on("POST", "/login", busy, bench.reply(200, {"access_token": "T"}))
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        session = bench.session(server)
        error = failure_of(bench, lambda: session.get(QUOTA))
        assert (error.status, error.outcome) == (503, "not_sent")
        assert session.get(QUOTA).json == LEVEL

    @pytest.mark.parametrize(
        "answer",
        [
            {},
            {"access_token": None},
            {"access_token": ""},
            {"access_token": "two\r\nlines"},
            {"access_token": "ümlaut"},
            {"access_token": 7},
            [],
        ],
    )
    def test_an_unusable_token(self, bench: Any, server: Any, answer: Any) -> None:
        server.on("POST", "/login", bench.reply(200, answer))
        error = failure_of(bench, lambda: bench.session(server).post_once("/certificates", BODY))
        assert "no usable access_token" in error.message
        assert error.outcome == "not_sent"

    def test_the_wrong_path_is_told_at_login(self, bench: Any, server: Any) -> None:
        server.otherwise = lambda seen: bench.reply(404, {"description": "Not Found"})
        session = bench.session(server.url.replace("/v2", "/v9"))
        error = failure_of(bench, lambda: session.get(QUOTA))
        assert [(seen.method, seen.target) for seen in server.seen] == [("POST", "/v9/login")]
        assert error.message.startswith("api_url: ")
        assert "with the version, such as https://" in error.message


class TestClock:
    def test_it_is_ours_before_the_login(self, bench: Any, server: Any) -> None:
        before = time.time()
        told = bench.session(server).service_time()
        assert before - 1 < told < time.time() + 1

    def test_it_is_the_services_after_it(self, bench: Any, server: Any) -> None:
        date = "Sat, 01 Jan 2000 00:00:00 GMT"
        server.on("GET", QUOTA, bench.reply(200, LEVEL, {"Date": date}))
        session = bench.session(server)
        session.get(QUOTA)
        assert 0 <= session.service_time() - 946684800 < 86400

    def test_a_date_that_is_none_is_left_aside(self, bench: Any, server: Any) -> None:
        server.on("POST", "/login", bench.reply(200, {"access_token": "T"}, {"Date": "soon"}))
        server.on("GET", QUOTA, bench.reply(200, LEVEL, {"Date": "soon"}))
        session = bench.session(server)
        session.get(QUOTA)
        assert abs(session.service_time() - time.time()) < 3600


class TestTrust:
    def test_verification_that_is_switched_off(
        self, bench: Any, recwarn: pytest.WarningsRecorder
    ) -> None:
        lax = bench.tls()
        lax.check_hostname, lax.verify_mode = False, ssl.CERT_NONE
        server = bench.server(certificate=bench.stranger.issue("unknown-server"))
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        assert bench.session(server, lax).get(QUOTA).json == LEVEL
        assert not recwarn.list

    @pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
    @pytest.mark.parametrize("content", ["missing", "strange"])
    def test_the_environment_does_not_break_it(
        self,
        bench: Any,
        server: Any,
        monkeypatch: pytest.MonkeyPatch,
        variable: str,
        content: str,
    ) -> None:
        path = bench.stranger.path if content == "strange" else Path("/nonexistent/bundle.pem")
        tls = bench.tls()
        monkeypatch.setenv(variable, str(path))
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        known = tls.cert_store_stats()
        assert bench.session(server, tls).get(QUOTA).json == LEVEL
        assert tls.cert_store_stats() == known

    @pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", None])
    def test_the_environment_and_certifi_do_not_weaken_it(
        self, bench: Any, monkeypatch: pytest.MonkeyPatch, variable: str | None
    ) -> None:
        """The server's CA is known to the environment and to certifi, and not to our context."""
        foreign = bench.server(certificate=bench.stranger.issue("foreign"))
        path = str(bench.stranger.path)
        for name in ("requests.adapters", "requests.utils"):
            monkeypatch.setattr(f"{name}.DEFAULT_CA_BUNDLE_PATH", path)
        monkeypatch.setattr("certifi.where", lambda: path)
        if variable:
            monkeypatch.setenv(variable, path)
        tls = bench.tls()
        session = bench.session(foreign, tls)
        for _attempt in range(2):
            error = failure_of(bench, lambda: session.post_once("/certificates", BODY))
            assert error.message.startswith("ca_path: the certificate of the server at 127.0.0.1:")
            assert "is not trusted" in error.message
            assert (error.status, error.outcome) == (None, "not_sent")
        assert foreign.seen == []
        assert tls.cert_store_stats()["x509"] == 1

    def test_a_certificate_for_another_name(self, bench: Any) -> None:
        other = bench.server(certificate=bench.authority.issue("other", address="127.0.0.2"))
        error = failure_of(bench, lambda: bench.session(other).get(QUOTA))
        assert error.message.startswith("api_url: the certificate of the server at 127.0.0.1:")
        assert "is for another name" in error.message

    def test_a_certificate_that_has_expired(self, bench: Any) -> None:
        expired = bench.server(certificate=bench.authority.issue("expired", days=-1))
        error = failure_of(bench, lambda: bench.session(expired).get(QUOTA))
        assert "has expired" in error.message
        assert "clock" in error.message

    def test_netrc_does_not_replace_the_token(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        netrc = tmp_path / ".netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password else\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("HOME", str(tmp_path))
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        bench.session(server).get(QUOTA)
        login, get = server.seen
        assert "authorization" not in login.headers
        assert get.headers["authorization"].startswith("Bearer ")


class TestAnswersThatAreNone:
    def test_a_redirect_is_not_followed(self, bench: Any, server: Any) -> None:
        away = bench.reply(302, headers={"Location": "/v2/elsewhere"}, body=b"<html>moved</html>")
        server.on("POST", "/certificates", away)
        error = failure_of(bench, lambda: bench.session(server).post_once("/certificates", BODY))
        assert error.message.startswith("api_url: ")
        assert (error.status, error.outcome) == (302, "wrong_endpoint")
        assert [seen.target for seen in server.seen] == ["/v2/login", "/v2/certificates"]

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"<html>Welcome to our wireless</html>", "text/html"),
            (b'{"value": 7}', "text/html"),
            (b"<html>", "application/json"),
            (b"null", "application/json"),
            (b"[" * 100_000, "application/json"),
            (b"\xff\xfe\xfd", "application/json"),
        ],
    )
    def test_success_in_another_language(
        self, bench: Any, server: Any, body: bytes, kind: str
    ) -> None:
        answer = bench.reply(200, body=body, headers={"Content-Type": kind})
        server.on("POST", "/certificates", answer)
        error = failure_of(bench, lambda: bench.session(server).post_once("/certificates", BODY))
        assert "not in JSON" in error.message
        outcome = "wrong_endpoint" if kind == "text/html" else "unknown"
        assert (error.status, error.outcome) == (200, outcome)

    def test_what_was_accepted_counts_whatever_else_is_said(self, bench: Any, server: Any) -> None:
        location = {"Location": "/v2/certificates/0A", "Content-Type": "text/html"}
        server.on("POST", "/certificates", bench.reply(201, headers=location, body=b"<html>"))
        response = bench.session(server).post_once("/certificates", BODY)
        assert (response.json, response.last_segment()) == (None, "0A")

    @pytest.mark.parametrize(
        "raw",
        [
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nFF\r\n{}",
            b"HTTP/1.1 2",
            b"",
        ],
        ids=["short", "no last chunk", "short chunk", "no header", "nothing"],
    )
    @pytest.mark.parametrize("then", ["close", "reset"])
    def test_an_answer_that_is_cut_off(
        self, bench: Any, server: Any, raw: bytes, then: str
    ) -> None:
        cut = bench.reply()
        server.on("POST", "/certificates", type(cut)(raw, then))
        error = failure_of(bench, lambda: bench.session(server).post_once("/certificates", BODY))
        assert "closed the connection before its answer was complete" in error.message
        assert (error.status, error.outcome) == (None, "unknown")
        assert len(server.requests("POST", "/certificates")) == 1

    def test_what_is_not_http(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, type(bench.reply())(b"SSH-2.0-OpenSSH_9.2\r\n", "close"))
        error = failure_of(bench, lambda: bench.session(server).get(QUOTA))
        assert (error.status, error.outcome) == (None, "unknown")

    def test_an_answer_without_an_end(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transport, "MOST_BYTES", 1000)
        server.on("GET", QUOTA, bench.reply(200, ["x" * 1000]))
        error = failure_of(bench, lambda: bench.session(server).get(QUOTA))
        assert "more than 1000 bytes" in error.message

    def test_a_compressed_answer(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL, {"Content-Encoding": "gzip"}))
        error = failure_of(bench, lambda: bench.session(server).get(QUOTA))
        assert "in the encoding gzip" in error.message

    def test_an_answer_that_is_late(self, bench: Any, server: Any) -> None:
        late = bench.reply(201, wait_for=server.released)
        server.on("POST", "/certificates", late)
        session = bench.session(server, read_timeout=0.2)
        error = failure_of(bench, lambda: session.post_once("/certificates", BODY))
        assert "did not answer within 0.2 seconds" in error.message
        assert error.outcome == "unknown"

    def test_a_late_login_has_sent_nothing_of_the_call(self, bench: Any, server: Any) -> None:
        server.on("POST", "/login", bench.reply(200, wait_for=server.released))
        session = bench.session(server, read_timeout=0.2)
        error = failure_of(bench, lambda: session.post_once("/certificates", BODY))
        assert "did not answer within 0.2 seconds" in error.message
        assert (error.path, error.outcome) == ("/login", "not_sent")


class TestConnections:
    def test_nothing_listens(self, bench: Any) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            port = bound.getsockname()[1]
            session = bench.session(f"https://127.0.0.1:{port}/v2")
            error = failure_of(bench, lambda: session.post_once("/certificates", BODY))
        assert f"api_url: 127.0.0.1:{port} could not be connected to (connection refused)" in (
            error.message
        )
        assert error.outcome == "not_sent"

    def test_a_name_that_is_not_resolved(self, bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        def unknown(*_arguments: Any, **_options: Any) -> Any:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        session = bench.session("https://atlas.invalid:8443/v2")
        error = failure_of(bench, lambda: session.post_once("/certificates", BODY))
        assert "the name of atlas.invalid:8443 could not be resolved" in error.message
        assert error.outcome == "not_sent"

    def test_a_server_that_never_shakes_hands(self, bench: Any) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            session = bench.session(
                f"https://127.0.0.1:{silent.getsockname()[1]}/v2", connect_timeout=0.2
            )
            error = failure_of(bench, lambda: session.post_once("/certificates", BODY))
        assert "there was no connection" in error.message
        assert "within 0.2 seconds" in error.message
        assert error.outcome == "not_sent"

    def test_a_server_without_tls(self, bench: Any) -> None:
        plain = bench.server(tls=False)
        session = bench.session(plain.url.replace("http:", "https:"))
        error = failure_of(bench, lambda: session.post_once("/certificates", BODY))
        assert f"127.0.0.1:{plain.port} does not speak TLS" in error.message
        assert error.outcome == "not_sent"

    def test_a_connection_is_used_again(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transport, "MOST_IDLE_SECONDS", 3600)
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        server.on("DELETE", "/x", bench.reply(204))
        server.on("POST", "/x", bench.reply(201))
        server.on("GET", "/x", bench.reply(404, {"description": "Not Found"}))
        session = bench.session(server)
        session.get(QUOTA)
        session.delete("/x")
        session.post("/x")
        failure_of(bench, lambda: session.get("/x"))
        session.get(QUOTA)
        assert server.connections == 1

    @pytest.mark.parametrize("through_proxy", [False, True])
    def test_one_that_was_idle_is_not(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch, through_proxy: bool
    ) -> None:
        if through_proxy:
            monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{bench.proxy().port}")
        monkeypatch.setattr(transport, "MOST_IDLE_SECONDS", -1)
        server.on("POST", "/certificates", bench.reply(201))
        session = bench.session(server)
        session.post_once("/certificates", BODY)
        session.post_once("/certificates", BODY)
        assert [seen.connection for seen in server.seen] == [1, 2, 3]

    def test_one_that_the_server_closed_is_not(self, bench: Any, server: Any) -> None:
        server.on("GET", QUOTA, bench.reply(200, LEVEL, {"Connection": "close"}, then="close"))
        session = bench.session(server)
        assert session.get(QUOTA).json == LEVEL
        assert session.get(QUOTA).json == LEVEL


class TestProxy:
    def test_the_environment_names_it(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        proxy = bench.proxy()
        monkeypatch.setenv("https_proxy", f"http://user:canary@127.0.0.1:{proxy.port}")
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        assert bench.session(server).get(QUOTA).json == LEVEL
        ((first, headers),) = proxy.heads
        assert first.split()[:2] == ["CONNECT", f"127.0.0.1:{server.port}"]
        assert headers["proxy-authorization"].startswith("Basic ")
        assert "authorization" not in headers
        assert all("proxy-authorization" not in seen.headers for seen in server.seen)

    def test_its_scheme_may_be_missing(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        proxy = bench.proxy()
        monkeypatch.setenv("https_proxy", f"127.0.0.1:{proxy.port}")
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        assert bench.session(server).get(QUOTA).json == LEVEL
        assert len(proxy.heads) == 1

    @pytest.mark.parametrize(
        "url",
        [
            "http://user:canary@[::1",
            "http://user:canary@:8080/",
            "http://user:canary@",
            "http://user:canary@127.0.0.1:port",
            "socks5://user:canary@127.0.0.1:1",
            "unheard://user:canary@127.0.0.1:1",
        ],
    )
    def test_one_that_is_malformed(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch, url: str
    ) -> None:
        monkeypatch.setenv("https_proxy", url)
        with pytest.raises(AtlasError, match="https_proxy") as caught:
            bench.session(server).get(QUOTA)
        assert "canary" not in bench.told(caught.value)
        assert server.seen == []

    def test_no_proxy_leaves_it_out(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        proxy = bench.proxy()
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        server.on("GET", QUOTA, bench.reply(200, LEVEL))
        assert bench.session(server).get(QUOTA).json == LEVEL
        assert proxy.heads == []

    def test_the_server_is_verified_through_it(
        self, bench: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        foreign = bench.server(certificate=bench.stranger.issue("behind-proxy"))
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{bench.proxy().port}")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bench.stranger.path))
        error = failure_of(bench, lambda: bench.session(foreign).post_once("/certificates", BODY))
        assert error.message.startswith("ca_path: ")

    @pytest.mark.parametrize("status", [403, 407, 502])
    def test_it_refuses(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch, status: int
    ) -> None:
        proxy = bench.proxy(status)
        monkeypatch.setenv("https_proxy", f"http://user:canary@127.0.0.1:{proxy.port}")
        session = bench.session(server)
        error = failure_of(bench, lambda: session.post_once("/certificates", BODY))
        assert f"through the proxy 127.0.0.1:{proxy.port} failed (it answered {status})" in (
            error.message
        )
        assert "https_proxy" in error.message
        assert "canary" not in bench.told(error)
        assert (error.status, error.outcome) == (None, "not_sent")

    def test_it_is_not_there(
        self, bench: Any, server: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            port = bound.getsockname()[1]
            monkeypatch.setenv("https_proxy", f"http://user:canary@127.0.0.1:{port}")
            session = bench.session(server)
            error = failure_of(bench, lambda: session.post_once("/certificates", BODY))
        assert f"through the proxy 127.0.0.1:{port} failed" in error.message
        assert "canary" not in bench.told(error)
        assert error.outcome == "not_sent"


class TestSecretsThatComeBack:
    def test_they_are_masked(self, bench: Any, server: Any) -> None:
        echo = {
            "description": f"no such key {bench.api_key}, secret {bench.api_secret}",
            "errors": {f"key {bench.api_key}": bench.api_secret},
        }
        server.on("POST", "/login", bench.reply(401, echo))
        error = failure_of(bench, lambda: bench.session(server).get(QUOTA))
        assert "no such key ***, secret ***" in error.message
        assert error.errors == {"key ***": "***"}

    def test_the_token_too(self, bench: Any, server: Any) -> None:
        token = "eyJhbGciOiJkaXIi-a-token-that-comes-back"
        server.on("POST", "/login", bench.reply(200, {"access_token": token}))
        server.on("GET", QUOTA, bench.reply(422, {"description": f"bad header Bearer {token}"}))
        error = failure_of(bench, lambda: bench.session(server).get(QUOTA))
        assert token not in bench.told(error)
        assert error.description == "bad header Bearer ***"


def test_requests_is_missing(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "HAS_REQUESTS", False)
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(AtlasError, match=r"requests is missing on the [a-z ]+: install requests"):
        bench.session("https://atlas.example/v2")
