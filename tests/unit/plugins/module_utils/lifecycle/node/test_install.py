# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was issued is put in place as one, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.pki import keys

from ..conftest import ALL_FILES, Site, lease


def test_who_lost_the_lease_installs_nothing(site: Site) -> None:
    issued = site.issue(site.prepare()["public_key"])
    site.prepare(lease=lease(run="other"), breaks="run")
    assert "the run other on here took over meanwhile" in site.install(issued)["obstacle"]
    assert site.names() == []


def test_a_failing_check_switches_back(site: Site) -> None:
    site.deploy()
    before = {name: site.content(name) for name in ALL_FILES}
    site.options["validate"] = "sh -c 'echo no such module; exit 3'"
    answer = site.install(site.issue(site.prepare(is_due=True)["public_key"]))
    assert "failed with 3: no such module. All files are as they were" in answer["obstacle"]
    assert {name: site.content(name) for name in ALL_FILES} == before


def test_a_refused_request_leaves_the_folder_as_it_was(site: Site) -> None:
    site.deploy()
    before = {name: site.content(name) for name in ALL_FILES}
    site.prepare(is_due=True)
    assert site.install("", action="close")["obstacle"] == ""
    assert site.names() == ALL_FILES
    assert {name: site.content(name) for name in ALL_FILES} == before


def test_a_certificate_for_another_key_is_not_installed(site: Site, private_key: Any) -> None:
    site.deploy()
    before = site.content("cert.pem")
    site.prepare(is_due=True)
    answer = site.install(site.issue(keys.public_key_pem(private_key.public_key())))
    assert "is not the key of the certificate" in answer["obstacle"]
    assert site.content("cert.pem") == before


def test_a_certificate_of_another_ca_is_not_installed(site: Site, other_hierarchy: Any) -> None:
    issued = site.issue(site.prepare()["public_key"])
    site.hierarchy = other_hierarchy
    answer = site.install(issued)
    assert "was not signed by an issuer of the trust chain" in answer["obstacle"]
    assert site.names() == []


@pytest.mark.parametrize("name", ["cert.pem", "chain.pem", "fullchain.pem"])
@pytest.mark.parametrize("damage", ["missing", "garbage"])
def test_one_public_file_is_mended_from_the_others(site: Site, name: str, damage: str) -> None:
    site.deploy()
    before = site.content(name)
    if damage == "missing":
        (site.folder / name).unlink()
    else:
        (site.folder / name).write_text("garbage")
    found = site.inspect()
    assert found["reasons"] == []
    assert len(found["repairs"]) == 1
    assert not found["needs_chain"]
    assert site.install("", action="mend")["changed_files"] == [str(site.folder / name)]
    assert site.content(name) == before
    assert site.inspect()["repairs"] == []
