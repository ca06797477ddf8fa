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
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api import retry
from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import Client
from ansible_collections.globalsign.atlas.plugins.module_utils.api.options import ConnectionOptions
from ansible_collections.globalsign.atlas.plugins.module_utils.api.session import Account, Session
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError

from .hostile_answers import AMPLE, KEY, SECRET, TOTAL, attacks
from .hostile_service import TOKEN, Attack, HostileService, Listener, listening

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
    chosen = {"connect_timeout": 30, "read_timeout": 30, "retries": 1}
    chosen["total_timeout"] = time_of(attack)
    tls = options.pop("tls", None) or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        with Session(
            Account(url, KEY, SECRET), tls, ConnectionOptions(**{**chosen, **options})
        ) as session:
            result = attack.call(Client(session))
    except BaseException as caught:  # whichever it is, a test says so
        error = caught
    return Ending(result, error, time.monotonic() - started)


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

    found = {}
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
