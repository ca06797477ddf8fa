# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as the user reads them."""

from __future__ import annotations

import time


def iso_time(seconds: int) -> str:
    """UNIX seconds as ISO 8601 in UTC, such as `2026-11-24T01:30:00Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
