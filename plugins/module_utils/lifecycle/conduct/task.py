# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate task from its options to its result: the steps, in order.

It runs on the controller, through the action plugin, or with `api_from: node` on the node itself.
What it needs of the world comes from outside: the node's steps, a client of Atlas, a clock.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from ...errors import AtlasError
from ...times import date
from .. import guards
from ..exchange import Inspection, Prepared, Proof
from ..options.task import wanted_certificates
from ..waiting import Stopwatch
from ..wanted import Wanted
from .item import CertificateItem
from .node import Node, NodeLostError
from .report import report
from .run import Run

MOST_IN_A_ROUND = 100
"""Certificates: a round bounds what one crash leaves to be looked up."""
_PATIENCE = 180.0
_BUSY_PAUSE = 2.0
_LEASE_MARGIN = 60
_BEFORE_ALL = 0
"""A time at which no lease is over."""
_SECONDS_FOR_EACH = 2
_NOT_KNOWN = "whether it was put in place is not known"
_TOLERATED_SKEW = 300
"""Seconds by which the clock here may differ from the service's without a word."""


@dataclass
class World:
    """What a task needs. `open_client` gives a client of Atlas as a context manager, `fetch` a
    public file by its URL. `progress` is told how many certificates of how many were granted.
    `clock` is that of this machine, in UNIX seconds, and `machine` what users call it."""

    node: Node
    open_client: Callable[[], AbstractContextManager[Any]]
    fetch: Callable[[str], bytes]
    progress: Callable[[int, int], None] = lambda _done, _all: None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    run: Run = field(default_factory=Run)
    machine: str = "controller"


