# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service returned is looked at before it is put in place.

A certificate that cannot be used is not put in place and not bought again: each run says which one
it is and why, until `force`. One that begins later waits for its time.
"""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from .counting import DAY, outcome_of, said, serial_of, served, warned
from .model_service import AUTHORITY, Clock, ModelClient, ModelService, Order, Post
from .whole_task import Tasks

NAME = "returned.quillon.example"
OLD = {"dns_names": ["old.quillon.example"]}
Change = Callable[[Order, int], Order]


def remade(order: Order, **changes: Any) -> Order:
    """The same certificate but for the `changes`."""
    certificate = order.certificate
    stated = {
        "name": order.name,
        "public_key": certificate.public_key(),
        "serial": certificate.serial_number,
        "begins": _seconds(certificate.not_valid_before_utc),
        "ends": _seconds(certificate.not_valid_after_utc),
    }
    return replace(order, certificate=AUTHORITY.issue(**{**stated, **changes}))


def _seconds(moment: datetime.datetime) -> int:
    return int(moment.timestamp())


CHANGES: dict[str, Change] = {
    "revoked": lambda order, _now: replace(order, is_revoked=True),
    "expired": lambda order, now: remade(order, begins=now - 2 * DAY, ends=now - DAY),
    "a CA": lambda order, _now: remade(order, is_authority=True),
    "for another name": lambda order, _now: remade(order, name="other.quillon.example"),
    "with another serial number": lambda order, _now: remade(order, serial=77 << 64),
    "for another key": lambda order, _now: remade(
        order, public_key=ec.generate_private_key(ec.SECP256R1()).public_key()
    ),
}


def early(order: Order, now: int) -> Order:
    """It begins in two days."""
    return remade(order, begins=now + 2 * DAY)


class OddService(ModelService):
    """It issues what it was not asked for, as long as it has a `change`."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, settle=0)
        self.change: Change | None = None
        self._lock = threading.Lock()

    def order(self, body: Mapping[str, Any], told: Post) -> list[Order]:
        """Act upon a request."""
        with self._lock:
            made = super().order(body, told)
            if self.change:
                made = [self.change(order, int(self._clock.now)) for order in made]
                self.orders[-len(made) :] = made
            return made


