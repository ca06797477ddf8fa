# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All files of the room can be imported where dnspython is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

PACKAGE = "ansible_collections.globalsign.atlas.plugins.module_utils.tokens"
NAMES = [
    "authority",
    "cautions",
    "exchange",
    "http_file",
    "record",
    "resolvers",
    "sight",
    "txt",
    "update",
    "watch",
    "zones",
]


@pytest.mark.parametrize("first", NAMES)
def test_it_is_imported_and_says_what_is_missing(first: str) -> None:
    program = f"""
import sys
sys.path[:0] = {sys.path!r}
sys.modules["dns"] = None
import {PACKAGE}.{first}
from {PACKAGE} import library
try:
    library.require_dnspython()
except Exception as error:
    print(error)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.stderr == ""
    assert ended.stdout.startswith("The Python library dnspython is missing on the controller")
    assert sys.executable in ended.stdout
