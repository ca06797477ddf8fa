# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was issued is put in place as one, or not at all."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import (
    install,
    versions,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..conftest import ALL_FILES, NOW, Site, lease


def test_who_lost_the_lease_installs_nothing(site: Site) -> None:
    issued = site.issue(site.prepare()["public_key"])
    site.prepare(lease=lease(run="other"), breaks="run")
    assert "the run other on here took over meanwhile" in site.install(issued)["obstacle"]
    assert site.names() == []


def test_a_failing_check_switches_back(site: Site) -> None:
    site.deploy()
    before = {name: site.content(name) for name in ALL_FILES}
    site.options["validate"] = "sh -c 'echo no such module; exit 3'"
    answer = site.install(site.issue(site.prepare(is_due=True)["public_key"]))
    assert "failed with 3: no such module. All files are as they were" in answer["obstacle"]
    assert {name: site.content(name) for name in ALL_FILES} == before


def test_a_refused_request_leaves_the_folder_as_it_was(site: Site) -> None:
    site.deploy()
    before = {name: site.content(name) for name in ALL_FILES}
    site.prepare(is_due=True)
    assert site.install("", action="close")["obstacle"] == ""
    assert site.names() == ALL_FILES
    assert {name: site.content(name) for name in ALL_FILES} == before


def test_a_certificate_for_another_key_is_not_installed(site: Site, private_key: Any) -> None:
    site.deploy()
    before = site.content("cert.pem")
    site.prepare(is_due=True)
    answer = site.install(site.issue(keys.public_key_pem(private_key.public_key())))
    assert "is not the key of the certificate" in answer["obstacle"]
    assert site.content("cert.pem") == before


def test_a_certificate_of_another_ca_is_not_installed(site: Site, other_hierarchy: Any) -> None:
    issued = site.issue(site.prepare()["public_key"])
    site.hierarchy = other_hierarchy
    answer = site.install(issued)
    assert "was not signed by an issuer of the trust chain" in answer["obstacle"]
    assert site.names() == []


@pytest.mark.parametrize("name", ["cert.pem", "chain.pem", "fullchain.pem"])
@pytest.mark.parametrize("damage", ["missing", "garbage"])
def test_one_public_file_is_mended_from_the_others(site: Site, name: str, damage: str) -> None:
    site.deploy()
    before = site.content(name)
    if damage == "missing":
        (site.folder / name).unlink()
    else:
        (site.folder / name).write_text("garbage")
    found = site.inspect()
    assert found["reasons"] == []
    assert len(found["repairs"]) == 1
    assert not found["needs_chain"]
    assert site.install("", action="mend")["changed_files"] == [str(site.folder / name)]
    assert site.content(name) == before
    assert site.inspect()["repairs"] == []


def test_what_is_told_of_a_set_that_was_put_in_place(site: Site) -> None:
    issued = site.issue(site.prepare()["public_key"])
    answer = site.install(issued)
    (leaf,) = certificates.load_certificates(issued.encode())
    serial = certificates.serial_number(leaf)
    assert answer["certificate"]["serial_number"] == serial
    assert {name: value for name, value in answer.items() if name != "certificate"} == {
        "changed_files": [
            f"{site.folder}/{name}"
            for name in ("chain.pem", "cert.pem", "fullchain.pem", "key.pem")
        ],
        "obstacle": "",
        "is_deployed": True,
        "notices": [],
        "content": {},
    }
    assert site.record() == {
        "version": 1,
        "attempt": None,
        "installing": None,
        "returning": None,
        "held": None,
        "live": f"0001-{serial}",
        "layout": "plain",
        "previous": "0001-none",
        "replaced": "",
        "acknowledged": False,
        "is_untidy": False,
        "superseded": [],
        "orphans": [],
        "revoked": [],
    }


def test_content_is_told_if_it_is_asked_for(site: Site) -> None:
    issued = site.issue(site.prepare()["public_key"])
    issuing, root = site.hierarchy.chain
    assert site.install(issued, with_content=True)["content"] == {
        "certificate": issued,
        "chain": issuing,
        "root": root,
    }


