# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One certificate on its way: what is to be done with it, and what the node is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.request import (
    CertificateRequest,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.item import (
    CertificateItem,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.exchange import (
    Inspection,
    Installed,
    Prepared,
    Removed,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.facts import (
    CertificateFacts,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.attempt import (
    Outcome,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.plan import Planned
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.reasons import (
    orphan_notice,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Wanted
from ansible_collections.globalsign.atlas.plugins.module_utils.pki.keys import KeyKind

from ..conftest import task

NOW = 1_800_000_000
P256 = KeyKind("ECDSA", 256)
DEPLOYED = CertificateFacts("01", 0, NOW, "", "", [], [], [], [], "ECDSA 256", "aa")
GRANTED = replace(DEPLOYED, serial_number="02")
DUE = ["expiring: 1 days remain, renew_before is auto"]


def wanted(**options: Any) -> Wanted:
    (made,) = wanted_certificates(task(**options))
    assert isinstance(made, Wanted)
    return made


def item(found: dict[str, Any] | None = None, **options: Any) -> CertificateItem:
    made = CertificateItem(wanted(**options))
    made.set_inspection(Inspection(**{"certificate": DEPLOYED, **(found or {})}), check_mode=False)
    return made


def planned(of: CertificateItem, kind: KeyKind = P256) -> Planned:
    request = CertificateRequest({}, {}, NOW, NOW + 90)
    return Planned(of.wanted, request, kind, False, True, 3, kept_kinds=(kind,))


def prepared_item(**members: Any) -> CertificateItem:
    made = item({"reasons": DUE})
    made.planned = planned(made)
    made.set_prepared(Prepared(**{"attempt_id": "attempt", **members}))
    return made


def test_nothing_is_known_at_first() -> None:
    made = CertificateItem(wanted())
    members = {name: value for name, value in vars(made).items() if name != "wanted"}
    assert members.pop("inspection") == Inspection()
    assert not any(members.values())


def test_the_order_to_prepare_is_all_that_the_node_goes_by() -> None:
    made = item({"reasons": DUE})
    made.planned = planned(made, KeyKind("ECDSA", 384))
    made.attempt_id = "run-0"
    common = {"now": NOW, "lease": {"run": "r"}}
    order = made.for_prepare(common, anew=False)
    assert order == {
        "now": NOW,
        "lease": {"run": "r"},
        "wanted": made.wanted.on_wire(),
        "attempt_id": "run-0",
        "key_type": "ECDSA",
        "key_bits": 384,
        "kept_kinds": [["ECDSA", 384]],
        "not_after": NOW + 90,
        "is_due": False,
        "new_key": False,
        "orphan": "",
        "anew": False,
    }
    made.needs_new_key = True
    made.set_outcome(Outcome("void", orphan="03"))
    made.reasons.append("revoked: the service says so")
    assert made.for_prepare(common, anew=True) == {
        **order,
        "is_due": True,
        "new_key": True,
        "orphan": "03",
        "anew": True,
    }


def test_the_order_to_install_what_was_issued() -> None:
    made = prepared_item()
    made.set_outcome(Outcome("install", certificate="PEM", facts=GRANTED, serial="02"))
    order = made.for_install("run", NOW, ["issuer", "root"], with_content=False)
    assert order == {
        "wanted": made.wanted.on_wire(),
        "action": "install",
        "run": "run",
        "attempt_id": "attempt",
        "now": NOW,
        "certificate": "PEM",
        "chain": ["issuer", "root"],
        "serial": "02",
        "failure": "",
        "with_content": False,
    }
    assert made.for_install("run", NOW, [], with_content=True)["with_content"] is True


def test_the_order_to_note_what_is_known_of_a_request() -> None:
    made = prepared_item()
    made.set_outcome(Outcome("pending", "x" * 1001, serial="02"))
    order = made.for_install("run", NOW, [], with_content=False)
    assert (order["action"], order["serial"], order["failure"]) == ("pending", "02", "x" * 1000)
    assert (order["certificate"], order["attempt_id"]) == ("", "attempt")


def test_the_order_to_note_a_run_that_was_cut_short() -> None:
    made = prepared_item()
    made.error = "The run was stopped."
    order = made.for_install("run", NOW, [], with_content=False)
    assert (order["action"], order["failure"]) == ("unknown", "The run was stopped.")
    assert (order["certificate"], order["serial"]) == ("", "")


def test_the_order_to_mend_names_no_attempt() -> None:
    made = item({"repairs": ["/etc/ssl/cert.pem: missing"]})
    order = made.for_install("run", NOW, [], with_content=False)
    assert (order["action"], order["attempt_id"], order["certificate"]) == ("mend", "", "")
    assert (order["serial"], order["failure"]) == ("", "")


def test_without_files_the_content_is_always_asked_for() -> None:
    made = item(path=None, privatekey_path=None, csr_content="CSR", state_dir="/s")
    assert made.for_install("run", NOW, [], with_content=False)["with_content"] is True


def test_the_order_to_acknowledge() -> None:
    made = item()
    order = {
        "wanted": made.wanted.on_wire(),
        "nonce": "nonce",
        "serials": ["01"],
        "why": "",
        "confirms": True,
    }
    assert made.for_acknowledge("nonce", ["01"]) == order
    noted = made.for_acknowledge("nonce", [], confirms=False)
    assert noted == {**order, "serials": [], "confirms": False}


def test_the_order_to_remove() -> None:
    made = item()
    assert made.for_remove(NOW, "run", removes_key=True) == {
        "wanted": made.wanted.on_wire(),
        "removes_key": True,
        "now": NOW,
        "breaks": "run",
    }
    made.set_removed(Removed(obstacle="no", notices=["lost"]))
    assert (made.error, made.warnings) == ("no", ["lost"])


@pytest.mark.parametrize(
    ("found", "error", "states"),
    [
        ({}, "", (False, False, False)),
        ({"reasons": DUE}, "", (True, False, False)),
        ({"reasons": DUE}, "no", (False, False, False)),
        ({"reasons": DUE, "unfinished": "held: 02"}, "", (False, True, False)),
        ({"unfinished": "held: 02"}, "no", (False, False, False)),
        ({"repairs": ["x"]}, "", (False, False, True)),
        ({"repairs": ["x"]}, "no", (False, False, False)),
        ({"repairs": ["x"], "reasons": DUE}, "", (True, False, False)),
        ({"repairs": ["x"], "unfinished": "held: 02"}, "", (False, True, False)),
    ],
)
def test_issued_or_resumed_or_mended_and_never_two_of_them(
    found: dict[str, Any], error: str, states: tuple[bool, bool, bool]
) -> None:
    made = item(found)
    made.error = error
    assert (made.to_issue, made.to_resume, made.to_mend) == states
    action = "resume" if made.to_resume else "mend" if made.to_mend else ""
    assert made.install_action == action
    assert made.will_change() is any(states)


def test_what_another_run_settled_is_not_asked_for() -> None:
    made = prepared_item(is_settled=True, attempt_id="")
    assert (made.is_settled, made.to_issue, made.install_action) == (True, False, "")
    assert not prepared_item().is_settled
    assert not item().is_settled


@pytest.mark.parametrize(
    ("outcome", "action"),
    [
        (Outcome("install", certificate="PEM", serial="02"), "install"),
        (Outcome("keep", "not yet", "PEM", serial="02"), "keep"),
        (Outcome("reject", "no use", "PEM", serial="02"), "reject"),
        (Outcome("close", "no"), "close"),
        (Outcome("close", "no", serial="02"), "close"),
        (Outcome("pending", "later", serial="02"), "pending"),
        (Outcome("unknown", "time-out"), "unknown"),
        (Outcome("void", orphan="02"), ""),
    ],
)
def test_what_the_node_has_to_do_with_an_outcome(outcome: Outcome, action: str) -> None:
    made = prepared_item()
    made.set_outcome(outcome)
    assert made.install_action == action
    assert made.error == outcome.message
    assert made.is_granted is bool(outcome.certificate)
    assert made.is_void is (outcome.action == "void")


def test_a_settled_attempt_is_not_noted_again() -> None:
    assert prepared_item(is_settled=True).install_action == ""
    assert prepared_item().install_action == "unknown"


def test_a_missing_folder_is_no_error_in_check_mode_or_beside_another() -> None:
    folders = {"missing_folders": ["/a", "/b"]}
    assert item(folders).error == (
        "The folders /a, /b do not exist on the node; create them before this task."
    )
    assert item({**folders, "obstacle": "no way"}).error == "no way"
    made = CertificateItem(wanted())
    made.set_inspection(Inspection(**folders), check_mode=True)
    assert made.error == ""


def test_what_the_node_says_is_a_warning_or_an_error() -> None:
    made = item({"notices": ["one"]})
    made.set_prepared(Prepared(obstacle="no", notices=["two"]))
    assert (made.warnings, made.error) == (["one", "two"], "no")
    made.set_outcome(Outcome("unknown", "never", warnings=("three",)))
    assert (made.warnings, made.error) == (["one", "two", "three"], "never")
    made.set_installed(Installed(obstacle="not so", notices=["four"]))
    assert (made.warnings, made.error) == (["one", "two", "three", "four"], "never")
    made.error = ""
    made.set_installed(Installed(obstacle="not so"))
    assert made.error == "not so"


@pytest.mark.parametrize(
    ("obstacle", "said"),
    [
        ("another run took over.", "another run took over. The certificate 02 was issued for it."),
        ("02 is kept.", "02 is kept."),
        ("", ""),
    ],
)
def test_what_was_issued_is_named_whatever_became_of_it(obstacle: str, said: str) -> None:
    made = prepared_item()
    made.set_outcome(Outcome("install", certificate="PEM", serial="02"))
    made.set_installed(Installed(obstacle=obstacle))
    assert made.error == said


def test_what_the_service_knows_stays_a_reason() -> None:
    made = item({"reasons": DUE, "notices": ["one"]})
    made.reasons.append("revoked: so")
    made.set_inspection(Inspection(reasons=[], notices=["one", "two"]), check_mode=False)
    assert (made.reasons, made.warnings) == (["revoked: so"], ["one", "two"])


def test_orphans_that_are_told_of() -> None:
    made = item({"notices": ["one"]})
    assert not made.tells_something_once
    made.warnings.append(orphan_notice("03"))
    assert made.tells_something_once


def test_another_order_to_prepare_tells_of_the_orphan() -> None:
    made = prepared_item()
    made.set_outcome(Outcome("void", orphan="03"))
    made.set_prepared(Prepared(attempt_id="attempt"))
    assert (made.outcome, made.install_action) == (None, "unknown")
    assert made.for_prepare({}, anew=True)["orphan"] == "03"


def test_the_reasons_of_an_item_are_its_own_list() -> None:
    made = item({"reasons": DUE})
    made.reasons.append("revoked: so")
    assert made.inspection.reasons == DUE


@pytest.mark.parametrize(
    ("options", "found", "so"),
    [
        ({"rekey": True}, {"is_own": True}, True),
        ({"rekey": False}, {"is_own": True}, False),
        ({"rekey": True}, {"is_own": False}, False),
        ({"rekey": True}, {"is_own": True, "certificate": None}, False),
        ({"rekey": True}, {"is_own": True, "reasons": DUE}, False),
    ],
)
def test_by_rekey(options: dict[str, Any], found: dict[str, Any], so: bool) -> None:
    made = item({"reasons": ["privatekey_size: it is 256, wanted is 384"], **found}, **options)
    assert made.by_rekey is so


@pytest.mark.parametrize(
    ("options", "change", "so"),
    [
        ({}, {}, True),
        ({"privatekey_rotation": "never"}, {}, False),
        ({"privatekey_rotation": "never"}, {"needs_new_key": True}, True),
        ({"privatekey_rotation": "never"}, {"reasons": ["revoked: by us"]}, True),
        ({"privatekey_rotation": "never"}, {"kind": KeyKind("ECDSA", 384)}, True),
        ({"privatekey_rotation": "never"}, {"found": {"certificate": None}}, True),
        ({"csr_content": "CSR", "privatekey_path": None}, {"needs_new_key": True}, False),
    ],
)
def test_whether_a_new_key_is_made(
    options: dict[str, Any], change: dict[str, Any], so: bool
) -> None:
    made = item(change.pop("found", {}), **options)
    made.planned = planned(made, change.pop("kind", P256))
    for name, value in change.items():
        setattr(made, name, value)
    assert made.makes_new_key is so


def test_without_a_plan_a_new_key_is_foretold() -> None:
    assert item(privatekey_rotation="never").makes_new_key


def test_what_is_deployed_now() -> None:
    made = item()
    assert (made.facts, made.is_deployed_now) == (DEPLOYED, False)
    made.seen = Inspection(certificate=GRANTED)
    assert made.facts == GRANTED
    made = prepared_item()
    made.set_outcome(Outcome("install", certificate="PEM", facts=GRANTED))
    assert made.facts == DEPLOYED
    made.set_installed(Installed(obstacle="no"))
    assert (made.facts, made.is_deployed_now) == (DEPLOYED, False)
    made.set_installed(Installed(is_deployed=True))
    assert (made.facts, made.is_deployed_now) == (GRANTED, True)
    resumed = item({"unfinished": "held: 02"})
    resumed.set_installed(Installed(is_deployed=True, certificate=GRANTED))
    assert resumed.facts == GRANTED


@pytest.mark.parametrize(
    ("found", "error", "installed", "changed"),
    [
        ({}, "", None, False),
        ({"unacknowledged": True}, "", None, True),
        ({"unacknowledged": True}, "no", None, False),
        ({}, "", Installed(changed_files=["/a"]), True),
        ({}, "no", Installed(changed_files=["/a"]), True),
        ({}, "", Installed(), False),
    ],
)
def test_what_changed(
    found: dict[str, Any], error: str, installed: Installed | None, changed: bool
) -> None:
    made = item(found)
    made.error, made.installed = error, installed
    assert made.has_changed() is changed


def test_what_was_not_acknowledged_will_change() -> None:
    made = item({"unacknowledged": True})
    assert made.will_change()
    made.error = "no"
    assert not made.will_change()


def test_only_repairs_lack_a_chain() -> None:
    assert item({"repairs": ["x"], "needs_chain": True}).lacks_chain
    assert not item({"repairs": ["x"]}).lacks_chain
    assert not item({"needs_chain": True}).lacks_chain


def test_what_is_queued_for_revocation_if_that_is_stated() -> None:
    found = {"superseded": ["01", "02"]}
    assert item(found, revoke_superseded=True).queued_for_revocation == ["01", "02"]
    assert item(found).queued_for_revocation == []


@pytest.mark.parametrize(
    ("found", "error", "acknowledges", "foretold"),
    [
        ({"superseded": ["03"], "reasons": DUE, "is_own": True}, "", True, ["03", "01"]),
        ({"superseded": ["03"], "reasons": DUE, "is_own": True}, "no", True, []),
        ({"unacknowledged": True, "superseded": ["03"]}, "", True, ["03"]),
        ({"reasons": DUE, "is_own": True, "certificate": None}, "", True, []),
        ({"is_own": True}, "", True, []),
    ],
)
def test_what_check_mode_foretells_of_revocation(
    found: dict[str, Any], error: str, acknowledges: bool, foretold: list[str]
) -> None:
    made = item(found, revoke_superseded=True)
    made.error = error
    assert made.will_be_revoked(acknowledges) == foretold
    made.wanted = replace(made.wanted, revoke_superseded=False)
    assert made.will_be_revoked(acknowledges) == []
