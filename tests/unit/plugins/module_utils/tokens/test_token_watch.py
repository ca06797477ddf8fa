# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looking again until all places show the token."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.watch import (
    Sighting,
    seen_everywhere,
    watch,
)


class Clock:
    """Time that passes only in pauses."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@dataclass
class Place:
    """Shows the token from a moment on."""

    clock: Clock
    shows_at: float
    looked: list[float] = field(default_factory=list)

    def look(self) -> Sighting:
        self.looked.append(self.clock.now)
        return Sighting("here", (), "" if self.clock.now >= self.shows_at else "not yet")


def run(timeout: float, *shows_at: float) -> tuple[Clock, list[Place], list[Sighting]]:
    clock = Clock()
    places = [Place(clock, moment) for moment in shows_at]
    return clock, places, watch(places, timeout, clock.pause, clock)


def test_no_pause_when_all_show_it_at_once() -> None:
    clock, _places, found = run(300, 0, 0)
    assert (clock.pauses, seen_everywhere(found)) == ([], True)


def test_a_timeout_of_zero_looks_once() -> None:
    clock, places, found = run(0, 0, 5)
    assert (clock.pauses, [len(place.looked) for place in places]) == ([], [1, 1])
    assert not seen_everywhere(found)


def test_only_those_that_lack_it_are_asked_again_with_growing_pauses() -> None:
    clock, (quick, slow), found = run(300, 0, 60)
    assert seen_everywhere(found)
    assert quick.looked == [0]
    assert len(slow.looked) == len(clock.pauses) + 1
    assert clock.pauses[:4] == [1, 1.5, 2.25, 3.375]
    assert clock.pauses == sorted(clock.pauses)
    assert clock.pauses[-1] == 10


def test_the_last_look_is_at_the_deadline() -> None:
    clock, (place,), found = run(7, 1000)
    assert clock.now == 7
    assert place.looked[-1] == 7
    assert not seen_everywhere(found)


def seen(host: str = "ns1", is_ipv6: bool = False) -> Sighting:
    return Sighting("there", ("token",), "", host, is_ipv6)


def unreached(host: str = "ns1", is_ipv6: bool = True) -> Sighting:
    return Sighting("there", (), "did not answer", host, is_ipv6, reached=False)


def test_an_address_that_is_not_reached_is_excused_by_the_other_family() -> None:
    assert seen_everywhere([seen(), unreached()])
    assert seen_everywhere([unreached(is_ipv6=False), seen(is_ipv6=True)])
    assert not seen_everywhere([seen(), unreached(is_ipv6=False)])
    assert not seen_everywhere([seen(), unreached("ns2")])
    assert not seen_everywhere([seen(""), unreached("")])
    # Two that nothing came from do not excuse each other.
    assert not seen_everywhere([seen("ns2"), unreached(), unreached(is_ipv6=False)])
    assert not seen_everywhere([seen(), Sighting("there", (), "stale", "ns1", is_ipv6=True)])


def test_nothing_seen_is_not_everywhere() -> None:
    assert not seen_everywhere([])
    assert not seen_everywhere([unreached()])
