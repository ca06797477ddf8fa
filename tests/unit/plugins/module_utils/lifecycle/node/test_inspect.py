# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is due, what is to be mended, and what stands in the way."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..conftest import ALL_FILES, NOW, Site
from .setups import (
    LAYOUTS,
    another,
    deployed,
    folders,
    foreign,
    in_use,
    paths,
    record_path,
    rewrite,
    serial_of,
    serials,
)


def test_an_empty_folder_is_due_and_stays_empty(site: Site) -> None:
    found = site.inspect()
    assert found["reasons"] == [
        "missing: there is no private key",
        "missing: there is no certificate",
    ]
    assert found["obstacle"] == ""
    assert site.names() == []


def test_a_deployed_certificate_is_complete_and_not_due(site: Site) -> None:
    site.deploy()
    assert site.names() == ALL_FILES
    assert site.content("fullchain.pem") == site.content("cert.pem") + site.content("chain.pem")
    assert site.content("chain.pem") == site.hierarchy.chain[0]
    assert [site.mode(name) for name in ALL_FILES] == [0o644, 0o644, 0o644, 0o600]
    found = site.inspect()
    assert (found["reasons"], found["repairs"]) == ([], [])
    assert found["certificate"]["dns_names"] == ["www.example.com"]


def test_a_missing_folder_is_reported(site: Site) -> None:
    site.folder = site.folder / "absent"
    assert site.inspect()["missing_folders"] == [str(site.folder)]
    prepared = site.prepare()
    assert prepared["obstacle"].endswith("does not exist on the node; create it before this task.")
    assert not site.folder.exists()


def test_without_any_issuer_the_chain_has_to_be_fetched(site: Site) -> None:
    site.deploy()
    before = site.content("fullchain.pem")
    (site.folder / "chain.pem").unlink()
    (site.folder / "fullchain.pem").unlink()
    assert not site.inspect()["needs_chain"]
    shutil.rmtree(site.state)
    assert site.inspect()["needs_chain"]
    site.install("", action="mend")
    assert site.content("fullchain.pem") == before


DAY = 86400
QUIET: dict[str, Any] = {
    "reasons": [],
    "repairs": [],
    "needs_chain": False,
    "obstacle": "",
    "missing_folders": [],
    "unfinished": "",
    "unacknowledged": False,
    "is_untidy": False,
    "superseded": [],
    "notices": [],
    "is_own": True,
    "has_previous": False,
    "is_cut_off": False,
    "is_unknown": False,
    "content": {},
}


def reported(site: Site, **expected: Any) -> bool:
    """Whether all but the facts of the certificate is quiet, or as expected."""
    found = site.inspect()
    del found["certificate"]
    assert found == {**QUIET, **expected}
    return True


def test_what_is_as_wanted_is_quiet(site: Site) -> None:
    site.deploy()
    assert reported(site)


def test_an_empty_folder_is_only_due(site: Site) -> None:
    reasons = ["missing: there is no private key", "missing: there is no certificate"]
    assert reported(site, reasons=reasons, is_own=False)
    assert site.inspect()["certificate"] is None


def test_what_was_not_acknowledged(site: Site) -> None:
    site.put()
    assert reported(site, unacknowledged=True)
    site.acknowledge()
    site.put()
    assert reported(site, unacknowledged=True, has_previous=True)


def test_what_was_switched_back_is_held(site: Site) -> None:
    site.deploy()
    held = site.put()
    site.acknowledge("previous", why="the site was down")
    assert reported(site, unfinished=f"kept: {held} is not in place, the site was down")


def test_what_is_held_is_not_wanted_for_ever(site: Site) -> None:
    site.deploy()
    site.put()
    site.acknowledge("previous")
    site.options["force"] = True
    assert reported(site, reasons=["forced: the task says force"])
    site.options = {"san": {"dns_names": ["other.example.com"]}}
    assert site.inspect()["unfinished"] == ""
    site.options = {"privatekey_size": 384}
    assert site.inspect()["unfinished"] == ""


def test_what_is_held_and_due_itself_is_not_wanted(site: Site) -> None:
    site.deploy()
    site.put()
    site.acknowledge("previous")
    late = site.step("inspect", now=NOW + 80 * DAY, with_content=False)
    assert (late["unfinished"], len(late["reasons"])) == ("", 1)


