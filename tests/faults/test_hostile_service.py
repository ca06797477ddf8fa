# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A hostile service: whatever it answers, a call ends in time, by a sentence or a right result."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from simulator.conftest import Simulator

from ansible_collections.globalsign.atlas.plugins.module_utils.account.run_client import RunClient
from ansible_collections.globalsign.atlas.plugins.module_utils.account.scratch import Scratch
from ansible_collections.globalsign.atlas.plugins.module_utils.api import retry
from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Client
from ansible_collections.globalsign.atlas.plugins.module_utils.api.errors import ApiError
from ansible_collections.globalsign.atlas.plugins.module_utils.api.options import ConnectionOptions
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import Account, Session
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

from .hostile_answers import (
    AMPLE,
    CHAIN,
    CUT_OFF,
    FETCH,
    ISSUE,
    KEY,
    LOGIN,
    POLICY_OF,
    SECRET,
    SLOW,
    TOTAL,
    WITHOUT_END,
    a_request,
    attacks,
    quota_of,
)
from .hostile_service import (
    PEM,
    POLICY,
    TOKEN,
    Act,
    Attack,
    Authority,
    HostileService,
    Listener,
    Peer,
    Tampered,
    Wire,
    answer,
    circle,
    listening,
    sends,
)
from .whole_task import Tasks

ATTACKS = attacks()
AT_A_TIME = {"": 4, "waits": 24, "floods": 1}
"""So many by their effort: what keeps the processor busy is tried alone."""


@dataclass
class Ending:
    """How an attack ended: with what, and after how many seconds."""

    result: Any
    error: BaseException | None
    seconds: float


def time_of(attack: Attack) -> float:
    """The client's `total_timeout`."""
    return TOTAL if attack.effort else AMPLE


