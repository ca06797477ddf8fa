# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is due, what is to be mended, and what stands in the way."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.pki import certificates, keys

from ..conftest import ALL_FILES, NOW, PREPARE, Site


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


def test_a_missing_folder_is_told(site: Site) -> None:
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
    shutil.rmtree(site.folder / ".atlas")
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
    "content": {},
}


def told(site: Site, **expected: Any) -> bool:
    """Whether all but the facts of the certificate is quiet, or as expected."""
    found = site.inspect()
    del found["certificate"]
    assert found == {**QUIET, **expected}
    return True


def test_what_is_as_wanted_is_quiet(site: Site) -> None:
    site.deploy()
    assert told(site)


def test_an_empty_folder_is_only_due(site: Site) -> None:
    reasons = ["missing: there is no private key", "missing: there is no certificate"]
    assert told(site, reasons=reasons, is_own=False)
    assert site.inspect()["certificate"] is None


def test_what_was_not_acknowledged(site: Site) -> None:
    site.put()
    assert told(site, unacknowledged=True)
    site.acknowledge()
    site.put()
    assert told(site, unacknowledged=True, has_previous=True)


def test_what_was_switched_back_is_held(site: Site) -> None:
    site.deploy()
    held = site.put()
    site.acknowledge("previous", why="the site was down")
    assert told(site, unfinished=f"held: {held} is not in place, the site was down")


def test_what_is_held_is_not_wanted_for_ever(site: Site) -> None:
    site.deploy()
    site.put()
    site.acknowledge("previous")
    site.options["force"] = True
    assert told(site, reasons=["forced: the task says force"])
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


@pytest.mark.parametrize("name", ["cert.pem", "key.pem", "meta.json"])
def test_what_is_held_and_not_whole_is_not_wanted(site: Site, name: str) -> None:
    site.deploy()
    site.put()
    site.acknowledge("previous")
    version = site.record()["held"]["version"]
    (site.folder / ".atlas/cert.pem/versions" / version / name).unlink()
    assert told(site)


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
    assert site.inspect()["unfinished"] == f"held: {held} is not in place, it was switched back"


def foreign(site: Site, key: Any) -> None:
    leaf = site.hierarchy.issuing.issue(key.public_key(), ("www.example.com",))
    pem, issuing = certificates.certificate_pem(leaf), site.hierarchy.chain[0]
    for name, content in {"cert": pem, "fullchain": pem + issuing, "chain": issuing}.items():
        (site.folder / f"{name}.pem").write_text(content)
    (site.folder / "key.pem").write_bytes(keys.private_key_pem(key))
    (site.folder / "key.pem").chmod(0o600)


def test_what_others_obtained_is_kept_and_told(site: Site, private_key: Any) -> None:
    foreign(site, private_key)
    notice = (
        "The certificate was not obtained by this collection (its issuer is CN=Test issuing CA); it"
        " is kept until it is due. replace_foreign: true replaces it now."
    )
    assert told(site, is_own=False, notices=[notice])
    site.options["replace_foreign"] = True
    reasons = ["foreign: the certificate was not obtained by this collection"]
    assert told(site, is_own=False, reasons=reasons)


def test_what_lost_its_key_is_not_its_own(site: Site) -> None:
    site.deploy()
    (site.folder / "key.pem").unlink()
    assert told(site, is_own=False, reasons=["missing: there is no private key"])


def test_repairs_are_told_by_file(site: Site) -> None:
    site.deploy()
    (site.folder / "chain.pem").unlink()
    (site.folder / "fullchain.pem").write_text("damaged")
    (site.folder / "key.pem").chmod(0o640)
    assert told(
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
    os.link(site.folder / "cert.pem", site.folder / "other.pem")
    notice = (
        f"{site.folder}/cert.pem has other hard links, which keep the old content when it changes."
    )
    assert told(site, notices=[notice])


def test_a_request_that_is_not_needed_any_more_is_told(site: Site) -> None:
    site.deploy()
    site.prepare(is_due=True)
    end = PREPARE["not_after"]
    notice = (
        "A request that was begun earlier was never finished and is not needed any more; Atlas may"
        f" have issued a certificate for it that ends at {end} (UNIX seconds) and that nobody uses."
    )
    assert told(site, notices=[notice], is_untidy=True)
    site.install("", action="unknown")
    assert told(site, notices=[notice])
    site.options["force"] = True
    assert told(site, reasons=["forced: the task says force"])


def test_orphans_are_told_until_a_run_has_told_them(site: Site) -> None:
    site.deploy()
    site.prepare(is_due=True)
    site.prepare(is_due=True, anew=True, orphan="0F")
    site.install("", action="close")
    notice = (
        "An earlier request had led to the certificate 0F, which is not what is wanted any more; it"
        " was not revoked, and nobody uses it."
    )
    assert told(site, notices=[notice], is_untidy=True)
    assert not site.acknowledge()["is_changed"]
    assert told(site)


def test_what_is_still_to_be_revoked_is_told(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    old = site.serial()
    site.deploy()
    assert told(site, superseded=[old])
    site.acknowledge("revoked", serials=[old])
    assert told(site)


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
    shutil.rmtree(site.folder / ".atlas")
    found = site.inspect()
    assert (found["needs_chain"], found["reasons"]) == (True, [])
    site.options["force"] = True
    assert not site.inspect()["needs_chain"]


def test_a_root_is_needed_only_for_a_file_that_holds_it(site: Site) -> None:
    site.deploy()
    shutil.rmtree(site.folder / ".atlas")
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
    assert [name for name in site.tree() if "-reserve-" in name]
    assert not site.inspect()["is_untidy"]


def test_a_switch_that_was_cut_off_is_finished_also_where_force_is_stated(site: Site) -> None:
    site.put()
    path = site.folder / ".atlas/cert.pem/private/state.json"
    cut = {"version": site.record()["live"], "previous": "", "layout": "plain", "supersedes": ""}
    path.write_text(json.dumps({**site.record(), "installing": cut}))
    site.options["force"] = True
    found = site.inspect()
    assert found["unfinished"] == f"unfinished: putting {site.serial()} in place was cut off"
    assert found["is_cut_off"]
