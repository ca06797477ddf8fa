# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The folder of records: who may have made it, who may be in it."""

from __future__ import annotations

import os
from pathlib import Path

from ..conftest import Site


def test_a_staging_folder_of_another_user_is_not_trusted(site: Site, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.mkdir()
    (site.folder / ".atlas").symlink_to(trap)
    assert "is not a folder of this user" in site.prepare()["obstacle"]
    assert os.listdir(trap) == []
