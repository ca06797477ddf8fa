# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An attempt: its key and its record on disk before anything is asked for."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import open_folder
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import prepare
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from ..conftest import NOW, PREPARE, Site, lease
from .setups import in_use, record_path, rewrite


def test_the_staged_key_is_on_disk_and_private_before_anything_is_asked_for(site: Site) -> None:
    prepared = site.prepare()
    staged = keys.load_private_key(site.record()["attempt"]["key_pem"].encode())
    assert keys.public_key_pem(staged.public_key()) == prepared["public_key"]
    assert keys.proves_possession(staged.public_key(), prepared["proof"])
    assert keys.signing_request_proves(staged.public_key(), prepared["signing_request"])
    assert stat.S_IMODE(record_path(site).stat().st_mode) == 0o600
    assert "PRIVATE" not in str(prepared)


def test_an_attempt_that_was_cut_off_goes_on_with_its_key(site: Site) -> None:
    first = site.prepare()
    again = site.prepare()
    assert (first["is_fresh"], again["is_fresh"]) == (True, False)
    assert again["public_key"] == first["public_key"]
    anew = site.prepare(anew=True, key_bits=384)
    assert anew["is_fresh"]
    assert anew["public_key"] != first["public_key"]


@pytest.mark.parametrize(
    ("changes", "is_busy"),
    [
        ({"lease": lease(run="other")}, True),
        ({"lease": lease(run="other"), "now": NOW + 101}, False),
        ({"lease": lease(run="other"), "breaks": "run"}, False),
        ({"lease": lease(run="other"), "breaks": "third"}, True),
    ],
)
def test_another_run_is_waited_for(site: Site, changes: dict[str, Any], is_busy: bool) -> None:
    site.prepare()
    answer = site.prepare(**changes)
    assert answer["busy"] == (PREPARE["lease"] if is_busy else {})
    assert bool(answer["public_key"]) is not is_busy


@pytest.mark.parametrize(
    ("later", "recent"), [(0, True), (109, True), (110, False), (10000, False)]
)
def test_what_was_sent_long_ago_is_in_the_statistics(site: Site, later: int, recent: bool) -> None:
    site.prepare()
    assert site.prepare(now=NOW + later)["may_be_recent"] is recent


def test_a_wish_of_another_day_is_told(site: Site) -> None:
    site.prepare()
    assert site.prepare()["is_same_wish"]
    site.options["san"] = {"dns_names": ["other.example.com"]}
    assert not site.prepare()["is_same_wish"]
    assert not site.prepare(account="other")["is_same_account"]


@pytest.mark.parametrize("privatekey_rotation", ["on_renewal", "never"])
def test_whether_a_renewal_keeps_the_key(site: Site, privatekey_rotation: str) -> None:
    site.options["privatekey_rotation"] = privatekey_rotation
    site.deploy()
    before = site.content("key.pem")
    site.deploy()
    assert (site.content("key.pem") == before) is (privatekey_rotation == "never")


def test_a_revoked_certificate_gets_a_new_key_in_any_case(site: Site) -> None:
    site.options["privatekey_rotation"] = "never"
    site.deploy()
    before = keys.load_private_key(site.content("key.pem").encode()).public_key()
    prepared = site.prepare(is_due=True, new_key=True)
    assert prepared["public_key"] != keys.public_key_pem(before)


def test_what_is_as_wanted_is_settled(site: Site) -> None:
    site.deploy()
    assert site.prepare()["is_settled"]


def test_a_failing_preparation_keeps_the_key_of_an_earlier_attempt(site: Site) -> None:
    first = site.prepare()
    site.options["owner"] = "no-such-user"
    assert "owner" in site.prepare()["obstacle"]
    del site.options["owner"]
    assert site.prepare()["public_key"] == first["public_key"]


def test_an_unknown_owner_is_found_before_anything_is_asked_for(site: Site) -> None:
    site.options = {"owner": "nobody-has-this-name"}
    assert "owner: there is no user 'nobody-has-this-name'" in site.prepare()["obstacle"]
    assert site.names() == []


def test_a_common_name_that_is_too_long_for_a_request_is_left_out(site: Site) -> None:
    site.options = {"subject": {"common_name": "x" * 70}}
    assert site.prepare()["obstacle"] == ""


