# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is deployed is taken for working, switched back, or shown to be the node's own."""

from __future__ import annotations

import os

import pytest

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
