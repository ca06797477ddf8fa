# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is measured: plays on this machine, and the script that they are compared with."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from measuring import Case, run

HERE = Path(__file__).resolve().parent
FILES = ("cert.pem", "chain.pem", "fullchain.pem", "key.pem")
DOMAIN = "quillon.example"
_RECAP = re.compile(r"ok=(\d+) +changed=(\d+) +unreachable=0 +failed=0")
_ITEMS = (
    "{% set items = [] %}"
    "{% for number in range(count) %}"
    "{% set name = 'host-' ~ number ~ '.' ~ domain %}"
    "{% set folder = place ~ '/' ~ name %}"
    "{% set _ = items.append({"
    "'path': folder ~ '/cert.pem',"
    "'privatekey_path': folder ~ '/key.pem',"
    "'chain_path': folder ~ '/chain.pem',"
    "'fullchain_path': folder ~ '/fullchain.pem',"
    "'san': {'dns_names': [name]},"
    "}) %}"
    "{% endfor %}"
    "{{ items }}"
)


class Site:
    """A folder for the files of all cases, with the account that pays."""

    def __init__(self, folder: Path, account: dict[str, str]) -> None:
        self._folder = folder
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ANSIBLE_", "ATLAS_")) or name == "ANSIBLE_COLLECTIONS_PATH"
        }
        configuration = folder / "ansible.cfg"
        configuration.touch()
        self._environment = {
            **own,
            **account,
            "ANSIBLE_CONFIG": str(configuration),
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
        }

    def ping(self) -> Case:
        """The least that a play takes."""
        return self._play("ping", {"ansible.builtin.ping": {}}, changed=0)

    def issue(self, count: int) -> Case:
        """A play that obtains so many certificates, for folders with nothing in them."""
        place = self._folder / f"issue-{count}"
        case = self._play(f"issue {count}", _task(place, count), changed=1)
        return replace(case, certificates=count, prepare=lambda: _clear(place, count))

    def nothing_due(self, count: int) -> Case:
        """The same play where they lie there already."""
        place = self._folder / f"nothing-due-{count}"
        case = self._play(f"nothing due {count}", _task(place, count), changed=0)

        def prepare() -> None:
            if not place.exists():
                _clear(place, count)
                run(replace(case, check=lambda printed: _check(printed, 1)))

        return replace(case, certificates=count, prepare=prepare)

    def script(self, count: int) -> Case:
        """The script with threads, which obtains so many and writes plain files."""
        place = self._folder / f"script-{count}"
        program = [sys.executable, str(HERE / "threaded_script.py"), str(place)]

        def check(_printed: str) -> None:
            _check_files(place, count)

        return Case(
            f"script {count}",
            [*program, *_names(count)],
            self._environment,
            count,
            lambda: _clear(place, count),
            check,
        )

    def _play(self, name: str, task: dict[str, Any], changed: int) -> Case:
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "tasks": [{"name": name, **task}],
        }
        path = self._folder / f"{name.replace(' ', '-')}.yml"
        path.write_text(json.dumps([play]))
        command = [str(Path(sys.executable).with_name("ansible-playbook")), str(path)]

        def check(printed: str) -> None:
            _check(printed, changed)

        return Case(name, command, self._environment, check=check)


def _task(place: Path, count: int) -> dict[str, Any]:
    """A task with items that come from a template, as so many do: Ansible takes half a second to
    load a thousand of them from a playbook, which is none of our concern."""
    options = {
        "privatekey_type": "ECDSA",
        "privatekey_size": 256,
        "state_dir": str(place / "records"),
        "certificates": _ITEMS,
    }
    variables = {"place": str(place), "count": count, "domain": DOMAIN}
    return {"globalsign.atlas.atlas_certificate": options, "vars": variables}


def _names(count: int) -> list[str]:
    return [f"host-{number}.{DOMAIN}" for number in range(count)]


def _clear(place: Path, count: int) -> None:
    """Empty folders for the files, and nothing else."""
    if place.exists():
        shutil.rmtree(place)
    for name in _names(count):
        (place / name).mkdir(parents=True)


def _check(printed: str, changed: int) -> None:
    found = _RECAP.search(printed)
    if not found or (int(found[1]), int(found[2])) != (1, changed):
        sys.exit(f"The play did not end as it should, with changed={changed}:\n{printed[-2000:]}")


def _check_files(place: Path, count: int) -> None:
    for name in _names(count):
        for file in FILES:
            if not (place / name / file).stat().st_size:
                sys.exit(f"{place / name / file} is empty.")