def test_what_is_recorded_of_an_attempt(site: Site) -> None:
    answer = site.prepare()
    key = keys.load_public_key(answer["public_key"])
    end = NOW + 89 * 86400
    attempt = site.record()["attempt"]
    staged = keys.load_private_key(attempt.pop("key_pem").encode())
    assert keys.public_key_pem(staged.public_key()) == answer["public_key"]
    assert attempt == {
        "is_reported": False,
        "attempt_id": "attempt",
        "begun": NOW,
        "touched": NOW,
        "machine": prepare.machine_id(),
        "account": "account",
        "key": "staged",
        "request": {"san.dns_names": ["www.example.com"]},
        "not_after": end,
        "known": [],
        "lease": PREPARE["lease"],
        "key_digest": keys.public_key_digest(key),
        "serial": "",
        "failure": "",
    }
    members = {
        name: value
        for name, value in answer.items()
        if name not in ("public_key", "proof", "signing_request", "answer")
    }
    assert members == {
        "obstacle": "",
        "is_settled": False,
        "busy": {},
        "is_fresh": True,
        "attempt_id": "attempt",
        "begun": NOW,
        "may_be_recent": False,
        "not_after": end,
        "known": [],
        "serial": "",
        "is_same_wish": True,
        "is_same_account": True,
        "is_same_machine": True,
        "is_key_unique": True,
        "old_serial": "",
        "old_public_key": "",
        "old_answer": "",
        "notices": [],
    }
    assert keys.answers_challenge(key, "nonce", answer["answer"])


def test_an_attempt_that_was_cut_off_keeps_all_but_its_lease(site: Site) -> None:
    first = site.prepare()
    second = lease(run="other", until=NOW + 999)
    again = site.prepare(
        now=NOW + 200, lease=second, attempt_id="later", not_after=NOW + 5, account="other"
    )
    names = ("public_key", "begun", "not_after", "known", "is_key_unique")
    assert [again[name] for name in names] == [first[name] for name in names]
    assert (again["is_fresh"], again["is_same_account"]) == (False, False)
    assert again["attempt_id"] == "later"
    attempt = site.record()["attempt"]
    assert (attempt["lease"], attempt["account"], attempt["touched"]) == (second, "account", NOW)
    assert attempt["attempt_id"] == "later"


@pytest.mark.parametrize(
    ("until", "is_busy"), [(NOW + 101, True), (NOW + 100, False), (NOW + 99, False)]
)
def test_a_lease_ends_in_its_last_second(site: Site, until: int, is_busy: bool) -> None:
    site.prepare(lease=lease(until=until))
    answer = site.prepare(lease=lease(run="other"), now=NOW + 100)
    assert bool(answer["busy"]) is is_busy


def test_an_attempt_without_a_lease_is_recent_after_it_was_touched(site: Site) -> None:
    site.prepare()
    site.install("", action="unknown", now=NOW + 50)
    assert site.record()["attempt"]["lease"] is None
    assert site.prepare(now=NOW + 59)["may_be_recent"]
    site.install("", action="unknown", now=NOW + 50)
    assert not site.prepare(now=NOW + 60)["may_be_recent"]


def test_the_old_key_is_shown_for_a_rekey(site: Site) -> None:
    site.deploy()
    answer = site.prepare(is_due=True)
    old = keys.load_private_key((site.folder / "key.pem").read_bytes()).public_key()
    assert answer["old_serial"] == site.serial()
    assert answer["old_public_key"] == keys.public_key_pem(old)
    assert keys.answers_challenge(old, "nonce", answer["old_answer"])
    assert answer["public_key"] != answer["old_public_key"]
    assert answer["known"] == [site.serial()]


def test_what_an_attempt_knows_is_not_its_own(site: Site) -> None:
    site.options["revoke_superseded"] = True
    site.deploy()
    first = site.serial()
    site.deploy()
    second = site.serial()
    site.prepare(is_due=True)
    answer = site.prepare(is_due=True, anew=True, orphan="0F")
    assert answer["known"] == sorted(["0F", first, second])
    assert site.record()["orphans"] == ["0F"]
    assert site.prepare(is_due=True, anew=True)["is_fresh"]
    assert site.record()["orphans"] == ["0F"]


def test_a_key_that_is_kept_is_not_the_attempts_alone(site: Site) -> None:
    site.options["privatekey_rotation"] = "never"
    site.deploy()
    kept = site.prepare(is_due=True)
    assert (kept["is_key_unique"], kept["public_key"]) == (False, kept["old_public_key"])
    assert site.record()["attempt"]["key"] == "kept"
    other = site.prepare(is_due=True, anew=True, key_bits=384, kept_kinds=[["ECDSA", 384]])
    assert (other["is_key_unique"], other["public_key"] != kept["public_key"]) == (True, True)


def test_a_key_that_fits_is_kept_where_another_kind_would_be_made(site: Site) -> None:
    """It may be pinned by clients."""
    site.options["privatekey_rotation"] = "never"
    site.deploy()
    kinds = [["RSA", 2048], ["ECDSA", 256]]
    kept = site.prepare(is_due=True, key_type="RSA", key_bits=2048, kept_kinds=kinds)
    assert (kept["is_key_unique"], kept["public_key"]) == (False, kept["old_public_key"])