class CertificateTask:
    """One task with its validated options."""

    def __init__(self, options: Mapping[str, Any], world: World, check_mode: bool) -> None:
        self._options = options
        self._world = world
        self._node = world.node
        self._check_mode = check_mode
        self._items: list[CertificateItem] = []
        self._warnings: list[str] = []
        self._clock = world.clock
        self._issued, self._to_issue = 0, 0
        self._left: int | None = None
        self._is_lost = False
        self._failure = ""

    def perform(self) -> dict[str, Any]:
        """Do what `state` says, and return the result of the task.

        Raises `AtlasError` if nothing could be found out. What goes wrong later is in the result,
        with what had been done before.
        """
        stated = wanted_certificates(self._options)
        self._check_options()
        wanted = [each for each in stated if isinstance(each, Wanted)]
        self._items = [
            CertificateItem(each, f"{self._world.run.run_id}-{position}")
            for position, each in enumerate(wanted)
        ]
        if self._options["state"] != "absent":
            self._inspect()
        try:
            self._perform()
        except NodeLostError as error:
            self._lose(error)
        except AtlasError as error:
            self._failure = error.message
        misstated = {
            place: each for place, each in enumerate(stated) if not isinstance(each, Wanted)
        }
        result = report(self._items, misstated, self._options, self._check_mode, self._now())
        result["warnings"] += self._warnings
        if self._is_lost:
            result["unreachable"] = True
        if self._failure:
            said = result.get("msg")
            result.update(failed=True, msg=f"{self._failure} {said}" if said else self._failure)
        return result

    def _perform(self) -> None:
        state = self._options["state"]
        if state not in ("present", "absent"):
            self._forgive_obstacles()
        perform = {
            "present": self._present,
            "absent": self._remove,
            "confirmed": self._confirmed,
            "previous": self._previous,
            "revoked": self._revoked,
        }
        perform[state]()

    def _now(self) -> int:
        """By the clock of this machine, and by the service's once there is a login."""
        return int(self._clock())

    def _check_options(self) -> None:
        for option in ("max_issue", "min_quota", "settle", "lookup_max"):
            value = self._options.get(option)
            if value is not None and value < 0:
                raise AtlasError(f"{option}: {value} is negative; give 0 or more.")
        if self._options.get("compromised_at"):
            if self._options.get("revocation_reason") != "keyCompromise":
                raise AtlasError(
                    "compromised_at: it belongs to revocation_reason: keyCompromise; state that, or"
                    " leave it out."
                )
            moment = date(self._options["compromised_at"], "compromised_at") or 0
            if moment > self._now():
                raise AtlasError(
                    f"compromised_at: {self._options['compromised_at']} lies in the future; give"
                    " the moment since when the key may be in other hands."
                )

    def _inspected(self, wanted: Sequence[Wanted]) -> tuple[Inspection, ...]:
        return self._node.inspect(wanted, self._now(), self._options["return_content"])

    def _inspect(self) -> None:
        self._look(self._items)

    def _look(self, items: Sequence[CertificateItem]) -> None:
        found = self._inspected([item.wanted for item in items])
        for item, inspection in zip(items, found):
            item.set_inspection(inspection, self._check_mode)

    def _forgive_obstacles(self) -> None:
        """What only stands in the way of new files is no error where none are written."""
        for item in self._items:
            if not item.inspection.is_unknown:
                item.error = ""

    # state: present

    def _present(self) -> None:
        self._guard_names()
        # What lies there already, and what only has to be mended, waits for no service.
        self._put_in_place([item for item in self._items if not item.lacks_chain], [])
        asks_revocation = self._options["check_revocation"] and any(
            item.inspection.certificate for item in self._items
        )
        needs_service = asks_revocation or any(
            item.to_issue or (item.lacks_chain and not self._check_mode) for item in self._items
        )
        with contextlib.ExitStack() as stack:
            client = None
            try:
                if needs_service and not self._is_lost:
                    client = stack.enter_context(self._world.open_client())
                    self._ask_service(client, asks_revocation)
            except NodeLostError as error:
                self._lose(error)
            except AtlasError as error:
                # It is told when what can be done without the service has been done.
                self._failure = error.message
            self._acknowledge(client)
        if self._check_mode:
            acknowledges = self._options["acknowledge"] == "task"
            for item in self._items:
                item.revoked = item.will_be_revoked(acknowledges)

    def _ask_service(self, client: Any, asks_revocation: bool) -> None:
        from ..obtain import plan

        if asks_revocation:
            self._check_revocation(client)
            self._go_by_service_time(client)
        if any(item.to_issue for item in self._items):
            policy = plan.fetch_policy(client)
            self._go_by_service_time(client)
            self._plan(client, policy)
        if self._check_mode:
            return
        without_chain = [item for item in self._items if item.lacks_chain]
        if without_chain:
            self._put_in_place(without_chain, client.trust_chain())
        self._issue_all(client)

    def _go_by_service_time(self, client: Any) -> None:
        """From now on; where the clock here was wrong, what is due is judged again."""
        if self._clock is not self._world.clock:
            return
        ahead = self._now() - client.service_time()
        self._clock = client.service_time
        if abs(ahead) <= _TOLERATED_SKEW:
            return
        machine = self._world.machine
        self._warnings.append(
            f"The clock of the {machine} is {_duration(abs(ahead))}"
            f" {'ahead of' if ahead > 0 else 'behind'} that of Atlas. What is due is judged by the"
            f" clock of Atlas; set that of the {machine} right."
        )
        untouched = [item for item in self._items if not item.error and item.installed is None]
        self._look(untouched)
        self._put_in_place([item for item in untouched if not item.lacks_chain], [])

    def _lose(self, error: NodeLostError) -> None:
        self._is_lost = True
        self._failure = f"The connection to the node was lost: {error.message}"

    def _guard_names(self) -> None:
        for item in self._items:
            try:
                guards.refuse_other_names(item.wanted, self._options.get("allowed_names"))
            except AtlasError as error:
                item.error = item.error or error.message

    def _check_revocation(self, client: Any) -> None:
        """What the service says of what is deployed; a revoked one gets a new key."""
        from ..obtain.revoke import REVOKED, statuses

        asked = {
            item.inspection.certificate.serial_number: item
            for item in self._items
            if item.inspection.certificate and not item.error
        }
        told, error = statuses(client, list(asked))
        for serial, item in asked.items():
            if told.get(serial) == REVOKED:
                item.reasons.append("revoked: the service says that the certificate was revoked")
                item.needs_new_key = True
        unknown = [serial for serial in asked if serial not in told]
        if unknown:
            self._warnings.append(
                f"Whether {', '.join(unknown)} was revoked could not be found out: {error}"
            )

    def _plan(self, client: Any, policy: Any) -> None:
        from ..obtain import plan

        due = [item for item in self._items if item.to_issue]
        for item in due:
            try:
                planned = plan.plan(item.wanted, policy, self._now())
                facts = item.inspection.certificate
                item.planned = planned.for_rekey(facts) if item.by_rekey and facts else planned
            except AtlasError as error:
                item.error = error.message
        due = [item for item in due if item.to_issue]
        self._to_issue = len(due)
        guards.refuse_too_many(len(due), self._options.get("max_issue"))
        if due:
            self._foresee(client, due)

    def _foresee(self, client: Any, due: Sequence[CertificateItem]) -> None:
        """What the service would refuse. In check mode that is an error; else an earlier run may
        have been granted it already, which is found out first."""
        from ..obtain.beforehand import uncovered_of_each, why_uncovered

        wanted = [item.wanted for item in due]
        for item, names in zip(due, uncovered_of_each(wanted, client.known_claims, self._now())):
            item.refusal = why_uncovered(names)
            item.uncovered = names if self._check_mode else []
        covered = [item for item in due if not item.refusal]
        if covered:
            self._left = self._quota_for(client, len(covered))
        if self._check_mode:
            for item in [] if self._left is None else covered[self._left :]:
                item.refusal = guards.quota_is_used_up(self._left or 0, len(covered))
            for item in due:
                item.error = item.refusal

    def _quota_for(self, client: Any, count: int) -> int | None:
        """How many of so many the quota allows; None if that is not known."""
        least, is_kept = self._options.get("min_quota"), not self._check_mode
        if least is None:
            room: int | None = client.quota_for(count, is_kept)
            return room
        with client.reserved_quota(count, is_kept) as left:
            guards.refuse_low_quota(count, left, least)
        return count

    def _put_in_place(self, items: Sequence[CertificateItem], chain: list[str]) -> None:
        """What needs no new certificate: sets that lie there, and files to be mended."""
        if not self._check_mode:
            self._install([item for item in items if item.to_resume or item.to_mend], chain)

    def _issue_all(self, client: Any) -> None:
        from ..obtain.issue import Service
        from ..obtain.lookup import LookUp

        due = [item for item in self._items if item.to_issue]
        if not due:
            return
        # Before anything is asked for: without a chain, what is issued could not be installed.
        chain = client.trust_chain()
        service = Service(
            client,
            LookUp(client, self._options["lookup_max"]),
            settle=self._options["settle"],
            read_timeout=self._options["read_timeout"],
            total_timeout=self._options["total_timeout"],
            left=self._left,
            progress=self._tell_progress,
            sleep=self._world.sleep,
        )
        for start in range(0, len(due), MOST_IN_A_ROUND):
            round_of = due[start : start + MOST_IN_A_ROUND]
            try:
                self._issue_round(service, round_of, chain)
            except AtlasError as error:
                self._is_lost = self._is_lost or isinstance(error, NodeLostError)
                self._give_up(due[start:], error.message)
                break
            if self._is_lost:
                self._give_up(due[start:], "the connection to the node was lost")
                break
        if not self._is_lost:
            self._look_at_settled([item for item in due if item.is_settled])

    @staticmethod
    def _give_up(items: Sequence[CertificateItem], why: str) -> None:
        """Those of which nothing was asked for, because the run came to an end before them."""
        for item in items:
            is_open = item.outcome is None or item.is_void
            if is_open and not item.is_settled and not item.error:
                item.error = f"Nothing was asked for: {why.rstrip('.')}."

    def _tell_progress(self, done: int) -> None:
        self._world.progress(self._issued + done, self._to_issue)

    def _issue_round(
        self, service: Any, items: list[CertificateItem], chain: list[str], anew: bool = False
    ) -> None:
        """Once more, `anew`, for those whose earlier attempt was of no use."""
        from ..obtain.chain import matching_chain
        from ..obtain.issue import Issuance

        until = self._lease_end(len(items))
        self._prepare(items, until, anew)
        issuance = Issuance(service)
        waiting = [item for item in items if item.to_issue]
        try:
            try:
                issuance.obtain([self._attempt(item, until) for item in waiting])
            finally:
                for position, outcome in issuance.outcomes.items():
                    waiting[position].set_outcome(outcome)
            issued = [item.outcome.certificate for item in waiting if item.is_granted]
            with contextlib.suppress(AtlasError):  # then each one says that its issuer is missing
                chain = matching_chain(service.client, chain, issued, self._world.fetch)
        finally:
            # Also when the run is cut short: what was issued must not wait for the next one.
            self._install([item for item in items if item.install_action], chain)
        self._issued += sum(item.is_granted for item in waiting)
        void = [item for item in waiting if item.is_void]
        if void and not anew and not self._is_lost:
            self._issue_round(service, void, chain, anew=True)
        else:
            for item in void:
                item.error = "An earlier request came to nothing; run the task again."

    def _lease_end(self, count: int) -> int:
        lasting = (
            self._options["read_timeout"]
            + self._options["total_timeout"]
            + 2 * self._options["settle"]
            + _LEASE_MARGIN
            + _SECONDS_FOR_EACH * count
        )
        return self._now() + int(lasting)

    def _prepare(self, items: Sequence[CertificateItem], until: int, anew: bool) -> None:
        """Have attempts recorded."""

        def ask(asked: Sequence[CertificateItem], breaks: str) -> list[dict[str, Any]]:
            common = self._for_all(until, breaks)
            orders = [item.for_prepare(common, anew) for item in asked]
            answers = self._node.prepare(orders)
            for item, prepared in zip(asked, answers):
                item.set_prepared(prepared)
            return [prepared.busy for prepared in answers]

        self._once_free(items, ask)

    def _once_free(
        self,
        items: Sequence[CertificateItem],
        ask: Callable[[Sequence[CertificateItem], str], Sequence[dict[str, Any]]],
    ) -> None:
        """Ask the node about items until no other run is at work on them. `ask` takes the run whose
        lease may be broken, because its process is gone, and returns the lease that holds each."""
        run, stopwatch = self._world.run, Stopwatch(self._world.sleep)
        waiting, breaks, broken = list(items), "", {""}
        while waiting:
            leases = ask(waiting, breaks)
            held = [(item, lease) for item, lease in zip(waiting, leases) if lease]
            waiting = [item for item, _lease in held]
            gone = [lease["run"] for _item, lease in held if run.knows_to_be_gone(lease)]
            breaks = next((each for each in gone if each not in broken), "")
            broken.add(breaks)
            if waiting and not breaks:
                if stopwatch.passed >= _PATIENCE:
                    self._refuse_busy(held)
                    return
                stopwatch.pause(_BUSY_PAUSE)

    def _for_all(self, until: int, breaks: str) -> dict[str, Any]:
        run = self._world.run
        return {
            "now": self._now(),
            "settle": self._options["settle"],
            "nonce": run.nonce,
            "account": _account(self._options),
            "lease": run.lease(until),
            "breaks": breaks,
        }

    @staticmethod
    def _refuse_busy(held: Sequence[tuple[CertificateItem, dict[str, Any]]]) -> None:
        for item, holder in held:
            item.error = (
                f"Another run on {holder['controller']} (process {holder['process']}) has been at"
                f" work on this certificate for longer than {_PATIENCE:.0f} seconds; wait for it,"
                " and run the task again."
            )

    def _attempt(self, item: CertificateItem, until: int) -> Any:
        from ..obtain.attempt import Attempt

        prepared = item.prepared or Prepared()
        nonce = self._world.run.nonce
        return Attempt(item.planned, prepared, nonce, self._now(), until, item.refusal)

    def _install(self, items: Sequence[CertificateItem], chain: list[str]) -> None:
        orders = [
            item.for_install(
                self._world.run.run_id, self._now(), chain, self._options["return_content"]
            )
            for item in items
        ]
        try:
            for item, installed in zip(items, self._node.install(orders)):
                item.set_installed(installed)
        except AtlasError as error:
            is_lost = isinstance(error, NodeLostError)
            self._is_lost = self._is_lost or is_lost
            what = "the connection to the node was lost" if is_lost else _NOT_KNOWN
            for item in items:
                serial = item.outcome.serial if item.outcome else ""
                issued = f"The certificate {serial} was issued; {what}" if serial else what
                item.error = item.error or (
                    f"{issued[0].upper()}{issued[1:]}: {error.message.rstrip('.')}. The next run"
                    " finds out what was done, and goes on from there."
                )

    def _acknowledge(self, client: Any) -> None:
        """Acknowledge what is deployed, and have revoked what it superseded."""
        if self._check_mode or self._is_lost:
            return
        later = self._options["acknowledge"] == "later"
        new = [
            item
            for item in self._items
            if not later
            and not (item.error and not item.is_deployed_now)
            and (
                item.is_deployed_now or item.inspection.unacknowledged or item.inspection.is_untidy
            )
        ]
        waiting = [
            item
            for item in self._items
            if item not in new
            and item.queued_for_revocation
            and not item.inspection.unacknowledged
            and not item.is_deployed_now
        ]
        self._confirm([*new, *waiting], client)

    def _confirm(self, items: list[CertificateItem], client: Any) -> None:
        """Confirm what is deployed; of all others note that the user was told of orphans."""
        told = [item for item in self._items if item.tells_something_once and item not in items]
        nonce = self._world.run.nonce
        orders = [item.for_acknowledge(nonce, []) for item in items]
        orders += [item.for_acknowledge(nonce, [], confirms=False) for item in told]
        answers = self._node.acknowledge("acknowledge", orders)
        for item, answer in zip([*items, *told], answers):
            item.error = item.error or answer.obstacle
        for item, answer in zip(items, answers):
            item.acknowledged = answer
        to_revoke = [
            item
            for item in items
            if item.acknowledged and item.acknowledged.superseded and item.wanted.revoke_superseded
        ]
        if to_revoke and client is not None:
            self._revoke_superseded(client, to_revoke)
        elif to_revoke:
            with self._world.open_client() as opened:
                self._revoke_superseded(opened, to_revoke)

    def _revoke_superseded(self, client: Any, items: Sequence[CertificateItem]) -> None:
        for item in items:
            proofs = item.acknowledged.superseded if item.acknowledged else []
            self._revoke(client, item, proofs, is_superseded=True)

    # state: confirmed, previous

    def _confirmed(self) -> None:
        items = [item for item in self._items if _waits(item)]
        if not self._check_mode:
            self._confirm(items, None)
            return
        for item in items:
            item.revoked = item.queued_for_revocation

    def _previous(self) -> None:
        items = [
            item
            for item in self._items
            if item.inspection.unacknowledged or item.inspection.is_cut_off
        ]
        if self._check_mode:
            return
        orders = [item.for_acknowledge(self._world.run.nonce, []) for item in items]
        for item, answer in zip(items, self._node.acknowledge("previous", orders)):
            item.acknowledged = answer
            item.error = answer.obstacle
        self._look_again(items)

    def _look_again(self, items: Sequence[CertificateItem]) -> None:
        wanted = [item.wanted for item in items]
        for item, seen in zip(items, self._inspected(wanted)):
            item.seen = seen

    def _look_at_settled(self, items: Sequence[CertificateItem]) -> None:
        """Where another run was at it meanwhile: is it as wanted now?"""
        self._look_again(items)
        for item in items:
            left = item.seen and (item.seen.unfinished or "; ".join(item.seen.reasons))
            if left and not item.wanted.force:
                item.error = (
                    f"Another run was at work on it meanwhile, and it is still not as wanted"
                    f" ({left}); run the task again."
                )

    # state: revoked

    def _revoked(self) -> None:
        if not self._options["allow_live"]:
            raise AtlasError(
                "allow_live: the files stay in place, and services go on serving a certificate that"
                " clients then refuse; say allow_live: true if that is right, or have it replaced"
                " with state: present, force: true and revoke_superseded: true."
            )
        orders = [item.for_acknowledge(self._world.run.nonce, []) for item in self._items]
        open_items = []
        for item, answer in zip(self._items, self._node.acknowledge("prove", orders)):
            item.acknowledged = answer
            item.error = answer.obstacle
            if not item.error and len(answer.superseded) != 1:
                item.error = "The node did not say which certificate is to be revoked."
            if not item.error:
                open_items.append(item)
        if open_items:
            with self._world.open_client() as client:
                for item in open_items:
                    proofs = item.acknowledged.superseded if item.acknowledged else []
                    self._revoke(client, item, proofs, is_superseded=False)

    def _revoke(
        self, client: Any, item: CertificateItem, proofs: Sequence[Proof], is_superseded: bool
    ) -> None:
        from ..obtain.revoke import Revocation, revoke

        revocation = Revocation(
            self._options.get("revocation_reason") or "superseded",
            date(self._options.get("compromised_at"), "compromised_at"),
        )
        done = []
        for proof in proofs:
            names = None if is_superseded else item.wanted
            nonce = self._world.run.nonce
            revoked = revoke(client, proof, nonce, revocation, names, self._check_mode)
            if revoked.message and is_superseded:
                item.warnings.append(f"{revoked.serial} is not revoked yet: {revoked.message}")
            elif revoked.message:
                item.error = revoked.message
            else:
                done.append(revoked.serial)
            if revoked.is_new:
                item.revoked.append(revoked.serial)
        if done and not self._check_mode:
            order = item.for_acknowledge(self._world.run.nonce, done)
            answer = self._node.acknowledge("revoked", [order])[0]
            item.error = item.error or answer.obstacle

    # state: absent

    def _remove(self) -> None:
        """Wait for runs that are at work, as long as they may be by the clock of Atlas."""
        run = self._world.run

        def ask(asked: Sequence[CertificateItem], breaks: str) -> list[dict[str, Any]]:
            self._ask_to_remove(asked, breaks, _BEFORE_ALL)
            over = [
                item
                for item in asked
                if item.held_until
                and not run.knows_to_be_gone(item.holder)
                and item.held_until <= self._now()
            ]
            if over:
                self._learn_the_time()
                self._ask_to_remove(over, breaks, self._now())
            return [item.holder for item in asked]

        self._once_free(self._items, ask)

    def _ask_to_remove(self, items: Sequence[CertificateItem], breaks: str, now: int) -> None:
        removes_key = self._options["remove_privatekey"]
        orders = [item.for_remove(now, breaks, removes_key) for item in items]
        for item, removed in zip(items, self._node.remove(orders)):
            item.set_removed(removed)

    def _learn_the_time(self) -> None:
        """From the service, if it can be asked: a clock that is wrong here would end the lease of
        a run that is at work."""
        from ..obtain import plan

        if self._clock is self._world.clock:
            with contextlib.suppress(AtlasError), self._world.open_client() as client:
                plan.fetch_policy(client)
                self._clock = client.service_time


def _waits(item: CertificateItem) -> bool:
    """Whether something waits for being confirmed."""
    found = item.inspection
    return found.unacknowledged or found.is_cut_off or bool(item.queued_for_revocation)


def _account(options: Mapping[str, Any]) -> str:
    """Which account it is, without telling."""
    text = f"{options['api_url']}\0{options.get('api_key')}"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


def _duration(seconds: int) -> str:
    """For people: in the unit that fits."""
    for unit, length in (("days", 86400), ("hours", 3600)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds // 60} minutes"
