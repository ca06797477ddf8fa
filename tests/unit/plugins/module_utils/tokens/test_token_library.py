# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All files of the room can be imported where dnspython is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ansible_collections.globalsign.atlas.plugins.module_utils.tokens import library

PACKAGE = library.__package__


def test_they_are_imported_and_say_what_is_missing() -> None:
    files = sorted(Path(library.__file__).parent.glob("*.py"))
    names = [file.stem for file in files if file.stem != "__init__"]
    assert {"record", "sight"} <= {*names}
    program = f"""
import sys
sys.path[:0] = {sys.path!r}
sys.modules["dns"] = None
from {PACKAGE} import {", ".join(names)}
try:
    library.require_dnspython()
except Exception as error:
    print(error)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.stderr == ""
    assert ended.stdout.startswith("The Python library dnspython is missing on the managed node")
    assert sys.executable in ended.stdout
