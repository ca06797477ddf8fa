# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One certificate on its way through the five steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.exchange import (
    Inspection,
    Installed,
    Prepared,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Wanted


@dataclass
class CertificateItem:
    """What is known of one certificate; what is None has not been reached.

    `planned` is a `lifecycle.obtain.plan.Planned`, `outcome` an `issue.Outcome` beside it:
    both are imported only when something is due. `error` says why the item goes no further.
    """

    wanted: Wanted
    inspection: Inspection
    planned: Any = None
    prepared: Prepared | None = None
    outcome: Any = None
    installed: Installed | None = None
    error: str = ""

    @classmethod
    def inspected(cls, wanted: Wanted, inspection: Inspection, check_mode: bool) -> CertificateItem:
        """An item after its inspection, with an error if it cannot be put in place.

        In check mode a missing folder is none: a task before this one may be about to create it.
        """
        item = cls(wanted, inspection, error=inspection.obstacle)
        if inspection.missing_folders and not item.error and not check_mode:
            folders = ", ".join(inspection.missing_folders)
            item.error = (
                f"The folder {folders} does not exist on the node; create it before this task."
            )
        return item

    @property
    def to_issue(self) -> bool:
        """Whether a new certificate has to be asked for, and nothing stands in the way so far."""
        return bool(self.inspection.reasons) and not self.error

    @property
    def to_mend(self) -> bool:
        """Whether files have to be mended, and nothing stands in the way."""
        return bool(self.inspection.repairs) and not self.error

    @property
    def needs_chain(self) -> bool:
        """Whether the trust chain has to be fetched."""
        return self.to_issue or (self.to_mend and self.inspection.needs_chain)

    def needs_service(self, check_mode: bool) -> bool:
        """Whether Atlas has to be asked; in check mode only for the policy."""
        return self.to_issue if check_mode else self.needs_chain

    def for_prepare(self) -> dict[str, Any]:
        """What the node has to know to stage a key."""
        kind = self.planned.key_kind
        return {
            "wanted": self.wanted.on_wire(),
            "key_type": kind.key_type,
            "key_bits": kind.bits,
        }

    def set_prepared(self, prepared: Prepared) -> None:
        """Take the node's answer to `prepare`."""
        self.prepared = prepared
        self.error = prepared.obstacle

    @property
    def attempt(self) -> tuple[Any, Any]:
        """What `issue` takes: the plan and the prepared key."""
        return self.planned, self.prepared

    def set_outcome(self, outcome: Any) -> None:
        """Take what became of the request."""
        self.outcome = outcome
        self.error = outcome.message

    @property
    def install_action(self) -> str:
        """What `install` has to do: `install`, `discard`, `mend`, or nothing."""
        if self.outcome is not None:
            if self.outcome.certificate:
                return "install"
            return "discard" if self.outcome.refused else ""
        return "mend" if self.to_mend else ""

    def for_install(self, chain: list[str]) -> dict[str, Any]:
        """What the node has to know to install, mend or discard."""
        issued = self.outcome is not None and self.outcome.certificate
        return {
            "wanted": self.wanted.on_wire(),
            "action": self.install_action,
            "certificate": issued or "",
            "chain": chain,
        }

    def set_installed(self, installed: Installed) -> None:
        """Take the node's answer to `install`."""
        self.installed = installed
        self.error = self.error or installed.obstacle
