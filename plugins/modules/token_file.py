#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Place a token below the webroot of a web server."""

DOCUMENTATION = r"""
module: token_file
short_description: Place a token below the webroot of a web server
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - Writes the file that a domain is verified with over HTTP, with the folders that it takes, or removes it.
  - One remote call does what would take a task for each folder, and what is there already is left as it is.
  - Who may write to the webroot gains nothing from what this does as root. Only regular files are read, no symbolic link below the
    webroot is followed, and nothing that exists gets another owner or mode.
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
      - V(present) writes the file. One with another content is replaced, since all claims have the same file, and so is a
        symbolic link in its place.
      - V(absent) removes the file if it has just O(content), and nothing else. Folders stay.
    type: str
    choices: [present, absent]
    default: present
  webroot:
    description:
      - The folder that the web server serves at the root of the name, as an absolute path. It has to exist.
      - A symbolic link on the way to it is followed if nobody but root and the user of the task could have made it. Where it is
        another user's, as with tools that deploy as a user of their own, let the task become that user.
    type: path
    required: true
  path:
    description: The path of the URL, in printable ASCII.
    type: str
    required: true
  content:
    description: The content of the file, as it is, without a newline added.
    type: str
    required: true
  owner:
    description:
      - The owner of the file, and of folders that are made.
      - The default is that of O(webroot), or the user of the task if that is not root, who cannot give files away.
    type: str
  group:
    description: Their group, with the same default.
    type: str
notes:
  - The file has the mode C(0644), folders that are made have C(0755), whatever the umask is.
  - Where SELinux is on, what is made gets the label of the folder that it is in, as that is what the web server may read.
seealso:
  - module: globalsign.atlas.token_listener
  - module: globalsign.atlas.atlas_domain_claim
"""

EXAMPLES = r"""
- name: Claim a domain
  globalsign.atlas.atlas_domain_claim:
    domain: www.example.com
    method: http
  register: claimed

- name: Place a token
  globalsign.atlas.token_file:
    webroot: /var/www/html
    path: "{{ claimed.claims[0].place.http.path }}"
    content: "{{ claimed.claims[0].place.http.content }}"

- name: Remove it again
  globalsign.atlas.token_file:
    webroot: /var/www/html
    path: "{{ claimed.claims[0].place.http.path }}"
    content: "{{ claimed.claims[0].place.http.content }}"
    state: absent
"""

RETURN = r"""
file:
  description: The file on the node.
  returned: success
  type: str
  sample: /var/www/html/.well-known/pki-validation/gsdv.txt
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.old_python import refuse_old_python

refuse_old_python()  # before anything is imported that it could not read

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.globalsign.atlas.plugins.module_utils.errors import AtlasError
from ansible_collections.globalsign.atlas.plugins.module_utils.tokens.webroot import TokenFile


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "webroot": {"type": "path", "required": True},
            "path": {"type": "str", "required": True},
            "content": {"type": "str", "required": True},
            "owner": {"type": "str"},
            "group": {"type": "str"},
        },
        supports_check_mode=True,
    )
    given = module.params
    token = TokenFile(
        given["webroot"],
        given["path"],
        given["content"].encode("utf-8", "surrogateescape"),
        given["owner"],
        given["group"],
    )
    act = token.place if given["state"] == "present" else token.remove
    try:
        token.require_sense()
        changed = act(module.check_mode)
    except AtlasError as error:
        module.fail_json(msg=error.message)
    module.exit_json(changed=changed, file=token.file)


if __name__ == "__main__":
    main()
