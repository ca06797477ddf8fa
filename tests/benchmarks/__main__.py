# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long plays take, and what of it is this collection's.

    make benchmarks
    tests/tools/in-environment python tests/benchmarks --steps --certificates 100

Obtains P-256 certificates from a simulator on this machine for files on this machine: by a play, by
a script with threads that keeps no record of anything; and runs the play again when nothing is due,
and one with nothing but `ping`. All take turns, several times. Of each the median is shown, the
least and the most, and how many times a ping it takes, and how many times the script.

Then syncs and renames are counted, and the same is done with slow syncs. Figures of another
machine, or of another hour on this one, cannot be compared: compare ratios. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from cases import DOMAIN, Site  # noqa: E402
from measuring import Case, Figures, in_turns, run, table  # noqa: E402
from parts import parts  # noqa: E402
from simulator.conftest import running  # noqa: E402
from syncs import Shim, Syncs, strace_counts  # noqa: E402


def main() -> None:
    """Measure, and print what was found."""
    arguments = _arguments()
    with (
        tempfile.TemporaryDirectory(dir=arguments.folder, prefix="benchmarks-") as folder,
        running(Path(folder) / "simulator", "--verified", DOMAIN) as simulator,
    ):
        found = _measure(arguments, Path(folder), Site(Path(folder), simulator.account))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    else:
        print(json.dumps(found))


def _arguments() -> argparse.Namespace:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--certificates", type=int, nargs="+", default=[100, 1000], metavar="N", help="how many"
    )
    parser.add_argument("--repetitions", type=int, default=5, metavar="N", help="turns that count")
    parser.add_argument("--steps", action="store_true", help="show the parts of a play as well")
    parser.add_argument(
        "--no-syncs", action="store_true", help="neither count syncs nor slow them down"
    )
    parser.add_argument(
        "--sync-delay", type=float, default=5.0, metavar="MS", help="how slow syncs are"
    )
    parser.add_argument("--folder", type=Path, help="where to work; the disk counts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the JSON goes")
    return parser.parse_args()


def _measure(arguments: argparse.Namespace, folder: Path, site: Site) -> dict[str, Any]:
    found: dict[str, Any] = {"machine": _machine(folder)}
    print(", ".join(f"{name} {value}" for name, value in found["machine"].items()), "\n")
    cases = [site.ping()]
    for count in arguments.certificates:
        cases += [site.script(count), site.issue(count), site.nothing_due(count)]
    found["figures"] = _take_turns(cases, arguments.repetitions)
    if not arguments.no_syncs:
        found["syncs"] = _syncs(site, arguments, folder)
    if arguments.steps:
        found["steps"] = {
            case.name: parts(case, folder, arguments.repetitions)
            for case in cases
            if not case.name.startswith("script")
        }
        _show_steps(found["steps"])
    return found


def _machine(folder: Path) -> dict[str, str]:
    file_system = subprocess.run(
        ["stat", "-f", "-c", "%T", str(folder)], capture_output=True, text=True, check=False
    )
    return {
        "processors": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "file system": file_system.stdout.strip(),
        "Python": platform.python_version(),
        "ansible-core": importlib.metadata.version("ansible-core"),
        "cryptography": importlib.metadata.version("cryptography"),
    }


def _take_turns(cases: Sequence[Case], repetitions: int) -> dict[str, Any]:
    figures = in_turns(cases, repetitions, _progress)
    _progress("")
    rows = [["seconds", "median", "least", "most", "processors", "of ping", "of script"]]
    for case in cases:
        script = figures.get(f"script {case.certificates}")
        rows.append(_row(case, figures, script))
    print("\n".join(table(rows)), "\n", sep="")
    return {
        case.name: {"certificates": case.certificates, **asdict(figures[case.name])}
        for case in cases
    }


def _row(case: Case, figures: Mapping[str, Figures], script: Figures | None) -> list[str]:
    taken, ping = figures[case.name], figures.get("ping")
    spread = (taken.median, min(taken.wall), max(taken.wall), statistics.median(taken.cpu))
    return [
        case.name,
        *(f"{seconds:.2f}" for seconds in spread),
        f"{taken.ratio(ping):.2f}" if ping else "",
        f"{taken.ratio(script):.1f}" if script else "",
    ]


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def _syncs(site: Site, arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    try:
        shim = Shim(folder)
    except FileNotFoundError:
        print("Syncs are neither counted nor slowed down: there is no C compiler, cc.\n")
        return {}
    count = arguments.certificates[0]
    case = site.issue(count)
    run(shim.around(site.ping(), 0))
    ansible = shim.counted()
    run(shim.around(case, 0))
    ours = shim.counted().less(ansible)
    _show_syncs("counted", ours, count)
    traced = strace_counts(case, folder)
    if traced is not None:
        _show_syncs("by strace, with Ansible's own", traced, count)
    slow = shim.around(case, arguments.sync_delay)
    print(f"\nwith syncs that take {arguments.sync_delay:g} ms longer")
    slowed = _take_turns([slow], min(3, arguments.repetitions))
    return {"certificates": count, **asdict(ours), "figures": slowed}


def _show_syncs(how: str, syncs: Syncs, count: int) -> None:
    told = ", ".join(f"{name} {number / count:.2f}" for name, number in asdict(syncs).items())
    print(f"for each of {count} certificates, {how}: {told}")


def _show_steps(steps: Mapping[str, Mapping[str, float]]) -> None:
    names = dict.fromkeys(name for parts_of_case in steps.values() for name in parts_of_case)
    rows = [["milliseconds", *steps]]
    for name in names:
        values = (taken.get(name) for taken in steps.values())
        rows.append([name, *("" if value is None else f"{value * 1000:.0f}" for value in values)])
    print("\n".join(table(rows)), "\n", sep="")


if __name__ == "__main__":
    main()
