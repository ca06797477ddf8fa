# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether files can be put in place, before a certificate is asked for."""

from __future__ import annotations

from ..conftest import Site


def test_a_path_below_a_file_is_an_obstacle(site: Site) -> None:
    (site.folder / "file").write_text("")
    site.folder = site.folder / "file"
    assert "is not a folder" in site.inspect()["obstacle"]


def test_a_target_that_is_a_folder_is_an_obstacle(site: Site) -> None:
    (site.folder / "cert.pem").mkdir()
    assert "path: " in site.inspect()["obstacle"]
    assert "is a folder" in site.inspect()["obstacle"]
