# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mutation runner on a toy: which mutants there are, and which of them a weak test leaves."""

from __future__ import annotations

import importlib.util
import sys
from argparse import Namespace
from pathlib import Path
from types import ModuleType

import pytest
from judging import Judge, Layout
from mutants import Mutations


@pytest.fixture(scope="module")
def program() -> ModuleType:
    """The file that `python tests/mutation` runs."""
    file = Path(__file__).with_name("__main__.py")
    spec = importlib.util.spec_from_file_location("mutation_program", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("statement", "changes"),
    [
        ("x = a < b", ["x = a < b -> x = a <= b", "x = a < b -> x = a >= b"]),
        ("x = a in b", ["x = a in b -> x = a not in b"]),
        ("x = a is None", ["x = a is None -> x = a is not None"]),
        (
            "x = a and b",
            ["x = a and b -> x = a or b", "x = a and b -> x = b", "x = a and b -> x = a"],
        ),
        ("x = not a", ["x = not a -> x = a"]),
        ("x = a + b", ["x = a + b -> x = a - b"]),
        ("x = a + 'text'", ["x = a + 'text' -> x = a + 'textX'"]),
        ("x = 7", ["x = 7 -> x = 8", "x = 7 -> x = 6"]),
        ("x = True", ["x = True -> x = False"]),
        ("x = 'two words'", []),
        ("x = f'{a + 1}'", []),
        ("verify(a)", ["verify(a) -> pass"]),
        ("raise E", ["raise E -> pass"]),
        ("a.b = c", ["a.b = c -> pass"]),
        ("a = c", []),
        ("return a.b", ["return a.b -> return None"]),
        ("return", ["return -> pass"]),
        ("x = f(a, b=c)", ["x = f(a, b=c) -> x = f(a)"]),
        ("x = a[b:c]", ["x = a[b:c] -> x = a[:c]", "x = a[b:c] -> x = a[b:]"]),
        ("x = a if b else c", ["x = a if b else c -> x = a", "x = a if b else c -> x = c"]),
        ("x = any(a)", ["x = any(a) -> x = all(a)"]),
        ("x = a.lower()", ["x = a.lower() -> x = a"]),
        ("if a: b = c", ["a -> True", "a -> False"]),
        ("while a: b = c", ["a -> False"]),
        ("x: int | None = a", []),
        ("from x import y", []),
    ],
)
def test_the_mutants_of_a_statement(statement: str, changes: list[str]) -> None:
    mutations = Mutations(f"def f():\n    {statement}\n")
    assert [mutant.change for mutant in mutations.mutants] == changes
    for mutant in mutations.mutants:
        assert (mutant.line, mutant.function, mutant.runs_at_import) == (2, "f", False)
        mutations.code(mutant)


def test_the_mutants_of_an_exception_handler() -> None:
    source = "def f():\n    try:\n        a = b\n    except (A, B):\n        a = c\n"
    assert [mutant.change for mutant in Mutations(source).mutants] == [
        "except (A, B) -> except (B,)",
        "except (A, B) -> except (A,)",
    ]


def test_defaults_are_evaluated_where_the_function_is_defined() -> None:
    (mutant,) = Mutations("class C:\n    def f(self, x=True):\n        pass\n").mutants
    assert mutant.change == "self, x=True -> self, x=False"
    assert (mutant.function, mutant.runs_at_import) == ("C", True)


TOY = '''"""A toy."""

LIMIT = 3


def is_many(count):
    return count > LIMIT


def named(name):
    if not name:
        raise ValueError("no name")
    return name.lower()


def unused():
    return 1


def endless(count):
    while count > 0:
        count -= len("x")
    return None
'''
WEAK_TESTS = """
import pytest
from toy import toys


def test_many():
    assert toys.is_many(5)
    assert not toys.is_many(3)


def test_named():
    assert toys.named("ada") == "ada"


def test_endless():
    assert toys.endless(1) is None
"""


def test_a_weak_test_leaves_just_what_it_does_not_show(program, tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    toys = tmp_path / "toy" / "toys.py"
    toys.write_text(TOY)
    (tmp_path / "test_toys.py").write_text(WEAK_TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    equivalent = tmp_path / "equivalent.txt"
    equivalent.write_text(
        "## Told by people\n\n"
        "toy/toys.py endless\nreturn None -> return 0\n# Nobody asks.\n\n"
        "toy/toys.py is_many\ngone -> forgotten\n# It was.\n"
    )
    layout = Layout(tmp_path, tmp_path / "toy", "toy", tmp_path, tmp_path / "cache")
    judge = Judge(layout, [tmp_path / "test_toys.py"])
    judge.shortest_limit = 4
    options = Namespace(only=None, sample=None, seed=0, slow=False, jobs=1)
    run = program.Run(layout, judge, [toys], program.read_equivalent(equivalent), options)
    told: list[str] = []
    judge.look(told.append)
    assert told == ["looking at test_toys.py"]
    told.clear()
    run.run(told.append)
    assert sorted(told) == [
        "toy/toys.py:11: named: condition forced: not name -> False",
        "toy/toys.py:12: named: statement deleted: raise ValueError('no name') -> pass"
        " [not covered]",
        "toy/toys.py:13: named: call dropped: return name.lower() -> return name",
        "toy/toys.py:17: unused: constant: return 1 -> return 0 [not covered]",
        "toy/toys.py:17: unused: constant: return 1 -> return 2 [not covered]",
        "toy/toys.py:17: unused: return value: return 1 -> return None [not covered]",
        "toy/toys.py:21: endless: comparison: count > 0 -> count <= 0",
        "toy/toys.py:21: endless: comparison: count > 0 -> count >= 0",
        "toy/toys.py:21: endless: condition forced: count > 0 -> False",
        "toy/toys.py:21: endless: constant: count > 0 -> count > 1",
        "toy/toys.py:22: endless: constant: count -= len('x') -> count -= len('xX')",
        "toy/toys.py:3: (module): constant: LIMIT = 3 -> LIMIT = 4",
    ]
    verdicts = {result.mutant.change: result.verdict for result in run.results}
    assert verdicts["count -= len('x') -> count += len('x')"] == "timed out"
    assert verdicts["LIMIT = 3 -> LIMIT = 2"] == "killed"
    assert [each.change for each in run.stale] == ["gone -> forgotten"]
    judge.look(told.append)
    assert len(told) == 12
    judge.close()
