# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layout linked: paths are links into one version folder."""

from __future__ import annotations

from ..conftest import ALL_FILES, Site


def test_links_are_kept_while_the_layout_is_linked(site: Site) -> None:
    site.deploy()
    site.options["layout"] = "linked"
    assert len(site.inspect()["repairs"]) == 4
    assert site.install("", action="mend")["obstacle"] == ""
    assert all((site.folder / name).is_symlink() for name in ALL_FILES)
    site.options["layout"] = "plain"
    assert site.install("", action="mend")["obstacle"] == ""
    assert not any((site.folder / name).is_symlink() for name in ALL_FILES)
    assert not (site.folder / ".atlas/cert.pem/live").is_symlink()
