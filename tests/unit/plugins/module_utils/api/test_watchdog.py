# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who waits for a socket is woken at the deadline; nobody else notices anything."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.watchdog import (
    TooMuchError,
    Watch,
    Watchdog,
)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def seconds_of_waiting(watchdog: Watchdog, seconds: float, ours: socket.socket) -> float:
    """How long a read lasts that nobody answers."""
    started = time.monotonic()
    watch = Watch(seconds, 100)
    with watchdog.watching(watch):
        watch.attach(ours.fileno())
        assert ours.recv(1) == b""
    assert watch.has_run_out
    return time.monotonic() - started


def test_who_waits_is_woken(pair: tuple[socket.socket, socket.socket]) -> None:
    assert 0.2 <= seconds_of_waiting(Watchdog(), 0.2, pair[0]) < 1.2


def test_each_has_its_own_deadline() -> None:
    """The first to come is the last to end, and what ends in time is left alone."""
    watchdog, lasted = Watchdog(), {}

    def wait(seconds: float) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            lasted[seconds] = seconds_of_waiting(watchdog, seconds, ours)

    with watchdog.watching(Watch(60, 100)):
        threads = [threading.Thread(target=wait, args=(seconds,)) for seconds in (0.6, 0.4, 0.2)]
        for thread in threads:
            thread.start()
            time.sleep(0.02)
        for thread in threads:
            thread.join()
    assert [seconds <= lasted[seconds] < seconds + 1 for seconds in (0.2, 0.4, 0.6)] == [True] * 3


def test_a_socket_is_open_for_others_when_its_watch_is_over(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    watch = Watch(60, 100)
    with Watchdog().watching(watch):
        watch.attach(ours.fileno())
    theirs.sendall(b"x")
    assert ours.recv(1) == b"x"
    watch.run_out()
    theirs.sendall(b"y")
    assert (ours.recv(1), watch.has_run_out) == (b"y", True)


def test_a_socket_that_was_closed_is_none_of_ours(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    """Another may have its number by now."""
    watch = Watch(60, 100)
    ours, theirs = socket.socketpair()
    watch.attach(ours.fileno())
    ours.close()
    watch.run_out()
    assert theirs.recv(1) == b""
    theirs.close()
    watch.close()
    pair[1].sendall(b"x")
    assert pair[0].recv(1) == b"x"


def test_a_socket_that_is_connected_too_late(pair: tuple[socket.socket, socket.socket]) -> None:
    watch = Watch(60, 100)
    watch.run_out()
    watch.attach(pair[0].fileno())
    assert pair[0].recv(1) == b""
    watch.close()


def test_it_is_late_from_its_deadline_on() -> None:
    watch = Watch(60, 100)
    assert (watch.is_late, 59 < watch.seconds_left <= 60) == (False, True)
    watch.run_out()
    assert watch.is_late
    late = Watch(0, 100)
    assert (late.is_late, late.has_run_out, late.seconds_left) == (True, False, 0.001)


def test_what_is_received_is_counted() -> None:
    watch = Watch(60, 10)
    watch.count(4)
    watch.count(6)
    assert not watch.is_too_much
    with pytest.raises(TooMuchError):
        watch.count(1)
    assert watch.is_too_much


def test_one_thread_for_all_and_none_when_there_is_nothing_to_watch() -> None:
    def ours() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "watchdog"]

    before, watchdog = ours(), Watchdog()
    with contextlib.ExitStack() as stack:
        for _number in range(20):
            stack.enter_context(watchdog.watching(Watch(0.1, 100)))
        (thread,) = [each for each in ours() if each not in before]
        assert thread.daemon
    thread.join(5)
    assert not thread.is_alive()
    watch = Watch(0.1, 100)
    with watchdog.watching(watch):
        time.sleep(0.3)
    assert watch.has_run_out