@pytest.mark.parametrize("member", ["certificate", "key", "request"])
def test_what_is_kept_and_not_whole_is_not_wanted(site: Site, member: str) -> None:
    site.deploy()
    site.put()
    site.acknowledge("previous")
    assert site.inspect()["unfinished"]
    record = site.record()
    name = record["kept"]["name"]
    lacking = {**record["sets"][name], member: None if member == "request" else ""}
    rewrite(site, sets={**record["sets"], name: lacking})
    assert reported(site)


def test_what_is_held_and_older_than_what_is_deployed_is_not_wanted(site: Site) -> None:
    site.deploy()
    site.put()
    site.acknowledge("previous")
    key = keys.generate(keys.KeyKind("ECDSA", 256))
    newer = site.hierarchy.issuing.issue(
        key.public_key(), ("www.example.com",), not_before=NOW - DAY + 1
    )
    pem = certificates.certificate_pem(newer)
    (site.folder / "cert.pem").write_text(pem)
    (site.folder / "fullchain.pem").write_text(pem + site.hierarchy.chain[0])
    (site.folder / "key.pem").write_bytes(keys.private_key_pem(key))
    assert site.inspect()["unfinished"] == ""


def test_what_is_held_is_better_than_a_placeholder(site: Site, self_signed: Any) -> None:
    site.deploy()
    held = site.put()
    site.acknowledge("previous")
    key = keys.load_private_key((site.folder / "key.pem").read_bytes())
    placeholder = certificates.certificate_pem(self_signed(key, "a", ("www.example.com",)))
    for name in ("cert.pem", "fullchain.pem"):
        (site.folder / name).write_text(placeholder)
    assert site.inspect()["unfinished"] == f"kept: {held} is not in place, it was switched back"


def test_what_others_obtained_is_kept_and_reported(site: Site, private_key: Any) -> None:
    foreign(site, private_key)
    notice = (
        "The certificate (its issuer is CN=Test issuing CA) was not obtained by this collection,"
        f" as far as the records in {site.state} tell; it is kept until it is due. replace_foreign:"
        " true replaces it now."
    )
    assert reported(site, is_own=False, notices=[notice])
    site.options["replace_foreign"] = True
    reasons = ["foreign: the certificate was not obtained by this collection"]
    assert reported(site, is_own=False, reasons=reasons)


def test_what_lost_its_key_is_not_its_own(site: Site) -> None:
    site.deploy()
    (site.folder / "key.pem").unlink()
    assert reported(site, is_own=False, reasons=["missing: there is no private key"])


def test_repairs_are_told_by_file(site: Site) -> None:
    site.deploy()
    (site.folder / "chain.pem").unlink()
    (site.folder / "fullchain.pem").write_text("damaged")
    (site.folder / "key.pem").chmod(0o640)
    assert reported(
        site,
        repairs=[
            f"{site.folder}/fullchain.pem: not as it should be",
            f"{site.folder}/chain.pem: missing",
            f"{site.folder}/key.pem: mode 0640, not 0600",
        ],
    )


def test_what_cannot_be_mended_is_an_obstacle(site: Site) -> None:
    site.deploy()
    (site.folder / "chain.pem").unlink()
    (site.folder / "chain.pem").mkdir()
    found = site.inspect()
    assert (
        found["obstacle"]
        == f"chain_path: {site.folder}/chain.pem is a folder; give the path of a file."
    )


def test_an_unreadable_file_is_an_obstacle_and_no_reason(site: Site) -> None:
    site.deploy()
    (site.folder / "key.pem").unlink()
    os.mkfifo(site.folder / "key.pem")
    found = site.inspect()
    assert (found["reasons"], found["obstacle"]) == (
        [],
        f"privatekey_path: {site.folder}/key.pem is not a regular file.",
    )


def test_hard_links_keep_the_old_content(site: Site) -> None:
    site.deploy()
    os.link(site.folder / "chain.pem", site.folder / "other.pem")
    assert reported(site)
    (site.folder / "chain.pem").write_text("damaged")
    notice = (
        f"{site.folder}/chain.pem has other hard links, which keep the old content when it changes."
    )
    assert reported(
        site, notices=[notice], repairs=[f"{site.folder}/chain.pem: not as it should be"]
    )


