# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs together, and what a file has to hold of it."""

from __future__ import annotations

from ..conftest import Site

COMBINED = "combined.pem"


def combined(site: Site, *contains: str) -> None:
    path = str(site.folder / COMBINED)
    site.options = {"files": [{"path": path, "contains": list(contains)}]}


def test_the_parts_of_a_file_are_in_the_order_that_is_stated(site: Site) -> None:
    combined(site, "certificate", "chain", "privatekey")
    site.deploy()
    assert site.inspect()["repairs"] == []
    combined(site, "privatekey", "certificate", "chain")
    assert site.inspect()["repairs"] == [f"{site.folder / COMBINED}: not as it should be"]


def test_a_pkcs12_file_without_a_key_is_recognised(site: Site) -> None:
    """With the oldest libraries, too, which tell its certificates in another order."""
    contains = ["certificate", "chain", "root"]
    entry = {"path": str(site.folder / "trust.p12"), "contains": contains, "format": "pkcs12"}
    site.options = {"files": [entry], "path": None, "fullchain_path": None}
    site.deploy()
    found = site.inspect()
    assert found["reasons"] == []
    assert found["repairs"] == []
