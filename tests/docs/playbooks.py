# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blocks of YAML as playbooks that can be run here: as they stand, but for the places in them.

Variables stay where the documentation has them. What stands around a block is what its text takes
for granted: the play around a list of tasks or roles, the role around its variables, credentials
in group_vars.
"""

from __future__ import annotations

import getpass
import grp
import os
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .blocks import Block
from .world import World

PROVIDERS_OF_OTHERS = {
    *("route53", "azure", "google", "cloudflare", "hetzner", "digitalocean", "powerdns"),
    "infoblox",
}

_HANDLERS = """  handlers:
    - name: Reload nginx
      ansible.builtin.systemd_service: {name: nginx, state: reloaded}
    - name: Reload haproxy
      ansible.builtin.systemd_service: {name: haproxy, state: reloaded}
    - name: Restart shop
      ansible.builtin.systemd_service: {name: shop, state: restarted}
"""
_ACCOUNT = """  module_defaults:
    group/globalsign.atlas.atlas: "{{ atlas_connection }}"
"""
_PORTS = """    globalsign.atlas.dns_txt_record:
      port: "{{ atlas_domain_dns_port }}"
      resolvers: "{{ atlas_domain_resolvers }}"
    globalsign.atlas.domain_token_info:
      resolvers: "{{ atlas_domain_resolvers }}"
    globalsign.atlas.token_listener:
      port: "{{ atlas_domain_listen_port }}"