def ending_of(attack: Attack, url: str, **options: Any) -> Ending:
    started = time.monotonic()
    result, error = None, None
    patience = {"connect_timeout": 30, "read_timeout": 30, "total_timeout": time_of(attack)}
    chosen: dict[str, Any] = {**patience, "retries": 1}
    tls = options.pop("tls", None) or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        with Session(
            Account(url, KEY, SECRET), tls, ConnectionOptions(**{**chosen, **options})
        ) as session:
            result = attack.call(Client(session))
    except BaseException as caught:  # whichever it is, a test says so
        error = caught
    return Ending(result, error, time.monotonic() - started)


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for the other tests; but the simulator has no faults here that had to be removed."""
    monkeypatch.setattr(retry, "_FIRST_PAUSE", 0.01)


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Listener]:
    with listening(Listener()) as listener:
        yield listener


@pytest.fixture(scope="module")
def hostile(elsewhere: Listener) -> Iterator[HostileService]:
    with listening(HostileService(ATTACKS, f"127.0.0.1:{elsewhere.port}")) as service:
        yield service


@pytest.fixture(scope="module")
def endings(hostile: HostileService) -> Mapping[str, Ending]:
    """Of all attacks."""

    def tried(number: int) -> Ending:
        return ending_of(ATTACKS[number], hostile.url(number))

    found: dict[int, Ending] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retry, "_FIRST_PAUSE", 0.01)
        for effort, at_a_time in AT_A_TIME.items():
            these = [number for number, attack in enumerate(ATTACKS) if attack.effort == effort]
            with ThreadPoolExecutor(at_a_time) as pool:
                found.update(zip(these, pool.map(tried, these)))
    return {ATTACKS[number].name: ending for number, ending in found.items()}


def test_there_are_many_kinds_and_each_has_a_name() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    assert len(ATTACKS) >= 227


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_a_call_ends_in_time_with_a_sentence_or_a_right_result(
    attack: Attack, endings: Mapping[str, Ending], hostile: HostileService, elsewhere: Listener
) -> None:
    ending = endings[attack.name]
    check(ending, attack, f"127.0.0.1:{hostile.port}")
    assert elsewhere.connections == 0


def check(ending: Ending, attack: Attack, server: str) -> None:
    assert ending.seconds < time_of(attack) + 1
    if ending.error is None:
        assert attack.says == ""
        assert ending.result == attack.returns
        return
    assert isinstance(ending.error, AtlasError), repr(ending.error)
    text = ending.error.message
    assert text in [says.replace("SERVER", server) for says in (attack.says, *attack.or_says)]
    assert text.isprintable()
    assert re.fullmatch(r"\S.*\.", text)
    for secret in (KEY, SECRET, TOKEN):
        assert secret not in text + repr(ending.error)


def test_what_became_of_a_request_whose_answer_never_ends(endings: Mapping[str, Ending]) -> None:
    """Whether a certificate was issued is not known; without a login it was not asked for."""
    for name in WITHOUT_END:
        error = endings[f"request: {name}"].error
        assert isinstance(error, ApiError)
        assert (error.outcome, error.path) == ("unknown", "/certificates")
    for name in WITHOUT_END:
        error = endings[f"login: {name}"].error
        assert isinstance(error, ApiError)
        assert (error.outcome, error.path) == ("not_sent", "/login")


# ---- below HTTP, and before it ------------------------------------------------------------------

REQUEST = Attack("request", a_request, {}, effort="waits")
FAR = "https://atlas.example:8443/v2"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
HANDSHAKE = b"\x16\x03\x03\x10\x00\x02\x00\x0f\xfc\x03\x03"
"""The beginning of a record of 4096 bytes with a ServerHello (RFC 8446, section 4.1.3)."""
NO_PROXY_ANSWER = (
    "There was no connection to atlas.example:8443 through the proxy PROXY within 1 seconds"
    " (total_timeout); check the option proxy."
)


def refused_by_proxy(answer: str = "") -> str:
    return (
        f"The connection to atlas.example:8443 through the proxy PROXY failed{answer}; check the"
        " option proxy."
    )


def first(data: bytes, act: Act) -> Act:
    def both(peer: Peer) -> None:
        peer.send(data)
        act(peer)

    return both


def handshake_byte_by_byte(peer: Peer) -> None:
    peer.connection.recv(65536)  # what the client begins with
    peer.drip(HANDSHAKE, b"\x00")


PROXIES: Mapping[str, tuple[Act, str]] = {
    **{
        name: (act, NO_PROXY_ANSWER)
        for name, act in WITHOUT_END.items()
        if not re.search("body|chunk|trailer|100|headers", name)
    },
    "established and silent": (first(ESTABLISHED, lambda peer: peer.wait()), NO_PROXY_ANSWER),
    "established and a handshake byte by byte": (
        first(ESTABLISHED, handshake_byte_by_byte),
        NO_PROXY_ANSWER,
    ),
    "it refuses": (sends(b"HTTP/1.1 403 No\r\n\r\n"), refused_by_proxy(" (it answered 403)")),
    "it wants a password": (
        sends(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\n\r\n"),
        refused_by_proxy(" (it answered 407)"),
    ),
    "it redirects": (
        sends(b"HTTP/1.1 302 No\r\nLocation: http://127.0.0.1:1/\r\n\r\n"),
        refused_by_proxy(" (it answered 302)"),
    ),
}


@pytest.fixture(scope="module")
def proxy_endings() -> Mapping[str, tuple[Ending, int]]:
    """Of a request through each proxy, and the proxy's port."""

    def tried(act: Act) -> tuple[Ending, int]:
        with listening(Wire(act)) as proxy:
            url = f"http://user:{SECRET}@127.0.0.1:{proxy.port}"
            return ending_of(REQUEST, FAR, proxy=url, retries=0), proxy.port

    with ThreadPoolExecutor(AT_A_TIME["waits"]) as pool:
        acts = [act for act, _says in PROXIES.values()]
        return dict(zip(PROXIES, pool.map(tried, acts)))


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_ends_in_time_too(
    name: str, proxy_endings: Mapping[str, tuple[Ending, int]]
) -> None:
    ending, port = proxy_endings[name]
    says = PROXIES[name][1].replace("PROXY", f"127.0.0.1:{port}")
    check(ending, replace(REQUEST, says=says), "")
    assert isinstance(ending.error, ApiError)
    assert ending.error.outcome == "not_sent"


UNREACHED = (
    "api_url: there was no connection to SERVER within 1 seconds (total_timeout); check the URL,"
    " and whether a firewall lets the controller through."
)
NO_TLS = "api_url: SERVER does not speak TLS; check host and port."

