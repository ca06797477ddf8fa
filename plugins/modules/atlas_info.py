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
policy:
  description:
    - The validation policy as the service gave it, see the API reference for the meaning of its members.
    - For each attribute of the subject, each kind of subject alternative name and so on it tells whether it may, must or must
      not be given, and in which form.
  returned: when O(gather_subset) has V(policy)
  type: dict
  sample:
    public_key:
      allowed_lengths: [256, 384]
      key_format: PKCS8
      key_type: ECDSA
    public_key_signature: REQUIRED
    san:
      dns_names: {list: [.], maxcount: 100, mincount: 1, static: false}
    subject_dn:
      common_name: {format: '^[A-Za-z0-9*.\-]{1,64}$', presence: OPTIONAL}
      organization: {format: '', presence: FORBIDDEN}
    validity:
      issuer_expiry: 2110851798
      not_before_negative_skew: 120
      not_before_positive_skew: 3600
      secondsmax: 17193600
      secondsmin: 3600
quota:
  description: How many certificates the account may still issue.
  returned: when O(gather_subset) has V(quota)
  type: int
  sample: 999999
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
