# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may import whom: the arrows of docs/architecture.md that must never be.

Imports are read from the source, inside functions too, and followed through other files.
"""

from __future__ import annotations

import ast
import functools
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


@functools.cache
def imports(name: str, read: Callable[[str], ast.AST]) -> frozenset[str]:
    return frozenset(imported_names(name, read(name)))


def reachable(start: str, read: Callable[[str], ast.AST] = whole) -> set[str]:
    """All that a file imports, itself or through others of ours."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        for imported in imports(name, read) - seen:
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


# The node's file system: a path is looked up anew at each use, and who may write to a folder on the
# way decides where it leads. So paths are followed in one room, and with handles only.


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NODE = ["plugins.modules.atlas_certificate_node", "plugins.modules.token_file"]
FILES = "plugins.module_utils.files"
PATHLESS = words(
    """
    _exit close dup environ fchmod fchown fdopen fork fsdecode fsencode fspath fstat fsync getegid
    geteuid getpid killpg kill path pipe posix_fallocate read sep stat_result umask urandom waitpid
    write
    """
)
"""What `os` has that takes no path; constants, in capitals, do not either."""
TEXTUAL = words("basename commonpath dirname isabs join normpath relpath split splitext")
"""What `os.path` has that looks at the text of a path only."""
BY_HANDLE = {
    **dict.fromkeys(("listdir", "getxattr", "setxattr", "removexattr"), ()),
    **dict.fromkeys(
        ("access", "mkdir", "open", "readlink", "rmdir", "stat", "symlink", "unlink"), ("dir_fd",)
    ),
    "replace": ("src_dir_fd", "dst_dir_fd"),
}
"""What the room of files may call: with these handles, or with a handle in place of the path."""
BY_PATH = {
    "os.open('/', FOLDER_HANDLE)": "where each way begins",
    "os.open(f'/proc/self/fd/{handle}', flags)": "a file by its handle",
    "open(f'/proc/self/fdinfo/{handle}', encoding='ascii')": "what the system says of a handle",
}
"""Calls of the room of files with a path that nobody else can exchange, and why it takes them."""
OTHER_WAYS = words(
    """
    ctypes dbm filecmp fileinput genericpath glob io linecache logging.handlers mmap nt ntpath
    pathlib posix posixpath shelve shutil sqlite3 tarfile tempfile zipfile
    ansible.module_utils.common.file ansible.module_utils.facts
    """
)
"""Libraries that open files by their paths."""
MODULE_WAYS = words(
    """
    add_atomic_move_cleanup_file append_to_file atomic_move backup_local cleanup
    load_file_common_arguments preserved_copy set_context_if_different
    set_default_selinux_context set_file_attributes_if_different set_fs_attributes_if_different
    set_group_if_different set_mode_if_different set_owner_if_different
    digest_from_file read_bytes read_text write_bytes write_text
    """
)
"""Methods of `AnsibleModule`, and of paths, that do."""


def on_the_node() -> list[str]:
    names = {name for start in NODE for name in (start, *reachable(start)) if name in SOURCES}
    return sorted(names)


def path_calls(tree: ast.AST, allowed: frozenset[str] = frozenset()) -> Iterator[str]:
    """What in a source could use a path, as text, but for calls that are allowed."""
    let_go: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node) in allowed:
            let_go.add(id(node.func))
    for node in ast.walk(tree):
        if id(node) not in let_go:
            yield from _path_uses(node)


def _path_uses(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (
            f"import {alias.name}"
            for alias in node.names
            if alias.name in OTHER_WAYS or (alias.name.partition(".")[0] == "os" and alias.asname)
        )
    elif isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names]
        if node.module in OTHER_WAYS or OTHER_WAYS & set(names) or node.module in ("os", "os.path"):
            yield f"from {node.module} import {', '.join(alias.name for alias in node.names)}"
    elif isinstance(node, ast.Attribute):
        whose = ast.unparse(node.value)
        if (
            (whose == "os" and not (node.attr in PATHLESS or node.attr.isupper()))
            or (whose == "os.path" and node.attr not in TEXTUAL)
            or node.attr in MODULE_WAYS
        ):
            yield ast.unparse(node)
    elif isinstance(node, ast.Name) and node.id in ("open", "__import__", "eval", "exec"):
        yield node.id
    elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "vars"):
        whose = ast.unparse(node.args[0])
        name = (
            node.args[1].value
            if len(node.args) > 1 and isinstance(node.args[1], ast.Constant)
            else ""
        )
        if whose == "os" and not str(name).isupper():
            yield ast.unparse(node)


def handle_calls(tree: ast.AST) -> frozenset[str]:
    """The calls of a source that use handles, and nothing but a name beside them."""
    return frozenset(
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _by_handle(node)
    )


