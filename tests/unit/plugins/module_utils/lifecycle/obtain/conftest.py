# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The service in memory, for what is obtained from it."""

from __future__ import annotations

from typing import Any

import pytest

from ..fake_atlas import Atlas


@pytest.fixture
def atlas(hierarchy: Any) -> Atlas:
    return Atlas(hierarchy)
