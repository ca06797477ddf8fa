# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may import whom: the arrows of docs/architecture.md that must never be.

Imports are read from the source, inside functions too, and followed through other files.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COLLECTION = "ansible_collections.globalsign.atlas."
SIMULATOR = "roles/atlas_simulator/files"


def sources() -> dict[str, Path]:
    """Dotted name -> file, of the plugins (`plugins.…`) and the simulator (`atlas_simulator.…`)."""
    found = {}
    for base, folder in ((ROOT, "plugins"), (ROOT / SIMULATOR, "atlas_simulator")):
        for path in sorted((base / folder).rglob("*.py")):
            parts = path.relative_to(base).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


SOURCES = sources()


def imported_names(name: str, tree: ast.AST) -> Iterator[str]:
    """The dotted names that a file imports; those of the collection begin with `plugins.`."""
    parts = name.split(".")
    package = parts if SOURCES[name].name == "__init__.py" else parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix(COLLECTION) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])]).removeprefix(COLLECTION)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def whole(name: str) -> ast.AST:
    return ast.parse(SOURCES[name].read_text(encoding="utf-8"))


def without_functions(name: str) -> ast.AST:
    """What runs when a file is imported."""
    tree = whole(name)
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.FunctionDef):
            node.body = [ast.Pass()]
    return tree


def reachable(start: str, read: Callable[[str], ast.AST] = whole) -> set[str]:
    """All that a file imports, itself or through others of ours."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        for imported in set(imported_names(name, read(name))) - seen:
            seen.add(imported)
            if imported in SOURCES:
                waiting.append(imported)
    return seen


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def test_the_reader_sees_imports_of_all_kinds() -> None:
    assert within_any(reachable("plugins.action.atlas_info"), "plugins.module_utils.api.session")
    assert within_any(reachable("plugins.modules.atlas_certificate_node"), "cryptography")


def within_any(names: set[str], package: str) -> bool:
    return any(within(name, package) for name in names)


API = "plugins.module_utils.api"
PKI = "plugins.module_utils.pki"

FORBIDDEN = [
    ("plugins.modules.atlas_certificate_node", [API, "requests", "urllib3", "http", "urllib"]),
    ("plugins.module_utils.lifecycle.node", [API, "plugins.module_utils.lifecycle.obtain"]),
    (API, [PKI, "ansible", "cryptography", "plugins.module_utils.arguments"]),
    ("plugins.module_utils.asn1", ["ansible", "cryptography", "requests", PKI, API]),
    (PKI, [API, "ansible", "requests"]),
    ("plugins.module_utils.tokens", ["ansible", "cryptography", "requests", PKI, API]),
    ("plugins.module_utils.endpoint", ["cryptography", "requests", PKI, API]),
    ("plugins", ["atlas_simulator"]),
    ("atlas_simulator", ["plugins", "ansible", "ansible_collections"]),
]


@pytest.mark.parametrize(
    ("importer", "imported"),
    [(importer, imported) for importer, several in FORBIDDEN for imported in several],
)
def test_an_arrow_that_must_never_be(importer: str, imported: str) -> None:
    importers = [name for name in SOURCES if within(name, importer)]
    assert importers, f"there is no {importer}"
    offenders = [name for name in importers if within_any(reachable(name), imported)]
    assert offenders == []


def test_no_module_imports_another() -> None:
    modules = [name for name in SOURCES if within(name, "plugins.modules")]
    for name in modules:
        others = {other for other in reachable(name) if within(other, "plugins.modules")}
        assert others == set(), name


def test_steady_runs_import_neither_http_nor_x509() -> None:
    """What the action imports at its top is what a run with nothing due pays for."""
    imported = reachable("plugins.action.atlas_certificate", without_functions)
    assert within_any(imported, "plugins.module_utils.lifecycle")
    assert not within_any(imported, API)
    assert not within_any(imported, "requests")
    assert not within_any(imported, "plugins.module_utils.pki")
    assert not within_any(imported, "cryptography")
