# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is due, what is to be mended, and what stands in the way."""

from __future__ import annotations

import shutil

from ..conftest import ALL_FILES, Site


def test_an_empty_folder_is_due_and_stays_empty(site: Site) -> None:
    found = site.inspect()
    assert found["reasons"] == [
        "missing: there is no private key",
        "missing: there is no certificate",
    ]
    assert found["obstacle"] == ""
    assert site.names() == []


def test_a_deployed_certificate_is_complete_and_not_due(site: Site) -> None:
    site.deploy()
    assert site.names() == ALL_FILES
    assert site.content("fullchain.pem") == site.content("cert.pem") + site.content("chain.pem")
    assert site.content("chain.pem") == site.hierarchy.chain[0]
    assert [site.mode(name) for name in ALL_FILES] == [0o644, 0o644, 0o644, 0o600]
    found = site.inspect()
    assert (found["reasons"], found["repairs"]) == ([], [])
    assert found["certificate"]["dns_names"] == ["www.example.com"]


def test_a_missing_folder_is_told(site: Site) -> None:
    site.folder = site.folder / "absent"
    assert site.inspect()["missing_folders"] == [str(site.folder)]
    prepared = site.prepare()
    assert prepared["obstacle"].endswith("does not exist on the node; create it before this task.")
    assert not site.folder.exists()


def test_without_any_issuer_the_chain_has_to_be_fetched(site: Site) -> None:
    site.deploy()
    before = site.content("fullchain.pem")
    (site.folder / "chain.pem").unlink()
    (site.folder / "fullchain.pem").unlink()
    assert not site.inspect()["needs_chain"]
    shutil.rmtree(site.folder / ".atlas")
    assert site.inspect()["needs_chain"]
    site.install("", action="mend")
    assert site.content("fullchain.pem") == before
