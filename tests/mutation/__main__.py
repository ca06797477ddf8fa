# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do the unit tests notice when the code is wrong? Breaks it in small ways, one at a time, to see.

    eval "$(tests/tools/environment --tools)"
    python tests/mutation pki api/policy lifecycle/due.py

The places are files and folders below plugins/ or plugins/module_utils/; without any, all of
plugins/. Each line of the report is a mutant that no test noticed: read it, and either write the
test that does, or list it in equivalent.txt beside this file with the reason why nobody could
notice.

Which tests judge a mutant is known from one run of every file of tests/unit with a trace of the
lines: only those that run the changed statement, the fastest first. What does not change between
runs is kept in .venv/mutation. A mutant inside a function costs a fork and its tests: they are
collected once, and the functions get the changed code. A mutant of what runs when a module is
imported costs the imports as well, where the module is served from memory. No file of the checkout
is touched. The tests and the code must stay as they are while it runs.

mutmut copies the checkout and looks modules up by their path in it, which is not their name here
(`ansible_collections.…`, through a symbolic link); cosmic-ray changes the files in place and starts
an interpreter for every mutant.
"""

from __future__ import annotations

import argparse
import functools
import json
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]
sys.path.append(str(HERE))

from judging import Case, Judge, Layout, Task, in_turns  # noqa: E402
from mutants import Mutant, Mutations  # noqa: E402

ROOT = HERE.parent.parent
PLUGINS = ROOT / "plugins"
COLLECTIONS = ROOT / ".venv" / "collections"
TESTS = ROOT / "tests"
EQUIVALENT = HERE / "equivalent.txt"
NOT_JUDGES = ("test_architecture.py",)
"""They read the source files, which do not change."""
SLOW_JUDGES = {
    "plugins/module_utils/api/policy": ("differential",),
    "plugins/module_utils/tokens": ("tokens",),
    "plugins/module_utils/": ("faults",),
}
"""What else judges survivors of the first room that fits, with --slow."""
SLOW_SECONDS = 120.0
"""How long that may take at most, divided by the factor of the time limit."""

LAYOUT = Layout(
    root=ROOT,
    code=PLUGINS,
    package="ansible_collections.globalsign.atlas.plugins",
    search_path=COLLECTIONS,
    cache=ROOT / ".venv" / "mutation",
)


@dataclass(frozen=True)
class Equivalent:
    """A mutant that nobody could notice, and why."""

    file: str
    function: str
    change: str
    reason: str


@dataclass
class Result:
    """A mutant and what became of it."""

    file: str
    mutant: Mutant
    verdict: str
    tests: int = 0

    def __str__(self) -> str:
        mutant = self.mutant
        note = "" if self.verdict == "survived" else f" [{self.verdict}]"
        function = mutant.function or "(module)"
        return f"{self.file}:{mutant.line}: {function}: {mutant.operator}: {mutant.change}{note}"


def read_equivalent(file: Path) -> list[Equivalent]:
    """Blocks of three lines: file and function, the change, and the reason after a `#`."""
    if not file.exists():
        return []
    found = []
    blocks = file.read_text(encoding="utf-8").split("\n\n")
    for block in blocks:
        lines = [line for line in block.splitlines() if not line.startswith("##")]
        if not lines:
            continue
        if len(lines) < 3 or not lines[2].startswith("# "):
            raise SystemExit(f"{file}: not a mutant and a reason:\n{block}")
        place, _blank, function = lines[0].partition(" ")
        reason = " ".join(line.removeprefix("# ") for line in lines[2:])
        found.append(Equivalent(place, function, lines[1], reason))
    return found


class Run:
    """All that one call does."""

    def __init__(
        self,
        layout: Layout,
        judge: Judge,
        files: Sequence[Path],
        equivalent: Sequence[Equivalent],
        options: argparse.Namespace,
    ) -> None:
        self.layout = layout
        self.judge = judge
        self.files = files
        self.equivalent = {(each.file, each.function, each.change): each for each in equivalent}
        self.options = options
        self.results: list[Result] = []
        self.stale: list[Equivalent] = []

    def _mutants(self) -> list[tuple[Path, Mutations, Mutant]]:
        found = []
        seen = set()
        for file in self.files:
            mutations = Mutations(file.read_text(encoding="utf-8"), str(file))
            relative = self.layout.relative(file)
            for mutant in mutations.mutants:
                key = (relative, mutant.function, mutant.change)
                seen.add(key)
                if key in self.equivalent:
                    continue
                if self.options.only and f"{relative}:{mutant.line}" not in self.options.only:
                    continue
                found.append((file, mutations, mutant))
        files = {self.layout.relative(file) for file in self.files}
        self.stale = [
            each for key, each in self.equivalent.items() if each.file in files and key not in seen
        ]
        if self.options.sample and self.options.sample < len(found):
            chosen = random.Random(self.options.seed).sample(range(len(found)), self.options.sample)
            found = [found[number] for number in sorted(chosen)]
        return found

    def show(self) -> None:
        for file, _mutations, mutant in self._mutants():
            print(Result(self.layout.relative(file), mutant, "survived"))

    def run(self, told: Callable[[str], None]) -> None:
        """Judge all mutants, file by file; those inside functions first, which is fast."""
        by_file: dict[Path, list[tuple[Mutations, Mutant]]] = defaultdict(list)
        for file, mutations, mutant in self._mutants():
            by_file[file].append((mutations, mutant))
        for file, found in by_file.items():
            self._run_file(file, found, told)

    def _run_file(
        self, file: Path, found: list[tuple[Mutations, Mutant]], told: Callable[[str], None]
    ) -> None:
        results, tests = [], []
        for _mutations, mutant in found:
            judges = self.judge.tests_for(file, mutant.lines, mutant.runs_at_import)
            results.append(Result(self.layout.relative(file), mutant, "not covered", len(judges)))
            tests.append(judges)
        anew = []
        tasks = []
        for number, (mutations, mutant) in enumerate(found):
            if not tests[number]:
                self._finish(results[number], file, mutations, told)
            elif mutant.runs_at_import:
                anew.append(number)
            else:
                code = functools.partial(mutations.code, mutant)
                limit = self.judge.limit(tests[number])
                tasks.append(Task(number, code, tuple(tests[number]), limit))
        for number, verdict in self.judge.on_bench(file, tasks) if tasks else ():
            if verdict == "not loaded":
                anew.append(number)
            else:
                results[number].verdict = verdict
                self._finish(results[number], file, found[number][0], told)
        starters = (self._starter(file, *found[number], tests[number]) for number in anew)
        for place, verdict in in_turns(starters, self.options.jobs):
            result = results[anew[place]]
            result.verdict = verdict
            self._finish(result, file, found[anew[place]][0], told)

    def _starter(
        self, file: Path, mutations: Mutations, mutant: Mutant, tests: list[str]
    ) -> Callable[[], Case]:
        def code() -> CodeType:
            compiled: CodeType = mutations.code(mutant)
            return compiled

        return lambda: self.judge.start(file, code, tests)

    def _finish(
        self, result: Result, file: Path, mutations: Mutations, told: Callable[[str], None]
    ) -> None:
        if self.options.slow and is_survivor(result):
            self._judge_slowly(result, file, mutations)
        self.results.append(result)
        if is_survivor(result):
            told(str(result))

    def _judge_slowly(self, result: Result, file: Path, mutations: Mutations) -> None:
        for room, folders in SLOW_JUDGES.items():
            if result.file.startswith(room):
                tests = [TESTS / folder for folder in folders]
                case = self.judge.start_files(
                    file, lambda: mutations.code(result.mutant), tests, SLOW_SECONDS
                )
                verdict = case.verdict() or "survived"
                if verdict != "not loaded":
                    result.verdict = verdict
                return


def is_survivor(result: Result) -> bool:
    return result.verdict not in ("killed", "timed out")


def report(run: Run, seconds: float) -> str:
    """A table of all files, and what to do about the list of equivalent mutants."""
    by_file: dict[str, Counter[str]] = defaultdict(Counter)
    for result in run.results:
        by_file[result.file][result.verdict] += 1
    total: Counter[str] = sum(by_file.values(), Counter())
    lines = ["", f"{'mutants':>8}{'killed':>8}{'time':>6}{'left':>6}{'score':>8}  file"]
    for name, counted in (*sorted(by_file.items()), ("in total", total)):
        everything = counted.total()
        found = counted["killed"] + counted["timed out"]
        score = 100 * found / everything if everything else 100.0
        lines.append(
            f"{everything:>8}{counted['killed']:>8}{counted['timed out']:>6}"
            f"{everything - found:>6}{score:>7.1f}%  {name}"
        )
    lines.append(f"({seconds:.0f} seconds)")
    for each in run.stale:
        lines.append(f"listed as equivalent, but gone: {each.file} {each.function}: {each.change}")
    return "\n".join(lines)


def resolve(names: Sequence[str], code: Path) -> list[Path]:
    """The files that these names mean."""
    found: list[Path] = []
    for name in names or (".",):
        for base in (code, code / "module_utils", code.parent):
            place = base / name
            if place.is_file():
                found.append(place)
            elif place.is_dir():
                found += sorted(place.rglob("*.py"))
            else:
                continue
            break
        else:
            raise SystemExit(f"there is no {name} below {code}")
    return list(dict.fromkeys(found))


def test_files(places: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for name in places:
        place = Path(name).resolve()
        found += sorted(place.rglob("test_*.py")) if place.is_dir() else [place]
    return [file for file in found if file.name not in NOT_JUDGES]


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python tests/mutation",
        description=(__doc__ or "").partition("\n")[0],
    )
    parser.add_argument("places", nargs="*", metavar="PLACE", help="a file or folder of the code")
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    parser.add_argument("--only", action="append", metavar="FILE:LINE", help="only this line's")
    parser.add_argument("--sample", type=int, metavar="N", help="only so many, chosen at random")
    parser.add_argument("--seed", type=int, default=0, help="of the choice (0)")
    parser.add_argument("--tests", nargs="+", metavar="PATH", help="who judges (tests/unit)")
    parser.add_argument("--slow", action="store_true", help="survivors meet the slow tests, too")
    parser.add_argument("--jobs", type=int, default=1, help="mutants at a time (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all verdicts there")
    parser.add_argument("--at-least", type=float, metavar="PERCENT", help="fail below this score")
    return parser


def as_document(results: Sequence[Result]) -> list[dict[str, Any]]:
    return [
        {
            **asdict(result.mutant),
            "lines": [result.mutant.lines.start, result.mutant.lines.stop],
            "file": result.file,
            "verdict": result.verdict,
            "tests": result.tests,
        }
        for result in results
    ]


def main() -> int:
    options = arguments().parse_args()
    judge = Judge(LAYOUT, test_files(options.tests or [str(TESTS / "unit")]))
    run = Run(LAYOUT, judge, resolve(options.places, PLUGINS), read_equivalent(EQUIVALENT), options)
    if options.list:
        run.show()
        return 0
    started = time.monotonic()
    judge.look(lambda text: print(text, file=sys.stderr, flush=True))
    run.run(lambda text: print(text, flush=True))
    print(report(run, time.monotonic() - started))
    judge.close()
    if options.json:
        options.json.write_text(json.dumps(as_document(run.results), indent=1), encoding="utf-8")
    found = sum(not is_survivor(result) for result in run.results)
    if options.at_least is not None:
        return int(100 * found < options.at_least * len(run.results))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
