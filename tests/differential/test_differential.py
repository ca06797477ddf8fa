# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client's check of the policy and the simulator's enforcement, which know nothing of each
other: what the client calls right is issued, what it calls wrong is refused, on the same field.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from atlas_simulator.policy.enforcement import accept
from atlas_simulator.policy.readings import Readings
from atlas_simulator.problems import ServiceError

from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.check import (
    check_request,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.completion import complete
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.key_choice import (
    KeyChoice,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.api.policy.model import Policy
from ansible_collections.globalsign.atlas.plugins.module_utils.api.request import (
    CertificateRequest,
)

from .bodies import BodyMaker
from .conftest import COUNTS, UNDECIDED
from .draws import EXAMPLES, SEED, repeat
from .policies import NOW, policy

SERIAL = "01CFABDF1EBA6325930BF8B6FFD89F12"
END_OF_CA = NOW + 10 * 365 * 86400
READINGS = [
    Readings(*choice)
    for choice in itertools.product(
        ("label", "plain"),
        ("search", "full"),
        ("refuse", "allow"),
        ("forbid", "any"),
        ("refuse", "accept"),
        (False, True),
    )
]


def case(rng: Random) -> tuple[dict[str, Any], dict[str, Any], KeyChoice]:
    """A policy, a request, and the kind of its key."""
    document = policy(rng)
    maker = BodyMaker(rng, document, wrong=rng.choice((0.0, 0.0, 0.02, 0.05, 0.15)))
    body = maker.body()
    return document, body, KeyChoice(*maker.key)


def answer_of(body: Mapping[str, Any], document: Mapping[str, Any], readings: Readings) -> str:
    """What the simulator says: nothing if it issues."""
    try:
        accept(body, document, readings, SERIAL, NOW, END_OF_CA)
    except ServiceError as error:
        COUNTS["refused"] += 1
        return str(error.description)
    COUNTS["accepted"] += 1
    return ""


def is_about(answer: str, path: str) -> bool:
    """Whether the field that the simulator names is that one, one above it or one below it."""
    named = answer.partition(": ")[0].replace("template_id", "id").replace(".ekus", "")
    return f"{named}.".startswith(f"{path}.") or f"{path}.".startswith(f"{named}.")


@dataclass(frozen=True)
class Facts:
    """All that a person needs to find out who is wrong; text only if it comes to that."""

    document: Mapping[str, Any]
    body: Mapping[str, Any]
    more: tuple[Any, ...]

    def __str__(self) -> str:
        documents = [json.dumps(self.body, indent=1), json.dumps(self.document)]
        return "\n".join([*map(str, self.more), *documents])


def some(readings: list[Readings], rng: Random) -> list[Readings]:
    """The preferred ones, and a draw of the others."""
    return [readings[0], *rng.sample(readings[1:], 7)]


def test_what_is_right_is_issued_and_what_is_wrong_is_refused() -> None:
    def check(rng: Random) -> None:
        document, given_body, key = case(rng)
        request = CertificateRequest.of(given_body)
        body = request.body()
        verdict = check_request(Policy.parse(document), request, key, NOW)
        kind = "violation" if verdict.violations else "ok" if verdict.is_ok else "undecided"
        COUNTS[kind] += 1
        if kind == "undecided":
            UNDECIDED.update({finding.path for finding in verdict.undecided})
        known = [finding.path for finding in (*verdict.violations, *verdict.undecided)]
        for readings in some(READINGS, rng):
            answer = answer_of(body, document, readings)
            facts = Facts(document, body, (readings, answer, verdict))
            if kind == "ok":
                assert not answer, facts
            elif kind == "violation":
                assert answer, facts
            if answer:
                assert any(is_about(answer, path) for path in known), facts

    repeat(check)
    if not SEED:
        assert min(COUNTS["ok"], COUNTS["violation"]) > EXAMPLES / 20, COUNTS


def test_a_completed_request_is_still_accepted() -> None:
    def check(rng: Random) -> None:
        document, given_body, _key = case(rng)
        request = CertificateRequest.of(given_body)
        completed = complete(Policy.parse(document), request).request
        before, after = request.body(), completed.body()
        for readings in some(READINGS, rng):
            if not answer_of(before, document, readings):
                answer = answer_of(after, document, readings)
                assert not answer, Facts(document, after, (readings, answer))

    repeat(check)
