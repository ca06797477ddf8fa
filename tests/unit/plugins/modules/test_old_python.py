# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules on a Python that is too old for the collection, and not for ansible-core.

ansible-core 2.16 runs modules with Python 3.6 and newer.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.globalsign.atlas.plugins.module_utils import old_python
from ansible_collections.globalsign.atlas.plugins.module_utils.old_python import (
    refuse_old_python,
    too_old,
)

PLUGINS = Path(old_python.__file__).resolve().parents[1]
ON_NODES = (
    "atlas_certificate",
    "atlas_certificate_node",
    "endpoint_info",
    "token_file",
    "token_listener",
)
READ_BY_OLD_ONES = [PLUGINS / "module_utils/old_python.py"] + [
    PLUGINS / f"modules/{name}.py" for name in ON_NODES
]


def old_interpreters() -> list[str]:
    """Those of pyenv, and those in the path."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    folders = [*map(str, root.glob("3.[678].*/bin")), *os.environ["PATH"].split(os.pathsep)]
    found = {
        os.path.realpath(path)
        for folder in folders
        for minor in (6, 7, 8)
        if os.path.isfile(path := os.path.join(folder, f"python3.{minor}"))
    }
    return sorted(path for path in found if works(path))


def works(path: str) -> bool:
    return subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("path", READ_BY_OLD_ONES, ids=lambda path: path.stem)
def test_the_files_can_be_read_by_the_oldest_that_core_runs(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 6))
    futures = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
    ]
    assert futures == []


@pytest.mark.parametrize("name", ON_NODES)
def test_nothing_is_imported_before_the_question(name: str) -> None:
    """Nothing of Python itself either: 3.6 has no dataclasses."""
    tree = ast.parse((PLUGINS / f"modules/{name}.py").read_text("utf-8"))
    docstring, *statements = tree.body
    assert isinstance(docstring, ast.Expr)
    code = [ast.unparse(node) for node in statements if not isinstance(node, ast.Assign)]
    assert code[:2] == [
        "from ansible_collections.globalsign.atlas.plugins.module_utils.old_python"
        " import refuse_old_python",
        "refuse_old_python()",
    ]


def test_this_python_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    refuse_old_python()
    assert capsys.readouterr().out == ""


def test_the_sentence() -> None:
    assert too_old((3, 6, 8), "/usr/libexec/platform-python") == (
        "Python 3.6.8 on the managed node (/usr/libexec/platform-python) is too old, needed is 3.9"
        " or newer: install one beside it, such as python39 of RHEL 8, with its package"
        " cryptography, and set ansible_python_interpreter to it."
    )


@pytest.mark.parametrize("name", ON_NODES)
@pytest.mark.parametrize("interpreter", old_interpreters())
def test_an_old_python_gets_one_sentence(name: str, interpreter: str) -> None:
    """Run as core runs it: as the main program, with the collection in the path."""
    module = f"ansible_collections.globalsign.atlas.plugins.modules.{name}"
    program = "import runpy, sys; sys.path[:0] = [sys.argv[1]]; "
    program += "runpy.run_module(sys.argv[2], run_name='__main__')"
    above = [path for path in sys.path if (Path(path) / "ansible_collections").is_dir()]
    ended = subprocess.run(
        [interpreter, "-c", program, above[0], module], capture_output=True, text=True, check=False
    )
    version = subprocess.run(
        [interpreter, "-c", "import platform; print(platform.python_version())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    answer = json.loads(ended.stdout)
    assert answer["failed"] is True
    assert answer["msg"].startswith(f"Python {version} on the managed node (")
    assert (ended.stderr, ended.returncode) == ("", 1)
