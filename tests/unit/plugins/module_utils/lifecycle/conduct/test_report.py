# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a certificate task: what it says of each item, and of the whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.item import (
    CertificateItem,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.report import (
    report as report_of,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.exchange import (
    Acknowledged,
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
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Misstated
from ansible_collections.globalsign.atlas.plugins.module_utils.pki.keys import KeyKind

NOW = 1_800_000_000
OLD = CertificateFacts(
    serial_number="01AA",
    not_before=NOW - 170 * 86400,
    not_after=NOW + 29 * 86400,
    subject="CN=www.example.com",
    issuer="CN=Issuing CA",
    dns_names=["www.example.com"],
    emails=[],
    ip_addresses=[],
    uris=[],
    key="ECDSA 256",
    fingerprint="aa",
)
NEW = CertificateFacts(**{**OLD.__dict__, "serial_number": "01BB", "not_after": NOW + 199 * 86400})


@dataclass(frozen=True)
class Planned:
    key_kind: KeyKind
    not_after: int = 0


def report(
    items: list[CertificateItem], check_mode: bool, now: int, **options: Any
) -> dict[str, Any]:
    return report_of(
        items, {}, {"state": "present", "return_content": False, **options}, check_mode, now
    )


def item(name: str = "cert", check_mode: bool = False, **found: Any) -> CertificateItem:
    task = {
        "path": f"/etc/ssl/{name}.pem",
        "privatekey_path": f"/etc/ssl/{name}.key",
        "san": {"dns_names": ["www.example.com"]},
    }
    (wanted,) = wanted_certificates(task)
    made = CertificateItem(wanted)
    made.set_inspection(Inspection(**{"certificate": OLD, **found}), check_mode)
    return made


def replaced(name: str = "cert") -> CertificateItem:
    done = item(name, reasons=["expiring: 29 days remain, renew_before is auto"])
    done.planned = Planned(KeyKind("ECDSA", 256))
    done.set_prepared(Prepared(attempt_id="a"))
    done.set_outcome(Outcome("install", certificate="PEM", facts=NEW, warnings=("look at this",)))
    done.set_installed(Installed([done.wanted.label], is_deployed=True))
    return done


def test_nothing_to_do() -> None:
    result = report([item()], False, NOW)
    (entry,) = result["certificates"]
    assert (result["changed"], result["diff"], result["warnings"]) == (False, [], [])
    assert "failed" not in result
    assert entry["serial_number"] == "01AA"
    assert entry["remaining_days"] == 29
    assert entry["not_after"] == "2027-02-13T08:00:00Z"
    assert entry["files"] == {"path": "/etc/ssl/cert.pem", "privatekey_path": "/etc/ssl/cert.key"}


def test_a_replaced_certificate_shows_before_and_after() -> None:
    result = report([replaced()], False, NOW)
    (diff,) = result["diff"]
    assert result["changed"]
    assert result["certificates"][0]["serial_number"] == "01BB"
    assert "serial_number: 01AA" in diff["before"]
    assert "serial_number: 01BB" in diff["after"]
    assert diff["after_header"] == (
        "/etc/ssl/cert.pem (expiring: 29 days remain, renew_before is auto)"
    )
    assert result["warnings"] == ["/etc/ssl/cert.pem: look at this"]


def test_check_mode_foresees_what_it_can() -> None:
    foreseen = item(
        check_mode=True,
        reasons=["missing: there is no certificate"],
        certificate=None,
        missing_folders=["/etc/ssl"],
    )
    foreseen.planned = Planned(KeyKind("ECDSA", 256))
    result = report([foreseen], True, NOW)
    assert result["changed"]
    assert result["diff"][0]["before"] == ""
    assert result["diff"][0]["after"] == (
        "san.dns_names: www.example.com\nkey: ECDSA 256, new\n"
        "folder to be created first: /etc/ssl\n"
    )


def test_a_missing_folder_is_an_error_outside_check_mode() -> None:
    result = report([item(reasons=["missing"], missing_folders=["/etc/ssl"])], False, NOW)
    assert result["failed"]
    assert result["msg"].startswith("The folder /etc/ssl does not exist on the node; create it")


def test_one_of_several_that_fails_is_named_and_the_others_are_done() -> None:
    refused = item("bad", reasons=["missing: there is no certificate"])
    refused.set_prepared(Prepared(attempt_id="a"))
    refused.set_outcome(Outcome("close", "The quota is used up."))
    result = report([replaced("good"), refused], False, NOW)
    assert result["changed"]
    assert result["failed"]
    assert result["msg"] == ("1 of 2 certificates failed. /etc/ssl/bad.pem: The quota is used up.")
    good, bad = result["certificates"]
    assert (good["changed"], bad["changed"], bad["msg"]) == (True, False, "The quota is used up.")


def test_what_install_has_to_do_follows_from_what_became_of_the_request() -> None:
    due = ["missing: there is no certificate"]
    refused, unknown, pending, mended, resumed, idle = (
        item(reasons=due),
        item(reasons=due),
        item(reasons=due),
        item(repairs=["x"]),
        item(reasons=due, unfinished="held: 01BB"),
        item(),
    )
    refused.set_outcome(Outcome("close", "no"))
    unknown.set_outcome(Outcome("unknown", "time-out"))
    pending.set_outcome(Outcome("pending", "later", serial="01CC"))
    assert replaced().install_action == "install"
    assert refused.install_action == "close"
    assert unknown.install_action == "unknown"
    assert pending.install_action == "pending"
    assert resumed.install_action == "resume"
    assert mended.install_action == "mend"
    assert idle.install_action == ""


def test_a_run_that_is_cut_short_notes_its_attempts() -> None:
    begun = item(reasons=["missing: there is no certificate"])
    begun.set_prepared(Prepared(attempt_id="a"))
    assert begun.install_action == "unknown"


def test_what_was_not_acknowledged_is_reported_again() -> None:
    result = report([item(unacknowledged=True)], False, NOW)
    assert result["changed"]
    assert result["certificates"][0]["repairs"][0].startswith("unacknowledged: ")


def test_a_held_set_is_foretold_and_no_new_certificate() -> None:
    held = item(reasons=["expiring: 1 days remain"], unfinished="held: 01BB is not in place")
    assert not held.to_issue
    result = report([held], True, NOW)
    assert result["changed"]
    assert "held: 01BB" in result["diff"][0]["after"]


def test_content_is_returned_if_it_is_asked_for() -> None:
    pem = {"certificate": "PEM", "chain": "CHAIN", "root": ""}
    shown = report([item(content=pem)], False, NOW, return_content=True)
    assert {name: shown["certificates"][0][name] for name in pem} == pem
    assert "chain" not in report([item(content=pem)], False, NOW)["certificates"][0]


def test_other_states() -> None:
    absent = item()
    absent.removed = Removed(removed_files=["/etc/ssl/cert.pem"])
    result = report([absent], False, NOW, state="absent")
    assert result["certificates"][0]["removed"] == ["/etc/ssl/cert.pem"]
    assert result["diff"][0]["before"] == "/etc/ssl/cert.pem\n"
    revoked = item()
    revoked.revoked = ["01AA"]
    result = report([revoked], False, NOW, state="revoked")
    assert "revoked: yes" in result["diff"][0]["after"]
    confirmed = item(unacknowledged=True)
    assert report([confirmed], True, NOW, state="confirmed")["changed"]
    confirmed.acknowledged = Acknowledged(is_changed=True)
    assert report([confirmed], False, NOW, state="confirmed")["changed"]
    assert not report([item()], False, NOW, state="previous")["changed"]


def test_a_set_that_was_put_in_place_without_a_request_is_what_is_shown() -> None:
    """One that was held or cut off: what is deployed now, and not what was found."""
    resumed = item(unfinished="held: 01BB")
    resumed.set_installed(Installed(["/etc/ssl/cert.pem"], is_deployed=True, certificate=NEW))
    result = report([resumed], False, NOW)
    assert result["certificates"][0]["serial_number"] == "01BB"
    assert "serial_number: 01BB" in result["diff"][0]["after"]
    assert "serial_number: 01AA" in result["diff"][0]["before"]


def test_switched_back_shows_both() -> None:
    back = item(unacknowledged=True)
    back.acknowledged = Acknowledged(is_changed=True)
    back.seen = Inspection(certificate=NEW)
    result = report([back], False, NOW, state="previous")
    assert "serial_number: 01AA" in result["diff"][0]["before"]
    assert "serial_number: 01BB" in result["diff"][0]["after"]


def test_one_that_is_stated_wrong_has_its_place() -> None:
    wrong = Misstated("/etc/ssl/bad.pem", "certificates[0].mode: wrong.")
    result = report_of(
        [replaced()], {0: wrong}, {"state": "present", "return_content": False}, False, NOW
    )
    assert [entry["path"] for entry in result["certificates"]] == [
        "/etc/ssl/bad.pem",
        "/etc/ssl/cert.pem",
    ]
    assert result["msg"] == (
        "1 of 2 certificates failed. /etc/ssl/bad.pem: certificates[0].mode: wrong."
    )


@pytest.mark.parametrize(
    ("found", "acknowledges", "foretold"),
    [
        ({"superseded": ["01CC"]}, True, ["01CC"]),
        ({"superseded": ["01CC"]}, False, ["01CC"]),
        ({"superseded": ["01CC"], "unacknowledged": True}, False, []),
        ({"reasons": ["forced: x"], "is_own": True}, True, ["01AA"]),
        ({"reasons": ["forced: x"], "is_own": True}, False, []),
        ({"reasons": ["forced: x"]}, True, []),
    ],
)
def test_what_will_be_revoked(found: dict[str, Any], acknowledges: bool, foretold: Any) -> None:
    made = item(**found)
    made.wanted = replace(made.wanted, revoke_superseded=True)
    assert made.will_be_revoked(acknowledges) == foretold


DESCRIBED = (
    "subject: CN=www.example.com\n"
    "dns_names: www.example.com\n"
    "not_before: 2026-07-29T08:00:00Z\n"
    "not_after: 2027-02-13T08:00:00Z\n"
    "key: ECDSA 256\n"
    "serial_number: 01AA\n"
    "issuer: CN=Issuing CA\n"
)


def test_a_certificate_is_described_line_by_line() -> None:
    result = report([replaced()], False, NOW)
    (diff,) = result["diff"]
    assert diff == {
        "before_header": "/etc/ssl/cert.pem",
        "after_header": "/etc/ssl/cert.pem (expiring: 29 days remain, renew_before is auto)",
        "before": DESCRIBED,
        "after": DESCRIBED.replace("01AA", "01BB").replace("2027-02-13", "2027-08-02"),
    }
    more = replace(OLD, emails=["a@b", "c@d"], ip_addresses=["192.0.2.1"], uris=["urn:a", "urn:b"])
    mended = item(certificate=more, repairs=["/a: missing"])
    mended.set_installed(Installed(["/a"]))
    (diff,) = report([mended], False, NOW)["diff"]
    names = "emails: a@b, c@d\nip_addresses: 192.0.2.1\nuris: urn:a, urn:b\n"
    before = DESCRIBED.replace("not_before", f"{names}not_before")
    assert (diff["before"], diff["after"]) == (before, before + "mended: /a: missing\n")
    assert diff["after_header"] == "/etc/ssl/cert.pem (/a: missing)"


def test_the_entry_of_one_that_is_stated_wrong() -> None:
    wrong = Misstated("/etc/ssl/bad.pem", "certificates[1].mode: wrong.")
    result = report_of(
        [item("a"), item("b")], {1: wrong}, {"state": "present", "return_content": True}, False, NOW
    )
    assert result["certificates"][1] == {
        "path": "/etc/ssl/bad.pem",
        "files": {},
        "changed": False,
        "reasons": [],
        "repairs": [],
        "missing_folders": [],
        "revoked": [],
        "failed": True,
        "msg": "certificates[1].mode: wrong.",
    }
    assert [entry["path"][9:] for entry in result["certificates"]] == ["a.pem", "bad.pem", "b.pem"]
    assert (result["changed"], result["failed"]) == (False, True)


@pytest.mark.parametrize("state", ["absent", "revoked", "confirmed", "previous"])
def test_other_states_tell_no_reasons(state: str) -> None:
    made = item(reasons=["expired: x"], repairs=["y"], unacknowledged=True)
    (entry,) = report([made], False, NOW, state=state)["certificates"]
    assert (entry["reasons"], entry["repairs"]) == ([], [])
    assert ("removed" in entry) is (state == "absent")


@pytest.mark.parametrize(
    ("state", "check_mode", "found", "changed"),
    [
        ("confirmed", True, {"unacknowledged": True}, True),
        ("confirmed", True, {}, False),
        ("confirmed", True, {"is_cut_off": True}, False),
        ("confirmed", False, {"unacknowledged": True}, False),
        ("previous", True, {"unacknowledged": True}, False),
        ("previous", True, {"unacknowledged": True, "has_previous": True}, True),
        ("previous", True, {"has_previous": True}, False),
        ("previous", True, {"is_cut_off": True}, True),
        ("absent", False, {"reasons": ["expired: x"]}, False),
        ("revoked", True, {"reasons": ["expired: x"]}, False),
        ("present", True, {"reasons": ["expired: x"]}, True),
        ("present", False, {"reasons": ["expired: x"]}, False),
    ],
)
def test_what_counts_as_changed(
    state: str, check_mode: bool, found: dict[str, Any], changed: bool
) -> None:
    made = item(**found)
    result = report([made], check_mode, NOW, state=state)
    assert (result["changed"], len(result["diff"])) == (changed, int(changed))
    made.revoked = ["01AA"]
    assert report([made], check_mode, NOW, state=state)["changed"] is (state != "absent")


def test_days_that_remain_are_whole_and_none_below_zero() -> None:
    def days(remaining: int) -> int:
        facts = replace(OLD, not_after=NOW + remaining)
        entry: dict[str, Any] = report([item(certificate=facts)], False, NOW)["certificates"][0]
        return int(entry["remaining_days"])

    assert [days(each) for each in (86400, 86399, 0, -1, -86400)] == [1, 0, 0, 0, 0]
