# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts that the role puts on a host: the package in one file, and what starts and stops."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from .conftest import PACKAGE

ROLE = PACKAGE.parent
FILES = sorted(str(file) for file in PACKAGE.rglob("*.py"))


def rendered(template: str, **variables: Any) -> str:
    """A template of the role, with the few filters and the look-up of Ansible that they use."""
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True)
    environment.filters.update(
        b64encode=lambda text: base64.b64encode(text.encode()).decode(),
        hash=lambda text, name: hashlib.new(name, text.encode()).hexdigest(),
        quote=shlex.quote,
        relpath=os.path.relpath,
    )
    text = (ROLE / "templates" / template).read_text(encoding="utf-8")
    return environment.from_string(text).render(
        role_path=str(ROLE),
        lookup=lambda _name, file, rstrip: Path(file).read_text(encoding="utf-8"),
        **variables,
    )


@pytest.fixture
def package(tmp_path: Path) -> Path:
    file = tmp_path / "package.py"
    file.write_text(rendered("package.j2", atlas_simulator_files=FILES), encoding="utf-8")
    return file


def unpack(package: Path) -> str:
    command = [sys.executable, str(package)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def unpacked(package: Path) -> dict[str, bytes]:
    folder = package.parent / "package"
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_the_package_is_unpacked_once(package: Path) -> None:
    wanted = {str(Path(file).relative_to(PACKAGE)): Path(file).read_bytes() for file in FILES}
    assert unpack(package) == "unpacked\n"
    assert unpacked(package) == wanted
    assert unpack(package) == ""


@pytest.mark.parametrize("change", ["another", "missing", "strange"])
def test_what_was_changed_of_the_package_is_put_right(package: Path, change: str) -> None:
    unpack(package)
    wanted = unpacked(package)
    folder = package.parent / "package" / "atlas_simulator"
    if change == "another":
        (folder / "clock.py").write_text("")
    elif change == "missing":
        (folder / "api" / "tokens.py").unlink()
    else:
        (folder / "ssl.py").write_text("raise SystemExit")
    assert unpack(package) == "unpacked\n"
    assert unpacked(package) == wanted


def test_all_of_the_package_is_packed() -> None:
    variables = (ROLE / "vars" / "main.yml").read_text(encoding="utf-8")
    found = re.search(r"product\(\[(.*)\], \['\*\.py'\]\)", variables)
    assert found
    folders = [each.strip("' /") for each in found[1].split(",")]
    assert sorted(folders) == sorted(
        {str(Path(file).parent.relative_to(PACKAGE / "atlas_simulator")) for file in FILES} - {"."}
        | {""}
    )


STAND_IN = """
import sys, time
if "none" in sys.argv:
    sys.exit("one line\\natlas_simulator: --policy: none is none.")
print("ready https://127.0.0.1:1/v2", flush=True)
time.sleep(60)
"""


class Script:
    """The script that starts and stops a simulator, here a program that says just that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "control"
        self._package = folder / "package's"
        self._package.mkdir()
        (self._package / "atlas_simulator.py").write_text(STAND_IN)

    def write(self, digest: str = "", *arguments: str) -> None:
        """Write it as the role does for these arguments."""
        text = rendered(
            "control.j2",
            atlas_simulator_data_dir=str(self.folder),
            atlas_simulator_digest=digest,
            atlas_simulator_path=f"{self._package}\n",
            atlas_simulator_executable=f"{sys.executable}\n",
            atlas_simulator_arguments=[
                *("--data-dir", str(self.folder), "--listen", "127.0.0.1:0"),
                *arguments,
            ],
        )
        self._file.write_text(text, encoding="utf-8")
        self._file.chmod(0o700)

    def run(self, order: str) -> tuple[int, str, str]:
        """What it ends with, and what it says."""
        ended = subprocess.run(
            [self._file, order], capture_output=True, text=True, check=False, timeout=60
        )
        return ended.returncode, ended.stdout, ended.stderr

    @property
    def pid(self) -> str:
        """The number of the process that it started."""
        return (self.folder / "pid").read_text().strip()


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    made = Script(tmp_path)
    made.write()
    yield made
    made.run("stop")


def test_it_starts_once_and_again_for_something_new_and_stops_once(script: Script) -> None:
    assert script.run("stop") == (0, "", "")
    assert script.run("start") == (0, "started\n", "")
    first = script.pid
    assert (script.folder / "ready").read_text() == "ready https://127.0.0.1:1/v2\n"
    assert script.run("start") == (0, "", "")
    assert script.pid == first
    script.write("other accounts, or another package")
    assert script.run("start") == (0, "started\n", "")
    assert script.pid != first
    assert script.run("stop") == (0, "stopped\n", "")
    assert not (script.folder / "pid").exists()
    assert script.run("stop") == (0, "", "")


def test_it_says_why_it_does_not_start(script: Script) -> None:
    script.write("", "--policy", "none")
    status, said, complaint = script.run("start")
    assert (status, said) == (1, "")
    assert complaint == "atlas_simulator: --policy: none is none.\n"
    assert not (script.folder / "pid").exists()


def test_the_number_of_another_process_is_not_stopped(script: Script) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (script.folder / "pid").write_text(str(stranger.pid))
        assert script.run("stop") == (0, "", "")
        assert stranger.poll() is None
        stranger.kill()


def test_what_holds_secrets_is_for_the_owner_only() -> None:
    modes = {}
    for name in ("started", "start_process", "start_systemd"):
        tasks = yaml.safe_load((ROLE / "tasks" / f"{name}.yml").read_text(encoding="utf-8"))
        for task in tasks:
            for module in task.values():
                if isinstance(module, dict) and "mode" in module:
                    place = str(module.get("dest") or module.get("path"))
                    modes[place.rpartition("/")[2]] = module["mode"]
    assert modes == {
        "{{ atlas_simulator_data_dir }}": "0700",
        "package.py": "0644",
        "accounts.json": "0600",
        "control": "0700",
        "{{ atlas_simulator_unit }}.service": "0644",
    }


def test_what_tells_secrets_is_not_logged() -> None:
    tasks = yaml.safe_load((ROLE / "tasks" / "started.yml").read_text(encoding="utf-8"))
    assert [task["name"] for task in tasks if task.get("no_log")] == [
        "Write the accounts",
        "Read how to connect to it",
        "Set the facts",
    ]


def test_defaults_are_those_that_the_arguments_tell_of() -> None:
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    document = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = document["argument_specs"]["main"]["options"]
    told = {name: option["default"] for name, option in options.items() if "default" in option}
    assert told == defaults
    required = [name for name, option in options.items() if option.get("required")]
    assert required == ["atlas_simulator_data_dir"]
    assert sorted(options) == sorted([*defaults, *required])
