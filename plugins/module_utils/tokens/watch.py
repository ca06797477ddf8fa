# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking for a token at several places until all of them show it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 1.0, 10.0, 1.5  # seconds, seconds, factor
_MOST_THREADS = 16


@dataclass(frozen=True)
class Sighting:
    """What one place showed when it was last looked at.

    `found` has the texts that were there; `problem` says why that is not the token, and is empty
    if it is. `host` is the name that several addresses of one server share, empty if there is none;
    `reached` is false if nothing came from the address.
    """

    at: str
    found: tuple[str, ...]
    problem: str
    host: str = ""
    is_ipv6: bool = False
    reached: bool = True

    @property
    def visible(self) -> bool:
        return not self.problem


class Place(Protocol):
    """Somewhere the token has to be seen."""

    def look(self) -> Sighting:
        """Look once; takes some seconds at most."""


def watch(
    places: Sequence[Place],
    timeout: float,
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> list[Sighting]:
    """Look at all places at once, and again at those that do not show the token.

    Ends when all show it, or with a look that begins `timeout` seconds after the start; 0 looks
    once. Returns the last sighting of each place.
    """
    deadline, step = clock() + timeout, _FIRST_PAUSE
    sightings: dict[int, Sighting] = {}
    while True:
        waiting = [
            number
            for number in range(len(places))
            if number not in sightings or not sightings[number].visible
        ]
        with ThreadPoolExecutor(min(len(waiting), _MOST_THREADS) or 1) as threads:
            looked = threads.map(lambda number: places[number].look(), waiting)
            sightings.update(zip(waiting, looked))
        found = [sightings[number] for number in range(len(places))]
        remaining = deadline - clock()
        if seen_everywhere(found) or remaining <= 0:
            return found
        pause(min(step, remaining))
        step = min(step * _GROWTH, _LONGEST_PAUSE)


def seen_everywhere(sightings: Sequence[Sighting]) -> bool:
    """Whether each place shows the token, or is excused, and at least one does."""
    return any(one.visible for one in sightings) and all(
        one.visible or _is_excused(one, sightings) for one in sightings
    )


def _is_excused(missing: Sighting, sightings: Sequence[Sighting]) -> bool:
    """An address that nothing came from, of a server that shows the token over IPv4 or IPv6.

    Many controllers have one of the two only, and the server is the same.
    """
    return (
        not missing.reached
        and bool(missing.host)
        and any(
            other.visible and other.host == missing.host and other.is_ipv6 != missing.is_ipv6
            for other in sightings
        )
    )
