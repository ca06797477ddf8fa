# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is deployed is taken for working, switched back, or shown to be the node's own."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from ..conftest import ALL_FILES, Site


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


@pytest.mark.parametrize("layout", ["plain", "linked"])
def test_backups_are_kept_and_no_more_than_wanted(site: Site, layout: str) -> None:
    site.options.update(layout=layout, backup=True, backup_count=2)
    for _time in range(4):
        site.deploy()
    store = site.folder / ".atlas/cert.pem"
    backups = store / ("private/history" if layout == "plain" else "versions")
    assert len(os.listdir(backups)) == (2 if layout == "plain" else 3)


NOTHING: dict[str, Any] = {
    "obstacle": "",
    "is_changed": False,
    "changed_files": [],
    "superseded": [],
}


def rewrite(site: Site, **members: Any) -> None:
    """Another record, as a run leaves it that is cut off."""
    path = site.folder / ".atlas/cert.pem/private/state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **members}))


def test_there_is_nothing_to_acknowledge(site: Site) -> None:
    assert site.acknowledge() == NOTHING
    assert site.tree() == []
    site.deploy()
    assert site.acknowledge() == NOTHING


def test_what_is_acknowledged_has_nothing_to_switch_back_to(site: Site) -> None:
    site.deploy()
    site.put()
    assert site.acknowledge() == {**NOTHING, "is_changed": True}
    record = site.record()
    assert (record["acknowledged"], record["previous"], record["replaced"]) == (True, "", "")
    assert not record["is_untidy"]
    assert site.acknowledge("previous") == NOTHING


def test_what_was_cleared_away_only_half_is_cleared_away(site: Site) -> None:
    site.deploy()
    site.put()
    rewrite(site, acknowledged=True, is_untidy=True)
    assert site.inspect()["is_untidy"]
    assert site.acknowledge() == NOTHING
    record = site.record()
    assert (record["previous"], record["replaced"], record["is_untidy"]) == ("", "", False)
    assert os.listdir(site.folder / ".atlas/cert.pem/private/previous") == []
    assert list((site.folder / ".atlas").rglob("key.pem")) == []


def test_a_switch_that_was_cut_off_is_not_acknowledged(site: Site) -> None:
    site.deploy()
    live = site.record()["live"]
    cut = {"version": live, "previous": "", "layout": "plain", "supersedes": ""}
    rewrite(site, installing=cut)
    assert site.acknowledge()["obstacle"] == (
        f"{site.folder}/cert.pem: putting {site.serial()} in place was cut off; run the task with"
        " state: present first, which finishes it."
    )
    assert site.inspect()["is_cut_off"]


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
        assert (proof["serial"], proof["is_revoked"]) == (old, False)
        assert proof["public_key"] == keys.public_key_pem(key)
        assert keys.answers_challenge(key, "another nonce", proof["answer"])
        assert keys.signing_request_proves(key, proof["attestation"])
    (site.folder / f".atlas/cert.pem/private/superseded/{old}.pem").unlink()
    assert site.acknowledge()["superseded"] == [
        {"serial": old, "public_key": "", "answer": "", "attestation": "", "is_revoked": False}
    ]


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
    site.deploy()
    site.acknowledge("revoked", serials=[])
    assert site.record()["revoked"] == []


def test_what_was_revoked_is_not_queued_any_more_and_its_key_dropped(site: Site) -> None:
    site.options["revoke_superseded"] = True
    serials = []
    for _time in range(3):
        site.deploy()
        serials.append(site.serial())
    kept = site.folder / ".atlas/cert.pem/private/superseded"
    assert sorted(os.listdir(kept)) == sorted(f"{serial}.pem" for serial in serials[:2])
    site.acknowledge("revoked", serials=serials[:1])
    assert site.record()["superseded"] == serials[1:2]
    assert os.listdir(kept) == [f"{serials[1]}.pem"]


@pytest.mark.parametrize("layout", ["plain", "linked"])
@pytest.mark.parametrize("is_compromised", [True, False])
def test_backups_of_a_compromised_key_are_destroyed(
    site: Site, layout: str, is_compromised: bool
) -> None:
    site.options.update(
        layout=layout,
        backup=True,
        revoke_superseded=True,
        revocation_reason="keyCompromise" if is_compromised else "superseded",
    )
    site.deploy()
    first = site.serial()
    site.deploy()
    second = site.serial()
    site.deploy()
    place = "private/history" if layout == "plain" else "versions"
    backups = site.folder / ".atlas/cert.pem" / place

    def kept() -> set[str]:
        return {name.partition("-")[2] for name in os.listdir(backups)} - {"none", site.serial()}

    assert kept() == {first, second}
    site.acknowledge("revoked", serials=[second])
    assert kept() == ({first} if is_compromised else {first, second})