def _by_handle(call: ast.Call) -> bool:
    whose, _dot, name = ast.unparse(call.func).rpartition(".")
    if whose != "os" or name not in BY_HANDLE:
        return False
    if not BY_HANDLE[name]:
        return bool(call.args) and ast.unparse(call.args[0]).endswith("handle")
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
    follows = name in ("stat", "access") and given.get("follow_symlinks") != "False"
    is_itself = bool(call.args) and ast.unparse(call.args[0]) == "'.'"
    return all(given.get(handle, "").endswith("handle") for handle in BY_HANDLE[name]) and (
        is_itself or not follows
    )


def test_what_runs_on_the_node_uses_no_path_outside_of_the_room_of_files() -> None:
    names = on_the_node()
    assert "plugins.module_utils.lifecycle.node.sets" in names
    found = {
        name: uses
        for name in names
        if not within(name, FILES)
        for uses in [sorted(set(path_calls(whole(name))))]
        if uses
    }
    assert found == {}


def test_the_room_of_files_works_by_handles() -> None:
    rooms = [name for name in SOURCES if within(name, FILES)]
    trees = {name: whole(name) for name in rooms}
    found = {
        name: uses
        for name, tree in trees.items()
        for uses in [sorted(set(path_calls(tree, handle_calls(tree) | frozenset(BY_PATH))))]
        if uses
    }
    assert found == {}
    calls = {ast.unparse(node) for tree in trees.values() for node in ast.walk(tree)}
    assert set(BY_PATH) - calls == set()


@pytest.mark.parametrize(
    "line",
    [
        "os.open(name, os.O_RDONLY)", "os.stat(path)", "os.lstat(path)", "os.chmod(path, 0o644)",
        "os.chown(path, 0, 0)", "os.rename(a, b)", "os.replace(a, b)", "os.unlink(path)",
        "os.remove(path)", "os.mkdir(path)", "os.makedirs(path)", "os.rmdir(path)",
        "os.symlink(a, b)", "os.link(a, b)", "os.readlink(path)", "os.listdir(path)",
        "os.listdir()",
        "os.scandir(path)", "os.walk(path)", "os.access(path, os.R_OK)", "os.truncate(path, 0)",
        "os.utime(path)", "os.chdir(path)", "os.statvfs(path)", "os.mkfifo(path)",
        "os.getxattr(path, name)", "os.fwalk(path)", "os.execv(path, [])", "os.removedirs(path)",
        "os.path.exists(path)", "os.path.isfile(path)", "os.path.isdir(path)",
        "os.path.islink(path)", "os.path.realpath(path)", "os.path.ismount(path)",
        "os.path.lexists(path)", "os.path.getsize(path)", "os.path.samefile(a, b)",
        "open(path)", "opened = open", "unlink = os.unlink", "getattr(os, 'unlink')(path)",
        "getattr(os, name)(path)", "vars(os)['unlink'](path)", "__import__('shutil')",
        "import shutil", "import tempfile", "import pathlib", "import os as system",
        "import os.path as paths", "from os import unlink", "from os.path import exists",
        "from pathlib import Path", "import glob", "import io", "from shutil import rmtree",
        "module.atomic_move(a, b)", "module.set_mode_if_different(path, 0, False)",
        "Path(path).read_text()", "exec(text)",
        "os.stat(name, dir_fd=self.handle)", "os.open(name, flags, dir_fd=None)",
        "os.replace(a, b, src_dir_fd=self.handle)", "os.access(name, wanted, dir_fd=self.handle)",
        "os.open('/', flags)",
    ],
)  # fmt: skip
def test_a_use_of_a_path_is_seen(line: str) -> None:
    """Both where no path may be used, and in the room of files, however deep inside."""
    tree = ast.parse(f"class A:\n  def b(self):\n    try:\n      {line}\n    except OSError: pass")
    assert list(path_calls(tree)) != []
    assert list(path_calls(tree, handle_calls(tree) | frozenset(BY_PATH))) != []


@pytest.mark.parametrize(
    "line",
    [
        "os.stat(name, dir_fd=self.handle, follow_symlinks=False)", "os.listdir(handle)",
        "os.replace(a, b, src_dir_fd=folder.handle, dst_dir_fd=folder.handle)",
        "os.open(name, flags, 0o600, dir_fd=self._folder.handle)", "os.fchmod(self._handle, mode)",
        "os.access('.', wanted, dir_fd=self.handle, effective_ids=True)", "os.path.join(a, b)",
        "getattr(os, 'O_PATH', 0)", "os.open('/', FOLDER_HANDLE)", "hasattr(os, 'getxattr')",
    ],
)  # fmt: skip
def test_a_use_of_a_handle_is_let_go(line: str) -> None:
    tree = ast.parse(line)
    assert list(path_calls(tree, handle_calls(tree) | frozenset(BY_PATH))) == []
