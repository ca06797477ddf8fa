# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs tests in forked children: once to see which lines each test runs, then for each mutant.

A child finds pytest and all libraries imported, but nothing of the code under test. It imports that
anew, with one module from a changed syntax tree.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import functools
import gc
import hashlib
import importlib
import importlib.abc
import importlib.machinery
import os
import pickle
import resource
import signal
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

SURVIVED, KILLED, NOT_LOADED, NO_TESTS = 0, 1, 90, 5
DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""
MEMORY = 4 << 30
SHORTEST_LIMIT = 10.0
"""Seconds that tests are given at least before they count as hanging."""
LIMIT_FACTOR = 3
FORMAT = 4
"""Of the cached maps; raise it when what is in them changes."""


@dataclass
class Map:
    """What the tests of one file run."""

    seconds: dict[str, float] = field(default_factory=dict)
    """Of each test, by its node identifier."""
    lines: dict[str, dict[str, set[int]]] = field(default_factory=dict)
    """Lines by test and by file of the code, with what the file's shared fixtures run."""
    loaded: dict[str, str] = field(default_factory=dict)
    """The files of the code that were imported, and the digest of each."""
    failed: list[str] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)
    """Modules of others that were imported."""


@dataclass(frozen=True)
class Layout:
    """Where the code is, where its tests are, and what Python calls the code."""

    root: Path
    code: Path
    package: str
    """The name of `code` as a package."""
    search_path: Path
    """Where `package` is found, perhaps through a symbolic link."""
    cache: Path
    pytest_options: tuple[str, ...] = ()

    def module(self, file: Path) -> str:
        parts = file.relative_to(self.code).with_suffix("").parts
        return ".".join((self.package, *(part for part in parts if part != "__init__")))

    def relative(self, file: str | Path) -> str:
        return str(Path(file).relative_to(self.root))


class _Served(importlib.abc.MetaPathFinder):
    """Serves one module with the code of a mutant."""

    def __init__(self, name: str, code: CodeType) -> None:
        self.name = name
        self.code = code
        self.loaded = False

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        if fullname != self.name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            return None
        loader = _Loader(spec.loader.name, spec.loader.path)
        loader.served = self
        spec.loader = loader
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    served: _Served

    def get_code(self, fullname: str) -> CodeType:
        self.served.loaded = True
        return self.served.code


