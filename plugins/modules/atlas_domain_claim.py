#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep domain claims in GlobalSign Atlas."""

from __future__ import annotations

DOCUMENTATION = r"""
module: atlas_domain_claim
short_description: Keep domain claims in GlobalSign Atlas
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - Claims domains, tells which token to place where, has the service verify it, and removes claims.
  - A domain that a verified claim of a parent domain covers needs no claim of its own and gets none. A claim that was verified
    over HTTP covers just its own name.
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
  domain:
    description:
      - The domain, without or with a final dot, internationalised ones in either form.
      - A name that begins with C(*.) stands for the domain below it and its subdomains.
      - One of O(domain) and O(domains) is required.
    type: str
  domains:
    description: Several domains at once, looked up with one listing.
    type: list
    elements: str
  state:
    description:
      - V(present) makes a claim where there is none, and returns the token to place. A token that has expired is replaced.
      - V(verified) has the service look for the token with O(method), and waits until the domain is verified.
      - V(absent) removes the claim of just this domain.
    type: str
    choices: [present, verified, absent]
    default: present
  method:
    description:
      - How control over the domain is proven, with O(state=verified). Needed only for a domain that is not verified yet.
      - V(http) has the service fetch the token from the path in RV(claims[].place) on port 80 of the domain, without following
        redirects.
    type: str
    choices: [http]
  timeout:
    description: How many seconds O(state=verified) waits at most, for all domains together.
    type: int
    default: 300
seealso:
  - module: globalsign.atlas.atlas_certificate
"""

EXAMPLES = r"""
- name: Claim a domain
  globalsign.atlas.atlas_domain_claim:
    domain: www.example.com
  register: claimed

- name: Make the folder of the token
  ansible.builtin.file:
    path: /var/www/html/.well-known/pki-validation
    state: directory
    mode: "0755"

- name: Place the token where the web server serves it
  ansible.builtin.copy:
    dest: /var/www/html{{ claimed.claims[0].place.http.path }}
    content: "{{ claimed.claims[0].place.http.content }}"
    mode: "0644"
  when: claimed.claims[0].status != 'VERIFIED'

- name: Have the domain verified
  globalsign.atlas.atlas_domain_claim:
    domain: www.example.com
    state: verified
    method: http
    timeout: 60

- name: Give the claim up
  globalsign.atlas.atlas_domain_claim:
    domain: www.example.com
    state: absent
"""

RETURN = r"""
claims:
  description: The domains of the task, in the order in which they were given.
  returned: success
  type: list
  elements: dict
  contains:
    domain:
      description: The domain in lower case, internationalised ones as A-labels.
      returned: success
      type: str
      sample: shop.example.org
    status:
      description:
        - V(VERIFIED) if certificates can be issued for it.
        - V(PENDING) if its claim waits for a verification.
        - V(ABSENT) if it has no claim.
      returned: success
      type: str
      sample: PENDING
    covered_by:
      description: The domain whose verified claim covers it, itself or a parent. Empty if none does.
      returned: success
      type: str
      sample: ""
    id:
      description: The claim's id, 32 hex digits. Empty if there is no claim.
      returned: success
      type: str
      sample: 0157B6E22C4974C5E2C24457C43B2B67
    expires_at:
      description: When the verification ends, ISO 8601 in UTC. Empty if it is not verified.
      returned: success
      type: str
      sample: ""
    place:
      description: Where to place the token, for each way of proving control. Empty if there is nothing to place.
      returned: success
      type: dict
      contains:
        http:
          description: A file for port 80 of the domain, for O(method=http).
          returned: when there is a token to place
          type: dict
          contains:
            path:
              description: The path in the URL.
              returned: always
              type: str
              sample: /.well-known/pki-validation/gsdv.txt
            content:
              description: The content of the file.
              returned: always
              type: str
              sample: globalsign-domain-verification=0E87AF4B5F7C974C197078B6636933B7
        dns:
          description: A DNS record.
          returned: when there is a token to place
          type: dict
          contains:
            name:
              description: The record's name, without a final dot.
              returned: always
              type: str
              sample: shop.example.org
            type:
              description: The record's type.
              returned: always
              type: str
              sample: TXT
            value:
              description: The record's text.
              returned: always
              type: str
              sample: globalsign-domain-verification=0E87AF4B5F7C974C197078B6636933B7
    changed:
      description: Whether anything was changed at the service, in check mode whether it would be.
      returned: success
      type: bool
      sample: true
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.action_only import (
    refuse_to_run,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.claim import (
    CLAIM_OPTIONS,
    CLAIM_RULES,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    CONNECTION_OPTIONS,
)


def main() -> None:
    refuse_to_run("atlas_domain_claim", {**CONNECTION_OPTIONS, **CLAIM_OPTIONS}, CLAIM_RULES)


if __name__ == "__main__":
    main()