"""
_PLAY = "- name: What stands around it\n  hosts: web\n" + _ACCOUNT

MADE_BEFORE = (
    *("etc/ssl/www", "etc/ssl/api", "etc/ssl/web", "etc/ssl/site", "etc/ssl/old"),
    *("etc/haproxy/certs", "etc/shop", "srv/appliance", "ca-certificates", "home/alice/.pki"),
)
"""Folders that the documentation takes for granted."""
STATE = "var/lib/globalsign-atlas"
"""Where records lie."""


def shape(block: Block) -> str:
    """What a block of YAML is."""
    content = block.content
    if block.text.startswith("# ") and block.text.split("\n", 1)[0].endswith(".yml"):
        return "file"
    if isinstance(content, dict):
        if all(name.startswith("atlas_domain_") for name in content):
            provider = content.get("atlas_domain_dns_provider")
            return "provider" if provider in PROVIDERS_OF_OTHERS else "variables"
        return "knot" if set(content) == {"key", "acl", "zone"} else "unknown"
    if isinstance(content, list) and all(isinstance(each, dict) for each in content):
        if all("hosts" in each for each in content):
            return "plays"
        if all("role" in each for each in content):
            return "roles"
        if all("name" in each for each in content):
            return "tasks"
    return "unknown"


RUNNABLE = ("plays", "roles", "variables", "tasks")


def account_of(block: Block, name: str) -> dict[str, Any]:
    """The account of a block: one that has example.com verified, unless that is what it shows."""
    proves = "atlas_domain" in block.text or "domain_method" in block.text
    policy = "people.json" if "other_names" in block.text else "dv-tls"
    return {"name": name, "policy": policy, "verified": [] if proves else ["example.com"]}


@dataclass(frozen=True)
class Playbook:
    """A block as a file in a folder of its own."""

    block: Block
    folder: Path

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / "playbook.yml"

    @property
    def root(self) -> Path:
        """Stands for /."""
        return self.folder / "root"


def write(playbook: Playbook, account: str, world: World, files: dict[str, str]) -> None:
    """Write the playbook and what it needs beside it; `files` are blocks that are files."""
    connection = world.connection(account)
    root, folder = playbook.root, playbook.folder
    for place in MADE_BEFORE:
        (root / place).mkdir(parents=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / "files/hsm").mkdir(parents=True)
    give_credentials(folder, connection)
    (folder / "files/root.pem").write_bytes((world.simulator.folder / "root.pem").read_bytes())
    for name in ("csr", "proof"):
        (folder / f"files/hsm/vpn.example.com.{name}").write_bytes(
            (world.folder / "hsm" / name).read_bytes()
        )
    (folder / "group_vars").mkdir(exist_ok=True)
    (folder / "group_vars/all.yml").write_text(
        yaml.safe_dump(
            {
                **vault_of(world, connection),
                "atlas_connection": connection,
                "atlas_certificate_folder": str(root / "etc/ssl/atlas"),
                "atlas_certificate_state_dir": str(root / STATE),
                "atlas_simulator_manager": "process",
            }
        )
    )
    playbook.path.write_text(_placed(_played(playbook.block), root, world))


def give_credentials(folder: Path, connection: dict[str, str]) -> None:
    """Put the certificate and the key where the documentation has them."""
    (folder / "files").mkdir(exist_ok=True)
    for option, name in (("client_cert", "mtls.crt"), ("client_key", "mtls.key")):
        (folder / "files" / name).write_bytes(Path(connection[option]).read_bytes())


def vault_of(world: World, connection: dict[str, str]) -> dict[str, str]:
    """What the documentation has in a vault."""
    return {
        "vault_atlas_key": connection["api_key"],
        "vault_atlas_secret": connection["api_secret"],
        "vault_tsig_key": world.tsig_keys["atlas"],
        "vault_hidden_tsig_key": world.tsig_keys["hidden"],
        "vault_shop_keystore_passphrase": "a passphrase of the shop",
        "vault_alice_passphrase": "a passphrase of Alice",
    }


def _played(block: Block) -> str:
    kind, text = shape(block), block.text
    if kind == "plays":
        if "module_defaults:" in text:
            return text
        return re.sub(r"^(- hosts: .*\n)", rf"\1{_ACCOUNT}", text, flags=re.M)
    if kind == "roles":
        return f"{_PLAY}  roles:\n{textwrap.indent(text, '    ')}"
    if kind == "variables":
        # What every use of the role has, and a block about something else leaves out.
        given = {"atlas_domain_names": "[www.example.com]", "atlas_domain_method": "dns"}
        rest = "".join(f"{name}: {value}\n" for name, value in given.items() if name not in text)
        parameters = textwrap.indent(rest + text, "      ")
        return f"{_PLAY}  roles:\n    - role: globalsign.atlas.atlas_domain\n{parameters}"
    return f"{_PLAY}{_PORTS}{_HANDLERS}  tasks:\n{textwrap.indent(text, '    ')}"


def _placed(text: str, root: Path, world: World) -> str:
    user, group = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
    https, hidden = world.ports["https"], world.ports["hidden"]
    for said, here in (
        (r"(?<=[ '])/(etc|srv|tmp|home|var/lib)/", rf"{root}/\1/"),
        (r"/var/www/html", str(world.webroot)),
        (r"/usr/local/share/ca-certificates/", f"{root}/ca-certificates/"),
        (r"owner: (root|shop|alice)", f"owner: {user}"),
        (r"group: (haproxy|ssl-cert)", f"group: {group}"),
        (
            r"^( *)module_defaults:$",
            rf"\g<0>\n\1  globalsign.atlas.atlas_certificate: {{state_dir: {root}/{STATE}}}",
        ),
        (r"^( *)reload: nginx$", rf"\g<0>\n\1tls_port: {https}"),
        (r"^( *)address: (www.example.com|127.0.0.1)$", rf"\1address: 127.0.0.1\n\1port: {https}"),
        (r"server: 192.0.2.53", "server: 127.0.0.1"),
        (r"^( *)token: .*place.dns.*$", rf"\g<0>\n\1dns_port: {world.ports['dns']}"),
        (r"^( *)token: .*place.http.*$", rf"\g<0>\n\1http_port: {world.ports['http']}"),
        (r"port: 5353", f"port: {hidden}"),
        (
            r"^( *)url: https://www.example.com/",
            rf"\1url: https://127.0.0.1:{https}/\n\1validate_certs: false",
        ),
    ):
        text = re.sub(said, here, text, flags=re.M)
    return text