def external(site: Site, key: Any) -> None:
    """The key is known by a request that lies on the node."""
    path = site.folder / "request.csr"
    path.write_text(keys.signing_request_pem(key, None))
    site.options = {"csr_path": str(path), "privatekey_path": None}


def test_a_key_that_lives_elsewhere_is_not_written_anywhere(site: Site, private_key: Any) -> None:
    external(site, private_key)
    answer = site.prepare()
    assert answer["signing_request"] == (site.folder / "request.csr").read_text()
    assert answer["public_key"] == keys.public_key_pem(private_key.public_key())
    assert (answer["proof"], answer["answer"], answer["is_key_unique"]) == ("", "", False)
    assert site.record()["attempt"]["key"] == "external"
    assert site.record()["attempt"]["key_pem"] == ""
    assert site.names() == ["request.csr"]
    assert not site.prepare()["is_fresh"]


def test_a_proof_that_the_task_gives_goes_along(site: Site, private_key: Any) -> None:
    pem = keys.public_key_pem(private_key.public_key())
    site.options = {
        "public_key_content": pem,
        "public_key_signature": "proof",
        "privatekey_path": None,
    }
    answer = site.prepare()
    assert (answer["proof"], answer["signing_request"], answer["public_key"]) == ("proof", "", pem)


GIVEN_UP = (
    "The key of a request that was begun earlier is not the one that the task names now, so the"
    " request was given up. Atlas may have issued a certificate for it that nobody uses."
)


def test_an_attempt_whose_key_lives_elsewhere_now_is_given_up(site: Site, private_key: Any) -> None:
    first = site.prepare()
    external(site, private_key)
    again = site.prepare(
        not_after=NOW + 5, attempt_id="later", lease=lease(run="later"), breaks="run"
    )
    assert (again["is_fresh"], again["notices"]) == (True, [GIVEN_UP])
    assert again["public_key"] != first["public_key"]
    assert (again["attempt_id"], again["not_after"]) == ("later", NOW + 5)
    del site.options["csr_path"], site.options["privatekey_path"]
    assert site.prepare(attempt_id="later", lease=lease(run="later"))["notices"] == [GIVEN_UP]


def test_another_request_file_is_another_key(site: Site, private_key: Any) -> None:
    external(site, private_key)
    site.prepare()
    external(site, keys.generate(keys.KeyKind("ECDSA", 256)))
    assert site.prepare()["notices"] == [GIVEN_UP]


def test_what_is_begun_anew_is_given_up_silently(site: Site) -> None:
    site.prepare()
    assert site.prepare(anew=True)["notices"] == []


def test_an_attempt_of_another_machine_is_named(site: Site) -> None:
    first = site.prepare()
    rewrite(site, attempt={**site.record()["attempt"], "machine": "another"})
    again = site.prepare()
    assert (first["is_same_machine"], again["is_same_machine"]) == (True, False)
    assert (again["is_fresh"], again["public_key"]) == (False, first["public_key"])
    assert site.record()["attempt"]["machine"] == "another"
    anew = site.prepare(anew=True)
    assert (anew["is_fresh"], anew["is_same_machine"]) == (True, True)


def test_the_key_of_a_revoked_certificate_is_not_kept(site: Site) -> None:
    site.options["privatekey_rotation"] = "never"
    site.deploy()
    deployed = keys.load_private_key(site.content("key.pem").encode()).public_key()
    assert site.acknowledge("revoked", serials=[site.serial()])["is_changed"]
    prepared = site.prepare()
    assert (prepared["is_fresh"], prepared["is_key_unique"]) == (True, True)
    assert prepared["public_key"] != keys.public_key_pem(deployed)


def test_what_is_held_is_settled(site: Site) -> None:
    site.deploy()
    site.put()
    assert site.acknowledge("previous")["is_changed"]
    assert site.prepare(is_due=True)["is_settled"]


def test_a_reason_that_only_the_controller_knows_is_enough(site: Site) -> None:
    site.deploy()
    assert site.prepare()["is_settled"]
    assert not site.prepare(is_due=True)["is_settled"]


def test_space_is_held_for_an_attempt_and_for_nothing_else(site: Site) -> None:
    site.prepare()
    assert len(in_use(site)) == 1
    site.prepare(lease=lease(run="other"))
    assert len(in_use(site)) == 1
    site.install("", action="unknown")
    assert in_use(site) == []


