# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DNS messages: what is asked, what counts as an answer, and what is said of the rest."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Any

import pytest

pytest.importorskip("dns")

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rrset
import dns.tsig

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens import (
    authority,
    exchange,
    resolvers,
    transport,
    zones,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.exchange import (
    Server,
    UnansweredError,
)

NAME = dns.name.from_text("www.shop.example")
SHOP = dns.name.from_text("shop.example")
ZONE = zones.Zone(SHOP, dns.name.from_text("ns1.shop.example"))


@pytest.mark.parametrize(
    ("server", "text"),
    [
        (Server("192.0.2.1"), "192.0.2.1"),
        (Server("192.0.2.1", 5353), "192.0.2.1 port 5353"),
        (Server("192.0.2.1", 53, "ns1"), "ns1 (192.0.2.1)"),
        (Server("::1", 54, "ns1"), "ns1 (::1 port 54)"),
    ],
)
def test_a_server_as_a_person_would_name_it(server: Server, text: str) -> None:
    assert str(server) == text


def test_the_flags_of_a_question() -> None:
    flags = {
        (recursion, disabled): int(
            exchange.question(NAME, "TXT", recursion=recursion, checking_disabled=disabled).flags
        )
        for recursion in (False, True)
        for disabled in (False, True)
    }
    recursion, checking = int(dns.flags.RD), int(dns.flags.CD)
    assert flags == {
        (False, False): 0,
        (True, False): recursion,
        (False, True): checking,
        (True, True): recursion | checking,
    }
    query = exchange.question(NAME, "TXT", recursion=True)
    assert (query.edns, query.payload) == (0, 1232)
    assert [str(rrset) for rrset in query.question] == ["www.shop.example. IN TXT"]


SERVER = Server("192.0.2.1", 53)
QUESTION = exchange.question(NAME, "TXT", recursion=True)


@pytest.mark.parametrize(
    ("error", "text", "reached"),
    [
        (socket.timeout(), "did not answer within 2.5 seconds", False),
        (
            ConnectionRefusedError(),
            "refused the connection, so no DNS server listens there",
            False,
        ),
        (OSError(113, "No route to host"), "was not reached (No route to host)", False),
        (OSError("odd"), "was not reached (odd)", False),
        (EOFError(), "closed the connection without an answer", True),
        (dns.exception.FormError(), "sent an answer that cannot be read (FormError)", True),
    ],
)
def test_why_there_is_no_answer(
    error: Exception, text: str, reached: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> bytes:
        raise error

    monkeypatch.setattr(transport, "over_udp", fail)
    with pytest.raises(UnansweredError) as unanswered:
        exchange.exchange(QUESTION, SERVER, 2.5)
    problem = unanswered.value
    assert (str(problem), problem.reached, problem.advises) == (text, reached, False)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (dns.tsig.PeerBadKey(), "check tsig_name and tsig_algorithm against"),
        (dns.tsig.PeerBadSignature(), "check that tsig_key and tsig_algorithm are those of"),
        (dns.tsig.PeerBadTime(), "(TSIG error BADTIME); set both clocks right"),
        (dns.tsig.PeerBadTruncation(), "choose another tsig_algorithm"),
        (dns.tsig.BadTime(), "than that of this controller; set both clocks right"),
        (dns.tsig.BadSignature(), "check tsig_key and who is in between"),
        (dns.tsig.BadKey(), "with another key; check tsig_name"),
        (dns.tsig.BadAlgorithm(), "with another algorithm; check tsig_algorithm"),
        (dns.message.UnknownTSIGKey(), "signed its answer though the question was not"),
    ],
)
def test_what_is_wrong_with_a_signature_is_told_with_what_to_do(
    error: Exception, words: str
) -> None:
    unanswered = exchange._unreadable(error)  # type: ignore[arg-type]
    assert words in str(unanswered)
    assert (unanswered.advises, unanswered.reached) == (True, True)


def answer_to(query: dns.message.Message, **flags: Any) -> dns.message.Message:
    response = dns.message.make_response(query)  # type: ignore[arg-type]
    for flag in flags.get("flags", []):
        response.flags |= flag
    return response


