#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node's half of atlas_certificate."""

DOCUMENTATION = r"""
module: atlas_certificate_node
short_description: The half of atlas_certificate that runs on the managed node
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - M(globalsign.atlas.atlas_certificate) calls this module on the managed node. It is not meant to be called from a
    playbook, and its options may change with any release.
  - It has no option for a credential and holds no HTTP code. It makes the private key, keeps it on the node, and puts the
    certificate in place that the controller obtained.
requirements:
  - cryptography >= 3.3
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
options:
  step:
    description:
      - Which step to do.
      - V(inspect) reads what is deployed and changes nothing.
      - V(prepare) records attempts and stages their private keys.
      - V(install) puts issued certificates in place, mends files, and closes attempts that were refused.
      - V(acknowledge) takes what is deployed for told and working, V(previous) switches back.
      - V(prove) shows possession of the deployed private key, V(revoked) notes what was revoked.
      - V(remove) removes files and records.
    type: str
    required: true
    choices: [inspect, prepare, install, acknowledge, previous, prove, revoked, remove]
  order:
    description:
      - What the step is about, as JSON. C(certificates) has one entry for each certificate, C(passphrases) those that stand
        there by their number.
      - Ansible shows and logs nothing of it, and does not walk through all of it as it would through options.
    type: str
    required: true
seealso:
  - module: globalsign.atlas.atlas_certificate
"""

EXAMPLES = r"""
- name: Call the module that calls this one
  globalsign.atlas.atlas_certificate:
    path: /etc/ssl/www/cert.pem
    privatekey_path: /etc/ssl/www/key.pem
    san:
      dns_names: [www.example.com]
"""

RETURN = r"""
answers:
  description: What the step found or did, as JSON. One entry for each certificate, in the order of O(order).
  returned: success
  type: str
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.old_python import refuse_old_python

refuse_old_python()  # before anything is imported that it could not read

import gc
import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.node import steps


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "step": {"type": "str", "required": True, "choices": list(steps.STEPS)},
            "order": {"type": "str", "required": True, "no_log": True},
        },
        supports_check_mode=True,
    )
    order = json.loads(module.params["order"])
    try:
        answers = steps.run(
            module.params["step"], order["certificates"], order["passphrases"], module.check_mode
        )
    except AtlasError as error:
        module.fail_json(msg=error.message)
    module.exit_json(changed=any(map(_is_changed, answers)), answers=json.dumps(answers))


def _is_changed(answer: dict[str, Any]) -> bool:
    return bool(answer.get("changed_files") or answer.get("is_changed"))


if __name__ == "__main__":
    gc.disable()  # whatever it leaves is gone with the process, in a moment
    main()
