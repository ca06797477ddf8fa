# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever JSON comes in: a certificate, or an error of the service, and nothing else."""

from __future__ import annotations

import copy
import random
from collections.abc import Mapping
from typing import Any

import pytest
from atlas_simulator.pki.leaf import sign
from atlas_simulator.pki.making import make_ca
from atlas_simulator.policy.enforcement import accept
from atlas_simulator.policy.policies import READY_MADE
from atlas_simulator.policy.readings import Readings
from atlas_simulator.problems import ServiceError

from .test_policy_examples import GATE, PRESS, SHOP
from .test_policy_readings import END, NOW, SERIAL

CA = make_ca("Any CA", 3650, NOW)
LENIENT = Readings(
    suffix="plain",
    pattern="full",
    missing_section="allow",
    empty_list="any",
    static_equal="accept",
    common_name_in_san=True,
)
EXAMPLES: tuple[Mapping[str, Any], ...] = (SHOP, PRESS, GATE)
POLICIES: tuple[Mapping[str, Any], ...] = (*READY_MADE.values(), {})
ROUNDS = 1500
SCALARS: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    7,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    "",
    " ",
    "\x00",
    "\n",
    "\ud800",
    "\u202e\U0001f512",
    "NIL",
    "3003020105",
    "1.2.3",
    "2.5.29.17",
    "1." * 70,
    "9" * 5000,
    "a" * 5000,
    "*",
    "*.",
    "..",
    "@",
    "ida@",
    "NL",
    "::1%eth0",
    "0001-01-01",
    "9999-99-99",
    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    "-----BEGIN CERTIFICATE REQUEST-----\nMAAA\n-----END CERTIFICATE REQUEST-----",
)
NAMES = ("type", "value", "1.2.3", "2.5.29.17", "EN", "identifier", "extra_attributes", "")


def any_value(dice: random.Random, depth: int = 3) -> Any:
    """Some JSON."""
    kind = dice.random()
    if depth and kind < 0.2:
        return [any_value(dice, depth - 1) for _each in range(dice.randrange(4))]
    if depth and kind < 0.4:
        return {
            dice.choice(NAMES): any_value(dice, depth - 1) for _each in range(dice.randrange(4))
        }
    return dice.choice(SCALARS)


def places(value: Any) -> list[tuple[Any, Any]]:
    """All containers in a value with all their keys or indexes."""
    found: list[tuple[Any, Any]] = []
    pending = [value]
    while pending:
        inner = pending.pop()
        keys = inner.keys() if isinstance(inner, dict) else range(len(inner))
        found += [(inner, key) for key in keys]
        pending += [inner[key] for key in keys if isinstance(inner[key], (dict, list))]
    return found


def spoilt(dice: random.Random) -> Any:
    """An example with a few of its values replaced, and perhaps with sections of another."""
    body = {**dice.choice(EXAMPLES), "validity": {"not_before": NOW, "not_after": 0}}
    if dice.random() < 0.3:
        body = {**PRESS, **body}
    body = copy.deepcopy(body)
    for _each in range(dice.randrange(4)):
        inner, key = dice.choice(places(body))
        inner[key] = any_value(dice)
    return body


def outcome(body: Any, policy: Mapping[str, Any], readings: Readings) -> str:
    """`issued`, the status of a refusal, or `not X.509`; other exceptions go through."""
    try:
        leaf = accept(body, policy, readings, SERIAL, NOW, END)
    except ServiceError as error:
        return str(error.status)
    try:
        sign(leaf, CA)
    except ValueError:  # which is answered with 422 too
        return "not X.509"
    return "issued"


@pytest.mark.parametrize("readings", [Readings(), LENIENT])
@pytest.mark.parametrize("seed", range(3))
def test_spoilt_examples(seed: int, readings: Readings) -> None:
    dice = random.Random(seed)
    outcomes = {outcome(spoilt(dice), dice.choice(POLICIES), readings) for _round in range(ROUNDS)}
    assert {"issued", "400", "422"} <= outcomes <= {"issued", "400", "422", "not X.509"}


def test_any_json() -> None:
    dice = random.Random(7)
    outcomes = {
        outcome(any_value(dice, 6), dice.choice(POLICIES), LENIENT) for _round in range(ROUNDS)
    }
    assert outcomes == {"400"}


def test_deeply_nested_members_are_no_trouble() -> None:
    inner: Any = []
    for _each in range(100_000):
        inner = [inner]
    body = {**PRESS, "validity": {"not_before": NOW}, "subject_da": {"unheard_of": inner}}
    assert outcome(body, READY_MADE["everything"], Readings()) == "issued"
    for _each in range(100_000):  # freeing it all at once would take as deep a stack
        inner = inner[0]