@pytest.mark.parametrize(("over_tcp", "used"), [(False, ["udp"]), (True, ["tcp"])])
def test_udp_is_asked_unless_tcp_is_wanted(
    over_tcp: bool, used: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def over(kind: str) -> Any:
        def send(octets: bytes, address: str, port: int, seconds: float) -> bytes:
            assert (octets, address, port, seconds) == (QUESTION.to_wire(), "192.0.2.1", 53, 2.5)
            seen.append(kind)
            return bytes(answer_to(QUESTION).to_wire())

        return send

    monkeypatch.setattr(transport, "over_udp", over("udp"))
    monkeypatch.setattr(transport, "over_tcp", over("tcp"))
    assert exchange.outcome(exchange.exchange(QUESTION, SERVER, 2.5, over_tcp)) == "NOERROR"
    assert seen == used


def test_what_is_cut_off_is_asked_for_over_tcp(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = answer_to(QUESTION, flags=[dns.flags.TC]).to_wire()
    whole = answer_to(QUESTION).to_wire()
    monkeypatch.setattr(transport, "over_udp", lambda *_arguments: cut)
    monkeypatch.setattr(transport, "over_tcp", lambda *_arguments: whole)
    assert not exchange.exchange(QUESTION, SERVER, 1).flags & dns.flags.TC


def test_an_answer_to_something_else_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    other = exchange.question(SHOP, "TXT", recursion=True)
    other.id = QUESTION.id
    monkeypatch.setattr(transport, "over_udp", lambda *_arguments: answer_to(other).to_wire())
    with pytest.raises(UnansweredError, match=r"cannot be read \(BadResponse\)"):
        exchange.exchange(QUESTION, SERVER, 1)


def test_only_records_of_just_this_name_and_kind_count() -> None:
    answer = answer_to(QUESTION)
    answer.answer = [
        dns.rrset.from_text(NAME, 60, "IN", "CNAME", "shop.example."),
        dns.rrset.from_text(SHOP, 60, "IN", "TXT", '"other"'),
        dns.rrset.from_text(NAME, 60, "IN", "TXT", '"one"', '"two"'),
    ]
    found = [record.to_text() for record in exchange.records(answer, NAME, "TXT")]
    assert sorted(found) == ['"one"', '"two"']
    assert exchange.records(answer, SHOP, "CNAME") == []
    assert resolvers.end_of_aliases(answer, NAME) == SHOP
    assert resolvers.end_of_aliases(answer, SHOP) == SHOP


REFUSED, AUTHORITATIVE = 5, dns.flags.AA


@pytest.mark.parametrize(
    ("code", "flags", "problem"),
    [
        (0, [AUTHORITATIVE], ""),
        (3, [AUTHORITATIVE], ""),
        (0, [], "does not have the zone shop.example (its answer is not authoritative)"),
        (REFUSED, [], "does not serve the zone shop.example to this controller (REFUSED)"),
        (2, [AUTHORITATIVE], "does not serve the zone shop.example to this controller (SERVFAIL)"),
    ],
)
def test_who_has_a_zone(code: int, flags: list[Any], problem: str) -> None:
    answer = answer_to(QUESTION, flags=flags)
    answer.set_rcode(code)  # type: ignore[arg-type]
    if not problem:
        assert authority.checked(answer, ZONE, NAME) is answer
        return
    with pytest.raises(UnansweredError) as refused:
        authority.checked(answer, ZONE, NAME)
    assert str(refused.value) == problem


@pytest.mark.parametrize(
    ("owner", "kind", "data", "flags", "child"),
    [
        ("www.shop.example", "NS", "ns1.other.", [], "www.shop.example."),
        ("shop.example", "NS", "ns1.other.", [], None),
        ("example", "NS", "ns1.other.", [], None),
        ("api.shop.example", "NS", "ns1.other.", [], None),
        ("a.www.shop.example", "NS", "ns1.other.", [], None),
        ("www.shop.example", "NS", "ns1.other.", [AUTHORITATIVE], None),
        ("www.shop.example", "TXT", '"a"', [], None),
    ],
)
def test_what_is_a_referral(
    owner: str, kind: str, data: str, flags: list[Any], child: str | None
) -> None:
    answer = answer_to(QUESTION, flags=flags)
    answer.authority = [dns.rrset.from_text(f"{owner}.", 60, "IN", kind, data)]
    found = zones.delegated_to(answer, ZONE, NAME)
    assert (found and found.to_text()) == child
    answer.answer = [dns.rrset.from_text(NAME, 60, "IN", "TXT", '"a"')]
    assert zones.delegated_to(answer, ZONE, NAME) is None


def test_names_upwards_and_without_underscores() -> None:
    names = [name.to_text() for name in zones._upwards(NAME)]
    assert names == ["www.shop.example.", "shop.example.", "example."]
    for text, domain in (
        ("_a._b.shop.example", "shop.example"),
        ("a._b.shop.example", "a._b.shop.example"),
        ("_a", "_a"),
    ):
        name = zones._without_underscores(dns.name.from_text(text))
        assert name == dns.name.from_text(domain)


class Answering:
    """Resolvers that answer what a test says, by server."""

    def __init__(self, *codes: Any) -> None:
        self.codes = list(codes)
        self.asked: list[str] = []

    def __call__(self, query: Any, server: Server, seconds: float) -> dns.message.Message:
        assert seconds == 5.0
        assert query.flags == dns.flags.RD | dns.flags.CD
        self.asked.append(server.address)
        code = self.codes[len(self.asked) - 1]
        if isinstance(code, Exception):
            raise code
        answer = answer_to(query)
        answer.set_rcode(code)
        return answer


TWO = ["192.0.2.1", "192.0.2.2"]


@pytest.mark.parametrize(
    ("codes", "asked"), [([0, 0], 1), ([3, 0], 1), ([2, 0], 2), ([UnansweredError("x"), 3], 2)]
)
def test_the_first_resolver_that_answers(
    codes: list[Any], asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering = Answering(*codes)
    monkeypatch.setattr(resolvers, "exchange", answering)
    resolvers.Resolvers(TWO).ask(NAME, "SOA")
    assert answering.asked == TWO[:asked]


@pytest.mark.parametrize(
    ("codes", "refused", "said"),
    [
        ([5, 5], True, "192.0.2.1 answered REFUSED; 192.0.2.2 answered REFUSED"),
        ([5, 2], False, "192.0.2.1 answered REFUSED; 192.0.2.2 answered SERVFAIL"),
        ([UnansweredError("is deaf"), 5], False, "192.0.2.1 is deaf; 192.0.2.2 answered REFUSED"),
    ],
)
def test_no_resolver_that_answers(
    codes: list[Any], refused: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolvers, "exchange", Answering(*codes))
    with pytest.raises(resolvers.LookUpError) as failed:
        resolvers.Resolvers(TWO).ask(NAME, "SOA")
    assert failed.value.refused is refused
    assert failed.value.message == (
        f"The SOA record of www.shop.example could not be looked up: {said}. Check that the name is"
        " delegated to servers that answer, or name other resolvers in the option resolvers."
    )


def test_each_address_of_a_host_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(0, 0, 0, "", (address, 0)) for address in ("192.0.2.1", "::1", "192.0.2.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: found)
    assert resolvers.Resolvers(None).addresses_of_host("a", "server") == ["192.0.2.1", "::1"]

    def fail(*_arguments: Any, **_options: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(AtlasError) as failed:
        resolvers.Resolvers(None).addresses_of_host("a", "server")
    assert failed.value.message == (
        "server: the address of a was not found on the controller (Name or service not known);"
        " give its IP address."
    )


def test_which_octet_says_that_an_answer_is_cut_off() -> None:
    assert transport.is_truncated(b"\0\0\x02\0")
    assert not transport.is_truncated(b"\0\0\xfd\xff")


def over_tcp_from(sent: bytes) -> bytes:
    """What is made of these octets of a server."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _peer = server.accept()
            with connection:
                size = struct.unpack("!H", connection.recv(2))[0]
                assert connection.recv(size) == b"question"
                connection.sendall(sent)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            return transport.over_tcp(b"question", "127.0.0.1", server.getsockname()[1], 10)
        finally:
            thread.join(10)


def test_a_message_over_tcp_has_its_length_before_it() -> None:
    assert over_tcp_from(b"\0\x06answer and more") == b"answer"
    assert over_tcp_from(b"\x01\x00" + b"x" * 256) == b"x" * 256
    for sent in (b"", b"\0", b"\0\x06ans"):
        with pytest.raises(EOFError):
            over_tcp_from(sent)
