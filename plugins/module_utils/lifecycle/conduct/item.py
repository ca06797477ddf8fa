# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One certificate on its way through the steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..exchange import Acknowledged, Inspection, Installed, Prepared, Removed
from ..facts import CertificateFacts
from ..reasons import concern_only_the_key, is_told_once
from ..wanted import Wanted


@dataclass
class CertificateItem:
    """What is known of one certificate; what is None has not been reached.

    `inspection` is what was found at first, `seen` what was found again after others were at it.
    `reasons` are why a new one is needed: what the node found, and what the service knows.
    `planned` is a `lifecycle.obtain.plan.Planned`, `outcome` an `attempt.Outcome` beside it:
    both are imported only when something is due. `refusal` is why no request may be sent, `error`
    why the item goes no further; `uncovered` are names that no verified claim covers, where check
    mode cannot know whether a task before this one would have had them verified.
    `attempt_id` names what is begun for it in this run.
    """

    wanted: Wanted
    attempt_id: str = ""
    inspection: Inspection = field(default_factory=Inspection)
    seen: Inspection | None = None
    reasons: list[str] = field(default_factory=list)
    needs_new_key: bool = False
    planned: Any = None
    uncovered: list[str] = field(default_factory=list)
    refusal: str = ""
    prepared: Prepared | None = None
    orphan: str = ""
    outcome: Any = None
    installed: Installed | None = None
    acknowledged: Acknowledged | None = None
    removed: Removed | None = None
    revoked: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: str = ""

    def set_inspection(self, inspection: Inspection, check_mode: bool) -> None:
        """Take what was found, with an error if the files cannot be put in place.

        In check mode a missing folder is none: a task before this one may be about to create it.
        What the service knows stays a reason when a node is asked again.
        """
        known_besides = self.reasons[len(self.inspection.reasons) :]
        self.inspection = inspection
        self.reasons = [*inspection.reasons, *known_besides]
        self.warnings.extend(each for each in inspection.notices if each not in self.warnings)
        self.error = inspection.obstacle
        if inspection.missing_folders and not self.error and not check_mode:
            self.error = _no_folders(inspection.missing_folders)

    @property
    def to_issue(self) -> bool:
        """Whether a new certificate has to be asked for, and nothing stands in the way so far."""
        is_open = not (self.error or self.is_settled)
        return bool(self.reasons) and not self.inspection.unfinished and is_open

    @property
    def is_settled(self) -> bool:
        """Whether another run has done what was due meanwhile, or begun to."""
        return self.prepared is not None and self.prepared.is_settled

    @property
    def to_resume(self) -> bool:
        """Whether a complete set lies on the node and has to be put in place."""
        return bool(self.inspection.unfinished) and not self.error

    @property
    def to_mend(self) -> bool:
        """Whether files have to be mended, and nothing stands in the way."""
        is_right = not self.reasons and not self.inspection.unfinished
        return bool(self.inspection.repairs) and is_right and not self.error

    @property
    def lacks_chain(self) -> bool:
        """Whether a repair takes the trust chain of the service."""
        return self.to_mend and self.inspection.needs_chain

    @property
    def by_rekey(self) -> bool:
        """Whether another key for the deployed certificate is enough."""
        return (
            self.wanted.rekey
            and self.inspection.is_own
            and self.inspection.certificate is not None
            and concern_only_the_key(self.reasons)
        )

    @property
    def is_deployed_now(self) -> bool:
        """Whether this run put a set in place."""
        return bool(self.installed and self.installed.is_deployed)

    @property
    def facts(self) -> CertificateFacts | None:
        """What is deployed now, as far as it is known."""
        if self.is_deployed_now:
            if self.outcome and self.outcome.facts:
                told: CertificateFacts = self.outcome.facts
                return told
            if self.installed and self.installed.certificate:
                return self.installed.certificate
        return self.seen.certificate if self.seen else self.inspection.certificate

    @property
    def makes_new_key(self) -> bool:
        """Whether a new certificate will have a new key, as far as it can be foretold."""
        if self.wanted.external_key:
            return False
        if any(reason.startswith("revoked:") for reason in self.reasons) or self.needs_new_key:
            return True
        deployed, planned = self.inspection.certificate, self.planned
        is_fit = bool(deployed and planned and deployed.key in map(str, planned.kept_kinds))
        return not (self.wanted.keeps_key and is_fit)

    def will_change(self) -> bool:
        """What check mode foretells."""
        is_new = self.inspection.unacknowledged and not self.error
        return self.to_issue or self.to_resume or self.to_mend or is_new

    @property
    def queued_for_revocation(self) -> list[str]:
        """Serial numbers of what was superseded, and is to be revoked."""
        return list(self.inspection.superseded) if self.wanted.revoke_superseded else []

    def will_be_revoked(self, acknowledges: bool) -> list[str]:
        """The serial numbers that check mode foretells to be revoked.

        `acknowledges` is whether what is deployed counts as working at the end of the task.
        """
        if self.error or (self.inspection.unacknowledged and not acknowledges):
            return []
        found, deployed = self.queued_for_revocation, self.inspection.certificate
        is_replaced = self.to_issue and self.inspection.is_own and acknowledges
        if self.wanted.revoke_superseded and is_replaced and deployed:
            found.append(deployed.serial_number)
        return found

    def has_changed(self) -> bool:
        """Whether something was changed, or was changed before and not reported to the end."""
        wrote = bool(self.installed and self.installed.changed_files)
        is_new = self.inspection.unacknowledged and not self.error
        return wrote or is_new

    def for_prepare(self, common: dict[str, Any], anew: bool) -> dict[str, Any]:
        """What the node has to know to begin an attempt; `common` holds for all of a run."""
        kind = self.planned.key_kind
        return {
            **common,
            "wanted": self.wanted.on_wire(),
            "attempt_id": self.attempt_id,
            "key_type": kind.key_type,
            "key_bits": kind.bits,
            "kept_kinds": [[kept.key_type, kept.bits] for kept in self.planned.kept_kinds],
            "not_after": self.planned.not_after,
            "is_due": self.reasons != self.inspection.reasons,
            "new_key": self.needs_new_key,
            "orphan": self.orphan,
            "anew": anew,
        }

    def set_prepared(self, prepared: Prepared) -> None:
        """Take the node's answer to `prepare`."""
        self.prepared = prepared
        self.outcome = None
        self.warnings.extend(prepared.notices)
        self.error = prepared.obstacle

    def set_outcome(self, outcome: Any) -> None:
        """Take what became of the request."""
        self.outcome = outcome
        self.orphan = outcome.orphan
        self.error = outcome.message
        self.warnings.extend(outcome.warnings)

    @property
    def is_void(self) -> bool:
        """Whether another attempt has to be begun for it."""
        return self.outcome is not None and self.outcome.action == "void"

    @property
    def is_granted(self) -> bool:
        """Whether a certificate was issued for it."""
        return self.outcome is not None and bool(self.outcome.certificate)

    @property
    def install_action(self) -> str:
        """What `install` has to do; empty if nothing."""
        if self.outcome is not None:
            return "" if self.is_void else str(self.outcome.action)
        if self.prepared is not None and self.prepared.attempt_id and not self.prepared.is_settled:
            # The run was cut short before anything became of it.
            return "unknown"
        if self.to_resume:
            return "resume"
        return "mend" if self.to_mend else ""

    def for_install(
        self, run: str, now: int, chain: list[str], with_content: bool
    ) -> dict[str, Any]:
        """What the node has to know to install, mend or close."""
        outcome = self.outcome
        return {
            "wanted": self.wanted.on_wire(),
            "action": self.install_action,
            "run": run,
            "attempt_id": self.prepared.attempt_id if self.prepared else "",
            "now": now,
            "certificate": outcome.certificate if outcome else "",
            "chain": chain,
            "serial": outcome.serial if outcome else "",
            "failure": (outcome.why or outcome.message if outcome else self.error)[:1000],
            "with_content": with_content or not self.wanted.targets,
        }

    def set_installed(self, installed: Installed) -> None:
        """Take the node's answer to `install`; whatever became of a certificate, it is named."""
        self.installed = installed
        self.warnings.extend(installed.notices)
        obstacle, serial = installed.obstacle, self.outcome.serial if self.is_granted else ""
        if obstacle and serial and serial not in obstacle:
            obstacle = f"{obstacle.rstrip('.')}. The certificate {serial} was issued for it."
        self.error = self.error or obstacle

    @property
    def tells_something_once(self) -> bool:
        """Whether this run tells of certificates that nobody uses."""
        return any(map(is_told_once, self.warnings))

    def for_acknowledge(
        self, nonce: str, serials: list[str], confirms: bool = True
    ) -> dict[str, Any]:
        """What the node has to know to acknowledge, switch back or note a revocation.

        `confirms`: what is deployed is working; else only that the user was told of orphans.
        """
        return {
            "wanted": self.wanted.on_wire(),
            "nonce": nonce,
            "serials": serials,
            "why": "",
            "confirms": confirms,
        }

    def for_remove(self, now: int, breaks: str, removes_key: bool) -> dict[str, Any]:
        """What the node has to know to remove the files."""
        return {
            "wanted": self.wanted.on_wire(),
            "removes_key": removes_key,
            "now": now,
            "breaks": breaks,
        }

    @property
    def holder(self) -> dict[str, Any]:
        """The lease of the run that keeps the files from being removed; empty if there is none."""
        return self.removed.busy if self.removed else {}

    @property
    def held_until(self) -> int:
        """When that lease is over, in UNIX seconds; 0 without one."""
        return int(self.holder.get("until", 0))

    def set_removed(self, removed: Removed) -> None:
        """Take the node's answer to `remove`."""
        self.removed = removed
        self.error = removed.obstacle
        self.warnings.extend(removed.notices)


def _no_folders(folders: Sequence[str]) -> str:
    if len(folders) == 1:
        return f"The folder {folders[0]} does not exist on the node; create it before this task."
    listed = ", ".join(folders)
    return f"The folders {listed} do not exist on the node; create them before this task."
