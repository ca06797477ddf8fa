# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Libraries that are missing, too old or broken: on which machine, and for which interpreter."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils import libraries
from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.libraries import Library

ABACUS = Library("abacus", "abacus.beads", (3, 3), "python3-abacus")
INSTALL = f"install abacus 3.3 or newer for {sys.executable} (most systems have it as the package"
INSTALL += " python3-abacus)"
OR_ANOTHER = ", or set ansible_python_interpreter to a Python that has it"


@pytest.fixture(autouse=True)
def on_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ansible.plugins.action", "abacus", "abacus.beads"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.fixture
def on_the_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ansible.plugins.action", ModuleType("action"))


def installed(monkeypatch: pytest.MonkeyPatch, folder: Path, content: str) -> None:
    (folder / "abacus").mkdir()
    (folder / "abacus/__init__.py").write_text("")
    (folder / "abacus/beads.py").write_text(content)
    monkeypatch.syspath_prepend(str(folder))


def told() -> str:
    with pytest.raises(AtlasError) as caught:
        libraries.require(ABACUS)
    return caught.value.message


@pytest.mark.parametrize("version", ["3.3", "3.3.2", "3.10", "42.0.0.dev1"])
@pytest.mark.parametrize("name", ["version", "__version__"])
def test_a_good_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, version: str
) -> None:
    installed(monkeypatch, tmp_path, f"{name} = {version!r}")
    libraries.require(ABACUS)


def test_a_missing_one_on_a_node() -> None:
    assert told() == (
        f"The Python library abacus is missing on the managed node: {INSTALL}{OR_ANOTHER}."
    )


@pytest.mark.usefixtures("on_the_controller")
def test_a_missing_one_on_the_controller() -> None:
    assert told() == f"The Python library abacus is missing on the controller: {INSTALL}."


@pytest.mark.parametrize("version", ["3.2.9", "2.99", "0"])
def test_one_that_is_too_old(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str) -> None:
    installed(monkeypatch, tmp_path, f"__version__ = {version!r}")
    assert told() == (
        f"The Python library abacus {version} on the managed node is too old, needed is 3.3 or"
        f" newer: {INSTALL}{OR_ANOTHER}."
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("import missing_for_abacus", "No module named 'missing_for_abacus'"),
        ("raise ImportError('libssl.so.1.1:\\n cannot open')", "libssl.so.1.1: cannot open"),
        ("class P(BaseException): pass\nraise P('panic')", "panic"),
        ("raise ValueError", "ValueError"),
    ],
)
def test_a_broken_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str, why: str
) -> None:
    installed(monkeypatch, tmp_path, content)
    assert told() == (
        f"The Python library abacus on the managed node is broken ({why}): {INSTALL}{OR_ANOTHER}."
    )


def test_an_interrupt_is_no_fault_of_the_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed(monkeypatch, tmp_path, "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        libraries.require(ABACUS)


@pytest.mark.parametrize(
    ("version", "why"),
    [
        ("3.2", "abacus 3.2 on the managed node is too old, needed is 3.3 or newer: "),
        ("3.3", "abacus on the managed node is broken (no beads): "),
    ],
)
def test_one_that_lacks_something_is_too_old_or_broken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, why: str
) -> None:
    installed(monkeypatch, tmp_path, f"version = {version!r}")
    with pytest.raises(AtlasError) as caught:
        libraries.refuse(ABACUS, ImportError("no beads"))
    assert caught.value.message.startswith(f"The Python library {why}install abacus 3.3 or newer")


@pytest.mark.parametrize(
    ("text", "version"),
    [("3.4.8", (3, 4)), ("42.0.0.dev1", (42, 0)), ("7", (7, 0)), ("", (0, 0)), ("x.y", (0, 0))],
)
def test_versions(text: str, version: tuple[int, int]) -> None:
    assert libraries.version_of(text) == version


def test_those_of_the_collection_are_what_its_requirements_say() -> None:
    root = Path(libraries.__file__).resolve().parents[2]
    lines = (root / "requirements.txt").read_text("utf-8").splitlines()
    known = (libraries.CRYPTOGRAPHY, libraries.DNSPYTHON, libraries.REQUESTS)
    assert [line for line in lines if not line.startswith(("#", "idna"))] == [
        f"{library.name}>={library.least_text}" for library in known
    ]
