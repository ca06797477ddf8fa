# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a call began that was cut off is finished before anything else is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.files.phases import alone
from ansible_collections.globalsign.atlas.plugins.module_utils.files.places import Places
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.record import (
    CertificateSet,
    Kept,
    Record,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.settle import (
    going_back,
    look_settled,
    returned,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node.store import Stores

from ..conftest import ALL_FILES, Site
from .setups import (
    LAYOUTS,
    another,
    contents,
    deployed,
    folders,
    looking,
    paths,
    record_path,
    rewrite,
    serial_of,
    serials,
)
from .test_record import certificate_set


def half_returned(site: Site, layout: str) -> tuple[dict[str, str], str]:
    """Files that were being returned when the call was cut off: what they were, and the serial
    number of what is in place."""
    site.options["layout"] = layout
    site.deploy()
    before = contents(site)
    new = site.put()
    record = site.record()
    kept = {"name": record["wanted_now"], "why": "the site was down"}
    rewrite(site, wanted_now=record["confirmed"], is_applied=False, kept=kept)
    return before, new


STEPS = ("prepare", "install", "resume", "mend", "acknowledge", "previous", "revoked")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("step", STEPS)
def test_a_return_that_was_begun_is_finished_first(site: Site, layout: str, step: str) -> None:
    before, new = half_returned(site, layout)
    if step == "prepare":
        assert site.prepare()["is_settled"]
    elif step == "install":
        issued = site.install("", action="unknown")
        assert issued["obstacle"].startswith("another run took over")
    elif step in ("resume", "mend"):
        assert site.install("", action=step, attempt_id="")["obstacle"] == ""
    else:
        answer = site.acknowledge(step)
        assert answer["is_changed"] is (step != "acknowledge")
    if step == "resume":
        assert site.serial() == new
        site.acknowledge("previous")
    assert contents(site) == before
    assert site.record()["is_applied"]
    assert serials(site)["kept"] == new
    assert not site.inspect()["is_cut_off"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_looking_says_that_a_return_was_begun_and_changes_nothing(site: Site, layout: str) -> None:
    before, new = half_returned(site, layout)
    record = site.record()
    found = site.inspect()
    assert (found["is_cut_off"], found["unacknowledged"]) == (True, False)
    assert (site.serial(), site.record()) == (new, record)
    assert contents(site) != before


def test_a_switch_that_was_begun_is_not_finished_by_who_only_looks(site: Site) -> None:
    site.deploy()
    new = site.put()
    rewrite(site, is_applied=False)
    record = site.record()
    with Stores(makes=False) as stores, Places() as places:
        wanted = site.wanted
        found = alone(look_settled(wanted, stores.of(wanted, places), places))
    assert found.record.is_cut_off
    assert (site.serial(), site.record()) == (new, record)


def test_what_returned_is_at_rest(site: Site) -> None:
    half_returned(site, "linked")
    site.acknowledge()
    held = deployed(site)
    assert (held["key"], held["supersedes"]) == ("", [])
    assert {file["content"] for file in held["files"].values()} == {None}
    kept = site.record()["sets"][site.record()["kept"]["name"]]
    assert kept["key"]
    assert len(folders(site)) == 3


def test_what_is_not_kept_any_more_is_not_returned_to(site: Site) -> None:
    half_returned(site, "plain")
    held = deployed(site)
    files = {path: {**file, "content": None} for path, file in held["files"].items()}
    name = site.record()["wanted_now"]
    rewrite(site, sets={**site.record()["sets"], name: {**held, "files": files}})
    before = contents(site)
    said = f"{record_path(site)}: what was there before is not kept any more; nothing was returned."
    assert site.acknowledge()["obstacle"] == said
    assert contents(site) == before
    rewrite(site, wanted_now="", confirmed="")
    assert site.acknowledge()["obstacle"] == said


def test_what_is_deployed_again_was_not_superseded(site: Site) -> None:
    half_returned(site, "plain")
    old = serials(site)["confirmed"]
    rewrite(site, superseded={old: "key", "0A": "key"})
    with looking(site) as found:
        assert alone(returned(found)) == paths(site, "cert.pem", "fullchain.pem", "key.pem")
    assert site.record()["superseded"] == {"0A": "key"}


SETS = {f"000{place}-0{name}": certificate_set(f"0{name}") for place, name in enumerate("ABC")}
RECORD = Record(sets=SETS, confirmed="0000-0A", wanted_now="0001-0B", count=3)


def test_what_is_recorded_before_files_return() -> None:
    kept = Kept("0001-0B", "why")
    assert going_back(RECORD, "why") == replace(
        RECORD,
        sets={name: SETS[name] for name in ("0000-0A", "0001-0B")},
        wanted_now="0000-0A",
        is_applied=False,
        kept=kept,
    )


def test_another_set_that_was_kept_is_left_aside_by_a_return() -> None:
    back = going_back(replace(RECORD, kept=Kept("0002-0C", "early"), orphans=["0F"]), "why")
    assert (back.kept, back.orphans) == (Kept("0001-0B", "why"), ["0F", "0C"])
    nothing = going_back(replace(RECORD, sets={"0000-0A": CertificateSet("plain")}), "why")
    assert nothing.orphans == []


def test_a_return_that_fails_is_tried_again(site: Site) -> None:
    before, _new = half_returned(site, "plain")
    (site.folder / "key.pem").unlink()
    (site.folder / "key.pem").mkdir()
    obstacle = site.acknowledge()["obstacle"]
    assert obstacle.startswith(f"privatekey_path: {site.folder}/key.pem is a folder")
    (site.folder / "key.pem").rmdir()
    assert site.acknowledge()["obstacle"] == ""
    assert contents(site) == before
    assert sorted(site.names()) == ALL_FILES


def test_another_request_after_a_return(site: Site) -> None:
    half_returned(site, "plain")
    site.options["force"] = True
    kept = serials(site)["kept"]
    issued = another(site)
    answer: dict[str, Any] = site.install(issued)
    assert len(answer["notices"]) == 1
    assert site.record()["orphans"] == [kept]
    assert site.serial() == serial_of(issued)


def test_who_cannot_return_says_so_in_one_sentence(site: Site) -> None:
    half_returned(site, "plain")
    rewrite(site, confirmed="0009-absent", wanted_now="0009-absent")
    with looking(site) as found, pytest.raises(AtlasError, match="nothing was returned"):
        alone(returned(found))
