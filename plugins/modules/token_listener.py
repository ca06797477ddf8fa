#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Serve one file over HTTP for a short time."""

DOCUMENTATION = r"""
module: token_listener
short_description: Serve one file over HTTP for a short time
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - Has the managed node answer requests for just one path with just one content, so that a domain can be verified over HTTP on
    a host where no web server runs. Everything else is answered with 404.
  - The listener is a process of its own, which goes on when the task is over. It gives up the rights of root once it has the
    port, and ends by itself after O(lifetime).
  - It listens on all addresses of the node, IPv4 and IPv6. A firewall has to let the port through.
  - Needs nothing on the managed node but CPython 3.9 or newer.
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: none
options:
  state:
    description:
      - V(started) serves the file. A listener of this module that serves something else on the port is replaced; anything else
        that listens there is a failure.
      - V(stopped) ends the listener of this module on the port, and nothing else.
    type: str
    choices: [started, stopped]
    default: started
  port:
    description: The TCP port. Ports below 1024 take root, C(become=true).
    type: int
    default: 80
  path:
    description: The path of the URL. Required with O(state=started).
    type: str
  content:
    description: What is served, as it is, without a newline added. Required with O(state=started).
    type: str
  lifetime:
    description: After how many seconds the listener ends by itself, at most V(86400), a day.
    type: int
    default: 900
notes:
  - What runs is noted in C(/run/globalsign.atlas-listener), for other users than root in a folder of theirs below the folder
    for temporary files.
seealso:
  - module: globalsign.atlas.atlas_domain_claim
"""

EXAMPLES = r"""
- name: Claim a domain
  globalsign.atlas.atlas_domain_claim:
    domain: db.example.com
    method: http
  register: claimed

- name: Have it verified, with a listener for the time being
  become: true
  when: claimed.claims[0].is_due
  block:
    - name: Serve the token
      globalsign.atlas.token_listener:
        path: "{{ claimed.claims[0].place.http.path }}"
        content: "{{ claimed.claims[0].place.http.content }}"

    - name: Have the domain verified
      globalsign.atlas.atlas_domain_claim:
        domain: db.example.com
        state: verified
        method: http
  always:
    - name: Stop serving the token
      globalsign.atlas.token_listener:
        state: stopped
"""

RETURN = r"""
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.old_python import refuse_old_python

refuse_old_python()  # before anything is imported that it could not read

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.listener.control import start, stop
from ansible_collections.globalsign.atlas.plugins.module_utils.listener.file import ServedFile


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
            "port": {"type": "int", "default": 80},
            "path": {"type": "str"},
            "content": {"type": "str"},
            "lifetime": {"type": "int", "default": 900},
        },
        required_if=[("state", "started", ("path", "content"))],
        supports_check_mode=True,
    )
    wanted = module.params
    try:
        if wanted["state"] == "started":
            file = ServedFile(wanted["port"], wanted["path"], wanted["content"], wanted["lifetime"])
            changed = start(file, module.check_mode)
        else:
            changed = stop(wanted["port"], module.check_mode)
    except AtlasError as error:
        module.fail_json(msg=error.message)
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
