# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes collections whose modules are the stub: stub_collections.py FOLDER MODULE..."""

from __future__ import annotations

import sys
from pathlib import Path

stub = Path(__file__).with_name("stub_module.py")
for module in sys.argv[2:]:
    namespace, collection, name = module.split(".")
    folder = Path(sys.argv[1], "ansible_collections", namespace, collection, "plugins", "modules")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(f"#!/usr/bin/python\n{stub.read_text()}")