class _Chosen:
    """A pytest plugin that leaves only the chosen tests, in the order given."""

    def __init__(self, order: Sequence[str]) -> None:
        self._rank = {test: rank for rank, test in enumerate(order)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        known = [item for item in items if item.nodeid in self._rank]
        known.sort(key=lambda item: self._rank[item.nodeid])
        items[:] = known


@dataclass(frozen=True)
class Task:
    """A mutant whose change is inside a function, and who judges it."""

    number: int
    code: Callable[[], CodeType]
    tests: tuple[str, ...]
    limit: float


class _Bench:
    """A pytest plugin that collects the tests once, and forks for each mutant after that.

    The functions get the code of the mutant, wherever they are referred to. A mutant whose
    functions cannot be found, or cannot take the code, is left to who imports the module anew.
    """

    def __init__(self, module: str, tasks: Sequence[Task], answers: int) -> None:
        self._module = module
        self._tasks = tasks
        self._answers = answers

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        items = {item.nodeid: item for item in session.items}
        functions = [
            each
            for each in gc.get_objects()
            if isinstance(each, FunctionType) and each.__module__ == self._module
        ]
        gc.freeze()  # a collection in a child would copy all memory
        for task in self._tasks:
            chosen = [items[test] for test in task.tests if test in items]
            child = fork_again(functools.partial(self._judge, session, functions, task, chosen))
            code = wait_for(child, task.limit)
            verdict = _verdict(code) if chosen else "not loaded"
            os.write(self._answers, f"{task.number} {verdict}\n".encode())
        return True

    def _judge(
        self, session: Any, functions: Sequence[FunctionType], task: Task, items: Sequence[Any]
    ) -> int:
        if not _exchange(functions, task.code()):
            return NOT_LOADED
        for item, following in zip(items, (*items[1:], None)):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return KILLED
        return SURVIVED


def _exchange(functions: Sequence[FunctionType], module: CodeType) -> bool:
    """Give the functions of a module their code in a changed version of it; whether all took it."""
    changed = {(code.co_qualname, code.co_firstlineno): code for code in _codes_in(module)}
    found = False
    for function in functions:
        old = function.__code__
        new = changed.get((old.co_qualname, old.co_firstlineno))
        if new is None or new == old:
            continue
        if new.co_freevars != old.co_freevars:
            return False
        function.__code__ = new
        found = True
    return found


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes_in(constant)


def _verdict(code: int | None) -> str:
    if code is None:
        return "timed out"
    verdicts = {SURVIVED: "survived", NOT_LOADED: "not loaded", NO_TESTS: "no tests"}
    return verdicts.get(code, "killed")


class _Recorder:
    """A pytest plugin that notes which lines of the code each test runs."""

    def __init__(self, code_folders: tuple[str, ...], layout: Layout) -> None:
        self._folders = code_folders
        self._layout = layout
        self.map = Map()
        self._files: dict[str, str | None] = {}
        self._lines: dict[str, set[int]] = defaultdict(set)
        self._shared: dict[str, set[int]] = defaultdict(set)
        self._own: dict[str, dict[str, set[int]]] = {}

    def start(self) -> None:
        threading.settrace(self._trace)
        sys.settrace(self._trace)

    def _file(self, name: str) -> str | None:
        """The name of a file of the code below the root, None for another."""
        if name not in self._files:
            known = name.startswith(self._folders)
            self._files[name] = self._layout.relative(os.path.realpath(name)) if known else None
        return self._files[name]

    def _trace(self, frame: Any, event: str, argument: Any) -> Any:
        file = self._file(frame.f_code.co_filename)
        if file is None:
            return None
        if frame.f_code.co_name == "<module>":
            return None
        lines = self._lines[file]
        lines.add(frame.f_lineno)

        def trace_line(frame: Any, event: str, argument: Any) -> Any:
            if event == "line":
                self._lines[file].add(frame.f_lineno)
            return trace_line

        return trace_line

    def _take(self) -> dict[str, set[int]]:
        taken, self._lines = self._lines, defaultdict(set)
        return taken

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> Any:
        started = time.monotonic()
        sys.settrace(self._trace)
        try:
            return (yield)
        finally:
            self.map.seconds[item.nodeid] = time.monotonic() - started

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Any:
        """What a fixture that several tests share runs is for all of them."""
        if fixturedef.scope == "function":
            return (yield)
        outer = self._take()
        try:
            return (yield)
        finally:
            for file, lines in self._take().items():
                self._shared[file] |= lines
            self._lines = defaultdict(set, outer)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        own = self._own.setdefault(report.nodeid, defaultdict(set))
        for file, lines in self._take().items():
            own[file] |= lines
        if report.failed:
            self.map.failed.append(report.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        for file, lines in self._take().items():
            self._shared[file] |= lines
        if report.failed:
            self.map.failed.append(str(report.nodeid))

    def finish(self) -> Map:
        sys.settrace(None)
        for test, own in self._own.items():
            for file, lines in self._shared.items():
                own[file] |= lines
            self.map.lines[test] = dict(own)
        return self.map


def _quietly(output: Path) -> None:
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)


def fork(work: Callable[[], int], output: Path) -> int:
    """Do `work` in a child with its own process group; its number."""

    def quiet_work() -> int:
        _quietly(output)
        return work()

    sys.stdout.flush()
    return fork_again(quiet_work)


def fork_again(work: Callable[[], int]) -> int:
    """The same from a child that is quiet already."""
    child = os.fork()
    if child:
        with contextlib.suppress(OSError):
            os.setpgid(child, child)
        return child
    status = 99
    try:
        os.setpgid(0, 0)
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        status = work()
    except BaseException as error:
        print(repr(error), file=sys.stderr)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def wait_for(child: int, limit: float) -> int | None:
    """The child's exit status; None if it was still at work after `limit` seconds."""
    ends = time.monotonic() + limit
    pause = 0.002
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            end_group(child)
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > ends:
            end_group(child)
            os.waitpid(child, 0)
            return None
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def end_group(child: int) -> None:
    """What a test left running is not left running."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


class Judge:
    """Knows what the tests run, and lets them judge mutants."""

    def __init__(self, layout: Layout, test_files: Sequence[Path]) -> None:
        self.layout = layout
        self.test_files = list(test_files)
        self.shortest_limit = SHORTEST_LIMIT
        self.maps: dict[str, Map] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="mutation-")
        self.output = Path(self._folder.name) / "output"
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(Path(self._folder.name) / "hypothesis")

    def close(self) -> None:
        self._folder.cleanup()

    def look(self, told: Callable[[str], None]) -> None:
        """Learn what every test runs, from the cache where nothing changed."""
        self.layout.cache.mkdir(parents=True, exist_ok=True)
        for file in self.test_files:
            name = self.layout.relative(file)
            cached = self.layout.cache / (self._digest_of_test(file, name) + ".map")
            if not self._is_still_true(cached):
                told(f"looking at {name}")
                self._record(file, cached)
            self.maps[name] = pickle.loads(cached.read_bytes())
            self._preload(self.maps[name].libraries)

    def _digest_of_test(self, file: Path, name: str) -> str:
        """Of a file of tests and of what its folder has for all of its tests."""
        digest = hashlib.sha256(f"{FORMAT} {sys.version} {name}".encode() + file.read_bytes())
        top = self.layout.root.joinpath(*Path(name).parts[:2])
        for helper in sorted(top.rglob("*.py")) if top.is_dir() else ():
            if not helper.name.startswith("test_"):
                digest.update(helper.read_bytes())
        return digest.hexdigest()

    def _is_still_true(self, cached: Path) -> bool:
        """Whether the code is as it was when this was learnt."""
        if not cached.exists():
            return False
        known: Map = pickle.loads(cached.read_bytes())
        return all(self._digest(file) == digest for file, digest in known.loaded.items())

    def _digest(self, file: str) -> str:
        return _digest_of(self.layout.root / file)

    def _record(self, file: Path, cached: Path) -> None:
        def work() -> int:
            recorder = _Recorder((str(self.layout.code), str(self._linked_code())), self.layout)
            recorder.start()
            status = self._pytest([file], recorder)
            result = recorder.finish()
            result.libraries = self._libraries()
            result.loaded = {name: self._digest(name) for name in self._loaded()}
            if status == 0 and not result.failed:
                partial = cached.with_suffix(f".{os.getpid()}")
                partial.write_bytes(pickle.dumps(result))
                partial.rename(cached)
                return 0
            print(*result.failed, sep="\n")
            return 1

        if wait_for(fork(work, self.output), 900) != 0:
            raise SystemExit(
                f"{file} fails without any mutant:\n{self.output.read_text(errors='replace')}"
            )

    def _loaded(self) -> Iterator[str]:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and f"{name}.".startswith(self.layout.package + "."):
                yield self.layout.relative(os.path.realpath(file))

    def _linked_code(self) -> Path:
        return self.layout.search_path.joinpath(*self.layout.package.split("."))

    def _libraries(self) -> list[str]:
        """What the tests imported that is not of this checkout."""
        own = (str(self.layout.root), str(self.layout.search_path))
        installed = str(Path(pytest.__file__).parent.parent)
        found = []
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name.startswith(("conftest", "test_", "ansible_collections", "__")) or not file:
                continue
            if file.startswith(own) and not file.startswith(installed):
                continue
            found.append(name)
        return found

    def _preload(self, libraries: Iterable[str]) -> None:
        for library in libraries:
            if library not in sys.modules:
                with contextlib.suppress(BaseException):
                    importlib.import_module(library)

    def _pytest(self, files: Iterable[Path], *plugins: object) -> int:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        os.chdir(self.layout.root)
        options = ("-x", "-q", "-p", "no:cacheprovider", "--tb=line", *self.layout.pytest_options)
        return int(pytest.main([*options, *map(str, files)], plugins=list(plugins)))

    def tests_for(self, file: Path, lines: range, runs_at_import: bool) -> list[str]:
        """The tests that may notice a change of these lines, the fastest first."""
        name = self.layout.relative(file)
        wanted = {name}
        if runs_at_import:
            wanted |= {self.layout.relative(user) for user in _users_of(self.layout.code, file)}
        seconds: dict[str, float] = {}
        for one in self.maps.values():
            for test, found in one.lines.items():
                if runs_at_import:
                    runs = any(found.get(each) for each in wanted)
                else:
                    runs = not found.get(name, set()).isdisjoint(lines)
                if runs:
                    seconds[test] = one.seconds[test]
        if runs_at_import and not seconds:
            for one in self.maps.values():
                if name in one.loaded:
                    seconds.update(one.seconds)
        return sorted(seconds, key=seconds.__getitem__)

    def limit(self, tests: Iterable[str]) -> float:
        """How long these tests may take with a mutant, in seconds."""
        seconds = {test: each for one in self.maps.values() for test, each in one.seconds.items()}
        return max(self.shortest_limit, LIMIT_FACTOR * sum(seconds[test] for test in tests))

    def files_of(self, tests: Iterable[str]) -> list[Path]:
        """The files in which these tests are."""
        wanted = set(tests)
        return [
            file
            for file in self.test_files
            if not wanted.isdisjoint(self.maps[self.layout.relative(file)].seconds)
        ]

    def on_bench(self, file: Path, tasks: Sequence[Task]) -> Iterator[tuple[int, str]]:
        """Judge mutants of functions: the number and the verdict of each as it is known."""
        reading, writing = os.pipe()
        files = self.files_of(test for task in tasks for test in task.tests)
        bench = _Bench(self.layout.module(file), tasks, writing)
        child = fork(lambda: self._pytest(files, bench), self.output)
        os.close(writing)
        left = {task.number for task in tasks}
        with open(reading, encoding="utf-8") as answers:
            for line in answers:
                number, _blank, verdict = line.strip().partition(" ")
                left.discard(int(number))
                yield int(number), verdict
        wait_for(child, SHORTEST_LIMIT)
        for unknown in sorted(left):
            yield unknown, "not loaded"

    def start(self, file: Path, code: Callable[[], CodeType], tests: Sequence[str]) -> Case:
        """Let these tests judge a module imported anew; the case can be asked how it went."""
        return self.start_files(
            file, code, self.files_of(tests), self.limit(tests) / LIMIT_FACTOR, _Chosen(tests)
        )

    def start_files(
        self,
        file: Path,
        code: Callable[[], CodeType],
        tests: Sequence[Path],
        expected: float,
        *plugins: object,
    ) -> Case:
        """Let all tests of these files judge."""

        def work() -> int:
            served = _Served(self.layout.module(file), code())
            sys.meta_path.insert(0, served)
            status = self._pytest(tests, *plugins)
            if status in (SURVIVED, NO_TESTS) and not served.loaded:
                return NOT_LOADED
            return status if status in (SURVIVED, NO_TESTS) else KILLED

        limit = max(self.shortest_limit, LIMIT_FACTOR * expected)
        return Case(fork(work, self.output), time.monotonic() + limit)


@dataclass
class Case:
    """Tests at work on a mutant in a child."""

    child: int
    ends: float

    def verdict(self, patience: float | None = None) -> str | None:
        """survived, killed or timed out; None if not known within `patience` seconds."""
        left = self.ends - time.monotonic()
        if patience is not None and patience < left:
            done, status = os.waitpid(self.child, os.WNOHANG)
            if not done:
                time.sleep(patience)
                return None
            end_group(self.child)
            code: int | None = os.waitstatus_to_exitcode(status)
        else:
            code = wait_for(self.child, max(left, 0))
        if code is None:
            return "timed out"
        return _verdict(code)


@functools.cache
def _digest_of(place: Path) -> str:
    return hashlib.sha256(place.read_bytes()).hexdigest() if place.is_file() else ""


@functools.cache
def _users_of(code: Path, file: Path) -> tuple[Path, ...]:
    """The files that import from this one by its name."""
    name = file.stem if file.stem != "__init__" else file.parent.name
    return tuple(
        other for other in code.rglob("*.py") if other != file and name in _imported_names(other)
    )


@functools.cache
def _imported_names(file: Path) -> frozenset[str]:
    """The last part of every name that a file imports, or imports from."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {alias.name.rpartition(".")[2] for alias in node.names}
            names.add((getattr(node, "module", None) or "").rpartition(".")[2])
    return frozenset(names)


def in_turns(cases: Iterator[Callable[[], Case]], jobs: int) -> Iterator[tuple[int, str]]:
    """Run cases, `jobs` at a time; the number and the verdict of each as it ends."""
    running: dict[int, Case] = {}
    number = -1
    more = True
    while more or running:
        while more and len(running) < jobs:
            start = next(cases, None)
            if start is None:
                more = False
            else:
                number += 1
                running[number] = start()
        for each, case in list(running.items()):
            verdict = case.verdict(0.01 if len(running) > 1 or jobs > 1 else None)
            if verdict is not None:
                del running[each]
                yield each, verdict
