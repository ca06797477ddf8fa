# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Switches that were begun, and are finished or undone before anything else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.look import look
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.returning import (
    finish_returning,
    undo_installing,
)

from ..conftest import ALL_FILES, Site


def rewrite(site: Site, **members: Any) -> None:
    """Another record, as a run leaves it that is cut off."""
    path = site.folder / ".atlas/cert.pem/private/state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **members}))


@pytest.mark.parametrize("layout", ["plain", "linked"])
@pytest.mark.parametrize("step", ["inspect", "prepare", "install", "acknowledge", "previous"])
def test_a_switch_back_that_was_begun_is_finished_first(site: Site, layout: str, step: str) -> None:
    site.options["layout"] = layout
    site.deploy()
    before = {name: site.content(name) for name in ALL_FILES}
    site.put()
    new, record = site.serial(), site.record()
    rewrite(
        site,
        returning={"previous": record["previous"], "layout": layout},
        held={"version": record["live"], "why": "x"},
        live=record["replaced"],
        previous="",
        replaced="",
        acknowledged=True,
    )
    if step == "inspect":
        assert site.inspect()["is_cut_off"]
        assert site.serial() == new
        return
    if step == "prepare":
        site.prepare()
    elif step == "install":
        assert site.install("", action="unknown")["obstacle"].startswith("another run took over")
    else:
        answer = site.acknowledge(step)
        assert answer["is_changed"] is (step == "previous")
    assert {name: site.content(name) for name in ALL_FILES} == before
    after = site.record()
    assert (after["returning"], after["live"]) == (None, record["replaced"])
    assert not site.inspect()["is_cut_off"]


def test_there_is_nothing_to_finish(site: Site) -> None:
    site.deploy()
    before = site.record()
    assert finish_returning(site.wanted, site.store) == []
    found = look(site.wanted)
    assert undo_installing(site.wanted, found) is found
    assert site.record() == before


def test_what_is_deployed_again_was_not_superseded(site: Site) -> None:
    site.deploy()
    old = site.serial()
    site.put()
    record = site.record()
    rewrite(
        site,
        returning={"previous": record["previous"], "layout": "plain"},
        superseded=["0A", old],
    )
    changed = finish_returning(site.wanted, site.store)
    assert sorted(changed) == [f"{site.folder}/{name}" for name in ALL_FILES]
    assert (site.serial(), site.record()["superseded"]) == (old, ["0A"])
