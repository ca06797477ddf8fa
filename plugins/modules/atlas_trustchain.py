#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetch the trust chain of a GlobalSign Atlas account."""

from __future__ import annotations

DOCUMENTATION = r"""
module: atlas_trustchain
short_description: Fetch the trust chain of a GlobalSign Atlas account
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - Returns the certificates from today's issuing CA up to the root. The issuing CA rotates, so it need not be the one that
    signed a certificate some time ago.
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
options: {}
seealso:
  - module: globalsign.atlas.atlas_certificate
"""

EXAMPLES = r"""
- name: Fetch the trust chain
  globalsign.atlas.atlas_trustchain:
  register: trustchain

- name: Trust the root on Debian
  ansible.builtin.copy:
    dest: /usr/local/share/ca-certificates/atlas.crt
    content: "{{ trustchain.root }}"
    mode: "0644"
"""

RETURN = r"""
certificates:
  description: All certificates of the chain in PEM format, as the service gave them, the issuing CA first.
  returned: success
  type: list
  elements: str
  sample:
    - |
      -----BEGIN CERTIFICATE-----
      MIIBrDCCAVKgAwIBAgIUfuBIHUg0RNF07eD8iD7GDx/SMsUwCgYIKoZIzj0EAwIw
      ...
      -----END CERTIFICATE-----
    - |
      -----BEGIN CERTIFICATE-----
      MIIBgjCCASigAwIBAgIUOMvDWWvMEvOgq6nY0gvBoZcBODUwCgYIKoZIzj0EAwIw
      ...
      -----END CERTIFICATE-----
chain:
  description: The issuers that a server has to send, in PEM format one after the other, without the self-signed root.
  returned: success
  type: str
  sample: |
    -----BEGIN CERTIFICATE-----
    MIIBrDCCAVKgAwIBAgIUfuBIHUg0RNF07eD8iD7GDx/SMsUwCgYIKoZIzj0EAwIw
    ...
    -----END CERTIFICATE-----
root:
  description: The self-signed root that clients have to trust, in PEM format. Empty if the service does not give it.
  returned: success
  type: str
  sample: |
    -----BEGIN CERTIFICATE-----
    MIIBgjCCASigAwIBAgIUOMvDWWvMEvOgq6nY0gvBoZcBODUwCgYIKoZIzj0EAwIw
    ...
    -----END CERTIFICATE-----
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.action_only import (
    refuse_to_run,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    CONNECTION_OPTIONS,
)


def main() -> None:
    refuse_to_run("atlas_trustchain", CONNECTION_OPTIONS)


if __name__ == "__main__":
    main()