def test_a_request_that_is_not_needed_any_more_is_reported(site: Site) -> None:
    site.deploy()
    site.prepare(is_due=True)
    notice = (
        "A request that was begun earlier was never finished and is not needed any more; Atlas may"
        " have issued a certificate for it, which ends on 2027-04-14T08:00:00Z and nobody uses."
    )
    assert reported(site, notices=[notice], is_untidy=True)
    site.install("", action="unknown")
    assert reported(site, notices=[notice])
    site.options["force"] = True
    assert reported(site, reasons=["forced: the task says force"])


def test_orphans_are_told_until_a_run_has_told_them(site: Site) -> None:
    site.deploy()
    site.prepare(is_due=True)
    site.prepare(is_due=True, anew=True, orphan="0F")
    site.install("", action="close")
    notice = (
        "An earlier request had led to the certificate 0F, which is not what is wanted any more; it"
        " was not revoked, and nobody uses it."
    )
    assert reported(site, notices=[notice], is_untidy=True)
    assert not site.acknowledge()["is_changed"]
    assert reported(site)


def test_what_is_still_to_be_revoked_is_reported(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    old = site.serial()
    site.deploy()
    assert reported(site, superseded=[old])
    site.acknowledge("revoked", serials=[old])
    assert reported(site)


def test_a_missing_folder_is_told_once_something_is_to_be_put_there(site: Site) -> None:
    site.deploy()
    site.options["chain_path"] = str(site.folder / "absent/chain.pem")
    found = site.inspect()
    assert found["missing_folders"] == [f"{site.folder}/absent"]
    assert found["repairs"] == [f"{site.folder}/absent/chain.pem: missing"]


def test_a_chain_is_needed_only_for_a_repair(site: Site) -> None:
    site.deploy()
    (site.folder / "chain.pem").unlink()
    (site.folder / "fullchain.pem").unlink()
    shutil.rmtree(site.state)
    found = site.inspect()
    assert (found["needs_chain"], found["reasons"]) == (True, [])
    site.options["force"] = True
    assert not site.inspect()["needs_chain"]


def test_a_root_is_needed_only_for_a_file_that_holds_it(site: Site) -> None:
    site.deploy()
    shutil.rmtree(site.state)
    assert not site.inspect()["needs_chain"]
    root = {"path": str(site.folder / "root.pem"), "contains": ["root"]}
    site.options = {"files": [root]}
    assert site.inspect()["needs_chain"]


def test_content_is_told_if_it_is_asked_for(site: Site) -> None:
    assert site.step("inspect", now=NOW, with_content=True)["content"] == {}
    site.deploy()
    issuing, root = site.hierarchy.chain
    assert site.step("inspect", now=NOW, with_content=True)["content"] == {
        "certificate": site.content("cert.pem"),
        "chain": issuing,
        "root": root,
    }


def test_inspecting_changes_nothing(site: Site) -> None:
    site.deploy()
    (site.folder / "chain.pem").write_text("damaged")
    before = [(path, (site.folder / path).stat().st_mtime_ns) for path in site.tree()]
    site.inspect()
    assert [(path, (site.folder / path).stat().st_mtime_ns) for path in site.tree()] == before


def test_space_that_is_held_is_not_untidy_while_something_is_due(site: Site) -> None:
    site.prepare()
    assert len(in_use(site)) == 1
    assert not site.inspect()["is_untidy"]


def test_a_switch_that_was_cut_off_is_finished_also_where_force_is_stated(site: Site) -> None:
    new = site.put()
    rewrite(site, is_applied=False)
    site.options["force"] = True
    found = site.inspect()
    assert found["unfinished"] == f"unfinished: putting {new} in place was cut off"
    assert found["is_cut_off"]


# Why nothing is requested although something is due


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        (0, "does not open with the passphrase"),
        (None, "is protected by a passphrase, and none was given"),
    ],
)
def test_a_key_that_does_not_open_takes_another_passphrase(
    site: Site, stated: int | None, why: str
) -> None:
    site.deploy()
    key = load_pem_private_key((site.folder / "key.pem").read_bytes(), None)
    sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"right"))
    (site.folder / "key.pem").write_bytes(sealed)
    wanted = site.wanted.on_wire()
    for target in wanted["targets"]:
        target["passphrase"] = stated if target["option"] == "privatekey_path" else None
    item = {"wanted": wanted, "now": NOW, "with_content": False}
    (found,) = steps.run("inspect", [item], ["wrong"], check_mode=True)
    assert found["obstacle"] == (
        f"The private key at {site.folder}/key.pem {why}. What cannot be read may be right, so"
        " nothing is requested; state the passphrase that it has, or say force: true to have it"
        " replaced."
    )


