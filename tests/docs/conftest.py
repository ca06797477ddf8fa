# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that can be run is run once, by one ansible-playbook; tests look what came of it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from .blocks import Block, all_blocks
from .playbooks import (
    RUNNABLE,
    Playbook,
    account_of,
    give_credentials,
    shape,
    vault_of,
    write,
)
from .world import World, install_program, world

BLOCKS = all_blocks()
RUN = [block for block in BLOCKS if block.language == "yaml" and shape(block) in RUNNABLE]


_AROUND_ROLES = {"hosts", "become", "module_defaults", "roles"}


def what_is_run(block: Block) -> str:
    """The same text for blocks that use roles in the same way: one run is enough for them."""
    content = block.content
    if shape(block) == "plays" and all(set(play) <= _AROUND_ROLES for play in content):
        content = [use for play in content for use in play["roles"]]
    elif shape(block) != "roles":
        return block.name
    return json.dumps(content, sort_keys=True)


FILES = [block for block in BLOCKS if block.language == "yaml" and shape(block) == "file"]
OF_ONE_BLOCK = "test_it_does_what_it_says"
COMMANDS = [
    line
    for block in BLOCKS
    if block.language == "shell" and block.file == "docs/domains.md"
    for line in block.text.splitlines()
    if line.startswith("ansible-playbook ")
]
"""The command lines of the guide: they are run in the folder of a user."""

_SYSTEMCTL = """#!/bin/sh
case "$1" in
    show) printf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\n' ;;
    reload | restart) echo "$*" >>"{folder}/services.log" ;;
    *) exit 1 ;;
esac
"""
_NGINX = """#!/bin/sh
test "$*" = -t
"""
_DNSTOOL = """#!{python}
import sys, dns.query, dns.tsigkeyring, dns.update
action, name, kind, value = sys.argv[1:]
keys = dns.tsigkeyring.from_text({{"atlas": "{key}"}})
update = dns.update.UpdateMessage("example.com", keyring=keys)
record = (name + ".", *((1,) if action == "add" else ()), kind, value)
(update.add if action == "add" else update.delete)(*record)
assert dns.query.tcp(update, "127.0.0.1", port={port}).rcode() == 0
"""


@dataclass(frozen=True)
class Ran:
    """What came of it all."""

    world: World
    playbooks: dict[str, Playbook]
    records: list[dict[str, Any]]
    output: str
    folder: Path

    def of(self, block: Block) -> list[dict[str, Any]]:
        """What became of the tasks of a block's playbook."""
        path = str(self.playbooks[block.name].path)
        return [record for record in self.records if record["playbook"] == path]


@pytest.fixture(scope="session")
def running_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    accounts = [account_of(block, f"block{number}") for number, block in enumerate(RUN)]
    accounts.append({"name": "site"})
    folder = tmp_path_factory.mktemp("documentation")
    with world(folder, accounts, BLOCKS) as started:
        yield started


def chosen_blocks(items: Sequence[Any]) -> list[Block]:
    """Those that the tests are about; all, if one of the tests looks at them together."""
    tests = [item for item in items if "ran" in item.fixturenames]
    chosen = [item.callspec.params["block"] for item in tests if item.originalname == OF_ONE_BLOCK]
    return RUN if len(chosen) < len(tests) else chosen