def test_backups_with_the_same_key_are_destroyed_too(site: Site) -> None:
    site.options.update(backup=True, privatekey_rotation="never")
    site.deploy()
    first = site.serial()
    site.deploy()
    second = site.serial()
    site.options.update(revoke_superseded=True, revocation_reason="keyCompromise")
    site.deploy()
    history = site.folder / ".atlas/cert.pem/private/history"
    assert {name.partition("-")[2] for name in os.listdir(history)} == {"none", first, second}
    site.acknowledge("revoked", serials=[second])
    assert {name.partition("-")[2] for name in os.listdir(history)} == {"none"}


def test_there_is_nothing_to_switch_back(site: Site) -> None:
    assert site.acknowledge("previous") == NOTHING
    assert site.tree() == []


@pytest.mark.parametrize("layout", ["plain", "linked"])
def test_what_is_recorded_of_a_switch_back(site: Site, layout: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    first = site.record()["live"]
    site.put()
    second = site.record()["live"]
    answer = site.acknowledge("previous", why="the site was down")
    assert (answer["obstacle"], answer["is_changed"]) == ("", True)
    assert sorted(answer["changed_files"]) == [f"{site.folder}/{name}" for name in ALL_FILES]
    record = site.record()
    assert record["held"] == {"version": second, "why": "the site was down"}
    assert (record["live"], record["previous"], record["replaced"]) == (first, "", "")
    assert (record["acknowledged"], record["returning"]) == (True, None)
    assert site.acknowledge("previous") == NOTHING


def test_what_is_deployed_again_is_not_to_be_revoked(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    old = site.serial()
    site.put()
    assert site.record()["superseded"] == [old]
    site.acknowledge("previous")
    assert (site.serial(), site.record()["superseded"]) == (old, [])
    assert not (site.folder / f".atlas/cert.pem/private/superseded/{old}.pem").exists()


def test_a_switch_that_was_cut_off_is_undone(site: Site) -> None:
    site.deploy()
    old, live = site.serial(), site.record()["live"]
    new = site.put()
    record = site.record()
    cut = {
        "version": record["live"],
        "previous": record["previous"],
        "layout": "plain",
        "supersedes": "",
    }
    rewrite(site, installing=cut, live=live, previous="", replaced="", acknowledged=True)
    answer = site.acknowledge("previous")
    assert (answer["is_changed"], site.serial()) == (True, old)
    assert answer["changed_files"] == [
        f"{site.folder}/{name}" for name in ("cert.pem", "fullchain.pem", "chain.pem", "key.pem")
    ]
    after = site.record()
    assert (after["installing"], after["live"]) == (None, live)
    assert after["held"] == {
        "version": f"0002-{new}",
        "why": "it was cut off, and then something else was wanted",
    }


def test_space_that_a_run_held_which_was_cut_off_is_given_back(site: Site) -> None:
    site.deploy()
    site.prepare(is_due=True)
    assert [name for name in site.tree() if "-reserve-" in name]
    site.acknowledge()
    assert [name for name in site.tree() if "-reserve-" in name] == []


def test_strays_are_removed_by_each_step_that_changes_something(site: Site) -> None:
    site.deploy()
    stray = site.folder / ".cert.pem.atlas-0a"
    for step in ("acknowledge", "previous", "revoked"):
        stray.write_text("")
        site.acknowledge(step)
        assert not stray.exists(), step
    stray.write_text("")
    site.prepare(is_due=True)
    assert not stray.exists()
    stray.write_text("")
    site.install("", action="unknown")
    assert not stray.exists()


def test_what_is_acknowledged_is_not_switched_back_though_clearing_away_was_cut_off(
    site: Site,
) -> None:
    site.deploy()
    new = site.put()
    store = site.store
    with store.locked():
        store.write(store.read().with_(acknowledged=True, is_untidy=True))
    assert not site.acknowledge("previous")["is_changed"]
    assert site.serial() == new
