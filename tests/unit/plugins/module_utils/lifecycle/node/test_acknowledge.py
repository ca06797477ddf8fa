# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is deployed is taken for working, switched back, or shown to be the node's own."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import sets, steps
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.store import Store
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from ..conftest import ALL_FILES, NOW, PREPARE, Site
from .setups import (
    LAYOUTS,
    contents,
    deployed,
    folders,
    foreign,
    in_use,
    paths,
    record_path,
    rewrite,
    serials,
)


@pytest.mark.parametrize("layout", ["plain", "linked"])
def test_a_switch_back_is_byte_by_byte(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    (site.folder / "cert.pem").write_text("# a comment\n" + site.content("cert.pem"))
    before = {name: site.content(name) for name in ALL_FILES}
    assert site.install(site.issue(site.prepare(is_due=True)["public_key"]))["is_deployed"]
    assert site.content("key.pem") != before["key.pem"]
    assert site.acknowledge("previous")["is_changed"]
    assert {name: site.content(name) for name in ALL_FILES} == before
    assert "switched back" in site.inspect()["unfinished"]
    assert site.install("", action="resume")["is_deployed"]
    assert site.content("key.pem") != before["key.pem"]


def test_there_is_nothing_to_switch_back_to_the_first_time(site: Site) -> None:
    site.install(site.issue(site.prepare()["public_key"]))
    assert not site.acknowledge("previous")["is_changed"]
    assert site.names() == ALL_FILES


def backups(site: Site) -> list[str]:
    """The names of backups: the set that was replaced, and the digest of its key."""
    return sorted(path.name for path in site.state.glob("*/backups/*"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_backups_are_kept_and_no_more_than_stated(site: Site, layout: str) -> None:
    site.options.update(layout=layout, backup=True, backup_count=2)
    first: list[str] = []
    for number in range(4):
        site.deploy()
        first = first or backups(site)
        assert len(backups(site)) == min(number, 2)
    assert backups(site)[0].startswith("0003-")
    site.options["backup_count"] = 1
    assert not site.acknowledge()["is_changed"]
    assert [name[:5] for name in backups(site)] == ["0004-"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_backup_is_what_was_there_byte_by_byte(site: Site, layout: str) -> None:
    site.options.update(layout=layout)
    site.deploy()
    site.options["backup"] = True
    (site.folder / "cert.pem").write_text("# a comment\n" + site.content("cert.pem"))
    before, digest = contents(site), deployed(site)["key_digest"]
    name = site.record()["wanted_now"]
    site.put()
    assert backups(site) == []
    site.acknowledge()
    assert backups(site) == [f"{name}-{digest[:16]}"]
    (folder,) = site.state.glob("*/backups/*")
    files = {path.name.partition("-")[2]: path for path in folder.iterdir()}
    assert {name: path.read_text() for name, path in files.items()} == before
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)]
    assert modes == [0o700, 0o700]


def test_there_is_no_backup_of_nothing(site: Site) -> None:
    site.options["backup"] = True
    site.deploy()
    assert (backups(site), folders(site)) == ([], [])


def test_there_is_no_backup_unless_the_task_says_so(site: Site) -> None:
    site.deploy()
    site.deploy()
    assert backups(site) == []


NOTHING: dict[str, Any] = {
    "obstacle": "",
    "is_changed": False,
    "changed_files": [],
    "superseded": [],
}


def test_there_is_nothing_to_acknowledge(site: Site) -> None:
    assert site.acknowledge() == NOTHING
    assert site.tree() == []
    site.deploy()
    assert site.acknowledge() == NOTHING


def test_what_is_acknowledged_has_nothing_to_switch_back_to(site: Site) -> None:
    site.deploy()
    site.put()
    new = site.serial()
    assert site.acknowledge() == {**NOTHING, "is_changed": True}
    assert serials(site) == {"confirmed": new, "wanted_now": new, "kept": ""}
    assert len(site.record()["sets"]) == 1
    assert "PRIVATE" not in record_path(site).read_text()
    assert {file["content"] for file in deployed(site)["files"].values()} == {None}
    assert site.acknowledge("previous") == NOTHING


def test_what_was_cleared_away_only_half_is_cleared_away(site: Site) -> None:
    site.deploy()
    stray = record_path(site).with_suffix("") / "0001-0A"
    stray.mkdir(parents=True)
    assert site.inspect()["is_untidy"]
    assert site.acknowledge() == NOTHING
    assert not stray.exists()
    assert not site.inspect()["is_untidy"]


def test_what_was_reported_is_noted_without_confirming_anything(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    old, new = site.serial(), site.put()
    rewrite(site, orphans=["0A"], superseded={"0B": site.content("key.pem")})
    assert site.acknowledge(confirms=False) == NOTHING
    assert site.record()["orphans"] == []
    assert serials(site) == {"confirmed": old, "wanted_now": new, "kept": ""}
    answer = site.acknowledge()
    assert [proof["serial"] for proof in answer["superseded"]] == ["0B", old]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_somebody_put_back_is_not_replaced_by_a_confirmation(site: Site, layout: str) -> None:
    """What would be revoked is served, and the key of what would be confirmed is nowhere else."""
    site.options.update(revoke_superseded=True, layout=layout)
    site.deploy()
    before, old = contents(site), site.serial()
    new = site.put()
    for name, content in before.items():
        (site.folder / name).write_text(content)
    assert site.acknowledge()["obstacle"] == (
        f"{site.folder}/cert.pem: {new} is to be confirmed, and is not in place any more. Nothing"
        " was confirmed; state: present puts it in place again if it is what the task states, and"
        " state: previous returns to what was there before."
    )
    assert site.inspect()["unfinished"] == (
        f"unfinished: {new} is not in place any more, and was not confirmed"
    )
    site.options["force"] = True
    assert site.inspect()["unfinished"] == ""
    site.options["force"] = False
    assert site.install("", action="resume")["obstacle"] == ""
    assert site.serial() == new
    assert [proof["serial"] for proof in site.acknowledge()["superseded"]] == [old]


def test_files_that_were_removed_on_probation_are_put_in_place_again(site: Site) -> None:
    site.deploy()
    new = site.put()
    for name in ALL_FILES:
        (site.folder / name).unlink()
    assert "is not in place any more" in site.acknowledge()["obstacle"]
    assert new in site.inspect()["unfinished"]
    site.install("", action="resume")
    assert site.serial() == new


def test_what_is_served_again_is_not_revoked(site: Site) -> None:
    """Nor what may be."""
    site.options["revoke_superseded"] = True
    site.deploy()
    before, old = contents(site), site.serial()
    site.put()
    assert [proof["serial"] for proof in site.acknowledge()["superseded"]] == [old]
    for name, content in before.items():
        (site.folder / name).write_text(content)
    assert site.acknowledge()["superseded"] == []
    for name in ("cert.pem", "fullchain.pem"):
        (site.folder / name).write_text("x")
    assert site.acknowledge()["superseded"] == []
    assert list(site.record()["superseded"]) == [old]


def test_a_switch_that_was_cut_off_is_not_acknowledged(site: Site) -> None:
    site.put()
    rewrite(site, is_applied=False)
    before = site.record()
    assert site.acknowledge()["obstacle"] == (
        f"{site.folder}/cert.pem: putting {site.serial()} in place was cut off; run the task with"
        " state: present first, which finishes it."
    )
    assert site.inspect()["is_cut_off"]
    assert site.record() == before


def test_what_is_to_be_revoked_is_proven_to_be_its_own(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    old = site.serial()
    key = keys.load_private_key((site.folder / "key.pem").read_bytes()).public_key()
    site.put()
    for is_new in (True, False):
        answer = site.acknowledge(nonce="another nonce")
        (proof,) = answer["superseded"]
        assert answer["is_changed"] is is_new
        assert (proof["serial"], proof.get("is_revoked", False)) == (old, False)
        assert proof["public_key"] == keys.public_key_pem(key)
        assert keys.answers_challenge(key, "another nonce", proof["answer"])
        assert keys.signing_request_proves(key, proof["attestation"])


def test_the_key_of_what_is_deployed_proves_it(site: Site) -> None:
    site.deploy()
    key = keys.load_private_key((site.folder / "key.pem").read_bytes()).public_key()
    before = site.tree()
    (proof,) = site.acknowledge("prove")["superseded"]
    assert (proof["serial"], proof["is_revoked"]) == (site.serial(), False)
    assert keys.answers_challenge(key, "nonce", proof["answer"])
    assert keys.signing_request_proves(key, proof["attestation"])
    assert site.tree() == before


def test_what_is_not_there_is_not_proven(site: Site) -> None:
    assert site.acknowledge("prove") == {
        **NOTHING,
        "obstacle": f"{site.folder}/cert.pem: there is no certificate to revoke.",
    }
    assert site.tree() == []


@pytest.mark.parametrize("case", ["gone", "another"])
def test_without_its_key_nothing_is_proven(site: Site, private_key: Any, case: str) -> None:
    site.deploy()
    (site.folder / "key.pem").unlink()
    if case == "another":
        (site.folder / "key.pem").write_bytes(keys.private_key_pem(private_key))
    assert site.acknowledge("prove") == {
        **NOTHING,
        "obstacle": f"{site.folder}/cert.pem: the private key of the certificate {site.serial()} is"
        " not on the node, so nobody can show that it is the node's own; revoke it in the Atlas"
        " portal.",
    }


def test_what_was_revoked_is_noted_while_it_is_deployed(site: Site) -> None:
    site.deploy()
    serial = site.serial()
    answer = site.acknowledge("revoked", serials=[serial, "0A"])
    assert answer == {**NOTHING, "is_changed": True}
    assert site.record()["revoked"] == [serial]
    assert site.acknowledge("prove")["superseded"] == [
        {"serial": serial, "public_key": "", "answer": "", "attestation": "", "is_revoked": True}
    ]
    assert site.inspect()["reasons"] == [
        "revoked: the certificate was revoked by a task of this collection"
    ]
    site.acknowledge("revoked", serials=[])
    assert site.record()["revoked"] == [serial]
    site.options["force"] = True
    site.deploy()
    site.acknowledge("revoked", serials=[])
    assert site.record()["revoked"] == []


def test_what_was_revoked_is_not_queued_any_more_and_its_key_dropped(site: Site) -> None:
    site.options["revoke_superseded"] = True
    serials_of = []
    for _time in range(3):
        site.deploy()
        serials_of.append(site.serial())
    key = site.record()["superseded"][serials_of[1]]
    assert list(site.record()["superseded"]) == serials_of[:2]
    site.acknowledge("revoked", serials=serials_of[:1])
    assert site.record()["superseded"] == {serials_of[1]: key}


FILES: dict[str, dict[str, Any]] = {
    "in clear": {},
    "in one file": {"contains": ["privatekey", "certificate"]},
    "under a passphrase": {"contains": ["privatekey", "certificate"], "passphrase": "secret"},
    "PKCS#12": {"contains": ["privatekey", "certificate"], "format": "pkcs12"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("is_compromised", [True, False])
@pytest.mark.parametrize("form", FILES)
def test_backups_of_a_compromised_key_are_destroyed(
    site: Site, layout: str, is_compromised: bool, form: str
) -> None:
    site.options.update(
        layout=layout,
        backup=True,
        revoke_superseded=True,
        revocation_reason="keyCompromise" if is_compromised else "superseded",
    )
    if FILES[form]:
        entry = {"path": f"{site.folder}/both", "passphrase": "secret", **FILES[form]}
        if form == "in one file":
            del entry["passphrase"]
        site.options.update(privatekey_path=None, files=[entry])
    serials_of = []
    for _time in range(3):
        deploy(site)
        serials_of.append(site.serial())
    first, second, _third = serials_of
    kept = {name.split("-")[1] for name in backups(site)}
    assert kept == {first, second}
    step(site, "revoked", serials=[second])
    left = {name.split("-")[1] for name in backups(site)}
    assert left == ({first} if is_compromised else {first, second})


def step(site: Site, name: str, **order: Any) -> dict[str, Any]:
    """A step with the passphrases of the task."""
    wanted = site.wanted.on_wire()
    for target in wanted["targets"]:
        target["passphrase"] = 0 if target["passphrase"] else None
    defaults = {"nonce": "nonce", "serials": [], "why": "", "confirms": True}
    item = json.loads(json.dumps({"wanted": wanted, **defaults, **order}))
    (answer,) = steps.run(name, [item], ["secret"], check_mode=False)
    assert answer.get("obstacle", "") == ""
    return answer


def deploy(site: Site) -> None:
    prepared = step(site, "prepare", **{**PREPARE, "is_due": True})
    order = {
        "run": "run",
        "attempt_id": "attempt",
        "now": NOW,
        "certificate": site.issue(prepared["public_key"]),
        "chain": site.hierarchy.chain,
        "serial": "",
        "failure": "",
        "with_content": False,
    }
    item = {"action": "install", **order}
    wanted = site.wanted.on_wire()
    for target in wanted["targets"]:
        target["passphrase"] = 0 if target["passphrase"] else None
    (answer,) = steps.run("install", [{"wanted": wanted, **item}], ["secret"], check_mode=False)
    assert answer["is_deployed"]
    step(site, "acknowledge")


def test_backups_with_the_same_key_are_destroyed_too(site: Site, private_key: Any) -> None:
    foreign(site, private_key)
    site.options.update(backup=True, privatekey_rotation="never")
    site.deploy()
    first = site.serial()
    site.deploy()
    second = site.serial()
    site.options.update(revoke_superseded=True, revocation_reason="keyCompromise")
    site.deploy()
    assert len(backups(site)) == 3
    assert {first, second} < {name.split("-")[1] for name in backups(site)}
    site.acknowledge("revoked", serials=[second])
    assert backups(site) == []


def test_a_compromised_key_is_destroyed_before_that_is_noted(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever is cut off in between would never come back to it."""
    site.options.update(backup=True, revoke_superseded=True, revocation_reason="keyCompromise")
    site.deploy()
    old = site.serial()
    site.deploy()
    seen: list[list[str]] = []
    original = Store.draft

    def draft(store: Store, record: Any) -> Any:
        seen.append(backups(site))
        return original(store, record)

    monkeypatch.setattr(Store, "draft", draft)
    site.acknowledge("revoked", serials=[old])
    assert seen == [[]]


def test_a_backup_of_a_key_without_a_certificate_is_found_by_its_content(
    site: Site, private_key: Any
) -> None:
    site.options.update(
        backup=True,
        privatekey_rotation="never",
        revoke_superseded=True,
        revocation_reason="keyCompromise",
    )
    site.deploy()
    (folder,) = {path.parent for path in site.state.glob("*.json")}
    old = site.serial()
    content = site.content("key.pem")
    site.deploy()
    (backup,) = folder.glob("*/backups/*")
    unnamed = backup.with_name("0001-none-")
    backup.rename(unnamed)
    other = backup.with_name("0000-none-")
    other.mkdir()
    (other / "key.pem").write_bytes(keys.private_key_pem(private_key))
    (other / "cert.pem").write_text("no key")
    assert content in {path.read_text() for path in unnamed.iterdir()}
    site.acknowledge("revoked", serials=[old])
    assert backups(site) == ["0000-none-"]


def test_there_is_nothing_to_switch_back(site: Site) -> None:
    assert site.acknowledge("previous") == NOTHING
    assert site.tree() == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_recorded_of_a_switch_back(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    first = site.serial()
    second = site.put()
    answer = site.acknowledge("previous", why="the site was down")
    assert (answer["obstacle"], answer["is_changed"]) == ("", True)
    assert answer["changed_files"] == paths(site, "cert.pem", "fullchain.pem", "key.pem")
    record = site.record()
    assert record["kept"]["why"] == "the site was down"
    assert serials(site) == {"confirmed": first, "wanted_now": first, "kept": second}
    assert record["is_applied"]
    assert site.acknowledge("previous") == NOTHING
    assert site.acknowledge() == NOTHING


def test_a_switch_back_without_a_reason_says_that_it_was_one(site: Site) -> None:
    site.deploy()
    site.put()
    site.acknowledge("previous")
    assert site.record()["kept"]["why"] == "it was switched back"


def test_what_is_deployed_again_is_not_to_be_revoked(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    old, key = site.serial(), site.content("key.pem")
    site.put()
    rewrite(site, superseded={old: key, "0A": key})
    site.acknowledge("previous")
    assert (site.serial(), site.record()["superseded"]) == (old, {"0A": key})


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_switch_that_was_cut_off_is_undone(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    before, old = contents(site), site.serial()
    new = site.put()
    rewrite(site, is_applied=False)
    answer = site.acknowledge("previous")
    assert (answer["is_changed"], contents(site)) == (True, before)
    assert answer["changed_files"] == paths(site, "cert.pem", "fullchain.pem", "key.pem")
    assert serials(site) == {"confirmed": old, "wanted_now": old, "kept": new}
    assert site.record()["kept"]["why"] == "it was cut off"


def test_a_first_switch_that_was_cut_off_is_undone(site: Site) -> None:
    new = site.put()
    rewrite(site, is_applied=False)
    answer = site.acknowledge("previous")
    assert (answer["is_changed"], site.names()) == (True, [])
    assert serials(site) == {"confirmed": "", "wanted_now": "", "kept": new}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_switch_back_that_was_cut_off_is_finished_and_reported(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    before = contents(site)
    site.put()
    now = site.record()
    name = now["wanted_now"]
    rewrite(site, wanted_now=now["confirmed"], is_applied=False, kept={"name": name, "why": "down"})
    answer = site.acknowledge("previous")
    assert (answer["is_changed"], contents(site)) == (True, before)
    assert sorted(answer["changed_files"]) == paths(site, *ALL_FILES)
    assert (site.record()["is_applied"], site.record()["kept"]["why"]) == (True, "down")


def test_space_that_a_run_held_which_was_cut_off_is_given_back(site: Site) -> None:
    site.deploy()
    site.prepare(is_due=True)
    assert len(in_use(site)) == 1
    site.acknowledge()
    assert in_use(site) == []


def test_what_others_obtained_can_be_noted_as_revoked(site: Site, private_key: Any) -> None:
    serial = foreign(site, private_key)
    (proof,) = site.acknowledge("prove")["superseded"]
    assert proof["serial"] == serial
    site.acknowledge("revoked", serials=[serial])
    assert site.record()["revoked"] == [serial]
    assert site.inspect()["reasons"] == [
        "revoked: the certificate was revoked by a task of this collection"
    ]


def test_what_cannot_be_read_cannot_be_proven(site: Site) -> None:
    site.deploy()
    for name in ("cert.pem", "fullchain.pem"):
        (site.folder / name).write_text("damaged")
    assert site.acknowledge("prove") == {
        **NOTHING,
        "obstacle": f"{site.folder}/cert.pem: the certificate at {site.folder}/fullchain.pem holds"
        " no certificate in PEM format.",
    }


def test_a_backup_that_fails_leaves_all_as_it_was(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.deploy()
    site.options["backup"] = True
    site.put()
    before = site.record()
    original = sets.file_name

    def fail(path: str) -> str:
        if path.endswith("key.pem"):
            raise AtlasError("no space.")
        return original(path)

    monkeypatch.setattr(sets, "file_name", fail)
    assert site.acknowledge()["obstacle"] == "no space."
    monkeypatch.undo()
    assert list(site.state.glob("*/backups/*/*")) == []
    assert site.record() == before


def test_a_record_lies_where_the_task_says(site: Site, tmp_path: Path) -> None:
    site.options["state_dir"] = str(tmp_path / "mine")
    site.put()
    assert site.acknowledge()["is_changed"]
    assert not site.state.exists()