@pytest.fixture(scope="session")
def ran(running_world: World, request: pytest.FixtureRequest) -> Ran:
    folder = running_world.folder
    _make_request_of_hsm(folder / "hsm")
    playbooks = _write_playbooks(running_world, chosen_blocks(request.session.items))
    site = _make_site(running_world)
    programs = _install_programs(running_world)
    records = folder / "records"
    records.touch()
    finished = subprocess.run(
        [
            *("ansible-playbook", "-i", "inventory", "-e", "ansible_become=false"),
            *(str(path) for path in dict.fromkeys(each.path for each in playbooks.values())),
            *_arguments_of_commands(),
        ],
        cwd=site,
        env={
            **os.environ,
            "PATH": f"{programs}:{os.environ['PATH']}",
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callbacks")),
            "ANSIBLE_COLLECTIONS_PATH": (
                f"{folder}/collections:{os.environ['ANSIBLE_COLLECTIONS_PATH']}"
            ),
            "ANSIBLE_GATHERING": "explicit",
            "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",
            "ATLAS_API_URL": running_world.simulator.url,
            "ATLAS_CA_PATH": str(running_world.simulator.folder / "api-ca.crt"),
            "DOCUMENTATION_RECORDS": str(records),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    for control in folder.glob("blocks/*/root/tmp/atlas/control"):
        subprocess.run([control, "stop"], check=True)
    told = [json.loads(line) for line in records.read_text().splitlines()]
    return Ran(running_world, playbooks, told, finished.stdout + finished.stderr, folder)


def _write_playbooks(running_world: World, blocks: Sequence[Block]) -> dict[str, Playbook]:
    playbooks = {}
    written: dict[str, Playbook] = {}
    for block in blocks:
        number = RUN.index(block)
        same = what_is_run(block)
        if same in written:
            playbooks[block.name] = written[same]
            continue
        playbook = Playbook(block, running_world.folder / f"blocks/{number}")
        files = {
            each.text.split("\n", 1)[0].removeprefix("# "): each.text
            for each in FILES
            if each.file == block.file
        }
        present = files.get("tasks/dns_present.yml", "")
        files["tasks/dns_absent.yml"] = present.replace("[dnstool, add,", "[dnstool, remove,")
        write(playbook, f"block{number}", running_world, files)
        written[same] = playbooks[block.name] = playbook
    return playbooks


def _make_request_of_hsm(folder: Path) -> None:
    """A request of a key that lives elsewhere, with the proof made as the guide says."""
    folder.mkdir()
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    subprocess.run(
        ["openssl", "req", "-new", *curve, "-subj", "/CN=vpn", "-keyout", "key.pem", "-out", "csr"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    (block,) = (each for each in BLOCKS if each.language == "shell" and "openssl" in each.text)
    proof = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", block.text],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    (folder / "proof").write_bytes(proof.stdout)


def _make_site(running_world: World) -> Path:
    """The folder of a user: an inventory with the variables of the guide, and the credentials."""
    site = running_world.folder / "site"
    (site / "inventory/group_vars").mkdir(parents=True)
    connection = running_world.connection("site")
    give_credentials(site, connection)
    (variables,) = (block.text for block in FILES if block.text.startswith("# group_vars/all.yml"))
    (site / "inventory/group_vars/all.yml").write_text(variables)
    ports = running_world.ports
    www = {
        "name": "www",
        "dns_names": ["www.example.com"],
        "domain_method": "http",
        "webroot": str(running_world.webroot),
    }
    hosts = {
        "vars": {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "atlas_domain_resolvers": [f"127.0.0.1:{ports['dns']}"],
            "atlas_domain_dns_port": ports["dns"],
            "atlas_domain_http_port": ports["http"],
            "atlas_domain_listen_port": ports["listener"],
            **vault_of(running_world, connection),
        },
        "children": {"web": {"hosts": {"web1": {"atlas_certificate_list": [www]}}}},
    }
    (site / "inventory/hosts.yml").write_text(yaml.safe_dump({"all": hosts}))
    return site


def _install_programs(running_world: World) -> Path:
    # A stand-in for the collection whose module an example asks for.
    modules = running_world.folder / "collections/ansible_collections/amazon/aws/plugins/modules"
    modules.mkdir(parents=True)
    (modules / "route53.py").touch()
    folder = running_world.folder / "programs"
    install_program(folder, "systemctl", _SYSTEMCTL.format(folder=running_world.folder))
    install_program(folder, "nginx", _NGINX)
    key, port = running_world.tsig_keys["atlas"], running_world.ports["dns"]
    install_program(folder, "dnstool", _DNSTOOL.format(python=sys.executable, key=key, port=port))
    return folder


def _arguments_of_commands() -> list[str]:
    """The arguments of all command lines, as those of one."""
    return [
        argument
        for command in COMMANDS
        for argument in shlex.split(command)[1:]
        if argument not in ("-i", "inventory")
    ]
