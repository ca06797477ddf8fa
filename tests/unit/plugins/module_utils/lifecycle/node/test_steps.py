# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of the node, for all certificates of a task at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle import exchange
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from ..conftest import NOW, PREPARE, Site


def test_nothing_but_inspect_runs_in_check_mode(site: Site) -> None:
    item = {"wanted": site.wanted.on_wire(), **PREPARE}
    with pytest.raises(AtlasError, match="never called in check mode"):
        steps.run("prepare", [item], [], check_mode=True)
    assert site.names() == []


def test_one_certificate_that_goes_wrong_does_not_stop_the_others(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any) -> None:
        raise ValueError("nobody thought of this")

    monkeypatch.setattr(steps, "inspect", fail)
    obstacle = site.inspect()["obstacle"]
    assert "please report it: ValueError in test_steps.py" in obstacle
    assert "nobody thought of this" in obstacle


CHANGING = ("prepare", "install", "acknowledge", "previous", "revoked")


@pytest.mark.parametrize("step", steps.STEPS)
def test_which_steps_know_check_mode(site: Site, step: str) -> None:
    item = {
        "wanted": site.wanted.on_wire(),
        "now": NOW,
        "with_content": False,
        "nonce": "nonce",
        "serials": [],
        "why": "",
        "removes_key": True,
    }
    if step not in CHANGING:
        (answer,) = steps.run(step, [item], [], check_mode=True)
        assert "please report" not in answer["obstacle"]
        return
    with pytest.raises(AtlasError) as caught:
        steps.run(step, [item], [], check_mode=True)
    assert caught.value.message == (f"{step} changes the node, and is never called in check mode.")


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("inspect", exchange.Inspection),
        ("prepare", exchange.Prepared),
        ("install", exchange.Installed),
        ("acknowledge", exchange.Acknowledged),
        ("previous", exchange.Acknowledged),
        ("prove", exchange.Acknowledged),
        ("revoked", exchange.Acknowledged),
        ("remove", exchange.Removed),
    ],
)
def test_what_goes_wrong_is_an_answer_of_its_kind(
    site: Site, monkeypatch: pytest.MonkeyPatch, step: str, kind: Any
) -> None:
    def fail(_data: Any) -> None:
        raise AtlasError("It is damaged.")

    monkeypatch.setattr(steps.Wanted, "from_wire", fail)
    item = {"wanted": site.wanted.on_wire(), **PREPARE, "serials": [], "why": ""}
    assert steps.run(step, [item], [], check_mode=False) == [
        exchange.on_wire(kind(obstacle="It is damaged."))
    ]


def test_passphrases_stand_in_their_places(site: Site) -> None:
    site.options["privatekey_passphrase"] = "secret"

    def step(name: str, **more: Any) -> dict[str, Any]:
        wanted = site.wanted.on_wire()
        for target in wanted["targets"]:
            target["passphrase"] = 1 if target["passphrase"] else None
        item = json.loads(json.dumps({"wanted": wanted, **more}))
        (answer,) = steps.run(name, [item], ["another", "secret"], check_mode=False)
        return answer

    prepared = step("prepare", **PREPARE)
    order = {
        "action": "install",
        "run": "run",
        "attempt_id": "attempt",
        "now": NOW,
        "certificate": site.issue(prepared["public_key"]),
        "chain": site.hierarchy.chain,
        "serial": "",
        "failure": "",
        "with_content": False,
    }
    assert step("install", **order)["obstacle"] == ""
    content = (site.folder / "key.pem").read_bytes()
    assert b"ENCRYPTED" in content
    assert keys.load_private_key(content, "secret")
    found = step("inspect", now=NOW, with_content=False)
    assert (found["reasons"], found["repairs"]) == ([], [])


def test_answers_come_in_the_order_of_the_certificates(site: Site) -> None:
    first = site.wanted.on_wire()
    site.deploy()
    site.options["path"] = str(site.folder / "other.pem")
    site.options["fullchain_path"] = None
    second = site.wanted.on_wire()
    items = [
        {"wanted": wanted, "now": NOW, "with_content": False} for wanted in (first, second, first)
    ]
    answers = steps.run("inspect", items, [], check_mode=False)
    assert [bool(answer["reasons"]) for answer in answers] == [False, True, False]
    assert steps.run("inspect", [], [], check_mode=False) == []