def test_what_is_replaced_can_be_switched_back_to(site: Site) -> None:
    site.deploy()
    old, first = site.serial(), site.record()["live"]
    new = site.put()
    record = site.record()
    assert (record["live"], record["replaced"]) == (f"0002-{new}", first)
    assert (record["previous"], record["acknowledged"]) == (f"0002-{old}", False)


def test_what_is_superseded_is_queued_with_its_key(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    old, key = site.serial(), site.content("key.pem")
    site.put()
    assert site.record()["superseded"] == [old]
    kept = site.folder / f".atlas/cert.pem/private/superseded/{old}.pem"
    assert keys.load_private_key(kept.read_bytes()).private_numbers() == (
        keys.load_private_key(key.encode()).private_numbers()
    )
    assert kept.stat().st_mode & 0o777 == 0o600


def foreign(site: Site, key: Any) -> str:
    """A certificate that others obtained, with its key and its chain."""
    leaf = site.hierarchy.issuing.issue(key.public_key(), ("www.example.com",))
    pem = certificates.certificate_pem(leaf)
    issuing = site.hierarchy.chain[0]
    files = {"cert.pem": pem, "fullchain.pem": pem + issuing, "chain.pem": issuing}
    for name, content in files.items():
        (site.folder / name).write_text(content)
    (site.folder / "key.pem").write_bytes(keys.private_key_pem(key))
    (site.folder / "key.pem").chmod(0o600)
    return certificates.serial_number(leaf)


def test_what_others_obtained_is_not_queued_for_revocation(site: Site, private_key: Any) -> None:
    site.options["revoke_superseded"] = True
    foreign(site, private_key)
    site.put()
    assert site.record()["superseded"] == []


def test_what_has_no_key_here_is_not_queued_for_revocation(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    (site.folder / "key.pem").unlink()
    site.put()
    assert site.record()["superseded"] == []


@pytest.mark.parametrize(
    ("action", "serial", "noted"), [("pending", "0A", "0A"), ("unknown", "", "")]
)
def test_what_is_known_of_a_request_is_noted(
    site: Site, action: str, serial: str, noted: str
) -> None:
    site.prepare()
    answer = site.install("", action=action, serial=serial, failure="why", now=NOW + 7)
    assert (answer["obstacle"], answer["changed_files"], answer["is_deployed"]) == ("", [], False)
    attempt = site.record()["attempt"]
    assert (attempt["serial"], attempt["failure"]) == (noted, "why")
    assert (attempt["lease"], attempt["touched"], attempt["begun"]) == (None, NOW + 7, NOW)
    assert site.prepare()["serial"] == noted


def test_a_serial_number_that_was_noted_is_not_forgotten(site: Site) -> None:
    site.prepare()
    site.install("", action="pending", serial="0A")
    site.prepare()
    site.install("", action="unknown")
    assert site.record()["attempt"]["serial"] == "0A"


def test_a_first_request_that_is_refused_leaves_nothing(site: Site) -> None:
    site.prepare()
    assert site.install("", action="close")["obstacle"] == ""
    assert site.tree() == []


def test_a_request_that_is_refused_is_forgotten_with_its_key(site: Site) -> None:
    site.deploy()
    site.prepare(is_due=True)
    site.install("", action="close")
    assert site.record()["attempt"] is None
    assert not (site.folder / ".atlas/cert.pem/private/key.pem").exists()


@pytest.mark.parametrize("action", ["install", "close", "pending", "unknown"])
def test_who_did_not_begin_the_attempt_does_not_end_it(site: Site, action: str) -> None:
    issued = site.issue(site.prepare()["public_key"])
    before = site.record()
    answer = site.install(issued, action=action, attempt_id="other", run="other")
    assert answer["obstacle"] == (
        "another run took over meanwhile; nothing was replaced. Run the task again to see what it"
        " did."
    )
    assert site.record() == before
    other = site.install(issued, action=action, run="other")
    assert other["obstacle"] == ("the run run on here took over meanwhile; nothing was replaced.")
    assert site.record() == before


def test_an_attempt_whose_lease_has_ended_is_anybodys(site: Site) -> None:
    issued = site.issue(site.prepare()["public_key"])
    site.install("", action="unknown")
    answer = site.install(issued, attempt_id="other")
    assert answer["obstacle"].startswith("another run took over meanwhile; nothing was replaced.")
    assert site.install(issued, run="other")["is_deployed"]


def test_an_installation_that_fails_ends_the_lease_and_keeps_the_attempt(
    site: Site, other_hierarchy: Any
) -> None:
    issued = site.issue(site.prepare()["public_key"])
    answer = site.install(issued, chain=other_hierarchy.chain, now=NOW + 7)
    attempt = site.record()["attempt"]
    assert (attempt["lease"], attempt["touched"]) == (None, NOW + 7)
    assert attempt["failure"] == answer["obstacle"]
    assert site.install(issued)["is_deployed"]


def test_a_failing_check_is_told_with_what_it_said(site: Site) -> None:
    site.deploy()
    before = site.serial()
    site.options["validate"] = "sh -c 'echo no; echo such $LC_ALL module; exit 3'"
    issued = site.issue(site.prepare(is_due=True)["public_key"])
    (leaf,) = certificates.load_certificates(issued.encode())
    serial = certificates.serial_number(leaf)
    version = f"0002-{serial}"
    command = "sh -c echo no; echo such $LC_ALL module; exit 3"
    why = f"validate: '{command}' failed with 3: no such C module"
    assert site.install(issued)["obstacle"] == (
        f"{why}. All files are as they were before. The new certificate {serial} is kept in"
        f" {site.folder}/.atlas/cert.pem/versions/{version}, and the next run puts it in place."
    )
    record = site.record()
    assert record["held"] == {"version": version, "why": why}
    assert (record["installing"], record["attempt"], site.serial()) == (None, None, before)
    assert (record["live"], record["acknowledged"]) == (f"0001-{before}", True)
    assert list((site.folder / ".atlas/cert.pem/private/previous").glob("*")) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("true", ""),
        ("false", "validate: 'false' failed with 1: it said nothing."),
        ("/no/such/command", "validate: '/no/such/command' could not be run: no such file or"),
        (
            "sh -c 'head -c 600 /dev/zero | tr \\\\0 x >&2; exit 1'",
            "' failed with 1: " + "x" * 500 + ".",
        ),
    ],
)
def test_the_users_check(site: Site, command: str, said: str) -> None:
    site.options["validate"] = command
    issued = site.issue(site.prepare()["public_key"])
    answer = site.install(issued)
    assert (said in answer["obstacle"], answer["is_deployed"]) == (True, not said)
    assert site.names() == ([] if said else ALL_FILES)