WIRES: Mapping[str, tuple[Act, str]] = {
    "silence": (lambda peer: peer.wait(), UNREACHED),
    "a handshake byte by byte": (lambda peer: peer.drip(HANDSHAKE, b"\x00"), UNREACHED),
    "HTTP": (sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"), NO_TLS),
    "SSH": (sends(b"SSH-2.0-x\r\n"), NO_TLS),
    "the end": (sends(), CUT_OFF),
    "a reset": (lambda peer: peer.reset(), CUT_OFF),
    "half a handshake": (sends(HANDSHAKE), CUT_OFF),
    "an alert": (
        sends(b"\x15\x03\x03\x00\x02\x02\x2a"),
        "client_cert: SERVER refused the client certificate in the TLS handshake (bad certificate);"
        " give the mTLS certificate of this Atlas account, still valid, with its key as"
        " client_key.",
    ),
}


@pytest.mark.parametrize("name", WIRES)
def test_a_server_that_breaks_tls(name: str) -> None:
    act, says = WIRES[name]
    with listening(Wire(act)) as wire:
        ending = ending_of(REQUEST, f"https://127.0.0.1:{wire.port}/v2", retries=0)
    check(ending, replace(REQUEST, says=says), f"127.0.0.1:{wire.port}")
    assert isinstance(ending.error, ApiError)
    assert ending.error.outcome == "not_sent"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.mark.parametrize(
    ("address", "days", "is_trusted", "says"),
    [
        ("127.0.0.1", 30, True, ""),
        ("192.0.2.7", 30, True, "api_url: the certificate of the server at SERVER is for another"),
        ("127.0.0.1", -1, True, "The certificate of the server at SERVER has expired; renew it"),
        ("127.0.0.1", 30, False, "ca_path: the certificate of the server at SERVER is not trusted"),
    ],
    ids=["right", "of another", "expired", "of an unknown CA"],
)
def test_the_certificate_of_a_server(
    authority: Authority, address: str, days: int, is_trusted: bool, says: str
) -> None:
    attack = Attack("quota", quota_of, {}, returns=7)
    tls = authority.client() if is_trusted else ssl.create_default_context()
    with listening(HostileService([attack], "", authority.server(address, days))) as service:
        ending = ending_of(attack, service.url(0), tls=tls)
    if says:
        assert isinstance(ending.error, ApiError)
        assert ending.error.message.startswith(says.replace("SERVER", f"127.0.0.1:{service.port}"))
        assert (ending.error.outcome, ending.error.message.isprintable()) == ("not_sent", True)
    else:
        assert (ending.error, ending.result) == (None, 7)


def test_it_is_the_same_within_tls(authority: Authority) -> None:
    these = [
        Attack(name, a_request, {ISSUE: act}, SLOW, effort="waits")
        for name, act in WITHOUT_END.items()
    ]
    tls = authority.client()
    with (
        listening(HostileService(these, "", authority.server())) as service,
        ThreadPoolExecutor(len(these)) as pool,
    ):
        urls = [service.url(number) for number in range(len(these))]
        endings = list(pool.map(partial(ending_of, tls=tls), these, urls))
    for attack, ending in zip(these, endings):
        check(ending, attack, f"127.0.0.1:{service.port}")


def test_an_idle_connection_is_watched_as_well(authority: Authority) -> None:
    """It was connected in an exchange before."""
    answers = {ISSUE: WITHOUT_END["a body until close byte by byte"]}

    def twice(client: Client) -> Any:
        return client.quota(), a_request(client)

    attack = Attack("twice", twice, answers, SLOW, effort="waits")
    with listening(HostileService([attack], "", authority.server())) as service:
        ending = ending_of(attack, service.url(0), tls=authority.client())
    check(ending, attack, f"127.0.0.1:{service.port}")
    assert service.connections == 1


# ---- whole tasks --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tampered(service: Simulator) -> Iterator[Tampered]:
    told = service.account
    context = ssl.create_default_context(cafile=told["ATLAS_CA_PATH"])
    context.load_cert_chain(told["ATLAS_CLIENT_CERT"], told["ATLAS_CLIENT_KEY"])
    with listening(Tampered(service.url, context)) as listener:
        yield listener


def not_to_be_had(url: str) -> bytes:
    raise AtlasError(f"{url} cannot be fetched.")


@pytest.fixture
def tasks(service: Simulator, tampered: Tampered, tmp_path: Path) -> Iterator[Tasks]:
    @contextmanager
    def open_client() -> Iterator[RunClient]:
        told = service.account
        account = Account(tampered.url, told["ATLAS_API_KEY"], told["ATLAS_API_SECRET"])
        options = ConnectionOptions(total_timeout=TOTAL, read_timeout=30, retries=1)
        with TemporaryDirectory() as folder:
            scratch = Scratch(folder, account)
            with Session(account, ssl.create_default_context(), options, scratch) as session:
                yield RunClient(session, scratch)

    folder = tmp_path / "files"
    folder.mkdir()
    yield Tasks(service, folder, {"settle": 0}, open_client=open_client, fetch=not_to_be_had)
    tampered.answers = {}


def targets(tasks: Tasks) -> dict[str, tuple[bytes, float] | None]:
    """The content of each file of the task, and when it was written."""
    paths = [Path(path) for path in tasks.paths().values()]
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime) if path.exists() else None
        for path in paths
    }


