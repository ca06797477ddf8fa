# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of DNS needs no server: resolvers, texts, CAA, keys."""

from __future__ import annotations

import base64
import socket
import sys
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("dns")

import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens import (
    cautions,
    library,
    resolvers,
    transport,
    txt,
    update,
    zones,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.exchange import Server

NAME = dns.name.from_text("example.com")


@pytest.mark.parametrize(
    ("entry", "server"),
    [
        ("192.0.2.53", Server("192.0.2.53", 53)),
        (" 192.0.2.53:5353 ", Server("192.0.2.53", 5353)),
        ("2001:db8::53", Server("2001:db8::53", 53)),
        ("[2001:db8::53]", Server("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", Server("2001:db8::53", 5353)),
        ("localhost:5353", Server("127.0.0.1", 5353, "localhost")),
    ],
)
def test_a_resolver(entry: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    only = [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.0.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: only)
    assert resolvers.Resolvers([entry]).servers == [server]


@pytest.mark.parametrize(
    "entry", ["", ":53", "192.0.2.53:0", "192.0.2.53:65536", "[192.0.2.53:53", "a b", "[host]:53"]
)
def test_what_is_no_resolver(entry: str) -> None:
    with pytest.raises(AtlasError, match="is not a resolver; give an address or host"):
        str(resolvers.Resolvers([entry]).servers)


def test_a_system_without_resolvers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(dns.resolver, "Resolver", fail)
    with pytest.raises(AtlasError, match="the controller itself knows no resolver"):
        str(resolvers.Resolvers(None).servers)


def record(kind: str, text: str) -> dns.rdata.Rdata:
    return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), text)


def test_texts_are_joined_and_what_is_not_utf_8_is_shown() -> None:
    found = [record("TXT", '"one" "two"'), record("TXT", '"\\255"'), record("TXT", '"onetwo"')]
    assert txt.texts_of(found) == ("\\xff", "onetwo")


@pytest.mark.parametrize("size", [1, 255, 256, 600])
def test_a_text_is_split_into_strings(size: int) -> None:
    strings = txt.strings_of("ü" * size)
    assert b"".join(strings).decode() == "ü" * size
    assert all(1 <= len(string) <= 255 for string in strings)


@pytest.mark.parametrize(
    ("records", "is_wildcard", "allowed"),
    [
        (['0 issue "globalsign.com"'], False, ["globalsign.com"]),
        (['0 ISSUE " GlobalSign.com ; account=7"'], False, ["globalsign.com"]),
        (['0 issue ";"'], False, [""]),
        (['0 iodef "mailto:a@example.com"'], False, None),
        (['0 issuewild "ca.example"'], False, None),
        (['0 issuewild "ca.example"'], True, ["ca.example"]),
        (['0 issue "globalsign.com"', '0 issuewild ";"'], True, [""]),
        (['0 issue "globalsign.com"'], True, ["globalsign.com"]),
    ],
)
def test_whom_caa_allows(records: list[str], is_wildcard: bool, allowed: Any) -> None:
    properties = [cautions._property(record("CAA", text)) for text in records]
    assert cautions._issuers(properties, is_wildcard) == allowed


def test_a_relative_name() -> None:
    zone = zones.Zone(NAME, NAME)
    assert zones.Record(NAME, zone).relative_name == "@"
    assert zones.Record(dns.name.from_text("_a.b.example.com"), zone).relative_name == "_a.b"


SECRET = base64.b64encode(b"not to be shown anywhere").decode()


def test_a_key_takes_its_secret_with_line_breaks() -> None:
    key = update.tsig_key("Updates.Example.", f"{SECRET[:8]}\n {SECRET[8:]}\n", "hmac-sha512")
    assert key is not None
    assert key.secret == b"not to be shown anywhere"
    assert key.algorithm == dns.name.from_text("hmac-sha512")
    assert update.tsig_key("", None, "hmac-sha256") is None


@pytest.mark.parametrize("secret", ["", None, SECRET[:-3], f"-{SECRET}"])
def test_a_secret_that_is_none_is_not_quoted(secret: Any) -> None:
    with pytest.raises(AtlasError, match="tsig_key: it is not base64") as failure:
        update.tsig_key("updates", secret, "hmac-sha256")
    assert not secret or secret not in str(failure.value)


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [("hmac-md5", "hmac-md5.sig-alg.reg.int"), ("hmac-sha1", "hmac-sha1")],
)
def test_each_algorithm_can_sign(algorithm: str, name: str) -> None:
    key = update.tsig_key("updates", SECRET, algorithm)
    message = dns.message.make_query(NAME, "TXT")
    message.use_tsig(key)
    assert name.encode().split(b".")[0] in message.to_wire().lower()


def test_an_answer_with_another_id_is_passed_over() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        question = b"\x12\x34" + bytes(10)
        answer = b"\x12\x34" + bytes(11)

        def reply(connection: socket.socket, data: bytes) -> int:
            sent = original(connection, data)
            _question, address = server.recvfrom(100)
            server.sendto(b"\x99\x99" + bytes(10), address)
            server.sendto(answer, address)
            return sent

        original = socket.socket.send
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket.socket, "send", reply)
            got = transport.over_udp(question, "127.0.0.1", server.getsockname()[1], 3)
    assert got == answer


def test_a_server_that_hangs_up_or_keeps_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(socket.timeout):
            transport.over_tcp(bytes(12), "127.0.0.1", port, 0.1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(socket.timeout):
            transport.over_udp(bytes(12), "127.0.0.1", silent.getsockname()[1], 0.1)
        assert len([silent.recv(100) for _sending in range(3)]) == 3


def test_a_missing_library_is_told_with_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    library.require_dnspython()
    monkeypatch.setitem(sys.modules, "ansible.plugins.action", ModuleType("action"))
    monkeypatch.setattr(library, "_obstacle", ImportError("no dns"))
    for name in [name for name in sys.modules if name.partition(".")[0] == "dns"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(AtlasError, match="dnspython is missing on the controller: install dnspy"):
        library.require_dnspython()
