# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client and the simulator, each in a process of its own, over real TLS."""

from __future__ import annotations

import functools
import os
import signal
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from simulator.conftest import Simulator, running
from simulator.name_servers import free_port, name_server

from ansible_collections.globalsign.atlas.plugins.module_utils.account.run_client import RunClient
from ansible_collections.globalsign.atlas.plugins.module_utils.account.scratch import Scratch
from ansible_collections.globalsign.atlas.plugins.module_utils.api import retry
from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Client
from ansible_collections.globalsign.atlas.plugins.module_utils.api.options import ConnectionOptions
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import (
    Account,
    Session,
    TokenStore,
)

IMPATIENT = 0.4
"""A read time-out, in seconds, for tests of late answers."""


@pytest.fixture(scope="session", autouse=True)
def terminated_as_if_interrupted() -> Iterator[None]:
    """Who is told to end in either way stops its servers and removes its folders first."""

    def interrupt(*_arguments: Any) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("service")
    port = free_port()
    mails = Controller(Sink(), hostname="127.0.0.1", port=port)
    with ExitStack() as stack:
        mails.start()
        stack.callback(mails.stop)
        zones = {"faults.example": "@ A 127.0.0.1"}
        resolver = stack.enter_context(name_server(folder / "dns", zones))
        arguments = (
            *("--verified", "quillon.example", "--control", "127.0.0.1:0"),
            *("--pki-listen", "127.0.0.1:0", "--resolver", resolver),
            *("--smtp", f"127.0.0.1:{port}"),
        )
        yield stack.enter_context(running(folder / "atlas", *arguments))


def new_client(service: Simulator, token_store: TokenStore | None = None, **options: Any) -> Client:
    """A client of the simulator's account."""
    return Client(_session(service, token_store, options))


def new_run_client(service: Simulator, folder: Path, **options: Any) -> RunClient:
    """A client with a scratch folder that others may share."""
    scratch = Scratch(str(folder), _account(service))
    return RunClient(_session(service, scratch, options), scratch)


def _account(service: Simulator) -> Account:
    told = service.account
    return Account(service.url, told["ATLAS_API_KEY"], told["ATLAS_API_SECRET"])


@functools.cache
def _tls(authority: str, certificate: str, key: str) -> ssl.SSLContext:
    """Reading these files takes as long as the rest of a short task."""
    tls = ssl.create_default_context(cafile=authority)
    tls.load_cert_chain(certificate, key)
    return tls


def _session(
    service: Simulator, token_store: TokenStore | None, options: dict[str, Any]
) -> Session:
    told = service.account
    tls = _tls(told["ATLAS_CA_PATH"], told["ATLAS_CLIENT_CERT"], told["ATLAS_CLIENT_KEY"])
    chosen = ConnectionOptions(**{"read_timeout": 10, "total_timeout": 30, **options})
    return Session(_account(service), tls, chosen, token_store)


@pytest.fixture(autouse=True)
def short_pauses(service: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Between attempts, whether the service asked for them or not; and no fault outlives its
    test."""
    monkeypatch.setattr(retry, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(retry, "sleep", lambda seconds: time.sleep(seconds / 50))
    yield
    if not service.has_ended:  # it is interrupted together with this process
        service.control("DELETE", "/faults")


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """A folder where syncing costs nothing, if there is such a file system: what is killed is a
    process, and no machine."""
    memory = os.environ.get("ATLAS_TESTS_MEMORY", "/dev/shm")  # of this stage, or that of all
    place = memory if os.access(memory, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield Path(folder)


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """As `tmp_path`, in memory."""
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture
def client(service: Simulator) -> Iterator[Client]:
    with new_client(service) as made:
        yield made


def wait_for(condition: Callable[[], bool]) -> None:
    """Until it holds, at most ten seconds."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)


def requests_of(service: Simulator, method: str, path: str) -> int:
    """How many there were since the last time that they were forgotten."""
    return sum(
        1
        for request in service.control()
        if request["method"] == method and request["path"].removeprefix("/v2").startswith(path)
    )
