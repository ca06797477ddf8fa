# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was issued is put in place as one, or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import exchange
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import install
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.reasons import (
    orphan_notice,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..conftest import ALL_FILES, NOW, Site, lease
from .setups import (
    LAYOUTS,
    another,
    contents,
    deployed,
    folders,
    foreign,
    is_cut_off,
    is_linked,
    looking,
    paths,
    record_path,
    remove,
    rewrite,
    serial_of,
    serials,
)


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
    assert answer["obstacle"].endswith(
        "is for another key than the one that was made for it; nothing was replaced."
    )
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
    record = site.record()
    name, before = f"0001-{serial}", "0002-none"
    assert (record["wanted_now"], record["confirmed"], record["is_applied"]) == (name, before, True)
    assert (sorted(record["sets"]), record["count"]) == ([name, before], 2)
    rest = ("attempt", "kept", "rejected", "superseded", "orphans", "revoked")
    assert [record[member] for member in rest] == [None, None, None, {}, [], []]
    absent = {"is_there": False, "content": None, "digest": "", "owner": None, "group": None}
    assert record["sets"][before]["files"] == {
        path: {**absent, "mode": 0o644} for path in paths(site, *ALL_FILES)
    }


def test_content_is_told_if_it_is_asked_for(site: Site) -> None:
    issued = site.issue(site.prepare()["public_key"])
    issuing, root = site.hierarchy.chain
    assert site.install(issued, with_content=True)["content"] == {
        "certificate": issued,
        "chain": issuing,
        "root": root,
    }


def test_what_is_replaced_can_be_returned_to(site: Site) -> None:
    site.deploy()
    old, before = site.serial(), contents(site)
    new = site.put()
    assert serials(site) == {"confirmed": old, "wanted_now": new, "kept": ""}
    record = site.record()
    held = record["sets"][record["confirmed"]]
    kept = {os.path.basename(path): file["content"] for path, file in held["files"].items()}
    assert {name: base64.b64decode(content).decode() for name, content in kept.items()} == before
    assert {file["mode"] for file in held["files"].values()} == {0o644, 0o600}
    assert held["key"] == ""  # nobody will have to show that it was the node's own


def test_what_is_to_be_revoked_is_recorded_with_its_key(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    old, key = site.serial(), site.content("key.pem")
    site.put()
    assert (deployed(site)["supersedes"], site.record()["superseded"]) == ([old], {})
    record = site.record()
    assert record["sets"][record["confirmed"]]["key"] == key
    site.acknowledge()
    record = site.record()
    assert record["superseded"] == {old: key}
    assert [held["key"] for held in record["sets"].values()] == [""]


def test_what_others_obtained_is_not_queued_for_revocation(site: Site, private_key: Any) -> None:
    site.options["revoke_superseded"] = True
    foreign(site, private_key)
    site.put()
    assert deployed(site)["supersedes"] == []


def test_what_has_no_key_here_is_not_queued_for_revocation(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    (site.folder / "key.pem").unlink()
    site.put()
    assert deployed(site)["supersedes"] == []


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
    assert (site.tree(), os.listdir(site.state)) == ([], [])


def test_a_request_that_is_refused_is_forgotten_with_its_key(site: Site) -> None:
    site.deploy()
    site.prepare(is_due=True)
    site.install("", action="close")
    assert site.record()["attempt"] is None
    assert "PRIVATE" not in record_path(site).read_text()


@pytest.mark.parametrize("action", ["install", "keep", "reject", "close", "pending", "unknown"])
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
    for changes in ({"attempt_id": "other", "run": "other"}, {"run": "other"}):
        answer = site.install(issued, action=action, serial="0A", **changes)
        assert answer["obstacle"].endswith(" The certificate 0A was issued for this run.")


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


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_failing_check_is_reported_with_what_it_said(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    before, links = contents(site), is_linked(site)
    old = site.serial()
    command = "sh -c 'echo no; echo such $LC_ALL module; exit 3'"
    site.options["validate"] = command
    issued = another(site)
    serial = serial_of(issued)
    why = f'validate: "{command}" failed with 3: no such C module'
    assert site.install(issued)["obstacle"] == (
        f"{why}. All files are as they were before. The new certificate {serial} is kept: the"
        " next run tries it again, and buys no other."
    )
    record = site.record()
    assert record["kept"]["why"] == why
    assert serials(site) == {"confirmed": old, "wanted_now": old, "kept": serial}
    assert (record["attempt"], record["is_applied"]) == (None, True)
    assert (contents(site), is_linked(site)) == (before, links)
    # What has been returned is not kept once more; what is tried again is.
    assert deployed(site)["key"] == ""
    assert {file["content"] for file in deployed(site)["files"].values()} == {None}
    assert len(folders(site)) == (3 if layout == "linked" else 0)
    del site.options["validate"]
    assert site.install("", action="resume", attempt_id="")["is_deployed"]
    assert site.serial() == serial


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_failing_check_of_the_first_installation_leaves_no_file(site: Site, layout: str) -> None:
    site.options.update(layout=layout, validate="false")
    issued = site.issue(site.prepare()["public_key"])
    answer = site.install(issued)
    assert answer["obstacle"] == (
        "validate: 'false' failed with 1: it said nothing. All files are as they were before. The"
        f" new certificate {serial_of(issued)} is kept: the next run tries it again, and buys no"
        " other."
    )
    assert (site.names(), serials(site)["kept"]) == ([], serial_of(issued))
    found = site.inspect()
    assert found["unfinished"].startswith(f"kept: {serial_of(issued)} is not in place, validate: ")
    assert site.prepare()["is_settled"]
    site.options["validate"] = "true"
    assert site.install("", action="resume", attempt_id="")["is_deployed"]
    assert site.serial() == serial_of(issued)


@pytest.mark.parametrize("after", LAYOUTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_failing_check_over_what_nobody_confirmed_returns_to_what_was_confirmed(
    site: Site, layout: str, after: str
) -> None:
    site.options.update(layout=layout)
    site.deploy()
    before, first = contents(site), site.serial()
    second = site.put()
    third = another(site)
    site.options.update(validate="false", layout=after)
    answer = site.install(third)
    said = f"All files are those of {first} again, which was confirmed last. "
    assert said in answer["obstacle"]
    assert contents(site) == before
    assert is_linked(site) == dict.fromkeys(ALL_FILES, layout == "linked")
    assert serials(site) == {"confirmed": first, "wanted_now": first, "kept": serial_of(third)}
    assert site.record()["orphans"] == [second]


def test_what_lies_there_is_what_becomes_links(site: Site) -> None:
    """Also if it is on probation: at no moment there is something of a third set at any path."""
    was_cut_off, change = True, 0
    while was_cut_off:
        remove(site, removes_key=True)
        site.options["layout"] = "plain"
        site.deploy()
        site.put()
        tried = contents(site)
        site.options["layout"] = "linked"
        issued = another(site)
        was_cut_off = is_cut_off(change, lambda: site.install(issued))  # noqa: B023
        is_new = site.content("cert.pem") == issued
        assert contents(site) == tried or (is_new and belongs_together(site))
        change += 1
    assert change > 8


def test_what_is_kept_and_fails_again_is_kept_still(site: Site) -> None:
    site.deploy()
    kept = another(site)
    site.install(kept, action="keep", failure="it is not valid yet")
    site.options.update(force=True)
    second = site.issue(site.prepare()["public_key"])
    site.options.update(force=False)
    site.install(second, action="keep", failure="it is not valid yet")
    site.options["validate"] = "false"
    for _time in range(2):
        answer = site.install("", action="resume", attempt_id="")
        assert f"The new certificate {serial_of(second)} is kept" in answer["obstacle"]
        assert serials(site)["kept"] == serial_of(second)
        assert site.record()["orphans"] == [serial_of(kept)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_that_cannot_be_returned_are_returned_by_the_next_call(
    site: Site, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    site.options["layout"] = layout
    site.deploy()
    before = contents(site)
    site.options["validate"] = "false"
    issued = another(site)
    original = install.returned

    def fail(_found: Any) -> Any:
        yield from ()
        raise AtlasError("the disk is gone.")

    monkeypatch.setattr(install, "returned", fail)
    assert site.install(issued)["obstacle"] == (
        "validate: 'false' failed with 1: it said nothing. And the files could not be returned to"
        " what they were: the disk is gone. The next run does that first; the new certificate"
        f" {serial_of(issued)} is kept."
    )
    assert contents(site) != before
    assert site.inspect()["is_cut_off"]
    monkeypatch.setattr(install, "returned", original)
    assert site.acknowledge()["obstacle"] == ""
    assert contents(site) == before
    assert not site.inspect()["is_cut_off"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("true", ""),
        ("false", "validate: 'false' failed with 1: it said nothing."),
        ("/no/such/command", "validate: '/no/such/command' could not be run: no such file or"),
        (
            "sh -c 'head -c 600 /dev/zero | tr \\\\0 x >&2; exit 1'",
            "'\" failed with 1: " + "x" * 500 + ".",
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


def test_what_is_kept_is_resumed(site: Site) -> None:
    site.deploy()
    old, new = site.serial(), site.put()
    site.acknowledge("previous")
    assert serials(site) == {"confirmed": old, "wanted_now": old, "kept": new}
    answer = site.install("", action="resume", attempt_id="")
    assert (answer["is_deployed"], answer["certificate"]["serial_number"]) == (True, new)
    assert (answer["notices"], site.serial()) == ([], new)
    assert serials(site) == {"confirmed": old, "wanted_now": new, "kept": ""}
    assert site.record()["orphans"] == []
    assert site.install("", action="resume", attempt_id="")["obstacle"] == (
        "what was to be put in place is gone or not wanted any more; run the task again."
    )


def test_a_set_that_somebody_put_in_place_himself_does_not_supersede_itself(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    new = site.put()
    content = contents(site)
    site.acknowledge("previous")
    for name, text in content.items():
        (site.folder / name).write_text(text)
    assert (site.serial(), site.inspect()["is_own"]) == (new, True)
    assert site.install("", action="resume", attempt_id="")["is_deployed"]
    assert deployed(site)["supersedes"] == []
    site.acknowledge()
    assert (site.record()["superseded"], site.record()["orphans"]) == ({}, [])


def test_what_another_set_takes_the_place_of_is_reported(site: Site) -> None:
    site.deploy()
    held = site.put()
    site.acknowledge("previous")
    site.options["force"] = True
    answer = site.install(another(site))
    assert answer["notices"] == [
        f"An earlier request had led to the certificate {held}, which is not what is wanted any"
        " more; it was not revoked, and nobody uses it."
    ]
    assert (site.record()["orphans"], site.record()["kept"]) == ([held], None)


def test_a_set_that_nobody_confirmed_is_never_what_is_returned_to(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    before, first = contents(site), site.serial()
    second = site.put()
    third = site.put()
    assert serials(site) == {"confirmed": first, "wanted_now": third, "kept": ""}
    assert deployed(site)["supersedes"] == [first, second]
    assert site.record()["orphans"] == []
    assert site.acknowledge("previous")["is_changed"]
    assert contents(site) == before
    assert site.record()["superseded"] == {}
    assert site.install("", action="resume", attempt_id="")["is_deployed"]
    site.acknowledge()
    assert list(site.record()["superseded"]) == [first, second]
    assert serials(site) == {"confirmed": third, "wanted_now": third, "kept": ""}


def test_a_set_that_nobody_confirmed_is_left_aside_by_the_next(site: Site) -> None:
    site.deploy()
    first, second = site.serial(), site.put()
    answer = site.install(another(site))
    assert [notice.split()[8] for notice in answer["notices"]] == [f"{second},"]
    assert site.record()["orphans"] == [second]
    assert serials(site)["confirmed"] == first
    assert len(site.record()["sets"]) == 2


def test_what_is_not_valid_yet_is_kept_and_disturbs_nothing(site: Site) -> None:
    site.deploy()
    first, before = site.serial(), contents(site)
    second = site.put()
    now = contents(site)
    issued = another(site)
    answer = site.install(issued, action="keep", failure="it is not valid yet")
    assert (answer["obstacle"], answer["is_deployed"], answer["changed_files"]) == ("", False, [])
    assert serials(site) == {"confirmed": first, "wanted_now": second, "kept": serial_of(issued)}
    record = site.record()
    assert (record["kept"]["why"], record["attempt"]) == ("it is not valid yet", None)
    assert record["orphans"] == []  # what is in place is not left aside
    assert contents(site) == now
    assert site.acknowledge("previous")["is_changed"]
    assert contents(site) == before
    # Only one set can be kept; what was paid for and is not is reported.
    assert serials(site)["kept"] == second
    assert site.record()["orphans"] == [serial_of(issued)]


@pytest.mark.parametrize("revokes", [True, False])
def test_what_a_kept_set_was_to_replace_is_not_forgotten_with_it(site: Site, revokes: bool) -> None:
    """Two that nobody confirmed, the first to be revoked for the second: they go together."""
    site.options["revoke_superseded"] = True
    site.deploy()
    confirmed, first, second = site.serial(), site.put(), site.put()
    site.acknowledge("previous")
    site.options.update(force=True, revoke_superseded=revokes)
    last = site.put()
    record = site.record()
    assert site.serial() == last
    assert record["orphans"] == ([second] if revokes else [second, first])
    assert deployed(site)["supersedes"] == ([confirmed, first] if revokes else [])
    queued = [proof["serial"] for proof in site.acknowledge()["superseded"]]
    assert queued == ([confirmed, first] if revokes else [])


def test_of_two_sets_that_are_kept_the_former_is_left_aside(site: Site) -> None:
    site.deploy()
    first = another(site)
    site.install(first, action="keep", failure="a")
    site.options["force"] = True
    second = another(site)
    answer = site.install(second, action="keep", failure="b")
    assert serials(site)["kept"] == serial_of(second)
    assert site.record()["orphans"] == [serial_of(first)]
    assert answer["notices"] == [orphan_notice(serial_of(first))]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_mending_what_is_confirmed_keeps_a_set_whose_switch_was_cut_off(
    site: Site, layout: str
) -> None:
    """The task states again what is confirmed, in another layout; the other set was paid for."""
    site.deploy()
    confirmed, before = site.serial(), contents(site)
    pending = site.put()
    rewrite(site, is_applied=False)
    for name, content in before.items():
        (site.folder / name).write_text(content)
    (site.folder / "chain.pem").write_text("x")
    site.options["layout"] = layout
    site.install("", action="mend")
    assert (site.serial(), contents(site)) == (confirmed, before)
    assert serials(site) == {"confirmed": confirmed, "wanted_now": confirmed, "kept": pending}
    assert deployed(site)["request"] is not None
    assert site.record()["is_applied"]


def test_what_cannot_be_used_is_recorded(site: Site) -> None:
    site.deploy()
    issued = another(site)
    key = site.record()["attempt"]["key_pem"]
    before = contents(site)
    answer = site.install(
        issued, action="reject", serial=serial_of(issued), failure="it is for others"
    )
    assert (answer["obstacle"], answer["changed_files"]) == ("", [])
    record = site.record()
    assert record["attempt"] is None
    assert record["rejected"] == {
        "serial": serial_of(issued),
        "why": "it is for others",
        "request": site.wanted.wish,
        "certificate": issued,
        "key": key,
    }
    assert contents(site) == before
    site.options["force"] = True
    again = site.prepare()
    assert serial_of(issued) in again["known"]
    assert (site.record()["rejected"], site.record()["orphans"]) == (None, [serial_of(issued)])


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
    name = site.record()["wanted_now"]
    rewrite(site, sets={name: {**deployed(site), "issuers": None, "root": ""}})
    answer = site.install("", action="mend", chain=other_hierarchy.chain)
    assert answer["obstacle"].endswith("there is no chain to put into it.")
    assert site.install("", action="mend")["obstacle"] == ""
    assert site.content("chain.pem") == site.hierarchy.chain[0]
    assert deployed(site)["root"] == site.hierarchy.chain[1]


def test_mending_in_the_layout_linked_says_what_it_changed(site: Site) -> None:
    site.options["layout"] = "linked"
    site.deploy()
    before = (site.record()["wanted_now"], folders(site))
    (site.folder / "chain.pem").unlink()
    assert site.install("", action="mend")["changed_files"] == [f"{site.folder}/chain.pem"]
    assert (site.record()["wanted_now"], folders(site)) == before
    assert (site.inspect()["repairs"], is_linked(site)["chain.pem"]) == ([], True)


@pytest.mark.parametrize("is_confirmed", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_changes_and_the_files_stay(site: Site, layout: str, is_confirmed: bool) -> None:
    """On probation the layout stays: else what is returned to would be another one."""
    site.options["layout"] = layout
    site.deploy()
    first = contents(site)
    site.put()
    if is_confirmed:
        site.acknowledge()
    before = contents(site)
    site.options["layout"] = LAYOUTS[layout == "plain"]
    assert len(site.inspect()["repairs"]) == (4 if is_confirmed else 0)
    changed = site.install("", action="mend")["changed_files"]
    assert sorted(changed) == (paths(site, *ALL_FILES) if is_confirmed else [])
    assert contents(site) == before
    is_now_linked = (layout == "plain") is is_confirmed
    assert is_linked(site) == dict.fromkeys(ALL_FILES, is_now_linked)
    assert deployed(site)["layout"] == ("linked" if is_now_linked else "plain")
    if is_confirmed:
        assert len(folders(site)) == (2 if is_now_linked else 0)
        assert "PRIVATE" not in record_path(site).read_text()
        assert site.inspect()["repairs"] == []
        return
    site.acknowledge("previous")
    assert contents(site) == first
    assert is_linked(site) == dict.fromkeys(ALL_FILES, layout == "linked")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_renewal_in_another_layout_returns_to_the_former(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    before = contents(site)
    site.options["layout"] = LAYOUTS[layout == "plain"]
    site.put()
    assert is_linked(site) == dict.fromkeys(ALL_FILES, layout == "plain")
    site.acknowledge("previous")
    assert is_linked(site) == dict.fromkeys(ALL_FILES, layout == "linked")
    assert len(folders(site)) == (2 if layout == "linked" else 0)
    assert contents(site) == before
    assert site.install("", action="resume", attempt_id="")["is_deployed"]
    site.acknowledge()
    assert is_linked(site) == dict.fromkeys(ALL_FILES, layout == "plain")
    assert len(folders(site)) == (2 if layout == "plain" else 0)


def test_what_others_obtained_stays_theirs_when_it_is_mended(site: Site, private_key: Any) -> None:
    serial = foreign(site, private_key)
    (site.folder / "chain.pem").unlink()
    assert site.install("", action="mend")["changed_files"] == paths(site, "chain.pem")
    assert not list(site.state.glob("*.json"))
    site.options["layout"] = "linked"
    assert site.install("", action="mend")["obstacle"] == ""
    assert (site.serial(), is_linked(site)) == (serial, dict.fromkeys(ALL_FILES, True))
    assert serials(site) == {"confirmed": serial, "wanted_now": serial, "kept": ""}
    assert (deployed(site)["request"], site.inspect()["is_own"]) == (None, False)
    assert "PRIVATE" not in record_path(site).read_text()
    site.options["layout"] = "plain"
    assert site.install("", action="mend")["obstacle"] == ""
    assert (site.serial(), is_linked(site)) == (serial, dict.fromkeys(ALL_FILES, False))
    assert folders(site) == []
    assert not site.inspect()["is_own"]


def test_a_root_that_is_not_on_the_node_comes_from_the_service(
    site: Site, private_key: Any
) -> None:
    foreign(site, private_key)
    root = site.folder / "root.pem"
    site.options["files"] = [{"path": str(root), "contains": ["root"]}]
    assert site.install("", action="mend")["changed_files"] == [str(root)]
    assert root.read_text() == site.hierarchy.chain[1]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_switch_is_recorded_before_it_begins(site: Site, layout: str) -> None:
    """The user's check sees the record as a run leaves it that is cut off then."""
    site.options["layout"] = layout
    site.deploy()
    old = site.serial()
    seen = site.folder / "seen.json"
    site.options["validate"] = f"cp {record_path(site)} {seen}"
    new = site.put()
    after, record = site.record(), json.loads(seen.read_text())
    assert record == {**after, "is_applied": False}
    assert after["is_applied"]
    assert serials(site) == {"confirmed": old, "wanted_now": new, "kept": ""}


def cut_off(site: Site, **options: Any) -> tuple[str, str]:
    """A switch from one set to another that was begun and not finished; both serial numbers."""
    site.options.update(options)
    site.deploy()
    old, before = site.serial(), contents(site)
    new = site.put()
    rewrite(site, is_applied=False)
    if not is_linked(site)["cert.pem"]:
        (site.folder / "key.pem").write_text(before["key.pem"])
    return old, new


LARGER = {"privatekey_type": "ECDSA", "privatekey_size": 384}


def larger(site: Site) -> str:
    """A certificate for another kind of key, which is what is wanted now."""
    site.options.update(LARGER)
    return another(site, key_bits=384)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("revokes", [True, False])
def test_what_was_there_before_a_switch_that_was_cut_off_stays_what_is_returned_to(
    site: Site, layout: str, revokes: bool
) -> None:
    old, new = cut_off(site, layout=layout, revoke_superseded=revokes)
    answer = site.install(larger(site))
    assert (answer["obstacle"], answer["is_deployed"]) == ("", True)
    assert serials(site) == {"confirmed": old, "wanted_now": site.serial(), "kept": ""}
    assert deployed(site)["supersedes"] == ([old, new] if revokes else [])
    assert site.record()["orphans"] == ([] if revokes else [new])
    site.acknowledge("previous")
    assert site.serial() == old


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("was_there", [True, False])
@pytest.mark.parametrize("resumes", [True, False])
def test_a_file_that_is_wanted_since_a_switch_was_cut_off_is_returned_to(
    site: Site, layout: str, was_there: bool, resumes: bool
) -> None:
    old, new = cut_off(site, layout=layout)
    root = site.folder / "root.pem"
    if was_there:
        root.write_text("of others")
    site.options["files"] = [{"path": str(root), "contains": ["root"]}]
    if resumes:
        assert site.install("", action="resume", attempt_id="")["is_deployed"]
        assert site.serial() == new
    else:
        site.install(larger(site))
        assert site.record()["orphans"] == [new]
    assert root.read_text() == site.hierarchy.chain[1]
    site.acknowledge("previous")
    assert (site.serial(), root.exists()) == (old, was_there)
    assert not was_there or root.read_text() == "of others"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_switch_that_was_cut_off_is_finished(site: Site, layout: str) -> None:
    old, new = cut_off(site, layout=layout, revoke_superseded=True)
    answer = site.install("", action="resume", attempt_id="")
    assert (answer["is_deployed"], answer["notices"], site.serial()) == (True, [], new)
    assert serials(site) == {"confirmed": old, "wanted_now": new, "kept": ""}
    assert (deployed(site)["supersedes"], site.record()["orphans"]) == ([old], [])
    site.acknowledge()
    assert list(site.record()["superseded"]) == [old]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_resumed_is_put_where_the_task_says_now(site: Site, layout: str) -> None:
    cut_off(site, layout=layout)
    site.options["layout"] = LAYOUTS[layout == "plain"]
    site.options["privatekey_mode"] = "0640"
    assert site.install("", action="resume", attempt_id="")["is_deployed"]
    assert is_linked(site) == dict.fromkeys(ALL_FILES, layout == "plain")
    assert site.mode("key.pem") == 0o640


# Cut off


def finish(site: Site) -> dict[str, Any]:
    """What the next run does: go on, return, or begin again; then it confirms."""
    found = site.inspect()
    assert found["obstacle"] == ""
    if found["unfinished"]:
        assert site.install("", action="resume", attempt_id="")["obstacle"] == ""
    elif found["reasons"]:
        answer = site.install(site.issue(site.prepare()["public_key"]))
        assert answer["obstacle"] == ""
    elif found["repairs"]:
        assert site.install("", action="mend")["obstacle"] == ""
    assert site.acknowledge()["obstacle"] == ""
    return found


def belongs_together(site: Site) -> bool:
    """Whether certificate, chain and key are of one set."""
    (leaf,) = certificates.load_certificates((site.folder / "cert.pem").read_bytes())
    key = keys.load_private_key((site.folder / "key.pem").read_bytes())
    is_whole = site.content("fullchain.pem") == site.content("cert.pem") + site.content("chain.pem")
    digest = keys.public_key_digest(key.public_key())
    return is_whole and digest == certificates.public_key_digest(leaf)


def is_one_set(site: Site) -> bool:
    """Whether the files are of one set, and nothing else is left."""
    assert belongs_together(site)
    found = site.inspect()
    assert (found["reasons"], found["repairs"], found["is_untidy"]) == ([], [], False)
    assert (found["unfinished"], found["unacknowledged"], found["is_cut_off"]) == ("", False, False)
    assert site.names() == ALL_FILES
    record = site.record()
    assert record["confirmed"] == record["wanted_now"]
    assert "PRIVATE" not in record_path(site).read_text()
    return True


@pytest.mark.parametrize("after", LAYOUTS)
@pytest.mark.parametrize("before", [*LAYOUTS, "foreign", "nothing"])
def test_an_installation_that_is_cut_off_is_finished_with_the_same_certificate(
    site: Site, private_key: Any, before: str, after: str
) -> None:
    """Cut off before each change of the file system, one after the other; nothing is bought twice,
    and what a reader finds meanwhile belongs together where one rename switches it."""
    was_cut_off, change = True, 0
    while was_cut_off:
        remove(site, removes_key=True)
        if before == "foreign":
            foreign(site, private_key)
        elif before != "nothing":
            site.options["layout"] = before
            site.deploy()
        site.options["layout"] = after
        issued = another(site)
        was_cut_off = is_cut_off(change, lambda: site.install(issued))  # noqa: B023
        if after == "linked" and before != "nothing":
            assert belongs_together(site)
        record = site.record()
        if record["attempt"]:  # nothing was begun: the service is asked once more
            assert site.install(issued)["obstacle"] == ""
        finish(site)
        assert site.serial() == serial_of(issued)
        assert is_one_set(site)
        assert is_linked(site) == dict.fromkeys(ALL_FILES, after == "linked")
        change += 1
    assert change > 4


@pytest.mark.parametrize("after", LAYOUTS)
@pytest.mark.parametrize("before", LAYOUTS)
def test_a_return_that_is_cut_off_is_finished(site: Site, before: str, after: str) -> None:
    was_cut_off, change = True, 0
    while was_cut_off:
        remove(site, removes_key=True)
        site.options["layout"] = before
        site.deploy()
        old = contents(site)
        site.options["layout"] = after
        new = site.put()
        was_cut_off = is_cut_off(change, lambda: site.acknowledge("previous"))
        if before == after == "linked":
            assert belongs_together(site)
        site.acknowledge("previous")
        assert contents(site) == old
        assert is_linked(site) == dict.fromkeys(ALL_FILES, before == "linked")
        assert serials(site)["kept"] == new
        finish(site)
        assert site.serial() == new
        assert is_one_set(site)
        change += 1
    assert change > 4


@pytest.mark.parametrize("after", LAYOUTS)
@pytest.mark.parametrize("before", [*LAYOUTS, "foreign"])
def test_a_change_of_the_layout_that_is_cut_off_loses_no_file(
    site: Site, private_key: Any, before: str, after: str
) -> None:
    was_cut_off, change = True, 0
    while was_cut_off:
        remove(site, removes_key=True)
        if before == "foreign":
            foreign(site, private_key)
        else:
            site.options["layout"] = before
            site.deploy()
        old = contents(site)
        site.options["layout"] = after
        (site.folder / "chain.pem").unlink()
        was_cut_off = is_cut_off(change, lambda: site.install("", action="mend"))
        now = {name: old[name] for name in ALL_FILES if name != "chain.pem"}
        assert {name: site.content(name) for name in now} == now
        site.acknowledge()
        assert {name: site.content(name) for name in now} == now
        if site.inspect()["repairs"]:
            assert site.install("", action="mend")["obstacle"] == ""
        assert contents(site) == old
        assert is_linked(site) == dict.fromkeys(ALL_FILES, after == "linked")
        site.acknowledge()
        assert contents(site) == old
        assert not site.inspect()["is_untidy"]
        change += 1
    assert change > 2


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_confirmation_that_is_cut_off_is_finished(site: Site, layout: str) -> None:
    site.options.update(layout=layout, backup=True, revoke_superseded=True)
    was_cut_off, change = True, 0
    while was_cut_off:
        remove(site, removes_key=True)
        site.deploy()
        old = site.serial()
        new = site.put()
        was_cut_off = is_cut_off(change, site.acknowledge)
        answer = site.acknowledge()
        assert [proof["serial"] for proof in answer["superseded"]] == [old]
        assert serials(site) == {"confirmed": new, "wanted_now": new, "kept": ""}
        assert len(list(site.state.glob("*/backups/*/*"))) == 4
        assert not site.inspect()["is_untidy"]
        change += 1
    assert change > 4


# What is found first, and what the task does not name


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_others_obtained_is_returned_to(site: Site, private_key: Any, layout: str) -> None:
    first = foreign(site, private_key)
    (site.folder / "chain.pem").write_text("# of others\n" + site.content("chain.pem"))
    before = contents(site)
    site.options.update(layout=layout, replace_foreign=True)
    new = site.put()
    assert serials(site) == {"confirmed": first, "wanted_now": new, "kept": ""}
    assert site.acknowledge("previous")["is_changed"]
    assert contents(site) == before
    assert is_linked(site) == dict.fromkeys(ALL_FILES, False)
    assert (site.inspect()["is_own"], serials(site)["kept"]) == (False, new)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_that_hold_no_certificate_are_returned_to(site: Site, layout: str) -> None:
    (site.folder / "cert.pem").write_text("")
    (site.folder / "chain.pem").write_text("of others")
    site.options.update(layout=layout)
    issued = site.issue(site.prepare(is_due=True)["public_key"])
    assert site.install(issued)["is_deployed"]
    assert site.acknowledge("previous")["is_changed"]
    assert site.names() == ["cert.pem", "chain.pem"]
    assert (site.content("cert.pem"), site.content("chain.pem")) == ("", "of others")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_files_that_the_task_does_not_name_are_kept_in_step(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    before = contents(site)
    site.options.update(fullchain_path=None, chain_path=None)
    new = site.put()
    assert site.content("fullchain.pem") == site.content("cert.pem") + site.content("chain.pem")
    assert is_linked(site) == dict.fromkeys(ALL_FILES, layout == "linked")
    assert sorted(deployed(site)["files"]) == paths(site, *ALL_FILES)
    site.acknowledge("previous")
    assert contents(site) == before
    assert site.install("", action="resume", attempt_id="")["is_deployed"]
    site.acknowledge()
    assert site.serial() == new
    assert site.content("fullchain.pem").startswith(site.content("cert.pem"))
    (site.folder / "fullchain.pem").unlink()
    site.deploy()
    assert site.names() == ["cert.pem", "chain.pem", "key.pem"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_under_a_passphrase_that_the_task_does_not_name_stops_what_would_change_it(
    site: Site, layout: str
) -> None:
    site.options["layout"] = layout
    site.deploy()
    key = keys.load_private_key((site.folder / "key.pem").read_bytes())
    sealed = keys.private_key_pem(key, "secret")
    (site.folder / "key.pem").write_bytes(sealed)
    held, name = deployed(site), site.record()["wanted_now"]
    path = f"{site.folder}/key.pem"
    held["files"][path]["digest"] = hashlib.sha256(sealed).hexdigest()
    rewrite(site, sets={name: {**held, "encrypted": [path]}})
    both = f"{site.folder}/both.pem"
    site.options.update(
        privatekey_path=None, files=[{"path": both, "contains": ["privatekey", "certificate"]}]
    )
    (site.folder / "both.pem").write_bytes(
        keys.private_key_pem(key) + (site.folder / "cert.pem").read_bytes()
    )
    (site.folder / "both.pem").chmod(0o600)
    said = (
        f"{path} belongs to the same certificate and is protected by a passphrase that this task"
        " does not state, so it could not be kept in step; name it in the task, too, or remove it."
    )
    found = site.inspect()
    if layout == "plain":
        assert (found["repairs"], found["obstacle"]) == ([], "")
    site.options["force"] = True
    assert site.inspect()["obstacle"] == said
    assert site.prepare()["obstacle"] == said
    assert site.install("", action="mend")["obstacle"] == said
    assert (site.folder / "key.pem").read_bytes() == sealed
    (site.folder / "key.pem").unlink()
    assert site.inspect()["obstacle"] == ""


def test_a_long_certificate_is_reported_with_its_content(site: Site) -> None:
    """As many names as a policy may allow: more than 16 KiB of PEM."""
    names = [f"{number:03d}.{'x' * 50}.example.com" for number in range(300)]
    site.options["san"] = {"dns_names": names}
    key = keys.load_public_key(site.prepare()["public_key"])
    issued = certificates.certificate_pem(site.hierarchy.issuing.issue(key, tuple(names)))
    assert len(issued) > 16 * 1024
    answer = site.install(issued, with_content=True)
    assert (answer["obstacle"], answer["content"]["certificate"]) == ("", issued)
    (read,) = exchange.read_answers(exchange.Installed, [answer], 1)
    assert read.content == answer["content"]
    found = site.step("inspect", now=NOW, with_content=True)
    (inspection,) = exchange.read_answers(exchange.Inspection, [found], 1)
    assert inspection.content["certificate"] == issued


def test_a_set_that_is_rendered_anew_stays_the_same_set(site: Site) -> None:
    """What it replaces, supersedes and was requested by: only its files are others."""
    site.deploy()
    site.options["layout"] = "linked"
    with looking(site) as found:
        assert found.material is not None
        assert found.material.key is not None
        name = found.record.wanted_now
        key = keys.private_key_pem(found.material.key).decode()
        old = replace(
            found.record.sets[name],
            key=key,
            replaces="0001-A",
            supersedes=["AB"],
            differences=["key_usages: crl_sign not in the certificate"],
        )
        record = replace(found.record, sets={name: old})
        anew = install._rendered_anew(replace(found, record=record), name).sets[name]
        assert anew.layout == "linked"
        assert replace(anew, layout="plain", files={}) == replace(old, files={})