@pytest.fixture(autouse=True)
def short_pauses() -> None:
    """Time is virtual, and nothing here needs the simulator that this usually waits for."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def odd_service(clock: Clock) -> OddService:
    return OddService(clock)


@pytest.fixture
def tasks(odd_service: OddService, clock: Clock, quick_path: Path) -> Tasks:
    return Tasks(
        cast("Any", None),
        quick_path,
        {"settle": 0, "san": {"dns_names": [NAME]}},
        open_client=lambda: ModelClient(odd_service, clock, (), (), lambda: None),
        sleep=clock.sleep,
        clock=lambda: clock.now,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.pem")}


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "renewal"])
def test_what_cannot_be_used_is_not_put_in_place(
    odd_service: OddService, tasks: Tasks, kind: str, is_first: bool
) -> None:
    if not is_first:
        tasks.run(san=OLD)
    before, count = contents(tasks.folder), len(odd_service.orders)
    odd_service.change = CHANGES[kind]
    for _run in range(3):
        result = outcome_of(tasks)
        assert contents(tasks.folder) == before
        assert len(odd_service.orders) == count + 1, "it was bought again"
        assert odd_service.orders[-1].serial in said(result)
        assert "failed" in result or result["warnings"]
    odd_service.change = None
    forced = tasks.run(force=True)
    assert served(tasks.folder) == serial_of(forced) == odd_service.orders[-1].serial
    assert len(odd_service.orders) == count + 2
    assert not tasks.run()["changed"]


def test_another_wish_is_another_request(odd_service: OddService, tasks: Tasks) -> None:
    odd_service.change = CHANGES["a CA"]
    outcome_of(tasks)
    odd_service.change = None
    result = tasks.run(san={"dns_names": ["changed.quillon.example"]})
    assert served(tasks.folder) == serial_of(result)
    assert len(odd_service.orders) == 2


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "renewal"])
def test_what_is_not_valid_yet_waits_for_its_time(
    odd_service: OddService, tasks: Tasks, clock: Clock, is_first: bool
) -> None:
    """Put in place by the run that comes when it has begun, without a request."""
    if not is_first:
        tasks.run(san=OLD)
    before, count = contents(tasks.folder), len(odd_service.orders)
    odd_service.change = early
    for _run in range(2):
        result = outcome_of(tasks)
        assert contents(tasks.folder) == before
        assert odd_service.orders[-1].serial in said(result)
    clock.sleep(2 * DAY + 60)
    assert tasks.run()["changed"]
    assert served(tasks.folder) == odd_service.orders[-1].serial
    assert len(odd_service.orders) == count + 1
    assert not tasks.run()["changed"]


def test_an_hour_of_skew_is_no_reason_to_wait(odd_service: OddService, tasks: Tasks) -> None:
    """A CA may date a certificate some minutes before, and another end is a matter of warnings."""
    odd_service.change = lambda order, now: remade(order, begins=now - 3600)
    assert tasks.run()["changed"]
    assert served(tasks.folder) == odd_service.orders[-1].serial


@pytest.mark.parametrize("kind", ["revoked", "a CA", "for another name"])
def test_one_of_many(odd_service: OddService, tasks: Tasks, kind: str) -> None:
    """The others of its task are put in place."""
    change = CHANGES[kind]

    def change_one(order: Order, now: int) -> Order:
        return change(order, now) if "bad" in order.name else order

    odd_service.change = change_one
    items = [
        {
            "path": str(tasks.folder / f"{name}.crt"),
            "privatekey_path": str(tasks.folder / f"{name}.key"),
            "san": {"dns_names": [f"{name}.quillon.example"]},
        }
        for name in ("good", "bad", "fine")
    ]
    for _run in range(2):
        tasks.run(certificates=items)
        assert {path.name for path in tasks.folder.glob("*.crt")} == {"good.crt", "fine.crt"}
    assert len(odd_service.orders) == 3


def test_what_was_found_after_a_lost_answer_is_looked_at_too(
    odd_service: OddService, tasks: Tasks, clock: Clock
) -> None:
    odd_service.change = CHANGES["a CA"]
    posts = [Post(answer="none")]
    tasks.open_client = lambda: ModelClient(odd_service, clock, posts, (), lambda: None)
    for _run in range(2):
        result = outcome_of(tasks)
        posts.clear()
        assert contents(tasks.folder) == {}
        assert odd_service.orders[-1].serial in said(result)
    assert len(odd_service.orders) == 1


def test_a_private_key_of_what_is_not_used_is_no_secret_kept_in_clear(
    odd_service: OddService, tasks: Tasks
) -> None:
    """It lies where only the task's user reads it."""
    odd_service.change = CHANGES["for another name"]
    outcome_of(tasks)
    for path in tasks.folder.rglob("*"):
        if path.is_file() and b"PRIVATE KEY" in path.read_bytes():
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("kind", ["not valid yet", "a CA"])
def test_what_is_left_aside_is_named(odd_service: OddService, tasks: Tasks, kind: str) -> None:
    """By the run that puts another one in its place, and by the one that removes all."""
    odd_service.change = early if kind == "not valid yet" else CHANGES[kind]
    outcome_of(tasks)
    odd_service.change = None
    (left,) = odd_service.orders
    removed = tasks.run(state="absent", check_mode=True)
    assert left.serial in warned(removed)
    other = {"san": {"dns_names": ["changed.quillon.example"]}}
    assert left.serial in warned(tasks.run(**other))
    assert len(odd_service.orders) == 2
    assert left.serial not in said(tasks.run(**other))


@pytest.mark.parametrize("kind", ["not valid yet", *CHANGES])
def test_what_is_only_returned_is_looked_at_as_well(
    odd_service: OddService, tasks: Tasks, kind: str
) -> None:
    """Without files, too, nothing that cannot be used is returned, nor bought again."""
    key = keys.generate(keys.KeyKind("ECDSA", 256))
    stated = {
        "csr_content": keys.signing_request_pem(key, NAME),
        "public_key_signature": keys.prove_possession(key),
        "state_dir": str(tasks.records),
    }
    odd_service.change = early if kind == "not valid yet" else CHANGES[kind]
    for _run in range(3):
        result = outcome_of(tasks, **stated)
        assert "BEGIN CERTIFICATE" not in said(result)
        assert odd_service.orders[0].serial in said(result)
        assert len(odd_service.orders) == 1
    odd_service.change = None
    forced = tasks.run(force=True, **stated)
    assert forced["certificates"][0]["certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert serial_of(forced) == odd_service.orders[1].serial
    assert not tasks.run(**stated)["changed"]
