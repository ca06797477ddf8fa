# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the record names no more is cleared away."""

from __future__ import annotations

from ..conftest import Site


def test_old_keys_do_not_stay(site: Site) -> None:
    for _time in range(3):
        site.deploy()
    assert list((site.folder / ".atlas").rglob("*key*")) == []
