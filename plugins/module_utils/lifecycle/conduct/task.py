# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate task from its options to its result: the steps, in order.

It runs on the controller, through the action plugin, or with `api_from: node` on the node itself.
What it needs of the world comes from outside: the node's steps, a client of Atlas, a clock.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from ...errors import AtlasError
from ...times import date
from .. import guards
from ..exchange import Inspection, Prepared, Proof
from ..options.task import wanted_certificates
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
_SECONDS_FOR_EACH = 2


@dataclass
class World:
    """What a task needs. `open_client` gives a client of Atlas as a context manager, `fetch` a
    public file by its URL. `progress` is told how many certificates of how many are issued."""

    node: Node
    open_client: Callable[[], AbstractContextManager[Any]]
    fetch: Callable[[str], bytes]
    progress: Callable[[int, int], None] = lambda _done, _all: None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    run: Run = field(default_factory=Run)


class CertificateTask:
    """One task with its validated options."""

    def __init__(self, options: Mapping[str, Any], world: World, check_mode: bool) -> None:
        self._options = options
        self._world = world
        self._node = world.node
        self._check_mode = check_mode
        self._items: list[CertificateItem] = []
        self._warnings: list[str] = []
        self._issued, self._to_issue = 0, 0
        self._is_lost = False

    def perform(self) -> dict[str, Any]:
        """Do what `state` says, and return the result of the task."""
        wanted = wanted_certificates(self._options)
        self._check_options()
        state = self._options["state"]
        if state == "absent":
            self._items = [CertificateItem(item) for item in wanted]
            self._remove()
        else:
            self._inspect(wanted)
            perform = {
                "present": self._present,
                "confirmed": self._confirmed,
                "previous": self._previous,
                "revoked": self._revoked,
            }
            if state != "present":
                self._forgive_obstacles()
            perform[state]()
        result = report(self._items, self._options, self._check_mode, self._now())
        result["warnings"] += self._warnings
        if self._is_lost:
            result["unreachable"] = True
        return result

    def _now(self) -> int:
        return int(self._world.clock())

    def _check_options(self) -> None:
        for option in ("max_issue", "min_quota", "settle", "lookup_max"):
            value = self._options.get(option)
            if value is not None and value < 0:
                raise AtlasError(f"{option}: {value} is negative; give 0 or more.")
        if self._options.get("compromised_at"):
            moment = date(self._options["compromised_at"], "compromised_at") or 0
            if moment > self._now():
                raise AtlasError(
                    f"compromised_at: {self._options['compromised_at']} lies in the future; give"
                    " the moment since when the key may be in other hands."
                )

    def _inspected(self, wanted: Sequence[Wanted]) -> tuple[Inspection, ...]:
        return self._node.inspect(wanted, self._now(), self._options["return_content"])

    def _inspect(self, wanted: Sequence[Wanted]) -> None:
        self._items = [
            CertificateItem.inspected(*pair, check_mode=self._check_mode)
            for pair in zip(wanted, self._inspected(wanted))
        ]

    def _forgive_obstacles(self) -> None:
        """What only stands in the way of new files is no error where none are written."""
        for item in self._items:
            item.error = ""

    # state: present

    def _present(self) -> None:
        self._guard_names()
        asks_revocation = self._options["check_revocation"] and any(
            item.inspection.certificate for item in self._items
        )
        needs_service = asks_revocation or any(
            item.to_issue or (item.lacks_chain and not self._check_mode) for item in self._items
        )
        if not needs_service:
            self._put_in_place(None)
            self._acknowledge(None)
            return
        with self._world.open_client() as client:
            if asks_revocation:
                self._check_revocation(client)
            self._plan(client)
            if not self._check_mode:
                self._put_in_place(client)
                self._issue_all(client)
                self._acknowledge(client)

    def _guard_names(self) -> None:
        for item in self._items:
            try:
                guards.refuse_other_names(item.wanted, self._options.get("allowed_names"))
            except AtlasError as error:
                item.error = item.error or error.message

    def _check_revocation(self, client: Any) -> None:
        """What the service says of what is deployed; a revoked one gets a new key."""
        for item in self._items:
            facts = item.inspection.certificate
            if facts is None or item.error:
                continue
            try:
                issued = client.certificate(facts.serial_number)
            except AtlasError as error:
                item.warnings.append(
                    f"Whether {facts.serial_number} was revoked could not be found out:"
                    f" {error.message}"
                )
                continue
            if issued is not None and issued.status == "REVOKED":
                item.reasons.append("revoked: the service says that the certificate was revoked")
                item.needs_new_key = True

    def _plan(self, client: Any) -> None:
        from ..obtain import plan

        due = [item for item in self._items if item.to_issue]
        if not due:
            return
        policy, now = plan.fetch_policy(client), client.service_time()
        for item in due:
            try:
                planned = plan.plan(item.wanted, policy, now)
                item.planned = replace(planned, by_rekey=item.by_rekey)
            except AtlasError as error:
                item.error = error.message
        self._to_issue = sum(item.to_issue for item in due)
        guards.refuse_too_many(self._to_issue, self._options.get("max_issue"))
        least = self._options.get("min_quota")
        if least is not None and self._to_issue:
            guards.refuse_low_quota(self._to_issue, client.quota(), least)

    def _put_in_place(self, client: Any) -> None:
        """What needs no new certificate: sets that lie there, and files to be mended."""
        if self._check_mode:
            return
        items = [item for item in self._items if item.to_resume or item.to_mend]
        chain = client.trust_chain() if any(item.lacks_chain for item in items) else []
        self._install(items, chain)

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
            asks_first=self._options["preflight"] == "server",
            progress=self._tell_progress,
            sleep=self._world.sleep,
            clock=self._world.clock,
        )
        for start in range(0, len(due), MOST_IN_A_ROUND):
            if self._is_lost:
                return
            round_of = due[start : start + MOST_IN_A_ROUND]
            self._issue_round(service, round_of, chain)
            self._issued += len(round_of)
        self._look_again([item for item in due if item.prepared and item.prepared.is_settled])

    def _tell_progress(self, done: int) -> None:
        self._world.progress(self._issued + done, self._to_issue)

    def _issue_round(self, service: Any, items: list[CertificateItem], chain: list[str]) -> None:
        from ..obtain.chain import matching_chain
        from ..obtain.issue import Issuance

        until = self._lease_end(len(items))
        self._prepare(items, until, anew=False)
        issuance = Issuance(service)
        try:
            self._settle_earlier(issuance, items, until)
            waiting = [item for item in items if item.to_issue and item.outcome is None]
            issuance.outcomes = {}
            try:
                issuance.issue([self._attempt(item, until) for item in waiting])
            finally:
                for position, outcome in issuance.outcomes.items():
                    waiting[position].set_outcome(outcome)
            issued = [item.outcome.certificate for item in items if item.outcome]
            chain = matching_chain(
                service.client, chain, [pem for pem in issued if pem], self._world.fetch
            )
        finally:
            # Also when the run is cut short: what was issued must not wait for the next one.
            self._install([item for item in items if item.install_action], chain)

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
        """Have attempts recorded; those of another run that is at work are waited for."""
        waiting, breaks = list(items), ""
        waited = 0.0
        while waiting:
            common = self._for_all(until, breaks)
            orders = [item.for_prepare(common, anew) for item in waiting]
            busy = []
            for item, prepared in zip(waiting, self._node.prepare(orders)):
                item.set_prepared(prepared)
                if prepared.busy:
                    busy.append(item)
            waiting = busy
            if not waiting:
                return
            holder = waiting[0].prepared.busy if waiting[0].prepared else {}
            if self._world.run.knows_to_be_gone(holder) and breaks != holder["run"]:
                breaks = holder["run"]
                continue
            if waited >= _PATIENCE:
                self._give_up(waiting)
                return
            self._world.sleep(_BUSY_PAUSE)
            waited += _BUSY_PAUSE

    def _for_all(self, until: int, breaks: str) -> dict[str, Any]:
        run = self._world.run
        return {
            "now": self._now(),
            "settle": self._options["settle"],
            "nonce": run.nonce,
            "attempt_id": run.run_id,
            "account": _account(self._options),
            "lease": run.lease(until),
            "breaks": breaks,
        }

    @staticmethod
    def _give_up(items: Sequence[CertificateItem]) -> None:
        for item in items:
            holder = item.prepared.busy if item.prepared else {}
            item.error = (
                f"Another run on {holder.get('controller')} (process {holder.get('process')}) has"
                f" been asking for this certificate for longer than {_PATIENCE:.0f} seconds; wait"
                " for it, and run the task again."
            )

    def _settle_earlier(self, issuance: Any, items: Sequence[CertificateItem], until: int) -> None:
        """Find out what became of attempts that earlier runs left, before anything is sent."""
        old = [
            item
            for item in items
            if item.to_issue and item.prepared is not None and not item.prepared.is_fresh
        ]
        void = []
        for item, known in zip(old, issuance.earlier([self._attempt(e, until) for e in old])):
            if known.warning:
                item.warnings.append(known.warning)
            if known.outcome is not None:
                item.set_outcome(known.outcome)
            elif known.is_void:
                void.append(item)
        self._prepare(void, until, anew=True)

    def _attempt(self, item: CertificateItem, until: int) -> Any:
        from ..obtain.issue import Attempt

        prepared = item.prepared or Prepared()
        return Attempt(item.planned, prepared, self._world.run.nonce, self._now(), until)

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
        except NodeLostError as error:
            self._is_lost = True
            for item in items:
                serial = item.outcome.serial if item.outcome else ""
                issued = f"The certificate {serial} was issued, and " if serial else ""
                item.error = item.error or (
                    f"{issued}the connection to the node was lost: {error.message} The next run"
                    " finds out what was done."
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
            and item.inspection.superseded
            and item.wanted.revoke_superseded
            and not item.inspection.unacknowledged
            and not item.is_deployed_now
        ]
        self._confirm([*new, *waiting], client)

    def _confirm(self, items: list[CertificateItem], client: Any) -> None:
        nonce = self._world.run.nonce
        orders = [item.for_acknowledge(nonce, []) for item in items]
        for item, answer in zip(items, self._node.acknowledge("acknowledge", orders)):
            item.acknowledged = answer
            item.error = item.error or answer.obstacle
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

    def _previous(self) -> None:
        items = [item for item in self._items if item.inspection.unacknowledged]
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
            item.inspection = replace(
                item.inspection, certificate=seen.certificate, content=seen.content
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
            if not item.error and not all(proof.is_revoked for proof in answer.superseded):
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
        orders = [
            {"wanted": item.wanted.on_wire(), "removes_key": self._options["remove_privatekey"]}
            for item in self._items
        ]
        for item, removed in zip(self._items, self._node.remove(orders)):
            item.removed = removed
            item.error = removed.obstacle
            item.warnings.extend(removed.notices)


def _waits(item: CertificateItem) -> bool:
    """Whether something waits for being confirmed."""
    queued = item.inspection.superseded and item.wanted.revoke_superseded
    return item.inspection.unacknowledged or bool(queued)


def _account(options: Mapping[str, Any]) -> str:
    """Which account it is, without telling."""
    text = f"{options['api_url']}\0{options.get('api_key')}"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
