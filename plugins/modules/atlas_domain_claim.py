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
  - Claims domains, tells which token to place where, has the service verify it, renews verifications before they end, and
    removes claims.
  - A domain that a verified claim of a parent domain covers needs no claim of its own and gets none, unless O(own_claim=true).
    A claim that was verified over HTTP covers just its own name; by DNS or e-mail it covers the subdomains and wildcards too.
  - No connection to the host is needed. The role P(globalsign.atlas.atlas_domain#role) places the tokens too.
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
    support: full
options:
  domain:
    description:
      - The domain, without or with a final dot, in upper or lower case, internationalised ones in either form. Or an IP address.
      - A name that begins with C(*.) stands for the domain below it and its subdomains.
      - One of O(domain) and O(domains) is required.
    type: str
  domains:
    description:
      - Several domains at once. All claims are looked up with one listing, and verified together.
      - What goes wrong with one does not stop the others; the task fails at the end with all reasons.
    type: list
    elements: str
  state:
    description:
      - V(present) makes a claim where there is none, and returns the token to place. A token that can still be used is kept, one
        that has expired is replaced. For a verification that is due to be renewed, see O(renew_before), a new token is drawn;
        the verification holds meanwhile.
      - V(verified) has the service look for the token with O(method), and waits until the domain is verified. With
        O(method=email) it makes the claim, too, and sends the mail, since nothing has to be placed.
      - V(absent) removes the claim of just this domain, and its verification with it.
    type: str
    choices: [present, verified, absent]
    default: present
  method:
    description:
      - How control over the domain is proven. With O(state=verified) it is needed for a domain that is not verified yet, or is
        due. With O(state=present) it helps to choose the right claim, and finds out early what cannot be proven that way.
      - V(dns) has the service look up a TXT record, at the domain or at O(authorization_domain).
      - V(http) and V(https) have it fetch a file from the web server of just this name, without following redirects. No wildcard
        can be proven that way, and a claim that covers subdomains is not narrowed that way.
      - V(email) has it send a mail with a link to O(email_address), which a person has to open.
      - An IP address can be proven by V(http) and V(https) only.
    type: str
    choices: [dns, http, https, email]
  authorization_domain:
    description:
      - With O(method=dns), the name whose TXT record is looked up; CNAME records are followed.
      - A label that begins with an underscore, such as V(_acme-challenge), is put before each domain. A name with dots is the
        domain itself, a parent of it, or such a label before one of these.
      - The default is the domain.
    type: str
  email_address:
    description:
      - With O(method=email), where the mail goes to. A part without C(@), such as V(hostmaster), is put before each domain.
      - RV(claims[].place.email) has those that the service allows.
    type: str
  own_claim:
    description: Have a claim of just this domain, even where the verified claim of a parent covers it.
    type: bool
    default: false
  renew_before:
    description:
      - How long before the verification of a claim ends it is due to be renewed. V(auto), a duration such as V(30d) or V(72h), or
        a share of the reuse period such as V(33%).
      - V(auto) is a third of the reuse period and at most 30 days; half of it where that is 10 days or less.
    type: str
    default: auto
  timeout:
    description: How many seconds O(state=verified) waits at most, for all domains together.
    type: int
    default: 300
  play_wide:
    description:
      - The caller relies on all hosts of the play proving their domains in step, as the role does where several hosts answer for
        one name. The task fails if the play has several hosts and its strategy is not V(linear).
    type: bool
    default: false
seealso:
  - module: globalsign.atlas.atlas_certificate
"""

EXAMPLES = r"""
- name: Claim a domain
  globalsign.atlas.atlas_domain_claim:
    domain: www.example.com
    method: http
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
  when: claimed.claims[0].is_due

- name: Have the domain verified
  globalsign.atlas.atlas_domain_claim:
    domain: www.example.com
    state: verified
    method: http
    timeout: 60

- name: Have the verification of several domains renewed by DNS, a week before it ends
  globalsign.atlas.atlas_domain_claim:
    domains: [example.com, example.net]
    method: dns
    authorization_domain: _acme-challenge
    renew_before: 7d
  register: renewed

- name: Have a mail sent, and wait for an hour until somebody opened its link
  globalsign.atlas.atlas_domain_claim:
    domain: example.com
    state: verified
    method: email
    email_address: hostmaster
    timeout: 3600

- name: Give the claim up
  globalsign.atlas.atlas_domain_claim:
    domain: www.example.com
    state: absent
"""

RETURN = r"""
claims:
  description: The domains of the task, in the order in which they were given.
  returned: success, and failure once the claims were looked up
  type: list
  elements: dict
  contains:
    domain:
      description: The domain in lower case, internationalised ones as A-labels, or the IP address.
      returned: always
      type: str
      sample: shop.example.org
    status:
      description:
        - V(VERIFIED) if certificates can be issued for it.
        - V(PENDING) if its claim waits for a verification.
        - V(ABSENT) if it has no claim.
      returned: always
      type: str
      sample: PENDING
    is_due:
      description: Whether control has to be proven, for the first time or again.
      returned: always
      type: bool
      sample: true
    covered_by:
      description: The domain whose verified claim covers it, itself or a parent. Empty if none does.
      returned: always
      type: str
      sample: ""
    claimed:
      description: The domain of the claim that RV(claims[].id) and RV(claims[].place) are about, itself or a parent.
      returned: always
      type: str
      sample: shop.example.org
    id:
      description: The claim's id, 32 hex digits. Empty if there is no claim.
      returned: always
      type: str
      sample: 0157B6E22C4974C5E2C24457C43B2B67
    method:
      description: How it was verified, such as V(dns). Empty if it is not, or the service does not tell.
      returned: always
      type: str
      sample: ""
    expires_at:
      description: When the verification ends, ISO 8601 in UTC. Empty if it is not verified.
      returned: always
      type: str
      sample: ""
    is_placer:
      description:
        - Whether this host is the one that does what is to be done once for all hosts of the play, such as adding a DNS record.
      returned: always
      type: bool
      sample: true
    place:
      description: Where to place the token, for each way of proving control. Empty if there is nothing to place.
      returned: always
      type: dict
      contains:
        http:
          description: A file for the web server of the name, for O(method=http) and O(method=https).
          returned: when there is a token to place, and HTTP can prove it
          type: dict
          contains:
            path:
              description: The path in the URL, the same for all claims.
              returned: always
              type: str
              sample: /.well-known/pki-validation/gsdv.txt
            content:
              description: The content of the file.
              returned: always
              type: str
              sample: globalsign-domain-verification=0E87AF4B5F7C974C197078B6636933B7
            url:
              description: What the service fetches with O(method=http).
              returned: always
              type: str
              sample: http://shop.example.org/.well-known/pki-validation/gsdv.txt
        dns:
          description: A DNS record.
          returned: when there is a token to place, and not for an IP address
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
            authorization_domain:
              description: The same name if it is not the claimed domain itself, else empty.
              returned: always
              type: str
              sample: ""
        email:
          description: The mail addresses that the service sends to.
          returned: when there is a token, with O(method=email)
          type: dict
          contains:
            addresses:
              description: The addresses.
              returned: always
              type: list
              elements: str
              sample: [admin@shop.example.org, hostmaster@shop.example.org]
    changed:
      description: Whether anything was changed at the service, in check mode whether it would be.
      returned: always
      type: bool
      sample: true
    failed:
      description: That this domain failed. The others may have succeeded.
      returned: when it failed
      type: bool
      sample: true
    msg:
      description: What was looked for, where, and what was found.
      returned: when it failed
      type: str
      sample: >-
        domain: shop.example.org was not verified within 60 seconds. The service looked for a TXT record at shop.example.org
        with globalsign-domain-verification=0E87AF4B5F7C974C197078B6636933B7. Its log says: 2026-11-24T03:43:35Z no valid DNS
        records returned.
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
