# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attempts to test with, of this run and of earlier ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.globalsign.atlas.plugins.module_utils.api.request import (
    CertificateRequest,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.exchange import Prepared
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.attempt import (
    Attempt,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.obtain.plan import Planned
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.options.task import (
    wanted_certificates,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.wanted import Wanted
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from ..fake_atlas import DAY, NOW, Atlas

P256 = keys.KeyKind("ECDSA", 256)
END = NOW + 80 * DAY


def attempt(name: str = "www.example.com", **changes: Any) -> Attempt:
    """One of this run. `changes` are members of what is planned or of what the node prepared,
    `end` is what is planned to be the end, and `until` the end of the lease."""
    key = keys.generate(P256)
    task = {"path": f"/{name}", "privatekey_path": f"/{name}.key", "san": {"dns_names": [name]}}
    (wanted,) = wanted_certificates(task)
    assert isinstance(wanted, Wanted)
    planned = Planned(
        wanted,
        CertificateRequest({}, {"dns_names": (name,)}, NOW - 100, changes.get("end")),
        P256,
        as_signing_request=False,
        with_proof=True,
        backdated=3,
    )
    prepared = Prepared(
        is_fresh=True,
        is_same_machine=True,
        public_key=keys.public_key_pem(key.public_key()),
        proof=keys.prove_possession(key),
        signing_request=keys.signing_request_pem(key, None),
        answer=keys.answer_challenge(key, "nonce"),
    )
    of_plan = {member: value for member, value in changes.items() if member in vars(planned)}
    of_node = {member: value for member, value in changes.items() if member in vars(prepared)}
    return Attempt(
        replace(planned, **of_plan),
        replace(prepared, **of_node),
        "nonce",
        NOW,
        changes.get("until", NOW + 1000),
    )


def old_attempt(**changes: Any) -> Attempt:
    """Of an earlier run, for the same wish and a key of its own, that was begun a while ago."""
    left = {
        "is_fresh": False,
        "is_same_wish": True,
        "is_same_account": True,
        "is_key_unique": True,
        "begun": NOW - 100,
        "not_after": END,
        "end": END,
    }
    made = attempt(**{**left, **changes})
    request = replace(made.planned.request, not_before=NOW)
    return replace(made, planned=replace(made.planned, request=request))


def issued_for(atlas: Atlas, of: Attempt, *names: str, **more: Any) -> str:
    """A certificate that was issued for an attempt; its serial number."""
    key = keys.load_public_key(of.prepared.public_key)
    members = {"not_before": NOW - 3, "not_after": END, **more}
    return atlas.add(atlas.hierarchy.issuing.issue(key, names or ("www.example.com",), **members))