def test_what_cannot_be_read_is_an_obstacle_and_with_force_a_reason(site: Site) -> None:
    site.deploy()
    (site.folder / "key.pem").write_text("damaged")
    what = f"private key at {site.folder}/key.pem is not a private key in PEM format"
    reason = f"unreadable: the {what}"
    found = site.inspect()
    assert found["reasons"] == [reason]
    assert found["obstacle"] == (
        f"The {what}. What cannot be read may be right, so nothing is requested; mend it, or say"
        " force: true to have it replaced."
    )
    assert site.prepare()["obstacle"] == found["obstacle"]
    site.options["force"] = True
    found = site.inspect()
    assert found["reasons"] == ["forced: the task says force", reason]
    assert found["obstacle"] == ""
    assert site.prepare()["obstacle"] == ""


def test_what_cannot_be_read_is_an_obstacle_although_the_rest_is_over(site: Site) -> None:
    site.deploy()
    for name in ("cert.pem", "fullchain.pem"):
        (site.folder / name).write_text("damaged")
    found = site.step("inspect", now=NOW + 500 * DAY, with_content=False)
    assert found["reasons"] == [
        f"unreadable: the certificate at {site.folder}/fullchain.pem holds no certificate in PEM"
        " format"
    ]
    assert found["obstacle"].startswith(f"The certificate at {site.folder}/fullchain.pem holds")


def rejected(site: Site) -> str:
    issued = another(site)
    site.install(issued, action="reject", serial=serial_of(issued), failure="it is for others.")
    return serial_of(issued)


def test_what_was_issued_and_cannot_be_used_is_not_bought_again(site: Site) -> None:
    serial = rejected(site)
    said = (
        f"Atlas issued {serial} for this request, and it cannot be used: it is for others. Nothing"
        " is requested again for the same until the task says force: true."
    )
    assert site.inspect()["obstacle"] == said
    assert site.prepare()["obstacle"] == said
    site.options["force"] = True
    assert site.inspect()["obstacle"] == ""
    site.options = {"san": {"dns_names": ["other.example.com"]}}
    assert site.inspect()["obstacle"] == ""


def test_what_was_rejected_says_nothing_while_nothing_is_due(site: Site) -> None:
    site.deploy()
    rejected(site)
    assert reported(site)


def early(site: Site) -> str:
    """A certificate that is valid tomorrow, and kept until then."""
    prepared = site.prepare(is_due=True)
    key = keys.load_public_key(prepared["public_key"])
    leaf = site.hierarchy.issuing.issue(
        key, ("www.example.com",), not_before=NOW + DAY, not_after=NOW + 400 * DAY
    )
    answer = site.install(
        certificates.certificate_pem(leaf), action="keep", failure="it is not valid yet."
    )
    assert answer["obstacle"] == ""
    return certificates.serial_number(leaf)


def test_what_is_not_valid_yet_is_kept_and_nothing_else_bought(site: Site) -> None:
    serial = early(site)
    said = (
        f"The certificate {serial} is kept, and not in place yet: it is not valid yet. The next"
        " runs put it in place as soon as they can; force: true requests another."
    )
    for now in (NOW, NOW + DAY - 1):
        found = site.step("inspect", now=now, with_content=False)
        assert (found["obstacle"], found["unfinished"]) == (said, "")
        assert site.prepare(now=now)["obstacle"] == said
    found = site.step("inspect", now=NOW + DAY, with_content=False)
    assert found["obstacle"] == ""
    assert found["unfinished"] == f"kept: {serial} is not in place, it is not valid yet."
    site.options["force"] = True
    assert site.inspect()["obstacle"] == ""
    site.options = {"san": {"dns_names": ["other.example.com"]}}
    assert site.inspect()["obstacle"] == ""


def test_what_is_not_valid_yet_does_not_disturb_what_is_in_place(site: Site) -> None:
    site.deploy()
    early(site)
    assert reported(site)


