# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The library cryptography: what can be said where it is missing."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.pki import library


@pytest.fixture
def without_it(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as it is imported where there is no such library."""
    monkeypatch.setitem(sys.modules, "cryptography", None)
    module = ModuleType(library.__name__)
    module.__package__ = library.__package__
    exec(library.__loader__.get_code(library.__name__), vars(module))
    return module


def test_it_is_there() -> None:
    assert library.IS_THERE is True
    library.require_cryptography()


def test_it_is_missing(monkeypatch: pytest.MonkeyPatch, without_it: ModuleType) -> None:
    assert without_it.IS_THERE is False
    monkeypatch.setattr(library, "IS_THERE", without_it.IS_THERE)
    with pytest.raises(AtlasError) as caught:
        library.require_cryptography()
    assert caught.value.message == (
        f"The Python library cryptography is missing: install it for {sys.executable} (most"
        " systems have it as the package python3-cryptography), or set"
        " ansible_python_interpreter to a Python that has it."
    )


@pytest.mark.parametrize("name", sorted({*library.__all__} - {"require_cryptography"}))
def test_its_names_are_there_in_any_case(without_it: ModuleType, name: str) -> None:
    """Files that mention them are imported before anybody asks."""
    assert getattr(library, name) is not None
    absent = getattr(without_it, name)
    assert type(absent).__name__ == "_Absent"
    assert absent.SECP256R1 is absent
