# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The library cryptography: what can be said where it is missing."""

from __future__ import annotations

import sys
from types import ModuleType

import cryptography
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
    library.require_cryptography()


def test_it_is_missing(monkeypatch: pytest.MonkeyPatch, without_it: ModuleType) -> None:
    monkeypatch.delitem(sys.modules, "ansible.plugins.action", raising=False)
    with pytest.raises(AtlasError) as caught:
        without_it.require_cryptography()
    assert caught.value.message == (
        "The Python library cryptography is missing on the managed node: install cryptography 3.3"
        f" or newer for {sys.executable} (most systems have it as the package"
        " python3-cryptography), or set ansible_python_interpreter to a Python that has it."
    )


def test_one_that_is_too_old_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though all that is imported of it is there."""
    monkeypatch.setattr(cryptography, "__version__", "3.2.1")
    with pytest.raises(AtlasError, match=r"cryptography 3\.2\.1 on the .* is too old, needed is"):
        library.require_cryptography()


@pytest.mark.parametrize("name", sorted({*library.__all__} - {"require_cryptography"}))
def test_its_names_are_there_in_any_case(without_it: ModuleType, name: str) -> None:
    """Files that mention them are imported before anybody asks."""
    assert getattr(library, name) is not None
    absent = getattr(without_it, name)
    assert type(absent).__name__ == "_Absent"
    assert absent.SECP256R1 is absent
