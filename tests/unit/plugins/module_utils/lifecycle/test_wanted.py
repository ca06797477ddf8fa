# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted, as both halves of a task compare it."""

from __future__ import annotations

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import (
    Wanted,
)

from .conftest import task

DAY = 86400


def test_it_survives_the_wire() -> None:
    (wanted,) = wanted_certificates(task(owner="root", subject={"common_name": "a"}))
    assert Wanted.from_wire(wanted.on_wire()) == wanted


def test_a_wish_does_not_depend_on_the_order() -> None:
    first = task(san={"dns_names": ["b.example", "a.example"]}, extended_key_usages=["1.2", "1.1"])
    second = task(san={"dns_names": ["a.example", "b.example"]}, extended_key_usages=["1.1", "1.2"])
    assert wanted_certificates(first)[0].wish == wanted_certificates(second)[0].wish
