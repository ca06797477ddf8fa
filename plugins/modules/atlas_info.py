#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read what a GlobalSign Atlas account may do."""

from __future__ import annotations

DOCUMENTATION = r"""
module: atlas_info
short_description: Read what a GlobalSign Atlas account may do
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - Returns the validation policy of the account, which says what a certificate request may, must and must not state, and how
    many certificates may still be issued.
  - No connection to the host is needed.
extends_documentation_fragment:
  - globalsign.atlas.connection
requirements:
  - On the controller, requests >= 2.31 and cryptography >= 3.3
attributes:
  action:
    description: Runs on the controller, through an action plugin of the same name.
    support: full
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
options:
  gather_subset:
    description: What to read; each takes one request.
    type: list
    elements: str
    choices: [policy, quota]
    default: [policy, quota]
"""

EXAMPLES = r"""
- name: See how many certificates are left
  globalsign.atlas.atlas_info:
    gather_subset: [quota]
  register: atlas

- name: Stop before the account runs dry
  ansible.builtin.assert:
    that: atlas.quota > 100
"""

RETURN = r"""
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.action_only import (
    refuse_to_run,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    CONNECTION_OPTIONS,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.info import INFO_OPTIONS


def main() -> None:
    refuse_to_run("atlas_info", {**CONNECTION_OPTIONS, **INFO_OPTIONS})


if __name__ == "__main__":
    main()
