# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module file that somehow runs without its action plugin refuses, with the reason."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from ansible_collections.globalsign.atlas.plugins import modules

ARGUMENTS = {
    "atlas_certificate": {"path": "/cert.pem", "privatekey_path": "/key.pem"},
    "atlas_domain_claim": {"domain": "example.com"},
    "atlas_info": {},
    "atlas_trustchain": {},
    "dns_txt_record": {"name": "example.com", "value": "token"},
    "domain_token_info": {"domain": "example.com", "method": "dns", "token": "token"},
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_it_says_that_it_runs_only_through_its_action(name: str) -> None:
    sent = json.dumps({"ANSIBLE_MODULE_ARGS": ARGUMENTS[name]})
    program = f"import sys; sys.path[:0] = {sys.path!r}; import runpy; runpy.run_module("
    program += f"{modules.__name__ + '.' + name!r}, run_name='__main__')"
    ended = subprocess.run(
        [sys.executable, "-c", program], input=sent, capture_output=True, text=True, check=False
    )
    answer = json.loads(ended.stdout)
    assert answer["failed"]
    assert "only through its action plugin" in answer["msg"]
