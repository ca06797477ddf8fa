# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that a user would write, run by Ansible for a host that cannot be reached."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from .servers import SECRETS, NameServers

TOKEN = "globalsign-domain-verification=0E87AF4B5F7C974C197078B6636933B7"
NAME = "_play.www.shop.test"
PLAY = f"""
- hosts: all
  gather_facts: false
  module_defaults:
    globalsign.atlas.dns_txt_record:
      port: "{{{{ port }}}}"
      resolvers: ["127.0.0.1:{{{{ port }}}}"]
      tsig_name: shop-key
      tsig_key: "{{{{ vault_shop_key }}}}"
    globalsign.atlas.domain_token_info:
      dns_port: "{{{{ port }}}}"
      resolvers: ["127.0.0.1:{{{{ port }}}}"]
  tasks:
    - name: See where the token belongs
      globalsign.atlas.domain_token_info:
        domain: www.shop.test
        authorization_domain: {NAME}
        method: dns
        token: &token {TOKEN}
      register: token

    - name: Place it
      globalsign.atlas.dns_txt_record: &record
        name: "{{{{ token.record.name }}}}"
        zone: "{{{{ token.record.zone }}}}"
        value: *token
      register: placed

    - name: Place it again
      globalsign.atlas.dns_txt_record: *record
      register: placed_again

    - name: Have the secondary server follow
      ansible.builtin.command:
        argv: "{{{{ follow_command }}}}"
      delegate_to: localhost

    - name: Wait until every name server has it
      globalsign.atlas.domain_token_info:
        domain: www.shop.test
        authorization_domain: {NAME}
        method: dns
        token: *token
        timeout: 30
      register: seen
      when: not ansible_check_mode

    - name: Remove it
      globalsign.atlas.dns_txt_record:
        <<: *record
        state: absent
      register: removed

    - name: Remove it again
      globalsign.atlas.dns_txt_record:
        <<: *record
        state: absent
      register: removed_again

    - name: Fail
      globalsign.atlas.dns_txt_record:
        <<: *record
        tsig_algorithm: hmac-sha512
      ignore_errors: true
      register: failed

    - name: Keep what came of it
      ansible.builtin.copy:
        dest: "{{{{ playbook_dir }}}}/results.json"
        content: "{{{{ results | to_json }}}}"
        mode: "0600"
      vars:
        kept: "{{{{ [placed, placed_again, removed, removed_again] }}}}"
        results:
          token: "{{{{ token }}}}"
          changed: "{{{{ kept | map(attribute='changed') }}}}"
          texts: "{{{{ kept | map(attribute='texts') }}}}"
          seen: "{{{{ seen }}}}"
          failed: "{{{{ failed }}}}"
      delegate_to: localhost
      check_mode: false
"""


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_playbook(servers: NameServers, tmp_path: Path, check_mode: bool) -> None:
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "vault.yml").write_text(f"vault_shop_key: {SECRETS['shop-key']}\n")
    ran = subprocess.run(
        [
            *("ansible-playbook", "-i", "web.unreachable.example,", "-vvv", "--diff"),
            *("-e", "@vault.yml", "-e", f"port={servers.port}"),
            *("-e", json.dumps({"follow_command": servers.follow_command})),
            *(["--check"] if check_mode else []),
            "play.yml",
        ],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert SECRETS["shop-key"] not in ran.stdout + ran.stderr
    assert f"+{TOKEN}" in ran.stdout
    told = json.loads((tmp_path / "results.json").read_text())
    assert told["token"]["record"] == {
        "name": NAME,
        "zone": "shop.test",
        "relative_name": "_play.www",
    }
    assert told["failed"]["failed"]
    if check_mode:
        assert told["changed"] == [True, True, False, False]
        assert told["texts"] == [[TOKEN], [TOKEN], [], []]
    else:
        assert told["changed"] == [True, False, True, False]
        assert told["texts"] == [[TOKEN], [TOKEN], [], []]
        assert told["seen"]["visible"]
        assert f"-{TOKEN}" in ran.stdout
    assert servers.texts(NAME) == []
