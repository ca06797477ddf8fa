# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An attempt: its key and its record on disk before anything is asked for."""

from __future__ import annotations

import stat
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from ..conftest import NOW, PREPARE, Site, lease


def test_the_staged_key_is_on_disk_and_private_before_anything_is_asked_for(site: Site) -> None:
    prepared = site.prepare()
    key_path = site.folder / ".atlas/cert.pem/private/key.pem"
    staged = keys.load_private_key(key_path.read_bytes())
    assert keys.public_key_pem(staged.public_key()) == prepared["public_key"]
    assert keys.proves_possession(staged.public_key(), prepared["proof"])
    assert keys.signing_request_proves(staged.public_key(), prepared["signing_request"])
    assert stat.S_IMODE(key_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(key_path.parent.stat().st_mode) == 0o700
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
