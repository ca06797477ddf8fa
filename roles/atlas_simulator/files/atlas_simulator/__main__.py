# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run as `python -m atlas_simulator serve …`."""

from __future__ import annotations

import sys

from .command_line import main

sys.exit(main(sys.argv[1:]))