def rsa(*lengths: int) -> Act:
    return answer(200, {**POLICY, "public_key": {"key_type": "RSA", "allowed_lengths": lengths}})


NO_KEY = "'auto' finds no usable key in the validation policy, which allows RSA"

BEFORE_ANY_KEY: Mapping[str, tuple[tuple[str, str], Act, str]] = {
    "login": (LOGIN, WITHOUT_END["a status line byte by byte"], "is too slow: its answer was not"),
    "policy": (POLICY_OF, WITHOUT_END["a chunk size byte by byte"], "is too slow: its answer was"),
    "no policy": (
        POLICY_OF,
        answer(202, {"description": "x"}),
        "GET /validationpolicy is not as documented: it has the status 202; check api_url.",
    ),
    "RSA of 16384 bits": (POLICY_OF, rsa(16384), f"{NO_KEY} 16384; the account needs"),
    "RSA of 1000000 bits": (POLICY_OF, rsa(10**6), f"{NO_KEY} 1000000; the account needs"),
}


@pytest.mark.parametrize("name", BEFORE_ANY_KEY)
def test_a_task_that_cannot_begin_writes_nothing(
    tasks: Tasks, tampered: Tampered, name: str
) -> None:
    request, act, says = BEFORE_ANY_KEY[name]
    tampered.answers = {request: act}
    started = time.monotonic()
    message = failure_of(tasks)
    assert says in message
    assert time.monotonic() - started < TOTAL + 5
    assert list(tasks.folder.iterdir()) == []


AT_WORK: Mapping[str, tuple[tuple[str, str], Act]] = {
    "a request whose answer never ends": (ISSUE, WITHOUT_END["a header at a time"]),
    "a certificate that never ends": (FETCH, WITHOUT_END["a body until close byte by byte"]),
    "a certificate that is none": (
        FETCH,
        answer(200, {"certificate": PEM, "status": "ISSUED", "updated_at": 1790000000}),
    ),
    "a chain that goes in a circle": (CHAIN, answer(200, circle())),
    "a chain that is none": (CHAIN, answer(200, [PEM])),
}


@pytest.mark.parametrize("name", AT_WORK)
def test_a_task_that_comes_to_no_good_changes_no_file(
    tasks: Tasks, tampered: Tampered, name: str
) -> None:
    assert tasks.run()["changed"]
    before = targets(tasks)
    request, act = AT_WORK[name]
    tampered.answers = {request: act}
    started = time.monotonic()
    message = failure_of(tasks, force=True)
    assert message.isprintable()
    assert time.monotonic() - started < 5 * TOTAL + 5
    assert targets(tasks) == before


def failure_of(tasks: Tasks, **options: Any) -> str:
    """What a task that fails says."""
    try:
        result = tasks.run(**options)
    except AtlasError as error:
        return error.message
    assert result["failed"], result
    message: str = result["msg"]
    return message
