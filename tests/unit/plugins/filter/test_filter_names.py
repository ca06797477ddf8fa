# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each filter is found under the name of its file, and is the function of that name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins import filter as package

NAMES = [
    "certificate_domains",
    "certificate_items",
    "domain_failures",
    "domain_groups",
    "domain_proofs",
    "unavailable_modules",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_has_its_name(name: str) -> None:
    module = import_module(f"{package.__name__}.{name}")
    assert module.FilterModule().filters() == {name: getattr(module, name)}


def test_each_file_is_here() -> None:
    files = {path.stem for folder in package.__path__ for path in Path(folder).glob("[a-z]*.py")}
    assert files == set(NAMES)
