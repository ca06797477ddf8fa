# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ends the connections of what is not over at its deadline, whatever the peer does."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator


class TooMuchError(OSError):
    """More was received than an exchange may take."""


class Watch:
    """One exchange with a peer, of at most so many seconds from now and so many bytes.

    A socket stays known from when it was connected until the exchange is over: the libraries above
    hand it on, wrap it in TLS, or take it off its connection while they still read from it.
    """

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self.deadline = time.monotonic() + seconds
        self.is_connected = False
        """Whether the peer itself was reached, with TLS, and through a proxy if there is one."""
        self.has_run_out = False
        """Whether it was ended at its deadline."""
        self.is_too_much = False
        """Whether it was ended because too much was received."""
        self._bytes_left = most_bytes
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()

    @property
    def seconds_left(self) -> float:
        """How long it may still take, at least a moment, for who wants a time-out above 0."""
        return max(self.deadline - time.monotonic(), 0.001)

    @property
    def is_late(self) -> bool:
        """Whether its time is over, and all that was received since then or by then is in doubt."""
        return self.has_run_out or time.monotonic() >= self.deadline

    def attach(self, descriptor: int) -> None:
        """Have a connected socket ended as well.

        What is kept is a duplicate, so that neither TLS nor a number that is used again for
        something else can lead to another than this one.
        """
        with self._lock:
            self._sockets.append(socket.socket(fileno=os.dup(descriptor)))
            if self.has_run_out:
                self._shut_down()

    def count(self, received: int) -> None:
        """Note how many bytes were received. Raises `TooMuchError`."""
        self._bytes_left -= received
        if self._bytes_left < 0:
            self.is_too_much = True
            raise TooMuchError("more than it may be")

    def run_out(self) -> None:
        """End it: whoever waits for its sockets goes on at once, and finds them at their end."""
        with self._lock:
            self.has_run_out = True
            self._shut_down()

    def _shut_down(self) -> None:
        for each in self._sockets:
            with contextlib.suppress(OSError):  # the peer was faster
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the sockets, which stay open for whoever else has them."""
        with self._lock:
            for each in self._sockets:
                each.close()
            self._sockets.clear()


class Watchdog:
    """Watches over any number of exchanges, with one thread while there are any."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watches: set[Watch] = set()
        self._thread: threading.Thread | None = None
        self._wakes_at = 0.0

    @contextlib.contextmanager
    def watching(self, watch: Watch) -> Iterator[None]:
        """Watch over an exchange for as long as the block takes."""
        with self._changed:
            self._watches.add(watch)
            if self._thread is None or not self._thread.is_alive():  # as after a fork
                self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
                self._thread.start()
            elif watch.deadline < self._wakes_at:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._watches.discard(watch)
            watch.close()

    def _run(self) -> None:
        with self._changed:
            while self._watches:
                for watch in [each for each in self._watches if each.deadline <= time.monotonic()]:
                    self._watches.discard(watch)
                    watch.run_out()
                if self._watches:
                    self._wakes_at = min(watch.deadline for watch in self._watches)
                    self._changed.wait(max(self._wakes_at - time.monotonic(), 0))
            self._thread = None