def test_a_preparation_that_fails_holds_no_space(site: Site) -> None:
    site.options = {"csr_path": str(site.folder / "absent"), "privatekey_path": None}
    answer = site.prepare()
    assert answer["obstacle"] == f"csr: {site.folder}/absent does not exist on the node."
    assert site.tree() == []


def test_a_key_that_cannot_be_made_holds_no_space(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_kind: keys.KeyKind) -> None:
        raise AtlasError("no such curve")

    monkeypatch.setattr(prepare.keys, "generate", fail)
    assert site.prepare()["obstacle"] == "no such curve"
    assert site.tree() == []


def test_the_machine_is_told_apart_without_saying_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "open_folder", lambda _path: open_folder(str(tmp_path)))
    monkeypatch.setattr(prepare.socket, "gethostname", lambda: "host")
    identities = []
    for content in ("one\n", "one", "two\n", "", None):
        (tmp_path / "machine-id").unlink(missing_ok=True)
        if content is not None:
            (tmp_path / "machine-id").write_text(content)
        identities.append(prepare.machine_id())
    (tmp_path / "machine-id").mkdir()
    identities.append(prepare.machine_id())
    one, two, host = (
        hashlib.sha256(b"globalsign.atlas\0" + identity).hexdigest()[:32]
        for identity in (b"one", b"two", b"host")
    )
    assert identities == [one, one, two, host, host, host]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_key_of_another_user_is_not_certified(site: Site) -> None:
    """He knows it, and has it certified by putting it there; unless the key is to be his."""
    site.deploy()
    site.options["privatekey_rotation"] = "never"
    key = site.folder / "key.pem"
    os.chown(key, 4343, -1)
    assert site.prepare(is_due=True)["obstacle"] == (
        f"privatekey_rotation: {key} belongs to the user 4343, who may have put a key of his own"
        " there, so no certificate is requested for it; state owner if the key is to be his, or let"
        " it rotate."
    )
    assert site.record()["attempt"] is None
    site.options["owner"] = "4343"
    assert site.prepare(is_due=True)["obstacle"] == ""
    site.options.update(owner=None, privatekey_rotation="on_renewal")
    assert site.prepare(is_due=True)["obstacle"] == ""


@pytest.mark.parametrize("gone", [["cert.pem", "fullchain.pem"], ["cert.pem"], []])
def test_a_key_that_is_never_to_change_stays_without_its_certificate(
    site: Site, gone: list[str]
) -> None:
    site.options["privatekey_rotation"] = "never"
    site.deploy()
    before = site.content("key.pem")
    for name in gone:
        (site.folder / name).unlink()
    prepared = site.prepare(is_due=True)
    assert prepared["public_key"] == keys.public_key_pem(
        keys.load_private_key(before.encode()).public_key()
    )
    assert site.install(site.issue(prepared["public_key"]))["is_deployed"]
    assert site.content("key.pem") == before


def test_a_key_that_others_made_is_kept_where_it_is_never_to_change(
    site: Site, private_key: Any
) -> None:
    (site.folder / "key.pem").write_bytes(keys.private_key_pem(private_key))
    site.options["privatekey_rotation"] = "never"
    prepared = site.prepare()
    assert prepared["public_key"] == keys.public_key_pem(private_key.public_key())
    assert (prepared["is_key_unique"], prepared["old_serial"]) == (False, "")


def test_another_item_of_this_run_is_at_work_in_the_same_files(site: Site) -> None:
    site.prepare()
    answer = site.prepare(attempt_id="another")
    assert answer["obstacle"] == (
        "another certificate of this task is kept in the same files; give each its own."
    )
    assert site.prepare()["obstacle"] == ""
    site.install("", action="unknown")
    assert site.prepare(attempt_id="another")["attempt_id"] == "another"


def test_what_was_tried_before_is_not_left_behind(site: Site) -> None:
    site.prepare()
    assert site.names() == []


def test_an_attempt_survives_an_error_of_the_service(site: Site) -> None:
    first = site.prepare()
    site.install("", action="unknown", failure="it did not answer")
    again = site.prepare(lease=lease(run="later"), attempt_id="later")
    assert (again["public_key"], again["attempt_id"]) == (first["public_key"], "later")
    assert site.record()["attempt"]["failure"] == "it did not answer"


def test_a_long_failure_is_cut(site: Site) -> None:
    site.prepare()
    site.install("", action="unknown", failure="x" * 2000)
    assert site.record()["attempt"]["failure"] == "x" * 1000


def test_a_request_without_names_has_no_subject(site: Site) -> None:
    request = keys.load_signing_request(site.prepare()["signing_request"])
    assert keys.public_key_pem(request) == site.prepare()["public_key"]
