# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of a certificate task: what it says of each item, and of the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.exchange import (
    Inspection,
    Installed,
    Prepared,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.facts import (
    CertificateFacts,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki.keys import KeyKind
from ansible_collections.globalsign.atlas.plugins.plugin_utils.certificate_item import (
    CertificateItem,
)
from ansible_collections.globalsign.atlas.plugins.plugin_utils.certificate_report import report

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
class Outcome:
    certificate: str = ""
    facts: Any = None
    warnings: tuple[str, ...] = ()
    message: str = ""
    refused: bool = False


@dataclass(frozen=True)
class Planned:
    key_kind: KeyKind


def item(name: str = "cert", check_mode: bool = False, **found: Any) -> CertificateItem:
    task = {
        "path": f"/etc/ssl/{name}.pem",
        "privatekey_path": f"/etc/ssl/{name}.key",
        "san": {"dns_names": ["www.example.com"]},
    }
    nothing: dict[str, Any] = {
        "reasons": [],
        "repairs": [],
        "needs_chain": False,
        "obstacle": "",
        "missing_folders": [],
        "certificate": OLD,
    }
    (wanted,) = wanted_certificates(task)
    return CertificateItem.inspected(
        wanted, Inspection(**{**nothing, **found}), check_mode=check_mode
    )


def replaced(name: str = "cert") -> CertificateItem:
    done = item(name, reasons=["expiring: 29 days remain, renew_before is auto"])
    done.planned = Planned(KeyKind("ECDSA", 256))
    done.set_prepared(Prepared("key", "proof", "request", ""))
    done.set_outcome(Outcome(certificate="PEM", facts=NEW, warnings=("look at this",)))
    done.set_installed(Installed([done.wanted.label], ""))
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
        "dns_names: www.example.com\nkey: ECDSA 256, new\nfolder to be created first: /etc/ssl\n"
    )


def test_a_missing_folder_is_an_error_outside_check_mode() -> None:
    result = report([item(reasons=["missing"], missing_folders=["/etc/ssl"])], False, NOW)
    assert result["failed"]
    assert result["msg"].startswith("The folder /etc/ssl does not exist on the node; create it")


def test_one_of_several_that_fails_is_named_and_the_others_are_done() -> None:
    refused = item("bad", reasons=["missing: there is no certificate"])
    refused.set_prepared(Prepared("key", "proof", "request", ""))
    refused.set_outcome(Outcome(message="The quota is used up.", refused=True))
    result = report([replaced("good"), refused], False, NOW)
    assert result["changed"]
    assert result["failed"]
    assert result["msg"] == ("1 of 2 certificates failed. /etc/ssl/bad.pem: The quota is used up.")
    good, bad = result["certificates"]
    assert (good["changed"], bad["changed"], bad["msg"]) == (True, False, "The quota is used up.")


def test_what_install_has_to_do_follows_from_what_became_of_the_request() -> None:
    due = ["missing: there is no certificate"]
    refused, unknown, mended, idle = (
        item(reasons=due),
        item(reasons=due),
        item(repairs=["x"]),
        item(),
    )
    refused.set_outcome(Outcome(message="no", refused=True))
    unknown.set_outcome(Outcome(message="time-out"))
    assert replaced().install_action == "install"
    assert refused.install_action == "discard"
    assert unknown.install_action == ""
    assert mended.install_action == "mend"
    assert idle.install_action == ""