def test_a_file_that_is_carried_is_named_once_something_changes(site: Site) -> None:
    site.deploy()
    site.options.update(chain_path=None, fullchain_path=None)
    assert reported(site)
    (site.folder / "chain.pem").unlink()
    (site.folder / "cert.pem").unlink()
    assert reported(
        site,
        repairs=[f"{site.folder}/cert.pem: missing"],
        notices=[
            "Files that this task does not name belong to the same certificate and are kept in step"
            f" with it: {site.folder}/fullchain.pem. Name them in the task, or remove them."
        ],
    )


def test_a_carried_file_that_is_damaged_is_mended(site: Site) -> None:
    site.deploy()
    site.options["chain_path"] = None
    (site.folder / "chain.pem").write_text("damaged")
    found = site.inspect()
    assert found["repairs"] == [f"{site.folder}/chain.pem: not as it should be"]
    assert site.install("", action="mend")["changed_files"] == paths(site, "chain.pem")
    assert site.content("chain.pem") == site.hierarchy.chain[0]


def test_what_the_certificate_says_otherwise_is_reported(site: Site) -> None:
    site.options["extended_key_usages"] = ["1.3.6.1.5.5.7.3.2"]
    site.put()
    (difference,) = deployed(site)["differences"]
    assert difference.endswith("not in the certificate")
    site.acknowledge()
    assert reported(
        site,
        notices=[
            f"The certificate differs from what the task states ({difference}). It is kept until it"
            " is due or the task states otherwise."
        ],
    )


def test_an_end_that_the_task_states_is_reported_when_it_is_close(site: Site) -> None:
    site.options["not_after"] = "2027-04-14T08:00:00Z"
    site.put()
    site.acknowledge()
    assert site.record()["sets"]
    late = site.step("inspect", now=NOW + 80 * DAY, with_content=True)
    assert late["reasons"] == []
    assert late["notices"] == [
        "The certificate ends in 9 days, as not_after states, so another one could not last longer"
        " and none is requested; state a later not_after, or leave it out."
    ]


# What is to be cleared away


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_a_tidy_record_has(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    site.deploy()
    assert reported(site)
    (record,) = (deployed(site),)
    assert (record["key"], record["supersedes"]) == ("", [])
    assert {file["content"] for file in record["files"].values()} == {None}
    assert len(folders(site)) == (2 if layout == "linked" else 0)


def test_folders_of_sets_that_are_not_named_are_untidy(site: Site) -> None:
    site.options["layout"] = "linked"
    site.deploy()
    stray = record_path(site).with_suffix("") / "0099-0A"
    stray.mkdir()
    assert reported(site, is_untidy=True)
    site.acknowledge()
    assert not stray.exists()
    assert reported(site)


def test_what_a_cut_off_switch_left_is_no_disorder(site: Site) -> None:
    site.options["layout"] = "linked"
    site.put()
    rewrite(site, is_applied=False)
    stray = record_path(site).with_suffix("") / "0099-0A"
    stray.mkdir()
    assert not site.inspect()["is_untidy"]


def test_what_will_be_revoked_once_a_set_is_confirmed_is_foretold(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    old = site.serial()
    site.put()
    assert reported(site, superseded=[old], unacknowledged=True, has_previous=True)
    rewrite(site, is_applied=False)
    assert site.inspect()["superseded"] == []


def test_a_cut_off_switch_is_not_on_probation(site: Site) -> None:
    site.deploy()
    new = site.put()
    rewrite(site, is_applied=False)
    assert reported(
        site,
        unfinished=f"unfinished: putting {new} in place was cut off",
        is_cut_off=True,
        has_previous=True,
    )
    assert serials(site)["wanted_now"] == new


def test_what_is_missing_of_an_unfinished_set_is_no_repair(site: Site) -> None:
    site.deploy()
    site.put()
    rewrite(site, is_applied=False)
    (site.folder / "chain.pem").unlink()
    assert site.inspect()["repairs"] == []


def test_a_folder_that_is_missing_is_not_reported_with_an_obstacle(site: Site) -> None:
    site.deploy()
    site.options["chain_path"] = str(site.folder / "absent/chain.pem")
    (site.folder / "fullchain.pem").unlink()
    (site.folder / "fullchain.pem").mkdir()
    found = site.inspect()
    assert found["obstacle"].startswith(f"fullchain_path: {site.folder}/fullchain.pem is a folder")
    assert found["missing_folders"] == []
