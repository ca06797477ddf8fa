# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Revoking: only what is the node's own, and only what is not revoked yet."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.exchange import Proof
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.revoke import (
    Revocation,
    Revoked,
    revoke,
    statuses,
)

from ..fake_atlas import Atlas, api_error
from .test_ownership import issued, proof, wanted

SUPERSEDED = Revocation("superseded", 77)


def test_it_is_revoked_and_seen_to_be(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key)
    done = revoke(atlas, proof(serial, private_key), "nonce", SUPERSEDED, wanted())
    assert done == Revoked(serial, is_new=True, message="")
    assert atlas.calls == [
        ("certificate", serial),
        ("revoke", serial, "superseded", None, None),
        ("certificate", serial),
    ]


def test_a_compromised_key_goes_with_its_moment_and_its_attestation(
    atlas: Atlas, private_key: Any
) -> None:
    serial = issued(atlas, private_key)
    told = Proof(**{**vars(proof(serial, private_key)), "attestation": "CSR"})
    revoke(atlas, told, "nonce", Revocation("keyCompromise", 77), None)
    assert atlas.named("revoke") == [("revoke", serial, "keyCompromise", 77, "CSR")]


def test_check_mode_foretells(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key)
    told = proof(serial, private_key)
    assert revoke(atlas, told, "nonce", SUPERSEDED, None, check_mode=True) == Revoked(
        serial, is_new=True
    )
    assert atlas.named("revoke") == []


def test_what_is_revoked_stays_as_it_is(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key)
    atlas.statuses[serial] = "REVOKED"
    for check_mode in (False, True):
        told = revoke(atlas, proof(serial, private_key), "nonce", SUPERSEDED, wanted(), check_mode)
        assert told == Revoked(serial, is_new=False, message="")
    assert atlas.named("revoke") == []


def test_what_is_not_the_nodes_own_is_not_revoked(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key)
    told = revoke(atlas, proof(serial, private_key, "other"), "nonce", SUPERSEDED, None)
    assert (told.is_new, told.message[:23]) == (False, "The node did not prove ")
    other = wanted(san={"dns_names": ["other.example.com"]})
    told = revoke(atlas, proof(serial, private_key), "nonce", SUPERSEDED, other)
    assert told.message.startswith(f"The certificate {serial} is not for the names")
    assert atlas.named("revoke") == []


def test_a_revocation_that_fails_is_told(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key)
    atlas.failing = {"revoke": api_error(500, "unknown", "It is down.")}
    told = revoke(atlas, proof(serial, private_key), "nonce", SUPERSEDED, None)
    assert told == Revoked(serial, is_new=False, message="It is down.")


@pytest.mark.parametrize("shown", ["ISSUED", None])
def test_a_revocation_that_does_not_show_is_told(
    atlas: Atlas, private_key: Any, monkeypatch: pytest.MonkeyPatch, shown: str | None
) -> None:
    serial = issued(atlas, private_key)
    found = atlas.certificate(serial)
    answers = [found, found if shown else None]
    monkeypatch.setattr(atlas, "certificate", lambda _serial: answers.pop(0))
    told = revoke(atlas, proof(serial, private_key), "nonce", SUPERSEDED, None)
    assert told == Revoked(
        serial,
        message=f"The service accepted the revocation of {serial} and does not show it yet; the"
        " next run will look again.",
    )


def test_a_node_that_says_it_was_revoked_is_not_believed(atlas: Atlas, private_key: Any) -> None:
    serial = issued(atlas, private_key)
    claim = Proof(serial, is_revoked=True)
    assert revoke(atlas, claim, "nonce", SUPERSEDED, wanted()) == Revoked(
        serial,
        message=f"The node says that {serial} was revoked, and the service says that it is ISSUED;"
        " look at the certificate in the Atlas portal.",
    )
    atlas.statuses[serial] = "REVOKED"
    assert revoke(atlas, claim, "nonce", SUPERSEDED, wanted()) == Revoked(serial)
    other = wanted(san={"dns_names": ["other.example.com"]})
    assert revoke(atlas, claim, "nonce", SUPERSEDED, other).message.startswith(
        f"The certificate {serial} is not for the names"
    )
    assert atlas.named("revoke") == []


def test_what_the_service_says_of_many(atlas: Atlas, private_key: Any) -> None:
    one, two = issued(atlas, private_key), issued(atlas, private_key)
    atlas.statuses[two] = "REVOKED"
    told, error = statuses(atlas, [one, two, "05"])
    assert (told, error) == ({one: "ISSUED", two: "REVOKED", "05": ""}, "")
    assert statuses(atlas, []) == ({}, "")


def test_what_is_no_serial_number_of_atlas_has_no_status(
    atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    def certificate(serial: str) -> None:
        if serial == "other":
            raise AtlasError("no serial number")

    monkeypatch.setattr(atlas, "certificate", certificate)
    assert statuses(atlas, ["other", "pending"]) == ({"other": "", "pending": ""}, "")


def test_after_a_failure_nothing_more_is_asked(
    atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def certificate(serial: str) -> None:
        asked.append(serial)
        raise api_error(500, "unknown", f"It is down: {serial}.")

    monkeypatch.setattr(atlas, "certificate", certificate)
    serials = [f"{number:02X}" for number in range(40)]
    told, error = statuses(atlas, serials)
    assert told == {}
    assert error.startswith("It is down: ")
    assert len(asked) <= 9
