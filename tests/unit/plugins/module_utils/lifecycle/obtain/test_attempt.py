# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an attempt is known by, whose key it has, and whether it is wanted any more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.api.client import SerialNumber
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.attempt import (
    Attempt,
    identity_of,
    proven_key,
    why_void,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import ExternalKey
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from ..fake_atlas import DAY, NOW, Atlas
from .attempts import END, P256, attempt, issued_for, old_attempt

# Whether it is sent again


def is_void(of: Attempt) -> bool:
    why = why_void(of, keys.load_public_key(of.prepared.public_key))
    assert why in (None, "")
    return why is not None


@pytest.mark.parametrize(
    ("recorded", "planned_end", "so"),
    [
        (END, END, False),
        (END, END + 8 * DAY, False),  # a tenth of 80 days and 8
        (END, END + 9 * DAY, True),
        (END, END - 3599, False),
        (END, END - 3600, True),
        (NOW + DAY, NOW + 2 * DAY, False),
        (NOW + DAY, NOW + 2 * DAY + 1, True),
        (0, END, True),
        (END, 0, True),
        (0, 0, False),
    ],
)
def test_the_end_that_was_asked_for_is_about_what_it_would_be_today(
    recorded: int, planned_end: int, so: bool
) -> None:
    assert is_void(old_attempt(not_after=recorded, end=planned_end or None)) is so


def test_an_end_that_the_task_states_is_that_one() -> None:
    for recorded, so in ((END, False), (END - 1, True)):
        left = old_attempt(not_after=recorded)
        wanted = replace(left.planned.wanted, not_after=END)
        assert is_void(replace(left, planned=replace(left.planned, wanted=wanted))) is so
        assert is_void(replace(left, planned=replace(left.planned, by_rekey=True))) is so


def test_a_key_of_another_kind_is_not_wanted_any_more() -> None:
    other = old_attempt(key_kind=keys.KeyKind("ECDSA", 384))
    assert is_void(other)
    may_stay = (keys.KeyKind("ECDSA", 256),)
    assert not is_void(replace(other, planned=replace(other.planned, kept_kinds=may_stay)))


def test_the_kind_of_a_key_that_lives_elsewhere_is_not_ours_to_judge() -> None:
    left = old_attempt(key_kind=keys.KeyKind("", 0))
    wanted = replace(left.planned.wanted, external_key=ExternalKey("csr", "/c", None, None))
    assert not is_void(replace(left, planned=replace(left.planned, wanted=wanted)))


# Whose key it is


def elsewhere(kind: str, key: Any, proof: str | None = None, **members: Any) -> Attempt:
    shown = {
        "public_key": keys.public_key_pem(key.public_key()),
        "signing_request": keys.signing_request_pem(key, None) if kind == "csr" else "",
        "answer": "",
    }
    made = attempt(**{**shown, **members})
    wanted = replace(made.planned.wanted, external_key=ExternalKey(kind, "/elsewhere", None, proof))
    return replace(made, planned=replace(made.planned, wanted=wanted))


def test_a_key_that_lives_elsewhere_is_shown_by_its_request(private_key: Any) -> None:
    for kind in ("csr", "public_key"):
        made = elsewhere(kind, private_key)
        assert keys.public_key_pem(proven_key(made)) == made.prepared.public_key
    other = keys.signing_request_pem(keys.generate(P256), None)
    with pytest.raises(AtlasError, match="The node did not prove that it holds"):
        proven_key(elsewhere("csr", private_key, signing_request=other))


@pytest.mark.parametrize("kind", ["csr", "public_key"])
def test_a_proof_of_the_task_has_to_fit(private_key: Any, kind: str) -> None:
    right = keys.prove_possession(private_key)
    assert proven_key(elsewhere(kind, private_key, right))
    wrong = keys.prove_possession(keys.generate(P256))
    with pytest.raises(AtlasError, match="public_key_signature: it was not made with the private"):
        proven_key(elsewhere(kind, private_key, wrong))


# What it is known by


def test_what_a_certificate_is_known_by(atlas: Atlas) -> None:
    left = old_attempt(known=["0A", "x", "0b"], end=END + 1)
    key = keys.load_public_key(left.prepared.public_key)
    identity = identity_of(left, key)
    assert identity.known == {SerialNumber("0A"), SerialNumber("0B")}
    assert (identity.not_after, identity.begun) == (END, NOW - 100)
    assert identity.key_digest == keys.public_key_digest(key)
    other = atlas.leaves[issued_for(atlas, left, "other.example.com")]
    assert identity.fits(other)
    shared = identity_of(old_attempt(is_key_unique=False, begun=0), key)
    assert (shared.fits(other), shared.begun) == (False, NOW)
    assert shared.fits(atlas.leaves[issued_for(atlas, left)])


def test_of_a_fresh_attempt_the_node_is_not_believed() -> None:
    made = attempt(end=END, not_after=END + 7, begun=NOW + 7 * DAY)
    identity = identity_of(made, keys.load_public_key(made.prepared.public_key))
    assert (identity.not_after, identity.begun) == (END, NOW)
