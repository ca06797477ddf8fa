# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random numbers for the cases: others with each run, and the same again for one that failed."""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

EXAMPLES = int(os.environ.get("ATLAS_DIFFERENTIAL_EXAMPLES", "5000"))
SEED = os.environ.get("ATLAS_DIFFERENTIAL_SEED", "")


def repeat(check: Callable[[Random], None]) -> None:
    """Make a check with one source of random numbers after the other."""
    for seed in [int(SEED)] if SEED else [Random().getrandbits(48) for _each in range(EXAMPLES)]:
        try:
            check(Random(seed))
        except Exception as error:
            error.add_note(f"To see this case again: ATLAS_DIFFERENTIAL_SEED={seed}")
            raise