def test_a_check_that_does_not_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert install._VALIDATION_SECONDS == 120
    monkeypatch.setattr(install, "_VALIDATION_SECONDS", 0.01)
    site.options["validate"] = "sleep 60"
    issued = site.issue(site.prepare()["public_key"])
    assert site.install(issued)["obstacle"].startswith(
        "validate: 'sleep 60' did not end within 0.01 seconds. All files are as they were before."
    )


def test_what_is_held_is_resumed(site: Site) -> None:
    site.deploy()
    new = site.put()
    site.acknowledge("previous")
    answer = site.install("", action="resume", attempt_id="")
    assert (answer["is_deployed"], answer["certificate"]["serial_number"]) == (True, new)
    assert site.serial() == new
    record = site.record()
    assert (record["held"], record["acknowledged"], record["live"]) == (None, False, f"0002-{new}")
    assert site.install("", action="resume", attempt_id="")["obstacle"] == (
        "what was to be put in place is gone or not wanted any more; run the task again."
    )


def test_a_set_that_somebody_put_in_place_himself_does_not_supersede_itself(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    new = site.put()
    content = {name: site.content(name) for name in ALL_FILES}
    site.acknowledge("previous")
    for name, text in content.items():
        (site.folder / name).write_text(text)
    assert (site.serial(), site.inspect()["is_own"]) == (new, True)
    before = site.record()["superseded"]
    assert site.install("", action="resume", attempt_id="")["is_deployed"]
    assert site.record()["superseded"] == before
    assert new not in before


def test_what_another_set_takes_the_place_of_is_told(site: Site) -> None:
    site.deploy()
    held = site.put()
    site.acknowledge("previous")
    site.options["force"] = True
    issued = site.issue(site.prepare(is_due=True)["public_key"])
    answer = site.install(issued)
    assert answer["notices"] == [
        f"An earlier request had led to the certificate {held}, which is not what is wanted any"
        " more; it was not revoked, and nobody uses it."
    ]
    assert (site.record()["orphans"], site.record()["held"]) == ([held], None)


def test_mending_changes_nothing_that_is_right(site: Site) -> None:
    site.deploy()
    before = {name: (site.folder / name).stat().st_ino for name in ALL_FILES}
    assert site.install("", action="mend")["changed_files"] == []
    (site.folder / "chain.pem").write_text("damaged")
    site.install("", action="mend")
    after = {name: (site.folder / name).stat().st_ino for name in ALL_FILES}
    assert [name for name in ALL_FILES if after[name] != before[name]] == ["chain.pem"]


def test_what_is_gone_cannot_be_mended(site: Site) -> None:
    site.deploy()
    for name in ("cert.pem", "fullchain.pem"):
        (site.folder / name).unlink()
    assert site.install("", action="mend")["obstacle"] == (
        f"{site.folder}/cert.pem was there a moment ago and is gone now."
    )


def test_a_chain_of_others_mends_nothing(site: Site, other_hierarchy: Any) -> None:
    site.deploy()
    (site.folder / "fullchain.pem").unlink()
    (site.folder / "chain.pem").unlink()
    for path in (site.folder / ".atlas/cert.pem/versions").iterdir():
        (path / "chain.pem").unlink()
    answer = site.install("", action="mend", chain=other_hierarchy.chain)
    assert answer["obstacle"].endswith("there is no chain to put into it.")
    assert site.install("", action="mend")["obstacle"] == ""
    assert site.content("chain.pem") == site.hierarchy.chain[0]


def test_mending_in_the_layout_linked_says_what_it_changed(site: Site) -> None:
    site.options["layout"] = "linked"
    site.deploy()
    live = site.record()["live"]
    (site.folder / "chain.pem").unlink()
    assert site.install("", action="mend")["changed_files"] == [f"{site.folder}/chain.pem"]
    serial = site.serial()
    assert (live, site.record()["live"]) == (f"0001-{serial}", f"0002-{serial}")
    assert site.inspect()["repairs"] == []
    assert os.listdir(site.folder / ".atlas/cert.pem/versions") == [f"0002-{serial}"]


def test_what_others_obtained_stays_theirs_when_it_is_mended(site: Site, private_key: Any) -> None:
    serial = foreign(site, private_key)
    site.options["layout"] = "linked"
    assert site.install("", action="mend")["obstacle"] == ""
    assert (site.serial(), site.record()["live"] if site.store.exists else "") == (serial, "")
    assert not site.inspect()["is_own"]


def test_a_root_that_is_not_on_the_node_comes_from_the_service(
    site: Site, private_key: Any
) -> None:
    foreign(site, private_key)
    root = site.folder / "root.pem"
    site.options["files"] = [{"path": str(root), "contains": ["root"]}]
    assert site.install("", action="mend")["changed_files"] == [str(root)]
    assert root.read_text() == site.hierarchy.chain[1]


def test_a_switch_is_recorded_before_it_begins(site: Site) -> None:
    """The user's check sees the record as a run leaves it that is cut off then."""
    site.deploy()
    old, live = site.serial(), site.record()["live"]
    seen = site.folder / "seen.json"
    site.options["validate"] = f"cp {site.folder}/.atlas/cert.pem/private/state.json {seen}"
    new = site.put()
    record = json.loads(seen.read_text())
    assert record["installing"] == {
        "version": f"0002-{new}",
        "previous": f"0002-{old}",
        "layout": "plain",
        "supersedes": "",
    }
    assert (record["attempt"], record["held"], record["live"]) == (None, None, live)


def cut_off(site: Site, **options: Any) -> tuple[str, str]:
    """A switch from one set to another that was begun and not finished; both serial numbers."""
    site.options.update(options)
    site.deploy()
    old, live = site.serial(), site.record()["live"]
    new = site.put()
    record = site.record()
    begun = {
        "version": record["live"],
        "previous": record["previous"],
        "layout": record["layout"],
        "supersedes": old if site.wanted.revoke_superseded else "",
    }
    path = site.folder / ".atlas/cert.pem/private/state.json"
    before = {"live": live, "previous": "", "replaced": "", "acknowledged": True, "superseded": []}
    path.write_text(json.dumps({**record, **before, "installing": begun}))
    return old, new


LARGER = {"privatekey_type": "ECDSA", "privatekey_size": 384}


def another(site: Site) -> str:
    """A certificate for another kind of key, which is what is wanted now."""
    site.options.update(LARGER)
    return site.issue(site.prepare(is_due=True, key_bits=384)["public_key"])


@pytest.mark.parametrize("layout", ["plain", "linked"])
def test_what_was_there_before_a_switch_that_was_cut_off_stays_what_is_switched_back_to(
    site: Site, layout: str
) -> None:
    old, new = cut_off(site, layout=layout, revoke_superseded=True)
    previous = site.record()["installing"]["previous"]
    answer = site.install(another(site))
    assert (answer["obstacle"], answer["is_deployed"]) == ("", True)
    record = site.record()
    assert record["live"] == f"0003-{site.serial()}"
    assert (record["previous"], record["superseded"]) == (previous, [old])
    assert (record["orphans"], record["installing"]) == ([new], None)
    site.acknowledge("previous")
    assert site.serial() == old


def test_a_switch_that_was_cut_off_is_undone_where_another_file_is_wanted_now(site: Site) -> None:
    old, new = cut_off(site)
    root = site.folder / "root.pem"
    site.options["files"] = [{"path": str(root), "contains": ["root"]}]
    site.install(another(site))
    record = site.record()
    assert record["live"] == f"0003-{site.serial()}"
    assert (record["previous"], record["orphans"]) == (f"0003-{old}", [new])
    site.acknowledge("previous")
    assert (site.serial(), root.exists()) == (old, False)


@pytest.mark.parametrize("layout", ["plain", "linked"])
def test_a_switch_that_was_cut_off_is_finished(site: Site, layout: str) -> None:
    old, new = cut_off(site, layout=layout, revoke_superseded=True)
    begun = site.record()["installing"]
    answer = site.install("", action="resume", attempt_id="")
    assert (answer["is_deployed"], answer["notices"], site.serial()) == (True, [], new)
    record = site.record()
    assert (record["live"], record["previous"]) == (f"0002-{new}", begun["previous"])
    assert (record["superseded"], record["orphans"], record["installing"]) == ([old], [], None)


def test_what_is_held_is_resumed_as_a_version_of_its_own_where_all_is_linked(site: Site) -> None:
    site.options["layout"] = "linked"
    site.deploy()
    new = site.put()
    site.acknowledge("previous")
    answer = site.install("", action="resume", attempt_id="")
    assert (answer["is_deployed"], answer["notices"], site.serial()) == (True, [], new)
    record = site.record()
    assert (record["live"], record["orphans"]) == (f"0003-{new}", [])
    assert versions.wish_of(site.store, record["live"]) == site.wanted.wish
